//! Combined Tausworthe generators of 32 and 64 bits.
//!
//! Three (or five) shift registers of different length run side by side and are combined by XOR
//! (P. L'Ecuyer, "Maximally equidistributed combined Tausworthe generators", 1996 and 1999). The
//! seeding chains the registers by a multiplication and an XOR; the XOR stands where the papers have
//! a sum, and stays because recorded sequences depend on it.

/// Register 0 of the seeding chain.
const SEED_START: u64 = 53;
/// Outputs thrown away after seeding.
const WARM_UP: u32 = 6;

/// The 32-bit generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taus88 {
    registers: [u32; 3],
}

impl Taus88 {
    /// Seeds the registers.
    pub fn new(seed: u32) -> Taus88 {
        const MINIMA: [u32; 3] = [1, 7, 15];
        let mut registers = [0; 3];
        let mut previous = SEED_START as u32;
        for (register, minimum) in registers.iter_mut().zip(MINIMA) {
            let value = previous.wrapping_mul(69069) ^ seed;
            previous = if value < minimum { value + minimum } else { value };
            *register = previous;
        }
        let mut generator = Taus88 { registers };
        for _ in 0..WARM_UP {
            generator.draw();
        }
        generator
    }

    /// The next 32 random bits.
    #[inline]
    pub fn draw(&mut self) -> u32 {
        let [a, b, c] = self.registers;
        let a = ((a & 0xFFFF_FFFE) << 12) ^ (((a << 13) ^ a) >> 19);
        let b = ((b & 0xFFFF_FFF8) << 4) ^ (((b << 2) ^ b) >> 25);
        let c = ((c & 0xFFFF_FFF0) << 17) ^ (((c << 3) ^ c) >> 11);
        self.registers = [a, b, c];
        a ^ b ^ c
    }

    /// A value in `low..=high`.
    #[inline]
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        let span = u64::from(high.wrapping_sub(low)) + 1;
        low.wrapping_add(((span * u64::from(self.draw())) >> 32) as u32)
    }
}

/// The 64-bit generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taus258 {
    registers: [u64; 5],
}

impl Taus258 {
    /// Seeds the registers.
    pub fn new(seed: u64) -> Taus258 {
        const MINIMA: [u64; 5] = [1, 7, 15, 33, 49];
        let mut registers = [0; 5];
        let mut previous = SEED_START;
        for (register, minimum) in registers.iter_mut().zip(MINIMA) {
            let value = previous.wrapping_mul(6_906_969_069) ^ seed;
            previous = if value < minimum { value + minimum } else { value };
            *register = previous;
        }
        let mut generator = Taus258 { registers };
        for _ in 0..WARM_UP {
            generator.draw();
        }
        generator
    }

    /// The next 64 random bits.
    #[inline]
    pub fn draw(&mut self) -> u64 {
        let [a, b, c, d, e] = self.registers;
        let a = ((a & 0u64.wrapping_sub(2)) << 10) ^ (((a << 1) ^ a) >> 53);
        let b = ((b & 0u64.wrapping_sub(512)) << 5) ^ (((b << 24) ^ b) >> 50);
        let c = ((c & 0u64.wrapping_sub(4096)) << 29) ^ (((c << 3) ^ c) >> 23);
        let d = ((d & 0u64.wrapping_sub(131_072)) << 23) ^ (((d << 5) ^ d) >> 24);
        let e = ((e & 0u64.wrapping_sub(8_388_608)) << 8) ^ (((e << 3) ^ e) >> 33);
        self.registers = [a, b, c, d, e];
        a ^ b ^ c ^ d ^ e
    }
}

/// Number of bits that the streams marked as such draw at once; a property of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Width {
    /// 32 bits.
    #[default]
    Narrow,
    /// 64 bits.
    Wide,
}

/// A stream whose width is the job's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// 32 bits.
    Narrow(Taus88),
    /// 64 bits.
    Wide(Taus258),
}

impl Stream {
    /// Seeds a stream; a narrow one takes the low half of the seed.
    pub fn new(width: Width, seed: u64) -> Stream {
        match width {
            Width::Narrow => Stream::Narrow(Taus88::new(seed as u32)),
            Width::Wide => Stream::Wide(Taus258::new(seed)),
        }
    }

