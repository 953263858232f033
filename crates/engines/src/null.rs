//! `null`: does nothing, and that completely.
//!
//! No file is opened, no byte moves: what remains is the cost of fiord itself. With `iodepth=1` a
//! request ends as it is submitted. With a deeper queue requests end when they are reaped, and
//! while any wait to be reaped the queue is busy: that is what makes the depth in reports that of a
//! batch.

use fiord_base::{FileIndex, Slot};
use fiord_engine::{Caps, Completion, Engine, EngineError, Io, Registration, Target, Unit};
use fiord_sys::{BufferPool, Errno};

use crate::settings;

pub(crate) const REGISTRATION: Registration = Registration {
    name: "null",
    summary: "does nothing; measures fiord itself",
    caps: Caps {
        reports_slat: true,
        diskless: true,
        no_data: true,
        fills_buffers: true,
        inline_at_depth_one: true,
        one_batch: true,
        ..Caps::NONE
    },
    create: |job| {
        settings::none(job)?;
        if job.iodepth <= 1 {
            return Ok(Box::new(Inline));
        }
        Ok(Box::new(Queued { batch: Vec::with_capacity(job.iodepth), reaped: 0, issued_ns: 0 }))
    },
};

/// One request at a time.
#[derive(Debug)]
struct Inline;

impl Engine for Inline {
    fn attach(&mut self, _file: FileIndex, _target: &Target<'_>) -> Result<(), EngineError> {
        Ok(())
    }

    fn detach(&mut self, _file: FileIndex) {}

    #[inline]
    fn execute(&mut self, unit: &Unit, _buffers: &mut BufferPool) -> Result<u64, Errno> {
        Ok(unit.remaining_length())
    }
}

/// Requests that wait to be reaped.
#[derive(Debug)]
struct Queued {
    /// The last batch: place and length of its requests.
    batch: Vec<(Slot, u64)>,
    /// How many of them have been reaped.
    reaped: usize,
    issued_ns: u64,
}

impl Engine for Queued {
    fn attach(&mut self, _file: FileIndex, _target: &Target<'_>) -> Result<(), EngineError> {
        Ok(())
    }

    fn detach(&mut self, _file: FileIndex) {}

    fn submit(&mut self, batch: &[Unit], io: &mut Io<'_>) -> usize {
        if self.reaped < self.batch.len() {
            return 0;
        }
        self.batch.clear();
        self.batch.extend(batch.iter().map(|unit| (unit.slot, unit.remaining_length())));
        self.reaped = 0;
        self.issued_ns = io.done.stamp();
        batch.len()
    }

    fn reap(&mut self, _min: usize, max: usize, io: &mut Io<'_>) -> Result<(), Errno> {
        let end = self.batch.len().min(self.reaped.saturating_add(max));
        let (issued_ns, done_ns) = (self.issued_ns, io.done.stamp());
        for &(slot, length) in &self.batch[self.reaped..end] {
            io.done.push(Completion { slot, result: Ok(length), issued_ns, done_ns });
        }
        self.reaped = end;
        Ok(())
    }
}
