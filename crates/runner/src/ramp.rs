//! The warm-up of a job that lasts until so much has been moved (`ramp_size`).
//!
//! Jobs that are reported together warm up together: they count into one word of the board, the place of
//! the first of them. Each notices by itself that the amount is reached, when it next comes to its
//! requests; while it waits it does not look.

use std::sync::atomic::{AtomicU64, Ordering};

use fiord_options::Plan;
use fiord_options::plan::JobPlan;

/// A warm-up by amount, as one of its workers sees it.
#[derive(Debug)]
pub(crate) struct RampAmount<'a> {
    /// What all workers have moved together.
    moved: &'a AtomicU64,
    limit: u64,
    /// What this one has counted there so far.
    counted: u64,
}

impl<'a> RampAmount<'a> {
    /// A warm-up that ends when `moved` has come to `limit`.
    pub(crate) fn new(moved: &'a AtomicU64, limit: u64) -> RampAmount<'a> {
        RampAmount { moved, limit, counted: 0 }
    }

    /// Says how much this worker has moved in all; true if the warm-up is over.
    pub(crate) fn is_over(&mut self, bytes: u64) -> bool {
        let added = bytes.saturating_sub(self.counted);
        self.counted = bytes;
        let before = match added {
            0 => self.moved.load(Ordering::Relaxed),
            _ => self.moved.fetch_add(added, Ordering::Relaxed),
        };
        before.saturating_add(added) >= self.limit
    }
}

/// The worker in whose place on the board the warm-up of another one is counted.
pub(crate) fn counting_worker(plan: &Plan, job: &JobPlan, worker: u32) -> u32 {
    if job.limits.ramp_bytes.is_none() || !job.stats.group_reporting {
        return worker;
    }
    let together = |other: &&JobPlan| other.stats.group_reporting && other.group == job.group;
    let first = plan.jobs.iter().find(together);
    first.map_or(worker, |first| first.first_thread_number.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_of_a_group_warm_up_together() {
        let moved = AtomicU64::new(0);
        let mut one = RampAmount::new(&moved, 100);
        let mut other = RampAmount::new(&moved, 100);
        assert!(!one.is_over(0));
        assert!(!one.is_over(60));
        assert!(!one.is_over(60), "counted once");
        assert!(!other.is_over(39));
        assert!(!one.is_over(60));
        assert!(other.is_over(40));
        assert!(one.is_over(60), "it need not move anything more");
    }
}
