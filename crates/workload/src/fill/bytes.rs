//! What goes into a piece of memory: random bytes of a seed, a pattern, stamps.

use fiord_base::random::hash64;

/// Factors by which the seed of the lanes differ.
const LANES: [u64; 4] = [1, 2, 3, 5];

/// Bytes of a chunk that is stamped by scrambling, and of a line inside it.
const CHUNK_BYTES: usize = 512;
const LINE_BYTES: usize = 64;
/// Where in a chunk the seconds and the nanoseconds stand.
const SECONDS_AT: usize = 48;
const NANOSECONDS_AT: usize = 56;

/// Fills a buffer with the random bytes of a seed.
pub fn random(buffer: &mut [u8], seed: u64) {
    let mut lanes = LANES.map(|factor| seed.wrapping_mul(factor));
    let (groups, rest) = buffer.as_chunks_mut::<32>();
    for group in groups {
        for (word, lane) in group.as_chunks_mut::<8>().0.iter_mut().zip(&mut lanes) {
            *word = lane.to_ne_bytes();
            *lane = hash64(*lane);
        }
    }
    let mut value = lanes[0];
    for word in rest.chunks_mut(8) {
        word.copy_from_slice(&value.to_ne_bytes()[..word.len()]);
        value = hash64(value);
    }
}

/// Stamps offset and time into each whole 512 bytes of a buffer: the time in the first line, the
/// offset at the begin of a line that time and offset choose.
pub fn scramble(buffer: &mut [u8], offset: u64, now_ns: u64) {
    let (seconds, nanoseconds) = (now_ns / 1_000_000_000, now_ns % 1_000_000_000);
    let mut offset = offset;
    let line = LINE_BYTES * ((nanoseconds ^ offset) % 8) as usize;
    for chunk in buffer.as_chunks_mut::<CHUNK_BYTES>().0 {
        chunk[line..line + 8].copy_from_slice(&offset.to_ne_bytes());
        chunk[SECONDS_AT..SECONDS_AT + 8].copy_from_slice(&seconds.to_ne_bytes());
        chunk[NANOSECONDS_AT..NANOSECONDS_AT + 8].copy_from_slice(&nanoseconds.to_ne_bytes());
        offset += CHUNK_BYTES as u64;
    }
}

/// Repeats a pattern over a buffer; no pattern stands for zeroes.
pub(crate) fn repeat(buffer: &mut [u8], pattern: &[u8]) {
    // At the end of a mapping, a memset of nothing by a masked store takes longer than 4 KiB of data.
    if buffer.is_empty() {
        return;
    }
    if let [] | [0] = pattern {
        return buffer.fill(0);
    }
    for part in buffer.chunks_mut(pattern.len()) {
        part.copy_from_slice(&pattern[..part.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_follow_the_seed() {
        let mut buffer = [0; 75];
        random(&mut buffer, 7);
        let word = |at: usize| u64::from_ne_bytes(buffer[at..at + 8].try_into().unwrap());
        assert_eq!([word(0), word(8), word(16), word(24)], [7, 14, 21, 35]);
        assert_eq!(word(40), hash64(14));
        assert_eq!(word(64), hash64(hash64(7)));
        assert_eq!(buffer[72..], hash64(hash64(hash64(7))).to_ne_bytes()[..3]);
    }

    #[test]
    fn scrambling_stamps_every_whole_chunk() {
        let mut buffer = vec![0; 1024 + 511];
        scramble(&mut buffer, 4096, 3_000_000_002);
        let word = |at: usize| u64::from_ne_bytes(buffer[at..at + 8].try_into().unwrap());
        assert_eq!((word(128), word(48), word(56)), (4096, 3, 2));
        assert_eq!(word(512 + 128), 4608);
        assert_eq!(buffer.iter().filter(|b| **b != 0).count(), 2 * 3);
    }

    #[test]
    fn patterns_repeat_and_are_cut() {
        let mut buffer = [0; 5];
        repeat(&mut buffer, b"ab");
        assert_eq!(&buffer, b"ababa");
    }
}
