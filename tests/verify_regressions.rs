//! What has made fio accuse good storage, or pass bad storage, as jobs: none of these may fail on a sound
//! file, all blocks have to be accounted for, and damage must be found afterwards.
//!
//! Each test runs its jobs with every engine that can take them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use xtask::json::Json;
use xtask::program::{Program, Run, Scratch, wait};

const ENGINES: &[&str] = &[
    "--ioengine=sync",
    "--ioengine=psync",
    "--ioengine=io_uring --iodepth=16",
    "--ioengine=libaio --iodepth=16",
    "--ioengine=mmap",
];

fn fiord() -> Program {
    Program::under_test(env!("CARGO_BIN_EXE_fiord"))
}

/// Runs a job; state files go into the directory, too.
fn run(directory: &Path, words: &str) -> Run {
    let words = format!("--output-format=json --aux-path=. --thread {words}");
    fiord().run(directory, words.split_whitespace()).unwrap()
}

/// Blocks checked, skipped and wrong, of all jobs.
fn figures(json: &Json) -> [u64; 3] {
    let mut sums = [0; 3];
    for job in json.get("jobs").expect("jobs").items() {
        for (sum, name) in sums.iter_mut().zip(["checked", "skipped", "wrong"]) {
            let figure = job.at(&format!("fiord.verify.blocks_{name}"));
            *sum += figure.and_then(Json::number).unwrap_or(0.0) as u64;
        }
    }
    sums
}

fn number(json: &Json, path: &str) -> u64 {
    json.at(path).and_then(Json::number).unwrap_or_else(|| panic!("no {path}")) as u64
}

/// Runs a job that has to pass, and to have checked something; returns its report.
fn passes(directory: &Path, words: &str) -> Json {
    let run = run(directory, words);
    assert_eq!(run.code(), 0, "{words}\n{}", run.stderr);
    let json = run.json().unwrap();
    let [checked, _, wrong] = figures(&json);
    assert!(checked > 0, "{words}: nothing was checked");
    assert_eq!(wrong, 0, "{words}");
    json
}

/// The same job with each engine, in a new directory each.
fn passes_everywhere(jobs: &[&str]) {
    for engine in ENGINES {
        for job in jobs {
            let scratch = Scratch::new("verify").unwrap();
            passes(scratch.path(), &format!("--name=a --filename=data {engine} {job}"));
        }
    }
}

/// Damages one byte of every 64 KiB and asserts that this job finds it.
fn finds_damage(directory: &Path, words: &str) {
    let path = directory.join("data");
    let mut data = std::fs::read(&path).unwrap();
    assert!(data.len() > 3000, "{words}");
    let at = (3000..data.len()).step_by(65_536);
    for place in at {
        data[place] ^= 4;
    }
    std::fs::write(&path, data).unwrap();
    let run = run(directory, words);
    assert_eq!(run.code(), 1, "{words}: {}", run.stderr);
    let [_, _, wrong] = figures(&run.json().unwrap());
    assert!(wrong > 0, "{words}");
    assert!(run.stderr.contains("verify failed at file"), "{words}: {}", run.stderr);
}

#[test]
fn lesson_21_blocks_that_are_written_twice_are_no_corruption() {
    passes_everywhere(&[
        "--rw=randwrite --bs=4k --size=256k --norandommap --verify=crc32c",
        "--rw=randwrite --bs=4k --size=256k --random_distribution=zipf:1.2 --verify=md5",
        "--rw=randwrite --bsrange=1k-16k --size=512k --norandommap --verify=crc32c",
        "--rw=randwrite --bssplit=4k/40:8k/40:16k/20 --size=512k --verify=xxhash",
        "--rw=randwrite --bs=4k --size=256k --io_size=1m --norandommap --verify=crc64",
        "--rw=write --bs=4k --size=128k --io_size=320k --verify=crc32c",
        "--rw=write:4k --bs=4k --size=256k --verify=crc32c",
        "--rw=randwrite:4 --bs=4k --size=256k --verify=crc32c",
        "--rw=randwrite --bs=4k --size=256k --softrandommap=1 --verify=sha1",
    ]);
}

