//! Verification of regions that are far larger than memory: a single pass needs no books, and books for which
//! there is no memory are refused.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use xtask::program::{Program, Run, Scratch};

/// Runs a job on 20 TiB in blocks of 4 KiB, with no more than 2 GiB of address space.
fn run(words: &str) -> Run {
    let scratch = Scratch::new("memory").unwrap();
    let shell = Program::new("sh", "sh");
    let script = "ulimit -v 2097152; exec \"$0\" \"$@\"";
    let job = "--name=a --filename=f --ioengine=null --size=20t --bs=4k --number_ios=1000 --verify=crc32c \
               --verify_state_save=0 --thread --output-format=json";
    let words = job.split_whitespace().chain(words.split_whitespace());
    let arguments = ["-c", script, env!("CARGO_BIN_EXE_fiord")].into_iter().chain(words);
    shell.run(scratch.path(), arguments).unwrap()
}

#[test]
fn a_single_pass_over_20_tib_needs_less_than_2_gib() {
    for words in ["--rw=randwrite", "--rw=write", "--rw=randwrite --verify_backlog=100"] {
        let run = run(words);
        assert_eq!(run.code(), 0, "{words}: {}", run.stderr);
        let report = run.json().unwrap();
        let number = |path: &str| report.at(path).and_then(|value| value.number());
        assert_eq!(number("jobs.0.write.total_ios"), Some(1000.0), "{words}");
    }
}

#[test]
fn books_without_memory_are_refused_with_the_figure() {
    let run = run("--rw=randwrite --norandommap");
    assert_ne!(run.code(), 0);
    for word in ["40 GiB of memory", "random map"] {
        assert!(run.stderr.contains(word), "{}", run.stderr);
    }
}
