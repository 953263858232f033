//! Where the memory of buffers comes from: anonymous mappings, files, System V segments, huge pages.
//!
//! Nothing that has a name stays behind: a segment is marked for removal as soon as it is attached, so
//! that it goes with its last user however that ends, and a file that was made for buffers is removed
//! with the memory.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::ptr::NonNull;

use rustix::fs::{FileType, Mode, OFlags};

use crate::Errno;

/// Where memory comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// How it is got.
    pub kind: Kind,
    /// Made of huge pages of this size.
    pub huge_page_bytes: Option<u64>,
    /// Distance of each buffer from the alignment that it would have.
    pub offset_bytes: usize,
}

/// How memory is got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// An anonymous mapping.
    #[default]
    Private,
    /// An anonymous mapping that is shared.
    Shared,
    /// A System V segment.
    Segment,
    /// A mapping of a file, private unless it consists of huge pages.
    File(PathBuf),
    /// A mapping of a file that others may map, too.
    SharedFile(PathBuf),
}

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The file behind the mapping could not be opened.
    Open,
    /// The file is neither regular nor a device, or not on hugetlbfs where huge pages are wanted.
    Unsuited,
    /// The file behind the mapping could not be made as long as the buffers.
    Extend,
    /// The memory was refused.
    Reserve,
}

/// Why there is no memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryError {
    /// What failed.
    pub step: Step,
    /// The kernel's reason.
    pub errno: Errno,
}

impl MemoryError {
    fn at(step: Step) -> impl Fn(Errno) -> MemoryError {
        move |errno| MemoryError { step, errno }
    }
}

/// A range of memory, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Region {
    base: NonNull<u8>,
    bytes: usize,
    attached: bool,
    /// Removed with the memory.
    _file: Option<Made>,
}

/// A file that was made for buffers and is removed with this.
#[derive(Debug)]
struct Made {
    path: PathBuf,
}

impl Drop for Made {
    fn drop(&mut self) {
        // Others who share it may have removed it.
        let _ = rustix::fs::unlink(&self.path);
    }
}

/// Who sees what is written to a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sharing {
    /// Only we do.
    Private,
    /// Whoever has the same file.
    Shared,
    /// Whoever has the same file, which is nobody if it was made for us.
    Own,
}

impl Region {
    /// No memory.
    pub(super) fn empty() -> Region {
        Region { base: NonNull::dangling(), bytes: 0, attached: false, _file: None }
    }

    /// Gets at least `bytes` of memory, more than none.
    pub(super) fn reserve(source: &Source, bytes: usize) -> Result<Region, MemoryError> {
        let page = source.huge_page_bytes.map_or(4096, |page| usize::try_from(page).unwrap_or(0));
        let bytes = bytes.checked_next_multiple_of(page).ok_or(Errno::NOMEM);
        let bytes = bytes.map_err(MemoryError::at(Step::Reserve))?;
        match &source.kind {
            Kind::Private => map(bytes, Sharing::Private, source, None),
            Kind::Shared => map(bytes, Sharing::Shared, source, None),
            Kind::Segment => attach(bytes, source),
            Kind::File(path) if source.huge_page_bytes.is_some() => {
                map_file(bytes, Sharing::Own, source, path)
            }
            Kind::File(path) => map_file(bytes, Sharing::Private, source, path),
            Kind::SharedFile(path) => map_file(bytes, Sharing::Shared, source, path),
        }
    }

    /// Where it begins: a page.
    pub(super) fn base(&self) -> NonNull<u8> {
        self.base
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        if self.attached {
            // SAFETY: the address at which `attach` attached the segment, detached once.
            unsafe { libc::shmdt(self.base.as_ptr().cast()) };
        } else if self.bytes > 0 {
            // SAFETY: exactly the range that `map` mapped, unmapped once.
            unsafe { libc::munmap(self.base.as_ptr().cast(), self.bytes) };
        }
    }
}

/// The flag that tells mmap(2) and shmget(2) the size of huge pages: its logarithm from bit 26 on.
fn size_flag(page_bytes: u64) -> libc::c_int {
    (page_bytes.trailing_zeros() << libc::MAP_HUGE_SHIFT) as libc::c_int
}

