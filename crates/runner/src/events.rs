//! What a run tells to whoever watches it.
//!
//! The runner only emits; ETA line, status dumps, live views and logs are made of events by the
//! caller and can neither slow nor change a run.

use fiord_base::PerDirection;
use fiord_measure::RunReport;
use fiord_measure::report::Message;
use fiord_options::plan::Pattern;

use crate::board::State;

/// Something that happened in a run.
#[derive(Debug)]
pub enum Event<'a> {
    /// Files of a job are about to be created: how many, and bytes in all.
    LayingOut {
        /// Name of the job.
        job: &'a str,
        /// Number of files.
        files: usize,
        /// Bytes over these files.
        bytes: u64,
    },
    /// Part of a layout is done.
    LaidOut {
        /// Bytes written so far for this job.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// A moment for the progress line.
    Progress(&'a Progress),
    /// A full report was asked for while jobs run.
    Status(&'a RunReport),
    /// A job failed, or something else that should be said at once.
    Message(&'a Message),
    /// The run was told to end by this signal.
    Terminating {
        /// Signal number.
        signal: i32,
    },
}

/// Receives the events of a run, on the thread that runs it.
pub trait Observer {
    /// Called once for each event; should return soon.
    fn event(&mut self, event: Event<'_>);
}

/// Ignores all events.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&mut self, _event: Event<'_>) {}
}

/// The state of all jobs at one moment.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// One entry per worker in order of thread numbers.
    pub workers: Vec<WorkerProgress>,
    /// Bytes per second since the last progress event.
    pub bytes_per_second: PerDirection<u64>,
    /// Requests per second since the last progress event.
    pub iops: PerDirection<u64>,
    /// Seconds since the run began.
    pub elapsed_s: u64,
    /// Estimated seconds to go.
    pub eta_s: Option<u64>,
    /// Files open over all running jobs.
    pub open_files: u64,
}

/// The state of one worker.
#[derive(Clone, Copy, Debug)]
pub struct WorkerProgress {
    /// Where it is in its life.
    pub state: State,
    /// What it does.
    pub pattern: Pattern,
    /// It ended with an error.
    pub failed: bool,
    /// It was killed.
    pub killed: bool,
}
