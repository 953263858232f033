//! Lowering of the options of chance.

use crate::plan::{JobPlan, PreconditionPlan, Seeds};
use crate::table::RandomOptions;

/// `randseed` if none is given.
const DEFAULT_SEED: u64 = 0x89;
/// `spr_num_regions` if none is given.
const DEFAULT_REGIONS: u32 = 100;
/// `spr_op` if none is given.
const DEFAULT_OVER_PROVISIONING: f64 = 0.15;

/// Fills the plan.
pub(super) fn lower_random(options: RandomOptions, plan: &mut JobPlan) {
    let RandomOptions {
        randrepeat,
        randseed,
        norandommap,
        softrandommap,
        sprandom,
        spr_num_regions,
        spr_op,
        spr_cs,
        random_generator,
        random_distribution,
        random_sequence_stride,
        percentage_random,
        rwmixread,
        rwmixwrite,
    } = options;
    // A seed of one's own is not restarted between loops, whatever `randrepeat` says.
    plan.pattern.seeds = match (randseed, randrepeat.unwrap_or(true)) {
        (Some(base), _) => Seeds::Base { base, repeat: false },
        (None, true) => Seeds::Base { base: DEFAULT_SEED, repeat: true },
        (None, false) => Seeds::System,
    };
    plan.pattern.random_map = !norandommap.unwrap_or(false);
    plan.pattern.soft_random_map = softrandommap.unwrap_or(false);
    plan.pattern.generator = random_generator.unwrap_or_default();
    plan.pattern.generator_explicit = random_generator.is_some();
    plan.pattern.distribution = random_distribution.unwrap_or_default();
    plan.pattern.sequence_stride = random_sequence_stride.unwrap_or(false);
    let over_provisioning = spr_op.and_then(|list| list.first().copied());
    plan.pattern.precondition = sprandom.unwrap_or(false).then_some(PreconditionPlan {
        regions: spr_num_regions.unwrap_or(DEFAULT_REGIONS),
        over_provisioning: over_provisioning.unwrap_or(DEFAULT_OVER_PROVISIONING),
        cache_bytes: spr_cs.unwrap_or(0),
    });
    if let Some(percentages) = percentage_random {
        plan.pattern.percentage_random = percentages.map(|percent| percent.unwrap_or(100));
    }
    // Of both, the last one is left.
    plan.pattern.read_percent = match (rwmixread, rwmixwrite) {
        (Some(read), _) => read,
        (None, Some(write)) => 100_u32.saturating_sub(write),
        (None, None) => 50,
    };
}
