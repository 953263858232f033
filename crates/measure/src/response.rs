//! Response time: how long requests of a rated job took, counted from when they were due.
//!
//! A rate is a schedule of starts. Latency begins when a request is started, so a request that could not
//! be started in time, because all places of the queue were taken or because the worker was kept, hides
//! that wait. Response time begins with the schedule, and the difference between the two is the lag.
//! `docs/response-time.md` explains it to users.

use crate::Latency;

/// A request that starts later than this after it was due is late. It is what a sleeping thread may be
/// woken too late by on an idle machine (timer slack, a deep sleep of the CPU, the scheduler), so that
/// what is counted is held up by something else.
pub const LATE_NS: u64 = 100_000;

/// Differences up to this are no news, however large they are in proportion.
const MATERIAL_NS: f64 = 10_000.0;

/// The same, between two single values: the largest ones.
const MATERIAL_MAX_NS: f64 = 1_000_000.0;

/// Response times of one direction of a rated job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// Scheduled start to completion.
    pub latency: Latency,
    /// Scheduled start to start.
    pub lag: ScheduleLag,
}

/// How far requests started after they were due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScheduleLag {
    /// Requests that had a scheduled start.
    pub count: u64,
    /// Sum of lags, nanoseconds.
    pub sum_ns: u128,
    /// Largest lag.
    pub max_ns: u64,
    /// Requests that started more than [`LATE_NS`] after they were due.
    pub late: u64,
}

impl ScheduleLag {
    /// Adds that of other requests.
    pub fn merge(&mut self, other: &ScheduleLag) {
        self.count += other.count;
        self.sum_ns += other.sum_ns;
        self.max_ns = self.max_ns.max(other.max_ns);
        self.late += other.late;
    }

    /// Mean lag in nanoseconds; 0 without requests.
    pub fn mean_ns(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum_ns as f64 / self.count as f64 }
    }
}

impl Response {
    /// Adds that of other requests.
    pub fn merge(&mut self, other: &Response) {
        self.latency.merge(&other.latency);
        self.lag.merge(&other.lag);
    }

    /// True if response time says something that latency does not: its mean or 99th percentile differ by
    /// more than 10 % and 10 us, or its maximum by more than 10 % and 1 ms.
    ///
    /// `total` is the latency from the start to completion, `completion` that from the issue. Where
    /// total latency has no histogram, the 99th percentile is compared with that of completion; where
    /// total latency is not measured at all, everything is.
    pub fn differs_from(&self, total: &Latency, completion: &Latency) -> bool {
        let latency = if total.moments.count > 0 { total } else { completion };
        if self.latency.moments.count == 0 {
            return false;
        }
        if latency.moments.count == 0 {
            return true;
        }
        let differs = |response: f64, latency: f64, least: f64| {
            let difference = (response - latency).abs();
            difference > least && difference > latency / 10.0
        };
        let (mine, theirs) = (&self.latency.moments, &latency.moments);
        let with_histogram = [latency, completion].into_iter().find(|l| l.histogram.total() > 0);
        let high = |latency: &Latency| latency.histogram.percentiles(&[99.0])[0] as f64;
        differs(mine.mean(), theirs.mean(), MATERIAL_NS)
            || differs(mine.max as f64, theirs.max as f64, MATERIAL_MAX_NS)
            || with_histogram.is_some_and(|l| differs(high(&self.latency), high(l), MATERIAL_NS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latency(values: impl IntoIterator<Item = u64>) -> Latency {
        let mut latency = Latency::default();
        values.into_iter().for_each(|ns| latency.add(ns));
        latency
    }

    fn differs(response: Latency, total: &Latency) -> bool {
        Response { latency: response, lag: ScheduleLag::default() }.differs_from(total, total)
    }

    #[test]
    fn small_differences_are_not_material() {
        let total = latency([50_000; 1000]);
        assert!(!differs(total.clone(), &total));
        assert!(!differs(latency([59_000; 1000]), &total), "18 %, but 9 us");
        assert!(differs(latency([61_000; 1000]), &total), "22 %, and 11 us");
        let slow = latency([500_000; 1000]);
        assert!(!differs(latency([540_000; 1000]), &slow), "40 us, but 8 %");
    }

    #[test]
    fn mean_percentile_and_maximum_count_each_alone() {
        let total = latency([1_000_000; 1000]);
        let one = |ns| latency([1_000_000; 999].into_iter().chain([ns]));
        assert!(!differs(one(1_900_000), &total), "0.9 ms");
        assert!(differs(one(2_200_000), &total), "the maximum");
        let few = latency([1_000_000; 985].into_iter().chain([1_800_000; 15]));
        assert!(differs(few, &total), "the 99th percentile: the mean moves by 1 %");
        assert!(!differs(one(1_000_000), &Latency { histogram: Default::default(), ..total }));
    }

    #[test]
    fn what_has_no_counterpart_is_told() {
        assert!(differs(latency([1]), &Latency::default()));
        assert!(!differs(Latency::default(), &latency([1])), "there is nothing to tell");
        let by_clat = Response { latency: latency([90_000; 9]), lag: ScheduleLag::default() };
        assert!(by_clat.differs_from(&Latency::default(), &latency([50_000; 9])));
    }

    #[test]
    fn lags_add_up() {
        let mut lag = ScheduleLag { count: 1, sum_ns: 10, max_ns: 10, late: 0 };
        assert!(ScheduleLag::default().mean_ns() == 0.0);
        lag.merge(&ScheduleLag { count: 3, sum_ns: 600_030, max_ns: 600_000, late: 1 });
        assert_eq!(lag, ScheduleLag { count: 4, sum_ns: 600_040, max_ns: 600_000, late: 1 });
        assert!((lag.mean_ns() - 150_010.0).abs() < 1e-9);
    }
}
