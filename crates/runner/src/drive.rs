//! The one loop: make requests, submit them, reap them, settle them.
//!
//! Everything that a job does to its targets between the start barrier and its end passes through
//! [`Drive::run`]. The loop asks the generator what is next, hands batches to the engine, and writes
//! what happened into the ledger; it owns all memory before it starts and allocates nothing. What a
//! job does not use costs one well-predicted branch at most.
//!
//! Making and handing over requests is here; what became of them is in [`settle`], the turns of a
//! job's life (files, passes, time) in [`pass`], priorities of requests in [`priority`], how a job is
//! held back in [`pace`], and what becomes of the blocks of a region in [`blocks`].

mod blocks;
mod pace;
mod pass;
mod priority;
mod settle;
mod verify;

use fiord_base::{Direction, FileIndex, PerDirection, Slot};
use fiord_engine::{Caps, Completion, Completions, Engine, Io, Unit};
use fiord_measure::Ledger;
use fiord_measure::ledger::Record;
use fiord_options::plan::{ErrorsPlan, JobPlan};
use fiord_sys::process::Usage;
use fiord_sys::{BufferPool, Clock, Errno};
use fiord_workload::{Filler, Generator, Outcome, Request, Step};

use crate::board::{CommandWord, State};
use crate::failure::Failure;
use crate::priority::Prioritizer;
use crate::ramp::RampAmount;
use crate::recorder::Recorder;
use crate::targets::Targets;
use crate::worker;
pub(crate) use blocks::BlockGrid;
pub(crate) use pace::Pace;
use priority::Priorities;
pub(crate) use verify::Verification;

/// Batches between two looks at the clock where requests carry no stamps.
const UNSTAMPED_BATCHES: u32 = 64;

/// What the loop needs to know of the plan, in the form in which it needs it.
#[derive(Clone, Debug)]
struct Settings {
    depth: usize,
    batch: usize,
    reap_min: usize,
    reap_max: usize,
    depth_low: usize,
    /// `depth_low` is below the depth.
    drains: bool,
    stamped: bool,
    /// One request at a time, which the engine executes.
    single: bool,
    /// How the loop makes requests.
    way: Way,
    /// The time that submission takes is measured of single requests, too.
    slat: bool,
    /// The engine takes nothing before the batch in flight has been reaped.
    one_batch: bool,
    ramp_ns: u64,
    runtime_ns: u64,
    fills_data: bool,
    /// Something is to be done beside each request: see [`Drive::accompany`].
    accompanied: bool,
    /// Completions are looked at for more than their counts: see [`Drive::watch_all`].
    watched: bool,
    locks: bool,
    flush: EndFlush,
    fill_device: bool,
    /// Requests wait for those in flight that they overlap.
    serialize: bool,
    /// What is written is verified.
    verifies: bool,
    /// Writes are noted in a journal.
    journals: bool,
    /// Something is to be done when a request has ended: see [`Drive::release`].
    tended: bool,
    /// Something is to be looked at in each turn: see [`Drive::attend`].
    attended: bool,
    errors: ErrorsPlan,
}

/// How the loop makes requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// One, which the engine executes.
    Single,
    /// The same, as the course of verification wants them.
    SingleVerified,
    /// As many as there is room for.
    Queued,
    /// The same, as the course of verification wants them.
    QueuedVerified,
    /// Those that may go.
    Paced,
}

/// What is flushed at the end of a pass.
#[derive(Clone, Copy, Debug)]
struct EndFlush {
    files: bool,
    file_systems: bool,
}

impl EndFlush {
    fn any(self) -> bool {
        self.files || self.file_systems
    }
}

/// Why the loop came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The generator has nothing more.
    Complete,
    /// Time is up.
    Runtime,
    /// The parent told it to finish.
    Told,
    /// An error that is not survived.
    Failed,
}

