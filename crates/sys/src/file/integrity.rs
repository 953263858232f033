//! What block devices keep beside the data of each block.

use std::os::fd::{AsRawFd, BorrowedFd};

use crate::Errno;

/// Metadata of each block of a device, and where protection information lies in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockMetadata {
    /// Bytes of data that each unit of metadata belongs to.
    pub interval_bytes: u16,
    /// Bytes of metadata of each interval.
    pub bytes: u8,
    /// Where protection information begins in it.
    pub protection_offset: u8,
    /// Bytes of protection information; 0: there is none.
    pub protection_bytes: u8,
    /// What its checksum is.
    pub guard: Guard,
    /// The reference tag is the number of the block.
    pub counts_blocks: bool,
    /// Part of the reference tag is somebody else's.
    pub has_storage_tag: bool,
}

/// Checksum of protection information.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// None.
    None,
    /// That of IP.
    Ip,
    /// CRC of 16 bits (T10 DIF).
    Crc16,
    /// CRC of 64 bits (NVMe).
    Crc64,
    /// One that this program does not know.
    Other,
}

/// `struct logical_block_metadata_cap`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct Capability {
    flags: u32,
    interval: u16,
    size: u8,
    opaque_size: u8,
    opaque_offset: u8,
    pi_size: u8,
    pi_offset: u8,
    guard_type: u8,
    app_tag_size: u8,
    ref_tag_size: u8,
    storage_tag_size: u8,
    pad: u8,
}

/// Asks an open block device for its metadata (FS_IOC_GETLBMD_CAP, Linux 6.17); `None` if it has none.
/// ENOTTY where the kernel or the file cannot be asked.
pub fn block_metadata(fd: BorrowedFd<'_>) -> Result<Option<BlockMetadata>, Errno> {
    const GETLBMD_CAP: rustix::ioctl::Opcode =
        rustix::ioctl::opcode::read_write::<Capability>(0x15, 2);
    let mut found = Capability::default();
    // SAFETY: the request stores one `Capability` at the address, which outlives the call.
    match unsafe { libc::ioctl(fd.as_raw_fd(), GETLBMD_CAP as libc::Ioctl, &raw mut found) } {
        0 if found.size == 0 => Ok(None),
        0 => Ok(Some(BlockMetadata {
            interval_bytes: found.interval,
            bytes: found.size,
            protection_offset: found.pi_offset,
            protection_bytes: found.pi_size,
            guard: match found.guard_type {
                0 => Guard::None,
                1 => Guard::Ip,
                2 => Guard::Crc16,
                4 => Guard::Crc64,
                _ => Guard::Other,
            },
            counts_blocks: found.flags & 2 != 0,
            has_storage_tag: found.storage_tag_size > 0,
        })),
        _ => Err(Errno::last()),
    }
}
