//! Which blocks of a region a pass has visited.
//!
//! A bitmap with summary levels: a bit of level k + 1 says that all 64 bits of one word of level k
//! are set. The search for a free block climbs to the level where there is one and descends again,
//! so that it costs the same at the end of a pass as at its start. The levels together take 1/63
//! (1.6 %) more than the bits themselves. Memory comes zeroed from the allocator and is touched only
//! where blocks are visited.

/// Levels that a map can have; six cover 2^36 words of bits, far beyond any memory.
const LEVELS_MAX: usize = 6;

/// A set of visited blocks.
#[derive(Clone, Debug)]
pub struct BlockMap {
    /// All levels, the bits of the blocks first.
    words: Vec<u64>,
    /// Where each level begins in `words`.
    starts: [usize; LEVELS_MAX],
    /// Words of each level; 0 beyond the last.
    lengths: [usize; LEVELS_MAX],
    /// Number of blocks.
    blocks: u64,
    /// How many of them are free.
    free: u64,
    /// Blocks between the last one and the next multiple of 64 that runs across the end have marked.
    tail: u64,
}

impl BlockMap {
    /// An empty map for so many blocks, or `None` if there is no memory for it.
    pub fn new(blocks: u64) -> Option<BlockMap> {
        let Levels { starts, lengths, total } = Levels::of(blocks)?;
        // Asked for first, so that a refusal is an answer and not an abort; then taken zeroed.
        let mut probe = Vec::<u64>::new();
        probe.try_reserve_exact(total).ok()?;
        drop(std::hint::black_box(probe));
        let mut map =
            BlockMap { words: vec![0; total], starts, lengths, blocks, free: blocks, tail: 0 };
        map.close_tail();
        Some(map)
    }

    /// Bytes of a map for so many blocks; `None` if no memory can be so large.
    pub fn bytes_for(blocks: u64) -> Option<u64> {
        (Levels::of(blocks)?.total as u64).checked_mul(8)
    }

    /// Number of blocks.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Forgets all visits.
    pub fn clear(&mut self) {
        self.words.fill(0);
        self.free = self.blocks;
        // Recorded requests show these to stay marked where they have a word of their own.
        if !self.blocks.is_multiple_of(64) {
            self.tail = 0;
        }
        self.close_tail();
    }

    /// Marks all blocks.
    pub(crate) fn fill(&mut self) {
        self.words.fill(u64::MAX);
        self.free = 0;
    }

    /// True if the block was visited, or lies beyond the map.
    #[inline]
    pub fn is_set(&self, block: u64) -> bool {
        block >= self.blocks || self.words[(block / 64) as usize] >> (block % 64) & 1 != 0
    }

    /// The lowest block from `from` on that is free, continuing at 0 after the end; `None` if all
    /// are visited. `from` beyond the map starts at 0.
    #[inline]
    pub fn next_free(&self, from: u64) -> Option<u64> {
        let from = if from < self.blocks { from } else { 0 };
        let free = !self.words[(from / 64) as usize] >> (from % 64);
        if free != 0 {
            return Some(from + u64::from(free.trailing_zeros()));
        }
        self.search(from / 64 + 1).or_else(|| self.search(0))
    }

    /// Marks the lowest free block from `from` on, continuing at 0 after the end, and returns it;
    /// `from` must lie inside the map. If all blocks are marked it is `from` itself. Whoever calls this
    /// says later with [`BlockMap::took`] how often.
    #[inline]
    pub fn take_free(&mut self, from: u64) -> u64 {
        let index = (from / 64) as usize;
        if let Some(word) = self.words.get_mut(index) {
            let free = !*word >> (from % 64);
            if free != 0 {
                let block = from + u64::from(free.trailing_zeros());
                *word |= 1 << (block % 64);
                if *word == u64::MAX {
                    self.summarise(index);
                }
                return block;
            }
        }
        self.take_free_elsewhere(from)
    }

    #[inline(never)]
    fn take_free_elsewhere(&mut self, from: u64) -> u64 {
        let block = self.next_free(from).unwrap_or(from);
        self.mark(block);
        block
    }

    /// So many blocks were taken by [`BlockMap::take_free`].
    pub fn took(&mut self, blocks: u64) {
        self.free = self.free.saturating_sub(blocks);
    }

    /// How many blocks are free.
    pub fn free(&self) -> u64 {
        self.free
    }

    /// Marks a block and returns whether it was free.
    #[inline]
    pub fn set(&mut self, block: u64) -> bool {
        let free = !self.is_set(block);
        if free {
            self.mark(block);
            self.free = self.free.saturating_sub(1);
        }
        free
    }

    /// Sets the bit of a block of the map.
    #[inline]
    fn mark(&mut self, block: u64) {
        let index = (block / 64) as usize;
        let Some(word) = self.words.get_mut(index) else { return };
        *word |= 1 << (block % 64);
        if *word == u64::MAX {
            self.summarise(index);
        }
    }

    /// Marks blocks from `first` on until one is already marked, at most `count`; returns how many
    /// were marked. A run may reach beyond the map (the rest of a region that is no multiple of the
    /// block, or the end of a zone) up to the next multiple of 64 blocks, once: so far do recorded requests.
    #[inline]
    pub fn set_run(&mut self, first: u64, count: u64) -> u64 {
        if count == 1 && first < self.blocks {
            return u64::from(self.set(first));
        }
        let mut done = 0;
        while done < count && self.set_or_beyond(first + done) {
            done += 1;
        }
        done
    }

    fn set_or_beyond(&mut self, block: u64) -> bool {
        if block < self.blocks {
            return self.set(block);
        }
        let bit = 1 << (block % 64);
        let free = block / 64 == self.blocks / 64 && self.tail & bit == 0;
        self.tail |= bit;
        free
    }

