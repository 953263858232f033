//! Files and devices: opening, asking about and removing them. What is done with an open one stands
//! in the modules below, all of it re-exported here: callers write `sys::file::NAME`.
//!
//! Functions take paths or borrowed descriptors and return [`Errno`]; nothing retries, sleeps or
//! remembers, with the exceptions that are documented at the function.

mod advice;
mod device;
mod flush;
mod integrity;
mod lock;
mod mapping;
mod mount;
mod pipe;
mod space;
mod transfer;

pub use advice::{Advice, WriteHint, advise, drop_device_cache, set_write_hint};
pub use device::{
    AtomicWrites, DirectAlignment, atomic_write_limits, device_bytes, direct_alignment, free_bytes,
    is_mounted, logical_block_bytes,
};
pub use flush::{RangeFlush, fdatasync, fsync, sync_file_range, syncfs};
pub use integrity::{BlockMetadata, Guard, block_metadata};
pub use lock::{LockKind, lock, try_lock, unlock};
pub use mapping::{Advice as MappingAdvice, Mapping};
pub(crate) use mount::unescape;
pub use mount::{Mount, MountPoint, mount_points};
pub use pipe::Pipe;
pub use space::{Reserve, discard, punch_hole, reserve, truncate};
pub use transfer::{
    VectorFlags, pread, preadv, preadv2, pwrite, pwritev, pwritev2, read, readv, seek, write,
    writev,
};

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags};

use crate::Errno;

/// What an open descriptor may be used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// O_RDONLY.
    #[default]
    Read,
    /// O_WRONLY.
    Write,
    /// O_RDWR.
    ReadWrite,
}

/// When a write counts as done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// When the kernel has it.
    #[default]
    None,
    /// When data and metadata are stable: O_SYNC.
    Sync,
    /// When data are stable and can be found again: O_DSYNC.
    Dsync,
}

/// How to open a file. The default opens an existing one for reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenHow {
    /// What for.
    pub access: Access,
    /// Create it, if it is missing, with these permission bits (less the umask).
    pub create: Option<u32>,
    /// With `create`: fail if it exists.
    pub exclusive: bool,
    /// Cut it to zero bytes.
    pub truncate: bool,
    /// Every write goes to the present end.
    pub append: bool,
    /// O_DIRECT.
    pub direct: bool,
    /// O_SYNC, O_DSYNC.
    pub durability: Durability,
    /// Do not update the access time, where we are allowed to ask for that.
    pub noatime: bool,
}

/// Opens a file; the descriptor is closed on exec. Only the owner of a file may ask for O_NOATIME:
/// if the kernel says EPERM the file is opened without.
pub fn open(path: &Path, how: &OpenHow) -> Result<OwnedFd, Errno> {
    let mut flags = OFlags::CLOEXEC
        | match how.access {
            Access::Read => OFlags::RDONLY,
            Access::Write => OFlags::WRONLY,
            Access::ReadWrite => OFlags::RDWR,
        }
        | match how.durability {
            Durability::None => OFlags::empty(),
            Durability::Sync => OFlags::SYNC,
            // rustix has O_SYNC under this name, which flushes more than what was asked for.
            Durability::Dsync => OFlags::from_bits_retain(libc::O_DSYNC.cast_unsigned()),
        };
    flags.set(OFlags::CREATE, how.create.is_some());
    flags.set(OFlags::EXCL, how.create.is_some() && how.exclusive);
    flags.set(OFlags::TRUNC, how.truncate);
    flags.set(OFlags::APPEND, how.append);
    flags.set(OFlags::DIRECT, how.direct);
    let mode = Mode::from_raw_mode(how.create.unwrap_or(0));
    if how.noatime {
        match rustix::fs::open(path, flags | OFlags::NOATIME, mode) {
            Err(rustix::io::Errno::PERM) => {}
            other => return other.map_err(Errno::from),
        }
    }
    rustix::fs::open(path, flags, mode).map_err(Errno::from)
}

/// What kind of thing a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Regular file.
    Regular,
    /// Block device.
    Block,
    /// Character device.
    Character,
    /// Directory.
    Directory,
    /// Named pipe.
    Fifo,
    /// Socket or unknown.
    Other,
}

