//! Locks on whole files, for jobs that take turns.
//!
//! flock(2): the lock belongs to the open file, so that two jobs that opened the file themselves
//! exclude each other, be they threads or processes, and an exclusive lock needs no permission to
//! write (fcntl locks do). It ends with the last descriptor, also when a job is killed.

use std::os::fd::BorrowedFd;

use rustix::fs::FlockOperation;

use crate::Errno;

/// Kind of lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    /// With other readers.
    Shared,
    /// Alone.
    Exclusive,
}

/// Takes a lock if it can be had at once; tells whether it was.
pub fn try_lock(fd: BorrowedFd<'_>, kind: LockKind) -> Result<bool, Errno> {
    let operation = match kind {
        LockKind::Shared => FlockOperation::NonBlockingLockShared,
        LockKind::Exclusive => FlockOperation::NonBlockingLockExclusive,
    };
    match rustix::fs::flock(fd, operation).map_err(Errno::from) {
        Ok(()) => Ok(true),
        Err(Errno::AGAIN) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// Waits for a lock; EINTR if a signal came first.
pub fn lock(fd: BorrowedFd<'_>, kind: LockKind) -> Result<(), Errno> {
    let operation = match kind {
        LockKind::Shared => FlockOperation::LockShared,
        LockKind::Exclusive => FlockOperation::LockExclusive,
    };
    rustix::fs::flock(fd, operation).map_err(Errno::from)
}

/// Gives a lock back.
pub fn unlock(fd: BorrowedFd<'_>) -> Result<(), Errno> {
    rustix::fs::flock(fd, FlockOperation::Unlock).map_err(Errno::from)
}
