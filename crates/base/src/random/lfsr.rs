//! A linear feedback shift register that visits each number below a bound once.
//!
//! Galois form with XNOR feedback: all ones is the one state that it never leaves, so zero is an
//! ordinary value. The register has the fewest bits that hold more states than the bound; values
//! beyond the bound are skipped.

/// Tap positions (from 1) for registers of 3 to 63 bits, maximal length.
const TAPS: [&[u8]; 61] = [
    &[3, 2],
    &[4, 3],
    &[5, 3],
    &[6, 5],
    &[7, 6],
    &[8, 6, 5, 4],
    &[9, 5],
    &[10, 7],
    &[11, 9],
    &[12, 6, 4, 1],
    &[13, 4, 3, 1],
    &[14, 5, 3, 1],
    &[15, 14],
    &[16, 15, 13, 4],
    &[17, 14],
    &[18, 11],
    &[19, 6, 2, 1],
    &[20, 17],
    &[21, 19],
    &[22, 21],
    &[23, 18],
    &[24, 23, 22, 17],
    &[25, 22],
    &[26, 6, 2, 1],
    &[27, 5, 2, 1],
    &[28, 25],
    &[29, 27],
    &[30, 6, 4, 1],
    &[31, 28],
    &[32, 31, 29, 1],
    &[33, 20],
    &[34, 27, 2, 1],
    &[35, 33],
    &[36, 25],
    &[37, 5, 4, 3, 2, 1],
    &[38, 6, 5, 1],
    &[39, 35],
    &[40, 38, 21, 19],
    &[41, 38],
    &[42, 41, 20, 19],
    &[43, 42, 38, 37],
    &[44, 43, 18, 17],
    &[45, 44, 42, 41],
    &[46, 45, 26, 25],
    &[47, 42],
    &[48, 47, 21, 20],
    &[49, 40],
    &[50, 49, 24, 23],
    &[51, 50, 36, 35],
    &[52, 49],
    &[53, 52, 38, 37],
    &[54, 53, 18, 17],
    &[55, 31],
    &[56, 55, 35, 34],
    &[57, 50],
    &[58, 39],
    &[59, 58, 38, 37],
    &[60, 59],
    &[61, 60, 46, 45],
    &[62, 61, 6, 5],
    &[63, 62],
];

/// Why a register cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LfsrError {
    /// There are no numbers to visit, or more than 63 bits can count.
    Bound,
    /// The seed is the one state that the register never leaves.
    Seed,
}

impl std::fmt::Display for LfsrError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            LfsrError::Bound => "the number of blocks does not fit a shift register",
            LfsrError::Seed => {
                "the seed of the offsets is all ones, which a shift register cannot leave"
            }
        })
    }
}

impl std::error::Error for LfsrError {}

/// The register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lfsr {
    state: u64,
    feedback: u64,
    top: u64,
    bound: u64,
    left: u64,
    seed: u64,
}

impl Lfsr {
    /// A register for the numbers below `bound`, starting after the low bits of `seed`.
    pub fn new(bound: u64, seed: u64) -> Result<Lfsr, LfsrError> {
        if bound == 0 {
            return Err(LfsrError::Bound);
        }
        let bits = (u64::BITS - bound.leading_zeros()).max(3);
        let taps = TAPS.get(bits as usize - 3).ok_or(LfsrError::Bound)?;
        let feedback = taps.iter().fold(0, |mask, tap| mask | 1 << (tap - 1));
        let all_ones = (1 << bits) - 1;
        let state = seed & all_ones;
        if state == all_ones {
            return Err(LfsrError::Seed);
        }
        let mut lfsr =
            Lfsr { state, feedback, top: 1 << (bits - 1), bound, left: bound, seed: state };
        // The seed itself and its successor are passed over.
        lfsr.step();
        Ok(lfsr)
    }

    /// Begins again after the seed, whose successor is not passed over this time.
    pub fn restart(&mut self) {
        self.state = self.seed;
        self.left = self.bound;
    }

    /// All numbers are below this.
    pub const fn bound(&self) -> u64 {
        self.bound
    }

    /// How many numbers are still to come.
    #[inline]
    pub const fn left(&self) -> u64 {
        self.left
    }

    #[inline]
    fn step(&mut self) {
        let feedback = if self.state & 1 == 0 { self.feedback } else { 0 };
        self.state = (self.state >> 1 | self.top) ^ feedback;
    }

    /// The next number, or `None` after `bound` of them.
    #[inline]
    pub fn draw(&mut self) -> Option<u64> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        loop {
            self.step();
            if self.state < self.bound {
                return Some(self.state);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visits_each_number_once() {
        for bound in [1, 2, 3, 7, 8, 9, 100, 1000, 4095, 4096, 65_535, 70_000] {
            let mut seen = vec![false; bound as usize];
            let mut lfsr = Lfsr::new(bound, 0x1234_5678).unwrap();
            for _ in 0..bound / 2 {
                lfsr.draw();
            }
            lfsr.restart();
            while let Some(value) = lfsr.draw() {
                assert!(!std::mem::replace(&mut seen[value as usize], true), "{value} of {bound}");
            }
            assert!(seen.iter().all(|seen| *seen), "{bound}");
        }
    }

    #[test]
    fn begins_with_the_third_state_and_skips_what_is_too_large() {
        let mut lfsr = Lfsr::new(16, 7).unwrap();
        let first: Vec<u64> = (0..6).map_while(|_| lfsr.draw()).collect();
        assert_eq!(first, [10, 1, 12, 2, 5, 13]);
        let mut lfsr = Lfsr::new(16, 10).unwrap();
        assert_eq!(lfsr.draw(), Some(12));
        lfsr.restart();
        assert_eq!(lfsr.draw(), Some(1));
    }

    #[test]
    fn refuses_what_it_cannot_count() {
        assert_eq!(Lfsr::new(0, 1), Err(LfsrError::Bound));
        assert_eq!(Lfsr::new(1 << 63, 1), Err(LfsrError::Bound));
        assert_eq!(Lfsr::new(6, 7), Err(LfsrError::Seed));
    }
}
