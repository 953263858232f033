//! How long is a request?

use fiord_base::random::{Stream, StreamId, StreamSeeds, Width};
use fiord_base::{Direction, PerDirection};
use fiord_options::plan::{BlocksPlan, Pattern};

/// How lengths of one direction are found.
#[derive(Clone, Debug)]
enum Kind {
    /// Always the same.
    Fixed,
    /// Uniform between the smallest and the largest.
    Range,
    /// From a list of lengths with the running sum of their percentages, ascending.
    Split(Vec<(u64, u64)>),
}

/// Lengths of one direction.
#[derive(Clone, Debug)]
struct Lengths {
    kind: Kind,
    min: u64,
    max: u64,
    unaligned: bool,
}

/// Chooses lengths.
#[derive(Clone, Debug)]
pub(crate) struct LengthPicker {
    directions: [Lengths; 3],
    streams: [Stream; 3],
    /// Settings go by kind of offset instead of direction.
    by_order: bool,
}

impl LengthPicker {
    pub(crate) fn new(
        blocks: &BlocksPlan,
        sources: [StreamId; 3],
        seeds: &StreamSeeds,
        width: Width,
    ) -> LengthPicker {
        let lengths = PerDirection::from_fn(|direction| {
            let split = &blocks.split[direction];
            let (min, max) = (blocks.min[direction], blocks.max[direction]);
            let kind = if min == max {
                Kind::Fixed
            } else if split.is_empty() {
                Kind::Range
            } else {
                let mut sum = 0;
                Kind::Split(
                    split
                        .iter()
                        .map(|(length, percent)| {
                            sum += u64::from(*percent);
                            (*length, sum)
                        })
                        .collect(),
                )
            };
            Lengths { kind, min, max, unaligned: blocks.unaligned }
        });
        let by_order = blocks.sequential_random;
        let streams = sources.map(|id| Stream::new(width, seeds.get(id)));
        LengthPicker { directions: lengths.0, streams, by_order }
    }

    /// The length of all requests of a direction, if it is always the same.
    pub(crate) fn fixed(&self, direction: Direction) -> Option<u64> {
        let lengths = &self.directions[direction as usize % 3];
        match lengths.kind {
            Kind::Fixed if !self.by_order && lengths.min > 0 => Some(lengths.min),
            _ => None,
        }
    }

    /// True if all requests of each direction have one length.
    pub(crate) fn are_fixed(&self) -> bool {
        self.directions.iter().all(|lengths| matches!(lengths.kind, Kind::Fixed))
    }

    /// The streams begin again.
    pub(crate) fn reseed(&mut self, sources: [StreamId; 3], seeds: &StreamSeeds, width: Width) {
        self.streams = sources.map(|id| Stream::new(width, seeds.get(id)));
    }

    /// The length of a request for which the region has `room` bytes left; `None` if nothing fits.
    #[inline]
    pub(crate) fn pick(&mut self, direction: Direction, random: bool, room: u64) -> Option<u64> {
        let index = if self.by_order { usize::from(random) } else { direction as usize % 3 };
        let lengths = &self.directions[index];
        if let Kind::Fixed = lengths.kind {
            return Some(lengths.min);
        }
        if lengths.min > room {
            return None;
        }
        Some(draw(lengths, &mut self.streams[index], room))
    }
}

/// The streams that lengths of reads, writes and trims are drawn from. A trim is as long as the write that
/// follows it, and what is verified can be written by one job and read by another.
pub(crate) fn sources(rw: Pattern, verifies: bool) -> [StreamId; 3] {
    let write = if verifies { StreamId::ReadSize } else { StreamId::WriteSize };
    [StreamId::ReadSize, write, if rw.is_trim_write() { write } else { StreamId::TrimSize }]
}

/// Draws until the length fits; the smallest does.
fn draw(lengths: &Lengths, stream: &mut Stream, room: u64) -> u64 {
    loop {
        let length = match &lengths.kind {
            Kind::Fixed => lengths.min,
            Kind::Range => lengths.min + stream.below(lengths.max),
            Kind::Split(entries) => {
                let draw = stream.draw();
                let percent = stream.largest() / 100;
                entries
                    .iter()
                    .find(|(length, sum)| draw <= percent * sum && *length <= room)
                    .or(entries.last())
                    .map_or(lengths.min, |(length, _)| *length)
            }
        };
        let length = aligned(lengths, length);
        if length <= room {
            return length;
        }
    }
}

/// Rounds down to a multiple of the smallest length and cuts to the largest.
fn aligned(lengths: &Lengths, length: u64) -> u64 {
    let length =
        if lengths.unaligned || lengths.min == 0 { length } else { length - length % lengths.min };
    length.min(lengths.max)
}
