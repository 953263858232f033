//! What engines that hand requests to a queue of the kernel have in common: a table of files, the time at
//! which a request went, and the ends of requests that the queue does not tell fully.
//!
//! Such an engine is a [`Queue`]: it says how a request gets into the queue and out of it. [`Queued`] makes
//! an engine of it.

use std::time::Duration;

use fiord_base::{Direction, FileIndex, Slot};
use fiord_engine::{Completion, Completions, Engine, EngineError, Io, JobFacts, Target, Unit};
use fiord_sys::file::RangeFlush;
use fiord_sys::{BufferPool, Errno, MAX_TRANSFER_BYTES, Transfer};

use crate::blocking::{Attached, Files, flush, trim};
use crate::flags::RequestFlags;

/// Pauses while the kernel takes nothing and has nothing to give back: the first one, doubled each time,
/// and the longest.
const FIRST_PAUSE: Duration = Duration::from_micros(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);
/// Pauses after which the queue is taken for broken: about five seconds.
const PAUSES: u32 = 110;

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
    fn is_order_unknown(&mut self, _unit: &Unit, _block_device: bool, _errno: Errno) -> bool {
        false
    }

    /// Gives the kernel what has been pushed.
    fn submit(&mut self) -> Result<(), Errno>;

    /// Waits for completions, having submitted what has been pushed. EAGAIN or EBUSY if the kernel takes
    /// none of it and nothing else is in flight that could be waited for.
    fn wait(&mut self, min: usize) -> Result<(), Errno>;

    /// The same, for no longer than `patience`.
    fn wait_within(&mut self, min: usize, patience: Duration) -> Result<(), Errno>;

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

