//! Which bytes of which target a clone works on.
//!
//! Pure arithmetic on the plan and on the sizes that the targets have before the job. It decides
//! nothing about layout beyond the sizes that targets must have when the first request comes.

use fiord_base::Quantity;
use fiord_base::random::{Stream, StreamId, StreamSeeds, Width};
use fiord_options::plan::{JobPlan, RandomGenerator};

/// What is known of a target before the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A regular file, present with so many bytes, or 0 if missing.
    File(u64),
    /// A device with so many bytes; it cannot grow.
    Device(u64),
}

impl Target {
    /// Bytes that are there.
    fn size(self) -> u64 {
        match self {
            Target::File(size) | Target::Device(size) => size,
        }
    }
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
    /// The offset lies at or beyond the end of this target.
    OffsetBeyondEnd {
        /// Position of the target.
        file: usize,
        /// First byte of the region.
        offset: u64,
        /// Bytes of the target.
        size: u64,
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
    let count = targets.len().max(1) as u64;
    let block = plan.blocks.smallest(plan.pattern.rw).max(1);
    let mut sizes = file_sizes(plan, targets, block, seeds);
    let total = match plan.region.size {
        Some(Quantity::Bytes(size)) => Some(size),
        Some(Quantity::Zones(_)) => return Err(RegionError::Zones),
        Some(Quantity::Percent(_)) | None => None,
    };
    let mut files = Vec::with_capacity(targets.len());
    let share = total.map(|total| total / count);
    let mut rest = total.map_or(0, |total| total - total / count * count) / block;
    for (index, target) in targets.iter().enumerate() {
        let offset = start(plan, clone_number, target.size(), block)?;
        let available = target.size().saturating_sub(offset);
        let mut size = match (sizes.as_mut().map(|sizes| sizes[index]), share) {
            (Some(size), _) => size,
            (None, Some(share)) => {
                let extra = u64::from(rest > 0);
                rest -= extra;
                share + extra * block
            }
            (None, None) => match plan.region.size {
                Some(Quantity::Percent(percent)) => {
                    let part = available / 100 * u64::from(percent)
                        + available % 100 * u64::from(percent) / 100;
                    part - part % block
                }
                _ => available,
            },
        };
        if let Target::Device(limit) = *target {
            if offset >= limit {
                return Err(RegionError::OffsetBeyondEnd { file: index, offset, size: limit });
            }
            size = size.min(available);
        }
        let real_size = match target {
            Target::Device(size) => *size,
            Target::File(present) => (*present).max(offset.saturating_add(size)),
        };
        files.push(FileRegion { offset, size, real_size });
    }
    finish(plan, files, total)
}

/// Sums up, cuts a total that is too large, and resolves `io_size`.
fn finish(
    plan: &JobPlan,
    files: Vec<FileRegion>,
    total: Option<u64>,
) -> Result<Regions, RegionError> {
    let sum = files.iter().fold(0u64, |sum, file| sum.saturating_add(file.size));
    let size = total.map_or(sum, |total| total.min(sum));
    if size == 0 && !plan.region.fill_device {
        return Err(RegionError::NoSize);
    }
    let io_size = match plan.region.io_size {
        Some(Quantity::Bytes(size)) => Some(size),
        Some(Quantity::Percent(percent)) => {
            Some((u128::from(size) * u128::from(percent) / 100) as u64)
        }
        Some(Quantity::Zones(_)) => return Err(RegionError::Zones),
        None => None,
    };
    Ok(Regions { files, size, io_size })
}

/// The sizes that `filesize` gives, one per target.
fn file_sizes(
    plan: &JobPlan,
    targets: &[Target],
    block: u64,
    seeds: &StreamSeeds,
) -> Option<Vec<u64>> {
    let (low, high) = plan.files.file_size?;
    if low == high {
        return Some(vec![low; targets.len()]);
    }
    let width = match plan.pattern.generator {
        RandomGenerator::Tausworthe64 => Width::Wide,
        RandomGenerator::Tausworthe | RandomGenerator::Lfsr => Width::Narrow,
    };
    let mut stream = Stream::new(width, seeds.get(StreamId::FileSize));
    Some(
        targets
            .iter()
            .map(|_| {
                let size = stream.between(low, high);
                (size - size % block).max(low)
            })
            .collect(),
    )
}

/// First byte of the region of a clone.
fn start(plan: &JobPlan, clone_number: u32, size: u64, block: u64) -> Result<u64, RegionError> {
    let bytes = |quantity| match quantity {
        Quantity::Bytes(bytes) => Ok((bytes, false)),
        Quantity::Percent(percent) => {
            Ok(((u128::from(size) * u128::from(percent) / 100) as u64, true))
        }
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
