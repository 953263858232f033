//! Rules about caches and flushes.

use fiord_base::Quantity;

use super::Job;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{JobPlan, SyncMode};
use crate::value::Value;

pub(super) fn look(job: &mut Job<'_, '_>) {
    flush_without_writes(job);
    direct_and_buffered(job);
    direct_on_mapping(job);
    pre_read_past_cache(job);
    cache_not_dropped(job);
    writes_never_flushed(job);
    polling_needs_direct(job);
}

fn flush_without_writes(job: &mut Job<'_, '_>) {
    const OPTIONS: [&str; 6] =
        ["fsync", "fdatasync", "sync_file_range", "write_barrier", "end_fsync", "end_syncfs"];
    let rw = job.plan.pattern.rw;
    if rw.write || job.replays() {
        return;
    }
    for option in OPTIONS {
        if job.is_on(option) {
            let text = format!("`{option}` has no effect with `rw={}`", rw.name());
            job.idle(
                option,
                Diagnostic::warning(text)
                    .code(Code::FLUSH_WITHOUT_WRITES)
                    .label("this job does not write"),
            );
        }
    }
}

fn direct_and_buffered(job: &mut Job<'_, '_>) {
    let same = job.value("direct").is_some() && job.value("direct") == job.value("buffered");
    if same && job.has_beside("direct", "buffered") {
        job.trap(
            "buffered",
            Diagnostic::warning("`direct` and `buffered` contradict each other")
                .code(Code::DIRECT_AND_BUFFERED)
                .label("one is the opposite of the other")
                .help("keep the one that is meant; the last one decides"),
        );
    }
}

fn direct_on_mapping(job: &mut Job<'_, '_>) {
    let option = if job.is_on("direct") { "direct" } else { "buffered" };
    if job.engine() == "mmap" && job.plan.files.direct {
        job.idle(
            option,
            Diagnostic::warning("direct I/O has no meaning with `ioengine=mmap`")
                .code(Code::DIRECT_ON_MAPPING)
                .label("a mapping is the page cache")
                .help("use another engine, or delete it"),
        );
    }
}

fn pre_read_past_cache(job: &mut Job<'_, '_>) {
    if !job.plan.files.pre_read {
        return;
    }
    if job.plan.files.direct {
        job.idle(
            "pre_read",
            Diagnostic::warning("`pre_read` has no effect with `direct=1`")
                .code(Code::PRE_READ_PAST_CACHE)
                .label("it fills the page cache, which this job does not use"),
        );
    }
    if job.value("invalidate") == Some(Value::Bool(true)) {
        job.idle(
            "invalidate",
            Diagnostic::warning("`invalidate` has no effect beside `pre_read`")
                .code(Code::PRE_READ_AND_INVALIDATE)
                .label("what was read ahead is not dropped"),
        );
    }
}

fn cache_not_dropped(job: &mut Job<'_, '_>) {
    let files = &job.plan.files;
    let cached = !files.direct && !files.pre_read && job.plan.pattern.rw.read;
    let kept = job.value("invalidate") == Some(Value::Bool(false));
    if cached && kept && job.uses_paths() {
        job.trap(
            "invalidate",
            Diagnostic::warning("reads may come from memory")
                .code(Code::CACHE_NOT_DROPPED)
                .label("what is in the page cache stays there")
                .help("delete it, or add `direct=1`"),
        );
    }
}

fn writes_never_flushed(job: &mut Job<'_, '_>) {
    let plan = job.plan;
    let rw = plan.pattern.rw;
    let measures_writes = rw.write && !rw.read && !rw.trim && !plan.files.create_only;
    let cached = !plan.files.direct && plan.files.sync == SyncMode::None && !is_flushed(plan);
    let past_memory = matches!(
        plan.region.size,
        Some(Quantity::Bytes(size)) if size >= job.host.memory_bytes.saturating_mul(2)
    );
    let verified = job.is_on("verify") || job.is_on("verify_pattern");
    let other = job.engine() == "mmap" || job.is_on("atomic") || job.replays();
    if measures_writes
        && cached
        && !past_memory
        && !verified
        && !other
        && job.uses_paths()
        && !job.only_pseudo_targets()
        && !prepares_for_others(job)
    {
        job.trap(
            "rw",
            Diagnostic::warning("buffered writes are never flushed")
                .code(Code::WRITES_NEVER_FLUSHED)
                .label("this measures memory more than storage")
                .help("add `end_fsync=1`, or `direct=1`"),
        );
    }
}

fn polling_needs_direct(job: &mut Job<'_, '_>) {
    let polls = matches!(job.engine(), "io_uring" | "pvsync2") && job.is_on("hipri");
    if polls && !job.plan.files.direct {
        job.trap(
            "hipri",
            Diagnostic::warning("completions are polled for direct I/O only")
                .code(Code::POLLING_NEEDS_DIRECT)
                .label("other requests fail or are not polled")
                .help("add `direct=1`, or delete it"),
        );
    }
}

fn is_flushed(plan: &JobPlan) -> bool {
    let flush = &plan.flush;
    flush.fsync_every > 0
        || flush.fdatasync_every > 0
        || flush.range_every > 0
        || flush.end_fsync
        || flush.fsync_on_close
        || flush.end_syncfs
}

/// A job that writes what later ones read is no measurement of writes. Readers are looked for among
/// the jobs that follow next: there may be a hundred thousand.
fn prepares_for_others(job: &Job<'_, '_>) -> bool {
    let names = &job.plan.files.names;
    let mut later = job.run.jobs.iter().skip(job.number + 1).take(1000);
    !names.is_empty() && later.any(|other| other.pattern.rw.read && other.files.names == *names)
}
