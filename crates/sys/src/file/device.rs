//! What block devices and file systems say about themselves: sizes, alignment, mounts.

use std::ffi::OsStr;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, StatxFlags};

use super::{DeviceNumber, Kind};
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
    let number_of = |path: &[u8]| {
        let path = Path::new(OsStr::from_bytes(path));
        super::facts(path)
            .ok()
            .filter(|facts| facts.kind == Kind::Block)
            .map(|facts| facts.is_device)
    };
    Some(mount_table_has(&table, device, number_of))
}

/// A line is `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw`. The third field is
/// the device, but file systems over several devices (btrfs) have a number of their own there; the
/// second field after the dash names one of theirs.
fn mount_table_has(
    table: &[u8],
    device: DeviceNumber,
    number_of: impl Fn(&[u8]) -> Option<DeviceNumber>,
) -> bool {
    let wanted = format!("{}:{}", device.major, device.minor);
    table.split(|&byte| byte == b'\n').any(|line| {
        let mut fields = line.split(|&byte| byte == b' ');
        if fields.nth(2) == Some(wanted.as_bytes()) {
            return true;
        }
        let source = fields.skip_while(|&field| field != b"-").nth(2);
        source.is_some_and(|path| path.starts_with(b"/dev/") && number_of(path) == Some(device))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_found_by_number_and_by_source() {
        let table = b"22 28 0:21 / /sys rw - sysfs sysfs rw\n\
            36 35 98:1 / /mnt rw shared:2 - ext3 /dev/x rw\n\
            37 35 0:40 / /pool rw - btrfs /dev/pool rw\n";
        let number_of = |path: &[u8]| match path {
            b"/dev/pool" => Some(DeviceNumber { major: 7, minor: 3 }),
            _ => None,
        };
        let has = |major, minor| mount_table_has(table, DeviceNumber { major, minor }, number_of);
        assert!(has(98, 1));
        assert!(has(7, 3));
        assert!(!has(98, 0));
        assert!(!has(7, 4));
    }

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
