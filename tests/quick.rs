//! `fiord quick` as somebody meets it who has just installed fiord: the table, the JSON document, what
//! it refuses, and that nothing is left behind, however it ends.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use xtask::json::Json;
use xtask::program::{Program, Run, Scratch, wait};

const SHORT: [&str; 3] = ["quick", "--runtime=1", "--size=8m"];

/// The tests in the order of the table: name in JSON, first columns of the table.
const TESTS: [(&str, &str); 8] = [
    ("seq-read", "sequential read 1 MiB 1"),
    ("seq-read-deep", "sequential read 1 MiB 8"),
    ("rand-read", "random read 4 KiB 1"),
    ("rand-read-deep", "random read 4 KiB 16"),
    ("seq-write", "sequential write 1 MiB 1"),
    ("seq-write-deep", "sequential write 1 MiB 8"),
    ("rand-write", "random write 4 KiB 1"),
    ("rand-write-deep", "random write 4 KiB 16"),
];

fn program() -> Program {
    Program::under_test(env!("CARGO_BIN_EXE_fiord"))
}

fn run(directory: &Path, arguments: &[&str]) -> Run {
    program().run(directory, arguments).unwrap()
}

fn is_empty(directory: &Path) -> bool {
    std::fs::read_dir(directory).unwrap().next().is_none()
}

