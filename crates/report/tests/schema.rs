//! The published schema and what is written agree, in both directions.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;

use fiord_base::Direction;
use fiord_measure::report::{Member, Message, Severity};
use fiord_measure::{JobReport, RunReport};
use fiord_report::{Formats, SCHEMA, TerseVersion, render};
use serde_json::Value;

const JSON: Formats = Formats {
    normal: false,
    terse: false,
    json: true,
    json_plus: false,
    terse_version: TerseVersion::V3,
};

/// Checks a value against the parts of JSON Schema that ours uses.
struct Checker {
    root: Value,
    /// Paths of members that were seen, as `definition.member`.
    seen: BTreeSet<String>,
}

impl Checker {
    fn new() -> Checker {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/json-schema/fiord-1.json");
        let root = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        Checker { root, seen: BTreeSet::new() }
    }

    fn check(&mut self, value: &Value) -> Result<(), String> {
        let root = self.root.clone();
        self.against(&root, "root", value)
    }

    fn against(&mut self, schema: &Value, at: &str, value: &Value) -> Result<(), String> {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.strip_prefix("#/$defs/").expect("local reference");
            let target = self.root["$defs"][name].clone();
            assert!(target.is_object(), "{reference} is not defined");
            return self.against(&target, name, value);
        }
        let matches = match schema["type"].as_str().expect("type") {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64(),
            other => panic!("type {other}"),
        };
        if !matches {
            return Err(format!("{at}: {value} is not of type {}", schema["type"]));
        }
        if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
            return Err(format!("{at}: {value} is not one of {}", schema["enum"]));
        }
        for item in value.as_array().into_iter().flatten() {
            self.against(&schema["items"], at, item)?;
        }
        let Some(members) = value.as_object() else { return Ok(()) };
        for name in schema["required"].as_array().into_iter().flatten() {
            if !members.contains_key(name.as_str().unwrap()) {
                return Err(format!("{at}: {name} is missing"));
            }
        }
        for (name, member) in members {
            let path = format!("{at}.{name}");
            match (schema["properties"].get(name), &schema["additionalProperties"]) {
                (Some(schema), _) => {
                    self.seen.insert(path.clone());
                    self.against(schema, &path, member)?;
                }
                (None, Value::Bool(false)) => return Err(format!("{path} is not in the schema")),
                (None, Value::Null) => (),
                (None, others) => self.against(others, &path, member)?,
            }
        }
        Ok(())
    }

    /// Paths of all members that the schema describes.
    fn described(&self) -> BTreeSet<String> {
        fn walk(schema: &Value, at: &str, out: &mut BTreeSet<String>) {
            for (name, member) in schema["properties"].as_object().into_iter().flatten() {
                let path = format!("{at}.{name}");
                walk(member, &path, out);
                out.insert(path);
            }
            if let Some(items) = schema.get("items") {
                walk(items, at, out);
            }
        }
        let mut out = BTreeSet::new();
        walk(&self.root, "root", &mut out);
        for (name, definition) in self.root["$defs"].as_object().unwrap() {
            walk(definition, name, &mut out);
        }
        out
    }
}

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
        for direction in [Direction::Read, Direction::Write, Direction::Trim] {
            job.directions[direction].bytes = 40_960;
            job.directions[direction].ios = 10;
            job.directions[direction].runtime_ms = 2;
            job.directions[direction].clat.add(60_000_000_000);
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

#[test]
fn reports_match_the_schema() {
    let mut checker = Checker::new();
    checker.check(&document(&full_report())).unwrap();
    assert_eq!(checker.described(), checker.seen, "described but never written");
    // With nothing to report, too, and while jobs run.
    let empty = RunReport { interim: true, ..RunReport::default() };
    checker.check(&document(&empty)).unwrap();
    assert_eq!(document(&empty)["fiord"]["state"], "running");
    assert_eq!(document(&empty)["fiord"]["schema"], SCHEMA);
    assert_eq!(checker.root["title"], SCHEMA);
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
        assert!(Checker::new().check(&document).is_err(), "{pointer}");
    }
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
