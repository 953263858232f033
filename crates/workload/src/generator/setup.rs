//! Making a generator, and the turn from one pass to the next.

use std::borrow::Cow;

use fiord_base::random::{Lfsr, LfsrError, Stream, StreamId, StreamSeeds, Taus88, Width};
use fiord_base::{DATA, Direction, FileIndex};
use fiord_options::plan::{Distribution, JobPlan, RandomGenerator, Seeds};

use super::direction::DirectionPicker;
use super::distribution::{Choice, Precondition, Spreads, physical_bytes};
use super::express::Express;
use super::files::FilePicker;
use super::flush::Flush;
use super::length::{self, LengthPicker};
use super::offset::{Extent, FileState, NONE, OffsetPicker};
use super::strided;
use super::{Bounds, Generator, Made, Phase};
use crate::{BlockMap, FileRegion, Regions, Request};

/// Why a job has no sequence of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GeneratorError {
    /// There is no target.
    NoFiles,
    /// A block size is 0.
    ZeroBlockSize,
    /// No memory for the map of visited blocks; so many blocks were to be covered.
    MapMemory(u64),
    /// The shift register cannot cover the region.
    Lfsr(LfsrError),
    /// Regions of preconditioning are smaller than a block; so many blocks were to be divided.
    RegionsTooSmall {
        /// `spr_num_regions`.
        regions: u32,
        /// Blocks to be written.
        blocks: u64,
    },
    /// The cache that preconditioning has to outlast is larger than a region.
    CacheBeyondRegion {
        /// `spr_cs`.
        cache_bytes: u64,
        /// Bytes of a region.
        region_bytes: u64,
    },
    /// A block of a sequence lies beyond the end.
    SequenceBeyond {
        /// The first such block.
        block: u64,
        /// Blocks that the smallest region has.
        blocks: u64,
    },
}

impl std::fmt::Display for GeneratorError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            GeneratorError::NoFiles => f.write_str("the job has no target"),
            GeneratorError::ZeroBlockSize => f.write_str("a block size is 0"),
            GeneratorError::MapMemory(blocks) => write!(
                f,
                "no memory for the map of {blocks} random blocks (norandommap or softrandommap=1 do without)"
            ),
            GeneratorError::Lfsr(error) => error.fmt(f),
            GeneratorError::RegionsTooSmall { regions, blocks } => write!(
                f,
                "spr_num_regions={regions} leaves less than a block to each region: sprandom writes \
                 {blocks} blocks here"
            ),
            GeneratorError::CacheBeyondRegion { cache_bytes, region_bytes } => write!(
                f,
                "spr_cs={cache_bytes} is more than a region of sprandom has ({region_bytes} bytes); fewer \
                 regions (spr_num_regions) are larger"
            ),
            GeneratorError::SequenceBeyond { block, blocks } => write!(
                f,
                "random_distribution=sequence names block {block}, and there are {blocks} blocks: \
                 0 to {}",
                blocks.saturating_sub(1)
            ),
        }
    }
}

impl std::error::Error for GeneratorError {}

/// Notes on targets with more blocks than 32-bit draws can tell apart.
const WIDENED: &str =
    "more than 2^32 - 1 blocks: offsets are drawn with random_generator=tausworthe64";
const NARROW: &str = "more than 2^32 - 1 blocks: random_generator=tausworthe does not reach all of \
                      them; tausworthe64 and lfsr do";

/// The streams that decisions draw from.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    pub(crate) offset: Stream,
    pub(crate) service: Stream,
    pub(crate) mix: Taus88,
    /// One for each direction.
    pub(crate) order: [Taus88; 3],
}

impl Streams {
    fn new(seeds: &StreamSeeds, width: Width, offset_width: Width) -> Streams {
        Streams {
            offset: Stream::new(offset_width, seeds.get(StreamId::Offset)),
            service: Stream::new(width, seeds.get(StreamId::FileService)),
            mix: Taus88::new(seeds.get(StreamId::Mix) as u32),
            order: [Taus88::new(seeds.get(StreamId::SequentialRandom) as u32); 3],
        }
    }
}

/// What a new pass needs to begin like the first.
#[derive(Clone, Debug)]
pub(crate) struct Reseed {
    seeds: StreamSeeds,
    width: Width,
    offset_width: Width,
    lengths: [StreamId; 3],
}

