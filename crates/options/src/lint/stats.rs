//! Rules about what is measured and logged.

use super::Job;
use crate::diagnostic::{Code, Diagnostic};

pub(super) fn look(job: &mut Job<'_, '_>) {
    percentiles_off(job);
    latency_not_measured(job);
    submission_of_sync_engine(job);
    log_of_each_request(job);
}

fn percentiles_off(job: &mut Job<'_, '_>) {
    let stats = &job.plan.stats;
    let none = !stats.clat_percentiles && !stats.lat_percentiles && !stats.slat_percentiles;
    if none && job.is_changed("percentile_list") {
        job.idle(
            "percentile_list",
            Diagnostic::warning("`percentile_list` has no effect in this job")
                .code(Code::PERCENTILES_OFF)
                .label("no percentiles are reported")
                .help("switch on `clat_percentiles` or `lat_percentiles`, or delete it"),
        );
    }
}

fn latency_not_measured(job: &mut Job<'_, '_>) {
    let stats = &job.plan.stats;
    let any = stats.lat || stats.clat || stats.slat;
    let asked = [
        ("lat_percentiles", stats.lat),
        ("clat_percentiles", stats.clat),
        ("slat_percentiles", stats.slat),
        ("write_lat_log", any),
        ("write_hist_log", stats.clat),
        ("max_latency", any),
        ("latency_target", any),
    ];
    let off = if stats.gtod_reduce { "`gtod_reduce` turns" } else { "`disable_..` turns" };
    for (option, measured) in asked {
        if !measured && job.setting(option).is_some() && job.value(option).is_some() {
            let wanted = job.is_on(option) || !option.ends_with("_percentiles");
            if wanted {
                job.idle(
                    option,
                    Diagnostic::warning(format!("`{option}` has nothing to go by"))
                        .code(Code::LATENCY_NOT_MEASURED)
                        .label(format!("{off} the measurement off")),
                );
            }
        }
    }
}

fn submission_of_sync_engine(job: &mut Job<'_, '_>) {
    let synchronous = job.engine_facts().is_some_and(|facts| facts.inline);
    if synchronous && job.plan.stats.slat_percentiles {
        job.idle(
            "slat_percentiles",
            Diagnostic::warning("`slat_percentiles` has no effect with a synchronous engine")
                .code(Code::SUBMISSION_OF_SYNC_ENGINE)
                .label(format!("`ioengine={}` submits nothing", job.engine()))
                .help("use `clat_percentiles`, or an asynchronous engine"),
        );
    }
}

fn log_of_each_request(job: &mut Job<'_, '_>) {
    if job.is_on("log_avg_msec") {
        return;
    }
    for option in ["write_bw_log", "write_iops_log"] {
        if job.setting(option).is_some() {
            job.trap(
                option,
                Diagnostic::warning(format!("`{option}` writes a row for each request"))
                    .code(Code::LOG_OF_EACH_REQUEST)
                    .label("each row has the rate of a single request")
                    .help("add `log_avg_msec=1000`"),
            );
        }
    }
}
