//! Memory shared between processes: anonymous files whose mappings are seen as atomic words.
//!
//! Words are only ever accessed through atomics, so data races are impossible by type; what the words
//! mean is the business of their owners (`measure::Ledger`, `runner::Board`).

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

use rustix::fs::{MemfdFlags, Mode, OFlags};

use crate::Errno;

/// Bytes of a page, the granularity of [`MemoryFile::map`].
pub const PAGE_BYTES: usize = 4096;

/// An anonymous file in memory, zero-filled, that child processes may inherit.
#[derive(Debug)]
pub struct MemoryFile {
    fd: OwnedFd,
    bytes: usize,
}

impl MemoryFile {
    /// Creates a file of `bytes`, rounded up to pages; pages are allocated when first touched.
    ///
    /// Uses memfd_create(2) without execution rights (Linux 6.3) or plain, else an unnamed file in
    /// /dev/shm.
    pub fn create(name: &str, bytes: usize) -> Result<MemoryFile, Errno> {
        const NOEXEC_SEAL: MemfdFlags = MemfdFlags::from_bits_retain(0x8);
        let fd = rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC | NOEXEC_SEAL)
            .or_else(|_| rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC))
            .or_else(|_| {
                rustix::fs::open(
                    "/dev/shm",
                    OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC,
                    Mode::RUSR | Mode::WUSR,
                )
            })?;
        let bytes = bytes.next_multiple_of(PAGE_BYTES);
        rustix::fs::ftruncate(&fd, bytes as u64)?;
        Ok(MemoryFile { fd, bytes })
    }

    /// Takes over a descriptor that was inherited under this number.
    pub fn inherited(number: RawFd) -> Result<MemoryFile, Errno> {
        if number < 3 {
            return Err(Errno(libc::EBADF));
        }
        // SAFETY: the parent process passed this number for this purpose and nothing else in this
        // process uses it; a number that is not open fails in fstat below.
        let fd = unsafe { OwnedFd::from_raw_fd(number) };
        let bytes = match rustix::fs::fstat(&fd) {
            Ok(stat) => stat.st_size as usize,
            Err(error) => {
                std::mem::forget(fd);
                return Err(error.into());
            }
        };
        rustix::io::fcntl_setfd(&fd, rustix::io::FdFlags::CLOEXEC)?;
        Ok(MemoryFile { fd, bytes })
    }

    /// Size in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Number of the descriptor, to be told to a child.
    pub fn number(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    /// Maps `bytes` from `offset` (a multiple of a page) for shared reading and writing.
    pub fn map(&self, offset: usize, bytes: usize) -> Result<SharedWords, Errno> {
        let end = offset.checked_add(bytes).ok_or(Errno::INVAL)?;
        if bytes == 0 || end > self.bytes || !offset.is_multiple_of(PAGE_BYTES) {
            return Err(Errno::INVAL);
        }
        // SAFETY: a new shared mapping at an address of the kernel's choice, inside the file.
        let address = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                self.fd.as_raw_fd(),
                offset as libc::off_t,
            )
        };
        if address == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        let base = NonNull::new(address.cast()).ok_or(Errno(libc::ENOMEM))?;
        Ok(SharedWords { base, bytes })
    }

    /// Writes bytes at an offset.
    pub fn write_at(&self, bytes: &[u8], offset: usize) -> Result<(), Errno> {
        let mut written = 0;
        while written < bytes.len() {
            match rustix::io::pwrite(&self.fd, &bytes[written..], (offset + written) as u64)? {
                0 => return Err(Errno::NOSPC),
                n => written += n,
            }
        }
        Ok(())
    }

    /// Reads exactly `bytes` bytes at an offset.
    pub fn read_at(&self, offset: usize, bytes: usize) -> Result<Vec<u8>, Errno> {
        let end = offset.checked_add(bytes).ok_or(Errno::INVAL)?;
        if end > self.bytes {
            return Err(Errno::INVAL);
        }
        let mut buffer = vec![0; bytes];
        let mut read = 0;
        while read < bytes {
            match rustix::io::pread(&self.fd, &mut buffer[read..], (offset + read) as u64)? {
                0 => return Err(Errno::IO),
                n => read += n,
            }
        }
        Ok(buffer)
    }
}

impl AsFd for MemoryFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// A shared mapping, seen as 64-bit atomics.
#[derive(Debug)]
pub struct SharedWords {
    base: NonNull<AtomicU64>,
    bytes: usize,
}

// SAFETY: all access goes through atomics, and the mapping stays until the last owner drops it.
unsafe impl Send for SharedWords {}
// SAFETY: as above; `&SharedWords` only hands out `&[AtomicU64]`.
unsafe impl Sync for SharedWords {}

impl SharedWords {
    /// The words of the mapping.
    #[inline]
    pub fn words(&self) -> &[AtomicU64] {
        // SAFETY: the mapping is page-aligned, `bytes` long, lives as long as `self`, and shared
        // memory of any content is valid for AtomicU64.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr(), self.bytes / 8) }
    }
}

impl Drop for SharedWords {
    fn drop(&mut self) {
        // SAFETY: exactly the range that `map` mapped; no reference outlives `self`.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.bytes) };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    #[test]
    fn two_mappings_see_the_same_words() {
        let file = MemoryFile::create("test", 3 * PAGE_BYTES).unwrap();
        let (a, b) = (file.map(PAGE_BYTES, 64).unwrap(), file.map(0, 2 * PAGE_BYTES).unwrap());
        a.words()[1].store(7, Ordering::Relaxed);
        assert_eq!(b.words()[PAGE_BYTES / 8 + 1].load(Ordering::Relaxed), 7);
        file.write_at(&9u64.to_ne_bytes(), PAGE_BYTES).unwrap();
        assert_eq!(a.words()[0].load(Ordering::Relaxed), 9);
        assert_eq!(file.read_at(PAGE_BYTES, 8).unwrap(), 9u64.to_ne_bytes());
    }

    #[test]
    fn mappings_outside_the_file_are_refused() {
        let file = MemoryFile::create("test", PAGE_BYTES).unwrap();
        assert!(file.map(0, 2 * PAGE_BYTES).is_err());
        assert!(file.map(8, 8).is_err());
        assert!(file.map(usize::MAX - 4095, 4096).is_err());
    }
}
