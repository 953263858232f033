//! Rules of random offsets.

use crate::diagnostic::{Code, Diagnostic};
use crate::lower::Job;
use crate::plan::{Distribution, JobPlan, RandomGenerator};
use crate::value::Value;

/// A device with so much spare capacity moves nothing (its write amplification is 1), and more makes no
/// sense.
const MOST_OVER_PROVISIONING: f64 = 1.6666;

/// Preconditioning writes each block once at random and keeps its own account of them.
pub(super) fn prepare_precondition(plan: &mut JobPlan, job: &mut Job<'_>) {
    if plan.pattern.precondition.is_none() {
        return;
    }
    for (option, diagnostic) in obstacles(plan, job) {
        job.report(option, diagnostic.code(Code::PRECONDITION_IMPOSSIBLE));
    }
    plan.pattern.generator = RandomGenerator::Lfsr;
    plan.pattern.random_map = false;
}

/// What stands in the way of preconditioning.
fn obstacles(plan: &JobPlan, job: &Job<'_>) -> Vec<(&'static str, Diagnostic)> {
    let mut found = Vec::new();
    let (pattern, files) = (&plan.pattern, &plan.files);
    let rw = pattern.rw;
    if rw.name() != "randwrite" {
        let diagnostic = Diagnostic::error("`sprandom` writes, and at random only")
            .label(format!("the job has `rw={}`", rw.name()))
            .help("use `rw=randwrite`");
        found.push(("sprandom", diagnostic));
    }
    if pattern.generator_explicit && pattern.generator != RandomGenerator::Lfsr {
        let message = "`sprandom` works with `random_generator=lfsr` only";
        let diagnostic = Diagnostic::error(message).help("leave `random_generator` out");
        found.push(("random_generator", diagnostic));
    }
    if pattern.distribution != Distribution::Uniform {
        let diagnostic = Diagnostic::error("`sprandom` has a distribution of its own")
            .help("leave `random_distribution` out");
        found.push(("random_distribution", diagnostic));
    }
    if job.settings.value("norandommap") == Some(&Value::Bool(false)) {
        let diagnostic = Diagnostic::error("`sprandom` works without a random map only")
            .help("leave `norandommap=0` out");
        found.push(("norandommap", diagnostic));
    }
    let settings = pattern.precondition.as_ref();
    if settings.is_some_and(|settings| settings.regions == 0) {
        let diagnostic = Diagnostic::error("`spr_num_regions=0` leaves nothing to write");
        found.push(("spr_num_regions", diagnostic.label("at least 1")));
    }
    if settings.is_some_and(|settings| settings.over_provisioning <= 0.0) {
        let diagnostic = Diagnostic::error("`spr_op=0` is a device without spare capacity")
            .label("above 0")
            .help("no state of a device follows from it; 0.15 is usual");
        found.push(("spr_op", diagnostic));
    }
    if settings.is_some_and(|settings| settings.over_provisioning >= MOST_OVER_PROVISIONING) {
        let diagnostic = Diagnostic::error("`spr_op` is more spare capacity than a device needs")
            .label("below 1.6666")
            .help("with so much of it nothing is ever moved, so that no state is to be made");
        found.push(("spr_op", diagnostic));
    }
    if files.opendir.is_none() && files.count > 1 {
        let option = if files.names.is_empty() { "nrfiles" } else { "filename" };
        let diagnostic = Diagnostic::error("`sprandom` works on one file or device only")
            .label(format!("the job has {}", files.count));
        found.push((option, diagnostic));
    }
    found
}

/// Where some blocks are wanted more often than others, none is left out because it was visited.
pub(super) fn map_uniform_offsets_only(plan: &mut JobPlan) {
    plan.pattern.random_map &= plan.pattern.distribution == Distribution::Uniform;
}
