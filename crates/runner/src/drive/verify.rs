//! Verification in the loop: stamping what goes out, checking what comes back.
//!
//! Which requests these are is the [course](fiord_workload::verify::course)'s affair, what their bytes
//! have to be the [format](fiord_workload::verify::format)'s. Here the two meet the requests in flight, by
//! slot, and what went wrong is told. A mismatch is an error like others (EILSEQ), except that the job goes
//! on to check the rest, unless it wants to end at the first one.
//!
//! Jobs that do not verify pass by: one flag in the loop.

use std::path::{Path, PathBuf};

use fiord_base::random::StreamSeeds;
use fiord_base::{Direction, Slot};
use fiord_engine::{Caps, Unit};
use fiord_measure::report::Severity;
use fiord_measure::{FoundHeader, MismatchClass, MismatchRecord, SkipReason};
use fiord_options::plan::{JobPlan, SyncMode, VerifyPolicy};
use fiord_sys::process::Usage;
use fiord_sys::{BufferPool, Errno};
use fiord_workload::verify::course::{self, Content, Course, Skipped, Task};
use fiord_workload::verify::state::State;
use fiord_workload::verify::trail::Trail;
use fiord_workload::verify::{Class, Expected, Format, Mismatch, Origin};
use fiord_workload::{Generator, Regions, Request, Step};

use super::settle::{is_whole, request_of};
use super::{Drive, End};
use crate::board;
use crate::checkers::{Check, Checkers};
use crate::failure::Failure;
use crate::verify_state::{self, Journal};
use crate::worker;

/// Mismatches that are told in full; the others are counted.
const TOLD: u64 = 16;

/// What the loop knows of verification.
pub(crate) struct Verification {
    course: Course,
    format: Format,
    /// What each request in flight is, by slot.
    tasks: Vec<Task>,
    thread: u16,
    /// When the job began: headers count from then.
    begin_ns: u64,
    /// Threads that check what was read, and the slots that they have.
    checkers: Option<Checkers>,
    held: Vec<bool>,
    /// What becomes of the knowledge about writes.
    keeper: Option<Keeper>,
    /// The first mismatch ends the job.
    fatal: bool,
    /// The engine moves no data, so that nothing can be checked.
    blind: bool,
    /// Blocks that were found to be wrong, and how many of them are not survived.
    mismatches: u64,
    unsurvived: u64,
    checked: u64,
}

impl Verification {
    /// The verification of a clone, if it verifies. A mix that is `steered` depends on time.
    pub(crate) fn of(
        (job, thread_number, aux_path): (&JobPlan, u32, &Path),
        generator: &Generator,
        regions: &Regions,
        seeds: &StreamSeeds,
        (caps, steered): (Caps, bool),
    ) -> Result<Option<Verification>, Failure> {
        let Some(format) = Format::new(job) else { return Ok(None) };
        let depth = worker::depth(job, caps) as usize;
        let draws = format.draws_seeds();
        let path = verify_state::path_of(aux_path, job.name.as_ref(), thread_number);
        let known: Option<course::Knowledge> = match job.verify.state_load {
            true => {
                let saved = verify_state::load(&path, job)?;
                Some(Box::new(move |number| saved.known(number)))
            }
            false => None,
        };
        let parts = course::Parts { regions, seeds, steered, draws, known };
        Ok(Some(Verification {
            course: Course::new(job, generator, parts),
            format,
            tasks: vec![Task::Other; depth],
            thread: thread_number as u16,
            begin_ns: 0,
            checkers: None,
            held: vec![false; depth],
            keeper: Keeper::of(job, thread_number, path, depth)?,
            fatal: job.verify.fatal,
            blind: caps.no_data,
            mismatches: 0,
            unsurvived: 0,
            checked: 0,
        }))
    }

    fn keep(&mut self, task: &Task, well: bool) {
        if let Task::Write { number, .. } = *task
            && let Some(trail) = self.keeper.as_mut().and_then(|keeper| keeper.trail.as_mut())
        {
            trail.ended(number, well);
        }
    }

    /// True if a journal is kept.
    pub(super) fn has_journal(&self) -> bool {
        self.keeper.as_ref().is_some_and(|keeper| keeper.journal.is_some())
    }

