//! How long blocks live: what has become of each block of a region, and after how many trims it failed.
//!
//! That is for tests of wear (`block_error_percentiles`). A block is as large as the smallest trim, so
//! that a request covers whole blocks. Each has a state and a count of trims; the first failure ends
//! its history, whether the job survives it or not. What one block tells is a [`Block`]; what reports
//! show of many is [`Blocks`].

/// Most blocks that are followed; a larger region is refused, as by fio.
pub const BLOCKS_MAX: usize = 8192;

/// Low bits of a word that hold the state; the count is above them.
const STATE_BITS: u32 = 8;

/// What a block has come to. The number stands in ledgers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BlockState {
    /// Neither written nor trimmed by this job.
    #[default]
    Unwritten = 0,
    /// The last thing done to it was a trim.
    Trimmed = 1,
    /// The last thing done to it was a write.
    Written = 2,
    /// A trim of it failed.
    TrimFailure = 3,
    /// A write to it failed.
    WriteFailure = 4,
}

impl BlockState {
    /// All states, in the order of reports and of their numbers.
    pub const ALL: [BlockState; 5] = [
        BlockState::Unwritten,
        BlockState::Trimmed,
        BlockState::Written,
        BlockState::TrimFailure,
        BlockState::WriteFailure,
    ];

    /// The words in reports.
    pub fn name(self) -> &'static str {
        match self {
            BlockState::Unwritten => "unwritten",
            BlockState::Trimmed => "trimmed",
            BlockState::Written => "written",
            BlockState::TrimFailure => "trim failure",
            BlockState::WriteFailure => "write failure",
        }
    }

    /// True if the block is at its end.
    pub fn is_failure(self) -> bool {
        matches!(self, BlockState::TrimFailure | BlockState::WriteFailure)
    }
}

/// The history of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// What it has come to.
    pub state: BlockState,
    /// Trims that succeeded.
    pub trims: u64,
}

impl Block {
    /// After something that ends in `state`. A block that has failed keeps its state and its count.
    #[must_use]
    pub fn after(self, state: BlockState) -> Block {
        if self.state.is_failure() {
            return self;
        }
        Block { state, trims: self.trims + u64::from(state == BlockState::Trimmed) }
    }

    /// As it stands in a ledger; zero is a block that nothing was done to.
    pub(crate) fn to_word(self) -> u64 {
        self.trims << STATE_BITS | self.state as u64
    }

    /// From a ledger.
    pub(crate) fn from_word(word: u64) -> Block {
        let number = (word & ((1 << STATE_BITS) - 1)) as usize;
        let state = BlockState::ALL.get(number).copied().unwrap_or_default();
        Block { state, trims: word >> STATE_BITS }
    }
}

/// What reports show of the blocks of one job or of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blocks {
    /// How many blocks are in each state, in the order of [`BlockState::ALL`].
    states: [u64; 5],
    /// Trims of blocks that have failed, in no order.
    failed: Vec<u64>,
    /// Trims of blocks that have been trimmed and have not failed.
    living: Vec<u64>,
}

impl Blocks {
    /// Counts a block.
    pub fn add(&mut self, block: Block) {
        self.states[block.state as usize] += 1;
        if block.state.is_failure() {
            self.failed.push(block.trims);
        } else if block.trims > 0 {
            self.living.push(block.trims);
        }
    }

    /// Adds the blocks of another clone of the group.
    pub fn merge(&mut self, other: &Blocks) {
        for (mine, theirs) in self.states.iter_mut().zip(other.states) {
            *mine += theirs;
        }
        self.failed.extend(&other.failed);
        self.living.extend(&other.living);
    }

    /// Each state with the number of blocks in it.
    pub fn states(&self) -> impl Iterator<Item = (BlockState, u64)> {
        BlockState::ALL.into_iter().zip(self.states)
    }

