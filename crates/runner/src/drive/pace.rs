//! Jobs that do not go as fast as they can: rates, think time, shares of flows, bounds of latency.
//!
//! The arithmetic is the [pacer](fiord_workload::pacer)'s; here is the waiting. A request that is not due
//! keeps its place, and what is in flight is reaped while the job waits: a rate never drains the queue, so
//! that a slow device makes requests late and not rare. Think time is the time between the end of some
//! requests and the begin of others, so there nothing is in flight.
//!
//! Jobs without any of this do not come here: the loop decides once which way its turns take.

use std::time::Duration;

use fiord_base::{Direction, PerDirection, Slot};
use fiord_engine::{Completion, Io, Unit};
use fiord_options::plan::JobPlan;
use fiord_sys::process::Usage;
use fiord_sys::{Clock, Errno};
use fiord_workload::pacer::{DepthSearch, Floors, Missed, Rates, Think, Trial};
use fiord_workload::{Request, Step};

use super::{Drive, End};
use crate::board::SHORT_NS;
use crate::failure::Failure;
use crate::flow::Flow;

/// A job's pace, as its worker makes it.
#[derive(Debug)]
pub(crate) struct Pace<'a> {
    rates: Option<Rates>,
    /// Rates may turn the mix.
    steers: bool,
    think: Option<Think>,
    /// Cycles of a busy loop before each request but the first.
    cycles: u64,
    flow: Option<Flow<'a>>,
    floors: Option<Floors>,
    search: Option<DepthSearch>,
    /// Latencies that end the job.
    max_ns: PerDirection<Option<u64>>,
    /// When the requests in flight were due, by slot; 0: nothing said when.
    scheduled_ns: Vec<u64>,
    /// Until then the job paused because it wanted to.
    paused_until_ns: u64,
    /// A request has gone.
    has_begun: bool,
    verdict: Option<Trial>,
}

impl<'a> Pace<'a> {
    /// `None` if nothing holds the job back and nothing is watched. `depth` is that of the loop.
    pub(crate) fn new(
        job: &JobPlan,
        rates: Option<Rates>,
        flow: Option<Flow<'a>>,
        depth: usize,
    ) -> Option<Pace<'a>> {
        let pacing = &job.pacing;
        let pace = Pace {
            steers: job.pattern.rw.is_mixed() && rates.is_some(),
            rates,
            think: Think::new(&pacing.think),
            cycles: u64::from(pacing.think.cycles),
            flow,
            floors: Floors::new(&pacing.rate, job.pattern.rw),
            search: pacing.latency.target.as_ref().map(|target| DepthSearch::new(target, depth)),
            max_ns: pacing.latency.max_ns,
            scheduled_ns: vec![0; depth],
            paused_until_ns: 0,
            has_begun: false,
            verdict: None,
        };
        let idle = pace.rates.is_none()
            && pace.think.is_none()
            && pace.cycles == 0
            && pace.flow.is_none()
            && pace.floors.is_none()
            && pace.search.is_none()
            && pace.max_ns.0.iter().all(Option::is_none);
        (!idle).then_some(pace)
    }

    /// The job, or its measured part, begins.
    pub(super) fn begin(&mut self, now_ns: u64) {
        if let Some(rates) = &mut self.rates {
            rates.begin(now_ns);
        }
        if let Some(think) = &mut self.think {
            think.begin(now_ns);
        }
        if let Some(floors) = &mut self.floors {
            floors.begin(now_ns);
        }
        if let Some(search) = &mut self.search {
            search.begin(now_ns);
        }
    }

    fn due_ns(&self, direction: Direction) -> Option<u64> {
        self.rates.as_ref()?.due_ns(direction)
    }

    fn issued(&mut self, slot: Slot, request: &Request) {
        if !request.direction.is_data() {
            return;
        }
        self.has_begun = true;
        let due_ns = self.due_ns(request.direction);
        // What was due while the job paused of its own will was due when that was over.
        self.scheduled_ns[slot.index()] = due_ns.map_or(0, |ns| ns.max(self.paused_until_ns));
        if let Some(rates) = &mut self.rates {
            rates.issued(request.direction, request.length);
        }
        if let Some(think) = &mut self.think {
            think.issued();
        }
        if let Some(flow) = &mut self.flow {
            flow.issued();
        }
    }

    /// Most requests in flight.
    fn depth(&self) -> usize {
        self.search.as_ref().map_or(usize::MAX, DepthSearch::depth)
    }

    fn thinks_now(&self, now_ns: u64) -> bool {
        self.think.as_ref().is_some_and(|think| think.is_due(now_ns))
    }
}

/// What keeps a paced loop from making requests.
enum Turn {
    /// Nothing: there is something to submit, or the loop waits as all others do.
    Go,
    /// A step that waits until nothing is in flight.
    Held(Step),
    /// Nothing may go before this time.
    Until(u64),
    /// Something has to end first.
    Full,
    /// The job thinks.
    Think,
}

