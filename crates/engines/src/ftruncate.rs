//! `ftruncate`: a write sets the size of the file to its offset with ftruncate(2).
//!
//! No data move. There is nothing to read and nothing to trim: EINVAL. Flushes are real.

use fiord_engine::{Caps, EngineError, Registration, Target, Unit};
use fiord_sys::file;
use fiord_sys::{BufferPool, Errno};

use crate::blocking::{Attached, Blocking, Transfer, restarting};
use crate::settings;

pub(crate) const REGISTRATION: Registration = Registration {
    name: "ftruncate",
    summary: "writes set the size of the file to their offset",
    caps: Caps { inline: true, no_data: true, any_alignment: true, ..Caps::NONE },
    create: |job| {
        settings::none(job)?;
        Ok(Box::new(Blocking::new(job, Ftruncate)))
    },
};

#[derive(Debug)]
struct Ftruncate;

impl Transfer for Ftruncate {
    type File = ();

    fn attach(&mut self, _target: &Target<'_>) -> Result<(), EngineError> {
        Ok(())
    }

    fn read(
        &mut self,
        _at: &mut Attached<()>,
        _unit: &Unit,
        _buffers: &mut BufferPool,
    ) -> Result<u64, Errno> {
        Err(Errno::INVAL)
    }

    fn write(
        &mut self,
        at: &mut Attached<()>,
        unit: &Unit,
        _buffers: &BufferPool,
    ) -> Result<u64, Errno> {
        restarting(|| file::truncate(at.fd(), unit.remaining_offset()))?;
        Ok(unit.remaining_length())
    }

    fn trim(&mut self, _at: &mut Attached<()>, _unit: &Unit) -> Result<u64, Errno> {
        Err(Errno::INVAL)
    }
}
