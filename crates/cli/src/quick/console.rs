//! What `fiord quick` says while it runs: a progress line on a terminal, errors on standard error.

use std::fs::File;
use std::io::{self, IsTerminal, Write};

use fiord_measure::report::Severity;
use fiord_options::Plan;
use fiord_runner::{Event, Observer, Progress, State};

use super::test_file::TestFile;
use super::words::Request;
use crate::streams::complain;

/// Receives results, and the events of the runs.
pub(super) struct Console {
    out: Box<dyn Write>,
    failed: bool,
    progress: bool,
    /// Characters of the progress line that stand on the terminal.
    shown: usize,
    /// What each worker of the present run does, and the number of its job.
    workers: Vec<(usize, String)>,
    jobs: usize,
    /// How the present run calls the test file.
    test_file: String,
    terminating: bool,
}

impl Console {
    /// Opens the output.
    pub(super) fn open(request: &Request) -> Result<Console, String> {
        let out: Box<dyn Write> = match &request.output {
            None => Box::new(io::stdout()),
            Some(path) => Box::new(File::create(path).map_err(|error| {
                format!("cannot write the output to '{}': {error}", path.to_string_lossy())
            })?),
        };
        Ok(Console {
            out,
            failed: false,
            progress: io::stderr().is_terminal(),
            shown: 0,
            workers: Vec::new(),
            jobs: 0,
            test_file: String::new(),
            terminating: false,
        })
    }

    /// True if progress events are wanted.
    pub(super) fn wants_progress(&self) -> bool {
        self.progress
    }

    /// A run begins.
    pub(super) fn begin(&mut self, plan: &Plan, test_file: &TestFile) {
        self.test_file = format!("'{}'", test_file.path().to_string_lossy());
        self.jobs = plan.jobs.len();
        self.workers.clear();
        for (index, job) in plan.jobs.iter().enumerate() {
            let label = job.description.as_ref().map(|text| text.to_string_lossy());
            let label = label.as_deref().unwrap_or(&job.name);
            let label = match job.clones {
                1 => label.to_owned(),
                clones => format!("{label}, {clones} jobs"),
            };
            self.workers.extend((0..job.clones).map(|_| (index, label.clone())));
        }
        self.show_line(self.label(0));
    }

    /// A message without the path of the test file, which only this process understands.
    pub(super) fn readable(&self, text: &str) -> String {
        text.replace(&self.test_file, "the test file")
    }

    /// A run has ended.
    pub(super) fn end(&mut self) {
        self.clear_line();
    }

    /// Writes results.
    pub(super) fn write(&mut self, text: &str) {
        let written = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        self.failed |= written.is_err();
    }

    /// Says whether all results reached their place.
    pub(super) fn finish(mut self) -> Result<(), String> {
        match self.out.flush() {
            Ok(()) if !self.failed => Ok(()),
            _ => Err("the output could not be written completely".to_owned()),
        }
    }

    fn show_progress(&mut self, progress: &Progress) {
        let under_way = |state: State| state >= State::Created && state < State::Ended;
        let present = progress.workers.iter().position(|worker| under_way(worker.state));
        let Some(present) = present else { return };
        let rate: u64 = progress.bytes_per_second.iter().map(|(_, rate)| *rate).sum();
        let mut line = format!("{}: {} MiB/s", self.label(present), rate >> 20);
        if let Some(seconds) = progress.eta_s.filter(|_| self.jobs > 1) {
            line.push_str(&format!(", {seconds} s left"));
        }
        self.show_line(line);
    }

    /// What a worker does, with its place among the jobs.
    fn label(&self, worker: usize) -> String {
        match (self.workers.get(worker), self.jobs) {
            (None, _) => String::new(),
            (Some((_, label)), 1) => label.clone(),
            (Some((index, label)), jobs) => format!("[{}/{jobs}] {label}", index + 1),
        }
    }

    /// Replaces the progress line.
    fn show_line(&mut self, line: String) {
        if self.progress {
            let length = line.chars().count();
            let blanks = " ".repeat(self.shown.saturating_sub(length));
            // A terminal that is gone shows nothing.
            let _ = write!(io::stderr(), "\r{line}{blanks}");
            self.shown = length.max(self.shown);
        }
    }

    fn clear_line(&mut self) {
        if self.shown > 0 {
            let _ = write!(io::stderr(), "\r{}\r", " ".repeat(self.shown));
            self.shown = 0;
        }
    }
}

impl Observer for Console {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Progress(progress) => self.show_progress(progress),
            Event::Message(message) if message.severity == Severity::Error => {
                self.clear_line();
                complain(format_args!("fiord: {}", self.readable(&message.to_string())));
            }
            Event::Terminating { signal } if !self.terminating => {
                self.terminating = true;
                self.clear_line();
                complain(format_args!("fiord: terminating on signal {signal}"));
            }
            Event::LayingOut { .. }
            | Event::LaidOut { .. }
            | Event::Status(_)
            | Event::Message(_)
            | Event::Terminating { .. } => {}
        }
    }
}
