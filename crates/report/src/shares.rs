//! Percentages that several formats show: of depths, of latencies, of a group's bandwidth, of a CPU.

use fiord_measure::{JobReport, Samples};

/// Labels of queue depths.
pub(crate) const DEPTH_LABELS: [&str; 7] = ["1", "2", "4", "8", "16", "32", ">=64"];
/// Labels of batch sizes.
pub(crate) const BATCH_LABELS: [&str; 7] = ["0", "4", "8", "16", "32", "64", ">=64"];
/// Labels of latencies in any unit; the last two exist in milliseconds only.
pub(crate) const LATENCY_LABELS: [&str; 12] =
    ["2", "4", "10", "20", "50", "100", "250", "500", "750", "1000", "2000", ">=2000"];

/// Requests by queue depth, in percent of the data requests: with flushes the sum is above 100.
pub(crate) fn depths(job: &JobReport) -> [f64; 7] {
    share(&job.depths, job.total_ios(), 0.1)
}

/// Batches by size, in percent of batches.
pub(crate) fn batches(bins: &[u64; 7]) -> [f64; 7] {
    share(bins, bins.iter().sum(), 0.1)
}

/// Requests by completion latency, in percent: nanoseconds, microseconds, milliseconds.
pub(crate) fn latencies(job: &JobReport) -> ([f64; 10], [f64; 10], [f64; 12]) {
    let total = job.total_ios();
    (
        share(&job.latency_ns, total, 0.01),
        share(&job.latency_us, total, 0.01),
        share(&job.latency_ms, total, 0.01),
    )
}

/// Percents of `total`; what is there but smaller than `least` is shown as `least`.
fn share<const N: usize>(counts: &[u64; N], total: u64, least: f64) -> [f64; N] {
    counts.map(|count| {
        if count == 0 || total == 0 {
            return 0.0;
        }
        (count as f64 * 100.0 / total as f64).max(least)
    })
}

/// User and system CPU time in percent of the job's wall time.
pub(crate) fn cpu(job: &JobReport) -> (f64, f64) {
    if job.runtime_ms == 0 {
        return (0.0, 0.0);
    }
    let percent = |us: u64| us as f64 / 10.0 / job.runtime_ms as f64;
    (percent(job.user_us), percent(job.system_us))
}

/// Mean sampled bandwidth in percent of the group's, at most 100. fio takes the integer part of
/// the mean here.
pub(crate) fn of_group(samples: &Samples, group_bytes_per_second: u64) -> f64 {
    if samples.count == 0 {
        return 0.0;
    }
    if group_bytes_per_second == 0 {
        return 100.0;
    }
    let group_kib = group_bytes_per_second as f64 / 1024.0;
    (samples.mean.trunc() * 100.0 / group_kib).min(100.0)
}

/// The same for terse output, where fio takes the integer part of the group's bandwidth instead.
pub(crate) fn of_group_terse(samples: &Samples, group_bytes_per_second: u64) -> f64 {
    if samples.count == 0 {
        return 0.0;
    }
    if group_bytes_per_second < 1024 {
        return 100.0;
    }
    (samples.mean * 100.0 / (group_bytes_per_second / 1024) as f64).min(100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_shares_stay_visible() {
        let shares = share(&[0, 1, 999_999], 1_000_000, 0.1);
        assert_eq!(shares[..2], [0.0, 0.1]);
        assert_eq!(share(&[5, 0], 0, 0.1), [0.0, 0.0]);
    }

    /// The samples that fio 3.42 printed for a job of 6574144 B/s.
    #[test]
    fn share_of_the_group_in_both_roundings() {
        let samples = Samples { count: 13, mean: 6311.538462, ..Samples::default() };
        assert_eq!(format!("{:.6}", of_group(&samples, 6_574_144)), "98.301224");
        assert_eq!(format!("{:.6}", of_group_terse(&samples, 6_574_144)), "98.310568");
        assert_eq!(of_group(&samples, 1000), 100.0);
        assert_eq!(of_group(&Samples::default(), 1000), 0.0);
    }
}
