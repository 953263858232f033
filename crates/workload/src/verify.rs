//! Verification of data: what is on the medium, and what is known of it.
//!
//! - [`header`] and [`mod@format`] are the bytes of a block, [`check`] compares them with
//!   what is read, and [`mismatch`] is a block that is not what it has to be,
//! - [`seeds`] are those of the data,
//! - [`course`] decides what is written and read back when,
//! - [`books`] knows which blocks hold which write, where a block can be written more than once,
//! - [`fates`] are what is known of each write, [`state`] and [`journal`] how that is kept for later.

pub mod books;
pub mod check;
pub mod course;
pub mod fates;
pub mod format;
pub mod header;
pub mod journal;
pub mod mismatch;
pub mod seeds;
pub mod state;

mod classify;
mod legacy;
mod pattern;

pub use check::Expected;
pub use fates::{Fate, Fates, Saved};
pub use format::{Format, Origin};
pub use header::Header;
pub use mismatch::{Class, Damage, Mismatch, Sums, Wrong};
pub use seeds::Seeds;
pub use state::State;
