//! Rules about verification.

use fiord_base::Quantity;

use super::Job;
use crate::diagnostic::{Code, Diagnostic};
use crate::value::Value;

pub(super) fn look(job: &mut Job<'_, '_>) {
    let verifies = job.is_on("verify") || job.is_on("verify_pattern");
    let checks = job.value("do_verify") != Some(Value::Bool(false));
    if verifies && checks && job.plan.pattern.rw.write {
        repeated_blocks(job);
        shared_file(job);
        never_reads(job);
    }
}

fn repeated_blocks(job: &mut Job<'_, '_>) {
    if job.plan.pattern.rw.random
        && job.plan.engine.iodepth > 1
        && job.is_on("norandommap")
        && !job.is_on("serialize_overlap")
    {
        job.trap(
            "norandommap",
            Diagnostic::warning("blocks that are verified may be written several times")
                .code(Code::VERIFY_REPEATED_BLOCKS)
                .label("two writes of a block may be in flight at once")
                .help("delete it, or add `serialize_overlap=1`"),
        );
    }
}

fn shared_file(job: &mut Job<'_, '_>) {
    let plan = job.plan;
    if plan.clones > 1
        && !plan.files.names.is_empty()
        && plan.files.directories.len() < 2
        && plan.region.offset_increment == Quantity::Bytes(0)
        && !job.is_word("zonemode", "zbd")
    {
        job.trap(
            "numjobs",
            Diagnostic::warning("clones overwrite what the others verify")
                .code(Code::VERIFY_SHARED_FILE)
                .label(format!("{} clones write to the same file", plan.clones))
                .help("add `offset_increment`, or leave out `filename`"),
        );
    }
}

fn never_reads(job: &mut Job<'_, '_>) {
    if job.plan.limits.time_based && !job.plan.pattern.rw.read && !job.is_on("verify_backlog") {
        job.trap(
            "verify",
            Diagnostic::warning("nothing is verified")
                .code(Code::VERIFY_NEVER_READS)
                .label("a `time_based` job writes until its time is over")
                .help("add `verify_backlog`, or delete `time_based`"),
        );
    }
}
