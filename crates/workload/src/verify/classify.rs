//! What has become of a block that is not what it has to be.
//!
//! All that was written can be made again from a few words, so the bytes tell much: how many bits are wrong,
//! whether sectors are those of another write, whether a header of another place is among them. Words
//! that are not known are tried: the seed that was expected, the one in the header, and that of the data
//! itself, which are a sequence and give their seed away. The attempt that is closest counts.
//!
//! All this happens after a mismatch only, and allocates as much as the request has.

use std::cmp::Reverse;
use std::ops::Range;

use fiord_base::random::{HASH_MULTIPLIER, hash64};
use fiord_options::plan::VerifyKind;

use super::check::Expected;
use super::format::Format;
use super::header::{self, Found, Header, Version};
use super::mismatch::{Class, Damage, Mismatch, Wrong};

/// Damage to so few bits is a flip of bits.
const FEW_BITS: u64 = 16;
/// Bits of a header that are mended so that its CRC agrees. More would agree by chance.
const MENDED_BITS: u32 = 2;
/// The unit of devices, and so that of tearing.
const SECTOR: usize = 512;
/// Data of which less than this share of the bits agrees by chance are not the same data: of random data
/// that is half of them.
const WHOLLY: u64 = 8;
/// Bytes in which each lane of random data has one word, and its factors there.
const GROUP: usize = 32;
const FACTORS: [u64; 4] = [1, 2, 3, 5];

/// One attempt at what should be there.
struct Attempt {
    content: Vec<u8>,
    header: Option<Header>,
    bits: u64,
    first: usize,
    /// Its seed does not come from what was found.
    certain: bool,
}

/// How the sectors of a block compare with an attempt.
#[derive(Debug, Default)]
struct Sectors {
    /// As they should be, and not just zeroes.
    same: u32,
    /// Nothing like it.
    other: u32,
    /// Damaged.
    partly: u32,
}

impl Format {
    /// Describes a block of a request, which is as it was read, and says what has become of it.
    #[cold]
    pub(super) fn examine(
        &self,
        data: &[u8],
        range: Range<usize>,
        expected: &Expected,
        found: &Found,
        wrong: Wrong,
    ) -> Box<Mismatch> {
        let place = range.start as u64..range.end as u64;
        let mut mismatch = self.mismatch(wrong, Class::Damaged, place, data.len() as u64, expected);
        let block = &data[range.clone()];
        let seen = Seen { format: self, data, range, block, expected, found };
        let attempts = seen.attempts();
        // Zeroes are close to anything that was zeroed, so sectors count more than bits.
        let distance = |attempt: &&Attempt| {
            let same = seen.sectors(&attempt.content).same;
            (attempt.bits > FEW_BITS, Reverse(same), attempt.bits)
        };
        let closest = || attempts.iter().min_by_key(distance);
        mismatch.found = seen.header_elsewhere().or(match found {
            Found::Header(header) => Some(*header),
            _ => None,
        });
        mismatch.class = seen.class(closest());
        // Another write says nothing of the data of the one that is expected.
        let relevant = attempts.iter().filter(|attempt| attempt.certain || !seen.is_another());
        if let Some(attempt) = relevant.min_by_key(distance) {
            mismatch.wanted = attempt.header;
            mismatch.damage = Some(Damage { first: attempt.first as u64, bits: attempt.bits });
        }
        Box::new(mismatch)
    }

    /// What a request of `length` bytes had to contain. Fields of headers that `expected` leaves open are
    /// those of `found`; `None` if the data depend on a seed that nobody knows.
    pub fn expected_content(
        &self,
        length: usize,
        expected: &Expected,
        found: Option<&Header>,
    ) -> Option<Vec<u8>> {
        let mut content = vec![0; length];
        if expected.zeroes {
            return Some(content);
        }
        let seed = match self.draws_seeds() {
            true => expected.seed.or(found.map(|header| header.seed))?,
            false => 0,
        };
        let header = Header {
            version: found.map_or(Version::V81, |header| header.version),
            kind: header::code(self.kind),
            length: 0,
            seed,
            offset: expected.offset,
            time: found.map_or((0, 0), |header| header.time),
            number: expected.number.or(found.map(|header| header.number)).unwrap_or(0),
            thread: found.map_or(0, |header| header.thread),
        };
        self.compose(&mut content, &header);
        Some(content)
    }
}

