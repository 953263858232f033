//! What engines that hand requests to a queue of the kernel have in common: a table of files, the time at
//! which a request went, and the ends of requests that the queue does not tell fully.
//!
//! Such an engine is a [`Queue`]: it says how a request gets into the queue and out of it. [`Queued`] makes
//! an engine of it.

use fiord_base::{Direction, FileIndex, Slot};
use fiord_engine::{Completion, Completions, Engine, EngineError, Io, JobFacts, Target, Unit};
use fiord_sys::file::RangeFlush;
use fiord_sys::{BufferPool, Errno, Transfer};

use crate::blocking::{Attached, Files, flush, trim};
use crate::flags::RequestFlags;

/// What became of a request that was to be queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It is in the queue, which will say how much it has moved.
    Transfer,
    /// The same, and the queue wants to [check](Queue::check) what was read.
    Checked,
    /// It is in the queue, which will only say whether it worked.
    Order,
    /// The queue cannot take such a request: it has to be executed now.
    Unsuited,
}

/// How requests get into a queue of the kernel and out of it.
pub(crate) trait Queue: Send {
    /// What is remembered about each file.
    type File: Send;

    /// Prepares a file.
    fn attach(&mut self, index: FileIndex, target: &Target<'_>) -> Result<Self::File, EngineError>;

    /// Forgets a file.
    fn detach(&mut self, _index: FileIndex) {}

    /// Puts a read or a write into the queue; EBUSY if it is full.
    fn push(
        &mut self,
        at: &Attached<Self::File>,
        unit: &Unit,
        buffers: &mut BufferPool,
    ) -> Result<Pushed, Errno>;

    /// Puts a trim or a flush into the queue; EBUSY if it is full.
    fn push_order(&mut self, at: &Attached<Self::File>, unit: &Unit) -> Result<Pushed, Errno>;

    /// Looks at what a request has read; the bytes of it that are right.
    fn check(
        &mut self,
        _at: &Attached<Self::File>,
        _unit: &Unit,
        bytes: u64,
        _buffers: &BufferPool,
    ) -> Result<u64, Errno> {
        Ok(bytes)
    }

    /// True if an order that ended so is to be executed by a call instead, now and from now on.
    fn is_order_unknown(&mut self, _unit: &Unit, _errno: Errno) -> bool {
        false
    }

    /// Gives the kernel what has been pushed.
    fn submit(&mut self) -> Result<(), Errno>;

    /// Waits for completions, having submitted what has been pushed.
    fn wait(&mut self, min: usize) -> Result<(), Errno>;

    /// Takes a completion.
    fn take(&mut self) -> Option<(Slot, Result<u64, Errno>)>;

    /// Says that no more completions are taken for now.
    fn took(&mut self) {}

    /// Asks for an early end of what is in flight.
    fn cancel(&mut self) {}

    /// See [`Engine::notes`].
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// See [`Engine::remedy`].
    fn remedy(&self, _errno: Errno) -> &'static str {
        ""
    }
}

/// What a read or a write asks of the kernel.
#[inline]
pub(crate) fn transfer<F>(
    unit: &Unit,
    file: F,
    flags: RequestFlags,
    forced_async: bool,
) -> Transfer<F> {
    let write = unit.direction == Direction::Write;
    Transfer {
        slot: unit.slot,
        start: unit.progress as u32,
        length: unit.remaining_length() as u32,
        offset: unit.remaining_offset(),
        file,
        write,
        flags: flags.of(write).bits(),
        priority: unit.priority,
        forced_async,
    }
}

/// Ends a unit that never came into the queue.
#[cold]
fn end_inline(done: &mut Completions, unit: &Unit, ended: Result<Option<u64>, Errno>) {
    done.push_inline(unit.slot, ended.map(Option::unwrap_or_default));
}

/// An engine made of a queue.
#[derive(Debug)]
pub(crate) struct Queued<Q: Queue> {
    queue: Q,
    files: Files<Q::File>,
    range_flags: RangeFlush,
    measures_submission: bool,
    /// When the kernel had the request, by slot.
    issued_ns: Vec<u64>,
    /// Trims, flushes and reads to be checked in flight, by slot.
    orders: Vec<Option<Unit>>,
}

