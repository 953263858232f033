//! What jobs do to their files, as it can be seen from outside: which there are afterwards, with what in
//! them, and in what order they were used.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::os::unix::fs::PermissionsExt;

use xtask::peer;
use xtask::program::{Program, Run, Scratch};

fn run(scratch: &Scratch, words: &str) -> Run {
    let fiord = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    fiord.run(scratch.path(), words.split_whitespace()).unwrap()
}

fn succeed(scratch: &Scratch, words: &str) {
    let run = run(scratch, words);
    assert_eq!((run.code(), run.stderr.as_str()), (0, ""), "{words}");
}

#[test]
fn files_that_go_between_loops_stay_after_the_last() {
    for (words, stays) in [
        ("--rw=write --loops=2 --unlink_each_loop=1", true),
        ("--rw=randread --loops=2 --unlink_each_loop=1", true),
        ("--rw=write --loops=2 --unlink=1", false),
        ("--rw=write --loops=2 --unlink_each_loop=1 --unlink=1", false),
    ] {
        let scratch = Scratch::new("files").unwrap();
        succeed(&scratch, &format!("--name=a --filename=f --size=32k --bs=16k {words}"));
        let length = std::fs::metadata(scratch.path().join("f")).map(|facts| facts.len()).ok();
        assert_eq!(length, stays.then_some(32 << 10), "{words}");
    }
}

#[test]
fn all_files_below_a_directory_take_turns() {
    let scratch = Scratch::new("files").unwrap();
    let below = scratch.path().join("d/e");
    std::fs::create_dir_all(&below).unwrap();
    for path in [scratch.path().join("d/x"), below.join("y"), below.join("z")] {
        std::fs::write(path, [0; 8192]).unwrap();
    }
    succeed(&scratch, "--name=a --opendir=d --rw=read --bs=4k --write_iolog=log");
    let log = std::fs::read_to_string(scratch.path().join("log")).unwrap();
    let reads: Vec<(&str, &str)> = log
        .lines()
        .filter_map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
            [_, file, "read", offset, "4096"] => Some((file, offset)),
            _ => None,
        })
        .collect();
    let (first, second) = reads.split_at(3);
    assert!(first.iter().all(|(_, offset)| *offset == "0"), "{reads:?}");
    assert!(second.iter().all(|(_, offset)| *offset == "4096"), "{reads:?}");
    let files =
        |turn: &[(&str, &str)]| turn.iter().map(|(f, _)| (*f).to_owned()).collect::<Vec<_>>();
    assert_eq!(files(first), files(second));
    let mut sorted = files(first);
    sorted.sort();
    assert_eq!(sorted, ["d/e/y", "d/e/z", "d/x"]);
}

#[test]
fn files_that_are_created_at_open_belong_to_their_owner() {
    let scratch = Scratch::new("files").unwrap();
    succeed(&scratch, "--name=a --filename=f --rw=write --size=8k --create_on_open=1");
    let mode = std::fs::metadata(scratch.path().join("f")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
}

#[test]
fn files_that_were_never_opened_are_not_flushed() {
    let scratch = Scratch::new("files").unwrap();
    let few = "--nrfiles=4 --file_service_type=sequential --size=64k --io_size=4k";
    let words =
        format!("--name=a {few} --rw=write --create_on_open=1 --end_fsync=1 --end_syncfs=1");
    succeed(&scratch, &words);
    assert!(scratch.path().join("a.0.0").exists());
}

#[test]
fn sparse_files_may_be_larger_than_any_sum() {
    let scratch = Scratch::new("files").unwrap();
    let largest = format!("--filesize={} --fallocate=none", i64::MAX);
    succeed(&scratch, &format!("--name=a --filename=x:y:z {largest} --rw=write --create_only=1"));
    assert!(scratch.path().join("z").exists());
}

/// The bytes that a job leaves in its file.
fn contents(words: &str) -> Vec<u8> {
    let scratch = Scratch::new("files").unwrap();
    succeed(&scratch, &format!("--name=a --filename=f --size=32k --scramble_buffers=0 {words}"));
    std::fs::read(scratch.path().join("f")).unwrap()
}

#[test]
fn files_are_laid_out_with_what_the_job_would_write() {
    assert_eq!(contents("--rw=read --buffer_pattern=0xaa55"), [0xaa, 0x55].repeat(16 << 10));
    assert!(contents("--rw=read --zero_buffers=1").iter().all(|byte| *byte == 0));
    let random = contents("--rw=read --bs=4k");
    let blocks: std::collections::BTreeSet<&[u8]> = random.chunks(4096).collect();
    assert_eq!(blocks.len(), 8);
    // Twice as large blocks: the same stream has half of the draws.
    let wide = contents("--rw=read --bs=4k,8k");
    assert_eq!(wide[..4096], random[..4096]);
    assert_ne!(wide[4096..8192], random[4096..8192]);
    // What is written later continues the stream.
    let written = contents("--rw=write --overwrite=1 --bs=4k");
    assert!(!blocks.contains(&written[..4096]));
}

#[test]
fn loops_that_repeat_each_other_write_the_same_data() {
    let write = "--rw=write --refill_buffers=1";
    let twice = contents(&format!("{write} --loops=2"));
    assert_eq!(twice, contents(&format!("{write} --loops=3")));
    assert_ne!(
        contents(&format!("{write} --loops=2 --randseed=5")),
        contents(&format!("{write} --loops=3 --randseed=5"))
    );
}

#[test]
fn contents_are_the_peers() {
    let Some(peer) = peer::for_test() else { return };
    for words in [
        "--rw=read --bs=4k,12k",
        "--rw=randrw --bs=2k",
        "--rw=randrw --bsrange=1k-8k --refill_buffers=1",
        "--rw=write --overwrite=1 --randseed=77",
        "--rw=write --refill_buffers=1 --loops=2 --bs=1000",
        "--rw=write --buffer_pattern=\"abc\"0x00ff-12",
        "--rw=write --numjobs=2 --offset_increment=16k --size=16k",
    ] {
        let scratch = Scratch::new("files").unwrap();
        let words = format!("--name=a --filename=f --size=32k --scramble_buffers=0 {words}");
        let run = peer.run(scratch.path(), words.split_whitespace()).unwrap();
        assert_eq!(run.code(), 0, "{}", run.stderr);
        let theirs = std::fs::read(scratch.path().join("f")).unwrap();
        std::fs::remove_file(scratch.path().join("f")).unwrap();
        succeed(&scratch, &words);
        assert!(std::fs::read(scratch.path().join("f")).unwrap() == theirs, "{words}");
    }
}

#[test]
fn files_of_globals_and_of_the_job_share_its_size() {
    let scratch = Scratch::new("files").unwrap();
    succeed(&scratch, "--filename=a --name=j --filename=b --rw=write --size=16k");
    let length = |name: &str| std::fs::metadata(scratch.path().join(name)).unwrap().len();
    assert_eq!((length("a"), length("b")), (8192, 8192));
}

#[test]
fn a_device_that_is_filled_needs_no_size() {
    let words = "--name=a --filename=/dev/full --rw=write --fill_device=1 --bs=4k";
    succeed(&Scratch::new("files").unwrap(), words);
}
