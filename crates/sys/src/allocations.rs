//! A heap that counts, for tests of the rule that nothing allocates between the start barrier and
//! the stop, and of bounds on the memory that an input may ask for.
//!
//! A test program makes it its allocator with
//! `#[global_allocator] static HEAP: CountingHeap = CountingHeap;`. fiord itself runs on the
//! system's heap.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    // Constant and without destructor: reading it never allocates.
    static COUNT: Cell<u64> = const { Cell::new(0) };
    static HELD: Cell<i64> = const { Cell::new(0) };
    static PEAK: Cell<i64> = const { Cell::new(0) };
}

/// The system's heap, with a count for each thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountingHeap;

/// How often this thread has asked for memory; stays 0 unless [`CountingHeap`] is the allocator.
pub fn of_this_thread() -> u64 {
    COUNT.with(Cell::get)
}

/// The most bytes that `work` holds at a time beyond what was held before, if this thread frees what
/// it allocates. Each piece counts as the system's heap rounds it: 8 bytes more, in steps of 16, at
/// least 32.
pub fn peak_bytes<T>(work: impl FnOnce() -> T) -> (u64, T) {
    let before = HELD.with(Cell::get);
    PEAK.with(|peak| peak.set(before));
    let result = work();
    let peak = PEAK.with(Cell::get) - before;
    (u64::try_from(peak).unwrap_or(0), result)
}

fn count() {
    // Fails only while the thread's locals are being torn down, which no test looks at.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

fn hold(less: usize, more: usize) {
    let cost = |bytes: usize| match bytes {
        0 => 0,
        _ => (bytes + 8).next_multiple_of(16).max(32) as i64,
    };
    let _ = HELD.try_with(|held| {
        held.set(held.get() - cost(less) + cost(more));
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
}

// SAFETY: all memory comes from and returns to `System`, which keeps the contract; counting touches
// none of it.
unsafe impl GlobalAlloc for CountingHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        hold(0, layout.size());
        // SAFETY: handed on to the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        hold(0, layout.size());
        // SAFETY: handed on to the caller.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        hold(layout.size(), size);
        // SAFETY: handed on to the caller.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        hold(layout.size(), 0);
        // SAFETY: handed on to the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
}
