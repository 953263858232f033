//! What is on the medium: blocks with header, checksum and data.
//!
//! A write consists of intervals. Each has a header, the private part of its checksum and data, unless the
//! kind has no headers. Bytes are those of fio 3.41, so that either program verifies what the other one
//! wrote.

use std::sync::Arc;

use fiord_options::plan::{Fill, JobPlan, VerifyKind, VerifyPattern};

use super::header::{self, Header, Version};
use super::{legacy, pattern};
use crate::checksum::Checksum;
use crate::fill::{random, repeat};

/// Who writes, what, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// First byte of the request on its target.
    pub offset: u64,
    /// Writes before it.
    pub number: u64,
    /// The seed of its data.
    pub seed: u64,
    /// When it starts, in nanoseconds of the job's clock.
    pub time_ns: u64,
    /// The number of the job.
    pub thread: u16,
}

/// How a job's blocks look.
#[derive(Clone, Debug)]
pub struct Format {
    pub(super) kind: VerifyKind,
    /// Bytes of an interval; 0: each request is one.
    interval: usize,
    /// Where the header stands in its interval.
    pub(super) header_offset: usize,
    pub(super) pattern: Option<Arc<VerifyPattern>>,
    /// Share of the data that does not compress.
    random_percent: usize,
    /// What the rest of such data repeats; empty for zeroes.
    rest: Arc<[u8]>,
}

impl Format {
    /// That of a job; `None` if it does not verify.
    pub fn new(job: &JobPlan) -> Option<Format> {
        let plan = &job.verify;
        let interval = plan.interval_bytes.unwrap_or(0);
        Some(Format {
            kind: plan.kind?,
            interval: usize::try_from(interval).unwrap_or(usize::MAX),
            header_offset: usize::try_from(plan.header_offset_bytes).unwrap_or(usize::MAX),
            pattern: plan.pattern.clone().map(Arc::new),
            random_percent: 100_usize.saturating_sub(job.data.compress_percent as usize),
            rest: match &job.data.fill {
                Fill::Pattern(pattern) => pattern.as_slice().into(),
                Fill::Random | Fill::Zero => [].into(),
            },
        })
    }

    /// True if blocks have headers.
    pub fn has_headers(&self) -> bool {
        self.kind.private_bytes().is_some()
    }

    /// True if data come from seeds.
    pub fn draws_seeds(&self) -> bool {
        self.pattern.is_none()
    }

    /// Bytes of an interval of a request.
    pub(super) fn interval_of(&self, length: usize) -> usize {
        if self.interval == 0 { length.max(1) } else { self.interval }
    }

    /// The checksum over the data of a block, if it has one.
    pub(super) fn checksum(&self) -> Option<Checksum> {
        Some(match self.kind {
            VerifyKind::Md5 => Checksum::Md5,
            VerifyKind::Crc64 => Checksum::Crc64,
            VerifyKind::Crc32 => Checksum::Crc32,
            VerifyKind::Crc32c => Checksum::Crc32c,
            VerifyKind::Crc16 => Checksum::Crc16,
            VerifyKind::Crc7 => Checksum::Crc7,
            VerifyKind::Sha1 => Checksum::Sha1,
            VerifyKind::Sha256 => Checksum::Sha256,
            VerifyKind::Sha512 => Checksum::Sha512,
            VerifyKind::Sha3_224 => Checksum::Sha3_224,
            VerifyKind::Sha3_256 => Checksum::Sha3_256,
            VerifyKind::Sha3_384 => Checksum::Sha3_384,
            VerifyKind::Sha3_512 => Checksum::Sha3_512,
            VerifyKind::Xxhash => Checksum::Xxhash,
            VerifyKind::Meta
            | VerifyKind::Pattern
            | VerifyKind::PatternHeader
            | VerifyKind::Null => return None,
        })
    }

    /// Bytes before the data of a block with a header of this layout.
    pub(super) fn data_at(&self, version: Version) -> usize {
        version.bytes() + self.kind.private_bytes().unwrap_or(0) as usize
    }

