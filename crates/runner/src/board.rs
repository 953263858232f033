//! The board: one shared region per run for what jobs share.
//!
//! The parent creates it, worker processes inherit it. It holds one place per worker (its command and
//! its state), the word on which the parent sleeps, the run's clock and its time of origin. Whatever
//! several workers must see lives here from the start, because after the spawn nothing else is
//! inherited.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fiord_options::plan::FlowPlan;
use fiord_sys::clock::{Calibration, Clock};
use fiord_sys::shared::{MemoryFile, PAGE_BYTES, SharedWords};
use fiord_sys::{Errno, futex};

/// Waits that are shorter are spent in a busy loop: to sleep and to wake take as long.
pub(crate) const SHORT_NS: u64 = 5_000;

const MAGIC: u64 = 0x0001_6472_616f_6266;

mod word {
    pub(super) const MAGIC: usize = 0;
    pub(super) const EVENTS: usize = 1;
    pub(super) const GENESIS_NS: usize = 2;
    pub(super) const CLOCK: usize = 3;
    pub(super) const CALIBRATION: usize = 4;
    pub(super) const WORKERS: usize = 7;
    pub(super) const FIRST_WORKER: usize = 64;
    pub(super) const WORKER_WORDS: usize = 8;
    pub(super) const COMMAND: usize = 0;
    pub(super) const STATE: usize = 1;
    /// Number of the flow in the upper half, weight in the lower one; 0: the worker is in no flow.
    pub(super) const FLOW: usize = 2;
    /// Requests issued, where that counts for a flow.
    pub(super) const ISSUED: usize = 3;
    /// Bytes moved in a warm-up by amount, of all workers that count in this place.
    pub(super) const RAMP_BYTES: usize = 4;
}

/// What the parent wants of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Command {
    /// Stay at the start barrier.
    Wait = 0,
    /// Work.
    Run = 1,
    /// Finish what is in flight, then end.
    Finish = 2,
}

/// Where a worker is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u64)]
pub enum State {
    /// Not started yet.
    Waiting = 0,
    /// Spawned.
    Created = 1,
    /// At the start barrier.
    Initialised = 2,
    /// Preparing its engine and files.
    SettingUp = 3,
    /// Reading its files before the job.
    PreReading = 4,
    /// Warming up.
    Ramp = 5,
    /// Doing I/O.
    Running = 6,
    /// Reading back what it has written.
    Verifying = 7,
    /// Flushing after I/O.
    Flushing = 8,
    /// Closing down.
    Finishing = 9,
    /// All results are in the ledger.
    Ended = 10,
    /// Gone, and the parent knows.
    Reaped = 11,
}

const STATES: [State; 12] = [
    State::Waiting,
    State::Created,
    State::Initialised,
    State::SettingUp,
    State::PreReading,
    State::Ramp,
    State::Running,
    State::Verifying,
    State::Flushing,
    State::Finishing,
    State::Ended,
    State::Reaped,
];

/// The mapped board.
#[derive(Debug)]
pub(crate) struct Board {
    shared: SharedWords,
    workers: usize,
}

impl Board {
    /// Bytes for a board of so many workers.
    pub(crate) fn bytes(workers: usize) -> usize {
        (word::FIRST_WORKER + workers * word::WORKER_WORDS) * 8
    }

    /// Initialises the board of a run in a new memory file.
    pub(crate) fn create(file: &MemoryFile, workers: usize) -> Result<Board, Errno> {
        let board = Board { shared: file.map(0, file.bytes())?, workers };
        let words = board.shared.words();
        words[word::WORKERS].store(workers as u64, Ordering::Relaxed);
        words[word::MAGIC].store(MAGIC, Ordering::Release);
        Ok(board)
    }

