//! Blocks in an order that the user writes down.

/// The blocks of a job, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Sequence {
    blocks: Vec<u64>,
    /// Each round is its length further.
    stride: bool,
    /// Requests issued, by direction.
    issued: [u64; 3],
}

impl Sequence {
    pub(crate) fn new(blocks: Vec<u64>, stride: bool) -> Sequence {
        Sequence { blocks, stride, issued: [0; 3] }
    }

    /// The block of the next request of direction `d`; `None` for an empty list.
    pub(crate) fn next(&self, d: usize) -> Option<u64> {
        let length = self.blocks.len() as u64;
        let (round, place) =
            (self.issued[d].checked_div(length)?, self.issued[d].checked_rem(length)?);
        let block = *self.blocks.get(place as usize)?;
        Some(if self.stride { block.saturating_add(round.saturating_mul(length)) } else { block })
    }

    /// A request of direction `d` was issued.
    pub(crate) fn issued(&mut self, d: usize) {
        self.issued[d] += 1;
    }

    /// The first block that is not below `bound`.
    pub(crate) fn beyond(&self, bound: u64) -> Option<u64> {
        self.blocks.iter().copied().find(|block| *block >= bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(stride: bool, count: usize) -> Vec<u64> {
        let mut sequence = Sequence::new(vec![3, 0, 1], stride);
        std::iter::repeat_with(|| {
            let block = sequence.next(1).unwrap();
            sequence.issued(1);
            block
        })
        .take(count)
        .collect()
    }

    #[test]
    fn rounds_repeat_or_go_on_behind_the_last() {
        assert_eq!(first(false, 7), [3, 0, 1, 3, 0, 1, 3]);
        assert_eq!(first(true, 7), [3, 0, 1, 6, 3, 4, 9]);
    }

    #[test]
    fn an_empty_list_and_blocks_beyond_are_told() {
        assert_eq!(Sequence::new(Vec::new(), true).next(0), None);
        let sequence = Sequence::new(vec![3, 0, 9], false);
        assert_eq!(sequence.beyond(9), Some(9));
        assert_eq!(sequence.beyond(10), None);
    }
}
