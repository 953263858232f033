//! `--debug`: where its lines go, and those that the program itself has to say.

use fiord_options::commandline::Invocation;
use fiord_options::diagnostic::{Diagnostic, Severity};
use fiord_options::trace::{Subject, Subjects};
use fiord_options::{Diagnostics, Plan};
use fiord_runner::{Trace, TraceOutput, TraceSettings};

use crate::exit::Exit;
use crate::streams::refuse;

/// What is told, and where: with the text for people. A document that programs read never has such
/// lines in it, so they go to standard error if there is one.
pub(crate) fn settings(invocation: &Invocation) -> TraceSettings {
    let formats = invocation.output.formats;
    let to = match &invocation.output.path {
        _ if formats.terse || formats.json.is_some() => TraceOutput::Stderr,
        Some(path) => TraceOutput::File(path.clone()),
        None => TraceOutput::Stdout,
    };
    TraceSettings { subjects: invocation.trace, to }
}

/// What was understood of the words: settings as typed, and remarks that are not worth a warning.
pub(crate) struct Understood {
    remarks: Vec<String>,
}

impl Understood {
    /// Keeps the remarks of the command line; those of the jobs are in the plan.
    pub(crate) fn new(diagnostics: &Diagnostics) -> Understood {
        let note = |diagnostic: &&Diagnostic| diagnostic.severity == Severity::Note;
        let remarks = diagnostics.iter().filter(note).map(Diagnostic::one_line);
        Understood { remarks: remarks.collect() }
    }

    /// Ends a run that is none: there is nothing to do but to tell it.
    pub(crate) fn parsed(&self, plan: &Plan, subjects: Subjects) -> Exit {
        match Trace::open(&TraceSettings { subjects, to: TraceOutput::Stdout }) {
            Ok(Some(trace)) => self.tell(&trace, plan),
            Ok(None) => {}
            Err(failure) => return refuse(failure),
        }
        Exit::Success
    }

    /// Tells it.
    pub(crate) fn tell(&self, trace: &Trace, plan: &Plan) {
        let line = |text: std::fmt::Arguments<'_>| trace.tell(Subject::Parse, text);
        for remark in self.remarks.iter().chain(&plan.notes) {
            line(format_args!("{remark}"));
        }
        for (option, value) in plan.global_options.iter() {
            line(format_args!("defaults: {option}={value}"));
        }
        for job in &plan.jobs {
            let (number, name) = (job.first_thread_number, &job.name);
            for (option, value) in job.given.iter() {
                line(format_args!("job {number}, {name}: {option}={value}"));
            }
        }
    }
}
