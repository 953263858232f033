//! What a sequence of requests amounts to, found by making it: the numbers of the plan are those of
//! the run because they come from the same decisions.
//!
//! Requests of the short way that have one direction are entered in one go, so that the sum of a plain
//! job costs nothing whatever its size.

use fiord_base::{DATA, Direction, PerDirection};
use fiord_options::plan::JobPlan;

use super::Generator;
use super::distribution::{Precondition, physical_bytes};
use super::offset::FileState;
use super::setup::{map_unit, uses_map};
use super::strided::extent;
use crate::{BlockMap, Outcome, Regions, Request, Step};

/// The sum of a sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Bytes by direction.
    pub bytes: PerDirection<u64>,
    /// Requests by direction.
    pub requests: PerDirection<u64>,
    /// Flushes between them.
    pub flushes: u64,
}

impl Tally {
    fn add(&mut self, request: &Request, count: u64) {
        if request.direction.is_data() {
            let direction = request.direction;
            let bytes = &mut self.bytes[direction];
            *bytes = bytes.saturating_add(request.length.saturating_mul(count));
            self.requests[direction] = self.requests[direction].saturating_add(count);
        } else {
            self.flushes = self.flushes.saturating_add(count);
        }
    }

    /// Bytes over all directions.
    pub fn total_bytes(&self) -> u64 {
        DATA.into_iter().fold(0, |sum, direction| sum.saturating_add(self.bytes[direction]))
    }
}

impl Generator {
    /// The sum of all requests if each one succeeds; `None` if that takes more steps than `steps` has,
    /// which is counted down. A sequence that only time ends has no sum.
    pub fn tally(mut self, steps: &mut u64) -> Option<Tally> {
        if self.bounds.time_based {
            return None;
        }
        let mut tally = Tally::default();
        loop {
            *steps = steps.checked_sub(1)?;
            let step = self.next();
            let Step::Issue(request) = step else {
                if step == Step::End {
                    return Some(tally);
                }
                continue;
            };
            let count = 1 + self.skip_alike();
            tally.add(&request, count);
            let moved = Outcome::Bytes(request.length.saturating_mul(count));
            self.done(&request, moved);
        }
    }

    /// Enters all requests of the short way as issued if they have one direction; returns how many.
    /// They end the pass or the target, so that nothing asks for their offsets any more.
    fn skip_alike(&mut self) -> u64 {
        let count = self.express.left;
        if count == 0 || !self.express.skip() {
            return 0;
        }
        if self.express.fills_map()
            && let Some(map) = self.files.first_mut().and_then(|file| file.map.as_mut())
        {
            map.fill();
        }
        count
    }
}

/// Bytes of what a generator keeps for so many targets, without their maps.
pub fn state_bytes(files: usize) -> u64 {
    (files as u64).saturating_mul(size_of::<FileState>() as u64)
}

/// Bytes of the maps of visited blocks of a clone, or of those that are written again; `None` if there cannot be so much memory.
pub fn map_bytes(plan: &JobPlan, regions: &Regions) -> Option<u64> {
    if let Some(settings) = &plan.pattern.precondition {
        let block = plan.blocks.min[Direction::Write].max(1);
        let blocks = physical_bytes(settings, regions.size, block) / block;
        return Some(Precondition::bytes_for(settings, blocks));
    }
    if !uses_map(plan) {
        return Some(0);
    }
    let unit = map_unit(plan);
    regions.files.iter().try_fold(0u64, |sum, region| {
        sum.checked_add(BlockMap::bytes_for(extent(plan, region) / unit)?)
    })
}
