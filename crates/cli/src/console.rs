//! Where a run's text goes: results to the output, errors to standard error, progress to a terminal.
//!
//! In pure JSON or terse mode the output holds nothing but results, and a run that succeeds writes
//! nothing to standard error.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use fiord_base::PerDirection;
use fiord_measure::report::Severity;
use fiord_options::Plan;
use fiord_options::commandline::{Eta, Json, Output, Progress as Wishes};
use fiord_options::plan::Pattern;
use fiord_report::eta::{self, JobState, Work};
use fiord_report::{Formats, TerseVersion, headers};
use fiord_runner::{Event, Observer, Progress, State};
use fiord_sys::Errno;
use fiord_sys::file::{self, Access, OpenHow};

use crate::streams::complain;

/// Receives everything that is shown during and after a run.
pub(crate) struct Console {
    out: Box<dyn Write>,
    formats: Formats,
    progress_line: bool,
    newline_every: Option<Duration>,
    last_newline: Instant,
    shown: usize,
    units: (u32, u32),
    layout_shown: Option<Instant>,
    failed: bool,
}

impl Console {
    /// Opens the output.
    pub(crate) fn open(output: &Output, wishes: &Wishes, plan: &Plan) -> Result<Console, String> {
        let formats = formats(output);
        let terminal = io::stdout().is_terminal();
        // The line goes to standard output wherever the report goes; a document that is written there
        // without a part for people has no place for it, even if it is asked for.
        let has_place = formats.normal || output.path.is_some();
        let out: Box<dyn Write> = match &output.path {
            None => Box::new(io::stdout()),
            Some(path) => Box::new(create(Path::new(path)).map_err(|errno| {
                format!("cannot write the output to '{}': {errno}", path.to_string_lossy())
            })?),
        };
        let progress_line = match wishes.eta {
            Eta::Always => has_place,
            Eta::Never => false,
            Eta::Auto => has_place && terminal,
        };
        let units = plan.jobs.first().map_or((1024, 8), |j| (j.stats.kb_base, j.stats.unit_base));
        Ok(Console {
            out,
            formats,
            progress_line,
            newline_every: wishes.eta_newline_ns.map(Duration::from_nanos),
            last_newline: Instant::now(),
            shown: 0,
            units,
            layout_shown: (terminal && has_place).then(Instant::now),
            failed: false,
        })
    }

    /// True if progress events are wanted.
    pub(crate) fn wants_progress(&self) -> bool {
        self.progress_line
    }

    /// Announces the jobs.
    pub(crate) fn begin(&mut self, plan: &Plan) {
        if self.formats.normal {
            let text = headers::job_headers(plan);
            let starting = headers::starting_line(plan);
            self.write(&format!("{text}{starting}"));
        }
    }

    /// Writes a report.
    pub(crate) fn report(&mut self, report: &fiord_measure::RunReport) {
        self.clear_line();
        let text = fiord_report::render(report, &self.formats);
        self.write(&text);
    }

    /// Says whether all output reached its place.
    pub(crate) fn finish(mut self) -> Result<(), String> {
        match self.out.flush() {
            Ok(()) if !self.failed => Ok(()),
            _ => Err("the output could not be written completely".to_owned()),
        }
    }

    fn write(&mut self, text: &str) {
        let written = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        self.failed |= written.is_err();
    }

    /// Writes a part of the progress line; that it cannot be written is no fault of the run.
    fn write_line(text: &str) {
        let mut line = io::stdout();
        let _ = line.write_all(text.as_bytes()).and_then(|()| line.flush());
    }

    fn clear_line(&mut self) {
        if self.shown > 0 {
            let blanks = " ".repeat(self.shown);
            self.shown = 0;
            Self::write_line(&format!("\r{blanks}\r"));
        }
    }

    fn show_progress(&mut self, progress: &Progress) {
        let line = eta::line(&facts(progress, self.units), self.shown);
        self.shown = line.trim_end().chars().count();
        let renew = self.newline_every.is_some_and(|every| self.last_newline.elapsed() >= every);
        if renew {
            self.last_newline = Instant::now();
            self.shown = 0;
        }
        Self::write_line(&format!("{line}{}", if renew { '\n' } else { '\r' }));
    }

