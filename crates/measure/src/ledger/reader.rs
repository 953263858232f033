//! The reading side of a ledger: whoever wants to know, at any time.

use std::sync::atomic::{AtomicU64, Ordering, fence};

use fiord_base::{DATA, Direction, PerDirection};

use super::cell::{Cell, by_priority, cell};
use super::layout::{
    GROUPS, LatencyKind, MAGIC, Section, counters, facts, find, find_array, header, lag, load,
    moments,
};
use crate::distribution::Distribution;
use crate::histogram::{BUCKETS, Histogram};
use crate::verification::{COUNT_WORDS, RECORD_WORDS, place};
use crate::{Block, Blocks, Latency, MismatchRecord, Moments, Response, ScheduleLag, Verification};

/// A copy of a ledger at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Results per direction; samples are the reader's business.
    pub directions: PerDirection<crate::DirectionReport>,
    /// Time of finished passes in which a direction was active, nanoseconds.
    pub direction_runtime_ns: PerDirection<u64>,
    /// Flush latency.
    pub flush: Latency,
    /// Latency of reads and writes by priority; none where they have but one.
    pub by_priority: [Vec<Latency>; 2],
    /// What has become of the blocks of the region, if that is followed.
    pub blocks: Option<Blocks>,
    /// What verification has found, if there is one.
    pub verification: Option<Verification>,
    /// Flushes.
    pub sync_ios: u64,
    /// The depth that `latency_target` has found so far; 0 if it does not look for one.
    pub found_depth: u32,
    /// Depth bins.
    pub depths: [u64; 7],
    /// Submission bins.
    pub submits: [u64; 7],
    /// Reap bins.
    pub completes: [u64; 7],
    /// Distribution table of completion latency.
    pub distribution: Distribution,
    /// Error that ended the job.
    pub error: i32,
    /// Errors, tolerated ones included.
    pub total_errors: u64,
    /// First error.
    pub first_error: i32,
    /// Start of the measured phase on the run's clock; 0 before.
    pub first_ns: u64,
    /// End of the last finished pass.
    pub last_ns: u64,
    /// Time of finished passes.
    pub runtime_ns: u64,
    /// Start of the pass that goes on; 0 between passes.
    pub pass_ns: u64,
    /// User, system microseconds, context switches, major, minor faults.
    pub usage: [u64; 5],
    /// The same, of the worker before its measured phase.
    pub usage_before: [u64; 5],
    /// Counts resets.
    pub epoch: u64,
    /// Process or thread id.
    pub pid: u32,
    /// Wall-clock start.
    pub wall_start_ms: u64,
    /// The writer was inside an update: one request may be counted in part.
    pub torn: bool,
}

/// Bytes and requests per direction, and the reset count: what interval samples are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes per direction.
    pub bytes: PerDirection<u64>,
    /// Requests per direction.
    pub ios: PerDirection<u64>,
    /// Start of the measured phase; 0 before.
    pub first_ns: u64,
    /// Counts resets.
    pub epoch: u64,
}

/// Tries of a reader before it takes what it gets.
const READ_TRIES: usize = 64;

/// Reads counters only; `None` before the writer has laid out its ledger.
pub fn read_progress(words: &[AtomicU64]) -> Option<Progress> {
    if words.first()?.load(Ordering::Acquire) != MAGIC {
        return None;
    }
    let facts: &[AtomicU64; facts::WORDS] = find_array(words, Section::Facts)?;
    let mut progress = Progress::default();
    consistently(words, || {
        for direction in DATA {
            if let Some(counters) = find(words, Section::Counters(direction)) {
                progress.bytes[direction] = load(&counters[counters::BYTES]);
                progress.ios[direction] = load(&counters[counters::IOS]);
            }
        }
        progress.first_ns = load(&facts[facts::FIRST_NS]);
        progress.epoch = load(&facts[facts::EPOCH]);
    });
    Some(progress)
}

