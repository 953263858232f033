//! The table of mounts: which file system an open file lies on, and where a device is mounted.

use std::os::fd::BorrowedFd;
use std::path::Path;

use rustix::fs::{AtFlags, StatxFlags};

use super::{DeviceNumber, Kind, facts};

/// A mounted file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Type, such as `ext4` or `tmpfs`.
    pub file_system: String,
    /// What is mounted: often the path of a device.
    pub source: String,
}

impl Mount {
    /// The mount of an open file; `None` if the kernel (before 5.8) or a missing /proc do not tell.
    pub fn of(fd: BorrowedFd<'_>) -> Option<Mount> {
        let stat = rustix::fs::statx(fd, c"", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID).ok()?;
        if stat.stx_mask & StatxFlags::MNT_ID.bits() == 0 {
            return None;
        }
        find(&std::fs::read("/proc/self/mountinfo").ok()?, stat.stx_mnt_id)
    }

    /// True if its files live in memory only.
    pub fn is_memory(&self) -> bool {
        matches!(self.file_system.as_str(), "tmpfs" | "ramfs" | "devtmpfs" | "rootfs" | "hugetlbfs")
    }
}

/// A place where a device is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountPoint {
    /// The directory.
    pub at: String,
    /// Type, such as `ext4`.
    pub file_system: String,
}

/// Where a block device is mounted, by the text of /proc/self/mountinfo.
pub fn mount_points(table: &[u8], device: DeviceNumber) -> Vec<MountPoint> {
    let number_of = |path: &[u8]| {
        let path = unescape(path);
        facts(Path::new(&path)).ok().filter(|it| it.kind == Kind::Block).map(|it| it.is_device)
    };
    points(table, device, number_of)
}

/// The third field is the device, but file systems over several devices (btrfs) have a number of
/// their own there; the second field after the dash names one of theirs.
fn points(
    table: &[u8],
    device: DeviceNumber,
    number_of: impl Fn(&[u8]) -> Option<DeviceNumber>,
) -> Vec<MountPoint> {
    let wanted = format!("{}:{}", device.major, device.minor);
    let point = |line: &[u8]| {
        let mut fields = line.split(|&byte| byte == b' ');
        let number = fields.nth(2)?;
        let at = fields.nth(1)?;
        let mut behind = fields.skip_while(|&field| field != b"-").skip(1);
        let (file_system, source) = (behind.next()?, behind.next()?);
        let is_it = number == wanted.as_bytes()
            || source.starts_with(b"/dev/") && number_of(source) == Some(device);
        is_it.then(|| MountPoint { at: unescape(at), file_system: unescape(file_system) })
    };
    table.split(|&byte| byte == b'\n').filter_map(point).collect()
}

/// A line is `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw`: the first field is
/// the number of the mount, type and source follow the dash.
fn find(table: &[u8], id: u64) -> Option<Mount> {
    let id = id.to_string();
    let line = table.split(|&byte| byte == b'\n').find(|line| {
        line.split(|&byte| byte == b' ').next().is_some_and(|field| field == id.as_bytes())
    })?;
    let mut fields = line.split(|&byte| byte == b' ').skip_while(|&field| field != b"-").skip(1);
    Some(Mount { file_system: unescape(fields.next()?), source: unescape(fields.next()?) })
}

/// Blanks and backslashes stand in the table as octal numbers of three digits.
pub(crate) fn unescape(field: &[u8]) -> String {
    let mut text = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, behind)) = rest.split_first() {
        let number = behind.first_chunk::<3>().and_then(octal);
        match number.filter(|_| byte == b'\\') {
            Some(number) => {
                text.push(number);
                rest = &behind[3..];
            }
            None => {
                text.push(byte);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn octal(digits: &[u8; 3]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_found_by_their_number() {
        let table = b"3 1 0:21 / /sys rw - sysfs sysfs rw\n\
            36 35 98:1 / /mnt rw shared:2 master:1 - fuse.sshfs me@host:/a\\040b\\134 rw\n";
        let mount = find(table, 36).unwrap();
        assert_eq!(
            (mount.file_system.as_str(), mount.source.as_str()),
            ("fuse.sshfs", "me@host:/a b\\")
        );
        assert!(!mount.is_memory());
        assert_eq!(find(table, 6), None);
        assert_eq!(find(b"6 1 0:1", 6), None);
    }

    #[test]
    fn mounts_are_found_by_number_and_by_source() {
        let table = b"22 28 0:21 / /sys rw - sysfs sysfs rw\n\
            36 35 98:1 / /mnt rw shared:2 - ext3 /dev/x rw\n\
            37 35 0:40 / /pool\\0401 rw - btrfs /dev/pool rw\n\
            38 35 98:1 /sub /srv rw - ext3 /dev/x rw\n";
        let number_of = |path: &[u8]| match path {
            b"/dev/pool" => Some(DeviceNumber { major: 7, minor: 3 }),
            _ => None,
        };
        let at = |major, minor| {
            let found = points(table, DeviceNumber { major, minor }, number_of);
            found.into_iter().map(|p| format!("{} {}", p.at, p.file_system)).collect::<Vec<_>>()
        };
        assert_eq!(at(98, 1), ["/mnt ext3", "/srv ext3"]);
        assert_eq!(at(7, 3), ["/pool 1 btrfs"]);
        assert_eq!(at(98, 0), [""; 0]);
        assert_eq!(at(7, 4), [""; 0]);
    }
}
