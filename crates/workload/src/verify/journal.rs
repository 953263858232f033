//! The journal: the state of a job that runs, kept so that nothing is lost when the job is killed.
//!
//! A file has a head and two slots, each of which has a whole record: how many writes were issued, which
//! are in flight, which failed, and the same of what is durable. Records are written to the slots in turn, with a
//! number that grows and a CRC-32C, so that one of them is good whenever the writing stops. The good one
//! with the larger number counts. All numbers are little endian.
//!
//! A write is in the journal before it is handed to the engine. That it has ended may be noted later:
//! until then it counts as in flight.

use std::fmt;

use super::fates::{Extent, FAILED_MOST, FREE, Fates, Saved};
use super::state::{crc, u64_at};

/// Bytes of the head.
pub const HEAD_BYTES: usize = 4096;

/// Longest queue of a job that has a journal.
pub const DEPTH_MOST: usize = 1 << 17;

const MAGIC: u64 = u64::from_le_bytes(*b"fiordjnl");
const VERSION: u64 = 1;
const RECORD: u64 = u64::from_le_bytes(*b"fiordrec");
const FLUSH_FAILED: u64 = 1;

/// Words of a record before its lists: magic, sequence, bytes, sum, writes, durable writes, first failed write
/// that is not named, flags, lengths of three lists.
const FIXED_WORDS: usize = 11;
const SUM_AT: usize = 24;

/// Bytes of a slot for a queue of this length: whole pages.
fn slot_bytes(depth: usize) -> usize {
    ((FIXED_WORDS + 2 * depth + FAILED_MOST) * 8).next_multiple_of(4096)
}

/// Bytes of the largest file that is read.
pub fn most_bytes() -> u64 {
    (HEAD_BYTES + 2 * slot_bytes(DEPTH_MOST)) as u64
}

/// Makes the bytes of a journal, in memory that is there from the start.
#[derive(Clone, Debug)]
pub struct Writer {
    slot_bytes: usize,
    sequence: u64,
    record: Vec<u8>,
}

impl Writer {
    /// For a queue of this length.
    pub fn new(depth: usize) -> Writer {
        let slot_bytes = slot_bytes(depth);
        Writer { slot_bytes, sequence: 0, record: Vec::with_capacity(slot_bytes) }
    }

    /// The head of the file.
    pub fn head(&self) -> Vec<u8> {
        let mut head: Vec<u8> = [MAGIC, VERSION, self.slot_bytes as u64]
            .into_iter()
            .flat_map(u64::to_le_bytes)
            .collect();
        let sum = crc(&head);
        head.extend(u64::from(sum).to_le_bytes());
        head.resize(HEAD_BYTES, 0);
        head
    }

    /// Bytes of the file.
    pub fn file_bytes(&self) -> u64 {
        (HEAD_BYTES + 2 * self.slot_bytes) as u64
    }

    /// The next record, and its place in the file.
    pub fn record(&mut self, fates: &Fates) -> (&[u8], u64) {
        self.sequence += 1;
        let (now, durable) = (fates.now(), fates.durable());
        let (failed, failed_from) = fates.failed();
        let flags = if fates.has_failed_flush() { FLUSH_FAILED } else { 0 };
        self.record.clear();
        let fixed = [RECORD, self.sequence, 0, 0, now.writes, durable.writes, failed_from, flags];
        for word in fixed.into_iter().chain([0, 0, failed.len() as u64]) {
            self.record.extend(word.to_le_bytes());
        }
        for (place, list) in [(8, &now.in_flight), (9, &durable.in_flight)] {
            let mut count = 0u64;
            for number in list.iter().filter(|number| **number != FREE) {
                self.record.extend(number.to_le_bytes());
                count += 1;
            }
            self.set(place, count);
        }
        for number in failed {
            self.record.extend(number.to_le_bytes());
        }
        self.set(2, self.record.len() as u64);
        let sum = crc(&self.record);
        self.set(SUM_AT / 8, u64::from(sum));
        let place = HEAD_BYTES as u64 + (self.sequence & 1) * self.slot_bytes as u64;
        (&self.record, place)
    }

    fn set(&mut self, word: usize, value: u64) {
        if let Some(place) = self.record.get_mut(word * 8..word * 8 + 8) {
            place.copy_from_slice(&value.to_le_bytes());
        }
    }
}

/// Why a file is no journal that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalError {
    /// It has another begin.
    Head,
    /// Its version is another one.
    Version(u64),
    /// Neither of its records is whole.
    Records,
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JournalError::Head => f.write_str("it does not begin like a journal of fiord"),
            JournalError::Version(version) => write!(
                f,
                "its version is {version}, and this fiord knows {VERSION}: load it with the fiord that wrote it"
            ),
            JournalError::Records => f.write_str("neither of its two records is whole"),
        }
    }
}

impl std::error::Error for JournalError {}

/// Reads a journal.
pub fn decode(file: &[u8]) -> Result<Saved, JournalError> {
    let head = file.get(..32).ok_or(JournalError::Head)?;
    if u64_at(head, 0) != MAGIC || u64::from(crc(&head[..24])) != u64_at(head, 24) {
        return Err(JournalError::Head);
    }
    if u64_at(head, 8) != VERSION {
        return Err(JournalError::Version(u64_at(head, 8)));
    }
    let slot = usize::try_from(u64_at(head, 16)).map_err(|_| JournalError::Head)?;
    let places = [Some(HEAD_BYTES), slot.checked_add(HEAD_BYTES)];
    let records = places.into_iter().flatten().filter_map(|at| {
        let end = at.checked_add(slot)?.min(file.len());
        read_record(file.get(at..end)?)
    });
    let newest = records.max_by_key(|(sequence, _)| *sequence);
    newest.map(|(_, saved)| saved).ok_or(JournalError::Records)
}

