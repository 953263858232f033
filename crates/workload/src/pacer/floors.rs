//! Floors of rates (`rate_min`, `rate_iops_min`): a job that falls below ends.
//!
//! The mean since the last check is looked at once in `rate_cycle`. The first two seconds after the
//! ramp do not count: they begin the first cycle.

use fiord_base::{DATA, Direction, PerDirection};
use fiord_options::plan::{Pattern, RatePlan};

/// Time in which a job may be slower.
const GRACE_NS: u64 = 2_000_000_000;
const MILLI_NS: u64 = 1_000_000;
const SECOND_NS: u128 = 1_000_000_000;

/// Looks at what a job has moved.
#[derive(Clone, Debug)]
pub struct Floors {
    bytes_min: PerDirection<Option<u64>>,
    ios_min: PerDirection<Option<u64>>,
    cycle_ns: u64,
    next_ns: u64,
    /// Time and amounts at the last check; nothing during the grace.
    last: Option<(u64, PerDirection<(u64, u64)>)>,
}

/// A floor that was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed {
    /// Of which direction.
    pub direction: Direction,
    /// The floor is in requests and not in bytes.
    pub in_requests: bool,
    /// The floor, per second.
    pub asked: u64,
    /// What was seen, per second.
    pub got: u64,
}

impl Floors {
    /// `None` if there are no floors under what the job does: one value stands for all directions.
    pub fn new(rate: &RatePlan, rw: Pattern) -> Option<Floors> {
        let used = |bounds: PerDirection<Option<u64>>| {
            PerDirection::from_fn(|direction| bounds[direction].filter(|_| rw.has(direction)))
        };
        let (bytes_min, ios_min) = (used(rate.bytes_min), used(rate.iops_min));
        let given = |bounds: &PerDirection<Option<u64>>| bounds.0.iter().any(Option::is_some);
        (given(&bytes_min) || given(&ios_min)).then(|| Floors {
            bytes_min,
            ios_min,
            cycle_ns: u64::from(rate.check_ms) * MILLI_NS,
            next_ns: 0,
            last: None,
        })
    }

    /// The job begins.
    pub fn begin(&mut self, now_ns: u64) {
        self.next_ns = now_ns.saturating_add(GRACE_NS);
        self.last = None;
    }

    /// True if it is time for [`Floors::check`].
    #[inline]
    pub fn is_due(&self, now_ns: u64) -> bool {
        now_ns >= self.next_ns
    }

    /// Compares what has been moved, in bytes and requests since the job began, with the floors.
    pub fn check(&mut self, now_ns: u64, moved: &PerDirection<(u64, u64)>) -> Option<Missed> {
        let last = self.last.replace((now_ns, *moved));
        self.next_ns = now_ns.saturating_add(self.cycle_ns.max(1));
        let (then_ns, before) = last?;
        let elapsed_ns = u128::from(now_ns.saturating_sub(then_ns).max(1));
        let mean = |now: u64, then: u64| {
            let amount = u128::from(now.saturating_sub(then)) * SECOND_NS / elapsed_ns;
            u64::try_from(amount).unwrap_or(u64::MAX)
        };
        DATA.into_iter().find_map(|direction| {
            let (now, then) = (moved[direction], before[direction]);
            let missed = |floor: Option<u64>, in_requests: bool, got: u64| {
                let asked = floor.filter(|floor| got < *floor)?;
                Some(Missed { direction, in_requests, asked, got })
            };
            missed(self.bytes_min[direction], false, mean(now.0, then.0))
                .or_else(|| missed(self.ios_min[direction], true, mean(now.1, then.1)))
        })
    }
}
