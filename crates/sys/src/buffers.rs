//! The data buffers of a job: one range of memory, one equally sized, page-aligned part per slot.

mod memory;

use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use fiord_base::Slot;

use crate::Errno;
use memory::Region;
pub use memory::{Kind, MemoryError, Source, Step};

/// Page-aligned memory for `slots` requests of up to `slot_bytes` each.
///
/// Each buffer has one holder at a time. A queue that hands requests to the kernel lends it the buffer
/// of a slot until the request has ended; threads that execute requests for another one have a
/// [view](BufferPool::view) of the pool each, and buffers [change hands](BufferPool::release) between them.
/// Whoever does not hold a buffer cannot look into it.
#[derive(Debug)]
pub struct BufferPool {
    base: NonNull<u8>,
    slot_bytes: usize,
    stride_bytes: usize,
    /// Whose hands these are.
    holder: u16,
    memory: Arc<Memory>,
}

// SAFETY: pools of one memory own it together; which buffer belongs to which of them, or to the kernel,
// is in `Memory::holders`. Moving a pool to another thread moves the buffers that it holds.
unsafe impl Send for BufferPool {}

/// On the way from one holder to another.
const NOBODY: u16 = 0x7fff;
/// Added while the kernel has the buffer.
const KERNEL: u16 = 0x8000;

/// The memory of a pool, which lives until the last pool and the last queue are done with it.
#[derive(Debug)]
pub(crate) struct Memory {
    _region: Region,
    /// Who has which buffer, by slot.
    holders: Box<[AtomicU16]>,
    /// The number of the next view.
    next_view: AtomicU16,
}

// SAFETY: an address and atomic numbers; what may be done at the address is the pool's to say.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    /// True while the kernel has the buffer of a slot.
    pub(crate) fn is_with_kernel(&self, slot: Slot) -> bool {
        let holder = self.holders.get(slot.index());
        holder.is_some_and(|holder| holder.load(Ordering::Acquire) & KERNEL != 0)
    }

    /// Takes the buffer of a slot back from the kernel.
    #[inline]
    pub(crate) fn give_back(&self, slot: Slot) {
        if let Some(holder) = self.holders.get(slot.index()) {
            holder.store(holder.load(Ordering::Relaxed) & !KERNEL, Ordering::Release);
        }
    }
}

impl BufferPool {
    /// Reserves ordinary memory for `slots` buffers of `slot_bytes`, each rounded up to a page. Zero
    /// bytes give a pool of empty buffers.
    pub fn new(slots: usize, slot_bytes: usize) -> Result<BufferPool, Errno> {
        let pool = BufferPool::of(&Source::default(), slots, slot_bytes);
        pool.map_err(|error| error.errno)
    }

    /// The same of another kind of memory.
    pub fn of(source: &Source, slots: usize, slot_bytes: usize) -> Result<BufferPool, MemoryError> {
        let too_many = MemoryError { step: Step::Reserve, errno: Errno::NOMEM };
        let (stride_bytes, bytes) = BufferPool::layout(slots, slot_bytes).ok_or(too_many)?;
        let region = match bytes {
            0 => Region::empty(),
            _ => {
                let all = bytes.checked_add(source.offset_bytes).ok_or(too_many)?;
                Region::reserve(source, all)?
            }
        };
        let base = match bytes {
            0 => region.base(),
            // SAFETY: `bytes` more than the offset were reserved.
            _ => unsafe { region.base().add(source.offset_bytes) },
        };
        let holders = std::iter::repeat_with(|| AtomicU16::new(0)).take(slots).collect();
        let memory = Memory { _region: region, holders, next_view: AtomicU16::new(1) };
        Ok(BufferPool { base, slot_bytes, stride_bytes, holder: 0, memory: Arc::new(memory) })
    }

