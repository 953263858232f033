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
        && made(job).is_none()
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

/// The option that asks for data that compress or repeat to a known degree.
fn made(job: &Job<'_, '_>) -> Option<&'static str> {
    let options = ["buffer_compress_percentage", "dedupe_percentage"];
    options.into_iter().find(|option| job.is_on(option))
}

fn data_chosen_twice(job: &mut Job<'_, '_>) {
    let (zeroes, pattern) = (job.is_on("zero_buffers"), job.is_on("buffer_pattern"));
    let compresses = job.is_on("buffer_compress_percentage");
    let made = made(job);
    match made {
        _ if zeroes && pattern => {
            job.idle("zero_buffers", chosen_twice("zero_buffers", "buffer_pattern"));
        }
        Some(other) if zeroes => job.idle("zero_buffers", chosen_twice("zero_buffers", other)),
        _ => {}
    }
    if compresses && job.is_on("dedupe_percentage") && job.plan.data.dedupe.is_none() {
        let other = "buffer_compress_percentage";
        job.idle("dedupe_percentage", chosen_twice("dedupe_percentage", other));
    }
    if pattern && !compresses && job.is_on("dedupe_percentage") {
        job.idle("buffer_pattern", chosen_twice("buffer_pattern", "dedupe_percentage"));
    }
    if job.is_on("refill_buffers") && (zeroes || pattern) && made.is_none() {
        let other = if pattern { "buffer_pattern" } else { "zero_buffers" };
        job.idle("refill_buffers", chosen_twice("refill_buffers", other));
    }
}

fn same_data_again(job: &mut Job<'_, '_>) {
    if let Some(option) = made(job)
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
