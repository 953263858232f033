//! `pvsync2`: preadv2(2) or pwritev2(2) with one vector and flags for each request.
//!
//! - `hipri` (RWF_HIPRI) polls for completions. It asks for direct I/O on a device with polled
//!   queues; elsewhere the kernel ignores the flag. `hipri_percentage` sets it on that share of the
//!   requests.
//! - `uncached` (RWF_DONTCACHE) drops pages after buffered I/O; it means nothing to direct I/O.
//! - `nowait` (RWF_NOWAIT) ends a request with EAGAIN where it would have to wait.
//! - `atomic` (RWF_ATOMIC) writes all of a request or nothing of it.

use std::io::{IoSlice, IoSliceMut};

use fiord_base::random::Taus88;
use fiord_engine::{Caps, EngineError, JobFacts, Registration, Target, Unit};
use fiord_sys::file::{self, VectorFlags};
use fiord_sys::{BufferPool, Errno};

use crate::blocking::{Attached, Blocking, Transfer, data, descriptor, restarting, space};
use crate::flags::RequestFlags;
use crate::settings;

pub(crate) const REGISTRATION: Registration = Registration {
    name: "pvsync2",
    summary: "one preadv2 or pwritev2 per request, with flags",
    caps: Caps { inline: true, ..Caps::NONE },
    create: |job| Ok(Box::new(Blocking::new(job, Pvsync2::new(job)?))),
};

#[derive(Debug)]
struct Pvsync2 {
    flags: RequestFlags,
    /// Share of requests that get RWF_HIPRI as well, in percent.
    hipri_percent: u32,
    dice: Taus88,
}

impl Pvsync2 {
    fn new(job: &JobFacts<'_>) -> Result<Pvsync2, EngineError> {
        let (mut hipri, mut hipri_percent) = (false, 100);
        let mut flags = RequestFlags::new(job);
        for (name, text) in job.options {
            match name.as_str() {
                "hipri" => hipri = settings::number(name, text)? != 0,
                "hipri_percentage" => hipri_percent = settings::percent(name, text)?,
                _ if flags.take(job, name, text)? => {}
                _ => return Err(settings::unknown(name)),
            }
        }
        let hipri_percent = if hipri { hipri_percent } else { 0 };
        Ok(Pvsync2 { flags, hipri_percent, dice: Taus88::new(1) })
    }

    /// The flags of the next request.
    #[inline]
    fn next_flags(&mut self, write: bool) -> VectorFlags {
        let polled = match self.hipri_percent {
            0 => false,
            100 => true,
            percent => self.dice.between(1, 100) <= percent,
        };
        let flags = self.flags.of(write);
        if polled { flags.with(VectorFlags::HIPRI) } else { flags }
    }
}

impl Transfer for Pvsync2 {
    type File = ();

    fn attach(&mut self, target: &Target<'_>) -> Result<(), EngineError> {
        self.flags.check(descriptor(target)?)
    }

    #[inline]
    fn read(
        &mut self,
        at: &mut Attached<()>,
        unit: &Unit,
        buffers: &mut BufferPool,
    ) -> Result<u64, Errno> {
        let mut into = [IoSliceMut::new(space(buffers, unit)?)];
        let (offset, flags) = (unit.remaining_offset(), self.next_flags(false));
        restarting(|| file::preadv2(at.fd(), &mut into, offset, flags)).map(|n| n as u64)
    }

    #[inline]
    fn write(
        &mut self,
        at: &mut Attached<()>,
        unit: &Unit,
        buffers: &BufferPool,
    ) -> Result<u64, Errno> {
        let from = [IoSlice::new(data(buffers, unit)?)];
        let (offset, flags) = (unit.remaining_offset(), self.next_flags(true));
        restarting(|| file::pwritev2(at.fd(), &from, offset, flags)).map(|n| n as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(options: &[(&str, &str)], direct: bool) -> Result<Pvsync2, EngineError> {
        engine_of(options, direct, false)
    }

    fn engine_of(
        options: &[(&str, &str)],
        direct: bool,
        atomic: bool,
    ) -> Result<Pvsync2, EngineError> {
        let options: Vec<_> =
            options.iter().map(|&(name, text)| (name.to_owned(), text.to_owned())).collect();
        Pvsync2::new(&JobFacts {
            direct,
            atomic,
            options: &options,
            ..JobFacts::plain(&BufferPool::new(1, 4096).unwrap())
        })
    }

    #[test]
    fn options_become_flags() {
        assert_eq!(engine(&[], false).unwrap().next_flags(false), VectorFlags::NONE);
        assert_eq!(engine(&[("hipri", "")], false).unwrap().next_flags(false), VectorFlags::HIPRI);
        assert_eq!(engine(&[("hipri", "0")], false).unwrap().next_flags(false), VectorFlags::NONE);
        let both = engine(&[("uncached", "1"), ("nowait", "1")], false).unwrap().next_flags(false);
        assert_eq!(both, VectorFlags::NOWAIT.with(VectorFlags::DONTCACHE));
        let direct = engine(&[("uncached", "1")], true).unwrap().next_flags(false);
        assert_eq!(direct, VectorFlags::NONE, "direct I/O has no cache to bypass");
    }

    #[test]
    fn writes_are_atomic() {
        let mut engine = engine_of(&[("nowait", "1")], true, true).unwrap();
        assert_eq!(engine.next_flags(false), VectorFlags::NOWAIT);
        assert_eq!(engine.next_flags(true), VectorFlags::NOWAIT.with(VectorFlags::ATOMIC));
    }

    #[test]
    fn a_share_of_the_requests_is_polled() {
        let mut engine = engine(&[("hipri", "1"), ("hipri_percentage", "25")], false).unwrap();
        let polled = (0..10_000).filter(|_| engine.next_flags(false) == VectorFlags::HIPRI).count();
        assert!((2_000..3_000).contains(&polled), "{polled}");
    }

    #[test]
    fn nonsense_is_an_error() {
        for (name, text) in [("hipri_percentage", "101"), ("nowait", "maybe"), ("colour", "red")] {
            let error = engine(&[(name, text)], false).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
