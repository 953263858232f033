//! When requests go: think time, rates, latency targets, flows.

use fiord_base::PerDirection;

use super::group::option_group;
use super::{Choice, INT, OptionDef, Status, TimeUnit, ValueKind, floats, sizes};
use crate::plan::{RateSpacing, ThinkCount};
use crate::value::Nanos;

const THINKTIME_BLOCKS_TYPE: &[Choice] =
    &[Choice::new("complete", "completed requests"), Choice::new("issue", "issued requests")];

const RATE_PROCESS: &[Choice] = &[
    Choice::new("linear", "even spacing"),
    Choice::new("poisson", "exponentially distributed gaps"),
];

option_group! {
    /// When requests go: think time, rates, latency targets, flows.
    PacingOptions, PACING;

    [thinktime: Nanos] OptionDef::new(
        "thinktime",
        ValueKind::Time(TimeUnit::Micro),
        "Pause after each group of requests",
    )
        .default("0").category("I/O/Think time");
    [thinktime_spin: Nanos] OptionDef::new(
        "thinktime_spin",
        ValueKind::Time(TimeUnit::Micro),
        "Part of the pause spent spinning the CPU",
    )
        .default("0").parent("thinktime").category("I/O/Think time");
    [thinkcycles: u32] OptionDef::new("thinkcycles", INT, "CPU cycles burned between requests")
        .default("0").parent("thinktime").since("3.37").category("I/O/Think time");
    [thinktime_blocks: u32] OptionDef::new("thinktime_blocks", INT, "Requests between pauses")
        .default("1").parent("thinktime").category("I/O/Think time");
    [thinktime_blocks_type: ThinkCount] OptionDef::new(
        "thinktime_blocks_type",
        ValueKind::Choice(THINKTIME_BLOCKS_TYPE),
        "Count issued or completed requests",
    )
        .default("complete").parent("thinktime").category("I/O/Think time");
    [thinktime_iotime: Nanos] OptionDef::new(
        "thinktime_iotime",
        ValueKind::Time(TimeUnit::Second),
        "I/O time between pauses, alternative to the request count",
    )
        .default("0").parent("thinktime").category("I/O/Think time");
    [rate: PerDirection<Option<u64>>] OptionDef::new("rate", sizes(0), "Bandwidth cap per direction").idle("0").category("I/O/Rate");
    [rate_min: PerDirection<Option<u64>>] OptionDef::new("rate_min", sizes(0), "Bandwidth floor; falling below ends the job")
        .alias(&["ratemin"]).parent("rate").idle("0").category("I/O/Rate");
    [rate_iops: PerDirection<Option<u64>>] OptionDef::new(
        "rate_iops",
        ValueKind::Sizes { min: 0, max: u32::MAX as u64, directions: 3 },
        "Request rate cap per direction",
    )
        .idle("0").category("I/O/Rate");
    [rate_iops_min: PerDirection<Option<u64>>] OptionDef::new(
        "rate_iops_min",
        ValueKind::Sizes { min: 0, max: u32::MAX as u64, directions: 3 },
        "Request rate floor; falling below ends the job",
    )
        .parent("rate_iops").idle("0").category("I/O/Rate");
    [rate_process: RateSpacing] OptionDef::new(
        "rate_process",
        ValueKind::Choice(RATE_PROCESS),
        "Spacing of rate-limited requests",
    )
        .default("linear").parent("rate").category("I/O/Rate");
    [rate_cycle: u32] OptionDef::new("rate_cycle", INT, "Averaging window for floor checks")
        .alias(&["ratecycle"]).default("1000").parent("rate").category("I/O/Rate");
    [rate_ignore_thinktime: bool] OptionDef::new(
        "rate_ignore_thinktime",
        ValueKind::Bool,
        "Do not make up for think time when rate limiting",
    )
        .parent("rate").category("I/O/Rate");
    [max_latency: PerDirection<Option<Nanos>>] OptionDef::new(
        "max_latency",
        ValueKind::Times(TimeUnit::Micro),
        "Abort the job when a request takes longer",
    )
        .idle("0").category("I/O/Latency target");
    [latency_target: Nanos] OptionDef::new(
        "latency_target",
        ValueKind::Time(TimeUnit::Micro),
        "Find the deepest queue meeting this latency",
    )
        .idle("0").category("I/O/Latency target");
    [latency_window: Nanos] OptionDef::new(
        "latency_window",
        ValueKind::Time(TimeUnit::Micro),
        "Sampling time per latency_target step",
    )
        .idle("0").category("I/O/Latency target");
    [latency_percentile: Vec<f64>] OptionDef::new(
        "latency_percentile",
        floats(0.0, 100.0, 1),
        "Share of requests that must meet latency_target",
    )
        .default("100").category("I/O/Latency target");
    [latency_run: bool] OptionDef::new(
        "latency_run",
        ValueKind::Bool,
        "Keep adjusting after the target depth has been found",
    )
        .default("0").category("I/O/Latency target");
    [flow_id: u32] OptionDef::new("flow_id", INT, "Token-sharing flow this job belongs to")
        .default("0").category("I/O/Flow");
    [flow: u32] OptionDef::new(
        "flow",
        ValueKind::Int { min: 0, max: 1000 },
        "Proportional share within the flow",
    )
        .default("0").parent("flow_id").category("I/O/Flow");
    [] OptionDef::new("flow_watermark", ValueKind::Ignored, "Former option, accepted and ignored")
        .status(Status::NoOp).category("I/O/Flow");
    [flow_sleep: u32] OptionDef::new("flow_sleep", INT, "Sleep when the flow holds the job back")
        .default("0").syntax("us").parent("flow_id").category("I/O/Flow");
}
