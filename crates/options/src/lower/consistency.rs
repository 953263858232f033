//! Settings that depend on each other, made consistent: one small function per rule, in the order
//! in which fio applies them.

mod data;
mod verify;
mod zones;

use fiord_base::{DATA, Direction, Quantity};

use super::Job;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::JobPlan;

/// Applies all rules.
pub(super) fn make_consistent(plan: &mut JobPlan, job: &mut Job<'_>, readonly: bool) {
    if readonly {
        refuse_writing(plan, job);
    }
    need_a_clone(plan, job);
    align_to_blocks(plan, job);
    keep_files_that_are_read(plan);
    bound_depths(plan);
    explain_depth(plan, job);
    bound_open_files(plan);
    need_runtime(plan, job);
    keep_what_is_read_ahead(plan);
    zones::make_consistent(plan, job);
    verify::make_consistent(plan, job);
    data::make_consistent(plan, job);
    map_random_blocks_only(plan);
    check_size(plan, job);
    need_size(plan, job);
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

fn bound_depths(plan: &mut JobPlan) {
    let engine = &mut *plan.engine;
    for limited in [&mut engine.iodepth_low, &mut engine.batch] {
        if *limited == 0 || *limited > engine.iodepth {
            *limited = engine.iodepth;
        }
    }
    engine.batch_complete_min = engine.batch_complete_min.min(engine.iodepth);
    engine.batch_complete_max =
        engine.batch_complete_max.min(engine.iodepth).max(engine.batch_complete_min).max(1);
}

fn explain_depth(plan: &JobPlan, job: &mut Job<'_>) {
    if plan.engine.iodepth > 1 && job.engine.inline {
        job.report(
            "iodepth",
            Diagnostic::note(format!(
                "`iodepth` above 1 has no effect with `ioengine={}`",
                plan.engine.name
            ))
            .code(Code::DEPTH_WITHOUT_EFFECT)
            .label("this engine does one request at a time")
            .help("use an asynchronous engine, or `numjobs`"),
        );
    }
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

fn check_size(plan: &JobPlan, job: &mut Job<'_>) {
    let block = plan.blocks.smallest(plan.pattern.rw);
    if let Some(Quantity::Bytes(size)) = plan.region.size
        && size < block
    {
        job.report(
            "size",
            Diagnostic::error(format!("size {size} holds no block"))
                .code(Code::SIZE_BELOW_BLOCK)
                .label(format!("the smallest block has {block} bytes"))
                .help("raise `size` or lower `bs`"),
        );
    }
}

/// Targets that are not opened have no size of their own.
fn need_size(plan: &JobPlan, job: &mut Job<'_>) {
    let absolute = matches!(plan.region.size, Some(Quantity::Bytes(_)));
    let known = absolute || plan.files.file_size.is_some() || plan.region.fill_device;
    if job.engine.diskless && !known {
        job.report(
            "size",
            Diagnostic::error(format!("job `{}` has no size", plan.name))
                .code(Code::NO_SIZE)
                .label(format!("`ioengine={}` opens no file to take it from", plan.engine.name))
                .help("add `size=`, in bytes"),
        );
    }
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
