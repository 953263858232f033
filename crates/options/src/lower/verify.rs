//! Lowering of the options of verification.

use super::{Job, data};
use crate::plan::{JobPlan, VerifyKind, VerifyPattern, VerifyPlan, VerifyTrimPlan};
use crate::table::VerifyOptions;

/// Fills the plan. Intervals and checks that other options decide are settled with the consistency.
pub(super) fn lower_verify(options: VerifyOptions, plan: &mut JobPlan, job: &mut Job<'_>) {
    let VerifyOptions {
        verify,
        do_verify,
        verify_policy,
        verify_interval,
        verify_offset,
        verify_pattern,
        verify_pattern_interval,
        verify_fatal,
        verify_dump,
        verify_async,
        verify_backlog,
        verify_backlog_batch,
        verify_async_cpus,
        experimental_verify,
        verify_state_load,
        verify_state_save,
        verify_journal,
        verify_write_sequence,
        verify_header_seed,
        trim_percentage,
        trim_verify_zero,
        trim_backlog,
        trim_backlog_batch,
    } = options;
    if let Some(cpus) = &verify_async_cpus {
        job.need_cpus("verify_async_cpus", cpus);
    }
    let pattern = verify_pattern.map(|pieces| {
        let (bytes, offsets_at) = data::pattern("verify_pattern", &pieces, job);
        let restart_bytes = verify_pattern_interval.filter(|&bytes| bytes > 0);
        VerifyPattern { bytes, offsets_at, restart_bytes }
    });
    // A pattern alone asks for its verification.
    let kind = verify.unwrap_or(pattern.is_some().then_some(VerifyKind::Pattern));
    let at_least_one = |blocks: &u64| *blocks > 0;
    let batch = |blocks: &u32| *blocks > 0;
    *plan.verify = VerifyPlan {
        kind,
        read_back: do_verify.unwrap_or(true),
        interval_bytes: verify_interval,
        header_offset_bytes: verify_offset.unwrap_or(0),
        pattern,
        fatal: verify_fatal.unwrap_or(false),
        dump: verify_dump.unwrap_or(false),
        check_threads: verify_async.unwrap_or(0),
        check_cpus: verify_async_cpus,
        backlog_blocks: verify_backlog.filter(at_least_one),
        backlog_batch_blocks: verify_backlog_batch.filter(batch),
        regenerate: experimental_verify.unwrap_or(false),
        check_write_number: verify_write_sequence.unwrap_or(true),
        check_header_seed: verify_header_seed.unwrap_or(true),
        state_load: verify_state_load.unwrap_or(false),
        state_save: verify_state_save.unwrap_or(true),
        state_policy: verify_policy.unwrap_or_default(),
        journal: verify_journal.unwrap_or_default(),
        trim: VerifyTrimPlan {
            percent: trim_percentage.unwrap_or(0),
            expect_zeroes: trim_verify_zero.unwrap_or(true),
            backlog_blocks: trim_backlog.filter(at_least_one),
            backlog_batch_blocks: trim_backlog_batch.filter(batch),
        },
    };
}
