//! The data buffers of a job: one mapping, one equally sized, page-aligned part per slot.

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
        let stride_bytes = slot_bytes.checked_next_multiple_of(4096).ok_or(Errno(libc::ENOMEM))?;
        let mapped_bytes = stride_bytes.checked_mul(slots).ok_or(Errno(libc::ENOMEM))?;
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
