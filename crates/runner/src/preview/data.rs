//! The plain data of a preview. `docs/json-schema/plan-1.json` describes its JSON form: members are
//! only ever added. Amounts are bytes, times nanoseconds; what is absent is not known or not there.

use fiord_base::{DATA, PerDirection};
use serde::Serialize;

/// What a run would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Preview {
    /// When the last job ends.
    pub duration: Span,
    /// The jobs by the barriers between them, in order.
    pub phases: Vec<Phase>,
    /// The sections in order.
    pub jobs: Vec<JobPreview>,
    /// Files of jobs that are not described one by one.
    pub files_omitted: u64,
    /// What the jobs read and write, each once.
    pub targets: Vec<TargetPreview>,
    /// Regular files that are not described one by one.
    pub targets_omitted: u64,
    /// Sums over all jobs.
    pub totals: Totals,
    /// What should be known before the run, the worst first.
    pub warnings: Vec<Warning>,
}

/// A time of which bounds are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Not before, or no shorter than this.
    pub at_least_ns: u64,
    /// Not after, or no longer than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most_ns: Option<u64>,
}

impl Span {
    /// A time that is known.
    pub(crate) fn exactly(ns: u64) -> Span {
        Span { at_least_ns: ns, at_most_ns: Some(ns) }
    }

    /// The later of both.
    pub(crate) fn later(self, other: Span) -> Span {
        Span {
            at_least_ns: self.at_least_ns.max(other.at_least_ns),
            at_most_ns: self.at_most_ns.zip(other.at_most_ns).map(|(a, b)| a.max(b)),
        }
    }

    /// The earlier of both.
    pub(crate) fn sooner(self, other: Span) -> Span {
        Span {
            at_least_ns: self.at_least_ns.min(other.at_least_ns),
            at_most_ns: match (self.at_most_ns, other.at_most_ns) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            },
        }
    }

    /// One after the other.
    pub(crate) fn then(self, other: Span) -> Span {
        let both = self.at_most_ns.zip(other.at_most_ns);
        Span {
            at_least_ns: self.at_least_ns.saturating_add(other.at_least_ns),
            at_most_ns: both.map(|(a, b)| a.saturating_add(b)),
        }
    }
}

/// Jobs that no barrier parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Phase {
    /// When all earlier phases have ended.
    pub start: Span,
    /// When its last job has ended.
    pub end: Span,
    /// Positions in [`Preview::jobs`].
    pub jobs: Vec<usize>,
}

/// What ends a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Its amount is done.
    #[default]
    Amount,
    /// Its time is over.
    Time,
    /// Whichever comes first.
    AmountOrTime,
    /// Its target is full.
    Full,
    /// The requests that it replays are over.
    Recording,
    /// Its files are laid out: it does no I/O.
    Layout,
}

/// One section.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct JobPreview {
    /// Its name.
    pub name: String,
    /// Reporting group, from 0.
    pub group: u32,
    /// Number of its first clone over all jobs, from 1.
    pub first_thread_number: u32,
    /// Copies that run.
    pub clones: u32,
    /// `process` or `thread`.
    pub execution: &'static str,
    /// The word of `rw`.
    pub rw: &'static str,
    /// Percent of reads of a mix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_percent: Option<u32>,
    /// Smallest and largest request of each direction that occurs.
    pub block_bytes: Vec<BlockBytes>,
    /// The engine's name.
    pub engine: String,
    /// Requests in flight for each clone.
    pub depth: u32,
    /// O_DIRECT.
    pub direct: bool,
    /// It waits until all earlier jobs have ended.
    pub stonewall: bool,
    /// It waits until this job has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<String>,
    /// Its end ends others: of its group, of the phase, or all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_others: Option<&'static str>,
    /// When it starts.
    pub start: Span,
    /// When its last clone ends.
    pub end: Span,
    /// What ends it.
    pub ends_by: End,
    /// Warm-up, not measured.
    pub ramp_ns: u64,
    /// The same as an amount: of the job, or of its group if that reports together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ramp_bytes: Option<u64>,
    /// Time limit behind the warm-up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_ns: Option<u64>,
    /// Repetitions.
    pub loops: u32,
    /// What all clones move.
    pub amounts: Amounts,
    /// What is made before it can start.
    pub layout: LayoutPreview,
    /// What all clones need.
    pub memory: Memory,
    /// Recordings that it replays; they say which files are used.
    pub replays: Vec<String>,
    /// Which part of which files each clone uses.
    pub ranges: Vec<CloneRange>,
    /// Clones whose files are not described.
    pub ranges_omitted: u64,
    /// Clones that cannot start.
    pub clones_failing: u32,
    /// Why the first of them cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// Sizes of the requests of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BlockBytes {
    /// `read`, `write` or `trim`.
    pub direction: &'static str,
    /// Smallest.
    pub min: u64,
    /// Largest.
    pub max: u64,
}

