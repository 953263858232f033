//! Asynchronous I/O of the kernel by its own calls: io_setup(2), io_submit(2), io_getevents(2).
//!
//! A [`Context`] takes requests that name slots of one [`BufferPool`], and gives each of them back exactly
//! once. While a request is with the kernel its buffer is lent: nobody can look into it, and the memory
//! outlives the context, whose end waits for everything that is in flight.
//!
//! Completions lie in a ring that the kernel maps into the process (the context's number is its address).
//! They can be taken from there without a call; where the ring is not the one that this program knows,
//! io_getevents is called.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use fiord_base::Slot;

use crate::buffers::Memory;
use crate::{BufferPool, Errno, Transfer};

/// Operations, numbered as in linux/aio_abi.h.
const PREAD: u16 = 0;
const PWRITE: u16 = 1;
const FSYNC: u16 = 2;
const FDSYNC: u16 = 3;
const PREADV: u16 = 7;
const PWRITEV: u16 = 8;
/// `IOCB_FLAG_IOPRIO`: the request has a priority.
const HAS_PRIORITY: u32 = 2;
/// Mark and known revision of the completion ring.
const RING_MAGIC: u32 = 0xa10a_10a1;

/// `struct io_event`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct Event {
    data: u64,
    object: u64,
    result: i64,
    result2: i64,
}

/// The head of the completion ring, `struct aio_ring` of the kernel.
#[repr(C)]
#[derive(Debug)]
struct RingHead {
    id: u32,
    entries: u32,
    head: AtomicU32,
    tail: AtomicU32,
    magic: u32,
    compatible: u32,
    incompatible: u32,
    header_bytes: u32,
}

/// A flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flush {
    /// fsync(2).
    All,
    /// fdatasync(2).
    Data,
}

/// A queue of the kernel; see the module.
#[derive(Debug)]
pub struct Context {
    id: libc::c_ulong,
    ring: Option<NonNull<RingHead>>,
    /// Control blocks by slot; the kernel reads them during io_submit.
    blocks: Vec<libc::iocb>,
    /// One vector for each slot if requests are passed as such.
    vectors: Vec<libc::iovec>,
    /// Addresses of the blocks that have been pushed and not submitted.
    pending: Vec<*mut libc::iocb>,
    /// Completions that io_getevents brought, and how many of them have been taken.
    events: Vec<Event>,
    taken: usize,
    /// Requests that the kernel refused at submission, with its reason.
    refused: Vec<(Slot, Errno)>,
    vectored: bool,
    in_flight: usize,
    memory: Option<Arc<Memory>>,
}

// SAFETY: addresses of blocks that the context owns, and of a ring that only it reads.
unsafe impl Send for Context {}

