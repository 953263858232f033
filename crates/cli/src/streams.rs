//! Short texts for people: answers on standard output, complaints on standard error.
//!
//! The macros of the standard library panic where nobody can be reached (a closed pipe, a full
//! disk); a run must survive that.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use crate::exit::Exit;

/// Says something on standard error, if it can be heard.
pub(crate) fn complain(text: impl Display) {
    // There is no other place to complain of the loss of this one.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Ends with a sentence on standard error.
pub(crate) fn refuse(sentence: impl Display) -> Exit {
    complain(format_args!("fiord: {sentence}"));
    Exit::Usage
}

/// Ends with an answer on standard output.
pub(crate) fn answer(text: &str) -> Exit {
    answer_bytes(format!("{text}\n").as_bytes())
}

/// Ends with these bytes on standard output. A reader that has seen enough is no error.
pub(crate) fn answer_bytes(bytes: &[u8]) -> Exit {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Exit::Success,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Exit::Success,
        Err(error) => refuse(format_args!("cannot write to standard output: {error}")),
    }
}