    /// Marks the bits of the last words that stand for no block, so that no search finds them.
    fn close_tail(&mut self) {
        let mut bits = self.blocks;
        for level in 0..LEVELS_MAX {
            let length = self.lengths[level];
            if length == 0 {
                break;
            }
            let used = bits - (length as u64 - 1) * 64;
            if used < 64 {
                self.words[self.starts[level] + length - 1] |= u64::MAX << used;
            }
            bits = length as u64;
        }
    }

    /// Notes in the upper levels that a word of the lowest is full.
    fn summarise(&mut self, mut index: usize) {
        for level in 1..LEVELS_MAX {
            if self.lengths[level] == 0 {
                break;
            }
            let slot = self.starts[level] + index / 64;
            self.words[slot] |= 1 << (index % 64);
            if self.words[slot] != u64::MAX {
                break;
            }
            index /= 64;
        }
    }

    /// The lowest free block in the words of the lowest level from `word` on.
    fn search(&self, word: u64) -> Option<u64> {
        let mut position = word;
        let mut level = 1;
        // Up: the next word of some level that is not full.
        loop {
            if level == LEVELS_MAX || self.lengths[level] == 0 {
                // The level below is a single word.
                if position != 0 {
                    return None;
                }
                level -= 1;
                break;
            }
            let index = (position / 64) as usize;
            if index >= self.lengths[level] {
                return None;
            }
            let free = !self.words[self.starts[level] + index] >> (position % 64);
            if free != 0 {
                position += u64::from(free.trailing_zeros());
                level -= 1;
                break;
            }
            position = position / 64 + 1;
            level += 1;
        }
        // Down: `position` is a word of `level` that has a free bit.
        loop {
            let free = !self.words[self.starts[level] + position as usize];
            if free == 0 {
                return None;
            }
            position = position * 64 + u64::from(free.trailing_zeros());
            if level == 0 {
                return Some(position);
            }
            level -= 1;
        }
    }
}

/// Where the levels of a map stand.
struct Levels {
    starts: [usize; LEVELS_MAX],
    lengths: [usize; LEVELS_MAX],
    /// Words of all of them.
    total: usize,
}

impl Levels {
    /// `None` if no memory can hold them.
    fn of(blocks: u64) -> Option<Levels> {
        let mut levels = Levels { starts: [0; LEVELS_MAX], lengths: [0; LEVELS_MAX], total: 0 };
        let mut bits = blocks;
        for level in 0..LEVELS_MAX {
            let words = usize::try_from(bits.div_ceil(64)).ok()?.max(1);
            levels.starts[level] = levels.total;
            levels.lengths[level] = words;
            levels.total = levels.total.checked_add(words)?;
            if words == 1 {
                break;
            }
            bits = words as u64;
        }
        Some(levels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same by looking at each block.
    fn slow_next_free(map: &BlockMap, from: u64) -> Option<u64> {
        let from = if from < map.blocks() { from } else { 0 };
        (from..map.blocks()).chain(0..from).find(|block| !map.is_set(*block))
    }

    #[test]
    fn finds_what_a_scan_finds_until_full() {
        for blocks in [1, 2, 63, 64, 65, 127, 128, 4095, 4096, 4097, 5000] {
            let mut map = BlockMap::new(blocks).unwrap();
            let mut random = fiord_base::random::Taus88::new(blocks as u32);
            for count in 0..blocks {
                let from = u64::from(random.between(0, blocks as u32 - 1));
                let found = map.next_free(from);
                assert_eq!(found, slow_next_free(&map, from), "{blocks} blocks after {count}");
                assert_eq!(map.free(), blocks - count);
                if count % 2 == 0 {
                    assert!(map.set(found.unwrap()));
                } else {
                    assert_eq!(map.take_free(from), found.unwrap());
                    map.took(1);
                }
            }
            assert_eq!(map.next_free(0), None);
            assert_eq!(map.next_free(blocks - 1), None);
            map.clear();
            assert_eq!(map.next_free(blocks - 1), Some(blocks - 1));
        }
    }

    #[test]
    fn crosses_full_subtrees_of_three_levels() {
        let blocks = 64 * 64 * 64 * 2 + 17;
        let mut map = BlockMap::new(blocks).unwrap();
        for block in 0..blocks {
            if block != 5 && block != blocks - 1 {
                map.set(block);
            }
        }
        assert_eq!(map.next_free(6), Some(blocks - 1));
        assert_eq!(map.next_free(0), Some(5));
        map.set(blocks - 1);
        assert_eq!(map.next_free(6), Some(5));
        map.set(5);
        assert_eq!(map.next_free(6), None);
    }

    #[test]
    fn a_run_ends_at_the_first_visited_block() {
        let mut map = BlockMap::new(100).unwrap();
        map.set(70);
        assert_eq!(map.set_run(60, 20), 10);
        assert_eq!(map.set_run(60, 20), 0);
        assert_eq!(map.set_run(95, 6), 6);
        assert_eq!(map.next_free(95), Some(0));
        assert_eq!(map.set_run(100, 2), 0, "the first was reached already");
        assert_eq!(map.set_run(101, 80), 27, "up to a multiple of 64");
        map.clear();
        assert_eq!(map.set_run(90, 99), 38);
        let mut map = BlockMap::new(128).unwrap();
        assert_eq!(map.set_run(127, 3), 3, "into the next 64");
        map.clear();
        assert_eq!(map.set_run(127, 3), 1, "which stay marked");
    }

    #[test]
    fn summaries_cost_less_than_two_percent() {
        let map = BlockMap::new(1 << 24).unwrap();
        let bits = map.words.len() as f64 * 64.0;
        assert!(bits / f64::from(1 << 24) < 1.02);
    }
}
