//! Rules of verification: what a job has to have, and which checks cannot hold for it.

use fiord_base::{Direction, Quantity};

use super::super::Job;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{JobPlan, VERIFY_HEADER_BYTES, VerifyKind, ZonesPlan};
use crate::value::Value;

/// Applies all rules. Sizes are known, and the random map is still as asked for.
pub(super) fn make_consistent(plan: &mut JobPlan, job: &mut Job<'_>) {
    let Some(kind) = plan.verify.kind else { return };
    settle_interval(plan);
    check_interval(plan, kind, job);
    refill_buffers(plan, kind, job);
    drop_impossible_checks(plan, job);
    warn_of_sharing(plan, job);
    warn_of_no_end(plan, job);
}

/// Headers have to stand at the same distance in blocks of every size.
fn settle_interval(plan: &mut JobPlan) {
    if plan.blocks.unaligned {
        plan.verify.interval_bytes = None;
        return;
    }
    let (min, max) = (plan.blocks.min[Direction::Write], plan.blocks.max[Direction::Write]);
    let cap = if plan.pattern.rw.read { plan.blocks.min[Direction::Read] } else { min };
    let unset = if min == max { 0 } else { min };
    let interval = plan.verify.interval_bytes.unwrap_or(unset).min(cap);
    let divides = |size: u64| interval != 0 && size.is_multiple_of(interval);
    let interval = if divides(min) && divides(max) { interval } else { common_divisor(min, max) };
    plan.verify.interval_bytes = Some(interval);
}

fn common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

/// The header has to fit, wherever it stands; so has the checksum behind it. fio checks the header
/// only, and then writes beyond the end of the block.
fn check_interval(plan: &JobPlan, kind: VerifyKind, job: &mut Job<'_>) {
    let verify = &plan.verify;
    let interval = verify.interval_bytes.unwrap_or(plan.blocks.min[Direction::Write]);
    let private = kind.private_bytes().unwrap_or(0);
    let needed = verify.header_offset_bytes + VERIFY_HEADER_BYTES + private;
    // Something has to be left for data, if they are written.
    let with_data = needed + u64::from(plan.pattern.rw.write && kind.private_bytes().is_some());
    if with_data <= interval {
        return;
    }
    let option = if verify.header_offset_bytes > 0 { "verify_offset" } else { "verify" };
    let message = if verify.header_offset_bytes > 0 {
        "the verification header does not fit behind `verify_offset`"
    } else {
        "the verification header does not fit into a block"
    };
    job.report(
        option,
        Diagnostic::error(message)
            .code(Code::VERIFY_HEADER_TOO_LARGE)
            .label(format!("{with_data} bytes are needed, an interval has {interval}"))
            .help("use larger blocks, or sizes with a larger common divisor"),
    );
}

/// What is checked must be as the seed in the header says. Nothing is checked of `null`.
fn refill_buffers(plan: &mut JobPlan, kind: VerifyKind, job: &Job<'_>) {
    if job.settings.value("refill_buffers").is_none() && kind != VerifyKind::Null {
        plan.data.refill = true;
    }
    plan.data.scramble = false;
}

/// The number and the seed of a write can be foretold only if each block is written once, in an
/// order that the reader knows.
fn drop_impossible_checks(plan: &mut JobPlan, job: &Job<'_>) {
    let overlap = may_overlap(plan);
    let only = job.settings.value("verify_only") == Some(&Value::Bool(true));
    let zone_resets = match &*plan.zones {
        ZonesPlan::Device(zones) => zones.resets.is_some(),
        _ => false,
    };
    let verify = &mut plan.verify;
    if job.settings.value("verify_write_sequence").is_none() {
        // A saved state tells which write has to be there.
        verify.check_write_number &= !only || verify.state_load;
    }
    if job.settings.value("verify_header_seed").is_none() {
        let fresh = plan.pattern.rw.write && verify.backlog_blocks.is_none() && !zone_resets;
        verify.check_header_seed &= fresh && !only && !overlap;
    }
}

/// True if a block may be written twice in one pass.
fn may_overlap(plan: &JobPlan) -> bool {
    let pattern = &plan.pattern;
    let again = match (plan.region.size, plan.region.io_size) {
        (Some(Quantity::Bytes(size)), Some(Quantity::Bytes(amount))) => amount > size,
        _ => false,
    };
    !pattern.random_map
        || pattern.soft_random_map
        || pattern.run_length > 1
        || pattern.sequential_gap != 0
        || again
}

/// Clones that write to the same place destroy each other's data.
fn warn_of_sharing(plan: &JobPlan, job: &mut Job<'_>) {
    let apart = match (plan.region.offset_increment, plan.region.size) {
        (Quantity::Bytes(step), Some(Quantity::Bytes(size))) => step >= size,
        _ => false,
    };
    let shared = plan.clones > 1 && !plan.files.names.is_empty() && !apart;
    if plan.pattern.rw.write && plan.verify.read_back && shared {
        job.report(
            "numjobs",
            Diagnostic::warning("clones verify blocks that others write at the same time, so the run will be refused")
                .code(Code::VERIFY_SHARED_FILE)
                .label("all of them write to the same files")
                .help("give each its own part with `offset_increment`, or its own file"),
        );
    }
}

fn warn_of_no_end(plan: &JobPlan, job: &mut Job<'_>) {
    let writes_only = plan.pattern.rw.write && !plan.pattern.rw.read;
    let verify = &plan.verify;
    if writes_only
        && plan.limits.time_based
        && plan.limits.runtime_ns.is_some()
        && verify.backlog_blocks.is_none()
        && verify.read_back
    {
        job.report(
            "time_based",
            Diagnostic::warning("nothing is read back: writing uses all of `runtime`")
                .code(Code::VERIFY_NEVER_READS)
                .help("verify while writing, with `verify_backlog`, or leave out `time_based`"),
        );
    }
}
