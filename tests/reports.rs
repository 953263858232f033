//! Rules of output on which programs rely: what stands on which stream, in every format, for runs that
//! succeed, fail, or are ended from outside.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use xtask::json::Json;
use xtask::peer;
use xtask::program::{Program, Run, Scratch, descendants, wait};

const JOB: &str = "--name=job --ioengine=null --rw=randrw --size=1m";
const FAILING: &str = "--name=bad --ioengine=psync --rw=write --filename=/dev/full --size=4k";

fn ours() -> Program {
    Program::under_test(env!("CARGO_BIN_EXE_fiord"))
}

fn run(arguments: &str) -> Run {
    let scratch = Scratch::new("reports").unwrap();
    ours().run(scratch.path(), arguments.split_whitespace()).unwrap()
}

#[test]
fn versions() {
    let own = run("--version").stdout;
    assert!(own.starts_with("fiord ") && own.trim_end().ends_with("(fio-3.42)"), "{own:?}");
    assert_eq!(own.lines().count(), 1);
    let scratch = Scratch::new("reports").unwrap();
    let link = scratch.path().join("fio");
    std::os::unix::fs::symlink(ours().path, &link).unwrap();
    let as_fio = Program::new("fio", link).run(scratch.path(), ["--version"]).unwrap().stdout;
    assert!(as_fio.starts_with("fio-3.42"), "{as_fio:?}");
    assert_eq!(as_fio.lines().count(), 1);
}

#[test]
fn pure_json_holds_nothing_else() {
    for format in ["json", "json+"] {
        let run = run(&format!("--output-format={format} {JOB}"));
        assert_eq!((run.code(), run.stderr.as_str()), (0, ""));
        let lines: Vec<&str> = run.stdout.lines().collect();
        assert_eq!((lines.first(), lines.last()), (Some(&"{"), Some(&"}")));
        let report = Json::parse(&run.stdout).unwrap();
        assert_eq!(report.get("fio version").and_then(Json::text), Some("fio-3.42"));
        assert!(report.at("fiord.version").and_then(Json::text).is_some());
        let bins = report.at("jobs.0.read.clat_ns.bins").is_some();
        assert_eq!(bins, format == "json+");
    }
}

#[test]
fn amounts_agree_with_each_other() {
    let report = run(&format!("--output-format=json+ --bs=4k {JOB}")).json().unwrap();
    let mut total = 0.0;
    for direction in ["read", "write"] {
        let number = |field: &str| {
            report.at(&format!("jobs.0.{direction}.{field}")).and_then(Json::number).unwrap()
        };
        assert_eq!(number("io_bytes"), number("total_ios") * 4096.0);
        assert_eq!(number("io_kbytes"), number("total_ios") * 4.0);
        assert_eq!(number("clat_ns.N"), number("total_ios"));
        let bins = report.at(&format!("jobs.0.{direction}.clat_ns.bins")).unwrap();
        let counted: f64 = bins.members().iter().filter_map(|(_, count)| count.number()).sum();
        assert_eq!(counted, number("total_ios"));
        total += number("io_bytes");
    }
    assert_eq!(total, 1024.0 * 1024.0);
}

/// The time of day is some fifty years ahead of the time since the machine was started.
#[test]
fn the_start_of_a_job_is_told_by_the_clock_that_is_asked_for() {
    let start = |clock: &str| {
        let words = format!("{JOB} --output-format=json {clock}");
        let report = Json::parse(&run(&words).stdout).unwrap();
        report.at("jobs.0.job_start").and_then(Json::number).unwrap()
    };
    let (of_day, since_start) = (start(""), start("--job_start_clock_id=1"));
    let year_ms = 365.0 * 24.0 * 3600.0 * 1000.0;
    assert!(of_day > 50.0 * year_ms && since_start < 20.0 * year_ms, "{of_day} {since_start}");
    let unknown = run(&format!("{JOB} --job_start_clock_id=4711"));
    assert_eq!(unknown.code(), 1);
    assert!(unknown.stderr.contains("the clock with the number 4711"), "{}", unknown.stderr);
}

#[test]
fn a_mix_frames_its_json() {
    let run = run(&format!("--output-format=normal,json {JOB}"));
    assert_eq!((run.code(), run.stderr.as_str()), (0, ""));
    assert_eq!(Json::parse_output(&run.stdout).unwrap().len(), 1);
    assert!(run.stdout.contains("Run status group 0 (all jobs):"), "{}", run.stdout);
}