/// True if the map of visited blocks is in use.
pub(super) fn uses_map(plan: &JobPlan) -> bool {
    plan.pattern.rw.random
        && plan.pattern.random_map
        && plan.pattern.generator != RandomGenerator::Lfsr
}

/// True if a shift register visits the blocks.
pub(super) fn uses_register(plan: &JobPlan) -> bool {
    plan.pattern.rw.random && plan.pattern.generator == RandomGenerator::Lfsr
}

/// Bytes that a bit of the map of visited blocks stands for.
pub(super) fn map_unit(plan: &JobPlan) -> u64 {
    plan.blocks.min.iter().map(|(_, min)| *min).min().unwrap_or(0).max(1)
}

/// Number of blocks that offsets of a direction are drawn from.
fn random_blocks(plan: &JobPlan, region: &FileRegion, direction: Direction) -> u64 {
    let (min, align) = (plan.blocks.min[direction], plan.blocks.align[direction].max(1));
    strided::drawn_from(plan, region).saturating_sub(min.saturating_sub(align)) / align
}

fn file_state(
    plan: &JobPlan,
    region: &FileRegion,
    unit: u64,
    seeds: &StreamSeeds,
    spreads: &mut Spreads<'_>,
) -> Result<FileState, GeneratorError> {
    let blocks = [Direction::Read, Direction::Write, Direction::Trim]
        .map(|d| random_blocks(plan, region, d));
    let mut state = FileState {
        origin: region.offset,
        start: region.offset,
        size: region.size,
        real_size: region.real_size,
        position: [region.offset; 3],
        previous: [NONE; 3],
        write_due: false,
        blocks,
        map: None,
        lfsr: None,
        spread: None,
        open: false,
        finished: false,
    };
    if uses_map(plan) {
        let bits = strided::extent(plan, region) / unit;
        state.map = BlockMap::new(bits);
        if state.map.is_none() && !plan.pattern.soft_random_map {
            return Err(GeneratorError::MapMemory(bits));
        }
    }
    if uses_register(plan) {
        let bound = strided::drawn_from(plan, region) / unit;
        let lfsr = Lfsr::new(bound, seeds.get(StreamId::Offset)).map_err(GeneratorError::Lfsr)?;
        state.lfsr = Some(lfsr);
    }
    if plan.pattern.rw.random {
        let block = plan.blocks.min[Direction::Read].min(plan.blocks.min[Direction::Write]).max(1);
        let count = region.size.min(region.real_size).div_ceil(block);
        let seed = region.salt.wrapping_mul(seeds.get(StreamId::Offset) as u32);
        state.spread = spreads.of_blocks(count, seed).map(Box::new);
    }
    Ok(state)
}

/// Whether all blocks that a distribution names are there. What zones lack is a note, because the peer
/// begins such a job, too.
fn check_choice(
    choice: &Choice,
    plan: &JobPlan,
    files: &[FileState],
) -> Result<Option<Cow<'static, str>>, GeneratorError> {
    let rw = plan.pattern.rw;
    let used = || DATA.into_iter().filter(move |direction| rw.has(*direction));
    match choice {
        Choice::Uniform | Choice::Spread | Choice::Precondition(_) => Ok(None),
        Choice::Sequence(sequence) => {
            let counts = files.iter().flat_map(|file| used().map(|d| file.blocks[d as usize % 3]));
            let blocks = counts.min().unwrap_or(0);
            match sequence.beyond(blocks) {
                Some(block) => Err(GeneratorError::SequenceBeyond { block, blocks }),
                None => Ok(None),
            }
        }
        Choice::Zones(zones) => {
            let lacking = |file: &&FileState| {
                used().any(|d| {
                    !zones.fit(d, file.blocks[d as usize % 3], plan.blocks.align[d].max(1))
                })
            };
            Ok(files.iter().find(lacking).map(|file| {
                let end = used().map(|d| zones.end(d)).max().unwrap_or(0);
                Cow::Owned(format!(
                    "the zones of random_distribution=zoned_abs reach to {end} bytes, and there are {}: \
                     a file is finished when a request falls into a zone that ends behind it",
                    file.size.min(file.real_size)
                ))
            }))
        }
    }
}

