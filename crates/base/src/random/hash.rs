//! Multiplicative hashing, as buffer fills and scattered distributions use it.

/// The odd multiplier of [`hash64`], close to 2^64 divided by the golden ratio.
pub const HASH_MULTIPLIER: u64 = 0x61C8_8646_80B5_83EB;

/// Scatters a value over 64 bits.
#[inline]
pub const fn hash64(value: u64) -> u64 {
    value.wrapping_mul(HASH_MULTIPLIER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_at_64_bits() {
        assert_eq!(hash64(1), HASH_MULTIPLIER);
        assert_eq!(hash64(3), HASH_MULTIPLIER.wrapping_add(HASH_MULTIPLIER << 1));
        assert_eq!(hash64(0), 0);
    }
}
