//! Lowering of the general options: naming, start, end, errors.

use crate::plan::{ErrorsPlan, Execution, JobPlan};
use crate::table::GeneralOptions;
use crate::value::ErrorLists;

/// Fills the plan; true if the job opens a reporting group.
pub(super) fn lower_general(options: GeneralOptions, plan: &mut JobPlan) -> bool {
    let GeneralOptions {
        description,
        // The name was needed earlier.
        name: _,
        loops,
        numjobs,
        startdelay,
        runtime,
        time_based,
        ramp_time,
        clocksource,
        stonewall,
        new_group,
        thread,
        continue_on_error,
        ignore_error,
        error_dump,
    } = options;
    plan.description = description;
    plan.limits.loops = loops.unwrap_or(1).max(1);
    plan.clones = numjobs.unwrap_or(1);
    if let Some((low, high)) = startdelay {
        plan.start_delay_ns = (low.0, high.0);
    }
    plan.limits.runtime_ns = runtime.map(|time| time.0).filter(|&time| time > 0);
    plan.limits.time_based = time_based.unwrap_or(false);
    plan.limits.ramp_ns = ramp_time.map(|time| time.0).filter(|&time| time > 0);
    plan.stats.clock = clocksource;
    plan.stonewall = stonewall.unwrap_or(false);
    if thread == Some(true) {
        plan.execution = Execution::Thread;
    }
    let lists = ignore_error.unwrap_or_default();
    *plan.errors = errors(
        ErrorsPlan {
            continue_on: continue_on_error.unwrap_or_default(),
            dump: error_dump.unwrap_or(false),
            ..ErrorsPlan::default()
        },
        lists,
    );
    new_group.unwrap_or(false)
}

/// A list of errnos also makes its class survivable.
fn errors(mut plan: ErrorsPlan, lists: ErrorLists) -> ErrorsPlan {
    let ErrorLists { read, write, verify } = lists;
    plan.continue_on.read |= read.is_some();
    plan.continue_on.write |= write.is_some();
    plan.continue_on.verify |= verify.is_some();
    plan.ignore_read = read;
    plan.ignore_write = write;
    plan.ignore_verify = verify;
    plan
}
