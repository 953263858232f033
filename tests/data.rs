//! What write buffers hold: the bytes of the peer where these are as asked, and data that compress and
//! repeat as far as the job says, measured on the files.
//!
//! Compression is measured as the share that is saved, 1 - compressed / original.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use xtask::peer;
use xtask::program::{Program, Scratch};

/// Runs a job in a new directory and returns the files that it leaves, in the order of their names.
fn files(program: &Program, words: &str) -> Vec<(String, Vec<u8>)> {
    let scratch = Scratch::new("data").unwrap();
    let run = program.run(scratch.path(), words.split_whitespace()).unwrap();
    assert_eq!(run.code(), 0, "{words}: {}", run.stderr);
    let mut files: Vec<_> = std::fs::read_dir(scratch.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), read(&path)))
        .collect();
    files.sort();
    files
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

fn fiord() -> Program {
    Program::under_test(env!("CARGO_BIN_EXE_fiord"))
}

/// All bytes that a job writes, one file behind the other.
fn written(words: &str) -> Vec<u8> {
    files(&fiord(), words).into_iter().flat_map(|(_, bytes)| bytes).collect()
}

/// Options in the order in which the peer, for which it matters, lets all of them have their effect.
const COMBINATIONS: &[&str] = &[
    "--rw=write --buffer_compress_percentage=50",
    "--rw=write --buffer_compress_percentage=30 --buffer_compress_chunk=3000",
    "--rw=write --buffer_compress_percentage=99 --buffer_compress_chunk=100",
    "--rw=write --buffer_compress_percentage=50 --buffer_compress_chunk=0",
    "--rw=write --buffer_compress_percentage=50 --buffer_compress_chunk=1m",
    "--rw=write --buffer_compress_percentage=100",
    "--rw=write --buffer_compress_percentage=100 --scramble_buffers=1",
    "--rw=write --buffer_compress_percentage=50 --refill_buffers=0",
    "--rw=write --buffer_compress_percentage=50 --zero_buffers=1",
    "--rw=write --scramble_buffers=1 --buffer_compress_percentage=50",
    "--rw=write --buffer_pattern=\"abcde\"0x00ff --buffer_compress_percentage=40",
    "--rw=write --buffer_pattern=\"abcde\" --buffer_compress_percentage=40 --buffer_compress_chunk=1001",
    "--rw=randrw --buffer_pattern=0xaa --buffer_compress_percentage=60",
    "--rw=randwrite --bsrange=1k-8k --buffer_compress_percentage=50 --buffer_compress_chunk=4k",
    "--rw=write --bs=4k,12k --buffer_compress_percentage=20 --buffer_compress_chunk=5000",
    "--rw=read --buffer_compress_percentage=70",
    "--rw=write --overwrite=1 --buffer_compress_percentage=70",
    "--rw=write --bssplit=4k/50:16k/50 --refill_buffers=1",
    "--rw=write --dedupe_percentage=50",
    "--rw=write --dedupe_percentage=80 --loops=2",
    "--rw=write --dedupe_percentage=80 --loops=2 --randseed=5",
    "--rw=write --dedupe_percentage=99",
    "--rw=write --dedupe_percentage=100",
    "--rw=read --dedupe_percentage=100",
    "--rw=read --dedupe_percentage=80",
    "--rw=write --overwrite=1 --dedupe_percentage=60",
    "--rw=write --dedupe_percentage=50 --refill_buffers=0",
    "--rw=write --dedupe_percentage=50 --zero_buffers=1",
    "--rw=write --scramble_buffers=1 --dedupe_percentage=50",
    "--rw=write --buffer_pattern=0xaa --dedupe_percentage=50",
    "--rw=write --dedupe_percentage=50 --buffer_compress_percentage=50 --buffer_compress_chunk=1k",
    "--rw=write --dedupe_percentage=50 --random_generator=tausworthe64",
    "--rw=randwrite --bsrange=1k-8k --dedupe_percentage=50",
    "--rw=write --dedupe_percentage=50 --ioengine=libaio --iodepth=8",
    "--rw=read --dedupe_percentage=50 --nrfiles=5",
    "--rw=write --dedupe_percentage=50 --dedupe_mode=working_set --dedupe_working_set_percentage=25",
    "--rw=write --dedupe_percentage=50 --dedupe_mode=working_set --loops=2",
    "--rw=read --dedupe_percentage=50 --dedupe_mode=working_set --dedupe_working_set_percentage=10",
    "--rw=write --dedupe_percentage=75 --dedupe_mode=working_set --dedupe_working_set_percentage=25 \
     --random_generator=tausworthe64",
    "--rw=write --bsrange=2k-8k --dedupe_percentage=75 --dedupe_mode=working_set \
     --dedupe_working_set_percentage=25",
    "--rw=write --dedupe_percentage=90 --dedupe_mode=working_set --dedupe_working_set_percentage=0",
    "--rw=write --numjobs=3 --dedupe_percentage=50 --dedupe_mode=working_set \
     --dedupe_working_set_percentage=25 --dedupe_global=1",
    "--rw=write --numjobs=4 --dedupe_percentage=70 --dedupe_mode=working_set \
     --dedupe_working_set_percentage=2 --dedupe_global=1 --buffer_compress_percentage=50",
    "--rw=read --numjobs=2 --dedupe_percentage=70 --dedupe_mode=working_set \
     --dedupe_working_set_percentage=30 --dedupe_global=1 --random_generator=tausworthe64",
];