impl Context {
    /// Makes a queue for the slots of a pool. With `vectored`, buffers are passed as vectors of one;
    /// with `user_space`, completions are taken from the mapped ring where that is possible.
    pub fn new(pool: &BufferPool, vectored: bool, user_space: bool) -> Result<Context, Errno> {
        let slots = pool.slots().max(1);
        let count = libc::c_long::try_from(slots).map_err(|_| Errno::INVAL)?;
        let mut id: libc::c_ulong = 0;
        // SAFETY: the kernel writes one number, the place of which we lend for the call.
        if unsafe { libc::syscall(libc::SYS_io_setup, count, &raw mut id) } < 0 {
            return Err(Errno::last());
        }
        // SAFETY: plain data, for which zeroes are a value.
        let block: libc::iocb = unsafe { std::mem::zeroed() };
        let vector = libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 };
        Ok(Context {
            id,
            ring: if user_space { known_ring(id) } else { None },
            blocks: vec![block; slots],
            vectors: vec![vector; if vectored { slots } else { 0 }],
            pending: Vec::with_capacity(slots),
            events: Vec::with_capacity(slots),
            taken: 0,
            refused: Vec::with_capacity(slots),
            vectored,
            in_flight: 0,
            memory: Some(Arc::clone(pool.memory())),
        })
    }

    /// Puts a transfer into the list of the next [`Context::submit`]. EBUSY while the slot is in flight.
    #[inline]
    pub fn push(
        &mut self,
        transfer: &Transfer<BorrowedFd<'_>>,
        pool: &mut BufferPool,
    ) -> Result<(), Errno> {
        match &self.memory {
            Some(memory) if Arc::ptr_eq(memory, pool.memory()) => {}
            _ => return Err(Errno::INVAL),
        }
        let start = transfer.start;
        let address = pool.lend(transfer.slot, start..start + transfer.length as usize)?;
        let length = transfer.length as usize;
        let (mut buffer, mut bytes) = (address as u64, length as u64);
        if self.vectored {
            // The pool has this slot, and there are as many vectors.
            let vector = &mut self.vectors[transfer.slot.index()];
            *vector = libc::iovec { iov_base: address.cast(), iov_len: length };
            (buffer, bytes) = ((&raw const *vector) as u64, 1);
        }
        let opcode = match (self.vectored, transfer.write) {
            (false, false) => PREAD,
            (false, true) => PWRITE,
            (true, false) => PREADV,
            (true, true) => PWRITEV,
        };
        let block = &mut self.blocks[transfer.slot.index()];
        block.aio_data = u64::from(transfer.slot.0);
        block.aio_lio_opcode = opcode;
        block.aio_fildes = transfer.file.as_raw_fd() as u32;
        block.aio_buf = buffer;
        block.aio_nbytes = bytes;
        block.aio_offset = transfer.offset as i64;
        block.aio_rw_flags = transfer.flags as libc::c_int;
        block.aio_reqprio = transfer.priority as i16;
        block.aio_flags = if transfer.priority == 0 { 0 } else { HAS_PRIORITY };
        self.pending.push(block);
        Ok(())
    }

    /// Puts a flush into the list of the next [`Context::submit`] (Linux 4.18).
    pub fn push_flush(&mut self, slot: Slot, fd: BorrowedFd<'_>, what: Flush) -> Result<(), Errno> {
        let block = self.blocks.get_mut(slot.index()).ok_or(Errno::INVAL)?;
        // SAFETY: plain data, for which zeroes are a value.
        *block = unsafe { std::mem::zeroed() };
        block.aio_data = u64::from(slot.0);
        block.aio_lio_opcode = match what {
            Flush::All => FSYNC,
            Flush::Data => FDSYNC,
        };
        block.aio_fildes = fd.as_raw_fd() as u32;
        self.pending.push(block);
        Ok(())
    }

    /// True if completions are taken from the mapped ring.
    pub fn reaps_in_user_space(&self) -> bool {
        self.ring.is_some()
    }

    /// Requests that were submitted and not taken.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Gives the kernel what has been pushed. What it has no resources for stays in the list, for the
    /// next call; what it refuses ends with its reason.
    pub fn submit(&mut self) -> Result<(), Errno> {
        let mut done = 0;
        while done < self.pending.len() {
            let rest = &mut self.pending[done..];
            // SAFETY: the addresses are those of blocks of ours, each pushed once and not in flight; what
            // they point to is lent. The kernel reads them during the call only.
            let taken = unsafe {
                libc::syscall(libc::SYS_io_submit, self.id, rest.len(), rest.as_mut_ptr())
            };
            match usize::try_from(taken) {
                Ok(0) => break,
                Ok(taken) => {
                    done += taken;
                    self.in_flight += taken;
                }
                Err(_) => match Errno::last() {
                    Errno::INTR => {}
                    Errno::AGAIN => break,
                    errno => {
                        // The call fails for its first block only.
                        // SAFETY: the address of a block of ours, as above.
                        let slot = Slot(unsafe { (*rest[0]).aio_data } as u32);
                        self.refused.push((slot, errno));
                        self.in_flight += 1;
                        done += 1;
                    }
                },
            }
        }
        self.pending.drain(..done);
        Ok(())
    }

    /// True if requests wait because the kernel had no resources for them.
    pub fn is_busy(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Waits until at least `min` completions can be taken. A signal ends the wait early. EAGAIN if the
    /// kernel has no resources for any of the requests.
    pub fn wait(&mut self, min: usize) -> Result<(), Errno> {
        self.wait_for(min, None)
    }

    /// The same, but waits no longer than `patience`.
    pub fn wait_within(&mut self, min: usize, patience: Duration) -> Result<(), Errno> {
        let mut limit = libc::timespec {
            tv_sec: patience.as_secs() as libc::time_t,
            tv_nsec: libc::c_long::from(patience.subsec_nanos() as i32),
        };
        self.wait_for(min, Some(&mut limit))
    }

    #[inline]
    fn wait_for(&mut self, min: usize, limit: Option<&mut libc::timespec>) -> Result<(), Errno> {
        if self.is_busy() {
            self.submit()?;
            if self.in_flight == 0 && self.is_busy() {
                return Err(Errno::AGAIN);
            }
        }
        let have = self.refused.len() + self.events.len() - self.taken + self.mapped().len();
        if have >= min && (min > 0 || self.ring.is_some()) {
            return Ok(());
        }
        // What has been taken makes room: there is as much as can be in flight.
        self.events.drain(..self.taken);
        self.taken = 0;
        let room = self.events.capacity() - self.events.len();
        let min = min.min(self.in_flight).saturating_sub(have);
        // SAFETY: the kernel writes at most `room` events behind those that are there, into memory that
        // the list has reserved.
        let count = unsafe {
            libc::syscall(
                libc::SYS_io_getevents,
                self.id,
                min as libc::c_long,
                room as libc::c_long,
                self.events.as_mut_ptr().add(self.events.len()),
                limit.map_or(std::ptr::null_mut(), std::ptr::from_mut),
            )
        };
        match usize::try_from(count) {
            Ok(count) => {
                // SAFETY: the kernel has just written so many.
                unsafe { self.events.set_len(self.events.len() + count.min(room)) };
                Ok(())
            }
            Err(_) => match Errno::last() {
                Errno::INTR => Ok(()),
                errno => Err(errno),
            },
        }
    }

    /// The part of the mapped ring that holds completions.
    fn mapped(&self) -> std::ops::Range<u32> {
        let Some(ring) = self.ring else { return 0..0 };
        // SAFETY: the kernel keeps the ring mapped as long as the context exists.
        let ring = unsafe { ring.as_ref() };
        let (head, tail) = (ring.head.load(Ordering::Relaxed), ring.tail.load(Ordering::Acquire));
        // Both are places in the ring, and run around.
        let ready = if tail >= head { tail - head } else { ring.entries - head + tail };
        0..ready
    }

    /// Takes a completion, if there is one; the buffer of its slot is free again.
    #[inline]
    pub fn take(&mut self) -> Option<(Slot, Result<u64, Errno>)> {
        let (slot, result) = if let Some((slot, errno)) = self.refused.pop() {
            (slot, Err(errno))
        } else {
            let event = match self.events.get(self.taken) {
                Some(event) => {
                    self.taken += 1;
                    *event
                }
                None => self.take_mapped()?,
            };
            let result = u64::try_from(event.result);
            (Slot(event.data as u32), result.map_err(|_| Errno((-event.result) as i32)))
        };
        self.in_flight -= 1;
        if let Some(memory) = &self.memory {
            memory.give_back(slot);
        }
        Some((slot, result))
    }

    fn take_mapped(&mut self) -> Option<Event> {
        if self.mapped().is_empty() {
            return None;
        }
        let place = self.ring?;
        // SAFETY: the kernel keeps the ring mapped as long as the context exists, and has filled the
        // event at the head, which lies behind the header; only we move the head.
        unsafe {
            let ring = place.as_ref();
            let head = ring.head.load(Ordering::Relaxed);
            let events = place.as_ptr().cast::<u8>().add(ring.header_bytes as usize);
            let event = events.cast::<Event>().add(head as usize).read();
            ring.head.store((head + 1) % ring.entries, Ordering::Release);
            Some(event)
        }
    }
}

