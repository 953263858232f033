//! A heap that counts, for tests of the rule that nothing allocates between the start barrier and
//! the stop.
//!
//! A test program makes it its allocator with
//! `#[global_allocator] static HEAP: CountingHeap = CountingHeap;`. fiord itself runs on the
//! system's heap.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    // Constant and without destructor: reading it never allocates.
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// The system's heap, with a count for each thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountingHeap;

/// How often this thread has asked for memory; stays 0 unless [`CountingHeap`] is the allocator.
pub fn of_this_thread() -> u64 {
    COUNT.with(Cell::get)
}

fn count() {
    // Fails only while the thread's locals are being torn down, which no test looks at.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: all memory comes from and returns to `System`, which keeps the contract; counting touches
// none of it.
unsafe impl GlobalAlloc for CountingHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: handed on to the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: handed on to the caller.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: handed on to the caller.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: handed on to the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
}
