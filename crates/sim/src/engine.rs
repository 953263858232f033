//! The engine: a queue of units with times at which they end.

use std::time::Duration;

use fiord_base::FileIndex;
use fiord_base::random::{Stream, Width};
use fiord_engine::{Completion, Engine, EngineError, Io, Target, Unit};
use fiord_sys::{BufferPool, Errno};

use crate::device::{Device, Fate};
use crate::journal::{Reap, Submission};

/// Time that a look at an empty queue takes, so that polling comes to an end.
const POLL_NS: u64 = 1000;
/// Time after which a reap that waits in vain is interrupted.
const VAIN_WAIT_NS: u64 = 1_000_000_000;

/// Hands units to a [`Device`].
#[derive(Debug)]
pub struct SimulatedEngine {
    device: Device,
    inline: bool,
    /// Of all that concerns the queue.
    stream: Stream,
    queue: Vec<Fate>,
    attached: Vec<bool>,
    reaps: u64,
    /// Submissions that will be refused still.
    busy_left: u64,
    /// A unit was refused, and nothing was waited for since.
    refused: bool,
    /// Reaps in a row that had only lost units to wait for.
    vain_waits: u64,
}

impl SimulatedEngine {
    /// An engine with a queue.
    pub fn queued(device: &Device) -> SimulatedEngine {
        SimulatedEngine::new(device, false)
    }

    /// An engine that is [inline](fiord_engine::Caps::inline). It is never busy and loses nothing.
    pub fn inline(device: &Device) -> SimulatedEngine {
        SimulatedEngine::new(device, true)
    }

    fn new(device: &Device, inline: bool) -> SimulatedEngine {
        SimulatedEngine {
            stream: Stream::new(Width::Wide, !device.faults().seed),
            device: device.clone(),
            inline,
            queue: Vec::new(),
            attached: Vec::new(),
            reaps: 0,
            busy_left: 0,
            refused: false,
            vain_waits: 0,
        }
    }

    fn accept(&self, unit: &Unit, start_ns: u64, buffers: &BufferPool) -> Fate {
        if self.attached.get(unit.file.index()) != Some(&true) {
            self.device.complain(format!("{unit:?}: its file is not attached"));
        }
        self.device.accept(unit, start_ns, !self.inline, buffers)
    }

    fn end(&self, fate: &Fate, io: &mut Io<'_>) {
        self.device.end(fate, io.buffers);
        let done_ns = self.device.time().now_ns();
        let (slot, result) = (fate.unit.slot, fate.result);
        io.done.push(Completion { slot, result, issued_ns: fate.issued_ns, done_ns });
    }

    /// How much of an offered batch is taken.
    fn room(&mut self, offered: usize) -> usize {
        let faults = self.device.faults();
        if faults.refuses_all {
            return 0;
        }
        let least = usize::from(self.queue.is_empty());
        if self.busy_left > 0 {
            self.busy_left -= 1;
            return least;
        }
        if !faults.busy.happens(&mut self.stream) {
            return offered;
        }
        self.busy_left = faults.busy_run;
        (self.stream.below(offered as u64 + 1) as usize).max(least)
    }

    /// The next unit that ends, and the place it has in the queue; waits for it if it has to.
    fn next(&mut self, wait: bool, end_ns: u64) -> Option<usize> {
        let now_ns = self.device.time().now_ns();
        let due = self.queue.iter().position(|fate| fate.due_ns <= now_ns);
        if due.is_some() || !wait {
            return due;
        }
        let first = self.queue.iter().position(|fate| !fate.is_lost())?;
        if self.queue[first].due_ns > end_ns {
            self.device.time().advance_to(end_ns);
            return None;
        }
        self.device.time().advance_to(self.queue[first].due_ns);
        Some(first)
    }

