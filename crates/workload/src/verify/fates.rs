//! What is known of each write of a job: while it runs, and after it was saved.
//!
//! Writes have numbers. While the job runs, [`Fates`] knows how many were issued, which of them are in
//! flight, which failed, and which are durable: acknowledged before a flush that has succeeded since was
//! submitted. All memory is there from the start. What is left of this in a [state](super::state) or a
//! [journal](super::journal) is [`Saved`], which tells the fate of each number.
//!
//! A flush covers one target. With several of them, a set of writes is durable when each target that
//! had any was flushed after the set was fixed; until then it is not, whatever the kernel has done.

use fiord_base::{FileIndex, Slot};
use fiord_options::plan::VerifyPolicy;

use super::course::{Known, Skipped};

/// A slot of the queue that has no write.
pub const FREE: u64 = u64::MAX;

/// Most failed writes that are remembered one by one.
pub const FAILED_MOST: usize = 4096;

/// What became of a write, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Acknowledged, and a flush that came after that has succeeded.
    Durable,
    /// Acknowledged.
    Acknowledged,
    /// Issued; how it ended is not known.
    InFlight,
    /// The kernel or the device refused it.
    Failed,
    /// It may have been made, but nothing vouches for it.
    Unknown,
    /// It was not issued.
    Never,
}

/// So many writes were issued, without those that were in flight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Writes issued.
    pub writes: u64,
    /// Numbers of those in flight, by slot; [`FREE`] is none.
    pub in_flight: Vec<u64>,
}

impl Extent {
    fn copy_from(&mut self, other: &Extent) {
        self.writes = other.writes;
        self.in_flight.copy_from_slice(&other.in_flight);
    }

    fn sorted(mut self) -> Extent {
        self.in_flight.retain(|number| *number != FREE);
        self.in_flight.sort_unstable();
        self
    }

    /// True if it has the write; for extents that are sorted.
    fn has(&self, number: u64) -> bool {
        number < self.writes && self.in_flight.binary_search(&number).is_err()
    }
}

/// A target, as far as flushes are concerned.
#[derive(Clone, Copy, Debug, Default)]
struct Target {
    /// Writes have ended since the last set was fixed.
    dirty: bool,
    /// It has to be flushed before that set is durable.
    awaited: bool,
}

/// The writes of a job that runs.
#[derive(Clone, Debug)]
pub struct Fates {
    now: Extent,
    durable: Extent,
    /// The set that becomes durable next, while targets are awaited.
    next: Extent,
    fixed: bool,
    awaited: usize,
    /// Which fixed set a flush in flight belongs to, by slot.
    flushes: Vec<u64>,
    round: u64,
    targets: Vec<Target>,
    failed: Vec<u64>,
    /// From this one on, failed writes are not remembered.
    failed_from: u64,
    flush_failed: bool,
    /// What is acknowledged is durable.
    write_through: bool,
}

impl Fates {
    /// Of a job with so many requests in flight on so many targets. `write_through`: what is acknowledged
    /// is durable (O_SYNC, O_DSYNC).
    pub fn new(depth: usize, targets: usize, write_through: bool) -> Fates {
        let none = Extent { writes: 0, in_flight: vec![FREE; depth] };
        Fates {
            now: none.clone(),
            durable: none.clone(),
            next: none,
            fixed: false,
            awaited: 0,
            flushes: vec![FREE; depth],
            round: 0,
            targets: vec![Target::default(); targets],
            failed: Vec::with_capacity(FAILED_MOST),
            failed_from: u64::MAX,
            flush_failed: false,
            write_through,
        }
    }

    /// A write is about to go out.
    #[inline]
    pub fn issued(&mut self, slot: Slot, number: u64) {
        self.now.writes = number + 1;
        if let Some(place) = self.now.in_flight.get_mut(slot.index()) {
            *place = number;
        }
    }

    /// A write has ended; `whole`: all of it was moved.
    #[inline]
    pub fn ended(&mut self, slot: Slot, file: FileIndex, whole: bool) {
        let Some(place) = self.now.in_flight.get_mut(slot.index()) else { return };
        let number = std::mem::replace(place, FREE);
        if let Some(target) = self.targets.get_mut(file.index()) {
            target.dirty = true;
        }
        if !whole && number != FREE {
            self.fail(number);
        }
    }

    fn fail(&mut self, number: u64) {
        if self.failed.len() < FAILED_MOST {
            self.failed.push(number);
        } else {
            self.failed_from = self.failed_from.min(number);
        }
    }

    /// A write was not made after all; of several the last one first.
    pub fn withdrawn(&mut self, slot: Slot, number: u64) {
        match self.now.in_flight.get_mut(slot.index()) {
            Some(place) if *place == number => *place = FREE,
            // A part of it was moved.
            _ => return,
        }
        self.now.writes = number;
        self.durable.writes = self.durable.writes.min(number);
        self.next.writes = self.next.writes.min(number);
    }

