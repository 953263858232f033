//! The ledger: what one worker has measured so far, in memory that others may read at any time.
//!
//! One writer updates plain words with relaxed loads and stores; there is no read-modify-write and no
//! lock. A sequence word is odd while an update is under way: a reader that sees it odd or changed
//! retries a bounded number of times. If the writer died inside an update, its last request is lost
//! and [`Snapshot::torn`] says so.
//!
//! The first page starts with a table of sections, so that a reader finds its way without knowing what
//! the writer measures; the counters follow, then one histogram per measured latency. Histograms are
//! read only where the bitmap of touched groups says so, because reading an untouched shared page
//! would allocate it.
//!
//! The words are memory shared between processes in a run, and an ordinary slice in tests; this module
//! neither maps nor allocates them.

use std::sync::atomic::{AtomicU64, Ordering, fence};

use fiord_base::{DATA, Direction, PerDirection};

use crate::distribution::{self, STRADDLES};
use crate::histogram::{BUCKETS, Histogram, bucket_of};
use crate::{Latency, Moments};

/// Says that these words are a ledger of this layout.
const MAGIC: u64 = 0x0001_7265_6764_656c;

const GROUPS: usize = BUCKETS / 64;

/// Fixed places in the header, in words.
mod header {
    pub(super) const MAGIC: usize = 0;
    pub(super) const SEQUENCE: usize = 1;
    pub(super) const SECTIONS: usize = 2;
    pub(super) const FIRST_SECTION: usize = 3;
    pub(super) const SECTION_WORDS: usize = 3;
    pub(super) const MAX_SECTIONS: usize = 40;
    pub(super) const WORDS: usize = FIRST_SECTION + MAX_SECTIONS * SECTION_WORDS;
}

/// Kinds of latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum LatencyKind {
    /// Start to issue.
    Submission = 0,
    /// Issue to completion.
    Completion = 1,
    /// Start to completion.
    Total = 2,
    /// Issue to completion of a flush.
    Flush = 3,
}

/// What a section holds; the number stands in the section table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
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
}

impl Section {
    fn id(self) -> u64 {
        match self {
            Section::Facts => 1,
            Section::Counters(d) => 0x10 + d as u64,
            Section::Depths => 2,
            Section::Straddles => 3,
            Section::Messages => 4,
            Section::Moments(kind, d) => 0x100 + kind as u64 * 16 + d as u64,
            Section::Histogram(kind, d) => 0x200 + kind as u64 * 16 + d as u64,
        }
    }

    fn words(self) -> usize {
        match self {
            Section::Facts => facts::WORDS,
            Section::Counters(_) => counters::WORDS,
            Section::Depths => 21,
            Section::Straddles => STRADDLES,
            Section::Messages => MESSAGE_WORDS,
            Section::Moments(..) => moments::WORDS,
            Section::Histogram(..) => BUCKETS,
        }
    }
}

/// Single values: times, CPU usage, the error that ended the job.
mod facts {
    pub(super) const ERROR: usize = 0;
    pub(super) const TOTAL_ERRORS: usize = 1;
    pub(super) const FIRST_ERROR: usize = 2;
    pub(super) const FIRST_NS: usize = 3;
    pub(super) const LAST_NS: usize = 4;
    pub(super) const RUNTIME_NS: usize = 5;
    /// Five words: user and system microseconds, context switches, major and minor faults.
    pub(super) const USAGE: usize = 6;
    pub(super) const EPOCH: usize = 11;
    pub(super) const SYNC_IOS: usize = 12;
    pub(super) const PID: usize = 13;
    pub(super) const WALL_START_MS: usize = 14;
    pub(super) const LAT_IS_CLAT: usize = 15;
    pub(super) const DEPTH_ONE: usize = 16;
    pub(super) const PASS_NS: usize = 17;
    pub(super) const WORDS: usize = 18;
}

/// Counts of a direction.
mod counters {
    pub(super) const BYTES: usize = 0;
    pub(super) const IOS: usize = 1;
    pub(super) const SHORT: usize = 2;
    pub(super) const DROPPED: usize = 3;
    pub(super) const RUNTIME_NS: usize = 4;
    pub(super) const WORDS: usize = 5;
}

