//! What a disk or an image holds, as its first and last kilobytes tell: file systems, partition
//! tables, and the marks of volume managers, arrays, encryption and swap.
//!
//! Reading is all that happens here; nothing is written, locked or dropped from a cache. The table
//! knows what is common, so "nothing found" does not mean "nothing there". Places and numbers are
//! those of the formats' published descriptions.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use crate::Errno;
use crate::file::{self, Kind};

/// What stands behind a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A file system.
    FileSystem,
    /// Swap space.
    Swap,
    /// A table of partitions.
    Partitions,
    /// A part of something larger: a volume group, an array, a cache, a storage cluster.
    Member,
    /// Encrypted data.
    Encrypted,
}

/// One finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The usual name, such as `ext4` or `LVM2 physical volume`.
    pub name: &'static str,
    /// What it is.
    pub class: Class,
    /// Where the mark stands, bytes from the start.
    pub offset: u64,
}

/// Bytes that are enough to know a format by.
struct Mark {
    offset: u64,
    bytes: &'static [u8],
    name: &'static str,
    class: Class,
}

const fn mark(offset: u64, bytes: &'static [u8], name: &'static str, class: Class) -> Mark {
    Mark { offset, bytes, name, class }
}

/// Formats that a few bytes at a fixed place tell; the others have a function below.
const MARKS: &[Mark] = &[
    mark(0, b"XFSB", "XFS", Class::FileSystem),
    mark(0x1_0040, b"_BHRfS_M", "Btrfs", Class::FileSystem),
    mark(1024, &0xf2f5_2010_u32.to_le_bytes(), "F2FS", Class::FileSystem),
    mark(1024, &0xe0f5_e1e2_u32.to_le_bytes(), "EROFS", Class::FileSystem),
    mark(0, b"hsqs", "SquashFS", Class::FileSystem),
    mark(3, b"NTFS    ", "NTFS", Class::FileSystem),
    mark(3, b"EXFAT   ", "exFAT", Class::FileSystem),
    mark(54, b"FAT12   ", "FAT12", Class::FileSystem),
    mark(54, b"FAT16   ", "FAT16", Class::FileSystem),
    mark(82, b"FAT32   ", "FAT32", Class::FileSystem),
    mark(32_769, b"CD001", "ISO 9660", Class::FileSystem),
    mark(0x1018, BCACHEFS, "bcachefs", Class::FileSystem),
    mark(0x1018, BCACHE, "bcache device", Class::Member),
    mark(0, b"bluestore block device", "Ceph BlueStore", Class::Member),
    mark(512, b"EFI PART", "GPT", Class::Partitions),
    mark(4096, b"EFI PART", "GPT (blocks of 4 KiB)", Class::Partitions),
];

const BCACHE: &[u8] = &[
    0xc6, 0x85, 0x73, 0xf6, 0x4e, 0x1a, 0x45, 0xca, 0x82, 0x65, 0xf5, 0x7f, 0x48, 0xba, 0x6d, 0x81,
];
const BCACHEFS: &[u8] = &[
    0xc6, 0x85, 0x73, 0xf6, 0x66, 0xce, 0x90, 0xa9, 0xd9, 0x6a, 0x60, 0xcf, 0x80, 0x3d, 0xf7, 0xef,
];

/// What the start of a target must hold for all formats that are told by it.
const HEAD_BYTES: u64 = 68 << 10;

/// What the target at a path holds. Only block devices and regular files are read; all others have
/// nothing.
pub fn of_path(path: &Path) -> Result<Vec<Signature>, Errno> {
    let Some(fd) = open(path)? else { return Ok(Vec::new()) };
    let size_bytes = file::size_bytes(fd.as_fd())?;
    let mut failure = None;
    let found = scan(size_bytes, &mut |offset, bytes| {
        let mut buffer = vec![0; bytes];
        let mut filled = 0;
        while filled < bytes {
            match file::pread(fd.as_fd(), &mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(errno) => {
                    failure.get_or_insert(errno);
                    break;
                }
            }
        }
        buffer.truncate(filled);
        buffer
    });
    // What was found in spite of an error is worth more than the error.
    match failure {
        Some(errno) if found.is_empty() => Err(errno),
        _ => Ok(found),
    }
}

