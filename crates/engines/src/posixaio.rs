//! `posixaio`: asynchronous I/O of the C library, aio_read(3) and aio_write(3). In builds with glibc.
//!
//! glibc has threads of its own, 20 at most in a process, that make the usual blocking calls. It executes
//! the requests of a file one after the other in the order of submission, so that the device sees a depth
//! only where a job has several files. A request is complete when the call has returned: buffered, when
//! the page cache has the data.
//!
//! fsync and fdatasync (aio_fsync) stand in the same line, and end after everything that was submitted for
//! the file before them. Trims, syncfs(2) and sync_file_range(2) are executed at submission. Cancelling
//! ends what no thread has begun.

use std::time::Duration;

use fiord_base::{Direction, FileIndex, Slot};
use fiord_engine::{Caps, EngineError, Registration, Target, Unit};
use fiord_sys::aio::Flush;
use fiord_sys::posix_aio::Requests;
use fiord_sys::{BufferPool, Errno};

use crate::blocking::{Attached, descriptor};
use crate::flags::RequestFlags;
use crate::queued::{Pushed, Queue, Queued, transfer};
use crate::settings;

pub(crate) const REGISTRATION: Registration = Registration {
    name: "posixaio",
    summary: "asynchronous I/O of the C library (aio_read)",
    caps: Caps { reports_slat: true, submits_singly: true, ..Caps::NONE },
    create: |job| {
        settings::none(job)?;
        let requests = Requests::new(job.buffers);
        Ok(Box::new(Queued::new(job, PosixAio { requests })))
    },
};

#[derive(Debug)]
struct PosixAio {
    requests: Requests,
}

impl Queue for PosixAio {
    type File = ();

    fn attach(&mut self, _index: FileIndex, target: &Target<'_>) -> Result<(), EngineError> {
        descriptor(target).map(drop)
    }

    fn push(
        &mut self,
        at: &Attached<()>,
        unit: &Unit,
        buffers: &mut BufferPool,
    ) -> Result<Pushed, Errno> {
        let transfer = transfer(unit, at.fd(), RequestFlags::NONE, false);
        self.requests.push(&transfer, buffers).map(|()| Pushed::Transfer)
    }

    fn push_order(&mut self, at: &Attached<()>, unit: &Unit) -> Result<Pushed, Errno> {
        let flush = match unit.direction {
            Direction::Sync => Flush::All,
            Direction::Datasync => Flush::Data,
            _ => return Ok(Pushed::Unsuited),
        };
        self.requests.push_flush(unit.slot, at.fd(), flush).map(|()| Pushed::Order)
    }

    /// Requests have gone when they have been pushed.
    fn submit(&mut self) -> Result<(), Errno> {
        Ok(())
    }

    fn wait(&mut self, min: usize) -> Result<(), Errno> {
        self.requests.wait(min)
    }

    fn wait_within(&mut self, min: usize, patience: Duration) -> Result<(), Errno> {
        self.requests.wait_within(min, patience)
    }

    fn take(&mut self) -> Option<(Slot, Result<u64, Errno>)> {
        self.requests.take()
    }

    fn cancel(&mut self) {
        self.requests.cancel();
    }
}