    /// The same with threads that check, if the job wants them.
    pub(crate) fn with_threads(
        mut self,
        job: &JobPlan,
        buffers: &BufferPool,
    ) -> Result<Verification, Failure> {
        let (count, cpus) = (job.verify.check_threads, job.verify.check_cpus.as_ref());
        if count > 0 {
            self.checkers = Some(Checkers::start(count, cpus, &self.format, buffers)?);
        }
        Ok(self)
    }

    /// True if a request may have to do with bytes that another one in flight changes.
    pub(super) fn can_overlap(&self) -> bool {
        self.course.can_overlap()
    }
}

impl Drive<'_> {
    /// What comes next in a job that verifies; `None`: ask again.
    pub(super) fn next_verified(&mut self) -> Option<Step> {
        let verification = self.verification.as_mut()?;
        let targets = &self.targets;
        verification.course.step(&mut self.generator, |file| targets.is_open(file))
    }

    /// The request that comes next has to wait for one that changes the same bytes.
    pub(super) fn wait_for_overlapped(&mut self, request: Request) {
        self.waiting = Some(request);
        if let Some(verification) = &mut self.verification {
            verification.course.overtaken();
        }
    }

    /// True while what a pass has written is read back.
    pub(super) fn is_reading_back(&self) -> bool {
        self.verification.as_ref().is_some_and(|v| v.course.is_reading_back())
    }

    /// True if the last request comes from verification and not from the generator.
    pub(super) fn adds_request(&self) -> bool {
        self.verification.as_ref().is_some_and(|v| v.course.adds(&v.course.task()))
    }

    /// True if the request of this slot comes from the generator.
    #[inline]
    pub(super) fn is_generated(&self, slot: Slot) -> bool {
        let Some(verification) = &self.verification else { return true };
        !verification.course.adds(&verification.tasks[slot.index()])
    }

    /// Notes what a request is, and makes what it writes.
    #[inline]
    pub(super) fn prepare_verified(&mut self, slot: Slot, request: &Request) {
        let Some(verification) = &mut self.verification else { return };
        let task = verification.course.task();
        verification.tasks[slot.index()] = task;
        if let Some(trail) = verification.keeper.as_mut().and_then(|keeper| keeper.trail.as_mut()) {
            match task {
                Task::Write { number, .. } => trail.issued(number),
                // A flush of one file among several says nothing about the others.
                _ if is_flush(request.direction) && self.targets.files().len() == 1 => {
                    trail.flush_begins(slot);
                }
                _ => {}
            }
        }
        if let Task::Write { number, seed, .. } = task {
            let origin = Origin {
                offset: request.offset,
                number,
                seed,
                time_ns: self.now_ns.saturating_sub(verification.begin_ns),
                thread: verification.thread,
            };
            let buffer = self.buffers.get_mut(slot);
            if let Some(buffer) = buffer.get_mut(..request.length as usize) {
                verification.format.stamp(buffer, &origin);
            }
        }
    }

    /// Looks at the transfers that have completed as a whole.
    pub(super) fn verify_completed(&mut self) {
        for index in 0..self.done.list().len() {
            let completion = self.done.list()[index];
            let unit = self.units[completion.slot.index()];
            if is_whole(&unit, completion.result) {
                self.verify_moved(&unit, unit.length);
            }
        }
    }

    /// So many bytes of a request have been moved, and no more will be.
    pub(super) fn verify_moved(&mut self, unit: &Unit, bytes: u64) {
        let Some(verification) = &mut self.verification else { return };
        let task = verification.tasks[unit.slot.index()];
        let Task::Check(content) = task else {
            verification.keep(&task, bytes == unit.length);
            return verification.course.ended(&task, &request_of(unit), bytes == unit.length);
        };
        let blocks = verification.course.blocks(unit.length);
        verification.course.checked(blocks);
        if verification.blind {
            return self.ledger.record_skipped(SkipReason::NoData, blocks);
        }
        let Content { number, newer, seed, likely_seed, zeroes, later } = content;
        let expected = Expected { offset: unit.offset, number, newer, seed, likely_seed, zeroes };
        let check = Check { unit: *unit, bytes, expected, later };
        if let Some(checkers) = &mut verification.checkers {
            return match checkers.hand_over(check, &mut self.buffers) {
                Ok(()) => verification.held[unit.slot.index()] = true,
                Err(errno) => self.fail(&Failure::new("hand data over to be checked", errno)),
            };
        }
        let buffer = self.buffers.get_mut(unit.slot);
        let data = buffer.get_mut(..bytes as usize).unwrap_or_default();
        let result = verification.format.check(data, unit.length, &expected);
        self.judge_block(&check, result);
    }

    /// Data have been checked.
    fn judge_block(&mut self, check: &Check, result: Result<(), Box<Mismatch>>) {
        let Some(verification) = &mut self.verification else { return };
        let blocks = verification.course.blocks(check.unit.length);
        match result {
            Ok(()) => {
                verification.checked += blocks;
                self.ledger.record_checked(blocks);
            }
            // Either is possible.
            Err(mismatch) if check.later && !mismatch.is_older() => {
                self.ledger.record_skipped(SkipReason::InFlight, blocks);
            }
            Err(mismatch) => {
                verification.checked += blocks;
                self.ledger.record_checked(blocks);
                self.tell_mismatch(&check.unit, &mismatch);
            }
        }
    }

    /// True if threads check what this slot has.
    #[inline]
    pub(super) fn is_held(&self, slot: Slot) -> bool {
        self.verification.as_ref().is_some_and(|v| v.held[slot.index()])
    }

    /// True while threads check.
    pub(super) fn is_checking(&self) -> bool {
        let checkers = self.verification.as_ref().and_then(|v| v.checkers.as_ref());
        checkers.is_some_and(|checkers| checkers.outstanding() > 0)
    }

    /// Takes what threads have checked; waits for it if nothing else can go on.
    pub(super) fn collect_checked(&mut self, drain: bool) {
        let mut wait = self.in_flight == 0
            && self.batch.is_empty()
            && (drain || self.free.is_empty() || self.waiting.is_some());
        loop {
            let Some(verification) = &mut self.verification else { return };
            let Some(checkers) = &mut verification.checkers else { return };
            let verdict = match checkers.verdict(wait, &mut self.buffers) {
                Ok(Some(verdict)) => verdict,
                Ok(None) => return,
                Err(errno) => {
                    return self.fail(&Failure::new("take checked data back", errno));
                }
            };
            wait = false;
            let unit = verdict.check.unit;
            verification.held[unit.slot.index()] = false;
            self.ledger.begin();
            match verdict.result {
                Ok(result) => self.judge_block(&verdict.check, result),
                Err(errno) => self.fail(&Failure::new("check data in a thread", errno)),
            }
            self.ledger.end();
            self.free_slot(&unit);
        }
    }

    /// A request has failed.
    pub(super) fn verify_failed(&mut self, unit: &Unit) {
        let Some(verification) = &mut self.verification else { return };
        let task = verification.tasks[unit.slot.index()];
        if let Task::Check(_) = task {
            let blocks = verification.course.blocks(unit.length);
            verification.course.checked(blocks);
            return self.ledger.record_skipped(SkipReason::ReadFailed, blocks);
        }
        verification.keep(&task, false);
        if let Some(trail) = verification.keeper.as_mut().and_then(|keeper| keeper.trail.as_mut()) {
            trail.flush_ended(unit.slot, false);
        }
        verification.course.ended(&task, &request_of(unit), false);
    }

    /// A flush has ended well.
    pub(super) fn verify_flushed(&mut self, slot: Slot) {
        let keeper = self.verification.as_mut().and_then(|v| v.keeper.as_mut());
        if let Some(trail) = keeper.and_then(|keeper| keeper.trail.as_mut()) {
            trail.flush_ended(slot, true);
        }
    }

    /// All that has been written is durable.
    pub(super) fn verify_all_flushed(&mut self) {
        let keeper = self.verification.as_mut().and_then(|v| v.keeper.as_mut());
        if let Some(trail) = keeper.and_then(|keeper| keeper.trail.as_mut()) {
            trail.all_durable();
        }
    }

    /// Notes in the journal what has changed.
    pub(super) fn write_journal(&mut self) {
        let keeper = self.verification.as_mut().and_then(|v| v.keeper.as_mut());
        let Some(keeper) = keeper else { return };
        if let Err(failure) = keeper.note() {
            keeper.journal = None;
            self.fail(&failure);
        }
    }

    /// A request that was made, and maybe prepared in a slot, does not go out.
    pub(super) fn withdraw_verified(&mut self, slot: Option<Slot>, request: &Request) {
        let Some(verification) = &mut self.verification else { return };
        let task = match slot {
            Some(slot) => verification.tasks[slot.index()],
            None => verification.course.task(),
        };
        if let Task::Write { number, .. } = task
            && let Some(trail) = verification.keeper.as_mut().and_then(|k| k.trail.as_mut())
            && slot.is_some()
        {
            trail.withdrawn(number);
        }
        verification.course.withdrawn(&task, request);
    }

    #[cold]
    fn tell_mismatch(&mut self, unit: &Unit, mismatch: &Mismatch) {
        let Some(verification) = &mut self.verification else { return };
        let path = self.targets.files()[unit.file.index()].path.display().to_string();
        verification.mismatches += 1;
        let told = verification.mismatches <= TOLD;
        let fatal = verification.fatal;
        self.ledger.record_mismatch(&record_of(mismatch, &path));
        let text = mismatch.describe(&path);
        if fatal {
            return self.fail(&Failure { errno: Errno::ILSEQ, text });
        }
        self.ledger.record_error(Errno::ILSEQ.0);
        if told {
            self.ledger.message(Severity::Error, &text);
        }
        let survives = self.survives_mismatch();
        if let Some(verification) = &mut self.verification {
            verification.unsurvived += u64::from(!survives);
        }
    }

    /// True if `continue_on_error` and `ignore_error` make a mismatch no reason to fail.
    fn survives_mismatch(&self) -> bool {
        let errors = &self.settings.errors;
        errors.continue_on.verify
            && errors.ignore_verify.as_ref().is_none_or(|list| list.contains(&Errno::ILSEQ.0))
    }

    /// A pass begins.
    pub(super) fn begin_verified_pass(&mut self) {
        let Some(verification) = &mut self.verification else { return };
        if verification.begin_ns == 0 {
            verification.begin_ns = self.now_ns;
        }
        verification.course.begin_pass(&mut self.generator);
    }

    /// The pass is over, or has been read back, and nothing is in flight.
    pub(super) fn turn_to_read_back(&mut self) {
        self.note_skipped();
        if self.end.is_some() {
            return;
        }
        let wants = self.verification.as_ref().is_some_and(|v| v.course.wants_read_back());
        if !wants {
            self.close_all();
            self.generator.closed_all();
            return self.judge();
        }
        (self.enter)(board::State::Verifying);
        // What has not been flushed would be read from the cache.
        let flushed = self.targets.flush_all(false);
        if let Err(failure) = flushed {
            return self.fail(&failure);
        }
        self.verify_all_flushed();
        self.close_all();
        self.targets.forget_caches();
        if let Some(verification) = &mut self.verification {
            verification.course.read_back(&mut self.generator);
        }
        self.now_ns = self.clock.now_ns();
        self.account_pass();
    }

    /// Fails the job if there were mismatches that it does not survive.
    fn judge(&mut self) {
        let Some(verification) = &self.verification else { return };
        if verification.unsurvived == 0 || self.end == Some(End::Failed) {
            return;
        }
        let (wrong, checked) = (verification.mismatches, verification.checked);
        let text = format!("verification failed: {wrong} of {checked} requests that were read");
        self.ledger.set_error(Errno::ILSEQ.0);
        self.ledger.message(Severity::Error, &text);
        self.end = Some(End::Failed);
    }

    fn note_skipped(&mut self) {
        let Some(verification) = &mut self.verification else { return };
        for (why, blocks) in verification.course.take_skipped() {
            self.ledger.record_skipped(reason(why), blocks);
        }
    }

    /// Ends the threads that check; says what they used.
    pub(super) fn end_checkers(&mut self) -> Usage {
        let checkers = self.verification.as_mut().and_then(|v| v.checkers.as_mut());
        checkers.map(Checkers::end).unwrap_or_default()
    }

    /// The job is over.
    pub(super) fn end_verification(&mut self) {
        self.note_skipped();
        let Some(verification) = &self.verification else { return };
        let pending = verification.course.pending();
        if pending > 0 {
            self.ledger.record_skipped(SkipReason::NotReached, pending);
        }
        self.judge();
        let stream = self.generator.offset_stream();
        let Some(verification) = &mut self.verification else { return };
        let saved = match &mut verification.keeper {
            Some(keeper) => keeper.save(&verification.course, stream),
            None => Ok(()),
        };
        if let Err(failure) = saved {
            self.fail(&failure);
        }
    }
}

