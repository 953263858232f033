//! Lowering of the options of recording and replay.

use std::num::NonZeroU32;

use super::Job;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{JobPlan, MergePlan, MergedTrace, ReplayPlan};
use crate::table::ReplayOptions;

/// `replay_time_scale` if none is given.
const AS_RECORDED_PERCENT: NonZeroU32 = NonZeroU32::MIN.saturating_add(99);

/// Fills the plan.
pub(super) fn lower_replay(options: ReplayOptions, plan: &mut JobPlan, job: &mut Job<'_>) {
    let ReplayOptions {
        write_iolog,
        read_iolog,
        read_iolog_chunked,
        replay_no_stall,
        replay_redirect,
        replay_scale,
        replay_align,
        replay_time_scale,
        replay_skip,
        merge_blktrace_file,
        merge_blktrace_scalars,
        merge_blktrace_iters,
    } = options;
    plan.write_iolog = write_iolog;
    if replay_align.is_some_and(|align| !align.is_power_of_two()) {
        job.report(
            "replay_align",
            Diagnostic::error("`replay_align` has to be a power of two")
                .code(Code::REPLAY_ALIGNMENT)
                .label("such as 4k"),
        );
    }
    let Some(sources) = read_iolog else {
        if merge_blktrace_file.is_some() {
            job.report(
                "merge_blktrace_file",
                Diagnostic::error("there are no traces to merge")
                    .code(Code::NOTHING_TO_MERGE)
                    .help("name them: `read_iolog=TRACE:TRACE`"),
            );
        }
        return;
    };
    let merge = merge_blktrace_file.map(|output| {
        let scalars = merge_blktrace_scalars.unwrap_or_default();
        let repeats = merge_blktrace_iters.unwrap_or_default();
        one_per_trace("merge_blktrace_scalars", scalars.len(), sources.len(), job);
        one_per_trace("merge_blktrace_iters", repeats.len(), sources.len(), job);
        let whole = |list: &[f64], trace: usize, unset: u64| {
            list.get(trace).map_or(unset, |number| *number as u64)
        };
        let traces = (0..sources.len())
            .map(|trace| MergedTrace {
                time_percent: whole(&scalars, trace, 100),
                repeats: whole(&repeats, trace, 1).max(1),
            })
            .collect();
        MergePlan { output, traces }
    });
    *plan.replay = Some(ReplayPlan {
        sources,
        chunked: read_iolog_chunked.unwrap_or(false),
        no_stall: replay_no_stall.unwrap_or(false),
        redirect: replay_redirect,
        offset_divisor: replay_scale.and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN),
        align_bytes: replay_align.and_then(NonZeroU32::new),
        speed_percent: replay_time_scale.and_then(NonZeroU32::new).unwrap_or(AS_RECORDED_PERCENT),
        skip: replay_skip.unwrap_or_default(),
        merge,
    });
}

/// A list says something about each trace, or about none.
fn one_per_trace(option: &str, entries: usize, traces: usize, job: &mut Job<'_>) {
    if entries != 0 && entries != traces {
        job.report(
            option,
            Diagnostic::error(format!("`{option}` does not fit the traces"))
                .code(Code::MERGE_LIST_LENGTH)
                .label(format!("{entries} numbers for {traces} traces")),
        );
    }
}
