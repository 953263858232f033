//! io_uring(7): a pair of queues shared with the kernel.
//!
//! A [`Ring`] takes requests that name slots of one [`BufferPool`], and gives each of them back exactly
//! once, with the kernel's result. Requests are written in place into the submission queue. While a
//! request is with the kernel its buffer is lent: nobody can look into it, and the
//! memory outlives the ring, which waits for everything when it is dropped.
//!
//! What is not obvious about the interface, and where it is minded:
//! - With a submission thread (SQPOLL) the store of the tail and the load of the flags must not change
//!   places, or both sides wait for each other: [`Ring::submit`].
//! - With DEFER_TASKRUN and IOPOLL completions appear only in a call that asks for them, even if it
//!   waits for none: [`Ring::wait`].
//! - SINGLE_ISSUER and the registered descriptor bind a ring to the thread that made it; calls from
//!   another one fail.
//! - As many completions fit as requests can be in flight, so that the queue cannot overflow.

mod entry;
mod protection;
mod setup;
mod wait;

use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering, fence};

use fiord_base::Slot;
use linux_raw_sys::io_uring::{
    IORING_ASYNC_CANCEL_ALL, IORING_ASYNC_CANCEL_ANY, IORING_ENTER_REGISTERED_RING,
    IORING_ENTER_SQ_WAKEUP, IORING_FSYNC_DATASYNC, IORING_SETUP_IOPOLL, IORING_SETUP_SQPOLL,
    IORING_SQ_NEED_WAKEUP, io_uring_files_update, io_uring_register_op, io_uring_rsrc_register,
    io_uring_rsrc_update,
};

use crate::buffers::Memory;
use crate::{BufferPool, Errno, Transfer};
use entry::{Entry, Operation};
pub use protection::{Checks, Metadata};
pub use setup::{Granted, Wish};

/// Linux's number of the flag that makes room for files to be entered later (Linux 5.19).
const SPARSE_FILES: u32 = linux_raw_sys::io_uring::IORING_RSRC_REGISTER_SPARSE;
/// `IOSQE_FIXED_FILE`: the number is an index of registered files.
const FIXED_FILE: u8 = 1 << 0;
/// `IOSQE_ASYNC`: begin on a worker of the kernel.
const ASYNC: u8 = 1 << 4;
/// `BLOCK_URING_CMD_DISCARD` of linux/blkdev.h.
const DISCARD: u64 = 0x1200;
/// Not a slot: the answer to a cancellation.
const NO_SLOT: u64 = u64::MAX;

/// The file of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingFile {
    number: i32,
    flags: u8,
}

impl RingFile {
    /// An open file, which stays open as long as it is used. As with all numbers of files, a stale one
    /// costs an error or another file's data, and not memory safety.
    pub fn open(fd: BorrowedFd<'_>) -> RingFile {
        RingFile { number: fd.as_raw_fd(), flags: 0 }
    }

    /// A file that was [entered](Ring::set_file) under this index.
    pub fn registered(index: u32) -> RingFile {
        RingFile { number: index as i32, flags: FIXED_FILE }
    }
}

/// How requests name their buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addressing {
    /// One address each.
    Plain,
    /// A vector of one address.
    Vectored,
    /// [Registered](Ring::register_buffers) buffers.
    Registered,
}

/// A request without data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// fsync(2).
    Sync,
    /// fdatasync(2).
    Datasync,
    /// sync_file_range(2) with these flags; EINVAL for a range of 4 GiB or more.
    SyncRange(Range64, u32),
    /// Give up a range of a file (fallocate(2) with FALLOC_FL_PUNCH_HOLE).
    PunchHole(Range64),
    /// Give up a range of a block device (Linux 6.12).
    Discard(Range64),
}

/// A range of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range64 {
    /// First byte.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
}

/// A ring; see the module.
#[derive(Debug)]
pub struct Ring {
    // The order is that of dropping: the descriptor before the memory that the kernel shares.
    fd: OwnedFd,
    /// What the pointers of both queues point into.
    _shared: [setup::Shared; 3],
    sq: Submissions,
    cq: Completions,
    /// Number and flags that name the ring in calls.
    number: i32,
    number_flags: u32,
    granted: Granted,
    addressing: Addressing,
    /// Buffers are registered.
    pinned: bool,
    /// Addresses of the buffers in flight, by slot, for `Addressing::Vectored`.
    vectors: Vec<libc::iovec>,
    slots: usize,
    /// Requests behind the kernel's head that it has not been told of.
    pending: u32,
    in_flight: u32,
    /// What the kernel may read and write at any time while requests are in flight.
    memory: Option<Arc<Memory>>,
    /// Where the bookkeeping of that memory is; only to be compared.
    memory_at: *const Memory,
    /// `IORING_FEAT_*` of this kernel.
    features: u32,
    /// Metadata of requests that have such.
    protection: Option<Box<protection::Protection>>,
}

