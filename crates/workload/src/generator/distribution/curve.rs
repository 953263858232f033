//! Popularity that falls from place to place: Zipf, Pareto, and normal.
//!
//! Zipf numbers follow J. Gray et al., "Quickly generating billion-record synthetic databases" (SIGMOD
//! 1994). What is drawn is a rank, the most popular being 0; [`Spread`] scatters the ranks over the blocks,
//! so that popular blocks are no neighbours.

use std::collections::BTreeMap;

use fiord_base::random::{Taus88, hash64};
use fiord_options::plan::Distribution;

/// Terms of the Zipf sum that count; those beyond hardly change it.
const ZETA_TERMS_MAX: u64 = 10_000_000;
/// Draws whose mean is a normal number.
const NORMAL_DRAWS: u64 = 12;
const DRAWS: f64 = 4_294_967_296.0;

/// How ranks are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Curve {
    Zipf {
        /// Sum of all weights, the first one being 1.
        zeta: f64,
        /// Weights of the first two.
        first_two: f64,
        alpha: f64,
        eta: f64,
    },
    Pareto {
        power: f64,
    },
    Normal {
        /// Remainders of draws are taken of this.
        modulus: Modulus,
        /// Width of the noise that is added.
        noise: u64,
    },
}

impl Curve {
    fn new(distribution: &Distribution, count: u64) -> Option<Curve> {
        match *distribution {
            Distribution::Zipf { theta, .. } => {
                let first_two = 1.0 + 0.5f64.powf(theta);
                let zeta = zeta(count, theta);
                let eta = (1.0 - (2.0 / count as f64).powf(1.0 - theta)) / (1.0 - first_two / zeta);
                Some(Curve::Zipf { zeta, first_two, alpha: 1.0 / (1.0 - theta), eta })
            }
            Distribution::Pareto { h, .. } => {
                Some(Curve::Pareto { power: h.ln() / (1.0 - h).ln() })
            }
            Distribution::Normal { deviation_percent, .. } => {
                let noise =
                    u64::from((count as f64 * deviation_percent / 100.0).ceil() as u64 as u32);
                let modulus = Modulus::new(count.saturating_add(1));
                Some(Curve::Normal { modulus, noise: noise.min(count / 2) })
            }
            Distribution::Uniform
            | Distribution::Zoned(_)
            | Distribution::ZonedBytes(_)
            | Distribution::Sequence(_) => None,
        }
    }

    /// A rank; below `count` but for the rounding of doubles.
    #[inline]
    fn draw(&self, count: u64, stream: &mut Taus88) -> u64 {
        let unit = |stream: &mut Taus88| f64::from(stream.draw()) / (DRAWS - 1.0);
        match *self {
            Curve::Zipf { zeta, first_two, alpha, eta } => {
                let unit = unit(stream);
                let weight = unit * zeta;
                if weight < 1.0 {
                    0
                } else if weight < first_two {
                    1
                } else {
                    (count as f64 * (eta * unit - eta + 1.0).powf(alpha)) as u64
                }
            }
            Curve::Pareto { power } => ((count - 1) as f64 * unit(stream).powf(power)) as u64,
            Curve::Normal { ref modulus, noise } => {
                // A copy, so that the registers stay in those of the processor.
                let mut local = *stream;
                let draws = std::iter::repeat_with(|| local.draw());
                let sum = modulus.sum_of_remainders(draws, NORMAL_DRAWS);
                *stream = local;
                let middle = sum.div_ceil(NORMAL_DRAWS);
                if noise == 0 { middle } else { shaken(middle, noise, count, stream.draw()) }
            }
        }
    }
}

/// Moves a place by up to half of `noise`; by less if it would leave the space.
///
/// Recorded sequences count the way in 32 bits: a share that is too large is the smallest number, as
/// processors convert it, and the difference wraps. It shows beyond 2^31 blocks.
#[inline]
fn shaken(middle: u64, noise: u64, count: u64, draw: u32) -> u64 {
    let share = (noise as f64 * (f64::from(draw) / DRAWS)) as i64;
    let share = i32::try_from(share).unwrap_or(i32::MIN);
    let mut shift = share.wrapping_sub((noise / 2) as i32);
    loop {
        match middle.checked_add_signed(i64::from(shift)) {
            Some(place) if place < count || shift == 0 => return place,
            _ => shift /= 2,
        }
    }
}

