//! A simulated device for tests: an engine with a seeded plan of faults, a clock that only the engine
//! moves, and a journal of all that it was asked.
//!
//! The same seed gives the same run, so a failure is repeated by its seed. The engine watches the
//! contract from its side: what it was offered twice, what was continued at the wrong place or with
//! other data stands in [`Journal::violations`].

#![forbid(unsafe_code)]

mod engine;
mod faults;
mod journal;
mod time;

pub use engine::{SimulatedEngine, byte_at};
pub use faults::{Faults, Share};
pub use journal::{Attempt, Ended, Journal, Witness};
pub use time::Time;
