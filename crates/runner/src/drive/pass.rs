//! The turns of a job's life: files are opened and closed, passes begin and end, time runs out.
//!
//! All of this happens while nothing is in flight, or does not care.

use fiord_base::{DATA, Direction, FileIndex, PerDirection};
use fiord_sys::process::Usage;
use fiord_workload::{Request, Step};

use super::{Drive, End};
use crate::board::State;
use crate::failure::Failure;

impl Drive<'_> {
    /// The end of the ramp or of the job.
    #[cold]
    pub(super) fn deadline_passed(&mut self) {
        if !self.ramping {
            self.stop(End::Runtime);
            return;
        }
        if let Some(ramp) = &mut self.ramp {
            let bytes = DATA.into_iter().map(|d| self.ledger.progress(d).0).sum();
            if !ramp.is_over(bytes) {
                return;
            }
            self.ramp = None;
            self.now_ns = self.clock.now_ns();
        }
        self.ramping = false;
        self.ledger.reset();
        self.ledger.begin_usage(Usage::of_thread().numbers());
        self.ledger.begin_pass(self.now_ns);
        self.pass_bytes = PerDirection::default();
        if let Some(pace) = &mut self.pace {
            pace.begin(self.now_ns);
        }
        self.deadline_ns = match self.settings.runtime_ns {
            0 => u64::MAX,
            runtime_ns => self.now_ns.saturating_add(runtime_ns),
        };
        (self.enter)(State::Running);
    }

    /// Does what had to wait until nothing was in flight; true at the end of the job.
    #[cold]
    pub(super) fn act_on(&mut self, step: Step) -> bool {
        self.held = None;
        match step {
            Step::Close(file) => {
                if let Some(recorder) = &mut self.recorder {
                    recorder.file(&self.clock, file, "close");
                }
                let result = self.targets.close(file, self.engine.as_mut());
                self.check(result);
            }
            Step::Rewind(file) => {
                if !self.targets.is_direct() {
                    self.targets.invalidate(file);
                }
            }
            Step::PassEnd => {
                self.end_pass();
                if self.settings.verifies {
                    self.turn_to_read_back();
                }
            }
            Step::NextPass => {
                self.filler.next_pass();
                let result = (self.between_passes)(&self.targets);
                self.check(result);
                self.now_ns = self.clock.now_ns();
                self.begin_pass();
                if self.settings.flush.any() {
                    (self.enter)(if self.ramping { State::Ramp } else { State::Running });
                }
            }
            Step::Open(_) | Step::Issue(_) => {}
            Step::End => return true,
        }
        false
    }

    fn check(&mut self, result: Result<(), Failure>) {
        if let Err(failure) = result {
            self.fail(&failure);
        }
    }

    #[cold]
    pub(super) fn open(&mut self, file: FileIndex) {
        if let Some(recorder) = &mut self.recorder {
            recorder.file(&self.clock, file, "open");
        }
        let result = self.targets.open(file, self.engine.as_mut());
        self.check(result);
    }

    /// Takes the locks of the requests in the batch; returns for how many of them, from the front on, the
    /// job has one. The others wait for requests in flight.
    #[cold]
    pub(super) fn lock_batch(&mut self) -> usize {
        for index in 0..self.batch.len() {
            let unit = self.batch[index];
            if unit.progress > 0 {
                // It has kept the lock.
                continue;
            }
            match self.targets.lock(unit.file, unit.direction, self.settings.depth) {
                Ok(true) => {}
                Ok(false) => return index,
                Err(failure) => {
                    self.unlock_batch(index);
                    self.fail(&failure);
                    return 0;
                }
            }
        }
        self.batch.len()
    }

    /// Gives back the locks of the first requests in the batch, as far as these have not begun.
    #[cold]
    pub(super) fn unlock_batch(&mut self, count: usize) {
        for index in 0..count {
            let unit = self.batch[index];
            if unit.progress == 0
                && let Err(failure) = self.targets.unlock(unit.file)
            {
                return self.fail(&failure);
            }
        }
    }

    /// Closes everything: nothing is in flight.
    pub(super) fn close_all(&mut self) {
        let open = (0..self.targets.files().len()).map(|i| FileIndex(i as u32));
        for file in open.filter(|file| self.targets.is_open(*file)).collect::<Vec<_>>() {
            self.act_on(Step::Close(file));
        }
    }

    pub(super) fn begin_pass(&mut self) {
        if self.settings.verifies {
            self.begin_verified_pass();
        }
        self.account_pass();
    }

    /// The time of what comes now is accounted to a pass.
    pub(super) fn account_pass(&mut self) {
        self.in_pass = true;
        self.ledger.begin_pass(self.now_ns);
    }

    /// Flushes as the plan wants at the end of a pass, and accounts the time of the pass to the
    /// directions that moved bytes in it. The last pass may have been ended before the job is.
    fn end_pass(&mut self) {
        if !std::mem::take(&mut self.in_pass) {
            return;
        }
        let bytes = PerDirection::from_fn(|direction| self.ledger.progress(direction).0);
        let active = PerDirection::from_fn(|d| bytes[d] > self.pass_bytes[d]);
        let flush = self.settings.flush;
        if flush.any() && active[Direction::Write] && self.end != Some(End::Failed) {
            (self.enter)(State::Flushing);
            if flush.files {
                self.record_flushes(Direction::Sync);
                let result = self.targets.flush_all(false);
                self.note_all_flushed(result.is_ok());
                self.check(result);
            }
            if flush.file_systems {
                self.record_flushes(Direction::Syncfs);
                let result = self.targets.flush_all(true);
                self.note_all_flushed(result.is_ok());
                self.check(result);
            }
        }
        self.now_ns = self.clock.now_ns();
        self.ledger.end_pass(active, self.now_ns);
        self.pass_bytes = bytes;
    }

    fn record_flushes(&mut self, direction: Direction) {
        let Some(recorder) = &mut self.recorder else { return };
        for index in 0..self.targets.files().len() {
            let file = FileIndex(index as u32);
            recorder.request(&self.clock, &Request { direction, file, offset: 0, length: 0 });
        }
    }

    pub(super) fn finish(&mut self) -> End {
        assert_eq!(
            (self.in_flight, self.batch.len(), self.free.len()),
            (0, 0, self.settings.depth),
            "every request ends exactly once"
        );
        assert!(self.ledger.is_consistent(), "counts and histograms agree");
        self.end_pass();
        self.close_all();
        if self.settings.verifies {
            self.end_verification();
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.flush();
            if let Some(failure) = recorder.failure().cloned() {
                self.fail(&failure);
            }
        }
        self.end.unwrap_or(End::Complete)
    }
}