/// All that is known of a block that is wrong.
struct Seen<'a> {
    format: &'a Format,
    /// What was read of the request.
    data: &'a [u8],
    range: Range<usize>,
    block: &'a [u8],
    expected: &'a Expected,
    /// What is in the place of its header.
    found: &'a Found,
}

impl Seen<'_> {
    /// The place of the block on its target.
    fn offset(&self) -> u64 {
        self.expected.offset.wrapping_add(self.range.start as u64)
    }

    /// The block with its header at the begin.
    fn uncovered(&self, version: Version) -> Vec<u8> {
        let mut block = self.block.to_vec();
        self.format.uncover(&mut block, version);
        block
    }

    fn class(&self, closest: Option<&Attempt>) -> Class {
        if self.block.iter().all(|byte| *byte == 0) {
            return Class::Zeroes;
        }
        if let Some(class) = self.class_of_header(closest) {
            return class;
        }
        if self.pattern_of_elsewhere() {
            return Class::Misdirected;
        }
        let Some(closest) = closest else {
            return match self.found {
                Found::None(_) | Found::Unknown(_) => Class::Foreign,
                _ => Class::Damaged,
            };
        };
        if closest.bits <= FEW_BITS {
            return Class::BitFlip;
        }
        let sectors = self.sectors(&closest.content);
        if self.is_torn(closest, &sectors) {
            return Class::Torn;
        }
        let nothing = sectors.same + sectors.partly == 0;
        match self.found {
            Found::None(_) | Found::Unknown(_) if nothing => Class::Foreign,
            // A block of another length, of which this may be a part.
            Found::Header(h) if nothing && h.length as usize != self.block.len() => Class::Stale,
            _ => Class::Damaged,
        }
    }

    /// What headers say that are confirmed by their CRC.
    fn class_of_header(&self, closest: Option<&Attempt>) -> Option<Class> {
        if self.header_elsewhere().is_some() {
            return Some(Class::Misdirected);
        }
        let Found::Header(header) = self.found else { return None };
        let is_whole = header.length as usize == self.block.len() && self.is_whole(header);
        // Without a checksum, the header of one write can be before the data of another one.
        let torn = self.format.kind == VerifyKind::Meta
            && closest.is_some_and(|closest| self.sectors(&closest.content).same > 0);
        (is_whole && !torn).then(|| self.class_of_another(header))
    }

    /// What it means that all of a write is there, but not of the one that is expected.
    fn class_of_another(&self, header: &Header) -> Class {
        let earlier_pass = self.expected.not_before_ns.is_some_and(|ns| header.time_ns() < ns);
        match self.expected.number {
            Some(number) if header.number > number && !earlier_pass => Class::Unknown,
            _ => Class::Stale,
        }
    }

    /// True if a block with this header is complete.
    fn is_whole(&self, header: &Header) -> bool {
        let mut data = self.data.to_vec();
        if let Some(block) = data.get_mut(self.range.clone()) {
            self.format.uncover(block, header.version);
        }
        let offset = header.offset.wrapping_sub(self.range.start as u64);
        self.format.check_data(&data, self.range.clone(), offset, header).is_ok()
    }

    /// A header of another place, at one of the sectors of the block.
    fn header_elsewhere(&self) -> Option<Header> {
        if !self.format.has_headers() {
            return None;
        }
        (0..self.block.len()).step_by(SECTOR).find_map(|at| {
            let begin = at.checked_add(self.format.header_offset)?;
            let Found::Header(header) = Header::read(self.block.get(begin..)?) else { return None };
            (header.offset != self.offset().wrapping_add(at as u64)).then_some(header)
        })
    }

    /// True if this is the pattern of another offset.
    fn pattern_of_elsewhere(&self) -> bool {
        let Some(pattern) = self.format.pattern.as_ref().filter(|_| !self.format.has_headers())
        else {
            return false;
        };
        let offset = pattern.offsets_at.first().and_then(|at| self.data.get(*at..at + 8));
        let Some(offset) = offset.and_then(|bytes| bytes.try_into().ok()) else { return false };
        let offset = u64::from_le_bytes(offset);
        offset != self.expected.offset
            && self.format.pattern_mismatch(self.data, self.range.clone(), offset).is_none()
    }

    /// True if the header is a sound one of another write than the one that is expected.
    fn is_another(&self) -> bool {
        let expected = self.expected;
        matches!(self.found, Found::Header(header) if header.offset != self.offset()
            || expected.seed.is_some_and(|seed| header.seed != seed)
            || !expected.allows_number(header))
    }

    /// All that the block may have to be.
    fn attempts(&self) -> Vec<Attempt> {
        if self.expected.zeroes {
            return vec![self.attempt(vec![0; self.block.len()], None, true)];
        }
        if !self.format.has_headers() {
            let content = self.format.expected_content(self.data.len(), self.expected, None);
            let block = content.as_ref().and_then(|content| content.get(self.range.clone()));
            return block
                .map(|block| self.attempt(block.to_vec(), None, true))
                .into_iter()
                .collect();
        }
        let versions = match self.found {
            Found::Header(header) => vec![header.version],
            _ => vec![Version::V81, Version::Old],
        };
        versions.into_iter().flat_map(|version| self.attempts_of(version)).collect()
    }

    /// Attempts with headers of one layout.
    fn attempts_of(&self, version: Version) -> Vec<Attempt> {
        let uncovered = self.uncovered(version);
        let raw = Header::fields(&uncovered, version);
        let Expected { seed, likely_seed, .. } = *self.expected;
        let remade = |seeds, certain| self.remake(seeds, &raw, &uncovered, certain);
        if !self.format.draws_seeds() {
            return remade((0, 0), true).into_iter().collect();
        }
        let mut attempts: Vec<Attempt> = Vec::new();
        attempts.extend(seed.and_then(|seed| remade((seed, seed), true)));
        attempts.extend(likely_seed.and_then(|seed| remade((seed, seed), true)));
        if seed.is_none() {
            let mut own = self.seeds_of_data(&uncovered);
            // The header is that of another write; data of a third one may be those that are expected.
            if self.is_another() && own.iter().any(|own| *own != raw.seed) {
                own.retain(|own| *own != raw.seed);
            } else {
                attempts.extend(remade((raw.seed, raw.seed), false));
            }
            for own in own {
                attempts.extend(remade((own, own), false));
                attempts.extend(remade((own, raw.seed), false));
            }
        }
        attempts
    }

    /// What the block would be with data of one seed and another one in its header.
    fn remake(
        &self,
        (data, seed): (u64, u64),
        raw: &Header,
        uncovered: &[u8],
        certain: bool,
    ) -> Option<Attempt> {
        let format = self.format;
        let mut request = vec![0; self.data.len()];
        format.fill(&mut request, self.expected.offset, data);
        let mut block = request.get(self.range.clone())?.to_vec();
        let header = Header {
            kind: header::code(format.kind),
            length: self.block.len() as u32,
            seed,
            offset: self.offset(),
            number: match self.expected.number {
                Some(number) if !self.expected.allows_number(raw) => number,
                _ => raw.number,
            },
            ..*raw
        };
        let header = self.repaired(header, &mut block, uncovered);
        format.seal(&mut block, header.version);
        format.hide(&mut block, header.version);
        Some(self.attempt(block, Some(header), certain))
    }

    /// Writes a header of which some fields are only as they were found. If the CRC that was found does not
    /// agree, a bit or two of these may be wrong, or of the CRC: those that are fewest.
    fn repaired(&self, header: Header, block: &mut [u8], uncovered: &[u8]) -> Header {
        header.write(block);
        let bytes = header.version.bytes();
        let (Some(head), Some(found)) = (block.get(..bytes), uncovered.get(..bytes)) else {
            return header;
        };
        let wrong = header::stored_crc(head) ^ header::stored_crc(found);
        if wrong.count_ones() <= 1 {
            return header;
        }
        // What a bit changes in a CRC does not depend on the others.
        let mut turned = head.to_vec();
        let mut changes = |bit: usize| {
            turned[bit / 8] ^= 1 << (bit % 8);
            let change = header::crc_of(&turned) ^ header::stored_crc(head);
            turned[bit / 8] ^= 1 << (bit % 8);
            (bit, change)
        };
        let unknown =
            header.version.unknown_bits(self.expected.number.is_none() || self.expected.newer);
        let changes: Vec<(usize, u32)> = unknown.map(&mut changes).collect();
        let left = move |change: u32| (wrong ^ change).count_ones();
        let one = changes.iter().map(|(bit, change)| (1 + left(*change), vec![*bit]));
        let two = changes.iter().enumerate().flat_map(|(index, (first, change))| {
            let rest = changes[index + 1..].iter();
            let pairs = rest.filter(move |(_, other)| left(change ^ other) == 0);
            pairs.map(|(second, _)| (2, vec![*first, *second]))
        });
        let best = one.chain(two).min_by_key(|(weight, _)| *weight);
        let Some((_, bits)) = best.filter(|(weight, _)| *weight <= MENDED_BITS) else {
            return header;
        };
        for bit in bits {
            turned[bit / 8] ^= 1 << (bit % 8);
        }
        let header = Header::fields(&turned, header.version);
        header.write(block);
        header
    }

    /// Seeds of the request that the data of the block are of, wherever they say so first and last.
    fn seeds_of_data(&self, uncovered: &[u8]) -> Vec<u64> {
        // Lanes have their places in the request.
        let (begin, end) = (self.range.start, self.range.end);
        let Some(back) = inverse_steps(end / GROUP) else { return Vec::new() };
        let seed_at = |at: usize| {
            let group = uncovered.get(at - begin..)?.get(..GROUP)?;
            let words = group.as_chunks::<8>().0;
            let first = u64::from_ne_bytes(words[0]);
            let is_data = words
                .iter()
                .zip(FACTORS)
                .all(|(word, factor)| u64::from_ne_bytes(*word) == first.wrapping_mul(factor));
            if !is_data || first == 0 {
                return None;
            }
            let steps = end / GROUP - at / GROUP;
            let ahead = hash64(1).wrapping_pow(u32::try_from(steps).ok()?);
            Some(first.wrapping_mul(ahead).wrapping_mul(back))
        };
        let places = || (begin.next_multiple_of(GROUP)..end).step_by(GROUP);
        let mut seeds: Vec<u64> = places().find_map(seed_at).into_iter().collect();
        seeds.extend(places().rev().find_map(seed_at).filter(|seed| !seeds.contains(seed)));
        seeds
    }

    fn attempt(&self, content: Vec<u8>, header: Option<Header>, certain: bool) -> Attempt {
        let pairs = || self.block.iter().zip(&content);
        let bits = pairs().map(|(a, b)| u64::from((a ^ b).count_ones())).sum();
        let first = pairs().position(|(a, b)| a != b).unwrap_or(0);
        Attempt { content, header, bits, first, certain }
    }

    /// Compares sector by sector, as they are on the target.
    fn sectors(&self, content: &[u8]) -> Sectors {
        let mut sectors = Sectors::default();
        let mut at = 0;
        while at < content.len() {
            let ahead = SECTOR - (self.offset().wrapping_add(at as u64) % SECTOR as u64) as usize;
            let end = content.len().min(at + ahead);
            let (found, wanted) = (&self.block[at..end], &content[at..end]);
            let bits = differing_bits(found, wanted);
            if bits == 0 {
                sectors.same += u32::from(wanted.iter().any(|byte| *byte != 0));
            } else if is_other(found, wanted, bits) {
                sectors.other += 1;
            } else {
                sectors.partly += 1;
            }
            at = end;
        }
        sectors
    }

    /// True if a part of the block is as it should be and the rest is nothing like it: whole sectors, or
    /// all on one side of any byte.
    fn is_torn(&self, closest: &Attempt, sectors: &Sectors) -> bool {
        if sectors.same > 0 && sectors.other > 0 && sectors.partly == 0 {
            return true;
        }
        let content = &closest.content;
        let last = (0..content.len()).rev().find(|at| content[*at] != self.block[*at]);
        let (first, end) = (closest.first, last.map_or(0, |last| last + 1));
        let one_side = first == 0 || end == content.len();
        let part = first..end.max(first);
        let rest = content.len() - part.len();
        let (found, wanted) = (&self.block[part.clone()], &content[part]);
        one_side && rest >= GROUP && is_other(found, wanted, closest.bits)
    }
}

/// True if data have no more in common than chance gives, or were replaced by zeroes.
fn is_other(found: &[u8], wanted: &[u8], bits: u64) -> bool {
    bits * WHOLLY > wanted.len() as u64 * 8 || found.iter().all(|byte| *byte == 0)
}

fn differing_bits(a: &[u8], b: &[u8]) -> u64 {
    a.iter().zip(b).map(|(a, b)| u64::from((a ^ b).count_ones())).sum()
}

/// The factor that undoes so many steps of a lane: each is a product with an odd number.
fn inverse_steps(steps: usize) -> Option<u64> {
    // Newton's way doubles the bits that are right; an odd number is its own inverse in the last three.
    let inverse = (0..5).fold(HASH_MULTIPLIER, |x, _| {
        x.wrapping_mul(2_u64.wrapping_sub(HASH_MULTIPLIER.wrapping_mul(x)))
    });
    Some(inverse.wrapping_pow(u32::try_from(steps).ok()?))
}
