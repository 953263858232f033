//! The nouns that all fiord crates share: quantities, directions, random generators. No I/O.

#![forbid(unsafe_code)]

pub mod direction;
pub mod quantity;
pub mod random;
pub mod words;

pub use direction::{DATA, Direction, PerDirection};
pub use quantity::{FileIndex, Quantity, Slot};