/// The weights of all ranks: the sum of `i ^ -theta`, in this order, because its rounding shows.
fn zeta(count: u64, theta: f64) -> f64 {
    (1..=count.min(ZETA_TERMS_MAX)).fold(0.0, |sum, rank| sum + (1.0 / rank as f64).powf(theta))
}

/// A divisor of 32-bit numbers, prepared so that remainders need no division (D. Lemire et al.,
/// "Faster remainder by direct computation", 2019).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Modulus {
    divisor: u64,
    /// 2^64 / divisor, rounded up; 0 if the divisor is larger than any draw.
    reciprocal: u64,
}

impl Modulus {
    /// `divisor` must be above 1.
    fn new(divisor: u64) -> Modulus {
        let small = divisor <= u64::from(u32::MAX);
        let reciprocal = if small { (u64::MAX / divisor).wrapping_add(1) } else { 0 };
        Modulus { divisor, reciprocal }
    }

    /// The sum of the remainders of so many values: what the whole multiples leave of their sum.
    #[inline]
    fn sum_of_remainders(&self, values: impl IntoIterator<Item = u32>, count: u64) -> u64 {
        let (mut sum, mut multiples) = (0, 0);
        for value in values.into_iter().take(count as usize) {
            sum += u64::from(value);
            multiples += ((u128::from(self.reciprocal) * u128::from(value)) >> 64) as u64;
        }
        sum - multiples * self.divisor
    }
}

/// The same for 64-bit numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct WideModulus {
    divisor: u64,
    /// 2^128 / divisor, rounded up; 0 stands for 2^128.
    reciprocal: u128,
}

impl WideModulus {
    /// `divisor` must not be 0.
    fn new(divisor: u64) -> WideModulus {
        let reciprocal = (u128::MAX / u128::from(divisor)).wrapping_add(1);
        WideModulus { divisor, reciprocal }
    }

    #[inline]
    fn of(&self, value: u64) -> u64 {
        let fraction = self.reciprocal.wrapping_mul(u128::from(value));
        let low = (u128::from(fraction as u64) * u128::from(self.divisor)) >> 64;
        let high = (fraction >> 64) * u128::from(self.divisor);
        ((low + high) >> 64) as u64
    }
}

/// The popularity of the blocks of one file, or of the files of a job.
#[derive(Clone, Debug)]
pub(crate) struct Spread {
    curve: Curve,
    places: WideModulus,
    /// Place of the most popular.
    shift: u64,
    /// Neighbours in rank are no neighbours in place.
    scattered: bool,
    stream: Taus88,
}

impl Spread {
    /// The next place, below `count`.
    #[inline]
    pub(crate) fn draw(&mut self) -> u64 {
        let rank = self.curve.draw(self.places.divisor, &mut self.stream);
        let rank = if self.scattered { hash64(rank) } else { rank };
        self.places.of(rank.wrapping_add(self.shift))
    }

    /// Number of places.
    pub(crate) fn count(&self) -> u64 {
        self.places.divisor
    }
}

/// Makes [`Spread`]s, and computes what they have in common once.
#[derive(Debug)]
pub(crate) struct Spreads<'a> {
    distribution: &'a Distribution,
    curves: BTreeMap<u64, Option<Curve>>,
}

