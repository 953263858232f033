//! Interval samples of bandwidth and IOPS, taken by the parent from the ledgers.
//!
//! Samples and totals come from the same counters, so they cannot contradict each other. A direction
//! that a job has but that stood still for an interval gets a sample of zero: a stall is a fact.

use std::sync::atomic::AtomicU64;

use fiord_base::{DATA, PerDirection};
use fiord_measure::{Moments, Samples, ledger};
use fiord_options::plan::{Pattern, StatsPlan};

/// Samples of one worker.
#[derive(Clone, Debug)]
pub(crate) struct Sampler {
    pattern: Pattern,
    bandwidth: Series,
    iops: Series,
    epoch: u64,
}

/// One kind of sample.
#[derive(Clone, Debug)]
struct Series {
    period_ns: u64,
    last_ns: u64,
    last: PerDirection<u64>,
    samples: PerDirection<Moments>,
}

impl Series {
    fn new(period_ms: u32) -> Series {
        let period_ns = u64::from(period_ms.max(1)) * 1_000_000;
        Series {
            period_ns,
            last_ns: 0,
            last: PerDirection::default(),
            samples: PerDirection::default(),
        }
    }

    fn take(&mut self, pattern: Pattern, now_ns: u64, values: PerDirection<u64>, unit: u64) {
        let elapsed_ns = now_ns.saturating_sub(self.last_ns);
        if elapsed_ns < self.period_ns {
            return;
        }
        for direction in DATA.into_iter().filter(|d| pattern.has(*d)) {
            let delta = u128::from(values[direction].saturating_sub(self.last[direction]));
            let rate = delta * 1_000_000_000 / u128::from(elapsed_ns) / u128::from(unit);
            self.samples[direction].add(rate as u64);
        }
        self.last_ns = now_ns;
        self.last = values;
    }
}

impl Sampler {
    pub(crate) fn new(pattern: Pattern, stats: &StatsPlan) -> Sampler {
        Sampler {
            pattern,
            bandwidth: Series::new(stats.bw_period_ms),
            iops: Series::new(stats.iops_period_ms),
            epoch: 0,
        }
    }

    /// Takes the samples that are due.
    pub(crate) fn tick(&mut self, words: &[AtomicU64], now_ns: u64) {
        let Some(progress) = ledger::read_progress(words) else { return };
        if progress.first_ns == 0 {
            return;
        }
        if self.bandwidth.last_ns == 0 || progress.epoch != self.epoch {
            let start_ns = progress.first_ns;
            for series in [&mut self.bandwidth, &mut self.iops] {
                series.last_ns = start_ns;
                series.last = PerDirection::default();
                series.samples = PerDirection::default();
            }
            self.epoch = progress.epoch;
        }
        self.bandwidth.take(self.pattern, now_ns, progress.bytes, 1024);
        self.iops.take(self.pattern, now_ns, progress.ios, 1);
    }

    /// When the next sample is due, if the worker has begun.
    pub(crate) fn next_ns(&self) -> Option<u64> {
        let due = |series: &Series| series.last_ns + series.period_ns;
        (self.bandwidth.last_ns != 0).then(|| due(&self.bandwidth).min(due(&self.iops)))
    }

    /// Bandwidth samples in KiB/s.
    pub(crate) fn bandwidth(&self) -> PerDirection<Samples> {
        PerDirection::from_fn(|d| Samples::from(&self.bandwidth.samples[d]))
    }

    /// IOPS samples.
    pub(crate) fn iops(&self) -> PerDirection<Samples> {
        PerDirection::from_fn(|d| Samples::from(&self.iops.samples[d]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stalled_interval_is_a_sample_of_zero() {
        let pattern = Pattern { read: true, write: false, trim: false, random: false };
        let mut series = Series::new(500);
        series.last_ns = 1;
        let bytes = |n| PerDirection([n, 0, 0]);
        series.take(pattern, 500_000_001, bytes(1024 * 1024), 1024);
        series.take(pattern, 700_000_000, bytes(9 << 20), 1024);
        series.take(pattern, 1_000_000_001, bytes(1024 * 1024), 1024);
        let samples = Samples::from(&series.samples.0[0]);
        assert_eq!((samples.count, samples.min, samples.max), (2, 0, 2048));
        assert_eq!(Samples::from(&series.samples.0[1]).count, 0);
    }
}
