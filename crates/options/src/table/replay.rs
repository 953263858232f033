//! Recording of requests and replay of recorded ones.

use super::group::option_group;
use super::{Choice, FromValue, INT, INT_MAX, OptionDef, TEXT, ValueKind, floats};
use crate::names::{Names, Text};
use crate::plan::ReplaySkip;
use crate::value::Value;

const REPLAY_SKIP: &[Choice] = &[
    Choice::new("read", "reads"),
    Choice::new("write", "writes"),
    Choice::new("trim", "trims"),
    Choice::new("sync", "flushes"),
];

impl FromValue for ReplaySkip {
    fn from_value(value: &Value) -> Option<Self> {
        let Value::ChoiceSet { words, .. } = value else { return None };
        let has = |word: &str| words.contains(&word);
        Some(ReplaySkip {
            read: has("read"),
            write: has("write"),
            trim: has("trim"),
            sync: has("sync"),
        })
    }
}

option_group! {
    /// Recording of requests and replay of recorded ones.
    ReplayOptions, REPLAY;

    [write_iolog: Text] OptionDef::new("write_iolog", TEXT, "Record issued I/O to this file")
        .category("I/O/Recording and replay");
    [read_iolog: Names; planned] OptionDef::new("read_iolog", ValueKind::Names, "Replay I/O from this fio log or blktrace file")
        .category("I/O/Recording and replay");
    [read_iolog_chunked: bool; planned] OptionDef::new("read_iolog_chunked", ValueKind::Bool, "Load the replay log piecewise")
        .default("0").parent("read_iolog").category("I/O/Recording and replay");
    [replay_no_stall: bool; planned] OptionDef::new("replay_no_stall", ValueKind::Bool, "Ignore time gaps while replaying")
        .default("0").parent("read_iolog").category("I/O/Recording and replay");
    [replay_redirect: Text; planned] OptionDef::new("replay_redirect", TEXT, "Replay everything against this device")
        .parent("read_iolog").category("I/O/Recording and replay");
    [replay_scale: u32; planned] OptionDef::new("replay_scale", INT, "Divide replayed offsets by this")
        .default("1").parent("read_iolog").category("I/O/Recording and replay");
    [replay_align: u32; planned] OptionDef::new("replay_align", INT, "Align replayed offsets to this power of two")
        .parent("read_iolog").category("I/O/Recording and replay");
    [replay_time_scale: u32; planned] OptionDef::new(
        "replay_time_scale",
        ValueKind::Int { min: 1, max: INT_MAX },
        "Percentage speed of replay timing",
    )
        .default("100").parent("read_iolog").category("I/O/Recording and replay");
    [replay_skip: ReplaySkip; planned] OptionDef::new("replay_skip", ValueKind::ChoiceSet { choices: REPLAY_SKIP, counted: false }, "Operation kinds dropped from replay")
        .syntax("read,write,trim,sync list").parent("read_iolog").category("I/O/Recording and replay");
    [merge_blktrace_file: Text; planned] OptionDef::new("merge_blktrace_file", TEXT, "Output file when several traces are merged")
        .category("I/O/Recording and replay");
    [merge_blktrace_scalars: Vec<f64>; planned] OptionDef::new(
        "merge_blktrace_scalars",
        floats(0.0, f64::MAX, 20),
        "Per-trace time scale percentages",
    )
        .syntax("a:b:c one per trace").category("I/O/Recording and replay");
    [merge_blktrace_iters: Vec<f64>; planned] OptionDef::new("merge_blktrace_iters", floats(0.0, f64::MAX, 20), "Per-trace repeat counts")
        .syntax("a:b:c one per trace").category("I/O/Recording and replay");
}
