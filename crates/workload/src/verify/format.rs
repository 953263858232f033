//! What is on the medium: blocks with header, checksum and data.
//!
//! A write consists of intervals. Each has a header, the private part of its checksum and data, unless the
//! kind has no headers. Bytes are those of fio 3.41, so that either program verifies what the other one
//! wrote.

use std::sync::Arc;

use fiord_base::Direction;
use fiord_options::plan::{JobPlan, VERIFY_HEADER_BYTES, VerifyKind, VerifyPattern};

use super::header::{self, Header, Version};
use crate::checksum::Checksum;
use crate::fill::random;

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
    /// Longest write.
    most: usize,
    /// Share of the data that does not compress.
    random_percent: usize,
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
            most: usize::try_from(job.blocks.max[Direction::Write]).unwrap_or(usize::MAX),
            random_percent: 100_usize.saturating_sub(job.data.compress_percent as usize),
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

    /// True if no part of the data has to be zero.
    pub(super) fn is_random(&self) -> bool {
        self.draws_seeds() && self.random_percent == 100
    }

    /// Bytes of the longest request.
    pub(super) fn most(&self) -> usize {
        self.most
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

    /// Makes the content of a write.
    #[inline]
    pub fn stamp(&self, buffer: &mut [u8], origin: &Origin) {
        if self.kind == VerifyKind::Null {
            return;
        }
        self.fill(buffer, origin.offset, origin.seed);
        if !self.has_headers() {
            return;
        }
        let interval = self.interval_of(buffer.len());
        let mut offset = origin.offset;
        let header = Header {
            version: Version::V81,
            kind: header::code(self.kind),
            length: interval as u32,
            seed: origin.seed,
            offset,
            time: (
                (origin.time_ns / 1_000_000_000) as u32,
                (origin.time_ns % 1_000_000_000) as u32,
            ),
            number: origin.number,
            thread: origin.thread,
        };
        for block in buffer.chunks_mut(interval) {
            let length = block.len();
            Header { offset, length: length as u32, ..header }.write(block);
            self.seal(block);
            self.exchange(block, Version::V81);
            // Offsets may come from a header that was read.
            offset = offset.wrapping_add(length as u64);
        }
    }

    /// Makes the data of a request, without headers.
    pub(super) fn fill(&self, buffer: &mut [u8], offset: u64, seed: u64) {
        match &self.pattern {
            Some(pattern) => repeat(buffer, pattern, offset),
            None => {
                let random_bytes = buffer.len() * self.random_percent / 100;
                let (head, rest) = buffer.split_at_mut(random_bytes);
                random(head, seed);
                rest.fill(0);
            }
        }
    }

    /// Puts the checksum of the data behind the header.
    fn seal(&self, block: &mut [u8]) {
        let Some(checksum) = self.checksum() else { return };
        let at = VERIFY_HEADER_BYTES as usize;
        let Some((head, data)) = block.split_at_mut_checked(at + checksum.bytes()) else { return };
        head[at..].copy_from_slice(checksum.of(data).as_bytes());
    }

    /// Moves the header to its place in the interval, or back.
    pub(super) fn exchange(&self, block: &mut [u8], version: Version) {
        if self.header_offset == 0 {
            return;
        }
        let (bytes, to) = (self.data_at(version), self.header_offset);
        for index in 0..bytes {
            if to.saturating_add(index) < block.len() {
                block.swap(index, to + index);
            }
        }
    }
}

/// Repeats a pattern, with the place where it begins in it.
fn repeat(buffer: &mut [u8], pattern: &VerifyPattern, offset: u64) {
    let restart = pattern.restart_bytes.map_or(usize::MAX, |bytes| bytes as usize).max(1);
    let mut begin = offset;
    for part in buffer.chunks_mut(restart) {
        for copy in part.chunks_mut(pattern.bytes.len().max(1)) {
            copy.copy_from_slice(&pattern.bytes[..copy.len()]);
            for at in &pattern.offsets_at {
                let value = begin.to_le_bytes();
                let room = copy.len().saturating_sub(*at).min(value.len());
                if let Some(place) = copy.get_mut(*at..*at + room) {
                    place.copy_from_slice(&value[..room]);
                }
            }
        }
        begin = begin.wrapping_add(part.len() as u64);
    }
}