impl<Q: Queue> Queued<Q> {
    /// For one job.
    pub(crate) fn new(job: &JobFacts<'_>, queue: Q) -> Queued<Q> {
        Queued {
            queue,
            files: Files::new(job.files),
            range_flags: RangeFlush(job.sync_range_flags),
            measures_submission: job.measures_submission,
            issued_ns: vec![0; job.iodepth],
            orders: vec![None; job.iodepth],
        }
    }

    /// Puts a unit into the queue, or ends it at once: `Ok(Some(..))` is its result.
    #[inline]
    fn push(&mut self, unit: &Unit, buffers: &mut BufferPool) -> Result<Option<u64>, Errno> {
        let at = self.files.get(unit.file)?;
        let pushed = match unit.direction {
            Direction::Read | Direction::Write => self.queue.push(at, unit, buffers)?,
            _ => self.queue.push_order(at, unit)?,
        };
        match pushed {
            Pushed::Transfer => Ok(None),
            Pushed::Order | Pushed::Checked => {
                self.orders[unit.slot.index()] = Some(*unit);
                Ok(None)
            }
            Pushed::Unsuited => self.execute(unit).map(Some),
        }
    }

    /// Trims and flushes that the queue does not take.
    #[cold]
    fn execute(&mut self, unit: &Unit) -> Result<u64, Errno> {
        let at = self.files.get(unit.file)?;
        match unit.direction {
            Direction::Trim => trim(at.fd(), at.is_block_device(), unit),
            _ => flush(at.fd(), unit, self.range_flags),
        }
    }

    /// What became of a trim, a flush, or a read that is to be checked.
    #[cold]
    fn order_ended(
        &mut self,
        unit: &Unit,
        result: Result<u64, Errno>,
        buffers: &BufferPool,
    ) -> Result<u64, Errno> {
        if unit.direction == Direction::Read {
            let at = self.files.get(unit.file)?;
            return self.queue.check(at, unit, result?, buffers);
        }
        match result {
            Ok(_) => Ok(unit.remaining_length()),
            Err(errno) if self.queue.is_order_unknown(unit, errno) => self.execute(unit),
            Err(errno) => Err(errno),
        }
    }
}

impl<Q: Queue> Engine for Queued<Q> {
    fn attach(&mut self, file: FileIndex, target: &Target<'_>) -> Result<(), EngineError> {
        let state = self.queue.attach(file, target)?;
        self.files.attach(file, target, state)
    }

    fn detach(&mut self, file: FileIndex) {
        self.files.detach(file);
        self.queue.detach(file);
    }

    fn submit(&mut self, batch: &[Unit], io: &mut Io<'_>) -> usize {
        let mut accepted = 0;
        for unit in batch {
            match self.push(unit, io.buffers) {
                Ok(None) => {}
                Err(Errno::BUSY) => break,
                ended => end_inline(io.done, unit, ended),
            }
            accepted += 1;
        }
        if self.measures_submission {
            // An error here means that the queue is broken; the reap that follows meets and tells it.
            let _ = self.queue.submit();
        }
        if io.done.is_stamping() {
            let issued_ns = io.done.stamp_of_submission(self.measures_submission);
            for unit in &batch[..accepted] {
                self.issued_ns[unit.slot.index()] = issued_ns;
            }
        }
        accepted
    }

    fn reap(&mut self, min: usize, max: usize, io: &mut Io<'_>) -> Result<(), Errno> {
        self.queue.wait(min)?;
        let done_ns = io.done.stamp();
        for _ in 0..max {
            let Some((slot, mut result)) = self.queue.take() else { break };
            if let Some(unit) = self.orders[slot.index()].take() {
                result = self.order_ended(&unit, result, io.buffers);
            }
            let issued_ns = self.issued_ns[slot.index()];
            io.done.push(Completion { slot, result, issued_ns, done_ns });
        }
        self.queue.took();
        Ok(())
    }

    fn cancel(&mut self) {
        self.queue.cancel();
    }

    fn notes(&self) -> Vec<String> {
        self.queue.notes()
    }

    fn remedy(&self, errno: Errno) -> &'static str {
        self.queue.remedy(errno)
    }
}