/// How well amounts are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// To the byte, if no request fails.
    #[default]
    Exact,
    /// About this, by shares and means.
    Expected,
    /// This or less: time may end the job earlier.
    AtMost,
    /// As much as time or space allow.
    Open,
}

/// How much is moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Amounts {
    /// How well they are known; all are 0 if not at all.
    pub certainty: Certainty,
    /// Bytes read.
    pub read_bytes: u64,
    /// Bytes written.
    pub write_bytes: u64,
    /// Bytes trimmed.
    pub trim_bytes: u64,
    /// Reads.
    pub read_ios: u64,
    /// Writes.
    pub write_ios: u64,
    /// Trims.
    pub trim_ios: u64,
}

impl Amounts {
    /// From values by direction.
    pub(crate) fn new(
        certainty: Certainty,
        bytes: PerDirection<u64>,
        ios: PerDirection<u64>,
    ) -> Amounts {
        let [read_bytes, write_bytes, trim_bytes] = bytes.0;
        let [read_ios, write_ios, trim_ios] = ios.0;
        Amounts { certainty, read_bytes, write_bytes, trim_bytes, read_ios, write_ios, trim_ios }
    }

    /// Bytes by direction.
    pub fn bytes(&self) -> PerDirection<u64> {
        PerDirection([self.read_bytes, self.write_bytes, self.trim_bytes])
    }

    /// Requests by direction.
    pub fn ios(&self) -> PerDirection<u64> {
        PerDirection([self.read_ios, self.write_ios, self.trim_ios])
    }

    /// Adds those of another clone or job; what is least known decides.
    pub(crate) fn add(&mut self, other: &Amounts) {
        let sum = |a: PerDirection<u64>, b: PerDirection<u64>| {
            PerDirection(DATA.map(|d| a[d].saturating_add(b[d])))
        };
        *self = Amounts::new(
            self.certainty.max(other.certainty),
            sum(self.bytes(), other.bytes()),
            sum(self.ios(), other.ios()),
        );
    }
}

/// What is made before a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LayoutPreview {
    /// Files that are missing and are made.
    pub created: u64,
    /// Files that are too short and are removed and made again.
    pub replaced: u64,
    /// Files that are too short and are made longer.
    pub extended: u64,
    /// Bytes that are written into them.
    pub written_bytes: u64,
    /// Bytes that are only reserved.
    pub reserved_bytes: u64,
}

impl LayoutPreview {
    /// Files that are touched.
    pub fn files(&self) -> u64 {
        self.created + self.replaced + self.extended
    }

    pub(crate) fn add(&mut self, other: &LayoutPreview) {
        self.created += other.created;
        self.replaced += other.replaced;
        self.extended += other.extended;
        self.written_bytes = self.written_bytes.saturating_add(other.written_bytes);
        self.reserved_bytes = self.reserved_bytes.saturating_add(other.reserved_bytes);
    }
}