#[test]
fn terse_has_the_fields_of_the_peer() {
    let Some(peer) = peer::for_test() else { return };
    for version in [2, 3, 4, 5] {
        for job in
            [JOB, "--name=j --ioengine=null --size=64k --description=text --continue_on_error=all"]
        {
            let arguments = format!("--minimal --terse-version={version} --disk_util=0 {job}");
            let scratch = Scratch::new("reports").unwrap();
            let words = || arguments.split_whitespace();
            let (ours, theirs) = (
                ours().run(scratch.path(), words()).unwrap(),
                peer.run(scratch.path(), words()).unwrap(),
            );
            assert_eq!(ours.stderr, "");
            let fields = |run: &Run| -> Vec<usize> {
                run.stdout.lines().map(|line| line.split(';').count()).collect()
            };
            assert_eq!(fields(&ours), fields(&theirs), "{arguments}\n{}", ours.stdout);
            let amount = |run: &Run| -> Option<String> {
                Some(run.stdout.split(';').nth(if version == 2 { 4 } else { 5 })?.to_string())
            };
            assert_eq!(amount(&ours), amount(&theirs), "{arguments}");
        }
    }
}

#[test]
fn failure_is_told_on_stderr() {
    let scratch = Scratch::new("reports").unwrap();
    for format in ["normal", "json", "terse"] {
        let arguments = format!("--output=result --output-format={format} {FAILING}");
        let run = ours().run(scratch.path(), arguments.split_whitespace()).unwrap();
        assert_eq!(run.code(), 1);
        assert!(run.stderr.contains("/dev/full"), "{format}: {:?}", run.stderr);
        assert_eq!(run.stdout, "", "{format}");
        let result = std::fs::read_to_string(scratch.path().join("result")).unwrap();
        assert!(!result.is_empty());
        if format == "json" {
            let report = Json::parse(&result).unwrap();
            assert_eq!(report.at("jobs.0.error").and_then(Json::number), Some(28.0));
        }
    }
}

#[test]
fn the_exit_code_counts_failed_jobs() {
    let run = run(&format!("--output-format=json {FAILING} --numjobs=3 {JOB}"));
    assert_eq!(run.code(), 3, "{}", run.stderr);
    assert_eq!(run.json().unwrap().get("jobs").unwrap().items().len(), 4);
}

/// Starts a job that would run for a minute and waits until its workers are there.
fn start(scratch: &Path, switches: &str, workers: usize) -> Child {
    let job = format!("{switches} {JOB} --time_based --runtime=60");
    let out = std::fs::File::create(scratch.join("out")).unwrap();
    let err = std::fs::File::create(scratch.join("err")).unwrap();
    let mut command = Command::new(ours().path);
    command.args(job.split_whitespace()).current_dir(scratch);
    let child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn().unwrap();
    for _ in 0..200 {
        std::thread::sleep(Duration::from_millis(20));
        if descendants(child.id()).unwrap().len() > workers {
            break;
        }
    }
    // Past the start barrier, so that there is something to report.
    std::thread::sleep(Duration::from_millis(500));
    child
}

fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid as i32).unwrap(), signal).unwrap();
}

fn finish(child: Child, scratch: &Path) -> (i32, Vec<Json>, String) {
    let status = wait(child, Duration::from_secs(30)).unwrap();
    let read = |name: &str| std::fs::read_to_string(scratch.join(name)).unwrap();
    let documents = Json::parse_output(&read("out")).unwrap();
    (status.code().unwrap(), documents, read("err"))
}

fn reads(report: &Json, job: usize) -> f64 {
    report.at(&format!("jobs.{job}.read.total_ios")).and_then(Json::number).unwrap()
}

#[test]
fn an_interrupted_run_reports() {
    for (end, switches) in [(Signal::INT, ""), (Signal::TERM, "--thread")] {
        let scratch = Scratch::new("reports").unwrap();
        let child = start(scratch.path(), &format!("--output-format=json {switches}"), 0);
        signal(child.id(), end);
        let (code, documents, err) = finish(child, scratch.path());
        assert_eq!(code, 128, "{err}");
        assert_eq!(documents.len(), 1);
        assert!(reads(&documents[0], 0) > 0.0);
    }
}

