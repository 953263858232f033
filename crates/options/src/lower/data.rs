//! Lowering of the options of buffers, of verification and of recordings.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::Job;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{DataPlan, Fill, JobPlan};
use crate::table::{DataOptions, ReplayOptions, VerifyOptions};
use crate::value::{PatternPiece, assemble};

/// Fills the plan.
pub(super) fn lower_data(options: DataOptions, plan: &mut JobPlan, job: &mut Job<'_>) {
    let DataOptions {
        zero_buffers,
        refill_buffers,
        scramble_buffers,
        buffer_pattern,
        dedupe_global,
    } = options;
    let fill = match buffer_pattern {
        Some(pieces) => Fill::Pattern(pattern(&pieces, job)),
        None if zero_buffers == Some(true) => Fill::Zero,
        None => Fill::Random,
    };
    let refill = refill_buffers.unwrap_or(false);
    // Data that was asked for is altered only on request; fresh data need not be.
    let scramble = scramble_buffers.unwrap_or(fill == Fill::Random) && !refill;
    *plan.data = DataPlan { fill, refill, scramble, dedupe_global: dedupe_global.unwrap_or(false) };
}

fn pattern(pieces: &[PatternPiece], job: &mut Job<'_>) -> Vec<u8> {
    let read = |name: &[u8], _: usize| (job.host.read_file)(Path::new(OsStr::from_bytes(name)));
    match assemble(pieces, read) {
        Ok((bytes, _)) => bytes,
        Err(error) => {
            let message = format!("`buffer_pattern` cannot be used: {error}");
            job.report("buffer_pattern", Diagnostic::error(message).code(Code::PATTERN_UNUSABLE));
            Vec::new()
        }
    }
}

/// Fills the plan.
pub(super) fn lower_replay(options: ReplayOptions, plan: &mut JobPlan) {
    let ReplayOptions { write_iolog } = options;
    plan.write_iolog = write_iolog;
}

/// Nothing of this group is built.
pub(super) fn lower_verify(options: VerifyOptions) {
    let VerifyOptions {} = options;
}
