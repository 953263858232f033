//! Moving bytes through a pipe without copying them: splice(2) and vmsplice(2).
//!
//! Bytes from a file arrive in the pipe as pages of the page cache; memory is put into it as references to
//! its pages, which the pipe gives up when they have been taken out.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::pipe::{IoSliceRaw, PipeFlags, SpliceFlags};

use crate::Errno;

/// A pipe of which this program has both ends.
#[derive(Debug)]
pub struct Pipe {
    reader: OwnedFd,
    writer: OwnedFd,
    bytes: usize,
}

impl Pipe {
    /// A pipe of the usual size.
    pub fn new() -> Result<Pipe, Errno> {
        let (reader, writer) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
        let bytes = rustix::pipe::fcntl_getpipe_size(&writer)?;
        Ok(Pipe { reader, writer, bytes })
    }

    /// Bytes that it holds if they begin at the beginning of a page.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Fills the pipe, which is empty, with at most `length` bytes of a file; `more` says that others
    /// follow. Nothing comes at the end of the file.
    pub fn fill(
        &self,
        from: BorrowedFd<'_>,
        offset: u64,
        length: usize,
        more: bool,
    ) -> Result<usize, Errno> {
        let flags = if more { SpliceFlags::MORE } else { SpliceFlags::empty() };
        let (mut offset, length) = (offset, length.min(self.bytes));
        rustix::pipe::splice(from, Some(&mut offset), &self.writer, None, length, flags)
            .map_err(Errno::from)
    }

    /// Puts bytes from the pipe to a place of a file.
    pub fn drain(&self, to: BorrowedFd<'_>, offset: u64, length: usize) -> Result<usize, Errno> {
        let mut offset = offset;
        let flags = SpliceFlags::empty();
        rustix::pipe::splice(&self.reader, None, to, Some(&mut offset), length, flags)
            .map_err(Errno::from)
    }

    /// Puts the beginning of some memory into the pipe, which is empty, by vmsplice(2): as much as there is
    /// room for. The kernel reads it when the bytes are taken out.
    pub fn put(&self, from: &[u8]) -> Result<usize, Errno> {
        let vectors = [IoSliceRaw::from_slice(from)];
        // SAFETY: into the writing end of a pipe memory is only read from. The pages are not given away: the
        // pipe counts its references to them, so that they may be changed and unmapped at any time.
        unsafe { rustix::pipe::vmsplice(&self.writer, &vectors, SpliceFlags::NONBLOCK) }
            .map_err(Errno::from)
    }

    /// The same by write(2): a copy.
    pub fn put_copy(&self, from: &[u8]) -> Result<usize, Errno> {
        super::write(self.writer.as_fd(), &from[..from.len().min(self.bytes)])
    }

    /// Takes bytes from the pipe into memory by vmsplice(2).
    pub fn take(&self, into: &mut [u8]) -> Result<usize, Errno> {
        let vectors = [IoSliceRaw::from_slice_mut(into)];
        // SAFETY: from the reading end of a pipe the kernel copies into memory that is ours alone during the
        // call, and keeps nothing of it.
        unsafe { rustix::pipe::vmsplice(&self.reader, &vectors, SpliceFlags::MOVE) }
            .map_err(Errno::from)
    }

    /// The same by read(2).
    pub fn take_copy(&self, into: &mut [u8]) -> Result<usize, Errno> {
        super::read(self.reader.as_fd(), into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_as_they_went_in() {
        let path = std::env::temp_dir().join(format!("fiord-pipe-{}", std::process::id()));
        let mut options = std::fs::File::options();
        let file = options.read(true).write(true).create_new(true).open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let data: Vec<u8> = (0..10_000u32).map(|i| (i * 7) as u8).collect();
        let pipe = Pipe::new().unwrap();
        assert_eq!(pipe.put(&data), Ok(10_000));
        assert_eq!(pipe.drain(file.as_fd(), 100, 10_000), Ok(10_000));
        assert_eq!(pipe.put_copy(&data[..50]), Ok(50));
        assert_eq!(pipe.drain(file.as_fd(), 0, 50), Ok(50));

        let mut read = vec![0; 10_000];
        for copies in [false, true] {
            read.fill(0);
            assert_eq!(pipe.fill(file.as_fd(), 100, 20_000, false), Ok(10_000));
            let mut done = 0;
            while done < read.len() {
                let rest = &mut read[done..];
                done += if copies { pipe.take_copy(rest) } else { pipe.take(rest) }.unwrap();
            }
            assert!(read == data);
        }
        assert_eq!(pipe.fill(file.as_fd(), 10_100, 100, false), Ok(0), "the end of the file");
    }

    #[test]
    fn a_pipe_takes_no_more_than_it_holds() {
        let pipe = Pipe::new().unwrap();
        let data = vec![1; 2 * pipe.bytes()];
        let put = pipe.put(&data).unwrap();
        assert!((1..=pipe.bytes()).contains(&put));
        let mut read = vec![0; put];
        assert_eq!(pipe.take(&mut read), Ok(put));
        assert_eq!(pipe.put_copy(&data), Ok(pipe.bytes()));
    }
}