#[test]
fn a_killed_worker_keeps_its_results() {
    let scratch = Scratch::new("reports").unwrap();
    let child = start(scratch.path(), "--output-format=json --numjobs=2", 2);
    let family = descendants(child.id()).unwrap();
    assert_eq!(family.len(), 3, "a parent and two workers");
    signal(family[1], Signal::KILL);
    std::thread::sleep(Duration::from_millis(200));
    signal(child.id(), Signal::INT);
    let (code, documents, err) = finish(child, scratch.path());
    assert!(code != 0);
    assert!(err.contains("signal") || err.contains("killed"), "{err}");
    assert_eq!(documents[0].get("jobs").unwrap().items().len(), 2);
    assert!(reads(&documents[0], 0) > 0.0 && reads(&documents[0], 1) > 0.0);
}

#[test]
fn cpu_usage_is_known_before_a_job_ends() {
    let scratch = Scratch::new("reports").unwrap();
    let child = start(scratch.path(), "--output-format=json --numjobs=2", 2);
    signal(child.id(), Signal::USR1);
    std::thread::sleep(Duration::from_millis(200));
    let family = descendants(child.id()).unwrap();
    signal(family[1], Signal::KILL);
    std::thread::sleep(Duration::from_millis(200));
    signal(child.id(), Signal::INT);
    let (_, documents, err) = finish(child, scratch.path());
    assert_eq!(documents.len(), 2, "{err}");
    for report in documents {
        for job in ["jobs.0", "jobs.1"] {
            let percent = |field: &str| report.at(&format!("{job}.{field}")).unwrap().number();
            assert!(percent("usr_cpu").unwrap() + percent("sys_cpu").unwrap() > 0.0, "{job}");
        }
    }
}

#[test]
fn the_remaining_time_is_in_reports() {
    let scratch = Scratch::new("reports").unwrap();
    let child = start(scratch.path(), "--output-format=json", 1);
    signal(child.id(), Signal::USR1);
    std::thread::sleep(Duration::from_millis(300));
    signal(child.id(), Signal::INT);
    let (_, documents, _) = finish(child, scratch.path());
    let eta = |at: usize| documents[at].at("jobs.0.eta").and_then(Json::number).unwrap();
    assert!((1.0..=60.0).contains(&eta(0)), "{}", eta(0));
    assert_eq!(eta(1), 0.0);
}

#[test]
fn the_progress_line_stays_out_of_documents() {
    let job = format!("--eta=always --eta-interval=250ms {JOB} --time_based --runtime=1");
    let run_in_json = run(&format!("--output-format=json {job}"));
    assert!(run_in_json.json().is_ok(), "{}", run_in_json.stdout);
    for format in ["normal", "json"] {
        let scratch = Scratch::new("reports").unwrap();
        let words = format!("--output=report --output-format={format} {job}");
        let run = ours().run(scratch.path(), words.split_whitespace()).unwrap();
        assert!(run.stdout.contains("Jobs: 1 (f=1)"), "{format}: {:?}", run.stdout);
        let report = std::fs::read_to_string(scratch.path().join("report")).unwrap();
        assert!(!report.contains("Jobs: 1") && !report.contains('\r'), "{report}");
    }
}

#[test]
fn status_while_running() {
    let scratch = Scratch::new("reports").unwrap();
    let child = start(scratch.path(), "--output-format=json", 1);
    signal(child.id(), Signal::USR1);
    std::thread::sleep(Duration::from_millis(500));
    signal(child.id(), Signal::INT);
    let (_, documents, err) = finish(child, scratch.path());
    assert_eq!(documents.len(), 2, "{err}");
    assert!(reads(&documents[0], 0) > 0.0 && reads(&documents[0], 0) < reads(&documents[1], 0));
}

#[test]
fn status_intervals_print_whole_documents() {
    let run = run(&format!(
        "--output-format=json --status-interval=200ms {JOB} --time_based --runtime=1"
    ));
    assert_eq!((run.code(), run.stderr.as_str()), (0, ""));
    let documents = Json::parse_output(&run.stdout).unwrap();
    assert!(documents.len() >= 3, "{} documents", documents.len());
    assert!(run.stdout.lines().filter(|line| *line == "{").count() == documents.len());
}
