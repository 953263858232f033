//! Transfers with metadata apart from the data: protection information of block devices (Linux 6.14).
//!
//! The ring owns the metadata, one buffer for each slot. Such a buffer is with the kernel exactly as long
//! as the data buffer of its slot is.

use fiord_base::Slot;
use linux_raw_sys::io_uring::io_uring_attr_pi;

use super::{Ring, RingFile};
use crate::{BufferPool, Errno, Transfer};

/// `IORING_FEAT_RW_ATTR`: transfers may have attributes.
const FEATURE: u32 = 1 << 16;
/// `IORING_RW_ATTR_FLAG_PI`: the attribute is [`io_uring_attr_pi`].
const ATTRIBUTE: u64 = 1;

/// Which fields of protection information are to be checked on the way, `IO_INTEGRITY_CHK_*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// The checksum.
    pub guard: bool,
    /// The number of the block.
    pub reference: bool,
    /// The application's tag.
    pub application: bool,
}

impl Checks {
    fn bits(self) -> u16 {
        u16::from(self.guard) | u16::from(self.reference) << 1 | u16::from(self.application) << 2
    }
}

/// What the kernel is told of the metadata of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Bytes of it.
    pub bytes: u32,
    /// What is checked.
    pub checks: Checks,
    /// The application's tag.
    pub application_tag: u16,
    /// Reference tag of the first block.
    pub first_reference: u64,
}

/// Metadata of all slots.
#[derive(Debug)]
pub(super) struct Protection {
    pool: BufferPool,
    /// What the kernel reads when it takes a request, by slot.
    attributes: Vec<io_uring_attr_pi>,
}

impl Ring {
    /// Makes room for metadata: so many bytes for each slot. EOPNOTSUPP if this kernel takes none.
    pub fn reserve_metadata(&mut self, slots: usize, slot_bytes: usize) -> Result<(), Errno> {
        if self.features & FEATURE == 0 {
            return Err(Errno::OPNOTSUPP);
        }
        let attributes = (0..slots).map(|_| attribute(0, 0, &Metadata::NONE)).collect();
        let pool = BufferPool::new(slots, slot_bytes)?;
        self.protection = Some(Box::new(Protection { pool, attributes }));
        Ok(())
    }

    /// The metadata of a slot. EBUSY while it is in flight, EINVAL if there is none.
    pub fn metadata(&mut self, slot: Slot) -> Result<&mut [u8], Errno> {
        let memory = self.memory.as_ref().ok_or(Errno::INVAL)?;
        let protection = self.protection.as_mut().ok_or(Errno::INVAL)?;
        if slot.index() >= protection.attributes.len() {
            return Err(Errno::INVAL);
        }
        if memory.is_with_kernel(slot) {
            return Err(Errno::BUSY);
        }
        Ok(protection.pool.get_mut(slot))
    }

    /// Puts a transfer with metadata into the queue, as [`Ring::push`] one without.
    pub fn push_protected(
        &mut self,
        transfer: &Transfer<RingFile>,
        pool: &mut BufferPool,
        metadata: &Metadata,
    ) -> Result<(), Errno> {
        let room = self.metadata(transfer.slot)?.len();
        if metadata.bytes as usize > room {
            return Err(Errno::INVAL);
        }
        let mut entry = self.entry_of(transfer, pool)?;
        if let Some(protection) = &mut self.protection {
            // Both exist for each slot, as was just seen; neither moves as long as the ring lives.
            let index = transfer.slot.index();
            let address = protection.pool.address(index) as u64;
            let place = &mut protection.attributes[index];
            *place = attribute(address, metadata.bytes, metadata);
            entry.addr3 = (&raw const *place) as u64;
            entry.attr_type_mask = ATTRIBUTE;
        }
        self.put(entry);
        Ok(())
    }
}

impl Metadata {
    const NONE: Metadata = Metadata {
        bytes: 0,
        checks: Checks { guard: false, reference: false, application: false },
        application_tag: 0,
        first_reference: 0,
    };
}

fn attribute(addr: u64, len: u32, metadata: &Metadata) -> io_uring_attr_pi {
    io_uring_attr_pi {
        flags: metadata.checks.bits(),
        app_tag: metadata.application_tag,
        len,
        addr,
        seed: metadata.first_reference,
        rsvd: 0,
    }
}