    fn show_layout(&mut self, done: u64, total: u64) {
        let Some(last) = self.layout_shown else { return };
        if last.elapsed() < Duration::from_millis(100) && done < total {
            return;
        }
        self.layout_shown = Some(Instant::now());
        let percent = (u128::from(done) * 100).checked_div(u128::from(total)).unwrap_or(100);
        let line = format!("  {percent}% of {} MiB", total >> 20);
        self.clear_line();
        if done < total {
            self.shown = line.len();
            Self::write_line(&line);
        }
    }
}

/// Makes an empty file to whose end others may write, too: the lines of `--debug`.
fn create(path: &Path) -> Result<File, Errno> {
    let (access, create) = (Access::Write, Some(0o666));
    let how = OpenHow { access, create, truncate: true, append: true, ..OpenHow::default() };
    file::open(path, &how).map(File::from)
}

impl Observer for Console {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::LayingOut { job, files, bytes } if self.formats.normal => {
                self.write(&headers::layout_line(job, files as u64, bytes));
            }
            Event::LaidOut { done, total } => self.show_layout(done, total),
            Event::LayingOut { .. } => {}
            Event::Progress(progress) => self.show_progress(progress),
            Event::Status(report) => self.report(report),
            Event::Message(message) if message.severity == Severity::Error => {
                self.clear_line();
                complain(format_args!("fiord: {message}"));
            }
            Event::Message(_) => {}
            Event::Terminating { signal } => {
                self.clear_line();
                complain(format_args!("fiord: terminating on signal {signal}"));
            }
        }
    }
}

fn formats(output: &Output) -> Formats {
    Formats {
        normal: output.formats.normal,
        terse: output.formats.terse,
        json: output.formats.json.is_some(),
        json_plus: output.formats.json == Some(Json::Bins),
        terse_version: TerseVersion::from_number(u32::from(output.terse_version))
            .unwrap_or_default(),
    }
}

/// The progress line's facts.
fn facts(progress: &Progress, (kb_base, unit_base): (u32, u32)) -> eta::Progress {
    let states: Vec<JobState> = progress
        .workers
        .iter()
        .map(|worker| match worker.state {
            State::Waiting => JobState::NotStarted,
            State::Created => JobState::Created,
            State::Initialised | State::SettingUp => JobState::Initialised,
            State::PreReading => JobState::PreReading,
            State::Ramp => JobState::Ramp,
            State::Running => running(worker.pattern),
            State::Flushing => JobState::Flushing,
            State::Verifying => JobState::Verifying,
            State::Finishing => JobState::Finishing,
            State::Ended => JobState::Exited,
            State::Reaped if worker.killed => JobState::Killed,
            State::Reaped if worker.failed => JobState::Failed,
            State::Reaped => JobState::Reaped,
        })
        .collect();
    let under_way = |state: &&JobState| {
        matches!(
            state,
            JobState::Running { .. } | JobState::Ramp | JobState::Flushing | JobState::Verifying
        )
    };
    let ramping = states.contains(&JobState::Ramp);
    let total = progress.eta_s.map(|eta_s| (progress.elapsed_s, progress.elapsed_s + eta_s));
    eta::Progress {
        running: states.iter().filter(under_way).count() as u32,
        states,
        open_files: progress.open_files,
        rate: None,
        rate_iops: None,
        done: match total {
            Some((elapsed, total)) if total > 0 && !ramping => Some(elapsed as f64 / total as f64),
            _ => None,
        },
        eta_s: progress.eta_s,
        bandwidth: Some(progress.bytes_per_second),
        iops: PerDirection(progress.iops.0),
        kb_base,
        unit_base,
    }
}

fn running(pattern: Pattern) -> JobState {
    let work = match (pattern.read, pattern.write) {
        (true, true) => Work::Mixed,
        (true, false) => Work::Read,
        (false, true) => Work::Write,
        (false, false) => Work::Trim,
    };
    JobState::Running { work, random: pattern.random }
}
