//! Files as other programs see them after a call, and the calls that devices answer.

#![allow(clippy::unwrap_used)] // The lint exempts test functions, but not what they call.

use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use fiord_sys::Errno;
use fiord_sys::file::{self, Access, Durability, Kind, LockKind, OpenHow, Reserve};

/// A directory that is removed at the end.
struct TempDirectory(PathBuf);

impl TempDirectory {
    fn new() -> TempDirectory {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("fiord-files-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        TempDirectory(path)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for TempDirectory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// For reading and writing, created if need be.
fn create() -> OpenHow {
    OpenHow { access: Access::ReadWrite, create: Some(0o640), ..OpenHow::default() }
}

#[test]
fn opening_creates_cuts_and_refuses() {
    let directory = TempDirectory::new();
    let path = directory.at("a");
    assert_eq!(file::open(&path, &OpenHow::default()).unwrap_err(), Errno(2), "ENOENT");
    let fd = file::open(&path, &create()).unwrap();
    assert_eq!(file::pwrite(fd.as_fd(), b"0123456789", 5), Ok(10));
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o137, 0, "{mode:o} is at most 640");
    let exclusive = OpenHow { exclusive: true, ..create() };
    assert_eq!(file::open(&path, &exclusive).unwrap_err(), Errno(17), "EEXIST");
    file::open(&path, &OpenHow { noatime: true, ..create() }).unwrap();
    assert_eq!(file::facts(&path).unwrap().size_bytes, 15);
    file::open(&path, &OpenHow { truncate: true, ..create() }).unwrap();
    assert_eq!(file::facts(&path).unwrap().size_bytes, 0);

    let reader = file::open(&path, &OpenHow::default()).unwrap();
    assert_eq!(file::pwrite(reader.as_fd(), b"x", 0), Err(Errno::BADF));
    file::unlink(&path).unwrap();
    assert_eq!(file::facts(&path), Err(Errno(2)));
}

#[test]
fn facts_tell_kinds_apart() {
    let directory = TempDirectory::new();
    std::fs::write(directory.at("a"), b"abc").unwrap();
    let facts = file::facts(&directory.at("a")).unwrap();
    assert_eq!((facts.kind, facts.size_bytes), (Kind::Regular, 3));
    let metadata = std::fs::metadata(directory.at("a")).unwrap();
    assert_eq!(facts.inode, metadata.ino());
    let fd = file::open(&directory.at("a"), &OpenHow::default()).unwrap();
    assert_eq!(file::facts_of(fd.as_fd()).unwrap(), facts);
    assert_eq!(file::size_bytes(fd.as_fd()), Ok(3));
    assert_eq!(file::facts(&directory.0).unwrap().kind, Kind::Directory);
    let null = file::facts("/dev/null".as_ref()).unwrap();
    assert_eq!(null.kind, Kind::Character);
    assert_eq!((null.is_device.major, null.is_device.minor), (1, 3));
    std::os::unix::fs::symlink("a", directory.at("link")).unwrap();
    assert_eq!(file::facts(&directory.at("link")).unwrap(), facts, "links are followed");
}

#[test]
fn missing_directories_are_made_for_the_owner() {
    let directory = TempDirectory::new();
    let deep = directory.at("a/b/c");
    file::make_directories(&deep).unwrap();
    file::make_directories(&deep).unwrap();
    for path in [deep, directory.at("a")] {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o700);
    }
    std::fs::write(directory.at("file"), b"").unwrap();
    assert_eq!(file::make_directories(&directory.at("file/b")), Err(Errno(20)), "ENOTDIR");
}

#[test]
fn space_is_reserved_cut_and_given_back() {
    let directory = TempDirectory::new();
    let path = directory.at("a");
    let fd = file::open(&path, &create()).unwrap();
    let size = || std::fs::metadata(&path).unwrap().len();
    file::reserve(fd.as_fd(), 0, 10_000, Reserve::Posix).unwrap();
    assert_eq!(size(), 10_000);
    file::truncate(fd.as_fd(), 4096).unwrap();
    assert_eq!(size(), 4096);
    match file::reserve(fd.as_fd(), 0, 1 << 20, Reserve::KeepSize) {
        Ok(()) => {
            assert_eq!(size(), 4096);
            assert!(std::fs::metadata(&path).unwrap().blocks() * 512 >= 1 << 20);
            file::reserve(fd.as_fd(), 0, 20_000, Reserve::Native).unwrap();
            assert_eq!(size(), 20_000);
        }
        Err(Errno::OPNOTSUPP) => eprintln!("skipped: no fallocate in this file system"),
        Err(errno) => panic!("{errno}"),
    }
    assert!(file::reserve(fd.as_fd(), 0, u64::MAX, Reserve::Posix).is_err());
    assert!(file::free_bytes(&directory.0).unwrap() > 0);
}

#[test]
fn locks_exclude_other_openers_in_the_same_process() {
    let directory = TempDirectory::new();
    let path = directory.at("a");
    drop(file::open(&path, &create()).unwrap());
    // Opened for reading only: an exclusive lock must work all the same.
    let first = file::open(&path, &OpenHow::default()).unwrap();
    let second = std::fs::File::open(&path).unwrap();
    file::lock(first.as_fd(), LockKind::Shared).unwrap();
    assert!(second.try_lock_shared().is_ok());
    second.unlock().unwrap();
    assert!(second.try_lock().is_err(), "a reader excludes a writer");
    file::lock(first.as_fd(), LockKind::Exclusive).unwrap();
    assert!(second.try_lock_shared().is_err(), "a writer excludes a reader");
    file::unlock(first.as_fd()).unwrap();
    assert!(second.try_lock().is_ok());
}

#[test]
fn devices_only_calls_say_so() {
    let directory = TempDirectory::new();
    let fd = file::open(&directory.at("a"), &create()).unwrap();
    const NOTTY: Errno = Errno(25);
    assert_eq!(file::device_bytes(fd.as_fd()), Err(NOTTY));
    assert_eq!(file::discard(fd.as_fd(), 0, 4096), Err(NOTTY));
    assert_eq!(file::drop_device_cache(fd.as_fd()), Err(NOTTY));
    assert_eq!(file::logical_block_bytes(fd.as_fd()), Err(NOTTY));
}

#[test]
fn advice_and_hints_are_taken() {
    let directory = TempDirectory::new();
    let fd = file::open(&directory.at("a"), &create()).unwrap();
    use file::Advice::{DontNeed, NoReuse, Normal, Random, Sequential};
    for advice in [Normal, Sequential, Random, NoReuse, DontNeed] {
        file::advise(fd.as_fd(), 0, 0, advice).unwrap();
    }
    // Kernels before 4.13 know no hints.
    let hint = file::WriteHint::from_number(3).unwrap();
    assert!(matches!(file::set_write_hint(fd.as_fd(), hint), Ok(()) | Err(Errno::INVAL)));
    assert_eq!(file::WriteHint::from_number(6), None);
}

#[test]
fn stable_data_are_told_from_stable_metadata() {
    let directory = TempDirectory::new();
    let flags = |durability| {
        let how = OpenHow { durability, ..create() };
        let fd = file::open(&directory.at("f"), &how).unwrap();
        let info =
            std::fs::read_to_string(format!("/proc/self/fdinfo/{}", fd.as_raw_fd())).unwrap();
        let octal = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
        i32::from_str_radix(octal, 8).unwrap() & libc::O_SYNC
    };
    assert_eq!(flags(Durability::None), 0);
    assert_eq!(flags(Durability::Dsync), libc::O_DSYNC);
    assert_eq!(flags(Durability::Sync), libc::O_SYNC);
}
