//! The parts of the JSON document that are fiord's own; `docs/json-schema/fiord-1.json` describes
//! them.
//!
//! New members are in bytes and nanoseconds. Under group_reporting fio's entry names the first
//! clone and sums the rest; here each clone keeps its own record.

use fiord_base::PerDirection;
use fiord_measure::{
    DirectionReport, JobReport, MismatchClass, MismatchRecord, RunReport, SkipReason,
};

use crate::groups::{self, Record};
use crate::json_latency::{Detail, latency, percents};
use crate::json_writer::JsonWriter;
use crate::shares::DEPTH_LABELS;

/// Name of the schema; changes only when members change their meaning or disappear.
pub const SCHEMA: &str = "fiord-1";

/// Members of the root's `fiord`.
pub(crate) fn run(json: &mut JsonWriter, report: &RunReport) {
    json.string("version", env!("CARGO_PKG_VERSION"));
    json.string("schema", SCHEMA);
    json.string("state", if report.interim { "running" } else { "ended" });
    json.array("messages", |json| {
        for message in &report.messages {
            json.push_object(|json| {
                json.string("severity", message.severity.name());
                if let Some(job) = &message.job {
                    json.string("jobname", job);
                }
                json.string("text", &message.text);
            });
        }
    });
    pairs(json, "environment", &report.environment);
    validity(json, report);
    json.array("jobs", |json| {
        for job in &report.jobs {
            json.push_object(|json| clone(json, job));
        }
    });
}

/// Members of `fiord` in an entry of `jobs`.
pub(crate) fn record(json: &mut JsonWriter, record: &Record<'_>, detail: Detail) {
    let (common, own) = split_options(&record.clones);
    json.array("members", |json| {
        for (job, own) in record.clones.iter().zip(&own) {
            json.push_object(|json| {
                identity(json, job);
                if !own.is_empty() {
                    pairs(json, "options", own);
                }
            });
        }
    });
    pairs(json, "options", &common);
    let job = &record.report;
    json.object("errors", |json| {
        json.integer("total", job.total_errors);
        json.signed("first", i64::from(job.first_error));
        json.integer(
            "members_failed",
            record.clones.iter().filter(|job| failed(job)).count() as u64,
        );
    });
    overflow(json, &job.directions);
    response(json, job, detail);
    verification(json, job);
}

/// What verification has found, for jobs that verify.
fn verification(json: &mut JsonWriter, job: &JobReport) {
    let Some(found) = &job.verification else { return };
    json.object("verify", |json| {
        json.integer("blocks_checked", found.checked);
        json.integer("blocks_skipped", found.total_skipped());
        json.object("skipped", |json| {
            for (reason, count) in SkipReason::ALL.iter().zip(found.skipped) {
                if count > 0 {
                    json.integer(reason.name(), count);
                }
            }
        });
        json.integer("blocks_wrong", found.total_mismatches());
        json.object("wrong", |json| {
            for (class, count) in MismatchClass::ALL.iter().zip(found.mismatches) {
                if count > 0 {
                    json.integer(class.name(), count);
                }
            }
        });
        json.array("mismatches", |json| {
            for record in &found.records {
                json.push_object(|json| mismatch(json, record));
            }
        });
    });
}

fn mismatch(json: &mut JsonWriter, record: &MismatchRecord) {
    json.string("file", &record.file);
    json.integer("offset", record.offset);
    json.integer("length", record.length);
    json.integer("request_offset", record.request_offset);
    json.integer("request_length", record.request_length);
    json.string("class", record.class.unwrap_or(MismatchClass::Damaged).name());
    let mut optional = |name: &str, value: Option<u64>| {
        if let Some(value) = value {
            json.integer(name, value);
        }
    };
    optional("first_byte", record.first_byte);
    optional("differing_bits", record.differing_bits);
    optional("expected_number", record.expected_number);
    optional("expected_seed", record.expected_seed);
    if let Some(found) = &record.found {
        json.object("found", |json| {
            json.integer("number", found.number);
            json.integer("seed", found.seed);
            json.integer("offset", found.offset);
            json.integer("length", found.length);
            json.integer("time_ns", found.time_ns);
            json.integer("thread_number", found.thread);
        });
    }
}