/// Copies a ledger; `None` before the writer has laid it out.
pub fn read(words: &[AtomicU64]) -> Option<Snapshot> {
    if words.first()?.load(Ordering::Acquire) != MAGIC {
        return None;
    }
    let mut snapshot = Snapshot::default();
    let consistent = consistently(words, || {
        if let Some(copy) = copy(words) {
            snapshot = copy;
        }
    });
    snapshot.torn = !consistent;
    Some(snapshot)
}

/// What a worker that has ended leaves beside its numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastWords {
    /// Messages: first letter of the severity, then the text.
    pub messages: Vec<String>,
    /// Error that ended the job; 0 without.
    pub error: i32,
    /// It died inside an update: one request may be counted in part.
    pub torn: bool,
}

/// Reads messages only; nothing before the writer has laid out its ledger.
pub fn read_last_words(words: &[AtomicU64]) -> LastWords {
    if words.first().is_none_or(|magic| magic.load(Ordering::Acquire) != MAGIC) {
        return LastWords::default();
    }
    let torn = words.get(header::SEQUENCE).is_some_and(|s| !load(s).is_multiple_of(2));
    let error = find(words, Section::Facts).and_then(|words| words.get(facts::ERROR));
    LastWords { messages: messages(words), error: error.map_or(0, |e| load(e) as i32), torn }
}

/// Runs `copy` until no update went on during it, at most [`READ_TRIES`] times.
fn consistently(words: &[AtomicU64], mut copy: impl FnMut()) -> bool {
    for _ in 0..READ_TRIES {
        let before = words[header::SEQUENCE].load(Ordering::Acquire);
        if before.is_multiple_of(2) {
            copy();
            fence(Ordering::Acquire);
            if load(&words[header::SEQUENCE]) == before {
                return true;
            }
        }
        std::hint::spin_loop();
    }
    copy();
    false
}

fn copy(words: &[AtomicU64]) -> Option<Snapshot> {
    let fact_words: &[AtomicU64; facts::WORDS] = find_array(words, Section::Facts)?;
    let fact = |index: usize| load(&fact_words[index]);
    let mut snapshot = Snapshot {
        error: fact(facts::ERROR) as i32,
        total_errors: fact(facts::TOTAL_ERRORS),
        first_error: fact(facts::FIRST_ERROR) as i32,
        first_ns: fact(facts::FIRST_NS),
        last_ns: fact(facts::LAST_NS),
        runtime_ns: fact(facts::RUNTIME_NS),
        pass_ns: fact(facts::PASS_NS),
        usage: std::array::from_fn(|i| fact(facts::USAGE + i)),
        usage_before: std::array::from_fn(|i| fact(facts::USAGE_BEFORE + i)),
        epoch: fact(facts::EPOCH),
        pid: fact(facts::PID) as u32,
        wall_start_ms: fact(facts::WALL_START_MS),
        sync_ios: fact(facts::SYNC_IOS),
        found_depth: fact(facts::DEPTH) as u32,
        flush: latency(words, LatencyKind::Flush, Direction::Sync),
        by_priority: [Direction::Read, Direction::Write]
            .map(|direction| by_priority(words, direction).into_iter().map(latency_of).collect()),
        blocks: blocks(words),
        verification: verification(words),
        ..Snapshot::default()
    };
    let mut clat = Histogram::default();
    for direction in DATA {
        let counters = find(words, Section::Counters(direction))?;
        snapshot.direction_runtime_ns[direction] = load(&counters[counters::RUNTIME_NS]);
        let report = &mut snapshot.directions[direction];
        report.bytes = load(&counters[counters::BYTES]);
        report.ios = load(&counters[counters::IOS]);
        report.short_ios = load(&counters[counters::SHORT]);
        report.slat = latency(words, LatencyKind::Submission, direction);
        report.clat = latency(words, LatencyKind::Completion, direction);
        report.lat = match fact(facts::LAT_IS_CLAT) {
            0 => latency(words, LatencyKind::Total, direction),
            _ => report.clat.clone(),
        };
        report.response = response(words, direction);
        clat.merge(&report.clat.histogram);
    }
    let straddles = find(words, Section::Straddles)?;
    snapshot.distribution = Distribution::from_histogram(&clat, |index| load(&straddles[index]));
    let depths = find(words, Section::Depths)?;
    let bins = |from: usize| std::array::from_fn(|i| load(&depths[from + i]));
    (snapshot.depths, snapshot.submits, snapshot.completes) = (bins(0), bins(7), bins(14));
    if fact(facts::DEPTH_ONE) == 1 {
        let issued = snapshot.directions.iter().map(|(_, d)| d.ios).sum::<u64>();
        snapshot.depths[0] += issued + snapshot.sync_ios;
        if fact(facts::BATCHES_OF_ONE) == 1 {
            snapshot.submits[1] += issued;
            snapshot.completes[1] += issued;
        }
    }
    if fact(facts::SUBMITS_SINGLY) == 1 {
        snapshot.submits.fill(0);
        snapshot.submits[1] = snapshot.depths.iter().sum();
    }
    Some(snapshot)
}

