//! Signals and violent deaths.

use std::rc::Rc;
use std::time::Duration;

use rustix::process::Signal;
use xtask::program::Scratch;

use crate::session::{ENDLESS, Ended, Session, fiord, is_alive, number, send, wait_until};

#[test]
fn an_interrupted_run_ends_cleanly_with_a_full_report() {
    for signal in [Signal::INT, Signal::TERM] {
        for execution in ["", "--thread"] {
            for format in ["normal", "json", "terse"] {
                let what = format!("{signal:?} {execution} {format}");
                let words =
                    format!("--output-format={format} --name=a --numjobs=2 {execution} {ENDLESS}");
                let session = Session::start(&words);
                session.wait_for_writes(&["a.0.0", "a.1.0"]);
                let workers = session.workers();
                session.signal(signal);
                let ended = session.finish();
                assert_eq!(ended.code, 128, "{what}: {}", ended.err);
                assert_eq!(ended.err.lines().count(), 1, "{what}: {}", ended.err);
                assert!(ended.err.contains("signal"), "{what}: {}", ended.err);
                assert!(workers.iter().all(|pid| !is_alive(*pid)), "{what}");
                match format {
                    "json" => {
                        let report = ended.document();
                        for job in 0..2 {
                            assert!(number(&report, &format!("jobs.{job}.write.total_ios")) > 0.0);
                            assert_eq!(number(&report, &format!("jobs.{job}.error")), 0.0);
                        }
                    }
                    "terse" => assert_eq!(ended.out.lines().count(), 2, "{what}"),
                    _ => assert!(ended.out.contains("Run status group 0"), "{what}"),
                }
            }
        }
    }
}

#[test]
fn an_interrupted_run_starts_nothing_more() {
    let words = format!("--output-format=json --name=a {ENDLESS} --name=b --stonewall {ENDLESS}");
    let session = Session::start(&words);
    session.wait_for_writes(&["a.0.0"]);
    session.signal(Signal::TERM);
    let scratch = session.scratch.path().to_owned();
    let b_untouched = move || std::fs::metadata(scratch.join("b.0.0")).is_ok_and(|f| f.len() == 0);
    assert!(b_untouched());
    let ended = session.finish();
    assert_eq!(ended.code, 128);
    let report = ended.document();
    assert!(number(&report, "jobs.0.write.total_ios") > 0.0);
    assert_eq!(number(&report, "jobs.1.write.total_ios"), 0.0);
}

/// Files of many gigabytes are not finished first.
#[test]
fn a_layout_is_given_up() {
    for words in ["", "--create_serialize=0", "--create_serialize=0 --thread"] {
        let words =
            format!("--output-format=json --name=a --rw=read --size=64g --fallocate=none {words}");
        let session = Session::start(&words);
        session.wait_for_writes(&["a.0.0"]);
        session.signal(Signal::TERM);
        let scratch = Rc::clone(&session.scratch);
        let ended = session.finish();
        assert_eq!(ended.code, 128, "{words}: {}", ended.err);
        assert_eq!(number(&ended.document(), "jobs.0.read.total_ios"), 0.0);
        assert!(!scratch.path().join("a.0.0").exists(), "{words}");
    }
}

/// Runs a job that hangs in the kernel beside one that does not, and sends signals until the end.
fn run_with_hanging_job(execution: &str) -> Ended {
    let words = format!(
        "--output-format=json {execution} --name=a {ENDLESS} \
         --name=hung --ioengine=sync --rw=read --bs=4k --size=4k --filename=pipe"
    );
    let scratch = Scratch::new("hung").unwrap();
    let made = std::process::Command::new("mkfifo").arg(scratch.path().join("pipe")).status();
    assert!(made.unwrap().success());
    let session = Session::start_program(&fiord().path, scratch, &words);
    session.wait_for_writes(&["a.0.0"]);
    session.signal(Signal::INT);
    wait_until("word of the signal", || session.said("err").contains("signal"));
    // What follows at once is taken for an echo of the first signal.
    wait_until("the end", || {
        std::thread::sleep(Duration::from_millis(200));
        let alive = is_alive(session.pid());
        if alive {
            session.signal(Signal::INT);
        }
        !alive
    });
    session.finish()
}

