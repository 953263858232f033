//! What we tell the kernel about our intentions, and the caches it is to drop.

use std::os::fd::{AsRawFd, BorrowedFd};

use crate::Errno;

/// Advice for posix_fadvise(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// No particular order.
    Normal,
    /// Ascending offsets: more read-ahead.
    Sequential,
    /// Any order: no read-ahead.
    Random,
    /// Used once (no effect before Linux 6.3).
    NoReuse,
    /// Drop clean cached pages.
    DontNeed,
}

/// Advises on a range; a length of 0 reaches to the end.
pub fn advise(fd: BorrowedFd<'_>, offset: u64, length: u64, advice: Advice) -> Result<(), Errno> {
    use rustix::fs::Advice as Kernel;
    let advice = match advice {
        Advice::Normal => Kernel::Normal,
        Advice::Sequential => Kernel::Sequential,
        Advice::Random => Kernel::Random,
        Advice::NoReuse => Kernel::NoReuse,
        Advice::DontNeed => Kernel::DontNeed,
    };
    rustix::fs::fadvise(fd, offset, std::num::NonZeroU64::new(length), advice).map_err(Errno::from)
}

/// BLKFLSBUF: writes out and drops the buffer cache of a block device. Needs CAP_SYS_ADMIN.
pub fn drop_device_cache(fd: BorrowedFd<'_>) -> Result<(), Errno> {
    const BLKFLSBUF: rustix::ioctl::Opcode = rustix::ioctl::opcode::none(0x12, 97);
    // SAFETY: BLKFLSBUF has no argument.
    match unsafe { libc::ioctl(fd.as_raw_fd(), BLKFLSBUF as libc::Ioctl, 0) } {
        0 => Ok(()),
        _ => Err(Errno::last()),
    }
}

/// Expected life time of written data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum WriteHint {
    /// RWH_WRITE_LIFE_NOT_SET.
    NotSet = 0,
    /// RWH_WRITE_LIFE_NONE.
    None = 1,
    /// RWH_WRITE_LIFE_SHORT.
    Short = 2,
    /// RWH_WRITE_LIFE_MEDIUM.
    Medium = 3,
    /// RWH_WRITE_LIFE_LONG.
    Long = 4,
    /// RWH_WRITE_LIFE_EXTREME.
    Extreme = 5,
}

impl WriteHint {
    /// The hint with the kernel's number.
    pub fn from_number(number: u64) -> Option<WriteHint> {
        Some(match number {
            0 => WriteHint::NotSet,
            1 => WriteHint::None,
            2 => WriteHint::Short,
            3 => WriteHint::Medium,
            4 => WriteHint::Long,
            5 => WriteHint::Extreme,
            _ => return None,
        })
    }
}

/// Sets the life-time hint of an inode (F_SET_RW_HINT, Linux 4.13), which all its descriptors share.
pub fn set_write_hint(fd: BorrowedFd<'_>, hint: WriteHint) -> Result<(), Errno> {
    /// From linux/fcntl.h; libc does not name it.
    const F_SET_RW_HINT: libc::c_int = 1024 + 12;
    let hint = hint as u64;
    // SAFETY: F_SET_RW_HINT reads one u64 at the address, which outlives the call.
    match unsafe { libc::fcntl(fd.as_raw_fd(), F_SET_RW_HINT, &raw const hint) } {
        -1 => Err(Errno::last()),
        _ => Ok(()),
    }
}
