//! The auditor: computes from the device's journal what the loop has to report, and compares.
//!
//! Nothing of the loop or of the ledger is used but the type of the result. The journal says what became
//! of each attempt and when; a request is a chain of attempts in one slot.

use fiord_base::{DATA, Direction};
use fiord_engine::Unit;
use fiord_measure::Latency;
use fiord_sim::{Ended, Submission};
use fiord_sys::Errno;

use super::super::End;
use super::trial::{Kind, Ran};

/// How one request ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    /// Its last attempt.
    last: Ended,
    /// Bytes moved by all attempts, or why it failed.
    result: Result<u64, Errno>,
    /// It was to be continued, and the job ended before.
    dropped: bool,
}

/// Results that are not as they should be.
struct Breaches(Vec<String>);

impl Breaches {
    fn expect<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, told: &T, expected: &T) {
        if told != expected {
            self.0.push(format!("{what}: {told:?} instead of {expected:?}"));
        }
    }
}

impl Ran {
    /// Breaches of the rule that every request ends once and is counted once and fully, where nothing
    /// was reset and nothing was lost in between.
    pub(super) fn breaches(&self) -> Vec<String> {
        let mut breaches = Breaches(self.journal.violations.clone());
        let attempts = self.journal.attempts.len();
        breaches.expect("units ended", &self.journal.ended.len(), &attempts);
        breaches.expect("torn", &self.report.torn, &false);
        let outcomes = self.outcomes();
        self.audit_amounts(&outcomes, &mut breaches);
        self.audit_latencies(&outcomes, &mut breaches);
        self.audit_depths(&mut breaches);
        self.audit_errors(&outcomes, &mut breaches);
        if self.job.engine.serialize_overlap {
            breaches.expect("overlaps", &self.journal.overlaps, &0);
        }
        breaches.0
    }

    /// The same where threads execute the requests: their order and times are not those of the journal,
    /// and those that are cancelled never reach the device.
    pub(super) fn breaches_of_threads(&self) -> Vec<String> {
        let mut breaches = Breaches(self.journal.violations.clone());
        let (ended, attempts) = (self.journal.ended.len(), self.journal.attempts.len());
        breaches.expect("units ended", &ended, &attempts);
        let outcomes = self.outcomes();
        let failed = outcomes.iter().filter(|outcome| outcome.result.is_err()).count() as u64;
        breaches.expect("errors", &self.report.total_errors, &failed);
        if self.end != End::Failed {
            self.audit_amounts(&outcomes, &mut breaches);
        }
        let ios = DATA.map(|direction| self.ios(direction)).iter().sum::<u64>();
        let depths = self.report.depths.iter().sum::<u64>();
        let lost = depths.abs_diff(ios + self.report.sync_ios);
        // Flushes that failed or were cancelled stand in the depths only.
        breaches.expect("requests that are in no count", &(lost > failed + 64), &false);
        breaches.0
    }

    fn is_inline(&self) -> bool {
        self.kind == Kind::Inline
    }

    fn audit_amounts(&self, outcomes: &[Outcome], breaches: &mut Breaches) {
        for direction in DATA {
            let told = &self.report.directions[direction];
            let name = direction.name();
            let of_direction = outcomes.iter().filter(|o| o.last.unit.direction == direction);
            let moved: u64 = of_direction.filter_map(|outcome| outcome.result.ok()).sum();
            breaches.expect(&format!("{name} bytes"), &told.bytes, &moved);
            let requests = self.journal.requests(direction);
            breaches.expect(&format!("{name} requests"), &told.ios, &requests);
            let shorts = self.journal.ended.iter();
            let shorts = shorts.filter(|e| e.unit.direction == direction && self.is_short(e));
            breaches.expect(&format!("short {name}s"), &told.short_ios, &(shorts.count() as u64));
        }
    }

