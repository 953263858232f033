//! `pvsync`: preadv(2) or pwritev(2) with one vector for each request.
//!
//! It moves the same bytes as `psync` by the kernel's vectored path. One request at a time.

use std::io::{IoSlice, IoSliceMut};

use fiord_engine::{Caps, EngineError, Registration, Target, Unit};
use fiord_sys::file;
use fiord_sys::{BufferPool, Errno};

use crate::blocking::{Attached, Blocking, Transfer, data, restarting, space};
use crate::settings;

pub(crate) const REGISTRATION: Registration = Registration {
    name: "pvsync",
    summary: "one preadv or pwritev per request",
    caps: Caps { inline: true, ..Caps::NONE },
    create: |job| {
        settings::none(job)?;
        Ok(Box::new(Blocking::new(job, Pvsync)))
    },
};

#[derive(Debug)]
struct Pvsync;

impl Transfer for Pvsync {
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
        let mut into = [IoSliceMut::new(space(buffers, unit)?)];
        let bytes = restarting(|| file::preadv(at.fd(), &mut into, unit.remaining_offset()))?;
        Ok(bytes as u64)
    }

    #[inline]
    fn write(
        &mut self,
        at: &mut Attached<()>,
        unit: &Unit,
        buffers: &BufferPool,
    ) -> Result<u64, Errno> {
        let from = [IoSlice::new(data(buffers, unit)?)];
        let bytes = restarting(|| file::pwritev(at.fd(), &from, unit.remaining_offset()))?;
        Ok(bytes as u64)
    }
}
