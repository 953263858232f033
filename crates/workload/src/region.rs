//! Which bytes of which target a clone works on.
//!
//! Pure arithmetic on the plan and on the sizes that the targets have before the job. It decides
//! nothing about layout beyond the sizes that targets must have when the first request comes.

use fiord_base::random::{Stream, StreamId, StreamSeeds, Width};
use fiord_base::{Direction, Quantity};
use fiord_options::plan::{JobPlan, RandomGenerator};

use crate::checksum::jhash;
use crate::generator::physical_bytes;

/// What is known of a target before the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A regular file, present with so many bytes, or 0 if missing; it can grow.
    File(u64),
    /// A device with so many bytes; it cannot grow.
    Device(u64),
    /// A name without storage, for engines that have none; it has the size that the job asks for.
    Label,
}

/// One target of a clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileRegion {
    /// First byte of the region.
    pub offset: u64,
    /// Bytes of the region.
    pub size: u64,
    /// Bytes of the target once it is laid out; requests may run past the region up to here.
    pub real_size: u64,
    /// What the seeds of draws that belong to this target alone are multiplied by; see
    /// [`FileRegion::salted`].
    pub salt: u32,
}

impl FileRegion {
    /// The region of a target of this name, in the clone of this running number. Distributions favour other
    /// blocks in each target and each clone.
    #[must_use]
    pub fn salted(self, name: &[u8], thread_number: u32) -> FileRegion {
        FileRegion { salt: jhash(name).wrapping_mul(thread_number), ..self }
    }
}

/// The targets of a clone and the amount it moves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Regions {
    /// In the order of the plan.
    pub files: Vec<FileRegion>,
    /// Bytes over all regions.
    pub size: u64,
    /// Bytes to move per loop where the job says so; `None` means `size`.
    pub io_size: Option<u64>,
}

/// Why a clone has no region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegionError {
    /// Neither the plan nor the targets say how much.
    NoSize,
    /// The region begins beyond the end of a target.
    OffsetBeyondEnd {
        /// Position of the target.
        file: usize,
        /// First byte of the region.
        offset: u64,
        /// Bytes of the target.
        size: u64,
    },
    /// All regions together are smaller than the smallest block.
    TooSmall {
        /// Bytes of all regions.
        size: u64,
        /// Smallest block in bytes.
        block: u64,
    },
    /// Zone numbers need a zoned target.
    Zones,
}

impl std::fmt::Display for RegionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RegionError::NoSize => f.write_str("no size: set size= or use targets that have one"),
            RegionError::OffsetBeyondEnd { offset, size, .. } => {
                write!(f, "offset {offset} lies beyond the end of the target ({size} bytes)")
            }
            RegionError::TooSmall { size, block } => {
                write!(f, "the region ({size} bytes) is smaller than a block ({block} bytes)")
            }
            RegionError::Zones => f.write_str("a number of zones needs a zoned target"),
        }
    }
}

impl std::error::Error for RegionError {}

/// The regions of a clone. `clone_number` is the one of [`JobPlan::clone_number`].
pub fn regions(
    plan: &JobPlan,
    clone_number: u32,
    targets: &[Target],
    seeds: &StreamSeeds,
) -> Result<Regions, RegionError> {
    let block = plan.blocks.smallest(plan.pattern.rw).max(1);
    let total = match plan.region.size {
        Some(Quantity::Bytes(size)) => Some(size),
        Some(Quantity::Zones(_)) => return Err(RegionError::Zones),
        Some(Quantity::Percent(_)) | None => None,
    };
    let mut sizes = FileSizes::new(plan, block, seeds);
    let shares = total.map(|total| Shares::new(total, targets.len(), block));
    let mut files = Vec::with_capacity(targets.len());
    for (index, target) in targets.iter().enumerate() {
        let share = shares.as_ref().map(|shares| shares.of(index)).or(unlimited(plan, *target));
        let asked = sizes.as_mut().map(|sizes| sizes.of(*target, share));
        let region = one(plan, clone_number, index, *target, asked, share, block)?;
        files.push(region);
    }
    finish(plan, files, total, block)
}

/// Bytes of a region that only a full target ends: as far as file offsets reach, and half of that to
/// spare for offsets.
const UNLIMITED_BYTES: u64 = 1 << 62;

/// The share of a file that is written until there is no more space.
fn unlimited(plan: &JobPlan, target: Target) -> Option<u64> {
    let region = &plan.region;
    let grows = !matches!(target, Target::Device(_));
    let open_end = region.fill_device && region.size.is_none() && plan.files.file_size.is_none();
    (grows && open_end).then_some(UNLIMITED_BYTES)
}

/// `size` spread over the files: equal parts, and a block more for the first ones while blocks
/// remain.
struct Shares {
    part: u64,
    extra: u64,
    block: u64,
}

impl Shares {
    fn new(total: u64, files: usize, block: u64) -> Shares {
        let files = files.max(1) as u64;
        let part = total / files;
        Shares { part, extra: (total - part * files) / block, block }
    }

    fn of(&self, index: usize) -> u64 {
        self.part + if (index as u64) < self.extra { self.block } else { 0 }
    }
}

