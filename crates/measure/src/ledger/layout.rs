//! The layout of a ledger: header, table of sections, and what each section holds.

use std::sync::atomic::{AtomicU64, Ordering};

use fiord_base::{DATA, Direction};

use crate::blocks::BLOCKS_MAX;
use crate::distribution::STRADDLES;
use crate::histogram::BUCKETS;
use crate::verification::{COUNT_WORDS, RECORD_WORDS, RECORDS_MAX};

/// Says that these words are a ledger of this layout.
pub(super) const MAGIC: u64 = 0x0001_7265_6764_656c;

pub(super) const GROUPS: usize = BUCKETS / 64;

/// Fixed places in the header, in words.
pub(super) mod header {
    pub(in crate::ledger) const MAGIC: usize = 0;
    pub(in crate::ledger) const SEQUENCE: usize = 1;
    pub(in crate::ledger) const SECTIONS: usize = 2;
    pub(in crate::ledger) const FIRST_SECTION: usize = 3;
    pub(in crate::ledger) const SECTION_WORDS: usize = 3;
    pub(in crate::ledger) const MAX_SECTIONS: usize = 40;
    pub(in crate::ledger) const WORDS: usize = FIRST_SECTION + MAX_SECTIONS * SECTION_WORDS;
}

/// Kinds of latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(super) enum LatencyKind {
    /// Start to issue.
    Submission = 0,
    /// Issue to completion.
    Completion = 1,
    /// Start to completion.
    Total = 2,
    /// Issue to completion of a flush.
    Flush = 3,
    /// Scheduled start to completion.
    Response = 4,
}

/// What a section holds; the number stands in the section table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// [`facts`].
    Facts,
    /// [`counters`] of a direction.
    Counters(Direction),
    /// Seven depth bins, seven submit bins, seven reap bins.
    Depths,
    /// One count per straddling bound of the distribution table.
    Straddles,
    /// [`moments`] of a latency.
    Moments(LatencyKind, Direction),
    /// Text messages of the worker, length first.
    Messages,
    /// Buckets of a latency.
    Histogram(LatencyKind, Direction),
    /// Moments and buckets for each priority that requests of a direction have.
    Priorities(Direction, usize),
    /// [`lag`] of a direction.
    Lag(Direction),
    /// The number of blocks that are followed, then a word for each.
    Blocks,
    /// Counts of verification, then records of mismatches.
    Verification,
}

impl Section {
    pub(super) fn id(self) -> u64 {
        match self {
            Section::Facts => 1,
            Section::Counters(d) => 0x10 + d as u64,
            Section::Depths => 2,
            Section::Straddles => 3,
            Section::Messages => 4,
            Section::Blocks => 5,
            Section::Verification => 6,
            Section::Moments(kind, d) => 0x100 + kind as u64 * 16 + d as u64,
            Section::Histogram(kind, d) => 0x200 + kind as u64 * 16 + d as u64,
            Section::Priorities(d, _) => 0x20 + d as u64,
            Section::Lag(d) => 0x30 + d as u64,
        }
    }

    pub(super) fn words(self) -> usize {
        match self {
            Section::Facts => facts::WORDS,
            Section::Counters(_) => counters::WORDS,
            Section::Depths => 21,
            Section::Straddles => STRADDLES,
            Section::Messages => MESSAGE_WORDS,
            Section::Moments(..) => moments::WORDS,
            Section::Histogram(..) => BUCKETS,
            Section::Priorities(_, count) => count * PRIORITY_WORDS,
            Section::Lag(_) => lag::WORDS,
            Section::Blocks => 1 + BLOCKS_MAX,
            Section::Verification => COUNT_WORDS + RECORDS_MAX * RECORD_WORDS,
        }
    }
}

