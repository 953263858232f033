//! The header of a block.
//!
//! Version 0x81 is what fio 3.41 and later write; the one before it, of fio 3.33 to 3.40, has the same
//! fields in fewer bytes and no version. Both are numbers in the byte order of the machine, closed by a
//! CRC-32C of all that is before it. What is read back is anybody's: a header is what its CRC confirms.

use fiord_options::plan::{VERIFY_HEADER_BYTES, VerifyKind};

use crate::checksum::crc32c as crc;

/// Bytes of a header.
pub const HEADER_BYTES: usize = VERIFY_HEADER_BYTES as usize;

/// Bytes of a header of fio 3.33 to 3.40.
pub const OLD_HEADER_BYTES: usize = 40;

const MAGIC: u16 = 0xacca;
const VERSION: u8 = 0x81;

/// Which layout a header has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 48 bytes, since fio 3.41.
    V81,
    /// 40 bytes, before.
    Old,
}

impl Version {
    /// Bytes of the header.
    pub fn bytes(self) -> usize {
        match self {
            Version::V81 => HEADER_BYTES,
            Version::Old => OLD_HEADER_BYTES,
        }
    }

    /// The bits that nobody knows beforehand: those of the time and the thread, and of the number if
    /// that is unknown.
    pub(super) fn unknown_bits(self, number: bool) -> impl Iterator<Item = usize> {
        let (time, thread, places) = match self {
            Version::V81 => (24..32, 40..42, 32..40),
            Version::Old => (24..32, 32..34, 34..36),
        };
        let number = if number { places } else { 0..0 };
        time.chain(thread).chain(number).flat_map(|byte| byte * 8..byte * 8 + 8)
    }

    /// Where the CRC stands, over all that is before it.
    fn crc_at(self) -> usize {
        self.bytes() - 4
    }
}

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its layout.
    pub version: Version,
    /// The number of the kind of checksum.
    pub kind: u16,
    /// Bytes of the block.
    pub length: u32,
    /// The seed of its data.
    pub seed: u64,
    /// Its place.
    pub offset: u64,
    /// When it was written, by the clock of the job: seconds and nanoseconds.
    pub time: (u32, u32),
    /// How many writes were before it; the last 16 bits of that in the old layout.
    pub number: u64,
    /// The number of the job that wrote it.
    pub thread: u16,
}

/// What stands where a header is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A header.
    Header(Header),
    /// One whose CRC does not agree with it: expected and found.
    Damaged(Header, u32, u32),
    /// One of a layout that is not known: its version.
    Unknown(u8),
    /// Something else: what is in the place of the magic number.
    None(u16),
}

fn byte_at(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).and_then(|b| b.try_into().ok()).map_or(0, u16::from_ne_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_ne_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_ne_bytes)
}

/// The CRC that stands at the end of a header.
pub(super) fn stored_crc(header: &[u8]) -> u32 {
    u32_at(header, header.len().saturating_sub(4))
}

/// The CRC that has to stand there.
pub(super) fn crc_of(header: &[u8]) -> u32 {
    crc(&header[..header.len().saturating_sub(4)])
}

impl Header {
    /// Writes a header to the begin of a block. Bytes that mean nothing keep what they held.
    pub fn write(&self, block: &mut [u8]) {
        let Some(bytes) = block.get_mut(..self.version.bytes()) else { return };
        bytes[0..2].copy_from_slice(&MAGIC.to_ne_bytes());
        bytes[4..8].copy_from_slice(&self.length.to_ne_bytes());
        bytes[8..16].copy_from_slice(&self.seed.to_ne_bytes());
        bytes[16..24].copy_from_slice(&self.offset.to_ne_bytes());
        bytes[24..28].copy_from_slice(&self.time.0.to_ne_bytes());
        bytes[28..32].copy_from_slice(&self.time.1.to_ne_bytes());
        match self.version {
            Version::V81 => {
                bytes[2] = VERSION;
                bytes[3] = self.kind as u8;
                bytes[32..40].copy_from_slice(&self.number.to_ne_bytes());
                bytes[40..42].copy_from_slice(&self.thread.to_ne_bytes());
            }
            Version::Old => {
                bytes[2..4].copy_from_slice(&self.kind.to_ne_bytes());
                bytes[32..34].copy_from_slice(&self.thread.to_ne_bytes());
                bytes[34..36].copy_from_slice(&(self.number as u16).to_ne_bytes());
            }
        }
        let (sum, at) = (crc(&bytes[..self.version.crc_at()]), self.version.crc_at());
        bytes[at..at + 4].copy_from_slice(&sum.to_ne_bytes());
    }

