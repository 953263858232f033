//! `fiord quick`: measures the storage under a directory in about 20 seconds.
//!
//! The tests are jobs of a built-in job file, which takes the same way as any other: words, plan, run.
//! What is special is around it: the choice of size and times, the test file that vanishes whatever
//! happens, and a table instead of the normal report.

mod console;
mod place;
mod test_file;
mod words;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use fiord_base::Direction;
use fiord_engines::REGISTRY;
use fiord_measure::report::{Message, RunReport, Severity};
use fiord_options::commandline::{self, Json};
use fiord_options::{Host, Plan, diagnostic};
use fiord_report::{Formats, quick_table};
use fiord_runner::{RunOutcome, RunSettings};
use fiord_sys::clock::Anchor;
use fiord_sys::signal;

use crate::documents;
use crate::exit::Exit;
use crate::quick::console::Console;
use crate::quick::place::Place;
use crate::quick::test_file::TestFile;
use crate::quick::words::{Request, Wish};
use crate::streams::refuse;
use crate::{jobs, machine};

/// The built-in job file.
const JOBS: &str = include_str!("quick/quick.fio");
/// Its name in messages.
const JOBS_NAME: &str = "quick.fio";
/// The job that writes the test file.
const FILL: &str = "fill";
/// The deep sequential tests divide the file into so many parts of whole blocks.
const PARTS: u64 = 8;
const PART_BLOCK_BYTES: u64 = 1 << 20;
/// The size of the test file is a multiple of this.
const STEP_BYTES: u64 = PARTS * PART_BLOCK_BYTES;
const LARGEST_BYTES: u64 = 1 << 30;
/// Of the free space, one part in so many may be used.
const SHARE: u64 = 10;
/// How often the progress line changes.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// Does what the words behind `quick` say.
pub(crate) fn main(words: &[OsString], started: Anchor) -> Exit {
    let done = words::parse(words).and_then(|request| match request.wish {
        Wish::Help => Ok(documents::main("quick", &["--help".into()])),
        Wish::Show => show(&request),
        Wish::Measure => measure(&request, started),
    });
    done.unwrap_or_else(refuse)
}

/// Prints the job file as it would be run, with a test file that a user can name.
fn show(request: &Request) -> Result<Exit, String> {
    let place = Place::look_at(&request.directory)?;
    let size_bytes = size_bytes(&place, request.size_bytes)?;
    let values = Values {
        file: OsString::from("fiord-quick.tmp"),
        size_bytes,
        direct: place.why_not_direct().is_none(),
        times: Times::new(request),
    };
    let mut text = JOBS.to_owned();
    for (name, value) in values.variables() {
        text = text.replace(&format!("${{{name}}}"), &value.to_string_lossy());
    }
    Ok(answer(&text))
}

/// Prints a text that was asked for. A reader that leaves early has read what he wanted.
fn answer(text: &str) -> Exit {
    let _ = io::stdout().write_all(text.as_bytes());
    Exit::Success
}

fn measure(request: &Request, started: Anchor) -> Result<Exit, String> {
    // From here to the end a signal is noted and the way out is the normal one.
    static SIGNALS: AtomicU64 = AtomicU64::new(0);
    let _watch = signal::Watch::install(&SIGNALS)
        .map_err(|errno| format!("cannot watch for signals: {errno}"))?;
    let place = Place::look_at(&request.directory)?;
    let size_bytes = size_bytes(&place, request.size_bytes)?;
    let mut console = Console::open(request)?;
    let test_file = TestFile::create(&place.directory, size_bytes)?;
    let buffered = place.why_not_direct().or_else(|| test_file.why_not_direct());
    let mut values = Values {
        file: test_file.path().to_owned(),
        size_bytes,
        direct: buffered.is_none(),
        times: Times::new(request),
    };
    let Some(all) = values.plan(&[]) else { return Ok(Exit::Usage) };
    let tests = all.jobs.iter().map(|job| job.name.as_str()).filter(|name| *name != FILL);
    let tests: Vec<&str> = tests.collect();

    let Some(fill) = values.plan(&[FILL]) else { return Ok(Exit::Usage) };
    let filled = run(&fill, started, &mut console, &test_file)?;
    if filled.failed > 0 && filled.signal.is_none() {
        // Standard error has the reason; programs want a document all the same.
        if let Some(detail) = request.json {
            console.write(&json(&filled.report, detail));
        }
        console.finish()?;
        return Ok(jobs::verdict(&filled));
    }
    let mut notes = Vec::new();
    if filled.signal.is_none() {
        notes.extend(values.shrink_to(&filled.report)?);
    }
    notes.extend(buffered);

    let described = place.described(&values);
    if request.json.is_none() {
        console.write(&quick_table::header(&described, env!("CARGO_PKG_VERSION")));
    }
    let Some(plan) = values.plan(&tests) else { return Ok(Exit::Usage) };
    let mut outcome = run(&plan, started, &mut console, &test_file)?;
    drop(test_file);
    if let Some(number) = outcome.signal {
        notes.push(format!(
            "ended by signal {number}; the last of the tests shown may have been cut short"
        ));
    }
    let note = |text| Message { severity: Severity::Note, job: None, text };
    outcome.report.messages.extend(notes.into_iter().map(note));
    outcome.report.environment.extend(place::facts(&described));
    console.write(&match request.json {
        None => quick_table::table(&outcome.report),
        Some(detail) => json(&outcome.report, detail),
    });
    console.finish()?;
    Ok(jobs::verdict(&outcome))
}

