//! Amounts that a job may state in more than one unit, and small index newtypes.

use serde::{Deserialize, Serialize};

/// An amount of address space as typed: bytes, a share of the target, or a number of zones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Quantity {
    /// Bytes.
    Bytes(u64),
    /// Percent of the target's size, 0 to 100.
    Percent(u32),
    /// Zones of a zoned device.
    Zones(u64),
}

/// Position of a file in the list of files of its job.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct FileIndex(pub u32);

impl FileIndex {
    /// As an index into a slice of files.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One of the `iodepth` places that hold a request, its buffer and its engine state.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct Slot(pub u32);

impl Slot {
    /// As an index into a slice of per-slot state.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}
