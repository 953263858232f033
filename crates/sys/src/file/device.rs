//! What block devices and file systems say about themselves: sizes, alignment, mounts.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::Path;

use rustix::fs::{AtFlags, StatxFlags};

use super::DeviceNumber;
use crate::Errno;

/// Bytes of an open block device (BLKGETSIZE64).
pub fn device_bytes(fd: BorrowedFd<'_>) -> Result<u64, Errno> {
    const BLKGETSIZE64: rustix::ioctl::Opcode = rustix::ioctl::opcode::read::<usize>(0x12, 114);
    let mut size_bytes = 0u64;
    // SAFETY: BLKGETSIZE64 stores one u64 at the address, which outlives the call.
    match unsafe { libc::ioctl(fd.as_raw_fd(), BLKGETSIZE64 as libc::Ioctl, &raw mut size_bytes) } {
        0 => Ok(size_bytes),
        _ => Err(Errno::last()),
    }
}

/// Bytes of a logical block of an open block device: the smallest transfer with O_DIRECT.
pub fn logical_block_bytes(fd: BorrowedFd<'_>) -> Result<u32, Errno> {
    rustix::fs::ioctl_blksszget(fd).map_err(Errno::from)
}

/// What O_DIRECT asks of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectAlignment {
    /// Alignment of buffers in bytes; 0: the file has no direct I/O.
    pub memory_bytes: u32,
    /// Alignment of offsets and lengths in bytes; 0: the file has no direct I/O.
    pub offset_bytes: u32,
}

/// Asks for the rules of O_DIRECT; `None` if kernel (before 6.1) or file system do not tell.
pub fn direct_alignment(fd: BorrowedFd<'_>) -> Option<DirectAlignment> {
    let stat = rustix::fs::statx(fd, c"", AtFlags::EMPTY_PATH, StatxFlags::DIOALIGN).ok()?;
    if stat.stx_mask & StatxFlags::DIOALIGN.bits() == 0 {
        return None;
    }
    Some(DirectAlignment {
        memory_bytes: stat.stx_dio_mem_align,
        offset_bytes: stat.stx_dio_offset_align,
    })
}

/// Bytes that an unprivileged user may still write to the file system of a path.
pub fn free_bytes(path: &Path) -> Result<u64, Errno> {
    let stat = rustix::fs::statvfs(path)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Whether a block device carries a mounted file system, in our mount namespace; `None` if /proc
/// cannot be read.
pub fn is_mounted(device: DeviceNumber) -> Option<bool> {
    let table = std::fs::read("/proc/self/mountinfo").ok()?;
    Some(!super::mount_points(&table, device).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alignment_of_direct_io_is_a_power_of_two_where_it_is_told() {
        use std::os::fd::AsFd;
        let path = std::env::temp_dir().join(format!("fiord-dio-{}", std::process::id()));
        let file = std::fs::File::create(&path).unwrap();
        if let Some(rules) = direct_alignment(file.as_fd()) {
            assert!(rules.offset_bytes == 0 || rules.offset_bytes.is_power_of_two());
            assert!(rules.memory_bytes == 0 || rules.memory_bytes.is_power_of_two());
        }
        std::fs::remove_file(path).unwrap();
    }
}
