//! When each job runs, by the rules by which workers are started: a barrier waits for all before it,
//! delays count from the start of the run, and a job may wait for another one.

use fiord_base::DATA;
use fiord_options::Plan;
use fiord_options::plan::{EndOthers, EndScope, JobPlan};

use super::data::{Certainty, End, JobPreview, Phase, Preview, Span};

const SECOND_NS: u128 = 1_000_000_000;

/// Fills in times and phases.
pub(super) fn lay_down(plan: &Plan, preview: &mut Preview) {
    let mut end = Span::exactly(0);
    for jobs in phases(plan) {
        let start = end;
        for &index in &jobs {
            let Some(job) = plan.jobs.get(index) else { continue };
            let awaited = awaited(job, &preview.jobs);
            let Some(shown) = preview.jobs.get_mut(index) else { continue };
            let (low, high) = job.start_delay_ns;
            let delay = Span { at_least_ns: low, at_most_ns: Some(high.max(low)) };
            (shown.ends_by, shown.start) = (ends_by(job), start.later(delay).later(awaited));
            // A job that cannot start is over at once.
            shown.end = match shown.clones_failing == shown.clones {
                true => shown.start,
                false => shown.start.then(duration(job, shown)),
            };
        }
        end_together(plan, &jobs, preview);
        let ends = jobs.iter().filter_map(|index| preview.jobs.get(*index)).map(|job| job.end);
        end = ends.fold(end, Span::later);
        preview.phases.push(Phase { start, end, jobs });
    }
    preview.duration = end;
}

/// Positions of the jobs between barriers.
fn phases(plan: &Plan) -> Vec<Vec<usize>> {
    let mut phases: Vec<Vec<usize>> = Vec::new();
    for (index, job) in plan.jobs.iter().enumerate() {
        match phases.last_mut() {
            Some(phase) if !job.stonewall => phase.push(index),
            _ => phases.push(vec![index]),
        }
    }
    phases
}

/// The end of the job that this one waits for.
fn awaited(job: &JobPlan, jobs: &[JobPreview]) -> Span {
    let named = |name: &String| jobs.iter().find(|other| other.name == *name);
    job.schedule.wait_for.as_ref().and_then(named).map_or(Span::exactly(0), |other| other.end)
}

/// Jobs whose end ends others of their phase.
fn end_together(plan: &Plan, jobs: &[usize], preview: &mut Preview) {
    for &index in jobs {
        let Some(ender) = plan.jobs.get(index) else { continue };
        if ender.schedule.end_others != EndOthers::Always {
            continue;
        }
        let Some((end, group)) = preview.jobs.get(index).map(|job| (job.end, job.group)) else {
            continue;
        };
        for &other in jobs {
            let Some(shown) = preview.jobs.get_mut(other) else { continue };
            if shown.group == group || ender.schedule.end_scope != EndScope::Group {
                shown.end = shown.end.sooner(end);
            }
        }
    }
}

fn ends_by(job: &JobPlan) -> End {
    let limits = &job.limits;
    match limits.runtime_ns {
        _ if job.files.create_only => End::Layout,
        _ if job.replay.is_some() => End::Recording,
        Some(_) if limits.time_based => End::Time,
        Some(_) => End::AmountOrTime,
        None if job.region.fill_device => End::Full,
        None => End::Amount,
    }
}

/// How long a job takes. The time to flush at the end is not known and counts as none.
fn duration(job: &JobPlan, shown: &JobPreview) -> Span {
    let limits = &job.limits;
    let timed = limits.runtime_ns.map(|ns| ns.saturating_add(limits.ramp_ns.unwrap_or(0)));
    let at_least_ns = paced_ns(job, shown);
    match (shown.ends_by, timed) {
        (End::Layout, _) => Span::exactly(0),
        // How long it takes to warm up by an amount depends on the storage.
        (End::Time, Some(ns)) if limits.ramp_bytes.is_some() => {
            Span { at_least_ns: ns, at_most_ns: None }
        }
        (_, Some(ns)) if limits.ramp_bytes.is_some() => {
            Span { at_least_ns: at_least_ns.min(ns), at_most_ns: None }
        }
        (End::Time, Some(ns)) => Span::exactly(ns),
        (_, Some(ns)) => Span { at_least_ns: at_least_ns.min(ns), at_most_ns: Some(ns) },
        (_, None) => Span { at_least_ns, at_most_ns: None },
    }
}

/// The time that caps of rates and pauses alone take for the amount of the job.
fn paced_ns(job: &JobPlan, shown: &JobPreview) -> u64 {
    let (pacing, amounts) = (&job.pacing, &shown.amounts);
    if amounts.certainty == Certainty::Open {
        return 0;
    }
    let clones = u128::from(shown.clones.saturating_sub(shown.clones_failing).max(1));
    let of_clone = |amount: u64| u128::from(amount) / clones;
    let (bytes, ios, rate) = (amounts.bytes(), amounts.ios(), &pacing.rate);
    let caps = DATA.into_iter().flat_map(|d| {
        let by = |amount: u64, cap: Option<u64>| {
            cap.map_or(0, |cap| of_clone(amount) * SECOND_NS / u128::from(cap.max(1)))
        };
        // The last request goes when those before it have had their time.
        let (bytes, ios) = (bytes[d].saturating_sub(job.blocks.max[d]), ios[d].saturating_sub(1));
        [by(bytes, rate.bytes_max[d]), by(ios, rate.iops_max[d])]
    });
    let think = &pacing.think;
    let pauses = match think.requests {
        Some(requests) if think.io_ns == 0 => {
            let all: u128 = DATA.into_iter().map(|d| of_clone(ios[d])).sum();
            all / u128::from(requests.max(1))
        }
        _ => 0,
    };
    let longest = caps.max().unwrap_or(0).max(pauses * u128::from(think.pause_ns));
    u64::try_from(longest).unwrap_or(u64::MAX)
}
