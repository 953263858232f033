//! Is what was read what has to be there?
//!
//! The good case compares a header and a checksum, and allocates nothing. Nothing that was read is trusted.

use fiord_options::plan::VerifyKind;

use super::format::Format;
use super::header::{Found, Header, Version};
use crate::checksum::Sum;

/// Bytes of the longest write of an old fio in which a block of it is looked for.
const OLD_WRITE_MAX: usize = 1 << 20;

/// What has to be there; a field that is `None` is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// First byte of the request.
    pub offset: u64,
    /// The number of the write.
    pub number: Option<u64>,
    /// A later number is right, too.
    pub newer: bool,
    /// The seed of its data.
    pub seed: Option<u64>,
    /// That seed if it is not relied on: it helps to tell what has happened.
    pub likely_seed: Option<u64>,
    /// The blocks were discarded.
    pub zeroes: bool,
}

/// What is wrong with a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// There is no header: what stands in the place of the magic number.
    Magic(u16),
    /// The header is of an unknown version.
    Version(u8),
    /// The header is of a block of another length.
    Length(Header),
    /// Its seed is another one.
    Seed(Header),
    /// It is of another place.
    Offset(Header),
    /// It is of another write.
    Number(Header),
    /// Its CRC does not agree with it: expected and found.
    Crc(Header, u32, u32),
    /// The checksum of the data is another one: calculated and found.
    Sum(Header, Box<(Sum, Sum)>),
    /// Data are not the pattern, from this byte of the block on.
    Pattern(usize),
    /// Data of a discarded block are not zero, from this byte on.
    NotZero(usize),
    /// The target ended in it, after so many bytes.
    Short(usize),
}

/// Which kind of mishap gives such a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// It is all zeroes.
    Zeroes,
    /// A few bits differ.
    BitFlip,
    /// Some of its sectors are what they have to be, and others are something else.
    Torn,
    /// An older write is there, complete.
    Stale,
    /// A block of another place is there, complete.
    Misdirected,
    /// A write is there that was not expected, complete.
    Unknown,
    /// The target ends before it.
    Short,
    /// Anything else.
    Damaged,
}

impl Class {
    /// What is there, in a few words.
    fn sentence(self) -> &'static str {
        match self {
            Class::Zeroes => "it is all zeroes",
            Class::BitFlip => "single bits are wrong",
            Class::Torn => "torn: some sectors are right, others are not",
            Class::Stale => "stale: an older write is there",
            Class::Misdirected => "misdirected: a block of another place is there",
            Class::Unknown => "a write is there that was not expected",
            Class::Short => "the target is too short",
            Class::Damaged => "damaged",
        }
    }
}

/// A block that is not what it has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What is wrong.
    pub wrong: Wrong,
    /// First byte of the block on its target, and its length.
    pub offset: u64,
    /// See there.
    pub length: u64,
    /// The same of the request.
    pub request: (u64, u64),
    /// What had to be there.
    pub expected: Expected,
    /// The kind of checksum.
    pub kind: VerifyKind,
    /// How it came about.
    pub class: Class,
    /// What the header says that is there, if it is sound.
    pub found: Option<Header>,
    /// The first byte of the block that is wrong, and how many bits are, if that is known.
    pub differs: Option<(u64, u64)>,
}

impl Format {
    /// Checks what has been read of a request of `length` bytes. `data` is as before when it returns.
    ///
    /// # Errors
    /// The first block that is wrong.
    #[inline]
    pub fn check(
        &self,
        data: &mut [u8],
        length: u64,
        expected: &Expected,
    ) -> Result<(), Box<Mismatch>> {
        if self.kind == VerifyKind::Null {
            return Ok(());
        }
        let interval = self.interval_of(length as usize);
        let mismatch = |wrong, begin: usize, bytes: usize| {
            let (offset, length) = (expected.offset + begin as u64, length);
            let (request, expected) = ((expected.offset, length), *expected);
            let length = bytes as u64;
            let (class, found, differs) = (Class::Damaged, None, None);
            Box::new(Mismatch {
                wrong,
                offset,
                length,
                request,
                expected,
                kind: self.kind,
                class,
                found,
                differs,
            })
        };
        let judged =
            |mismatch: Box<Mismatch>, data: &mut [u8]| Err(self.classified(mismatch, data));
        if (data.len() as u64) < length {
            let begin = data.len() - data.len() % interval;
            return judged(mismatch(Wrong::Short(data.len() - begin), begin, interval), data);
        }
        if expected.zeroes {
            let Some(at) = data.iter().position(|byte| *byte != 0) else { return Ok(()) };
            let begin = at - at % interval;
            return judged(mismatch(Wrong::NotZero(at - begin), begin, interval), data);
        }
        if !self.has_headers() {
            return match self.pattern_mismatch(data, 0..data.len(), expected.offset) {
                None => Ok(()),
                Some(at) => judged(mismatch(Wrong::Pattern(at), 0, data.len()), data),
            };
        }
        for begin in (0..data.len()).step_by(interval) {
            let end = data.len().min(begin + interval);
            let (version, found) = self.find_header(&mut data[begin..end]);
            let result = self.check_block(data, begin..end, expected, &found);
            self.exchange(&mut data[begin..end], version);
            if let Err(wrong) = result {
                return judged(mismatch(wrong, begin, end - begin), data);
            }
        }
        Ok(())
    }

