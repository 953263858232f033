//! Reads what fio wrote (`--output-format=normal,terse,json+`) back into a report, so that the same
//! results can be rendered and compared. Only for tests: it trusts its input.

use fiord_base::{DATA, Direction, IoPriority};
use fiord_measure::histogram::{BUCKETS, bucket_of};
use fiord_measure::report::{LatencyGoal, Member, ReportSettings};
use fiord_measure::{
    DirectionReport, DiskReport, Histogram, JobReport, Latency, Moments, Priorities, RunReport,
    Samples,
};
use serde_json::Value;

/// The parts of fio's mixed output.
pub struct Output {
    pub terse: String,
    pub json: String,
    pub normal: String,
}

impl Output {
    /// Takes the parts from the whole; lines before the first terse line are about the start.
    pub fn split(text: &str) -> Output {
        let mut output =
            Output { terse: String::new(), json: String::new(), normal: String::new() };
        let mut part = 0;
        for line in text.lines() {
            part = match (part, line) {
                (0, line) if line.starts_with(|first: char| first.is_ascii_digit()) => 1,
                (0 | 1, "{") => 2,
                (2, "") => 3,
                (part, _) => part,
            };
            let target = match part {
                0 => continue,
                1 => &mut output.terse,
                2 => &mut output.json,
                _ => &mut output.normal,
            };
            target.push_str(line);
            target.push('\n');
            if line == "}" {
                part = 3;
            }
        }
        output
    }

    /// The results.
    pub fn report(&self) -> RunReport {
        let json: Value = serde_json::from_str(&self.json).expect("peer JSON");
        let mut headers = self.normal.lines().filter(|line| line.contains(": (groupid="));
        let mut options = OptionLists::new(&self.json);
        let global = options.next("  \"global options\" : {");
        let mut jobs: Vec<_> = json["jobs"].as_array().expect("jobs").iter().collect();
        // With group reporting fio 3.33 and later may add an empty record of jobs without stats.
        jobs.retain(|job| job["groupid"] != 4_294_967_295u64);
        let jobs = jobs
            .into_iter()
            .map(|job| {
                let own = match job.get("job options") {
                    Some(_) => options.next("      \"job options\" : {"),
                    None => Vec::new(),
                };
                let mut report = read_job(job, own, &global);
                if report.did_io() && !self.normal.is_empty() {
                    read_header(&mut report, headers.next().expect("a block per job"));
                }
                read_issued(&mut report, &self.normal);
                report
            })
            .collect();
        let disks: Vec<_> =
            json["disk_util"].as_array().into_iter().flatten().map(read_disk).collect();
        RunReport {
            timestamp_ms: integer(&json["timestamp_ms"]),
            time_text: text(&json["time"]),
            global_options: global,
            jobs,
            disk_util: !disks.is_empty(),
            disks,
            ..RunReport::default()
        }
    }
}

/// Option objects in the order of the text; a parsed map would lose order and repetitions.
struct OptionLists<'a> {
    rest: std::str::Lines<'a>,
}

impl<'a> OptionLists<'a> {
    fn new(json: &'a str) -> Self {
        OptionLists { rest: json.lines() }
    }

    /// The next object whose first line this is; empty (and nothing consumed) without one.
    fn next(&mut self, first_line: &str) -> Vec<(String, String)> {
        let mut rest = self.rest.clone();
        if !rest.any(|line| line == first_line) {
            return Vec::new();
        }
        let mut list = Vec::new();
        for line in rest.by_ref() {
            let Some((name, value)) = line.trim().trim_end_matches(',').split_once(" : ") else {
                break;
            };
            let plain = |json: &str| serde_json::from_str::<String>(json).expect("string");
            list.push((plain(name), plain(value)));
        }
        self.rest = rest;
        list
    }
}

