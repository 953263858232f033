//! `fiord check`: what is wrong with jobs, what has no effect, what is hardly meant.
//!
//! The words behind `check` are those of a run and a few of its own. The answer goes to standard
//! output; nothing is run and nothing is touched.

mod json;
mod words;

use std::ffi::OsString;
use std::io::{self, IsTerminal};

use fiord_options::commandline::{self, Action};
use fiord_options::diagnostic::{Code, Colors, Severity, explain};
use fiord_options::{Diagnostics, lint};

use crate::exit::Exit;
use crate::streams::{answer, refuse};
use crate::{documents, machine};
use words::{Format, Request, Wish};

/// Does what the words behind `check` say.
pub(crate) fn main(words: &[OsString]) -> Exit {
    let request = match words::parse(words) {
        Ok(request) => request,
        Err(reason) => return refuse(reason),
    };
    match (request.wish, request.format) {
        (Wish::Help, _) => documents::main("check", &["--help".into()]),
        (Wish::List, Format::Text) => answer(explain::list().trim_end()),
        (Wish::List, Format::Markdown) => answer(explain::page().trim_end()),
        (Wish::List, Format::Json) => answer_json(json::kinds(None)),
        (Wish::Explain(code), Format::Json) => answer_json(json::kinds(Some(code))),
        (Wish::Explain(code), _) => answer(explain::explanation(code).trim_end()),
        (Wish::Check, _) => check(&request),
    }
}

fn answer_json(document: serde_json::Result<String>) -> Exit {
    match document {
        Ok(text) => answer(&text),
        Err(error) => refuse(format_args!("cannot write JSON: {error}")),
    }
}

fn check(request: &Request) -> Exit {
    let host = machine::host();
    let (invocation, found) = commandline::parse(&request.rest, &host);
    if let Action::Help | Action::Version | Action::CommandHelp(_) | Action::EngineHelp(_) =
        invocation.action
    {
        return refuse("check looks at jobs; ask fiord itself for other things");
    }
    let mut found = lint::check(&invocation.spec, found, &host);
    found.retain(|finding| {
        let minor = finding.severity <= Severity::Warning;
        !(minor && finding.code.is_some_and(|code| request.allowed.contains(&code)))
    });
    let answered = match request.format {
        Format::Json => answer_json(json::findings(&found)),
        _ => answer(text(&found).trim_end()),
    };
    match answered {
        Exit::Success => verdict(&found, request.deny_warnings),
        failed => failed,
    }
}

fn text(found: &Diagnostics) -> String {
    let colors = if io::stdout().is_terminal() { Colors::Always } else { Colors::Never };
    let findings = found.render(Severity::Note, colors);
    let gap = if findings.is_empty() { "" } else { "\n" };
    let explained = found.iter().find_map(|finding| finding.code);
    let hint = explained.map_or(String::new(), hint);
    format!("{findings}{gap}{}{hint}", summary(found))
}

fn hint(code: &Code) -> String {
    format!("; `fiord check --explain={}` tells more of the first one", code.id)
}

/// How many findings of each severity there are.
fn summary(found: &Diagnostics) -> String {
    let counted = |severity, one: &str, many: &str| {
        let count = found.count(severity);
        (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
    };
    let parts = [
        counted(Severity::Error, "error", "errors"),
        counted(Severity::Unbuilt, "use of what is not built", "uses of what is not built"),
        counted(Severity::Warning, "warning", "warnings"),
        counted(Severity::Note, "note", "notes"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "nothing to complain of".to_owned() } else { parts.join(", ") }
}

fn verdict(found: &Diagnostics, deny_warnings: bool) -> Exit {
    if found.has(Severity::Unbuilt) {
        Exit::Usage
    } else if deny_warnings && found.has(Severity::Warning) {
        Exit::Warnings
    } else {
        Exit::Success
    }
}
