//! The life cycle of jobs: layout of files, start barrier, workers, the I/O loop, reports.
//!
//! [`run`] executes a plan and returns its report; what happens meanwhile is told to an [`Observer`].
//! Process jobs execute a program again: its `main` must begin with [`worker_main`]. The runner knows
//! engines by their contract only; the caller passes the registry.

#![forbid(unsafe_code)]

mod board;
mod checkers;
mod direct;
mod disks;
mod drive;
mod estimate;
mod events;
mod failure;
mod flow;
mod layout;
mod memory;
mod offload;
mod order;
mod outcome;
pub mod preview;
mod priority;
mod ramp;
mod recorder;
mod rehearsal;
mod run;
mod sampler;
mod targets;
mod trace;
mod verify;
mod worker;

pub use board::State;
pub use events::{Event, Observer, Progress, Silent, WorkerProgress};
pub use failure::Failure;
pub use run::{RunOutcome, RunSettings, Trigger, run};
pub use trace::{Trace, TraceOutput, TraceSettings};

use fiord_engine::Registration;

/// Runs this process as a worker if `arguments` (with the program's name) say so, and returns the exit
/// status. Programs that start process jobs call this first.
pub fn worker_main(arguments: &[String], registry: &[Registration]) -> Option<i32> {
    worker::process_main(arguments, registry)
}