/// Single values: times, CPU usage, the error that ended the job.
pub(super) mod facts {
    pub(in crate::ledger) const ERROR: usize = 0;
    pub(in crate::ledger) const TOTAL_ERRORS: usize = 1;
    pub(in crate::ledger) const FIRST_ERROR: usize = 2;
    pub(in crate::ledger) const FIRST_NS: usize = 3;
    pub(in crate::ledger) const LAST_NS: usize = 4;
    pub(in crate::ledger) const RUNTIME_NS: usize = 5;
    /// Five words: user and system microseconds, context switches, major and minor faults.
    pub(in crate::ledger) const USAGE: usize = 6;
    pub(in crate::ledger) const EPOCH: usize = 11;
    pub(in crate::ledger) const SYNC_IOS: usize = 12;
    pub(in crate::ledger) const PID: usize = 13;
    pub(in crate::ledger) const WALL_START_MS: usize = 14;
    pub(in crate::ledger) const LAT_IS_CLAT: usize = 15;
    pub(in crate::ledger) const DEPTH_ONE: usize = 16;
    pub(in crate::ledger) const PASS_NS: usize = 17;
    pub(in crate::ledger) const BATCHES_OF_ONE: usize = 18;
    /// What had been used before the measured phase, like [`USAGE`].
    pub(in crate::ledger) const USAGE_BEFORE: usize = 19;
    pub(in crate::ledger) const SUBMITS_SINGLY: usize = 24;
    /// The depth that `latency_target` has found so far.
    pub(in crate::ledger) const DEPTH: usize = 25;
    pub(in crate::ledger) const WORDS: usize = 26;
}

/// Counts of a direction.
pub(super) mod counters {
    pub(in crate::ledger) const BYTES: usize = 0;
    pub(in crate::ledger) const IOS: usize = 1;
    pub(in crate::ledger) const SHORT: usize = 2;
    pub(in crate::ledger) const RUNTIME_NS: usize = 3;
    pub(in crate::ledger) const WORDS: usize = 4;
}

/// Moments of a latency. The minimum is stored inverted, so that zeroed memory means "none yet".
pub(super) mod moments {
    pub(in crate::ledger) const COUNT: usize = 0;
    pub(in crate::ledger) const SUM_LOW: usize = 1;
    pub(in crate::ledger) const SUM_HIGH: usize = 2;
    pub(in crate::ledger) const SQUARES_LOW: usize = 3;
    pub(in crate::ledger) const SQUARES_HIGH: usize = 4;
    pub(in crate::ledger) const NOT_MIN: usize = 5;
    pub(in crate::ledger) const MAX: usize = 6;
    pub(in crate::ledger) const OVERFLOW: usize = 7;
    pub(in crate::ledger) const TOUCHED: usize = 8;
    pub(in crate::ledger) const WORDS: usize = 9;
}

/// How far requests of a direction started after they were due.
pub(super) mod lag {
    pub(in crate::ledger) const SUM_LOW: usize = 0;
    pub(in crate::ledger) const SUM_HIGH: usize = 1;
    pub(in crate::ledger) const MAX: usize = 2;
    pub(in crate::ledger) const LATE: usize = 3;
    pub(in crate::ledger) const WORDS: usize = 4;
}

pub(super) const MESSAGE_WORDS: usize = 513;

/// Words of each priority: moments, then buckets.
pub(super) const PRIORITY_WORDS: usize = moments::WORDS + BUCKETS;

/// What a worker measures; decides which sections its ledger has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LedgerConfig {
    /// Submission latency is measured.
    pub slat: bool,
    /// Completion latency is measured, with its histogram.
    pub clat: bool,
    /// Total latency is measured.
    pub lat: bool,
    /// Submission latency has a histogram.
    pub slat_histogram: bool,
    /// Total latency has a histogram.
    pub lat_histogram: bool,
    /// Requests start when they are issued (engines that complete inline), so that total latency is
    /// completion latency and is measured once.
    pub lat_is_clat: bool,
    /// There is never more than one request in flight, so depth tables follow from the counts.
    pub depth_one: bool,
    /// With `depth_one`, each request counts as submitted and completed in a batch of its own; fio
    /// counts none for engines that end requests without having a queue of that depth.
    pub batches_of_one: bool,
    /// Each request counts as a submission of its own, however many the loop has handed over together.
    pub submits_singly: bool,
    /// Priorities that reads and writes have, the job's own included; 0 where they all have that.
    pub priorities: [u16; 2],
    /// Requests have a schedule: their response time is measured, with its histogram, and how far they
    /// are behind.
    pub rated: bool,
    /// What becomes of each block of the region is followed.
    pub blocks: bool,
    /// Data are verified.
    pub verifies: bool,
}

