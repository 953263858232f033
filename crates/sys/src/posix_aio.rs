//! Asynchronous I/O of the C library: aio_read(3), aio_write(3), aio_fsync(3), for builds with glibc.
//!
//! [`Requests`] takes requests that name slots of one [`BufferPool`], and gives each of them back exactly
//! once. While a request is with the library its buffer is lent: nobody can look into it, and both the
//! buffers and the control blocks outlive the request, since the end of [`Requests`] waits for everything
//! that is in flight.
//!
//! glibc serves requests by threads of its own, which keep the control blocks' state up to date: whether
//! a request has ended is read there, without a call into the kernel.

use std::cell::UnsafeCell;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fiord_base::Slot;

use crate::aio::Flush;
use crate::buffers::Memory;
use crate::{BufferPool, Errno, Transfer};

/// Most requests that are waited for at a time, the oldest ones: the library keeps what it needs to
/// wait, some 50 bytes for each request, on the stack.
const AWAITED: usize = 512;

/// Who has the control block of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// We.
    Free,
    /// The library, and the slot's buffer is lent to it.
    Transfer,
    /// The library, for a request without a buffer.
    Flush,
}

/// Requests of one pool; see the module.
#[derive(Debug)]
pub struct Requests {
    /// Control blocks by slot; the library's threads write to those in flight.
    blocks: Vec<UnsafeCell<libc::aiocb>>,
    /// By slot.
    uses: Vec<Use>,
    /// Slots in flight, the oldest first.
    in_flight: Vec<Slot>,
    /// So many of the oldest requests were found to be under way since the last wait.
    looked_at: usize,
    /// Addresses for a wait.
    awaited: Vec<*const libc::aiocb>,
    memory: Option<Arc<Memory>>,
}

// SAFETY: the blocks belong to this object and the library's threads; the addresses in `awaited` are
// meaningful during a call only, which fills the list first.
unsafe impl Send for Requests {}

impl Requests {
    /// For the slots of a pool.
    pub fn new(pool: &BufferPool) -> Requests {
        let slots = pool.slots().max(1);
        // SAFETY: plain data, for which zeroes are a value.
        let block = || UnsafeCell::new(unsafe { std::mem::zeroed() });
        Requests {
            blocks: std::iter::repeat_with(block).take(slots).collect(),
            uses: vec![Use::Free; slots],
            in_flight: Vec::with_capacity(slots),
            looked_at: 0,
            awaited: Vec::with_capacity(slots.min(AWAITED)),
            memory: Some(Arc::clone(pool.memory())),
        }
    }

    /// Hands a transfer to the library. EBUSY while the slot is in flight, or while the library has no
    /// room beside what is in flight.
    pub fn push(
        &mut self,
        transfer: &Transfer<BorrowedFd<'_>>,
        pool: &mut BufferPool,
    ) -> Result<(), Errno> {
        match &self.memory {
            Some(memory) if Arc::ptr_eq(memory, pool.memory()) => {}
            _ => return Err(Errno::INVAL),
        }
        let offset = libc::off_t::try_from(transfer.offset).map_err(|_| Errno::INVAL)?;
        let slot = transfer.slot;
        self.is_free(slot)?;
        let (start, length) = (transfer.start, transfer.length as usize);
        let address = pool.lend(slot, start..start + length)?;
        let block = self.prepare(slot, transfer.file);
        // SAFETY: the slot is not in flight, so that nobody else uses its block.
        unsafe {
            (*block).aio_buf = address.cast();
            (*block).aio_nbytes = length;
            (*block).aio_offset = offset;
        }
        // SAFETY: the block stays where it is and is not touched by us until the request has ended, and
        // the buffer is lent until then; both outlive it, see `drop`.
        let outcome = unsafe {
            match transfer.write {
                true => libc::aio_write(block),
                false => libc::aio_read(block),
            }
        };
        let outcome = self.handed_over(slot, outcome, Use::Transfer);
        if outcome.is_err() {
            pool.memory().give_back(slot);
        }
        outcome
    }

    /// Hands over a flush, which ends after everything that was handed over for the file before it.
    pub fn push_flush(&mut self, slot: Slot, fd: BorrowedFd<'_>, what: Flush) -> Result<(), Errno> {
        self.is_free(slot)?;
        let block = self.prepare(slot, fd);
        let operation = match what {
            Flush::All => libc::O_SYNC,
            Flush::Data => libc::O_DSYNC,
        };
        // SAFETY: the block stays where it is, is not touched by us until the request has ended, and
        // outlives it, see `drop`.
        let outcome = unsafe { libc::aio_fsync(operation, block) };
        self.handed_over(slot, outcome, Use::Flush)
    }

