//! Making written data stable.

use std::os::fd::{AsRawFd, BorrowedFd};

use crate::Errno;

/// fsync(2): data and metadata.
#[inline]
pub fn fsync(fd: BorrowedFd<'_>) -> Result<(), Errno> {
    rustix::fs::fsync(fd).map_err(Errno::from)
}

/// fdatasync(2): data, and the metadata needed to find them.
#[inline]
pub fn fdatasync(fd: BorrowedFd<'_>) -> Result<(), Errno> {
    rustix::fs::fdatasync(fd).map_err(Errno::from)
}

/// syncfs(2): the whole file system of the file.
#[inline]
pub fn syncfs(fd: BorrowedFd<'_>) -> Result<(), Errno> {
    rustix::fs::syncfs(fd).map_err(Errno::from)
}

/// What sync_file_range(2) does, as the kernel's flag bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RangeFlush(pub u32);

impl RangeFlush {
    /// Wait for earlier write-out.
    pub const WAIT_BEFORE: RangeFlush = RangeFlush(libc::SYNC_FILE_RANGE_WAIT_BEFORE);
    /// Start write-out.
    pub const WRITE: RangeFlush = RangeFlush(libc::SYNC_FILE_RANGE_WRITE);
    /// Wait for that write-out.
    pub const WAIT_AFTER: RangeFlush = RangeFlush(libc::SYNC_FILE_RANGE_WAIT_AFTER);
}

/// sync_file_range(2). Moves pages to the device but neither metadata nor the device's cache.
#[inline]
pub fn sync_file_range(
    fd: BorrowedFd<'_>,
    offset: u64,
    length: u64,
    flags: RangeFlush,
) -> Result<(), Errno> {
    let (Ok(offset), Ok(length)) = (i64::try_from(offset), i64::try_from(length)) else {
        return Err(Errno::INVAL);
    };
    // SAFETY: no memory is passed; the descriptor is open for the length of the borrow.
    match unsafe { libc::sync_file_range(fd.as_raw_fd(), offset, length, flags.0) } {
        0 => Ok(()),
        _ => Err(Errno::last()),
    }
}
