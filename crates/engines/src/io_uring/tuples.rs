//! Protection information: what stands beside each block so that it can be checked on its way.
//!
//! Numbers are big-endian. With a checksum of 16 bits: guard, application tag, reference tag of 32 bits;
//! with one of 64 bits: guard, application tag, reference tag of 48 bits. (T10 DIF; NVM Express NVM
//! Command Set, "End-to-end Data Protection".)

use fiord_sys::Errno;
use fiord_sys::file::{BlockMetadata, Guard};
use fiord_sys::uring::Checks;

/// An application tag that says: do not check this block.
const UNCHECKED: u16 = 0xffff;

/// What a job writes into protection information and expects there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tags {
    /// Fields in use; the others are zero.
    pub(super) checks: Checks,
    /// `apptag`.
    pub(super) application: u16,
    /// `apptag_mask`.
    pub(super) mask: u16,
}

/// One field each, as they stand in a tuple.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tuple {
    guard: u64,
    application: u16,
    reference: u64,
}

/// Fills the metadata of blocks that are to be written; `first` is the number of the first one.
pub(super) fn fill(format: &BlockMetadata, tags: Tags, first: u64, data: &[u8], into: &mut [u8]) {
    let blocks = data.chunks(usize::from(format.interval_bytes));
    let places = into.chunks_exact_mut(usize::from(format.bytes));
    for ((number, block), place) in (first..).zip(blocks).zip(places) {
        place.fill(0);
        let (before, rest) = place.split_at_mut(usize::from(format.protection_offset));
        let tuple = expected(format, tags, number, &[block, before]);
        if let Some(rest) = rest.get_mut(..usize::from(format.protection_bytes)) {
            tuple.write(format, rest);
        }
    }
}

/// Compares the metadata of blocks that were read with what belongs to them. EILSEQ, which is also what
/// the kernel says of such blocks.
pub(super) fn check(
    format: &BlockMetadata,
    tags: Tags,
    first: u64,
    data: &[u8],
    metadata: &[u8],
) -> Result<(), Errno> {
    let blocks = data.chunks(usize::from(format.interval_bytes));
    let places = metadata.chunks_exact(usize::from(format.bytes));
    for ((number, block), place) in (first..).zip(blocks).zip(places) {
        let (before, rest) = place.split_at(usize::from(format.protection_offset));
        let Some(rest) = rest.get(..usize::from(format.protection_bytes)) else { continue };
        let found = Tuple::read(format, rest);
        if found.application == UNCHECKED {
            continue;
        }
        let wanted = expected(format, tags, number, &[block, before]);
        let Checks { guard, reference, application } = tags.checks;
        let wrong = (guard && found.guard != wanted.guard)
            || (reference && found.reference != wanted.reference)
            || (application && (found.application ^ wanted.application) & tags.mask != 0);
        if wrong {
            return Err(Errno::ILSEQ);
        }
    }
    Ok(())
}

fn expected(format: &BlockMetadata, tags: Tags, number: u64, covered: &[&[u8]]) -> Tuple {
    let Checks { guard, reference, application } = tags.checks;
    let checksum = || match format.guard {
        Guard::Crc16 => {
            u64::from(covered.iter().copied().flatten().fold(0, |crc, byte| crc16(crc, *byte)))
        }
        Guard::Crc64 => !covered.iter().copied().flatten().fold(!0, |crc, byte| crc64(crc, *byte)),
        _ => 0,
    };
    Tuple {
        guard: if guard { checksum() } else { 0 },
        application: if application { tags.application } else { 0 },
        reference: if reference { number & reference_mask(format) } else { 0 },
    }
}

fn reference_mask(format: &BlockMetadata) -> u64 {
    if format.guard == Guard::Crc64 { (1 << 48) - 1 } else { u64::from(u32::MAX) }
}

impl Tuple {
    fn write(self, format: &BlockMetadata, into: &mut [u8]) {
        let reference = self.reference.to_be_bytes();
        let bytes = match format.guard {
            Guard::Crc64 => {
                let application = self.application.to_be_bytes();
                [&self.guard.to_be_bytes()[..], &application, &reference[2..]].concat()
            }
            _ => {
                let application = self.application.to_be_bytes();
                [&(self.guard as u16).to_be_bytes()[..], &application, &reference[4..]].concat()
            }
        };
        for (place, byte) in into.iter_mut().zip(bytes) {
            *place = byte;
        }
    }

