//! `cargo xtask compare`: one job under fiord and under the peer, and the differences of their JSON
//! reports field by field.
//!
//! Structure, types, order of keys, names, counts and amounts have to be the same. What depends on
//! time (latencies, rates, CPU use) may differ; large factors are shown. With `--iolog` both record
//! their requests, and the sequences have to be the same for each file.

use std::path::{Path, PathBuf};

use crate::iolog;
use crate::json::Json;
use crate::program::{Program, Run, Scratch, build_release};
use crate::{Outcome, peer};

/// How much a difference matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// A key, a type or the order of keys: programs that parse reports would notice.
    Structure,
    /// A value that the job determines.
    Value,
    /// A value that depends on time.
    Time,
}

/// One difference of two reports.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Keys and positions, separated by dots.
    pub path: String,
    /// How much it matters.
    pub weight: Weight,
    /// Our side.
    pub ours: String,
    /// The peer's side.
    pub theirs: String,
    /// Our number divided by theirs, where both are numbers other than zero.
    pub ratio: Option<f64>,
}

/// What the job leaves to chance.
#[derive(Clone, Copy, Debug, Default)]
struct Latitude {
    /// The run ends by the clock, so that amounts depend on speed.
    amounts: bool,
    /// More than one request is in flight, so that depths depend on speed.
    depths: bool,
}

impl Latitude {
    fn of(report: &Json) -> Latitude {
        let mut latitude = Latitude::default();
        report.walk(&mut |path, value| {
            let mut steps = path.rsplit('.');
            let (name, parent) = (steps.next().unwrap_or(""), steps.next().unwrap_or(""));
            if parent == "job options" || parent == "global options" {
                latitude.amounts |= matches!(name, "runtime" | "timeout" | "time_based");
                latitude.depths |= name == "iodepth" && value.text() != Some("1");
            }
        });
        latitude
    }
}

/// Differences of two reports of the same job; without any the list is empty.
pub fn reports(ours: &Json, theirs: &Json) -> Vec<Difference> {
    let mut differences = Vec::new();
    compare_values("", ours, theirs, Latitude::of(theirs), &mut differences);
    differences
}

/// Paths with the types that the peer's report has and ours lacks, in words.
pub fn missing_shapes(ours: &Json, theirs: &Json) -> Vec<String> {
    let have = ours.shape();
    let mut missing = Vec::new();
    for (path, kinds) in theirs.shape() {
        match have.get(&path) {
            None => missing.push(format!("{path}: missing ({kinds:?})")),
            Some(have) if !kinds.is_subset(have) => {
                missing.push(format!("{path}: {have:?} instead of {kinds:?}"));
            }
            Some(_) => {}
        }
    }
    missing
}

fn compare_values(
    path: &str,
    ours: &Json,
    theirs: &Json,
    latitude: Latitude,
    out: &mut Vec<Difference>,
) {
    let Some(weight) = weight(path, latitude) else { return };
    let mut report = |weight, ours: String, theirs: String, ratio| {
        out.push(Difference { path: path.to_string(), weight, ours, theirs, ratio });
    };
    if ours.kind() != theirs.kind() {
        report(Weight::Structure, ours.kind().into(), theirs.kind().into(), None);
        return;
    }
    let step =
        |name: &str| if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
    match (ours, theirs) {
        (Json::Object(our_members), Json::Object(their_members)) => {
            if path.ends_with(".bins") {
                return;
            }
            compare_keys(path, our_members, their_members, out);
            for (name, theirs) in their_members {
                if let Some(ours) = ours.get(name) {
                    compare_values(&step(name), ours, theirs, latitude, out);
                }
            }
        }
        (Json::Array(our_items), Json::Array(their_items)) => {
            if our_items.len() != their_items.len() {
                report(weight, ours.to_string(), theirs.to_string(), None);
            }
            for (index, (ours, theirs)) in our_items.iter().zip(their_items).enumerate() {
                compare_values(&step(&index.to_string()), ours, theirs, latitude, out);
            }
        }
        _ if ours != theirs => {
            let ratio = match (ours.number(), theirs.number()) {
                (Some(a), Some(b)) if a != 0.0 && b != 0.0 => Some(a / b),
                _ => None,
            };
            report(weight, ours.to_string(), theirs.to_string(), ratio);
        }
        _ => {}
    }
}