/// What the loop works on; see [`Drive::new`].
pub(crate) struct Parts<'a> {
    pub(crate) generator: Generator,
    pub(crate) filler: Filler,
    pub(crate) engine: Box<dyn Engine>,
    pub(crate) targets: Targets,
    pub(crate) ledger: Ledger<'a>,
    pub(crate) buffers: BufferPool,
    pub(crate) commands: CommandWord<'a>,
    pub(crate) clock: Clock,
    pub(crate) recorder: Option<Recorder>,
    /// Gives requests priorities.
    pub(crate) prioritizer: Option<Prioritizer>,
    /// Holds requests back.
    pub(crate) pace: Option<Pace<'a>>,
    /// Blocks whose fate is followed.
    pub(crate) blocks: Option<BlockGrid>,
    /// What is written and read is verified.
    pub(crate) verification: Option<Verification>,
    /// A warm-up that ends by an amount.
    pub(crate) ramp: Option<RampAmount<'a>>,
    /// Told of changes of state: the end of the ramp, flushing at the end of a pass.
    pub(crate) enter: &'a dyn Fn(State),
    /// Called between passes, when all files are closed.
    pub(crate) between_passes: &'a dyn Fn(&Targets) -> Result<(), Failure>,
}

/// The loop with all its state.
pub(crate) struct Drive<'a> {
    generator: Generator,
    filler: Filler,
    engine: Box<dyn Engine>,
    targets: Targets,
    ledger: Ledger<'a>,
    buffers: BufferPool,
    commands: CommandWord<'a>,
    clock: Clock,
    recorder: Option<Recorder>,
    priorities: Option<Priorities>,
    pace: Option<Box<Pace<'a>>>,
    blocks: Option<BlockGrid>,
    verification: Option<Box<Verification>>,
    enter: &'a dyn Fn(State),
    between_passes: &'a dyn Fn(&Targets) -> Result<(), Failure>,
    settings: Settings,
    done: Completions,
    /// Requests by slot, and when they started. With `serialize` the length is zero unless the request
    /// is on its way.
    units: Vec<Unit>,
    starts_ns: Vec<u64>,
    free: Vec<Slot>,
    /// Made and not accepted by the engine yet; continued transfers come first.
    batch: Vec<Unit>,
    /// How many of the batch are continued transfers.
    continued: usize,
    in_flight: usize,
    /// Made, and waiting for the end of a request that it overlaps.
    waiting: Option<Request>,
    /// Made, and not due yet.
    not_due: Option<Request>,
    /// The engine has been asked to end what is in flight.
    cancelling: bool,
    /// The queue was full and must sink to `depth_low` before it is filled again.
    draining: bool,
    now_ns: u64,
    deadline_ns: u64,
    ramping: bool,
    /// The warm-up that goes on, if it ends by an amount.
    ramp: Option<RampAmount<'a>>,
    unstamped: u32,
    pass_bytes: PerDirection<u64>,
    /// A pass has begun and its end has not been accounted for.
    in_pass: bool,
    /// What the generator said last, while it waits until nothing is in flight.
    held: Option<Step>,
    end: Option<End>,
}

/// Bytes of the books that the loop keeps for so many requests in flight.
pub(crate) fn queue_bytes(depth: u64) -> u64 {
    let each = 2 * size_of::<Unit>() + size_of::<u64>() + size_of::<Slot>();
    depth.saturating_mul((each + size_of::<Completion>()) as u64)
}

