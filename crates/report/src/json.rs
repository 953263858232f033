//! The JSON document: fio's keys in fio's order, and what is new under `fiord`.
//!
//! One document per call, valid on its own: status dumps and the final report alike. `json+` adds
//! the histogram bins to each latency object that has percentiles.

use fiord_measure::report::ReportSettings;
use fiord_measure::{DirectionReport, DiskReport, JobReport, Priorities, RunReport, Samples};

use crate::COMPATIBLE_VERSION;
use crate::blocks;
use crate::disks::mean_of_members;
use crate::groups::{self, GroupTotals, Record, Row, Shown};
use crate::json_fiord;
use crate::json_latency::{Detail, latency, percents};
use crate::json_writer::JsonWriter;
use crate::shares::{self, BATCH_LABELS, DEPTH_LABELS, LATENCY_LABELS};

/// What `eta` holds when nobody knows; fio's value for that.
const ETA_UNKNOWN: u64 = i32::MAX as u64;

/// The whole document, ended by a line feed.
pub(crate) fn render(report: &RunReport, detail: Detail) -> String {
    let records = groups::records(&report.jobs);
    let totals = groups::totals(&records);
    let mut json = JsonWriter::new();
    json.string("fio version", COMPATIBLE_VERSION);
    json.integer("timestamp", report.timestamp_ms / 1000);
    json.integer("timestamp_ms", report.timestamp_ms);
    json.string("time", &report.time_text);
    options(&mut json, "global options", &report.global_options);
    json.array("jobs", |json| {
        for record in &records {
            let totals = groups::totals_of(&totals, &record.report);
            json.push_object(|json| job(json, record, totals, detail));
        }
    });
    if report.disk_util && !report.disks.is_empty() {
        json.array("disk_util", |json| {
            for entry in &report.disks {
                disk(json, entry);
            }
        });
    }
    json.object("fiord", |json| json_fiord::run(json, report));
    json.finish()
}

/// Options as typed, "" for those without a value; left out if there are none.
fn options(json: &mut JsonWriter, key: &str, options: &[(String, String)]) {
    if options.is_empty() {
        return;
    }
    json.object(key, |json| {
        for (name, value) in options {
            json.string(name, value);
        }
    });
}

fn job(json: &mut JsonWriter, record: &Record<'_>, totals: Option<&GroupTotals>, detail: Detail) {
    let job = &record.report;
    json.string("jobname", &job.name);
    json.integer("groupid", u64::from(job.group));
    json.integer("job_start", job.job_start_ms);
    json.signed("error", i64::from(job.error));
    json.integer("eta", job.eta_s.unwrap_or(ETA_UNKNOWN));
    json.integer("elapsed", job.elapsed_s);
    options(json, "job options", &job.options);
    let shown = Shown::from(&job.settings);
    for (row, result) in groups::rows(job) {
        if row == Row::Mixed && shown == Shown::Both {
            sync(json, job, detail);
        }
        let rate = totals.map_or(0, |totals| totals.row(row).bandwidth());
        json.object(row.name(), |json| direction(json, &result, &job.settings, rate, detail));
    }
    if shown == Shown::Apart {
        sync(json, job, detail);
    }
    machine(json, job);
    if job.settings.continue_on_error {
        json.integer("total_err", job.total_errors);
        json.signed("first_error", i64::from(job.first_error));
    }
    if job.iodepth > 0 {
        let goal = &job.latency_goal;
        json.integer("latency_depth", u64::from(job.iodepth));
        json.integer("latency_target", goal.target_ns);
        json.integer("latency_target_ns", goal.target_ns);
        json.float("latency_percentile", goal.percentile);
        json.integer("latency_window", goal.window_us);
        json.integer("latency_window_us", goal.window_us);
    }
    if let Some(description) = &job.description {
        json.string("desc", description);
    }
    if let Some(followed) = &job.blocks {
        json.object("block", |json| blocks::json(json, followed, &job.settings.percentiles));
    }
    json.object("fiord", |json| json_fiord::record(json, record, detail));
}

fn direction(
    json: &mut JsonWriter,
    result: &DirectionReport,
    settings: &ReportSettings,
    group_rate: u64,
    detail: Detail,
) {
    let rate = result.bytes_per_second();
    json.integer("io_bytes", result.bytes);
    json.integer("io_kbytes", result.bytes / 1024);
    json.integer("bw_bytes", rate);
    json.integer("bw", rate / 1024);
    json.float("iops", result.iops());
    json.integer("runtime", result.runtime_ms);
    json.integer("total_ios", result.ios);
    json.integer("short_ios", result.short_ios);
    json.integer("drop_ios", result.drop_ios);
    let kinds = [
        ("slat_ns", &result.slat, settings.slat_percentiles),
        ("clat_ns", &result.clat, settings.clat_percentiles),
        ("lat_ns", &result.lat, settings.lat_percentiles),
    ];
    for (key, value, shown) in kinds {
        json.object(key, |json| latency(json, value, percents(settings, shown), detail));
    }
    priorities(json, &result.priorities, settings, detail);
    let bw = &result.bw;
    let (min, max) = extremes(bw);
    json.integer("bw_min", min);
    json.integer("bw_max", max);
    json.float("bw_agg", shares::of_group(bw, group_rate));
    json.float("bw_mean", bw.mean);
    json.float("bw_dev", bw.stddev);
    json.integer("bw_samples", bw.count);
    let iops = &result.iops;
    let (min, max) = extremes(iops);
    json.integer("iops_min", min);
    json.integer("iops_max", max);
    json.float("iops_mean", iops.mean);
    json.float("iops_stddev", iops.stddev);
    json.integer("iops_samples", iops.count);
}

