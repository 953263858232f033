//! How much a job does: `size`, `io_size`, `number_ios` and `loops` bound it as they bound the peer's, and
//! the warm-up by amount (`ramp_size`), which the peer may not know yet, leaves out what it says.
//!
//! Only amounts are compared, so no job here is bounded by time.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use xtask::json::Json;
use xtask::peer;
use xtask::program::{Program, Scratch};

/// Jobs for every engine.
const JOBS: &[&str] = &[
    "--rw=read --number_ios=50",
    "--rw=read --number_ios=50 --loops=3",
    "--rw=randread --number_ios=1000",
    "--rw=randread --number_ios=300 --io_size=2m",
    "--rw=randwrite --number_ios=300 --io_size=2m --loops=2",
    "--rw=write --io_size=2m",
    "--rw=write --io_size=300k",
    "--rw=randread --io_size=2m --loops=2",
    "--rw=write --io_size=25%",
    "--rw=write --io_size=5k",
    "--rw=randrw --io_size=2500k",
    "--rw=rw --number_ios=100 --loops=2",
    "--rw=randrw --loops=3",
    "--rw=randwrite --norandommap --io_size=3m",
    "--rw=randread --bsrange=1k-16k --io_size=3m",
    "--rw=read --bsrange=1k-16k --number_ios=200 --loops=2",
    "--rw=read --bs=64k --size=100k",
    "--rw=write --bs=64k --size=100k --io_size=1m",
    "--rw=randwrite --bs=3k --size=100k --io_size=1m",
    "--rw=read --nrfiles=3 --io_size=2500k --loops=2 --bs=8k",
    "--rw=randread --nrfiles=3 --io_size=500k --loops=2",
    "--rw=write --nrfiles=4 --number_ios=70 --loops=2",
    "--rw=write --filesize=300k --nrfiles=2 --io_size=1m",
    "--rw=write --fsync=8 --number_ios=50 --loops=2",
    "--rw=read:8k --io_size=2m",
    "--rw=randread:4 --number_ios=400 --io_size=3m",
    "--rw=read --time_based --loops=2",
    "--rw=randread --time_based --number_ios=100",
    "--rw=randread --percentage_random=50 --io_size=3m",
    "--rw=read --number_ios=10 --numjobs=2 --group_reporting",
    "--rw=randwrite --bssplit=4k/50:8k/50 --io_size=2500k --loops=2",
];

/// Jobs whose targets need not exist.
const TRIMS: &[&str] = &[
    "--rw=trim --number_ios=50",
    "--rw=trimwrite --number_ios=50 --loops=2",
    "--rw=trimwrite --io_size=300k --loops=2",
    "--rw=randtrimwrite --io_size=2m",
    "--rw=randtrim --io_size=3m",
];

fn fiord() -> Program {
    Program::under_test(env!("CARGO_BIN_EXE_fiord"))
}

fn report(program: &Program, job: &str) -> Json {
    let scratch = Scratch::new("durations").unwrap();
    let size = if job.contains(" --size") { "" } else { "--size=1m" };
    let words = format!("--name=a --output-format=json {size} {job}");
    let run = program.run(scratch.path(), words.split_whitespace()).unwrap();
    assert_eq!(run.code(), 0, "{} {job}: {}{}", program.name, run.stdout, run.stderr);
    run.json().unwrap()
}

fn number(report: &Json, path: &str) -> u64 {
    report.at(path).and_then(Json::number).unwrap_or_else(|| panic!("{path}")) as u64
}

/// Requests and bytes of each direction, and flushes.
fn amounts(report: &Json) -> Vec<(u64, u64)> {
    let of = |kind: &str| {
        let bytes = format!("jobs.0.{kind}.io_bytes");
        let bytes = if kind == "sync" { 0 } else { number(report, &bytes) };
        (number(report, &format!("jobs.0.{kind}.total_ios")), bytes)
    };
    ["read", "write", "trim", "sync"].map(of).to_vec()
}

#[test]
fn jobs_do_as_much_as_those_of_the_peer() {
    let Some(theirs) = peer::for_test() else { return };
    let ours = fiord();
    let mut failed = Vec::new();
    let mut compare = |job: &str| {
        let (mine, expected) = (amounts(&report(&ours, job)), amounts(&report(&theirs, job)));
        if mine != expected {
            failed.push(format!("{job}: {mine:?} | {expected:?}"));
        }
    };
    for job in JOBS {
        compare(&format!("--ioengine=psync --offset=64k {job}"));
    }
    for job in JOBS.iter().step_by(2) {
        compare(&format!("--ioengine=io_uring --iodepth=4 {job}"));
    }
    for job in TRIMS.iter().chain(JOBS.iter().skip(1).step_by(2)) {
        compare(&format!("--ioengine=null {job}"));
    }
    assert!(failed.is_empty(), "requests and bytes by direction:\n{}", failed.join("\n"));
}

#[test]
fn a_warm_up_by_amount_is_left_out() {
    for engine in ["--ioengine=null", "--ioengine=psync", "--ioengine=psync --thread"] {
        let report = report(&fiord(), &format!("{engine} --rw=write --ramp_size=256k"));
        assert_eq!(amounts(&report)[1], (192, 768 << 10), "{engine}");
    }
    let queued = report(&fiord(), "--ioengine=null --iodepth=16 --rw=rw --ramp_size=256k");
    let moved: u64 = amounts(&queued).iter().map(|(_, bytes)| bytes).sum();
    // Up to a queue is on its way when the ramp ends.
    assert!((640 << 10..=768 << 10).contains(&moved), "{moved}");
}

#[test]
fn a_group_warms_up_together() {
    const REQUEST: u64 = 4096;
    for kind in ["", "--thread"] {
        let words = "--ioengine=null --rw=read --numjobs=4 --group_reporting --ramp_size=1m";
        let report = report(&fiord(), &format!("{words} {kind}"));
        let moved = amounts(&report)[0].1;
        // Each of the jobs may have one request on its way when the last but one reaches the amount.
        assert!(((3 << 20) - 4 * REQUEST..=3 << 20).contains(&moved), "{moved}");
    }
    // Apart, each has its own.
    let apart = report(&fiord(), "--ioengine=null --rw=read --numjobs=2 --ramp_size=256k");
    let bytes = ["0", "1"].map(|job| number(&apart, &format!("jobs.{job}.read.io_bytes")));
    assert_eq!(bytes, [768 << 10; 2]);
}

#[test]
fn rated_jobs_report_response_times() {
    let job = "--ioengine=null --rw=randrw --size=1m --rate_iops=2000,1000 --numjobs=2";
    let report = report(&fiord(), &format!("{job} --group_reporting"));
    for direction in ["read", "write"] {
        let at = |path: &str| number(&report, &format!("jobs.0.{path}"));
        let issued = at(&format!("{direction}.total_ios"));
        assert_eq!(at(&format!("fiord.response_ns.{direction}.N")), issued, "{direction}");
        let response = at(&format!("fiord.response_ns.{direction}.mean"));
        let lag = at(&format!("fiord.schedule_lag_ns.{direction}.mean"));
        let lat = at(&format!("{direction}.lat_ns.mean"));
        // A request takes as long as it waited for its start, and then its latency.
        assert!(response.abs_diff(lag + lat) <= 2, "{direction}: {response} {lag} {lat}");
        assert!(at(&format!("fiord.schedule_lag_ns.{direction}.late")) <= issued);
    }
    let free = self::report(&fiord(), "--ioengine=null --rw=read");
    assert!(free.at("jobs.0.fiord.response_ns").is_none());
}