fn read_job(json: &Value, own: Vec<(String, String)>, global: &[(String, String)]) -> JobReport {
    let mut job = JobReport {
        name: text(&json["jobname"]),
        description: json.get("desc").map(text),
        group: integer(&json["groupid"]) as u32,
        error: json["error"].as_i64().expect("error") as i32,
        settings: settings(&own, global),
        options: own,
        job_start_ms: integer(&json["job_start"]),
        elapsed_s: integer(&json["elapsed"]),
        eta_s: Some(integer(&json["eta"])).filter(|eta| *eta != i32::MAX as u64),
        runtime_ms: integer(&json["job_runtime"]),
        context_switches: integer(&json["ctx"]),
        major_faults: integer(&json["majf"]),
        minor_faults: integer(&json["minf"]),
        iodepth: json.get("latency_depth").map_or(0, integer) as u32,
        latency_goal: LatencyGoal {
            percentile: json.get("latency_percentile").map_or(100.0, float),
            ..LatencyGoal::default()
        },
        total_errors: json.get("total_err").map_or(0, integer),
        first_error: json.get("first_error").map_or(0, integer) as i32,
        ..JobReport::default()
    };
    let cpu_us = |key: &str| (float(&json[key]) * 10.0 * job.runtime_ms as f64).round() as u64;
    (job.user_us, job.system_us) = (cpu_us("usr_cpu"), cpu_us("sys_cpu"));
    if job.settings.unified == 1 {
        job.directions[Direction::Read] = read_direction(&json["mixed"]);
    } else {
        for direction in DATA {
            job.directions[direction] = read_direction(&json[direction.name()]);
        }
        job.sync = read_latency(&json["sync"]["lat_ns"]);
        job.sync_ios = integer(&json["sync"]["total_ios"]);
    }
    let total = job.total_ios();
    job.depths = counts(&json["iodepth_level"], &["1", "2", "4", "8", "16", "32", ">=64"], total);
    let batch_labels = ["0", "4", "8", "16", "32", "64", ">=64"];
    job.submits = counts(&json["iodepth_submit"], &batch_labels, 100_000_000);
    job.completes = counts(&json["iodepth_complete"], &batch_labels, 100_000_000);
    let labels = ["2", "4", "10", "20", "50", "100", "250", "500", "750", "1000", "2000", ">=2000"];
    job.latency_ns = counts(&json["latency_ns"], labels[..10].try_into().unwrap(), total);
    job.latency_us = counts(&json["latency_us"], labels[..10].try_into().unwrap(), total);
    job.latency_ms = counts(&json["latency_ms"], &labels, total);
    job
}

/// Percentages back to counts; what is not zero stays so.
fn counts<const N: usize>(json: &Value, labels: &[&str; N], total: u64) -> [u64; N] {
    labels.map(|label| match float(&json[label]) {
        0.0 => 0,
        percent => ((percent * total as f64 / 100.0).round() as u64).max(1),
    })
}

fn read_direction(json: &Value) -> DirectionReport {
    let samples = |prefix: &str, deviation: &str| Samples {
        count: integer(&json[format!("{prefix}_samples")]),
        min: integer(&json[format!("{prefix}_min")]),
        max: integer(&json[format!("{prefix}_max")]),
        mean: float(&json[format!("{prefix}_mean")]),
        stddev: float(&json[deviation]),
    };
    DirectionReport {
        bytes: integer(&json["io_bytes"]),
        ios: integer(&json["total_ios"]),
        short_ios: integer(&json["short_ios"]),
        drop_ios: integer(&json["drop_ios"]),
        runtime_ms: integer(&json["runtime"]),
        slat: read_latency(&json["slat_ns"]),
        clat: read_latency(&json["clat_ns"]),
        lat: read_latency(&json["lat_ns"]),
        priorities: read_priorities(json.get("prios")),
        response: None,
        bw: samples("bw", "bw_dev"),
        iops: samples("iops", "iops_stddev"),
    }
}

fn read_priorities(json: Option<&Value>) -> Priorities {
    let entries = json.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let small = |json: &Value| u16::try_from(integer(json)).expect("a small number");
    let of_lat = entries.iter().any(|entry| entry.get("lat_ns").is_some());
    let apart = entries.iter().map(|entry| {
        let priority = IoPriority {
            class: small(&entry["prioclass"]) as u8,
            level: small(&entry["prio"]) as u8,
            hint: small(&entry["priohint"]),
        };
        (priority, read_latency(&entry[if of_lat { "lat_ns" } else { "clat_ns" }]))
    });
    Priorities { only: None, apart: apart.collect(), of_lat }
}