/// Latencies by priority; nothing where all requests had the same one.
fn priorities(
    json: &mut JsonWriter,
    priorities: &Priorities,
    settings: &ReportSettings,
    detail: Detail,
) {
    if priorities.shown().next().is_none() {
        return;
    }
    let (key, shown) = match priorities.of_lat {
        true => ("lat_ns", settings.lat_percentiles),
        false => ("clat_ns", settings.clat_percentiles),
    };
    json.array("prios", |json| {
        for (priority, value) in priorities.shown() {
            json.push_object(|json| {
                json.integer("prioclass", u64::from(priority.class));
                json.integer("prio", u64::from(priority.level));
                json.integer("priohint", u64::from(priority.hint));
                json.object(key, |json| latency(json, value, percents(settings, shown), detail));
            });
        }
    });
}

fn extremes(samples: &Samples) -> (u64, u64) {
    if samples.count == 0 { (0, 0) } else { (samples.min, samples.max) }
}

/// Flushes. Their percentiles follow those of the data directions.
fn sync(json: &mut JsonWriter, job: &JobReport, detail: Detail) {
    let settings = &job.settings;
    let shown = settings.clat_percentiles || settings.lat_percentiles;
    json.object("sync", |json| {
        json.integer("total_ios", job.sync_ios);
        json.object("lat_ns", |json| latency(json, &job.sync, percents(settings, shown), detail));
    });
}

/// CPU, depths and latency ranges.
fn machine(json: &mut JsonWriter, job: &JobReport) {
    let (user, system) = shares::cpu(job);
    json.integer("job_runtime", job.runtime_ms);
    json.float("usr_cpu", user);
    json.float("sys_cpu", system);
    json.integer("ctx", job.context_switches);
    json.integer("majf", job.major_faults);
    json.integer("minf", job.minor_faults);
    let mut table = |key: &str, labels: &[&str], values: &[f64]| {
        json.object(key, |json| {
            for (label, value) in labels.iter().zip(values) {
                json.float(label, *value);
            }
        });
    };
    table("iodepth_level", &DEPTH_LABELS, &shares::depths(job));
    table("iodepth_submit", &BATCH_LABELS, &shares::batches(&job.submits));
    table("iodepth_complete", &BATCH_LABELS, &shares::batches(&job.completes));
    let (ns, us, ms) = shares::latencies(job);
    table("latency_ns", &LATENCY_LABELS, &ns);
    table("latency_us", &LATENCY_LABELS, &us);
    table("latency_ms", &LATENCY_LABELS, &ms);
}

/// A disk, then the members of a stacked one as entries of their own.
fn disk(json: &mut JsonWriter, entry: &DiskReport) {
    json.push_object(|json| {
        json.string("name", &entry.name);
        let names = [
            ["read_ios", "write_ios"],
            ["read_sectors", "write_sectors"],
            ["read_merges", "write_merges"],
            ["read_ticks", "write_ticks"],
        ];
        pairs(json, entry, &names);
        json.integer("in_queue", entry.in_queue_ms);
        json.float("util", entry.util_percent);
        if !entry.members.is_empty() {
            let mean = mean_of_members(entry);
            // fio spells one of them without s, and programs read that.
            let names = [
                ["aggr_read_ios", "aggr_write_ios"],
                ["aggr_read_sectors", "aggr_write_sectors"],
                ["aggr_read_merges", "aggr_write_merge"],
                ["aggr_read_ticks", "aggr_write_ticks"],
            ];
            pairs(json, &mean, &names);
            json.integer("aggr_in_queue", mean.in_queue_ms);
            json.float("aggr_util", mean.util_percent);
        }
    });
    for member in &entry.members {
        disk(json, member);
    }
}

fn pairs(json: &mut JsonWriter, disk: &DiskReport, names: &[[&str; 2]; 4]) {
    let values = [disk.ios, disk.sectors, disk.merges, disk.ticks_ms];
    for (names, values) in names.iter().zip(values) {
        for (name, value) in names.iter().zip(values) {
            json.integer(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_texts_leave_a_valid_document() {
        let text = "a\"b\\\u{1}\nc;".to_owned();
        let pairs = vec![(text.clone(), text.clone())];
        let mut job = JobReport {
            name: text.clone(),
            description: Some(text.clone()),
            ..JobReport::default()
        };
        job.options.clone_from(&pairs);
        job.effective.clone_from(&pairs);
        let report = RunReport {
            jobs: vec![job],
            global_options: pairs.clone(),
            environment: pairs,
            time_text: text.clone(),
            ..RunReport::default()
        };
        let document = render(&report, Detail::Bins);
        let value: serde_json::Value = serde_json::from_str(&document).unwrap();
        assert_eq!(value["jobs"][0]["jobname"], text);
        assert_eq!(value["jobs"][0]["fiord"]["options"][&text], text);
        assert!(document.starts_with("{\n") && document.ends_with("\n}\n"));
    }
}
