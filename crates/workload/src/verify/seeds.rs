//! The seeds of verified data.
//!
//! Each write draws two words of a stream of its own and takes their product (fio's way). Whoever draws from
//! the same seeds knows them, too: the phase that reads back, and jobs that read what others wrote.

use fiord_base::random::{Stream, StreamId, StreamSeeds, Width};
use fiord_options::plan::{JobPlan, RandomGenerator, Seeds as SeedsPlan};

/// A place among the seeds.
#[derive(Clone, Debug)]
pub struct SeedsMark(Stream);

/// Seeds, one for each write.
#[derive(Clone, Debug)]
pub struct Seeds {
    stream: Stream,
    /// Where each pass begins; `None` if they go on.
    begin: Option<Stream>,
}

impl Seeds {
    /// The seeds of a clone.
    pub fn new(job: &JobPlan, seeds: &StreamSeeds) -> Seeds {
        let width = match job.pattern.generator {
            RandomGenerator::Tausworthe64 => Width::Wide,
            RandomGenerator::Tausworthe | RandomGenerator::Lfsr => Width::Narrow,
        };
        let stream = Stream::new(width, seeds.get(StreamId::Verify));
        let repeats = matches!(job.pattern.seeds, SeedsPlan::Base { repeat: true, .. });
        Seeds { stream, begin: repeats.then_some(stream) }
    }

    /// The seed of the next write.
    #[inline]
    pub fn draw(&mut self) -> u64 {
        self.stream.pair_seed()
    }

    /// Where they stand.
    pub fn mark(&self) -> SeedsMark {
        SeedsMark(self.stream)
    }

    /// Goes back, or on, to a place.
    pub fn go_to(&mut self, mark: &SeedsMark) {
        self.stream = mark.0;
    }

    /// A pass begins.
    pub fn next_pass(&mut self) {
        if let Some(begin) = self.begin {
            self.stream = begin;
        }
    }
}
