//! Rates, pauses and bounds of latency that make no sense or are not kept: what happens is what happens
//! under fio, and the message says what was asked and what was seen.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use xtask::peer;
use xtask::program::{Program, Run, Scratch, messages};

/// A job on the engine null.
struct Case {
    words: &'static str,
    code: i32,
    /// The job's error number; nothing: it does not run.
    error: Option<u32>,
    /// Requests that are done; nothing: that depends.
    ios: Option<u32>,
    /// Texts of the message, if there has to be one.
    named: &'static [&'static str],
}

const fn runs(words: &'static str, ios: u32) -> Case {
    Case { words, code: 0, error: Some(0), ios: Some(ios), named: &[] }
}

const fn fails(words: &'static str, error: u32, named: &'static [&'static str]) -> Case {
    Case { words, code: 1, error: Some(error), ios: None, named }
}

const fn refused(words: &'static str, named: &'static [&'static str]) -> Case {
    Case { words, code: 1, error: None, ios: None, named }
}

const IO: u32 = 5;
const TIMED_OUT: u32 = 110;

/// Cases in which nothing depends on the time that a request takes, beyond that a megabyte is not read
/// in a microsecond.
const CASES: &[Case] = &[
    // Zero is no limit.
    runs("--rate=0", 256),
    runs("--rate_iops=0", 256),
    runs("--rate_min=0 --rate_iops_min=0", 256),
    runs("--rate=0,100m --rw=randread", 256),
    runs("--rate_cycle=0 --rate_iops=1000 --number_ios=5", 5),
    runs("--thinktime=0 --thinktime_blocks=3", 256),
    runs("--thinktime=1ms --thinktime_blocks=0 --number_ios=5", 5),
    runs("--flow=0", 256),
    runs("--max_latency=0 --latency_target=0", 256),
    // A pause ends with the job.
    runs("--thinktime=1h --runtime=1 --time_based", 1),
    refused("--rate=1m --rate_iops=10", &["`rate`", "`rate_iops`"]),
    refused("--rate_min=100m --rate=1m", &["`rate_min`", "`rate`"]),
    refused("--rate_iops_min=10 --rate_iops=5", &["`rate_iops_min`", "`rate_iops`"]),
    refused("--rate_process=gauss", &["rate_process", "gauss", "poisson"]),
    refused("--latency_target=1ms --latency_percentile=101", &["latency_percentile", "101"]),
    fails(
        "--rate_min=1000m --rate_cycle=100 --thinktime=10ms --runtime=20 --time_based",
        IO,
        &["rate_min=1048576000B/s not met, got "],
    ),
    fails(
        "--rate_iops_min=100000 --rate_cycle=100 --thinktime=10ms --runtime=20 --time_based",
        IO,
        &["rate_iops_min=100000 IOPS not met, got "],
    ),
    fails(
        "--ioengine=psync --filename=/dev/zero --bs=1m --max_latency=1us",
        TIMED_OUT,
        &["latency of ", "exceeds specified max (1000 nsec", "/dev/zero"],
    ),
    fails(
        "--ioengine=psync --filename=/dev/zero --bs=1m --latency_target=1us --latency_window=1ms \
         --latency_percentile=100 --runtime=20 --time_based",
        TIMED_OUT,
        &["latency_target=1000 nsec", "not met", "took "],
    ),
];

/// What fio 3.41 does not always come back from.
const ALONE: &[Case] = &[runs("--thinktime=1h --thinktime_spin=1h --runtime=1", 1)];

fn run(program: &Program, case: &Case) -> Run {
    let scratch = Scratch::new("pacing").unwrap();
    let words = "--output-format=json --name=a --ioengine=null --bs=4k --size=1m";
    let all = words.split_whitespace().chain(case.words.split_whitespace());
    program.run(scratch.path(), all).unwrap()
}

/// What is not as it should be.
fn complaints(run: &Run, case: &Case) -> Vec<String> {
    let mut complaints = Vec::new();
    if run.code() != case.code {
        complaints.push(format!("exit code {} instead of {}", run.code(), case.code));
    }
    if let Some(error) = case.error {
        let number = |path: &str| Some(run.json().ok()?.at(path)?.number()? as u32);
        let found = number("jobs.0.error");
        if found != Some(error) {
            complaints.push(format!("error {found:?} instead of {error}"));
        }
        let found = number("jobs.0.read.total_ios");
        if case.ios.is_some() && found != case.ios {
            complaints.push(format!("{found:?} requests instead of {:?}", case.ios));
        }
    }
    let what = case.words;
    complaints.iter().map(|text| format!("{what}: {text}\n{}", run.stderr)).collect()
}

#[test]
fn what_was_asked_and_what_was_seen_is_told() {
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let mut failed: Vec<String> = Vec::new();
    for case in CASES.iter().chain(ALONE) {
        let run = run(&ours, case);
        failed.extend(complaints(&run, case));
        let stderr = run.stderr;
        let expected = usize::from(!case.named.is_empty());
        if messages(&stderr) != expected {
            failed.push(format!("{}: not {expected} messages: {stderr}", case.words));
        }
        let missing = case.named.iter().filter(|text| !stderr.contains(**text));
        failed.extend(missing.map(|text| format!("{}: no {text:?}: {stderr}", case.words)));
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn the_peer_does_the_same() {
    let Some(peer) = peer::for_test() else { return };
    let failed: Vec<String> =
        CASES.iter().flat_map(|case| complaints(&run(&peer, case), case)).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
