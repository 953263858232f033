//! `libaio`: asynchronous I/O of the kernel by its own calls, io_submit(2) and io_getevents(2).
//!
//! Only direct I/O is asynchronous here: a buffered request has ended when io_submit(2) returns. A request
//! is complete when the device (or, buffered, the page cache) has it; fsync and fdatasync go through the
//! queue since Linux 4.18. Trims, syncfs(2) and sync_file_range(2) are executed at submission.
//!
//! - `userspace_reap` takes completions from the ring that the kernel shares, without a call.
//! - `nowait` (RWF_NOWAIT) ends a request with EAGAIN where it would have to wait; `atomic` (RWF_ATOMIC)
//!   writes all of a request or nothing of it.
//! - `libaio_vectored` passes each buffer as a vector of one.

use std::time::Duration;

use fiord_base::{Direction, FileIndex, Slot};
use fiord_engine::{Caps, EngineError, JobFacts, Registration, Target, Unit};
use fiord_sys::aio::{Context, Flush};
use fiord_sys::{BufferPool, Errno};

use crate::blocking::{Attached, descriptor};
use crate::flags::RequestFlags;
use crate::limits::{Extras, about_extras, no_context};
use crate::queued::{Pushed, Queue, Queued, transfer};
use crate::settings;

pub(crate) const REGISTRATION: Registration = Registration {
    name: "libaio",
    summary: "asynchronous I/O of the kernel (io_submit)",
    caps: Caps { reports_slat: true, rehearsed: true, ..Caps::NONE },
    create: |job| Ok(Box::new(Queued::new(job, Libaio::new(job)?))),
};

#[derive(Debug)]
struct Libaio {
    context: Context,
    flags: RequestFlags,
    /// The kernel takes flushes.
    flushes: bool,
    direct: bool,
    /// `userspace_reap`.
    user_space: bool,
}

impl Libaio {
    fn new(job: &JobFacts<'_>) -> Result<Libaio, EngineError> {
        let (mut user_space, mut vectored) = (false, false);
        let mut flags = RequestFlags::new(job);
        for (name, text) in job.options {
            match name.as_str() {
                "userspace_reap" => user_space = settings::number(name, text)? != 0,
                "libaio_vectored" => vectored = settings::number(name, text)? != 0,
                _ if flags.take(job, name, text)? => {}
                name if settings::is_of_units(name) => {}
                _ => return Err(settings::unknown(name)),
            }
        }
        let context = Context::new(job.buffers, vectored, user_space)
            .map_err(|errno| no_context(errno, job.iodepth))?;
        Ok(Libaio { context, flags, flushes: true, direct: job.direct, user_space })
    }
}

impl Queue for Libaio {
    type File = ();

    fn attach(&mut self, _index: FileIndex, target: &Target<'_>) -> Result<(), EngineError> {
        self.flags.check(descriptor(target)?)
    }

    #[inline]
    fn push(
        &mut self,
        at: &Attached<()>,
        unit: &Unit,
        buffers: &mut BufferPool,
    ) -> Result<Pushed, Errno> {
        let transfer = transfer(unit, at.fd(), self.flags, false);
        self.context.push(&transfer, buffers).map(|()| Pushed::Transfer)
    }

    fn push_order(&mut self, at: &Attached<()>, unit: &Unit) -> Result<Pushed, Errno> {
        let flush = match unit.direction {
            Direction::Sync if self.flushes => Flush::All,
            Direction::Datasync if self.flushes => Flush::Data,
            _ => return Ok(Pushed::Unsuited),
        };
        self.context.push_flush(unit.slot, at.fd(), flush).map(|()| Pushed::Order)
    }

    /// Kernels before 4.18, and some files, know no flushes. Those in flight are refused one after the
    /// other.
    fn is_order_unknown(&mut self, _unit: &Unit, _block_device: bool, errno: Errno) -> bool {
        let unknown = errno == Errno::INVAL;
        self.flushes &= !unknown;
        unknown
    }

    fn submit(&mut self) -> Result<(), Errno> {
        self.context.submit()
    }

    #[inline]
    fn wait(&mut self, min: usize) -> Result<(), Errno> {
        self.context.wait(min)
    }

    fn wait_within(&mut self, min: usize, patience: Duration) -> Result<(), Errno> {
        self.context.wait_within(min, patience)
    }

    #[inline]
    fn take(&mut self) -> Option<(Slot, Result<u64, Errno>)> {
        self.context.take()
    }

    fn remedy(&self, errno: Errno) -> &'static str {
        about_extras(errno, Extras { polled: false, flags: self.flags.of(true) })
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.direct {
            notes.push(
                "libaio without direct=1 is not asynchronous: a buffered request ends as it is \
                 submitted, whatever iodepth says"
                    .to_owned(),
            );
        }
        if self.user_space && !self.context.reaps_in_user_space() {
            notes.push(
                "userspace_reap: the kernel's ring is of an unknown kind, completions are asked for \
                 by io_getevents"
                    .to_owned(),
            );
        }
        notes
    }
}
