//! Lowering of the options of logs: files of samples over time.

use super::Job;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{HistogramLog, JobPlan, LogCompression, LogFile, LogsPlan, SampleLog};
use crate::table::LogOptions;

/// Sampling period if none is given.
const SAMPLE_MS: u32 = 500;
/// `log_entries` if none is given.
const ENTRIES: u32 = 1024;

/// Fills the plan.
pub(super) fn lower_logs(options: LogOptions, plan: &mut JobPlan, job: &mut Job<'_>) {
    let LogOptions {
        per_job_logs,
        write_bw_log,
        write_lat_log,
        write_iops_log,
        log_entries,
        log_avg_msec,
        log_hist_msec,
        log_hist_coarseness,
        write_hist_log,
        log_window_value,
        log_offset,
        log_prio,
        log_issue_time,
        log_compression,
        log_compression_cpus,
        log_store_compressed,
        log_alternate_epoch,
        log_alternate_epoch_clock_id,
        block_error_percentiles,
        bwavgtime,
        iopsavgtime,
    } = options;
    let window_ms = log_avg_msec.filter(|&ms| ms > 0);
    let sampled = |file: Option<LogFile>, period: Option<u32>| {
        (period_ms(file.is_some(), window_ms, period), sample_log(file, window_ms, period))
    };
    let (bw_period_ms, bandwidth) = sampled(write_bw_log, bwavgtime);
    let (iops_period_ms, iops) = sampled(write_iops_log, iopsavgtime);
    plan.stats.bw_period_ms = bw_period_ms;
    plan.stats.iops_period_ms = iops_period_ms;
    plan.stats.block_error_percentiles = block_error_percentiles.unwrap_or(false);
    if let Some(cpus) = &log_compression_cpus {
        job.need_cpus("log_compression_cpus", cpus);
    }
    *plan.logs = LogsPlan {
        bandwidth,
        latency: write_lat_log.map(|file| SampleLog { file, window_ms }),
        iops,
        histogram: write_hist_log.map(|file| HistogramLog {
            file,
            period_ms: log_hist_msec.unwrap_or(0),
            coarseness: log_hist_coarseness.unwrap_or(0),
        }),
        per_job: per_job_logs.unwrap_or(true),
        window_value: log_window_value.unwrap_or_default(),
        offset: log_offset.unwrap_or(false),
        priority: log_prio.unwrap_or(false),
        issue_time: log_issue_time.unwrap_or(false),
        entries_initial: log_entries.unwrap_or(ENTRIES),
        compression: log_compression.map(|chunk_bytes| LogCompression {
            chunk_bytes,
            cpus: log_compression_cpus,
            store: log_store_compressed.unwrap_or(false),
        }),
        epoch_clock_id: (log_alternate_epoch == Some(true))
            .then_some(log_alternate_epoch_clock_id.unwrap_or(0)),
    };
    check_issue_time(plan, job);
}

/// How often a quantity is sampled: as asked for, else as often as its log is written.
fn period_ms(logged: bool, window_ms: Option<u32>, period: Option<u32>) -> u32 {
    match (period, window_ms) {
        (Some(period), _) => period,
        (None, Some(window)) if logged => window,
        _ => SAMPLE_MS,
    }
}

/// A sample cannot stand for a longer time than the log's line does.
fn sample_log(
    file: Option<LogFile>,
    window_ms: Option<u32>,
    period: Option<u32>,
) -> Option<SampleLog> {
    let window_ms = window_ms.map(|window| match period {
        Some(period) if period > 0 => window.min(period),
        _ => window,
    });
    file.map(|file| SampleLog { file, window_ms })
}

fn check_issue_time(plan: &JobPlan, job: &mut Job<'_>) {
    let logs = &plan.logs;
    if logs.issue_time && (logs.latency.is_none() || !logs.offset) {
        job.report(
            "log_issue_time",
            Diagnostic::error("`log_issue_time` needs `write_lat_log` and `log_offset=1`")
                .code(Code::ISSUE_TIME_NEEDS_LOG)
                .help("add them, or leave it out"),
        );
    }
}
