//! The seeds of a job's streams.

/// Number of streams.
pub const STREAMS: usize = 24;

/// Base value when the user gives none.
pub const DEFAULT_SEED: u64 = 0x89;

/// Multiplier between successive streams.
const STEP: u64 = 0x9E37_0001;

/// What a stream decides. The numbers are part of the format: a seed of one stream is derived from
/// its number, so they never change.
#[repr(usize)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamId {
    /// Sizes of reads.
    ReadSize = 0,
    /// Sizes of writes.
    WriteSize = 1,
    /// Sizes of trims.
    TrimSize = 2,
    /// Contents of verified buffers.
    Verify = 3,
    /// Read or write.
    Mix = 4,
    /// Which file.
    FileService = 5,
    /// Offsets.
    Offset = 6,
    /// Sizes of files.
    FileSize = 7,
    /// Which blocks are trimmed.
    TrimShare = 8,
    /// Contents of write buffers.
    Buffer = 9,
    /// Sequential or random.
    SequentialRandom = 10,
    /// Start delay.
    StartDelay = 13,
    /// Repeated buffers.
    Dedupe = 14,
    /// Arrival of reads.
    PoissonRead = 15,
    /// Zone of the next offset.
    Zone = 16,
    /// Arrival of writes.
    PoissonWrite = 17,
    /// Arrival of trims.
    PoissonTrim = 18,
    /// Priorities.
    Priority = 19,
    /// Entry of the set of repeated buffers.
    DedupeSet = 20,
    /// Which blocks are written again by preconditioning.
    Rewrite = 22,
}

/// One seed per stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamSeeds([u64; STREAMS]);

impl StreamSeeds {
    /// Seeds that follow from a base value and the running number of the job's clone (from 1).
    pub fn derive(base: u64, thread_number: u32) -> StreamSeeds {
        let mut seed = base;
        for _ in 0..4 {
            seed = seed.wrapping_mul(STEP);
        }
        let mut seeds = [0; STREAMS];
        for (index, slot) in seeds.iter_mut().enumerate() {
            *slot = seed.wrapping_mul(u64::from(thread_number)).wrapping_add(index as u64);
            seed = seed.wrapping_mul(STEP);
        }
        StreamSeeds(seeds)
    }

    /// Seeds from a source of entropy.
    pub const fn from_entropy(seeds: [u64; STREAMS]) -> StreamSeeds {
        StreamSeeds(seeds)
    }

    /// The seed of one stream.
    #[inline]
    pub const fn get(&self, stream: StreamId) -> u64 {
        self.0[stream as usize]
    }

    /// All seeds, by number of the stream.
    pub const fn all(&self) -> &[u64; STREAMS] {
        &self.0
    }
}