/// Bytes of memory, as far as they follow from the plan: what programs and libraries need by
/// themselves is not in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// Data of requests: depth times the largest block, in whole pages.
    pub buffer_bytes: u64,
    /// What of that is in huge pages.
    pub huge_bytes: u64,
    /// Locked for nothing but to be gone (`lockmem`).
    pub locked_bytes: u64,
    /// Maps of the blocks that random jobs have visited.
    pub map_bytes: u64,
    /// Books of verification, which know what each block holds.
    pub verify_bytes: u64,
    /// Books about the requests in flight.
    pub queue_bytes: u64,
    /// Books about the files.
    pub file_bytes: u64,
    /// Results, with their histograms.
    pub ledger_bytes: u64,
    /// Buffer of the layout or of reading ahead, while that lasts.
    pub fill_bytes: u64,
}

impl Memory {
    /// All of it.
    pub fn total_bytes(&self) -> u64 {
        let parts = [
            self.buffer_bytes,
            self.locked_bytes,
            self.map_bytes,
            self.verify_bytes,
            self.queue_bytes,
            self.file_bytes,
            self.ledger_bytes,
            self.fill_bytes,
        ];
        parts.into_iter().fold(0, u64::saturating_add)
    }

    pub(crate) fn add(&mut self, other: &Memory) {
        let sum = |a: &mut u64, b: u64| *a = a.saturating_add(b);
        sum(&mut self.buffer_bytes, other.buffer_bytes);
        sum(&mut self.huge_bytes, other.huge_bytes);
        sum(&mut self.locked_bytes, other.locked_bytes);
        sum(&mut self.map_bytes, other.map_bytes);
        sum(&mut self.verify_bytes, other.verify_bytes);
        sum(&mut self.queue_bytes, other.queue_bytes);
        sum(&mut self.file_bytes, other.file_bytes);
        sum(&mut self.ledger_bytes, other.ledger_bytes);
        // Layouts come one after the other.
        self.fill_bytes = self.fill_bytes.max(other.fill_bytes);
    }
}

/// The files of one clone, or of several that use the same in the same way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CloneRange {
    /// The clone numbers (`$jobnum`).
    pub clones: Vec<u32>,
    /// Bytes over all ranges; absent if only a full target ends them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Bytes to move per loop, where the job says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub io_size_bytes: Option<u64>,
    /// The files in order.
    pub files: Vec<FileRange>,
    /// Further files.
    pub files_omitted: u64,
}

/// What a path names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A regular file, present or to be made.
    #[default]
    Regular,
    /// A block device.
    Block,
    /// A character device.
    Character,
    /// A named pipe.
    Fifo,
    /// A directory.
    Directory,
    /// Standard input or output.
    Standard,
    /// Nothing: the engine opens no files.
    Label,
    /// Something else.
    Other,
}

impl FileKind {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            FileKind::Regular => "file",
            FileKind::Block => "block device",
            FileKind::Character => "character device",
            FileKind::Fifo => "named pipe",
            FileKind::Directory => "directory",
            FileKind::Standard => "standard input or output",
            FileKind::Label => "label",
            FileKind::Other => "special file",
        }
    }
}

/// What becomes of a file before the job does I/O.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing: it is used as it is.
    #[default]
    Kept,
    /// It is missing and is made.
    Created,
    /// It is too short, and is removed and made again.
    Replaced,
    /// It is too short and is made longer.
    Extended,
    /// It is missing and is made when it is opened.
    CreatedAtOpen,
    /// It is missing, and an earlier job makes it.
    CreatedEarlier,
    /// The layout of an earlier job makes it longer or anew.
    ChangedEarlier,
}

/// The part of a file that a clone uses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FileRange {
    /// Where it is.
    pub path: String,
    /// What it is.
    pub kind: FileKind,
    /// Bytes that it has now; absent if it is missing or has no size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present_bytes: Option<u64>,
    /// First byte of the part.
    pub offset: u64,
    /// Bytes of the part; absent if only a full target ends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Whole blocks of the smallest size in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<u64>,
    /// What becomes of it before.
    pub effect: Effect,
    /// Bytes that are written to it before.
    pub written_bytes: u64,
    /// Bytes that are reserved for it before.
    pub reserved_bytes: u64,
}

