//! Checksums of data, exactly as fio stores them in the blocks that it verifies.
//!
//! Some are not what their names say. They are kept as they are, because media written by the one program
//! must be readable by the other: `crc32` is the CRC of Ethernet with the most significant bit first,
//! starting from zero and without an inversion at the end; `crc32c` lacks the inversion; `sha1` is stored
//! as five words of this machine; `sha256` and `sha512` store the last block of the padded data, in which
//! only the first bytes depend on all data (see `sha2.rs`). Where a value is a number it is stored in the
//! byte order of this machine.
//!
//! Calculation is pure and allocates nothing. The last three kinds of [`Checksum`] are never stored; fio
//! uses them as hashes.

mod sha2;
mod words;

use std::sync::LazyLock;

use crc_fast::CrcAlgorithm;
use md5::{Digest, Md5};
use sha1::Sha1;
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};

pub use words::{fnv, jhash, murmur3};

/// Most bytes that a checksum takes.
pub const MOST_BYTES: usize = 128;

/// Where xxhash begins.
const XXHASH_SEED: u32 = 1;

/// CRC-7/MMC with tables for 16 bytes at a time.
static CRC7: LazyLock<crc::Crc<u8, crc::Table<16>>> =
    LazyLock::new(|| crc::Crc::<u8, crc::Table<16>>::new(&crc::CRC_7_MMC));

/// One way to calculate a checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Checksum {
    /// MD5.
    Md5,
    /// CRC-64 of Jones, as in Redis.
    Crc64,
    /// CRC-32 with polynomial 0x04C11DB7, not reflected, from zero, nothing inverted.
    Crc32,
    /// CRC-32C without the final inversion.
    Crc32c,
    /// CRC-16/ARC.
    Crc16,
    /// CRC-7/MMC.
    Crc7,
    /// SHA-1.
    Sha1,
    /// Derived from SHA-256.
    Sha256,
    /// SHA-512 and the end of its last block.
    Sha512,
    /// XXH32 with seed 1.
    Xxhash,
    /// MurmurHash3, 32 bits.
    Murmur3,
    /// Derived from lookup3 of Jenkins.
    Jhash,
    /// FNV-1a over words of 64 bits.
    Fnv,
    /// SHA3-224.
    Sha3_224,
    /// SHA3-256.
    Sha3_256,
    /// SHA3-384.
    Sha3_384,
    /// SHA3-512.
    Sha3_512,
}

use Checksum::{
    Crc7, Crc16, Crc32, Crc32c, Crc64, Fnv, Jhash, Md5 as Md5Sum, Murmur3, Sha1 as Sha1Sum,
    Sha3_224 as Sha3Sum224, Sha3_256 as Sha3Sum256, Sha3_384 as Sha3Sum384, Sha3_512 as Sha3Sum512,
    Sha256, Sha512, Xxhash,
};

/// All kinds with their names, in fio's order.
const NAMES: [(Checksum, &str); 17] = [
    (Md5Sum, "md5"),
    (Crc64, "crc64"),
    (Crc32, "crc32"),
    (Crc32c, "crc32c"),
    (Crc16, "crc16"),
    (Crc7, "crc7"),
    (Sha1Sum, "sha1"),
    (Sha256, "sha256"),
    (Sha512, "sha512"),
    (Xxhash, "xxhash"),
    (Murmur3, "murmur3"),
    (Jhash, "jhash"),
    (Fnv, "fnv"),
    (Sha3Sum224, "sha3-224"),
    (Sha3Sum256, "sha3-256"),
    (Sha3Sum384, "sha3-384"),
    (Sha3Sum512, "sha3-512"),
];

/// The bytes of a checksum.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    bytes: [u8; MOST_BYTES],
    len: usize,
}

impl Sum {
    pub(crate) fn new(part: &[u8]) -> Sum {
        let mut bytes = [0; MOST_BYTES];
        let len = part.len().min(MOST_BYTES);
        bytes[..len].copy_from_slice(&part[..len]);
        Sum { bytes, len }
    }

    /// As stored behind the header of a block.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl std::fmt::Debug for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Checksum {
    /// All kinds in the order in which fio lists them.
    pub fn all() -> impl Iterator<Item = Checksum> {
        NAMES.into_iter().map(|(kind, _)| kind)
    }

    /// The word that users know.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// The kind of this name.
    pub fn find(name: &str) -> Option<Checksum> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    /// How many bytes are stored.
    pub fn bytes(self) -> usize {
        match self {
            Crc7 => 1,
            Crc16 => 2,
            Crc32 | Crc32c | Xxhash | Murmur3 | Jhash => 4,
            Crc64 | Fnv => 8,
            Md5Sum => 16,
            Sha1Sum => 20,
            Sha3Sum224 => 28,
            Sha3Sum256 => 32,
            Sha3Sum384 => 48,
            Sha256 | Sha3Sum512 => 64,
            Sha512 => 128,
        }
    }