    /// A flush of a target is about to go out.
    pub fn flush_submitted(&mut self, slot: Slot) {
        if !self.fixed {
            self.fixed = true;
            self.round += 1;
            self.next.copy_from(&self.now);
            self.awaited = 0;
            for target in &mut self.targets {
                target.awaited = std::mem::take(&mut target.dirty);
                self.awaited += usize::from(target.awaited);
            }
        }
        if let Some(place) = self.flushes.get_mut(slot.index()) {
            *place = self.round;
        }
    }

    /// A flush has ended. Returns true if more writes are durable now.
    pub fn flush_ended(&mut self, slot: Slot, file: FileIndex, success: bool) -> bool {
        let round = match self.flushes.get_mut(slot.index()) {
            Some(place) => std::mem::replace(place, FREE),
            None => return false,
        };
        if round == FREE {
            // It is of a kind that makes nothing durable.
            return false;
        }
        self.flush_failed |= !success;
        if !success || !self.fixed || round != self.round {
            return false;
        }
        if let Some(target) = self.targets.get_mut(file.index())
            && std::mem::take(&mut target.awaited)
        {
            self.awaited -= 1;
        }
        if self.awaited == 0 {
            self.fixed = false;
            // After an error the kernel may have forgotten what it had to write.
            if !self.flush_failed {
                self.durable.copy_from(&self.next);
                return true;
            }
        }
        false
    }

    /// All targets were flushed while nothing was in flight.
    pub fn all_flushed(&mut self, success: bool) {
        self.flush_failed |= !success;
        if !self.flush_failed {
            self.fixed = false;
            self.targets.fill(Target::default());
            self.durable.copy_from(&self.now);
        }
    }

    /// Writes issued so far.
    pub fn writes(&self) -> u64 {
        self.now.writes
    }

    /// What is in flight.
    pub fn now(&self) -> &Extent {
        &self.now
    }

    /// What is known to be durable.
    pub fn durable(&self) -> &Extent {
        if self.write_through { &self.now } else { &self.durable }
    }

    /// Numbers of failed writes, and the first one from which on they are not remembered.
    pub fn failed(&self) -> (&[u64], u64) {
        (&self.failed, self.failed_from)
    }

    /// A flush has failed: what was acknowledged and is not durable may be lost.
    pub fn has_failed_flush(&self) -> bool {
        self.flush_failed
    }

    /// What [`Saved`] would say if all of it were kept.
    pub fn saved(&self) -> Saved {
        Saved {
            issued: self.now.clone().sorted(),
            durable: self.durable().clone().sorted(),
            failed: sorted(self.failed.clone()),
            failed_from: self.failed_from,
            flush_failed: self.flush_failed,
            open_ended: false,
        }
    }
}

fn sorted(mut numbers: Vec<u64>) -> Vec<u64> {
    numbers.sort_unstable();
    numbers
}

/// What was saved of the writes of a job that ran before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    issued: Extent,
    durable: Extent,
    failed: Vec<u64>,
    failed_from: u64,
    flush_failed: bool,
    /// More may have been issued than is said.
    open_ended: bool,
}

impl Saved {
    /// Of the parts that a journal has, in any order.
    pub(super) fn of_journal(
        issued: Extent,
        durable: Extent,
        failed: Vec<u64>,
        (failed_from, flush_failed): (u64, bool),
    ) -> Saved {
        Saved {
            issued: issued.sorted(),
            durable: durable.sorted(),
            failed: sorted(failed),
            failed_from,
            flush_failed,
            open_ended: false,
        }
    }

    /// Of the parts that a state file has. By [`VerifyPolicy::Fsynced`] these are durable writes, and what
    /// came after them is not known.
    pub(super) fn of_state(issued: Extent, failed: Vec<u64>, policy: VerifyPolicy) -> Saved {
        let fsynced = policy == VerifyPolicy::Fsynced;
        let issued = issued.sorted();
        Saved {
            durable: if fsynced { issued.clone() } else { Extent::default() },
            issued,
            failed: sorted(failed),
            failed_from: u64::MAX,
            flush_failed: false,
            open_ended: fsynced,
        }
    }

    /// Writes that are known to have been issued.
    pub fn writes(&self) -> u64 {
        self.issued.writes
    }

    /// Numbers of those in flight.
    pub fn in_flight(&self) -> &[u64] {
        &self.issued.in_flight
    }

    /// Numbers of those that failed.
    pub fn failed(&self) -> &[u64] {
        &self.failed
    }

    /// Writes before this one that were not in flight are durable.
    pub fn durable_writes(&self) -> u64 {
        self.durable.writes
    }

