//! What an engine was asked and what it answered, for tests to compare with what the loop reports.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fiord_base::{Direction, FileIndex};
use fiord_engine::Unit;
use fiord_sys::Errno;

use crate::faults::Damage;

/// One acceptance of a unit.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// As it was accepted.
    pub unit: Unit,
    /// When.
    pub at_ns: u64,
    /// What is done to its data.
    pub damage: Option<Damage>,
    /// It never ends by itself.
    pub lost: bool,
}

/// One completion.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// As it was accepted.
    pub unit: Unit,
    /// What the loop was told.
    pub result: Result<u64, Errno>,
    /// When the loop came with the first part of the request.
    pub start_ns: u64,
    /// When this part was accepted.
    pub issued_ns: u64,
    /// When.
    pub at_ns: u64,
}

/// One call of `submit`.
#[derive(Clone, Copy, Debug)]
pub struct Submission {
    /// Units offered.
    pub offered: usize,
    /// Units taken.
    pub taken: usize,
    /// Those of them that continue nothing.
    pub fresh: u64,
    /// Units in flight afterwards, those included that have ended inside the call.
    pub in_flight: usize,
}

/// One call of `reap`.
#[derive(Clone, Copy, Debug)]
pub struct Reap {
    /// Units to wait for.
    pub min: usize,
    /// Units to take at most.
    pub max: usize,
    /// Units in flight before.
    pub in_flight: usize,
    /// Completions given.
    pub given: usize,
}

/// Everything that an engine has seen.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// Units in the order of acceptance.
    pub attempts: Vec<Attempt>,
    /// Completions in their order.
    pub ended: Vec<Ended>,
    /// Calls of `submit`.
    pub submissions: Vec<Submission>,
    /// Calls of `reap`.
    pub reaps: Vec<Reap>,
    /// Completions that the loop sees together: those of a reap with those of the submission before it.
    pub turns: Vec<usize>,
    /// Calls of `cancel`.
    pub cancels: usize,
    /// Most units in flight.
    pub deepest: usize,
    /// Pairs of units in flight together that touch the same bytes, one of which changes them.
    pub overlaps: usize,
    /// Targets attached and detached, in order.
    pub targets: Vec<(FileIndex, bool)>,
    /// Breaches of the contract.
    pub violations: Vec<String>,
}

impl Journal {
    /// Bytes moved in a direction.
    pub fn bytes(&self, direction: Direction) -> u64 {
        let ended = self.ended.iter().filter(|ended| ended.unit.direction == direction);
        ended.filter_map(|ended| ended.result.ok()).sum()
    }

    /// Requests of a direction; continued transfers count once.
    pub fn requests(&self, direction: Direction) -> u64 {
        let attempts = self.attempts.iter().map(|attempt| attempt.unit);
        attempts.filter(|unit| unit.direction == direction && unit.progress == 0).count() as u64
    }

    /// Attempts that ended with an error.
    pub fn errors(&self) -> u64 {
        self.ended.iter().filter(|ended| ended.result.is_err()).count() as u64
    }
}

/// The test's end of a journal that an engine writes.
#[derive(Clone, Debug, Default)]
pub struct Witness(Arc<Mutex<Journal>>);

impl Witness {
    /// The journal as it stands.
    pub fn journal(&self) -> Journal {
        self.lock().clone()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Journal> {
        // A test that panicked elsewhere does not make the journal wrong.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
