//! Media written by one program and verified by the other: every kind of verification, in several shapes
//! of jobs, between fiord, the newest fio and the distribution's older one.
//!
//! One run covers all kinds: each is a job of its own, with a file of its own.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use xtask::json::Json;
use xtask::peer;
use xtask::program::{Program, Run, Scratch};

/// What `verify=` takes, without `0`.
const KINDS: &[&str] = &[
    "meta",
    "md5",
    "crc7",
    "crc16",
    "crc32",
    "crc32c",
    "crc32c-intel",
    "crc64",
    "sha1",
    "sha256",
    "sha512",
    "sha3-224",
    "sha3-256",
    "sha3-384",
    "sha3-512",
    "xxhash",
    "pattern",
    "pattern_hdr",
    "null",
];

const FILE_BYTES: usize = 64 << 10;

/// A way to write files, and how these can be read in one sequence; `None` where only the job itself knows
/// where its requests began.
struct Shape {
    name: &'static str,
    options: &'static str,
    read: Option<&'static str>,
    /// Bytes of a block, where its header stands, and what writes patterns.
    block: usize,
    header: usize,
    pattern: &'static str,
}

const PATTERN: &str = "0xdeadbeef%o\"fiord\"";

const SHAPES: &[Shape] = &[
    Shape {
        name: "plain",
        options: "rw=write\nbs=4k",
        read: Some("bs=4k"),
        block: 4096,
        header: 0,
        pattern: PATTERN,
    },
    Shape {
        name: "interval",
        options: "rw=write\nbs=4k\nverify_interval=512",
        read: Some("bs=4k\nverify_interval=512"),
        block: 512,
        header: 0,
        pattern: PATTERN,
    },
    Shape {
        name: "offset",
        options: "rw=write\nbs=4k\nverify_offset=1000",
        read: Some("bs=4k\nverify_offset=1000"),
        block: 4096,
        header: 1000,
        pattern: PATTERN,
    },
    Shape {
        name: "interval and offset",
        options: "rw=write\nbs=8k\nverify_interval=2k\nverify_offset=176",
        read: Some("bs=4k\nverify_interval=2k\nverify_offset=176"),
        block: 2048,
        header: 176,
        pattern: "0x1234567890abcdef",
    },
    Shape {
        name: "bssplit",
        options: "rw=randwrite\nbssplit=4k/50:8k/30:16k/20",
        read: Some("bs=4k"),
        block: 4096,
        header: 0,
        pattern: "0x01020304",
    },
    Shape {
        name: "bsrange",
        options: "rw=randwrite\nbsrange=2k-8k",
        read: None,
        block: 2048,
        header: 0,
        pattern: PATTERN,
    },
    Shape {
        name: "random",
        options: "rw=randwrite\nbs=4k\nrandseed=4711",
        read: Some("bs=4k"),
        block: 4096,
        header: 0,
        pattern: "\"abc\"%o-7",
    },
    Shape {
        name: "twice",
        options: "rw=write\nbs=4k\nloops=2\nrandom_generator=tausworthe64",
        read: Some("bs=4k"),
        block: 4096,
        header: 0,
        pattern: PATTERN,
    },
];

fn fiord() -> Program {
    Program::under_test(env!("CARGO_BIN_EXE_fiord"))
}

/// The older fio, with a reason where it is missing.
fn older() -> Option<Program> {
    let found = peer::distribution();
    if found.is_none() {
        let required = std::env::var_os("FIORD_REQUIRE_PEER").is_some_and(|value| value == "1");
        assert!(!required, "FIORD_REQUIRE_PEER is set and there is no /usr/bin/fio");
        eprintln!("skipped: no fio of the distribution");
    }
    found
}

/// Kinds that a program has.
fn kinds(program: &Program) -> Vec<&'static str> {
    let is_old = program.name == "fio (distribution)";
    KINDS.iter().copied().filter(|kind| !(is_old && *kind == "pattern_hdr")).collect()
}

/// A job file with one job of each kind.
fn job_file(kinds: &[&str], options: &str, pattern: &str) -> String {
    let mut text =
        format!("[global]\nthread=1\nsize={FILE_BYTES}\nverify_state_save=0\n{options}\n");
    for kind in kinds {
        text += &format!("[{kind}]\nfilename={kind}.data\nverify={kind}\n");
        if kind.starts_with("pattern") {
            text += &format!("verify_pattern={pattern}\n");
        }
    }
    text
}

/// Runs the text of a job file in a directory.
fn run(program: &Program, directory: &Path, text: &str) -> Run {
    let file = directory.join("job.fio");
    std::fs::write(&file, text).unwrap();
    let run = program.run(directory, ["--output-format=json", "job.fio"]).unwrap();
    std::fs::remove_file(&file).unwrap();
    run
}

fn write(program: &Program, directory: &Path, shape: &Shape, kinds: &[&str]) {
    let options = format!("{}\ndo_verify=0", shape.options);
    let run = run(program, directory, &job_file(kinds, &options, shape.pattern));
    assert_eq!(run.code(), 0, "{} writes {}: {}", program.name, shape.name, run.stderr);
}

