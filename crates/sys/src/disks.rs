//! The disks under a target and the kernel's statistics about them.
//!
//! A file lies on a file system, that on a partition of a disk, or on a stacked device (dm, md) over
//! other devices. Only whole disks and stacked devices are reported. File systems without a block
//! device of their own (tmpfs, NFS, overlays, btrfs) have no disk here.

use std::path::{Path, PathBuf};

use crate::Errno;
use crate::file::{DeviceNumber, Kind, facts};

/// A block device and those below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Kernel name, as in /sys/block.
    pub name: String,
    /// Devices that this one is stacked on.
    pub below: Vec<Disk>,
    statistics: PathBuf,
}

/// What the kernel has counted since boot; the first eleven fields of /sys/block/NAME/stat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Reads and writes completed.
    pub ios: [u64; 2],
    /// Reads and writes merged into others.
    pub merges: [u64; 2],
    /// Sectors of 512 bytes read and written.
    pub sectors: [u64; 2],
    /// Milliseconds spent by all reads and all writes.
    pub ticks_ms: [u64; 2],
    /// Requests in flight.
    pub in_flight: u64,
    /// Milliseconds with requests in flight.
    pub io_ticks_ms: u64,
    /// Milliseconds weighted by requests in flight.
    pub in_queue_ms: u64,
}

impl Disk {
    /// The disk under a path: under the device it names, or under the file system that it lies on or
    /// would be created on.
    pub fn under(path: &Path) -> Option<Disk> {
        let found = path.ancestors().find_map(|path| {
            // The last ancestor of a relative path is empty and stands for the current directory.
            let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
            facts(path).ok()
        })?;
        Disk::of_device(match found.kind {
            Kind::Block => found.is_device,
            Kind::Character => return None,
            _ => found.on_device,
        })
    }

    /// The whole disk that a device number belongs to.
    pub fn of_device(device: DeviceNumber) -> Option<Disk> {
        let link = format!("/sys/dev/block/{}:{}", device.major, device.minor);
        Disk::at(&std::fs::canonicalize(link).ok()?, 0)
    }

    /// The disk of a directory in /sys/devices. Stacks are at most `DEEPEST` high: the kernel's are
    /// not circular, but this is its word and not ours.
    fn at(directory: &Path, depth: u32) -> Option<Disk> {
        const DEEPEST: u32 = 16;
        let is_partition = directory.join("partition").exists();
        let directory = if is_partition { directory.parent()? } else { directory };
        let name = directory.file_name()?.to_str()?.to_owned();
        let mut below: Vec<Disk> = Vec::new();
        if depth < DEEPEST
            && let Ok(entries) = std::fs::read_dir(directory.join("slaves"))
        {
            for entry in entries.flatten() {
                let Ok(target) = std::fs::canonicalize(entry.path()) else { continue };
                // Two partitions of one disk are one disk.
                if let Some(disk) = Disk::at(&target, depth + 1)
                    && !below.iter().any(|known| known.name == disk.name)
                {
                    below.push(disk);
                }
            }
            below.sort_by(|a, b| a.name.cmp(&b.name));
        }
        Some(Disk { name, below, statistics: directory.join("stat") })
    }

    /// Reads the counters.
    pub fn counters(&self) -> Result<Counters, Errno> {
        let text = std::fs::read_to_string(&self.statistics)?;
        Counters::parse(&text).ok_or(Errno::INVAL)
    }
}

impl Counters {
    fn parse(text: &str) -> Option<Counters> {
        let mut fields = [0u64; 11];
        let mut words = text.split_ascii_whitespace();
        for field in &mut fields {
            *field = words.next()?.parse().ok()?;
        }
        let [r, rm, rs, rt, w, wm, ws, wt, in_flight, io_ticks_ms, in_queue_ms] = fields;
        Some(Counters {
            ios: [r, w],
            merges: [rm, wm],
            sectors: [rs, ws],
            ticks_ms: [rt, wt],
            in_flight,
            io_ticks_ms,
            in_queue_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_of_any_kernel_are_read() {
        // Seventeen fields since Linux 5.5, eleven before.
        let text = "   58840     9638  8818466   126944     6775    15893  2853792     7645        0    \
                    15856   135119     4523       57   351936      505      620       24\n";
        let counters = Counters::parse(text).unwrap();
        assert_eq!(counters.ios, [58840, 6775]);
        assert_eq!(counters.merges, [9638, 15893]);
        assert_eq!(counters.sectors, [8_818_466, 2_853_792]);
        assert_eq!(counters.ticks_ms, [126_944, 7645]);
        assert_eq!(
            (counters.in_flight, counters.io_ticks_ms, counters.in_queue_ms),
            (0, 15856, 135_119)
        );
        assert_eq!(
            Counters::parse("1 2 3 4 5 6 7 8 9 10 11"),
            Counters::parse("1 2 3 4 5 6 7 8 9 10 11 12")
        );
        assert_eq!(Counters::parse("1 2 3"), None);
        assert_eq!(Counters::parse(""), None);
    }

    #[test]
    fn partitions_and_stacks_lead_to_disks() {
        let root = std::env::temp_dir().join(format!("fiord-disks-{}", std::process::id()));
        for directory in ["sda/sda1", "sda/sda2", "sdb", "dm-0/slaves", "dm-1/slaves"] {
            std::fs::create_dir_all(root.join(directory)).unwrap();
        }
        for partition in ["sda/sda1", "sda/sda2"] {
            std::fs::write(root.join(partition).join("partition"), "1\n").unwrap();
        }
        let link = |from: &str, to: &str| {
            std::os::unix::fs::symlink(root.join(to), root.join(from)).unwrap();
        };
        link("dm-0/slaves/sdb", "sdb");
        link("dm-0/slaves/sda1", "sda/sda1");
        link("dm-0/slaves/sda2", "sda/sda2");
        link("dm-1/slaves/dm-0", "dm-0");
        link("sdb/slaves", "dm-1/slaves"); // A circle, which must end.
        assert_eq!(Disk::at(&root.join("sda/sda2"), 0).unwrap().name, "sda");
        let top = Disk::at(&root.join("dm-1"), 0).unwrap();
        assert_eq!(top.name, "dm-1");
        let names: Vec<_> = top.below[0].below.iter().map(|disk| disk.name.as_str()).collect();
        assert_eq!(names, ["sda", "sdb"]);
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn memory_file_systems_have_no_disk() {
        assert_eq!(Disk::of_device(DeviceNumber { major: 0, minor: 12345 }), None);
        assert_eq!(Disk::under(Path::new("/dev/null")), None);
    }
}