/// Moments of a latency. The minimum is stored inverted, so that zeroed memory means "none yet".
mod moments {
    pub(super) const COUNT: usize = 0;
    pub(super) const SUM_LOW: usize = 1;
    pub(super) const SUM_HIGH: usize = 2;
    pub(super) const SQUARES_LOW: usize = 3;
    pub(super) const SQUARES_HIGH: usize = 4;
    pub(super) const NOT_MIN: usize = 5;
    pub(super) const MAX: usize = 6;
    pub(super) const OVERFLOW: usize = 7;
    pub(super) const TOUCHED: usize = 8;
    pub(super) const WORDS: usize = 9;
}

const MESSAGE_WORDS: usize = 513;

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
}

impl LedgerConfig {
    fn sections(&self) -> Vec<Section> {
        let mut sections = vec![Section::Facts, Section::Depths, Section::Straddles];
        sections.extend(DATA.map(Section::Counters));
        let own_lat = self.lat && !self.lat_is_clat;
        let clat = self.clat || (self.lat && self.lat_is_clat);
        let mut histograms = Vec::new();
        for (kind, on, histogram) in [
            (LatencyKind::Completion, clat, true),
            (LatencyKind::Submission, self.slat, self.slat_histogram),
            (LatencyKind::Total, own_lat, self.lat_histogram),
        ] {
            if on {
                sections.extend(DATA.map(|d| Section::Moments(kind, d)));
                if histogram {
                    histograms.extend(DATA.map(|d| Section::Histogram(kind, d)));
                }
            }
        }
        sections.push(Section::Moments(LatencyKind::Flush, Direction::Sync));
        sections.push(Section::Messages);
        sections.extend(histograms);
        sections.push(Section::Histogram(LatencyKind::Flush, Direction::Sync));
        sections
    }

    /// Words that a ledger of this configuration needs.
    pub fn words(&self) -> usize {
        header::WORDS + self.sections().iter().map(|s| s.words()).sum::<usize>()
    }
}

type Words<'a> = &'a [AtomicU64];

#[inline]
fn load(word: &AtomicU64) -> u64 {
    word.load(Ordering::Relaxed)
}

#[inline]
fn store(word: &AtomicU64, value: u64) {
    word.store(value, Ordering::Relaxed);
}

#[inline]
fn add(word: &AtomicU64, amount: u64) {
    store(word, load(word).wrapping_add(amount));
}

/// One latency of one direction as the writer sees it.
#[derive(Clone, Copy, Debug)]
struct Cell<'a> {
    moments: &'a [AtomicU64; moments::WORDS],
    histogram: Option<&'a [AtomicU64; BUCKETS]>,
}

impl Cell<'_> {
    /// Counts one value and returns its bucket.
    #[inline(always)]
    fn record(&self, ns: u64) -> usize {
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

    fn reset(&self) {
        let touched = load(&self.moments[moments::TOUCHED]);
        if let Some(histogram) = self.histogram {
            for group in (0..GROUPS).filter(|g| touched >> g & 1 == 1) {
                histogram[group * 64..(group + 1) * 64].iter().for_each(|word| store(word, 0));
            }
        }
        self.moments.iter().for_each(|word| store(word, 0));
    }
}

/// Finds a section in the table of a ledger.
fn find<'a>(words: Words<'a>, section: Section) -> Option<Words<'a>> {
    let count = load(words.get(header::SECTIONS)?) as usize;
    (0..count.min(header::MAX_SECTIONS)).find_map(|i| {
        let entry = words.get(header::FIRST_SECTION + i * header::SECTION_WORDS..)?;
        let (id, start, len) = (load(entry.first()?), load(entry.get(1)?), load(entry.get(2)?));
        let end = start.checked_add(len)?;
        (id == section.id()).then(|| words.get(start as usize..end as usize))?
    })
}

fn find_array<'a, const N: usize>(
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

