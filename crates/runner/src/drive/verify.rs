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
use fiord_base::{Slot, words};
use fiord_engine::{Caps, Unit};
use fiord_measure::SkipReason;
use fiord_options::plan::JobPlan;
use fiord_sys::process::Usage;
use fiord_sys::{BufferPool, Errno};
use fiord_workload::verify::books;
use fiord_workload::verify::course::{self, Content, Course, Skipped, Task};
use fiord_workload::verify::state::Position;
use fiord_workload::verify::{Expected, Format, Mismatch, Origin};
use fiord_workload::{Generator, Regions, Request, Step};

use super::Drive;
use super::settle::{is_whole, request_of};
use crate::board;
use crate::checkers::{Check, Checkers};
use crate::failure::Failure;
use crate::verify::{Keeper, Past};
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
    /// When the pass began, counted from then.
    pass_ns: u64,
    /// Threads that check what was read, and the slots that they have.
    checkers: Option<Checkers>,
    held: Vec<bool>,
    /// Keeps what is known of writes for later.
    keeper: Option<Keeper>,
    /// The stream of offsets at the begin.
    offsets: Position,
    has_read_back: bool,
    /// What the user should know of the job that ran before.
    note: Option<String>,
    /// Where wrong blocks are dumped.
    dumps: Option<PathBuf>,
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
        if course::needs_books(job, generator.visits_once(), steered) {
            check_memory(books::bytes_for(job, regions))?;
        }
        let place = (aux_path, thread_number);
        let (known, note) = match Past::load(job, place, depth)? {
            Some(Past { known, note }) => (Some(known), note),
            None => (None, None),
        };
        let parts = course::Parts { regions, seeds, steered, draws, known };
        Ok(Some(Verification {
            course: Course::new(job, generator, parts),
            format,
            tasks: vec![Task::Other; depth],
            thread: thread_number as u16,
            begin_ns: 0,
            pass_ns: 0,
            checkers: None,
            held: vec![false; depth],
            keeper: Keeper::of(job, place, (depth, regions.files.len()))?,
            offsets: Position::from(generator.offset_stream()),
            has_read_back: false,
            note,
            dumps: job.verify.dump.then(|| aux_path.to_owned()),
            fatal: job.verify.fatal,
            blind: caps.no_data,
            mismatches: 0,
            unsurvived: 0,
            checked: 0,
        }))
    }

    /// What the user should know of a job that ran before.
    pub(crate) fn note(&self) -> Option<&String> {
        self.note.as_ref()
    }

    /// True if writes have contents of their own.
    pub(super) fn makes_contents(&self) -> bool {
        self.format.makes_contents()
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

    /// True if threads check what was read.
    pub(super) fn has_threads(&self) -> bool {
        self.checkers.is_some()
    }

    /// True if a request may have to do with bytes that another one in flight changes.
    pub(super) fn can_overlap(&self) -> bool {
        self.course.can_overlap()
    }
}

mod keep;
mod tell;

