//! What the loop tells of writes and flushes to those who verify later.

use fiord_base::Direction;
use fiord_engine::Unit;
use fiord_workload::verify::course::Task;
use fiord_workload::verify::state::Position;

use super::{Drive, Verification};
use crate::verify::Keeper;

/// True for flushes after which data are on the medium.
pub(super) fn makes_durable(direction: Direction) -> bool {
    matches!(direction, Direction::Sync | Direction::Datasync | Direction::Syncfs)
}

impl Verification {
    /// A write or a flush has ended.
    pub(super) fn note_ended(&mut self, unit: &Unit, success: bool) {
        let Some(keeper) = &mut self.keeper else { return };
        match self.tasks[unit.slot.index()] {
            Task::Write { .. } => keeper.ended(unit.slot, unit.file, success),
            _ if makes_durable(unit.direction) => {
                keeper.flush_ended(unit.slot, unit.file, success);
            }
            _ => {}
        }
    }
}

impl Drive<'_> {
    /// A flush has succeeded.
    pub(in crate::drive) fn note_flushed(&mut self, unit: &Unit) {
        if let Some(verification) = &mut self.verification {
            verification.note_ended(unit, true);
        }
    }

    /// All targets were flushed while nothing was in flight.
    pub(in crate::drive) fn note_all_flushed(&mut self, success: bool) {
        if let Some(verification) = &mut self.verification
            && let Some(keeper) = &mut verification.keeper
        {
            keeper.all_flushed(success);
        }
        self.journal_ended();
    }

    /// The batch is about to go out; false if it cannot, because the journal cannot be written.
    #[cold]
    pub(in crate::drive) fn journal_batch(&mut self) -> bool {
        let keeper = self.verification.as_mut().and_then(|v| v.keeper.as_mut());
        match keeper.map_or(Ok(()), Keeper::note_issued) {
            Ok(()) => true,
            Err(failure) => {
                self.fail(&failure);
                false
            }
        }
    }

    /// Requests have ended.
    pub(in crate::drive) fn journal_ended(&mut self) {
        let keeper = self.verification.as_mut().and_then(|v| v.keeper.as_mut());
        if let Err(failure) = keeper.map_or(Ok(()), Keeper::note_ended) {
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
