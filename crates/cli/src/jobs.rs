//! Jobs from job files and the command line: understand, run, report.

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fiord_engines::REGISTRY;
use fiord_options::commandline::{self, Action, Invocation};
use fiord_options::diagnostic::{Colors, Severity};
use fiord_options::trace::words;
use fiord_options::{Diagnostics, Host, Plan, Spec, help, lower, showcmd};
use fiord_runner::{RunOutcome, RunSettings, Trace, Trigger};
use fiord_sys::clock::Anchor;

use crate::commands;
use crate::console::Console;
use crate::exit::Exit;
use crate::machine;
use crate::speed;
use crate::streams::{answer, answer_bytes, complain, refuse};
use crate::trace::{self, Understood};

/// Runs what the command line says.
pub(crate) fn main(arguments: &[OsString], started: Anchor) -> Exit {
    let host = machine::host();
    let words = arguments.get(1..).unwrap_or_default();
    let (invocation, diagnostics) = commandline::parse(words, &host);
    let program = program_name(arguments.first());
    match &invocation.action {
        Action::Run | Action::ParseOnly | Action::ShowCommand => {}
        information => return inform(information, &program, &diagnostics),
    }
    let least = match invocation.action {
        Action::Run => Severity::Unbuilt,
        _ => Severity::Error,
    };
    let understood = Understood::new(&diagnostics);
    let Some(plan) = plan(&invocation, diagnostics, &host, least) else { return Exit::Usage };
    match invocation.action {
        Action::ParseOnly => return understood.parsed(&plan, invocation.trace),
        Action::ShowCommand => return show_commands(&invocation.spec, &program),
        _ => {}
    }
    if plan.jobs.is_empty() {
        complain(format_args!("No job(s) defined\n\n{}", help::usage(&program)));
        return Exit::Usage;
    }
    run(&plan, &invocation, &understood, started)
}

/// What the words mean; `None` if there is a finding of this severity or a worse one, which has then
/// been said.
pub(crate) fn plan(
    invocation: &Invocation,
    mut diagnostics: Diagnostics,
    host: &Host<'_>,
    least: Severity,
) -> Option<Plan> {
    let (plan, lowering) = lower(&invocation.spec, host);
    diagnostics.extend(lowering);
    say(&diagnostics, least);
    plan.filter(|_| !diagnostics.has(least))
}

/// Prints the jobs as command lines.
fn show_commands(spec: &Spec, program: &str) -> Exit {
    let (lines, diagnostics) = showcmd::command_lines(spec, program);
    say(&diagnostics, Severity::Error);
    if diagnostics.has_errors() {
        return Exit::Usage;
    }
    answer_bytes(&lines)
}

fn run(plan: &Plan, invocation: &Invocation, understood: &Understood, started: Anchor) -> Exit {
    let wishes = &invocation.progress;
    let mut console = match Console::open(&invocation.output, wishes, plan) {
        Ok(console) => console,
        Err(reason) => return refuse(reason),
    };
    let tracing = trace::settings(invocation);
    match Trace::open(&tracing) {
        Ok(Some(trace)) => understood.tell(&trace, plan),
        Ok(None) => {}
        Err(failure) => return refuse(failure),
    }
    console.begin(plan);
    let progress_every = Duration::from_nanos(wishes.eta_interval_ns);
    let settings = RunSettings {
        worker: None,
        progress_every: console.wants_progress().then_some(progress_every),
        status_every: wishes.status_interval_ns.map(Duration::from_nanos),
        status_file: Some(status_file()),
        started: Some(started),
        trace: tracing,
        patience: None,
        trigger: Trigger {
            file: invocation.trigger.file.as_ref().map(PathBuf::from),
            after: invocation.trigger.after_ns.map(Duration::from_nanos),
            command: invocation.trigger.command.clone(),
        },
    };
    let outcome = match fiord_runner::run(plan, &settings, REGISTRY, &mut console) {
        Ok(outcome) => outcome,
        Err(failure) => return refuse(failure),
    };
    console.report(&outcome.report);
    if let Err(reason) = console.finish() {
        return refuse(reason);
    }
    verdict(&outcome)
}

/// The exit status that a run deserves.
pub(crate) fn verdict(outcome: &RunOutcome) -> Exit {
    match (outcome.signal, outcome.failed) {
        (Some(_), _) => Exit::Signal,
        (None, 0) => Exit::Success,
        (None, failed) => Exit::FailedJobs(failed),
    }
}

/// Where users put a file to ask for a status report.
fn status_file() -> PathBuf {
    let directory = ["TMPDIR", "TEMP"].into_iter().find_map(std::env::var_os);
    PathBuf::from(directory.unwrap_or_else(|| "/tmp".into())).join("fio-dump-status")
}

/// Answers a question about the program itself.
fn inform(action: &Action, program: &str, diagnostics: &Diagnostics) -> Exit {
    say(diagnostics, Severity::Error);
    if diagnostics.has_errors() {
        return Exit::Usage;
    }
    let help = match action {
        Action::Version if program == "fio" => return answer(fiord_report::COMPATIBLE_VERSION),
        Action::Version => return answer(&version()),
        Action::DebugHelp => return answer(&format!("debug subjects: {}", words())),
        Action::ChecksumTest(list) => return speed::checksums(list.as_deref()),
        Action::CopyTest(list) => return speed::copies(list.as_deref()),
        Action::ClockTest => return speed::clocks(),
        Action::CommandHelp(name) => help::cmdhelp(name.as_deref()),
        Action::EngineHelp(question) => help::enghelp(question.as_deref()),
        // Under the name of fio, first words are job files.
        _ if program == "fio" => return answer(help::usage(program).trim_end()),
        _ => {
            let usage = format!("{}{}", help::usage(program), commands::listed());
            return answer(usage.trim_end());
        }
    };
    let answered = match help.text.is_empty() {
        true => Exit::Success,
        false => answer(help.text.trim_end()),
    };
    match help.error {
        Some(text) if matches!(action, Action::EngineHelp(_)) => refuse(text.trim_end()),
        Some(text) => {
            complain(text.trim_end());
            answered
        }
        None => answered,
    }
}

/// One line that programs written for fio understand too.
fn version() -> String {
    format!("fiord {} ({})", env!("CARGO_PKG_VERSION"), fiord_report::COMPATIBLE_VERSION)
}

/// Shows what is wrong with the input; a run that has nothing wrong says nothing here.
pub(crate) fn say(diagnostics: &Diagnostics, least: Severity) {
    let colors = if io::stderr().is_terminal() { Colors::Always } else { Colors::Never };
    let text = diagnostics.render(least, colors);
    if !text.is_empty() {
        complain(text.trim_end_matches('\n'));
    }
}

/// The name by which we were called, without its directory.
pub(crate) fn program_name(first: Option<&OsString>) -> String {
    let name = first.and_then(|path| Path::new(path).file_name());
    name.map_or_else(|| "fiord".to_owned(), |name: &OsStr| name.to_string_lossy().into_owned())
}
