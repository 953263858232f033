//! The writing side of a ledger: one worker.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering, fence};

use fiord_base::{Direction, PerDirection};

use super::cell::{Cell, add_wide, by_priority, cell};
use super::layout::{
    LatencyKind, LedgerConfig, LedgerError, MAGIC, Section, Words, add, counters, facts, find,
    find_array, header, lag, load, store,
};
use crate::blocks::BLOCKS_MAX;
use crate::distribution::{self, STRADDLES};
use crate::report::Severity;
use crate::verification::{
    COUNT_WORDS, MismatchClass, MismatchRecord, RECORD_WORDS, RECORDS_MAX, SkipReason, place,
};
use crate::{Block, BlockState, LATE_NS};

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
    /// By priority, of reads and writes.
    priorities: [Vec<Cell<'a>>; 2],
    /// The number of blocks that are followed, then each.
    blocks: Option<&'a [AtomicU64; 1 + BLOCKS_MAX]>,
    /// Counts and records of verification.
    verification: Option<Words<'a>>,
    /// Of requests that have a schedule.
    response: Option<[ResponseCell<'a>; 3]>,
}

/// Response times of a direction, and how far its requests were behind.
#[derive(Clone, Copy, Debug)]
struct ResponseCell<'a> {
    latency: Cell<'a>,
    lag: &'a [AtomicU64; lag::WORDS],
}

/// One completed data request, as the loop reports it.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// Data direction.
    pub direction: Direction,
    /// How many requests, at least 1; they have their stamps in common.
    pub count: u64,
    /// Bytes that they have moved together.
    pub bytes: u64,
    /// When the loop began with it.
    pub start_ns: u64,
    /// When the kernel had it.
    pub issued_ns: u64,
    /// When it was done.
    pub done_ns: u64,
}

