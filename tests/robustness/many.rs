//! Many jobs at once, with and without enough of everything.

use std::process::{Command, Stdio};

use xtask::json::Json;
use xtask::program::{Run, Scratch};

use crate::session::{fiord, number, run};

fn assert_all_ran(run: &Run, jobs: usize) {
    assert_eq!((run.code(), run.stderr.as_str()), (0, ""));
    let report = run.json().unwrap();
    assert_eq!(report.get("jobs").unwrap().items().len(), jobs);
    for job in 0..jobs {
        assert_eq!(number(&report, &format!("jobs.{job}.read.total_ios")), 1.0, "job {job}");
        assert_eq!(number(&report, &format!("jobs.{job}.read.io_bytes")), 4096.0, "job {job}");
    }
}

#[test]
fn two_hundred_jobs() {
    for execution in ["", "--thread"] {
        let words = format!(
            "--output-format=json --name=many --numjobs=200 {execution} --ioengine=null \
             --size=1m --number_ios=1"
        );
        assert_all_ran(&run(&Scratch::new("many").unwrap(), &words), 200);
    }
}

/// The number of jobs is not bound by the number of descriptors.
#[test]
fn many_jobs_with_few_descriptors() {
    let scratch = Scratch::new("few").unwrap();
    let script = "ulimit -n 24; exec \"$0\" \"$@\"";
    let words =
        "--output-format=json --name=many --numjobs=100 --ioengine=null --size=1m --number_ios=1";
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(fiord().path).args(words.split_whitespace());
    let output = command.current_dir(scratch.path()).stdin(Stdio::null()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let report = Json::parse(&String::from_utf8(output.stdout).unwrap()).unwrap();
    assert_eq!(report.get("jobs").unwrap().items().len(), 100);
}

#[test]
fn each_failing_clone_counts() {
    for execution in ["", "--thread"] {
        for (clones, code) in [(1, 1), (3, 3), (130, 127)] {
            let words = format!(
                "--output-format=json --name=bad {execution} --numjobs={clones} \
                 --ioengine=psync --rw=write --size=4k --filename=/dev/full \
                 --name=good --ioengine=null --size=4k"
            );
            let run = run(&Scratch::new("many").unwrap(), &words);
            assert_eq!(run.code(), code, "{}", run.stderr);
            assert_eq!(run.stderr.lines().count(), clones, "{}", run.stderr);
            let report = run.json().unwrap();
            assert_eq!(number(&report, "jobs.0.error"), 28.0);
            assert_eq!(number(&report, &format!("jobs.{clones}.error")), 0.0);
        }
    }
}
