//! Files of samples over time.

use super::group::option_group;
use super::typed::from_word;
use super::{CPUS, Choice, FromValue, INT, OptionDef, ValueKind};
use crate::plan::{IdRanges, LogFile, WindowValue};
use crate::value::Value;

const LOG_WINDOW_VALUE: &[Choice] = &[
    Choice::new("avg", "mean of the window"),
    Choice::new("max", "largest value of the window"),
    Choice::new("both", "both, in two columns"),
    Choice::same("0", "avg"),
    Choice::same("1", "max"),
];

from_word! {
    WindowValue {
        "avg" => WindowValue::Mean,
        "max" => WindowValue::Max,
        "both" => WindowValue::Both,
    }
}

impl FromValue for LogFile {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Nothing => Some(LogFile { prefix: None }),
            Value::Text(text) => Some(LogFile { prefix: Some(text.clone()) }),
            _ => None,
        }
    }
}

option_group! {
    /// Files of samples over time.
    LogOptions, LOGS;

    [per_job_logs: bool; planned] OptionDef::new("per_job_logs", ValueKind::Bool, "Put the job number into log file names")
        .default("1").category("Logging");
    [write_bw_log: LogFile; planned] OptionDef::new(
        "write_bw_log",
        ValueKind::OptionalText,
        "Enable bandwidth log, optional file prefix",
    )
        .syntax("no value or prefix").category("Logging");
    [write_lat_log: LogFile; planned] OptionDef::new(
        "write_lat_log",
        ValueKind::OptionalText,
        "Enable latency logs, optional file prefix",
    )
        .syntax("no value or prefix").category("Logging");
    [write_iops_log: LogFile; planned] OptionDef::new(
        "write_iops_log",
        ValueKind::OptionalText,
        "Enable IOPS log, optional file prefix",
    )
        .syntax("no value or prefix").category("Logging");
    [log_entries: u32; planned] OptionDef::new(
        "log_entries",
        ValueKind::Int { min: 1024, max: 1048576 },
        "Initial in-memory entries per log",
    )
        .default("1024").category("Logging");
    [log_avg_msec: u32; planned] OptionDef::new("log_avg_msec", INT, "Log one averaged entry per interval")
        .default("0").syntax("ms").category("Logging");
    [log_hist_msec: u32; planned] OptionDef::new("log_hist_msec", INT, "Interval of latency histogram dumps")
        .default("0").syntax("ms").category("Logging");
    [log_hist_coarseness: u32; planned] OptionDef::new(
        "log_hist_coarseness",
        ValueKind::Int { min: 0, max: 6 },
        "Halve histogram bins this many times",
    )
        .default("0").category("Logging");
    [write_hist_log: LogFile; planned] OptionDef::new(
        "write_hist_log",
        ValueKind::OptionalText,
        "Enable histogram log, optional file prefix",
    )
        .syntax("no value or prefix").category("Logging");
    [log_window_value: WindowValue; planned] OptionDef::new(
        "log_window_value",
        ValueKind::Choice(LOG_WINDOW_VALUE),
        "Record mean, peak or both per averaging window",
    )
        .alias(&["log_max_value"]).default("avg").since("3.37").category("Logging");
    [log_offset: bool; planned] OptionDef::new("log_offset", ValueKind::Bool, "Add file offsets to log lines")
        .default("0").category("Logging");
    [log_prio: bool; planned] OptionDef::new(
        "log_prio",
        ValueKind::Bool,
        "Log the full I/O priority instead of a 0/1 flag",
    )
        .default("0").category("Logging");
    [log_issue_time: bool; planned] OptionDef::new("log_issue_time", ValueKind::Bool, "Add issue time to slat/clat log lines")
        .default("0").since("3.38").category("Logging");
    [log_compression: u32; planned] OptionDef::new(
        "log_compression",
        ValueKind::Int { min: 1024, max: 536870912 },
        "Compress in-memory logs in chunks of this size",
    )
        .category("Logging");
    [log_compression_cpus: IdRanges; planned] OptionDef::new("log_compression_cpus", CPUS, "CPUs for log compression workers")
        .syntax("0-3,7").parent("log_compression").category("Logging");
    [log_store_compressed: bool; planned] OptionDef::new("log_store_compressed", ValueKind::Bool, "Keep log files compressed on disk")
        .category("Logging");
    [log_alternate_epoch: bool; planned] OptionDef::new(
        "log_alternate_epoch",
        ValueKind::Bool,
        "Base log time stamps on an absolute clock",
    )
        .alias(&["log_unix_epoch"]).category("Logging");
    [log_alternate_epoch_clock_id: u32; planned] OptionDef::new("log_alternate_epoch_clock_id", INT, "Clock used by log_alternate_epoch")
        .idle("0").category("Logging");
    [block_error_percentiles: bool] OptionDef::new(
        "block_error_percentiles",
        ValueKind::Bool,
        "Collect trim-block lifetime percentiles",
    )
        .default("0").category("Logging");
    [bwavgtime: u32] OptionDef::new("bwavgtime", INT, "Bandwidth sampling interval")
        .default("500").syntax("ms").parent("write_bw_log").category("Logging");
    [iopsavgtime: u32] OptionDef::new("iopsavgtime", INT, "IOPS sampling interval")
        .default("500").syntax("ms").parent("write_iops_log").category("Logging");
}
