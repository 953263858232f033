//! `--debug`: lines that programs read are the peer's, they stay out of documents, and every worker's
//! lines arrive.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use xtask::peer;
use xtask::program::{Program, Run, Scratch};

fn ours() -> Program {
    Program::under_test(env!("CARGO_BIN_EXE_fiord"))
}

fn run(program: &Program, scratch: &Scratch, arguments: &str) -> Run {
    let run = program.run(scratch.path(), arguments.split_whitespace()).unwrap();
    assert_eq!(run.code(), 0, "{} {arguments}: {}{}", program.name, run.stdout, run.stderr);
    run
}

/// Texts of the lines about a subject, without process numbers.
fn told<'a>(text: &'a str, subject: &str) -> Vec<&'a str> {
    let about = |line: &'a str| line.strip_prefix(subject)?.strip_prefix(' ');
    let text_of = |line: &'a str| line.trim_start().split_once(' ').map(|(_, text)| text.trim());
    text.lines().filter_map(about).filter_map(text_of).collect()
}

fn seeds(text: &str) -> Vec<&str> {
    told(text, "random").into_iter().filter(|line| line.starts_with("rand_seeds[")).collect()
}

/// What was completed, without the number of the request's slot.
fn completed(text: &str) -> Vec<&str> {
    let lines = told(text, "io").into_iter().filter(|line| line.starts_with("complete: "));
    lines.map(|line| line.split_once("off=").unwrap().1).collect()
}

#[test]
fn seeds_are_the_peers() {
    let Some(peer) = peer::for_test() else { return };
    let scratch = Scratch::new("tracing-seeds").unwrap();
    for jobs in [
        "--name=a",
        "--name=a --numjobs=3",
        "--name=a --rw=randread --randseed=4711",
        "--name=a --rw=randrw --allrandrepeat=1 --randseed=7 --numjobs=2",
        "--name=a --randrepeat=1 --name=b --randrepeat=0 --randseed=99 --numjobs=2 --thread",
        "--random_generator=tausworthe64 --name=a --rw=randwrite --name=b --rw=read",
    ] {
        let jobs = format!("--debug=random --ioengine=null --size=4k --bs=4k {jobs}");
        let (our_run, their_run) = (run(&ours(), &scratch, &jobs), run(&peer, &scratch, &jobs));
        let (our_seeds, their_seeds) = (seeds(&our_run.stdout), seeds(&their_run.stdout));
        assert!(!their_seeds.is_empty(), "{jobs}");
        assert_eq!(our_seeds, their_seeds, "{jobs}");
    }
}

#[test]
fn completed_requests_are_the_peers() {
    let Some(peer) = peer::for_test() else { return };
    for jobs in [
        "--name=a --ioengine=null --rw=randread",
        "--name=a --ioengine=null --rw=randrw --nrfiles=2 --bsrange=4k-16k",
        "--name=a --rw=randwrite --fsync=4 --filename=f",
        "--name=a --rw=write --fdatasync=3 --filename=f",
        "--name=a --rw=read --filename=f --thread",
    ] {
        let jobs = format!("--debug=io --size=256k {jobs}");
        let results = [&ours(), &peer].map(|program| {
            let scratch = Scratch::new("tracing-requests").unwrap();
            run(program, &scratch, &jobs).stdout
        });
        let [ours, theirs] = results.each_ref().map(|text| completed(text));
        assert!(theirs.len() >= 16, "{jobs}");
        assert_eq!(ours, theirs, "{jobs}");
    }
}

#[test]
fn a_request_is_filled_queued_and_completed_once() {
    let scratch = Scratch::new("tracing-lines").unwrap();
    let jobs = "--debug=io --name=a --ioengine=null --iodepth=4 --size=64k --bs=4k";
    let run = run(&ours(), &scratch, jobs);
    let lines = told(&run.stdout, "io");
    for event in ["fill: ", "queue: ", "complete: "] {
        assert_eq!(lines.iter().filter(|line| line.starts_with(event)).count(), 16, "{event}");
    }
}