impl LedgerConfig {
    pub(super) fn sections(&self) -> Vec<Section> {
        let mut sections = vec![Section::Facts, Section::Depths, Section::Straddles];
        sections.extend(DATA.map(Section::Counters));
        let own_lat = self.lat && !self.lat_is_clat;
        let clat = self.clat || (self.lat && self.lat_is_clat);
        let mut histograms = Vec::new();
        for (kind, on, histogram) in [
            (LatencyKind::Completion, clat, true),
            (LatencyKind::Submission, self.slat, self.slat_histogram),
            (LatencyKind::Total, own_lat, self.lat_histogram),
            (LatencyKind::Response, self.rated, true),
        ] {
            if on {
                sections.extend(DATA.map(|d| Section::Moments(kind, d)));
                if histogram {
                    histograms.extend(DATA.map(|d| Section::Histogram(kind, d)));
                }
            }
        }
        if self.rated {
            sections.extend(DATA.map(Section::Lag));
        }
        sections.push(Section::Moments(LatencyKind::Flush, Direction::Sync));
        sections.push(Section::Messages);
        sections.extend(histograms);
        sections.push(Section::Histogram(LatencyKind::Flush, Direction::Sync));
        for (direction, count) in
            [Direction::Read, Direction::Write].into_iter().zip(self.priorities)
        {
            if count > 0 {
                sections.push(Section::Priorities(direction, usize::from(count)));
            }
        }
        if self.verifies {
            sections.push(Section::Verification);
        }
        if self.blocks {
            sections.push(Section::Blocks);
        }
        sections
    }

    /// Words that a ledger of this configuration needs.
    pub fn words(&self) -> usize {
        header::WORDS + self.sections().iter().map(|s| s.words()).sum::<usize>()
    }
}

pub(super) type Words<'a> = &'a [AtomicU64];

#[inline]
pub(super) fn load(word: &AtomicU64) -> u64 {
    word.load(Ordering::Relaxed)
}

#[inline]
pub(super) fn store(word: &AtomicU64, value: u64) {
    word.store(value, Ordering::Relaxed);
}

#[inline]
pub(super) fn add(word: &AtomicU64, amount: u64) {
    store(word, load(word).wrapping_add(amount));
}

/// Finds a section in the table of a ledger.
pub(super) fn find<'a>(words: Words<'a>, section: Section) -> Option<Words<'a>> {
    let count = load(words.get(header::SECTIONS)?) as usize;
    (0..count.min(header::MAX_SECTIONS)).find_map(|i| {
        let entry = words.get(header::FIRST_SECTION + i * header::SECTION_WORDS..)?;
        let (id, start, len) = (load(entry.first()?), load(entry.get(1)?), load(entry.get(2)?));
        let end = start.checked_add(len)?;
        (id == section.id()).then(|| words.get(start as usize..end as usize))?
    })
}

pub(super) fn find_array<'a, const N: usize>(
    words: Words<'a>,
    section: Section,
) -> Option<&'a [AtomicU64; N]> {
    find(words, section)?.get(..N)?.try_into().ok()
}

/// Why words cannot serve as a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerError {
    /// Fewer words than [`LedgerConfig::words`].
    TooSmall,
    /// Not written by this version.
    Foreign,
}

impl std::fmt::Display for LedgerError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            LedgerError::TooSmall => "the memory for a job's results is too small",
            LedgerError::Foreign => "the memory for a job's results was written by another version",
        })
    }
}

impl std::error::Error for LedgerError {}