    /// Another pair of hands for the same buffers, which holds none of them yet. There can be 32,766.
    pub fn view(&self) -> Result<BufferPool, Errno> {
        let next = |number: u16| (number < NOBODY).then_some(number + 1);
        let (relaxed, views) = (Ordering::Relaxed, &self.memory.next_view);
        let holder = views.fetch_update(relaxed, relaxed, next).map_err(|_| Errno::NOMEM)?;
        let memory = Arc::clone(&self.memory);
        Ok(BufferPool { holder, memory, ..*self })
    }

    /// Lets go of a buffer that this pool holds, for another one to [take](BufferPool::take).
    #[inline]
    pub fn release(&mut self, slot: Slot) -> Result<(), Errno> {
        self.pass(slot, self.holder, NOBODY)
    }

    /// Takes a buffer that its holder has [let go](BufferPool::release).
    #[inline]
    pub fn take(&mut self, slot: Slot) -> Result<(), Errno> {
        self.pass(slot, NOBODY, self.holder)
    }

    fn pass(&mut self, slot: Slot, from: u16, to: u16) -> Result<(), Errno> {
        let holder = self.memory.holders.get(slot.index()).ok_or(Errno::INVAL)?;
        match holder.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed) {
            Ok(_) => Ok(()),
            Err(_) => Err(Errno::BUSY),
        }
    }

    /// Bytes of memory for such a pool; `None` if no memory can be so large.
    pub fn bytes_for(slots: usize, slot_bytes: usize) -> Option<usize> {
        Some(BufferPool::layout(slots, slot_bytes)?.1)
    }

    /// Distance between buffers, and bytes of all.
    fn layout(slots: usize, slot_bytes: usize) -> Option<(usize, usize)> {
        let stride_bytes = slot_bytes.checked_next_multiple_of(4096)?;
        Some((stride_bytes, stride_bytes.checked_mul(slots)?))
    }

    /// Bytes of each buffer.
    pub fn slot_bytes(&self) -> usize {
        self.slot_bytes
    }

    /// Bytes of memory that pinning each buffer takes, as the kernel counts them: in whole pages.
    pub fn pinned_bytes(&self) -> u64 {
        let pages = |index| {
            let start = self.address(index) as usize / 4096;
            let end = (self.address(index) as usize + self.slot_bytes).div_ceil(4096);
            (end - start) as u64
        };
        if self.slot_bytes == 0 { 0 } else { (0..self.slots()).map(pages).sum::<u64>() * 4096 }
    }

    /// Number of buffers.
    pub fn slots(&self) -> usize {
        self.memory.holders.len()
    }

    #[inline]
    fn holds(&self, slot: Slot) -> bool {
        self.memory.holders[slot.index()].load(Ordering::Acquire) == self.holder
    }

    /// Buffer of a slot. Panics if the slot does not exist or is in other hands.
    #[inline]
    pub fn get(&self, slot: Slot) -> &[u8] {
        assert!(self.holds(slot));
        // SAFETY: the slot exists, since it has a holder; its part lies inside the memory, which lives
        // as long as `self`; bytes of a mapping are always initialised; `&self` excludes a `&mut` to
        // the same part, and nobody else holds it. Only memory that the user wants to share with other
        // programs may be changed by them: it is copied, and nothing is inferred from its contents.
        unsafe { std::slice::from_raw_parts(self.address(slot.index()), self.slot_bytes) }
    }

    /// Buffer of a slot, to be filled. Panics if the slot does not exist or is in other hands.
    #[inline]
    pub fn get_mut(&mut self, slot: Slot) -> &mut [u8] {
        assert!(self.holds(slot));
        // SAFETY: as in `get`, and `&mut self` makes the reference unique.
        unsafe { std::slice::from_raw_parts_mut(self.address(slot.index()), self.slot_bytes) }
    }

    /// The mapping, for a queue that keeps it as long as the kernel has any of it.
    pub(crate) fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    /// Where the buffer of a slot begins; no more than a number.
    pub(crate) fn address(&self, index: usize) -> *mut u8 {
        self.base.as_ptr().wrapping_add(index * self.stride_bytes)
    }

    /// Address of part of a slot's buffer, which belongs to the kernel from now on until
    /// [`Memory::give_back`]. EINVAL if there is no such part, EBUSY if the slot is in other hands.
    #[inline]
    pub(crate) fn lend(&mut self, slot: Slot, range: Range<usize>) -> Result<*mut u8, Errno> {
        let Some(holder) = self.memory.holders.get(slot.index()) else {
            return Err(Errno::INVAL);
        };
        if range.start > range.end || range.end > self.slot_bytes {
            return Err(Errno::INVAL);
        }
        if holder.load(Ordering::Acquire) != self.holder {
            return Err(Errno::BUSY);
        }
        holder.store(self.holder | KERNEL, Ordering::Release);
        Ok(self.address(slot.index()).wrapping_add(range.start))
    }
}