impl Drive<'_> {
    /// Fills the batch with what may go now, or waits; returns a step that has to wait until nothing is in
    /// flight.
    pub(super) fn make_paced(&mut self) -> Option<Step> {
        if self.held.is_some() {
            return self.held;
        }
        if self.is_draining() {
            return None;
        }
        self.now_ns = self.clock.now_ns();
        let mut pace = self.pace.take()?;
        let turn = match pace.verdict.take() {
            Some(trial) => self.act_on_trial(trial),
            None => self.fill_batch(&mut pace),
        };
        self.pace = Some(pace);
        match turn {
            Turn::Go => {}
            Turn::Held(step) => return Some(step),
            Turn::Until(ns) => self.wait_until(ns),
            Turn::Full => self.wait_for_room(),
            Turn::Think if self.in_flight > 0 => self.wait_for_room(),
            Turn::Think => self.think(),
        }
        None
    }

    /// Makes requests until the batch is full or one is not due.
    fn fill_batch(&mut self, pace: &mut Pace<'_>) -> Turn {
        let depth = pace.depth();
        let mut turn = Turn::Full;
        while self.batch.len() < self.settings.batch && self.in_flight + self.batch.len() < depth {
            if pace.thinks_now(self.now_ns) {
                turn = Turn::Think;
                break;
            }
            if let Some(flow) = &mut pace.flow
                && flow.holds()
            {
                turn = Turn::Until(self.now_ns.saturating_add(flow.wait_ns()));
                break;
            }
            let Some(slot) = self.free.pop() else { break };
            let step = match self.waiting.take().or(self.not_due.take()) {
                Some(request) => Step::Issue(request),
                None => {
                    if let Some(rates) = &pace.rates
                        && pace.steers
                    {
                        self.generator.turn(rates.turns(self.now_ns));
                    }
                    match self.settings.verifies {
                        false => self.generator.next(),
                        true => match self.next_verified() {
                            Some(step) => step,
                            None => {
                                self.free.push(slot);
                                return Turn::Go;
                            }
                        },
                    }
                }
            };
            let Step::Issue(request) = step else {
                self.free.push(slot);
                match step {
                    Step::Open(file) => self.open(file),
                    other => {
                        self.held = Some(other);
                        return Turn::Held(other);
                    }
                }
                if self.end.is_some() {
                    return Turn::Go;
                }
                continue;
            };
            // What is read back or discarded in between takes no turn of what was asked for.
            let own = self.settings.verifies && self.adds_request();
            if let Some(due_ns) = pace.due_ns(request.direction)
                && due_ns > self.now_ns
                && !own
            {
                self.free.push(slot);
                self.not_due = Some(request);
                turn = Turn::Until(due_ns);
                break;
            }
            if self.settings.serialize && self.overlaps(&request) {
                self.free.push(slot);
                self.wait_for_overlapped(request);
                return Turn::Go;
            }
            if pace.cycles > 0 && pace.has_begun {
                Clock::spin(pace.cycles);
            }
            self.place(slot, &request);
            if !own {
                pace.issued(slot, &request);
            }
        }
        if self.batch.is_empty() { turn } else { Turn::Go }
    }

    /// When waiting ends in any case. The deadline of a warm-up by amount has passed, and says nothing.
    fn horizon_ns(&self) -> u64 {
        if self.ramp.is_some() { u64::MAX } else { self.deadline_ns }
    }

    /// Waits until a time, or until something in flight ends before it.
    fn wait_until(&mut self, until_ns: u64) {
        let until_ns = until_ns.min(self.horizon_ns());
        if self.in_flight == 0 {
            self.commands.sleep_until(&self.clock, until_ns);
            self.now_ns = self.clock.now_ns();
            return;
        }
        let min = self.settings.reap_min.clamp(1, self.in_flight);
        let max = self.settings.reap_max.max(min).min(self.in_flight);
        let mut io = Io { buffers: &mut self.buffers, done: &mut self.done };
        loop {
            let left_ns = until_ns.saturating_sub(self.clock.now_ns());
            let reaped = match left_ns {
                0 => break,
                // To sleep and to wake takes as long.
                ns if ns < SHORT_NS => self.engine.reap(0, max, &mut io),
                ns => self.engine.reap_within(min, max, Duration::from_nanos(ns), &mut io),
            };
            if let Err(errno) = reaped {
                self.give_up(errno);
                break;
            }
            if !io.done.list().is_empty() || self.commands.finish() {
                break;
            }
        }
        self.reaped();
    }

    /// Waits until something in flight ends.
    fn wait_for_room(&mut self) {
        if self.in_flight == 0 {
            return;
        }
        let min = self.settings.reap_min.clamp(1, self.in_flight);
        let max = self.settings.reap_max.max(min).min(self.in_flight);
        let mut io = Io { buffers: &mut self.buffers, done: &mut self.done };
        if let Err(errno) = self.engine.reap(min, max, &mut io) {
            self.give_up(errno);
        }
        self.reaped();
    }

    fn reaped(&mut self) {
        // A look in vain is part of a wait, which says nothing about the queue.
        let count = self.done.list().len();
        if !self.settings.single && count > 0 {
            self.ledger.record_reap(count);
        }
        self.settle();
        self.now_ns = self.clock.now_ns();
    }

    /// Pauses, with nothing in flight.
    fn think(&mut self) {
        let Some(think) = self.pace.as_ref().and_then(|pace| pace.think.as_ref()) else { return };
        let (pause_ns, spin_ns) = think.pause_ns();
        let start_ns = self.now_ns;
        let end_ns = start_ns.saturating_add(pause_ns).min(self.horizon_ns());
        let spin_end_ns = start_ns.saturating_add(spin_ns).min(end_ns);
        while self.clock.now_ns() < spin_end_ns
            && !self.clock.advance_to(spin_end_ns)
            && !self.commands.finish()
        {
            std::hint::spin_loop();
        }
        self.commands.sleep_until(&self.clock, end_ns);
        self.now_ns = self.clock.now_ns();
        let Some(pace) = &mut self.pace else { return };
        if let Some(think) = &mut pace.think {
            think.paused(self.now_ns);
        }
        if let Some(rates) = &mut pace.rates {
            rates.paused(self.now_ns.saturating_sub(start_ns));
        }
        pace.paused_until_ns = self.now_ns;
    }

    /// Looks at the transfers that have just completed.
    #[cold]
    pub(super) fn watch_completed(&mut self) {
        for index in 0..self.done.list().len() {
            let completion = self.done.list()[index];
            let unit = self.units[completion.slot.index()];
            if completion.result == Ok(unit.length) && unit.direction.is_data() {
                self.watch(&unit, &completion);
            }
        }
        let now_ns = self.done.list().last().map_or(self.now_ns, |last| last.done_ns);
        let Some(pace) = &mut self.pace else { return };
        if let Some(search) = &mut pace.search
            && pace.verdict.is_none()
        {
            pace.verdict = search.look(now_ns).filter(|trial| *trial != Trial::GoesOn);
            self.ledger.set_depth(search.depth());
        }
    }

    /// Compares what has been moved with the floors of rates, outside of the ramp.
    #[cold]
    pub(super) fn watch_floors(&mut self) {
        let now_ns = self.now_ns;
        if self.ramping || self.end.is_some() {
            return;
        }
        let Some(floors) = self.pace.as_mut().and_then(|pace| pace.floors.as_mut()) else { return };
        if !floors.is_due(now_ns) {
            return;
        }
        let moved = PerDirection::from_fn(|direction| self.ledger.progress(direction));
        if let Some(missed) = floors.check(now_ns, &moved) {
            self.fail(&about_floor(&missed));
        }
    }

    /// Looks at a transfer that has completed, maybe in parts.
    pub(super) fn watch(&mut self, unit: &Unit, completion: &Completion) {
        let slot = unit.slot.index();
        let Some(pace) = &mut self.pace else { return };
        if let Some(think) = &mut pace.think {
            think.completed();
        }
        if !self.settings.stamped {
            return;
        }
        let start_ns = self.starts_ns[slot];
        if pace.scheduled_ns[slot] > 0 {
            let scheduled_ns = pace.scheduled_ns[slot];
            self.ledger.record_response(unit.direction, scheduled_ns, start_ns, completion.done_ns);
        }
        let latency_ns = completion.done_ns.saturating_sub(start_ns);
        if let Some(search) = &mut pace.search {
            search.completed(latency_ns);
        }
        if let Some(max_ns) = pace.max_ns[unit.direction].filter(|max_ns| latency_ns > *max_ns) {
            let path = self.targets.files()[unit.file.index()].path.display();
            let (what, bytes, offset) = (unit.direction.name(), unit.length, unit.offset);
            let text = format!(
                "latency of {latency_ns} nsec exceeds specified max ({max_ns} nsec, max_latency): {what} of \
                 {bytes} bytes at offset {offset} of '{path}'"
            );
            self.fail(&Failure { errno: Errno::TIMEDOUT, text });
        }
    }

    /// Follows the search for a depth.
    #[cold]
    fn act_on_trial(&mut self, trial: Trial) -> Turn {
        match trial {
            // Nothing has to be done about it.
            Trial::GoesOn => {}
            Trial::Found => {
                self.ledger.reset();
                self.ledger.begin_usage(Usage::of_thread().numbers());
                self.ledger.begin_pass(self.now_ns);
                self.pass_bytes = PerDirection::default();
            }
            Trial::Measured => self.stop(End::Complete),
            Trial::Hopeless { target_ns, slowest_ns } => {
                let text = format!(
                    "latency_target={target_ns} nsec not met with one request in flight: one took \
                     {slowest_ns} nsec"
                );
                self.fail(&Failure { errno: Errno::TIMEDOUT, text });
            }
        }
        Turn::Go
    }
}

fn about_floor(missed: &Missed) -> Failure {
    let Missed { direction, in_requests, asked, got } = *missed;
    let what = direction.name();
    let text = match in_requests {
        true => format!("rate_iops_min={asked} IOPS not met, got {got} IOPS ({what})"),
        false => format!("rate_min={asked}B/s not met, got {got}B/s ({what})"),
    };
    Failure { errno: Errno::IO, text }
}
