//! Direction and order of requests.

use fiord_base::{Direction, PerDirection};
use serde::{Deserialize, Serialize};

use super::{Distribution, PreconditionPlan};

/// Direction and order of requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PatternPlan {
    /// Which directions, and whether random.
    pub rw: Pattern,
    /// What the `:N` after a random pattern does.
    pub sequencer: Sequencer,
    /// The `N` of `rw=randX:N`: requests per drawn offset; 1 without.
    pub run_length: u32,
    /// The `N` of `rw=seqX:N`: bytes added after each request.
    pub sequential_gap: i64,
    /// Percent of reads of a mixed job.
    pub read_percent: u32,
    /// Percent of random requests of a random job, per direction.
    pub percentage_random: PerDirection<u32>,
    /// Generator of offsets.
    pub generator: RandomGenerator,
    /// `random_generator` was given.
    pub generator_explicit: bool,
    /// How random offsets are distributed.
    pub distribution: Distribution,
    /// A sequence of blocks goes on where it has ended, by its length further for each round.
    pub sequence_stride: bool,
    /// Write in an order that leaves an SSD as long random writing does.
    pub precondition: Option<PreconditionPlan>,
    /// Ranges in one trim request, at least 1.
    pub ranges_per_trim: u32,
    /// Each block at most once per pass.
    pub random_map: bool,
    /// Go on without a map when there is no memory for it.
    pub soft_random_map: bool,
    /// Where the seeds come from.
    pub seeds: Seeds,
}

/// `rw`, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    /// Reads occur.
    pub read: bool,
    /// Writes occur.
    pub write: bool,
    /// Trims occur.
    pub trim: bool,
    /// Offsets are random.
    pub random: bool,
}

impl Pattern {
    /// Reads and writes mixed.
    pub fn is_mixed(self) -> bool {
        self.read && self.write
    }

    /// Each block is trimmed, then written.
    pub fn is_trim_write(self) -> bool {
        self.trim && self.write
    }

    /// The canonical word of the job language.
    pub fn name(self) -> &'static str {
        match (self.read, self.write, self.trim, self.random) {
            (true, true, _, false) => "rw",
            (true, true, _, true) => "randrw",
            (_, true, true, false) => "trimwrite",
            (_, true, true, true) => "randtrimwrite",
            (_, true, _, false) => "write",
            (_, true, _, true) => "randwrite",
            (_, _, true, false) => "trim",
            (_, _, true, true) => "randtrim",
            (_, _, _, false) => "read",
            (_, _, _, true) => "randread",
        }
    }

    /// True if requests of this data direction occur.
    pub fn has(self, direction: Direction) -> bool {
        match direction {
            Direction::Read => self.read,
            Direction::Write => self.write,
            Direction::Trim => self.trim,
            _ => false,
        }
    }
}

/// What the `:N` after a random pattern does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sequencer {
    /// The next N-1 requests follow directly.
    #[default]
    Sequential,
    /// The same offset N times.
    Identical,
}

/// Generator of random offsets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RandomGenerator {
    /// 32-bit combined Tausworthe.
    #[default]
    Tausworthe,
    /// Linear feedback shift register, each block once.
    Lfsr,
    /// 64-bit combined Tausworthe.
    Tausworthe64,
}

/// Where the seeds of a job's random streams come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Seeds {
    /// Derived from this base; `repeat` re-seeds between loops (`randrepeat` without `randseed`).
    Base {
        /// `randseed`, default 0x89.
        base: u64,
        /// Streams restart at each loop.
        repeat: bool,
    },
    /// From the system's entropy, drawn by the runner at start.
    System,
}
