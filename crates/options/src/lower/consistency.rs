//! Settings that depend on each other, made consistent: one small function per rule, in the order
//! in which fio applies them.

mod data;
mod pacing;
mod random;
mod schedule;
mod steady_state;
mod submit;
mod targets;
mod verify;
mod zones;

use fiord_base::{DATA, Direction};

use super::Job;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::JobPlan;

pub(super) use schedule::check_wait_for;

/// Applies all rules.
pub(super) fn make_consistent(plan: &mut JobPlan, job: &mut Job<'_>, readonly: bool) {
    if readonly {
        refuse_writing(plan, job);
    }
    need_a_clone(plan, job);
    submit::check_trim_ranges(plan, job);
    submit::check_barriers(plan, job);
    random::prepare_precondition(plan, job);
    align_to_blocks(plan, job);
    keep_files_that_are_read(plan);
    pacing::spin_within_pause(plan);
    submit::bound_depths(plan);
    submit::serialize_writes_only(plan);
    submit::explain_depth(plan, job);
    submit::check_offload(plan, job);
    bound_open_files(plan);
    pacing::check_rates(plan, job);
    need_runtime(plan, job);
    schedule::check_ramp(plan, job);
    steady_state::check_steady_state(plan, job);
    schedule::leave_clock_cpu(plan);
    schedule::check_huge_pages(plan, job);
    submit::check_atomic(plan, job);
    submit::check_pre_read(plan, job);
    keep_what_is_read_ahead(plan);
    random::map_uniform_offsets_only(plan);
    zones::make_consistent(plan, job);
    verify::make_consistent(plan, job);
    data::make_consistent(plan, job);
    map_random_blocks_only(plan);
    targets::forget_empty_sizes(plan);
    targets::check_size(plan, job);
    targets::need_size(plan, job);
    check_append(plan, job);
}

/// `--readonly`.
fn refuse_writing(plan: &JobPlan, job: &mut Job<'_>) {
    let rw = plan.pattern.rw;
    if rw.write || rw.trim {
        job.report(
            "rw",
            Diagnostic::error(format!(
                "job `{}` would {}, but `--readonly` is given",
                plan.name,
                if rw.write { "write" } else { "trim" }
            ))
            .code(Code::READONLY_REFUSED)
            .help("leave out `--readonly`, or use `rw=read` or `rw=randread`"),
        );
    }
}

fn need_a_clone(plan: &JobPlan, job: &mut Job<'_>) {
    if plan.clones == 0 {
        job.report(
            "numjobs",
            Diagnostic::error("`numjobs=0` leaves nothing to run")
                .code(Code::NO_CLONE)
                .label("at least 1"),
        );
    }
}

/// Random offsets are multiples of the smallest size unless `ba` says otherwise; the random map
/// counts in smallest sizes and cannot say otherwise. As in fio, directions that the job does not
/// use count, too.
fn align_to_blocks(plan: &mut JobPlan, job: &mut Job<'_>) {
    let mut differs = false;
    for direction in DATA {
        let align = plan.blocks.align[direction];
        let min = plan.blocks.min[direction];
        if align == 0 || !plan.pattern.rw.random {
            plan.blocks.align[direction] = min;
        } else {
            differs |= align != min;
        }
    }
    if differs && plan.pattern.random_map {
        plan.pattern.random_map = false;
        job.report(
            "ba",
            Diagnostic::note("`ba` other than the smallest block size turns off the random map")
                .code(Code::ALIGNMENT_WITHOUT_MAP),
        );
    }
}

/// What is read must be there, so it is laid out in full.
fn keep_files_that_are_read(plan: &mut JobPlan) {
    plan.files.overwrite |= plan.pattern.rw.read;
}

fn bound_open_files(plan: &mut JobPlan) {
    let files = &mut *plan.files;
    if files.opendir.is_some() {
        // How many files there are is not known yet.
        return;
    }
    if files.open_limit == 0 || files.open_limit > files.count {
        files.open_limit = files.count;
    }
}

fn need_runtime(plan: &mut JobPlan, job: &mut Job<'_>) {
    if plan.limits.time_based && plan.limits.runtime_ns.is_none() {
        plan.limits.time_based = false;
        job.report(
            "time_based",
            Diagnostic::warning("`time_based` without `runtime` has no effect")
                .code(Code::TIME_BASED_WITHOUT_RUNTIME)
                .help("say how long with `runtime`"),
        );
    }
}

/// Caches that were filled on purpose are not dropped.
fn keep_what_is_read_ahead(plan: &mut JobPlan) {
    if plan.files.pre_read {
        plan.files.invalidate = false;
    }
}

/// The random map belongs to random jobs.
fn map_random_blocks_only(plan: &mut JobPlan) {
    plan.pattern.random_map &= plan.pattern.rw.random;
}

fn check_append(plan: &JobPlan, job: &mut Job<'_>) {
    if plan.files.append && job.engine.no_extend && plan.pattern.rw.has(Direction::Write) {
        job.report(
            "file_append",
            Diagnostic::error(format!("`ioengine={}` cannot extend files", plan.engine.name))
                .code(Code::CANNOT_APPEND)
                .help("use another engine, or leave out `file_append`"),
        );
    }
}
