//! When each job runs, by the rules by which workers are started: a barrier waits for all before it,
//! and delays count from the start of the run.

use fiord_options::Plan;
use fiord_options::plan::JobPlan;

use super::data::{End, Phase, Preview, Span};

/// Fills in times and phases.
pub(super) fn lay_down(plan: &Plan, preview: &mut Preview) {
    let mut phases: Vec<Phase> = Vec::new();
    let mut end = Span::exactly(0);
    for (index, job) in plan.jobs.iter().enumerate() {
        if job.stonewall || phases.is_empty() {
            phases.push(Phase { start: end, end, jobs: Vec::new() });
        }
        let Some(phase) = phases.last_mut() else { continue };
        let Some(shown) = preview.jobs.get_mut(index) else { continue };
        let (low, high) = job.start_delay_ns;
        let delay = Span { at_least_ns: low, at_most_ns: Some(high.max(low)) };
        let start = phase.start.later(delay);
        let (ends_by, duration) = duration(job);
        shown.start = start;
        shown.ends_by = ends_by;
        // A job that cannot start is over at once.
        shown.end = match shown.clones_failing == shown.clones {
            true => start,
            false => start.then(duration),
        };
        phase.end = phase.end.later(shown.end);
        phase.jobs.push(index);
        end = phase.end;
    }
    preview.duration = end;
    preview.phases = phases;
}

/// What ends a job, and how long it takes. The time to flush at the end is not known and counts as
/// none.
fn duration(job: &JobPlan) -> (End, Span) {
    let limits = &job.limits;
    if job.files.create_only {
        return (End::Layout, Span::exactly(0));
    }
    let timed = limits.runtime_ns.map(|ns| ns.saturating_add(limits.ramp_ns.unwrap_or(0)));
    match timed {
        _ if job.replay.is_some() => (End::Recording, Span::default()),
        Some(ns) if limits.time_based => (End::Time, Span::exactly(ns)),
        Some(ns) => (End::AmountOrTime, Span { at_least_ns: 0, at_most_ns: Some(ns) }),
        None if job.region.fill_device => (End::Full, Span::default()),
        None => (End::Amount, Span::default()),
    }
}