    /// Where the stream is, for [`Stream::go_to`]; a narrow one leaves the rest 0.
    pub fn position(&self) -> [u64; 5] {
        match self {
            Stream::Narrow(Taus88 { registers: [a, b, c] }) => {
                [u64::from(*a), u64::from(*b), u64::from(*c), 0, 0]
            }
            Stream::Wide(stream) => stream.registers,
        }
    }

    /// Goes to where another stream of the same width was.
    pub fn go_to(&mut self, position: [u64; 5]) {
        match self {
            Stream::Narrow(stream) => {
                let [a, b, c, ..] = position;
                stream.registers = [a as u32, b as u32, c as u32];
            }
            Stream::Wide(stream) => stream.registers = position,
        }
    }

    /// The next value.
    #[inline]
    pub fn draw(&mut self) -> u64 {
        match self {
            Stream::Narrow(stream) => u64::from(stream.draw()),
            Stream::Wide(stream) => stream.draw(),
        }
    }

    /// The largest value that [`Stream::draw`] can give.
    #[inline]
    pub const fn largest(&self) -> u64 {
        match self {
            Stream::Narrow(_) => u32::MAX as u64,
            Stream::Wide(_) => u64::MAX,
        }
    }

    /// A value below `bound`: the share of the range that the next draw stands for. `bound` must not
    /// be 0. Computed in double precision, whose rounding is part of the recorded sequences.
    #[inline(always)]
    pub fn below(&mut self, bound: u64) -> u64 {
        match self {
            Stream::Narrow(stream) => scale32(bound, stream.draw()),
            Stream::Wide(stream) => scale64(bound, stream.draw()),
        }
    }

    /// A value in `low..=high`.
    #[inline]
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low.wrapping_add(self.below((high - low).saturating_add(1)))
    }

    /// Two draws multiplied: the seed of a buffer.
    #[inline]
    pub fn pair_seed(&mut self) -> u64 {
        let first = self.draw();
        first.wrapping_mul(self.draw())
    }
}

/// floor(bound * draw / 2^32) with the product rounded to a double; below `bound`.
///
/// Up to 2^21 the product has at most 53 bits, so that integer arithmetic is the same.
#[inline]
pub(crate) fn scale32(bound: u64, draw: u32) -> u64 {
    if bound <= 1 << 21 {
        (bound * u64::from(draw)) >> 32
    } else {
        let value = (bound as f64 * (f64::from(draw) / 4_294_967_296.0)) as u64;
        value.min(bound - 1)
    }
}

/// floor(bound * draw / 2^64) in double precision; below `bound`.
#[inline]
pub(crate) fn scale64(bound: u64, draw: u64) -> u64 {
    let value = (bound as f64 * (draw as f64 / 18_446_744_073_709_551_616.0)) as u64;
    value.min(bound - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integer_and_double_scaling_agree_where_integers_are_used() {
        let mut stream = Taus88::new(7);
        for _ in 0..100_000 {
            let draw = stream.draw();
            let bound = u64::from(stream.draw() & 0x1F_FFFF) + 1;
            let double = (bound as f64 * (f64::from(draw) / 4_294_967_296.0)) as u64;
            assert_eq!(scale32(bound, draw), double);
        }
    }

    #[test]
    fn scaling_stays_below_the_bound_where_doubles_round_up() {
        assert_eq!(scale64(10, u64::MAX), 9);
        assert_eq!(scale32(u64::from(u32::MAX), u32::MAX), u64::from(u32::MAX) - 1);
        assert_eq!(scale64(1, 0), 0);
    }

    #[test]
    fn between_reaches_both_ends() {
        let mut stream = Taus88::new(1);
        let mut seen = [false; 4];
        for _ in 0..200 {
            seen[stream.between(3, 6) as usize - 3] = true;
        }
        assert_eq!(seen, [true; 4]);
    }

    #[test]
    fn small_seeds_do_not_stall_a_register() {
        // A register below its minimum would stay zero for ever.
        for seed in 0..64 {
            let mut narrow = Taus88::new((69069 * 53) ^ seed);
            let mut wide = Taus258::new((6_906_969_069 * 53) ^ u64::from(seed));
            assert_ne!(narrow.draw(), narrow.draw());
            assert_ne!(wide.draw(), wide.draw());
        }
    }
}
