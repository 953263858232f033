//! Rules of start and end, of CPUs and of memory.

use std::collections::HashMap;

use crate::diagnostic::{Code, Diagnostic};
use crate::lower::Job;
use crate::plan::{IdRanges, JobPlan};
use crate::table;

/// Most names among which one is looked for that may be meant.
const NAMES_MAX: usize = 1_000;

/// A warm-up ends after a time or after an amount.
pub(super) fn check_ramp(plan: &JobPlan, job: &mut Job<'_>) {
    if plan.limits.ramp_ns.is_some() && plan.limits.ramp_bytes.is_some() {
        job.report(
            "ramp_size",
            Diagnostic::error("`ramp_size` and `ramp_time` exclude each other")
                .code(Code::RAMPS_EXCLUDE_EACH_OTHER)
                .help("leave out one of them"),
        );
    }
}

/// What a job waits for is one job before it. `earlier` counts the jobs before it by name.
pub(in crate::lower) fn check_wait_for(
    plan: &JobPlan,
    earlier: &HashMap<String, u32>,
    job: &mut Job<'_>,
) {
    let Some(name) = &plan.schedule.wait_for else { return };
    let diagnostic = match earlier.get(name) {
        Some(1) if *name != plan.name => return,
        _ if *name == plan.name => Diagnostic::error(format!("job `{name}` waits for itself")),
        Some(count) => Diagnostic::error(format!("{count} jobs are called `{name}`"))
            .label("the name of one earlier job")
            .help("give them different names"),
        None => {
            let diagnostic = Diagnostic::error(format!("no earlier job is called `{name}`"));
            let names = earlier.keys().take(NAMES_MAX).map(String::as_str);
            match table::closest(name, names) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help("a job can only wait for jobs that stand before it"),
            }
        }
    };
    job.report("wait_for", diagnostic.code(Code::WAITS_FOR_NO_JOB));
}

/// The CPU whose thread keeps the clock is not for jobs, unless they have no other.
pub(super) fn leave_clock_cpu(plan: &mut JobPlan) {
    let Some(reader) = plan.clocks.reader_cpu else { return };
    let Some(allowed) = &plan.process.cpus.allowed else { return };
    let rest: Vec<(u32, u32)> = allowed
        .0
        .iter()
        .flat_map(|&(first, last)| {
            let below = (first, last.min(reader.wrapping_sub(1)));
            let above = (first.max(reader.saturating_add(1)), last);
            let inside = (first..=last).contains(&reader);
            let whole = (!inside).then_some((first, last));
            let below = (inside && first < reader).then_some(below);
            let above = (inside && reader < last).then_some(above);
            [whole, below, above]
        })
        .flatten()
        .collect();
    if !rest.is_empty() {
        plan.process.cpus.allowed = Some(IdRanges(rest));
    }
}

/// Huge pages come in sizes of powers of two.
pub(super) fn check_huge_pages(plan: &JobPlan, job: &mut Job<'_>) {
    let memory = &plan.memory;
    let huge = memory.kind.is_some_and(|kind| kind.is_huge());
    if huge && !memory.huge_page_bytes.is_power_of_two() {
        job.report(
            "hugepage-size",
            Diagnostic::error(format!("no huge page has {} bytes", memory.huge_page_bytes))
                .code(Code::NO_SUCH_HUGE_PAGE)
                .label("a power of two")
                .help("`/sys/kernel/mm/hugepages` lists the sizes of this machine"),
        );
    }
}
