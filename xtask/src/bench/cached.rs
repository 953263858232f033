//! A file that is in the page cache as a whole, on a file system of the caller's choice.
//!
//! Rings read such files without waiting (RWF_NOWAIT) where the file system can; where it cannot, as on
//! tmpfs, each read goes through a worker of the kernel, and what is measured is another thing.

use std::fs::File;
use std::io::{IoSliceMut, Write as _};
use std::path::{Path, PathBuf};

use rustix::io::{Errno, ReadWriteFlags, preadv2};

use crate::Outcome;
use crate::program::Scratch;

/// Bytes of the file: more than caches of processors hold.
pub(super) const FILE_BYTES: u64 = 256 << 20;

const CHUNK_BYTES: usize = 1 << 20;

/// The file, removed when dropped.
#[derive(Debug)]
pub(crate) struct CachedFile {
    _directory: Scratch,
    path: PathBuf,
    never_waits: bool,
}

impl CachedFile {
    /// Makes one below this directory and brings it into the cache.
    pub(crate) fn new(parent: &Path) -> Outcome<CachedFile> {
        let directory = Scratch::below(parent, "bench")
            .map_err(|error| format!("{}: {error}", parent.display()))?;
        let path = directory.path().join("data");
        fill(&mut File::create(&path)?, FILE_BYTES)?;
        let never_waits = cache(&path)?;
        Ok(CachedFile { _directory: directory, path, never_waits })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// True if the file system has reads that never wait.
    pub(crate) fn never_waits(&self) -> bool {
        self.never_waits
    }
}

/// Writes data that cannot be compressed, and waits until they are stable, so that nothing is left to be
/// written while something is measured.
pub(super) fn fill(file: &mut File, bytes: u64) -> Outcome<()> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut chunk = vec![0_u8; CHUNK_BYTES];
    for _ in 0..bytes / CHUNK_BYTES as u64 {
        for word in chunk.chunks_exact_mut(size_of::<u64>()) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_ne_bytes());
        }
        file.write_all(&chunk)?;
    }
    Ok(file.sync_all()?)
}

/// Reads the file as rings do, and waits for what is not in the cache. True if the file system can do
/// the former.
fn cache(path: &Path) -> Outcome<bool> {
    let file = File::open(path)?;
    let mut chunk = vec![0_u8; CHUNK_BYTES];
    let (mut offset, mut never_waits, mut flags) = (0, true, ReadWriteFlags::NOWAIT);
    while offset < FILE_BYTES {
        match preadv2(&file, &mut [IoSliceMut::new(&mut chunk)], offset, flags) {
            Ok(0) => return Err("the file has become shorter".into()),
            Ok(moved) => {
                offset += moved as u64;
                if never_waits {
                    flags = ReadWriteFlags::NOWAIT;
                }
            }
            Err(Errno::AGAIN) if never_waits => flags = ReadWriteFlags::empty(),
            Err(Errno::OPNOTSUPP) => {
                never_waits = false;
                flags = ReadWriteFlags::empty();
            }
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(never_waits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_has_its_length_and_no_two_equal_blocks() {
        let scratch = Scratch::new("cached-test").unwrap();
        let path = scratch.path().join("data");
        fill(&mut File::create(&path).unwrap(), 2 << 20).unwrap();
        let data = std::fs::read(&path).unwrap();
        assert_eq!(data.len(), 2 << 20);
        let mut blocks: Vec<&[u8]> = data.chunks(4096).collect();
        blocks.sort_unstable();
        blocks.dedup();
        assert_eq!(blocks.len(), 512);
    }
}
