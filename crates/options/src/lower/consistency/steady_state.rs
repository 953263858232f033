//! Rules of the search for a steady state.

use crate::diagnostic::{Code, Diagnostic};
use crate::lower::Job;
use crate::plan::JobPlan;

const SECOND_NS: u64 = 1_000_000_000;

/// The window holds several samples, and nothing between two of them.
pub(super) fn check_steady_state(plan: &JobPlan, job: &mut Job<'_>) {
    let Some(steady) = &plan.limits.steady_state else { return };
    let (window, interval) = (steady.window_ns, steady.interval_ns);
    if interval < SECOND_NS {
        job.report(
            "steadystate_check_interval",
            Diagnostic::error("`steadystate_check_interval` is too short")
                .code(Code::STEADY_STATE_WINDOW)
                .label("at least one second"),
        );
    } else if window <= interval || window % interval != 0 {
        job.report(
            "steadystate_duration",
            Diagnostic::error("`steadystate_duration` does not consist of whole intervals")
                .code(Code::STEADY_STATE_WINDOW)
                .label("at least twice `steadystate_check_interval`, and a multiple of it")
                .help(format!("an interval has {} s", interval as f64 / SECOND_NS as f64)),
        );
    }
}
