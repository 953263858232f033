//! Space of files and devices: reserve, cut, punch, discard.

use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::fs::FallocateFlags;

use crate::Errno;

/// How to reserve space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserve {
    /// fallocate(2): the file grows if need be. EOPNOTSUPP where the file system has no such thing.
    Native,
    /// posix_fallocate(3): where the file system cannot, the C library writes a byte to each block.
    Posix,
    /// fallocate(2) with FALLOC_FL_KEEP_SIZE: blocks beyond the end, the size stays.
    KeepSize,
}

/// Reserves blocks for a range.
pub fn reserve(fd: BorrowedFd<'_>, offset: u64, length: u64, how: Reserve) -> Result<(), Errno> {
    let flags = match how {
        Reserve::Native => FallocateFlags::empty(),
        Reserve::KeepSize => FallocateFlags::KEEP_SIZE,
        Reserve::Posix => return posix_reserve(fd, offset, length),
    };
    rustix::fs::fallocate(fd, flags, offset, length).map_err(Errno::from)
}

fn posix_reserve(fd: BorrowedFd<'_>, offset: u64, length: u64) -> Result<(), Errno> {
    let (Ok(offset), Ok(length)) = (i64::try_from(offset), i64::try_from(length)) else {
        return Err(Errno::INVAL);
    };
    // SAFETY: no memory is passed; the descriptor is open for the length of the borrow.
    match unsafe { libc::posix_fallocate(fd.as_raw_fd(), offset, length) } {
        0 => Ok(()),
        errno => Err(Errno(errno)),
    }
}

/// Gives the blocks of a range back; it reads as zeroes and the size stays.
#[inline]
pub fn punch_hole(fd: BorrowedFd<'_>, offset: u64, length: u64) -> Result<(), Errno> {
    let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    rustix::fs::fallocate(fd, flags, offset, length).map_err(Errno::from)
}

/// Sets the size of a file.
#[inline]
pub fn truncate(fd: BorrowedFd<'_>, size_bytes: u64) -> Result<(), Errno> {
    rustix::fs::ftruncate(fd, size_bytes).map_err(Errno::from)
}

/// BLKDISCARD: tells a block device that a range, in whole logical blocks, is not needed any more.
#[inline]
pub fn discard(fd: BorrowedFd<'_>, offset: u64, length: u64) -> Result<(), Errno> {
    const BLKDISCARD: rustix::ioctl::Opcode = rustix::ioctl::opcode::none(0x12, 119);
    let range = [offset, length];
    // SAFETY: BLKDISCARD reads two u64 at the address, which outlive the call.
    match unsafe { libc::ioctl(fd.as_raw_fd(), BLKDISCARD as libc::Ioctl, range.as_ptr()) } {
        0 => Ok(()),
        _ => Err(Errno::last()),
    }
}