/// The region on one target. `asked` is its `filesize`, `share` its part of `size`.
fn one(
    plan: &JobPlan,
    clone_number: u32,
    index: usize,
    target: Target,
    asked: Option<u64>,
    share: Option<u64>,
    block: u64,
) -> Result<FileRegion, RegionError> {
    let percent = match plan.region.size {
        Some(Quantity::Percent(percent)) => Some(percent),
        _ => None,
    };
    let (present, limit) = match target {
        Target::File(size) => (size, None),
        Target::Device(size) => (size, Some(size)),
        Target::Label => (share.or(asked).unwrap_or(0), None),
    };
    let offset = start(plan, clone_number, present, block)?;
    // What the target holds, as far as the job says or the machine knows.
    let base = match (asked, share, limit) {
        (_, _, Some(limit)) => asked.map_or(limit, |asked| asked.min(limit)),
        (Some(asked), _, None) => asked,
        (None, Some(share), None) => offset.saturating_add(share),
        (None, None, None) => present,
    };
    if offset > base {
        return Err(RegionError::OffsetBeyondEnd { file: index, offset, size: base });
    }
    let room = base - offset;
    let size = match (percent, asked, share) {
        (Some(percent), ..) => {
            let part = share_of(base, percent);
            (part - part % block).min(room)
        }
        (None, None, Some(share)) => share.min(room),
        (None, ..) => room,
    };
    let end = match (percent, asked) {
        (None, Some(asked)) => asked,
        _ => offset.saturating_add(size),
    };
    let real_size = match target {
        Target::Device(size) => size,
        Target::File(present) => present.max(end),
        Target::Label => end,
    };
    Ok(FileRegion { offset, size, real_size, salt: 0 })
}

/// So many percent of an amount, rounded down.
fn share_of(amount: u64, percent: u32) -> u64 {
    let share = u128::from(amount) * u128::from(percent) / 100;
    u64::try_from(share).unwrap_or(u64::MAX)
}

/// Sums up, cuts a total that is too large, and resolves `io_size`.
fn finish(
    plan: &JobPlan,
    files: Vec<FileRegion>,
    total: Option<u64>,
    block: u64,
) -> Result<Regions, RegionError> {
    let sum = files.iter().fold(0u64, |sum, file| sum.saturating_add(file.size));
    let size = total.map_or(sum, |total| total.min(sum));
    if sum == 0 && plan.region.size.is_none() && files.iter().all(|file| file.real_size == 0) {
        return Err(RegionError::NoSize);
    }
    if size < block {
        return Err(RegionError::TooSmall { size, block });
    }
    let io_size = match plan.region.io_size {
        Some(Quantity::Bytes(size)) => Some(size),
        Some(Quantity::Percent(percent)) => Some(share_of(size, percent)),
        Some(Quantity::Zones(_)) => return Err(RegionError::Zones),
        None => None,
    };
    let io_size = match &plan.pattern.precondition {
        Some(settings) => Some(physical_bytes(settings, size, plan.blocks.min[Direction::Write])),
        None => io_size,
    };
    Ok(Regions { files, size, io_size })
}

/// What `filesize` gives.
struct FileSizes {
    low: u64,
    high: u64,
    block: u64,
    stream: Stream,
}

impl FileSizes {
    fn new(plan: &JobPlan, block: u64, seeds: &StreamSeeds) -> Option<FileSizes> {
        let (low, high) = plan.files.file_size?;
        let width = match plan.pattern.generator {
            RandomGenerator::Tausworthe64 => Width::Wide,
            RandomGenerator::Tausworthe | RandomGenerator::Lfsr => Width::Narrow,
        };
        let stream = Stream::new(width, seeds.get(StreamId::FileSize));
        Some(FileSizes { low, high: high.max(low), block, stream })
    }

    /// The size of the next target: of a range, the one that it has if that lies inside, else a
    /// drawn one.
    fn of(&mut self, target: Target, share: Option<u64>) -> u64 {
        if self.low == self.high {
            return self.low;
        }
        let present = match target {
            Target::File(size) | Target::Device(size) => size,
            Target::Label => share.unwrap_or(0),
        };
        if present != 0 && (self.low..=self.high).contains(&present) {
            return present;
        }
        let size = self.stream.between(self.low, self.high);
        (size - size % self.block).max(self.low)
    }
}

/// First byte of the region of a clone on a target that has `size` bytes.
fn start(plan: &JobPlan, clone_number: u32, size: u64, block: u64) -> Result<u64, RegionError> {
    if plan.files.append {
        return Ok(size);
    }
    let bytes = |quantity| match quantity {
        Quantity::Bytes(bytes) => Ok((bytes, false)),
        Quantity::Percent(percent) => Ok((share_of(size, percent), true)),
        Quantity::Zones(_) => Err(RegionError::Zones),
    };
    let (offset, offset_computed) = bytes(plan.region.offset)?;
    let (increment, increment_computed) = bytes(plan.region.offset_increment)?;
    let sum = offset.saturating_add(increment.saturating_mul(u64::from(clone_number)));
    let align = plan.region.offset_align.unwrap_or(block).max(1);
    if offset_computed || increment_computed {
        Ok(sum.div_ceil(align).saturating_mul(align))
    } else {
        Ok(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_blocks_that_remain_go_to_the_first_files() {
        let shares = Shares::new(100, 7, 1);
        assert_eq!((0..7).map(|i| shares.of(i)).collect::<Vec<_>>(), [15, 15, 14, 14, 14, 14, 14]);
        let shares = Shares::new(133_120, 3, 4096);
        assert_eq!((0..3).map(|i| shares.of(i)).collect::<Vec<_>>(), [44_373; 3]);
    }

    #[test]
    fn a_share_of_the_largest_amount_does_not_overflow() {
        assert_eq!(share_of(u64::MAX, 100), u64::MAX);
        assert_eq!(share_of(1_000_000, 33), 330_000);
    }
}