/// A file system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileSystem {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is mounted.
    pub source: String,
    /// Bytes that may still be written.
    pub free_bytes: u64,
}

/// A sign of content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundSignature {
    /// Of what.
    pub name: String,
    /// `file_system`, `swap`, `partitions`, `member` or `encrypted`.
    pub class: &'static str,
    /// Where it stands.
    pub offset: u64,
}

/// A use of a target by somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundUse {
    /// `mounted`, `swap` or `held`.
    pub how: &'static str,
    /// The device that is mounted or swapped to, or that holds the target.
    pub device: String,
    /// Where it is mounted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// As what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_system: Option<String>,
}

/// One thing that jobs read or write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TargetPreview {
    /// Where it is.
    pub path: String,
    /// What it is.
    pub kind: FileKind,
    /// It is there.
    pub exists: bool,
    /// Bytes that it has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present_bytes: Option<u64>,
    /// The file system that it lies on or would lie on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<FileSystem>,
    /// What it seems to hold.
    pub signatures: Vec<FoundSignature>,
    /// Who uses it already.
    pub uses: Vec<FoundUse>,
    /// Names of jobs that cannot start and would use it.
    pub refused_to: Vec<String>,
    /// Names of jobs that only read it.
    pub read_by: Vec<String>,
    /// Names of jobs that write to it or trim it.
    pub written_by: Vec<String>,
    /// First byte that may be written or trimmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_start: Option<u64>,
    /// First byte behind them; absent if only a full target ends them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_end: Option<u64>,
    /// What becomes of it before the jobs.
    pub effect: Effect,
    /// It is removed at the end.
    pub removed: bool,
}

/// Sums over all jobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Processes and threads.
    pub workers: u64,
    /// What the jobs move whose amounts are not open.
    pub amounts: Amounts,
    /// Jobs whose amounts are open.
    pub open_jobs: u64,
    /// What is made before.
    pub layout: LayoutPreview,
    /// Memory of all jobs, were they to run at the same time.
    pub memory: Memory,
    /// Most memory at one time, by the barriers between jobs.
    pub memory_peak_bytes: u64,
    /// Memory of this machine.
    pub machine_bytes: u64,
}

impl Totals {
    pub(crate) fn add(&mut self, job: &JobPreview) {
        self.workers += u64::from(job.clones);
        match job.amounts.certainty {
            Certainty::Open => self.open_jobs += 1,
            _ => self.amounts.add(&job.amounts),
        }
        self.layout.add(&job.layout);
        self.memory.add(&job.memory);
    }
}

/// What a warning is about; in order of how bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningKind {
    /// A job writes to a device that is mounted, swapped to, or part of another one.
    WritesInUse,
    /// A job writes to a target that holds a file system, a partition table or the like.
    WritesSigned,
    /// Files that exist are removed and made again.
    ReplacesFiles,
    /// A job writes to files that exist and are not empty.
    OverwritesFiles,
    /// There is less space than the jobs need.
    NoSpace,
    /// There is less memory than the jobs need.
    NoMemory,
    /// The run would not start.
    Refused,
    /// A job would not start.
    JobFails,
}

impl WarningKind {
    /// True if data would be lost.
    pub fn destroys(self) -> bool {
        self <= WarningKind::OverwritesFiles
    }
}

/// Something to know before the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// What it is about.
    pub kind: WarningKind,
    /// The job, if one is concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// A sentence without a full stop.
    pub text: String,
}

impl Warning {
    pub(crate) fn of(kind: WarningKind, job: Option<&str>, text: impl Into<String>) -> Warning {
        Warning { kind, job: job.map(str::to_owned), text: text.into() }
    }
}