/// Keys that the reference has and the newest peer at hand has not yet.
const NEWER_THAN_PEER: &[&str] = &["latency_target_ns", "latency_window_us", "zone_resets"];

/// Missing and additional keys, and keys in another order. Additions stand under `fiord` only.
fn compare_keys(
    path: &str,
    ours: &[(String, Json)],
    theirs: &[(String, Json)],
    out: &mut Vec<Difference>,
) {
    let names = |members: &[(String, Json)], others: &[(String, Json)], common: bool| {
        let mut names = Vec::new();
        for (name, _) in members {
            let expected = name == "fiord" || NEWER_THAN_PEER.contains(&name.as_str());
            if others.iter().any(|(other, _)| other == name) == common && (common || !expected) {
                names.push(name.clone());
            }
        }
        names
    };
    let mut report = |ours: Vec<String>, theirs: Vec<String>| {
        out.push(Difference {
            path: path.to_string(),
            weight: Weight::Structure,
            ours: format!("keys {}", ours.join(", ")),
            theirs: format!("keys {}", theirs.join(", ")),
            ratio: None,
        });
    };
    let (added, missing) = (names(ours, theirs, false), names(theirs, ours, false));
    if !added.is_empty() || !missing.is_empty() {
        report(added, missing);
    }
    let (our_order, their_order) = (names(ours, theirs, true), names(theirs, ours, true));
    if our_order != their_order {
        report(our_order, their_order);
    }
}

/// How much a difference at this path matters; `None` if it means nothing.
fn weight(path: &str, latitude: Latitude) -> Option<Weight> {
    let steps: Vec<&str> = path.split('.').collect();
    let name = steps.last().copied().unwrap_or("");
    let parent = steps.iter().rev().nth(1).copied().unwrap_or("");
    let weight = match steps.as_slice() {
        ["fio version" | "timestamp" | "timestamp_ms" | "time" | "fiord"] => return None,
        ["jobs", _, "job_start" | "fiord"] => return None,
        ["disk_util", _, "name"] => Weight::Value,
        ["disk_util", _, ..] => Weight::Time,
        [.., "latency_ns" | "latency_us" | "latency_ms", _] => Weight::Time,
        [.., "percentile" | "bins", _] => Weight::Time,
        // Percentile keys hold a dot themselves.
        [.., "percentile", _, _] => Weight::Time,
        [.., "iodepth_level" | "iodepth_submit" | "iodepth_complete", _] if latitude.depths => {
            Weight::Time
        }
        [.., "job options" | "global options", _] => Weight::Value,
        [.., "iops"]
        | [.., "iops_min" | "iops_max" | "iops_mean" | "iops_stddev" | "iops_samples"] => {
            Weight::Time
        }
        _ if name == "bw" || name.starts_with("bw_") => Weight::Time,
        _ if parent.ends_with("_ns") && matches!(name, "min" | "max" | "mean" | "stddev") => {
            Weight::Time
        }
        _ if matches!(name, "runtime" | "job_runtime" | "elapsed" | "eta") => Weight::Time,
        _ if matches!(name, "usr_cpu" | "sys_cpu" | "ctx" | "majf" | "minf") => Weight::Time,
        _ if latitude.amounts
            && matches!(name, "io_bytes" | "io_kbytes" | "total_ios" | "N" | "short_ios") =>
        {
            Weight::Time
        }
        _ => Weight::Value,
    };
    Some(weight)
}

/// One job as both programs ran it.
#[derive(Debug)]
pub struct Pair {
    /// fiord's run.
    pub ours: Run,
    /// The peer's run.
    pub theirs: Run,
    /// Differences of the reports and of the exit codes.
    pub differences: Vec<Difference>,
}