impl Drive<'_> {
    /// What comes next in a job that verifies; `None`: ask again.
    pub(super) fn next_verified(&mut self) -> Option<Step> {
        let verification = self.verification.as_mut()?;
        let targets = &self.targets;
        let step = verification.course.step(&mut self.generator, |file| targets.is_open(file));
        // Nothing comes before something ends, or all at once.
        if step.is_none() && self.in_flight > 0 && self.batch.is_empty() {
            self.wait_for_room();
        }
        step
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
        verification.course.begins(&task, request);
        verification.note_begin(slot, &task, request.direction);
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
            verification.note_end(unit, bytes == unit.length);
            return verification.course.ended(&task, &request_of(unit), bytes == unit.length);
        };
        let blocks = verification.course.blocks(unit.length);
        verification.course.checked(blocks);
        if verification.blind {
            return self.ledger.record_skipped(SkipReason::NoData, blocks);
        }
        let Content { number, newer, seed, likely_seed, zeroes, later } = content;
        // What an earlier pass has written can have the same number and seed.
        let not_before_ns = verification.course.reads_own_writes().then_some(verification.pass_ns);
        let expected = Expected {
            offset: unit.offset,
            number,
            newer,
            seed,
            likely_seed,
            not_before_ns,
            zeroes,
        };
        let check = Check { unit: *unit, bytes, expected, later };
        if let Some(checkers) = &mut verification.checkers {
            return match checkers.hand_over(check, &mut self.buffers) {
                Ok(()) => verification.held[unit.slot.index()] = true,
                Err(errno) => self.fail(&Failure::new("hand data over to be checked", errno)),
            };
        }
        let buffer = self.buffers.get_mut(unit.slot);
        let data = buffer.get_mut(..bytes as usize).unwrap_or_default();
        let mismatches = check.of(&verification.format, data);
        self.judge_request(&check, &mismatches);
    }

    /// Data have been checked, and these blocks are wrong.
    #[inline]
    fn judge_request(&mut self, check: &Check, mismatches: &[Mismatch]) {
        let Some(verification) = &mut self.verification else { return };
        let blocks = verification.course.blocks(check.unit.length);
        if mismatches.is_empty() {
            verification.checked += blocks;
            return self.ledger.record_checked(blocks);
        }
        let allowed = |mismatch: &Mismatch| check.later && !mismatch.excludes_later();
        let open = mismatches.iter().filter(|mismatch| allowed(mismatch)).count() as u64;
        verification.checked += blocks - open.min(blocks);
        self.ledger.record_checked(blocks - open.min(blocks));
        if open > 0 {
            self.ledger.record_skipped(SkipReason::InFlight, open);
        }
        for mismatch in mismatches.iter().filter(|mismatch| !allowed(mismatch)) {
            self.tell_mismatch(&check.unit, mismatch);
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
                Ok(mismatches) => self.judge_request(&verdict.check, &mismatches),
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
        verification.note_end(unit, false);
        verification.course.ended(&task, &request_of(unit), false);
    }

    /// A request that was made, and maybe prepared in a slot, does not go out.
    pub(super) fn withdraw_verified(&mut self, slot: Option<Slot>, request: &Request) {
        let Some(verification) = &mut self.verification else { return };
        let task = match slot {
            Some(slot) => verification.tasks[slot.index()],
            None => verification.course.task(),
        };
        if let Some(slot) = slot {
            verification.note_withdrawn(slot, &task);
        }
        verification.course.withdrawn(&task, request);
    }

    /// A pass begins.
    pub(super) fn begin_verified_pass(&mut self) {
        let Some(verification) = &mut self.verification else { return };
        if verification.begin_ns == 0 {
            verification.begin_ns = self.now_ns;
        }
        verification.pass_ns = self.now_ns.saturating_sub(verification.begin_ns);
        verification.course.begin_pass(&mut self.generator);
    }

    /// The pass is over, or has been read back, and nothing is in flight.
    pub(super) fn turn_to_read_back(&mut self) {
        self.note_skipped();
        if self.end.is_some() {
            return;
        }
        let generator = &self.generator;
        let wants = self.verification.as_ref().is_some_and(|v| v.course.wants_read_back(generator));
        if !wants {
            self.close_all();
            self.generator.closed_all();
            return self.judge();
        }
        (self.enter)(board::State::Verifying);
        // What has not been flushed would be read from the cache.
        let flushed = self.targets.flush_all(false);
        self.note_all_flushed(flushed.is_ok());
        if let Err(failure) = flushed {
            return self.fail(&failure);
        }
        self.close_all();
        self.targets.forget_caches();
        if let Some(verification) = &mut self.verification {
            verification.has_read_back = true;
            verification.course.read_back(&mut self.generator);
        }
        self.now_ns = self.clock.now_ns();
        self.account_pass();
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
        self.tell_of_nothing();
        self.keep_state();
    }
}

/// Refuses books for which there is no memory: a job that is killed for it has verified nothing.
fn check_memory(needed: Option<u64>) -> Result<(), Failure> {
    let available = fiord_sys::host::available_memory_bytes().unwrap_or(u64::MAX);
    if needed.is_some_and(|needed| needed <= available) {
        return Ok(());
    }
    let needed = needed.map_or("more bytes than can be counted".to_owned(), words::short_size);
    let text = format!(
        "verification needs {needed} of memory to know what each block holds, and {} are available: \
         blocks of this job can be written more than once (a random map, or one pass without gaps, needs \
         no such books; larger blocks or a smaller size need less)",
        words::short_size(available)
    );
    Err(Failure { errno: Errno::NOMEM, text })
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
