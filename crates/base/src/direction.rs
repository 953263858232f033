//! What a request does: the three data directions and the kinds of flush.

use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

/// The direction of one request. The first three move or discard data, the rest flush it.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Direction {
    /// Transfer from the target.
    Read = 0,
    /// Transfer to the target.
    Write = 1,
    /// Discard a range of the target.
    Trim = 2,
    /// fsync(2).
    Sync = 3,
    /// fdatasync(2).
    Datasync = 4,
    /// sync_file_range(2).
    SyncFileRange = 5,
    /// syncfs(2).
    Syncfs = 6,
}

/// The data directions, in the order of every report.
pub const DATA: [Direction; 3] = [Direction::Read, Direction::Write, Direction::Trim];

impl Direction {
    /// True for reads, writes and trims; false for every kind of flush.
    #[inline]
    pub const fn is_data(self) -> bool {
        (self as u8) < 3
    }

    /// The word that logs and reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Direction::Read => "read",
            Direction::Write => "write",
            Direction::Trim => "trim",
            Direction::Sync => "sync",
            Direction::Datasync => "datasync",
            Direction::SyncFileRange => "sync_file_range",
            Direction::Syncfs => "syncfs",
        }
    }
}

/// One value for each data direction, indexed by [`Direction`].
///
/// Indexing with a flush panics: flushes have no per-direction settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerDirection<T>(pub [T; 3]);

impl<T> PerDirection<T> {
    /// Builds the three values from a function of the direction.
    pub fn from_fn(mut f: impl FnMut(Direction) -> T) -> Self {
        PerDirection(DATA.map(&mut f))
    }

    /// The values with their directions, in report order.
    pub fn iter(&self) -> impl Iterator<Item = (Direction, &T)> {
        DATA.into_iter().zip(self.0.iter())
    }

    /// Applies a function to each value.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> PerDirection<U> {
        PerDirection(self.0.map(f))
    }
}

impl<T: Copy> PerDirection<T> {
    /// The same value for each direction.
    pub const fn all(value: T) -> Self {
        PerDirection([value; 3])
    }
}

impl<T> Index<Direction> for PerDirection<T> {
    type Output = T;

    #[inline]
    fn index(&self, direction: Direction) -> &T {
        &self.0[direction as usize]
    }
}

impl<T> IndexMut<Direction> for PerDirection<T> {
    #[inline]
    fn index_mut(&mut self, direction: Direction) -> &mut T {
        &mut self.0[direction as usize]
    }
}
