//! Ways of copying memory, in pieces of several sizes.

use std::hint::black_box;

/// Bytes of each of the two buffers; together they fit a second cache.
pub(super) const BUFFER_BYTES: usize = 1 << 19;

/// Sizes of pieces.
pub(super) const SIZES: [usize; 11] =
    [8, 16, 96, 128, 256, 512, 2048, 8192, 131_072, 262_144, 524_288];

/// How a piece is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By the memcpy of the platform, which knows that the buffers do not overlap.
    Copy,
    /// By the memmove of the platform, which does not.
    Move,
    /// Byte by byte.
    Simple,
    /// Eight bytes at a time, then byte by byte.
    Hybrid,
}

/// All ways, by the names of the switch.
pub(super) const ALL: [(&str, Way); 4] = [
    ("memcpy", Way::Copy),
    ("memmove", Way::Move),
    ("simple", Way::Simple),
    ("hybrid", Way::Hybrid),
];

/// Two buffers.
#[derive(Debug)]
pub(super) struct Copying {
    /// The source, and behind it the target.
    memory: Vec<u8>,
    source_bytes: usize,
}

impl Copying {
    /// Copies this.
    pub(super) fn new(source: Vec<u8>) -> Copying {
        let source_bytes = source.len();
        let mut memory = source;
        memory.resize(source_bytes * 2, 0);
        Copying { memory, source_bytes }
    }

    /// Bytes that a round moves.
    pub(super) fn bytes_per_round(&self, size: usize) -> usize {
        self.source_bytes / size * size
    }

    /// Copies the source once in pieces of this size.
    pub(super) fn round(&mut self, way: Way, size: usize) {
        let middle = self.source_bytes;
        if way == Way::Move {
            for at in (0..self.bytes_per_round(size)).step_by(size) {
                let memory = black_box(&mut self.memory);
                memory.copy_within(at..at + size, middle + at);
            }
            return;
        }
        let (source, target) = self.memory.split_at_mut(middle);
        for (to, from) in target.chunks_exact_mut(size).zip(source.chunks_exact(size)) {
            let (to, from) = (black_box(to), black_box(from));
            match way {
                Way::Copy | Way::Move => to.copy_from_slice(from),
                Way::Simple => bytes(to, from),
                Way::Hybrid => words(to, from),
            }
        }
    }
}

/// Byte by byte. The compiler would make a memcpy of it if it could see through.
fn bytes(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = black_box(*from);
    }
}

/// Word by word, and the rest byte by byte.
fn words(to: &mut [u8], from: &[u8]) {
    let (to_words, to_rest) = to.as_chunks_mut::<8>();
    let (from_words, from_rest) = from.as_chunks::<8>();
    for (to, from) in to_words.iter_mut().zip(from_words) {
        *to = black_box(u64::from_ne_bytes(*from)).to_ne_bytes();
    }
    bytes(to_rest, from_rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_copies() {
        let source: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for (name, way) in ALL {
            for size in [8, 16, 96, 1000] {
                let mut copying = Copying::new(source.clone());
                copying.round(way, size);
                let moved = copying.bytes_per_round(size);
                assert_eq!(copying.memory[1000..1000 + moved], source[..moved], "{name} {size}");
                assert!(copying.memory[1000 + moved..].iter().all(|byte| *byte == 0), "{name}");
            }
        }
    }
}
