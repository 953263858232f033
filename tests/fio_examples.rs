//! Every example job of Debian's package `fio-examples` that the peer accepts is accepted, and the command
//! line that it is shown as means the same to a shell.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};

use xtask::json::Json;
use xtask::peer;
use xtask::program::{Program, Scratch};

fn example_files() -> Vec<PathBuf> {
    let directory = std::env::var_os("FIORD_FIO_EXAMPLES")
        .map_or_else(|| PathBuf::from("/usr/share/doc/fio/examples"), PathBuf::from);
    let Ok(entries) = std::fs::read_dir(&directory) else {
        let required = std::env::var_os("FIORD_REQUIRE_PEER").is_some_and(|value| value == "1");
        assert!(!required, "{} cannot be read", directory.display());
        eprintln!("skipped: no example jobs of fio (Debian: package fio-examples)");
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "fio"));
    files.sort();
    files
}

fn engines_of(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("ioengine=")).map(str::to_string).collect()
}

fn has_engine(program: &Program, engine: &str) -> bool {
    let name = engine.split([':', '#', ';', ' ']).next().unwrap();
    let run = program.run(&std::env::temp_dir(), [format!("--enghelp={name}")]).unwrap();
    run.code() == 0
}

fn accepts(program: &Program, file: &Path, scratch: &Scratch) -> Result<(), String> {
    let run = program.run(scratch.path(), ["--parse-only".as_ref(), file.as_os_str()]).unwrap();
    match run.code() {
        0 => Ok(()),
        code => Err(format!("{}: exit {code}\n{}", file.display(), run.stderr)),
    }
}

#[test]
fn jobs_that_the_peer_accepts_are_accepted() {
    let Some(peer) = peer::for_test() else { return };
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let scratch = Scratch::new("fio-examples").unwrap();
    let mut failed = Vec::new();
    let mut accepted = 0;
    let files = example_files();
    for file in &files {
        if accepts(&peer, file, &scratch).is_err() {
            continue;
        }
        accepted += 1;
        let Err(complaints) = accepts(&ours, file, &scratch) else { continue };
        // The peer looks for NUMA nodes when the job starts.
        if complaints.contains("[FD0480]") {
            continue;
        }
        // The peer looks for an engine only when it needs it: that it has none of that name does not
        // show when it parses.
        if engines_of(file).iter().all(|engine| has_engine(&peer, engine)) {
            failed.push(complaints);
        }
    }
    assert!(accepted > 50 || files.is_empty(), "only {accepted} jobs to look at");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// A real shell reads the command line that a job file is shown as.
#[test]
fn jobs_shown_as_commands_are_the_same_jobs() {
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let shell = Program::new("sh", "/bin/sh");
    let scratch = Scratch::new("fio-examples-commands").unwrap();
    let mut failed = Vec::new();
    for file in example_files() {
        if accepts(&ours, &file, &scratch).is_err() {
            continue;
        }
        let plan = ["plan".as_ref(), "--format=job".as_ref(), file.as_os_str()];
        let expected = ours.run(scratch.path(), plan).unwrap();
        let line =
            ours.run(scratch.path(), ["--showcmd".as_ref(), file.as_os_str()]).unwrap().stdout;
        let words = line.strip_prefix("fiord ").unwrap_or_default();
        let script = format!("exec '{}' plan --format=job {words}", ours.path.display());
        let shown = shell.run(scratch.path(), ["-c", &script]).unwrap();
        if (shown.code(), &shown.stdout) != (0, &expected.stdout) {
            failed.push(format!("{}\n{line}{}", file.display(), shown.stderr));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// What `fiord check` finds in the examples beside errors: each was looked at, and is true. An alarm that
/// is not in this list is a false one, or a reason to add a line.
const TRAPS: &[(&str, &[&str])] = &[
    ("basic-verify", &["overwrites-device"]),
    ("cmdprio-bssplit", &["overwrites-device"]),
    ("cpp_null", &["time-based-without-runtime"]),
    ("cross-stripe-verify", &["overwrites-device", "verify-shared-file"]),
    ("dedupe-global", &["buffered-libaio", "writes-never-flushed"]),
    ("dev-dax", &["cpu-part"]),
    ("disk-zone-profile", &["log-of-each-request"]),
    ("e4defrag", &["verify-shared-file"]),
    ("e4defrag2", &["buffered-libaio", "time-based-without-runtime", "verify-shared-file"]),
    ("enospc-pressure", &["size-above-files"]),
    ("exitwhat", &["buffered-libaio"]),
    ("falloc", &["direct-and-buffered"]),
    ("fio-rand-RW", &["buffered-libaio"]),
    ("fio-rand-read", &["buffered-libaio"]),
    ("fio-rand-write", &["buffered-libaio", "writes-never-flushed"]),
    ("fio-seq-RW", &["buffered-libaio", "clones-share-range"]),
    ("fio-seq-write", &["buffered-libaio", "writes-never-flushed"]),
    ("jesd219", &["overwrites-device"]),
    ("libpmem", &["random-option-of-sequential-job"]),
    ("librpma_apm-client", &["inverted-unit"]),
    ("librpma_gpspm-client", &["inverted-unit"]),
    ("ssd-steadystate", &["log-of-each-request", "overwrites-device"]),
    ("steadystate", &["option-of-profile"]),
    ("waitfor", &["clones-share-range", "option-of-profile"]),
    ("zbd-rand-write", &["overwrites-device"]),
];

#[test]
fn check_raises_no_false_alarms() {
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let scratch = Scratch::new("fio-examples-check").unwrap();
    let mut failed = Vec::new();
    for file in example_files() {
        let words = ["check".as_ref(), "--format=json".as_ref(), file.as_os_str()];
        let run = ours.run(scratch.path(), words).unwrap();
        let document = Json::parse(&run.stdout).unwrap();
        let name = file.file_stem().unwrap().to_str().unwrap();
        let known = TRAPS.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, k)| k);
        for finding in document.get("findings").unwrap().items() {
            let text = |key| finding.get(key).and_then(Json::text).unwrap_or_default();
            // Some examples want variables that are not set here.
            let minor = matches!(text("severity"), "warning" | "note");
            if minor && text("name") != "unset-variable" && !known.contains(&text("name")) {
                failed.push(format!("{name}: {} {}", text("name"), text("message")));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
