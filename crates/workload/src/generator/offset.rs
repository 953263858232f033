//! Where does a request begin?

use fiord_base::Direction;
use fiord_base::random::{Lfsr, Stream};
use fiord_options::plan::{Distribution, JobPlan, Sequencer};

use super::distribution::{Choice, Spread};
use super::length::LengthPicker;
use super::setup::Streams;
use super::strided::{self, Strided};
use crate::{BlockMap, Regions};

const WRITE: usize = Direction::Write as usize;
const TRIM: usize = Direction::Trim as usize;

/// No request yet.
pub(crate) const NONE: u64 = u64::MAX;

/// What the generator knows of a target.
#[derive(Clone, Debug)]
pub(crate) struct FileState {
    /// First byte of the region.
    pub(crate) origin: u64,
    /// First byte of the present zone; without zones that of the region.
    pub(crate) start: u64,
    /// Bytes of the region.
    pub(crate) size: u64,
    /// Bytes of the target.
    pub(crate) real_size: u64,
    /// End of the last request, by direction.
    pub(crate) position: [u64; 3],
    /// Begin of the last request, by direction.
    pub(crate) previous: [u64; 3],
    /// Blocks to draw from, by direction.
    pub(crate) blocks: [u64; 3],
    pub(crate) map: Option<BlockMap>,
    pub(crate) lfsr: Option<Lfsr>,
    /// How popular its blocks are, if each file has draws of its own for that.
    pub(crate) spread: Option<Box<Spread>>,
    pub(crate) open: bool,
    pub(crate) finished: bool,
    /// A block was trimmed and not yet written.
    pub(crate) write_due: bool,
}

impl FileState {
    /// A pass begins.
    pub(crate) fn restart(&mut self) {
        self.start = self.origin;
        self.begin_zone();
        self.finished = false;
    }

    /// True if there was a request since the begin of the zone.
    pub(crate) fn is_touched(&self) -> bool {
        self.previous != [NONE; 3]
    }

    /// As if nothing had been issued yet, and nothing visited.
    pub(crate) fn begin_zone(&mut self) {
        self.rewind();
        if let Some(lfsr) = &mut self.lfsr {
            lfsr.restart();
        }
        if let Some(map) = &mut self.map {
            map.clear();
        }
    }

    /// As if nothing had been issued yet.
    pub(crate) fn rewind(&mut self) {
        self.position = [self.start; 3];
        self.previous = [NONE; 3];
        self.write_due = false;
    }
}

/// Offset and length of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

/// Chooses offsets.
#[derive(Clone, Debug)]
pub(crate) struct OffsetPicker {
    pub(crate) random: bool,
    /// How blocks are drawn.
    pub(crate) choice: Choice,
    /// Requests per drawn offset.
    pub(crate) run_length: u32,
    pub(crate) run_left: u32,
    pub(crate) sequencer: Sequencer,
    pub(crate) gap: i64,
    /// Percent of random requests, by direction.
    pub(crate) percent: [u32; 3],
    /// Some request of a random job may be sequential.
    pub(crate) mixed_order: bool,
    pub(crate) align: [u64; 3],
    /// Bytes that one bit of the map stands for, by direction of the request that asks.
    pub(crate) unit: [u64; 3],
    /// Sequential requests begin again at the end of the region.
    pub(crate) wraps: bool,
    pub(crate) time_based: bool,
    /// A target of which all blocks were visited begins again at once.
    pub(crate) begins_again: bool,
    /// The target was begun again for the request that was just made.
    pub(crate) rewound: bool,
    /// Random writes go where the last trim went.
    pub(crate) trim_write: bool,
    /// Requests stay in one zone after the other.
    pub(crate) zones: Option<Strided>,
}

