//! Reading the values of engine options, which arrive as canonical text.

use fiord_engine::{EngineError, JobFacts};
use fiord_sys::Errno;

/// For engines without options.
pub(crate) fn none(job: &JobFacts<'_>) -> Result<(), EngineError> {
    match job.options.first() {
        Some((name, _)) => Err(unknown(name)),
        None => Ok(()),
    }
}

/// True for `cmdprio_*`: the loop carries these out, and units come with their priorities.
pub(crate) fn is_of_units(name: &str) -> bool {
    name.starts_with("cmdprio")
}

/// An option that the engine does not know.
pub(crate) fn unknown(name: &str) -> EngineError {
    EngineError {
        action: format!("use the option {name} with this engine"),
        errno: Errno::INVAL,
        remedy: "see --enghelp=ENGINE".to_owned(),
    }
}

/// A number or a truth value; nothing at all stands for 1.
pub(crate) fn number(name: &str, text: &str) -> Result<u64, EngineError> {
    match text {
        "" => Ok(1),
        _ => text.parse().map_err(|_| invalid(name, text)),
    }
}

/// A share.
pub(crate) fn percent(name: &str, text: &str) -> Result<u32, EngineError> {
    let percent = text.trim_end_matches('%').parse().map_err(|_| invalid(name, text))?;
    if percent > 100 { Err(invalid(name, text)) } else { Ok(percent) }
}

/// A value that cannot be used.
pub(crate) fn invalid(name: &str, text: &str) -> EngineError {
    EngineError {
        action: format!("use the value \"{text}\" of the option {name}"),
        errno: Errno::INVAL,
        remedy: String::new(),
    }
}
