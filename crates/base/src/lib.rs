//! The nouns that all fiord crates share: quantities, directions, priorities, random generators. No I/O.

#![forbid(unsafe_code)]

pub mod direction;
mod priority;
pub mod quantity;
pub mod random;
pub mod words;

pub use direction::{DATA, Direction, PerDirection};
pub use priority::IoPriority;
pub use quantity::{FileIndex, Quantity, Slot};
