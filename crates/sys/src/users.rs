//! Who uses a device or a file already: mounts, swap, and devices that are stacked on it.
//!
//! All answers come from /proc and /sys, so that asking changes nothing: a device is not opened, let
//! alone exclusively. What programs have open does not show here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::file::{DeviceNumber, Facts, Kind, MountPoint, facts, mount_points, unescape};

/// One use of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// A file system of it is mounted.
    Mounted {
        /// The device that is mounted: the target itself, a partition of it, or one stacked on it.
        device: String,
        /// Where and as what.
        point: MountPoint,
    },
    /// Swap space in use.
    Swap {
        /// The device or the file.
        device: String,
    },
    /// Another device is made of it.
    Held {
        /// That device: kernel name, with the name that people gave it in parentheses.
        by: String,
    },
}

/// What the kernel says about uses, as of when it was asked.
#[derive(Clone, Debug)]
pub struct Users {
    mounts: Vec<u8>,
    swaps: Vec<Facts>,
    sys: PathBuf,
}

impl Users {
    /// Asks the kernel. What it does not tell counts as not in use.
    pub fn read() -> Users {
        let table = |path| std::fs::read(path).unwrap_or_default();
        Users {
            mounts: table("/proc/self/mountinfo"),
            swaps: swaps(&table("/proc/swaps")),
            sys: PathBuf::from("/sys"),
        }
    }

    /// All uses of what a path names.
    pub fn of(&self, path: &Path, target: &Facts) -> Vec<Use> {
        let name = path.to_string_lossy().into_owned();
        let mut uses = Vec::new();
        match target.kind {
            Kind::Block => {
                let directory = self.directory(target.is_device);
                let mut seen = BTreeSet::new();
                let device = Device { name, number: target.is_device, directory };
                self.device(&device, &mut seen, &mut uses);
            }
            Kind::Regular => {
                let same = |swap: &&Facts| {
                    swap.kind == Kind::Regular
                        && (swap.on_device, swap.inode) == (target.on_device, target.inode)
                };
                if self.swaps.iter().any(|swap| same(&swap)) {
                    uses.push(Use::Swap { device: name });
                }
                self.loops(target, &mut uses);
            }
            _ => {}
        }
        uses
    }

    /// The directory of a device below /sys/devices; what the link leads to, where there is none.
    fn directory(&self, number: DeviceNumber) -> PathBuf {
        let link = self.sys.join(format!("dev/block/{}:{}", number.major, number.minor));
        std::fs::canonicalize(&link).unwrap_or(link)
    }

    /// Uses of a device, of its partitions, and of what is stacked on it.
    fn device(&self, device: &Device, seen: &mut BTreeSet<DeviceNumber>, uses: &mut Vec<Use>) {
        // The kernel's stacks are not circular, but this is its word and not ours.
        if !seen.insert(device.number) {
            return;
        }
        let name = &device.name;
        for point in mount_points(&self.mounts, device.number) {
            uses.push(Use::Mounted { device: name.clone(), point });
        }
        let is_it = |swap: &Facts| swap.kind == Kind::Block && swap.is_device == device.number;
        if self.swaps.iter().any(is_it) {
            uses.push(Use::Swap { device: name.clone() });
        }
        for holder in entries(&device.directory.join("holders")) {
            let Some(holder) = Device::at(&holder) else { continue };
            uses.push(Use::Held { by: holder.described() });
            self.device(&holder, seen, uses);
        }
        for below in entries(&device.directory) {
            if below.join("partition").exists()
                && let Some(partition) = Device::at(&below)
            {
                self.device(&partition, seen, uses);
            }
        }
    }

    /// Loop devices over a file.
    fn loops(&self, target: &Facts, uses: &mut Vec<Use>) {
        for device in entries(&self.sys.join("block")) {
            let Ok(backing) = std::fs::read(device.join("loop/backing_file")) else { continue };
            let backing = PathBuf::from(unescape(backing.trim_ascii_end()));
            let same = facts(&backing).is_ok_and(|facts| {
                (facts.on_device, facts.inode) == (target.on_device, target.inode)
            });
            if same && let Some(device) = Device::at(&device) {
                uses.push(Use::Held { by: device.described() });
                self.device(&device, &mut BTreeSet::new(), uses);
            }
        }
    }
}

/// A block device in /sys.
struct Device {
    name: String,
    number: DeviceNumber,
    directory: PathBuf,
}

impl Device {
    fn at(path: &Path) -> Option<Device> {
        let directory = std::fs::canonicalize(path).ok()?;
        let text = std::fs::read_to_string(directory.join("dev")).ok()?;
        let (major, minor) = text.trim().split_once(':')?;
        let number = DeviceNumber { major: major.parse().ok()?, minor: minor.parse().ok()? };
        let name = directory.file_name()?.to_string_lossy().into_owned();
        Some(Device { name, number, directory })
    }

