//! What became of requests: whole transfers, parts, flushes, errors.

use fiord_base::Direction;
use fiord_engine::{Completion, Unit};
use fiord_measure::ledger::Record;
use fiord_measure::report::Severity;
use fiord_sys::Errno;
use fiord_workload::{Outcome, Request};

use super::{Drive, End};
use crate::failure::Failure;

impl Drive<'_> {
    /// Accounts for everything that has completed.
    #[inline]
    pub(super) fn settle(&mut self) {
        let count = self.done.list().len();
        if count == 0 {
            return;
        }
        self.ledger.begin();
        if self.settings.watched {
            self.watch_all();
        }
        // Requests that were submitted and reaped together have the same stamps and are counted
        // together.
        let mut alike: Option<Record> = None;
        for index in 0..count {
            let completion = self.done.list()[index];
            let slot = completion.slot.index();
            let unit = self.units[slot];
            match completion.result {
                result if is_whole(&unit, result) => {
                    let record = Record {
                        direction: unit.direction,
                        count: 1,
                        bytes: unit.length,
                        start_ns: self.starts_ns[slot],
                        issued_ns: completion.issued_ns,
                        done_ns: completion.done_ns,
                    };
                    match &mut alike {
                        Some(former) if former.is_like(&record) => {
                            former.count += 1;
                            former.bytes += record.bytes;
                        }
                        _ => {
                            if let Some(former) = alike.replace(record) {
                                self.ledger.record(&former);
                            }
                        }
                    }
                    self.release(&unit, Outcome::Bytes(unit.length));
                }
                _ => self.settle_other(&unit, &completion),
            }
        }
        if let Some(last) = alike {
            self.ledger.record(&last);
        }
        if let Some(last) = self.done.list().last()
            && self.settings.stamped
        {
            self.now_ns = last.done_ns;
        }
        self.in_flight -= count;
        self.ledger.end();
        self.done.clear();
        if self.settings.watched {
            self.look_on();
        }
    }

    /// What is due when requests have been settled.
    #[cold]
    fn look_on(&mut self) {
        if self.pace.is_some() {
            self.watch_floors();
        }
        if self.settings.journals {
            self.journal_ended();
        }
    }

    /// Hands what has completed to those that look at more than counts.
    #[cold]
    fn watch_all(&mut self) {
        if self.priorities.is_some() {
            self.count_priorities();
        }
        if self.pace.is_some() {
            self.watch_completed();
        }
        if self.blocks.is_some() {
            self.follow_completed();
        }
        if self.settings.verifies {
            self.verify_completed();
        }
    }

    /// Tells the generator and gives the slot back.
    #[inline(always)]
    pub(super) fn release(&mut self, unit: &Unit, outcome: Outcome) {
        if self.settings.tended {
            return self.release_tended(unit, outcome);
        }
        self.generator.done(&request_of(unit), outcome);
        self.free.push(unit.slot);
    }

    /// The same for jobs that lock files, keep overlapping requests apart or verify.
    #[inline(never)]
    fn release_tended(&mut self, unit: &Unit, outcome: Outcome) {
        if self.settings.locks
            && let Err(failure) = self.targets.unlock(unit.file)
        {
            self.fail(&failure);
        }
        if self.is_generated(unit.slot) {
            self.generator.done(&request_of(unit), outcome);
        }
        if !self.is_held(unit.slot) {
            self.free_slot(unit);
        }
    }

    /// Gives the slot back.
    #[inline(always)]
    pub(super) fn free_slot(&mut self, unit: &Unit) {
        if self.settings.serialize {
            self.units[unit.slot.index()].length = 0;
        }
        self.free.push(unit.slot);
    }

    /// Flushes, short transfers and errors.
    #[cold]
    pub(super) fn settle_other(&mut self, unit: &Unit, completion: &Completion) {
        match completion.result {
            Ok(_) if !unit.direction.is_data() => {
                let ns = completion.done_ns.saturating_sub(completion.issued_ns);
                self.ledger.record_flush(ns);
                if self.settings.verifies {
                    self.note_flushed(unit);
                }
                self.release(unit, Outcome::Bytes(0));
            }
            Ok(moved) => self.settle_short(unit, completion, moved),
            Err(errno) => self.settle_error(unit, completion, errno),
        }
    }

    /// Continues a transfer that was cut short, or accepts it when its last part or the end of the file
    /// is reached.
    fn settle_short(&mut self, unit: &Unit, completion: &Completion, moved: u64) {
        let progress = unit.progress + moved;
        let end = unit.offset + progress;
        let at_end = unit.direction == Direction::Read
            && end >= self.targets.files()[unit.file.index()].real_bytes;
        if moved == 0 && !at_end {
            return self.settle_error(unit, completion, Errno::IO);
        }
        if at_end || progress == unit.length {
            self.record_part(unit, progress, completion);
            return self.release(unit, Outcome::Bytes(progress));
        }
        self.ledger.record_short(unit.direction);
        let rest = Unit { progress, ..*unit };
        self.units[unit.slot.index()] = rest;
        self.batch.insert(self.continued, rest);
        self.continued += 1;
    }

    /// Counts a request that was moved in parts, or of which only `bytes` were moved. Where total and
    /// completion latency are the same thing, it is the time of all parts.
    fn record_part(&mut self, unit: &Unit, bytes: u64, completion: &Completion) {
        let start_ns = self.starts_ns[unit.slot.index()];
        self.ledger.record(&Record {
            direction: unit.direction,
            count: 1,
            bytes,
            start_ns,
            issued_ns: if self.settings.single { start_ns } else { completion.issued_ns },
            done_ns: completion.done_ns,
        });
        self.count_priority(unit, completion);
        self.watch(unit, completion);
        self.follow_moved(unit, bytes);
        if self.settings.verifies {
            self.verify_moved(unit, bytes);
        }
    }

    /// Decides whether an error is survived.
    fn settle_error(&mut self, unit: &Unit, completion: &Completion, errno: Errno) {
        let full = matches!(errno, Errno::NOSPC | Errno::DQUOT);
        if self.settings.fill_device && full && unit.direction == Direction::Write {
            match unit.progress {
                0 => {
                    self.ledger.record_failed(unit.direction);
                    if self.settings.verifies {
                        self.verify_failed(unit);
                    }
                }
                moved => self.record_part(unit, moved, completion),
            }
            return self.release(unit, Outcome::Full);
        }
        if unit.direction.is_data() {
            self.ledger.record_failed(unit.direction);
        }
        if self.settings.verifies {
            self.verify_failed(unit);
        }
        if self.cancelling && errno == Errno::CANCELED {
            // That is what was asked for.
            return self.release(unit, Outcome::Failed);
        }
        self.follow_failed(unit);
        if self.survives(unit.direction, errno) {
            self.ledger.record_error(errno.0);
            if self.settings.errors.dump {
                let failure = self.describe(unit, errno);
                self.ledger.message(Severity::Warning, &failure.text);
            }
        } else {
            self.fail(&self.describe(unit, errno));
        }
        self.release(unit, Outcome::Failed);
    }

    fn describe(&self, unit: &Unit, errno: Errno) -> Failure {
        let path = self.targets.files()[unit.file.index()].path.display();
        let action = match unit.direction {
            direction if direction.is_data() => format!(
                "{} {} bytes at offset {} of '{path}'",
                direction.name(),
                unit.length,
                unit.offset
            ),
            direction => format!("{} '{path}'", direction.name()),
        };
        let failure = Failure::new(action, errno);
        let remedy = self.engine.remedy(errno);
        if !remedy.is_empty() {
            return failure.with_remedy(remedy);
        }
        let total =
            self.ledger.progress(Direction::Read).1 + self.ledger.progress(Direction::Write).1;
        if errno == Errno::INVAL && self.targets.is_direct() && total <= 1 {
            return failure.with_remedy(
                "direct=1 wants offsets and block sizes that are multiples of the device's logical block size",
            );
        }
        failure
    }

    /// True if `continue_on_error` and `ignore_error` let the job go on.
    fn survives(&self, direction: Direction, errno: Errno) -> bool {
        let errors = &self.settings.errors;
        let (on, list) = match direction {
            Direction::Read => (errors.continue_on.read, &errors.ignore_read),
            _ => (errors.continue_on.write, &errors.ignore_write),
        };
        on && match list {
            Some(list) => list.contains(&errno.0),
            None => errno == Errno::IO || errno == Errno::ILSEQ,
        }
    }

    /// Ends the job with an error; what is in flight is still reaped. Only the first error is told:
    /// the others of a deep queue are most often the same.
    pub(super) fn fail(&mut self, failure: &Failure) {
        self.ledger.record_error(failure.errno.0);
        self.ledger.set_error(failure.errno.0);
        if self.end != Some(End::Failed) {
            self.ledger.message(Severity::Error, &failure.text);
        }
        self.end = Some(End::Failed);
        self.discard_batch();
        if self.in_flight > 0 && !self.cancelling {
            self.cancelling = true;
            self.engine.cancel();
        }
    }

    /// Begins to end; requests that the engine has not seen are dropped.
    pub(super) fn stop(&mut self, end: End) {
        if self.end.is_none() {
            self.end = Some(end);
            self.ledger.begin();
            self.discard_batch();
            self.ledger.end();
        }
    }

    fn discard_batch(&mut self) {
        for request in [self.waiting.take(), self.not_due.take()].into_iter().flatten() {
            if self.settings.verifies {
                self.withdraw_verified(None, &request);
            }
            self.generator.done(&request, Outcome::Failed);
        }
        self.continued = 0;
        while let Some(unit) = self.batch.pop() {
            if unit.progress > 0 {
                // Part of it has been moved, and its first part has been counted as issued.
                let issued_ns = self.starts_ns[unit.slot.index()];
                let (slot, result) = (unit.slot, Ok(unit.progress));
                let done_ns = self.now_ns.max(issued_ns);
                let part = Completion { slot, result, issued_ns, done_ns };
                self.record_part(&unit, unit.progress, &part);
                if self.settings.locks {
                    // The job ends: that it cannot give a lock back changes nothing.
                    let _ = self.targets.unlock(unit.file);
                }
            }
            if self.settings.verifies {
                self.withdraw_verified(Some(unit.slot), &request_of(&unit));
            }
            self.generator.done(&request_of(&unit), Outcome::Failed);
            self.free_slot(&unit);
        }
    }
}

/// True if a transfer was moved by one attempt; what was moved in parts is counted with its last one.
#[inline(always)]
pub(super) fn is_whole(unit: &Unit, result: Result<u64, Errno>) -> bool {
    result.is_ok_and(|moved| moved == unit.length) && unit.direction.is_data()
}

pub(super) fn request_of(unit: &Unit) -> Request {
    Request { direction: unit.direction, file: unit.file, offset: unit.offset, length: unit.length }
}