/// Part of the buffer of a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Whose buffer.
    pub slot: Slot,
    /// Which bytes of it.
    pub range: Range<usize>,
}

/// Transfers between a file and several buffers in one system call. It owns the list of addresses
/// that the kernel wants, so that no call allocates.
#[derive(Debug)]
pub struct Gather {
    vectors: Vec<libc::iovec>,
}

// SAFETY: the addresses are only meaningful during a call, which fills the list first.
unsafe impl Send for Gather {}

impl Gather {
    /// Most parts of one call: the kernel's limit.
    pub const PARTS: usize = 1024;

    /// For calls with up to `parts` parts.
    pub fn with_capacity(parts: usize) -> Gather {
        Gather { vectors: Vec::with_capacity(parts.min(Gather::PARTS)) }
    }

    fn fill(&mut self, pool: &BufferPool, parts: &[Part]) -> Result<libc::c_int, Errno> {
        self.vectors.clear();
        for part in parts {
            let Range { start, end } = part.range;
            if part.slot.index() >= pool.slots() || start > end || end > pool.slot_bytes {
                return Err(Errno::INVAL);
            }
            if !pool.holds(part.slot) {
                return Err(Errno::BUSY);
            }
            // SAFETY: slot and range were just checked to lie inside the pool's mapping.
            let address =
                unsafe { pool.base.as_ptr().add(part.slot.index() * pool.stride_bytes + start) };
            self.vectors.push(libc::iovec { iov_base: address.cast(), iov_len: end - start });
        }
        libc::c_int::try_from(parts.len()).map_err(|_| Errno::INVAL)
    }

    /// readv(2) at the present place.
    pub fn readv(
        &mut self,
        fd: BorrowedFd<'_>,
        pool: &mut BufferPool,
        parts: &[Part],
    ) -> Result<usize, Errno> {
        let count = self.fill(pool, parts)?;
        // SAFETY: `fill` made `count` vectors of memory inside the pool, which we hold uniquely, so
        // that nobody has a reference to what the kernel writes.
        match unsafe { libc::readv(fd.as_raw_fd(), self.vectors.as_ptr(), count) } {
            -1 => Err(Errno::last()),
            done => Ok(done as usize),
        }
    }

