//! Rules of think times and rates.

use fiord_base::{DATA, Direction, PerDirection};

use crate::diagnostic::{Code, Diagnostic};
use crate::lower::Job;
use crate::plan::JobPlan;

/// The busy part of a pause is no longer than the pause.
pub(super) fn spin_within_pause(plan: &mut JobPlan) {
    let think = &mut plan.pacing.think;
    think.spin_ns = think.spin_ns.min(think.pause_ns);
}

/// A job is bounded in bytes or in requests, and a floor lies below its cap. As in fio, directions that
/// the job does not use count, too.
pub(super) fn check_rates(plan: &JobPlan, job: &mut Job<'_>) {
    let rate = &plan.pacing.rate;
    let given = |bounds: &PerDirection<Option<u64>>| bounds.0.iter().any(Option::is_some);
    let pairs = [
        ("rate", &rate.bytes_max, "rate_iops", &rate.iops_max),
        ("rate_min", &rate.bytes_min, "rate_iops_min", &rate.iops_min),
    ];
    for (bytes, of_bytes, requests, of_requests) in pairs {
        if given(of_bytes) && given(of_requests) {
            let message = format!("`{bytes}` and `{requests}` exclude each other");
            job.report(
                requests,
                Diagnostic::error(message)
                    .code(Code::BOUNDS_EXCLUDE_EACH_OTHER)
                    .label("a job is bounded in bytes or in requests per second")
                    .help(format!("leave out one of `{bytes}` and `{requests}`")),
            );
        }
    }
    check_floor(["rate_min", "rate"], &rate.bytes_min, &rate.bytes_max, job);
    check_floor(["rate_iops_min", "rate_iops"], &rate.iops_min, &rate.iops_max, job);
}

fn check_floor(
    [floor, cap]: [&str; 2],
    min: &PerDirection<Option<u64>>,
    max: &PerDirection<Option<u64>>,
    job: &mut Job<'_>,
) {
    let exceeded = DATA.into_iter().find_map(|direction| match (min[direction], max[direction]) {
        (Some(min), Some(max)) if min > max => Some((direction, min, max)),
        _ => None,
    });
    if let Some((direction, min, max)) = exceeded {
        let what = match direction {
            Direction::Read => "reads",
            Direction::Write => "writes",
            _ => "trims",
        };
        job.report(
            floor,
            Diagnostic::error(format!("`{floor}` exceeds `{cap}`"))
                .code(Code::FLOOR_ABOVE_CAP)
                .label(format!("for {what}, {min} is above {max}"))
                .help(format!("a job that keeps `{cap}` could never reach it")),
        );
    }
}
