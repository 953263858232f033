//! The data buffers of a job: one mapping, one equally sized, page-aligned part per slot.

use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;

use fiord_base::Slot;

use crate::Errno;

/// Page-aligned memory for `slots` requests of up to `slot_bytes` each.
#[derive(Debug)]
pub struct BufferPool {
    base: NonNull<u8>,
    mapped_bytes: usize,
    slot_bytes: usize,
    stride_bytes: usize,
    slots: usize,
}

// SAFETY: the pool owns its mapping exclusively; moving it to another thread moves that ownership.
unsafe impl Send for BufferPool {}

impl BufferPool {
    /// Maps memory for `slots` buffers of `slot_bytes`, each rounded up to a page. Zero bytes give
    /// a pool of empty buffers.
    pub fn new(slots: usize, slot_bytes: usize) -> Result<BufferPool, Errno> {
        let (stride_bytes, mapped_bytes) =
            BufferPool::layout(slots, slot_bytes).ok_or(Errno(libc::ENOMEM))?;
        if mapped_bytes == 0 {
            let base = NonNull::dangling();
            return Ok(BufferPool { base, mapped_bytes, slot_bytes, stride_bytes, slots });
        }
        // SAFETY: an anonymous private mapping at an address of the kernel's choice aliases nothing.
        let address = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                mapped_bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if address == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        let base = NonNull::new(address.cast()).ok_or(Errno(libc::ENOMEM))?;
        Ok(BufferPool { base, mapped_bytes, slot_bytes, stride_bytes, slots })
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

    /// Number of buffers.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Buffer of a slot. Panics if the slot does not exist.
    #[inline]
    pub fn get(&self, slot: Slot) -> &[u8] {
        assert!(slot.index() < self.slots);
        // SAFETY: the slot's part lies inside the mapping, which lives as long as `self`; bytes of an
        // anonymous mapping are always initialised; `&self` excludes a `&mut` to the same part.
        unsafe {
            let start = self.base.as_ptr().add(slot.index() * self.stride_bytes);
            std::slice::from_raw_parts(start, self.slot_bytes)
        }
    }

    /// Buffer of a slot, to be filled. Panics if the slot does not exist.
    #[inline]
    pub fn get_mut(&mut self, slot: Slot) -> &mut [u8] {
        assert!(slot.index() < self.slots);
        // SAFETY: as in `get`, and `&mut self` makes the reference unique.
        unsafe {
            let start = self.base.as_ptr().add(slot.index() * self.stride_bytes);
            std::slice::from_raw_parts_mut(start, self.slot_bytes)
        }
    }
}

impl Drop for BufferPool {
    fn drop(&mut self) {
        if self.mapped_bytes > 0 {
            // SAFETY: exactly the range that `new` mapped, unmapped once.
            unsafe { libc::munmap(self.base.as_ptr().cast(), self.mapped_bytes) };
        }
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
            if part.slot.index() >= pool.slots || start > end || end > pool.slot_bytes {
                return Err(Errno::INVAL);
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
