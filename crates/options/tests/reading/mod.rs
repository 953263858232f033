//! Values of options as they are read, printed and refused.

use fiord_options::table::{self, OptionDef, job_option};
use fiord_options::value::{ParseContext, Value, ValueError, parse};

/// The option of this name: of jobs, else of `io_uring`.
pub(crate) fn def(name: &str) -> &'static OptionDef {
    job_option(name)
        .or_else(|| table::engine_option("io_uring", name))
        .unwrap_or_else(|| panic!("no option {name}"))
}

pub(crate) fn read(name: &str, text: &str) -> Result<Value, ValueError> {
    parse(def(name), Some(text.as_bytes()), &ParseContext::default())
}

/// Asserts the canonical text of a value, which is read as the same value.
#[track_caller]
pub(crate) fn check(name: &str, text: &str, canonical: &str) {
    let value = read(name, text).unwrap_or_else(|error| panic!("{name}={text}: {error:?}"));
    assert_eq!(value.to_string(), canonical, "{name}={text}");
    assert_eq!(read(name, canonical), Ok(value), "{name}={canonical}");
}

/// Asserts that a value is refused: the part that is wrong, and words of the message.
#[track_caller]
pub(crate) fn refuse(name: &str, text: &str, wrong: &str, message: &str) {
    match read(name, text) {
        Ok(value) => panic!("{name}={text} is taken for {value:?}"),
        Err(error) => {
            let said = format!("{error}; {}", error.hint.as_deref().unwrap_or(""));
            assert!(said.contains(message), "{name}={text}: {said}");
            assert_eq!(&text[error.span], wrong, "{name}={text}: {said}");
        }
    }
}