impl<'a> Spreads<'a> {
    pub(crate) fn new(distribution: &'a Distribution) -> Spreads<'a> {
        Spreads { distribution, curves: BTreeMap::new() }
    }

    /// The spread over the blocks of a file; `None` if the distribution is of another kind, or if there are
    /// no blocks.
    pub(crate) fn of_blocks(&mut self, count: u64, seed: u32) -> Option<Spread> {
        self.make(count, seed, true)
    }

    /// The spread over files, each of which takes `count` / number of files places.
    pub(crate) fn of_files(&mut self, count: u64, seed: u32) -> Option<Spread> {
        self.make(count, seed, false)
    }

    fn make(&mut self, count: u64, seed: u32, scattered: bool) -> Option<Spread> {
        if count == 0 {
            return None;
        }
        let distribution = self.distribution;
        let curve = self.curves.entry(count).or_insert_with(|| Curve::new(distribution, count));
        let curve = (*curve)?;
        let mut stream = Taus88::new(seed);
        let shift = match *distribution {
            Distribution::Normal { center: None, .. } => 0,
            Distribution::Normal { center: Some(center), .. } => {
                // Places are counted in 32 bits here, so that a center before the middle wraps.
                u64::from((count as f64 * (center - 0.5)) as i64 as u32)
            }
            // The first draw is the place of the most popular, whether that is wanted or not.
            Distribution::Zipf { center, .. } | Distribution::Pareto { center, .. } => {
                let drawn = u64::from(stream.draw());
                center.map_or(drawn, |center| (count as f64 * center) as u64)
            }
            _ => 0,
        };
        Some(Spread { curve, places: WideModulus::new(count), shift, scattered, stream })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: u64 = 1000;
    const DRAWS: u32 = 200_000;

    /// Draws of each rank, the scattering undone.
    fn ranks(distribution: &Distribution) -> Vec<u32> {
        let mut spread = Spreads::new(distribution).of_files(COUNT, 7).unwrap();
        spread.shift = 0;
        let mut ranks = vec![0; COUNT as usize];
        (0..DRAWS).for_each(|_| ranks[spread.draw() as usize] += 1);
        ranks
    }

    /// Asserts that a count is what a probability makes of all draws, up to five standard deviations: one run
    /// in 1.7 million is outside, and the seed is always the same.
    fn assert_share(count: u32, probability: f64, what: &str) {
        let expected = f64::from(DRAWS) * probability;
        let deviation = (expected * (1.0 - probability)).sqrt();
        let difference = (f64::from(count) - expected).abs();
        assert!(difference < 5.0 * deviation, "{what}: {count}, expected {expected:.0}");
    }

    #[test]
    fn zipf_gives_the_first_ranks_the_shares_of_its_weights() {
        for theta in [0.5, 0.9, 1.2, 2.0] {
            let ranks = ranks(&Distribution::Zipf { theta, center: None });
            let zeta = zeta(COUNT, theta);
            assert_share(ranks[0], 1.0 / zeta, "first");
            assert_share(ranks[1], 0.5f64.powf(theta) / zeta, "second");
        }
    }

    #[test]
    fn pareto_gives_a_share_of_all_to_a_share_of_the_space() {
        for h in [0.1, 0.2, 0.4] {
            let ranks = ranks(&Distribution::Pareto { h, center: None });
            let hot: u32 = ranks[..(h * COUNT as f64) as usize].iter().sum();
            let share = f64::from(hot) / f64::from(DRAWS);
            assert!((share - (1.0 - h)).abs() < 0.01, "{h}: {share}");
        }
    }

    #[test]
    fn normal_is_symmetric_around_the_middle() {
        let ranks = ranks(&Distribution::Normal { deviation_percent: 10.0, center: None });
        let below: u32 = ranks[..500].iter().sum();
        assert!(ranks[..150].iter().sum::<u32>() < DRAWS / 1000);
        assert!((f64::from(below) / f64::from(DRAWS) - 0.5).abs() < 0.01, "{below}");
    }

    #[test]
    fn remainders_need_no_division() {
        let mut stream = Taus88::new(3);
        for divisor in [2, 3, 7, 256, 257, 1_000_003, (1 << 31) + 1, u64::from(u32::MAX)] {
            let modulus = Modulus::new(divisor);
            for value in (0..1000).map(|_| stream.draw()).chain([0, 1, u32::MAX]) {
                let values = [value, value ^ 1, !value];
                let sum: u64 = values.iter().map(|value| u64::from(*value) % divisor).sum();
                assert_eq!(modulus.sum_of_remainders(values, 3), sum, "{value} % {divisor}");
            }
        }
        let most = Modulus::new(1 << 32).sum_of_remainders([u32::MAX], 1);
        assert_eq!(most, u64::from(u32::MAX));
    }

    #[test]
    fn remainders_of_wide_numbers_need_none_either() {
        let mut value = 1u64;
        for divisor in [1, 2, 3, 1000, 262_144, 262_145, 1 << 33, (1 << 53) + 1, u64::MAX] {
            let modulus = WideModulus::new(divisor);
            for value in (0..1000).map(|_| {
                value = hash64(value).wrapping_add(12_345);
                value
            }) {
                assert_eq!(modulus.of(value), value % divisor, "{value} % {divisor}");
            }
            for value in [0, 1, divisor - 1, divisor, u64::MAX] {
                assert_eq!(modulus.of(value), value % divisor, "{value} % {divisor}");
            }
        }
    }

    #[test]
    fn noise_never_leaves_the_space() {
        for middle in [0, 1, 50, 99] {
            for draw in [0, 1, u32::MAX / 2, u32::MAX] {
                assert!(shaken(middle, 50, 100, draw) < 100);
            }
        }
    }
}
