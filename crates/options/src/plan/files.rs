//! The targets of a job: which they are, how they are made, opened and chosen.

use serde::{Deserialize, Serialize};

use super::Distribution;
use crate::names::{Names, Text};

/// The targets of a job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FilesPlan {
    /// Explicit names, already split at colons; empty: names are generated.
    pub names: Names,
    /// `filename` as typed, before splitting (an existing path with a colon in it is one target).
    pub unsplit: Option<Text>,
    /// Directories, already split; clone `k` uses entry `k mod len`.
    pub directories: Names,
    /// Template of generated names.
    pub name_format: Text,
    /// Every file below this directory is a target.
    pub opendir: Option<Text>,
    /// Number of files.
    pub count: u32,
    /// Most files open at once, 1..=count; 0: all (the number is not known before `opendir` is read).
    pub open_limit: u32,
    /// Size of each file, or range to draw from.
    pub file_size: Option<(u64, u64)>,
    /// How the next file is chosen.
    pub service: FileService,
    /// How files are distributed that are chosen at random.
    pub service_distribution: Distribution,
    /// Requests to a file before the next one is chosen, at least 1.
    pub service_batch: u64,
    /// Declared kind of target.
    pub kind: Option<TargetKind>,
    /// How space is reserved when a file is laid out.
    pub fallocate: Fallocate,
    /// Lay a file out before it is written.
    pub overwrite: bool,
    /// Begin at the present end of each file.
    pub append: bool,
    /// Layout is done by the parent, one job after the other.
    pub create_serialize: bool,
    /// fsync after layout.
    pub create_fsync: bool,
    /// Create at open instead of before.
    pub create_on_open: bool,
    /// End after layout.
    pub create_only: bool,
    /// Create missing files.
    pub allow_create: bool,
    /// Write to mounted block devices.
    pub allow_mounted_write: bool,
    /// Remove regular files when the job ends.
    pub unlink: bool,
    /// Remove and create again for each loop.
    pub unlink_each_loop: bool,
    /// Drop caches before I/O.
    pub invalidate: bool,
    /// Read the files once before the job.
    pub pre_read: bool,
    /// O_DIRECT.
    pub direct: bool,
    /// Writes are not torn (RWF_ATOMIC).
    pub atomic: bool,
    /// O_SYNC / O_DSYNC.
    pub sync: SyncMode,
    /// I/O scheduler that is set for the device first.
    pub io_scheduler: Option<String>,
    /// posix_fadvise at open.
    pub fadvise: Fadvise,
    /// Life-time hint for writes (fcntl F_SET_RW_HINT value 0..=5); `None`: none given.
    pub write_hint: Option<u64>,
    /// Lock each file around each request.
    pub lock: LockMode,
}

/// How the next file is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum FileService {
    /// One after the other.
    #[default]
    RoundRobin,
    /// One file until it is finished.
    Sequential,
    /// At random.
    Random,
}

/// Declared kind of target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TargetKind {
    /// Regular file.
    Regular,
    /// Block device.
    Block,
    /// Character device.
    Character,
}

/// How space is reserved when a file is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fallocate {
    /// Not.
    None,
    /// fallocate(2), failure ignored.
    #[default]
    Native,
    /// posix_fallocate(3), failure reported.
    Posix,
    /// fallocate(2) with FALLOC_FL_KEEP_SIZE.
    Keep,
    /// ftruncate(2) only.
    Truncate,
}

/// O_SYNC / O_DSYNC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SyncMode {
    /// Neither.
    #[default]
    None,
    /// O_SYNC.
    Sync,
    /// O_DSYNC.
    Dsync,
}

/// posix_fadvise(2) at open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fadvise {
    /// None.
    Off,
    /// Sequential or random by the job's pattern.
    #[default]
    ByPattern,
    /// POSIX_FADV_RANDOM.
    Random,
    /// POSIX_FADV_SEQUENTIAL.
    Sequential,
    /// POSIX_FADV_NOREUSE.
    NoReuse,
}

/// File locks around requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LockMode {
    /// None.
    #[default]
    None,
    /// One at a time.
    Exclusive,
    /// Many readers or one writer.
    ReadWrite,
}