impl OffsetPicker {
    pub(crate) fn new(
        plan: &JobPlan,
        regions: &Regions,
        choice: Choice,
        time_based: bool,
    ) -> OffsetPicker {
        let pattern = &plan.pattern;
        let rw = pattern.rw;
        let beyond = regions.io_size.is_some_and(|io_size| io_size > regions.size);
        OffsetPicker {
            random: rw.random,
            choice,
            run_length: pattern.run_length.max(1),
            run_left: 0,
            sequencer: pattern.sequencer,
            gap: pattern.sequential_gap,
            percent: pattern.percentage_random.0,
            mixed_order: rw.random
                && (pattern.run_length > 1
                    || pattern.percentage_random.iter().any(|(_, percent)| *percent < 100)),
            align: plan.blocks.align.0,
            unit: plan.blocks.min.0.map(|min| min.max(1)),
            wraps: regions.files.len() == 1 && (time_based || rw.is_mixed() && beyond),
            time_based,
            begins_again: time_based || plan.files.service_distribution != Distribution::Uniform,
            rewound: false,
            trim_write: rw.is_trim_write(),
            zones: strided::of_plan(plan).map(Strided::new),
        }
    }

    /// True if no byte is visited twice in a pass: by maps of what was visited, or by registers.
    pub(crate) fn visits_once(
        &self,
        by_map: bool,
        by_register: bool,
        lengths: &LengthPicker,
    ) -> bool {
        if self.zones.is_some() || self.time_based || self.begins_again {
            return false;
        }
        if !self.random {
            return self.gap == 0 && !self.wraps;
        }
        let by_register = by_register
            && self.unit.iter().all(|unit| *unit == self.unit[0])
            && lengths.are_fixed();
        // Blocks that are drawn by maps or registers, and all of them so, in the units of these.
        !self.mixed_order
            && self.choice.is_uniform()
            && (by_map || by_register)
            && (0..3).all(|d| self.align[d].is_multiple_of(self.unit[d].max(1)))
    }

    /// A pass begins.
    pub(crate) fn restart(&mut self) {
        if let Some(zones) = &mut self.zones {
            zones.restart();
        }
    }

    /// The next request for the file, or `None` if it has nothing left.
    #[inline]
    pub(crate) fn pick(
        &mut self,
        file: &mut FileState,
        direction: Direction,
        lengths: &mut LengthPicker,
        streams: &mut Streams,
    ) -> Option<Extent> {
        let d = direction as usize % 3;
        if let Some(zones) = &mut self.zones {
            zones.turn(file);
        }
        let (offset, random) = if !self.random {
            (self.sequential(file, d)?, false)
        } else if self.mixed_order {
            self.run_or_random(file, d, streams)?
        } else if self.trim_write && d == WRITE {
            (file.previous[TRIM], false)
        } else {
            (self.random(file, d, &mut streams.offset)?, true)
        };
        let end = file.start + file.size;
        if self.random && offset >= end {
            return None;
        }
        let mut length = if self.random && self.trim_write && d == WRITE {
            file.position[TRIM] - offset
        } else {
            // The room ends with the region also where zones reach beyond it.
            let room = (file.origin + file.size).saturating_sub(offset);
            lengths.pick(direction, random, room)?
        };
        if offset + length > file.real_size {
            return None;
        }
        if random && let Some(map) = &mut file.map {
            let unit = self.unit[d];
            let units = length.div_ceil(unit);
            let marked = map.set_run((offset - file.start) / unit, units);
            if marked < units {
                length = marked * unit;
                if length == 0 {
                    return None;
                }
            }
        }
        if let Some(zones) = &mut self.zones {
            zones.issued(length);
        }
        file.position[d] = offset + length;
        file.previous[d] = offset;
        self.choice.issued(d);
        if self.trim_write {
            if d == TRIM {
                file.write_due = true;
            } else if offset == file.previous[TRIM] {
                file.write_due = false;
            }
        }
        Some(Extent { offset, length })
    }

    fn sequential(&mut self, file: &mut FileState, d: usize) -> Option<u64> {
        let end = file.start + file.size;
        let mut position = file.position[d];
        if let Some(zones) = &self.zones {
            position = zones.inside(file, position);
        }
        if self.wraps && position >= file.origin + file.size {
            position = file.start;
            self.rewound = self.time_based;
        }
        if self.gap > 0 && position >= end {
            return None;
        }
        if self.gap != 0 {
            position = self.leap(file, position)?;
        }
        (position < end).then_some(position)
    }

