//! Requests with metadata (`md_per_io_size`): what a device keeps beside each block is made for writes and
//! checked of reads, and goes along with the data (Linux 6.14; the device is asked for its format, Linux
//! 6.17).
//!
//! - With `pi_act=0` protection information is made here, with the fields that `pi_chk` names; kernel and
//!   device check these, too.
//! - With `pi_act=1` kernel and device make and check it where it is all the metadata there is, and
//!   requests go without.
//! - Metadata that is no protection information is zero in writes and not looked at in reads.

use std::time::Duration;

use fiord_base::{FileIndex, Slot};
use fiord_engine::{EngineError, JobFacts, Target, Unit};
use fiord_sys::file::{self, BlockMetadata, Guard};
use fiord_sys::uring::{Checks, Metadata, RingFile};
use fiord_sys::{BufferPool, Errno};

use super::IoUring;
use super::tuples::{self, Tags};
use crate::blocking::{Attached, descriptor};
use crate::queued::{Pushed, Queue, transfer};
use crate::settings;

/// The options about metadata.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    /// `md_per_io_size`; 0: none.
    pub(super) bytes: u32,
    /// `pi_act`.
    by_controller: bool,
    tags: Tags,
}

impl Wish {
    pub(super) const NONE: Wish = Wish {
        bytes: 0,
        by_controller: true,
        tags: Tags {
            checks: Checks { guard: false, reference: false, application: false },
            application: 0x1234,
            mask: 0xffff,
        },
    };

