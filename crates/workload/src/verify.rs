//! Verification of data: what is on the medium, and what is known of it.
//!
//! - [`header`] and [`format`](mod@format) are the bytes of a block, [`check`] compares them with what is read,
//! - a block that is wrong is classified: which kind of mishap gives such bytes,
//! - [`seeds`] are those of the data,
//! - [`course`] decides what is written and read back when,
//! - [`books`] knows which blocks hold which write, where a block can be written more than once,
//! - [`fates`] are what is known of each write, [`state`] and [`journal`] how that is kept for later.

pub mod books;
pub mod check;
mod classify;
pub mod course;
pub mod fates;
pub mod format;
pub mod header;
pub mod journal;
pub mod seeds;
pub mod state;

pub use check::{Class, Expected, Mismatch};
pub use fates::{Fate, Fates, Saved};
pub use format::{Format, Origin};
pub use state::State;