/// Runs one job under both, each in a directory of its own.
pub fn run_pair(
    ours: &Program,
    theirs: &Program,
    arguments: &[String],
    iolog: bool,
) -> Outcome<Pair> {
    let scratch = Scratch::new("compare")?;
    let mut all = vec!["--output-format=json+".to_string()];
    if iolog {
        all.push("--write_iolog=requests.iolog".to_string());
    }
    all.extend_from_slice(arguments);
    let run = |program: &Program, directory: &str| -> Outcome<(Run, PathBuf)> {
        let directory = scratch.path().join(directory);
        std::fs::create_dir(&directory)?;
        Ok((program.run(&directory, &all)?, directory.join("requests.iolog")))
    };
    let (theirs, their_log) = run(theirs, "theirs")?;
    let (ours, our_log) = run(ours, "ours")?;
    let mut differences = reports(&ours.json()?, &theirs.json()?);
    let mut report = |path: &str, weight, ours: String, theirs: String| {
        differences.push(Difference { path: path.to_string(), weight, ours, theirs, ratio: None });
    };
    if ours.code() != theirs.code() {
        report("exit code", Weight::Value, ours.code().to_string(), theirs.code().to_string());
    }
    if ours.code() == 0 && !ours.stderr.is_empty() {
        report("stderr", Weight::Structure, format!("{:?}", ours.stderr), "nothing".to_string());
    }
    if iolog {
        for line in request_differences(&our_log, &their_log)? {
            report("requests", Weight::Value, line, String::new());
        }
    }
    Ok(Pair { ours, theirs, differences })
}

/// Differences of two recorded sequences, at most one for each file.
pub fn request_differences(ours: &Path, theirs: &Path) -> Outcome<Vec<String>> {
    let read = |path: &Path| -> Outcome<Vec<iolog::Entry>> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let mut entries = iolog::parse(&text).map_err(|error| {
            // fio's clones append buffers, not lines, to the record that they share.
            let hint = "records of several clones are readable while they are short";
            format!("{}: {error} ({hint})", path.display())
        })?;
        // Flushes have no place; what stands there is that of a request which ended before.
        for entry in entries.iter_mut().filter(|entry| entry.action.ends_with("sync")) {
            entry.extent = None;
        }
        Ok(entries)
    };
    let (ours, theirs) = (read(ours)?, read(theirs)?);
    let (ours, theirs) = (iolog::by_file(&ours), iolog::by_file(&theirs));
    let mut lines = Vec::new();
    for (file, theirs) in &theirs {
        let ours = ours.get(file).map(Vec::as_slice).unwrap_or_default();
        lines.extend(iolog::first_difference(ours, theirs).map(|text| format!("{file}: {text}")));
    }
    let added = ours.keys().filter(|file| !theirs.contains_key(*file));
    lines.extend(added.map(|file| format!("{file}: not a file of the peer's")));
    Ok(lines)
}

/// The command; true if there is no difference but in time.
pub fn command(arguments: &[String]) -> Outcome<bool> {
    let mut iolog = false;
    let mut all = false;
    let mut ours = None;
    let mut theirs = None;
    let mut rest = arguments.iter();
    let mut job = Vec::new();
    while let Some(argument) = rest.next() {
        match argument.split_once('=') {
            _ if argument == "--iolog" => iolog = true,
            _ if argument == "--all" => all = true,
            Some(("--fiord", path)) => ours = Some(Program::new("fiord", path)),
            Some(("--peer", path)) => theirs = Some(Program::new("peer", path)),
            _ if argument == "--" => {
                job.extend(rest.by_ref().cloned());
            }
            _ if argument.starts_with('-') => {
                return Err(
                    format!("unknown switch {argument}; job switches follow after --").into()
                );
            }
            _ => {
                let path = Path::new(argument).canonicalize();
                let path = path.map_err(|error| format!("{argument}: {error}"))?;
                job.push(path.to_string_lossy().into_owned());
            }
        }
    }
    if job.is_empty() {
        return Err("compare needs a job file, or -- and the switches of a job".into());
    }
    let ours = ours.map_or_else(build_release, Ok)?;
    let theirs = match theirs {
        Some(program) => program,
        None => peer::newest().map_or_else(peer::fetch, Ok)?,
    };
    let pair = run_pair(&ours, &theirs, &job, iolog)?;
    Ok(print(&pair, all))
}