fn is_flush(direction: Direction) -> bool {
    matches!(direction, Direction::Sync | Direction::Datasync)
}

/// Keeps what is known of the writes of a job, for a later run.
struct Keeper {
    path: PathBuf,
    /// What is saved beside the trail.
    state: State,
    trail: Option<Trail>,
    journal: Option<Journal>,
    /// Only what is durable is vouched for.
    fsynced: bool,
}

impl Keeper {
    fn of(
        job: &JobPlan,
        thread_number: u32,
        path: PathBuf,
        depth: usize,
    ) -> Result<Option<Keeper>, Failure> {
        let verify = &job.verify;
        if !job.pattern.rw.write || job.limits.verify_only || !verify.state_save {
            return Ok(None);
        }
        if !verify.state_load {
            verify_state::forget(&path)?;
        }
        let fsynced = verify.state_policy == VerifyPolicy::Fsynced;
        let journal = Journal::create(&path, job)?;
        let follows = fsynced || journal.is_some();
        let synchronous = job.files.sync != SyncMode::None;
        let state = State {
            index: u64::from(thread_number.saturating_sub(1)),
            name: job.name.to_string(),
            depth: job.engine.iodepth.max(1),
            stream: vec![0; 3],
            ..State::default()
        };
        let trail = follows.then(|| Trail::new(depth, synchronous));
        Ok(Some(Keeper { path, state, trail, journal, fsynced }))
    }

