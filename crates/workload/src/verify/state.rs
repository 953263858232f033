//! Verify state files: what a job that has written leaves for the one that verifies.
//!
//! The layout is fio's, little endian: a header of three words (version, bytes of the body, CRC-32C of the
//! body without final inversion), and a body with the number of writes, the position of the stream of
//! offsets, the name of the job, and a list of write numbers: one for each place of the queue, and in version
//! 0x07 the failed writes behind them. Version 0x05 is what fio 3.41 and 3.42 write. It is written here, too,
//! unless there are failed writes.
//!
//! Files come from anywhere: lengths are checked before they are believed.

use std::fmt;

use fiord_base::random::Stream;
use fiord_options::plan::VerifyPolicy;

use super::fates::{Extent, FREE, Fates, Saved};
use crate::checksum::Checksum;

/// Bytes of the largest file that is read: a queue of two million.
pub const MOST_BYTES: u64 = 16 << 20;

const HEADER_BYTES: usize = 24;
const LIST_AT: usize = 144;
const NAME_AT: usize = 80;
const NAME_BYTES: usize = 64;
/// Without failed writes.
const PLAIN: u64 = 0x05;
/// With failed writes.
const WITH_FAILED: u64 = 0x07;

/// The content of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Writes issued, and those in flight.
    pub extent: Extent,
    /// Numbers of failed writes.
    pub failed: Vec<u64>,
    /// The number of the job, from 0.
    pub index: u64,
    /// The stream of offsets.
    pub offsets: Position,
    /// Name of the job, of which files have 63 bytes.
    pub name: Vec<u8>,
}

/// Where a stream of random numbers stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// One of 32 bits.
    Narrow([u32; 3]),
    /// One of 64 bits.
    Wide([u64; 5]),
}

impl From<&Stream> for Position {
    fn from(stream: &Stream) -> Position {
        let position = stream.position();
        match stream {
            Stream::Narrow(_) => {
                Position::Narrow(std::array::from_fn(|index| position[index] as u32))
            }
            Stream::Wide(_) => Position::Wide(position),
        }
    }
}

/// Why a file is no state that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateError {
    /// It ends early, or has more than it says: bytes that there should be, and that there are.
    Size {
        /// Bytes that it should have.
        wanted: u64,
        /// Bytes that it has.
        found: u64,
    },
    /// A version that is not read.
    Version(u64),
    /// The sum of the body is another one.
    Sum {
        /// As the header says.
        wanted: u32,
        /// Of what was read.
        found: u32,
    },
    /// The list has another length than the body has room for.
    List {
        /// Entries that are announced.
        wanted: u64,
        /// Entries for which there is room.
        found: u64,
    },
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StateError::Size { wanted, found } => {
                write!(
                    f,
                    "it has {found} bytes, and should have {wanted}: it was cut, or is no state file"
                )
            }
            StateError::Version(version) => {
                let who = match version {
                    0x03 => "fio 3.33 to 3.38 wrote it, which did not note what was in flight",
                    0x04 => "fio 3.39 or 3.40 wrote it, which did not note what was in flight",
                    0..=0x0f => "no version of fio up to 3.42 writes that",
                    _ => "it is no state file",
                };
                write!(
                    f,
                    "its version is {version:#04x}, and 0x05 and 0x07 can be read: {who}; verify without \
                     verify_state_load, or write again with fio 3.41 or later or with fiord"
                )
            }
            StateError::Sum { wanted, found } => {
                write!(f, "it is damaged: its checksum is {found:08x} and should be {wanted:08x}")
            }
            StateError::List { wanted, found } => {
                write!(f, "it announces {wanted} write numbers and has room for {found}")
            }
        }
    }
}

impl std::error::Error for StateError {}

/// Why there is no state to be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsavable {
    /// More writes failed than are remembered.
    ManyFailed,
    /// A flush failed after more writes than can be named.
    FlushFailed,
}

impl fmt::Display for Unsavable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unsavable::ManyFailed => "more writes failed than it can name",
            Unsavable::FlushFailed => {
                "a flush failed, and more writes may be lost than it can name"
            }
        })
    }
}

