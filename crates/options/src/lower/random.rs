//! Lowering of the options of chance and of pace.

use crate::plan::{JobPlan, Seeds};
use crate::table::{PacingOptions, RandomOptions};

/// `randseed` if none is given.
const DEFAULT_SEED: u64 = 0x89;

/// Fills the plan.
pub(super) fn lower_random(options: RandomOptions, plan: &mut JobPlan) {
    let RandomOptions {
        randrepeat,
        randseed,
        norandommap,
        softrandommap,
        random_generator,
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

/// Nothing of this group is built.
pub(super) fn lower_pacing(options: PacingOptions) {
    let PacingOptions {} = options;
}
