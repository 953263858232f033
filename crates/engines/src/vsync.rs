//! `vsync`: adjacent requests of a batch are collected into one readv(2) or writev(2).
//!
//! Requests of a batch that follow each other on the same file in the same direction go into one
//! call; `iodepth_batch` says how many can. All is done inside `submit`, but requests count as
//! queued until they are reaped. Completion means what it means for `psync`, and all requests of a
//! call have the latency of the call.

use std::collections::VecDeque;

use fiord_base::{Direction, FileIndex};
use fiord_engine::{
    Caps, Completion, Engine, EngineError, Io, JobFacts, Registration, Target, Unit,
};
use fiord_sys::buffers::{Gather, Part};
use fiord_sys::file::RangeFlush;
use fiord_sys::{BufferPool, Errno};

use crate::blocking::{Files, flush, restarting, trim};
use crate::settings;
use crate::sync::Place;

pub(crate) const REGISTRATION: Registration = Registration {
    name: "vsync",
    summary: "adjacent requests of a batch in one readv or writev",
    caps: Caps::NONE,
    create: |job| {
        settings::none(job)?;
        Ok(Box::new(Vsync::new(job)))
    },
};

#[derive(Debug)]
struct Vsync {
    files: Files<Place>,
    range_flags: RangeFlush,
    gather: Gather,
    parts: Vec<Part>,
    done: VecDeque<Completion>,
    depth: usize,
}

impl Vsync {
    fn new(job: &JobFacts<'_>) -> Vsync {
        let depth = job.iodepth.max(1);
        Vsync {
            files: Files::new(job.files),
            range_flags: RangeFlush(job.sync_range_flags),
            gather: Gather::with_capacity(depth),
            parts: Vec::with_capacity(depth.min(Gather::PARTS)),
            done: VecDeque::with_capacity(depth),
            depth,
        }
    }

    /// Executes as many units from the front of the batch as one call can; returns how many, and the
    /// bytes moved or the error that ended them all.
    fn execute(&mut self, batch: &[Unit], buffers: &mut BufferPool) -> (usize, Result<u64, Errno>) {
        let Some(first) = batch.first() else { return (0, Ok(0)) };
        let at = match self.files.get(first.file) {
            Ok(at) => at,
            Err(errno) => return (1, Err(errno)),
        };
        match first.direction {
            Direction::Read | Direction::Write => {}
            Direction::Trim => return (1, trim(at.fd(), at.is_block_device(), first)),
            _ => return (1, flush(at.fd(), first, self.range_flags)),
        }
        let count = adjacent(batch);
        self.parts.clear();
        self.parts.extend(
            batch[..count]
                .iter()
                .map(|unit| Part { slot: unit.slot, range: unit.remaining_range() }),
        );
        let (offset, gather, parts) = (first.remaining_offset(), &mut self.gather, &self.parts);
        let outcome = at.go_to(offset).and_then(|()| {
            restarting(|| match first.direction {
                Direction::Read => gather.readv(at.fd(), buffers, parts),
                _ => gather.writev(at.fd(), buffers, parts),
            })
        });
        if let Ok(bytes) = outcome {
            at.moved(offset, bytes as u64);
        }
        (count, outcome.map(|bytes| bytes as u64))
    }
}

/// How many units, from the first on, form one contiguous transfer.
fn adjacent(batch: &[Unit]) -> usize {
    let follows = |pair: &[Unit]| {
        let [before, after] = pair else { return false };
        after.file == before.file
            && after.direction == before.direction
            && after.remaining_offset() == before.offset + before.length
    };
    let pairs = batch.windows(2).take(Gather::PARTS - 1).take_while(|pair| follows(pair));
    1 + pairs.count()
}

impl Engine for Vsync {
    fn attach(&mut self, file: FileIndex, target: &Target<'_>) -> Result<(), EngineError> {
        self.files.attach(file, target, Place::START)
    }

    fn detach(&mut self, file: FileIndex) {
        self.files.detach(file);
    }

    fn submit(&mut self, batch: &[Unit], io: &mut Io<'_>) -> usize {
        let taken = batch.len().min(self.depth - self.done.len());
        let mut rest = &batch[..taken];
        let mut issued_ns = io.done.stamp();
        while !rest.is_empty() {
            let (count, outcome) = self.execute(rest, io.buffers);
            let done_ns = io.done.stamp();
            let mut left = outcome.unwrap_or(0);
            let mut ended = 0;
            for unit in &rest[..count] {
                let result = outcome.map(|_| left.min(unit.remaining_length()));
                // The call ended before it came to this unit, which therefore needs another one;
                // only the first of a call may come away empty.
                if result == Ok(0) && ended > 0 {
                    break;
                }
                left -= result.unwrap_or(0);
                ended += 1;
                self.done.push_back(Completion { slot: unit.slot, result, issued_ns, done_ns });
            }
            rest = &rest[ended..];
            issued_ns = done_ns;
        }
        taken
    }

    fn reap(&mut self, _min: usize, max: usize, io: &mut Io<'_>) -> Result<(), Errno> {
        for completion in self.done.drain(..max.min(self.done.len())) {
            io.done.push(completion);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use fiord_base::Slot;

    use super::*;

    #[test]
    fn runs_end_where_something_changes() {
        let unit = |file, direction, offset| Unit {
            slot: Slot(0),
            file: FileIndex(file),
            direction,
            priority: 0,
            offset,
            length: 512,
            progress: 0,
        };
        let first = unit(0, Direction::Read, 0);
        assert_eq!(adjacent(&[first]), 1);
        assert_eq!(adjacent(&[first, unit(0, Direction::Read, 512)]), 2);
        assert_eq!(adjacent(&[first, unit(0, Direction::Read, 1024)]), 1);
        assert_eq!(adjacent(&[first, unit(0, Direction::Write, 512)]), 1);
        assert_eq!(adjacent(&[first, unit(1, Direction::Read, 512)]), 1);
        let continued = Unit { progress: 100, ..first };
        assert_eq!(adjacent(&[continued, unit(0, Direction::Read, 512)]), 2);
        let long: Vec<_> = (0..3000).map(|i| unit(0, Direction::Read, i * 512)).collect();
        assert_eq!(adjacent(&long), 1024);
    }
}
