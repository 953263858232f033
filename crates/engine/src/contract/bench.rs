//! A bench that plays the part of the I/O loop for one engine, and watches that each unit ends once.

use std::os::fd::{AsFd, OwnedFd};

use fiord_base::{FileIndex, Slot};
use fiord_sys::file::{self, Access, OpenHow};
use fiord_sys::{BufferPool, Clock, Errno};

use super::Case;
use crate::{Completion, Completions, Engine, Io, JobFacts, Target, Unit};

/// Reaps without a result before an engine is taken to have lost a unit. Signals may end some early.
const EMPTY_REAPS: usize = 1000;

/// A unit and what became of it.
pub type End = (Unit, Result<u64, Errno>);

/// How a job is set up.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Slots.
    pub depth: usize,
    /// Bytes of each slot's buffer.
    pub slot_bytes: usize,
}

/// An engine with buffers, files and a list of completions.
pub struct Bench {
    engine: Box<dyn Engine>,
    /// By slot.
    pub buffers: BufferPool,
    done: Completions,
    in_flight: Vec<Option<Unit>>,
    /// Units in flight.
    pub flying: usize,
    ended: Vec<End>,
    files: Vec<OwnedFd>,
}

impl std::fmt::Debug for Bench {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bench").field("in_flight", &self.in_flight).finish_non_exhaustive()
    }
}

impl Bench {
    /// Makes the engine of a case, with its ground as file 0.
    pub fn new(case: &Case<'_>, setup: Setup) -> Result<Bench, String> {
        let buffers = BufferPool::new(setup.depth, setup.slot_bytes).map_err(|e| e.to_string())?;
        let engine = (case.engine.create)(&JobFacts {
            direct: case.ground.direct,
            sync_range_flags: file::RangeFlush::WRITE.0,
            ..JobFacts::plain(&buffers)
        });
        let mut bench = Bench {
            engine: engine.map_err(|error| error.to_string())?,
            buffers,
            // Room for completions that there should not be.
            done: Completions::new(2 * setup.depth + 2, Clock::Monotonic, true),
            in_flight: vec![None; setup.depth],
            flying: 0,
            ended: Vec::with_capacity(setup.depth),
            files: Vec::new(),
        };
        bench.attach(case)?;
        Ok(bench)
    }

    fn attach(&mut self, case: &Case<'_>) -> Result<(), String> {
        let ground = case.ground;
        let how =
            OpenHow { access: Access::ReadWrite, direct: ground.direct, ..OpenHow::default() };
        let fd = file::open(&ground.path, &how).map_err(|errno| format!("open: {errno}"))?;
        let target = Target {
            fd: (!case.engine.caps.diskless).then(|| fd.as_fd()),
            block_device: ground.block_device,
            size_bytes: ground.bytes,
            region: (0, ground.bytes),
            writable: true,
        };
        self.engine.attach(FileIndex(0), &target).map_err(|error| error.to_string())?;
        self.files.push(fd);
        Ok(())
    }

    /// Offers a batch; returns how much of it was taken. What has ended is found in
    /// [`Bench::take`].
    pub fn submit(&mut self, batch: &[Unit]) -> Result<usize, String> {
        self.done.begin();
        let mut io = Io { buffers: &mut self.buffers, done: &mut self.done };
        let taken = self.engine.submit(batch, &mut io);
        if taken > batch.len() {
            return Err(format!("takes {taken} units of a batch of {}", batch.len()));
        }
        if taken == 0 && self.flying == 0 && !batch.is_empty() {
            return Err("takes no unit although none is in flight".to_owned());
        }
        for unit in &batch[..taken] {
            if self.in_flight[unit.slot.index()].replace(*unit).is_some() {
                return Err(format!("takes a unit for {:?}, which is in flight", unit.slot));
            }
        }
        self.flying += taken;
        self.collect()?;
        Ok(taken)
    }

    /// Reaps.
    pub fn reap(&mut self, min: usize, max: usize) -> Result<usize, String> {
        let mut io = Io { buffers: &mut self.buffers, done: &mut self.done };
        self.engine.reap(min, max, &mut io).map_err(|errno| format!("reap: {errno}"))?;
        let count = self.done.list().len();
        self.collect()?;
        match count > max {
            true => Err(format!("reaps {count} units where {max} are allowed")),
            false => Ok(count),
        }
    }

    /// Asks for an early end.
    pub fn cancel(&mut self) {
        self.engine.cancel();
    }

    /// Notes what has ended, and that it was in flight.
    fn collect(&mut self) -> Result<(), String> {
        for index in 0..self.done.list().len() {
            let Completion { slot, result, issued_ns, done_ns } = self.done.list()[index];
            let unit = self.in_flight.get_mut(slot.index()).and_then(Option::take);
            let Some(unit) = unit else {
                return Err(format!("ends {slot:?}, which is not in flight"));
            };
            if issued_ns > done_ns {
                return Err(format!(
                    "{unit:?} has ended {} ns before it began",
                    issued_ns - done_ns
                ));
            }
            if result.is_ok_and(|bytes| bytes > unit.remaining_length()) {
                return Err(format!("{unit:?} has moved {result:?} bytes"));
            }
            self.flying -= 1;
            self.ended.push((unit, result));
        }
        self.done.clear();
        Ok(())
    }

    /// What has ended since the last call.
    pub fn take(&mut self) -> Vec<End> {
        std::mem::take(&mut self.ended)
    }

    /// Waits for at least one more end, or all of them.
    pub fn wait(&mut self, max: usize) -> Result<(), String> {
        for _ in 0..EMPTY_REAPS {
            if self.flying == 0 || self.reap(1, max.max(1))? > 0 {
                return Ok(());
            }
        }
        let lost: Vec<&Unit> = self.in_flight.iter().flatten().collect();
        Err(format!("does not end {} units, the first of which is {:?}", lost.len(), lost.first()))
    }

    /// Executes units, as many at a time as are taken, until all have ended; tells how, in the order of
    /// their ends.
    pub fn run(&mut self, units: &[Unit]) -> Result<Vec<End>, String> {
        let mut rest = units;
        while !rest.is_empty() || self.flying > 0 {
            let taken = if rest.is_empty() { 0 } else { self.submit(rest)? };
            rest = &rest[taken..];
            self.wait(self.flying)?;
        }
        Ok(self.take())
    }

    /// The beginning of the buffer of a slot.
    pub fn buffer(&mut self, slot: Slot, bytes: u64) -> &mut [u8] {
        &mut self.buffers.get_mut(slot)[..bytes as usize]
    }
}
