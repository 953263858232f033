//! What fio stores for `sha256` and `sha512`.
//!
//! Both store the buffer with the last block of the padded data, over whose beginning the result is
//! written. Of `sha256` that is the lowest byte of each word of the state, and the padding ends with the
//! number of bits with the *least* significant byte first, so the state is not that of SHA-256 either.
//! `sha512` has its whole digest before the second half of the block.

use sha2::block_api::{compress256, compress512};

const STATE_256: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

const STATE_512: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

/// The 64 bytes of `sha256`.
pub(super) fn sha256(data: &[u8]) -> [u8; 64] {
    let mut state = STATE_256;
    let (blocks, rest) = data.as_chunks::<64>();
    compress256(&mut state, blocks);
    let mut last = [0; 64];
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 0x80;
    if rest.len() >= 56 {
        compress256(&mut state, &[last]);
        last = [0; 64];
    }
    last[56..].copy_from_slice(&bits(data).to_le_bytes());
    compress256(&mut state, &[last]);
    for (byte, word) in last.iter_mut().zip(state) {
        *byte = word as u8;
    }
    last
}

/// The 128 bytes of `sha512`.
pub(super) fn sha512(data: &[u8]) -> [u8; 128] {
    let mut state = STATE_512;
    let (blocks, rest) = data.as_chunks::<128>();
    compress512(&mut state, blocks);
    let mut last = [0; 128];
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 0x80;
    if rest.len() >= 112 {
        compress512(&mut state, &[last]);
        last = [0; 128];
    }
    last[120..].copy_from_slice(&bits(data).to_be_bytes());
    compress512(&mut state, &[last]);
    for (bytes, word) in last.as_chunks_mut::<8>().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    last
}

fn bits(data: &[u8]) -> u64 {
    (data.len() as u64).wrapping_mul(8)
}

#[cfg(test)]
mod tests {
    use sha2::Digest;

    use super::*;

    #[test]
    fn sha512_begins_with_the_digest() {
        for len in [0, 1, 111, 112, 127, 128, 240, 1000] {
            let data: Vec<u8> = (0..len).map(|i| (i * 7) as u8).collect();
            assert_eq!(sha512(&data)[..64], sha2::Sha512::digest(&data)[..], "{len}");
        }
    }

    #[test]
    fn the_rest_of_a_block_follows() {
        let data = [0xab; 80];
        let sum = sha512(&data);
        assert_eq!(sum[64..80], data[64..]);
        assert_eq!(sum[80], 0x80);
        assert_eq!(sum[120..], (80u64 * 8).to_be_bytes());
        let sum = sha256(&data[..16]);
        assert_eq!(sum[8..16], data[..8]);
        assert_eq!(sum[16], 0x80);
        assert_eq!(sum[56..], (16u64 * 8).to_le_bytes());
    }
}
