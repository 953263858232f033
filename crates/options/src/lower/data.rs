//! Lowering of the options of write buffers, and the bytes of patterns.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::Job;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{DataPlan, DedupePlan, DedupeSource, Fill, JobPlan};
use crate::table::{DataOptions, DedupeMode};
use crate::value::{PatternPiece, assemble};

/// `buffer_compress_chunk` if none is given.
const COMPRESS_CHUNK_BYTES: u32 = 512;
/// `dedupe_working_set_percentage` if none is given.
const WORKING_SET_PERCENT: u32 = 5;

/// Fills the plan.
pub(super) fn lower_data(options: DataOptions, plan: &mut JobPlan, job: &mut Job<'_>) {
    let DataOptions {
        zero_buffers,
        refill_buffers,
        scramble_buffers,
        buffer_pattern,
        buffer_compress_percentage,
        buffer_compress_chunk,
        dedupe_percentage,
        dedupe_global,
        dedupe_mode,
        dedupe_working_set_percentage,
    } = options;
    let percent = buffer_compress_percentage.unwrap_or(0);
    let fill = match buffer_pattern {
        Some(pieces) => Fill::Pattern(pattern("buffer_pattern", &pieces, job).0),
        None if zero_buffers == Some(true) || percent == 100 => Fill::Zero,
        None => Fill::Random,
    };
    let chunk_bytes = buffer_compress_chunk.unwrap_or(COMPRESS_CHUNK_BYTES);
    let source = match dedupe_mode.unwrap_or_default() {
        DedupeMode::Repeat => DedupeSource::Previous,
        DedupeMode::WorkingSet => DedupeSource::WorkingSet {
            size_percent: dedupe_working_set_percentage.unwrap_or(WORKING_SET_PERCENT),
            shared: dedupe_global.unwrap_or(false),
        },
    };
    // Data that is all pattern or zeroes has no other buffers to repeat.
    let compress_percent = if percent == 100 { 0 } else { percent };
    let dedupe = dedupe_percentage
        .filter(|&share| share > 0 && percent < 100)
        .map(|percent| DedupePlan { percent, source });
    // What each buffer holds is drawn anew; a pattern would be lost where reads use the buffer.
    let mixed = compress_percent > 0 || dedupe.is_some();
    let lost = matches!(fill, Fill::Pattern(_)) && plan.pattern.rw.is_mixed();
    // Who asks for no duplicates at all does not want the same few buffers over and over, either.
    let none_repeat = dedupe_percentage == Some(0);
    let refill = refill_buffers.unwrap_or(mixed || lost || none_repeat);
    // Data that was asked for is altered only on request; fresh data need not be. Stamps would spoil
    // what is made to compress or to repeat.
    let made = mixed || percent == 100;
    let scramble = scramble_buffers.unwrap_or(fill == Fill::Random) && !refill && !made;
    let chunk_bytes = Some(chunk_bytes).filter(|&bytes| bytes > 0);
    *plan.data = DataPlan { fill, refill, scramble, compress_percent, chunk_bytes, dedupe };
}

/// The bytes of a pattern, and where offsets stand in them.
pub(super) fn pattern(
    option: &str,
    pieces: &[PatternPiece],
    job: &mut Job<'_>,
) -> (Vec<u8>, Vec<usize>) {
    let read = |name: &[u8], _: usize| (job.host.read_file)(Path::new(OsStr::from_bytes(name)));
    assemble(pieces, read).unwrap_or_else(|error| {
        let message = format!("`{option}` cannot be used: {error}");
        job.report(option, Diagnostic::error(message).code(Code::PATTERN_UNUSABLE));
        Default::default()
    })
}