#[test]
fn errors_and_parts_are_told() {
    let scratch = Scratch::new("tracing-errors").unwrap();
    let arguments = "--debug=io --name=a --filename=/dev/full --rw=write --size=4k --bs=4k";
    let run = ours().run(scratch.path(), arguments.split_whitespace()).unwrap();
    assert_eq!(completed(&run.stdout), ["0x0,len=0x1000,ddir=1,file=/dev/full, error=28"]);
}

#[test]
fn a_job_number_limits_the_lines() {
    let scratch = Scratch::new("tracing-job").unwrap();
    let jobs = "--ioengine=null --size=8k --bs=4k --name=a --name=b --numjobs=2";
    let run = run(&ours(), &scratch, &format!("--debug=io,random,process,job:2 {jobs}"));
    assert_eq!(completed(&run.stdout).len(), 2);
    assert!(completed(&run.stdout).iter().all(|line| line.contains("b.")), "{}", run.stdout);
    assert_eq!(seeds(&run.stdout).len(), 23);
    let ended = told(&run.stdout, "process").iter().filter(|l| l.ends_with("EXITED")).count();
    assert_eq!(ended, 1);
}

#[test]
fn documents_stay_documents() {
    let scratch = Scratch::new("tracing-json").unwrap();
    let jobs = "--debug=all --ioengine=null --size=8k --bs=4k --name=a --name=b --thread";
    for format in ["json", "json+", "json,normal"] {
        let run = run(&ours(), &scratch, &format!("{jobs} --output-format={format}"));
        run.json().unwrap();
        assert!(completed(&run.stdout).is_empty(), "{format}");
        assert_eq!(completed(&run.stderr).len(), 4, "{format}");
    }
    let run = run(&ours(), &scratch, &format!("{jobs} --minimal"));
    assert_eq!(run.stdout.lines().count(), 2, "{}", run.stdout);
}

#[test]
fn lines_go_with_the_text_for_people() {
    let scratch = Scratch::new("tracing-output").unwrap();
    let jobs = "--debug=io,process --ioengine=null --size=64k --bs=4k --name=a --numjobs=3";
    let run = run(&ours(), &scratch, &format!("{jobs} --output=o.txt"));
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    let text = std::fs::read_to_string(scratch.path().join("o.txt")).unwrap();
    assert_eq!(completed(&text).len(), 48);
    assert!(text.contains("Run status group 0") && text.contains("Starting 3 processes"));
    let ended = told(&text, "process").iter().filter(|line| line.ends_with("REAPED")).count();
    assert_eq!(ended, 3);
}

#[test]
fn nothing_is_told_unasked() {
    let scratch = Scratch::new("tracing-none").unwrap();
    let jobs = "--ioengine=null --size=8k --bs=4k --name=a --alloc-size=100 --max-jobs=4";
    let quiet = run(&ours(), &scratch, jobs);
    assert!(completed(&quiet.stdout).is_empty() && quiet.stderr.is_empty());
    assert!(!quiet.stdout.contains("alloc-size"));
    let run = run(&ours(), &scratch, &format!("--debug=parse --parse-only {jobs}"));
    let remarks = told(&run.stdout, "parse");
    assert_eq!(remarks.iter().filter(|line| line.contains("`--alloc-size`")).count(), 1);
    for setting in ["defaults: bs=4k", "job 1, a: name=a"] {
        assert!(remarks.contains(&setting), "{remarks:?}");
    }
}

#[test]
fn subjects_are_listed_and_checked() {
    let scratch = Scratch::new("tracing-words").unwrap();
    for question in ["--debug=help", "--debug=?", "--debug help", "-d?"] {
        let run = run(&ours(), &scratch, question);
        assert!(run.stdout.contains(": process,file,io,mem,"), "{question}: {}", run.stdout);
        assert!(run.stdout.trim_end().ends_with(",all"));
    }
    for wrong in ["--debug=nosuch", "--debug=io,nosuch", "--debug=job", "--debug="] {
        let arguments = [wrong, "--name=a", "--ioengine=null", "--size=4k"];
        let run = ours().run(scratch.path(), arguments).unwrap();
        assert_eq!(run.code(), 1, "{wrong}");
        assert!(run.stderr.contains("sprandom") || run.stderr.contains("job:N"), "{wrong}");
    }
}
