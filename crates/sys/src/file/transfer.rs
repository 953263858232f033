//! Moving bytes between memory and an open file: one function per system call. A short transfer is
//! a result, not an error, and EINTR is an error like any other: what to do then is the caller's
//! business.
//!
//! These go straight to the kernel, past the cancellation points of the C library, which cost a
//! multi-threaded process several nanoseconds for each call.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::BorrowedFd;

use rustix::io::ReadWriteFlags;

use crate::Errno;

/// pread(2).
#[inline]
pub fn pread(fd: BorrowedFd<'_>, into: &mut [u8], offset: u64) -> Result<usize, Errno> {
    rustix::io::pread(fd, into, offset).map_err(Errno::from)
}

/// pwrite(2).
#[inline]
pub fn pwrite(fd: BorrowedFd<'_>, from: &[u8], offset: u64) -> Result<usize, Errno> {
    rustix::io::pwrite(fd, from, offset).map_err(Errno::from)
}

/// lseek(2) to an absolute place.
#[inline]
pub fn seek(fd: BorrowedFd<'_>, offset: u64) -> Result<(), Errno> {
    rustix::fs::seek(fd, rustix::fs::SeekFrom::Start(offset))?;
    Ok(())
}

/// read(2) at the present place.
#[inline]
pub fn read(fd: BorrowedFd<'_>, into: &mut [u8]) -> Result<usize, Errno> {
    rustix::io::read(fd, into).map_err(Errno::from)
}

/// write(2) at the present place.
#[inline]
pub fn write(fd: BorrowedFd<'_>, from: &[u8]) -> Result<usize, Errno> {
    rustix::io::write(fd, from).map_err(Errno::from)
}

/// readv(2) at the present place; at most 1024 parts.
#[inline]
pub fn readv(fd: BorrowedFd<'_>, into: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
    rustix::io::readv(fd, into).map_err(Errno::from)
}

/// writev(2) at the present place; at most 1024 parts.
#[inline]
pub fn writev(fd: BorrowedFd<'_>, from: &[IoSlice<'_>]) -> Result<usize, Errno> {
    rustix::io::writev(fd, from).map_err(Errno::from)
}

/// preadv(2); at most 1024 parts.
#[inline]
pub fn preadv(
    fd: BorrowedFd<'_>,
    into: &mut [IoSliceMut<'_>],
    offset: u64,
) -> Result<usize, Errno> {
    rustix::io::preadv(fd, into, offset).map_err(Errno::from)
}

/// pwritev(2); at most 1024 parts.
#[inline]
pub fn pwritev(fd: BorrowedFd<'_>, from: &[IoSlice<'_>], offset: u64) -> Result<usize, Errno> {
    rustix::io::pwritev(fd, from, offset).map_err(Errno::from)
}

/// The flags of preadv2(2) and pwritev2(2) that fiord uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VectorFlags(ReadWriteFlags);

impl VectorFlags {
    /// RWF_HIPRI: poll for the completion (Linux 4.6, needs O_DIRECT and a polled queue to have an
    /// effect).
    pub const HIPRI: VectorFlags = VectorFlags(ReadWriteFlags::HIPRI);
    /// RWF_NOWAIT: EAGAIN where the call would have to wait (Linux 4.14).
    pub const NOWAIT: VectorFlags = VectorFlags(ReadWriteFlags::NOWAIT);
    /// RWF_DONTCACHE: buffered, but the pages are dropped afterwards (Linux 6.14, and the file
    /// system must take part).
    pub const DONTCACHE: VectorFlags = VectorFlags(ReadWriteFlags::from_bits_retain(0x80));

    /// RWF_ATOMIC: a write is done as a whole or not at all (Linux 6.11, see
    /// [`atomic_write_limits`](super::atomic_write_limits)).
    pub const ATOMIC: VectorFlags = VectorFlags(ReadWriteFlags::from_bits_retain(0x40));

    /// No flags.
    pub const NONE: VectorFlags = VectorFlags(ReadWriteFlags::empty());

    /// True if all flags of the other are set.
    pub fn contains(self, other: VectorFlags) -> bool {
        self.0.contains(other.0)
    }

    /// The kernel's number.
    pub fn bits(self) -> u32 {
        self.0.bits()
    }

    /// All flags of both.
    #[must_use]
    pub fn with(self, other: VectorFlags) -> VectorFlags {
        VectorFlags(self.0.union(other.0))
    }
}

/// preadv2(2); at most 1024 parts.
#[inline]
pub fn preadv2(
    fd: BorrowedFd<'_>,
    into: &mut [IoSliceMut<'_>],
    offset: u64,
    flags: VectorFlags,
) -> Result<usize, Errno> {
    rustix::io::preadv2(fd, into, offset, flags.0).map_err(Errno::from)
}

/// pwritev2(2); at most 1024 parts.
#[inline]
pub fn pwritev2(
    fd: BorrowedFd<'_>,
    from: &[IoSlice<'_>],
    offset: u64,
    flags: VectorFlags,
) -> Result<usize, Errno> {
    rustix::io::pwritev2(fd, from, offset, flags.0).map_err(Errno::from)
}
