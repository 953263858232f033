//! `falloc`: fallocate(2) in place of transfers.
//!
//! A write reserves its range and lets the file grow, a read reserves its range and keeps the size
//! (for which the file must be open for writing), a trim punches a hole. No data move. Complete means
//! that the file system has changed its allocation, in memory: a flush makes that stable.

use fiord_engine::{Caps, EngineError, Registration, Target, Unit};
use fiord_sys::file::{self, Reserve};
use fiord_sys::{BufferPool, Errno};

use crate::blocking::{Attached, Blocking, Transfer, restarting};
use crate::settings;

pub(crate) const REGISTRATION: Registration = Registration {
    name: "falloc",
    summary: "fallocate: reads reserve, writes extend, trims punch holes",
    caps: Caps {
        inline: true,
        no_data: true,
        needs_write_access: true,
        any_alignment: true,
        ..Caps::NONE
    },
    create: |job| {
        settings::none(job)?;
        Ok(Box::new(Blocking::new(job, Falloc)))
    },
};

#[derive(Debug)]
struct Falloc;

fn reserve(at: &Attached<()>, unit: &Unit, how: Reserve) -> Result<u64, Errno> {
    let (offset, length) = (unit.remaining_offset(), unit.remaining_length());
    restarting(|| file::reserve(at.fd(), offset, length, how))?;
    Ok(length)
}

impl Transfer for Falloc {
    type File = ();

    fn attach(&mut self, _target: &Target<'_>) -> Result<(), EngineError> {
        Ok(())
    }

    fn read(
        &mut self,
        at: &mut Attached<()>,
        unit: &Unit,
        _buffers: &mut BufferPool,
    ) -> Result<u64, Errno> {
        reserve(at, unit, Reserve::KeepSize)
    }

    fn write(
        &mut self,
        at: &mut Attached<()>,
        unit: &Unit,
        _buffers: &BufferPool,
    ) -> Result<u64, Errno> {
        reserve(at, unit, Reserve::Native)
    }

    /// A hole on block devices too: fallocate(2) is the subject here.
    fn trim(&mut self, at: &mut Attached<()>, unit: &Unit) -> Result<u64, Errno> {
        let (offset, length) = (unit.remaining_offset(), unit.remaining_length());
        restarting(|| file::punch_hole(at.fd(), offset, length))?;
        Ok(length)
    }
}
