//! What write buffers hold.

use super::group::option_group;
use super::typed::from_word;
use super::{Choice, INT, OptionDef, ValueKind};
use crate::value::PatternPiece;

/// The value of `dedupe_mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DedupeMode {
    /// The buffer before.
    #[default]
    Repeat,
    /// One of a pool.
    WorkingSet,
}

const DEDUPE_MODE: &[Choice] =
    &[Choice::new("repeat", "the buffer before"), Choice::new("working_set", "one of a pool")];

from_word! {
    DedupeMode {
        "repeat" => DedupeMode::Repeat,
        "working_set" => DedupeMode::WorkingSet,
    }
}

option_group! {
    /// What write buffers hold.
    DataOptions, DATA;

    [zero_buffers: bool] OptionDef::new(
        "zero_buffers",
        ValueKind::Flag,
        "Fill write buffers with zeroes",
    )
        .category("I/O/Buffers");
    [refill_buffers: bool] OptionDef::new(
        "refill_buffers",
        ValueKind::Flag,
        "Refill write buffers before every write",
    )
        .category("I/O/Buffers");
    [scramble_buffers: bool] OptionDef::new(
        "scramble_buffers",
        ValueKind::Bool,
        "Cheaply alter buffers before every write",
    )
        .default("1").category("I/O/Buffers");
    [buffer_pattern: Vec<PatternPiece>] OptionDef::new(
        "buffer_pattern",
        ValueKind::Pattern { offsets: false },
        "Fixed fill pattern of write buffers",
    )
        .syntax("like verify_pattern without %o").category("I/O/Buffers");
    [buffer_compress_percentage: u32] OptionDef::new(
        "buffer_compress_percentage",
        ValueKind::Int { min: 0, max: 100 },
        "Target compressibility of write data",
    )
        .idle("0").category("I/O/Buffers");
    [buffer_compress_chunk: u32] OptionDef::new("buffer_compress_chunk", INT, "Granularity at which compressibility is mixed")
        .default("512").parent("buffer_compress_percentage").category("I/O/Buffers");
    [dedupe_percentage: u32] OptionDef::new(
        "dedupe_percentage",
        ValueKind::Int { min: 0, max: 100 },
        "Share of duplicate buffers",
    )
        .idle("0").category("I/O/Buffers");
    [dedupe_global: bool] OptionDef::new("dedupe_global", ValueKind::Bool, "Share the duplicate pool between jobs")
        .default("0").category("I/O/Buffers");
    [dedupe_mode: DedupeMode] OptionDef::new("dedupe_mode", ValueKind::Choice(DEDUPE_MODE), "How duplicates are chosen")
        .default("repeat").parent("dedupe_percentage").category("I/O/Buffers");
    [dedupe_working_set_percentage: u32] OptionDef::new(
        "dedupe_working_set_percentage",
        ValueKind::Int { min: 0, max: 100 },
        "Size of the pool of distinct buffers in working_set mode",
    )
        .default("5").parent("dedupe_percentage").category("I/O/Buffers");
}
