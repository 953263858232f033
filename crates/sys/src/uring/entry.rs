//! One place of the submission queue, as the kernel reads it (`struct io_uring_sqe`).
//!
//! The kernel's structure is a pile of unions; here each field has the one name that fiord uses it
//! under. The layout is checked against the generated bindings below.

use std::mem::offset_of;

use linux_raw_sys::io_uring::{io_uring_op, io_uring_sqe};

/// A request to the kernel. What an operation does not use is zero.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Entry {
    pub(super) opcode: u8,
    pub(super) flags: u8,
    pub(super) ioprio: u16,
    pub(super) fd: i32,
    /// Offset; for commands the command.
    pub(super) off: u64,
    /// Address of data or of a vector; for fallocate the length, for discards the start.
    pub(super) addr: u64,
    /// Bytes or number of vectors.
    pub(super) len: u32,
    /// Flags of the operation.
    pub(super) op_flags: u32,
    pub(super) user_data: u64,
    pub(super) buf_index: u16,
    pub(super) personality: u16,
    pub(super) file_index: u32,
    /// For discards the length, for transfers the address of attributes.
    pub(super) addr3: u64,
    /// Which attributes there are.
    pub(super) attr_type_mask: u64,
}

const _: () = {
    assert!(size_of::<Entry>() == size_of::<io_uring_sqe>());
    assert!(align_of::<Entry>() == align_of::<io_uring_sqe>());
    assert!(offset_of!(Entry, ioprio) == offset_of!(io_uring_sqe, ioprio));
    assert!(offset_of!(Entry, fd) == offset_of!(io_uring_sqe, fd));
    assert!(offset_of!(Entry, off) == offset_of!(io_uring_sqe, __bindgen_anon_1));
    assert!(offset_of!(Entry, addr) == offset_of!(io_uring_sqe, __bindgen_anon_2));
    assert!(offset_of!(Entry, len) == offset_of!(io_uring_sqe, len));
    assert!(offset_of!(Entry, op_flags) == offset_of!(io_uring_sqe, __bindgen_anon_3));
    assert!(offset_of!(Entry, user_data) == offset_of!(io_uring_sqe, user_data));
    assert!(offset_of!(Entry, buf_index) == offset_of!(io_uring_sqe, __bindgen_anon_4));
    assert!(offset_of!(Entry, personality) == offset_of!(io_uring_sqe, personality));
    assert!(offset_of!(Entry, file_index) == offset_of!(io_uring_sqe, __bindgen_anon_5));
    assert!(offset_of!(Entry, addr3) == offset_of!(io_uring_sqe, __bindgen_anon_6));
};

/// The operations that fiord uses; the numbers are the kernel's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Operation {
    Readv = io_uring_op::IORING_OP_READV as u8,
    Writev = io_uring_op::IORING_OP_WRITEV as u8,
    Fsync = io_uring_op::IORING_OP_FSYNC as u8,
    ReadFixed = io_uring_op::IORING_OP_READ_FIXED as u8,
    WriteFixed = io_uring_op::IORING_OP_WRITE_FIXED as u8,
    SyncFileRange = io_uring_op::IORING_OP_SYNC_FILE_RANGE as u8,
    Cancel = io_uring_op::IORING_OP_ASYNC_CANCEL as u8,
    Fallocate = io_uring_op::IORING_OP_FALLOCATE as u8,
    Read = io_uring_op::IORING_OP_READ as u8,
    Write = io_uring_op::IORING_OP_WRITE as u8,
    Command = io_uring_op::IORING_OP_URING_CMD as u8,
}
