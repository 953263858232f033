//! What the switches mean: the action, where results go, what is shown meanwhile.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::words::Given;
use super::{Invocation, listed, shown};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::spec::{Origin, SectionKind};
use crate::table::{OptionDef, Status};
use crate::trace::Subjects;
use crate::value::{self, ParseContext, Value};

/// What the program is to do.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Action {
    /// Run the jobs.
    #[default]
    Run,
    /// Read and check everything, run nothing.
    ParseOnly,
    /// Print the jobs as command lines, run nothing.
    ShowCommand,
    /// Show how to use the program.
    Help,
    /// Show the version.
    Version,
    /// Describe the options of jobs: all, or this one.
    CommandHelp(Option<String>),
    /// Describe engines: the list, or `NAME` or `NAME,OPTION`.
    EngineHelp(Option<String>),
    /// List the subjects of `--debug`.
    DebugHelp,
    /// Time checksums: all, or those of this list.
    ChecksumTest(Option<String>),
    /// Time ways of copying memory: all, or those of this list.
    CopyTest(Option<String>),
    /// Check that the clocks of the CPUs agree.
    ClockTest,
}

/// Where and how results are written.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// A file instead of standard output.
    pub path: Option<OsString>,
    /// The formats, written in the order terse, JSON, normal.
    pub formats: Formats,
    /// Layout of terse lines, 2 to 5.
    pub terse_version: u8,
}

impl Default for Output {
    fn default() -> Self {
        let formats = Formats { normal: true, ..Formats::default() };
        Output { path: None, formats, terse_version: 3 }
    }
}

/// A set of report formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Formats {
    /// For people.
    pub normal: bool,
    /// One line of fields per job.
    pub terse: bool,
    /// One JSON document.
    pub json: Option<Json>,
}

/// How much a JSON document holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Json {
    /// Summaries.
    Plain,
    /// And the histogram buckets (`json+`).
    Bins,
}

/// A command that runs while jobs are in the middle of their work.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trigger {
    /// It runs when this file appears.
    pub file: Option<OsString>,
    /// It runs after this time, in nanoseconds.
    pub after_ns: Option<u64>,
    /// The command, for the shell.
    pub command: Option<OsString>,
}

/// What is shown while jobs run. Times are in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// When the progress line is shown.
    pub eta: Eta,
    /// How often it is refreshed.
    pub eta_interval_ns: u64,
    /// How often it goes on in a new line; `None`: never.
    pub eta_newline_ns: Option<u64>,
    /// How often a full report is written; `None`: at the end only.
    pub status_interval_ns: Option<u64>,
}

impl Default for Progress {
    fn default() -> Self {
        Progress {
            eta: Eta::Auto,
            eta_interval_ns: 1_000_000_000,
            eta_newline_ns: None,
            status_interval_ns: None,
        }
    }
}

/// When the progress line is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Eta {
    /// On a terminal.
    #[default]
    Auto,
    /// Also into files and pipes.
    Always,
    /// Not at all.
    Never,
}

