//! Rules of requests and engines: depths, offloading, overlaps, atomic writes, ranges of trims.

use crate::diagnostic::{Code, Diagnostic};
use crate::lower::Job;
use crate::plan::{JobPlan, SubmitMode};
use crate::table::{Ability, can, engines_that_can};

/// Several ranges in one trim need an engine that can send them, and nothing to do with each range
/// afterwards.
pub(super) fn check_trim_ranges(plan: &JobPlan, job: &mut Job<'_>) {
    let rw = plan.pattern.rw;
    if plan.pattern.ranges_per_trim <= 1 || !rw.trim {
        return;
    }
    if rw.is_trim_write() {
        let message = format!("`num_range` above 1 does not go with `rw={}`", rw.name());
        let diagnostic =
            Diagnostic::error(message).label("each block is written after it is trimmed");
        let diagnostic = diagnostic.code(Code::ENGINE_CANNOT);
        job.report("num_range", diagnostic);
    }
    need_ability(Ability::TrimRanges, "num_range", "trim several ranges at once", plan, job);
}

/// Barriers that the engine does not know order nothing.
pub(super) fn check_barriers(plan: &JobPlan, job: &mut Job<'_>) {
    let engine = &plan.engine.name;
    if plan.flush.barrier_every > 0 && plan.pattern.rw.write && !can(engine, Ability::Barriers) {
        let message = format!("`write_barrier` has no effect with `ioengine={engine}`");
        job.report(
            "write_barrier",
            Diagnostic::warning(message)
                .code(Code::BARRIER_WITHOUT_EFFECT)
                .label("the engine has no barriers")
                .help("`fsync`, `fdatasync` and `sync` make writes durable in order"),
        );
    }
}

/// Atomic writes need an engine that can ask for them; without writes there is nothing to ask for.
pub(super) fn check_atomic(plan: &mut JobPlan, job: &mut Job<'_>) {
    if plan.files.atomic {
        need_ability(Ability::AtomicWrites, "atomic", "write atomically", plan, job);
        plan.files.atomic &= plan.pattern.rw.write;
    }
}

fn need_ability(ability: Ability, option: &str, what: &str, plan: &JobPlan, job: &mut Job<'_>) {
    let engine = &plan.engine.name;
    if !can(engine, ability) {
        let able: Vec<String> =
            engines_that_can(ability).iter().map(|name| format!("`{name}`")).collect();
        job.report(
            option,
            Diagnostic::error(format!("`ioengine={engine}` cannot {what}"))
                .code(Code::ENGINE_CANNOT)
                .help(format!("engines that can: {}", able.join(", "))),
        );
    }
}

/// Threads of the job submit for it only if the engine lets them.
pub(super) fn check_offload(plan: &JobPlan, job: &mut Job<'_>) {
    let engine = &plan.engine.name;
    if plan.engine.submit == SubmitMode::Offload && !can(engine, Ability::Offload) {
        job.report(
            "io_submit_mode",
            Diagnostic::error(format!("`ioengine={engine}` cannot submit from several threads"))
                .code(Code::ENGINE_CANNOT)
                .label("`io_submit_mode=offload` gives each request in flight a thread")
                .help("use a synchronous engine, or leave `io_submit_mode` out"),
        );
    }
}

/// Requests overlap harmfully only if there are several in flight and one writes.
pub(super) fn serialize_writes_only(plan: &mut JobPlan) {
    let rw = plan.pattern.rw;
    let several = plan.engine.iodepth > 1 || plan.engine.submit == SubmitMode::Offload;
    plan.engine.serialize_overlap &= several && (rw.write || rw.trim);
}

/// Depths lie within that of the queue.
pub(super) fn bound_depths(plan: &mut JobPlan) {
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

/// One request at a time stays one, whatever the depth, unless others submit.
pub(super) fn explain_depth(plan: &JobPlan, job: &mut Job<'_>) {
    let offloaded = plan.engine.submit == SubmitMode::Offload;
    if plan.engine.iodepth > 1 && job.engine.inline && !offloaded {
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

/// What cannot seek cannot be read twice.
pub(super) fn check_pre_read(plan: &mut JobPlan, job: &mut Job<'_>) {
    if plan.files.pre_read && !can(&plan.engine.name, Ability::Seek) {
        plan.files.pre_read = false;
        job.report(
            "pre_read",
            Diagnostic::warning(format!(
                "`pre_read` has no effect with `ioengine={}`",
                plan.engine.name
            ))
            .code(Code::PRE_READ_WITHOUT_SEEK)
            .label("this engine cannot go back to the beginning"),
        );
    }
}
