//! The contract between the I/O loop and the engines that execute its requests.
//!
//! The loop and an engine are strangers: the loop hands over a batch of [`Unit`]s and takes back
//! [`Completion`]s, and that is all they know of each other. Which file a unit goes to is an index;
//! the loop opens the files and [attaches](Engine::attach) them. No implementation lives here.
//!
//! Ownership: a unit that was accepted by [`Engine::submit`] belongs to the engine, its slot's buffer
//! included, until exactly one [`Completion`] names the slot.

#![forbid(unsafe_code)]

mod completions;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod unit;

pub use completions::{Completion, Completions};
pub use unit::Unit;

use std::os::fd::BorrowedFd;
use std::time::Duration;

use fiord_base::FileIndex;
use fiord_sys::file::Advice;
use fiord_sys::process::Usage;
use fiord_sys::{BufferPool, Errno};

/// Executes requests.
pub trait Engine: Send {
    /// Makes a target known before units name it. `fd` is absent for engines that are
    /// [diskless](Caps::diskless) and stays open until [`Engine::detach`].
    fn attach(&mut self, file: FileIndex, target: &Target<'_>) -> Result<(), EngineError>;

    /// Forgets a target; the loop closes it afterwards. No unit for it is in flight.
    fn detach(&mut self, file: FileIndex);

    /// Executes one unit before it returns: all that an [inline](Caps::inline) engine has to do.
    /// The result is the number of bytes moved.
    fn execute(&mut self, _unit: &Unit, _buffers: &mut BufferPool) -> Result<u64, Errno> {
        Err(Errno::OPNOTSUPP)
    }

    /// Takes units from the front of the batch and returns how many; the others meet a full queue
    /// and are offered again after a reap. Units that end at once are pushed to `io.done` here. Where
    /// [submission is not measured](JobFacts::measures_submission), the kernel may be told of the units
    /// with the next reap only.
    /// The loop has called [`Completions::begin`] just before. Inline engines execute every unit.
    fn submit(&mut self, batch: &[Unit], io: &mut Io<'_>) -> usize {
        for unit in batch {
            let result = self.execute(unit, io.buffers);
            io.done.push_inline(unit.slot, result);
        }
        batch.len()
    }

    /// Asks for an early end of everything in flight. Each unit still ends with one completion: ECANCELED,
    /// or what became of it. What cannot be cancelled just takes its time.
    fn cancel(&mut self) {}

    /// What the user should know of how the job is served: what was asked for and denied.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// Ends the threads that work for the job, of which nothing is in flight any more, and says what
    /// they used. Called once, at the end of a job.
    fn end_threads(&mut self) -> Usage {
        Usage::default()
    }

    /// What the user can do about an error of a request that is owed to how the job wants it done; empty
    /// if that is not known.
    fn remedy(&self, _errno: Errno) -> &'static str {
        ""
    }

    /// Moves completions to `io.done`: waits for at least `min`, takes at most `max`. Returns with
    /// fewer when interrupted by a signal. An error means that the engine itself is broken. Inline
    /// engines have nothing to reap.
    fn reap(&mut self, _min: usize, _max: usize, _io: &mut Io<'_>) -> Result<(), Errno> {
        Ok(())
    }

    /// The same, but waits no longer than `patience` for the `min` completions: something else is due
    /// then. It may return a little late. Engines whose reaps never wait need not implement it.
    fn reap_within(
        &mut self,
        min: usize,
        max: usize,
        _patience: Duration,
        io: &mut Io<'_>,
    ) -> Result<(), Errno> {
        self.reap(min, max, io)
    }
}

/// What the loop lends to an engine during a call.
#[derive(Debug)]
pub struct Io<'a> {
    /// Data buffers, by slot.
    pub buffers: &'a mut BufferPool,
    /// Where results go.
    pub done: &'a mut Completions,
}

/// A target as the engine sees it.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Open descriptor, placed at the first byte; `None` for diskless engines.
    pub fd: Option<BorrowedFd<'a>>,
    /// A block device (trims are BLKDISCARD) and not a regular file (trims punch holes).
    pub block_device: bool,
    /// Present size in bytes; 0 if unknown.
    pub size_bytes: u64,
    /// First byte and length of the region that the job may touch.
    pub region: (u64, u64),
    /// The job writes or trims.
    pub writable: bool,
}