/// Carries out one switch; true if the words that follow do not matter any more.
pub(super) fn apply(
    def: &OptionDef,
    given: &Given,
    invocation: &mut Invocation,
    diagnostics: &mut Diagnostics,
) -> bool {
    if !usable(def, given, diagnostics) {
        return false;
    }
    let mut stop = false;
    let text = given.value.as_ref().map(Origin::bytes).unwrap_or_default();
    let result = match def.name {
        "help" | "version" | "cmdhelp" | "enghelp" | "crctest" | "memcpytest" | "cpuclock-test" => {
            stop = true;
            invocation.action = information(def.name, given.value.as_ref().map(Origin::bytes));
            Ok(())
        }
        "debug" if matches!(text, b"help" | b"?") => {
            stop = true;
            invocation.action = Action::DebugHelp;
            Ok(())
        }
        "debug" => debug(given, &mut invocation.trace),
        "aux-path" => {
            invocation.spec.aux_path = Some(OsStr::from_bytes(text).to_owned());
            Ok(())
        }
        "parse-only" => {
            invocation.action = Action::ParseOnly;
            Ok(())
        }
        "showcmd" => {
            invocation.action = Action::ShowCommand;
            Ok(())
        }
        "readonly" => {
            invocation.spec.readonly = true;
            Ok(())
        }
        "warnings-fatal" => {
            invocation.spec.warnings_fatal = true;
            Ok(())
        }
        "trigger-file" | "trigger-timeout" | "trigger" => {
            trigger(def, text, &mut invocation.trigger)
        }
        "section" => section(text, &mut invocation.spec.only),
        "output" | "output-format" | "minimal" | "append-terse" | "terse-version" => {
            output(def.name, text, &mut invocation.output)
        }
        _ => progress(def, text, &mut invocation.progress),
    };
    if let Err(fault) = result {
        let origin = given.value.as_ref().unwrap_or(&given.name);
        diagnostics.push(if fault.origin.is_some() { fault } else { fault.at(origin) });
    }
    stop
}

/// Complains about switches that do nothing, or nothing yet; their values are checked all the same.
fn usable(def: &OptionDef, given: &Given, diagnostics: &mut Diagnostics) -> bool {
    let name = format!("`--{}`", def.name);
    let diagnostic = match def.status {
        Status::Ready => return true,
        Status::NoOp => Diagnostic::note(format!("{name} has no effect"))
            .code(Code::NO_LONGER_NEEDED)
            .label(def.help),
        Status::Planned => {
            Diagnostic::unbuilt(format!("switch {name} is known but not built yet in this version"))
                .code(Code::NOT_BUILT)
        }
        Status::Removed { instead } => Diagnostic::error(format!("switch {name} was removed"))
            .code(Code::REMOVED_OPTION)
            .help(instead),
        Status::Unavailable { reason } => {
            Diagnostic::error(format!("switch {name} cannot be used"))
                .code(Code::UNAVAILABLE)
                .label(reason)
        }
    };
    if let (Status::NoOp | Status::Planned, Some(value)) = (def.status, &given.value)
        && let Err(error) = value::parse(def, Some(value.bytes()), &ParseContext::default())
    {
        diagnostics.push(
            Diagnostic::error(format!("bad value `{}` for {name}", shown(value.bytes())))
                .code(Code::BAD_SWITCH_VALUE)
                .at(value)
                .label(error.to_string())
                .help(error.hint.unwrap_or_default()),
        );
    }
    diagnostics.push(diagnostic.at(&given.name));
    false
}

fn information(name: &str, value: Option<&[u8]>) -> Action {
    let about = value.filter(|text| !text.is_empty()).map(shown);
    match name {
        "help" => Action::Help,
        "version" => Action::Version,
        "cmdhelp" => Action::CommandHelp(about.filter(|about| about != "all")),
        "enghelp" => Action::EngineHelp(about),
        "crctest" => Action::ChecksumTest(value.map(shown)),
        "memcpytest" => Action::CopyTest(value.map(shown)),
        _ => Action::ClockTest,
    }
}

fn debug(given: &Given, subjects: &mut Subjects) -> Result<(), Diagnostic> {
    let Some(value) = &given.value else { return Ok(()) };
    subjects.add(&shown(value.bytes())).map_err(|(wrong, expected)| {
        let word = value.part(wrong);
        Diagnostic::error(format!("unknown subject `{}` of `--debug`", shown(word.bytes())))
            .code(Code::BAD_SWITCH_VALUE)
            .at(&word)
            .label(expected)
    })
}

fn section(name: &[u8], only: &mut Vec<Vec<u8>>) -> Result<(), Diagnostic> {
    if SectionKind::of(name) == SectionKind::Global {
        return Err(Diagnostic::error("`--section` cannot select defaults")
            .code(Code::BAD_SWITCH_VALUE)
            .label("global sections are always read"));
    }
    only.push(name.to_vec());
    Ok(())
}

