//! The words behind `fiord plan`: its own switch, and all others for the jobs.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// Who is to read the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    #[default]
    Text,
    Json,
    Job,
}

/// The words, understood as far as they are plan's own.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Request {
    pub(super) help: bool,
    pub(super) format: Format,
    /// The others.
    pub(super) rest: Vec<OsString>,
}

/// Takes plan's own words out of all, or says in a sentence what is wrong with them.
pub(super) fn parse(words: &[OsString]) -> Result<Request, String> {
    let mut request = Request::default();
    let mut words_left = words.iter();
    while let Some(word) = words_left.next() {
        let bytes = word.as_bytes();
        if bytes == b"--" {
            request.rest.push(word.clone());
            request.rest.extend(words_left.cloned());
            break;
        }
        let name = bytes.strip_prefix(b"--").or(bytes.strip_prefix(b"-")).unwrap_or_default();
        match name {
            b"help" | b"h" => request.help = true,
            b"format" => {
                let value = words_left.next().ok_or("--format needs a value: text, json or job")?;
                request.format = format(value)?;
            }
            _ => match name.strip_prefix(b"format=") {
                Some(value) => request.format = format(OsStr::from_bytes(value))?,
                None => request.rest.push(word.clone()),
            },
        }
    }
    Ok(request)
}

fn format(word: &OsStr) -> Result<Format, String> {
    match word.as_bytes() {
        b"text" | b"normal" => Ok(Format::Text),
        b"json" => Ok(Format::Json),
        b"job" => Ok(Format::Job),
        _ => Err(format!(
            "--format={} is not a format of plan: text, json or job",
            word.to_string_lossy()
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
    fn its_own_switches_stand_anywhere_among_the_others() {
        let request = read("a.fio --format json --size=1m").unwrap();
        assert_eq!((request.format, request.help), (Format::Json, false));
        assert_eq!(request.rest, ["a.fio", "--size=1m"]);
        assert_eq!(read("--format=job x").unwrap().format, Format::Job);
        assert_eq!(read("-- --format=job").unwrap().rest, ["--", "--format=job"]);
        assert!(read("x --help").unwrap().help);
        assert!(read("--format=xml").unwrap_err().contains("xml"));
        assert!(read("--format").unwrap_err().contains("needs a value"));
    }
}
