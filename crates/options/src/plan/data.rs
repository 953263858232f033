//! Contents of write buffers.

use serde::{Deserialize, Serialize};

/// Contents of write buffers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DataPlan {
    /// What buffers hold at the start.
    pub fill: Fill,
    /// Fill again for each write.
    pub refill: bool,
    /// Stamp offset and time into each 512 bytes.
    pub scramble: bool,
    /// Share of each chunk that is not random but zeroes, or the pattern, 0..=99; 0: as `fill` says.
    pub compress_percent: u32,
    /// Extent of the chunks of data that compress or repeat; `None`: the shortest write.
    pub chunk_bytes: Option<u32>,
    /// How many buffers hold what others hold; `None`: none on purpose.
    pub dedupe: Option<DedupePlan>,
}

/// Buffers that hold what others hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DedupePlan {
    /// Share of duplicates, 1..=100.
    pub percent: u32,
    /// Where they are taken from.
    pub source: DedupeSource,
}

/// Where duplicates are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DedupeSource {
    /// The buffer before.
    Previous,
    /// A set of buffers made at the start.
    WorkingSet {
        /// Its extent in percent of the job's size, 0..=100.
        size_percent: u32,
        /// Jobs share it.
        shared: bool,
    },
}

/// What buffers hold at the start.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Fill {
    /// Random data.
    #[default]
    Random,
    /// Zeroes.
    Zero,
    /// This pattern, repeated.
    Pattern(Vec<u8>),
}