fn map(
    bytes: usize,
    sharing: Sharing,
    source: &Source,
    file: Option<&OwnedFd>,
) -> Result<Region, MemoryError> {
    let mut flags = match sharing {
        Sharing::Private => libc::MAP_PRIVATE,
        Sharing::Shared | Sharing::Own => libc::MAP_SHARED,
    };
    if file.is_none() {
        flags |= libc::MAP_ANONYMOUS;
        if let Some(page_bytes) = source.huge_page_bytes {
            flags |= libc::MAP_HUGETLB | size_flag(page_bytes);
        }
    }
    let number = file.map_or(-1, AsRawFd::as_raw_fd);
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a new mapping at an address of the kernel's choice aliases nothing of ours.
    let address = unsafe { libc::mmap(std::ptr::null_mut(), bytes, access, flags, number, 0) };
    let base = match address {
        libc::MAP_FAILED => Err(Errno::last()),
        address => NonNull::new(address.cast()).ok_or(Errno::NOMEM),
    };
    let base = base.map_err(MemoryError::at(Step::Reserve))?;
    Ok(Region { base, bytes, attached: false, _file: None })
}

/// Maps a file. One that is missing is made and removed again, one that is too short is made longer,
/// and none is made shorter, since its contents may be somebody's.
fn map_file(
    bytes: usize,
    sharing: Sharing,
    source: &Source,
    path: &Path,
) -> Result<Region, MemoryError> {
    let open = |errno: rustix::io::Errno| MemoryError::at(Step::Open)(errno.into());
    let flags = OFlags::RDWR | OFlags::CLOEXEC;
    let (fd, made) = match rustix::fs::open(path, flags, Mode::empty()) {
        Err(rustix::io::Errno::NOENT) => {
            let mode = Mode::from_raw_mode(0o644);
            let fd = rustix::fs::open(path, flags | OFlags::CREATE, mode).map_err(open)?;
            (fd, Some(Made { path: path.to_owned() }))
        }
        other => (other.map_err(open)?, None),
    };
    prepare(&fd, bytes, source.huge_page_bytes.is_some())?;
    let mut region = map(bytes, sharing, source, Some(&fd))?;
    if sharing == Sharing::Shared {
        // Others are to find it as long as it is in use.
        region._file = made;
    }
    Ok(region)
}

/// Makes sure that a file can lie behind so many bytes of memory.
fn prepare(fd: &OwnedFd, bytes: usize, huge: bool) -> Result<(), MemoryError> {
    let stat = rustix::fs::fstat(fd).map_err(|errno| MemoryError::at(Step::Open)(errno.into()))?;
    let unsuited = MemoryError::at(Step::Unsuited);
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile if huge && !is_hugetlbfs(fd) => Err(unsuited(Errno::OPNOTSUPP)),
        FileType::RegularFile if (stat.st_size as u64) < bytes as u64 => {
            let extended = rustix::fs::ftruncate(fd, bytes as u64);
            extended.map_err(|errno| MemoryError::at(Step::Extend)(errno.into()))
        }
        // What a device offers is its own affair.
        FileType::RegularFile | FileType::CharacterDevice | FileType::BlockDevice => Ok(()),
        _ => Err(unsuited(Errno::INVAL)),
    }
}

/// A System V segment, marked for removal at once.
fn attach(bytes: usize, source: &Source) -> Result<Region, MemoryError> {
    let refused = || MemoryError::at(Step::Reserve)(Errno::last());
    let mut flags = libc::IPC_CREAT | 0o600;
    if let Some(page_bytes) = source.huge_page_bytes {
        flags |= libc::SHM_HUGETLB | size_flag(page_bytes);
    }
    // SAFETY: no memory of ours is involved.
    let id = unsafe { libc::shmget(libc::IPC_PRIVATE, bytes, flags) };
    if id < 0 {
        return Err(refused());
    }
    // SAFETY: a new segment at an address of the kernel's choice aliases nothing of ours.
    let address = unsafe { libc::shmat(id, std::ptr::null(), 0) };
    let attached = if address as isize == -1 { Err(refused()) } else { Ok(address) };
    // SAFETY: the segment is ours; it lives on while it is attached, and IPC_RMID reads no argument.
    unsafe { libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut()) };
    let base = NonNull::new(attached?.cast()).ok_or(Errno::NOMEM);
    let base = base.map_err(MemoryError::at(Step::Reserve))?;
    Ok(Region { base, bytes, attached: true, _file: None })
}

