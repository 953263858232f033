//! The gaps of `rate_process=poisson` are exponentially distributed, and those of `linear` are not.

mod support;

use fiord_base::random::StreamSeeds;
use fiord_base::{Direction, PerDirection};
use fiord_options::plan::RateSpacing;
use fiord_workload::pacer::Rates;

/// Gaps of one schedule.
const GAPS: usize = 20_000;
/// Where the distribution of D sqrt(n) under the hypothesis has all but a thousandth (Kolmogorov's limit).
const ONE_IN_A_THOUSAND: f64 = 1.949;

/// Times between requests of a direction of a job at a rate in requests per second.
fn gaps_ns(rate: u64, spacing: RateSpacing, direction: Direction, seed: u64) -> Vec<u64> {
    let mut plan = support::plan("rw=randrw bs=4k size=1g");
    plan.pacing.rate.iops_max = PerDirection([Some(rate); 3]);
    plan.pacing.rate.spacing = spacing;
    let seeds = StreamSeeds::derive(seed, 1);
    let Some(mut rates) = Rates::new(&plan, &seeds) else { panic!("no rates") };
    rates.begin(0);
    let mut last_ns = 0;
    let gap = |_| {
        rates.issued(direction, 4096);
        let due_ns = rates.due_ns(direction).unwrap_or(0);
        let gap_ns = due_ns - last_ns;
        last_ns = due_ns;
        gap_ns
    };
    (0..GAPS).map(gap).collect()
}

/// The Kolmogorov-Smirnov statistic of gaps against the exponential distribution of a mean, times the root
/// of their number.
fn distance(mut gaps_ns: Vec<u64>, mean_ns: f64) -> f64 {
    gaps_ns.sort_unstable();
    let count = gaps_ns.len() as f64;
    let apart = |(index, gap_ns): (usize, &u64)| {
        let expected = 1.0 - (-(*gap_ns as f64) / mean_ns).exp();
        let (below, up_to) = (index as f64 / count, (index + 1) as f64 / count);
        (expected - below).max(up_to - expected)
    };
    gaps_ns.iter().enumerate().map(apart).fold(0.0, f64::max) * count.sqrt()
}

/// Each of these seeds passes at the level of one in a thousand; they are fixed, so that it stays so.
#[test]
fn poisson_gaps_are_exponential() {
    for (rate, mean_ns) in [(100, 1e7), (5000, 2e5), (200_000, 5e3)] {
        for seed in 1..=5 {
            for direction in [Direction::Read, Direction::Write] {
                let gaps_ns = gaps_ns(rate, RateSpacing::Poisson, direction, seed);
                let found = distance(gaps_ns, mean_ns);
                assert!(found < ONE_IN_A_THOUSAND, "{rate} per second, seed {seed}: {found}");
            }
        }
    }
}

/// Whatever is not exponential, or has another mean, does not pass.
#[test]
fn the_test_tells_distributions_apart() {
    let gaps_ns = |spacing| gaps_ns(5000, spacing, Direction::Read, 1);
    for wrong in [1.0 / 1.05, 1.05] {
        let found = distance(gaps_ns(RateSpacing::Poisson), 2e5 * wrong);
        assert!(found > ONE_IN_A_THOUSAND, "a mean of {wrong} times that of the gaps: {found}");
    }
    assert!(distance(gaps_ns(RateSpacing::Linear), 2e5) > 50.0);
}

/// Reads and writes do not arrive together.
#[test]
fn directions_have_gaps_of_their_own() {
    let [reads, writes] = [Direction::Read, Direction::Write]
        .map(|direction| gaps_ns(5000, RateSpacing::Poisson, direction, 1));
    let products = reads.iter().zip(&writes).map(|(a, b)| (*a as f64 - 2e5) * (*b as f64 - 2e5));
    // The correlation of independent gaps has the standard deviation 1/sqrt(n).
    let correlation = products.sum::<f64>() / GAPS as f64 / 2e5 / 2e5;
    assert!(correlation.abs() < 4.0 / (GAPS as f64).sqrt(), "{correlation}");
}
