//! `fiord plan`: what jobs would do, without doing it.
//!
//! The words behind `plan` are those of a run; `--format` chooses who is to read the answer. It goes to
//! standard output and nothing else is touched. What this version cannot run is shown all the same.

mod outputs;
mod text;
mod words;

use std::ffi::OsString;
use std::io::{self, IsTerminal};

use fiord_engines::REGISTRY;
use fiord_options::commandline::{self, Action, Invocation};
use fiord_options::diagnostic::Severity;
use fiord_options::lower::job_file;
use fiord_options::{Diagnostics, Plan, lower};
use fiord_runner::preview::{Preview, Scope, preview};
use serde::Serialize;

use crate::exit::Exit;
use crate::streams::{answer, answer_bytes, refuse};
use crate::{documents, jobs, machine};
use words::Format;

/// Name of the JSON form; changes only when members change their meaning or disappear.
const SCHEMA: &str = "plan-1";

/// Does what the words behind `plan` say.
pub(crate) fn main(words: &[OsString]) -> Exit {
    let request = match words::parse(words) {
        Ok(request) => request,
        Err(reason) => return refuse(reason),
    };
    if request.help {
        return documents::main("plan", &["--help".into()]);
    }
    let host = machine::host();
    let (invocation, mut diagnostics) = commandline::parse(&request.rest, &host);
    if !matches!(invocation.action, Action::Run | Action::ParseOnly) {
        return refuse("plan shows plans; ask fiord itself for other things");
    }
    let (plan, lowering) = lower(&invocation.spec, &host);
    diagnostics.extend(lowering);
    let Some(plan) = plan.filter(|_| !diagnostics.has_errors()) else {
        jobs::say(&diagnostics, Severity::Error);
        return Exit::Usage;
    };
    if plan.jobs.is_empty() {
        return refuse(
            "plan needs a job: name a job file, or describe a job (see fiord plan --help)",
        );
    }
    if request.format == Format::Job {
        return job(&plan);
    }
    let document = Document::new(&plan, &invocation, &diagnostics);
    match request.format {
        Format::Json => json(&document),
        _ => answer(text::render(&document, io::stdout().is_terminal()).trim_end()),
    }
}

/// The jobs as a job file, if one can say all of them.
fn job(plan: &Plan) -> Exit {
    let file = job_file(plan);
    if let Some(line) = file.left_out.first() {
        return refuse(format_args!(
            "a job file cannot hold this, for its comment signs, variables or blanks: {line}"
        ));
    }
    answer_bytes(&file.text)
}

fn json(document: &Document) -> Exit {
    match serde_json::to_string_pretty(document) {
        Ok(text) => answer(&text),
        Err(error) => refuse(format_args!("cannot write the plan as JSON: {error}")),
    }
}

/// The whole answer.
#[derive(Debug, Serialize)]
struct Document {
    schema: &'static str,
    version: &'static str,
    /// What this version cannot run.
    unbuilt: Vec<String>,
    /// What is to be said about the words themselves.
    notes: Vec<String>,
    /// Files that the run would write beside those of the jobs.
    outputs: Vec<String>,
    #[serde(flatten)]
    preview: Preview,
}

impl Document {
    fn new(plan: &Plan, invocation: &Invocation, diagnostics: &Diagnostics) -> Document {
        let unbuilt: Vec<String> = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Unbuilt)
            .map(|diagnostic| diagnostic.one_line())
            .collect();
        let scope = if unbuilt.is_empty() { Scope::Whole } else { Scope::Partial };
        Document {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            unbuilt,
            notes: plan.notes.clone(),
            outputs: outputs::names(plan, invocation),
            preview: preview(plan, REGISTRY, scope),
        }
    }
}
