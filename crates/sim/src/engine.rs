//! The engine: a queue of units with times at which they end.

use fiord_base::random::Stream;
use fiord_base::{Direction, FileIndex};
use fiord_engine::{Completion, Engine, EngineError, Io, Target, Unit};
use fiord_sys::{BufferPool, Errno};

use crate::faults::Faults;
use crate::journal::{Attempt, Ended, Journal, Witness};
use crate::time::Time;

/// Time that a look at an empty queue takes, so that polling comes to an end.
const POLL_NS: u64 = 1000;

/// The byte of a simulated file at an offset.
pub fn byte_at(file: FileIndex, offset: u64) -> u8 {
    let mixed = (offset ^ u64::from(file.0) << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 56) as u8
}

/// A device that exists in memory only.
#[derive(Debug)]
pub struct SimulatedEngine {
    faults: Faults,
    stream: Stream,
    time: Time,
    witness: Witness,
    depth: usize,
    inline: bool,
    queue: Vec<Queued>,
    /// What is known of each slot whose transfer was short: the unit as it must come back, and the
    /// data of a write.
    unfinished: Vec<Option<Unfinished>>,
    attached: Vec<bool>,
    attempts: u64,
    reaps: u64,
}

/// A unit in flight.
#[derive(Clone, Copy, Debug)]
struct Queued {
    unit: Unit,
    result: Result<u64, Errno>,
    issued_ns: u64,
    due_ns: u64,
}

/// A short transfer that waits to be continued.
#[derive(Clone, Debug)]
struct Unfinished {
    unit: Unit,
    data: Vec<u8>,
}

impl SimulatedEngine {
    /// A device with a queue for a job of this depth, and its journal.
    pub fn queued(depth: usize, faults: Faults, time: &Time) -> (SimulatedEngine, Witness) {
        SimulatedEngine::new(depth, false, faults, time)
    }

    /// A device that is [inline](fiord_engine::Caps::inline), and its journal. It is never busy.
    pub fn inline(faults: Faults, time: &Time) -> (SimulatedEngine, Witness) {
        SimulatedEngine::new(1, true, faults, time)
    }

    fn new(depth: usize, inline: bool, faults: Faults, time: &Time) -> (SimulatedEngine, Witness) {
        let witness = Witness::default();
        let engine = SimulatedEngine {
            stream: faults.stream(),
            faults,
            time: time.clone(),
            witness: witness.clone(),
            depth,
            inline,
            queue: Vec::new(),
            unfinished: vec![None; depth],
            attached: Vec::new(),
            attempts: 0,
            reaps: 0,
        };
        (engine, witness)
    }

    fn note(&self, change: impl FnOnce(&mut Journal)) {
        change(&mut self.witness.lock());
    }

    fn complain(&self, text: String) {
        self.note(|journal| journal.violations.push(text));
    }

    /// Looks at a unit as it is accepted.
    fn examine(&mut self, unit: &Unit, buffers: &BufferPool) {
        if unit.slot.index() >= self.depth {
            return self.complain(format!("{unit:?}: no such slot"));
        }
        if self.queue.iter().any(|queued| queued.unit.slot == unit.slot) {
            self.complain(format!("{unit:?}: its slot is in flight"));
        }
        if self.attached.get(unit.file.index()) != Some(&true) {
            self.complain(format!("{unit:?}: its file is not attached"));
        }
        let before = self.unfinished[unit.slot.index()].take();
        match (&before, unit.progress) {
            (None, 0) => {}
            (None, _) => self.complain(format!("{unit:?}: continues nothing")),
            // Given up: the slot may serve another request.
            (Some(_), 0) => {}
            (Some(before), _) if before.unit != *unit => {
                self.complain(format!("{unit:?}: expected {:?}", before.unit));
            }
            (Some(before), _) => {
                let length = before.data.len();
                if buffers.get(unit.slot).get(..length) != Some(&before.data[..]) {
                    self.complain(format!("{unit:?}: its data has changed"));
                }
            }
        }
    }

    /// Decides what becomes of a unit.
    fn decide(&mut self, unit: &Unit) -> Result<u64, Errno> {
        let number = self.attempts;
        self.attempts += 1;
        if let Some((at, errno)) = self.faults.error_at
            && number == at
        {
            return Err(errno);
        }
        if self.faults.error.0.happens(&mut self.stream) {
            return Err(self.faults.error.1);
        }
        let wanted = unit.remaining_length();
        if !unit.direction.is_data() {
            return Ok(wanted);
        }
        let limit = match unit.direction {
            Direction::Read => self.faults.end_of_file,
            Direction::Write => self.faults.full_at,
            _ => u64::MAX,
        };
        let room = limit.saturating_sub(unit.remaining_offset()).min(wanted);
        if room == 0 && wanted > 0 && unit.direction == Direction::Write {
            return Err(Errno::NOSPC);
        }
        if self.faults.nothing.happens(&mut self.stream) {
            return Ok(0);
        }
        let unit_bytes = self.faults.short_unit.max(1);
        let parts = room.saturating_sub(1) / unit_bytes;
        if parts > 0
            && unit.direction != Direction::Trim
            && self.faults.short.happens(&mut self.stream)
        {
            return Ok((1 + self.stream.below(parts)) * unit_bytes);
        }
        Ok(room)
    }