/// How much of what remains of a read or a write is asked for now: the loop continues what ends short.
#[inline]
pub(crate) fn length_of(unit: &Unit) -> u32 {
    unit.remaining_length().min(u64::from(MAX_TRANSFER_BYTES)) as u32
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
        start: unit.progress as usize,
        length: length_of(unit),
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

/// Units that are wanted when they end, found by slot. Memory is touched for as many as there are at once.
#[derive(Debug)]
struct Orders {
    units: Vec<Unit>,
    /// Where the unit of a slot stands in `units`, if it is there.
    places: Vec<u32>,
}

impl Orders {
    fn with_room(iodepth: usize) -> Orders {
        Orders { units: Vec::with_capacity(iodepth), places: vec![0; iodepth] }
    }

    fn enter(&mut self, unit: Unit) {
        self.places[unit.slot.index()] = self.units.len() as u32;
        self.units.push(unit);
    }

    #[inline]
    fn take(&mut self, slot: Slot) -> Option<Unit> {
        if self.units.is_empty() { None } else { self.find(slot) }
    }

    fn find(&mut self, slot: Slot) -> Option<Unit> {
        let place = self.places[slot.index()] as usize;
        self.units.get(place).filter(|unit| unit.slot == slot)?;
        let unit = self.units.swap_remove(place);
        if let Some(moved) = self.units.get(place) {
            self.places[moved.slot.index()] = place as u32;
        }
        Some(unit)
    }
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
    orders: Orders,
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
            orders: Orders::with_room(job.iodepth),
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
                self.orders.enter(*unit);
                Ok(None)
            }
            Pushed::Unsuited => self.execute(unit).map(Some),
        }
    }

    /// Moves at most `max` completions to the loop.
    #[inline(always)]
    fn take_ended(&mut self, max: usize, io: &mut Io<'_>) {
        let done_ns = io.done.stamp();
        for _ in 0..max {
            let Some((slot, mut result)) = self.queue.take() else { break };
            if let Some(unit) = self.orders.take(slot) {
                result = self.order_ended(&unit, result, io.buffers);
            }
            let issued_ns = self.issued_ns[slot.index()];
            io.done.push(Completion { slot, result, issued_ns, done_ns });
        }
        self.queue.took();
    }

    /// Has patience with a kernel that is short of memory, and leaves the processor to others meanwhile.
    #[cold]
    fn wait_again(&mut self, min: usize, mut errno: Errno, pauses: u32) -> Result<(), Errno> {
        let mut pause = FIRST_PAUSE;
        for _ in 0..pauses {
            if !matches!(errno, Errno::AGAIN | Errno::BUSY) {
                break;
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
            match self.queue.wait(min) {
                Ok(()) => return Ok(()),
                Err(again) => errno = again,
            }
        }
        Err(errno)
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
        let at = self.files.get(unit.file)?;
        if unit.direction == Direction::Read {
            return self.queue.check(at, unit, result?, buffers);
        }
        match result {
            Ok(_) => Ok(unit.remaining_length()),
            Err(errno) if self.queue.is_order_unknown(unit, at.is_block_device(), errno) => {
                self.execute(unit)
            }
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
        if let Err(errno) = self.queue.wait(min) {
            self.wait_again(min, errno, PAUSES)?;
        }
        self.take_ended(max, io);
        Ok(())
    }

    fn reap_within(
        &mut self,
        min: usize,
        max: usize,
        patience: Duration,
        io: &mut Io<'_>,
    ) -> Result<(), Errno> {
        if let Err(errno) = self.queue.wait_within(min, patience) {
            // The kernel is short of memory: what is due has to wait for that.
            self.wait_again(0, errno, PAUSES)?;
        }
        self.take_ended(max, io);
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::fd::AsFd;

    use fiord_sys::Clock;

    use super::*;

    /// A kernel that takes requests after it has been asked a number of times, and counts calls.
    struct Kernel {
        refusals: u32,
        errno: Errno,
        calls: u32,
        pushed: Vec<Slot>,
        taken: Vec<Slot>,
    }

    impl Queue for Kernel {
        type File = ();

        fn attach(&mut self, _index: FileIndex, _target: &Target<'_>) -> Result<(), EngineError> {
            Ok(())
        }

        fn push(
            &mut self,
            _at: &Attached<()>,
            unit: &Unit,
            _buffers: &mut BufferPool,
        ) -> Result<Pushed, Errno> {
            self.pushed.push(unit.slot);
            Ok(Pushed::Transfer)
        }

        fn push_order(&mut self, _at: &Attached<()>, _unit: &Unit) -> Result<Pushed, Errno> {
            Ok(Pushed::Unsuited)
        }

        fn submit(&mut self) -> Result<(), Errno> {
            self.calls += 1;
            if self.refusals == 0 {
                self.taken.append(&mut self.pushed);
            }
            Ok(())
        }

        fn wait(&mut self, _min: usize) -> Result<(), Errno> {
            self.calls += 1;
            if self.refusals > 0 {
                self.refusals -= 1;
                return Err(self.errno);
            }
            self.taken.append(&mut self.pushed);
            Ok(())
        }

        fn wait_within(&mut self, min: usize, _patience: Duration) -> Result<(), Errno> {
            self.wait(min)
        }

        fn take(&mut self) -> Option<(Slot, Result<u64, Errno>)> {
            self.taken.pop().map(|slot| (slot, Ok(4096)))
        }
    }

    fn engine(refusals: u32, errno: Errno, buffers: &BufferPool) -> Queued<Kernel> {
        let kernel = Kernel { refusals, errno, calls: 0, pushed: Vec::new(), taken: Vec::new() };
        let job = JobFacts { measures_submission: false, ..JobFacts::plain(buffers) };
        Queued::new(&job, kernel)
    }

    /// How a read from a kernel that refuses so often ends, and the calls that it takes.
    fn read(refusals: u32, errno: Errno) -> (Result<usize, Errno>, u32) {
        let mut buffers = BufferPool::new(1, 4096).unwrap();
        let mut engine = engine(refusals, errno, &buffers);
        let file = std::fs::File::open("/dev/null").unwrap();
        let target = Target {
            fd: Some(file.as_fd()),
            block_device: false,
            size_bytes: 4096,
            region: (0, 4096),
            writable: false,
        };
        engine.attach(FileIndex(0), &target).unwrap();
        let (slot, file) = (Slot(0), FileIndex(0));
        let (direction, offset, length) = (Direction::Read, 0, 4096);
        let unit = Unit { slot, file, direction, priority: 0, offset, length, progress: 0 };
        let mut done = Completions::new(1, Clock::Monotonic, true);
        let mut io = Io { buffers: &mut buffers, done: &mut done };
        assert_eq!(engine.submit(&[unit], &mut io), 1);
        let result = engine.reap(1, 1, &mut io).map(|()| done.list().len());
        (result, engine.queue.calls)
    }

    /// Each refusal costs one more call and a pause.
    #[test]
    fn a_kernel_without_memory_is_not_asked_without_pause() {
        assert_eq!(read(0, Errno::AGAIN), (Ok(1), 1));
        assert_eq!(read(6, Errno::AGAIN), (Ok(1), 7));
        assert_eq!(read(2, Errno::BUSY), (Ok(1), 3));
        assert_eq!(read(1, Errno::IO), (Err(Errno::IO), 1));
        let buffers = BufferPool::new(1, 4096).unwrap();
        let mut engine = engine(u32::MAX, Errno::AGAIN, &buffers);
        assert_eq!(engine.wait_again(1, Errno::AGAIN, 8), Err(Errno::AGAIN));
        assert_eq!(engine.queue.calls, 8, "there is an end");
    }
}