fn output(name: &str, text: &[u8], output: &mut Output) -> Result<(), Diagnostic> {
    match name {
        "output" => output.path = Some(OsStr::from_bytes(text).to_owned()),
        "output-format" => output.formats = formats(text)?,
        "minimal" => output.formats = Formats { terse: true, ..Formats::default() },
        "append-terse" => output.formats.terse = true,
        _ => output.terse_version = terse_version(text)?,
    }
    Ok(())
}

fn formats(text: &[u8]) -> Result<Formats, Diagnostic> {
    const WORDS: [&str; 6] = ["normal", "terse", "minimal", "csv", "json", "json+"];
    let mut formats = Formats::default();
    for word in text.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
        match word {
            b"normal" => formats.normal = true,
            b"terse" | b"minimal" | b"csv" => formats.terse = true,
            b"json" => formats.json = formats.json.max(Some(Json::Plain)),
            b"json+" => formats.json = Some(Json::Bins),
            _ => {
                return Err(Diagnostic::error(format!("unknown output format `{}`", shown(word)))
                    .code(Code::BAD_SWITCH_VALUE)
                    .label(format!("one or more of {}", listed(&WORDS))));
            }
        }
    }
    Ok(formats)
}

fn terse_version(text: &[u8]) -> Result<u8, Diagnostic> {
    match text {
        [digit @ b'2'..=b'5'] => Ok(digit - b'0'),
        _ => Err(Diagnostic::error(format!("unknown terse version `{}`", shown(text)))
            .code(Code::BAD_SWITCH_VALUE)
            .label("2, 3, 4 or 5")),
    }
}

fn progress(def: &OptionDef, text: &[u8], progress: &mut Progress) -> Result<(), Diagnostic> {
    const MILLISECOND: u64 = 1_000_000;
    match def.name {
        "eta" => progress.eta = eta(text)?,
        "eta-interval" => progress.eta_interval_ns = period(def, text, 250 * MILLISECOND)?,
        "eta-newline" => progress.eta_newline_ns = Some(period(def, text, MILLISECOND)?),
        _ => progress.status_interval_ns = Some(period(def, text, MILLISECOND)?),
    }
    Ok(())
}

fn trigger(def: &OptionDef, text: &[u8], trigger: &mut Trigger) -> Result<(), Diagnostic> {
    let word = || Some(OsStr::from_bytes(text).to_owned());
    match def.name {
        "trigger-file" => trigger.file = word(),
        "trigger" => trigger.command = word(),
        _ => trigger.after_ns = Some(period(def, text, 0)?).filter(|after| *after > 0),
    }
    Ok(())
}

fn eta(text: &[u8]) -> Result<Eta, Diagnostic> {
    match text {
        b"auto" => Ok(Eta::Auto),
        b"always" => Ok(Eta::Always),
        b"never" => Ok(Eta::Never),
        _ => Err(Diagnostic::error(format!("unknown word `{}`", shown(text)))
            .code(Code::BAD_SWITCH_VALUE)
            .label("`always`, `never` or `auto`")),
    }
}

fn period(def: &OptionDef, text: &[u8], least_ns: u64) -> Result<u64, Diagnostic> {
    let too_short = || {
        Diagnostic::error("the period is too short")
            .code(Code::BAD_SWITCH_VALUE)
            .label(format!("at least {} ms", least_ns / 1_000_000))
    };
    match value::parse(def, Some(text), &ParseContext::default()) {
        Ok(Value::Time(time)) if time.0 >= least_ns => Ok(time.0),
        Ok(Value::Time(_)) => Err(too_short()),
        _ => Err(Diagnostic::error(format!("`{}` is not a time", shown(text)))
            .code(Code::BAD_SWITCH_VALUE)
            .label("a number with a unit, as in `500ms`, `10` (seconds) or `1m`")),
    }
}