/// The ring at the address that a context's number is, if it is of the known kind.
fn known_ring(id: libc::c_ulong) -> Option<NonNull<RingHead>> {
    let ring = NonNull::new(id as *mut RingHead)?;
    if !ring.is_aligned() {
        return None;
    }
    // SAFETY: since Linux 2.5 the number of a context is the address of its ring, which begins with
    // this header and is at least a page long.
    let head = unsafe { ring.as_ref() };
    let known = head.magic == RING_MAGIC && head.incompatible == 0 && head.entries > 0;
    (known && head.header_bytes as usize == size_of::<RingHead>()).then_some(ring)
}

impl Drop for Context {
    fn drop(&mut self) {
        // Other contexts may have buffers of the same memory in flight: only what was lent to this one is
        // given back. What was pushed never went, and what is in flight is taken when it has ended.
        if let Some(memory) = &self.memory {
            for block in self.pending.drain(..) {
                // SAFETY: the address of a block of ours, which is not in flight.
                memory.give_back(Slot(unsafe { (*block).aio_data } as u32));
            }
        }
        while self.in_flight > 0 && self.wait(1).is_ok() {
            while self.take().is_some() {}
        }
        // SAFETY: the call returns when nothing of the context is in flight any more; its ring is not
        // looked at again.
        let ended = unsafe { libc::syscall(libc::SYS_io_destroy, self.id) } == 0;
        if !ended {
            // The kernel may still write to the buffers: nobody may have this memory again.
            std::mem::forget(self.memory.take());
        }
    }
}
