//! One latency of one direction inside a ledger.

use std::sync::atomic::AtomicU64;

use fiord_base::Direction;

use super::layout::{
    GROUPS, LatencyKind, PRIORITY_WORDS, Section, Words, add, find, find_array, load, moments,
    store,
};
use crate::histogram::{BUCKETS, bucket_of};

/// One latency of one direction as the writer sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell<'a> {
    pub(super) moments: &'a [AtomicU64; moments::WORDS],
    pub(super) histogram: Option<&'a [AtomicU64; BUCKETS]>,
}

impl Cell<'_> {
    /// Counts a value that occurred so many times and returns its bucket.
    #[inline(always)]
    pub(super) fn record(&self, ns: u64, times: u64) -> usize {
        let m = self.moments;
        add(&m[moments::COUNT], times);
        let all = u128::from(ns) * u128::from(times);
        // As large as that only if a value occurs more than 2^32 times or takes as many seconds.
        let squares = all.saturating_mul(u128::from(ns));
        add_wide(&m[moments::SUM_LOW], &m[moments::SUM_HIGH], all);
        add_wide(&m[moments::SQUARES_LOW], &m[moments::SQUARES_HIGH], squares);
        if !ns > load(&m[moments::NOT_MIN]) {
            store(&m[moments::NOT_MIN], !ns);
        }
        if ns > load(&m[moments::MAX]) {
            store(&m[moments::MAX], ns);
        }
        let Some(histogram) = self.histogram else { return 0 };
        let bucket = bucket_of(ns);
        match histogram.get(bucket) {
            Some(count) => {
                let before = load(count);
                store(count, before + times);
                if before == 0 {
                    let bit = 1 << (bucket / 64);
                    store(&m[moments::TOUCHED], load(&m[moments::TOUCHED]) | bit);
                }
            }
            None => add(&m[moments::OVERFLOW], times),
        }
        bucket
    }

    /// Values counted.
    pub(super) fn count(&self) -> u64 {
        load(&self.moments[moments::COUNT])
    }

    /// True if the histogram holds as many values as were counted.
    pub(super) fn is_consistent(&self) -> bool {
        self.histogram.is_none_or(|histogram| {
            let touched = load(&self.moments[moments::TOUCHED]);
            let groups = (0..GROUPS).filter(|group| touched >> group & 1 == 1);
            let in_groups = groups.flat_map(|group| &histogram[group * 64..(group + 1) * 64]);
            let held: u64 = in_groups.map(load).sum();
            held + load(&self.moments[moments::OVERFLOW]) == self.count()
        })
    }

    pub(super) fn reset(&self) {
        let touched = load(&self.moments[moments::TOUCHED]);
        if let Some(histogram) = self.histogram {
            for group in (0..GROUPS).filter(|g| touched >> g & 1 == 1) {
                histogram[group * 64..(group + 1) * 64].iter().for_each(|word| store(word, 0));
            }
        }
        self.moments.iter().for_each(|word| store(word, 0));
    }
}

/// Adds to a number of two words; the high one is rarely touched.
#[inline(always)]
pub(super) fn add_wide(low: &AtomicU64, high: &AtomicU64, value: u128) {
    let (sum, carry) = load(low).overflowing_add(value as u64);
    store(low, sum);
    let above = (value >> 64) as u64 + u64::from(carry);
    if above > 0 {
        add(high, above);
    }
}

pub(super) fn cell(words: Words<'_>, kind: LatencyKind, direction: Direction) -> Option<Cell<'_>> {
    let moments = find_array(words, Section::Moments(kind, direction))?;
    let histogram = find_array(words, Section::Histogram(kind, direction));
    Some(Cell { moments, histogram })
}

/// Latencies of a direction by priority; none where requests have but one.
pub(super) fn by_priority(words: Words<'_>, direction: Direction) -> Vec<Cell<'_>> {
    let area = find(words, Section::Priorities(direction, 0)).unwrap_or_default();
    area.chunks_exact(PRIORITY_WORDS).filter_map(one_priority).collect()
}

fn one_priority(words: Words<'_>) -> Option<Cell<'_>> {
    let (moments, histogram) = words.split_at_checked(moments::WORDS)?;
    Some(Cell { moments: moments.try_into().ok()?, histogram: Some(histogram.try_into().ok()?) })
}