fn is_hugetlbfs(fd: impl AsFd) -> bool {
    const HUGETLBFS_MAGIC: u64 = 0x958458f6;
    rustix::fs::fstatfs(fd).is_ok_and(|stat| stat.f_type as u64 & 0xffff_ffff == HUGETLBFS_MAGIC)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    fn source(kind: Kind) -> Source {
        Source { kind, ..Source::default() }
    }

    fn path(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("fiord-memory-{name}-{}", std::process::id()))
    }

    /// The memory as a slice.
    fn bytes(region: &mut Region) -> &mut [u8] {
        // SAFETY: the region is mapped for reading and writing, and borrowed by the result.
        unsafe { std::slice::from_raw_parts_mut(region.base.as_ptr(), region.bytes) }
    }

    /// The line of a segment of this process that has so many bytes, in /proc/sysvipc/shm.
    fn segment(bytes: usize) -> Option<String> {
        let table = std::fs::read_to_string("/proc/sysvipc/shm").unwrap();
        let is_ours = |line: &&str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            fields[3] == bytes.to_string() && fields[4] == std::process::id().to_string()
        };
        table.lines().find(is_ours).map(str::to_owned)
    }

    #[test]
    fn all_kinds_can_be_written_to() {
        let path = path("kinds");
        for kind in [
            Kind::Private,
            Kind::Shared,
            Kind::Segment,
            Kind::File(path.clone()),
            Kind::SharedFile(path.clone()),
        ] {
            let mut region = Region::reserve(&source(kind.clone()), 5000).unwrap();
            assert_eq!(region.bytes, 8192, "{kind:?}");
            assert!(bytes(&mut region).iter().all(|byte| *byte == 0), "{kind:?}");
            bytes(&mut region).fill(7);
            assert_eq!(path.exists(), kind == Kind::SharedFile(path.clone()), "{kind:?}");
        }
        assert!(!path.exists());
    }

    #[test]
    fn segments_go_with_their_last_user() {
        // A size that no other test uses.
        const BYTES: usize = 37 * 4096;
        let region = Region::reserve(&source(Kind::Segment), BYTES).unwrap();
        let line = segment(BYTES).unwrap();
        // SHM_DEST, bit 9 of the permissions, which are in octal.
        assert!(line.split_whitespace().nth(2).unwrap().starts_with('1'), "{line}");
        drop(region);
        assert_eq!(segment(BYTES), None);
    }

    #[test]
    fn files_are_extended_and_never_cut_or_removed() {
        let path = path("extended");
        let mut file = std::fs::File::create_new(&path).unwrap();
        file.write_all(b"somebody's").unwrap();
        let mut private = Region::reserve(&source(Kind::File(path.clone())), 4096).unwrap();
        assert_eq!(bytes(&mut private)[..10], *b"somebody's");
        bytes(&mut private)[..4].fill(b'x');
        drop(private);
        let mut shared = Region::reserve(&source(Kind::SharedFile(path.clone())), 4096).unwrap();
        bytes(&mut shared)[4..8].fill(b'y');
        drop(shared);
        drop(Region::reserve(&source(Kind::SharedFile(path.clone())), 1).unwrap());
        let mut text = Vec::new();
        std::fs::File::open(&path).unwrap().read_to_end(&mut text).unwrap();
        assert_eq!((text.len(), &text[..10]), (4096, b"someyyyy's".as_slice()));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_fails_is_told() {
        let fails = |kind, huge_page_bytes| {
            Region::reserve(&Source { kind, huge_page_bytes, offset_bytes: 0 }, 4096).err().unwrap()
        };
        let absent = std::env::temp_dir().join("fiord-no-such-folder/x");
        let error = fails(Kind::File(absent), None);
        assert_eq!(error, MemoryError { step: Step::Open, errno: Errno(libc::ENOENT) });
        let path = path("usual");
        let error = fails(Kind::File(path.clone()), Some(2 << 20));
        assert_eq!(error.step, Step::Unsuited);
        assert!(!path.exists(), "what was made in vain is removed");
        let folder = std::env::temp_dir();
        assert_eq!(fails(Kind::SharedFile(folder), None).step, Step::Open);
        // A size of pages that no machine has.
        assert_eq!(fails(Kind::Private, Some(1 << 13)).step, Step::Reserve);
        assert_eq!(fails(Kind::Segment, Some(1 << 13)).step, Step::Reserve);
    }
}