impl<'a> Drive<'a> {
    pub(crate) fn new(job: &JobPlan, parts: Parts<'a>, caps: Caps) -> Drive<'a> {
        let engine = &job.engine;
        let depth = worker::depth(job, caps) as usize;
        let stats = &job.stats;
        let stamped = stats.stamps();
        let verifies = parts.verification.is_some();
        let overlaps = parts.verification.as_ref().is_some_and(Verification::can_overlap);
        let serialize = engine.serialize_overlap || depth > 1 && overlaps;
        let checks_elsewhere = parts.verification.as_ref().is_some_and(Verification::has_threads);
        let journals = parts.verification.as_ref().is_some_and(Verification::has_journal);
        // What others look at before or after the loop does passes through `submit` and `settle`.
        let watched =
            parts.blocks.is_some() || parts.targets.locks() || checks_elsewhere || journals;
        let straight = caps.single && !watched;
        let settings = Settings {
            depth,
            batch: (engine.batch.max(1) as usize).min(depth),
            reap_min: (engine.batch_complete_min as usize).min(depth),
            reap_max: (engine.batch_complete_max.max(1) as usize).min(depth),
            depth_low: (engine.iodepth_low as usize).min(depth),
            drains: (engine.iodepth_low as usize) < depth,
            stamped,
            single: caps.single,
            way: match (&parts.pace, straight) {
                (Some(_), _) => Way::Paced,
                (None, true) if verifies => Way::SingleVerified,
                (None, true) => Way::Single,
                (None, false) if verifies => Way::QueuedVerified,
                (None, false) => Way::Queued,
            },
            slat: caps.reports_slat && stats.slat && stamped,
            one_batch: caps.one_batch,
            ramp_ns: job.limits.ramp_ns.unwrap_or(0),
            runtime_ns: job.limits.runtime_ns.unwrap_or(0),
            // Verified writes have contents of their own.
            fills_data: parts.filler.is_active()
                && !parts.verification.as_ref().is_some_and(Verification::makes_contents),
            accompanied: parts.recorder.is_some()
                || parts.prioritizer.is_some()
                || parts.verification.is_some(),
            watched: parts.prioritizer.is_some()
                || parts.pace.is_some()
                || parts.blocks.is_some()
                || parts.verification.is_some(),
            locks: parts.targets.locks(),
            flush: EndFlush {
                files: job.flush.end_fsync && job.pattern.rw.write,
                file_systems: job.flush.end_syncfs && job.pattern.rw.write,
            },
            fill_device: job.region.fill_device,
            serialize,
            tended: serialize || verifies || parts.targets.locks(),
            attended: checks_elsewhere || !stamped,
            verifies,
            journals,
            errors: (*job.errors).clone(),
        };
        let idle = Unit {
            slot: Slot(0),
            file: FileIndex(0),
            direction: Direction::Read,
            priority: 0,
            offset: 0,
            length: 0,
            progress: 0,
        };
        Drive {
            done: Completions::new(depth, parts.clock.clone(), stamped),
            generator: parts.generator,
            filler: parts.filler,
            engine: parts.engine,
            targets: parts.targets,
            ledger: parts.ledger,
            buffers: parts.buffers,
            commands: parts.commands,
            clock: parts.clock,
            recorder: parts.recorder,
            priorities: parts.prioritizer.map(|chooser| Priorities::new(job, chooser, depth)),
            pace: parts.pace.map(Box::new),
            blocks: parts.blocks,
            verification: parts.verification.map(Box::new),
            enter: parts.enter,
            between_passes: parts.between_passes,
            units: vec![idle; depth],
            starts_ns: vec![0; depth],
            free: (0..depth as u32).rev().map(Slot).collect(),
            batch: Vec::with_capacity(depth),
            continued: 0,
            in_flight: 0,
            waiting: None,
            not_due: None,
            cancelling: false,
            draining: false,
            now_ns: 0,
            deadline_ns: u64::MAX,
            ramping: settings.ramp_ns > 0 || parts.ramp.is_some(),
            ramp: parts.ramp,
            unstamped: 0,
            pass_bytes: PerDirection::default(),
            in_pass: false,
            held: None,
            end: None,
            settings,
        }
    }

    /// Runs the job to its end. On return nothing is in flight and every request has been settled.
    pub(crate) fn run(&mut self) -> End {
        self.now_ns = self.clock.now_ns();
        self.deadline_ns = match (self.ramping, self.settings.runtime_ns) {
            // A warm-up by amount has no time: its deadline has always passed, so that it is looked at in
            // each turn, which other jobs do not pay for.
            (true, _) => self.now_ns.saturating_add(self.settings.ramp_ns),
            (false, 0) => u64::MAX,
            (false, runtime_ns) => self.now_ns.saturating_add(runtime_ns),
        };
        if let Some(pace) = &mut self.pace {
            pace.begin(self.now_ns);
        }
        if let Some(grid) = &self.blocks {
            self.ledger.set_blocks(grid.count);
        }
        self.begin_pass();
        loop {
            if self.now_ns >= self.deadline_ns {
                self.deadline_passed();
            }
            if self.commands.finish() {
                self.stop(End::Told);
            }
            let pause = match self.end {
                Some(_) => Some(Step::End),
                None => match self.settings.way {
                    Way::Single if self.batch.is_empty() => self.one::<false>(),
                    Way::SingleVerified if self.batch.is_empty() => self.one::<true>(),
                    Way::Single | Way::Queued => self.make::<false>(),
                    Way::SingleVerified | Way::QueuedVerified => self.make::<true>(),
                    Way::Paced if self.is_reading_back() => self.make::<true>(),
                    Way::Paced => self.make_paced(),
                },
            };
            if !self.batch.is_empty() {
                self.submit();
            }
            if self.in_flight > 0 {
                self.reap(pause.is_some());
                self.settle();
            }
            if self.settings.attended && self.attend(pause.is_some()) {
                continue;
            }
            if let Some(step) = pause
                && self.in_flight == 0
                && self.batch.is_empty()
                && self.act_on(step)
            {
                break;
            }
        }
        self.finish()
    }

    /// Makes, executes and settles one request of an engine that has no queue; what is out of the
    /// ordinary takes the way of all others. Returns a step that waits until nothing is in flight.
    #[inline]
    fn one<const VERIFIES: bool>(&mut self) -> Option<Step> {
        let step = match VERIFIES {
            true => self.next_verified()?,
            false => self.generator.next(),
        };
        let request = match step {
            Step::Issue(request) => request,
            Step::Open(file) => {
                self.open(file);
                return None;
            }
            other => return Some(other),
        };
        let slot = Slot(0);
        let unit = self.prepare(slot, &request);
        let start_ns = self.done.stamp();
        let result = self.engine.execute(&unit, &mut self.buffers);
        let done_ns = self.done.stamp();
        // What ends as it is handed over takes no time of its own: another look at the clock would
        // measure the clock.
        let issued_ns = if self.settings.slat { done_ns } else { start_ns };
        if self.settings.stamped {
            self.now_ns = done_ns;
        }
        self.ledger.begin();
        match result {
            Ok(moved) if moved == unit.length && unit.direction.is_data() => {
                if VERIFIES {
                    self.verify_moved(&unit, moved);
                }
                self.ledger.record(&Record {
                    direction: unit.direction,
                    count: 1,
                    bytes: moved,
                    start_ns,
                    issued_ns,
                    done_ns,
                });
                if !VERIFIES || self.is_generated(slot) {
                    self.generator.done(&request, Outcome::Bytes(moved));
                }
            }
            _ => {
                self.free.pop();
                self.starts_ns[slot.index()] = start_ns;
                let completion = Completion { slot, result, issued_ns, done_ns };
                self.settle_other(&unit, &completion);
            }
        }
        self.ledger.end();
        None
    }

    /// Fills the batch; returns a step that has to wait until nothing is in flight.
    #[inline]
    fn make<const VERIFIES: bool>(&mut self) -> Option<Step> {
        if self.held.is_some() {
            return self.held;
        }
        if self.is_draining() {
            return None;
        }
        while self.batch.len() < self.settings.batch {
            let Some(slot) = self.free.pop() else { break };
            let step = match self.waiting.take() {
                Some(request) => Step::Issue(request),
                None if VERIFIES => match self.next_verified() {
                    Some(step) => step,
                    None => {
                        self.free.push(slot);
                        return None;
                    }
                },
                None => self.generator.next(),
            };
            match step {
                Step::Issue(request) if self.settings.serialize && self.overlaps(&request) => {
                    self.free.push(slot);
                    self.waiting = Some(request);
                    return None;
                }
                Step::Issue(request) => self.place(slot, &request),
                step => {
                    self.free.push(slot);
                    match step {
                        Step::Open(file) => self.open(file),
                        other => {
                            self.held = Some(other);
                            return self.held;
                        }
                    }
                    if self.end.is_some() {
                        return None;
                    }
                }
            }
        }
        None
    }

    /// True while the queue has to sink before it is filled again.
    #[inline]
    fn is_draining(&mut self) -> bool {
        self.draining &= self.in_flight > self.settings.depth_low;
        self.draining
    }

    /// Puts a request at the end of the batch.
    #[inline(always)]
    fn place(&mut self, slot: Slot, request: &Request) {
        let unit = self.prepare(slot, request);
        self.units[slot.index()] = unit;
        self.batch.push(unit);
    }

    /// True if a request on its way touches the same bytes and one of the two changes them.
    fn overlaps(&self, request: &Request) -> bool {
        let end = request.offset.saturating_add(request.length);
        request.direction.is_data()
            && self.units.iter().any(|unit| {
                unit.length > 0
                    && unit.file == request.file
                    && (unit.direction != Direction::Read || request.direction != Direction::Read)
                    && unit.offset < end
                    && request.offset < unit.offset + unit.length
            })
    }

    /// Turns a request into a unit whose data is ready.
    #[inline(always)]
    fn prepare(&mut self, slot: Slot, request: &Request) -> Unit {
        let mut unit = Unit {
            slot,
            file: request.file,
            direction: request.direction,
            priority: 0,
            offset: request.offset,
            length: request.length,
            progress: 0,
        };
        if self.settings.fills_data && request.direction == Direction::Write {
            let buffer = &mut self.buffers.get_mut(slot)[..request.length as usize];
            self.filler.prepare(buffer, request.offset, self.now_ns);
        }
        if self.settings.accompanied {
            unit.priority = self.accompany(slot, request);
        }
        unit
    }

    /// Offers the batch to the engine.
    #[inline]
    fn submit(&mut self) {
        let mut offered = self.batch.len();
        if self.settings.locks {
            offered = self.lock_batch();
            if offered == 0 {
                return;
            }
        }
        if self.settings.journals {
            self.journal_batch();
            if self.batch.is_empty() {
                return;
            }
        }
        let start_ns = self.done.begin();
        let mut io = Io { buffers: &mut self.buffers, done: &mut self.done };
        let accepted = self.engine.submit(&self.batch[..offered], &mut io).min(offered);
        self.in_flight += accepted;
        // Continued transfers stand first; they have been counted, and began, before.
        let continued = self.continued.min(accepted);
        self.continued -= continued;
        if self.settings.stamped {
            for unit in &self.batch[continued..accepted] {
                self.starts_ns[unit.slot.index()] = start_ns;
            }
        }
        if !self.settings.single && accepted > 0 {
            self.ledger.record_submit(accepted);
            self.ledger.record_depth(self.in_flight, (accepted - continued) as u64);
        }
        if self.in_flight == 0 {
            let action = "hand a request to the engine";
            return self.fail(&Failure::new(action, Errno::AGAIN));
        }
        self.draining = self.in_flight >= self.settings.depth && self.settings.drains;
        if accepted == self.batch.len() {
            self.batch.clear();
        } else {
            self.batch.drain(..accepted);
            if self.settings.locks {
                self.unlock_batch(offered - accepted);
            }
        }
        if self.settings.stamped {
            self.now_ns = start_ns;
        }
    }

    /// Waits for completions that did not come with the submission.
    #[inline]
    fn reap(&mut self, drain: bool) {
        let ready = self.done.list().len();
        let mut reaped = false;
        if ready < self.in_flight {
            let queued = self.in_flight - ready;
            let full = self.settings.one_batch
                || self.free.is_empty()
                || self.draining
                || !self.batch.is_empty()
                || self.waiting.is_some();
            let min = if drain || full { self.settings.reap_min.max(1) } else { 0 };
            let min = min.min(queued).saturating_sub(ready);
            // While the queue drains nothing is gained by leaving what is done where it is.
            let max = if drain { queued } else { self.settings.reap_max.max(min).min(queued) };
            if drain || full || self.settings.reap_min == 0 {
                reaped = true;
                let mut io = Io { buffers: &mut self.buffers, done: &mut self.done };
                if let Err(errno) = self.engine.reap(min, max, &mut io) {
                    self.give_up(errno);
                }
            }
        }
        if !self.settings.single && (reaped || ready > 0) {
            self.ledger.record_reap(self.done.list().len());
        }
    }

    /// The engine is broken: what it has not completed is taken for failed.
    #[cold]
    fn give_up(&mut self, errno: Errno) {
        self.fail(&Failure::new("take completions from the engine", errno));
        let done_ns = self.done.stamp();
        for slot in (0..self.settings.depth as u32).map(Slot) {
            let ended = self.done.list().iter().any(|completion| completion.slot == slot);
            if !ended && !self.free.contains(&slot) {
                self.done.push(Completion { slot, result: Err(errno), issued_ns: 0, done_ns });
            }
        }
    }

    /// Looks at the clock, and at what threads have checked; true if these have more to check.
    #[cold]
    fn attend(&mut self, drain: bool) -> bool {
        if !self.settings.stamped {
            self.look_at_clock();
        }
        if self.is_checking() {
            self.collect_checked(drain);
        }
        self.is_checking()
    }

    /// Reads the clock once in a while for jobs whose requests carry no stamps.
    fn look_at_clock(&mut self) {
        self.unstamped += 1;
        if self.unstamped >= UNSTAMPED_BATCHES {
            self.unstamped = 0;
            self.now_ns = self.clock.now_ns();
        }
    }

    /// Ends the threads of the engine and those that check, and says what they used.
    pub(crate) fn end_threads(&mut self) -> Usage {
        let mut usage = self.engine.end_threads();
        usage += self.end_checkers();
        usage
    }

    /// What is left when the loop has ended.
    pub(crate) fn into_results(self) -> (Ledger<'a>, Targets) {
        (self.ledger, self.targets)
    }
}

#[cfg(test)]
mod tests;
