//! Contents of write buffers.
//!
//! Random contents come from four lanes of multiplicative hashing, as fio 3.42 has them, so that the
//! same seed gives the same bytes. Scrambling stamps each 512 bytes with offset and time, so that a
//! buffer that is written again is not the same data. Data that compress, or repeat each other, to a
//! known degree are put together from chunks: random bytes of a seed of their own, and a rest that is
//! the pattern or zeroes.

mod bytes;
mod duplicates;

use fiord_base::Direction;
use fiord_base::quantity::Quantity;
use fiord_base::random::{Stream, StreamId, StreamSeeds, Width};
use fiord_options::plan::{DataPlan, Fill, JobPlan, RandomGenerator, Seeds};

pub(crate) use bytes::repeat;
pub use bytes::{random, scramble};
use duplicates::Duplicates;

/// Why contents cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillError {
    /// There is no memory for what has to be known of the working set.
    WorkingSet {
        /// Its extent.
        buffers: u64,
    },
}

impl std::fmt::Display for FillError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let FillError::WorkingSet { buffers } = self;
        write!(
            f,
            "there is no memory for a working set of {buffers} buffers; lower \
             `dedupe_working_set_percentage`, or raise the block size"
        )
    }
}

impl std::error::Error for FillError {}

/// What contents depend on beside the options of data.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shape<'a> {
    /// The shortest write.
    pub least_write: u64,
    /// Bytes that the job covers.
    pub size: u64,
    /// Seeds of the contents of all jobs, own ones first, where duplicates are shared by jobs.
    pub pool: &'a [u64],
}

impl<'a> Shape<'a> {
    /// That of a job whose files have so many bytes.
    pub fn of(job: &JobPlan, file_bytes: u64, pool: &'a [u64]) -> Shape<'a> {
        let size = match job.region.size {
            Some(Quantity::Bytes(bytes)) => bytes,
            _ => file_bytes,
        };
        Shape { least_write: job.blocks.min[Direction::Write], size, pool }
    }
}

/// Contents that are put together from chunks.
#[derive(Clone, Debug)]
struct Mixture {
    /// Extent of a chunk.
    chunk_bytes: usize,
    /// Share of each chunk that is random.
    random_percent: usize,
    /// What the rest of a chunk holds; empty for zeroes.
    rest: Vec<u8>,
    duplicates: Option<Duplicates>,
    /// All chunks of all buffers hold the same.
    uniform: bool,
}

impl Mixture {
    fn new(
        plan: &DataPlan,
        shape: &Shape<'_>,
        width: Width,
        seeds: &StreamSeeds,
    ) -> Result<Option<Mixture>, FillError> {
        let percent = plan.compress_percent;
        if percent == 0 && plan.dedupe.is_none() {
            return Ok(None);
        }
        let chunk_bytes = plan.chunk_bytes.map_or(u64::MAX, u64::from);
        let chunk_bytes = chunk_bytes.min(shape.least_write).max(1);
        let draws = shape.least_write.div_ceil(chunk_bytes);
        let duplicates = plan.dedupe.map(|d| Duplicates::new(d, shape, (width, draws), seeds));
        let rest = match &plan.fill {
            Fill::Pattern(pattern) => pattern.clone(),
            Fill::Random | Fill::Zero => Vec::new(),
        };
        Ok(Some(Mixture {
            chunk_bytes: usize::try_from(chunk_bytes).unwrap_or(usize::MAX),
            random_percent: 100_usize.saturating_sub(percent as usize),
            rest,
            duplicates: duplicates.transpose()?,
            uniform: percent == 0 && plan.dedupe.is_some_and(|dedupe| dedupe.percent == 100),
        }))
    }