    /// writev(2) at the present place.
    pub fn writev(
        &mut self,
        fd: BorrowedFd<'_>,
        pool: &BufferPool,
        parts: &[Part],
    ) -> Result<usize, Errno> {
        let count = self.fill(pool, parts)?;
        // SAFETY: `fill` made `count` vectors of initialised memory inside the pool, which nobody
        // can change while we borrow it.
        match unsafe { libc::writev(fd.as_raw_fd(), self.vectors.as_ptr(), count) } {
            -1 => Err(Errno::last()),
            done => Ok(done as usize),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn a_buffer_is_in_one_pair_of_hands() {
        let mut pool = BufferPool::new(2, 16).unwrap();
        let mut view = pool.view().unwrap();
        pool.get_mut(Slot(1)).fill(7);
        assert_eq!(view.take(Slot(1)), Err(Errno::BUSY));
        pool.release(Slot(1)).unwrap();
        assert_eq!(pool.release(Slot(1)), Err(Errno::BUSY));
        view.take(Slot(1)).unwrap();
        assert_eq!(view.get(Slot(1)), [7; 16]);
        assert!(std::panic::catch_unwind(|| pool.get(Slot(1)).len()).is_err());
        view.lend(Slot(1), 0..16).unwrap();
        assert_eq!(view.lend(Slot(1), 0..16), Err(Errno::BUSY));
        assert_eq!(view.release(Slot(1)), Err(Errno::BUSY));
        view.memory().give_back(Slot(1));
        view.get_mut(Slot(1)).fill(8);
        view.release(Slot(1)).unwrap();
        pool.take(Slot(1)).unwrap();
        assert_eq!(pool.get(Slot(1)), [8; 16]);
        assert_eq!(pool.lend(Slot(0), 8..17), Err(Errno::INVAL));
        assert_eq!(pool.lend(Slot(2), 0..1), Err(Errno::INVAL));
        assert_eq!(pool.take(Slot(2)), Err(Errno::INVAL));
    }

    #[test]
    fn buffers_lie_off_their_alignment_if_they_are_to() {
        for (slot_bytes, offset_bytes) in [(4096, 512), (6000, 1), (512, 4096), (512, 0)] {
            let source = Source { offset_bytes, ..Source::default() };
            let mut pool = BufferPool::of(&source, 3, slot_bytes).unwrap();
            let spanned = (offset_bytes % 4096 + slot_bytes).next_multiple_of(4096);
            assert_eq!(pool.pinned_bytes(), 3 * spanned as u64);
            for slot in 0..3 {
                let place = pool.get_mut(Slot(slot)).as_ptr() as usize;
                assert_eq!(place % 4096, offset_bytes % 4096);
                pool.get_mut(Slot(slot)).fill(slot as u8);
            }
            assert!((0..3).all(|slot| pool.get(Slot(slot)).iter().all(|b| *b == slot as u8)));
        }
        let source = Source { offset_bytes: usize::MAX, ..Source::default() };
        assert_eq!(BufferPool::of(&source, 1, 4096).err().unwrap().errno, Errno::NOMEM);
        assert_eq!(BufferPool::of(&source, 1, 0).unwrap().get(Slot(0)), []);
    }

    #[test]
    fn parts_are_written_and_read_in_order() {
        let path = std::env::temp_dir().join(format!("fiord-gather-{}", std::process::id()));
        let mut file = std::fs::File::create_new(&path).unwrap();
        let mut pool = BufferPool::new(3, 100).unwrap();
        for slot in 0..3 {
            pool.get_mut(Slot(slot)).fill(slot as u8 + 1);
        }
        let part = |slot, range| Part { slot: Slot(slot), range };
        let mut gather = Gather::with_capacity(2);
        let parts = [part(2, 0..100), part(0, 90..100), part(1, 5..5)];
        assert_eq!(gather.writev(file.as_fd(), &pool, &parts), Ok(110));
        let contents = std::fs::read(&path).unwrap();
        assert!(contents[..100].iter().all(|&byte| byte == 3));
        assert_eq!(&contents[100..], [1; 10]);

        file = std::fs::File::open(&path).unwrap();
        assert_eq!(
            gather.readv(file.as_fd(), &mut pool, &[part(1, 98..100), part(0, 0..4)]),
            Ok(6)
        );
        assert_eq!(&pool.get(Slot(1))[97..], [2, 3, 3]);
        assert_eq!(&pool.get(Slot(0))[..5], [3, 3, 3, 3, 1]);

        for wrong in [part(3, 0..1), part(0, 0..101), part(0, std::ops::Range { start: 2, end: 1 })]
        {
            assert_eq!(gather.readv(file.as_fd(), &mut pool, &[wrong]), Err(Errno::INVAL));
        }
        std::fs::remove_file(path).unwrap();
    }
}
