//! Flushes after so many writes.

use fiord_base::Direction;
use fiord_options::plan::JobPlan;

use super::offset::Extent;

/// When flushes are due.
#[derive(Clone, Debug)]
pub(super) struct Flush {
    /// Any of the kinds is asked for.
    pub(super) any: bool,
    fsync_every: u64,
    fdatasync_every: u64,
    range_every: u64,
    /// Writes issued.
    writes: u64,
    /// The last request was a write.
    pub(super) after_write: bool,
    /// First byte and end of what was written since the last range flush, by file.
    dirty: Vec<Option<(u64, u64)>>,
}

impl Flush {
    pub(super) fn new(plan: &JobPlan, files: usize) -> Flush {
        let flush = &plan.flush;
        let every = [flush.fsync_every, flush.fdatasync_every, flush.range_every].map(u64::from);
        Flush {
            any: plan.pattern.rw.write && every.iter().any(|every| *every != 0),
            fsync_every: every[0],
            fdatasync_every: every[1],
            range_every: every[2],
            writes: 0,
            after_write: false,
            dirty: vec![None; if every[2] == 0 { 0 } else { files }],
        }
    }

    /// A request was issued.
    pub(super) fn issued(&mut self, direction: Direction, index: u32, extent: Extent) {
        self.after_write = direction == Direction::Write;
        if !self.after_write {
            return;
        }
        self.writes += 1;
        if let Some(dirty) = self.dirty.get_mut(index as usize) {
            let (from, to) = (extent.offset, extent.offset + extent.length);
            *dirty = Some(dirty.map_or((from, to), |old| (old.0.min(from), old.1.max(to))));
        }
    }

    /// What a range flush of the file has to cover.
    pub(super) fn take_range(&mut self, index: u32) -> Extent {
        let range = self.dirty.get_mut(index as usize).and_then(Option::take);
        let (from, to) = range.unwrap_or_default();
        Extent { offset: from, length: to - from }
    }

    /// The kind of flush that comes before the next request.
    pub(super) fn due(&self) -> Option<Direction> {
        if !self.after_write || self.writes == 0 {
            return None;
        }
        let hits = |every: u64| every != 0 && self.writes.is_multiple_of(every);
        if hits(self.fsync_every) {
            Some(Direction::Sync)
        } else if hits(self.fdatasync_every) {
            Some(Direction::Datasync)
        } else if hits(self.range_every) {
            Some(Direction::SyncFileRange)
        } else {
            None
        }
    }
}