#[test]
fn contents_that_are_made_are_the_peers() {
    let Some(peer) = peer::for_test() else { return };
    let mut failures = Vec::new();
    for words in COMBINATIONS {
        let scramble = if words.contains("scramble") { "" } else { "--scramble_buffers=0" };
        let words = format!("--name=a --thread=1 --size=256k --bs=4k {scramble} {words}");
        if files(&fiord(), &words) != files(&peer, &words) {
            failures.push(words);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn jobs_of_different_kinds_share_duplicates_as_the_peers_do() {
    let Some(peer) = peer::for_test() else { return };
    let set = "--dedupe_percentage=60 --dedupe_mode=working_set --dedupe_working_set_percentage=20";
    let words = format!(
        "--thread=1 --rw=write --scramble_buffers=0 \
         --name=a --size=256k --bs=4k {set} --dedupe_global=1 \
         --name=b --size=512k --bs=8k {set} --dedupe_global=1 \
         --name=c --size=128k --bs=4k --dedupe_percentage=0 \
         --name=d --size=128k --bs=4k {set} --buffer_compress_chunk=1k --dedupe_global=1"
    );
    assert!(files(&fiord(), &words) == files(&peer, &words));
}

/// The share of its size that a compressor saves; `None` where it is not installed.
fn saved(program: &str, data: &[u8]) -> Option<f64> {
    let scratch = Scratch::new("data").unwrap();
    let path = scratch.path().join("data");
    std::fs::write(&path, data).unwrap();
    let output = Command::new(program)
        .args(["-6", "-q", "-c"])
        .arg(&path)
        .stdin(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success());
    if output.is_none() {
        eprintln!("skipped: no {program} to measure with");
    }
    Some(1.0 - output?.stdout.len() as f64 / data.len() as f64)
}

/// One percentage point, and what a deflater takes to tell where 8 chunks of 512 bytes begin and end.
fn tolerance(chunk: &str) -> f64 {
    if chunk == "512" { 0.013 } else { 0.010 }
}

#[test]
fn data_compress_as_far_as_asked() {
    for (percent, chunk, rest) in [
        (10, "512", ""),
        (50, "512", ""),
        (75, "512", "--buffer_pattern=\"abcdefg\""),
        (25, "4k", ""),
        (50, "4k", "--buffer_pattern=0xdeadbeef"),
        (75, "4k", "--numjobs=4"),
        (90, "64k", "--bs=64k"),
        (100, "4k", "--dedupe_percentage=50"),
    ] {
        let words = format!(
            "--name=a --rw=write --size=2m --bs=4k --buffer_compress_percentage={percent} \
             --buffer_compress_chunk={chunk} {rest}"
        );
        let data = written(&words);
        for program in ["gzip", "zstd"] {
            let Some(share) = saved(program, &data) else { continue };
            let off = (share - f64::from(percent) / 100.0).abs();
            assert!(off < tolerance(chunk), "{program} saves {share} of {words}");
        }
    }
}

#[test]
fn one_block_over_and_over_compresses_as_far_as_asked() {
    let words = "--name=a --rw=write --size=64k --bs=64k --dedupe_percentage=100 \
                 --buffer_compress_percentage=50";
    let Some(share) = saved("gzip", &written(words)) else { return };
    assert!((share - 0.5).abs() < 0.015, "{share}");
}

/// The share of blocks that hold what another block holds.
fn duplicates(data: &[u8], block_bytes: usize) -> (f64, usize) {
    let count = data.len().div_ceil(block_bytes);
    let unique: BTreeSet<&[u8]> = data.chunks(block_bytes).collect();
    (1.0 - unique.len() as f64 / count as f64, count)
}

#[test]
fn blocks_repeat_as_often_as_asked() {
    let set = "--dedupe_mode=working_set --dedupe_working_set_percentage=5";
    for (percent, block_bytes, rest) in [
        (5, 4096, "--size=8m".to_owned()),
        (50, 4096, "--size=8m".to_owned()),
        (99, 4096, "--size=8m".to_owned()),
        (50, 4096, "--size=2m --numjobs=4".to_owned()),
        (50, 4096, "--rw=randwrite --size=8m".to_owned()),
        // Small files, written by the job and laid out for it.
        (99, 4096, "--nrfiles=500 --filesize=4k --file_service_type=sequential".to_owned()),
        (99, 4096, "--rw=read --nrfiles=500 --filesize=4k".to_owned()),
        (70, 4096, format!("--size=8m {set}")),
        (70, 4096, format!("--size=4m --numjobs=2 --dedupe_global=1 {set}")),
        // A block that is no whole number of chunks.
        (70, 6000, format!("--bs=6000 --size=12000000 {set}")),
        (90, 4096, "--size=4m --buffer_pattern=0xaa".to_owned()),
    ] {
        let words = format!("--name=a --bs=4k --rw=write --dedupe_percentage={percent} {rest}");
        let (share, count) = duplicates(&written(&words), block_bytes);
        let asked = f64::from(percent) / 100.0;
        let sigma = (asked * (1.0 - asked) / count as f64).sqrt();
        let off = (share - asked).abs();
        assert!(off < (3.0 * sigma).max(0.01), "{share} of {count} blocks repeat: {words}");
    }
}
