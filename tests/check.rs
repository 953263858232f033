//! `fiord check` as a user or a CI job meets it: exit statuses, texts, the JSON document, and that
//! nothing is touched. What is found in which job file is tested with the options.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use xtask::json::Json;
use xtask::program::{Program, Run, Scratch};
use xtask::schema::Schema;

const CLEAN: &str = "[a]\nsize=1m\nrw=randread\n";
const WARNS: &str = "[a]\nsize=1m\nrw=randread\nrwmixread=70\n";
const WRONG: &str = "[a]\nsize=1m\nrw=randraed\nbs=4q\n";
const UNBUILT: &str = "[a]\nsize=1m\ncgroup=box\n";

/// Runs `fiord check` with a file `job.fio` in an otherwise empty directory, and makes sure that it
/// stays so.
fn check(job: &str, arguments: &str) -> Run {
    let scratch = Scratch::new("check").unwrap();
    std::fs::write(scratch.path().join("job.fio"), job).unwrap();
    let words = std::iter::once("check").chain(arguments.split_whitespace());
    let program = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let run = program.run(scratch.path(), words).unwrap();
    let left = std::fs::read_dir(scratch.path()).unwrap().count();
    assert_eq!(left, 1, "{arguments}: something was created");
    run
}

fn document(run: &Run) -> Json {
    Json::parse(&run.stdout).unwrap()
}

#[test]
fn exit_statuses_tell_errors_from_warnings() {
    let cases = [
        (CLEAN, "job.fio", 0),
        (CLEAN, "job.fio --deny-warnings", 0),
        (WARNS, "job.fio", 0),
        (WARNS, "job.fio --deny-warnings", 2),
        (WARNS, "job.fio --deny-warnings --allow=FD0505", 0),
        (WARNS, "job.fio --deny-warnings --allow=mix-of-one-direction,FD0101", 0),
        (WARNS, "job.fio --warnings-fatal", 1),
        (WRONG, "job.fio", 1),
        (WRONG, "job.fio --deny-warnings --allow=bad-value", 1),
        (UNBUILT, "job.fio", 1),
        (UNBUILT, "job.fio --allow=not-built", 1),
        (CLEAN, "nothere.fio", 1),
        (CLEAN, "", 1),
        (CLEAN, "-- --name=b --size=1m", 0),
        (CLEAN, "-- --name=b --size=1m --rw=raed", 1),
        (CLEAN, "--section=b job.fio", 1),
        (CLEAN, "--readonly job.fio", 0),
    ];
    for (job, arguments, code) in cases {
        let run = check(job, arguments);
        assert_eq!(run.code(), code, "{arguments}\n{}{}", run.stdout, run.stderr);
        assert_eq!(run.stderr, "", "{arguments}: the answer is what was asked for");
        let json = check(job, &format!("--format=json {arguments}"));
        assert_eq!((json.code(), json.stderr.as_str()), (code, ""), "{arguments}");
        document(&json);
    }
}