fn bounds(plan: &JobPlan, regions: &Regions) -> Bounds {
    let time_based = plan.limits.time_based;
    let loops = u64::from(plan.limits.loops.max(1));
    let bytes = regions.io_size.unwrap_or(regions.size);
    let double = if plan.pattern.rw.is_trim_write() { 2 } else { 1 };
    Bounds {
        bytes_all_loops: if time_based { u64::MAX } else { bytes.saturating_mul(loops) },
        requests_all_loops: match plan.limits.number_ios {
            Some(requests) if !time_based => requests.saturating_mul(loops).saturating_mul(double),
            _ => u64::MAX,
        },
        bytes_pass: u64::MAX,
        bytes,
        block_max: plan.blocks.largest(),
        io_size_given: regions.io_size.is_some(),
        once: plan.files.append || plan.pattern.precondition.is_some(),
        time_based,
    }
}

impl Generator {
    /// The generator of one clone. `seeds` are those of the clone's running number, or entropy.
    pub fn new(
        plan: &JobPlan,
        regions: &Regions,
        seeds: &StreamSeeds,
    ) -> Result<Generator, GeneratorError> {
        if regions.files.is_empty() {
            return Err(GeneratorError::NoFiles);
        }
        let rw = plan.pattern.rw;
        if plan.blocks.min.iter().any(|(d, min)| rw.has(d) && *min == 0) {
            return Err(GeneratorError::ZeroBlockSize);
        }
        let unit = map_unit(plan);
        let width = match plan.pattern.generator {
            RandomGenerator::Tausworthe64 => Width::Wide,
            RandomGenerator::Tausworthe | RandomGenerator::Lfsr => Width::Narrow,
        };
        let mut files = Vec::with_capacity(regions.files.len());
        let mut spreads = Spreads::new(&plan.pattern.distribution);
        for region in &regions.files {
            files.push(file_state(plan, region, unit, seeds, &mut spreads)?);
        }
        let too_many = rw.random
            && plan.pattern.distribution == Distribution::Uniform
            && plan.pattern.generator == RandomGenerator::Tausworthe
            && files.iter().flat_map(|file| file.blocks).any(|n| n > u64::from(u32::MAX));
        let widened = too_many && !plan.pattern.generator_explicit;
        let offset_width = if widened { Width::Wide } else { width };
        let choice = match (&plan.pattern.precondition, files.first()) {
            (Some(settings), Some(file)) => {
                let block = plan.blocks.min[Direction::Write].max(1);
                let blocks = physical_bytes(settings, file.size, block) / block;
                let regions = settings.regions.max(1);
                if blocks < u64::from(regions) {
                    return Err(GeneratorError::RegionsTooSmall { regions, blocks });
                }
                let region_bytes = blocks / u64::from(regions) * block;
                if settings.cache_bytes > region_bytes {
                    let cache_bytes = settings.cache_bytes;
                    return Err(GeneratorError::CacheBeyondRegion { cache_bytes, region_bytes });
                }
                let precondition = Precondition::new(settings, blocks, seeds)
                    .ok_or(GeneratorError::MapMemory(blocks))?;
                Choice::Precondition(precondition.into())
            }
            _ => Choice::new(&plan.pattern, seeds),
        };
        let note = match (too_many, widened) {
            (_, true) => Some(WIDENED.into()),
            (true, false) => Some(NARROW.into()),
            (false, false) => check_choice(&choice, plan, &files)?,
        };
        let bounds = bounds(plan, regions);
        let sources = length::sources(rw, plan.verify.kind.is_some());
        let repeats = matches!(plan.pattern.seeds, Seeds::Base { repeat: true, .. });
        let mut generator = Generator {
            express: Express::default(),
            plain: None,
            request: Request {
                direction: Direction::Read,
                file: FileIndex(0),
                offset: 0,
                length: 0,
            },
            phase: Phase::Running,
            issued_bytes: 0,
            issued_requests: 0,
            bounds,
            directions: DirectionPicker::new(&plan.pattern),
            offsets: OffsetPicker::new(plan, regions, choice, bounds.time_based),
            lengths: LengthPicker::new(&plan.blocks, sources, seeds, width),
            picker: FilePicker::new(&plan.files, files.len(), seeds),
            flush: Flush::new(plan, files.len()),
            files,
            streams: Streams::new(seeds, width, offset_width),
            reseed: repeats.then_some(Reseed {
                seeds: *seeds,
                width,
                offset_width,
                lengths: sources,
            }),
            note,
            loops_left: plan.limits.loops.max(1) - 1,
            moved_bytes: 0,
            issued_bytes_pass: 0,
            issued_requests_pass: 0,
            full: false,
        };
        generator.plain = Express::of_job(&generator);
        Ok(generator)
    }

