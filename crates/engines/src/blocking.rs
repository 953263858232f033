//! What engines that execute requests by blocking calls have in common: a table of files, trims and
//! flushes, and the loop over a batch.
//!
//! Such an engine is a [`Transfer`]: it says how one request moves its data. [`Blocking`] makes an
//! engine of it that ends every unit inside `submit`. Calls that a signal interrupts are repeated;
//! short transfers are results, which the I/O loop continues.

use std::os::fd::{AsFd, BorrowedFd};

use fiord_base::{Direction, FileIndex};
use fiord_engine::{Engine, EngineError, JobFacts, Target, Unit};
use fiord_sys::file::{self, LentFd, RangeFlush};
use fiord_sys::{BufferPool, Errno};

/// How one request moves its data.
pub(crate) trait Transfer: Send {
    /// What is remembered about each file.
    type File: Send;

    /// Prepares a file.
    fn attach(&mut self, target: &Target<'_>) -> Result<Self::File, EngineError>;

    /// Executes a read; returns the bytes moved.
    fn read(
        &mut self,
        at: &mut Attached<Self::File>,
        unit: &Unit,
        buffers: &mut BufferPool,
    ) -> Result<u64, Errno>;

    /// Executes a write; returns the bytes moved.
    fn write(
        &mut self,
        at: &mut Attached<Self::File>,
        unit: &Unit,
        buffers: &BufferPool,
    ) -> Result<u64, Errno>;

    /// Executes a trim.
    fn trim(&mut self, at: &mut Attached<Self::File>, unit: &Unit) -> Result<u64, Errno> {
        trim(at.fd(), at.block_device, unit)
    }

    /// Executes a flush.
    fn flush(
        &mut self,
        at: &mut Attached<Self::File>,
        unit: &Unit,
        range_flags: RangeFlush,
    ) -> Result<u64, Errno> {
        flush(at.fd(), unit, range_flags)
    }
}

/// A file in the table.
#[derive(Debug)]
pub(crate) struct Attached<F> {
    fd: LentFd,
    block_device: bool,
    /// The engine's.
    pub(crate) state: F,
}

impl<F> Attached<F> {
    /// The descriptor.
    #[inline]
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Trims are discards.
    pub(crate) fn is_block_device(&self) -> bool {
        self.block_device
    }
}

/// The files of a job, by index.
#[derive(Debug)]
pub(crate) struct Files<F> {
    list: Vec<Option<Attached<F>>>,
}

impl<F> Files<F> {
    /// Room for `count` files.
    pub(crate) fn new(count: usize) -> Files<F> {
        Files { list: std::iter::repeat_with(|| None).take(count).collect() }
    }

    /// Enters a file, in place of any that had the index.
    pub(crate) fn attach(
        &mut self,
        index: FileIndex,
        target: &Target<'_>,
        state: F,
    ) -> Result<(), EngineError> {
        let fd = descriptor(target)?;
        let attached = Attached { fd: LentFd::new(fd), block_device: target.block_device, state };
        if index.index() >= self.list.len() {
            self.list.resize_with(index.index() + 1, || None);
        }
        self.list[index.index()] = Some(attached);
        Ok(())
    }

    /// Removes a file.
    pub(crate) fn detach(&mut self, index: FileIndex) {
        if let Some(entry) = self.list.get_mut(index.index()) {
            *entry = None;
        }
    }

    /// The file of a unit; EBADF if it is not attached.
    #[inline]
    pub(crate) fn get(&mut self, index: FileIndex) -> Result<&mut Attached<F>, Errno> {
        match self.list.get_mut(index.index()) {
            Some(Some(attached)) => Ok(attached),
            _ => Err(Errno::BADF),
        }
    }
}

/// The descriptor that an engine with files is owed.
pub(crate) fn descriptor<'a>(target: &Target<'a>) -> Result<BorrowedFd<'a>, EngineError> {
    target.fd.ok_or_else(|| EngineError {
        action: "use a target without a descriptor".to_owned(),
        errno: Errno::BADF,
        remedy: String::new(),
    })
}

/// An engine made of a way to transfer data.
#[derive(Debug)]
pub(crate) struct Blocking<T: Transfer> {
    files: Files<T::File>,
    range_flags: RangeFlush,
    transfer: T,
}

impl<T: Transfer> Blocking<T> {
    /// For one job.
    pub(crate) fn new(job: &JobFacts<'_>, transfer: T) -> Blocking<T> {
        let range_flags = RangeFlush(job.sync_range_flags);
        Blocking { files: Files::new(job.files), range_flags, transfer }
    }
}

impl<T: Transfer> Engine for Blocking<T> {
    fn attach(&mut self, file: FileIndex, target: &Target<'_>) -> Result<(), EngineError> {
        let state = self.transfer.attach(target)?;
        self.files.attach(file, target, state)
    }

    fn detach(&mut self, file: FileIndex) {
        self.files.detach(file);
    }

    #[inline]
    fn execute(&mut self, unit: &Unit, buffers: &mut BufferPool) -> Result<u64, Errno> {
        let at = self.files.get(unit.file)?;
        match unit.direction {
            Direction::Read => self.transfer.read(at, unit, buffers),
            Direction::Write => self.transfer.write(at, unit, buffers),
            Direction::Trim => self.transfer.trim(at, unit),
            _ => self.transfer.flush(at, unit, self.range_flags),
        }
    }
}

/// The part of a slot's buffer that a read has yet to fill.
#[inline]
pub(crate) fn space<'a>(buffers: &'a mut BufferPool, unit: &Unit) -> Result<&'a mut [u8], Errno> {
    buffers.get_mut(unit.slot).get_mut(unit.remaining_range()).ok_or(Errno::INVAL)
}

/// The part of a slot's buffer that a write has yet to store.
#[inline]
pub(crate) fn data<'a>(buffers: &'a BufferPool, unit: &Unit) -> Result<&'a [u8], Errno> {
    buffers.get(unit.slot).get(unit.remaining_range()).ok_or(Errno::INVAL)
}

/// Repeats a call as long as signals interrupt it.
#[inline]
pub(crate) fn restarting<T>(mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            other => return other,
        }
    }
}

/// Gives up a range: discards it on a block device, punches a hole into a file. Either is done as a
/// whole.
pub(crate) fn trim(fd: BorrowedFd<'_>, block_device: bool, unit: &Unit) -> Result<u64, Errno> {
    let (offset, length) = (unit.remaining_offset(), unit.remaining_length());
    restarting(|| {
        if block_device {
            file::discard(fd, offset, length)
        } else {
            file::punch_hole(fd, offset, length)
        }
    })?;
    Ok(length)
}

/// Makes data stable. A flush moves no bytes and therefore returns the unit's length, which is that
/// of the range for sync_file_range(2) and of no meaning for the others.
pub(crate) fn flush(
    fd: BorrowedFd<'_>,
    unit: &Unit,
    range_flags: RangeFlush,
) -> Result<u64, Errno> {
    restarting(|| match unit.direction {
        Direction::Sync => file::fsync(fd),
        Direction::Datasync => file::fdatasync(fd),
        Direction::Syncfs => file::syncfs(fd),
        Direction::SyncFileRange => {
            file::sync_file_range(fd, unit.offset, unit.length, range_flags)
        }
        Direction::Read | Direction::Write | Direction::Trim => Err(Errno::INVAL),
    })?;
    Ok(unit.length)
}
