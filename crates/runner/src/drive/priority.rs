//! Requests with priorities of their own: who has which, and the latencies of each.
//!
//! Few jobs have such, so nothing of this stands in the way of the others: the loop asks once for each
//! request whether there is anything beside it to be done, and once for each batch that has ended.

use fiord_base::{Direction, Slot};
use fiord_engine::{Completion, Unit};
use fiord_options::plan::JobPlan;
use fiord_workload::Request;

use super::Drive;
use super::settle::is_whole;
use crate::priority::{Prioritizer, told_apart};

/// What the loop keeps of priorities.
#[derive(Debug)]
pub(super) struct Priorities {
    prioritizer: Prioritizer,
    /// Numbers of the priorities of requests, by slot.
    numbers: Vec<u16>,
    /// Total latencies are told apart and not those of completion; nothing: neither is measured.
    of_lat: Option<bool>,
}

impl Priorities {
    pub(super) fn new(job: &JobPlan, prioritizer: Prioritizer, depth: usize) -> Priorities {
        Priorities { prioritizer, numbers: vec![0; depth], of_lat: told_apart(job) }
    }

    fn choose(&mut self, slot: Slot, request: &Request) -> u16 {
        let chosen = self.prioritizer.choose(request.direction, request.length);
        self.numbers[slot.index()] = chosen.number;
        chosen.priority
    }
}

impl Drive<'_> {
    /// Does what is beside a request that is about to be issued, and returns its priority.
    #[cold]
    pub(super) fn accompany(&mut self, slot: Slot, request: &Request) -> u16 {
        if self.settings.verifies {
            self.prepare_verified(slot, request);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.request(&self.clock, request);
        }
        self.priorities.as_mut().map_or(0, |priorities| priorities.choose(slot, request))
    }

    /// Counts the latencies of the transfers that have completed as a whole, by priority.
    #[cold]
    pub(super) fn count_priorities(&mut self) {
        for index in 0..self.done.list().len() {
            let completion = self.done.list()[index];
            let unit = self.units[completion.slot.index()];
            if is_whole(&unit, completion.result) {
                self.count_priority(&unit, &completion);
            }
        }
    }

    /// Counts the latency of one request.
    pub(super) fn count_priority(&mut self, unit: &Unit, completion: &Completion) {
        let Some(priorities) = &self.priorities else { return };
        let Some(of_lat) = priorities.of_lat else { return };
        if !matches!(unit.direction, Direction::Read | Direction::Write) {
            return;
        }
        let slot = unit.slot.index();
        let from_ns = if of_lat { self.starts_ns[slot] } else { completion.issued_ns };
        let ns = completion.done_ns.saturating_sub(from_ns);
        self.ledger.record_priority(unit.direction, usize::from(priorities.numbers[slot]), ns);
    }
}
