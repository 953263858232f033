//! One request on its way to an engine.

use fiord_base::{Direction, FileIndex, Slot};

/// One request. `offset` and `length` describe all of it; `progress` says how much of it earlier,
/// short transfers have already moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Place of its buffer and of the engine's state for it.
    pub slot: Slot,
    /// Target.
    pub file: FileIndex,
    /// Direction or kind of flush.
    pub direction: Direction,
    /// The kernel's number of its priority; 0 is that of the thread.
    pub priority: u16,
    /// First byte on the target.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// Bytes already moved.
    pub progress: u64,
}

impl Unit {
    /// First byte that remains to be moved.
    #[inline]
    pub fn remaining_offset(&self) -> u64 {
        self.offset + self.progress
    }

    /// The part of the slot's buffer that remains to be moved.
    #[inline]
    pub fn remaining_range(&self) -> std::ops::Range<usize> {
        self.progress as usize..self.length as usize
    }

    /// Bytes that remain to be moved.
    #[inline]
    pub fn remaining_length(&self) -> u64 {
        self.length - self.progress
    }
}
