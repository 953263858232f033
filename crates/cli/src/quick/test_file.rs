//! The test file: nameless where possible, so that the kernel itself removes it, however we end.
//!
//! The file loses its name as soon as it is open. Jobs, which are threads of this process, open it by
//! its descriptor under /proc. Where that cannot be (no /proc, or a file system that forgets files
//! without names) it keeps a name of its own and is removed when the owner is dropped.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use fiord_sys::Errno;
use fiord_sys::file::{self, Access, OpenHow, Reserve};

/// Largest block of direct I/O that the tests can live with: the size of their small requests.
const BLOCK_BYTES: usize = 4096;

/// A file of a certain size without contents.
#[derive(Debug)]
pub(super) struct TestFile {
    fd: OwnedFd,
    /// What jobs open.
    path: OsString,
    /// Removed on drop.
    named: Option<PathBuf>,
}

impl TestFile {
    /// Creates the file in a directory and reserves its room.
    pub(super) fn create(directory: &Path, bytes: u64) -> Result<TestFile, String> {
        let cannot = |errno: Errno| {
            format!("cannot create a test file in '{}': {errno}", directory.display())
        };
        let (fd, path) = create_new(directory).map_err(cannot)?;
        let file = match forget_name(&fd, &path).map_err(cannot)? {
            Some(by_descriptor) => TestFile { fd, path: by_descriptor, named: None },
            None => TestFile::keep_named(directory, path).map_err(cannot)?,
        };
        file.reserve(bytes).map_err(|errno| {
            let directory = directory.display();
            format!("cannot reserve {} MiB in '{directory}': {errno}", bytes >> 20)
        })?;
        Ok(file)
    }

    /// Goes on with a name. Job files cannot spell every path, so the process moves to the directory.
    fn keep_named(directory: &Path, path: PathBuf) -> Result<TestFile, Errno> {
        std::env::set_current_dir(directory)?;
        let how = OpenHow { create: Some(0o600), ..read_write() };
        let fd = file::open(&path, &how)?;
        let name = path.file_name().unwrap_or_default().to_owned();
        Ok(TestFile { fd, path: name, named: Some(path) })
    }

    /// What a job's `filename` has to say.
    pub(super) fn path(&self) -> &OsStr {
        &self.path
    }

    /// The reason why the page cache cannot be bypassed for this file.
    pub(super) fn why_not_direct(&self) -> Option<String> {
        let reason = match self.try_direct() {
            Ok(true) => return None,
            Ok(false) => String::new(),
            Err(errno) => format!(" for requests of 4 KiB ({errno})"),
        };
        Some(format!(
            "the file system has no direct I/O here{reason}: the numbers include the page cache"
        ))
    }

    /// Opens, writes and reads with O_DIRECT; false if that works, but the file system says that it
    /// goes through the page cache all the same (ext4 with data=journal, for one; Linux 6.1 or newer).
    fn try_direct(&self) -> Result<bool, Errno> {
        let path = Path::new(&self.path);
        let fd = file::open(path, &OpenHow { direct: true, ..read_write() })?;
        // Memory of one block more than is needed holds an aligned block somewhere.
        let mut memory = vec![0; 2 * BLOCK_BYTES];
        let start = memory.as_ptr().align_offset(BLOCK_BYTES).min(BLOCK_BYTES);
        let block = &mut memory[start..start + BLOCK_BYTES];
        file::pwrite(fd.as_fd(), block, 0)?;
        file::pread(fd.as_fd(), block, 0)?;
        Ok(file::direct_alignment(fd.as_fd()).is_none_or(|rules| rules.offset_bytes > 0))
    }

    /// Gives the file its size, and room where the file system can. Without, the fill finds out.
    fn reserve(&self, bytes: u64) -> Result<(), Errno> {
        match file::reserve(self.fd.as_fd(), 0, bytes, Reserve::Native) {
            Err(errno @ (Errno::NOSPC | Errno::DQUOT)) => Err(errno),
            _ => file::truncate(self.fd.as_fd(), bytes),
        }
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        if let Some(path) = &self.named {
            // If it is gone already, somebody was faster.
            let _ = file::unlink(path);
        }
    }
}

fn read_write() -> OpenHow {
    OpenHow { access: Access::ReadWrite, ..OpenHow::default() }
}

/// A new file with a name that nobody else has.
fn create_new(directory: &Path) -> Result<(OwnedFd, PathBuf), Errno> {
    let how = OpenHow { create: Some(0o600), exclusive: true, ..read_write() };
    let [number, ..] = fiord_sys::host::entropy()?;
    let path = directory.join(format!(".fiord-quick-{number:016x}"));
    file::open(&path, &how).map(|fd| (fd, path))
}

/// Removes the name of an open file, and returns the path by which this process can still open it;
/// `None` if there is no such path.
fn forget_name(fd: &OwnedFd, path: &Path) -> Result<Option<OsString>, Errno> {
    let by_descriptor = format!("/proc/self/fd/{}", fd.as_raw_fd());
    let reaches = || -> Result<bool, Errno> {
        let reopened = file::open(Path::new(&by_descriptor), &read_write())?;
        Ok(file::facts_of(reopened.as_fd())? == file::facts_of(fd.as_fd())?)
    };
    if reaches() != Ok(true) {
        return Ok(None);
    }
    file::unlink(path)?;
    Ok((reaches() == Ok(true)).then(|| by_descriptor.into()))
}