    /// Takes an option if it is about metadata, and says whether it is.
    pub(super) fn take(&mut self, name: &str, text: &str) -> Result<bool, EngineError> {
        let small = || {
            let number = settings::number(name, text)?;
            u16::try_from(number).map_err(|_| settings::invalid(name, text))
        };
        match name {
            "md_per_io_size" => {
                let number = settings::number(name, text)?;
                self.bytes = u32::try_from(number).map_err(|_| settings::invalid(name, text))?;
            }
            "pi_act" => self.by_controller = settings::number(name, text)? != 0,
            "apptag" => self.tags.application = small()?,
            "apptag_mask" => self.tags.mask = small()?,
            "pi_chk" => {
                for word in text.split([',', ':']).filter(|word| !word.is_empty()) {
                    match word {
                        "GUARD" => self.tags.checks.guard = true,
                        "REFTAG" => self.tags.checks.reference = true,
                        "APPTAG" => self.tags.checks.application = true,
                        _ => return Err(settings::invalid(name, text)),
                    }
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The metadata that requests for a file have; `None` if they go without. `largest` is that of the
    /// requests in bytes.
    fn format(
        &self,
        found: Result<Option<BlockMetadata>, Errno>,
        largest: u64,
    ) -> Result<Option<BlockMetadata>, EngineError> {
        let refuse = |errno, remedy: String| {
            let action = "send metadata with requests (md_per_io_size)".to_owned();
            Err(EngineError { action, errno, remedy })
        };
        let format = match found {
            Ok(Some(format)) => format,
            Ok(None) => return refuse(Errno::OPNOTSUPP, "the device keeps none".to_owned()),
            Err(errno) => {
                let remedy = "it takes Linux 6.17 and a block device; leave md_per_io_size out";
                return refuse(errno, remedy.to_owned());
            }
        };
        let BlockMetadata { bytes, protection_bytes, guard, .. } = format;
        let Checks { guard: checks_guard, reference, application } = self.tags.checks;
        let protected = protection_bytes > 0;
        if protected && self.by_controller && bytes == protection_bytes {
            return Ok(None);
        }
        let intervals = largest.div_ceil(u64::from(format.interval_bytes.max(1)));
        let needed = intervals * u64::from(bytes);
        if protected && self.by_controller {
            refuse(
                Errno::INVAL,
                format!(
                    "the device has {bytes} bytes beside each block, {protection_bytes} of them \
                     protection information, which the kernel makes only where there is nothing else: \
                     use pi_act=0, or leave md_per_io_size out"
                ),
            )
        } else if protected
            && (!matches!(guard, Guard::Crc16 | Guard::Crc64) || format.has_storage_tag)
        {
            let text =
                "the device's protection information is of a kind that this program cannot make";
            refuse(Errno::OPNOTSUPP, text.to_owned())
        } else if !protected && (checks_guard || reference || application) {
            let text = "the device's metadata is no protection information: leave pi_chk out";
            refuse(Errno::INVAL, text.to_owned())
        } else if reference && !format.counts_blocks {
            let text = "the device does not number its blocks (type 3): leave REFTAG out of pi_chk";
            refuse(Errno::INVAL, text.to_owned())
        } else if format.interval_bytes == 0 || needed > u64::from(self.bytes) {
            refuse(
                Errno::INVAL,
                format!(
                    "requests of {largest} bytes have {needed} bytes of metadata on this device: \
                     md_per_io_size={needed} at least"
                ),
            )
        } else {
            Ok(Some(format))
        }
    }
}

/// A ring whose requests have metadata.
#[derive(Debug)]
pub(super) struct Protected {
    inner: IoUring,
    wish: Wish,
    largest_bytes: u64,
}

/// A file with what is known of its metadata.
#[derive(Clone, Copy, Debug)]
pub(super) struct ProtectedFile {
    file: RingFile,
    format: Option<BlockMetadata>,
}

impl Protected {
    pub(super) fn new(job: &JobFacts<'_>, mut inner: IoUring) -> Result<Protected, EngineError> {
        let wish = inner.settings.metadata;
        let action = || "send metadata with requests (md_per_io_size)".to_owned();
        if !job.direct {
            let remedy = "it goes with direct I/O only: direct=1".to_owned();
            return Err(EngineError { action: action(), errno: Errno::INVAL, remedy });
        }
        inner.ring.reserve_metadata(job.iodepth, wish.bytes as usize).map_err(|errno| {
            let remedy = "it takes Linux 6.14; leave md_per_io_size out".to_owned();
            EngineError { action: action(), errno, remedy }
        })?;
        Ok(Protected { inner, wish, largest_bytes: job.max_block_bytes })
    }
}

/// Number of the first block of what remains of a unit, and how many blocks that is.
fn blocks(format: &BlockMetadata, unit: &Unit, bytes: u64) -> Result<(u64, u64), Errno> {
    let interval = u64::from(format.interval_bytes);
    let (offset, whole) = (unit.remaining_offset(), bytes.is_multiple_of(interval));
    if !whole || !offset.is_multiple_of(interval) {
        return Err(Errno::INVAL);
    }
    Ok((offset / interval, bytes / interval))
}

impl Queue for Protected {
    type File = ProtectedFile;

    fn attach(
        &mut self,
        index: FileIndex,
        target: &Target<'_>,
    ) -> Result<ProtectedFile, EngineError> {
        let found = file::block_metadata(descriptor(target)?);
        let format = self.wish.format(found, self.largest_bytes)?;
        Ok(ProtectedFile { file: self.inner.attach(index, target)?, format })
    }

    fn detach(&mut self, index: FileIndex) {
        self.inner.detach(index);
    }

    fn push(
        &mut self,
        at: &Attached<ProtectedFile>,
        unit: &Unit,
        buffers: &mut BufferPool,
    ) -> Result<Pushed, Errno> {
        let forced = self.inner.is_forced();
        let transfer = transfer(unit, at.state.file, self.inner.settings.flags, forced);
        let Some(format) = &at.state.format else {
            return self.inner.ring.push(&transfer, buffers).map(|()| Pushed::Transfer);
        };
        let (first, count) = blocks(format, unit, unit.remaining_length())?;
        let bytes = count * u64::from(format.bytes);
        if transfer.write {
            let into = self.inner.ring.metadata(unit.slot)?;
            let into = into.get_mut(..bytes as usize).ok_or(Errno::INVAL)?;
            let data = &buffers.get(unit.slot)[unit.remaining_range()];
            tuples::fill(format, self.wish.tags, first, data, into);
        }
        let metadata = Metadata {
            bytes: u32::try_from(bytes).map_err(|_| Errno::INVAL)?,
            checks: self.wish.tags.checks,
            application_tag: self.wish.tags.application,
            first_reference: first,
        };
        self.inner.ring.push_protected(&transfer, buffers, &metadata)?;
        Ok(if transfer.write { Pushed::Transfer } else { Pushed::Checked })
    }

    fn check(
        &mut self,
        at: &Attached<ProtectedFile>,
        unit: &Unit,
        bytes: u64,
        buffers: &BufferPool,
    ) -> Result<u64, Errno> {
        if let Some(format) = &at.state.format {
            let (first, count) = blocks(format, unit, bytes)?;
            let data = buffers.get(unit.slot).get(unit.remaining_range()).ok_or(Errno::INVAL)?;
            let data = data.get(..bytes as usize).ok_or(Errno::INVAL)?;
            let metadata = self.inner.ring.metadata(unit.slot)?;
            let metadata = metadata.get(..(count * u64::from(format.bytes)) as usize);
            tuples::check(format, self.wish.tags, first, data, metadata.ok_or(Errno::INVAL)?)?;
        }
        Ok(bytes)
    }

    fn push_order(&mut self, at: &Attached<ProtectedFile>, unit: &Unit) -> Result<Pushed, Errno> {
        self.inner.order(at.state.file, at.is_block_device(), unit)
    }

    fn is_order_unknown(&mut self, unit: &Unit, block_device: bool, errno: Errno) -> bool {
        self.inner.is_order_unknown(unit, block_device, errno)
    }

    fn submit(&mut self) -> Result<(), Errno> {
        self.inner.submit()
    }

    fn wait(&mut self, min: usize) -> Result<(), Errno> {
        self.inner.wait(min)
    }

    fn wait_within(&mut self, min: usize, patience: Duration) -> Result<(), Errno> {
        self.inner.wait_within(min, patience)
    }

    fn take(&mut self) -> Option<(Slot, Result<u64, Errno>)> {
        self.inner.take()
    }

    fn took(&mut self) {
        self.inner.took();
    }

    fn cancel(&mut self) {
        self.inner.cancel();
    }

    fn notes(&self) -> Vec<String> {
        self.inner.notes()
    }

    fn remedy(&self, errno: Errno) -> &'static str {
        match errno {
            Errno::ILSEQ => {
                "the protection information of a block is not what the job expects (pi_chk, apptag)"
            }
            _ => self.inner.remedy(errno),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(options: &[(&str, &str)]) -> Wish {
        let mut wish = Wish::NONE;
        for (name, text) in options {
            assert_eq!(wish.take(name, text), Ok(true), "{name}={text}");
        }
        wish
    }

    fn found(bytes: u8, protection_bytes: u8) -> Result<Option<BlockMetadata>, Errno> {
        Ok(Some(BlockMetadata {
            interval_bytes: 4096,
            bytes,
            protection_offset: bytes - protection_bytes,
            protection_bytes,
            guard: if protection_bytes == 0 { Guard::None } else { Guard::Crc16 },
            counts_blocks: false,
            has_storage_tag: false,
        }))
    }

    #[test]
    fn options_are_read() {
        let all = [("pi_act", "0"), ("pi_chk", "GUARD,APPTAG"), ("apptag", "65535")];
        let wish = wish(&all);
        assert!(!wish.by_controller && wish.tags.checks.guard && !wish.tags.checks.reference);
        assert_eq!((wish.tags.application, wish.tags.mask), (0xffff, 0xffff));
        let mut wish = wish;
        assert!(wish.take("apptag", "65536").is_err());
        assert_eq!(wish.take("hipri", "1"), Ok(false));
    }

    #[test]
    fn devices_are_asked_what_they_keep() {
        let own = [("md_per_io_size", "8"), ("pi_act", "0")];
        assert_eq!(wish(&own).format(found(8, 8), 4096), found(8, 8).map_err(|_| unreachable!()));
        assert_eq!(wish(&own[..1]).format(found(8, 8), 4096), Ok(None), "nothing is to be sent");
        assert!(wish(&own[..1]).format(found(64, 0), 512).is_err(), "that is too little");
        let refused = |options: &[(&str, &str)], found, words: &str| {
            let error = wish(options).format(found, 8192).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        };
        refused(&own, found(8, 8), "md_per_io_size=16");
        refused(&own, Ok(None), "keeps none");
        refused(&own, Err(Errno::INVAL), "Linux 6.17");
        refused(&own[..1], found(16, 8), "pi_act=0");
        let with = |check| [("md_per_io_size", "16"), ("pi_act", "0"), ("pi_chk", check)];
        refused(&with("REFTAG"), found(8, 8), "REFTAG");
        refused(&with("GUARD"), found(8, 0), "pi_chk");
    }
}