    fn note(&mut self) -> Result<(), Failure> {
        let (Some(trail), Some(journal)) = (&mut self.trail, &mut self.journal) else {
            return Ok(());
        };
        if !trail.take_changed() {
            return Ok(());
        }
        let mut durable = self.state.clone();
        trail.fill(&mut durable, true);
        trail.fill(&mut self.state, false);
        journal.write(&self.state, &durable)
    }

    fn save(&mut self, course: &Course, stream: (Vec<u64>, bool)) -> Result<(), Failure> {
        (self.state.stream, self.state.wide) = stream;
        match &self.trail {
            Some(trail) => trail.fill(&mut self.state, self.fsynced),
            None => {
                self.state.writes = course.writes();
                self.state.failed = course.failed().to_vec();
            }
        }
        verify_state::save(&self.path, &self.state)
    }
}

fn reason(why: Skipped) -> SkipReason {
    match why {
        Skipped::WriteFailed => SkipReason::WriteFailed,
        Skipped::Overwritten => SkipReason::Overwritten,
        Skipped::InFlight => SkipReason::InFlight,
        Skipped::NotDurable => SkipReason::NotDurable,
        Skipped::NotWritten => SkipReason::NotWritten,
        Skipped::Trimmed => SkipReason::Trimmed,
    }
}