/// The job files that verify what a shape has written: as its own second half, and as a reader.
fn readers(shape: &Shape, kinds: &[&str]) -> Vec<String> {
    let again = format!("{}\nverify_only=1", shape.options);
    let mut readers = vec![job_file(kinds, &again, shape.pattern)];
    if let Some(read) = shape.read {
        readers.push(job_file(kinds, &format!("rw=read\n{read}"), shape.pattern));
    }
    readers
}

/// Blocks that each job of a fiord run has checked, skipped and found wrong.
fn figures(json: &Json) -> Vec<(String, [u64; 3])> {
    let figure = |job: &Json, name: &str| {
        job.at(&format!("fiord.verify.{name}")).and_then(Json::number).unwrap_or(-1.0) as u64
    };
    let jobs = json.get("jobs").expect("jobs").items();
    jobs.iter()
        .map(|job| {
            let name = job.get("jobname").and_then(Json::text).expect("a name").to_string();
            let names = ["blocks_checked", "blocks_skipped", "blocks_wrong"];
            (name, names.map(|name| figure(job, name)))
        })
        .collect()
}

/// Asserts that fiord finds all that was written, and finds it right.
fn fiord_agrees(directory: &Path, shape: &Shape, kinds: &[&str], writer: &str) {
    for text in readers(shape, kinds) {
        let run = run(&fiord(), directory, &text);
        let what = format!("{}, written by {writer}: {}", shape.name, run.stderr);
        assert_eq!(run.code(), 0, "{what}");
        for (job, [checked, skipped, wrong]) in figures(&run.json().unwrap()) {
            assert!(checked > 0 || job == "null", "{job}: nothing checked; {what}");
            assert_eq!((skipped, wrong), (0, 0), "{job}: {what}");
        }
    }
}

#[test]
fn fiord_verifies_what_the_newest_fio_has_written() {
    let Some(peer) = peer::for_test() else { return };
    for shape in SHAPES {
        let scratch = Scratch::new("interchange").unwrap();
        write(&peer, scratch.path(), shape, KINDS);
        fiord_agrees(scratch.path(), shape, KINDS, "the peer");
    }
}

#[test]
fn the_newest_fio_verifies_what_fiord_has_written() {
    let Some(peer) = peer::for_test() else { return };
    for shape in SHAPES {
        let scratch = Scratch::new("interchange").unwrap();
        write(&fiord(), scratch.path(), shape, KINDS);
        for text in readers(shape, KINDS) {
            let run = run(&peer, scratch.path(), &text);
            assert_eq!(run.code(), 0, "{}: {}\n{text}", shape.name, run.stderr);
        }
        fiord_agrees(scratch.path(), shape, KINDS, "fiord");
    }
}

#[test]
fn fiord_verifies_what_an_older_fio_has_written() {
    let Some(peer) = older() else { return };
    let kinds = kinds(&peer);
    for shape in SHAPES {
        // It cuts requests of mixed sizes in other places: only what does not depend on these is the same.
        let pattern = if shape.read.is_some() { shape.pattern } else { "0x1234" };
        let shape = &Shape { pattern, ..*shape };
        let scratch = Scratch::new("interchange").unwrap();
        write(&peer, scratch.path(), shape, &kinds);
        fiord_agrees(scratch.path(), shape, &kinds, "the older fio");
    }
}

/// A file without what depends on the clock: the time of each header and its CRC.
fn timeless(path: &Path, shape: &Shape) -> Vec<u8> {
    let mut data = std::fs::read(path).unwrap();
    for block in data.chunks_mut(shape.block) {
        let header = &mut block[shape.header..];
        if header[..2] == 0xacca_u16.to_ne_bytes() {
            header[24..32].fill(0);
            header[44..48].fill(0);
        }
    }
    data
}

#[test]
fn the_same_job_leaves_the_same_bytes_but_for_the_time() {
    let Some(peer) = peer::for_test() else { return };
    for shape in SHAPES {
        let scratches = [(); 2].map(|()| Scratch::new("interchange").unwrap());
        write(&peer, scratches[0].path(), shape, KINDS);
        write(&fiord(), scratches[1].path(), shape, KINDS);
        for kind in KINDS {
            let [theirs, ours] = scratches
                .each_ref()
                .map(|s| timeless(&s.path().join(format!("{kind}.data")), shape));
            let differs = theirs.iter().zip(&ours).position(|(a, b)| a != b);
            assert_eq!((differs, theirs.len()), (None, ours.len()), "{}, {kind}", shape.name);
        }
    }
}

/// A place to damage: what it is called, the byte in the second block, and the kinds that must see it.
struct Damage {
    name: &'static str,
    byte: usize,
    is_seen: fn(&str) -> bool,
}