#[test]
fn texts_show_the_place_and_end_with_a_summary() {
    let run = check(WRONG, "job.fio");
    assert!(
        run.stdout.contains("error[FD0201]: bad value `randraed` for `rw`\n"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("\n3 | rw=randraed\n  |    ^^^^^^^^ expected"), "{}", run.stdout);
    assert!(run.stdout.contains("job.fio:4:5\n"), "{}", run.stdout);
    let last = run.stdout.lines().last().unwrap();
    assert_eq!(last, "2 errors; `fiord check --explain=FD0201` tells more of the first one");
    assert!(!run.stdout.contains('\u{1b}'), "colours are for terminals");
    assert_eq!(check(CLEAN, "job.fio").stdout, "nothing to complain of\n");
    let run = check(UNBUILT, "job.fio");
    assert!(run.stdout.contains("1 use of what is not built"), "{}", run.stdout);
}

#[test]
fn documents_are_as_the_schema_says() {
    let mut published = Schema::published("check-1").unwrap();
    let job = "[a]\nsize=1m\nrw=randread\nba=64k\nrwmixread=70\nverifysort=1\ncgroup=box\n";
    for (job, arguments) in [
        (CLEAN, "job.fio"),
        (job, "job.fio"),
        (WRONG, "job.fio"),
        (CLEAN, "nothere.fio"),
        (CLEAN, ""),
        (CLEAN, "--list"),
        (CLEAN, "--explain=FD0301"),
    ] {
        let run = check(job, &format!("--format=json {arguments}"));
        let complaints = published.complaints(&document(&run));
        assert!(complaints.is_empty(), "{arguments}: {complaints:?}\n{}", run.stdout);
    }
    assert_eq!(published.unseen(), [""; 0], "described but never written");
}

#[test]
fn the_document_has_all_there_is_to_a_finding() {
    let run = check("[a]\nsize=1m\nbs=4k\n\nblocksise=8k\n", "--format=json job.fio");
    let document = document(&run);
    let findings = document.get("findings").unwrap().items();
    assert_eq!(findings.len(), 1, "{}", run.stdout);
    let text = |name: &str| findings[0].get(name).and_then(Json::text).unwrap();
    assert_eq!(
        (text("code"), text("name"), text("severity")),
        ("FD0301", "unknown-option", "error")
    );
    assert_eq!(text("message"), "unknown option `blocksise`");
    assert_eq!(text("help"), "did you mean `blocksize`?");
    let place = findings[0].get("place").unwrap();
    assert_eq!(place.get("file").and_then(Json::text), Some("job.fio"));
    assert_eq!(place.get("line"), Some(&Json::Integer(5)));
    assert_eq!(place.get("column"), Some(&Json::Integer(1)));
    assert_eq!(place.get("text").and_then(Json::text), Some("blocksise"));
    let errors = document.get("summary").and_then(|summary| summary.get("errors"));
    assert_eq!(errors, Some(&Json::Integer(1)));
}

#[test]
fn kinds_are_explained_and_listed() {
    for word in ["--explain=FD0601", "--explain fd0601", "--explain=buffered-libaio"] {
        let run = check(CLEAN, word);
        assert_eq!(run.code(), 0, "{}", run.stderr);
        assert!(run.stdout.starts_with("FD0601 buffered-libaio (warning)\n"), "{}", run.stdout);
        assert!(run.stdout.contains("\n    direct=1\n"), "{}", run.stdout);
    }
    let list = check(CLEAN, "--list").stdout;
    let kinds = document(&check(CLEAN, "--list --format=json"));
    let kinds = kinds.get("kinds").unwrap().items();
    assert!(kinds.len() >= 100, "{}", kinds.len());
    for kind in kinds {
        let code = kind.get("code").and_then(Json::text).unwrap();
        assert!(list.contains(&format!("  {code}  ")), "{code}");
    }
}

#[test]
fn what_check_does_not_understand_is_refused_in_a_sentence() {
    for arguments in
        ["--explain=FD9999", "--explain", "--format=xml job.fio", "--allow=nothing", "--version"]
    {
        let run = check(CLEAN, arguments);
        assert_eq!((run.code(), run.stdout.as_str()), (1, ""), "{arguments}");
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    }
    let help = check(CLEAN, "--help");
    assert_eq!((help.code(), help.stderr.as_str()), (0, ""));
    assert!(help.stdout.contains("--deny-warnings"), "{}", help.stdout);
}

/// Under the name fio there are no commands: a job file may be called `check`.
#[test]
fn under_the_name_fio_a_job_file_may_be_called_check() {
    let scratch = Scratch::new("check").unwrap();
    let fiord = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let fio = scratch.path().join("fio");
    std::os::unix::fs::symlink(std::fs::canonicalize(&fiord.path).unwrap(), &fio).unwrap();
    std::fs::write(scratch.path().join("check"), "[a]\nioengine=null\nsize=4k\n").unwrap();
    let run =
        Program::new("fio", fio).run(scratch.path(), ["check", "--output-format=terse"]).unwrap();
    assert_eq!((run.code(), run.stderr.as_str()), (0, ""));
    assert!(run.stdout.starts_with("3;fio-3.42;a;"), "{}", run.stdout);
}
