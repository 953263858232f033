//! Images by hand for all formats, and by their own programs where those are installed.

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

use super::*;

/// An image of so many bytes with these pieces in it.
fn image(bytes: u64, pieces: &[(u64, &[u8])]) -> Vec<Signature> {
    let mut image = vec![0; bytes as usize];
    for (offset, piece) in pieces {
        let offset = *offset as usize;
        image[offset..offset + piece.len()].copy_from_slice(piece);
    }
    scan(bytes, &mut |offset, bytes| {
        let from = (offset as usize).min(image.len());
        image[from..(from + bytes).min(image.len())].to_vec()
    })
}

fn names(bytes: u64, pieces: &[(u64, &[u8])]) -> Vec<&'static str> {
    image(bytes, pieces).iter().map(|signature| signature.name).collect()
}

const MIB: u64 = 1 << 20;

#[test]
fn formats_are_known_by_their_marks() {
    for mark in MARKS {
        let found = image(MIB, &[(mark.offset, mark.bytes)]);
        assert_eq!(found.len(), 1, "{}", mark.name);
        assert_eq!((found[0].name, found[0].class), (mark.name, mark.class));
    }
    let luks = |version: u8| names(MIB, &[(0, &[b"LUKS\xba\xbe\0", &[version][..]].concat())]);
    assert_eq!((luks(1), luks(2)), (vec!["LUKS1"], vec!["LUKS2"]));
    let label = [b"LABELONE".as_slice(), &[0; 16], b"LVM2 001"].concat();
    assert_eq!(names(MIB, &[(512, &label)]), ["LVM2 physical volume"]);
    assert_eq!(names(MIB, &[(512, b"LABELONE")]), [""; 0]);
    assert_eq!(names(MIB, &[(4086, b"SWAPSPACE2")]), ["swap space"]);
    assert_eq!(names(MIB, &[(65_526, b"SWAPSPACE2")]), ["swap space"]);
    let list = [&[1, 1, 0, 0][..], &[0; 40], b"pool_guid"].concat();
    assert_eq!(names(MIB, &[(16_384, &list)]), ["ZFS pool member"]);
}

#[test]
fn generations_of_ext_differ_by_features() {
    let ext = |compatible: u32, needed: u32| {
        let (compatible, needed) = (compatible.to_le_bytes(), needed.to_le_bytes());
        names(MIB, &[(1080, &[0x53, 0xef]), (1116, &compatible), (1120, &needed)])
    };
    assert_eq!(ext(0x38, 0x2), ["ext2"]);
    assert_eq!(ext(0x3c, 0x2), ["ext3"]);
    assert_eq!(ext(0x3c, 0x2c2), ["ext4"]);
    assert_eq!(ext(0x0, 0x8), ["journal of ext4"]);
}

#[test]
fn arrays_are_found_at_both_ends() {
    let new = [ARRAY, 1_u32.to_le_bytes()].concat();
    let found = |offset: u64, bytes: &[u8]| {
        let found = image(MIB + 4096, &[(offset, bytes)]);
        found.first().map(|signature| (signature.name, signature.offset))
    };
    for offset in [0, 4096, MIB + 4096 - 8192, MIB - (64 << 10)] {
        assert_eq!(found(offset, &new), Some(("Linux RAID member", offset)));
    }
    let reversed: Vec<u8> = ARRAY.into_iter().rev().collect();
    assert!(found(MIB - (64 << 10), &reversed).is_some());
    assert_eq!(found(0, &ARRAY), None, "a version belongs to it");
}

#[test]
fn partition_tables_are_told_from_boot_sectors() {
    let entry = |status: u8, kind: u8| {
        let mut entry = [0; 16];
        (entry[0], entry[4], entry[8], entry[12]) = (status, kind, 1, 9);
        entry
    };
    let end: (u64, &[u8]) = (510, &[0x55, 0xaa]);
    assert_eq!(names(MIB, &[(446, &entry(0x80, 0x83)), end]), ["MBR"]);
    assert_eq!(names(MIB, &[(446, &entry(0, 0x83))]), [""; 0]);
    assert_eq!(names(MIB, &[(446, &entry(0x31, 0x83)), end]), [""; 0]);
    assert_eq!(names(MIB, &[end]), [""; 0]);
    assert_eq!(names(MIB, &[(82, b"FAT32   "), (446, &entry(0, 0x83)), end]), ["FAT32"]);
    assert_eq!(names(MIB, &[(446, &entry(0, 0xee)), end, (512, b"EFI PART")]), ["GPT"]);
    assert_eq!(names(MIB, &[(MIB - 512, b"EFI PART")]), ["GPT (its copy)"]);
}

#[test]
fn what_is_short_or_empty_has_nothing() {
    for bytes in [0, 1, 511, 512, 1025, 4095, 4096, 8192, 65_536] {
        assert_eq!(names(bytes, &[]), [""; 0], "{bytes}");
    }
    assert_eq!(names(4, &[(0, b"XFSB")]), ["XFS"]);
}

/// A path that is removed at the end.
struct Image(PathBuf);

impl Image {
    fn new(name: &str, bytes: u64) -> Image {
        let name = format!("fiord-signature-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        File::create(&path).unwrap().set_len(bytes).unwrap();
        Image(path)
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn what_programs_make_is_known() {
    let makers: &[(&str, &[&str], &str)] = &[
        ("mkfs.ext4", &["-q", "-F"], "ext4"),
        ("mkfs.ext2", &["-q", "-F"], "ext2"),
        ("mkfs.ext3", &["-q", "-F"], "ext3"),
        ("mkfs.xfs", &["-q", "-f"], "XFS"),
        ("mkfs.btrfs", &["-q", "-f"], "Btrfs"),
        ("mkfs.vfat", &["-F", "32"], "FAT32"),
        ("mkfs.f2fs", &["-q", "-f"], "F2FS"),
        ("mkfs.ntfs", &["-q", "-F", "-f"], "NTFS"),
        ("mkswap", &[], "swap space"),
    ];
    for (program, switches, name) in makers {
        let image = Image::new(program, 320 << 20);
        let made = Command::new(program).args(*switches).arg(&image.0).output();
        if !made.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: no {program} here");
            continue;
        }
        let found = of_path(&image.0).unwrap();
        assert_eq!(found.iter().map(|s| s.name).collect::<Vec<_>>(), [*name], "{program}");
    }
}

#[test]
fn only_devices_and_files_are_read() {
    assert_eq!(of_path(Path::new("/dev/zero")), Ok(Vec::new()));
    assert_eq!(of_path(Path::new("/")), Ok(Vec::new()));
    assert_eq!(of_path(Path::new("/nowhere/at/all")), Err(Errno(2)));
    let pipe = std::env::temp_dir().join(format!("fiord-signature-pipe-{}", std::process::id()));
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, Mode::RWXU).unwrap();
    let found = of_path(&pipe);
    std::fs::remove_file(&pipe).unwrap();
    assert_eq!(found, Ok(Vec::new()), "nobody writes to it, and we did not wait");
}