#[test]
fn lesson_21_a_backlog_checks_what_was_overwritten_meanwhile() {
    passes_everywhere(&[
        "--rw=randwrite --bs=4k --size=256k --norandommap --verify=crc32c --verify_backlog=7",
        "--rw=randwrite --bs=4k --size=256k --verify=crc32c --verify_backlog=16 --verify_backlog_batch=3",
        "--rw=randwrite --bsrange=2k-8k --size=256k --norandommap --verify=md5 --verify_backlog=5",
        "--rw=randrw --bs=4k --size=512k --verify=crc32c --verify_backlog=32",
        "--rw=write --bs=4k --size=256k --verify=crc32c --verify_backlog=8 --verify_async=2",
    ]);
}

#[test]
fn lesson_21_loops_and_time_write_the_same_blocks_again() {
    passes_everywhere(&[
        "--rw=randwrite --bs=4k --size=128k --loops=3 --verify=crc32c",
        "--rw=write --bs=4k --size=128k --loops=2 --verify=crc32c --randrepeat=0",
        "--rw=randwrite --bs=4k --size=128k --time_based --runtime=300ms --verify=crc32c \
         --verify_backlog=16",
        "--rw=randwrite --bs=4k --size=256k --verify=crc32c --rate_iops=2000 --fsync=8",
        "--rw=write --bs=4k --size=512k --verify=crc32c --zonemode=strided --zonesize=16k \
         --zonerange=64k",
    ]);
}

#[test]
fn lesson_22_jobs_that_share_a_file_each_have_their_part() {
    for engine in ENGINES {
        let scratch = Scratch::new("verify").unwrap();
        let words = format!(
            "--name=a --filename=data {engine} --rw=randwrite --bs=4k --size=64k --numjobs=4 \
             --offset_increment=64k --verify=crc32c"
        );
        let json = passes(scratch.path(), &words);
        assert_eq!(figures(&json), [64, 0, 0], "{engine}");
    }
}

#[test]
fn lesson_23_what_a_runtime_has_cut_off_is_not_verified_after_a_load() {
    for engine in ENGINES {
        let scratch = Scratch::new("verify").unwrap();
        let job = format!(
            "--name=a --filename=data {engine} --rw=randwrite --bs=4k --size=8m --verify=crc32c"
        );
        let saving =
            format!("{job} --do_verify=0 --verify_state_save=1 --rate_iops=1000 --runtime=1");
        let run = run(scratch.path(), &saving);
        assert_eq!(run.code(), 0, "{}", run.stderr);
        let written = number(&run.json().unwrap(), "jobs.0.write.total_ios");
        assert!(0 < written && written < 2048, "{engine}: {written}");
        let loading = format!("{job} --verify_only --verify_state_load=1");
        let json = passes(scratch.path(), &loading);
        assert_eq!(figures(&json)[0], written, "{engine}");
        finds_damage(scratch.path(), &loading);
    }
}