/// The rows of the table with single blanks between their words.
fn rows(stdout: &str) -> Vec<String> {
    let lines = stdout.lines().skip_while(|line| !line.starts_with("test ")).skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn the_table_has_a_row_of_results_for_every_test() {
    let scratch = Scratch::new("quick").unwrap();
    let run = run(scratch.path(), &SHORT);
    assert_eq!(run.code(), 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(run.stderr, "");
    let head: Vec<&str> = run.stdout.lines().take(2).collect();
    assert!(head[0].contains(" quick: /"), "{head:?}");
    assert!(head[1].contains(" file system"), "{head:?}");
    assert!(head[1].contains("8 MiB test file"), "{head:?}");
    let rows = rows(&run.stdout);
    assert_eq!(rows.len(), TESTS.len(), "{}", run.stdout);
    for (row, (_, begin)) in rows.iter().zip(TESTS) {
        let results = row.strip_prefix(begin).unwrap_or_else(|| panic!("{row} is not {begin}"));
        // Two rates, and four latencies with their units.
        assert_eq!(results.split_whitespace().count(), 10, "{row}");
    }
    assert!(is_empty(scratch.path()));
}

#[test]
fn json_is_the_ordinary_document_of_a_run() {
    let scratch = Scratch::new("quick").unwrap();
    let output = scratch.path().join("result.json");
    let output_switch = format!("--output={}", output.display());
    let measured = scratch.path().join("measured: here");
    std::fs::create_dir(&measured).unwrap();
    let mut arguments = SHORT.to_vec();
    arguments.extend(["--output-format=json", &output_switch, "measured: here"]);
    let run = run(scratch.path(), &arguments);
    assert_eq!((run.code(), run.stdout.as_str(), run.stderr.as_str()), (0, "", ""));
    let document = Json::parse(&std::fs::read_to_string(&output).unwrap()).unwrap();
    assert_eq!(document.get("fio version").and_then(Json::text), Some("fio-3.42"));
    let jobs = document.get("jobs").unwrap().items();
    assert_eq!(jobs.len(), TESTS.len());
    for (job, (name, _)) in jobs.iter().zip(TESTS) {
        assert_eq!(job.get("jobname").and_then(Json::text), Some(name));
        let (used, idle) =
            if name.contains("read") { ("read", "write") } else { ("write", "read") };
        let ios = |direction: &str| {
            job.get(direction).and_then(|d| d.get("total_ios")).and_then(Json::number).unwrap()
        };
        assert!(ios(used) > 0.0 && ios(idle) == 0.0, "{name}");
    }
    let environment = document.get("fiord").and_then(|f| f.get("environment")).unwrap();
    let directory = environment.get("quick_directory").and_then(Json::text).unwrap();
    assert_eq!(Path::new(directory), std::fs::canonicalize(&measured).unwrap());
    assert!(is_empty(&measured));
}

#[test]
fn memory_is_not_sold_as_a_disk() {
    let Ok(scratch) = Scratch::below(Path::new("/dev/shm"), "quick") else { return };
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap();
    if !mounts.contains(" /dev/shm tmpfs ") {
        return;
    }
    let run = run(scratch.path(), &SHORT);
    assert_eq!(run.code(), 0, "{}", run.stderr);
    assert!(run.stdout.contains("tmpfs file system"), "{}", run.stdout);
    assert!(run.stdout.contains("buffered I/O"), "{}", run.stdout);
    assert!(run.stdout.contains("Note: tmpfs keeps files in memory"), "{}", run.stdout);
}

#[test]
fn the_job_that_is_shown_can_be_run_as_a_file() {
    let scratch = Scratch::new("quick").unwrap();
    let mut arguments = SHORT.to_vec();
    arguments.push("--show");
    let shown = run(scratch.path(), &arguments);
    assert_eq!((shown.code(), shown.stderr.as_str()), (0, ""));
    assert!(is_empty(scratch.path()), "showing creates nothing");
    assert!(!shown.stdout.contains("${"), "{}", shown.stdout);
    std::fs::write(scratch.path().join("shown.fio"), &shown.stdout).unwrap();
    let run = run(scratch.path(), &["shown.fio", "--output-format=json"]);
    assert_eq!((run.code(), run.stderr.as_str()), (0, ""));
    let document = run.json().unwrap();
    assert_eq!(document.get("jobs").unwrap().items().len(), 1 + TESTS.len());
}

#[test]
fn what_cannot_be_measured_is_refused_in_a_sentence() {
    let scratch = Scratch::new("quick").unwrap();
    File::create(scratch.path().join("file")).unwrap();
    let check = |arguments: &[&str], named: &str| {
        let run = run(scratch.path(), &[&["quick"], arguments].concat());
        assert_eq!((run.code(), run.stdout.as_str()), (1, ""), "{arguments:?}");
        assert!(run.stderr.contains(named), "{arguments:?}: {}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    };
    check(&["nothere"], "nothere");
    check(&["file"], "not a directory");
    check(&["/proc"], "free space");
    check(&["."; 2], "one directory");
    check(&["--bs=4k"], "--bs");
    check(&["--size=1k"], "--size");
    check(&["--size=1t"], "at most");
    check(&["--output=nothere/x"], "nothere/x");
    check(&["--output-format=terse"], "terse");
    let left: Vec<_> = std::fs::read_dir(scratch.path()).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

/// Starts a long measurement, ends it by a signal when its head is shown, and returns what it left.
fn signalled(directory: &Path, signal: Signal) -> Run {
    let captures = Scratch::new("capture").unwrap();
    let (out, err) = (captures.path().join("out"), captures.path().join("err"));
    let start = Instant::now();
    let child = Command::new(&program().path)
        .args(["quick", "--runtime=600", "--size=8m"])
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(File::create(&out).unwrap())
        .stderr(File::create(&err).unwrap())
        .spawn()
        .unwrap();
    while std::fs::metadata(&out).unwrap().len() == 0 && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(300));
    kill_process(Pid::from_child(&child), signal).unwrap();
    let status = wait(child, Duration::from_secs(60)).unwrap();
    let text = |path| std::fs::read_to_string(path).unwrap();
    Run { status, wall: start.elapsed(), stdout: text(&out), stderr: text(&err) }
}

#[test]
fn a_signal_ends_it_with_the_results_so_far() {
    let scratch = Scratch::new("quick").unwrap();
    let run = signalled(scratch.path(), Signal::INT);
    assert_eq!(run.code(), 128, "{}{}", run.stdout, run.stderr);
    let rows = rows(&run.stdout);
    assert_eq!(rows.len(), TESTS.len(), "{}", run.stdout);
    assert!(!rows[0].ends_with("not run") && rows[7].ends_with("not run"), "{}", run.stdout);
    assert!(run.stderr.contains("signal 2"), "{}", run.stderr);
    assert!(is_empty(scratch.path()));
}

#[test]
fn not_even_a_killed_one_leaves_its_file() {
    let scratch = Scratch::new("quick").unwrap();
    let run = signalled(scratch.path(), Signal::KILL);
    assert_eq!(run.code(), 128 + 9);
    assert!(is_empty(scratch.path()));
}