    /// Trims after which blocks failed, for each of `percents`; of those that were trimmed, so far, as long as
    /// none has failed. `None` if there are neither.
    pub fn percentiles(&self, percents: &[f64]) -> Option<Vec<u64>> {
        let mut trims = if self.failed.is_empty() { &self.living } else { &self.failed }.clone();
        trims.sort_unstable();
        let last = trims.len().checked_sub(1)?;
        let rank = |percent: f64| (percent / 100.0 * trims.len() as f64).ceil() as usize;
        let at = |percent: &f64| trims[rank(*percent).saturating_sub(1).min(last)];
        Some(percents.iter().map(at).collect())
    }
}

impl FromIterator<Block> for Blocks {
    fn from_iter<I: IntoIterator<Item = Block>>(all: I) -> Blocks {
        let mut blocks = Blocks::default();
        all.into_iter().for_each(|block| blocks.add(block));
        blocks
    }
}

#[cfg(test)]
mod tests {
    use super::BlockState::{TrimFailure, Trimmed, Unwritten, WriteFailure, Written};
    use super::*;

    fn history(states: &[BlockState]) -> Block {
        states.iter().fold(Block::default(), |block, state| block.after(*state))
    }

    fn counts(blocks: &Blocks) -> [u64; 5] {
        blocks.states
    }

    #[test]
    fn a_failure_ends_the_history_of_a_block() {
        assert_eq!(history(&[]), Block { state: Unwritten, trims: 0 });
        let worn = [Trimmed, Written, Trimmed, Written];
        assert_eq!(history(&worn), Block { state: Written, trims: 2 });
        assert_eq!(history(&worn[..3]), Block { state: Trimmed, trims: 2 });
        for (last, later) in [(TrimFailure, WriteFailure), (WriteFailure, TrimFailure)] {
            let all = [&worn[..], &[last, Trimmed, Written, later]].concat();
            assert_eq!(history(&all), Block { state: last, trims: 2 });
        }
    }

    #[test]
    fn words_hold_blocks() {
        assert_eq!(Block::default().to_word(), 0);
        for state in BlockState::ALL {
            for trims in [0, 1, u64::from(u32::MAX) + 7] {
                let block = Block { state, trims };
                assert_eq!(Block::from_word(block.to_word()), block);
            }
        }
    }

    #[test]
    fn percentiles_are_of_the_blocks_that_failed() {
        let living = (1..=100).map(|trims| Block { state: Trimmed, trims });
        let mut blocks: Blocks = living.chain([Block::default()]).collect();
        assert_eq!(blocks.percentiles(&[1.0, 50.0, 50.5, 100.0]), Some(vec![1, 50, 51, 100]));
        blocks.add(Block { state: WriteFailure, trims: 0 });
        assert_eq!(blocks.percentiles(&[1.0, 100.0]), Some(vec![0, 0]));
        blocks.add(Block { state: TrimFailure, trims: 7 });
        assert_eq!(blocks.percentiles(&[0.1, 50.0, 50.1]), Some(vec![0, 0, 7]));
        assert_eq!(counts(&blocks), [1, 100, 0, 1, 1]);
    }

    #[test]
    fn without_a_trim_and_without_a_failure_there_are_no_percentiles() {
        let blocks: Blocks = [Block::default(), history(&[Written])].into_iter().collect();
        assert_eq!(blocks.percentiles(&[50.0]), None);
        assert_eq!(Blocks::default().percentiles(&[50.0]), None);
    }

    #[test]
    fn groups_have_the_blocks_of_all_members() {
        let mut mine: Blocks = [history(&[Trimmed; 3])].into_iter().collect();
        mine.merge(&[history(&[Trimmed; 9]), history(&[Written])].into_iter().collect());
        assert_eq!(counts(&mine), [0, 2, 1, 0, 0]);
        assert_eq!(mine.percentiles(&[50.0, 99.0]), Some(vec![3, 9]));
        mine.merge(&[history(&[Trimmed, TrimFailure])].into_iter().collect());
        assert_eq!(mine.percentiles(&[50.0, 99.0]), Some(vec![1, 1]));
        assert_eq!(counts(&mine), [0, 2, 1, 1, 0]);
    }
}
