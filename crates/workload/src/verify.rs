//! Verification of data: what is on the medium, and what is known of it.
//!
//! - [`books`] knows which blocks hold which write, where a block can be written more than once.

pub mod books;
