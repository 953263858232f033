//! What is measured, and how it is reported.

use super::group::option_group;
use super::{Choice, OptionDef, ValueKind, floats};
use crate::plan::Unified;

const UNIFIED_RW_REPORTING: &[Choice] = &[
    Choice::new("none", "directions apart"),
    Choice::new("mixed", "all directions together"),
    Choice::new("both", "apart and together"),
    Choice::same("0", "none"),
    Choice::same("1", "mixed"),
    Choice::same("2", "both"),
];

const KB_BASE: &[Choice] =
    &[Choice::new("1024", "k=1024, kib=1000"), Choice::new("1000", "k=1000, kib=1024")];

const UNIT_BASE: &[Choice] = &[
    Choice::new("0", "bits for network engines, else bytes"),
    Choice::new("8", "bytes"),
    Choice::new("1", "bits"),
];

option_group! {
    /// What is measured, and how it is reported.
    StatsOptions, STATS;

    [group_reporting: bool] OptionDef::new(
        "group_reporting",
        ValueKind::Flag,
        "Report one merged result per group",
    )
        .category("Statistics");
    [stats: bool] OptionDef::new("stats", ValueKind::Bool, "Collect statistics at all")
        .default("1").category("Statistics");
    [clat_percentiles: bool] OptionDef::new(
        "clat_percentiles",
        ValueKind::Bool,
        "Report completion latency percentiles",
    )
        .default("1").category("Statistics");
    [lat_percentiles: bool] OptionDef::new(
        "lat_percentiles",
        ValueKind::Bool,
        "Report total latency percentiles",
    )
        .default("0").category("Statistics");
    [slat_percentiles: bool] OptionDef::new(
        "slat_percentiles",
        ValueKind::Bool,
        "Report submission latency percentiles",
    )
        .default("0").category("Statistics");
    [percentile_list: Vec<f64>] OptionDef::new(
        "percentile_list",
        floats(0.0, 100.0, 20),
        "Percentiles to report, ascending",
    )
        .default("1:5:10:20:30:40:50:60:70:80:90:95:99:99.5:99.9:99.95:99.99")
        .syntax("ascending a:b:c, at most 20").category("Statistics");
    [significant_figures: u32] OptionDef::new(
        "significant_figures",
        ValueKind::Int { min: 1, max: 10 },
        "Digits in human-readable numbers",
    )
        .default("4").category("Statistics");
    [disk_util: bool] OptionDef::new("disk_util", ValueKind::Bool, "Collect disk statistics")
        .default("1").category("Statistics");
    [gtod_reduce: bool] OptionDef::new(
        "gtod_reduce",
        ValueKind::Bool,
        "Shortcut: disable latency and bandwidth measurement",
    )
        .default("0").category("Statistics");
    [disable_lat: bool] OptionDef::new(
        "disable_lat",
        ValueKind::Bool,
        "No total latency statistics",
    )
        .default("0").parent("gtod_reduce").category("Statistics");
    [disable_clat: bool] OptionDef::new(
        "disable_clat",
        ValueKind::Bool,
        "No completion latency statistics",
    )
        .default("0").parent("gtod_reduce").category("Statistics");
    [disable_slat: bool] OptionDef::new(
        "disable_slat",
        ValueKind::Bool,
        "No submission latency statistics",
    )
        .default("0").parent("gtod_reduce").category("Statistics");
    [disable_bw_measurement: bool] OptionDef::new(
        "disable_bw_measurement",
        ValueKind::Bool,
        "No bandwidth sampling",
    )
        .alias(&["disable_bw"]).default("0").parent("gtod_reduce").category("Statistics");
    [unified_rw_reporting: Unified] OptionDef::new(
        "unified_rw_reporting",
        ValueKind::Choice(UNIFIED_RW_REPORTING),
        "Merge directions in statistics",
    )
        .default("none").category("General");
    [kb_base: u32] OptionDef::new(
        "kb_base",
        ValueKind::Choice(KB_BASE),
        "Meaning of k/m/g prefixes",
    )
        .default("1024").syntax("evaluated first").category("General");
    [unit_base: u32] OptionDef::new(
        "unit_base",
        ValueKind::Choice(UNIT_BASE),
        "Report bytes or bits",
    )
        .syntax("evaluated first").category("General");
}