fn print(pair: &Pair, all: bool) -> bool {
    let mut serious = 0;
    let mut in_time = 0;
    for difference in &pair.differences {
        let Difference { path, weight, ours, theirs, ratio } = difference;
        let path = if path.is_empty() { "(root)" } else { path };
        let mark = match weight {
            Weight::Structure => "structure",
            Weight::Value => "value",
            Weight::Time => "time",
        };
        if *weight == Weight::Time {
            in_time += 1;
            let close = ratio.is_some_and(|ratio| (0.5..=2.0).contains(&ratio));
            if close && !all {
                continue;
            }
        } else {
            serious += 1;
        }
        let ratio = ratio.map(|ratio| format!("  ({ratio:.2} x)")).unwrap_or_default();
        println!("{mark:9}  {path}: {ours} | {theirs}{ratio}");
    }
    println!(
        "{serious} differences that count; {in_time} in time (shown: {})",
        if all { "all" } else { "factor 2 and more; --all shows the others" }
    );
    serious == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ours: &str, theirs: &str, expected: &[(&str, Weight)]) {
        let differences = reports(&Json::parse(ours).unwrap(), &Json::parse(theirs).unwrap());
        let found: Vec<(&str, Weight)> =
            differences.iter().map(|d| (d.path.as_str(), d.weight)).collect();
        assert_eq!(found, expected, "{ours} | {theirs}");
    }

    #[test]
    fn weights() {
        check(r#"{"a":1}"#, r#"{"a":1}"#, &[]);
        check(r#"{"a":1}"#, r#"{"a":1.0}"#, &[("a", Weight::Structure)]);
        check(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, &[("", Weight::Structure)]);
        check(r#"{"a":1,"fiord":{}}"#, r#"{"a":1}"#, &[]);
        check(r#"{"a":1,"b":{}}"#, r#"{"a":1}"#, &[("", Weight::Structure)]);
        check(r#"{"time":"x"}"#, r#"{"time":"y"}"#, &[]);
        check(
            r#"{"jobs":[{"read":{"iops":1.5,"total_ios":3,"clat_ns":{"min":5,"N":3}}}]}"#,
            r#"{"jobs":[{"read":{"iops":2.5,"total_ios":4,"clat_ns":{"min":6,"N":4}}}]}"#,
            &[
                ("jobs.0.read.iops", Weight::Time),
                ("jobs.0.read.total_ios", Weight::Value),
                ("jobs.0.read.clat_ns.min", Weight::Time),
                ("jobs.0.read.clat_ns.N", Weight::Value),
            ],
        );
    }

    #[test]
    fn amounts_are_free_when_the_clock_ends_the_job() {
        let report = |ios: u32| {
            format!(
                r#"{{"jobs":[{{"job options":{{"runtime":"1"}},"read":{{"total_ios":{ios}}}}}]}}"#
            )
        };
        check(&report(1), &report(2), &[("jobs.0.read.total_ios", Weight::Time)]);
    }

    #[test]
    fn percentiles_differ_in_time_only_by_value() {
        check(
            r#"{"clat_ns":{"percentile":{"99.500000":1}}}"#,
            r#"{"clat_ns":{"percentile":{"99.500000":2}}}"#,
            &[("clat_ns.percentile.99.500000", Weight::Time)],
        );
        check(
            r#"{"clat_ns":{"percentile":{"99.000000":1}}}"#,
            r#"{"clat_ns":{"percentile":{"99.500000":1}}}"#,
            &[("clat_ns.percentile", Weight::Structure)],
        );
    }

    #[test]
    fn missing_paths_are_named() {
        let ours = Json::parse(r#"{"a":{"b":1}}"#).unwrap();
        let theirs = Json::parse(r#"{"a":{"b":1.5,"c":[]}}"#).unwrap();
        let missing = missing_shapes(&ours, &theirs);
        assert_eq!(missing.len(), 2, "{missing:?}");
        assert!(missing_shapes(&theirs, &theirs).is_empty());
    }
}