    fn audit_latencies(&self, outcomes: &[Outcome], breaches: &mut Breaches) {
        let (stats, report) = (&self.job.stats, &self.report);
        let succeeded = outcomes.iter().filter(|outcome| outcome.result.is_ok());
        // When the rest of such a request was given up is not in the journal.
        let dropped = outcomes.iter().any(|outcome| outcome.dropped);
        let (mut classes, mut flushes) = ([0; 32], Latency::default());
        let mut all = [(); 3].map(|()| [(); 3].map(|()| Latency::default()));
        for Outcome { last, .. } in succeeded {
            let Ended { unit, start_ns, issued_ns, at_ns, .. } = *last;
            // An engine without a queue is asked for all parts of a request one after the other.
            let issued_ns = if self.is_inline() { start_ns } else { issued_ns };
            let ns = [issued_ns - start_ns, at_ns - issued_ns, at_ns - start_ns];
            match all.get_mut(unit.direction as usize) {
                Some(kinds) => {
                    kinds.iter_mut().zip(ns).for_each(|(kind, ns)| kind.add(ns));
                    classes[class_of(ns[1])] += 1;
                }
                None => flushes.add(ns[1]),
            }
        }
        for (direction, kinds) in DATA.into_iter().zip(&all) {
            let told = &report.directions[direction];
            let measured = [stats.slat && !self.is_inline(), stats.clat, stats.lat];
            for (index, told) in [&told.slat, &told.clat, &told.lat].into_iter().enumerate() {
                let name = format!("{} {}", direction.name(), ["slat", "clat", "lat"][index]);
                match (measured[index], dropped) {
                    (false, _) => breaches.expect(&name, &told.moments.count, &0),
                    (true, true) => {
                        breaches.expect(&name, &told.moments.count, &kinds[index].moments.count);
                    }
                    (true, false) => breaches.expect(&name, &told.moments, &kinds[index].moments),
                }
            }
            if stats.clat && !dropped {
                let name = format!("{} clat bins", direction.name());
                breaches.expect(&name, &told.clat.histogram, &kinds[1].histogram);
            }
        }
        if stats.clat && !dropped {
            let told = &report.distribution;
            let told: Vec<u64> = told.ns.iter().chain(&told.us).chain(&told.ms).copied().collect();
            breaches.expect("distribution", &told, &classes.to_vec());
        }
        let stamped = stats.lat || stats.clat || stats.slat;
        breaches.expect("flushes", &report.sync_ios, &flushes.moments.count);
        if stamped {
            breaches.expect("flush latency", &report.flush.moments, &flushes.moments);
        }
    }

    /// The job is held back.
    fn is_paced(&self) -> bool {
        let pacing = &self.job.pacing;
        pacing.rate.is_capped()
            || pacing.think.pause_ns > 0
            || pacing.think.cycles > 0
            || pacing.latency.target.is_some()
    }

    /// Depths, batches and reaps.
    fn audit_depths(&self, breaches: &mut Breaches) {
        let (mut depths, mut submits, mut completes) = ([0; 7], [0; 7], [0; 7]);
        if self.is_inline() {
            let requests: u64 = DATA.map(|d| self.journal.requests(d)).iter().sum();
            // Failed flushes do not stand in the counts of which the table is made.
            depths[0] = requests + self.report.sync_ios;
            (submits[1], completes[1]) = (requests, requests);
        }
        for Submission { taken, fresh, in_flight, .. } in &self.journal.submissions {
            if *taken > 0 {
                depths[in_flight.ilog2().min(6) as usize] += fresh;
                submits[batch_class(*taken)] += 1;
            }
        }
        for together in &self.journal.turns {
            completes[batch_class(*together)] += 1;
        }
        let report = &self.report;
        if self.is_paced() {
            // What a job finds in vain while it waits does not count.
            completes[0] = report.completes[0];
        }
        breaches.expect("depths", &report.depths, &depths);
        breaches.expect("submits", &report.submits, &submits);
        breaches.expect("completes", &report.completes, &completes);
    }