// SAFETY: all pointers are into mappings that the ring owns, and no other thread has them.
unsafe impl Send for Ring {}

#[derive(Debug)]
struct Submissions {
    head: NonNull<AtomicU32>,
    tail: NonNull<AtomicU32>,
    flags: NonNull<AtomicU32>,
    entries: NonNull<Entry>,
    mask: u32,
    /// The tail, which only we move.
    next: u32,
    /// Where the kernel's head was at the last look: entries before it can be written again.
    seen_head: u32,
}

#[derive(Debug)]
struct Completions {
    head: NonNull<AtomicU32>,
    tail: NonNull<AtomicU32>,
    entries: NonNull<Entry16>,
    mask: u32,
    /// The head, which only we move.
    next: u32,
    /// Where the kernel's tail was at the last look: entries before it can be read.
    seen_tail: u32,
}

/// `struct io_uring_cqe` of 16 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
struct Entry16 {
    user_data: u64,
    result: i32,
    flags: u32,
}

impl Ring {
    /// Makes a ring for requests of the slots of a pool.
    pub fn new(wish: &Wish, pool: &BufferPool) -> Result<Ring, Errno> {
        let parts = setup::make(wish)?;
        let (sq_off, cq_off) = (parts.params.sq_off, parts.params.cq_off);
        let counter = |shared: &setup::Shared, offset| shared.at::<AtomicU32>(offset, 1);
        let places = || {
            let sq = Submissions {
                head: counter(&parts.submissions, sq_off.head)?,
                tail: counter(&parts.submissions, sq_off.tail)?,
                flags: counter(&parts.submissions, sq_off.flags)?,
                entries: parts.entries.at::<Entry>(0, parts.params.sq_entries)?,
                mask: parts.params.sq_entries.checked_sub(1)?,
                next: 0,
                seen_head: 0,
            };
            let cq = Completions {
                head: counter(&parts.completions, cq_off.head)?,
                tail: counter(&parts.completions, cq_off.tail)?,
                entries: parts.completions.at::<Entry16>(cq_off.cqes, parts.params.cq_entries)?,
                mask: parts.params.cq_entries.checked_sub(1)?,
                next: 0,
                seen_tail: 0,
            };
            Some((sq, cq))
        };
        let (sq, cq) = places().ok_or(Errno::INVAL)?;
        if !parts.granted.is_without_array() {
            let array = parts.submissions.at::<u32>(sq_off.array, parts.params.sq_entries);
            let array = array.ok_or(Errno::INVAL)?;
            for index in 0..parts.params.sq_entries {
                // SAFETY: `at` checked that so many numbers lie there, and the kernel does not read
                // them before the tail moves.
                unsafe { array.add(index as usize).write(index) };
            }
        }
        let mut ring = Ring {
            number: parts.fd.as_raw_fd(),
            number_flags: 0,
            granted: parts.granted,
            addressing: Addressing::Plain,
            pinned: false,
            vectors: Vec::new(),
            slots: pool.slots(),
            pending: 0,
            in_flight: 0,
            memory: Some(Arc::clone(pool.memory())),
            memory_at: Arc::as_ptr(pool.memory()),
            features: parts.params.features,
            protection: None,
            sq,
            cq,
            fd: parts.fd,
            _shared: [parts.submissions, parts.completions, parts.entries],
        };
        ring.register_ring();
        Ok(ring)
    }

    /// The flags that this kernel took.
    pub fn granted(&self) -> Granted {
        self.granted
    }

