//! `sync`: lseek(2), then read(2) or write(2).
//!
//! The seek is left out where the descriptor already stands at the right place, so that sequential
//! jobs also work on what cannot seek, such as pipes. Completion means what it means for `psync`.

use fiord_engine::{Caps, EngineError, Registration, Target, Unit};
use fiord_sys::file;
use fiord_sys::{BufferPool, Errno};

use crate::blocking::{Attached, Blocking, Transfer, data, restarting, space};
use crate::settings;

pub(crate) const REGISTRATION: Registration = Registration {
    name: "sync",
    summary: "lseek, then read or write, for each request",
    caps: Caps { inline: true, ..Caps::NONE },
    create: |job| {
        settings::none(job)?;
        Ok(Box::new(Blocking::new(job, Sync)))
    },
};

/// Where a descriptor stands; unknown after an error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(Option<u64>);

impl Place {
    /// Of a file that was opened just now.
    pub(crate) const START: Place = Place(Some(0));
}

impl Attached<Place> {
    /// Brings the descriptor to an offset. The place is unknown until [`Attached::moved`].
    #[inline]
    pub(crate) fn go_to(&mut self, offset: u64) -> Result<(), Errno> {
        if self.state.0.take() == Some(offset) {
            return Ok(());
        }
        file::seek(self.fd(), offset)
    }

    /// Notes that a transfer from `offset` has moved the descriptor by `bytes`.
    #[inline]
    pub(crate) fn moved(&mut self, offset: u64, bytes: u64) {
        self.state = Place(offset.checked_add(bytes));
    }
}

#[derive(Debug)]
struct Sync;

impl Transfer for Sync {
    type File = Place;

    fn attach(&mut self, _target: &Target<'_>) -> Result<Place, EngineError> {
        Ok(Place::START)
    }

    #[inline]
    fn read(
        &mut self,
        at: &mut Attached<Place>,
        unit: &Unit,
        buffers: &mut BufferPool,
    ) -> Result<u64, Errno> {
        let (into, offset) = (space(buffers, unit)?, unit.remaining_offset());
        at.go_to(offset)?;
        let bytes = restarting(|| file::read(at.fd(), into))? as u64;
        at.moved(offset, bytes);
        Ok(bytes)
    }

    #[inline]
    fn write(
        &mut self,
        at: &mut Attached<Place>,
        unit: &Unit,
        buffers: &BufferPool,
    ) -> Result<u64, Errno> {
        let (from, offset) = (data(buffers, unit)?, unit.remaining_offset());
        at.go_to(offset)?;
        let bytes = restarting(|| file::write(at.fd(), from))? as u64;
        at.moved(offset, bytes);
        Ok(bytes)
    }
}