    /// The fields that a header of this layout would have here, whatever it is.
    pub(super) fn fields(block: &[u8], version: Version) -> Header {
        let old = version == Version::Old;
        Header {
            version,
            kind: if old { u16_at(block, 2) } else { u16::from(byte_at(block, 3)) },
            length: u32_at(block, 4),
            seed: u64_at(block, 8),
            offset: u64_at(block, 16),
            time: (u32_at(block, 24), u32_at(block, 28)),
            number: if old { u64::from(u16_at(block, 34)) } else { u64_at(block, 32) },
            thread: if old { u16_at(block, 32) } else { u16_at(block, 40) },
        }
    }

    /// When it was written, in nanoseconds of the job's clock.
    pub fn time_ns(&self) -> u64 {
        u64::from(self.time.0) * 1_000_000_000 + u64::from(self.time.1)
    }

    /// Reads what is at the begin of a block. An old header is one whose CRC confirms it.
    pub fn read(block: &[u8]) -> Found {
        let magic = u16_at(block, 0);
        if magic != MAGIC || block.len() < OLD_HEADER_BYTES {
            return Found::None(magic);
        }
        let version = byte_at(block, 2);
        if version != VERSION || block.len() < HEADER_BYTES {
            return match crc(&block[..36]) == u32_at(block, 36) {
                true => Found::Header(Header::fields(block, Version::Old)),
                false => Found::Unknown(version),
            };
        }
        let header = Header::fields(block, Version::V81);
        let (expected, found) = (crc(&block[..44]), u32_at(block, 44));
        match expected == found {
            true => Found::Header(header),
            false => Found::Damaged(header, expected, found),
        }
    }
}

/// The kind of a number in headers, if it has one there.
pub fn kind(number: u16) -> Option<VerifyKind> {
    use VerifyKind::*;
    let all = [
        Meta,
        Md5,
        Crc64,
        Crc32,
        Crc32c,
        Crc16,
        Crc7,
        Sha256,
        Sha512,
        Sha3_224,
        Sha3_256,
        Sha3_384,
        Sha3_512,
        Xxhash,
        Sha1,
        PatternHeader,
    ];
    all.into_iter().find(|kind| code(*kind) == number)
}

/// The number of a kind in headers.
pub fn code(kind: VerifyKind) -> u16 {
    match kind {
        VerifyKind::Meta => 1,
        VerifyKind::Md5 => 2,
        VerifyKind::Crc64 => 3,
        VerifyKind::Crc32 => 4,
        VerifyKind::Crc32c => 5,
        VerifyKind::Crc16 => 7,
        VerifyKind::Crc7 => 8,
        VerifyKind::Sha256 => 9,
        VerifyKind::Sha512 => 10,
        VerifyKind::Sha3_224 => 11,
        VerifyKind::Sha3_256 => 12,
        VerifyKind::Sha3_384 => 13,
        VerifyKind::Sha3_512 => 14,
        VerifyKind::Xxhash => 15,
        VerifyKind::Sha1 => 16,
        VerifyKind::PatternHeader => 17,
        VerifyKind::Pattern => 18,
        VerifyKind::Null => 19,
    }
}
