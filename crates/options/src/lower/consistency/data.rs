//! Rules of the contents of buffers, of replay, and of statistics of blocks.

use super::super::Job;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{DedupePlan, DedupeSource, JobPlan, ReplayPlan};

/// The name of a job file that is read from the standard input.
const STDIN: &str = "standard input";

/// Applies all rules.
pub(super) fn make_consistent(plan: &mut JobPlan, job: &mut Job<'_>) {
    check_working_set(plan, job);
    check_block_errors(plan, job);
    keep_the_recording(plan, job);
    read_input_once(plan, job);
}

/// The buffers of the set are made before the job from its size, for one file.
fn check_working_set(plan: &JobPlan, job: &mut Job<'_>) {
    let Some(DedupePlan { percent, source }) = plan.data.dedupe else { return };
    let DedupeSource::WorkingSet { size_percent, .. } = source else { return };
    if plan.region.size.is_none() {
        job.report(
            "dedupe_mode",
            Diagnostic::error("`dedupe_mode=working_set` needs `size`")
                .code(Code::WORKING_SET_WITHOUT_SIZE)
                .label("the set is a share of it"),
        );
    }
    if plan.files.count > 1 {
        job.report(
            "dedupe_mode",
            Diagnostic::error("`dedupe_mode=working_set` needs a single file")
                .code(Code::WORKING_SET_OF_FILES)
                .label(format!("this job has {}", plan.files.count)),
        );
    }
    if percent + size_percent > 100 {
        job.report(
            "dedupe_percentage",
            Diagnostic::error(format!("{percent} percent of duplicates cannot be reached"))
                .code(Code::DEDUPE_ABOVE_POSSIBLE)
                .label(format!("{size_percent} percent are the distinct buffers of the set"))
                .help("lower `dedupe_percentage` or `dedupe_working_set_percentage`"),
        );
    }
}

fn check_block_errors(plan: &JobPlan, job: &mut Job<'_>) {
    if plan.stats.block_error_percentiles && plan.files.count != 1 {
        job.report(
            "block_error_percentiles",
            Diagnostic::error("`block_error_percentiles` needs a single file")
                .code(Code::BLOCK_ERRORS_OF_FILES)
                .label(format!("this job has {}", plan.files.count)),
        );
    }
}

/// What is replayed is recorded already.
fn keep_the_recording(plan: &mut JobPlan, job: &mut Job<'_>) {
    if plan.replay.is_some() && plan.write_iolog.take().is_some() {
        job.report(
            "write_iolog",
            Diagnostic::note("`write_iolog` has no effect with `read_iolog`")
                .code(Code::RECORDING_OF_REPLAY),
        );
    }
}

/// The standard input holds either the job or the recording.
fn read_input_once(plan: &JobPlan, job: &mut Job<'_>) {
    let reads_input = |replay: &ReplayPlan| replay.sources.iter().any(|s| s == "-");
    let job_from_input = job.section.origin().source().name == STDIN;
    if job_from_input && plan.replay.as_ref().is_some_and(reads_input) {
        job.report(
            "read_iolog",
            Diagnostic::error("the standard input cannot be replayed")
                .code(Code::INPUT_READ_TWICE)
                .label("the job file is read from it")
                .help("put one of the two into a file"),
        );
    }
}
