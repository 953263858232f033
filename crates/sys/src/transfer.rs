//! A request for data as queues of the kernel take it.

use fiord_base::Slot;

/// Most bytes that Linux moves for one request (`MAX_RW_COUNT` with pages of 4 KiB). Larger ones are cut
/// short by the kernel itself; here they are asked for in parts, because lengths of queues have 32 bits.
pub const MAX_TRANSFER_BYTES: u32 = 0x7fff_f000;

/// A read or a write of part of a slot's buffer. `F` is how the queue names files.
#[derive(Clone, Copy, Debug)]
pub struct Transfer<F> {
    /// Whose buffer.
    pub slot: Slot,
    /// First byte within it.
    pub start: usize,
    /// Bytes: at most [`MAX_TRANSFER_BYTES`], more than that may end short or fail.
    pub length: u32,
    /// Place on the file.
    pub offset: u64,
    /// Target.
    pub file: F,
    /// From the buffer to the file.
    pub write: bool,
    /// Flags of preadv2(2) and pwritev2(2).
    pub flags: u32,
    /// Priority of ioprio_set(2); 0 is that of the thread.
    pub priority: u16,
    /// Begin on a worker of the kernel, where the queue has such.
    pub forced_async: bool,
}
