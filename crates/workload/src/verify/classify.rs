//! Which kind of mishap gives such a block?
//!
//! The content that a block has to have can be made again, all but the time and two bytes of its header: from
//! its place, the number of its write and the seed, which are expected or stand in the header. So it is
//! known which bytes are wrong, and what the sectors of a torn block are.

use super::check::{Class, Mismatch, Wrong};
use super::format::{Format, Origin};
use super::header::{Found, HEADER_BYTES, Header, Version};

/// What a device writes as a whole.
const SECTOR_BYTES: usize = 512;

/// More wrong bits than that are no accident of single bits.
const FLIPPED_BITS_MAX: u64 = 16;

/// Places of a block in its request that are tried.
const PLACES_MAX: usize = 1024;

/// Bytes of a header that are not known beforehand: the time, two that keep what they held, the CRC.
const UNKNOWN: [std::ops::Range<usize>; 3] = [24..32, 42..44, 44..48];

impl Format {
    /// The same with what is known of how it came about. `data` is all that was read.
    #[cold]
    pub(super) fn classified(&self, mut mismatch: Box<Mismatch>, data: &mut [u8]) -> Box<Mismatch> {
        let begin = (mismatch.offset - mismatch.request.0) as usize;
        let end = data.len().min(begin + mismatch.length as usize);
        let Some(block) = data.get_mut(begin..end) else { return mismatch };
        if let Wrong::Short(_) = mismatch.wrong {
            mismatch.class = Class::Short;
            return mismatch;
        }
        self.restore(block, Version::V81);
        let header = Header::read(block);
        self.exchange(block, Version::V81);
        if let Found::Header(header) = header {
            mismatch.found = Some(header).filter(|_| self.has_headers());
        }
        let block = &*block;
        let wanted = self.wanted(&mismatch, block, begin);
        mismatch.differs = wanted.as_deref().and_then(|wanted| differences(block, wanted));
        mismatch.class = match wanted {
            _ if !mismatch.expected.zeroes && is_zero(block) => Class::Zeroes,
            Some(wanted) => {
                let few = |(_, bits): (u64, u64)| bits <= FLIPPED_BITS_MAX;
                match complete(self, &mismatch, block) {
                    Some(class) => class,
                    None if mismatch.differs.is_some_and(few) => Class::BitFlip,
                    None if is_torn(block, &wanted) => Class::Torn,
                    // The header is that of an older write, and the data are not.
                    None if is_older(&mismatch) && block.len() > SECTOR_BYTES => Class::Torn,
                    None => Class::Damaged,
                }
            }
            None => match complete(self, &mismatch, block) {
                Some(class) => class,
                // Random data have no such sectors.
                None if block.chunks(SECTOR_BYTES).any(is_zero) && self.is_random() => Class::Torn,
                None => Class::Damaged,
            },
        };
        mismatch
    }

    /// The content that the block has to have, with the time that is in it.
    fn wanted(&self, mismatch: &Mismatch, block: &[u8], begin: usize) -> Option<Vec<u8>> {
        let expected = &mismatch.expected;
        if expected.zeroes {
            return Some(vec![0; block.len()]);
        }
        let found = mismatch.found.filter(|header| header.offset == mismatch.offset);
        let loose = match found {
            Some(_) => None,
            None => self.loose_header(block),
        };
        // What one flipped bit has spoilt is told from what it was.
        let mended = loose.as_ref().map(|(_, mended)| mended.clone());
        let there = mended.as_deref().unwrap_or(block);
        let loose = loose.map(|(header, _)| header);
        let sound = found.or(loose).map(|header| header.seed);
        let seed = expected.seed.or(sound).or(expected.likely_seed);
        let number = expected.number.or(found.map(|h| h.number)).or(loose.map(|h| h.number));
        let thread = found.or(loose).map_or(0, |header| header.thread);
        let origin = Origin {
            offset: mismatch.offset,
            number: number.unwrap_or(0),
            seed: if self.draws_seeds() { seed? } else { 0 },
            time_ns: 0,
            thread,
        };
        if !self.draws_seeds() {
            let origin = Origin { offset: mismatch.request.0, ..origin };
            return Some(self.remade(there, mismatch.request.1 as usize, begin, &origin));
        }
        // The block may stand anywhere in the request that wrote it.
        let interval = block.len().max(1);
        let places = (0..PLACES_MAX).map(|place| place * interval);
        let places = places.take_while(|place| *place == 0 || place + interval <= self.most());
        let remade = places.map(|place| self.remade(there, place + interval, place, &origin));
        remade.min_by_key(|wanted| differences(block, wanted).map_or(0, |(_, bits)| bits))
    }