    /// True if [`Format::stamp`] makes what is written. With `null` only a pattern takes the place of what
    /// any job would write.
    pub fn makes_contents(&self) -> bool {
        self.kind != VerifyKind::Null || self.pattern.is_some()
    }

    /// Makes the content of a write.
    #[inline]
    pub fn stamp(&self, buffer: &mut [u8], origin: &Origin) {
        if !self.makes_contents() {
            return;
        }
        self.fill(buffer, origin.offset, origin.seed);
        if !self.has_headers() {
            return;
        }
        let time = (origin.time_ns / 1_000_000_000, origin.time_ns % 1_000_000_000);
        let header = Header {
            version: Version::V81,
            kind: header::code(self.kind),
            length: 0,
            seed: if self.draws_seeds() { origin.seed } else { 0 },
            offset: origin.offset,
            time: (time.0 as u32, time.1 as u32),
            number: origin.number,
            thread: origin.thread,
        };
        self.cover(buffer, &header);
    }

    /// Makes the content of a request. Place and length of each interval take the place of the header's.
    pub(super) fn compose(&self, buffer: &mut [u8], header: &Header) {
        self.fill(buffer, header.offset, header.seed);
        if self.has_headers() {
            self.cover(buffer, header);
        }
    }

    /// Writes headers and checksums over the data of a request.
    #[inline]
    fn cover(&self, buffer: &mut [u8], header: &Header) {
        let mut offset = header.offset;
        for block in buffer.chunks_mut(self.interval_of(buffer.len())) {
            let length = block.len();
            Header { offset, length: length as u32, ..*header }.write(block);
            self.seal(block, header.version);
            self.hide(block, header.version);
            offset = offset.wrapping_add(length as u64);
        }
    }

    /// Makes the data of a request, without headers.
    pub(super) fn fill(&self, buffer: &mut [u8], offset: u64, seed: u64) {
        match &self.pattern {
            Some(pattern) => pattern::repeat(buffer, pattern, offset),
            None => {
                let random_bytes = buffer.len() * self.random_percent / 100;
                let (head, rest) = buffer.split_at_mut(random_bytes);
                random(head, seed);
                repeat(rest, &self.rest);
            }
        }
    }

    /// True if bytes can be the rest of data that compress.
    pub(super) fn can_be_rest(&self, bytes: &[u8]) -> bool {
        if self.random_percent >= 100 || self.rest.is_empty() {
            return self.random_percent < 100 && bytes.iter().all(|byte| *byte == 0);
        }
        bytes.len() <= self.rest.len()
            || bytes[self.rest.len()..] == bytes[..bytes.len() - self.rest.len()]
    }

    /// Puts the checksum of the data behind the header.
    pub(super) fn seal(&self, block: &mut [u8], version: Version) {
        let Some(checksum) = self.checksum() else { return };
        let at = version.bytes();
        let Some((head, data)) = block.split_at_mut_checked(at + checksum.bytes()) else { return };
        match (version, checksum) {
            (Version::Old, Checksum::Sha512) => legacy::store(data, &mut head[at..]),
            _ => head[at..].copy_from_slice(checksum.of(data).as_bytes()),
        }
    }

    /// Moves the header from the begin of an interval to its place.
    pub(super) fn hide(&self, block: &mut [u8], version: Version) {
        if self.header_offset > 0 {
            self.exchange(block, version, <[u8]>::rotate_right);
        }
    }

    /// Moves it back.
    pub(super) fn uncover(&self, block: &mut [u8], version: Version) {
        if self.header_offset > 0 {
            self.exchange(block, version, <[u8]>::rotate_left);
        }
    }

    /// Exchanges the header with what is at its place. Where the two overlap, all between is turned: fio
    /// destroys data there, and cannot verify what it wrote.
    fn exchange(&self, block: &mut [u8], version: Version, turn: fn(&mut [u8], usize)) {
        let (bytes, to) = (self.data_at(version), self.header_offset);
        let Some(part) = to.checked_add(bytes).and_then(|end| block.get_mut(..end)) else { return };
        match to < bytes {
            true => turn(part, to),
            false => {
                let (first, second) = part.split_at_mut(to);
                first[..bytes].swap_with_slice(second);
            }
        }
    }
}
