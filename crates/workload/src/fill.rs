//! Contents of write buffers.
//!
//! Random contents come from four lanes of multiplicative hashing, as fio 3.42 has them, so that the
//! same seed gives the same bytes. Scrambling stamps each 512 bytes with offset and time, so that a
//! buffer that is written again is not the same data.

use fiord_base::random::{Stream, StreamId, StreamSeeds, Width, hash64};
use fiord_options::plan::{DataPlan, Fill, RandomGenerator, Seeds};

/// Factors by which the seed of the lanes differ.
const LANES: [u64; 4] = [1, 2, 3, 5];

/// Bytes of a chunk that is stamped by scrambling, and of a line inside it.
const CHUNK_BYTES: usize = 512;
const LINE_BYTES: usize = 64;
/// Where in a chunk the seconds and the nanoseconds stand.
const SECONDS_AT: usize = 48;
const NANOSECONDS_AT: usize = 56;

/// Fills a buffer with the random bytes of a seed.
pub fn random(buffer: &mut [u8], seed: u64) {
    let mut lanes = LANES.map(|factor| seed.wrapping_mul(factor));
    let (groups, rest) = buffer.as_chunks_mut::<32>();
    for group in groups {
        for (word, lane) in group.as_chunks_mut::<8>().0.iter_mut().zip(&mut lanes) {
            *word = lane.to_ne_bytes();
            *lane = hash64(*lane);
        }
    }
    let mut value = lanes[0];
    for word in rest.chunks_mut(8) {
        word.copy_from_slice(&value.to_ne_bytes()[..word.len()]);
        value = hash64(value);
    }
}

/// Stamps offset and time into each whole 512 bytes of a buffer: the time in the first line, the
/// offset at the begin of a line that time and offset choose.
pub fn scramble(buffer: &mut [u8], offset: u64, now_ns: u64) {
    let (seconds, nanoseconds) = (now_ns / 1_000_000_000, now_ns % 1_000_000_000);
    let mut offset = offset;
    let line = LINE_BYTES * ((nanoseconds ^ offset) % 8) as usize;
    for chunk in buffer.as_chunks_mut::<CHUNK_BYTES>().0 {
        chunk[line..line + 8].copy_from_slice(&offset.to_ne_bytes());
        chunk[SECONDS_AT..SECONDS_AT + 8].copy_from_slice(&seconds.to_ne_bytes());
        chunk[NANOSECONDS_AT..NANOSECONDS_AT + 8].copy_from_slice(&nanoseconds.to_ne_bytes());
        offset += CHUNK_BYTES as u64;
    }
}

/// Repeats a pattern over a buffer.
fn repeat(buffer: &mut [u8], pattern: &[u8]) {
    if pattern.is_empty() {
        return;
    }
    for part in buffer.chunks_mut(pattern.len()) {
        part.copy_from_slice(&pattern[..part.len()]);
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
    /// What the stream begins with again in each pass; `None` if it goes on.
    begin: Option<Stream>,
}

impl Filler {
    /// The filler of one clone; `writes` says whether there are write buffers at all.
    pub fn new(
        plan: &DataPlan,
        generator: RandomGenerator,
        writes: bool,
        seeds: &StreamSeeds,
    ) -> Filler {
        let width = match generator {
            RandomGenerator::Tausworthe64 => Width::Wide,
            RandomGenerator::Tausworthe | RandomGenerator::Lfsr => Width::Narrow,
        };
        let stream = Stream::new(width, seeds.get(StreamId::Buffer));
        Filler {
            fill: plan.fill.clone(),
            refill: plan.refill,
            scramble: plan.scramble,
            writes,
            stream,
            begin: None,
        }
    }

    /// The same with streams that begin again in each pass if `seeds` say so.
    #[must_use]
    pub fn repeating(mut self, seeds: Seeds) -> Filler {
        self.begin = matches!(seeds, Seeds::Base { repeat: true, .. }).then_some(self.stream);
        self
    }

    /// A pass begins.
    pub fn next_pass(&mut self) {
        if let Some(begin) = self.begin {
            self.stream = begin;
        }
    }

    /// Passes over the contents of so many buffers, which the layout of files has used.
    pub fn skip(&mut self, buffers: u64) {
        if matches!(self.fill, Fill::Random) {
            for _ in 0..buffers {
                self.stream.pair_seed();
            }
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
        match &self.fill {
            Fill::Random => random(buffer, self.stream.pair_seed()),
            Fill::Zero => buffer.fill(0),
            Fill::Pattern(pattern) => repeat(buffer, pattern),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_follow_the_seed() {
        let mut buffer = [0; 75];
        random(&mut buffer, 7);
        let word = |at: usize| u64::from_ne_bytes(buffer[at..at + 8].try_into().unwrap());
        assert_eq!([word(0), word(8), word(16), word(24)], [7, 14, 21, 35]);
        assert_eq!(word(40), hash64(14));
        assert_eq!(word(64), hash64(hash64(7)));
        assert_eq!(buffer[72..], hash64(hash64(hash64(7))).to_ne_bytes()[..3]);
    }

    #[test]
    fn scrambling_stamps_every_whole_chunk() {
        let mut buffer = vec![0; 1024 + 511];
        scramble(&mut buffer, 4096, 3_000_000_002);
        let word = |at: usize| u64::from_ne_bytes(buffer[at..at + 8].try_into().unwrap());
        assert_eq!((word(128), word(48), word(56)), (4096, 3, 2));
        assert_eq!(word(512 + 128), 4608);
        assert_eq!(buffer.iter().filter(|b| **b != 0).count(), 2 * 3);
    }

    #[test]
    fn contents_begin_again_where_seeds_repeat() {
        let plan = DataPlan { refill: true, ..DataPlan::default() };
        let seeds = StreamSeeds::derive(0x89, 1);
        let first_of_passes = |repeat| {
            let filler = Filler::new(&plan, RandomGenerator::Tausworthe, true, &seeds);
            let mut filler = filler.repeating(Seeds::Base { base: 0x89, repeat });
            let mut buffers = [[0; 64]; 3];
            filler.initial(&mut buffers[0]);
            filler.prepare(&mut buffers[1], 0, 0);
            filler.next_pass();
            filler.prepare(&mut buffers[2], 0, 0);
            (buffers[0] != buffers[1], buffers[0] == buffers[2])
        };
        assert_eq!(first_of_passes(true), (true, true));
        assert_eq!(first_of_passes(false), (true, false));
    }

    #[test]
    fn patterns_repeat_and_are_cut() {
        let mut buffer = [0; 5];
        repeat(&mut buffer, b"ab");
        assert_eq!(&buffer, b"ababa");
    }
}
