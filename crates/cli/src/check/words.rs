//! The words behind `fiord check`: a few switches of its own, and those of a run.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use fiord_options::diagnostic::Code;

/// How the answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    /// For people.
    #[default]
    Text,
    /// One document for programs.
    Json,
    /// Markdown: the list of kinds only.
    Markdown,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Wish {
    /// What is wrong with jobs.
    #[default]
    Check,
    /// All kinds of findings.
    List,
    /// One of them.
    Explain(&'static Code),
    /// How to use this.
    Help,
}

/// The words, understood.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Request {
    pub(super) wish: Wish,
    pub(super) format: Format,
    pub(super) deny_warnings: bool,
    /// Kinds of warnings that are fine.
    pub(super) allowed: Vec<&'static Code>,
    /// The words of a run.
    pub(super) rest: Vec<OsString>,
}

/// Understands the words, or says in a sentence what is wrong with them. What is no switch of ours,
/// and all that stands behind `--`, is for the command line of a run.
pub(super) fn parse(words: &[OsString]) -> Result<Request, String> {
    let mut request = Request::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let text = word.as_bytes();
        let (name, inline) = match text.iter().position(|&byte| byte == b'=') {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        match (name, inline) {
            (b"--", None) => {
                request.rest.extend(words.cloned());
                break;
            }
            (b"--help" | b"-h", None) => request.wish = Wish::Help,
            (b"--list", None) => request.wish = Wish::List,
            (b"--deny-warnings", None) => request.deny_warnings = true,
            (b"--explain" | b"--format" | b"--allow", _) => {
                let next = || words.next().map(|word| word.as_bytes());
                let value = inline.or_else(next).map(String::from_utf8_lossy);
                let name = String::from_utf8_lossy(name);
                let value = value.ok_or_else(|| format!("{name} needs a value ({SEE})"))?;
                apply(&name, &value, &mut request)?;
            }
            _ => request.rest.push(word.clone()),
        }
    }
    if request.format == Format::Markdown && request.wish != Wish::List {
        return Err(format!("--format=markdown is for --list only ({SEE})"));
    }
    Ok(request)
}

const SEE: &str = "see fiord check --help";

fn apply(name: &str, value: &str, request: &mut Request) -> Result<(), String> {
    match name {
        "--explain" => request.wish = Wish::Explain(kind(value)?),
        "--allow" => {
            for word in value.split(',') {
                request.allowed.push(kind(word)?);
            }
        }
        _ => {
            request.format = match value {
                "text" => Format::Text,
                "json" => Format::Json,
                "markdown" => Format::Markdown,
                other => return Err(format!("--format={other}: there is text and json ({SEE})")),
            }
        }
    }
    Ok(())
}

fn kind(word: &str) -> Result<&'static Code, String> {
    Code::find(word.trim())
        .ok_or_else(|| format!("'{word}' is no kind of finding (fiord check --list has them all)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(line: &str) -> Result<Request, String> {
        parse(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn own_switches_are_taken_out_and_others_go_on() {
        let request = request("a.fio --format json --deny-warnings --section=x b.fio").unwrap();
        assert_eq!(request.format, Format::Json);
        assert!(request.deny_warnings);
        assert_eq!(request.rest, ["a.fio", "--section=x", "b.fio"]);
        assert_eq!(request.wish, Wish::Check);
    }

    #[test]
    fn behind_two_dashes_all_words_are_those_of_a_run() {
        let request = request("-- --name=a --list").unwrap();
        assert_eq!(
            (request.wish, request.rest),
            (Wish::Check, vec!["--name=a".into(), "--list".into()])
        );
    }

    #[test]
    fn kinds_are_named_by_number_or_name() {
        let explained = Wish::Explain(Code::UNKNOWN_OPTION);
        assert_eq!(request("--explain FD0301").unwrap().wish, explained);
        assert_eq!(request("--explain=unknown-option").unwrap().wish, explained);
        assert_eq!(
            request("--allow=fd0701,FD0604").unwrap().allowed,
            [Code::OVERWRITES_DEVICE, Code::WRITES_NEVER_FLUSHED]
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        for line in
            ["--explain", "--explain=FD9999", "--format=xml", "--format=markdown", "--allow=x"]
        {
            assert!(request(line).is_err(), "{line}");
        }
    }
}