/// Response times and schedule lag, for jobs that have a schedule.
fn response(json: &mut JsonWriter, job: &JobReport, detail: Detail) {
    let rows: Vec<_> = groups::rows(job)
        .into_iter()
        .filter_map(|(row, result)| Some((row.name(), result.response?)))
        .collect();
    if rows.is_empty() {
        return;
    }
    let settings = &job.settings;
    let shown = settings.clat_percentiles || settings.lat_percentiles;
    json.object("response_ns", |json| {
        for (name, response) in &rows {
            json.object(name, |json| {
                latency(json, &response.latency, percents(settings, shown), detail);
            });
        }
    });
    json.object("schedule_lag_ns", |json| {
        for (name, response) in &rows {
            json.object(name, |json| {
                json.float("mean", response.lag.mean_ns());
                json.integer("max", response.lag.max_ns);
                json.integer("late", response.lag.late);
            });
        }
    });
}

fn failed(job: &JobReport) -> bool {
    job.error != 0 || job.signal != 0
}

fn identity(json: &mut JsonWriter, job: &JobReport) {
    json.string("jobname", &job.name);
    json.integer("thread_number", u64::from(job.thread_number));
    json.integer("pid", u64::from(job.pid));
    json.integer("groupid", u64::from(job.group));
    json.signed("error", i64::from(job.error));
    if job.signal != 0 {
        json.signed("signal", i64::from(job.signal));
    }
    if !job.error_text.is_empty() {
        json.string("error_text", &job.error_text);
    }
}

fn clone(json: &mut JsonWriter, job: &JobReport) {
    identity(json, job);
    for (direction, result) in job.directions.iter() {
        json.object(direction.name(), |json| {
            json.integer("io_bytes", result.bytes);
            json.integer("total_ios", result.ios);
            json.integer("bw_bytes", result.bytes_per_second());
            json.integer("runtime_ns", result.runtime_ms.saturating_mul(1_000_000));
        });
    }
}

/// What is known of how far the run was what was asked for.
fn validity(json: &mut JsonWriter, report: &RunReport) {
    let reached = |job: &JobReport| job.depths.iter().rposition(|count| *count > 0);
    let measured: Vec<_> =
        report.jobs.iter().filter_map(|job| reached(job).map(|bin| (job, bin))).collect();
    if measured.is_empty() {
        return;
    }
    json.object("validity", |json| {
        json.array("depth_effective", |json| {
            for (job, bin) in measured {
                json.push_object(|json| {
                    json.string("jobname", &job.name);
                    json.integer("thread_number", u64::from(job.thread_number));
                    json.integer("iodepth", u64::from(job.iodepth));
                    json.string("highest_level", DEPTH_LABELS[bin]);
                });
            }
        });
    });
}

/// Completions too late for the histogram: percentiles understate them. Left out if there are none.
fn overflow(json: &mut JsonWriter, directions: &PerDirection<DirectionReport>) {
    let late: Vec<_> = directions
        .iter()
        .map(|(direction, result)| {
            let response = result.response.as_ref().map(|response| &response.latency);
            let kinds = [Some(&result.clat), Some(&result.lat), response];
            let overflows = kinds.into_iter().flatten().map(|kind| kind.histogram.overflow());
            (direction, overflows.max().unwrap_or(0))
        })
        .filter(|(_, count)| *count > 0)
        .collect();
    if late.is_empty() {
        return;
    }
    json.object("latency_overflow", |json| {
        json.integer("limit_ns", fiord_measure::histogram::OVERFLOW_NS);
        for (direction, count) in late {
            json.integer(direction.name(), count);
        }
    });
}

fn pairs(json: &mut JsonWriter, key: &str, pairs: &[(String, String)]) {
    json.object(key, |json| {
        for (name, value) in pairs {
            json.string(name, value);
        }
    });
}

type Options = Vec<(String, String)>;

/// Effective options that all clones share, and for each clone those in which it differs.
fn split_options(clones: &[&JobReport]) -> (Options, Vec<Options>) {
    let Some((first, others)) = clones.split_first() else { return Default::default() };
    // Clones of one section come with identical lists: no need to look each option up.
    if others.iter().all(|job| job.effective == first.effective) {
        return (first.effective.clone(), vec![Vec::new(); clones.len()]);
    }
    let common: Options = first
        .effective
        .iter()
        .filter(|option| others.iter().all(|job| job.effective.contains(option)))
        .cloned()
        .collect();
    let own = clones
        .iter()
        .map(|job| job.effective.iter().filter(|it| !common.contains(it)).cloned().collect())
        .collect();
    (common, own)
}
