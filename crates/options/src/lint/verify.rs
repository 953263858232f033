//! Rules about verification. What lowering warns of (shared files, time that leaves no verification,
//! blocks of several sizes) is not repeated here.

use super::Job;
use crate::diagnostic::{Code, Diagnostic};
use crate::value::Value;

pub(super) fn look(job: &mut Job<'_, '_>) {
    let verifies = job.is_on("verify") || job.is_on("verify_pattern");
    let checks = job.value("do_verify") != Some(Value::Bool(false));
    if verifies && checks && job.plan.pattern.rw.write {
        repeated_blocks(job);
    }
}

fn repeated_blocks(job: &mut Job<'_, '_>) {
    let (min, max) = (&job.plan.blocks.min.0, &job.plan.blocks.max.0);
    let one_size = min.iter().chain(max).all(|size| *size == min[0]);
    if one_size
        && job.plan.pattern.rw.random
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