/// What an engine is and needs; static, so that planning can ask without creating one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Every unit ends inside `submit`: one request at a time per job, `iodepth` has no effect.
    pub inline: bool,
    /// Requests that end inside `submit` although the engine has a queue still count as queued:
    /// submission and completion latency are told apart.
    pub reports_slat: bool,
    /// Each request is handed over by a call of its own, however large the batch: that is what the
    /// statistics of batches say.
    pub submits_singly: bool,
    /// No files are opened; names are labels.
    pub diskless: bool,
    /// Writing does not extend a file: it must have its full size before.
    pub no_extend: bool,
    /// Requests carry no data: buffers are neither allocated nor filled.
    pub no_data: bool,
    /// No data is moved, and write buffers are filled nevertheless: what that costs is part of what the
    /// engine is there to measure.
    pub fills_buffers: bool,
    /// With `iodepth=1` the engine is [inline](Caps::inline), see [`Caps::for_job`].
    pub inline_at_depth_one: bool,
    /// Files are opened for writing even if the job only reads.
    pub needs_write_access: bool,
    /// The rules of O_DIRECT for offsets and lengths do not apply to requests.
    pub any_alignment: bool,
    /// Takes a batch only when the one before has been reaped, so that the loop need not offer one in
    /// vain; and can [execute](Engine::execute) a unit at once.
    pub one_batch: bool,
    /// One request at a time, and the loop has it [executed](Engine::execute): the job of an inline
    /// engine, or of one that takes single batches of one. [`Caps::for_job`] finds out.
    pub single: bool,
    /// Making one asks the kernel for what it may deny and has no other effect: that is tried before
    /// files are laid out.
    pub rehearsed: bool,
}

impl Caps {
    /// A queue that opens files, moves data and has no peculiarities.
    pub const NONE: Caps = Caps {
        inline: false,
        reports_slat: false,
        submits_singly: false,
        diskless: false,
        no_extend: false,
        no_data: false,
        fills_buffers: false,
        inline_at_depth_one: false,
        needs_write_access: false,
        any_alignment: false,
        one_batch: false,
        single: false,
        rehearsed: false,
    };

    /// What the engine is in a job of this depth that submits so many requests at once.
    #[must_use]
    pub fn for_job(mut self, iodepth: u32, batch: u32) -> Caps {
        if self.inline_at_depth_one && iodepth <= 1 {
            self.inline = true;
            self.reports_slat = false;
        }
        self.single = self.inline || self.one_batch && batch <= 1;
        self
    }
}

/// Facts of the job that an engine may size itself by.
#[derive(Clone, Copy, Debug)]
pub struct JobFacts<'a> {
    /// Slots in use.
    pub iodepth: usize,
    /// Largest request in bytes.
    pub max_block_bytes: u64,
    /// Number of targets.
    pub files: usize,
    /// O_DIRECT.
    pub direct: bool,
    /// Writes are protected against tearing (RWF_ATOMIC).
    pub atomic: bool,
    /// The engine's options: canonical name and text.
    pub options: &'a [(String, String)],
    /// Flags for sync_file_range(2).
    pub sync_range_flags: u32,
    /// Data buffers, by slot: those that come with every call.
    pub buffers: &'a BufferPool,
    /// The time that submission takes is measured: units that were accepted have been handed to the
    /// kernel when [`Engine::submit`] returns, and their `issued_ns` says when.
    pub measures_submission: bool,
    /// What the files are advised about the order of requests, if anything: for engines whose way
    /// to a file has an advice of its own.
    pub advice: Option<Advice>,
}

impl<'a> JobFacts<'a> {
    /// A job of one file that uses all of these buffers and asks for nothing special.
    #[must_use]
    pub fn plain(buffers: &'a BufferPool) -> JobFacts<'a> {
        JobFacts {
            iodepth: buffers.slots(),
            max_block_bytes: buffers.slot_bytes() as u64,
            files: 1,
            direct: false,
            atomic: false,
            options: &[],
            sync_range_flags: 0,
            buffers,
            measures_submission: true,
            advice: None,
        }
    }
}

/// One line of the registry.
#[derive(Clone, Copy, Debug)]
pub struct Registration {
    /// The word after `ioengine=`.
    pub name: &'static str,
    /// One line for `--enghelp`.
    pub summary: &'static str,
    /// What it is.
    pub caps: Caps,
    /// Makes one for a job.
    pub create: fn(&JobFacts<'_>) -> Result<Box<dyn Engine>, EngineError>,
}

/// Why an engine cannot serve a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineError {
    /// What was attempted, in words that fit after "cannot".
    pub action: String,
    /// The kernel's reason.
    pub errno: Errno,
    /// What the user can do; may be empty.
    pub remedy: String,
}

impl std::fmt::Display for EngineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot {}: {}", self.action, self.errno)?;
        if !self.remedy.is_empty() {
            write!(f, " ({})", self.remedy)?;
        }
        Ok(())
    }
}

impl std::error::Error for EngineError {}

/// Finds an engine by name.
pub fn find<'a>(registry: &'a [Registration], name: &str) -> Option<&'a Registration> {
    registry.iter().find(|entry| entry.name == name)
}
