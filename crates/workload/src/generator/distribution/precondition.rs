//! The order of writes that leaves an SSD in the state of long random writing.
//!
//! A drive that has been written at random for long holds blocks of flash of which a part is still valid,
//! the older ones less. That state is made in one go: the drive is written region by region, and of each
//! region as much is written again in the next one as the age of the region says. Over-provisioning `op`
//! gives a write amplification of `0.5 / op + 0.7`, and that the least valid share.

use fiord_base::random::{Lfsr, StreamId, StreamSeeds, Taus88};
use fiord_options::plan::PreconditionPlan;

/// Writes that a region may have beyond its quota.
const SPARE: usize = 2;

/// Steps of a probability.
const STEPS: u32 = 10_000;

/// Bytes that a region of `size` bytes takes to be brought into that state: what the drive has, hidden
/// capacity included, in whole blocks.
pub(crate) fn physical_bytes(plan: &PreconditionPlan, size: u64, block: u64) -> u64 {
    let hidden = (size as f64 * plan.over_provisioning).ceil() as u64;
    let block = block.max(1);
    size.saturating_add(hidden).div_ceil(block).saturating_mul(block)
}

/// The share of each region that stays valid, the least valid region first.
fn validities(plan: &PreconditionPlan) -> Vec<f64> {
    let last = plan.regions.saturating_sub(1) as usize;
    if last == 0 {
        return vec![1.0];
    }
    let least = 1.0 - 1.0 / (0.5 / plan.over_provisioning + 0.7);
    let shares: Vec<f64> =
        (0..=last).map(|i| 1.0 + (least - 1.0) * i as f64 / last as f64).collect();
    // A share is reached after so much writing: equal steps of the share are no equal steps of that.
    let mut sum = 0.0;
    let written: Vec<f64> = shares
        .iter()
        .map(|share| {
            sum += 1.0 / share;
            sum
        })
        .collect();
    let mut curve: Vec<f64> = Vec::with_capacity(last + 1);
    let mut from = 0;
    for i in 0..=last {
        let at = written[0] + (written[last] - written[0]) * i as f64 / last as f64;
        while from + 2 <= last && written[from + 1] < at {
            from += 1;
        }
        let slope = (shares[from + 1] - shares[from]) * (at - written[from]);
        curve.push(shares[from] + slope / (written[from + 1] - written[from]));
    }
    curve.reverse();
    curve
}

/// Where preconditioning stands.
#[derive(Clone, Debug)]
pub(crate) struct Precondition {
    /// Writes per region.
    quota: u64,
    /// By region, how many of [`STEPS`] are written again.
    again: Vec<u32>,
    region: usize,
    /// Writes in this region.
    count: u64,
    /// Blocks of the region before that are written again, and how many of them have been.
    rewrites: Vec<u64>,
    rewritten: usize,
    /// Blocks of this region that the next one writes again.
    kept: Vec<u64>,
    /// Blocks are written again at the end of the next region, when the cache has let them go.
    late: bool,
    stream: Taus88,
}

impl Precondition {
    /// For so many writes; `None` if there is no memory for the blocks that are written again.
    pub(crate) fn new(
        plan: &PreconditionPlan,
        blocks: u64,
        seeds: &StreamSeeds,
    ) -> Option<Precondition> {
        let quota = blocks / u64::from(plan.regions.max(1));
        let again = validities(plan).into_iter();
        let again = again.map(|share| ((1.0 - share) * f64::from(STEPS)).round() as u32);
        let list = || {
            let mut list = Vec::new();
            list.try_reserve_exact(usize::try_from(quota).ok()?.checked_add(SPARE)?).ok()?;
            Some(list)
        };
        Some(Precondition {
            quota,
            again: again.collect(),
            region: 0,
            count: 0,
            rewrites: list()?,
            rewritten: 0,
            kept: list()?,
            late: plan.cache_bytes != 0,
            stream: Taus88::new(seeds.get(StreamId::Rewrite) as u32),
        })
    }

    /// Bytes of the blocks that are written again, at most, of so many writes.
    pub(crate) fn bytes_for(plan: &PreconditionPlan, blocks: u64) -> u64 {
        let quota = blocks / u64::from(plan.regions.max(1));
        quota.saturating_add(SPARE as u64).saturating_mul(2 * size_of::<u64>() as u64)
    }

    /// The next block; `None` after the last region, or when all blocks have been written.
    pub(crate) fn next(&mut self, fresh: &mut Lfsr) -> Option<u64> {
        let waiting = &self.rewrites[self.rewritten..];
        let due = !self.late || self.count + waiting.len() as u64 >= self.quota;
        let block = match waiting.first() {
            Some(block) if due => {
                self.rewritten += 1;
                *block
            }
            _ => {
                let block = fresh.draw()?;
                if self.count >= self.quota && !self.enter_region() {
                    return None;
                }
                block
            }
        };
        // A region more than asked for takes what is left of whole blocks, and nothing of it comes again.
        let again = self.again.get(self.region).copied().unwrap_or(0);
        if self.stream.between(0, STEPS) <= again && self.kept.len() < self.kept.capacity() {
            self.kept.push(block);
        }
        self.count += 1;
        Some(block)
    }

    fn enter_region(&mut self) -> bool {
        self.region = (self.region + 1).min(self.again.len() + 1);
        self.count = 0;
        std::mem::swap(&mut self.rewrites, &mut self.kept);
        self.kept.clear();
        self.rewritten = 0;
        self.region <= self.again.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(regions: u32, over_provisioning: f64, cache_bytes: u64) -> PreconditionPlan {
        PreconditionPlan { regions, over_provisioning, cache_bytes }
    }

    /// All blocks that are written, of 1000.
    fn written(plan: &PreconditionPlan) -> Vec<u64> {
        let seeds = StreamSeeds::derive(0x89, 1);
        let blocks = physical_bytes(plan, 4_096_000, 4096) / 4096;
        let mut order = Precondition::new(plan, blocks, &seeds).unwrap();
        let mut fresh = Lfsr::new(1000, 0x1234).unwrap();
        std::iter::from_fn(|| order.next(&mut fresh)).take(blocks as usize).collect()
    }

    #[test]
    fn regions_grow_more_valid_up_to_all() {
        let curve = validities(&plan(100, 0.15, 0));
        assert!(curve.windows(2).all(|pair| pair[0] < pair[1]));
        let least = 1.0 - 1.0 / (0.5 / 0.15 + 0.7);
        assert!((curve[0] - least).abs() < 1e-9 && (curve[99] - 1.0).abs() < 1e-9);
        assert_eq!(validities(&plan(1, 0.15, 0)), [1.0]);
    }

    #[test]
    fn what_is_written_again_was_written_a_region_before() {
        for cache_bytes in [0, 4096] {
            let plan = plan(10, 0.3, cache_bytes);
            let written = written(&plan);
            let quota = 130;
            let mut last = std::collections::BTreeMap::new();
            let mut again = 0;
            for (at, block) in written.iter().enumerate() {
                if let Some(before) = last.insert(*block, at) {
                    again += 1;
                    assert!(at - before <= 2 * quota + 2, "{block}: {before}, {at}");
                    // With a cache, all that is new in the region comes first.
                    assert!(cache_bytes == 0 || at - before > quota / 2, "{block}: {before}, {at}");
                }
            }
            assert!(again > 200, "{again}");
        }
    }
}