fn record_of(mismatch: &Mismatch, path: &str) -> MismatchRecord {
    let found = mismatch.found.map(|header| FoundHeader {
        number: header.number,
        seed: header.seed,
        offset: header.offset,
        length: u64::from(header.length),
        time_ns: u64::from(header.time.0) * 1_000_000_000 + u64::from(header.time.1),
        thread: u64::from(header.thread),
    });
    MismatchRecord {
        file: path.to_owned(),
        offset: mismatch.offset,
        length: mismatch.length,
        request_offset: mismatch.request.0,
        request_length: mismatch.request.1,
        class: Some(match mismatch.class {
            Class::Zeroes => MismatchClass::Zeroes,
            Class::BitFlip => MismatchClass::BitFlip,
            Class::Torn => MismatchClass::Torn,
            Class::Stale => MismatchClass::Stale,
            Class::Misdirected => MismatchClass::Misdirected,
            Class::Unknown => MismatchClass::Unknown,
            Class::Short => MismatchClass::Short,
            Class::Damaged => MismatchClass::Damaged,
        }),
        expected_number: mismatch.expected.number,
        expected_seed: mismatch.expected.seed,
        found,
        first_byte: mismatch.differs.map(|(first, _)| first),
        differing_bits: mismatch.differs.map(|(_, bits)| bits),
    }
}