impl State {
    /// The state of a job, by what a later verification may rely on.
    pub fn of(
        fates: &Fates,
        policy: VerifyPolicy,
        (index, name, offsets): (u64, &str, Position),
    ) -> Result<State, Unsavable> {
        let (failed, failed_from) = fates.failed();
        if failed_from != u64::MAX {
            return Err(Unsavable::ManyFailed);
        }
        let mut failed = failed.to_vec();
        let extent = match policy {
            VerifyPolicy::Fsynced => fates.durable().clone(),
            VerifyPolicy::Completed => fates.now().clone(),
        };
        if fates.has_failed_flush() && policy == VerifyPolicy::Completed {
            // What is not known to be durable is as good as failed.
            let durable = fates.durable();
            let lost = durable.writes..extent.writes;
            if lost.end - lost.start > super::fates::FAILED_MOST as u64 {
                return Err(Unsavable::FlushFailed);
            }
            let open = durable.in_flight.iter().copied().filter(|number| *number != FREE);
            failed.extend(lost.chain(open));
            failed.sort_unstable();
            failed.dedup();
        }
        failed.retain(|number| *number < extent.writes);
        Ok(State { extent, failed, index, offsets, name: name.as_bytes().to_vec() })
    }

    /// The bytes of the file.
    pub fn encode(&self) -> Vec<u8> {
        let list = [&self.extent.in_flight[..], &self.failed[..]];
        let entries: usize = list.iter().map(|numbers| numbers.len()).sum();
        let mut body = vec![0; LIST_AT];
        body[0..4].copy_from_slice(&(entries as u32).to_le_bytes());
        body[8..16].copy_from_slice(&self.extent.writes.to_le_bytes());
        body[16..24].copy_from_slice(&self.index.to_le_bytes());
        match self.offsets {
            Position::Narrow(words) => {
                for (place, word) in body[32..].chunks_exact_mut(4).zip(words) {
                    place.copy_from_slice(&word.to_le_bytes());
                }
            }
            Position::Wide(words) => {
                body[24] = 1;
                for (place, word) in body[32..].chunks_exact_mut(8).zip(words) {
                    place.copy_from_slice(&word.to_le_bytes());
                }
            }
        }
        let name = &self.name[..self.name.len().min(NAME_BYTES - 1)];
        body[NAME_AT..NAME_AT + name.len()].copy_from_slice(name);
        body.extend(list.into_iter().flatten().flat_map(|number| number.to_le_bytes()));
        let version = if self.failed.is_empty() { PLAIN } else { WITH_FAILED };
        let header = [version, body.len() as u64, u64::from(crc(&body))];
        header.iter().flat_map(|word| word.to_le_bytes()).chain(body).collect()
    }

    /// Reads a file. `depth` is the length of the queue of the job, where the list of a version that has failed
    /// writes does not say where they begin.
    pub fn decode(file: &[u8], depth: usize) -> Result<State, StateError> {
        let found = file.len() as u64;
        let size = |wanted: u64| StateError::Size { wanted, found };
        let Some((header, body)) = file.split_at_checked(HEADER_BYTES) else {
            return Err(size((HEADER_BYTES + LIST_AT) as u64));
        };
        let version = u64_at(header, 0);
        if version != PLAIN && version != WITH_FAILED {
            return Err(StateError::Version(version));
        }
        let wanted = u64_at(header, 8);
        if wanted != body.len() as u64 || body.len() < LIST_AT {
            let least = wanted.max(LIST_AT as u64);
            return Err(size(least.saturating_add(HEADER_BYTES as u64)));
        }
        let (wanted, found) = (u64_at(header, 16) as u32, crc(body));
        if wanted != found {
            return Err(StateError::Sum { wanted, found });
        }
        let entries = u64_at(body, 0) & u64::from(u32::MAX);
        let room = (body.len() - LIST_AT) as u64;
        if entries.checked_mul(8) != Some(room) {
            return Err(StateError::List { wanted: entries, found: room / 8 });
        }
        let mut in_flight: Vec<u64> =
            (LIST_AT..body.len()).step_by(8).map(|at| u64_at(body, at)).collect();
        let failed = match version {
            WITH_FAILED => in_flight.split_off(depth.min(in_flight.len())),
            _ => Vec::new(),
        };
        let offsets = match u64_at(body, 24) {
            0 => Position::Narrow(std::array::from_fn(|i| u64_at(body, 32 + 4 * i) as u32)),
            _ => Position::Wide(std::array::from_fn(|i| u64_at(body, 32 + 8 * i))),
        };
        let name = body[NAME_AT..LIST_AT - 1].split(|byte| *byte == 0).next().unwrap_or_default();
        Ok(State {
            extent: Extent { writes: u64_at(body, 8), in_flight },
            failed: failed.into_iter().filter(|number| *number != FREE).collect(),
            index: u64_at(body, 16),
            offsets,
            name: name.to_vec(),
        })
    }

    /// What it says of each write.
    pub fn saved(self, policy: VerifyPolicy) -> Saved {
        Saved::of_state(self.extent, self.failed, policy)
    }
}

/// The name of a state file: of a job and its number, from 0.
pub fn file_name(job: &[u8], index: u32) -> Vec<u8> {
    let name = job.iter().map(|byte| if *byte == b'/' { b'.' } else { *byte });
    let rest = format!("-{index}-verify.state");
    b"local-".iter().copied().chain(name).chain(rest.bytes()).collect()
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
}

