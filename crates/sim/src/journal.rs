//! What an engine was asked and what it answered, for tests to compare with what the loop reports.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fiord_base::{Direction, FileIndex};
use fiord_engine::Unit;
use fiord_sys::Errno;

/// One acceptance of a unit.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// As it was accepted.
    pub unit: Unit,
    /// When.
    pub at_ns: u64,
}

/// One completion.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// As it was accepted.
    pub unit: Unit,
    /// What the loop was told.
    pub result: Result<u64, Errno>,
    /// When.
    pub at_ns: u64,
}

/// Everything that an engine has seen.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// Units in the order of acceptance.
    pub attempts: Vec<Attempt>,
    /// Completions in their order.
    pub ended: Vec<Ended>,
    /// Sizes of the batches offered, and how much of each was taken.
    pub submissions: Vec<(usize, usize)>,
    /// `min`, `max` of each reap, units in flight before, and completions given.
    pub reaps: Vec<(usize, usize, usize, usize)>,
    /// Most units in flight.
    pub deepest: usize,
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
