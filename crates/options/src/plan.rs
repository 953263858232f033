//! What a specification means: typed, resolved, immutable.
//!
//! A [`Plan`] is made once by lowering and never changes afterwards. It says nothing about files as
//! they are on this machine: what depends on their real sizes is the layout's (in `runner`).
//! Worker processes receive the plan of their job in serialised form, so everything here is plain
//! data. Times end in `_ns`, amounts in `_bytes`; what may be stated in several units is a
//! [`Quantity`]. An `Option` is `None` when the user said nothing and the meaning of that depends on
//! facts the plan does not have.

mod data;
mod distribution;
mod files;
mod logs;
mod pacing;
mod pattern;
mod priority;
mod process;
mod replay;
mod schedule;
mod steady_state;
mod verify;
mod zones;

pub use data::{DataPlan, DedupePlan, DedupeSource, Fill};
pub use distribution::{Distribution, PreconditionPlan, ZoneArea, ZoneShare};
pub use files::{Fadvise, Fallocate, FileService, FilesPlan, LockMode, SyncMode, TargetKind};
pub use logs::{HistogramLog, LogCompression, LogFile, LogsPlan, SampleLog, WindowValue};
pub use pacing::{
    FlowPlan, LatencyPlan, LatencyTarget, PacingPlan, RatePlan, RateSpacing, ThinkCount, ThinkPlan,
};
pub use pattern::{Pattern, PatternPlan, RandomGenerator, Seeds, Sequencer};
pub use priority::{PriorityShare, RequestPriorities};
pub use process::{
    CgroupPlan, CpuPlan, CpuPolicy, MemoryKind, MemoryPlan, NodeSet, NumaMemory, NumaPlan,
    ProcessPlan,
};
pub use replay::{MergePlan, MergedTrace, ReplayPlan, ReplaySkip};
pub use schedule::{EndOthers, EndScope, SchedulePlan};
pub use steady_state::{SteadyQuantity, SteadyState, SteadyStatePlan};
pub use verify::{
    VERIFY_HEADER_BYTES, VerifyJournal, VerifyKind, VerifyPattern, VerifyPlan, VerifyPolicy,
    VerifyTrimPlan,
};
pub use zones::{
    DeviceZones, PlacementDirective, PlacementPlan, PlacementSelect, StridedZones, ZoneResets,
    ZonesPlan,
};

use std::ffi::{OsStr, OsString};

use fiord_base::{PerDirection, Quantity};
use serde::{Deserialize, Serialize};

use crate::names::Text;
use crate::shared::{Part, Shared};

/// Everything one run will do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Jobs in the order of definition; clones are not materialised (see [`JobPlan::clones`]).
    pub jobs: Vec<JobPlan>,
    /// Options of the global sections as typed (name, value), for the report.
    pub global_options: Part<(String, String)>,
    /// Notes that lowering has for the user (settings without effect, fallbacks); never errors.
    pub notes: Vec<String>,
    /// Writes and trims are refused (`--readonly`).
    pub readonly: bool,
    /// Directory of what verification writes beside the jobs: states and blocks that are wrong.
    /// `None` is the working directory.
    pub aux_path: Option<OsString>,
}

