//! `--debug`: lines about what happens, one write to the kernel for each.
//!
//! Lines of all jobs and of the parent mix but are never torn, and none is lost if a worker is killed.
//! The loop knows nothing of this: requests are told by an engine [around the engine](TracedEngine) of
//! a job, which is not there in a job about which nothing is to be told.

mod engine;

pub(crate) use engine::TracedEngine;

use std::cell::RefCell;
use std::ffi::OsString;
use std::fmt;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use fiord_options::trace::{Subject, Subjects};
use fiord_sys::file::{self, Access, OpenHow};
use fiord_sys::{Errno, process};
use serde::{Deserialize, Serialize};

use crate::board::State;
use crate::failure::Failure;

/// Where the lines go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TraceOutput {
    /// Standard error.
    #[default]
    Stderr,
    /// Standard output.
    Stdout,
    /// The end of this file, whoever else writes to it.
    File(OsString),
}

/// What is told, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceSettings {
    /// The subjects; empty if nothing is told.
    pub subjects: Subjects,
    /// Where the lines go.
    pub to: TraceOutput,
}

impl TraceSettings {
    /// What is told about the job with this running number.
    pub(crate) fn of_job(&self, thread_number: u32) -> TraceSettings {
        TraceSettings { subjects: self.subjects.of_job(thread_number), to: self.to.clone() }
    }
}

/// Writes lines.
#[derive(Debug)]
pub struct Trace {
    fd: OwnedFd,
    subjects: Subjects,
    id: u32,
    line: RefCell<Vec<u8>>,
}

impl Trace {
    /// Opens the output for lines of the calling thread; `None` if there is nothing to tell.
    pub fn open(settings: &TraceSettings) -> Result<Option<Trace>, Failure> {
        if settings.subjects.is_empty() {
            return Ok(None);
        }
        let fd = match &settings.to {
            TraceOutput::Stderr => file::duplicate(std::io::stderr().as_fd()),
            TraceOutput::Stdout => file::duplicate(std::io::stdout().as_fd()),
            TraceOutput::File(path) => open_at_end(Path::new(path)),
        };
        let fd = fd.map_err(|errno| Failure::new("write the lines of --debug", errno))?;
        let line = RefCell::new(Vec::with_capacity(256));
        Ok(Some(Trace { fd, subjects: settings.subjects, id: process::thread_id(), line }))
    }

    /// True if lines about this subject are wanted.
    pub fn has(&self, subject: Subject) -> bool {
        self.subjects.has(subject)
    }

    /// Writes a line: subject, process or thread, text.
    pub fn tell(&self, subject: Subject, text: fmt::Arguments<'_>) {
        if !self.has(subject) {
            return;
        }
        let mut line = self.line.borrow_mut();
        line.clear();
        // Writing to memory does not fail, and a line that does not reach its place has no other.
        let _ = write!(line, "{:<8} {:<5} {text}", subject.name(), self.id);
        // A name with a line feed must not make two lines of one.
        line.iter_mut().filter(|byte| byte.is_ascii_control()).for_each(|byte| *byte = b'?');
        line.push(b'\n');
        let mut rest = &line[..];
        while !rest.is_empty() {
            match file::write(self.fd.as_fd(), rest) {
                Ok(written @ 1..) => rest = &rest[written..],
                Err(Errno::INTR) => {}
                Ok(_) | Err(_) => return,
            }
        }
    }

    /// Tells that a worker passed from one state to another.
    pub(crate) fn state(&self, worker: u32, from: State, to: State) {
        let (from, to) = (state_name(from), state_name(to));
        self.tell(Subject::Process, format_args!("pid={worker}: runstate {from} -> {to}"));
    }
}

fn open_at_end(path: &Path) -> Result<OwnedFd, Errno> {
    let access = Access::Write;
    file::open(path, &OpenHow { access, append: true, ..OpenHow::default() })
}

/// The words that readers of such lines know from fio.
fn state_name(state: State) -> &'static str {
    match state {
        State::Waiting => "NOT_CREATED",
        State::Created => "CREATED",
        State::Initialised => "INITIALIZED",
        State::SettingUp => "SETTING_UP",
        State::PreReading => "PRE_READING",
        State::Ramp => "RAMP",
        State::Running => "RUNNING",
        State::Flushing => "FSYNCING",
        State::Verifying => "VERIFYING",
        State::Finishing => "FINISHING",
        State::Ended => "EXITED",
        State::Reaped => "REAPED",
    }
}
