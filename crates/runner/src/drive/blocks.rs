//! What becomes of each block of the region (`block_error_percentiles`).
//!
//! Requests are translated to blocks here; the history of each block is kept in the ledger. Jobs that do
//! not ask for it pass by: their completions are not looked at.

use std::ops::Range;

use fiord_base::{Direction, FileIndex};
use fiord_engine::Unit;
use fiord_measure::BlockState;
use fiord_measure::blocks::BLOCKS_MAX;
use fiord_options::plan::JobPlan;

use super::Drive;
use super::settle::is_whole;
use crate::failure::Failure;
use crate::layout::TargetFile;

/// The blocks of a region: where the first one begins, how large each is, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockGrid {
    start: u64,
    block_bytes: u64,
    pub(super) count: usize,
}

impl BlockGrid {
    /// The blocks of a job that asks for their fate: as large as its smallest trim or, without trims, its
    /// smallest write.
    pub(crate) fn of(job: &JobPlan, files: &[TargetFile]) -> Result<Option<BlockGrid>, Failure> {
        if !job.stats.block_error_percentiles {
            return Ok(None);
        }
        let [file] = files else {
            let text = format!("block_error_percentiles needs a single file, not {}", files.len());
            return Err(Failure::rule(text));
        };
        let direction = if job.pattern.rw.trim { Direction::Trim } else { Direction::Write };
        let block_bytes = job.blocks.min[direction].max(1);
        let count = file.size / block_bytes;
        match usize::try_from(count).ok().filter(|count| *count <= BLOCKS_MAX) {
            Some(count) => Ok(Some(BlockGrid { start: file.offset, block_bytes, count })),
            None => Err(Failure::rule(format!(
                "block_error_percentiles follows {BLOCKS_MAX} blocks at most, and '{}' has {count} \
                 of {block_bytes} bytes (a smaller size or a larger bs makes them fewer)",
                file.path.display()
            ))),
        }
    }

    /// Blocks that have a byte in this part of the file.
    fn touched(&self, part: &Range<u64>) -> Range<usize> {
        let end = part.end.saturating_sub(self.start).div_ceil(self.block_bytes);
        self.limited(part.start.saturating_sub(self.start) / self.block_bytes..end)
    }

    /// Blocks that are whole in this part of the file.
    fn covered(&self, part: &Range<u64>) -> Range<usize> {
        let first = part.start.saturating_sub(self.start).div_ceil(self.block_bytes);
        self.limited(first..part.end.saturating_sub(self.start) / self.block_bytes)
    }

    fn limited(&self, blocks: Range<u64>) -> Range<usize> {
        let place = |block: u64| usize::try_from(block).map_or(self.count, |b| b.min(self.count));
        place(blocks.start)..place(blocks.end)
    }
}

impl Drive<'_> {
    /// Notes the transfers that have completed as a whole.
    pub(super) fn follow_completed(&mut self) {
        for index in 0..self.done.list().len() {
            let completion = self.done.list()[index];
            let unit = self.units[completion.slot.index()];
            if is_whole(&unit, completion.result) {
                self.follow_moved(&unit, unit.length);
            }
        }
    }

    /// Notes that so many bytes, from the first one on, have been written or trimmed. What is trimmed in
    /// part only keeps its data, so that this is no trim of the block.
    pub(super) fn follow_moved(&mut self, unit: &Unit, bytes: u64) {
        let Some(grid) = self.blocks.filter(|_| unit.file == FileIndex(0)) else { return };
        let part = unit.offset..unit.offset.saturating_add(bytes);
        match unit.direction {
            Direction::Trim => self.ledger.record_blocks(grid.covered(&part), BlockState::Trimmed),
            Direction::Write if bytes > 0 => {
                self.ledger.record_blocks(grid.touched(&part), BlockState::Written);
            }
            _ => {}
        }
    }

    /// Notes that a write or trim failed, in all blocks that it had not moved by then: which of them it was
    /// is not known.
    pub(super) fn follow_failed(&mut self, unit: &Unit) {
        let Some(grid) = self.blocks.filter(|_| unit.file == FileIndex(0)) else { return };
        let state = match unit.direction {
            Direction::Trim => BlockState::TrimFailure,
            Direction::Write => BlockState::WriteFailure,
            _ => return,
        };
        self.follow_moved(unit, unit.progress);
        let from = unit.offset.saturating_add(unit.progress);
        let rest = from..unit.offset.saturating_add(unit.length);
        self.ledger.record_blocks(grid.touched(&rest), state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_file_are_blocks() {
        let grid = BlockGrid { start: 1000, block_bytes: 100, count: 5 };
        assert_eq!(grid.touched(&(1000..1100)), 0..1);
        assert_eq!(grid.covered(&(1000..1100)), 0..1);
        assert_eq!(grid.touched(&(1150..1301)), 1..4);
        assert_eq!(grid.covered(&(1150..1301)), 2..3);
        assert!(grid.covered(&(1150..1199)).is_empty());
        assert_eq!(grid.touched(&(1400..1900)), 4..5, "there are no blocks behind the last one");
        assert_eq!(grid.covered(&(0..u64::MAX)), 0..5);
    }
}
