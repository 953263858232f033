//! Is what was read what has to be there?
//!
//! The good case compares a header and a checksum, and allocates nothing. Nothing that was read is trusted.

use std::ops::Range;

use fiord_options::plan::VerifyKind;

use super::format::Format;
use super::header::{Found, Header, Version};
use super::legacy;
use super::mismatch::{Class, Mismatch, Sums, Wrong};
use super::pattern;
use crate::checksum::Sum;

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
    /// Earliest begin of the write, in nanoseconds of the job's clock: what is older is of an earlier pass,
    /// even if number and seed are the same.
    pub not_before_ns: Option<u64>,
    /// The blocks were discarded.
    pub zeroes: bool,
}

impl Expected {
    /// True if a header has the right number, as far as it tells it.
    pub(super) fn allows_number(&self, header: &Header) -> bool {
        let Some(number) = self.number else { return true };
        match header.version {
            Version::V81 => number == header.number || self.newer && header.number > number,
            Version::Old => number as u16 == header.number as u16,
        }
    }
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
        self.check_from(0, data, length, expected)
    }

    /// The same, from a block on that begins after so many bytes: what is left after a mismatch.
    ///
    /// # Errors
    /// The first of these blocks that is wrong.
    pub fn check_from(
        &self,
        first: usize,
        data: &mut [u8],
        length: u64,
        expected: &Expected,
    ) -> Result<(), Box<Mismatch>> {
        if self.kind == VerifyKind::Null {
            return Ok(());
        }
        let whole = usize::try_from(length).unwrap_or(usize::MAX);
        let data = match data.get_mut(..whole) {
            Some(data) => data,
            None => return Err(self.short(data.len(), length, expected)),
        };
        if expected.zeroes {
            return match first_not_zero(data.get(first..).unwrap_or_default()) {
                Some(at) => Err(self.not_zero(data, first + at, expected)),
                None => Ok(()),
            };
        }
        if !self.has_headers() {
            return match self.pattern_mismatch(data, first..whole, expected.offset) {
                Some(at) => {
                    Err(self.examine(data, 0..whole, expected, &Found::None(0), Wrong::Pattern(at)))
                }
                None => Ok(()),
            };
        }
        let interval = self.interval_of(whole);
        let mut begin = first;
        while begin < whole {
            let end = begin.saturating_add(interval).min(whole);
            let block = &mut data[begin..end];
            let (version, found) = self.find_header(block);
            let result = self.check_block(data, begin..end, expected, &found);
            self.hide(&mut data[begin..end], version);
            if let Err(wrong) = result {
                return Err(self.examine(data, begin..end, expected, &found, wrong));
            }
            begin = end;
        }
        Ok(())
    }

    /// Moves the header of a block to its begin, and reads it.
    #[inline]
    fn find_header(&self, block: &mut [u8]) -> (Version, Found) {
        self.uncover(block, Version::V81);
        let found = Header::read(block);
        if self.header_offset == 0 || matches!(found, Found::Header(h) if h.version == Version::V81)
        {
            let version = match found {
                Found::Header(header) => header.version,
                _ => Version::V81,
            };
            return (version, found);
        }
        self.find_old_header(block, found)
    }

    /// There is no header of today: it may be an old one, which is shorter.
    #[cold]
    fn find_old_header(&self, block: &mut [u8], found: Found) -> (Version, Found) {
        self.hide(block, Version::V81);
        self.uncover(block, Version::Old);
        let old = Header::read(block);
        if matches!(old, Found::Header(header) if header.version == Version::Old) {
            return (Version::Old, old);
        }
        self.hide(block, Version::Old);
        self.uncover(block, Version::V81);
        (Version::V81, found)
    }

    /// Checks one block whose header has been moved to its begin.
    #[inline]
    fn check_block(
        &self,
        data: &[u8],
        range: Range<usize>,
        expected: &Expected,
        found: &Found,
    ) -> Result<(), Wrong> {
        let (header, crc) = match *found {
            Found::Header(header) => (header, None),
            Found::Damaged(header, right, stored) => (header, Some((right, stored))),
            Found::Unknown(version) => return Err(Wrong::Version(version)),
            Found::None(magic) => return Err(Wrong::Magic(magic)),
        };
        if header.length as usize != range.len() {
            return Err(Wrong::Length(header));
        }
        if expected.seed.is_some_and(|seed| seed != header.seed) {
            return Err(Wrong::Seed(header));
        }
        if header.offset != expected.offset.wrapping_add(range.start as u64) {
            return Err(Wrong::Offset(header));
        }
        if !expected.allows_number(&header) {
            return Err(Wrong::Number(header));
        }
        if let Some((right, stored)) = crc {
            return Err(Wrong::Crc(header, right, stored));
        }
        if expected.not_before_ns.is_some_and(|earliest| header.time_ns() < earliest) {
            return Err(Wrong::Time(header));
        }
        self.check_data(data, range, expected.offset, &header)
    }

    /// Checks what is behind the header of a block, of a request that was written to `offset`.
    pub(super) fn check_data(
        &self,
        data: &[u8],
        range: Range<usize>,
        offset: u64,
        header: &Header,
    ) -> Result<(), Wrong> {
        let block = &data[range.clone()];
        let at = self.data_at(header.version).min(block.len());
        let Some(checksum) = self.checksum() else {
            return match self.pattern_mismatch(data, range.start + at..range.end, offset) {
                Some(at) => Err(Wrong::Pattern(at - range.start)),
                None => Ok(()),
            };
        };
        let stored = &block[header.version.bytes().min(at)..at];
        let wrong = |calculated: Sum| {
            Wrong::Sum(*header, Box::new(Sums { calculated, stored: Sum::new(stored) }))
        };
        if header.version == Version::Old && self.kind == VerifyKind::Sha512 {
            let patterned = self.pattern_mismatch(data, range.start + at..range.end, offset);
            if let Some(at) = patterned {
                return Err(Wrong::Pattern(at - range.start));
            }
            return match legacy::is_whole(self, block, header, at) {
                true => Ok(()),
                false => Err(wrong(checksum.of(&block[at..]))),
            };
        }
        let sum = checksum.of(&block[at..]);
        if sum.as_bytes() == stored { Ok(()) } else { Err(wrong(sum)) }
    }

    /// The first byte of this part of the data that is not the pattern's. A pattern without header checks
    /// all of a request.
    pub(super) fn pattern_mismatch(
        &self,
        data: &[u8],
        range: Range<usize>,
        offset: u64,
    ) -> Option<usize> {
        pattern::first_difference(data, range, self.pattern.as_ref()?, offset)
    }

    #[cold]
    fn short(&self, read: usize, length: u64, expected: &Expected) -> Box<Mismatch> {
        let interval = self.interval_of(usize::try_from(length).unwrap_or(usize::MAX));
        let begin = read - read % interval;
        let bytes = (interval as u64).min(length - begin as u64);
        let range = begin as u64..begin as u64 + bytes;
        let wrong = Wrong::Short(read - begin);
        Box::new(self.mismatch(wrong, Class::Short, range, length, expected))
    }

    #[cold]
    fn not_zero(&self, data: &[u8], at: usize, expected: &Expected) -> Box<Mismatch> {
        let interval = self.interval_of(data.len());
        let begin = at - at % interval;
        let end = data.len().min(begin.saturating_add(interval));
        let mut block = data[begin..end].to_vec();
        let (_, found) = self.find_header(&mut block);
        self.examine(data, begin..end, expected, &found, Wrong::NotZero(at - begin))
    }

    /// A mismatch of which nothing more is known.
    pub(super) fn mismatch(
        &self,
        wrong: Wrong,
        class: Class,
        range: Range<u64>,
        length: u64,
        expected: &Expected,
    ) -> Mismatch {
        Mismatch {
            wrong,
            class,
            offset: expected.offset.wrapping_add(range.start),
            length: range.end - range.start,
            request: (expected.offset, length),
            expected: *expected,
            wanted: None,
            found: None,
            damage: None,
            kind: self.kind,
        }
    }
}

/// The first byte that is not zero; whole lines are looked at together.
fn first_not_zero(data: &[u8]) -> Option<usize> {
    let lines = data.as_chunks::<64>().0;
    let line = lines.iter().position(|line| line.iter().fold(0, |all, byte| all | byte) != 0);
    let begin = line.unwrap_or(lines.len()) * 64;
    data[begin..].iter().position(|byte| *byte != 0).map(|at| begin + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_among_zeroes_is_found() {
        for at in [0, 1, 63, 64, 130, 191, 192, 199] {
            let mut data = [0; 200];
            assert_eq!(first_not_zero(&data), None);
            data[at] = 0x80;
            data[199] = 1;
            assert_eq!(first_not_zero(&data), Some(at));
        }
        assert_eq!(first_not_zero(&[]), None);
    }
}