    /// What became of a write.
    pub fn fate(&self, number: u64) -> Fate {
        if number >= self.issued.writes {
            return if self.open_ended { Fate::Unknown } else { Fate::Never };
        }
        if self.failed.binary_search(&number).is_ok() {
            return Fate::Failed;
        }
        if self.issued.in_flight.binary_search(&number).is_ok() {
            return Fate::InFlight;
        }
        if number >= self.failed_from {
            return Fate::Unknown;
        }
        match self.durable.has(number) {
            true => Fate::Durable,
            false if self.flush_failed => Fate::Unknown,
            false => Fate::Acknowledged,
        }
    }

    /// What may be expected of a write.
    pub fn known(&self, number: u64, policy: VerifyPolicy) -> Known {
        if number >= self.issued.writes && self.open_ended {
            return Known::Beyond;
        }
        match self.fate(number) {
            Fate::Durable => Known::There,
            Fate::Acknowledged if policy == VerifyPolicy::Completed => Known::There,
            Fate::Acknowledged | Fate::Unknown => Known::Maybe(Skipped::NotDurable),
            Fate::InFlight => Known::Maybe(Skipped::InFlight),
            Fate::Failed => Known::Maybe(Skipped::WriteFailed),
            Fate::Never => Known::End,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileIndex = FileIndex(0);
    const OTHER: FileIndex = FileIndex(1);

    fn fates(fates: &Fates) -> Vec<Fate> {
        let saved = fates.saved();
        (0..=fates.writes()).map(|number| saved.fate(number)).collect()
    }

    #[test]
    fn a_flush_covers_what_was_acknowledged_before_it() {
        let mut job = Fates::new(3, 1, false);
        job.issued(Slot(0), 0);
        job.issued(Slot(1), 1);
        job.ended(Slot(0), FILE, true);
        job.flush_submitted(Slot(2));
        job.issued(Slot(0), 2);
        job.ended(Slot(0), FILE, true);
        job.ended(Slot(1), FILE, true);
        use Fate::*;
        assert_eq!(fates(&job), [Acknowledged, Acknowledged, Acknowledged, Never]);
        assert!(job.flush_ended(Slot(2), FILE, true));
        assert_eq!(fates(&job), [Durable, Acknowledged, Acknowledged, Never]);
        job.flush_submitted(Slot(2));
        job.issued(Slot(0), 3);
        assert!(job.flush_ended(Slot(2), FILE, true));
        assert_eq!(fates(&job), [Durable, Durable, Durable, InFlight, Never]);
    }

    #[test]
    fn all_targets_that_were_written_have_to_be_flushed() {
        let mut job = Fates::new(2, 3, false);
        for (number, file) in [(0, FILE), (1, OTHER)] {
            job.issued(Slot(0), number);
            job.ended(Slot(0), file, true);
        }
        job.flush_submitted(Slot(0));
        assert!(!job.flush_ended(Slot(0), FILE, true), "the other one was not flushed");
        job.issued(Slot(1), 2);
        job.ended(Slot(1), FILE, true);
        job.flush_submitted(Slot(0));
        assert!(job.flush_ended(Slot(0), OTHER, true));
        use Fate::*;
        assert_eq!(fates(&job), [Durable, Durable, Acknowledged, Never]);
        job.all_flushed(true);
        assert_eq!(fates(&job), [Durable, Durable, Durable, Never]);
    }

    #[test]
    fn a_failed_flush_vouches_for_nothing() {
        let mut job = Fates::new(2, 1, false);
        job.issued(Slot(0), 0);
        job.ended(Slot(0), FILE, true);
        job.flush_submitted(Slot(1));
        assert!(!job.flush_ended(Slot(1), FILE, false));
        job.flush_submitted(Slot(1));
        assert!(!job.flush_ended(Slot(1), FILE, true));
        job.all_flushed(true);
        assert_eq!(fates(&job), [Fate::Unknown, Fate::Never]);
        assert_eq!(
            job.saved().known(0, VerifyPolicy::Completed),
            Known::Maybe(Skipped::NotDurable)
        );
    }

    #[test]
    fn failed_and_withdrawn_writes_are_known() {
        let mut job = Fates::new(2, 1, true);
        job.issued(Slot(0), 0);
        job.issued(Slot(1), 1);
        job.ended(Slot(1), FILE, false);
        job.ended(Slot(0), FILE, true);
        job.issued(Slot(0), 2);
        job.issued(Slot(1), 3);
        job.withdrawn(Slot(1), 3);
        use Fate::*;
        assert_eq!(fates(&job), [Durable, Failed, InFlight, Never]);
        for number in 0..=FAILED_MOST as u64 {
            job.issued(Slot(0), 10 + number);
            job.ended(Slot(0), FILE, false);
        }
        let first_lost = 10 + FAILED_MOST as u64 - 1;
        assert_eq!(job.saved().fate(first_lost - 1), Failed);
        assert_eq!(job.saved().fate(first_lost), Unknown, "no room for it");
    }
}