/// Number of a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceNumber {
    /// Driver.
    pub major: u32,
    /// Instance.
    pub minor: u32,
}

impl DeviceNumber {
    fn from_raw(raw: u64) -> DeviceNumber {
        DeviceNumber { major: rustix::fs::major(raw), minor: rustix::fs::minor(raw) }
    }
}

/// What stat(2) knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What it is.
    pub kind: Kind,
    /// Bytes of a regular file; for block devices ask [`device_bytes`].
    pub size_bytes: u64,
    /// Device on which the file lies.
    pub on_device: DeviceNumber,
    /// Device which the file is, if it is a device.
    pub is_device: DeviceNumber,
    /// Number of the file on its device.
    pub inode: u64,
}

impl Facts {
    fn new(stat: &rustix::fs::Stat) -> Facts {
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Kind::Regular,
            FileType::BlockDevice => Kind::Block,
            FileType::CharacterDevice => Kind::Character,
            FileType::Directory => Kind::Directory,
            FileType::Fifo => Kind::Fifo,
            _ => Kind::Other,
        };
        Facts {
            kind,
            size_bytes: u64::try_from(stat.st_size).unwrap_or(0),
            on_device: DeviceNumber::from_raw(stat.st_dev),
            is_device: DeviceNumber::from_raw(stat.st_rdev),
            inode: stat.st_ino,
        }
    }
}

/// Facts about what a path names; symbolic links are followed.
pub fn facts(path: &Path) -> Result<Facts, Errno> {
    Ok(Facts::new(&rustix::fs::stat(path)?))
}

/// Facts about an open file.
pub fn facts_of(fd: BorrowedFd<'_>) -> Result<Facts, Errno> {
    Ok(Facts::new(&rustix::fs::fstat(fd)?))
}

/// Bytes of an open target: of a regular file by stat(2), of a block device by its driver, 0 for
/// all others.
pub fn size_bytes(fd: BorrowedFd<'_>) -> Result<u64, Errno> {
    let facts = facts_of(fd)?;
    match facts.kind {
        Kind::Regular => Ok(facts.size_bytes),
        Kind::Block => device_bytes(fd),
        _ => Ok(0),
    }
}

/// Removes a file.
pub fn unlink(path: &Path) -> Result<(), Errno> {
    rustix::fs::unlink(path).map_err(Errno::from)
}

/// Makes a directory and its missing parents with mode 0700 (less the umask). A directory that
/// exists, or that somebody else makes meanwhile, is no error.
pub fn make_directories(path: &Path) -> Result<(), Errno> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(Errno::from)
}

/// Opens a directory, to ask or flush the file system that it lies on.
pub fn open_directory(path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::CLOEXEC | OFlags::RDONLY | OFlags::DIRECTORY;
    rustix::fs::open(path, flags, Mode::empty()).map_err(Errno::from)
}

/// A descriptor that its owner has promised to keep open until we have forgotten it. Engines hold
/// these: the loop attaches a file, keeps it open, and detaches it before it closes it.
///
/// Should the owner break the promise, calls fail with EBADF or reach whatever file has the number
/// then; memory is never at risk.
#[derive(Clone, Copy, Debug)]
pub struct LentFd(BorrowedFd<'static>);

impl LentFd {
    /// Notes a descriptor beyond its borrow.
    pub fn new(fd: BorrowedFd<'_>) -> LentFd {
        // SAFETY: the number is not -1, which is all that the representation asks for; system calls
        // check every number they get, so that a stale one costs an error and not memory safety.
        LentFd(unsafe { BorrowedFd::borrow_raw(fd.as_raw_fd()) })
    }
}

impl AsFd for LentFd {
    #[inline]
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0
    }
}

/// Another descriptor of the same open file.
pub fn duplicate(fd: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    fd.as_fd().try_clone_to_owned().map_err(Errno::from)
}

/// Raises the soft limit of open descriptors to the hard one; returns the limit then in force.
pub fn raise_descriptor_limit() -> Result<u64, Errno> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;
    }
    Ok(limit.maximum.unwrap_or(u64::MAX))
}