    /// Counts of errors, and which of them ends the job.
    fn audit_errors(&self, outcomes: &[Outcome], breaches: &mut Breaches) {
        let failed = |outcome: &&Outcome| {
            outcome.result.is_err_and(|errno| {
                let cancelled = self.journal.cancels > 0 && errno == Errno::CANCELED;
                let full = self.job.region.fill_device
                    && outcome.last.unit.direction == Direction::Write
                    && matches!(errno, Errno::NOSPC | Errno::DQUOT);
                !cancelled && !full
            })
        };
        let errors: Vec<(Direction, Errno)> = outcomes
            .iter()
            .filter(failed)
            .filter_map(|o| Some((o.last.unit.direction, o.result.err()?)))
            .collect();
        let fatal = errors.iter().find(|(direction, errno)| !self.survives(*direction, *errno));
        let report = &self.report;
        breaches.expect("errors", &report.total_errors, &(errors.len() as u64));
        let first = errors.first().map_or(0, |(_, errno)| errno.0);
        breaches.expect("first error", &report.first_error, &first);
        breaches.expect("error", &report.error, &fatal.map_or(0, |(_, errno)| errno.0));
        breaches.expect("failed", &(self.end == End::Failed), &fatal.is_some());
        let dumped = errors.iter().filter(|(d, errno)| self.survives(*d, *errno)).count();
        let told = usize::from(fatal.is_some()) + if self.job.errors.dump { dumped } else { 0 };
        // What does not fit into the ledger is left out.
        if told < 20 {
            breaches.expect("messages", &self.messages.len(), &told);
        }
    }

    /// True if the job goes on after such an error.
    fn survives(&self, direction: Direction, errno: Errno) -> bool {
        let errors = &self.job.errors;
        let (class, ignored) = match direction {
            Direction::Read => (errors.continue_on.read, &errors.ignore_read),
            _ => (errors.continue_on.write, &errors.ignore_write),
        };
        class && ignored.as_ref().map_or(errno == Errno::IO, |list| list.contains(&errno.0))
    }

    /// True if a read that ends here has come to the end of the file.
    fn at_end(&self, unit: &Unit, moved: u64) -> bool {
        let end = unit.offset + unit.progress + moved;
        unit.direction == Direction::Read && end >= self.real_bytes
    }

    /// The rest has to be moved by another attempt.
    fn is_short(&self, ended: &Ended) -> bool {
        let unit = &ended.unit;
        unit.direction.is_data()
            && ended.result.is_ok_and(|moved| {
                moved > 0 && moved < unit.remaining_length() && !self.at_end(unit, moved)
            })
    }

    /// What became of each request, in the order in which they ended.
    pub(super) fn outcomes(&self) -> Vec<Outcome> {
        let slots = self.journal.ended.iter().map(|ended| ended.unit.slot.index() + 1).max();
        // The later attempt in each slot: does it continue?
        let mut continued = vec![false; slots.unwrap_or(0)];
        let mut outcomes = Vec::new();
        for ended in self.journal.ended.iter().rev() {
            let goes_on = &mut continued[ended.unit.slot.index()];
            if !std::mem::replace(goes_on, ended.unit.progress > 0) {
                let nothing = ended.result == Ok(0)
                    && ended.unit.direction.is_data()
                    && ended.unit.length > 0;
                let result = match ended.result {
                    Ok(0) if nothing && !self.at_end(&ended.unit, 0) => Err(Errno::IO),
                    Ok(_) if !ended.unit.direction.is_data() => Ok(0),
                    Ok(moved) => Ok(ended.unit.progress + moved),
                    Err(errno) => self.part_of_full(ended).ok_or(errno),
                };
                outcomes.push(Outcome { last: *ended, result, dropped: self.is_short(ended) });
            }
        }
        outcomes.reverse();
        outcomes
    }

    /// Bytes of a request whose end found no room on the device that it was to fill.
    fn part_of_full(&self, ended: &Ended) -> Option<u64> {
        let full = self.job.region.fill_device && ended.result == Err(Errno::NOSPC);
        (full && ended.unit.progress > 0).then_some(ended.unit.progress)
    }
}

/// Class of the table of completion latencies.
fn class_of(ns: u64) -> usize {
    let steps = [2, 4, 10, 20, 50, 100, 250, 500, 750, 1000];
    let micro = steps.map(|step| step * 1000);
    let milli = steps.map(|step| step * 1_000_000);
    let bounds = steps.iter().chain(&micro).chain(&milli).chain(&[2_000_000_000]);
    bounds.filter(|bound| **bound <= ns).count()
}

/// Class of a number of requests that were handed over, or came back, together.
fn batch_class(count: usize) -> usize {
    let bounds = [1, 5, 9, 17, 33, 65];
    bounds.iter().filter(|bound| **bound <= count).count()
}
