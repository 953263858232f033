//! A run from plan to report: layout, start, watch, reap.
//!
//! The parent schedules workers (stonewalls, start delays), takes samples, looks after the dead, and
//! emits events. It sleeps on the board's event word and wakes for whatever is due first; nothing here
//! has a fixed delay. Workers never wait for the parent but at the start barrier.

mod contest;
mod ending;
mod observe;
mod overdue;
pub(crate) mod prepare;
mod reap;
mod start;
mod trigger;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use fiord_engine::Registration;
use fiord_measure::report::{Message, RunReport};
use fiord_options::Plan;
use fiord_sys::clock::{self, Clock};
use fiord_sys::process::{Executable, Pid};
use fiord_sys::shared::{MemoryFile, SharedWords};
use fiord_sys::{futex, signal};

use crate::board::{Board, Command, State};
use crate::disks::Disks;
use crate::events::Observer;
use crate::failure::Failure;
use crate::order::Order;
use crate::outcome::Fate;
use crate::sampler::Sampler;
use crate::trace::{Trace, TraceSettings};
use ending::Ending;
use overdue::Overdue;
use trigger::Stage;
pub use trigger::Trigger;

/// What a run needs beside its plan.
#[derive(Debug, Default)]
pub struct RunSettings {
    /// Program to execute for process jobs: one whose `main` calls [`crate::worker_main`]. `None` is
    /// this very program.
    pub worker: Option<Executable>,
    /// Period of progress events.
    pub progress_every: Option<Duration>,
    /// Period of status events.
    pub status_every: Option<Duration>,
    /// A file whose appearance asks for a status event; it is removed. Only a file of the user who
    /// runs the jobs counts, because the usual place is a directory that anyone can write to.
    pub status_file: Option<PathBuf>,
    /// When the program started, for the calibration of the clock.
    pub started: Option<clock::Anchor>,
    /// What is told line by line.
    pub trace: TraceSettings,
    /// A job is given up when its runtime is over and nothing has come back for so long: five minutes,
    /// if this is not set.
    pub patience: Option<Duration>,
    /// A command that runs in the middle of it all.
    pub trigger: Trigger,
}

/// How a run ended.
#[derive(Debug)]
pub struct RunOutcome {
    /// Results of all jobs, of those that failed too.
    pub report: RunReport,
    /// Workers that ended with an error.
    pub failed: usize,
    /// Signal that ended the run early.
    pub signal: Option<i32>,
}

/// Runs a plan to its end.
pub fn run(
    plan: &Plan,
    settings: &RunSettings,
    registry: &'static [Registration],
    observer: &mut dyn Observer,
) -> Result<RunOutcome, Failure> {
    let mut run = Run::prepare(plan, settings, registry, observer)?;
    run.schedule(observer);
    Ok(run.outcome())
}

/// One worker as the parent sees it.
#[derive(Debug)]
struct Worker {
    order: Order,
    body: Body,
    start_delay_ns: u64,
    fate: Fate,
    sampler: Sampler,
    released: bool,
    overdue: Option<Overdue>,
}

/// What executes a worker.
#[derive(Debug)]
enum Body {
    /// Nothing yet.
    None,
    Process(Pid),
    Thread(Option<JoinHandle<()>>),
    /// Gone.
    Gone,
}

/// A run under way.
struct Run<'a> {
    plan: &'a Plan,
    settings: &'a RunSettings,
    registry: &'static [Registration],
    board: Arc<Board>,
    board_file: MemoryFile,
    by_pid: HashMap<Pid, usize>,
    ledger_file: MemoryFile,
    ledgers: Arc<SharedWords>,
    orders_file: MemoryFile,
    workers: Vec<Worker>,
    watch: signal::Watch,
    executable: Option<Executable>,
    clock: Clock,
    clock_name: &'static str,
    disks: Disks,
    messages: Vec<Message>,
    ending: Option<Ending>,
    status_requests: u64,
    next_progress_ns: u64,
    next_status_ns: u64,
    next_file_look_ns: u64,
    previous: Previous,
    trace: Option<Trace>,
    trigger: Stage,
}

/// Counters at the last progress event.
#[derive(Clone, Copy, Debug, Default)]
struct Previous {
    at_ns: u64,
    bytes: [u64; 3],
    ios: [u64; 3],
}

