//! An engine around the engine of a job that tells of every request that passes.
//!
//! It stands where the job's own engine would, so that the loop is the same with and without it.

use std::fmt;
use std::time::Duration;

use fiord_base::FileIndex;
use fiord_engine::{Completion, Engine, EngineError, Io, Target, Unit};
use fiord_options::trace::Subject;
use fiord_sys::process::Usage;
use fiord_sys::{BufferPool, Errno};

use super::Trace;

/// Tells of requests and hands them to the engine that does the work.
pub(crate) struct TracedEngine {
    inner: Box<dyn Engine>,
    trace: Trace,
    names: Vec<String>,
    /// What was handed over and has not ended, by slot.
    under_way: Vec<Option<Unit>>,
}

impl TracedEngine {
    /// Around `inner`, which has `depth` slots and files of these names.
    pub(crate) fn new(
        inner: Box<dyn Engine>,
        trace: Trace,
        names: Vec<String>,
        depth: usize,
    ) -> TracedEngine {
        TracedEngine { inner, trace, names, under_way: vec![None; depth] }
    }

    fn name(&self, file: FileIndex) -> &str {
        self.names.get(file.index()).map_or("", String::as_str)
    }

    fn shown<'a>(&'a self, unit: &'a Unit) -> Shown<'a> {
        Shown { unit, name: self.name(unit.file) }
    }

    /// Tells of a unit before the engine has it; of one that the engine refused before, only once.
    fn queue(&mut self, unit: &Unit) {
        let slot = unit.slot.index();
        if self.under_way.get(slot).is_none_or(|known| *known == Some(*unit)) {
            return;
        }
        if unit.progress == 0 {
            self.trace.tell(Subject::Io, format_args!("fill: {}", self.shown(unit)));
        }
        self.trace.tell(Subject::Io, format_args!("queue: {}", self.shown(unit)));
        self.under_way[slot] = Some(*unit);
    }

    fn complete(&mut self, slot: usize, result: Result<u64, Errno>) {
        let Some(unit) = self.under_way.get_mut(slot).and_then(Option::take) else { return };
        let shown = self.shown(&unit);
        match result {
            Err(errno) => {
                self.trace.tell(Subject::Io, format_args!("complete: {shown}, error={}", errno.0));
            }
            Ok(moved) if unit.direction.is_data() && moved < unit.remaining_length() => {
                self.trace.tell(Subject::Io, format_args!("complete: {shown}, moved={moved:#x}"));
            }
            Ok(_) => self.trace.tell(Subject::Io, format_args!("complete: {shown}")),
        }
    }

    fn complete_all(&mut self, ended: &[Completion]) {
        for completion in ended {
            self.complete(completion.slot.index(), completion.result);
        }
    }
}

impl Engine for TracedEngine {
    fn attach(&mut self, file: FileIndex, target: &Target<'_>) -> Result<(), EngineError> {
        self.trace.tell(Subject::File, format_args!("open {}", self.name(file)));
        self.inner.attach(file, target)
    }

    fn detach(&mut self, file: FileIndex) {
        self.inner.detach(file);
        self.trace.tell(Subject::File, format_args!("close {}", self.name(file)));
    }

    fn execute(&mut self, unit: &Unit, buffers: &mut BufferPool) -> Result<u64, Errno> {
        self.queue(unit);
        let result = self.inner.execute(unit, buffers);
        self.complete(unit.slot.index(), result);
        result
    }

    fn submit(&mut self, batch: &[Unit], io: &mut Io<'_>) -> usize {
        for unit in batch {
            self.queue(unit);
        }
        let before = io.done.list().len();
        let accepted = self.inner.submit(batch, io);
        if accepted < batch.len() {
            let (refused, of) = (batch.len() - accepted.min(batch.len()), batch.len());
            self.trace.tell(Subject::Io, format_args!("busy: {refused} of {of} have to wait"));
        }
        self.complete_all(io.done.list().get(before..).unwrap_or_default());
        accepted
    }

    fn reap(&mut self, min: usize, max: usize, io: &mut Io<'_>) -> Result<(), Errno> {
        let before = io.done.list().len();
        let result = self.inner.reap(min, max, io);
        self.complete_all(io.done.list().get(before..).unwrap_or_default());
        result
    }

    fn reap_within(
        &mut self,
        min: usize,
        max: usize,
        patience: Duration,
        io: &mut Io<'_>,
    ) -> Result<(), Errno> {
        let before = io.done.list().len();
        let result = self.inner.reap_within(min, max, patience, io);
        self.complete_all(io.done.list().get(before..).unwrap_or_default());
        result
    }

    fn cancel(&mut self) {
        self.trace.tell(Subject::Io, format_args!("cancel"));
        self.inner.cancel();
    }

    fn notes(&self) -> Vec<String> {
        self.inner.notes()
    }

    fn end_threads(&mut self) -> Usage {
        self.inner.end_threads()
    }

    fn remedy(&self, errno: Errno) -> &'static str {
        self.inner.remedy(errno)
    }
}

/// What remains to be done of a unit, as lines show it. Readers look for `off=` and `len=`.
struct Shown<'a> {
    unit: &'a Unit,
    name: &'a str,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shown { unit, name } = self;
        let (slot, ddir) = (unit.slot.0, unit.direction as u8);
        let (offset, length) = (unit.remaining_offset(), unit.remaining_length());
        write!(f, "io_u {slot:#x}: off={offset:#x},len={length:#x},ddir={ddir},file={name}")
    }
}