    /// With the name that the device mapper shows to people.
    fn described(&self) -> String {
        match std::fs::read_to_string(self.directory.join("dm/name")) {
            Ok(name) => format!("{} ({})", self.name, name.trim()),
            Err(_) => self.name.clone(),
        }
    }
}

/// The paths in a directory, sorted; none if it cannot be read.
fn entries(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// The first field of each line but the first is a path, with blanks as octal numbers.
fn swaps(table: &[u8]) -> Vec<Facts> {
    let lines = table.split(|&byte| byte == b'\n').skip(1);
    let paths = lines.filter_map(|line| line.split(|&byte| byte == b' ' || byte == b'\t').next());
    paths.filter_map(|path| facts(Path::new(&unescape(path))).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk 8:0 with a partition that a volume is made of; a loop device over a file.
    fn machine(label: &str) -> (PathBuf, Users) {
        let root = std::env::temp_dir().join(format!("fiord-users-{label}-{}", std::process::id()));
        let make = |path: &str, text: &str| {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        make("devices/sda/dev", "8:0\n");
        make("devices/sda/queue/dev", "9:9\n");
        make("devices/sda/sda1/dev", "8:1\n");
        make("devices/sda/sda1/partition", "1\n");
        make("devices/dm-0/dev", "253:0\n");
        make("devices/dm-0/dm/name", "vg-root\n");
        make("devices/loop0/dev", "7:0\n");
        make("image", "x");
        let image = root.join("image").to_string_lossy().into_owned();
        make("devices/loop0/loop/backing_file", &format!("{image}\n"));
        let link = |from: &str, to: &str| {
            let from = root.join(from);
            std::fs::create_dir_all(from.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(root.join(to), from).unwrap();
        };
        link("dev/block/8:0", "devices/sda");
        link("dev/block/8:1", "devices/sda/sda1");
        link("block/sda", "devices/sda");
        link("block/loop0", "devices/loop0");
        link("devices/sda/sda1/holders/dm-0", "devices/dm-0");
        link("devices/dm-0/holders/sda", "devices/sda"); // A circle, which must end.
        let mounts = b"36 35 253:0 / /srv rw - ext4 /dev/mapper/vg-root rw\n\
            37 35 7:0 / /mnt/my\\040image ro - xfs /dev/loop0 ro\n"
            .to_vec();
        (root.clone(), Users { mounts, swaps: Vec::new(), sys: root })
    }

    fn block(major: u32, minor: u32) -> Facts {
        let mut facts = facts(Path::new("/")).unwrap();
        facts.kind = Kind::Block;
        facts.is_device = DeviceNumber { major, minor };
        facts
    }

    fn shown(uses: &[Use]) -> Vec<String> {
        uses.iter()
            .map(|it| match it {
                Use::Mounted { device, point } => format!("{device} at {}", point.at),
                Use::Swap { device } => format!("swap {device}"),
                Use::Held { by } => format!("by {by}"),
            })
            .collect()
    }

    #[test]
    fn stacks_and_partitions_are_followed_to_their_mounts() {
        let (root, users) = machine("stack");
        let disk = users.of(Path::new("/dev/sda"), &block(8, 0));
        let unknown = users.of(Path::new("/dev/sdz"), &block(8, 99));
        std::fs::remove_dir_all(root).unwrap();
        assert_eq!(shown(&disk), ["by dm-0 (vg-root)", "dm-0 at /srv", "by sda"]);
        assert_eq!(unknown, []);
    }

    #[test]
    fn files_are_used_by_loop_devices_and_as_swap() {
        let (root, mut users) = machine("loop");
        let image = root.join("image");
        let target = facts(&image).unwrap();
        let uses = users.of(&image, &target);
        users.swaps = swaps(format!("Filename Type\n{} file 1 0\n", image.display()).as_bytes());
        let swap = users.of(&image, &target);
        std::fs::remove_dir_all(root).unwrap();
        assert_eq!(shown(&uses), ["by loop0", "loop0 at /mnt/my image"]);
        assert!(matches!(&swap[0], Use::Swap { device } if *device == image.to_string_lossy()));
    }

    #[test]
    fn the_root_of_this_machine_is_mounted_if_it_is_a_device() {
        let root = facts(Path::new("/")).unwrap();
        let device = block(root.on_device.major, root.on_device.minor);
        let link = format!("/sys/dev/block/{}:{}", root.on_device.major, root.on_device.minor);
        if !Path::new(&link).exists() {
            return;
        }
        let uses = Users::read().of(Path::new("/dev/root"), &device);
        assert!(shown(&uses).contains(&"/dev/root at /".to_owned()), "{uses:?}");
    }
}
