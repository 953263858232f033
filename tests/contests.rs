//! Jobs that would check what others write at the same time are refused before anything is touched;
//! those that do not meet, or only read, run.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use xtask::program::{Program, Run, Scratch};

fn run(scratch: &Scratch, words: &str) -> Run {
    let fiord = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let common = "--ioengine=psync --bs=4k --size=64k --verify=crc32c --verify_state_save=0";
    fiord.run(scratch.path(), format!("{common} {words}").split_whitespace()).unwrap()
}

#[test]
fn jobs_that_check_what_others_write_are_refused_and_touch_nothing() {
    for words in [
        "--name=a --filename=f --rw=write --numjobs=2",
        "--name=a --filename=f --rw=randwrite --numjobs=3 --offset_increment=60k",
        "--name=a --filename=f --rw=write --name=b --filename=./f --rw=write --offset=32k",
        "--name=a --filename=f --rw=write --do_verify=0 --name=b --filename=f --rw=read",
        "--name=a --filename=f:./f --rw=write",
    ] {
        let scratch = Scratch::new("contests").unwrap();
        let run = run(&scratch, words);
        assert_ne!(run.code(), 0, "{words}: {}", run.stdout);
        for word in ["'a'", "'f'", "offset_increment", "stonewall"] {
            assert!(run.stderr.contains(word), "{words}: {}", run.stderr);
        }
        assert!(!scratch.path().join("f").exists(), "{words}");
    }
}

#[test]
fn one_file_may_have_several_names() {
    let scratch = Scratch::new("contests").unwrap();
    std::fs::write(scratch.path().join("f"), [0; 65536]).unwrap();
    std::os::unix::fs::symlink("f", scratch.path().join("soft")).unwrap();
    std::fs::hard_link(scratch.path().join("f"), scratch.path().join("hard")).unwrap();
    for name in ["soft", "hard"] {
        let words = format!("--rw=write --name=a --filename=f --name=b --filename={name}");
        let run = run(&scratch, &words);
        assert_ne!(run.code(), 0, "{name}: {}", run.stdout);
        assert!(run.stderr.contains("verifies at the same time"), "{}", run.stderr);
        let held = std::fs::read(scratch.path().join("f")).unwrap();
        assert!(held.iter().all(|byte| *byte == 0), "{name}: written to");
    }
}

#[test]
fn jobs_that_do_not_meet_run() {
    for words in [
        "--name=a --filename=f --rw=write --numjobs=2 --offset_increment=64k",
        "--name=a --rw=write --numjobs=2",
        "--name=a --filename=f --rw=write --name=b --stonewall --filename=f --rw=read --numjobs=2",
        "--name=a --filename=f --rw=write --name=b --filename=f --rw=write --offset=64k",
        "--name=a --filename=f --rw=write --numjobs=2 --do_verify=0",
    ] {
        let scratch = Scratch::new("contests").unwrap();
        let run = run(&scratch, words);
        assert_eq!(run.code(), 0, "{words}: {}", run.stderr);
    }
}