#[test]
fn lesson_23_what_a_signal_has_cut_off_is_not_verified_after_a_load() {
    for engine in ENGINES {
        let scratch = Scratch::new("verify").unwrap();
        let job = format!(
            "--name=a --filename=data {engine} --rw=write --bs=4k --size=16m --verify=md5 \
             --aux-path=. --thread"
        );
        let child = Command::new(&fiord().path)
            .args(job.split_whitespace())
            .args(["--do_verify=0", "--verify_state_save=1", "--rate_iops=2000"])
            .current_dir(scratch.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let pid = Pid::from_child(&child);
        std::thread::sleep(Duration::from_millis(500));
        kill_process(pid, Signal::INT).unwrap();
        wait(child, Duration::from_secs(20)).unwrap();
        let json = passes(scratch.path(), &format!("{job} --verify_only --verify_state_load=1"));
        assert!(figures(&json)[0] < 4096, "{engine}");
    }
}

#[test]
fn lesson_24_bookkeeping_of_overwrites_is_bounded_by_the_region() {
    let scratch = Scratch::new("verify").unwrap();
    let words = "--name=a --filename=data --rw=randwrite --bs=4k --size=64k --io_size=4m \
                 --norandommap --verify=crc32c";
    let json = passes(scratch.path(), words);
    assert_eq!(number(&json, "jobs.0.write.total_ios"), 1024);
    assert!(figures(&json)[0] <= 16, "each block is read back once");
}

#[test]
fn lesson_25_damage_is_never_passed() {
    for engine in ENGINES {
        for job in [
            "--rw=randwrite --bs=4k --size=256k --verify=crc32c",
            "--rw=write --bs=16k --size=256k --verify=sha256 --verify_interval=1k",
            "--rw=write --bs=4k --size=256k --verify=pattern --verify_pattern=0xaa%o",
            "--rw=randwrite --bsrange=2k-8k --size=256k --verify=crc64 --verify_async=2",
        ] {
            let scratch = Scratch::new("verify").unwrap();
            let job = format!("--name=a --filename=data {engine} {job}");
            passes(scratch.path(), &job);
            finds_damage(scratch.path(), &format!("{job} --verify_only"));
        }
    }
}

#[test]
fn lesson_26_files_that_end_too_early_are_short_and_not_read_beyond_their_end() {
    for engine in ENGINES {
        let scratch = Scratch::new("verify").unwrap();
        let job = format!(
            "--name=a --filename=data {engine} --rw=write --bs=4k --size=62k --verify=crc32c"
        );
        passes(scratch.path(), &job);
        let file = std::fs::File::options().write(true).open(scratch.path().join("data")).unwrap();
        file.set_len(30_000).unwrap();
        drop(file);
        let run = run(scratch.path(), &format!("{job} --verify_only --verify_dump=1"));
        assert_eq!(run.code(), 1, "{engine}: {}", run.stderr);
    }
}

#[test]
fn lesson_27_trimmed_blocks_are_looked_at_as_zeroes() {
    // Files take no discards by these engines everywhere; the ones that write and read back do.
    for engine in ["--ioengine=psync", "--ioengine=io_uring --iodepth=8"] {
        let scratch = Scratch::new("verify").unwrap();
        let job = format!(
            "--name=a --filename=data {engine} --rw=randwrite --bs=4k --size=256k --verify=crc32c \
             --trim_percentage=30 --trim_backlog=8 --trim_verify_zero=1"
        );
        passes(scratch.path(), &job);
    }
}

#[test]
fn lesson_28_a_mismatch_is_told_with_its_place_and_has_a_record() {
    let scratch = Scratch::new("verify").unwrap();
    let job = "--name=a --filename=data --rw=write --bs=4k --size=64k --verify=crc32c";
    passes(scratch.path(), job);
    finds_damage(scratch.path(), &format!("{job} --verify_only"));
    let run = run(scratch.path(), &format!("{job} --verify_only"));
    let json = run.json().unwrap();
    let record = json.at("jobs.0.fiord.verify.mismatches.0").expect("a record");
    assert_eq!(record.get("offset").and_then(Json::number), Some(0.0));
    assert_eq!(record.get("class").and_then(Json::text), Some("bit_flip"));
    assert_eq!(record.get("first_byte").and_then(Json::number), Some(3000.0));
    assert_eq!(record.get("differing_bits").and_then(Json::number), Some(1.0));
    assert!(!run.stderr.contains("multibyte"), "{}", run.stderr);
}

#[test]
fn damage_to_real_files_is_found_block_by_block() {
    xtask::campaign::files(&fiord(), 40).unwrap();
}
