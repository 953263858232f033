//! A pattern over the data of a request: making it, and finding what differs from it.
//!
//! Behind its first repetition a pattern equals itself one length before, in each part after which it
//! begins anew. So both ways handle only the first repetition piece by piece.

use std::ops::Range;

use fiord_options::plan::VerifyPattern;

/// Bytes of an offset in a pattern.
const OFFSET_BYTES: usize = 8;

/// Bytes after which it begins anew.
fn restart(pattern: &VerifyPattern) -> usize {
    pattern.restart_bytes.map_or(usize::MAX, |bytes| bytes as usize).max(1)
}

/// Fills a request at `offset`.
pub(super) fn repeat(buffer: &mut [u8], pattern: &VerifyPattern, offset: u64) {
    let bytes = &pattern.bytes;
    if bytes.is_empty() {
        return buffer.fill(0);
    }
    let mut begin = offset;
    for part in buffer.chunks_mut(restart(pattern)) {
        let mut done = part.len().min(bytes.len());
        part[..done].copy_from_slice(&bytes[..done]);
        for at in pattern.offsets_at.iter().take_while(|at| **at < done) {
            let room = (done - at).min(OFFSET_BYTES);
            part[*at..*at + room].copy_from_slice(&begin.to_le_bytes()[..room]);
        }
        while done < part.len() {
            let more = done.min(part.len() - done);
            part.copy_within(..more, done);
            done += more;
        }
        begin = begin.wrapping_add(part.len() as u64);
    }
}

/// The first byte of a range of a request at `offset` that is not the pattern's.
pub(super) fn first_difference(
    data: &[u8],
    range: Range<usize>,
    pattern: &VerifyPattern,
    offset: u64,
) -> Option<usize> {
    let (restart, period) = (restart(pattern), pattern.bytes.len().max(1));
    let mut at = range.start;
    while at < range.end {
        let part_begin = at - at % restart;
        let end = part_begin.saturating_add(restart).min(range.end);
        let begin = offset.wrapping_add(part_begin as u64);
        let part = &data[at..end];
        let (head, rest) = part.split_at(part.len().min(period));
        let place = (at - part_begin) % period;
        let (first, second) = head.split_at(head.len().min(period - place));
        if rest != &part[..rest.len()]
            || !agrees(first, place, pattern, begin)
            || !agrees(second, 0, pattern, begin)
        {
            let wanted = |at: usize| wanted((at - part_begin) % period, pattern, begin);
            return (at..end).find(|at| data[*at] != wanted(*at));
        }
        at = end;
    }
    None
}

/// True if a piece is that of one repetition from `place` on.
fn agrees(piece: &[u8], place: usize, pattern: &VerifyPattern, begin: u64) -> bool {
    let end = place + piece.len();
    let value = begin.to_le_bytes();
    let mut at = place;
    let passed = pattern.offsets_at.partition_point(|first| first + OFFSET_BYTES <= place);
    for first in &pattern.offsets_at[passed..] {
        if *first >= end {
            break;
        }
        let window = at.max(*first)..end.min(first + OFFSET_BYTES);
        if piece[at - place..window.start - place] != pattern.bytes[at..window.start]
            || piece[window.start - place..window.end - place]
                != value[window.start - first..window.end - first]
        {
            return false;
        }
        at = window.end;
    }
    piece[at - place..] == pattern.bytes[at..end]
}

/// The byte at a place of one repetition.
fn wanted(place: usize, pattern: &VerifyPattern, begin: u64) -> u8 {
    let passed = pattern.offsets_at.partition_point(|first| first + OFFSET_BYTES <= place);
    match pattern.offsets_at.get(passed).filter(|first| **first <= place) {
        Some(first) => begin.to_le_bytes()[place - first],
        None => pattern.bytes.get(place).copied().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(bytes: &[u8], offsets_at: &[usize], restart: Option<u32>) -> VerifyPattern {
        let (bytes, offsets_at) = (bytes.to_vec(), offsets_at.to_vec());
        VerifyPattern { bytes, offsets_at, restart_bytes: restart }
    }

    fn all() -> [VerifyPattern; 7] {
        let long: Vec<u8> = (0..200).map(|i| i as u8).collect();
        [
            pattern(b"x", &[], None),
            pattern(b"abc", &[], Some(100)),
            pattern(&[0; 8], &[0], None),
            pattern(b"a\0\0\0\0\0\0\0\0b", &[1], Some(97)),
            pattern(&[0; 16], &[0, 8], Some(33)),
            pattern(&long, &[], None),
            pattern(&[&long[..], &[0; 8]].concat(), &[200], Some(150)),
        ]
    }

    #[test]
    fn bytes_are_the_patterns() {
        for pattern in all() {
            let mut data = vec![0; 333];
            repeat(&mut data, &pattern, 0x1_0203_0405);
            let restart = restart(&pattern);
            for (at, byte) in data.iter().enumerate() {
                let begin = 0x1_0203_0405 + (at - at % restart) as u64;
                let place = at % restart % pattern.bytes.len();
                assert_eq!(*byte, wanted(place, &pattern, begin), "{pattern:?} {at}");
            }
        }
    }

    #[test]
    fn every_byte_counts() {
        for pattern in all() {
            let mut data = vec![0; 333];
            repeat(&mut data, &pattern, 7 << 40);
            for range in [0..333, 48..333, 100..101, 90..310, 5..5] {
                let find = |data: &[u8]| first_difference(data, range.clone(), &pattern, 7 << 40);
                assert_eq!(find(&data), None, "{pattern:?} {range:?}");
                for at in 0..data.len() {
                    data[at] ^= 4;
                    let found = range.contains(&at).then_some(at);
                    assert_eq!(find(&data), found, "{pattern:?} {range:?}");
                    data[at] ^= 4;
                }
            }
        }
    }
}