impl Run<'_> {
    /// Starts workers as their turn comes and waits for the last one.
    fn schedule(&mut self, observer: &mut dyn Observer) {
        let now_ns = self.clock.now_ns();
        self.board.set_genesis_ns(now_ns);
        let after = |period: Option<Duration>| match period {
            Some(period) => now_ns.saturating_add(period.as_nanos() as u64),
            None => u64::MAX,
        };
        self.next_progress_ns = after(self.settings.progress_every);
        self.next_status_ns = after(self.settings.status_every);
        let look_every = self.settings.status_file.as_ref().map(|_| STATUS_FILE_PERIOD);
        self.next_file_look_ns = after(look_every);
        self.previous.at_ns = now_ns;
        self.trigger = Stage::of(&self.settings.trigger, now_ns);
        loop {
            let seen = self.board.events().load(Ordering::Acquire);
            self.obey_signals(observer);
            self.reap(observer);
            self.watch_trigger(observer);
            self.start_next(observer);
            self.release();
            let now_ns = self.clock.now_ns();
            self.sample(now_ns);
            self.end_overdue(now_ns, observer);
            self.emit(now_ns, observer);
            if self.workers.iter().all(|w| matches!(w.body, Body::Gone)) {
                if matches!(self.trigger, Stage::Fired { .. }) {
                    self.watch_trigger(observer);
                }
                return;
            }
            // A look at all workers costs time in proportion to their number; what happens during
            // this pause is looked at together. 500 workers pause for 125 us.
            std::thread::sleep(Duration::from_nanos(250) * self.workers.len() as u32);
            self.sleep(seen);
        }
    }

    fn ledger_words(&self, index: usize) -> &[AtomicU64] {
        words_of(&self.ledgers, &self.workers[index].order)
    }

    /// Changes the state of a worker for the parent's part of its life.
    fn enter(&self, index: usize, state: State) {
        let worker = &self.workers[index];
        if let Some(trace) = &self.trace
            && !worker.order.trace.subjects.is_empty()
        {
            trace.state(worker.fate.pid, self.board.state(index), state);
        }
        self.board.set_state(index, state);
    }

    /// Lets those who wait at the barrier go, all together.
    fn release(&mut self) {
        let waiting = |(index, worker): (usize, &Worker)| {
            let alive = matches!(worker.body, Body::Process(_) | Body::Thread(_));
            (alive && !worker.released).then_some(index)
        };
        let held: Vec<usize> = self.workers.iter().enumerate().filter_map(waiting).collect();
        if held.iter().any(|index| self.board.state(*index) < State::Initialised) {
            return;
        }
        for index in held {
            self.workers[index].released = true;
            self.board.command(index, Command::Run);
        }
    }

    fn sample(&mut self, now_ns: u64) {
        let (ledgers, board) = (&self.ledgers, &self.board);
        for (index, worker) in self.workers.iter_mut().enumerate() {
            let running = matches!(board.state(index), State::Ramp | State::Running);
            if running && worker.sampler.next_ns().is_none_or(|due| due <= now_ns) {
                worker.sampler.tick(words_of(ledgers, &worker.order), now_ns);
            }
        }
    }

    /// Sleeps until something happens or is due.
    fn sleep(&self, seen: u64) {
        let now_ns = self.clock.now_ns();
        let genesis_ns = self.board.genesis_ns();
        let mut due_ns = self.next_progress_ns.min(self.next_status_ns).min(self.next_file_look_ns);
        due_ns = due_ns.min(self.trigger.due_ns());
        due_ns = due_ns.min(self.ending.map_or(u64::MAX, |ending| ending.patience_ns));
        for (index, worker) in self.workers.iter().enumerate() {
            due_ns = due_ns.min(worker.overdue.map_or(u64::MAX, |overdue| overdue.look_ns));
            match worker.body {
                Body::None => {
                    // One whose delay is over waits for others, whose end is an event.
                    let start_ns = genesis_ns.saturating_add(worker.start_delay_ns);
                    due_ns = if start_ns > now_ns { due_ns.min(start_ns) } else { due_ns };
                }
                Body::Process(_) | Body::Thread(_) if self.board.state(index) < State::Flushing => {
                    let first = now_ns.saturating_add(SAMPLE_START.as_nanos() as u64);
                    due_ns = due_ns.min(worker.sampler.next_ns().unwrap_or(first));
                }
                _ => {}
            }
        }
        let limit = Duration::from_nanos(due_ns.saturating_sub(now_ns)).max(SHORTEST_SLEEP);
        futex::wait(self.board.events(), seen, Some(limit.min(LONGEST_SLEEP)));
    }
}

/// The ledger of a worker among those of all.
fn words_of<'w>(ledgers: &'w SharedWords, order: &Order) -> &'w [AtomicU64] {
    let start = order.ledger_offset as usize / 8;
    &ledgers.words()[start..start + order.ledger.words()]
}

/// How often the status file is looked for.
const STATUS_FILE_PERIOD: Duration = Duration::from_secs(1);
/// Least and greatest time between two looks at the workers.
const SHORTEST_SLEEP: Duration = Duration::from_micros(50);
const LONGEST_SLEEP: Duration = Duration::from_secs(10);
/// How soon after the start the first sample is looked for.
const SAMPLE_START: Duration = Duration::from_millis(100);

impl Worker {
    /// The first clone of a stonewalled job: nothing before it may still run.
    fn is_barrier(&self) -> bool {
        self.order.job.stonewall && self.order.clone_number == 0
    }
}
