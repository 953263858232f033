//! Rules about what is written.

use super::Job;
use crate::diagnostic::{Code, Diagnostic};
use crate::value::Value;

pub(super) fn look(job: &mut Job<'_, '_>) {
    writes_zeroes(job);
    data_chosen_twice(job);
    same_data_again(job);
}

fn writes_zeroes(job: &mut Job<'_, '_>) {
    let carried = !job.engine_facts().is_some_and(|facts| facts.no_data);
    if carried
        && job.plan.pattern.rw.write
        && job.is_on("zero_buffers")
        && !job.is_on("buffer_pattern")
    {
        job.trap(
            "zero_buffers",
            Diagnostic::warning("zeroes are easier to write than other data")
                .code(Code::WRITES_ZEROES)
                .label("much storage compresses or skips them")
                .help("delete it, or use `buffer_compress_percentage`"),
        );
    }
}

fn data_chosen_twice(job: &mut Job<'_, '_>) {
    let (zeroes, pattern) = (job.is_on("zero_buffers"), job.is_on("buffer_pattern"));
    let mixed = job.is_on("buffer_compress_percentage") || job.is_on("dedupe_percentage");
    if zeroes && pattern {
        job.idle("zero_buffers", chosen_twice("zero_buffers", "buffer_pattern"));
    }
    if job.is_on("refill_buffers") && (zeroes || pattern) && !mixed {
        let other = if pattern { "buffer_pattern" } else { "zero_buffers" };
        job.idle("refill_buffers", chosen_twice("refill_buffers", other));
    }
}

fn same_data_again(job: &mut Job<'_, '_>) {
    let made = ["buffer_compress_percentage", "dedupe_percentage"];
    let made = made.into_iter().find(|option| job.is_on(option));
    if let Some(option) = made
        && job.plan.pattern.rw.write
        && job.value("refill_buffers") == Some(Value::Bool(false))
    {
        job.trap(
            "refill_buffers",
            Diagnostic::warning("the same few buffers are written again and again")
                .code(Code::SAME_DATA_AGAIN)
                .label(format!("`{option}` would make new data for each write"))
                .help("delete it"),
        );
    }
}

fn chosen_twice(option: &str, other: &str) -> Diagnostic {
    Diagnostic::warning(format!("`{option}` has no effect beside `{other}`"))
        .code(Code::DATA_CHOSEN_TWICE)
        .label(format!("`{other}` decides what is written"))
}
