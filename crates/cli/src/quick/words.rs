//! The words behind `fiord quick`: a directory and a few switches.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use fiord_base::Quantity;
use fiord_options::commandline::Json;
use fiord_options::table;
use fiord_options::value::{self, Nanos, ParseContext, Value};

const SHORTEST_MS: u64 = 1000;
const LONGEST_MS: u64 = 24 * 3600 * 1000;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Measure,
    Show,
    Help,
}

/// The words, understood.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Request {
    pub(super) wish: Wish,
    pub(super) directory: PathBuf,
    pub(super) size_bytes: Option<u64>,
    pub(super) runtime_ms: u64,
    pub(super) json: Option<Json>,
    pub(super) output: Option<OsString>,
}

/// Understands the words, or says in a sentence what is wrong with them.
pub(super) fn parse(words: &[OsString]) -> Result<Request, String> {
    let mut request = Request {
        wish: Wish::Measure,
        directory: PathBuf::new(),
        size_bytes: None,
        runtime_ms: 20_000,
        json: None,
        output: None,
    };
    let mut only_directories = false;
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let bytes = word.as_bytes();
        if bytes == b"--" && !only_directories {
            only_directories = true;
        } else if !only_directories && bytes.len() > 1 && bytes.starts_with(b"-") {
            apply(word, &mut rest, &mut request)?;
        } else if request.directory.as_os_str().is_empty() && !bytes.is_empty() {
            request.directory = PathBuf::from(word);
        } else {
            let shown = word.to_string_lossy();
            return Err(format!("one directory is enough: what is '{shown}'? (see {SEE})"));
        }
    }
    if request.directory.as_os_str().is_empty() {
        request.directory = PathBuf::from(".");
    }
    Ok(request)
}

const SEE: &str = "fiord quick --help";

/// Carries out one switch; its value may be the next word.
fn apply<'a>(
    word: &OsStr,
    rest: &mut impl Iterator<Item = &'a OsString>,
    request: &mut Request,
) -> Result<(), String> {
    let text = word.as_bytes();
    let text = text.strip_prefix(b"--").unwrap_or(&text[1..]);
    let (name, inline) = match text.iter().position(|&byte| byte == b'=') {
        Some(at) => (&text[..at], Some(OsStr::from_bytes(&text[at + 1..]))),
        None => (text, None),
    };
    let name = String::from_utf8_lossy(name).into_owned();
    if let "show" | "help" | "h" = name.as_str() {
        if inline.is_some() {
            return Err(format!("--{name} takes no value"));
        }
        // Whoever asks for help gets it, whatever else he says.
        let wish = if name == "show" { Wish::Show } else { Wish::Help };
        request.wish = if request.wish == Wish::Help { Wish::Help } else { wish };
        return Ok(());
    }
    if !["size", "runtime", "output", "output-format"].contains(&name.as_str()) {
        return Err(format!("unknown switch --{name} of quick ({SEE} lists them)"));
    }
    let value = inline
        .or_else(|| rest.next().map(OsString::as_os_str))
        .filter(|value| !value.is_empty())
        .ok_or_else(|| format!("--{name} needs a value ({SEE})"))?;
    match name.as_str() {
        "size" => request.size_bytes = Some(size(value)?),
        "runtime" => request.runtime_ms = runtime(value)?,
        "output" => request.output = Some(value.to_owned()),
        _ => request.json = format(value)?,
    }
    Ok(())
}

/// Reads a value as the job option of this name does.
fn option_value(name: &str, text: &OsStr) -> Option<Value> {
    let def = table::job_option(name)?;
    value::parse(def, Some(text.as_bytes()), &ParseContext::default()).ok()
}

fn size(text: &OsStr) -> Result<u64, String> {
    match option_value("size", text) {
        Some(Value::Quantity(Quantity::Bytes(bytes))) => Ok(bytes),
        _ => Err(format!("--size={} is not a size, such as 256m", text.to_string_lossy())),
    }
}

fn runtime(text: &OsStr) -> Result<u64, String> {
    let shown = text.to_string_lossy();
    match option_value("runtime", text) {
        Some(Value::Time(Nanos(ns))) => match ns / 1_000_000 {
            ms @ SHORTEST_MS..=LONGEST_MS => Ok(ms),
            _ => Err(format!("--runtime={shown} is out of range: one second to one day")),
        },
        _ => Err(format!("--runtime={shown} is not a time, such as 20 (seconds) or 1m")),
    }
}

fn format(text: &OsStr) -> Result<Option<Json>, String> {
    match text.as_bytes() {
        b"normal" => Ok(None),
        b"json" => Ok(Some(Json::Plain)),
        b"json+" => Ok(Some(Json::Bins)),
        _ => Err(format!(
            "--output-format={} is not a format of quick: normal, json or json+",
            text.to_string_lossy()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Request, String> {
        parse(&line.split(' ').map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn values_stand_behind_an_equals_sign_or_in_the_next_word() {
        let request = read("--size 64m /tmp --runtime=1m -output-format=json --output x").unwrap();
        assert_eq!(request.directory, PathBuf::from("/tmp"));
        assert_eq!(request.size_bytes, Some(64 << 20));
        assert_eq!(request.runtime_ms, 60_000);
        assert_eq!(request.json, Some(Json::Plain));
        assert_eq!(request.output, Some("x".into()));
        assert_eq!(read("-- --show").unwrap().directory, PathBuf::from("--show"));
        assert_eq!(read("--help --show").unwrap().wish, Wish::Help);
        assert_eq!(parse(&[]).unwrap().directory, PathBuf::from("."));
    }

    #[test]
    fn errors_name_the_word() {
        let check = |line: &str, named: &str| {
            let error = read(line).unwrap_err();
            assert!(error.contains(named), "{line}: {error}");
        };
        check("--sizes=1", "--sizes");
        check("-x", "--x");
        check("--size", "--size");
        check("--size=", "--size");
        check("--size=ten", "ten");
        check("--size=50%", "50%");
        check("--runtime=0", "one second");
        check("--runtime=soon", "soon");
        check("--output-format=xml", "xml");
        check("--show=1", "--show");
        check("a b", "'b'");
    }
}