/// One job section. Parts that are equal in several jobs are shared between them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobPlan {
    /// Section name, as it is shown.
    pub name: String,
    /// The name as it is, if it is not UTF-8: names of files are made of it.
    pub raw_name: Option<Text>,
    /// Free text for reports.
    pub description: Option<Text>,
    /// Options of the section as typed (name, value), for the report; without globals.
    pub given: Vec<(String, String)>,
    /// Options that the job inherits as typed (name, value), from its global sections in order.
    pub defaults: Part<(String, String)>,
    /// Running number of the first clone over all jobs, from 1. Clone `c` has `first + c`.
    pub first_thread_number: u32,
    /// How many copies run (`numjobs`), at least 1.
    pub clones: u32,
    /// Reporting group, from 0.
    pub group: u32,
    /// The first clone waits until all earlier jobs have ended.
    pub stonewall: bool,
    /// Process (default) or thread.
    pub execution: Execution,
    /// Delay after the start of the run, drawn from the range for each clone, in nanoseconds.
    pub start_delay_ns: (u64, u64),
    /// What it has to do with the start and the end of other jobs.
    pub schedule: Shared<SchedulePlan>,
    /// When the job ends.
    pub limits: Shared<Limits>,
    /// When requests go.
    pub pacing: Shared<PacingPlan>,
    /// What its workers are to the operating system.
    pub process: Shared<ProcessPlan>,
    /// Where buffers come from.
    pub memory: Shared<MemoryPlan>,
    /// Clocks beside the one of time stamps.
    pub clocks: ClocksPlan,
    /// Which part of the targets is used.
    pub region: Shared<Region>,
    /// The targets.
    pub files: Shared<FilesPlan>,
    /// Direction and order of requests.
    pub pattern: Shared<PatternPlan>,
    /// Sizes of requests.
    pub blocks: Shared<BlocksPlan>,
    /// Flushes.
    pub flush: Shared<FlushPlan>,
    /// Contents of write buffers.
    pub data: Shared<DataPlan>,
    /// How requests are executed.
    pub engine: Shared<EnginePlan>,
    /// What is measured and reported.
    pub stats: Shared<StatsPlan>,
    /// Which errors are survived.
    pub errors: Shared<ErrorsPlan>,
    /// How data are checked.
    pub verify: Shared<VerifyPlan>,
    /// How the region is parted into zones.
    pub zones: Shared<ZonesPlan>,
    /// Which placement identifiers writes carry.
    pub placement: Shared<Option<PlacementPlan>>,
    /// Files of samples over time.
    pub logs: Shared<LogsPlan>,
    /// Record of the requests issued.
    pub write_iolog: Option<Text>,
    /// Recorded requests that are issued instead of generated ones.
    pub replay: Shared<Option<ReplayPlan>>,
}

impl JobPlan {
    /// The name of the section, byte by byte.
    pub fn os_name(&self) -> &OsStr {
        self.raw_name.as_deref().unwrap_or(OsStr::new(&self.name))
    }

    /// The job without the words that it was made of: what a worker needs.
    pub fn without_words(&self) -> JobPlan {
        JobPlan { given: Vec::new(), defaults: Part::default(), ..self.clone() }
    }

    /// Shares what is equal in both jobs.
    pub(crate) fn share_with(&mut self, other: &JobPlan) {
        let JobPlan {
            name: _,
            raw_name: _,
            description: _,
            given: _,
            defaults: _,
            first_thread_number: _,
            clones: _,
            group: _,
            stonewall: _,
            execution: _,
            start_delay_ns: _,
            schedule,
            limits,
            pacing,
            process,
            memory,
            clocks: _,
            region,
            files,
            pattern,
            blocks,
            flush,
            data,
            engine,
            stats,
            errors,
            verify,
            zones,
            placement,
            logs,
            write_iolog: _,
            replay,
        } = self;
        schedule.share_with(&other.schedule);
        limits.share_with(&other.limits);
        pacing.share_with(&other.pacing);
        process.share_with(&other.process);
        memory.share_with(&other.memory);
        region.share_with(&other.region);
        if !files.share_with(&other.files) && files.name_format == other.files.name_format {
            files.name_format = other.files.name_format.clone();
        }
        pattern.share_with(&other.pattern);
        blocks.share_with(&other.blocks);
        flush.share_with(&other.flush);
        data.share_with(&other.data);
        engine.share_with(&other.engine);
        if !stats.share_with(&other.stats) {
            stats.percentiles.share_with(&other.stats.percentiles);
        }
        errors.share_with(&other.errors);
        verify.share_with(&other.verify);
        zones.share_with(&other.zones);
        placement.share_with(&other.placement);
        logs.share_with(&other.logs);
        replay.share_with(&other.replay);
    }

