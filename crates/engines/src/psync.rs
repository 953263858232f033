//! `psync`, the default: one pread(2) or pwrite(2) for each request.
//!
//! One request at a time. A write is complete when the kernel has taken the data, which with
//! buffered I/O means a copy into the page cache and with O_DIRECT the device's word.

use fiord_engine::{Caps, EngineError, Registration, Target, Unit};
use fiord_sys::file::{self};
use fiord_sys::{BufferPool, Errno};

use crate::blocking::{Attached, Blocking, Transfer, data, restarting, space};
use crate::settings;

pub(crate) const REGISTRATION: Registration = Registration {
    name: "psync",
    summary: "one pread or pwrite per request (default)",
    caps: Caps { inline: true, ..Caps::NONE },
    create: |job| {
        settings::none(job)?;
        Ok(Box::new(Blocking::new(job, Psync)))
    },
};

#[derive(Debug)]
struct Psync;

impl Transfer for Psync {
    type File = ();

    fn attach(&mut self, _target: &Target<'_>) -> Result<(), EngineError> {
        Ok(())
    }

    #[inline]
    fn read(
        &mut self,
        at: &mut Attached<()>,
        unit: &Unit,
        buffers: &mut BufferPool,
    ) -> Result<u64, Errno> {
        let into = space(buffers, unit)?;
        restarting(|| file::pread(at.fd(), into, unit.remaining_offset())).map(|n| n as u64)
    }

    #[inline]
    fn write(
        &mut self,
        at: &mut Attached<()>,
        unit: &Unit,
        buffers: &BufferPool,
    ) -> Result<u64, Errno> {
        let from = data(buffers, unit)?;
        restarting(|| file::pwrite(at.fd(), from, unit.remaining_offset())).map(|n| n as u64)
    }
}
