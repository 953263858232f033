//! What I/O comes next, and with which data.
//!
//! The crate is pure: it reads no clock, file or environment, and after construction it allocates
//! nothing. Facts of the machine (sizes of targets, entropy) are arguments. The same plan, regions
//! and seeds give the same requests.
//!
//! - [`region`] turns the plan and the sizes of the targets into byte ranges,
//! - [`Generator`] yields requests one by one,
//! - [`Filler`] makes the contents of write buffers,
//! - [`checksum`] calculates what verification stores,
//! - [`pacer`] says when requests may go,
//! - [`iolog`] writes requests down in the text form that replays read.

#![forbid(unsafe_code)]

pub mod checksum;
pub mod fill;
pub mod iolog;
pub mod pacer;
pub mod region;
pub mod verify;

mod block_map;
mod generator;
mod priority;

pub use block_map::BlockMap;
pub use fill::{FillError, Filler, Shape};
pub use generator::{
    Bookmark, Generator, GeneratorError, Tally, map_bytes, state_bytes, visits_once,
};
pub use priority::{Chosen, Prioritizer};
pub use region::{FileRegion, RegionError, Regions, Target, regions};

use fiord_base::{Direction, FileIndex};

/// One request: what the loop turns into a unit of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Direction, or kind of flush.
    pub direction: Direction,
    /// Target.
    pub file: FileIndex,
    /// First byte on the target; of fsync and fdatasync that of the request before, as logs have it.
    pub offset: u64,
    /// Bytes; 0 of fsync and fdatasync, of sync_file_range what was written since the last one.
    pub length: u64,
}

/// What the loop has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Issue this request.
    Issue(Request),
    /// Open a target; requests for it follow.
    Open(FileIndex),
    /// Close a target. Requests for it may still be in flight: close when they have ended. No
    /// request for it comes before it is opened again.
    Close(FileIndex),
    /// A time-based job begins this target again: drop its caches, unless direct.
    Rewind(FileIndex),
    /// The pass is over. Let everything in flight end and report it by
    /// [`Generator::done`], and flush if the plan says so, before asking for the next step.
    /// The [`Step::Close`] of each target that is still open and then [`Step::NextPass`] or
    /// [`Step::End`] follow.
    PassEnd,
    /// The body begins again.
    NextPass,
    /// Nothing more comes; asking again gives the same.
    End,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// So many bytes were moved.
    Bytes(u64),
    /// It failed and the job goes on.
    Failed,
    /// The target is full and the plan takes that for the end.
    Full,
}
