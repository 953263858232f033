//! The latency histogram: fio's geometry, so that json+ bins, percentiles and merged results agree.
//!
//! 29 groups of 64 buckets in nanoseconds. Values below 128 have a bucket each; above, bucket widths
//! double from group to group, so the representative value is within 1/128 of any member. Values
//! past the last bucket are counted apart and never clamped silently.

/// Buckets of a histogram.
pub const BUCKETS: usize = 29 * 64;

/// Smallest value that no bucket holds: 2^34 ns, about 17.2 s.
pub const OVERFLOW_NS: u64 = 1 << 34;

/// Bucket of a value, or [`BUCKETS`] when no bucket holds it.
#[inline]
pub fn bucket_of(ns: u64) -> usize {
    if ns < 128 {
        return ns as usize;
    }
    let shift = 63 - ns.leading_zeros() - 6;
    let bucket = ((shift as usize + 1) << 6) + ((ns >> shift) & 63) as usize;
    if bucket < BUCKETS { bucket } else { BUCKETS }
}

/// Representative value of a bucket in nanoseconds: its middle.
pub fn value_of(bucket: usize) -> u64 {
    if bucket < 128 {
        return bucket as u64;
    }
    let shift = (bucket >> 6) - 1;
    let base = 1u64 << (shift + 6);
    let index = (bucket & 63) as u64;
    base + (index << shift) + ((1u64 << shift) >> 1)
}

/// Counts per bucket, plus those that no bucket holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// [`BUCKETS`] counts, or empty when nothing was ever counted.
    counts: Vec<u64>,
    overflow: u64,
}

impl Histogram {
    /// Takes the counts of [`BUCKETS`] buckets and of values beyond them.
    pub fn from_counts(counts: Vec<u64>, overflow: u64) -> Histogram {
        assert!(counts.is_empty() || counts.len() == BUCKETS);
        Histogram { counts, overflow }
    }

    /// Counts one value.
    pub fn add(&mut self, ns: u64) {
        if self.counts.is_empty() {
            self.counts.resize(BUCKETS, 0);
        }
        match self.counts.get_mut(bucket_of(ns)) {
            Some(count) => *count += 1,
            None => self.overflow += 1,
        }
    }

    /// Adds the counts of another histogram.
    pub fn merge(&mut self, other: &Histogram) {
        if self.counts.is_empty() {
            self.counts.clone_from(&other.counts);
        } else {
            for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
                *mine += theirs;
            }
        }
        self.overflow += other.overflow;
    }

    /// All values counted, those beyond the buckets included.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum::<u64>() + self.overflow
    }

    /// Values at or beyond [`OVERFLOW_NS`].
    pub fn overflow(&self) -> u64 {
        self.overflow
    }

    /// Non-empty buckets as (representative nanoseconds, count), ascending.
    pub fn bins(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.counts
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
            .map(|(bucket, count)| (value_of(bucket), *count))
    }

    /// The value below or at which `percent` of all values lie, for each of `percents` (ascending).
    /// A percentile among the values beyond the buckets is reported as the last bucket's value.
    pub fn percentiles(&self, percents: &[f64]) -> Vec<u64> {
        let total = self.total();
        let mut bucket = 0;
        let mut running = self.counts.first().copied().unwrap_or(0);
        percents
            .iter()
            .map(|percent| {
                let wanted = percent / 100.0 * total as f64;
                while (running as f64) < wanted && bucket + 1 < BUCKETS {
                    bucket += 1;
                    running += self.counts.get(bucket).copied().unwrap_or(0);
                }
                value_of(bucket)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn geometry() {
        assert_eq!(bucket_of(127), 127);
        assert_eq!(bucket_of(128), 128);
        assert_eq!(bucket_of(129), 128);
        assert_eq!(value_of(128), 129);
        assert_eq!(bucket_of(OVERFLOW_NS - 1), BUCKETS - 1);
        assert_eq!(bucket_of(OVERFLOW_NS), BUCKETS);
        assert_eq!(bucket_of(u64::MAX), BUCKETS);
        // Representative values that fio 3.42 printed for these latencies (samples).
        assert_eq!(value_of(bucket_of(17_800)), 17_792);
        assert_eq!(value_of(bucket_of(514_048)), 514_048);
    }

    #[test]
    fn every_value_is_within_its_error() {
        let mut ns = 1u64;
        while ns < OVERFLOW_NS {
            let value = value_of(bucket_of(ns));
            assert!(value.abs_diff(ns) * 128 <= ns, "{ns} -> {value}");
            ns += ns / 97 + 1;
        }
    }

    #[test]
    fn percentile_is_first_bucket_that_reaches_the_share() {
        let mut histogram = Histogram::default();
        for ns in 1..=100 {
            histogram.add(ns);
        }
        assert_eq!(histogram.percentiles(&[1.0, 50.0, 99.9, 100.0]), [1, 50, 100, 100]);
        assert_eq!(histogram.total(), 100);
    }

    #[test]
    fn overflow_is_counted_not_clamped() {
        let mut histogram = Histogram::default();
        histogram.add(60_000_000_000);
        assert_eq!((histogram.overflow(), histogram.total()), (1, 1));
        assert_eq!(histogram.bins().count(), 0);
    }
}