fn json(report: &RunReport, detail: Json) -> String {
    let json_plus = detail == Json::Bins;
    let formats = Formats { normal: false, json: true, json_plus, ..Formats::NORMAL };
    fiord_report::render(report, &formats)
}

fn run(
    plan: &Plan,
    started: Anchor,
    console: &mut Console,
    test_file: &TestFile,
) -> Result<RunOutcome, String> {
    let settings = RunSettings {
        progress_every: console.wants_progress().then_some(PROGRESS_EVERY),
        started: Some(started),
        ..RunSettings::default()
    };
    console.begin(plan, test_file);
    let outcome = fiord_runner::run(plan, &settings, REGISTRY, console);
    console.end();
    let mut outcome = outcome.map_err(|failure| console.readable(&failure.to_string()))?;
    for message in &mut outcome.report.messages {
        message.text = console.readable(&message.text);
    }
    Ok(outcome)
}

/// The size of the test file: what was asked for, or as much as is allowed.
fn size_bytes(place: &Place, asked: Option<u64>) -> Result<u64, String> {
    let directory = place.directory.display();
    let free_mib = place.free_bytes >> 20;
    let allowed = (place.free_bytes / SHARE).min(LARGEST_BYTES);
    let allowed = allowed - allowed % STEP_BYTES;
    let step_mib = STEP_BYTES >> 20;
    if allowed == 0 {
        return Err(format!(
            "too little free space in '{directory}': {free_mib} MiB; a tenth of it must hold a \
             test file of {step_mib} MiB"
        ));
    }
    match asked {
        None => Ok(allowed),
        Some(asked) if asked < STEP_BYTES => {
            Err(format!("--size={asked} is too small: at least {step_mib}m"))
        }
        Some(asked) if asked - asked % STEP_BYTES > allowed => Err(format!(
            "--size={}m is too large: at most {}m (1 GiB, and a tenth of the {free_mib} MiB that \
             are free in '{directory}')",
            asked >> 20,
            allowed >> 20
        )),
        Some(asked) => Ok(asked - asked % STEP_BYTES),
    }
}

/// How long the parts take, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Times {
    fill_ms: u64,
    /// The size was asked for: the fill takes the time that it needs.
    fill_completely: bool,
    test_ms: u64,
}

impl Times {
    /// A fifth for the fill, which mostly needs less, and eight tests of a ninth each.
    fn new(request: &Request) -> Times {
        Times {
            fill_ms: request.runtime_ms / 5,
            fill_completely: request.size_bytes.is_some(),
            test_ms: request.runtime_ms / 9,
        }
    }
}

/// What the variables of the job file stand for.
struct Values {
    file: OsString,
    size_bytes: u64,
    direct: bool,
    times: Times,
}