/// Mean and deviation back to sums, which are integers.
fn read_latency(json: &Value) -> Latency {
    let (count, mean) = (integer(&json["N"]), float(&json["mean"]));
    // A mean that is an exact tie is printed by us to the even digit; fio's running mean may lie a
    // little beside it, which `compare` allows for.
    let sum = (mean * count as f64).round() as u128;
    let spread = float(&json["stddev"]).powi(2) * count.saturating_sub(1) as f64;
    let exact_mean = if count == 0 { 0.0 } else { sum as f64 / count as f64 };
    let sum_of_squares = (spread + exact_mean * sum as f64).round() as u128;
    let moments = Moments {
        count,
        sum,
        sum_of_squares,
        min: integer(&json["min"]),
        max: integer(&json["max"]),
    };
    let mut buckets = Vec::new();
    if let Some(bins) = json.get("bins") {
        buckets.resize(BUCKETS, 0);
        for (ns, count) in bins.as_object().expect("bins") {
            buckets[bucket_of(ns.parse().expect("nanoseconds"))] = integer(count);
        }
    }
    Latency { moments, histogram: Histogram::from_counts(buckets, 0) }
}

fn read_disk(json: &Value) -> DiskReport {
    let pair = |what: &str| ["read", "write"].map(|side| integer(&json[format!("{side}_{what}")]));
    DiskReport {
        name: text(&json["name"]),
        ios: pair("ios"),
        sectors: pair("sectors"),
        merges: pair("merges"),
        ticks_ms: pair("ticks"),
        in_queue_ms: integer(&json["in_queue"]),
        util_percent: float(&json["util"]),
        members: Vec::new(),
    }
}

/// Facts that only the header of a block has.
fn read_header(job: &mut JobReport, line: &str) {
    let between = |start: &str, end: &str| {
        let rest = line.split_once(start).expect("header").1;
        rest.split_once(end).expect("header").0.trim().to_owned()
    };
    let jobs: u64 = between("jobs=", ")").parse().expect("jobs");
    job.members = (0..jobs).map(|_| Member::default()).collect();
    job.pid = between(": pid=", ":").parse().expect("pid");
    if job.error != 0 {
        job.error_text = between(" (", "): pid").split_once(" (").expect("text").1.to_owned();
    }
}

/// Unified results have no counts per direction in JSON, and no flushes.
fn read_issued(job: &mut JobReport, normal: &str) {
    if job.settings.unified != 1 || normal.is_empty() {
        return;
    }
    let block = normal.split(&format!("{}: (groupid=", job.name)).nth(1).expect("block");
    let issued = block.split("issued rwts: total=").nth(1).expect("issued");
    let syncs = issued.split_whitespace().next().and_then(|counts| counts.split(',').nth(3));
    job.sync_ios = syncs.expect("syncs").parse().expect("number");
}

/// Settings by the options' own rules; the last of equal names wins, the section over globals.
fn settings(own: &[(String, String)], global: &[(String, String)]) -> ReportSettings {
    let find = |name: &str| {
        let mut all = own.iter().rev().chain(global.iter().rev());
        all.find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    };
    let number = |name: &str, default: u32| {
        find(name).map_or(default, |value| value.parse().expect("number"))
    };
    let default = "1:5:10:20:30:40:50:60:70:80:90:95:99:99.5:99.9:99.95:99.99";
    let list = find("percentile_list").unwrap_or(default);
    let mut percentiles: Vec<f64> =
        list.split(':').map(|percent| percent.parse().expect("percent")).collect();
    percentiles.sort_by(f64::total_cmp);
    // Who measures no latency has no percentiles either.
    let off = |name: &str| number(name, 0) == 1 || number("gtod_reduce", 0) == 1;
    ReportSettings {
        group_reporting: false, // the peer merged already
        unified: match find("unified_rw_reporting") {
            None | Some("none" | "0") => 0,
            Some("mixed" | "1") => 1,
            Some(_) => 2,
        },
        clat_percentiles: number("clat_percentiles", 1) == 1 && !off("disable_clat"),
        lat_percentiles: number("lat_percentiles", 0) == 1 && !off("disable_lat"),
        slat_percentiles: number("slat_percentiles", 0) == 1 && !off("disable_slat"),
        percentiles,
        significant_figures: number("significant_figures", 4),
        kb_base: number("kb_base", 1024),
        unit_base: number("unit_base", 8),
        continue_on_error: find("continue_on_error").is_some_and(|value| value != "none"),
    }
}

fn integer(json: &Value) -> u64 {
    json.as_i64().unwrap_or_else(|| panic!("integer: {json}")).try_into().unwrap_or(0)
}

fn float(json: &Value) -> f64 {
    json.as_f64().unwrap_or_else(|| panic!("float: {json}"))
}

fn text(json: &Value) -> String {
    json.as_str().unwrap_or_else(|| panic!("string: {json}")).to_owned()
}