fn response(words: &[AtomicU64], direction: Direction) -> Option<Response> {
    let latency = latency_of(cell(words, LatencyKind::Response, direction)?);
    let lag: &[AtomicU64; lag::WORDS] = find_array(words, Section::Lag(direction))?;
    let lag = ScheduleLag {
        count: latency.moments.count,
        sum_ns: wide(&lag[lag::SUM_LOW], &lag[lag::SUM_HIGH]),
        max_ns: load(&lag[lag::MAX]),
        late: load(&lag[lag::LATE]),
    };
    Some(Response { latency, lag })
}

fn blocks(words: &[AtomicU64]) -> Option<Blocks> {
    let (count, blocks) = find(words, Section::Blocks)?.split_first()?;
    let followed = blocks.iter().take(load(count) as usize);
    Some(followed.map(|word| Block::from_word(load(word))).collect())
}

fn verification(words: &[AtomicU64]) -> Option<Verification> {
    let words = find(words, Section::Verification)?;
    let count = words[place::RECORDS].load(Ordering::Acquire) as usize;
    let kept = words[COUNT_WORDS..].chunks_exact(RECORD_WORDS).take(count);
    let records = kept
        .map(|words| MismatchRecord::from_words(&std::array::from_fn(|index| load(&words[index]))));
    Some(Verification::from_words(|index| load(&words[index]), records.collect()))
}

fn wide(low: &AtomicU64, high: &AtomicU64) -> u128 {
    u128::from(load(high)) << 64 | u128::from(load(low))
}

fn latency(words: &[AtomicU64], kind: LatencyKind, direction: Direction) -> Latency {
    cell(words, kind, direction).map(latency_of).unwrap_or_default()
}

fn latency_of(cell: Cell<'_>) -> Latency {
    let m = cell.moments;
    let count = load(&m[moments::COUNT]);
    let moments = Moments {
        count,
        sum: wide(&m[moments::SUM_LOW], &m[moments::SUM_HIGH]),
        sum_of_squares: wide(&m[moments::SQUARES_LOW], &m[moments::SQUARES_HIGH]),
        min: if count == 0 { 0 } else { !load(&m[moments::NOT_MIN]) },
        max: load(&m[moments::MAX]),
    };
    let touched = load(&m[moments::TOUCHED]);
    let overflow = load(&m[moments::OVERFLOW]);
    let histogram = match cell.histogram {
        Some(words) if touched != 0 => {
            let mut counts = vec![0; BUCKETS];
            for group in (0..GROUPS).filter(|g| touched >> g & 1 == 1) {
                for bucket in group * 64..(group + 1) * 64 {
                    counts[bucket] = load(&words[bucket]);
                }
            }
            Histogram::from_counts(counts, overflow)
        }
        _ => Histogram::from_counts(Vec::new(), overflow),
    };
    Latency { moments, histogram }
}

fn messages(words: &[AtomicU64]) -> Vec<String> {
    let Some(area) = find(words, Section::Messages) else { return Vec::new() };
    let used = area[0].load(Ordering::Acquire) as usize;
    if used == 0 {
        return Vec::new();
    }
    let bytes: Vec<u8> = area[1..].iter().flat_map(|w| load(w).to_le_bytes()).take(used).collect();
    String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
}