    /// Makes the next contents, which take their seeds from `stream` if they are no duplicate.
    fn contents(&mut self, buffer: &mut [u8], stream: &mut Stream) {
        let original = self.duplicates.as_mut().and_then(Duplicates::draw);
        let mut state = original.unwrap_or(*stream);
        for chunk in buffer.chunks_mut(self.chunk_bytes) {
            let seed = match self.uniform {
                true => state.clone().pair_seed(),
                false => state.pair_seed(),
            };
            // In 64 bits, a buffer times 100 does not overflow.
            let random_bytes = chunk.len() * self.random_percent / 100;
            let (head, rest) = chunk.split_at_mut(random_bytes);
            random(head, seed);
            repeat(rest, &self.rest);
        }
        if original.is_none() {
            *stream = state;
            if let Some(duplicates) = &mut self.duplicates {
                duplicates.passed(state);
            }
        }
    }
}

/// Makes the contents of a job's write buffers.
#[derive(Clone, Debug)]
pub struct Filler {
    fill: Fill,
    refill: bool,
    scramble: bool,
    writes: bool,
    stream: Stream,
    mixture: Option<Mixture>,
    /// Where the streams begin again in each pass; `None` if they go on.
    begin: Option<Vec<u64>>,
}

impl Filler {
    /// The filler of one clone; `writes` says whether there are write buffers at all.
    ///
    /// # Errors
    /// If there is no memory for the working set of duplicates.
    pub fn new(
        plan: &DataPlan,
        generator: RandomGenerator,
        writes: bool,
        seeds: &StreamSeeds,
        shape: &Shape<'_>,
    ) -> Result<Filler, FillError> {
        let width = match generator {
            RandomGenerator::Tausworthe64 => Width::Wide,
            RandomGenerator::Tausworthe | RandomGenerator::Lfsr => Width::Narrow,
        };
        let mixture = match writes {
            true => Mixture::new(plan, shape, width, seeds)?,
            false => None,
        };
        Ok(Filler {
            fill: plan.fill.clone(),
            refill: plan.refill,
            scramble: plan.scramble,
            writes,
            stream: Stream::new(width, seeds.get(StreamId::Buffer)),
            mixture,
            begin: None,
        })
    }

    /// The same with streams that begin again in each pass if `seeds` say so.
    #[must_use]
    pub fn repeating(mut self, seeds: Seeds) -> Filler {
        let repeats = matches!(seeds, Seeds::Base { repeat: true, .. });
        self.begin = repeats.then(|| self.position());
        self
    }

    /// A pass begins.
    pub fn next_pass(&mut self) {
        if let Some(begin) = self.begin.take() {
            self.go_to(&begin);
            self.begin = Some(begin);
        }
    }

    /// Where the streams stand, for a filler that continues.
    pub fn position(&self) -> Vec<u64> {
        let mut position = self.stream.position().to_vec();
        if let Some(Mixture { duplicates: Some(duplicates), .. }) = &self.mixture {
            position.extend(duplicates.positions().as_flattened());
        }
        position
    }

    /// Continues from where the layout of files, with a filler of the same plan, has left off.
    pub fn go_to(&mut self, position: &[u64]) {
        let mut parts = position.as_chunks::<5>().0.iter();
        if let Some(stream) = parts.next() {
            self.stream.go_to(*stream);
        }
        if let Some(Mixture { duplicates: Some(duplicates), .. }) = &mut self.mixture
            && let (Some(share), Some(other)) = (parts.next(), parts.next())
        {
            duplicates.go_to([*share, *other]);
        }
    }

    /// True if buffers need work before each write.
    pub fn is_active(&self) -> bool {
        self.writes && (self.refill || self.scramble)
    }

    /// Fills a buffer before the job begins.
    pub fn initial(&mut self, buffer: &mut [u8]) {
        if self.writes {
            self.contents(buffer);
        }
    }

    /// Makes the contents of a write to `offset` that is issued now.
    #[inline]
    pub fn prepare(&mut self, buffer: &mut [u8], offset: u64, now_ns: u64) {
        if self.refill {
            self.contents(buffer);
        }
        if self.scramble {
            scramble(buffer, offset, now_ns);
        }
    }

    /// The next contents.
    pub fn contents(&mut self, buffer: &mut [u8]) {
        if let Some(mixture) = &mut self.mixture {
            return mixture.contents(buffer, &mut self.stream);
        }
        match &self.fill {
            Fill::Random => random(buffer, self.stream.pair_seed()),
            Fill::Zero => buffer.fill(0),
            Fill::Pattern(pattern) => repeat(buffer, pattern),
        }
    }
}

#[cfg(test)]
mod tests;
