//! Verification of data: what is on the medium, and what is known of it.
//!
//! - [`header`] and [`format`] are the bytes of a block, [`check`] compares them with what is read,
//! - [`seeds`] are those of the data,
//! - [`course`] decides what is written and read back when,
//! - [`books`] knows which blocks hold which write, where a block can be written more than once.

pub mod books;
pub mod check;
pub mod course;
pub mod format;
pub mod header;
pub mod seeds;

pub use check::{Expected, Mismatch};
pub use format::{Format, Origin};