    /// A block as part of a request of `length` bytes, in which it begins at `place`; what cannot be known of
    /// the header is as it is there.
    fn remade(&self, block: &[u8], length: usize, place: usize, origin: &Origin) -> Vec<u8> {
        let mut request = vec![0; length.max(place + block.len())];
        let offset = origin.offset.wrapping_sub(if self.draws_seeds() { place as u64 } else { 0 });
        self.stamp(&mut request, &Origin { offset, ..*origin });
        let mut wanted = request.split_off(place);
        wanted.truncate(block.len());
        if self.has_headers() {
            self.restore(&mut wanted, Version::V81);
            let mut there = block.to_vec();
            self.restore(&mut there, Version::V81);
            for range in UNKNOWN {
                if let (Some(wanted), Some(there)) =
                    (wanted.get_mut(range.clone()), there.get(range))
                {
                    wanted.copy_from_slice(there);
                }
            }
            self.exchange(&mut wanted, Version::V81);
        }
        wanted
    }

    /// The header of a block, and the block, if it becomes sound by turning one bit.
    fn loose_header(&self, block: &[u8]) -> Option<(Header, Vec<u8>)> {
        if !self.has_headers() {
            return None;
        }
        let mut bytes = block.to_vec();
        self.restore(&mut bytes, Version::V81);
        let mut header = bytes.get(..HEADER_BYTES)?.to_vec();
        for bit in 0..HEADER_BYTES * 8 {
            header[bit / 8] ^= 1 << (bit % 8);
            if let Found::Header(found) = Header::read(&header) {
                bytes[..HEADER_BYTES].copy_from_slice(&header);
                self.exchange(&mut bytes, Version::V81);
                return Some((found, bytes));
            }
            header[bit / 8] ^= 1 << (bit % 8);
        }
        None
    }
}

/// The first byte that differs and the number of bits that do; `None` if none does.
fn differences(block: &[u8], wanted: &[u8]) -> Option<(u64, u64)> {
    let differs =
        |(at, (a, b)): (usize, (&u8, &u8))| (a != b).then_some((at, (a ^ b).count_ones()));
    let mut wrong = block.iter().zip(wanted).enumerate().filter_map(differs);
    let (first, bits) = wrong.next()?;
    Some((first as u64, u64::from(bits) + wrong.map(|(_, bits)| u64::from(bits)).sum::<u64>()))
}

/// True if some sectors are what they have to be and others are not.
fn is_torn(block: &[u8], wanted: &[u8]) -> bool {
    let same = |(a, b): (&[u8], &[u8])| a == b;
    let mut sectors = block.chunks(SECTOR_BYTES).zip(wanted.chunks(SECTOR_BYTES));
    let (mut right, mut wrong) = (false, false);
    for sector in &mut sectors {
        if same(sector) {
            right = true;
        } else {
            wrong = true;
        }
    }
    right && wrong
}

fn is_zero(sector: &[u8]) -> bool {
    sector.iter().all(|byte| *byte == 0)
}

fn is_older(mismatch: &Mismatch) -> bool {
    let found = mismatch.found.filter(|header| header.offset == mismatch.offset);
    found.zip(mismatch.expected.number).is_some_and(|(header, number)| header.number < number)
}

/// What a block is that is complete in itself, header and data.
fn complete(format: &Format, mismatch: &Mismatch, block: &[u8]) -> Option<Class> {
    let header = mismatch.found?;
    let mut copy = block.to_vec();
    if !format.is_sound(&mut copy, &header) {
        return None;
    }
    let expected = &mismatch.expected;
    if header.offset != mismatch.offset {
        return Some(Class::Misdirected);
    }
    Some(match expected.number {
        Some(number) if header.number < number => Class::Stale,
        Some(number) if header.number > number => Class::Unknown,
        // Of the same number, but with other data: of another run, or another pass.
        _ if expected.seed.is_some_and(|seed| seed != header.seed) => Class::Stale,
        _ => return None,
    })
}
