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

/// Sizes of writes that are done as a whole or not at all; powers of two between the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtomicWrites {
    /// Smallest, in bytes.
    pub min_bytes: u32,
    /// Largest, in bytes.
    pub max_bytes: u32,
}

/// Asks for the sizes of atomic writes; `None` if kernel (before 6.11), file system or device has none.
pub fn atomic_write_limits(fd: BorrowedFd<'_>) -> Option<AtomicWrites> {
    let asked = linux_raw_sys::general::STATX_WRITE_ATOMIC;
    // SAFETY: plain data, for which zeroes are a value.
    let mut stat: linux_raw_sys::general::statx = unsafe { std::mem::zeroed() };
    // SAFETY: the path is a string with its end, and the kernel writes one `statx`, the place of which
    // we lend for the call. The C library's structure does not have the fields that are asked for.
    let result = unsafe {
        libc::syscall(
            libc::SYS_statx,
            fd.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH,
            asked,
            &raw mut stat,
        )
    };
    let (min_bytes, max_bytes) = (stat.stx_atomic_write_unit_min, stat.stx_atomic_write_unit_max);
    let told = result == 0 && stat.stx_mask & asked != 0 && max_bytes > 0;
    told.then_some(AtomicWrites { min_bytes, max_bytes })
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