    /// The clone number (`$jobnum`) of the `index`-th copy in starting order: 0, N-1, N-2, .. 1.
    pub fn clone_number(&self, index: u32) -> u32 {
        if index == 0 { 0 } else { self.clones - index }
    }
}

/// Numbers (of CPUs, of placement identifiers): first and last of each range, ascending, without
/// overlap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdRanges(pub Vec<(u32, u32)>);

impl IdRanges {
    /// How many numbers there are.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(first, last)| u64::from(last - first) + 1).sum()
    }

    /// The largest number.
    pub fn largest(&self) -> Option<u32> {
        self.0.last().map(|(_, last)| *last)
    }
}

/// Process or thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Execution {
    /// A process of its own.
    #[default]
    Process,
    /// A thread of the parent.
    Thread,
}

/// When a job ends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Wall time after the ramp.
    pub runtime_ns: Option<u64>,
    /// Repeat until `runtime_ns` is over.
    pub time_based: bool,
    /// Warm-up, not measured.
    pub ramp_ns: Option<u64>,
    /// Warm-up as an amount (of the whole group, if it reports together), not measured.
    pub ramp_bytes: Option<u64>,
    /// End as soon as the results have settled.
    pub steady_state: Option<SteadyStatePlan>,
    /// Only what earlier runs have written is checked; writes are not carried out.
    pub verify_only: bool,
    /// Repetitions of the body, at least 1.
    pub loops: u32,
    /// Requests per loop; `None` is without limit.
    pub number_ios: Option<u64>,
}

/// Clocks beside the one of time stamps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClocksPlan {
    /// CPU of a thread that does nothing but read the clock for all; jobs stay off it.
    pub reader_cpu: Option<u32>,
    /// Clock of the start of the job in reports, as clock_gettime(2) numbers it.
    pub job_start_id: u32,
}

/// Which part of the targets is used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// Address space of the job over all its files; `None` means all that is there.
    pub size: Option<Quantity>,
    /// Amount to transfer per loop; `None` means `size`.
    pub io_size: Option<Quantity>,
    /// First byte.
    pub offset: Quantity,
    /// Added once per clone number.
    pub offset_increment: Quantity,
    /// Alignment of computed offsets; `None` means the smallest block size.
    pub offset_align: Option<u64>,
    /// Write until the target is full.
    pub fill_device: bool,
}

/// Sizes of requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlocksPlan {
    /// Smallest size per direction.
    pub min: PerDirection<u64>,
    /// Largest size per direction.
    pub max: PerDirection<u64>,
    /// Alignment of random offsets per direction.
    pub align: PerDirection<u64>,
    /// Weighted sizes, ascending by percent, per direction; empty: uniform between min and max.
    pub split: PerDirection<Vec<(u64, u32)>>,
    /// Sizes need not be multiples of the minimum.
    pub unaligned: bool,
    /// First settings for sequential, second for random requests.
    pub sequential_random: bool,
}

impl BlocksPlan {
    /// Smallest size of the directions that occur.
    pub fn smallest(&self, rw: Pattern) -> u64 {
        self.min.iter().filter(|(d, _)| rw.has(*d)).map(|(_, v)| *v).min().unwrap_or(self.min.0[0])
    }

    /// Largest size of any direction: what a buffer must hold.
    pub fn largest(&self) -> u64 {
        self.max.0.into_iter().max().unwrap_or(0)
    }
}

/// Flushes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FlushPlan {
    /// fsync after so many writes; 0 never.
    pub fsync_every: u32,
    /// fdatasync after so many writes; 0 never.
    pub fdatasync_every: u32,
    /// sync_file_range after so many writes; 0 never.
    pub range_every: u32,
    /// Flags of sync_file_range(2).
    pub range_flags: u32,
    /// A barrier with every so many writes; 0 never.
    pub barrier_every: u32,
    /// fsync at the end of the write stage.
    pub end_fsync: bool,
    /// fsync at each close.
    pub fsync_on_close: bool,
    /// syncfs at the end.
    pub end_syncfs: bool,
}

