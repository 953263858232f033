//! A clock that stands still unless it is moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fiord_sys::Clock;

/// Simulated time. Clones share it.
#[derive(Clone, Debug)]
pub struct Time(Arc<AtomicU64>);

impl Time {
    /// Time that begins at `ns`.
    pub fn starting_at(ns: u64) -> Time {
        Time(Arc::new(AtomicU64::new(ns)))
    }

    /// The clock that shows it.
    pub fn clock(&self) -> Clock {
        Clock::Simulated(Arc::clone(&self.0))
    }

    /// What the clock shows.
    pub fn now_ns(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Lets time pass.
    pub fn advance(&self, ns: u64) {
        self.0.fetch_add(ns, Ordering::Relaxed);
    }

    /// Lets time pass until `ns`, if it has not.
    pub fn advance_to(&self, ns: u64) {
        self.0.fetch_max(ns, Ordering::Relaxed);
    }
}
