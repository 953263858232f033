//! One latency of one direction inside a ledger.

use std::sync::atomic::AtomicU64;

use fiord_base::Direction;

use super::layout::{GROUPS, LatencyKind, Section, Words, add, find_array, load, moments, store};
use crate::histogram::{BUCKETS, bucket_of};

/// One latency of one direction as the writer sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell<'a> {
    pub(super) moments: &'a [AtomicU64; moments::WORDS],
    pub(super) histogram: Option<&'a [AtomicU64; BUCKETS]>,
}

impl Cell<'_> {
    /// Counts one value and returns its bucket.
    #[inline(always)]
    pub(super) fn record(&self, ns: u64) -> usize {
        let m = self.moments;
        add(&m[moments::COUNT], 1);
        let (sum, carry) = load(&m[moments::SUM_LOW]).overflowing_add(ns);
        store(&m[moments::SUM_LOW], sum);
        let square = u128::from(ns) * u128::from(ns);
        let (squares, square_carry) = load(&m[moments::SQUARES_LOW]).overflowing_add(square as u64);
        store(&m[moments::SQUARES_LOW], squares);
        if carry {
            add(&m[moments::SUM_HIGH], 1);
        }
        let high = (square >> 64) as u64 + u64::from(square_carry);
        if high > 0 {
            add(&m[moments::SQUARES_HIGH], high);
        }
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
                store(count, before + 1);
                if before == 0 {
                    let bit = 1 << (bucket / 64);
                    store(&m[moments::TOUCHED], load(&m[moments::TOUCHED]) | bit);
                }
            }
            None => add(&m[moments::OVERFLOW], 1),
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

pub(super) fn cell(words: Words<'_>, kind: LatencyKind, direction: Direction) -> Option<Cell<'_>> {
    let moments = find_array(words, Section::Moments(kind, direction))?;
    let histogram = find_array(words, Section::Histogram(kind, direction));
    Some(Cell { moments, histogram })
}
