//! `--crctest`, `--memcpytest` and `--cpuclock-test`: what scripts read of them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use xtask::program::{Program, Run};

fn run(arguments: &str) -> Run {
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    ours.run(&std::env::temp_dir(), arguments.split_whitespace()).unwrap()
}

/// Words of the lines of a run that succeeds and complains of nothing.
fn lines(arguments: &str) -> Vec<Vec<String>> {
    let run = run(arguments);
    assert_eq!((run.code(), run.stderr.as_str()), (0, ""), "{arguments}");
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
    run.stdout.lines().map(words).collect()
}

fn assert_speed(words: &[String]) {
    let [speed, unit] = words else { panic!("{words:?}") };
    assert!(speed.parse::<f64>().unwrap() > 0.0 && unit == "MiB/sec", "{words:?}");
}

#[test]
fn checksums_have_a_line_each() {
    let found = lines("--crctest=sha3-224,crc7 --name=never --rw=nosuch");
    assert_eq!(
        found.iter().map(|line| line[0].as_str()).collect::<Vec<_>>(),
        ["sha3-224:", "crc7:"]
    );
    found.iter().for_each(|line| assert_speed(&line[1..]));
    assert_eq!(lines("-Gmd5").len(), 1);
}

#[test]
fn copies_have_a_line_for_each_size() {
    let found = lines("--memcpytest=hybrid");
    assert_eq!(found[0], ["hybrid"]);
    assert_eq!(found.len(), 12);
    assert_eq!(found[1][..2], ["8", "bytes:"]);
    assert_eq!(found[11][..2], ["524288", "bytes:"]);
    found[1..].iter().for_each(|line| assert_speed(&line[2..]));
}

#[test]
fn names_are_listed_and_checked() {
    for question in ["--crctest=help", "--crctest=list", "-G?"] {
        let names: Vec<String> = lines(question).concat();
        assert_eq!(names.len(), 17);
        assert_eq!((names[0].as_str(), names[16].as_str()), ("md5", "sha3-512"));
    }
    assert_eq!(lines("--memcpytest=list").concat(), ["memcpy", "memmove", "simple", "hybrid"]);
    for wrong in ["--crctest=nosuch", "--crctest=md5,nosuch", "--crctest=", "--memcpytest=nosuch"] {
        let run = run(wrong);
        assert_eq!((run.code(), run.stdout.as_str()), (1, ""), "{wrong}");
        assert!(run.stderr.contains("md5") || run.stderr.contains("memmove"), "{wrong}");
    }
}

#[test]
fn the_status_is_the_verdict_on_the_clocks() {
    let run = run("--cpuclock-test");
    let passed = run.stdout.lines().last() == Some("cs: Pass!");
    assert_eq!(run.code(), i32::from(!passed), "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.starts_with("cs: reliable_tsc: "));
    let seen = run.stdout.lines().filter(|line| line.contains("clocks seen, first ")).count();
    if passed {
        assert!(run.stdout.contains(&format!("cs: Testing {seen} CPUs\n")), "{}", run.stdout);
    }
}
