//! Verify states: the files are the peer's, byte by byte, and each program goes by those of the other.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use xtask::json::Json;
use xtask::peer;
use xtask::program::{Program, Run, Scratch};

/// Jobs that end by themselves, so that their states are always the same.
const JOBS: &[&str] = &[
    "--rw=write --bs=4k",
    "--rw=randwrite --bs=4k",
    "--rw=randwrite --bs=4k --do_verify=0",
    "--rw=randwrite --bs=4k --loops=2",
    "--rw=randwrite --bs=4k --do_verify=0 --random_generator=tausworthe64 --iodepth=4 --ioengine=libaio",
    "--rw=randwrite --bs=4k --do_verify=0 --random_generator=lfsr",
    "--rw=randrw --bs=4k --verify_backlog=4",
    "--rw=write --bs=4k --number_ios=5",
    "--rw=randwrite --bs=2k --numjobs=2 --filename_format=f.$jobnum --do_verify=0",
];

fn ours() -> Program {
    Program::under_test(env!("CARGO_BIN_EXE_fiord"))
}

fn run(program: &Program, scratch: &Scratch, job: &str) -> Run {
    let filename = if job.contains("filename") { "" } else { "--filename=f" };
    let words =
        format!("--name=a/b {filename} --size=64k --verify=crc32c --output-format=json {job}");
    program.run(scratch.path(), words.split_whitespace()).unwrap()
}

fn states(scratch: &Scratch) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(scratch.path()).unwrap().map(|entry| entry.unwrap());
    let mut states: Vec<_> = entries
        .filter(|entry| entry.file_name().to_string_lossy().ends_with(".state"))
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect();
    states.sort();
    states
}

#[test]
fn states_are_those_of_the_peer() {
    let Some(peer) = peer::for_test() else { return };
    for job in JOBS {
        let [mine, theirs] = [ours(), peer.clone()].map(|program| {
            let scratch = Scratch::new("states").unwrap();
            let ended = run(&program, &scratch, job);
            assert_eq!(ended.code(), 0, "{} {job}: {}", program.name, ended.stderr);
            states(&scratch)
        });
        assert!(!mine.is_empty() && mine == theirs, "{job}: {mine:?} {theirs:?}");
    }
}

fn reads(ended: &Run) -> Option<f64> {
    ended.json().unwrap().at("jobs.0.read.total_ios").and_then(Json::number)
}

/// Five of 16 blocks are written; the rest of the file is not verified. The peer goes by states in jobs that read,
/// and not with `verify_only`.
#[test]
fn each_goes_by_the_states_of_the_other() {
    let Some(peer) = peer::for_test() else { return };
    let only = "--rw=randwrite --bs=4k --verify_only=1";
    let read = "--rw=randread --bs=4k";
    for (writer, reader, job) in
        [(&ours(), &peer, read), (&peer, &ours(), read), (&peer, &ours(), only)]
    {
        let scratch = Scratch::new("states").unwrap();
        std::fs::write(scratch.path().join("f"), vec![1; 64 << 10]).unwrap();
        let written = run(writer, &scratch, "--rw=randwrite --bs=4k --number_ios=5");
        assert_eq!(written.code(), 0, "{}", written.stderr);
        let verified = run(reader, &scratch, &format!("{job} --verify_state_load=1"));
        assert_eq!((verified.code(), reads(&verified)), (0, Some(5.0)), "{}", verified.stderr);
        let whole = run(&ours(), &scratch, only);
        assert_eq!(whole.code(), 1, "the test would see blocks that were not written");
    }
}

/// What may have been discarded is not missed.
#[test]
fn discarded_blocks_are_not_expected() {
    for more in ["", "--norandommap --io_size=256k"] {
        let scratch = Scratch::new("states").unwrap();
        let job = format!("--rw=randwrite --bs=4k --trim_percentage=50 --trim_backlog=3 {more}");
        let written = run(&ours(), &scratch, &job);
        assert_eq!(written.code(), 0, "{}", written.stderr);
        let verified = run(&ours(), &scratch, &format!("{job} --verify_only=1"));
        assert_eq!(verified.code(), 0, "{}", verified.stderr);
        let skipped = verified.json().unwrap();
        let skipped = skipped.at("jobs.0.fiord.verify.skipped.trimmed").and_then(Json::number);
        assert!(skipped.is_some_and(|blocks| blocks > 0.0), "{job}");
    }
}