    /// Accepts a unit and draws its fate.
    fn accept(&mut self, unit: &Unit, buffers: &BufferPool) -> Queued {
        self.examine(unit, buffers);
        let result = self.decide(unit);
        let late = self.faults.late.happens(&mut self.stream);
        let latency_ns = self.faults.latency_ns.saturating_mul(if late { 100 } else { 1 });
        let issued_ns = self.time.now_ns();
        let attempt = Attempt { unit: *unit, at_ns: issued_ns };
        self.note(|journal| journal.attempts.push(attempt));
        Queued { unit: *unit, result, issued_ns, due_ns: issued_ns + latency_ns }
    }

    /// Ends a unit: moves its data and remembers what is left of it.
    fn end(&mut self, queued: &Queued, buffers: &mut BufferPool) {
        let unit = queued.unit;
        if let Ok(moved) = queued.result {
            let range = unit.remaining_range();
            let length = if unit.direction.is_data() { unit.length as usize } else { 0 };
            let buffer = buffers.get_mut(unit.slot);
            if unit.direction == Direction::Read
                && let Some(part) = buffer.get_mut(range.start..range.start + moved as usize)
            {
                for (index, byte) in part.iter_mut().enumerate() {
                    *byte = byte_at(unit.file, unit.remaining_offset() + index as u64);
                }
            }
            if unit.direction.is_data() && moved < unit.remaining_length() {
                let data = buffer.get(..length).unwrap_or_default().to_vec();
                let rest = Unit { progress: unit.progress + moved, ..unit };
                self.unfinished[unit.slot.index()] = Some(Unfinished { unit: rest, data });
            }
        }
        let at_ns = self.time.now_ns();
        let ended = Ended { unit, result: queued.result, at_ns };
        self.note(|journal| journal.ended.push(ended));
    }

    fn completion(&self, queued: &Queued) -> Completion {
        let done_ns = self.time.now_ns();
        let (slot, result) = (queued.unit.slot, queued.result);
        Completion { slot, result, issued_ns: queued.issued_ns, done_ns }
    }

    /// How much of an offered batch is taken.
    fn room(&mut self, offered: usize) -> usize {
        if self.faults.refuses_all {
            return 0;
        }
        if !self.faults.busy.happens(&mut self.stream) {
            return offered;
        }
        let least = usize::from(self.queue.is_empty());
        (self.stream.below(offered as u64 + 1) as usize).max(least)
    }
}

impl Engine for SimulatedEngine {
    fn attach(&mut self, file: FileIndex, _target: &Target<'_>) -> Result<(), EngineError> {
        if self.attached.len() <= file.index() {
            self.attached.resize(file.index() + 1, false);
        }
        self.attached[file.index()] = true;
        self.note(|journal| journal.targets.push((file, true)));
        Ok(())
    }

    fn detach(&mut self, file: FileIndex) {
        if self.queue.iter().any(|queued| queued.unit.file == file) {
            self.complain(format!("{file:?} is closed while requests for it are in flight"));
        }
        if let Some(attached) = self.attached.get_mut(file.index()) {
            *attached = false;
        }
        self.note(|journal| journal.targets.push((file, false)));
    }

    fn execute(&mut self, unit: &Unit, buffers: &mut BufferPool) -> Result<u64, Errno> {
        let queued = self.accept(unit, buffers);
        self.time.advance_to(queued.due_ns);
        self.end(&queued, buffers);
        queued.result
    }

    fn submit(&mut self, batch: &[Unit], io: &mut Io<'_>) -> usize {
        if self.inline {
            for unit in batch {
                let result = self.execute(unit, io.buffers);
                io.done.push_inline(unit.slot, result);
            }
            return batch.len();
        }
        let taken = self.room(batch.len());
        for unit in &batch[..taken] {
            let queued = self.accept(unit, io.buffers);
            if self.faults.early.happens(&mut self.stream) {
                self.end(&queued, io.buffers);
                io.done.push(self.completion(&queued));
            } else {
                self.queue.push(queued);
            }
        }
        let deep = self.queue.len();
        self.note(|journal| {
            journal.submissions.push((batch.len(), taken));
            journal.deepest = journal.deepest.max(deep);
        });
        taken
    }

    fn reap(&mut self, min: usize, max: usize, io: &mut Io<'_>) -> Result<(), Errno> {
        let number = self.reaps;
        self.reaps += 1;
        if self.faults.reap_breaks_at.is_some_and(|at| number >= at) {
            return Err(Errno::IO);
        }
        let before = self.queue.len();
        if min > max || min > before {
            self.complain(format!("a reap of {min} to {max} with {before} in flight"));
        }
        let mut min = min.min(before);
        if self.faults.interrupted.happens(&mut self.stream) {
            min = self.stream.below(min as u64 + 1) as usize;
        }
        if self.faults.reordered {
            for last in (1..self.queue.len()).rev() {
                let other = self.stream.below(last as u64 + 1) as usize;
                self.queue.swap(last, other);
            }
        } else {
            self.queue.sort_by_key(|queued| queued.due_ns);
        }
        self.time.advance(if min == 0 { POLL_NS } else { 0 });
        let mut given = 0;
        while given < max && !self.queue.is_empty() {
            let due = self.queue.iter().position(|queued| queued.due_ns <= self.time.now_ns());
            let index = match due {
                Some(index) => index,
                None if given < min => 0,
                None => break,
            };
            let queued = self.queue.remove(index);
            self.time.advance_to(queued.due_ns);
            self.end(&queued, io.buffers);
            io.done.push(self.completion(&queued));
            given += 1;
        }
        self.note(|journal| journal.reaps.push((min, max, before, given)));
        Ok(())
    }
}
