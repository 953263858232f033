//! Triggers: jobs end in the middle, their states are saved, and a command runs.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use xtask::json::Json;
use xtask::program::{Program, Run, Scratch};

const JOB: &str = "--name=a --filename=t --size=8m --rw=randwrite --verify=crc32c --time_based --runtime=60 \
                   --rate_iops=2000 --do_verify=0";

fn run(scratch: &Scratch, words: &str, more: &[&str]) -> Run {
    let program = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let words = words.split_whitespace().chain(more.iter().copied());
    program.run(scratch.path(), words).unwrap()
}

#[test]
fn a_trigger_ends_jobs_saves_their_states_and_runs_a_command() {
    for (when, workers) in [("--trigger-timeout=1", "--thread"), ("--trigger-file=go", "")] {
        let scratch = Scratch::new("trigger").unwrap();
        let go = scratch.path().join("go");
        let friend = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_secs(1));
            std::fs::write(go, "").unwrap();
        });
        let command = "--trigger=ls > listed; echo pulled";
        let words = format!("{JOB} {when} {workers} --output-format=json");
        let ended = run(&scratch, &words, &[command]);
        friend.join().unwrap();
        assert_eq!(ended.code(), 0, "{}", ended.stderr);
        assert!(ended.wall.as_secs() < 30, "{when}");
        assert_eq!(ended.stderr, "pulled\n", "{when}: what the command says is not in the report");
        ended.json().unwrap();
        let listed = std::fs::read_to_string(scratch.path().join("listed")).unwrap();
        assert!(listed.contains("local-a-0-verify.state"), "{when}: before the command: {listed}");
        assert!(workers == "--thread" || !listed.contains("go"), "the file is removed: {listed}");
        let verify = "--name=a --filename=t --size=8m --rw=randwrite --verify=crc32c --verify_only \
                      --verify_state_load=1 --output-format=json";
        let verified = run(&scratch, verify, &[]);
        assert_eq!(verified.code(), 0, "{}", verified.stderr);
        let wrong = verified.json().unwrap();
        let wrong = wrong.at("jobs.0.fiord.verify.blocks_wrong").and_then(Json::number);
        assert_eq!(wrong, Some(0.0));
    }
}

#[test]
fn a_trigger_needs_no_command_and_tells_of_one_that_fails() {
    let scratch = Scratch::new("trigger").unwrap();
    let words = format!("{JOB} --trigger-timeout=1ms --output-format=json");
    let plain = run(&scratch, &words, &[]);
    assert_eq!((plain.code(), plain.stderr.as_str()), (0, ""));
    let failed = run(&scratch, &words, &["--trigger=exit 3"]);
    assert_eq!(failed.code(), 0);
    assert!(
        failed.stdout.contains("exit 3") && failed.stdout.contains("failed"),
        "{}",
        failed.stdout
    );
}