    /// The position after the gap. At the end of the target (backwards: at the begin of the region)
    /// it begins again at the other end; forwards only in a region at the begin of the target.
    fn leap(&self, file: &FileState, position: u64) -> Option<u64> {
        let end = file.start + file.size;
        let from = if position != file.start {
            position
        } else if self.gap > 0 || file.start == 0 {
            return Some(position);
        } else {
            // The size stands here where the end of the region is meant; so it is in recorded
            // sequences.
            file.size.min(file.real_size)
        };
        let position = from.wrapping_add_signed(self.gap);
        if position >= file.start && position < file.real_size {
            Some(position)
        } else if self.gap > 0 {
            (file.start == 0).then_some(0)
        } else {
            Some(end.wrapping_add_signed(self.gap))
        }
    }

    #[inline]
    fn random(&mut self, file: &mut FileState, d: usize, stream: &mut Stream) -> Option<u64> {
        let block = if self.choice.is_uniform() {
            self.uniform(file, file.blocks[d], stream)?
        } else {
            self.chosen(file, d, stream)?
        };
        Some(file.start + block * self.align[d])
    }

    /// A block of a distribution.
    fn chosen(&mut self, file: &mut FileState, d: usize, stream: &mut Stream) -> Option<u64> {
        match &mut self.choice {
            Choice::Uniform => self.uniform(file, file.blocks[d], stream),
            Choice::Spread => Some(file.spread.as_mut()?.draw()),
            Choice::Sequence(sequence) => sequence.next(d).filter(|block| *block < file.blocks[d]),
            Choice::Precondition(precondition) => precondition.next(file.lfsr.as_mut()?),
            Choice::Zones(zones) => {
                let range = zones.draw(d, file.blocks[d], self.align[d]);
                if range.first + range.count > file.blocks[d] {
                    return None;
                }
                // A zone that is smaller than a block has the one that it begins in.
                Some(range.first + self.uniform(file, range.count.max(1), stream)?)
            }
        }
    }

    /// One of the first `blocks` blocks.
    #[inline]
    fn uniform(&mut self, file: &mut FileState, blocks: u64, stream: &mut Stream) -> Option<u64> {
        let block = if let Some(lfsr) = &mut file.lfsr {
            match lfsr.draw() {
                Some(block) => block,
                None if self.begins_again => {
                    lfsr.restart();
                    let block = lfsr.draw()?;
                    file.rewind();
                    self.rewound = true;
                    block
                }
                None => return None,
            }
        } else {
            if blocks == 0 {
                return None;
            }
            let block = stream.below(blocks);
            match &mut file.map {
                Some(map) => match map.next_free(block) {
                    Some(block) => block,
                    None if self.begins_again => {
                        map.clear();
                        file.rewind();
                        self.rewound = true;
                        file.map.as_ref()?.next_free(stream.below(blocks))?
                    }
                    None => return None,
                },
                None => block,
            }
        };
        Some(block)
    }

    fn run_or_random(
        &mut self,
        file: &mut FileState,
        d: usize,
        streams: &mut Streams,
    ) -> Option<(u64, bool)> {
        self.run_left = if self.run_left == 0 { self.run_length } else { self.run_left } - 1;
        let first = self.run_left + 1 == self.run_length;
        if self.trim_write && d == WRITE {
            return Some((file.previous[TRIM], false));
        }
        if first {
            let percent = self.percent[d];
            if percent == 100 || streams.order[d].between(1, 100) <= percent {
                return Some((self.random(file, d, &mut streams.offset)?, true));
            }
        } else if self.sequencer == Sequencer::Identical {
            let previous = file.previous[d];
            return Some((if previous == NONE { file.start } else { previous }, false));
        }
        match self.sequential(file, d) {
            Some(offset) => Some((offset, false)),
            // At the end of the target a block is drawn instead; at the end of a region inside it
            // the file is finished.
            None if file.position[d] >= file.real_size => {
                Some((self.random(file, d, &mut streams.offset)?, false))
            }
            None => None,
        }
    }
}
