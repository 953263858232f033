//! Where engines put results, and the stamps that go with them.

use fiord_base::Slot;
use fiord_sys::{Clock, Errno};

/// The end of one unit.
#[derive(Clone, Copy, Debug)]
pub struct Completion {
    /// Which unit.
    pub slot: Slot,
    /// Bytes moved by this attempt, or the error.
    pub result: Result<u64, Errno>,
    /// When the kernel (or device) had it.
    pub issued_ns: u64,
    /// When it was done.
    pub done_ns: u64,
}

/// A list of completions with the clock that stamps them. Its capacity is the job's depth, so that
/// pushing never allocates.
#[derive(Debug)]
pub struct Completions {
    list: Vec<Completion>,
    clock: Clock,
    /// Stamp of the end of the previous inline unit, or of the start of the batch.
    last_ns: u64,
    stamping: bool,
}

impl Completions {
    /// Room for `capacity` completions. Without `stamping` all stamps are zero and the clock is
    /// never read.
    pub fn new(capacity: usize, clock: Clock, stamping: bool) -> Completions {
        Completions { list: Vec::with_capacity(capacity), clock, last_ns: 0, stamping }
    }

    /// Marks the start of a batch and returns its stamp.
    #[inline]
    pub fn begin(&mut self) -> u64 {
        self.last_ns = self.stamp();
        self.last_ns
    }

    /// A time stamp, or zero when stamping is off.
    #[inline]
    pub fn stamp(&self) -> u64 {
        if self.stamping { self.clock.now_ns() } else { 0 }
    }

    /// False if all stamps are zero.
    #[inline]
    pub fn is_stamping(&self) -> bool {
        self.stamping
    }

    /// When the kernel had the units of the batch: now, or at its start for those who do not ask.
    #[inline]
    pub fn stamp_of_submission(&self, measured: bool) -> u64 {
        if measured { self.stamp() } else { self.last_ns }
    }

    /// Ends a unit that was executed inside `submit`: it was issued when its predecessor ended.
    #[inline]
    pub fn push_inline(&mut self, slot: Slot, result: Result<u64, Errno>) {
        let done_ns = self.stamp();
        self.push(Completion { slot, result, issued_ns: self.last_ns, done_ns });
        self.last_ns = done_ns;
    }

    /// Ends a unit with stamps of the engine's own.
    #[inline]
    pub fn push(&mut self, completion: Completion) {
        debug_assert!(self.list.len() < self.list.capacity(), "more completions than slots");
        self.list.push(completion);
    }

    /// Completions since the last [`Completions::clear`].
    #[inline]
    pub fn list(&self) -> &[Completion] {
        &self.list
    }

    /// Forgets all completions.
    #[inline]
    pub fn clear(&mut self) {
        self.list.clear();
    }
}
