//! What fio 3.33 left behind with `verify=sha512`.
//!
//! It stored no digest. With a tail of `t` bytes behind the last whole 128 of the data, the stored part
//! holds these, and then the first block of the data from byte `t` on; damage to all else goes unseen. The
//! data say more than that: they are made again from the seed in the header.

use fiord_base::random::hash64;

use super::format::Format;
use super::header::Header;
use crate::fill::random;

/// Bytes of a hash block, and of what is stored.
const BLOCK: usize = 128;
/// Bytes in which each of the lanes of random data has one word.
const GROUP: usize = 32;
/// The longest request in which a block is looked for.
const LONGEST_REQUEST: usize = 1 << 28;

/// Stores what it stored. It read beyond the end of data shorter than that, which is not imitated.
pub(super) fn store(data: &[u8], stored: &mut [u8]) {
    let tail = data.len() % BLOCK;
    if let (Some((first, second)), Some(begin)) =
        (stored.split_at_mut_checked(tail), data.get(tail..BLOCK))
        && second.len() == begin.len()
    {
        first.copy_from_slice(&data[data.len() - tail..]);
        second.copy_from_slice(begin);
    }
}

/// True if what is stored is that of these data.
fn is_stored(data: &[u8], stored: &[u8]) -> bool {
    let mut right = [0; BLOCK];
    store(data, &mut right);
    data.len() < BLOCK || stored == right
}

/// True if a block with the header of 3.33 and `verify=sha512` is whole, as far as can be told.
pub(super) fn is_whole(format: &Format, block: &[u8], header: &Header, data_at: usize) -> bool {
    let (head, data) = block.split_at(data_at.min(block.len()));
    if !is_stored(data, &head[header.version.bytes().min(head.len())..]) {
        return false;
    }
    // Data of a pattern have been compared with it; without one, a seed of zero says nothing. With intervals
    // of odd lengths, the place of a block in the request decides on its bytes, and is not known.
    let known = block.len().is_multiple_of(GROUP);
    if format.pattern.is_some() || header.seed == 0 || !known {
        return true;
    }
    let Some(seed) = seed_of(block, data_at, header.seed) else {
        // All but the begin, or all, is the rest of data that compress.
        return (data_at..block.len().min(data_at + 2 * GROUP))
            .any(|end| format.can_be_rest(&block[end..]));
    };
    let mut content = block.to_vec();
    random(&mut content, seed);
    let Some(first) = (data_at..block.len()).find(|at| content[*at] != block[*at]) else {
        return true;
    };
    // What compresses ends with a rest that no seed makes. Random data end in another way than they go on.
    (first - first % GROUP..=block.len().min(first + GROUP)).any(|end| {
        let (data, rest) = (&mut content[..end], &block[end..]);
        random(data, seed);
        format.can_be_rest(rest) && data.get(data_at..) == block.get(data_at..end)
    })
}

/// The seed that makes this block as the begin of a request. A reader may have other requests than the
/// writer, so that it has to be found.
fn seed_of(block: &[u8], data_at: usize, seed: u64) -> Option<u64> {
    let first = data_at.next_multiple_of(GROUP);
    let word = block.get(first..first + 8)?.try_into().ok().map(u64::from_ne_bytes)?;
    let (step, ahead) = (multiplier(block.len() / GROUP), multiplier(first / GROUP));
    let mut state = seed;
    for _ in 0..LONGEST_REQUEST / block.len().max(1) {
        if state.wrapping_mul(ahead) == word {
            return Some(state);
        }
        state = state.wrapping_mul(step);
    }
    None
}

/// The factor of so many steps of a lane.
fn multiplier(steps: usize) -> u64 {
    hash64(1).wrapping_pow(u32::try_from(steps).unwrap_or(u32::MAX))
}