    /// Moves the header of a block to its begin, and reads it.
    fn find_header(&self, block: &mut [u8]) -> (Version, Found) {
        self.exchange(block, Version::V81);
        let found = Header::read(block);
        if self.header_offset == 0 || matches!(found, Found::Header(h) if h.version == Version::V81)
        {
            return (Version::V81, found);
        }
        // It may be an old one, which is shorter.
        self.exchange(block, Version::V81);
        self.exchange(block, Version::Old);
        let old = Header::read(block);
        if matches!(old, Found::Header(header) if header.version == Version::Old) {
            return (Version::Old, old);
        }
        self.exchange(block, Version::Old);
        self.exchange(block, Version::V81);
        (Version::V81, found)
    }

    /// Checks one block whose header has been moved to its begin.
    fn check_block(
        &self,
        data: &[u8],
        range: std::ops::Range<usize>,
        expected: &Expected,
        found: &Found,
    ) -> Result<(), Wrong> {
        let block = &data[range.clone()];
        let (header, crc) = match *found {
            Found::Header(header) => (header, None),
            Found::Damaged(header, right, stored) => (header, Some((right, stored))),
            Found::Unknown(version) => return Err(Wrong::Version(version)),
            Found::None(magic) => return Err(Wrong::Magic(magic)),
        };
        let same_number = |number: u64| match header.version {
            Version::V81 => number == header.number || expected.newer && header.number > number,
            Version::Old => number as u16 == header.number as u16,
        };
        if header.length as usize != block.len() {
            return Err(Wrong::Length(header));
        }
        if expected.seed.is_some_and(|seed| seed != header.seed) {
            return Err(Wrong::Seed(header));
        }
        if header.offset != expected.offset + range.start as u64 {
            return Err(Wrong::Offset(header));
        }
        if expected.number.is_some_and(|number| !same_number(number)) {
            return Err(Wrong::Number(header));
        }
        if let Some((right, stored)) = crc {
            return Err(Wrong::Crc(header, right, stored));
        }
        let at = self.data_at(header.version).min(block.len());
        let Some(checksum) = self.checksum() else {
            let checked = range.start + at..range.end;
            return match self.pattern_mismatch(data, checked, expected.offset) {
                Some(at) => Err(Wrong::Pattern(at - range.start)),
                None => Ok(()),
            };
        };
        let stored = &block[header.version.bytes().min(at)..at];
        let sum = checksum.of(&block[at..]);
        if sum.as_bytes() == stored {
            return Ok(());
        }
        let is_old_sha512 = header.version == Version::Old && self.kind == VerifyKind::Sha512;
        if is_old_sha512
            && self.is_made_from(header.seed, data, range.start + at..range.end, expected)
        {
            return Ok(());
        }
        Err(Wrong::Sum(header, Box::new((sum, Sum::new(stored)))))
    }

    /// True if these data are what a write makes of this seed. Old fios stored no digest for sha512 but some
    /// of the data: there the data themselves have to be looked at.
    #[cold]
    fn is_made_from(
        &self,
        seed: u64,
        data: &[u8],
        checked: std::ops::Range<usize>,
        expected: &Expected,
    ) -> bool {
        if !self.draws_seeds() {
            return self.pattern_mismatch(data, checked, expected.offset).is_none();
        }
        let Some(there) = data.get(checked.clone()) else { return false };
        // Where the block stood in the request that wrote it is not known, nor how long that was.
        let interval = self.interval_of(data.len()).max(1);
        let first = checked.start % interval;
        let is_among_first = |bytes: usize| {
            let mut made = vec![0; bytes];
            self.fill(&mut made, 0, seed);
            let mut places = (first..bytes).step_by(interval);
            places.any(|at| made.get(at..at + there.len()) == Some(there))
        };
        let most = self.most().max(data.len());
        is_among_first(most)
            || self.is_random() && most < OLD_WRITE_MAX && is_among_first(OLD_WRITE_MAX)
    }