pub(super) fn crc(bytes: &[u8]) -> u32 {
    let sum = Checksum::Crc32c.of(bytes);
    sum.as_bytes().try_into().map_or(0, u32::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of fio 3.41: a sequential job `a` of 16 writes, one at a time.
    fn made_by_fio() -> Vec<u8> {
        let mut file = Vec::new();
        for word in [5u64, 152, 0xb5f4_fcd0, 1, 16, 0, 0] {
            file.extend(word.to_le_bytes());
        }
        file.extend([0x5b, 0xcb, 0xa8, 0xa4, 0x9a, 0xaa, 0x2c, 0xeb, 0x30, 0xe2, 0x5e, 0x48]);
        file.resize(HEADER_BYTES + NAME_AT, 0);
        file.push(b'a');
        file.resize(HEADER_BYTES + LIST_AT, 0);
        file.extend(u64::MAX.to_le_bytes());
        file
    }

    fn state() -> State {
        State {
            extent: Extent { writes: 10, in_flight: vec![FREE, 9, 7] },
            failed: vec![3],
            index: 2,
            offsets: Position::Wide([1, 2, 3, 4, 5]),
            name: b"job".to_vec(),
        }
    }

    #[test]
    fn files_of_fio_are_read_and_written() {
        let file = made_by_fio();
        let state = State::decode(&file, 1).unwrap();
        assert_eq!(state.extent, Extent { writes: 16, in_flight: vec![FREE] });
        assert_eq!((state.index, &state.name[..]), (0, &b"a"[..]));
        assert_eq!(state.encode(), file);
    }

    #[test]
    fn failed_writes_need_another_version() {
        let file = state().encode();
        assert_eq!(u64_at(&file, 0), WITH_FAILED);
        assert_eq!(State::decode(&file, 3), Ok(state()));
        let saved = state().saved(VerifyPolicy::Completed);
        use super::super::fates::Fate::*;
        let fates: Vec<_> = [2, 3, 7, 8, 9, 10].map(|number| saved.fate(number)).to_vec();
        assert_eq!(fates, [Acknowledged, Failed, InFlight, Acknowledged, InFlight, Never]);
        let saved = state().saved(VerifyPolicy::Fsynced);
        assert_eq!((saved.fate(8), saved.fate(10)), (Durable, Unknown));
    }

    #[test]
    fn long_names_are_cut() {
        let file = State { name: vec![b'n'; 100], ..state() }.encode();
        assert_eq!(State::decode(&file, 3).unwrap().name, vec![b'n'; 63]);
    }

    #[test]
    fn names_without_end_are_cut() {
        let mut file = state().encode();
        file[HEADER_BYTES + NAME_AT..HEADER_BYTES + LIST_AT].fill(b'n');
        let sum = crc(&file[HEADER_BYTES..]);
        file[16..20].copy_from_slice(&sum.to_le_bytes());
        assert_eq!(State::decode(&file, 3).unwrap().name, vec![b'n'; 63]);
    }

    #[test]
    fn damage_is_told() {
        let good = state().encode();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            // The upper half of the word of the sum is not looked at by fio either.
            assert_eq!(State::decode(&bad, 3).is_ok(), (20..24).contains(&at), "byte {at}");
        }
        for length in 0..good.len() {
            assert!(State::decode(&good[..length], 3).is_err(), "{length} bytes");
        }
        let mut old = good;
        old[0] = 3;
        let text = State::decode(&old, 3).unwrap_err().to_string();
        assert!(text.contains("0x03") && text.contains("3.33"), "{text}");
    }

    #[test]
    fn what_a_failed_flush_leaves_counts_as_failed() {
        use fiord_base::{FileIndex, Slot};
        let mut fates = Fates::new(2, 1, false);
        for number in 0..4 {
            fates.issued(Slot(0), number);
            fates.ended(Slot(0), FileIndex(0), true);
            fates.flush_submitted(Slot(1));
            fates.flush_ended(Slot(1), FileIndex(0), number < 2);
        }
        let place = (0, "job", Position::Narrow([0; 3]));
        let state = State::of(&fates, VerifyPolicy::Completed, place).unwrap();
        assert_eq!((state.extent.writes, state.failed), (4, vec![2, 3]));
        let state = State::of(&fates, VerifyPolicy::Fsynced, place).unwrap();
        assert_eq!((state.extent.writes, state.failed), (2, vec![]));
    }

    #[test]
    fn names_of_files_have_no_directories() {
        assert_eq!(file_name(b"a/b", 3), b"local-a.b-3-verify.state");
    }
}
