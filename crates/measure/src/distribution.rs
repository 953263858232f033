//! The table "how many requests took less than 2, 4, 10, 20, 50 ... ns, us, ms".
//!
//! It is derived from the completion-latency histogram, so that a request pays nothing for it. Where a
//! bound of the table lies inside a histogram bucket, the values at or above the bound are counted
//! apart ([`straddle`]); that is the case for a few bounds only.

use crate::Histogram;
use crate::histogram::{BUCKETS, bucket_of};

/// Upper bounds in nanoseconds; the last class, at or above the last bound, has none.
const BOUNDS_NS: [u64; 31] = bounds();

const fn bounds() -> [u64; 31] {
    let steps = [2, 4, 10, 20, 50, 100, 250, 500, 750, 1000];
    let mut bounds = [0; 31];
    let mut i = 0;
    let mut unit = 1;
    while i < 30 {
        bounds[i] = steps[i % 10] * unit;
        i += 1;
        if i % 10 == 0 {
            unit *= 1000;
        }
    }
    bounds[30] = 2_000_000_000;
    bounds
}

/// Number of bounds, each of which may straddle a bucket.
pub const STRADDLES: usize = BOUNDS_NS.len();

/// For each bucket: 1 + index of the bound inside it, or 0.
static STRADDLING: [u8; BUCKETS + 1] = straddling();

const fn straddling() -> [u8; BUCKETS + 1] {
    let mut table = [0; BUCKETS + 1];
    let mut i = 0;
    while i < BOUNDS_NS.len() {
        let bucket = const_bucket_of(BOUNDS_NS[i]);
        if const_bucket_of(BOUNDS_NS[i] - 1) == bucket {
            table[bucket] = i as u8 + 1;
        }
        i += 1;
    }
    table
}

/// [`bucket_of`] in a form that constants can use; all bounds lie inside the buckets.
const fn const_bucket_of(ns: u64) -> usize {
    if ns < 128 {
        return ns as usize;
    }
    let shift = 63 - ns.leading_zeros() - 6;
    ((shift as usize + 1) << 6) + ((ns >> shift) & 63) as usize
}

/// The index of the bound that a value passed inside its own bucket, if any.
#[inline]
pub fn straddle(bucket: usize, ns: u64) -> Option<usize> {
    let entry = STRADDLING[bucket.min(BUCKETS)];
    if entry == 0 {
        return None;
    }
    let index = entry as usize - 1;
    (ns >= BOUNDS_NS[index]).then_some(index)
}

/// Requests per class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    /// Classes below 1000 ns.
    pub ns: [u64; 10],
    /// Classes below 1000 us.
    pub us: [u64; 10],
    /// Classes below 2000 ms, and the rest.
    pub ms: [u64; 12],
}

impl Distribution {
    /// Sorts a histogram into classes; `above(i)` is how many values of the bucket that contains bound
    /// `i` lie at or above it.
    pub fn from_histogram(histogram: &Histogram, above: impl Fn(usize) -> u64) -> Distribution {
        let mut classes = [0; 32];
        for (value, count) in histogram.bins() {
            let bucket = bucket_of(value);
            match STRADDLING[bucket] {
                0 => classes[BOUNDS_NS.partition_point(|bound| *bound <= value)] += count,
                entry => {
                    let index = entry as usize - 1;
                    let above = above(index).min(count);
                    classes[index] += count - above;
                    classes[index + 1] += above;
                }
            }
        }
        classes[31] += histogram.overflow();
        let part = |from: usize| std::array::from_fn(|i| classes[from + i]);
        Distribution { ns: part(0), us: part(10), ms: std::array::from_fn(|i| classes[20 + i]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class_of(ns: u64) -> usize {
        let mut histogram = Histogram::default();
        histogram.add(ns);
        let passed = straddle(bucket_of(ns), ns);
        let d = Distribution::from_histogram(&histogram, |i| u64::from(passed == Some(i)));
        let all: Vec<u64> = d.ns.into_iter().chain(d.us).chain(d.ms).collect();
        assert_eq!(all.iter().sum::<u64>(), 1);
        all.iter().position(|c| *c == 1).unwrap()
    }

    #[test]
    fn every_bound_is_sharp() {
        for (index, bound) in BOUNDS_NS.into_iter().enumerate() {
            assert_eq!(class_of(bound - 1), index, "just below {bound}");
            assert_eq!(class_of(bound), index + 1, "at {bound}");
        }
        assert_eq!(class_of(60_000_000_000), 31);
    }

    #[test]
    fn constant_and_normal_bucket_agree() {
        for ns in (0..1 << 20).chain([1 << 30, (1 << 34) - 1]) {
            assert_eq!(const_bucket_of(ns), bucket_of(ns));
        }
    }
}
