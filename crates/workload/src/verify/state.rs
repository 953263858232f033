//! Saved states: which writes of a job are there to be verified.
//!
//! The files are fio's. A header of three little-endian words (version, size and CRC-32C of what follows) is
//! followed by the number of writes that were issued, the state of the stream of offsets, the name of the
//! job, and a list of write numbers: those in flight, and in version 7 those that failed. Versions 3 and 4,
//! of fio 3.33 to 3.40, list completed blocks instead; they are recognised and refused.

use crate::checksum::Checksum;

const HEADER_BYTES: usize = 24;
const BODY_BYTES: usize = 144;
const NAME_AT: usize = 80;
const NAME_BYTES: usize = 64;
/// An unused place in the list.
const FREE: u64 = u64::MAX;

/// More than that is no list of a job: a request in flight takes memory.
const LIST_MAX: u64 = 1 << 24;

/// What is known of the writes of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The number of the job, from 0.
    pub index: u64,
    /// Its name.
    pub name: String,
    /// Writes that were issued: all lower numbers.
    pub writes: u64,
    /// Most requests in flight.
    pub depth: u32,
    /// Numbers of writes that were on their way.
    pub in_flight: Vec<u64>,
    /// Numbers of writes that failed.
    pub failed: Vec<u64>,
    /// The state of the stream of offsets: three words of 32 bits, or five of 64.
    pub stream: Vec<u64>,
    /// The stream has words of 64 bits.
    pub wide: bool,
}

/// Why a file is no state that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateError {
    /// It is too short for what it says.
    Short {
        /// Bytes that it has.
        bytes: usize,
    },
    /// It is of another version.
    Version(u64),
    /// Its checksum does not agree: calculated and found.
    Checksum(u32, u32),
    /// It says something that cannot be.
    Field(&'static str, u64),
}

impl std::fmt::Display for StateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StateError::Short { bytes } => {
                write!(f, "it has {bytes} bytes and ends too early for a verify state")
            }
            StateError::Version(version @ (3 | 4)) => {
                let writer = if *version == 3 { "3.33 to 3.38" } else { "3.39 and 3.40" };
                write!(
                    f,
                    "it was written by fio {writer} (version {version}), whose list of completed blocks does \
                     not say which others were written; versions 5 and 7 can be read"
                )
            }
            StateError::Version(version) => {
                write!(f, "its version is {version:#x}; versions 5 and 7 can be read")
            }
            StateError::Checksum(right, found) => {
                write!(f, "its checksum is {found:08x} and has to be {right:08x}: it is damaged")
            }
            StateError::Field(name, value) => write!(f, "its {name} cannot be {value}"),
        }
    }
}

impl std::error::Error for StateError {}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

fn crc(body: &[u8]) -> u32 {
    let sum = Checksum::Crc32c.of(body);
    sum.as_bytes().try_into().map_or(0, u32::from_ne_bytes)
}

impl State {
    /// Reads a file of version 5 or 7.
    ///
    /// # Errors
    /// If it is another one, damaged, or too short.
    pub fn parse(bytes: &[u8]) -> Result<State, StateError> {
        let short = StateError::Short { bytes: bytes.len() };
        let word = |at| u64_at(bytes, at).ok_or(short.clone());
        let (version, size, sum) = (word(0)?, word(8)?, word(16)?);
        if !matches!(version, 5 | 7) {
            return Err(StateError::Version(version));
        }
        let body = &bytes[HEADER_BYTES..];
        let size = usize::try_from(size).ok().filter(|size| *size >= BODY_BYTES);
        let body = size.and_then(|size| body.get(..size)).ok_or(short.clone())?;
        let right = crc(body);
        if right != sum as u32 {
            return Err(StateError::Checksum(right, sum as u32));
        }
        let word = |at| u64_at(body, at).unwrap_or(0);
        let count = word(0) & 0xffff_ffff;
        if count > LIST_MAX || count as usize * 8 > body.len() - BODY_BYTES {
            return Err(StateError::Field("number of requests in flight", count));
        }
        let list = body[BODY_BYTES..].as_chunks::<8>().0.iter().take(count as usize);
        let numbers = list.map(|bytes| u64::from_le_bytes(*bytes)).filter(|n| *n != FREE);
        let wide = word(24) != 0;
        let stream = match wide {
            true => (0..5).map(|i| word(32 + i * 8)).collect(),
            false => (0..3).map(|i| word(32 + i / 2 * 8) >> (i % 2 * 32) & 0xffff_ffff).collect(),
        };
        let name = &body[NAME_AT..NAME_AT + NAME_BYTES];
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        Ok(State {
            index: word(16),
            name: String::from_utf8_lossy(name).into_owned(),
            writes: word(8),
            depth: count as u32,
            in_flight: numbers.collect(),
            failed: Vec::new(),
            stream,
            wide,
        })
    }