impl Record {
    /// True if the requests of both can be counted together.
    #[inline]
    pub fn is_like(&self, other: &Record) -> bool {
        self.direction == other.direction
            && self.start_ns == other.start_ns
            && self.issued_ns == other.issued_ns
            && self.done_ns == other.done_ns
    }
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
        store(&ledger.facts[facts::BATCHES_OF_ONE], u64::from(config.batches_of_one));
        store(&ledger.facts[facts::SUBMITS_SINGLY], u64::from(config.submits_singly));
        Ok(ledger)
    }

    fn open(words: Words<'a>) -> Result<Ledger<'a>, LedgerError> {
        let missing = LedgerError::Foreign;
        let cells = |kind| -> Option<[Cell<'a>; 3]> {
            let cell = |d| cell(words, kind, d);
            Some([cell(Direction::Read)?, cell(Direction::Write)?, cell(Direction::Trim)?])
        };
        let response = |d| {
            let latency = cell(words, LatencyKind::Response, d)?;
            Some(ResponseCell { latency, lag: find_array(words, Section::Lag(d))? })
        };
        let responses =
            [response(Direction::Read), response(Direction::Write), response(Direction::Trim)];
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
            priorities: [Direction::Read, Direction::Write].map(|d| by_priority(words, d)),
            blocks: find_array(words, Section::Blocks),
            verification: find(words, Section::Verification),
            response: match responses {
                [Some(reads), Some(writes), Some(trims)] => Some([reads, writes, trims]),
                _ => None,
            },
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

    /// Counts data requests at their completion. Inside [`Ledger::begin`] and [`Ledger::end`].
    #[inline(always)]
    pub fn record(&mut self, record: &Record) {
        let d = record.direction as usize;
        let Some(counters) = self.counters.get(d) else { return };
        add(&counters[counters::BYTES], record.bytes);
        add(&counters[counters::IOS], record.count);
        if let Some(clat) = &self.clat {
            let ns = record.done_ns.saturating_sub(record.issued_ns);
            let bucket = clat[d].record(ns, record.count);
            if let Some(index) = distribution::straddle(bucket, ns) {
                add(&self.straddles[index], record.count);
            }
        }
        if let Some(lat) = &self.lat {
            lat[d].record(record.done_ns.saturating_sub(record.start_ns), record.count);
        }
        if let Some(slat) = &self.slat {
            slat[d].record(record.issued_ns.saturating_sub(record.start_ns), record.count);
        }
    }

    /// Counts the latency of a request once more, for its priority: that is the number of it among
    /// those of the direction. Beside [`Ledger::record`] for the same request.
    pub fn record_priority(&mut self, direction: Direction, number: usize, ns: u64) {
        let cells = self.priorities.get(direction as usize);
        if let Some(cell) = cells.and_then(|cells| cells.get(number)) {
            cell.record(ns, 1);
        }
    }

    /// Counts the response time of a request that was due at `scheduled_ns`, and how far after that it
    /// started; nothing unless [`LedgerConfig::rated`]. Beside [`Ledger::record`] for the same request.
    #[inline]
    pub fn record_response(
        &mut self,
        direction: Direction,
        scheduled_ns: u64,
        start_ns: u64,
        done_ns: u64,
    ) {
        let Some(responses) = &self.response else { return };
        let Some(ResponseCell { latency, lag }) = responses.get(direction as usize) else { return };
        latency.record(done_ns.saturating_sub(scheduled_ns), 1);
        let behind_ns = start_ns.saturating_sub(scheduled_ns);
        if behind_ns == 0 {
            return;
        }
        add_wide(&lag[lag::SUM_LOW], &lag[lag::SUM_HIGH], u128::from(behind_ns));
        if behind_ns > load(&lag[lag::MAX]) {
            store(&lag[lag::MAX], behind_ns);
        }
        if behind_ns > LATE_NS {
            add(&lag[lag::LATE], 1);
        }
    }

    /// Says how many blocks are followed, at most [`BLOCKS_MAX`]; nothing unless [`LedgerConfig::blocks`].
    pub fn set_blocks(&mut self, count: usize) {
        if let Some([number, ..]) = self.blocks {
            store(number, count.min(BLOCKS_MAX) as u64);
        }
    }

    /// Notes what these blocks have come to; nothing unless [`LedgerConfig::blocks`].
    pub fn record_blocks(&mut self, blocks: Range<usize>, state: BlockState) {
        let Some([_, words @ ..]) = self.blocks else { return };
        for word in words.get(blocks).unwrap_or_default() {
            store(word, Block::from_word(load(word)).after(state).to_word());
        }
    }

    /// Counts blocks that were compared with what they have to be; nothing unless
    /// [`LedgerConfig::verifies`].
    #[inline]
    pub fn record_checked(&mut self, blocks: u64) {
        if let Some(words) = self.verification {
            add(&words[place::CHECKED], blocks);
        }
    }

    /// Counts blocks that were to be checked and were not.
    pub fn record_skipped(&mut self, reason: SkipReason, blocks: u64) {
        if let Some(words) = self.verification {
            add(&words[place::skipped(reason)], blocks);
        }
    }

    /// Counts a block that is wrong, and keeps what is known of it if it is one of the first.
    pub fn record_mismatch(&mut self, record: &MismatchRecord) {
        let Some(words) = self.verification else { return };
        add(&words[place::mismatches(record.class.unwrap_or(MismatchClass::Damaged))], 1);
        let count = load(&words[place::RECORDS]) as usize;
        if count < RECORDS_MAX {
            let room = words[COUNT_WORDS + count * RECORD_WORDS..].iter();
            room.zip(record.to_words()).for_each(|(word, value)| store(word, value));
            words[place::RECORDS].store(count as u64 + 1, Ordering::Release);
        }
    }

    /// Counts a data request that failed.
    pub fn record_failed(&mut self, direction: Direction) {
        if let Some(counters) = self.counters.get(direction as usize) {
            add(&counters[counters::IOS], 1);
        }
    }

    /// Notes the depth that `latency_target` allows at present.
    pub fn set_depth(&mut self, depth: usize) {
        store(&self.facts[facts::DEPTH], depth as u64);
    }

    /// Counts a flush.
    pub fn record_flush(&mut self, ns: u64) {
        add(&self.facts[facts::SYNC_IOS], 1);
        self.flush.record(ns, 1);
    }

    /// Counts `count` requests issued together, after which `depth` are in flight.
    #[inline]
    pub fn record_depth(&mut self, depth: usize, count: u64) {
        let bin = (usize::BITS - 1 - depth.max(1).leading_zeros()).min(6);
        add(&self.depths[bin as usize], count);
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

    /// Notes what the worker has used when its measured phase begins: user and system time in
    /// microseconds, context switches, major and minor faults.
    pub fn begin_usage(&mut self, used: [u64; 5]) {
        for (word, value) in self.facts[facts::USAGE_BEFORE..].iter().zip(used) {
            store(word, value);
        }
    }

    /// Sets the usage of the measured phase from what the worker has used when it ends.
    pub fn end_usage(&mut self, used: [u64; 5]) {
        for (index, value) in used.into_iter().enumerate() {
            let before = load(&self.facts[facts::USAGE_BEFORE + index]);
            store(&self.facts[facts::USAGE + index], value.saturating_sub(before));
        }
    }

    /// Appends a line for the report's messages; what does not fit is dropped.
    pub fn message(&mut self, severity: Severity, text: &str) {
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

    /// True if all kinds of latency have counted the same requests, none more than were issued, and
    /// each histogram holds as many values as were counted. Response time is counted of requests that
    /// have a schedule, which need not be all.
    pub fn is_consistent(&self) -> bool {
        let kinds = || [&self.slat, &self.clat, &self.lat].into_iter().flatten();
        let same_counts = (0..3).all(|d| {
            let issued = load(&self.counters[d][counters::IOS]);
            let mut counts = kinds().map(|cells| cells[d].count());
            let first = counts.next();
            first.is_none_or(|first| first <= issued && counts.all(|count| count == first))
        });
        let by_priority = self.priorities.iter().enumerate().all(|(d, cells)| {
            let counted: u64 = cells.iter().map(Cell::count).sum();
            let all = self.clat.as_ref().or(self.lat.as_ref()).map(|cells| cells[d].count());
            cells.is_empty() || all.is_none_or(|all| all == counted)
        });
        let responses = || self.response.iter().flatten();
        let scheduled = responses().zip(&self.counters).all(|(response, counters)| {
            let count = response.latency.count();
            count <= load(&counters[counters::IOS]) && load(&response.lag[lag::LATE]) <= count
        });
        let cells = kinds().flatten().chain([&self.flush]);
        same_counts
            && by_priority
            && scheduled
            && cells.chain(responses().map(|response| &response.latency)).all(Cell::is_consistent)
    }

    /// Forgets everything measured, at the end of a ramp. Messages, errors and identity stay.
    pub fn reset(&mut self) {
        self.begin();
        for cells in [&self.slat, &self.clat, &self.lat].into_iter().flatten() {
            cells.iter().for_each(Cell::reset);
        }
        self.flush.reset();
        self.priorities.iter().flatten().for_each(Cell::reset);
        for response in self.response.iter().flatten() {
            response.latency.reset();
            response.lag.iter().for_each(|word| store(word, 0));
        }
        self.blocks.iter().flat_map(|words| &words[1..]).for_each(|word| store(word, 0));
        // What is wrong in a warm-up is wrong, so these counts stay.
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