    /// The word that counts events, in a mapping of its own that is never unmapped: signal handlers
    /// may touch it at any time.
    pub(crate) fn leak_events(file: &MemoryFile) -> Result<&'static AtomicU64, Errno> {
        let page: &'static SharedWords = Box::leak(Box::new(file.map(0, PAGE_BYTES)?));
        Ok(&page.words()[word::EVENTS])
    }

    /// Sets the clock of the run, before any worker starts.
    pub(crate) fn set_clock(&self, clock: &Clock) {
        let (kind, calibration) = match clock {
            Clock::Tsc(c) => (1, [c.origin_ticks, c.origin_ns, c.multiplier]),
            Clock::Monotonic | Clock::Simulated(_) => (0, [0; 3]),
            Clock::Realtime => (2, [0; 3]),
        };
        let words = self.shared.words();
        words[word::CLOCK].store(kind, Ordering::Relaxed);
        for (i, value) in calibration.into_iter().enumerate() {
            words[word::CALIBRATION + i].store(value, Ordering::Release);
        }
    }

    /// Maps the board that the parent made.
    pub(crate) fn open(file: &MemoryFile) -> Result<Board, Errno> {
        let shared = file.map(0, file.bytes())?;
        let words = shared.words();
        if words[word::MAGIC].load(Ordering::Acquire) != MAGIC {
            return Err(Errno::INVAL);
        }
        let workers = words[word::WORKERS].load(Ordering::Relaxed) as usize;
        if file.bytes() < Board::bytes(workers) {
            return Err(Errno::INVAL);
        }
        Ok(Board { shared, workers })
    }

    /// The clock of the run.
    pub(crate) fn clock(&self) -> Clock {
        let words = self.shared.words();
        let part = |i: usize| words[word::CALIBRATION + i].load(Ordering::Relaxed);
        match words[word::CLOCK].load(Ordering::Relaxed) {
            1 => Clock::Tsc(Calibration {
                origin_ticks: part(0),
                origin_ns: part(1),
                multiplier: part(2),
            }),
            2 => Clock::Realtime,
            _ => Clock::Monotonic,
        }
    }

    /// Sets the time at which the run began.
    pub(crate) fn set_genesis_ns(&self, ns: u64) {
        self.shared.words()[word::GENESIS_NS].store(ns, Ordering::Release);
    }

    /// When the run began, on the run's clock.
    pub(crate) fn genesis_ns(&self) -> u64 {
        self.shared.words()[word::GENESIS_NS].load(Ordering::Acquire)
    }

    /// The word that counts events; the parent sleeps on it.
    pub(crate) fn events(&self) -> &AtomicU64 {
        &self.shared.words()[word::EVENTS]
    }

    /// Tells the parent that something changed.
    pub(crate) fn notify(&self) {
        self.events().fetch_add(1, Ordering::Release);
        futex::wake_all(self.events());
    }

    fn place(&self, worker: usize) -> &[AtomicU64] {
        assert!(worker < self.workers, "worker {worker} of {}", self.workers);
        let start = word::FIRST_WORKER + worker * word::WORKER_WORDS;
        &self.shared.words()[start..start + word::WORKER_WORDS]
    }

    /// State of a worker.
    pub(crate) fn state(&self, worker: usize) -> State {
        let value = self.place(worker)[word::STATE].load(Ordering::Acquire);
        STATES.get(value as usize).copied().unwrap_or(State::Waiting)
    }

    /// Changes the state of a worker and tells the parent.
    pub(crate) fn set_state(&self, worker: usize, state: State) {
        self.place(worker)[word::STATE].store(state as u64, Ordering::Release);
        self.notify();
    }

    /// Makes a worker take turns with the others of its flow.
    pub(crate) fn set_flow(&self, worker: usize, flow: FlowPlan) {
        let value = u64::from(flow.id) << 32 | u64::from(flow.weight);
        self.place(worker)[word::FLOW].store(value, Ordering::Release);
    }

    /// Says how many requests a worker has issued.
    pub(crate) fn set_issued(&self, worker: usize, requests: u64) {
        self.place(worker)[word::ISSUED].store(requests, Ordering::Relaxed);
    }

    /// Weights and issued requests of all workers of a flow that do I/O at present, or are about to: those who
    /// are a moment earlier at the start must not run away.
    pub(crate) fn flow(&self, id: u32) -> (u64, u64) {
        let mut sum = (0u64, 0u64);
        for worker in 0..self.workers {
            let place = self.place(worker);
            let flow = place[word::FLOW].load(Ordering::Acquire);
            let active = (State::Initialised..=State::Running).contains(&self.state(worker));
            if flow != 0 && flow >> 32 == u64::from(id) && active {
                sum.0 += flow & 0xffff_ffff;
                sum.1 = sum.1.saturating_add(place[word::ISSUED].load(Ordering::Relaxed));
            }
        }
        sum
    }

    /// The word in which a warm-up by amount is counted.
    pub(crate) fn ramp(&self, counting_worker: usize) -> &AtomicU64 {
        &self.place(counting_worker)[word::RAMP_BYTES]
    }

    /// Tells a worker what to do. `Finish` is final.
    pub(crate) fn command(&self, worker: usize, command: Command) {
        let place = &self.place(worker)[word::COMMAND];
        if command == Command::Run {
            // A worker that was told to finish before it ran must not be revived.
            let wait = Command::Wait as u64;
            let _ =
                place.compare_exchange(wait, command as u64, Ordering::AcqRel, Ordering::Relaxed);
        } else {
            place.store(command as u64, Ordering::Release);
        }
        futex::wake_all(place);
    }

    /// The command word of a worker, which the loop polls.
    pub(crate) fn commands(&self, worker: usize) -> CommandWord<'_> {
        CommandWord { word: &self.place(worker)[word::COMMAND] }
    }
}

/// The command of one worker as it sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CommandWord<'a> {
    word: &'a AtomicU64,
}

impl<'a> CommandWord<'a> {
    /// True once the worker shall end.
    #[inline]
    pub(crate) fn finish(&self) -> bool {
        self.word.load(Ordering::Relaxed) == Command::Finish as u64
    }

    /// Sleeps until a time on the run's clock, or until the worker is told to end.
    pub(crate) fn sleep_until(&self, clock: &Clock, until_ns: u64) {
        if clock.advance_to(until_ns) {
            return;
        }
        loop {
            let left_ns = until_ns.saturating_sub(clock.now_ns());
            if left_ns == 0 || self.finish() {
                return;
            }
            if left_ns < SHORT_NS {
                std::hint::spin_loop();
            } else {
                futex::wait(self.word, Command::Run as u64, Some(Duration::from_nanos(left_ns)));
            }
        }
    }

    /// Sleeps at the barrier; false if the worker shall not run at all.
    pub(crate) fn wait_for_start(&self) -> bool {
        while self.word.load(Ordering::Acquire) == Command::Wait as u64 {
            futex::wait(self.word, Command::Wait as u64, None);
        }
        !self.finish()
    }
}