/// A record and its number, if it is whole.
fn read_record(slot: &[u8]) -> Option<(u64, Saved)> {
    let bytes = usize::try_from(u64_at(slot, 16)).ok()?;
    let record = slot.get(..bytes).filter(|record| record.len() >= FIXED_WORDS * 8)?;
    if u64_at(record, 0) != RECORD || u64::from(record_sum(record)) != u64_at(record, SUM_AT) {
        return None;
    }
    let mut at = FIXED_WORDS * 8;
    let mut list = |word: usize| {
        let count = usize::try_from(u64_at(record, word * 8)).ok()?;
        let end = count.checked_mul(8)?.checked_add(at)?;
        let bytes = record.get(at..end)?;
        at = end;
        Some((0..count).map(|index| u64_at(bytes, index * 8)).collect::<Vec<u64>>())
    };
    let (now, durable, failed) = (list(8)?, list(9)?, list(10)?);
    let saved = Saved::of_journal(
        Extent { writes: u64_at(record, 32), in_flight: now },
        Extent { writes: u64_at(record, 40), in_flight: durable },
        failed,
        (u64_at(record, 48), u64_at(record, 56) & FLUSH_FAILED != 0),
    );
    Some((u64_at(record, 8), saved))
}

/// The sum of a record, which is made while its own place is zero.
fn record_sum(record: &[u8]) -> u32 {
    let mut copy = record.to_vec();
    if let Some(place) = copy.get_mut(SUM_AT..SUM_AT + 8) {
        place.fill(0);
    }
    crc(&copy)
}

#[cfg(test)]
mod tests {
    use fiord_base::{FileIndex, Slot};

    use super::super::fates::Fate;
    use super::*;

    fn put(file: &mut [u8], writer: &mut Writer, fates: &Fates) {
        let (record, at) = writer.record(fates);
        file[at as usize..at as usize + record.len()].copy_from_slice(record);
    }

    fn job() -> (Fates, Writer, Vec<u8>) {
        let writer = Writer::new(4);
        let mut file = writer.head();
        file.resize(writer.file_bytes() as usize, 0);
        (Fates::new(4, 1, false), writer, file)
    }

    #[test]
    fn what_is_written_is_read() {
        let (mut fates, mut writer, mut file) = job();
        assert_eq!(decode(&file), Err(JournalError::Records), "nothing was noted yet");
        for (number, slot) in (0..4).map(|n| (n, Slot(n as u32))) {
            fates.issued(slot, number);
        }
        fates.ended(Slot(1), FileIndex(0), true);
        fates.ended(Slot(2), FileIndex(0), false);
        fates.flush_submitted(Slot(1));
        fates.flush_ended(Slot(1), FileIndex(0), true);
        fates.ended(Slot(3), FileIndex(0), true);
        put(&mut file, &mut writer, &fates);
        let saved = decode(&file).unwrap();
        assert_eq!(saved, fates.saved());
        let all: Vec<_> = (0..5).map(|number| saved.fate(number)).collect();
        use Fate::*;
        assert_eq!(all, [InFlight, Durable, Failed, Acknowledged, Never]);
    }

    #[test]
    fn a_torn_record_leaves_the_one_before() {
        let (mut fates, mut writer, mut file) = job();
        let mut writes = 0;
        for number in 0..6 {
            fates.issued(Slot(0), number);
            let before = file.clone();
            put(&mut file, &mut writer, &fates);
            assert_eq!(decode(&file).unwrap().writes(), number + 1);
            let changed = (0..file.len()).filter(|at| before[*at] != file[*at]);
            let last = changed.clone().next_back().unwrap();
            for at in changed {
                // The bytes up to here have reached the file.
                let torn: Vec<u8> = file[..=at].iter().chain(&before[at + 1..]).copied().collect();
                let found = decode(&torn).map_or(0, |saved| saved.writes());
                assert_eq!(found, if at == last { number + 1 } else { writes });
            }
            writes = number + 1;
            fates.ended(Slot(0), FileIndex(0), true);
        }
    }

    #[test]
    fn the_largest_record_has_room() {
        let (mut fates, mut writer, _) = job();
        for number in 0..2 * FAILED_MOST as u64 {
            fates.issued(Slot(0), number);
            fates.ended(Slot(0), FileIndex(0), false);
        }
        for slot in 0..4 {
            fates.issued(Slot(slot), 10_000 + u64::from(slot));
        }
        fates.all_flushed(true);
        let (bytes, memory) = (writer.slot_bytes, writer.record.capacity());
        assert!(writer.record(&fates).0.len() <= bytes);
        assert_eq!(writer.record.capacity(), memory, "nothing was allocated");
    }

    #[test]
    fn other_files_are_refused() {
        let (_, writer, _) = job();
        assert_eq!(decode(b""), Err(JournalError::Head));
        let mut head = writer.head();
        head[9] ^= 1;
        assert_eq!(decode(&head), Err(JournalError::Head));
    }
}