    /// True if a block is sound by itself, whatever is expected: its data are what its checksum says.
    pub(super) fn is_sound(&self, block: &mut [u8], header: &Header) -> bool {
        let expected = Expected { offset: header.offset, ..Expected::default() };
        let length = block.len();
        let (_, found) = self.find_header(block);
        match self.checksum() {
            Some(_) => self.check_block(block, 0..length, &expected, &found).is_ok(),
            // Nothing is known of the data but the pattern, whose place in the request is not known.
            None => header.length as usize == length,
        }
    }

    /// The first byte of this part of the data that is not the pattern's. A pattern without header checks
    /// all of a request.
    fn pattern_mismatch(
        &self,
        data: &[u8],
        range: std::ops::Range<usize>,
        offset: u64,
    ) -> Option<usize> {
        let pattern = self.pattern.as_ref()?;
        let restart = pattern.restart_bytes.map_or(usize::MAX, |bytes| bytes as usize).max(1);
        let repeats = pattern.bytes.len().max(1);
        let wanted = |at: usize| {
            let (part, place) = (at / restart, at % restart % repeats);
            let formats = pattern.offsets_at.iter();
            let format = formats.rev().find(|first| (**first..**first + 8).contains(&place));
            match format {
                Some(first) => {
                    let begin = offset.wrapping_add((part * restart) as u64);
                    begin.to_le_bytes()[place - first]
                }
                None => pattern.bytes.get(place).copied().unwrap_or(0),
            }
        };
        range.into_iter().find(|at| data[*at] != wanted(*at))
    }
}

impl Mismatch {
    /// True if an older write is there, as a whole.
    pub fn is_older(&self) -> bool {
        match (&self.wrong, self.expected.number) {
            (Wrong::Number(header), Some(number)) => header.number < number,
            _ => false,
        }
    }

    /// What is wrong, in fio's words, for a block of the target at `path`.
    pub fn describe(&self, path: &str) -> String {
        let kind = self.kind.name();
        let what = match &self.wrong {
            Wrong::Magic(found) => format!("bad magic header {found:x}, wanted acca"),
            Wrong::Version(found) => format!("unsupported header version {found:x}"),
            Wrong::Length(h) => format!("bad header length {}, wanted {}", h.length, self.length),
            Wrong::Seed(h) => {
                let wanted = self.expected.seed.unwrap_or(0);
                format!("bad header rand_seed {:x}, wanted {wanted:x}", h.seed)
            }
            Wrong::Offset(h) => format!("bad header offset {}, wanted {}", h.offset, self.offset),
            Wrong::Number(h) => {
                let wanted = self.expected.number.unwrap_or(0);
                format!("bad header numberio {}, wanted {wanted}", h.number)
            }
            Wrong::Crc(_, right, stored) => {
                format!("bad header crc {stored:x}, calculated {right:x}")
            }
            Wrong::Sum(_, sums) => {
                format!("Expected CRC: {:?}, Received CRC: {:?}", sums.1, sums.0)
            }
            Wrong::Pattern(at) => format!("bad pattern block offset {at}"),
            Wrong::NotZero(at) => format!("verify failed for zeroed data at byte {at}"),
            Wrong::Short(bytes) => format!("the file ends after {bytes} bytes of it"),
        };
        let mut text = format!(
            "{kind}: verify failed at file {path} offset {}, length {} (requested block: offset={}, \
             length={}): {what}; {}",
            self.offset,
            self.length,
            self.request.0,
            self.request.1,
            self.class.sentence()
        );
        if let Some((first, bits)) = self.differs {
            text += &format!(", {bits} bits differ from byte {first} of the block on");
        }
        if let Some(header) = &self.found {
            text += &format!(
                "; its header says write {} to offset {} by job {}, {}.{:09} s after that began",
                header.number, header.offset, header.thread, header.time.0, header.time.1
            );
        }
        text
    }
}