    fn read(format: &BlockMetadata, from: &[u8]) -> Tuple {
        let number = |range: std::ops::Range<usize>| {
            from.get(range).unwrap_or_default().iter().fold(0, |all, b| all << 8 | u64::from(*b))
        };
        let (guard, application, reference) = match format.guard {
            Guard::Crc64 => (number(0..8), number(8..10), number(10..16)),
            _ => (number(0..2), number(2..4), number(4..8)),
        };
        Tuple { guard, application: application as u16, reference }
    }
}

/// CRC of T10 DIF: polynomial 0x8bb7, highest bit first.
fn crc16(crc: u16, byte: u8) -> u16 {
    const TABLE: [u16; 256] = {
        let mut table = [0; 256];
        let mut index = 0;
        while index < 256 {
            let mut crc = (index as u16) << 8;
            let mut bit = 0;
            while bit < 8 {
                crc = if crc & 0x8000 != 0 { crc << 1 ^ 0x8bb7 } else { crc << 1 };
                bit += 1;
            }
            table[index] = crc;
            index += 1;
        }
        table
    };
    crc << 8 ^ TABLE[usize::from((crc >> 8) as u8 ^ byte)]
}

/// CRC of NVMe: polynomial 0xad93d23594c93659, lowest bit first.
fn crc64(crc: u64, byte: u8) -> u64 {
    const TABLE: [u64; 256] = {
        let reversed = 0xad93_d235_94c9_3659_u64.reverse_bits();
        let mut table = [0; 256];
        let mut index = 0;
        while index < 256 {
            let mut crc = index as u64;
            let mut bit = 0;
            while bit < 8 {
                crc = if crc & 1 != 0 { crc >> 1 ^ reversed } else { crc >> 1 };
                bit += 1;
            }
            table[index] = crc;
            index += 1;
        }
        table
    };
    crc >> 8 ^ TABLE[usize::from(crc as u8 ^ byte)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(guard: Guard, bytes: u8, protection_offset: u8) -> BlockMetadata {
        BlockMetadata {
            interval_bytes: 512,
            bytes,
            protection_offset,
            protection_bytes: bytes - protection_offset,
            guard,
            counts_blocks: true,
            has_storage_tag: false,
        }
    }

    fn tags(guard: bool, reference: bool, application: bool) -> Tags {
        let checks = Checks { guard, reference, application };
        Tags { checks, application: 0x1234, mask: 0xffff }
    }

    #[test]
    fn checksums_are_those_of_the_catalogues() {
        let bytes = b"123456789";
        assert_eq!(bytes.iter().fold(0, |crc, byte| crc16(crc, *byte)), 0xd0db);
        let crc = !bytes.iter().fold(!0, |crc, byte| crc64(crc, *byte));
        assert_eq!(crc, 0xae8b_1486_0a79_9888);
    }

    #[test]
    fn what_is_filled_passes_the_check_and_nothing_else_does() {
        let data: Vec<u8> = (0..1024).map(|i| (i * 7 % 251) as u8).collect();
        for format in [format(Guard::Crc16, 8, 0), format(Guard::Crc64, 24, 8)] {
            let all = tags(true, true, true);
            let mut metadata = vec![0xee; 2 * usize::from(format.bytes)];
            fill(&format, all, 77, &data, &mut metadata);
            let checked = |tags, first, data: &[u8], metadata: &[u8]| {
                check(&format, tags, first, data, metadata)
            };
            assert_eq!(checked(all, 77, &data, &metadata), Ok(()));
            assert_eq!(checked(all, 78, &data, &metadata), Err(Errno::ILSEQ));
            assert_eq!(checked(tags(true, false, true), 78, &data, &metadata), Ok(()));
            let mut changed = data.clone();
            changed[1000] ^= 1;
            assert_eq!(checked(all, 77, &changed, &metadata), Err(Errno::ILSEQ));
            assert_eq!(checked(tags(false, true, true), 77, &changed, &metadata), Ok(()));
            let other = Tags { application: 0x1235, ..all };
            assert_eq!(checked(other, 77, &data, &metadata), Err(Errno::ILSEQ));
            assert_eq!(checked(Tags { mask: 0xff00, ..other }, 77, &data, &metadata), Ok(()));
        }
    }

    #[test]
    fn fields_that_are_not_in_use_are_zero() {
        let format = format(Guard::Crc16, 8, 0);
        let mut metadata = [0xee; 8];
        fill(&format, tags(false, true, false), 0x1_0000_0002, &[0; 512], &mut metadata);
        assert_eq!(metadata, [0, 0, 0, 0, 0, 0, 0, 2]);
        fill(&format, tags(false, false, true), 9, &[1; 512], &mut metadata);
        assert_eq!(metadata, [0, 0, 0x12, 0x34, 0, 0, 0, 0]);
    }
}