/// Opens without waiting and without a trace; `None` for what is not to be read.
fn open(path: &Path) -> Result<Option<OwnedFd>, Errno> {
    let readable = |kind: Kind| matches!(kind, Kind::Regular | Kind::Block);
    if !readable(file::facts(path)?.kind) {
        return Ok(None);
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let fd = match rustix::fs::open(path, flags | OFlags::NOATIME, Mode::empty()) {
        Err(rustix::io::Errno::PERM) => rustix::fs::open(path, flags, Mode::empty())?,
        other => other?,
    };
    // The path may lead elsewhere by now.
    Ok(readable(file::facts_of(fd.as_fd())?.kind).then_some(fd))
}

/// All signatures of a target of `size_bytes`; `read` gives up to so many bytes from an offset, fewer
/// at the end.
fn scan(size_bytes: u64, read: &mut dyn FnMut(u64, usize) -> Vec<u8>) -> Vec<Signature> {
    let head = read(0, size_bytes.min(HEAD_BYTES) as usize);
    let mut found: Vec<Signature> = MARKS
        .iter()
        .filter(|mark| at(&head, mark.offset).is_some_and(|rest| rest.starts_with(mark.bytes)))
        .map(|mark| Signature { name: mark.name, class: mark.class, offset: mark.offset })
        .collect();
    let special =
        [ext(&head), swap(&head), luks(&head), lvm(&head), zfs(&head), array_at_start(&head)];
    found.extend(special.into_iter().flatten());
    found.extend(partition_table(&head, &found));
    found.extend(array_at_end(size_bytes, read));
    if !found.iter().any(|signature| signature.name.starts_with("GPT")) {
        found.extend(last_gpt(size_bytes, read));
    }
    found
}

fn at(bytes: &[u8], offset: u64) -> Option<&[u8]> {
    bytes.get(usize::try_from(offset).ok()?..)
}

fn little_u32(bytes: &[u8], offset: u64) -> Option<u32> {
    at(bytes, offset)?.first_chunk().map(|chunk| u32::from_le_bytes(*chunk))
}

/// The three generations of ext differ in the features that their superblock lists.
fn ext(head: &[u8]) -> Option<Signature> {
    const START: u64 = 1024;
    const JOURNAL: u32 = 0x4;
    const JOURNAL_DEVICE: u32 = 0x8;
    /// Extents, 64bit, flexible groups: what ext3 cannot read.
    const SINCE_EXT4: u32 = 0x40 | 0x80 | 0x200;
    let magic: [u8; 2] = *at(head, START + 56)?.first_chunk()?;
    if u16::from_le_bytes(magic) != 0xef53 {
        return None;
    }
    let (compatible, needed) = (little_u32(head, START + 92)?, little_u32(head, START + 96)?);
    let name = match () {
        () if needed & JOURNAL_DEVICE != 0 => "journal of ext4",
        () if needed & SINCE_EXT4 != 0 => "ext4",
        () if compatible & JOURNAL != 0 => "ext3",
        () => "ext2",
    };
    Some(Signature { name, class: Class::FileSystem, offset: START + 56 })
}

/// The mark of swap space ends its first page, whose size depends on the machine that made it.
fn swap(head: &[u8]) -> Option<Signature> {
    [4096_u64, 8192, 16_384, 32_768, 65_536].into_iter().find_map(|page| {
        let offset = page - 10;
        let text = at(head, offset)?.first_chunk::<10>()?;
        matches!(text, b"SWAPSPACE2" | b"SWAP-SPACE").then_some(Signature {
            name: "swap space",
            class: Class::Swap,
            offset,
        })
    })
}

fn luks(head: &[u8]) -> Option<Signature> {
    let header: [u8; 8] = *head.first_chunk()?;
    let version = header.strip_prefix(b"LUKS\xba\xbe")?;
    let name = if version == [0, 1] { "LUKS1" } else { "LUKS2" };
    Some(Signature { name, class: Class::Encrypted, offset: 0 })
}

/// The label stands in one of the first four sectors.
fn lvm(head: &[u8]) -> Option<Signature> {
    (0..4).map(|sector| sector * 512).find_map(|offset| {
        let label = at(head, offset)?;
        let known = label.starts_with(b"LABELONE") && at(label, 24)?.starts_with(b"LVM2 001");
        known.then_some(Signature { name: "LVM2 physical volume", class: Class::Member, offset })
    })
}

/// The label of a pool's member is a list of names and values in XDR.
fn zfs(head: &[u8]) -> Option<Signature> {
    const OFFSET: u64 = 16 << 10;
    let list = at(head, OFFSET)?;
    let list = &list[..list.len().min(16 << 10)];
    let known = list.starts_with(&[1, 1, 0, 0]) && list.windows(9).any(|w| w == b"pool_guid");
    known.then_some(Signature { name: "ZFS pool member", class: Class::Member, offset: OFFSET })
}

const ARRAY: [u8; 4] = 0xa92b_4efc_u32.to_le_bytes();

/// Versions 1.1 and 1.2 of the metadata of Linux software RAID.
fn array_at_start(head: &[u8]) -> Option<Signature> {
    [0, 4096].into_iter().find(|offset| is_array_of_version_1(at(head, *offset))).map(array)
}

/// Versions 1.0 and 0.90, which stand near the end.
fn array_at_end(size_bytes: u64, read: &mut dyn FnMut(u64, usize) -> Vec<u8>) -> Option<Signature> {
    const OLD_RESERVED: u64 = 64 << 10;
    let sectors = size_bytes / 512;
    if let Some(sector) = sectors.checked_sub(16) {
        let offset = (sector & !7) * 512;
        if is_array_of_version_1(Some(&read(offset, 8))) {
            return Some(array(offset));
        }
    }
    let offset = (size_bytes / OLD_RESERVED * OLD_RESERVED).checked_sub(OLD_RESERVED)?;
    // The old form is in the byte order of its machine.
    let magic = read(offset, 4);
    let reversed: Vec<u8> = ARRAY.into_iter().rev().collect();
    (magic == ARRAY || magic == reversed).then(|| array(offset))
}

fn is_array_of_version_1(bytes: Option<&[u8]>) -> bool {
    bytes.is_some_and(|bytes| {
        bytes.starts_with(&ARRAY) && bytes.get(4..8) == Some(&1_u32.to_le_bytes())
    })
}

fn array(offset: u64) -> Signature {
    Signature { name: "Linux RAID member", class: Class::Member, offset }
}

/// A classic partition table shares its mark with the boot sectors of FAT and NTFS, so that its
/// entries have to make sense, too.
fn partition_table(head: &[u8], found: &[Signature]) -> Option<Signature> {
    /// The only entry of a disk whose real table is a GPT.
    const PROTECTIVE: u8 = 0xee;
    let shared = ["NTFS", "exFAT", "FAT12", "FAT16", "FAT32"];
    if found.iter().any(|signature| shared.contains(&signature.name)) {
        return None;
    }
    let table: &[u8; 66] = at(head, 446)?.first_chunk()?;
    let (entries, mark) = table.split_at(64);
    if mark != [0x55, 0xaa] {
        return None;
    }
    let mut used = 0;
    for entry in entries.chunks_exact(16) {
        let (status, kind) = (entry[0], entry[4]);
        let empty = kind == 0 || entry[12..16] == [0; 4];
        if status & 0x7f != 0 || kind == PROTECTIVE {
            return None;
        }
        used += u32::from(!empty);
    }
    (used > 0).then_some(Signature { name: "MBR", class: Class::Partitions, offset: 510 })
}

/// The second copy of a GPT, where the first one was overwritten.
fn last_gpt(size_bytes: u64, read: &mut dyn FnMut(u64, usize) -> Vec<u8>) -> Option<Signature> {
    [512, 4096].into_iter().find_map(|block| {
        let offset = (size_bytes / block * block).checked_sub(block)?;
        let found = offset > 0 && read(offset, 8) == b"EFI PART";
        found.then_some(Signature { name: "GPT (its copy)", class: Class::Partitions, offset })
    })
}

#[cfg(test)]
mod tests;
