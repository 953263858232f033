//! How long a run will still take, from what its jobs have done so far.

use fiord_base::DATA;
use fiord_measure::ledger::Progress;

use crate::board::State;
use crate::order::Order;

/// Bytes per second are too uncertain before this.
const SETTLING_NS: u64 = 3_000_000_000;

/// Collects the remaining time of all workers: those that run side by side overlap, those that wait
/// behind a barrier come after.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Estimate {
    running_ns: u64,
    waiting_ns: u64,
    unknown: bool,
}

impl Estimate {
    /// Adds one worker.
    pub(crate) fn add(&mut self, order: &Order, state: State, progress: &Progress, now_ns: u64) {
        let limits = &order.job.limits;
        let ramp_ns = limits.ramp_ns.unwrap_or(0);
        // Nobody knows how long it takes to warm up by an amount.
        let warms_up = !matches!(state, State::Running) && limits.ramp_bytes.is_some();
        match state {
            State::Reaped | State::Ended | State::Finishing | State::Flushing => {}
            _ if warms_up && limits.time_based => self.unknown = true,
            State::Waiting => match limits.runtime_ns {
                Some(runtime_ns) if order.job.stonewall && order.clone_number == 0 => {
                    self.waiting_ns += runtime_ns + ramp_ns;
                }
                Some(runtime_ns) => {
                    let delay_ns = order.job.start_delay_ns.1;
                    self.running_ns = self.running_ns.max(delay_ns + runtime_ns + ramp_ns);
                }
                None => self.unknown = true,
            },
            _ => match remaining_ns(order, progress, now_ns) {
                Some(ns) => self.running_ns = self.running_ns.max(ns),
                None => self.unknown = true,
            },
        }
    }

    /// Seconds to go, if known.
    pub(crate) fn seconds(&self) -> Option<u64> {
        let total_ns = self.running_ns + self.waiting_ns;
        (!self.unknown).then(|| total_ns.div_ceil(1_000_000_000))
    }
}

fn remaining_ns(order: &Order, progress: &Progress, now_ns: u64) -> Option<u64> {
    let limits = &order.job.limits;
    let elapsed_ns = match progress.first_ns {
        0 => 0,
        first_ns => now_ns.saturating_sub(first_ns),
    };
    let by_time = limits.runtime_ns.map(|runtime_ns| runtime_ns.saturating_sub(elapsed_ns));
    if limits.time_based {
        return by_time;
    }
    let by_bytes = bytes_wanted(order).and_then(|wanted| {
        let done: u64 = DATA.into_iter().map(|d| progress.bytes[d]).sum();
        if done == 0 || elapsed_ns < SETTLING_NS {
            return None;
        }
        let rest = u128::from(wanted.saturating_sub(done));
        u64::try_from(u128::from(elapsed_ns) * rest / u128::from(done)).ok()
    });
    match (by_time, by_bytes) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn bytes_wanted(order: &Order) -> Option<u64> {
    let layout = order.layout.as_ref()?;
    let once = layout.io_size.unwrap_or(layout.size);
    Some(once.saturating_mul(u64::from(order.job.limits.loops.max(1))))
}
