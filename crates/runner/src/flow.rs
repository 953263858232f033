//! Turns taken with other jobs (`flow`): a job waits while its share of the requests of its flow exceeds
//! its share of the weights.
//!
//! Each worker counts its requests on the board. The others are looked at only when a worker has used up
//! what its share was at the last look. Jobs that have not begun or are over do not count, so that
//! nobody waits for them, however they ended.

use fiord_options::plan::FlowPlan;

use crate::board::Board;

/// Wait of a job that is held back and did not say how long it wants to sleep (`flow_sleep`).
const SHORT_WAIT_NS: u64 = 20_000;

/// A worker's part in a flow.
#[derive(Debug)]
pub(crate) struct Flow<'a> {
    board: &'a Board,
    worker: usize,
    plan: FlowPlan,
    issued: u64,
    /// Requests up to which the worker need not look at the others.
    allowed: u64,
}

impl<'a> Flow<'a> {
    pub(crate) fn new(board: &'a Board, worker: usize, plan: FlowPlan) -> Flow<'a> {
        Flow { board, worker, plan, issued: 0, allowed: 0 }
    }

    /// True if the next request has to wait.
    #[inline]
    pub(crate) fn holds(&mut self) -> bool {
        self.issued > self.allowed && self.looks_and_holds()
    }

    #[cold]
    fn looks_and_holds(&mut self) -> bool {
        let (weights, requests) = self.board.flow(self.plan.id);
        let share = u128::from(self.plan.weight) * u128::from(requests);
        self.allowed = (share / u128::from(weights.max(1))) as u64;
        self.issued > self.allowed
    }

    /// Counts a request.
    #[inline]
    pub(crate) fn issued(&mut self) {
        self.issued += 1;
        self.board.set_issued(self.worker, self.issued);
    }

    /// How long a job that is held back sleeps before it looks again.
    pub(crate) fn wait_ns(&self) -> u64 {
        match self.plan.wait_ns {
            0 => SHORT_WAIT_NS,
            ns => ns,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use fiord_sys::shared::MemoryFile;

    use super::*;
    use crate::board::State;

    /// Two workers that go whenever they may.
    #[test]
    fn requests_are_shared_by_weight() {
        let memory = MemoryFile::create("test-board", Board::bytes(3)).unwrap();
        let board = Board::create(&memory, 3).unwrap();
        let plans = [1, 3].map(|weight| FlowPlan { id: 7, weight, wait_ns: 0 });
        // One of another flow counts nothing.
        board.set_flow(2, FlowPlan { id: 8, weight: 100, wait_ns: 0 });
        board.set_issued(2, 1 << 40);
        for (worker, plan) in plans.into_iter().enumerate() {
            board.set_flow(worker, plan);
            board.set_state(worker, State::Running);
        }
        board.set_state(2, State::Running);
        let mut flows = [0, 1].map(|worker| Flow::new(&board, worker, plans[worker]));
        for turn in 0..40_000 {
            let flow = &mut flows[turn % 2];
            if !flow.holds() {
                flow.issued();
            }
        }
        let [one, three] = [flows[0].issued, flows[1].issued];
        assert!(one > 1000 && (3 * one).abs_diff(three) <= 8, "{one} {three}");
        // One that is about to begin takes part.
        board.set_state(0, State::Initialised);
        assert!((0..8).any(|_| {
            let holds = flows[1].holds();
            flows[1].issued();
            holds
        }));
        // When the other one is over, nobody is waited for.
        board.set_state(0, State::Ended);
        assert!(!flows[1].holds());
        let before = flows[1].issued;
        for _ in 0..1000 {
            assert!(!flows[1].holds());
            flows[1].issued();
        }
        assert_eq!(flows[1].issued, before + 1000);
    }
}