/// How requests are executed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnginePlan {
    /// Registry name.
    pub name: String,
    /// Requests kept in flight.
    pub iodepth: u32,
    /// Requests per submission, 1..=iodepth.
    pub batch: u32,
    /// Fewest completions per reap; 0 polls.
    pub batch_complete_min: u32,
    /// Most completions per reap.
    pub batch_complete_max: u32,
    /// Depth to drain to before submitting again.
    pub iodepth_low: u32,
    /// Who submits requests.
    pub submit: SubmitMode,
    /// A request waits for overlapping ones in flight.
    pub serialize_overlap: bool,
    /// The engine's own options: canonical name and canonical text.
    pub options: Vec<(String, String)>,
    /// Priorities of single requests.
    pub priorities: RequestPriorities,
}

/// Who submits requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubmitMode {
    /// The worker itself.
    #[default]
    Inline,
    /// Threads of its own, one for each request in flight.
    Offload,
}

/// What is measured and reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatsPlan {
    /// The job appears in the results.
    pub report: bool,
    /// Jobs of the group are merged in reports.
    pub group_reporting: bool,
    /// How directions are merged.
    pub unified: Unified,
    /// Total latency is measured.
    pub lat: bool,
    /// Completion latency is measured.
    pub clat: bool,
    /// Submission latency is measured.
    pub slat: bool,
    /// Bandwidth samples are taken.
    pub bw: bool,
    /// Fewer clock reads.
    pub gtod_reduce: bool,
    /// Percentiles of completion latency.
    pub clat_percentiles: bool,
    /// Percentiles of total latency.
    pub lat_percentiles: bool,
    /// Percentiles of submission latency.
    pub slat_percentiles: bool,
    /// Percentiles, ascending, 0..=100.
    pub percentiles: Shared<Vec<f64>>,
    /// Digits of numbers in the normal report.
    pub significant_figures: u32,
    /// Bandwidth sampling period.
    pub bw_period_ms: u32,
    /// IOPS sampling period.
    pub iops_period_ms: u32,
    /// Percentiles of the number of trims that blocks survive.
    pub block_error_percentiles: bool,
    /// Disk statistics.
    pub disk_util: bool,
    /// Preferred clock; `None`: the best there is.
    pub clock: Option<ClockSource>,
    /// 1024 or 1000: which prefixes come first.
    pub kb_base: u32,
    /// Unit of rates: 8 bytes, 1 bits (never 0, resolved).
    pub unit_base: u32,
}

impl StatsPlan {
    /// True if requests carry time stamps.
    pub fn stamps(&self) -> bool {
        !self.gtod_reduce && (self.lat || self.clat || self.slat)
    }
}

/// How directions are merged in reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unified {
    /// Apart.
    #[default]
    None,
    /// Together.
    Mixed,
    /// Apart and together.
    Both,
}

/// Source of time stamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClockSource {
    /// gettimeofday(2).
    Gettimeofday,
    /// clock_gettime(2).
    ClockGettime,
    /// Time-stamp counter of the CPU.
    Cpu,
}

/// Which errors are survived.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ErrorsPlan {
    /// Error classes that do not end the job.
    pub continue_on: ErrorClasses,
    /// Errnos that are ignored, by class; `None`: EIO and EILSEQ where `continue_on` is set.
    pub ignore_read: Option<Vec<i32>>,
    /// See `ignore_read`.
    pub ignore_write: Option<Vec<i32>>,
    /// See `ignore_read`.
    pub ignore_verify: Option<Vec<i32>>,
    /// Print tolerated errors.
    pub dump: bool,
}

/// A set of error classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorClasses {
    /// Reads.
    pub read: bool,
    /// Writes, trims, flushes.
    pub write: bool,
    /// Verification.
    pub verify: bool,
}

impl ErrorClasses {
    /// True if any class is survived.
    pub fn any(self) -> bool {
        self.read || self.write || self.verify
    }
}
