//! What the loop tells of writes and flushes to those who verify later.

use fiord_base::{Direction, Slot};
use fiord_engine::Unit;
use fiord_workload::verify::course::Task;
use fiord_workload::verify::state::Position;

use super::{Drive, Verification};
use crate::verify::Keeper;

/// True for flushes after which data are on the medium.
fn makes_durable(direction: Direction) -> bool {
    matches!(direction, Direction::Sync | Direction::Datasync | Direction::Syncfs)
}

impl Verification {
    /// True if writes have to be noted before they go out.
    pub(in crate::drive) fn has_journal(&self) -> bool {
        self.keeper.as_ref().is_some_and(Keeper::has_journal)
    }

    /// A request is about to go out.
    #[inline]
    pub(super) fn note_begin(&mut self, slot: Slot, task: &Task, direction: Direction) {
        let Some(keeper) = &mut self.keeper else { return };
        match *task {
            Task::Write { number, .. } => keeper.issued(slot, number),
            _ if makes_durable(direction) => keeper.flush_submitted(slot),
            _ => {}
        }
    }

    /// A write or a flush has ended.
    #[inline]
    pub(super) fn note_end(&mut self, unit: &Unit, success: bool) {
        let Some(keeper) = &mut self.keeper else { return };
        match self.tasks[unit.slot.index()] {
            Task::Write { .. } => keeper.ended(unit.slot, unit.file, success),
            _ if makes_durable(unit.direction) => {
                keeper.flush_ended(unit.slot, unit.file, success);
            }
            _ => {}
        }
    }

    /// A request was not made after all.
    pub(super) fn note_withdrawn(&mut self, slot: Slot, task: &Task) {
        if let (Some(keeper), Task::Write { number, .. }) = (&mut self.keeper, *task) {
            keeper.withdrawn(slot, number);
        }
    }
}

impl Drive<'_> {
    fn keeper(&mut self) -> Option<&mut Keeper> {
        self.verification.as_mut()?.keeper.as_mut()
    }

    /// A flush has succeeded.
    pub(in crate::drive) fn note_flushed(&mut self, unit: &Unit) {
        if let Some(verification) = &mut self.verification {
            verification.note_end(unit, true);
        }
    }

    /// All targets were flushed while nothing was in flight.
    pub(in crate::drive) fn note_all_flushed(&mut self, success: bool) {
        if let Some(keeper) = self.keeper() {
            keeper.all_flushed(success);
            self.journal_ended();
        }
    }

    /// The batch is about to go out; if the journal cannot be written it does not.
    #[cold]
    pub(in crate::drive) fn journal_batch(&mut self) {
        if let Some(Err(failure)) = self.keeper().map(Keeper::note_issued) {
            self.fail(&failure);
        }
    }

    /// Requests have ended.
    #[cold]
    pub(in crate::drive) fn journal_ended(&mut self) {
        if let Some(Err(failure)) = self.keeper().map(Keeper::note_ended) {
            self.fail(&failure);
        }
    }

    /// The job is over: its state is saved. As in fio's files, the stream of offsets is where the job ended, or
    /// where it began if what was written was read back.
    pub(super) fn keep_state(&mut self) {
        let Some(verification) = &mut self.verification else { return };
        let Some(keeper) = &mut verification.keeper else { return };
        let offsets = match verification.has_read_back {
            true => verification.offsets,
            false => Position::from(self.generator.offset_stream()),
        };
        if let Err(failure) = keeper.finish(offsets) {
            self.fail(&failure);
        }
    }
}