impl Values {
    fn variables(&self) -> [(&'static str, OsString); 6] {
        let mib = |bytes: u64| OsString::from(format!("{}m", bytes >> 20));
        let fill_ms = if self.times.fill_completely { 0 } else { self.times.fill_ms };
        [
            ("FIORD_QUICK_FILE", self.file.clone()),
            ("FIORD_QUICK_DIRECT", u8::from(self.direct).to_string().into()),
            ("FIORD_QUICK_SIZE", mib(self.size_bytes)),
            ("FIORD_QUICK_EIGHTH", mib(self.size_bytes / PARTS)),
            ("FIORD_QUICK_FILL_TIME", format!("{fill_ms}ms").into()),
            ("FIORD_QUICK_TEST_TIME", format!("{}ms", self.times.test_ms).into()),
        ]
    }

    /// Takes for the size what the fill has written, in whole steps, because a test must not meet
    /// holes. Returns what is to be said about that.
    fn shrink_to(&mut self, filled: &RunReport) -> Result<Option<String>, String> {
        let planned = self.size_bytes;
        let seconds = self.times.fill_ms as f64 / 1000.0;
        let written: u64 =
            filled.jobs.iter().map(|job| job.directions[Direction::Write].bytes).sum();
        self.size_bytes = written - written % STEP_BYTES;
        match self.size_bytes {
            0 => Err(format!(
                "the storage is too slow: it took {} KiB in {seconds:.1} s; a longer --runtime \
                 gives it more time",
                written >> 10
            )),
            size if size < planned => Ok(Some(format!(
                "the test file is smaller than planned ({} MiB): the storage took no more in \
                 {seconds:.1} s",
                planned >> 20
            ))),
            _ => Ok(None),
        }
    }

    /// The plan of some sections of the job file, or of all; `None` if it is wrong, which is then said.
    fn plan(&self, sections: &[&str]) -> Option<Plan> {
        let variables = self.variables();
        let env = |name: &OsStr| {
            let own = variables.iter().find(|(variable, _)| name == *variable);
            own.map(|(_, value)| value.clone())
        };
        let read_file = |_: &Path| Ok(JOBS.as_bytes().to_vec());
        let host = Host { env: &env, read_file: &read_file, ..machine::host() };
        let mut words: Vec<OsString> =
            sections.iter().map(|name| format!("--section={name}").into()).collect();
        words.push(JOBS_NAME.into());
        let (invocation, diagnostics) = commandline::parse(&words, &host);
        jobs::plan(&invocation, diagnostics, &host, diagnostic::Severity::Unbuilt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fiord_measure::JobReport;

    fn place(free_bytes: u64) -> Place {
        Place { directory: "/x".into(), mount: None, disk: None, free_bytes }
    }

    #[test]
    fn a_tenth_of_the_free_space_and_a_gibibyte_are_the_limits() {
        assert_eq!(size_bytes(&place(1 << 40), None), Ok(1 << 30));
        assert_eq!(size_bytes(&place(1 << 30), None), Ok(96 << 20));
        assert_eq!(size_bytes(&place(1 << 30), Some(20 << 20)), Ok(16 << 20));
        let refused = |free_bytes, asked| size_bytes(&place(free_bytes), asked).unwrap_err();
        assert!(refused(79 << 20, None).contains("free space"));
        assert!(refused(1 << 30, Some(200 << 20)).contains("at most 96m"));
        assert!(refused(1 << 30, Some(4096)).contains("at least 8m"));
        assert!(refused(1 << 40, Some(2 << 30)).contains("at most 1024m"));
    }

    #[test]
    fn a_slow_disk_gets_a_smaller_file() {
        let times = Times { fill_ms: 4000, fill_completely: false, test_ms: 2222 };
        let filled = |bytes| {
            let mut values = Values { file: "x".into(), size_bytes: 64 << 20, direct: true, times };
            let mut job = JobReport::default();
            job.directions[Direction::Write].bytes = bytes;
            let report = RunReport { jobs: vec![job], ..RunReport::default() };
            values.shrink_to(&report).map(|note| (values.size_bytes >> 20, note.is_some()))
        };
        assert_eq!(filled(64 << 20), Ok((64, false)));
        assert_eq!(filled(17 << 20), Ok((16, true)));
        assert!(filled(7 << 20).unwrap_err().contains("7168 KiB in 4.0 s"));
    }

    #[test]
    fn the_built_in_job_file_is_understood() {
        let times = Times { fill_ms: 4000, fill_completely: false, test_ms: 2222 };
        let values = Values { file: "x".into(), size_bytes: 1 << 30, direct: true, times };
        let plan = values.plan(&[]).unwrap();
        assert_eq!(plan.jobs.len(), 9);
        assert_eq!(plan.jobs[0].name, FILL);
        for job in &plan.jobs[1..] {
            assert_eq!(job.limits.runtime_ns, Some(2_222_000_000), "{}", job.name);
            assert!(job.limits.time_based && job.stonewall && job.files.direct, "{}", job.name);
        }
        assert!(plan.notes.is_empty(), "{:?}", plan.notes);
    }
}
