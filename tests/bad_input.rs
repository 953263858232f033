//! Bad input ends with one clear message and fio's exit code, before any data are touched where that is
//! possible, and never with a panic.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use xtask::peer;
use xtask::program::{Program, Run, Scratch};

/// A job file and switches, and what standard error has to name.
struct Case {
    /// Content of `bad.fio` if there is one; it is then the last argument.
    file: Option<&'static str>,
    switches: &'static str,
    /// Texts of which each stands in the message.
    named: &'static [&'static str],
}

const fn switches(switches: &'static str, named: &'static [&'static str]) -> Case {
    Case { file: None, switches, named }
}

const fn file(text: &'static str, named: &'static [&'static str]) -> Case {
    Case { file: Some(text), switches: "", named }
}

/// Errors of usage and parsing: exit code 1 and nothing has been created.
const UNREADABLE: &[Case] = &[
    switches("--name=a --size=1m --nosuch=1", &["nosuch"]),
    switches("--nosuch", &["nosuch"]),
    switches("--name=a --size=1m --rwmixred=3", &["rwmixred", "rwmixread"]),
    switches("--name=a --size=1m --rw=foo", &["rw", "foo"]),
    switches("--name=a --size=1m --bs=0", &["bs"]),
    switches("--name=a --size=1m --iodepth=0", &["iodepth"]),
    switches("--name=a --size=", &["size"]),
    switches("--name=a --size=1m --rwmixread=101", &["rwmixread", "101"]),
    switches("--name=a --size=1k --bs=4k", &["size"]),
    switches("--name=a --size=1m --ioengine=nosuch", &["nosuch"]),
    switches("--output-format=nosuch --name=a --size=1m", &["nosuch"]),
    switches("--readonly --name=a --rw=write --size=1m", &["read"]),
    switches("", &["job"]),
    switches("nothere.fio", &["nothere.fio"]),
    file("", &["job"]),
    file("[global]\nsize=1m\n", &["job"]),
    file("size=1m\n[a]\n", &["bad.fio:1"]),
    file("[a]\nsize=1m\nnosuch=1\n", &["bad.fio:3", "nosuch"]),
    file("[a]\nsize=1m\n\nrw=randraed\n", &["bad.fio:4", "randread"]),
    file("[a]\nsize=1m\nrw\n", &["bad.fio:3", "rw"]),
    file("[a]\nsize=bogus\n", &["bad.fio:2", "bogus"]),
];

/// Errors of the same kind that the peer lets pass.
const STRICTER: &[Case] =
    &[file("[a]\nsize=1m\ninclude nothere.inc\n", &["bad.fio:3", "nothere.inc"])];

/// Jobs that are understood and cannot be done: exit code 1, for one failed job.
const IMPOSSIBLE: &[Case] = &[
    switches("--name=a --rw=read", &["size"]),
    switches("--name=a --filename=. --size=1m", &["directory"]),
    switches("--name=a --filename=/dev/full --rw=write --size=4k", &["/dev/full", "space"]),
    switches("--name=a --filename=/proc/nosuch/x --size=1m", &["/proc/nosuch"]),
];

fn run(program: &Program, case: &Case, scratch: &Scratch) -> Run {
    let mut arguments: Vec<&str> = case.switches.split_whitespace().collect();
    if let Some(text) = case.file {
        std::fs::write(scratch.path().join("bad.fio"), text).unwrap();
        arguments.push("bad.fio");
    }
    program.run(scratch.path(), &arguments).unwrap()
}

fn complaints(case: &Case, run: &Run) -> Vec<String> {
    let mut complaints = Vec::new();
    if run.code() != 1 {
        complaints.push(format!("exit code {} instead of 1", run.code()));
    }
    for text in case.named {
        if !run.stderr.contains(text) {
            complaints.push(format!("the message does not name {text:?}"));
        }
    }
    if run.stderr.contains("panicked") {
        complaints.push("panics".to_string());
    }
    let what = format!("{}{:?}", case.switches, case.file.unwrap_or(""));
    complaints.iter().map(|text| format!("{what}: {text}\n{}", run.stderr)).collect()
}

#[test]
fn what_cannot_be_read_is_explained() {
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let mut failed = Vec::new();
    for case in UNREADABLE.iter().chain(STRICTER) {
        let scratch = Scratch::new("bad-input").unwrap();
        failed.extend(complaints(case, &run(&ours, case, &scratch)));
        for entry in std::fs::read_dir(scratch.path()).unwrap() {
            let name = entry.unwrap().file_name();
            if name != "bad.fio" {
                failed.push(format!("{}: has created {name:?}", case.switches));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn what_cannot_be_done_is_explained() {
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let mut failed = Vec::new();
    for case in IMPOSSIBLE {
        let scratch = Scratch::new("bad-input").unwrap();
        failed.extend(complaints(case, &run(&ours, case, &scratch)));
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn exit_codes_are_those_of_the_peer() {
    let Some(peer) = peer::for_test() else { return };
    let mut failed = Vec::new();
    for case in UNREADABLE.iter().chain(IMPOSSIBLE) {
        let scratch = Scratch::new("bad-input").unwrap();
        let code = run(&peer, case, &scratch).code();
        if code != 1 {
            failed.push(format!("{}{:?}: {code}", case.switches, case.file));
        }
    }
    assert!(failed.is_empty(), "the peer ends otherwise:\n{}", failed.join("\n"));
}

/// All faults of a file are reported, not only the first.
#[test]
fn parsing_goes_on_after_an_error() {
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let case = file(
        "[a]\nsize=1m\nrw=wrong\n[b]\nsize=bogus\n",
        &["bad.fio:3", "wrong", "bad.fio:5", "bogus"],
    );
    let scratch = Scratch::new("bad-input").unwrap();
    let failed = complaints(&case, &run(&ours, &case, &scratch));
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// A job of which the option has no effect yet is refused for that option.
#[test]
fn planned_options_are_refused_by_name() {
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let case = switches("--name=a --ioengine=null --size=1m --cgroup=x", &["cgroup"]);
    let scratch = Scratch::new("bad-input").unwrap();
    let failed = complaints(&case, &run(&ours, &case, &scratch));
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Requests that do not fit what O_DIRECT demands: the rule is named, where the file system has one.
#[test]
fn misaligned_direct_requests_are_explained() {
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    // The build directory rather than the temporary one, which may be in memory.
    let scratch = Scratch::below(env!("CARGO_TARGET_TMPDIR").as_ref(), "direct").unwrap();
    let job = "--name=a --ioengine=psync --rw=read --size=100k --direct=1 --bs=1000";
    let run = ours.run(scratch.path(), job.split_whitespace()).unwrap();
    if run.code() == 0 {
        eprintln!("skipped: this file system takes any block size with O_DIRECT");
        return;
    }
    assert_eq!(run.code(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("direct") && run.stderr.contains("1000"), "{}", run.stderr);
    // Where the kernel tells the rule, it is applied before anything is written.
    if run.stderr.contains("multiples of") {
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
    }
    let mapped = job.replace("psync", "mmap");
    let run = ours.run(scratch.path(), mapped.split_whitespace()).unwrap();
    assert_eq!((run.code(), run.stderr.as_str()), (0, ""), "mappings have no such rule");
}
