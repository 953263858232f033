//! The published schema and what is written agree, in both directions.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

use fiord_base::Direction;
use fiord_measure::report::{Member, Message, Severity};
use fiord_measure::{
    FoundHeader, JobReport, MismatchRecord, Response, RunReport, ScheduleLag, Verification,
};
use fiord_report::{Formats, SCHEMA, TerseVersion, render};
use serde_json::Value;
use xtask::json::Json;
use xtask::schema::Schema;

const JSON: Formats = Formats {
    normal: false,
    terse: false,
    json: true,
    json_plus: false,
    terse_version: TerseVersion::V3,
};

const BINS: Formats = Formats { json_plus: true, ..JSON };

/// A report in which every member occurs.
fn full_report() -> RunReport {
    let job = |thread_number: u32, size: &str| {
        let name = "writer".to_owned();
        let mut job = JobReport {
            members: vec![Member { name: name.clone(), thread_number, ..Member::default() }],
            name,
            thread_number,
            pid: 100 + thread_number,
            iodepth: 8,
            effective: vec![("rw".into(), "write".into()), ("size".into(), size.into())],
            depths: [4, 6, 0, 0, 0, 0, 0],
            ..JobReport::default()
        };
        job.settings.group_reporting = true;
        let found = FoundHeader { number: 1, ..FoundHeader::default() };
        job.verification = Some(Verification {
            checked: 7,
            skipped: std::array::from_fn(|index| index as u64),
            mismatches: std::array::from_fn(|index| index as u64),
            records: vec![MismatchRecord {
                file: "f".to_owned(),
                expected_number: Some(1),
                expected_seed: Some(2),
                found: Some(found),
                first_byte: Some(3),
                differing_bits: Some(4),
                ..MismatchRecord::default()
            }],
        });
        job.settings.clat_percentiles = true;
        job.settings.percentiles = vec![50.0, 99.5];
        for direction in [Direction::Read, Direction::Write, Direction::Trim] {
            job.directions[direction].bytes = 40_960;
            job.directions[direction].ios = 10;
            job.directions[direction].runtime_ms = 2;
            job.directions[direction].clat.add(60_000_000_000);
            let mut response = Response::default();
            response.latency.add(70_000_000_000);
            response.lag =
                ScheduleLag { count: 1, sum_ns: 10_000_000_000, max_ns: 10_000_000_000, late: 1 };
            job.directions[direction].response = Some(response);
        }
        job
    };
    let mut failed = job(2, "2m");
    failed.error = 5;
    failed.error_text = "write at 8192: Input/output error".into();
    failed.signal = 9;
    let message = |job: Option<&str>| Message {
        severity: Severity::Warning,
        job: job.map(str::to_owned),
        text: "the queue was never deep".into(),
    };
    RunReport {
        jobs: vec![job(1, "1m"), failed],
        messages: vec![message(None), message(Some("writer"))],
        environment: vec![("kernel".into(), "6.1".into())],
        ..RunReport::default()
    }
}

fn document(report: &RunReport) -> Value {
    serde_json::from_str(&render(report, &JSON)).unwrap()
}

fn schema() -> Schema {
    Schema::published(SCHEMA).unwrap()
}

fn complaints(schema: &mut Schema, document: &Value) -> Vec<String> {
    schema.complaints(&Json::parse(&document.to_string()).unwrap())
}

#[test]
fn reports_match_the_schema() {
    let mut schema = schema();
    assert_eq!(complaints(&mut schema, &document(&full_report())), [""; 0]);
    let mut unified = full_report();
    unified.jobs.iter_mut().for_each(|job| job.settings.unified = 2);
    let with_bins: Value = serde_json::from_str(&render(&unified, &BINS)).unwrap();
    assert_eq!(complaints(&mut schema, &with_bins), [""; 0]);
    assert_eq!(schema.unseen(), [""; 0], "described but never written");
    // With nothing to report, too, and while jobs run.
    let empty = RunReport { interim: true, ..RunReport::default() };
    assert_eq!(complaints(&mut schema, &document(&empty)), [""; 0]);
    assert_eq!(document(&empty)["fiord"]["state"], "running");
    assert_eq!(document(&empty)["fiord"]["schema"], SCHEMA);
    assert_eq!(schema.title(), Some(SCHEMA));
}

#[test]
fn the_check_rejects_what_is_wrong() {
    let whole = document(&full_report());
    for (pointer, wrong) in [
        ("/fiord/state", Value::from("paused")),
        ("/fiord/jobs/0/pid", Value::from("12")),
        ("/fiord/messages/0", Value::from(serde_json::Map::new())),
        ("/jobs/0/fiord/options/rw", Value::from(1)),
        ("/fiord/validity", serde_json::json!({ "unheard": 1 })),
    ] {
        let mut document = whole.clone();
        *document.pointer_mut(pointer).expect(pointer) = wrong;
        assert!(!complaints(&mut schema(), &document).is_empty(), "{pointer}");
    }
}

#[test]
fn response_times_of_a_group_are_merged() {
    let report = full_report();
    let merged = document(&report);
    let fiord = &merged["jobs"][0]["fiord"];
    assert_eq!(fiord["response_ns"]["write"]["N"], 2);
    assert_eq!(fiord["response_ns"]["write"]["max"], 70_000_000_000_u64);
    assert!(fiord["response_ns"]["read"]["percentile"]["99.500000"].is_u64());
    assert!(fiord["response_ns"]["read"].get("bins").is_none());
    let lag = serde_json::json!({ "mean": 1e10, "max": 10_000_000_000_u64, "late": 2 });
    assert_eq!(fiord["schedule_lag_ns"]["trim"], lag);

    let mut unified = report.clone();
    unified.jobs.iter_mut().for_each(|job| job.settings.unified = 1);
    let fiord = &document(&unified)["jobs"][0]["fiord"];
    assert_eq!(fiord["response_ns"]["mixed"]["N"], 6);
    assert!(fiord["response_ns"].get("read").is_none());

    let mut free = report;
    for job in &mut free.jobs {
        job.directions.0.iter_mut().for_each(|direction| direction.response = None);
    }
    assert!(document(&free)["jobs"][0]["fiord"].get("response_ns").is_none());
    assert!(document(&free)["jobs"][0]["fiord"].get("schedule_lag_ns").is_none());
}

#[test]
fn a_group_keeps_the_records_and_options_of_its_members() {
    let document = document(&full_report());
    let entry = &document["jobs"][0];
    assert_eq!(document["jobs"].as_array().unwrap().len(), 1);
    assert_eq!(entry["write"]["io_bytes"], 81_920);
    assert_eq!(entry["fiord"]["options"], serde_json::json!({ "rw": "write" }));
    assert_eq!(entry["fiord"]["members"][1]["options"]["size"], "2m");
    assert_eq!(entry["fiord"]["errors"]["members_failed"], 1);
    assert_eq!(entry["fiord"]["latency_overflow"]["trim"], 2);
    let jobs = &document["fiord"]["jobs"];
    assert_eq!(jobs.as_array().unwrap().len(), 2);
    assert_eq!(jobs[1]["error"], 5);
    assert_eq!(jobs[1]["write"]["io_bytes"], 40_960);
}