    /// Requests that were handed over and not taken back.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    fn is_free(&self, slot: Slot) -> Result<(), Errno> {
        match self.uses.get(slot.index()) {
            Some(Use::Free) => Ok(()),
            Some(_) => Err(Errno::BUSY),
            None => Err(Errno::INVAL),
        }
    }

    /// An empty block for a slot that is free.
    fn prepare(&mut self, slot: Slot, fd: BorrowedFd<'_>) -> *mut libc::aiocb {
        let block = self.blocks[slot.index()].get();
        // SAFETY: nobody else uses the block of a slot that is not in flight; zeroes are a value of it.
        unsafe {
            *block = std::mem::zeroed();
            (*block).aio_fildes = fd.as_raw_fd();
            (*block).aio_sigevent.sigev_notify = libc::SIGEV_NONE;
        }
        block
    }

    /// Notes what the library said to a request.
    fn handed_over(&mut self, slot: Slot, outcome: libc::c_int, what: Use) -> Result<(), Errno> {
        if outcome != 0 {
            return match Errno::last() {
                // Its memory or its threads: there will be room when something has ended.
                Errno::AGAIN if !self.in_flight.is_empty() => Err(Errno::BUSY),
                errno => Err(errno),
            };
        }
        self.uses[slot.index()] = what;
        self.in_flight.push(slot);
        Ok(())
    }

    /// The error of a request in flight: `None` while it is under way, 0 if it has worked.
    fn state(&self, slot: Slot) -> Option<libc::c_int> {
        // SAFETY: the block was handed over, which set its state; the call reads that alone.
        match unsafe { libc::aio_error(self.blocks[slot.index()].get()) } {
            libc::EINPROGRESS => None,
            error => Some(error),
        }
    }

    /// Waits until at least `min` requests have ended. A signal ends the wait early.
    pub fn wait(&mut self, min: usize) -> Result<(), Errno> {
        self.wait_until(min, None)
    }

    /// The same, but waits no longer than `patience`.
    pub fn wait_within(&mut self, min: usize, patience: Duration) -> Result<(), Errno> {
        self.wait_until(min, Some(Instant::now() + patience))
    }

    fn wait_until(&mut self, min: usize, end: Option<Instant>) -> Result<(), Errno> {
        self.looked_at = 0;
        let min = min.min(self.in_flight.len());
        loop {
            self.awaited.clear();
            let mut ended = 0;
            for &slot in &self.in_flight {
                if ended >= min {
                    return Ok(());
                }
                match self.state(slot) {
                    Some(_) => ended += 1,
                    None if self.awaited.len() < AWAITED => {
                        self.awaited.push(self.blocks[slot.index()].get());
                    }
                    None => {}
                }
            }
            if ended >= min {
                return Ok(());
            }
            let limit = end.map(|end| {
                let left = end.saturating_duration_since(Instant::now());
                libc::timespec {
                    tv_sec: left.as_secs() as libc::time_t,
                    tv_nsec: libc::c_long::from(left.subsec_nanos() as i32),
                }
            });
            let limit = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
            let count = self.awaited.len() as libc::c_int;
            let list = self.awaited.as_ptr();
            // SAFETY: the list has so many addresses of blocks that were handed over and not returned, and
            // the time outlives the call.
            if unsafe { libc::aio_suspend(list, count, limit) } != 0 {
                return match Errno::last() {
                    // Interrupted, or the time is over.
                    Errno::INTR | Errno::AGAIN => Ok(()),
                    errno => Err(errno),
                };
            }
        }
    }

    /// Takes a request that has ended, the oldest first; the buffer of its slot is free again. What was
    /// found to be under way is looked at again after the next wait only.
    pub fn take(&mut self) -> Option<(Slot, Result<u64, Errno>)> {
        let rest = self.in_flight.get(self.looked_at..)?;
        let found = rest.iter().enumerate().find_map(|(i, slot)| Some((i, self.state(*slot)?)));
        let Some((place, error)) = found else {
            self.looked_at = self.in_flight.len();
            return None;
        };
        self.looked_at += place;
        let slot = self.in_flight.remove(self.looked_at);
        // SAFETY: the request has ended, and this is the one time that its result is asked for.
        let bytes = unsafe { libc::aio_return(self.blocks[slot.index()].get()) };
        let what = std::mem::replace(&mut self.uses[slot.index()], Use::Free);
        if let (Use::Transfer, Some(memory)) = (what, &self.memory) {
            memory.give_back(slot);
        }
        Some((slot, u64::try_from(bytes).map_err(|_| Errno(error))))
    }

    /// Asks for an early end of everything in flight. What no thread has begun ends with ECANCELED.
    pub fn cancel(&mut self) {
        for &slot in &self.in_flight {
            let block = self.blocks[slot.index()].get();
            // SAFETY: the block was handed over and has not been returned; its descriptor does not change.
            // That the request cannot be cancelled, or has ended, is no fault.
            unsafe { libc::aio_cancel((*block).aio_fildes, block) };
        }
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        self.cancel();
        while !self.in_flight.is_empty() {
            let broken = self.wait(1).is_err();
            while self.take().is_some() {}
            if broken && !self.in_flight.is_empty() {
                // The library may still write to blocks and buffers: nobody may have this memory again.
                std::mem::forget(std::mem::take(&mut self.blocks));
                std::mem::forget(self.memory.take());
                return;
            }
        }
    }
}