    /// A reap that gives up at a time.
    fn reap_until(
        &mut self,
        min: usize,
        max: usize,
        end_ns: u64,
        io: &mut Io<'_>,
    ) -> Result<(), Errno> {
        let number = self.reaps;
        self.reaps += 1;
        let faults = self.device.faults();
        let broken = faults.reap_breaks_at.is_some_and(|at| number >= at);
        if broken || self.vain_waits > faults.patience {
            return Err(Errno::IO);
        }
        let in_flight = self.queue.len();
        if min > max || min > in_flight || in_flight == 0 {
            self.device.complain(format!("a reap of {min} to {max} with {in_flight} in flight"));
        }
        let interrupted = faults.interrupted.happens(&mut self.stream);
        let wanted = min.min(in_flight);
        let wait_for =
            if interrupted { self.stream.below(wanted as u64 + 1) as usize } else { wanted };
        self.arrange();
        if wait_for == 0 {
            self.device.time().advance(POLL_NS);
        }
        let early = io.done.list().len();
        let mut given = 0;
        while given < max
            && let Some(index) = self.next(given < wait_for, end_ns)
        {
            let fate = self.queue.remove(index);
            self.end(&fate, io);
            given += 1;
        }
        if given > 0 {
            self.vain_waits = 0;
        } else if wait_for > 0 && end_ns < u64::MAX {
            self.device.time().advance_to(end_ns);
        } else if wait_for > 0 {
            self.vain_waits += 1;
            self.device.time().advance(VAIN_WAIT_NS);
        }
        self.refused &= wanted + early == 0;
        self.device.note(|journal| {
            journal.reaps.push(Reap { min, max, in_flight, given });
            match journal.turns.last_mut() {
                Some(turn) if early > 0 => *turn += given,
                _ => journal.turns.push(given),
            }
        });
        Ok(())
    }

    /// Puts the queue into the order in which its units end.
    fn arrange(&mut self) {
        if self.device.faults().reordered {
            for last in (1..self.queue.len()).rev() {
                let other = self.stream.below(last as u64 + 1) as usize;
                self.queue.swap(last, other);
            }
        } else {
            self.queue.sort_by_key(|fate| fate.due_ns);
        }
    }
}

impl Engine for SimulatedEngine {
    fn attach(&mut self, file: FileIndex, _target: &Target<'_>) -> Result<(), EngineError> {
        if self.attached.len() <= file.index() {
            self.attached.resize(file.index() + 1, false);
        }
        self.attached[file.index()] = true;
        self.device.note(|journal| journal.targets.push((file, true)));
        Ok(())
    }

    fn detach(&mut self, file: FileIndex) {
        if self.queue.iter().any(|fate| fate.unit.file == file) {
            let text = format!("{file:?} is closed while requests for it are in flight");
            self.device.complain(text);
        }
        if let Some(attached) = self.attached.get_mut(file.index()) {
            *attached = false;
        }
        self.device.note(|journal| journal.targets.push((file, false)));
    }

    fn execute(&mut self, unit: &Unit, buffers: &mut BufferPool) -> Result<u64, Errno> {
        let start_ns = self.device.time().now_ns();
        let fate = self.accept(unit, start_ns, buffers);
        self.device.time().advance_to(fate.due_ns);
        self.device.end(&fate, buffers);
        fate.result
    }

    fn submit(&mut self, batch: &[Unit], io: &mut Io<'_>) -> usize {
        if self.inline {
            for unit in batch {
                let result = self.execute(unit, io.buffers);
                io.done.push_inline(unit.slot, result);
            }
            return batch.len();
        }
        if self.refused {
            self.device.complain("a full queue is asked again without a wait".to_owned());
        }
        let start_ns = self.device.time().now_ns();
        let taken = self.room(batch.len());
        let in_flight = self.queue.len() + taken;
        for unit in &batch[..taken] {
            let fate = self.accept(unit, start_ns, io.buffers);
            if !fate.is_lost() && self.device.faults().early.happens(&mut self.stream) {
                self.end(&fate, io);
            } else {
                self.queue.push(fate);
            }
        }
        let early = io.done.list().len();
        self.refused = taken < batch.len() && early == 0;
        let fresh = batch[..taken].iter().filter(|unit| unit.progress == 0).count() as u64;
        self.device.note(|journal| {
            journal.submissions.push(Submission { offered: batch.len(), taken, fresh, in_flight });
            if early > 0 {
                journal.turns.push(early);
            }
            journal.deepest = journal.deepest.max(in_flight - early);
        });
        taken
    }

    fn reap(&mut self, min: usize, max: usize, io: &mut Io<'_>) -> Result<(), Errno> {
        self.reap_until(min, max, u64::MAX, io)
    }

    fn reap_within(
        &mut self,
        min: usize,
        max: usize,
        patience: Duration,
        io: &mut Io<'_>,
    ) -> Result<(), Errno> {
        let patience_ns = u64::try_from(patience.as_nanos()).unwrap_or(u64::MAX);
        let end_ns = self.device.time().now_ns().saturating_add(patience_ns);
        self.reap_until(min, max, end_ns, io)
    }

    fn cancel(&mut self) {
        self.device.note(|journal| journal.cancels += 1);
        if !self.device.faults().cancels {
            return;
        }
        let now_ns = self.device.time().now_ns();
        for fate in &mut self.queue {
            fate.result = Err(Errno::CANCELED);
            fate.due_ns = fate.due_ns.min(now_ns);
        }
    }
}