    /// The generator of a clone whose engine queues requests: a pass of it ends with the request that
    /// reaches the size of the job (the amount to move, for some patterns), where a pass of an
    /// engine that ends each request at once goes on until a target is finished or all loops are done.
    /// So has fio 3.42; seen with libaio, posixaio, null with `iodepth` above 1.
    #[must_use]
    pub fn queued(mut self, plan: &JobPlan, regions: &Regions) -> Generator {
        if self.bounds.time_based {
            return self;
        }
        let rw = plan.pattern.rw;
        let amount = regions.io_size.unwrap_or(regions.size);
        let unmapped = rw.random && rw.write && !plan.pattern.random_map;
        let mixed = rw.is_mixed() && !rw.random;
        let mut bytes = regions.size;
        if unmapped || mixed {
            bytes = bytes.max(amount);
        }
        if rw.is_trim_write() {
            bytes = bytes.saturating_add(self.bounds.bytes_all_loops);
        }
        self.bounds.bytes_pass = bytes;
        self
    }

    /// What the user should know about the sequence; a sentence without the name of the job.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The current file has nothing left: it is closed and the others go on.
    #[cold]
    pub(super) fn exhausted(&mut self, index: u32) -> Made {
        match self.files.get_mut(index as usize) {
            Some(file) => {
                self.picker.finished(file);
                Made::Close(FileIndex(index))
            }
            None => self.end_pass(),
        }
    }

    /// A flush takes the turn of a request.
    #[cold]
    pub(super) fn issue_flush(&mut self, direction: Direction, index: u32) -> Made {
        self.flush.after_write = false;
        self.picker.issued();
        let extent = match direction {
            Direction::SyncFileRange => self.flush.take_range(index),
            // Logs show a flush with the place of the request before it.
            _ => Extent { offset: self.request.offset, length: 0 },
        };
        self.issue(direction, index, extent)
    }

    #[cold]
    pub(super) fn end_pass(&mut self) -> Made {
        self.phase = Phase::Closing(0);
        Made::PassEnd
    }

    /// Closes what is open, then begins the next pass or ends.
    #[cold]
    pub(super) fn between_passes(&mut self) -> Made {
        let from = match self.phase {
            Phase::Closing(from) => from,
            Phase::Rewound => {
                self.phase = Phase::Running;
                self.board();
                return Made::Request;
            }
            Phase::Running | Phase::Ended => return Made::End,
        };
        for index in from..self.files.len() as u32 {
            let file = &mut self.files[index as usize];
            if file.open {
                self.picker.closed(index, file);
                self.phase = Phase::Closing(index + 1);
                return Made::Close(FileIndex(index));
            }
        }
        if self.is_last_pass() {
            self.phase = Phase::Ended;
            return Made::End;
        }
        self.loops_left = self.loops_left.saturating_sub(1);
        if self.directions.is_trim_write() {
            let requests = &mut self.bounds.requests_all_loops;
            *requests = requests.saturating_mul(2);
        }
        self.restart();
        Made::NextPass
    }

    /// True if no pass comes after this one, which has ended.
    pub fn is_last_pass(&self) -> bool {
        self.full || self.issued_requests_pass == 0 || !self.goes_on()
    }

    /// True if the body runs again.
    fn goes_on(&self) -> bool {
        if self.bounds.once {
            return false;
        }
        if self.bounds.time_based || self.loops_left > 0 {
            return true;
        }
        if self.issued_requests >= self.bounds.requests_all_loops {
            return false;
        }
        let rest = self.bounds.bytes.saturating_sub(self.moved_bytes);
        rest > 0
            && rest >= self.bounds.block_max
            && (self.bounds.io_size_given || self.files.iter().any(|file| !file.finished))
    }

    fn restart(&mut self) {
        for file in &mut self.files {
            file.restart();
        }
        self.picker.restart();
        self.directions.restart();
        self.offsets.restart();
        self.issued_bytes_pass = 0;
        self.issued_requests_pass = 0;
        if let Some(reseed) = &self.reseed {
            self.streams = Streams::new(&reseed.seeds, reseed.width, reseed.offset_width);
            self.lengths.reseed(reseed.lengths, &reseed.seeds, reseed.width);
            self.offsets.choice.reseed(&reseed.seeds);
        }
        self.phase = Phase::Running;
    }
}