    /// The checksum of `data`.
    pub fn of(self, data: &[u8]) -> Sum {
        match self {
            Md5Sum => Sum::new(&Md5::digest(data)),
            Crc64 => Sum::new(&crc_fast::checksum(CrcAlgorithm::Crc64Redis, data).to_ne_bytes()),
            // CRC-32/CKSUM is inverted at its end, which this is not.
            Crc32 => {
                let crc = !(crc_fast::checksum(CrcAlgorithm::Crc32Cksum, data) as u32);
                Sum::new(&crc.to_ne_bytes())
            }
            Crc32c => Sum::new(&crc32c(data).to_ne_bytes()),
            Crc16 => {
                let crc = crc_fast::checksum(CrcAlgorithm::Crc16Arc, data);
                Sum::new(&(crc as u16).to_ne_bytes())
            }
            Crc7 => Sum::new(&[CRC7.checksum(data)]),
            Sha1Sum => Sum::new(&sha1_words(data)),
            Sha256 => Sum::new(&sha2::sha256(data)),
            Sha512 => Sum::new(&sha2::sha512(data)),
            Xxhash => {
                let hash = xxhash_rust::xxh32::xxh32(data, XXHASH_SEED);
                Sum::new(&hash.to_ne_bytes())
            }
            Murmur3 => Sum::new(&murmur3(data, 0).to_ne_bytes()),
            Jhash => Sum::new(&jhash(data).to_ne_bytes()),
            Fnv => Sum::new(&fnv(data).to_ne_bytes()),
            Sha3Sum224 => Sum::new(&Sha3_224::digest(data)),
            Sha3Sum256 => Sum::new(&Sha3_256::digest(data)),
            Sha3Sum384 => Sum::new(&Sha3_384::digest(data)),
            Sha3Sum512 => Sum::new(&Sha3_512::digest(data)),
        }
    }
}

/// CRC-32C without the inversion at the end of CRC-32/ISCSI.
#[inline]
pub(crate) fn crc32c(data: &[u8]) -> u32 {
    !(crc_fast::checksum(CrcAlgorithm::Crc32Iscsi, data) as u32)
}

/// The five words of SHA-1 as this machine keeps them.
fn sha1_words(data: &[u8]) -> [u8; 20] {
    let mut bytes: [u8; 20] = Sha1::digest(data).into();
    for word in bytes.as_chunks_mut::<4>().0 {
        *word = u32::from_be_bytes(*word).to_ne_bytes();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(kind: Checksum, data: &[u8]) -> String {
        format!("{:?}", kind.of(data))
    }

    /// A number as it stands in memory.
    fn number(kind: Checksum, data: &[u8]) -> u64 {
        let mut bytes = [0; 8];
        let sum = kind.of(data);
        bytes[..sum.as_bytes().len()].copy_from_slice(sum.as_bytes());
        u64::from_le_bytes(bytes)
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn known_answers() {
        let check = b"123456789";
        assert_eq!(number(Crc32, check), 0x89a1_897f);
        assert_eq!(number(Crc32c, check), 0x1cf9_6d7c);
        assert_eq!(number(Crc16, check), 0xbb3d);
        assert_eq!(number(Crc7, check), 0x75);
        assert_eq!(number(Crc64, check), 0xe9c6_d914_c4b8_d9ca);
        assert_eq!(hex(Md5Sum, check), "25f9e794323b453885f5181f1b624d0b");
        // f7c3bc1d 808e0473 2adf6799 65ccc34c a7ae3441, word by word.
        assert_eq!(hex(Sha1Sum, check), "1dbcc3f773048e809967df2a4cc3cc654134aea7");
        // XXH32 with seed 0 would be 937bad67.
        assert_ne!(number(Xxhash, check), 0x937b_ad67);
        let sha3 = "5795c3d628fd638c9835a4c79a55809f265068c88729a1a3fcdf8522";
        assert_eq!(
            hex(Sha3Sum224, b""),
            "6b4e03423667dbb73b6e15454f0eb1abd4597f9a1b078e3f5b5a6bc7"
        );
        assert_eq!(hex(Sha3Sum224, check), sha3);
    }

    #[test]
    fn as_many_bytes_are_stored_as_said() {
        for kind in Checksum::all() {
            assert_eq!(kind.of(b"data").as_bytes().len(), kind.bytes(), "{kind:?}");
            assert_eq!(Checksum::find(kind.name()), Some(kind));
        }
        assert_eq!(Checksum::find("crc"), None);
    }

    #[test]
    fn every_bit_counts() {
        let mut data = [0x5a; 1024];
        for kind in Checksum::all() {
            let before = kind.of(&data);
            for (at, bit) in [(0, 1), (5, 0x80), (512, 4), (1000, 2), (1023, 0x40)] {
                data[at] ^= bit;
                // jhash leaves most bytes out: a mistake of long ago that names of files depend on.
                if kind != Jhash || at > 1011 {
                    assert_ne!(kind.of(&data), before, "{kind:?} {at}");
                }
                data[at] ^= bit;
            }
            assert_eq!(kind.of(&data), before, "{kind:?}");
        }
    }
}
