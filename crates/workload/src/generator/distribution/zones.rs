//! Zones: shares of accesses for parts of the space.

use fiord_base::random::{StreamId, StreamSeeds, Taus88};
use fiord_base::{Direction, PerDirection};
use fiord_options::plan::Distribution;

/// A zone of the space, in the unit of its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Zone {
    from: u64,
    to: u64,
}

/// What the bounds of zones are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measure {
    Percent,
    Bytes,
}

/// Blocks that a draw chooses from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) first: u64,
    pub(crate) count: u64,
}

/// The zones of a job.
#[derive(Clone, Debug)]
pub(crate) struct Zones {
    measure: Measure,
    /// By direction, the zone of each percent of accesses; empty: all of the space.
    by_percent: [Vec<Zone>; 3],
    stream: Taus88,
}

impl Zones {
    /// `None` if the distribution has no zones.
    pub(crate) fn new(distribution: &Distribution, seeds: &StreamSeeds) -> Option<Zones> {
        let (measure, lists): (_, PerDirection<Vec<(u32, u64)>>) = match distribution {
            Distribution::Zoned(lists) => {
                let share = |direction| {
                    let list: &Vec<_> = &lists[direction];
                    list.iter().map(|z| (z.access_percent, u64::from(z.size_percent))).collect()
                };
                (Measure::Percent, PerDirection::from_fn(share))
            }
            Distribution::ZonedBytes(lists) => {
                let area = |direction| {
                    let list: &Vec<_> = &lists[direction];
                    list.iter().map(|z| (z.access_percent, z.size_bytes)).collect()
                };
                (Measure::Bytes, PerDirection::from_fn(area))
            }
            _ => return None,
        };
        let by_percent = lists.0.map(|list| by_percent(&list));
        Some(Zones { measure, by_percent, stream: Zones::stream(seeds) })
    }

    fn stream(seeds: &StreamSeeds) -> Taus88 {
        Taus88::new(seeds.get(StreamId::Zone) as u32)
    }

    /// The stream begins again.
    pub(crate) fn reseed(&mut self, seeds: &StreamSeeds) {
        self.stream = Zones::stream(seeds);
    }

    /// True if all zones of a direction lie in a space of so many blocks of `align` bytes.
    pub(crate) fn fit(&self, direction: Direction, blocks: u64, align: u64) -> bool {
        self.measure == Measure::Percent || self.end(direction) / align <= blocks
    }

    /// Where the last zone of a direction ends, in the unit of the list.
    pub(crate) fn end(&self, direction: Direction) -> u64 {
        self.by_percent[direction as usize % 3].last().map_or(0, |zone| zone.to)
    }

    /// The zone of the next request of direction `d`: of `blocks` blocks of `align` bytes.
    #[inline]
    pub(crate) fn draw(&mut self, d: usize, blocks: u64, align: u64) -> Range {
        let list = &self.by_percent[d];
        if list.is_empty() {
            return Range { first: 0, count: blocks };
        }
        let percent = self.stream.between(1, 100) as usize;
        let Some(zone) = list.get(percent - 1) else { return Range { first: 0, count: blocks } };
        match self.measure {
            // Rounded apart: a block between two zones may belong to none.
            Measure::Percent => Range {
                first: percent_of(blocks, zone.from),
                count: percent_of(blocks, zone.to - zone.from),
            },
            Measure::Bytes => {
                let first = zone.from / align;
                Range { first, count: zone.to / align - first }
            }
        }
    }
}

/// So many percent, rounded down; nothing overflows.
#[inline]
fn percent_of(amount: u64, percent: u64) -> u64 {
    amount / 100 * percent + amount % 100 * percent / 100
}

/// The zone of each percent of accesses.
fn by_percent(list: &[(u32, u64)]) -> Vec<Zone> {
    let mut zones = Vec::new();
    let mut from = 0u64;
    for (access, size) in list {
        let to = from.saturating_add(*size);
        zones.extend(std::iter::repeat_n(Zone { from, to }, *access as usize));
        from = to;
    }
    zones
}