    /// Chooses how transfers name their buffers.
    pub fn set_addressing(&mut self, addressing: Addressing) {
        self.addressing = addressing;
        if addressing == Addressing::Vectored {
            let empty = libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 };
            self.vectors.resize(self.slots, empty);
        }
    }

    /// Registers the ring's own descriptor, which saves looking it up in each call (Linux 5.18).
    fn register_ring(&mut self) {
        let mut update =
            io_uring_rsrc_update { offset: u32::MAX, resv: 0, data: self.fd.as_raw_fd() as u64 };
        let place = (&raw mut update).cast();
        if self.register(io_uring_register_op::IORING_REGISTER_RING_FDS, place, 1).is_ok() {
            self.number = update.offset as i32;
            self.number_flags = IORING_ENTER_REGISTERED_RING;
            self.granted.registered_ring = true;
        }
    }

    /// Pins the buffers of all slots, so that requests need not (`fixedbufs`). EAGAIN or ENOMEM where
    /// RLIMIT_MEMLOCK is too low.
    pub fn register_buffers(&mut self, pool: &BufferPool) -> Result<(), Errno> {
        self.check(pool)?;
        let vector =
            |slot| libc::iovec { iov_base: pool.address(slot).cast(), iov_len: pool.slot_bytes() };
        let mut vectors: Vec<_> = (0..pool.slots()).map(vector).collect();
        let count = u32::try_from(vectors.len()).map_err(|_| Errno::INVAL)?;
        let place = vectors.as_mut_ptr().cast();
        self.register(io_uring_register_op::IORING_REGISTER_BUFFERS, place, count)?;
        self.pinned = true;
        Ok(())
    }

    /// Makes room for `count` registered files (Linux 5.19).
    pub fn register_files(&mut self, count: u32) -> Result<(), Errno> {
        let mut request =
            io_uring_rsrc_register { nr: count, flags: SPARSE_FILES, resv2: 0, data: 0, tags: 0 };
        let size = size_of::<io_uring_rsrc_register>() as u32;
        let place = (&raw mut request).cast();
        self.register(io_uring_register_op::IORING_REGISTER_FILES2, place, size)
    }

    /// Enters a file under an index of the registered ones, or removes it.
    pub fn set_file(&mut self, index: u32, fd: Option<BorrowedFd<'_>>) -> Result<(), Errno> {
        let mut number = fd.map_or(-1, |fd| fd.as_raw_fd());
        let mut update =
            io_uring_files_update { offset: index, resv: 0, fds: (&raw mut number) as u64 };
        let place = (&raw mut update).cast();
        self.register(io_uring_register_op::IORING_REGISTER_FILES_UPDATE, place, 1)
    }

    fn register(
        &self,
        operation: io_uring_register_op,
        argument: *mut libc::c_void,
        count: u32,
    ) -> Result<(), Errno> {
        // SAFETY: each caller passes the structure that belongs to the operation, and it lives
        // during the call. Buffers that get registered belong to `self.memory`, which lives as long
        // as the ring.
        let result = unsafe {
            libc::syscall(
                libc::SYS_io_uring_register,
                self.fd.as_raw_fd(),
                operation as u32,
                argument,
                count,
            )
        };
        if result < 0 { Err(Errno::last()) } else { Ok(()) }
    }

    fn check(&self, pool: &BufferPool) -> Result<(), Errno> {
        // The memory is alive as long as the ring is, so that another pool cannot be at its address.
        if std::ptr::eq(self.memory_at, Arc::as_ptr(pool.memory())) {
            Ok(())
        } else {
            Err(Errno::INVAL)
        }
    }

    /// Requests that can be pushed before the next [`Ring::submit`].
    pub fn room(&mut self) -> u32 {
        // SAFETY: the counter lies in the mapping that we own.
        self.sq.seen_head = unsafe { self.sq.head.as_ref() }.load(Ordering::Acquire);
        self.sq.mask + 1 - self.sq.next.wrapping_sub(self.sq.seen_head)
    }

    /// True if nothing can be pushed. The kernel's word is fetched only where what is known of it would
    /// say so: its head only moves on.
    #[inline]
    fn is_full(&mut self) -> bool {
        self.sq.next.wrapping_sub(self.sq.seen_head) > self.sq.mask && self.room() == 0
    }

    /// Requests pushed and not taken.
    pub fn in_flight(&self) -> usize {
        self.in_flight as usize
    }

    /// Puts a transfer into the queue. EBUSY without room, or while the slot is in flight.
    #[inline(always)]
    pub fn push(
        &mut self,
        transfer: &Transfer<RingFile>,
        pool: &mut BufferPool,
    ) -> Result<(), Errno> {
        let entry = self.entry_of(transfer, pool)?;
        self.put(entry);
        Ok(())
    }

    /// The entry of a transfer, whose buffer is with the kernel from now on: it has to be put.
    #[inline(always)]
    fn entry_of(
        &mut self,
        transfer: &Transfer<RingFile>,
        pool: &mut BufferPool,
    ) -> Result<Entry, Errno> {
        self.check(pool)?;
        if self.is_full() {
            return Err(Errno::BUSY);
        }
        let start = transfer.start;
        let range: Range<usize> = start..start + transfer.length as usize;
        let address = pool.lend(transfer.slot, range)?;
        let (mut addr, mut len, mut buf_index) = (address as u64, transfer.length, 0);
        let opcode = match (self.addressing, transfer.write) {
            (Addressing::Plain, false) => Operation::Read,
            (Addressing::Plain, true) => Operation::Write,
            (Addressing::Registered, write) => {
                buf_index = transfer.slot.0 as u16;
                if write { Operation::WriteFixed } else { Operation::ReadFixed }
            }
            (Addressing::Vectored, write) => {
                // The pool has this slot, and there are as many vectors.
                let vector = &mut self.vectors[transfer.slot.index()];
                *vector = libc::iovec { iov_base: address.cast(), iov_len: len as usize };
                (addr, len) = ((&raw const *vector) as u64, 1);
                if write { Operation::Writev } else { Operation::Readv }
            }
        };
        Ok(Entry {
            opcode: opcode as u8,
            flags: transfer.file.flags | if transfer.forced_async { ASYNC } else { 0 },
            ioprio: transfer.priority,
            fd: transfer.file.number,
            off: transfer.offset,
            addr,
            len,
            op_flags: transfer.flags,
            user_data: u64::from(transfer.slot.0),
            buf_index,
            ..Entry::default()
        })
    }

    /// Puts a request without data into the queue. EBUSY without room.
    pub fn push_order(&mut self, slot: Slot, file: RingFile, order: Order) -> Result<(), Errno> {
        if self.is_full() {
            return Err(Errno::BUSY);
        }
        let base = Entry {
            flags: file.flags,
            fd: file.number,
            user_data: u64::from(slot.0),
            ..Entry::default()
        };
        self.put(match order {
            Order::Sync => Entry { opcode: Operation::Fsync as u8, ..base },
            Order::Datasync => {
                Entry { opcode: Operation::Fsync as u8, op_flags: IORING_FSYNC_DATASYNC, ..base }
            }
            Order::SyncRange(range, flags) => Entry {
                opcode: Operation::SyncFileRange as u8,
                off: range.offset,
                len: u32::try_from(range.length).map_err(|_| Errno::INVAL)?,
                op_flags: flags,
                ..base
            },
            Order::PunchHole(range) => Entry {
                opcode: Operation::Fallocate as u8,
                off: range.offset,
                addr: range.length,
                len: (libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE) as u32,
                ..base
            },
            // On a worker from the start: a discard for which a device has no room at first is issued a
            // second time, and the kernel may look at the entry again then, which has another request
            // by now. Seen with Linux 6.18 as discards of blocks that nobody had named.
            Order::Discard(range) => Entry {
                opcode: Operation::Command as u8,
                flags: base.flags | ASYNC,
                off: DISCARD,
                addr: range.offset,
                addr3: range.length,
                ..base
            },
        });
        Ok(())
    }

    /// Writes an entry to the place that `room` has found to be free.
    #[inline(always)]
    fn put(&mut self, entry: Entry) {
        let index = (self.sq.next & self.sq.mask) as usize;
        // SAFETY: the masked index lies inside the array of entries, and the kernel does not look at
        // this one before the tail has moved past it. What the entry points to is lent or ours.
        unsafe { self.sq.entries.add(index).write(entry) };
        self.sq.next = self.sq.next.wrapping_add(1);
        self.pending += 1;
        self.in_flight += 1;
    }

    /// Gives the kernel what has been pushed. What it does not take now, for want of memory, goes with
    /// the next call.
    #[inline]
    pub fn submit(&mut self) -> Result<(), Errno> {
        self.publish();
        if self.granted.has(IORING_SETUP_SQPOLL) {
            return self.wake();
        }
        while self.pending > 0 {
            match self.enter(self.pending, 0, 0) {
                Ok(0) | Err(Errno::AGAIN | Errno::BUSY) => break,
                Ok(taken) => self.pending -= taken.min(self.pending),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }

    #[inline]
    fn publish(&mut self) {
        // SAFETY: the counter lies in the mapping that we own. The store releases the entries.
        unsafe { self.sq.tail.as_ref() }.store(self.sq.next, Ordering::Release);
    }

    /// Wakes the kernel's submission thread if it sleeps.
    fn wake(&mut self) -> Result<(), Errno> {
        self.pending = 0;
        // Without the fence the load may come before the store of the tail: the thread would go to
        // sleep without having seen the entries, and we would not have seen it sleep.
        fence(Ordering::SeqCst);
        // SAFETY: the counter lies in the mapping that we own.
        let flags = unsafe { self.sq.flags.as_ref() }.load(Ordering::Relaxed);
        if flags & IORING_SQ_NEED_WAKEUP != 0 {
            self.enter(0, 0, IORING_ENTER_SQ_WAKEUP)?;
        }
        Ok(())
    }

    /// Completions that can be taken now.
    #[inline]
    fn ready(&mut self) -> u32 {
        // SAFETY: the counter lies in the mapping that we own. The load acquires the entries.
        self.cq.seen_tail = unsafe { self.cq.tail.as_ref() }.load(Ordering::Acquire);
        self.cq.seen_tail.wrapping_sub(self.cq.next)
    }

    /// Takes a completion, if there is one; the buffer of its slot is free again. The kernel gets the
    /// places back with [`Ring::took`].
    #[inline]
    pub fn take(&mut self) -> Option<(Slot, Result<u64, Errno>)> {
        while self.cq.next != self.cq.seen_tail || self.ready() > 0 {
            let index = (self.cq.next & self.cq.mask) as usize;
            // SAFETY: the masked index lies inside the array, and the kernel has filled this one.
            let Entry16 { user_data, result, .. } = unsafe { self.cq.entries.add(index).read() };
            self.cq.next = self.cq.next.wrapping_add(1);
            if user_data == NO_SLOT {
                continue;
            }
            let slot = Slot(user_data as u32);
            self.in_flight -= 1;
            if let Some(memory) = &self.memory {
                memory.give_back(slot);
            }
            return Some((slot, u64::try_from(result).map_err(|_| Errno(-result))));
        }
        None
    }

    /// Gives the places of taken completions back.
    #[inline]
    pub fn took(&mut self) {
        // SAFETY: the counter lies in the mapping that we own.
        unsafe { self.cq.head.as_ref() }.store(self.cq.next, Ordering::Release);
    }

    /// Asks the kernel to give up everything that is in flight; each request still ends with a
    /// completion, with ECANCELED or what became of it (Linux 5.19).
    pub fn cancel(&mut self) -> Result<(), Errno> {
        self.submit()?;
        if self.is_full() {
            return Err(Errno::BUSY);
        }
        self.put(Entry {
            opcode: Operation::Cancel as u8,
            fd: -1,
            op_flags: IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_ANY,
            user_data: NO_SLOT,
            ..Entry::default()
        });
        self.in_flight -= 1;
        self.submit()
    }

    /// True if completions are polled for, which flushes and trims cannot be.
    pub fn polls(&self) -> bool {
        self.granted.has(IORING_SETUP_IOPOLL)
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // The kernel may still write to the buffers: end all that is in flight first.
        if self.in_flight > 0 {
            let _ = self.cancel();
        }
        while self.in_flight > 0 {
            if self.wait(1).is_err() {
                // Nobody may have this memory again.
                std::mem::forget(self.memory.take());
                std::mem::forget(std::mem::take(&mut self.vectors));
                std::mem::forget(self.protection.take());
                break;
            }
            while self.take().is_some() {}
            self.took();
        }
        if self.pinned {
            // The kernel takes a ring apart some time after it is closed, and until then the memory
            // counts as locked for a job that comes next.
            let none = std::ptr::null_mut();
            let _ = self.register(io_uring_register_op::IORING_UNREGISTER_BUFFERS, none, 0);
        }
        if self.granted.registered_ring {
            let mut update = io_uring_rsrc_update { offset: self.number as u32, resv: 0, data: 0 };
            let place = (&raw mut update).cast();
            let _ = self.register(io_uring_register_op::IORING_UNREGISTER_RING_FDS, place, 1);
        }
    }
}