/// A job that hangs in the kernel cannot end by itself: the second signal ends the run.
#[test]
fn a_job_that_hangs_is_given_up_at_the_second_signal() {
    for execution in ["", "--thread"] {
        // The first signal may reach the job before it hangs: then it ends by itself.
        let hung = (0..20)
            .map(|_| run_with_hanging_job(execution))
            .find(|ended| ended.err.contains("does not finish"));
        let ended = hung.expect("a job that hangs");
        assert_eq!(ended.code, 128, "{execution}: {}", ended.err);
        assert!(ended.err.contains("hung"), "{execution}: {}", ended.err);
        let report = ended.document();
        assert!(number(&report, "jobs.0.write.total_ios") > 0.0, "{execution}");
        assert_eq!(number(&report, "jobs.0.error"), 0.0, "{execution}");
        assert_eq!(number(&report, "jobs.1.read.total_ios"), 0.0, "{execution}");
    }
}

#[test]
fn status_is_told_while_jobs_run() {
    for execution in ["", "--thread"] {
        let session =
            Session::start(&format!("--output-format=json --name=a {execution} {ENDLESS}"));
        session.wait_for_writes(&["a.0.0"]);
        for dumps in 1..=2 {
            session.signal(Signal::USR1);
            wait_until("a status report", || {
                session.said("out").lines().filter(|line| *line == "}").count() == dumps
            });
        }
        session.signal(Signal::INT);
        let ended = session.finish();
        let documents = ended.documents();
        assert_eq!(documents.len(), 3, "{execution}");
        let ios: Vec<f64> = documents.iter().map(|d| number(d, "jobs.0.write.total_ios")).collect();
        assert!(ios[0] <= ios[1] && ios[1] <= ios[2] && ios[2] > 0.0, "{execution}: {ios:?}");
    }
}

#[test]
fn status_intervals_give_complete_documents() {
    let session = Session::start(&format!(
        "--output-format=json --status-interval=50ms --name=a {ENDLESS} --name=b --thread {ENDLESS}"
    ));
    wait_until("three status reports", || {
        session.said("out").lines().filter(|line| *line == "}").count() >= 3
    });
    session.signal(Signal::INT);
    let documents = session.finish().documents();
    assert!(documents.len() >= 4);
    assert!(documents.iter().all(|d| d.get("jobs").unwrap().items().len() == 2));
}

#[test]
fn a_killed_worker_leaves_its_results_and_the_others() {
    let words = format!(
        "--output-format=json --name=a {ENDLESS} \
         --name=b --stonewall --ioengine=null --size=1m --bs=4k"
    );
    let session = Session::start(&words);
    session.wait_for_writes(&["a.0.0"]);
    let workers = session.workers();
    assert_eq!(workers.len(), 1);
    send(workers[0], Signal::KILL);
    let ended = session.finish();
    assert_ne!(ended.code, 0);
    assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
    assert!(ended.err.contains(&workers[0].to_string()), "{}", ended.err);
    let report = ended.document();
    assert!(number(&report, "jobs.0.write.total_ios") > 0.0);
    assert!(number(&report, "jobs.0.write.runtime") > 0.0);
    assert_eq!(number(&report, "jobs.1.read.total_ios"), 256.0);
    assert_eq!(number(&report, "jobs.1.error"), 0.0);
}

#[test]
fn workers_do_not_outlive_their_parent() {
    let session = Session::start(&format!("--name=a --numjobs=3 {ENDLESS}"));
    session.wait_for_writes(&["a.0.0", "a.1.0", "a.2.0"]);
    let workers = session.workers();
    assert_eq!(workers.len(), 3);
    session.signal(Signal::KILL);
    wait_until("the end of the workers", || workers.iter().all(|pid| !is_alive(*pid)));
}
