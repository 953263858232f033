//! Rules about requests in flight.

use super::Job;
use crate::diagnostic::{Code, Diagnostic};

pub(super) fn look(job: &mut Job<'_, '_>) {
    batch_above_depth(job);
    overlap_cannot_happen(job);
    buffered_libaio(job);
    flush_below_depth(job);
}

fn batch_above_depth(job: &mut Job<'_, '_>) {
    const OPTIONS: [&str; 4] = [
        "iodepth_batch",
        "iodepth_batch_complete_min",
        "iodepth_batch_complete_max",
        "iodepth_low",
    ];
    let depth = job.plan.engine.iodepth;
    for option in OPTIONS {
        if job.number(option).is_some_and(|number| number > u64::from(depth)) {
            job.idle(
                option,
                Diagnostic::warning(format!("`{option}` is above `iodepth`"))
                    .code(Code::BATCH_ABOVE_DEPTH)
                    .label(format!("it is cut to {depth}"))
                    .help("raise `iodepth`, or lower this"),
            );
        }
    }
}

fn overlap_cannot_happen(job: &mut Job<'_, '_>) {
    let rw = job.plan.pattern.rw;
    let reason = match (rw.write || rw.trim, job.plan.engine.iodepth) {
        (false, _) => "reads may overlap",
        (true, 1) => "one request at a time overlaps nothing",
        _ => return,
    };
    let otherwise = job.replays() || job.is_word("io_submit_mode", "offload");
    if job.is_on("serialize_overlap") && !otherwise {
        job.idle(
            "serialize_overlap",
            Diagnostic::warning("`serialize_overlap` has no effect in this job")
                .code(Code::OVERLAP_CANNOT_HAPPEN)
                .label(reason),
        );
    }
}

fn buffered_libaio(job: &mut Job<'_, '_>) {
    let rw = job.plan.pattern.rw;
    let transfers = rw.read || rw.write;
    if job.engine() == "libaio"
        && job.plan.engine.iodepth > 1
        && !job.plan.files.direct
        && transfers
        && !job.only_pseudo_targets()
    {
        job.trap(
            "ioengine",
            Diagnostic::warning("`libaio` without `direct=1` does one request at a time")
                .code(Code::BUFFERED_LIBAIO)
                .label("each submission waits for its request")
                .help("add `direct=1`, or use `io_uring`"),
        );
    }
}

fn flush_below_depth(job: &mut Job<'_, '_>) {
    let synchronous = job.engine_facts().is_some_and(|facts| facts.inline || facts.diskless);
    let depth = job.plan.engine.iodepth;
    if synchronous || !job.plan.pattern.rw.write {
        return;
    }
    let flush = &job.plan.flush;
    for (option, every) in [("fsync", flush.fsync_every), ("fdatasync", flush.fdatasync_every)] {
        if every > 0 && every < depth {
            job.trap(
                option,
                Diagnostic::warning(format!(
                    "a flush after every {every} writes with {depth} writes in flight"
                ))
                .code(Code::FLUSH_BELOW_DEPTH)
                .label("it covers only writes that have completed")
                .help("use `sync=dsync`, or `iodepth=1`, or flush less often"),
            );
        }
    }
}
