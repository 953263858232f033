//! A simulated device for tests: an engine with a seeded plan of faults, storage that it damages, a clock
//! that only the engine moves, and a journal of all that it was asked and did.
//!
//! The same seed gives the same run, so a failure is repeated by its seed. The engine watches the
//! contract from its side: what it was offered twice, what was continued at the wrong place or with
//! other data, and calls in vain stand in [`Journal::violations`].

#![forbid(unsafe_code)]

mod device;
mod engine;
mod faults;
mod journal;
mod storage;
mod time;

pub use device::Device;
pub use engine::SimulatedEngine;
pub use faults::{Damage, Damages, Faults, Share};
pub use journal::{Attempt, Ended, Journal, Reap, Submission, Witness};
pub use storage::{Cache, SECTOR_BYTES, Storage, byte_at};
pub use time::Time;
