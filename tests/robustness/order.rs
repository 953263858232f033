//! Who runs when, and in which group.

use std::io::Write;
use std::process::{Command, Stdio};

use rustix::process::Signal;
use xtask::json::Json;
use xtask::program::Scratch;

use crate::session::{ENDLESS, Session, copy_of_fiord, fiord, number, run, wait_until};

/// When a job began and ended, milliseconds.
fn span(report: &Json, job: usize) -> (f64, f64) {
    let start = number(report, &format!("jobs.{job}.job_start"));
    (start, start + number(report, &format!("jobs.{job}.job_runtime")))
}

#[test]
fn jobs_behind_a_stonewall_wait_for_all_before_it() {
    for execution in ["", "--thread"] {
        let job = format!("{execution} --ioengine=null --time_based --size=1m");
        let words = format!(
            "--output-format=json --name=a {job} --runtime=300ms --name=b {job} --runtime=100ms \
             --name=c --stonewall --numjobs=2 {job} --runtime=100ms --name=d {job} --runtime=100ms"
        );
        let run = run(&Scratch::new("order").unwrap(), &words);
        assert_eq!((run.code(), run.stderr.as_str()), (0, ""));
        let report = run.json().unwrap();
        let spans: Vec<(f64, f64)> = (0..5).map(|job| span(&report, job)).collect();
        // Start and runtime are read from two clocks, each rounded to a millisecond.
        let first_end = spans[0].1.max(spans[1].1) - 2.0;
        for (job, (start, _)) in spans.iter().enumerate().skip(2) {
            assert!(*start >= first_end, "{execution}: job {job} in {spans:?}");
        }
        let groups: Vec<f64> =
            (0..5).map(|job| number(&report, &format!("jobs.{job}.groupid"))).collect();
        assert_eq!(groups, [0.0, 0.0, 1.0, 1.0, 1.0]);
    }
}

#[test]
fn delays_and_groups() {
    let job = "--ioengine=null --size=1m";
    let words = format!(
        "--output-format=json --group_reporting --name=a {job} --name=b --startdelay=300ms {job} \
         --name=c --new_group --numjobs=3 {job}"
    );
    let run = run(&Scratch::new("order").unwrap(), &words);
    assert_eq!((run.code(), run.stderr.as_str()), (0, ""));
    let report = run.json().unwrap();
    assert_eq!(report.get("jobs").unwrap().items().len(), 2);
    assert_eq!(number(&report, "jobs.0.read.total_ios"), 2.0 * 256.0);
    assert_eq!(number(&report, "jobs.1.read.total_ios"), 3.0 * 256.0);
    let apart = format!("--output-format=json --name=a {job} --name=b --startdelay=300ms {job}");
    let report = crate::session::run(&Scratch::new("order").unwrap(), &apart).json().unwrap();
    assert!(span(&report, 1).0 - span(&report, 0).0 >= 200.0);
}

#[test]
fn a_job_file_may_come_from_standard_input() {
    let scratch = Scratch::new("stdin").unwrap();
    let mut command = Command::new(fiord().path);
    command.args(["--output-format=json", "-"]).current_dir(scratch.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let text = b"[global]\nioengine=null\nsize=64k\n[a]\n[b]\nbs=16k\n";
    child.stdin.take().unwrap().write_all(text).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    let report = Json::parse(&String::from_utf8(output.stdout).unwrap()).unwrap();
    assert_eq!(number(&report, "jobs.0.read.total_ios"), 16.0);
    assert_eq!(number(&report, "jobs.1.read.total_ios"), 4.0);
}

/// A package upgrade during a run changes nothing for it.
#[test]
fn the_executable_may_vanish_during_a_run() {
    let scratch = Scratch::new("vanish").unwrap();
    let copy = copy_of_fiord(&scratch);
    let words = format!(
        "--output-format=json --name=a {ENDLESS} --runtime=2 \
         --name=b --stonewall --ioengine=null --size=1m"
    );
    let session = Session::start_program(&copy, scratch, &words);
    session.wait_for_writes(&["a.0.0"]);
    std::fs::remove_file(&copy).unwrap();
    let ended = session.finish();
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert_eq!(number(&ended.document(), "jobs.1.read.total_ios"), 256.0);
}

#[test]
fn a_status_of_jobs_that_wait_is_complete() {
    let words = format!(
        "--output-format=json --name=a {ENDLESS} --name=b --stonewall --ioengine=null --size=1m"
    );
    let session = Session::start(&words);
    session.wait_for_writes(&["a.0.0"]);
    session.signal(Signal::USR1);
    wait_until("a status report", || session.said("out").lines().any(|line| line == "}"));
    session.signal(Signal::TERM);
    let documents = session.finish().documents();
    assert_eq!(documents.len(), 2);
    for document in documents {
        assert_eq!(document.get("jobs").unwrap().items().len(), 2);
    }
}
