//! Verification of data: what is on the medium, and what is known of it.
//!
//! - [`header`] and [`format`] are the bytes of a block, [`check`] compares them with what is read,
//! - a block that is wrong is classified: which kind of mishap gives such bytes,
//! - [`seeds`] are those of the data,
//! - [`trail`] follows which writes are in flight and durable, [`state`] is what of it is saved,
//! - [`course`] decides what is written and read back when,
//! - [`books`] knows which blocks hold which write, where a block can be written more than once.

pub mod books;
pub mod check;
mod classify;
pub mod course;
pub mod format;
pub mod header;
pub mod seeds;
pub mod state;
pub mod trail;

pub use check::{Class, Expected, Mismatch};
pub use format::{Format, Origin};
