//! Recorded requests that are issued again.

use crate::names::{Names, Text};
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// Recorded requests that are issued instead of generated ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplayPlan {
    /// Logs and traces; clone `k` takes entry `k` modulo their number, unless they are merged.
    /// `-` is the standard input.
    pub sources: Names,
    /// Entries are loaded piece by piece.
    pub chunked: bool,
    /// Gaps between requests are not waited for.
    pub no_stall: bool,
    /// All requests go to this file.
    pub redirect: Option<Text>,
    /// Offsets are divided by this.
    pub offset_divisor: NonZeroU32,
    /// Offsets are rounded down to a multiple of this power of two; `None`: left as they are.
    pub align_bytes: Option<NonZeroU32>,
    /// Speed: 50 takes twice as long as the recording, 200 half as long.
    pub speed_percent: NonZeroU32,
    /// Kinds of requests that are left out.
    pub skip: ReplaySkip,
    /// All traces are merged into one first.
    pub merge: Option<MergePlan>,
}

/// Kinds of requests that are left out of a replay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplaySkip {
    /// Reads.
    pub read: bool,
    /// Writes.
    pub write: bool,
    /// Trims.
    pub trim: bool,
    /// Flushes.
    pub sync: bool,
}

/// Several traces made into one before the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MergePlan {
    /// The file that is written, and then replayed.
    pub output: Text,
    /// How each trace enters, in the order of the sources.
    pub traces: Vec<MergedTrace>,
}

/// How a trace enters the merged one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedTrace {
    /// Its times are multiplied by this: 200 stretches it to twice its length.
    pub time_percent: u64,
    /// How often it is repeated, at least once.
    pub repeats: u64,
}
