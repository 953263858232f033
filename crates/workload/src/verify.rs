//! Verification of data: what is on the medium, and what is known of it.
//!
//! - [`header`] and [`mod@format`] are the bytes of a block, [`check`] compares them with
//!   what is read, and [`mismatch`] is a block that is not what it has to be,
//! - [`seeds`] are those of the data,
//! - [`trail`] follows which writes are in flight and durable, [`state`] is what of it is saved,
//! - [`course`] decides what is written and read back when,
//! - [`books`] knows which blocks hold which write, where a block can be written more than once.

pub mod books;
pub mod check;
pub mod course;
pub mod format;
pub mod header;
pub mod mismatch;
pub mod seeds;
pub mod state;
pub mod trail;

mod classify;
mod legacy;
mod pattern;

pub use check::Expected;
pub use format::{Format, Origin};
pub use header::Header;
pub use mismatch::{Class, Damage, Mismatch, Sums, Wrong};
pub use seeds::Seeds;