    /// In a job of `depth`, the numbers behind that many places are those of failed writes.
    #[must_use]
    pub fn of_depth(mut self, depth: usize) -> State {
        let places = self.depth as usize;
        if places > depth {
            // Free places come first, or last, among those in flight.
            let failed = (places - depth).min(self.in_flight.len());
            self.failed = self.in_flight.split_off(self.in_flight.len() - failed);
        }
        self
    }

    /// The bytes of a file: version 5, or 7 if there are failed writes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let depth = (self.depth as usize).max(self.in_flight.len());
        let count = depth + self.failed.len();
        let mut body = Vec::with_capacity(BODY_BYTES + count * 8);
        body.extend((count as u64).to_le_bytes());
        body.extend(self.writes.to_le_bytes());
        body.extend(self.index.to_le_bytes());
        body.extend(u64::from(self.wide).to_le_bytes());
        for word in &self.stream {
            match self.wide {
                true => body.extend(word.to_le_bytes()),
                false => body.extend((*word as u32).to_le_bytes()),
            }
        }
        body.resize(NAME_AT, 0);
        let name = self.name.as_bytes();
        body.extend(&name[..name.len().min(NAME_BYTES - 1)]);
        body.resize(BODY_BYTES, 0);
        let free = std::iter::repeat_n(&FREE, depth - self.in_flight.len());
        for number in self.in_flight.iter().chain(free).chain(&self.failed) {
            body.extend(number.to_le_bytes());
        }
        let version: u64 = if self.failed.is_empty() { 5 } else { 7 };
        let header = [version, body.len() as u64, u64::from(crc(&body))];
        let mut bytes: Vec<u8> = header.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.append(&mut body);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        State {
            index: 3,
            name: "job".to_owned(),
            writes: 100,
            depth: 4,
            in_flight: vec![97, 99],
            failed: Vec::new(),
            stream: vec![1, 2, 0xffff_ffff],
            wide: false,
        }
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(State::parse(&state().to_bytes()), Ok(state()));
        let wide = State { wide: true, stream: vec![1, 2, 3, 4, u64::MAX], ..state() };
        assert_eq!(State::parse(&wide.to_bytes()), Ok(wide));
        let failed = State { failed: vec![7, 8], ..state() };
        let bytes = failed.to_bytes();
        assert_eq!(bytes[0], 7);
        let read = State::parse(&bytes).unwrap().of_depth(4);
        assert_eq!(read, State { depth: 6, ..failed });
    }

    /// What fio 3.41 has saved at the end of `--name=a --rw=write --bs=4k --size=64k --verify=crc32c`.
    #[test]
    fn it_is_fios_file() {
        let words: [u64; 22] = [
            5,
            0x98,
            0xb5f4_fcd0,
            1,
            16,
            0,
            0,
            0xeb2c_aa9a_a4a8_cb5b,
            0x485e_e230,
            0,
            0,
            0,
            0,
            0x61,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            u64::MAX,
        ];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let read = State::parse(&bytes).unwrap();
        assert_eq!((read.writes, read.depth, read.name.as_str()), (16, 1, "a"));
        assert_eq!(read.in_flight, []);
        assert_eq!(read.stream, [0xa4a8_cb5b, 0xeb2c_aa9a, 0x485e_e230]);
        assert_eq!(read.to_bytes(), bytes);
    }

    #[test]
    fn damage_is_found() {
        let bytes = state().to_bytes();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            // The upper half of the checksum's word is not used.
            assert_eq!(State::parse(&damaged).is_ok(), (20..24).contains(&at), "{at}");
        }
        for end in 0..bytes.len() {
            assert!(State::parse(&bytes[..end]).is_err(), "{end}");
        }
        let old = [4u64, 0, 0].iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        assert_eq!(State::parse(&old), Err(StateError::Version(4)));
    }
}