const DAMAGES: &[Damage] = &[
    // The last byte: no checksum's own bytes are there.
    Damage { name: "data", byte: 4095, is_seen: |kind| kind != "null" && kind != "meta" },
    Damage { name: "magic number", byte: 1, is_seen: |kind| kind != "null" },
    Damage { name: "version", byte: 2, is_seen: |kind| kind != "null" },
    Damage { name: "length", byte: 5, is_seen: |kind| kind != "null" },
    Damage { name: "offset", byte: 17, is_seen: |kind| kind != "null" },
    Damage { name: "time", byte: 25, is_seen: |kind| kind != "null" },
    Damage { name: "header's sum", byte: 45, is_seen: |kind| kind != "null" },
    Damage { name: "sum", byte: 48, is_seen: |kind| kind != "null" && kind != "meta" },
];

/// The words of fio for what is wrong, with its place: `(bad header offset, 4096)`.
fn accusations(text: &str, kind: &str) -> Vec<(String, String)> {
    const WORDS: &[&str] = &[
        "bad magic header",
        "unsupported header version",
        "bad header length",
        "bad header rand_seed",
        "bad header offset",
        "bad header numberio",
        "bad header crc",
        "verify failed",
    ];
    let place = format!("at file {kind}.data offset ");
    let mut found = Vec::new();
    for line in text.lines() {
        let Some((_, after)) = line.split_once(&place) else { continue };
        let word = WORDS.iter().find(|word| line.contains(**word)).unwrap_or(&"other words");
        let place = after.split(',').next().unwrap_or_default();
        found.push((word.to_string(), place.to_string()));
    }
    found.sort();
    found.dedup();
    found
}

/// The error number of each job.
fn errors(json: &Json) -> Vec<(String, i64)> {
    let jobs = json.get("jobs").expect("jobs").items();
    jobs.iter()
        .map(|job| {
            let name = job.get("jobname").and_then(Json::text).expect("a name");
            (name.to_string(), job.get("error").and_then(Json::number).expect("a number") as i64)
        })
        .collect()
}

#[test]
fn damage_is_found_with_the_words_of_the_newest_fio() {
    let Some(peer) = peer::for_test() else { return };
    let shape = &SHAPES[0];
    let scratch = Scratch::new("interchange").unwrap();
    write(&peer, scratch.path(), shape, KINDS);
    // One job after the other, so that messages do not mix.
    let reader = job_file(KINDS, "rw=read\nbs=4k\nstonewall", shape.pattern);
    for damage in DAMAGES {
        let flip = || {
            for kind in KINDS {
                let path = scratch.path().join(format!("{kind}.data"));
                let mut data = std::fs::read(&path).unwrap();
                data[4096 + damage.byte] ^= 0x10;
                std::fs::write(&path, data).unwrap();
            }
        };
        flip();
        let [theirs, ours] = [&peer, &fiord()].map(|who| run(who, scratch.path(), &reader));
        flip();
        assert_eq!(ours.code(), theirs.code(), "{}", damage.name);
        let (found, expected) = (ours.json().unwrap(), theirs.json().unwrap());
        assert_eq!(errors(&found), errors(&expected), "{}: {}", damage.name, ours.stderr);
        for (kind, [_, skipped, wrong]) in figures(&found) {
            let seen = u64::from((damage.is_seen)(&kind));
            assert_eq!((skipped, wrong), (0, seen), "{}: {kind}", damage.name);
            let [theirs, ours] = [&theirs, &ours]
                .map(|run| accusations(&format!("{}\n{}", run.stdout, run.stderr), &kind));
            assert_eq!(ours.len() as u64, seen, "{}: {kind}", damage.name);
            if kind != "pattern" {
                assert_eq!(ours, theirs, "{}: {kind}", damage.name);
            }
        }
    }
}

/// The newest fio goes on behind its own state here, into what was never written (its issue 2013), so that
/// fiord is the one that loads.
#[test]
fn fiord_loads_the_state_that_the_newest_fio_has_saved() {
    let Some(peer) = peer::for_test() else { return };
    let job = "--name=a --filename=data --size=1m --bs=4k --rw=randwrite --verify=crc32c --thread \
               --aux-path=. --output-format=json";
    let mut states = Vec::new();
    for writer in [&peer, &fiord()] {
        let scratch = Scratch::new("interchange").unwrap();
        let saving = format!("{job} --do_verify=0 --verify_state_save=1 --number_ios=100");
        let run = writer.run(scratch.path(), saving.split_whitespace()).unwrap();
        assert_eq!(run.code(), 0, "{}", run.stderr);
        states.push(std::fs::read(scratch.path().join("local-a-0-verify.state")).unwrap());
        let loading = format!("{job} --verify_only --verify_state_load=1");
        let run = fiord().run(scratch.path(), loading.split_whitespace()).unwrap();
        assert_eq!(run.code(), 0, "{}", run.stderr);
        assert_eq!(figures(&run.json().unwrap()), [("a".to_string(), [100, 0, 0])]);
    }
    assert_eq!(states[0], states[1], "the states of both");
}
