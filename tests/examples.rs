//! The job files in `examples/` run, shortened, and remove what they make; fio understands them too.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::PathBuf;

use xtask::peer;
use xtask::program::{Program, Run, Scratch, project_root};

fn example_files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(project_root().join("examples")).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 12, "{files:?}");
    files
}

/// The same job with little to do: long enough to exercise it, too short to measure anything.
fn shortened(text: &str) -> String {
    let mut short = String::new();
    for line in text.lines() {
        let (name, value) = line.split_once('=').unwrap_or((line, ""));
        let line = match name {
            "runtime" => "runtime=200ms",
            "size" if value.ends_with('m') || value.ends_with('g') => "size=1m",
            "offset_increment" => "offset_increment=128k",
            _ => line,
        };
        short.push_str(line);
        short.push('\n');
    }
    short
}

/// Runs every example in a directory of its own and returns what went wrong.
fn failures(
    program: &Program,
    switches: &[&str],
    check: impl Fn(&Run) -> Option<String>,
) -> Vec<String> {
    let mut failed = Vec::new();
    for file in example_files() {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let (jobs, work) = (Scratch::new("jobs").unwrap(), Scratch::new("example").unwrap());
        let short = jobs.path().join(&name);
        std::fs::write(&short, shortened(&std::fs::read_to_string(&file).unwrap())).unwrap();
        let mut arguments: Vec<String> = switches.iter().map(|word| word.to_string()).collect();
        arguments.push(short.to_string_lossy().into_owned());
        let run = program.run(work.path(), &arguments).unwrap();
        if run.code() != 0 {
            failed.push(format!("{name}: exit {}: {}{}", run.code(), run.stderr, run.stdout));
        }
        failed.extend(check(&run).map(|text| format!("{name}: {text}")));
        let left: Vec<_> = std::fs::read_dir(work.path()).unwrap().flatten().collect();
        if !left.is_empty() {
            failed.push(format!("{name}: leaves {left:?}"));
        }
    }
    failed
}

#[test]
fn each_example_runs_and_cleans_up() {
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let failed = failures(&ours, &["--output-format=json"], |run| {
        if !run.stderr.is_empty() {
            return Some(format!("writes to stderr: {}", run.stderr));
        }
        let report = match run.json() {
            Ok(report) => report,
            Err(error) => return Some(error.to_string()),
        };
        let jobs = report.get("jobs").map(|jobs| jobs.items()).unwrap_or_default();
        let idle = jobs.is_empty()
            || jobs.iter().any(|job| {
                ["read", "write", "trim"].iter().all(|direction| {
                    let ios =
                        job.at(&format!("{direction}.total_ios")).and_then(|ios| ios.number());
                    ios == Some(0.0)
                })
            });
        idle.then(|| "a job did nothing".to_string())
    });
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// All at once on one command line, as the README shows it: one report, jobs in order.
#[test]
fn examples_are_valid_together() {
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let scratch = Scratch::new("examples").unwrap();
    let mut arguments = vec!["--parse-only".to_string()];
    arguments.extend(example_files().iter().map(|file| file.to_string_lossy().into_owned()));
    let run = ours.run(scratch.path(), &arguments).unwrap();
    assert_eq!((run.code(), run.stderr.as_str()), (0, ""), "{}", run.stdout);
}

#[test]
fn fio_understands_each_example() {
    let Some(peer) = peer::for_test() else { return };
    let failed = failures(&peer, &["--parse-only"], |_| None);
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
