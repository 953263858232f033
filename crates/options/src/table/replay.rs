//! Recording of requests and replay of recorded ones.

use std::ffi::OsString;

use super::group::option_group;
use super::{INT, INT_MAX, OptionDef, TEXT, ValueKind, floats};

option_group! {
    /// Recording of requests and replay of recorded ones.
    ReplayOptions, REPLAY;

    [write_iolog: OsString] OptionDef::new("write_iolog", TEXT, "Record issued I/O to this file")
        .category("I/O/Recording and replay");
    [] OptionDef::new("read_iolog", TEXT, "Replay I/O from this fio log or blktrace file")
        .category("I/O/Recording and replay");
    [] OptionDef::new("read_iolog_chunked", ValueKind::Bool, "Load the replay log piecewise")
        .default("0").parent("read_iolog").category("I/O/Recording and replay");
    [] OptionDef::new("replay_no_stall", ValueKind::Bool, "Ignore time gaps while replaying")
        .default("0").parent("read_iolog").category("I/O/Recording and replay");
    [] OptionDef::new("replay_redirect", TEXT, "Replay everything against this device")
        .parent("read_iolog").category("I/O/Recording and replay");
    [] OptionDef::new("replay_scale", INT, "Divide replayed offsets by this")
        .default("1").parent("read_iolog").category("I/O/Recording and replay");
    [] OptionDef::new("replay_align", INT, "Align replayed offsets to this power of two")
        .parent("read_iolog").category("I/O/Recording and replay");
    [] OptionDef::new(
        "replay_time_scale",
        ValueKind::Int { min: 1, max: INT_MAX },
        "Percentage speed of replay timing",
    )
        .default("100").parent("read_iolog").category("I/O/Recording and replay");
    [] OptionDef::new("replay_skip", TEXT, "Operation kinds dropped from replay")
        .syntax("read,write,trim,sync list").parent("read_iolog").category("I/O/Recording and replay");
    [] OptionDef::new("merge_blktrace_file", TEXT, "Output file when several traces are merged")
        .category("I/O/Recording and replay");
    [] OptionDef::new(
        "merge_blktrace_scalars",
        floats(0.0, f64::MAX, 20),
        "Per-trace time scale percentages",
    )
        .syntax("a:b:c one per trace").category("I/O/Recording and replay");
    [] OptionDef::new("merge_blktrace_iters", floats(0.0, f64::MAX, 20), "Per-trace repeat counts")
        .syntax("a:b:c one per trace").category("I/O/Recording and replay");
}