/// The writer's view.
#[derive(Debug)]
pub struct Ledger<'a> {
    words: Words<'a>,
    sequence: &'a AtomicU64,
    facts: &'a [AtomicU64; facts::WORDS],
    depths: &'a [AtomicU64; 21],
    straddles: &'a [AtomicU64; STRADDLES],
    counters: [&'a [AtomicU64; counters::WORDS]; 3],
    slat: Option<[Cell<'a>; 3]>,
    clat: Option<[Cell<'a>; 3]>,
    lat: Option<[Cell<'a>; 3]>,
    flush: Cell<'a>,
}

/// One completed data request, as the loop reports it.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// Data direction.
    pub direction: Direction,
    /// Bytes moved.
    pub bytes: u64,
    /// When the loop began with it.
    pub start_ns: u64,
    /// When the kernel had it.
    pub issued_ns: u64,
    /// When it was done.
    pub done_ns: u64,
}

impl<'a> Ledger<'a> {
    /// Lays out the section table in zeroed words and opens them for writing.
    pub fn create(words: Words<'a>, config: &LedgerConfig) -> Result<Ledger<'a>, LedgerError> {
        if words.len() < config.words() {
            return Err(LedgerError::TooSmall);
        }
        let sections = config.sections();
        debug_assert!(sections.len() <= header::MAX_SECTIONS);
        let mut start = header::WORDS;
        for (i, section) in sections.iter().enumerate() {
            let entry = header::FIRST_SECTION + i * header::SECTION_WORDS;
            store(&words[entry], section.id());
            store(&words[entry + 1], start as u64);
            store(&words[entry + 2], section.words() as u64);
            start += section.words();
        }
        store(&words[header::SECTIONS], sections.len() as u64);
        words[header::MAGIC].store(MAGIC, Ordering::Release);
        let ledger = Ledger::open(words)?;
        store(&ledger.facts[facts::LAT_IS_CLAT], u64::from(config.lat && config.lat_is_clat));
        store(&ledger.facts[facts::DEPTH_ONE], u64::from(config.depth_one));
        Ok(ledger)
    }

    fn open(words: Words<'a>) -> Result<Ledger<'a>, LedgerError> {
        let missing = LedgerError::Foreign;
        let cells = |kind| -> Option<[Cell<'a>; 3]> {
            let cell = |d| cell(words, kind, d);
            Some([cell(Direction::Read)?, cell(Direction::Write)?, cell(Direction::Trim)?])
        };
        let counter = |d| find_array(words, Section::Counters(d)).ok_or(missing);
        Ok(Ledger {
            words,
            sequence: words.get(header::SEQUENCE).ok_or(missing)?,
            facts: find_array(words, Section::Facts).ok_or(missing)?,
            depths: find_array(words, Section::Depths).ok_or(missing)?,
            straddles: find_array(words, Section::Straddles).ok_or(missing)?,
            counters: [
                counter(Direction::Read)?,
                counter(Direction::Write)?,
                counter(Direction::Trim)?,
            ],
            slat: cells(LatencyKind::Submission),
            clat: cells(LatencyKind::Completion),
            lat: cells(LatencyKind::Total),
            flush: cell(words, LatencyKind::Flush, Direction::Sync).ok_or(missing)?,
        })
    }

    /// Begins an update that may hold several records.
    #[inline]
    pub fn begin(&mut self) {
        store(self.sequence, load(self.sequence).wrapping_add(1));
        fence(Ordering::Release);
    }

    /// Ends the update.
    #[inline]
    pub fn end(&mut self) {
        self.sequence.store(load(self.sequence).wrapping_add(1), Ordering::Release);
    }

    /// Counts a data request at its completion. Inside [`Ledger::begin`] and [`Ledger::end`].
    #[inline(always)]
    pub fn record(&mut self, record: &Record) {
        let d = record.direction as usize;
        let Some(counters) = self.counters.get(d) else { return };
        add(&counters[counters::BYTES], record.bytes);
        add(&counters[counters::IOS], 1);
        if let Some(clat) = &self.clat {
            let ns = record.done_ns.saturating_sub(record.issued_ns);
            let bucket = clat[d].record(ns);
            if let Some(index) = distribution::straddle(bucket, ns) {
                add(&self.straddles[index], 1);
            }
        }
        if let Some(lat) = &self.lat {
            lat[d].record(record.done_ns.saturating_sub(record.start_ns));
        }
        if let Some(slat) = &self.slat {
            slat[d].record(record.issued_ns.saturating_sub(record.start_ns));
        }
    }

    /// Counts a data request that failed.
    pub fn record_failed(&mut self, direction: Direction) {
        if let Some(counters) = self.counters.get(direction as usize) {
            add(&counters[counters::IOS], 1);
        }
    }

    /// Counts a flush.
    pub fn record_flush(&mut self, ns: u64) {
        add(&self.facts[facts::SYNC_IOS], 1);
        self.flush.record(ns);
    }

    /// Counts a request issued while `depth` requests, itself included, are in flight.
    #[inline]
    pub fn record_depth(&mut self, depth: usize) {
        let bin = (usize::BITS - 1 - depth.max(1).leading_zeros()).min(6);
        add(&self.depths[bin as usize], 1);
    }

    /// Counts a submission of `count` requests.
    #[inline]
    pub fn record_submit(&mut self, count: usize) {
        add(&self.depths[7 + batch_bin(count)], 1);
    }

    /// Counts a reap of `count` requests.
    #[inline]
    pub fn record_reap(&mut self, count: usize) {
        add(&self.depths[14 + batch_bin(count)], 1);
    }

    /// Counts a request whose transfer was short and is continued.
    pub fn record_short(&mut self, direction: Direction) {
        if let Some(counters) = self.counters.get(direction as usize) {
            add(&counters[counters::SHORT], 1);
        }
    }

    /// Counts an error; the first one's number is kept.
    pub fn record_error(&mut self, errno: i32) {
        add(&self.facts[facts::TOTAL_ERRORS], 1);
        if load(&self.facts[facts::FIRST_ERROR]) == 0 {
            store(&self.facts[facts::FIRST_ERROR], errno as u64);
        }
    }

    /// Sets the error that ends the job, if none is set yet.
    pub fn set_error(&mut self, errno: i32) {
        if load(&self.facts[facts::ERROR]) == 0 {
            store(&self.facts[facts::ERROR], errno as u64);
        }
    }

    /// The error that ends the job, 0 without.
    pub fn error(&self) -> i32 {
        load(&self.facts[facts::ERROR]) as i32
    }

    /// Says who writes and when the job began.
    pub fn set_identity(&mut self, pid: u32, wall_start_ms: u64) {
        store(&self.facts[facts::PID], u64::from(pid));
        store(&self.facts[facts::WALL_START_MS], wall_start_ms);
    }

    /// Says that a pass (or the measured phase, after a ramp) begins now.
    pub fn begin_pass(&mut self, now_ns: u64) {
        if load(&self.facts[facts::FIRST_NS]) == 0 {
            store(&self.facts[facts::FIRST_NS], now_ns);
        }
        store(&self.facts[facts::PASS_NS], now_ns);
    }

    /// Ends the pass: its time counts for the job and for the directions that did I/O in it.
    pub fn end_pass(&mut self, active: PerDirection<bool>, now_ns: u64) {
        let start_ns = load(&self.facts[facts::PASS_NS]);
        if start_ns == 0 {
            return;
        }
        let elapsed_ns = now_ns.saturating_sub(start_ns);
        for (direction, active) in active.iter() {
            if *active {
                add(&self.counters[direction as usize][counters::RUNTIME_NS], elapsed_ns);
            }
        }
        add(&self.facts[facts::RUNTIME_NS], elapsed_ns);
        store(&self.facts[facts::LAST_NS], now_ns);
        store(&self.facts[facts::PASS_NS], 0);
    }

    /// Bytes and requests of a direction so far.
    pub fn progress(&self, direction: Direction) -> (u64, u64) {
        let counters = self.counters[direction as usize];
        (load(&counters[counters::BYTES]), load(&counters[counters::IOS]))
    }

    /// Sets the CPU usage of the worker since the measured phase began: user and system time in
    /// microseconds, context switches, major and minor faults.
    pub fn set_usage(&mut self, usage: [u64; 5]) {
        for (word, value) in self.facts[facts::USAGE..].iter().zip(usage) {
            store(word, value);
        }
    }

    /// Appends a line for the report's messages; what does not fit is dropped.
    pub fn message(&mut self, severity: crate::report::Severity, text: &str) {
        let Some(area) = find(self.words, Section::Messages) else { return };
        let mut used = load(&area[0]) as usize;
        let line =
            format!("{}{}\n", severity.name().as_bytes()[0] as char, text.replace('\n', " "));
        if used + line.len() > (area.len() - 1) * 8 {
            return;
        }
        for byte in line.bytes() {
            let word = &area[1 + used / 8];
            store(word, load(word) | u64::from(byte) << (used % 8 * 8));
            used += 1;
        }
        area[0].store(used as u64, Ordering::Release);
    }

    /// Forgets everything measured, at the end of a ramp. Messages, errors and identity stay.
    pub fn reset(&mut self) {
        self.begin();
        for cells in [&self.slat, &self.clat, &self.lat].into_iter().flatten() {
            cells.iter().for_each(Cell::reset);
        }
        self.flush.reset();
        let counts = self.counters.iter().flat_map(|c| c.iter());
        counts.chain(self.depths).chain(self.straddles).for_each(|word| store(word, 0));
        store(&self.facts[facts::SYNC_IOS], 0);
        for fact in [facts::RUNTIME_NS, facts::FIRST_NS, facts::LAST_NS, facts::PASS_NS] {
            store(&self.facts[fact], 0);
        }
        add(&self.facts[facts::EPOCH], 1);
        self.end();
    }
}

fn cell(words: Words<'_>, kind: LatencyKind, direction: Direction) -> Option<Cell<'_>> {
    let moments = find_array(words, Section::Moments(kind, direction))?;
    let histogram = find_array(words, Section::Histogram(kind, direction));
    Some(Cell { moments, histogram })
}

/// Bin of a batch size: 0, 1-4, 5-8, 9-16, 17-32, 33-64, more.
fn batch_bin(count: usize) -> usize {
    match count {
        0 => 0,
        1..=4 => 1,
        5..=8 => 2,
        9..=16 => 3,
        17..=32 => 4,
        33..=64 => 5,
        _ => 6,
    }
}

/// A copy of a ledger at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Results per direction; samples are the reader's business.
    pub directions: PerDirection<crate::DirectionReport>,
    /// Time of finished passes in which a direction was active, nanoseconds.
    pub direction_runtime_ns: PerDirection<u64>,
    /// Flush latency.
    pub flush: Latency,
    /// Flushes.
    pub sync_ios: u64,
    /// Depth bins.
    pub depths: [u64; 7],
    /// Submission bins.
    pub submits: [u64; 7],
    /// Reap bins.
    pub completes: [u64; 7],
    /// Distribution table of completion latency.
    pub distribution: distribution::Distribution,
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
    /// Counts resets.
    pub epoch: u64,
    /// Process or thread id.
    pub pid: u32,
    /// Wall-clock start.
    pub wall_start_ms: u64,
    /// Messages: first letter of the severity, then the text.
    pub messages: Vec<String>,
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
        epoch: fact(facts::EPOCH),
        pid: fact(facts::PID) as u32,
        wall_start_ms: fact(facts::WALL_START_MS),
        sync_ios: fact(facts::SYNC_IOS),
        flush: latency(words, LatencyKind::Flush, Direction::Sync),
        messages: messages(words),
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
        report.drop_ios = load(&counters[counters::DROPPED]);
        report.slat = latency(words, LatencyKind::Submission, direction);
        report.clat = latency(words, LatencyKind::Completion, direction);
        report.lat = match fact(facts::LAT_IS_CLAT) {
            0 => latency(words, LatencyKind::Total, direction),
            _ => report.clat.clone(),
        };
        clat.merge(&report.clat.histogram);
    }
    let straddles = find(words, Section::Straddles)?;
    snapshot.distribution =
        distribution::Distribution::from_histogram(&clat, |index| load(&straddles[index]));
    let depths = find(words, Section::Depths)?;
    let bins = |from: usize| std::array::from_fn(|i| load(&depths[from + i]));
    (snapshot.depths, snapshot.submits, snapshot.completes) = (bins(0), bins(7), bins(14));
    if fact(facts::DEPTH_ONE) == 1 {
        let issued = snapshot.directions.iter().map(|(_, d)| d.ios).sum::<u64>();
        snapshot.depths[0] += issued + snapshot.sync_ios;
        snapshot.submits[1] += issued;
        snapshot.completes[1] += issued;
    }
    Some(snapshot)
}

fn latency(words: &[AtomicU64], kind: LatencyKind, direction: Direction) -> Latency {
    let Some(cell) = cell(words, kind, direction) else { return Latency::default() };
    let m = cell.moments;
    let wide =
        |low: usize, high: usize| u128::from(load(&m[high])) << 64 | u128::from(load(&m[low]));
    let count = load(&m[moments::COUNT]);
    let moments = Moments {
        count,
        sum: wide(moments::SUM_LOW, moments::SUM_HIGH),
        sum_of_squares: wide(moments::SQUARES_LOW, moments::SQUARES_HIGH),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Severity;

    fn memory(config: &LedgerConfig) -> Vec<AtomicU64> {
        (0..config.words()).map(|_| AtomicU64::new(0)).collect()
    }

    fn everything() -> LedgerConfig {
        LedgerConfig {
            slat: true,
            clat: true,
            lat: true,
            slat_histogram: true,
            lat_histogram: true,
            lat_is_clat: false,
            depth_one: false,
        }
    }

    #[test]
    fn what_is_recorded_is_read() {
        let config = everything();
        let words = memory(&config);
        assert!(read(&words).is_none(), "not laid out yet");
        let mut ledger = Ledger::create(&words, &config).unwrap();
        ledger.begin();
        for (start_ns, issued_ns, done_ns) in [(100, 110, 400), (500, 505, 20_000_000_505)] {
            let direction = Direction::Write;
            ledger.record(&Record { direction, bytes: 4096, start_ns, issued_ns, done_ns });
        }
        ledger.record_flush(77);
        ledger.record_depth(1);
        ledger.record_depth(5);
        ledger.record_submit(9);
        ledger.end();
        ledger.message(Severity::Note, "hello\nworld");
        ledger.message(Severity::Error, "second");
        let snapshot = read(&words).unwrap();
        let write = &snapshot.directions[Direction::Write];
        assert_eq!((write.bytes, write.ios), (8192, 2));
        assert_eq!((write.clat.moments.min, write.clat.moments.max), (290, 20_000_000_000));
        assert_eq!(write.clat.histogram.overflow(), 1);
        assert_eq!(write.clat.moments.sum_of_squares, 290 * 290 + 20_000_000_000u128.pow(2));
        assert_eq!(write.slat.moments.sum, 15);
        assert_eq!(write.lat.histogram.total(), 2);
        assert_eq!(snapshot.directions[Direction::Read].clat.moments.count, 0);
        assert_eq!((snapshot.sync_ios, snapshot.flush.moments.max), (1, 77));
        assert_eq!(snapshot.depths, [1, 0, 1, 0, 0, 0, 0]);
        assert_eq!(snapshot.submits, [0, 0, 0, 1, 0, 0, 0]);
        assert_eq!(snapshot.messages, ["nhello world", "esecond"]);
        assert!(!snapshot.torn);
    }

    #[test]
    fn a_writer_that_dies_inside_an_update_is_noticed() {
        let config = everything();
        let words = memory(&config);
        let mut ledger = Ledger::create(&words, &config).unwrap();
        ledger.begin();
        assert!(read(&words).unwrap().torn);
        ledger.end();
        assert!(!read(&words).unwrap().torn);
    }

    #[test]
    fn a_reset_keeps_messages_and_forgets_numbers() {
        let config = everything();
        let words = memory(&config);
        let mut ledger = Ledger::create(&words, &config).unwrap();
        let direction = Direction::Read;
        ledger.begin();
        ledger.record(&Record { direction, bytes: 1, start_ns: 0, issued_ns: 0, done_ns: 300 });
        ledger.end();
        ledger.message(Severity::Warning, "kept");
        ledger.reset();
        let snapshot = read(&words).unwrap();
        assert_eq!(snapshot.directions[direction].ios, 0);
        assert_eq!(snapshot.directions[direction].clat, Latency::default());
        assert_eq!(snapshot.messages, ["wkept"]);
        assert_eq!(snapshot.epoch, 1);
    }

    #[test]
    fn a_latency_that_is_measured_once_appears_twice() {
        let config = LedgerConfig { lat_is_clat: true, depth_one: true, ..everything() };
        let words = memory(&config);
        let mut ledger = Ledger::create(&words, &config).unwrap();
        let direction = Direction::Read;
        ledger.begin();
        ledger.record(&Record { direction, bytes: 1, start_ns: 50, issued_ns: 50, done_ns: 300 });
        ledger.end();
        let snapshot = read(&words).unwrap();
        assert_eq!(snapshot.directions[direction].lat.moments.sum, 250);
        assert_eq!(snapshot.depths[0], 1);
    }
}
