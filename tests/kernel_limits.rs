//! What this kernel or device does not give: each job that wants it ends with one message that says what
//! was wanted, what there is and what to do, with exit code 1, before a file has been made.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::process::Command;

use xtask::program::{Program, Run, Scratch};

fn fiord() -> Program {
    Program::under_test(env!("CARGO_BIN_EXE_fiord"))
}

/// A directory on a disk rather than in memory, where that is at hand.
fn scratch(name: &str) -> Scratch {
    Scratch::below(env!("CARGO_TARGET_TMPDIR").as_ref(), name).unwrap()
}

fn sysctl(name: &str) -> Option<u64> {
    std::fs::read_to_string(format!("/proc/sys/{name}")).ok()?.trim().parse().ok()
}

/// One clear message, and nothing half-done.
#[track_caller]
fn assert_refused(run: &Run, named: &[&str], directory: &Path) {
    assert_eq!(run.code(), 1, "{}", run.stderr);
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    for text in named {
        assert!(run.stderr.contains(text), "{text:?} is not in {}", run.stderr);
    }
    assert_eq!(std::fs::read_dir(directory).unwrap().count(), 0, "{}", run.stderr);
}

/// True if there are rings here; else says why a test is skipped.
fn has_rings() -> bool {
    let scratch = scratch("rings");
    let words = "--name=a --ioengine=io_uring --filename=/dev/zero --size=4k";
    let run = fiord().run(scratch.path(), words.split_whitespace()).unwrap();
    let has = !run.stderr.contains("io_uring is switched off");
    if !has {
        eprintln!("skipped: {}", run.stderr);
    }
    has
}

#[test]
fn depths_beyond_the_limit_of_rings() {
    if !has_rings() {
        return;
    }
    let scratch = scratch("ring-depth");
    for (words, named) in [
        ("--iodepth=40000", ["40000", "32768"]),
        ("--iodepth=20000 --fixedbufs=1", ["fixedbufs", "16384"]),
    ] {
        let words = format!("--name=a --ioengine=io_uring --rw=read --size=1m {words}");
        for more in ["", " --create_serialize=0", " --thread"] {
            let words = format!("{words}{more}");
            let run = fiord().run(scratch.path(), words.split_whitespace()).unwrap();
            assert_refused(&run, &named, scratch.path());
        }
    }
}

#[test]
fn depths_beyond_the_limit_of_contexts() {
    let Some(most) = sysctl("fs/aio-max-nr").filter(|most| *most < 1 << 24) else {
        eprintln!("skipped: fs.aio-max-nr is not known or very high");
        return;
    };
    let scratch = scratch("context-depth");
    let depth = most + 1;
    let words =
        format!("--name=a --ioengine=libaio --rw=read --size=1m --iodepth={depth} --bs=512");
    let run = fiord().run(scratch.path(), words.split_whitespace()).unwrap();
    let (depth, most) = (depth.to_string(), most.to_string());
    assert_refused(&run, &[&depth, &most, "sysctl fs.aio-max-nr="], scratch.path());
}

/// Runs the program with a limit of locked memory and without the right to ignore it.
fn with_locked_kib(directory: &Path, kib: u64, words: &str) -> Option<Run> {
    let has = |tool: &str| Command::new(tool).arg("--version").output().is_ok();
    if !has("prlimit") || !has("setpriv") {
        eprintln!("skipped: prlimit or setpriv of util-linux is missing");
        return None;
    }
    let bytes = kib * 1024;
    let prefix =
        format!("--memlock={bytes}:{bytes} setpriv --bounding-set=-ipc_lock --inh-caps=-ipc_lock");
    let program = Program::new("prlimit", "prlimit");
    let ours = fiord();
    let path = ours.path.to_str().unwrap();
    let words = prefix.split_whitespace().chain([path]).chain(words.split_whitespace());
    let run = program.run(directory, words).unwrap();
    if run.stderr.starts_with("setpriv") {
        eprintln!("skipped: {}", run.stderr);
        return None;
    }
    Some(run)
}

#[test]
fn buffers_that_may_not_be_pinned() {
    if !has_rings() {
        return;
    }
    let scratch = scratch("memlock");
    let words =
        "--name=a --ioengine=io_uring --rw=read --size=1m --bs=64k --iodepth=16 --fixedbufs=1";
    let Some(run) = with_locked_kib(scratch.path(), 512, words) else { return };
    assert_refused(&run, &["pin 1 MiB", "512 KiB", "ulimit -l 1024", "fixedbufs"], scratch.path());
    // Each clone alone may, both together may not.
    let words = format!("{words} --numjobs=2 --group_reporting");
    let run = with_locked_kib(scratch.path(), 1536, &words).unwrap();
    assert_eq!(run.code(), 2, "{}", run.stderr);
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "{}", run.stderr);
    // What one job has pinned is free for the next one.
    let one = words.replace("--numjobs=2", "--stonewall");
    let words = format!("{one} {}", one.replace("--name=a", "--name=b"));
    let run = with_locked_kib(scratch.path(), 1536, &words).unwrap();
    assert_eq!((run.code(), run.stderr.as_str()), (0, ""));
}

#[test]
fn memory_that_may_not_be_locked() {
    let scratch = scratch("lockmem");
    let words = "--name=a --rw=read --size=64k --lockmem=1m";
    let Some(run) = with_locked_kib(scratch.path(), 512, words) else { return };
    assert_refused(&run, &["lockmem", "1 MiB", "512 KiB", "ulimit -l 1024"], scratch.path());
    let run = with_locked_kib(scratch.path(), 4096, words).unwrap();
    assert_eq!((run.code(), run.stderr.as_str()), (0, ""));
    // More than any machine has.
    let words = "--name=a --rw=read --size=64k --lockmem=1p";
    std::fs::remove_file(scratch.path().join("a.0.0")).unwrap();
    let run = fiord().run(scratch.path(), words.split_whitespace()).unwrap();
    assert_refused(&run, &["lockmem", "1 PiB"], scratch.path());
}

#[test]
fn direct_requests_that_are_off_their_alignment() {
    let scratch = scratch("direct-odd");
    for (words, named) in [
        ("--rw=read --bs=1000", "the smallest block size for read is 1000"),
        ("--rw=write --bssplit=4k/50:700/50", "700 (bssplit)"),
        ("--rw=write --bsrange=4k-8k --bs_unaligned", "bs_unaligned"),
        ("--rw=randread --ba=100 --norandommap", "multiples of 100 (ba)"),
        ("--rw=write --offset=100", "begins at offset 100"),
        ("--rw=write:100", "gap between requests is 100 bytes"),
        ("--rw=read --iomem_align=1", "1 bytes off their pages (iomem_align)"),
    ] {
        for engine in ["psync", "libaio"] {
            let words = format!("--name=a --ioengine={engine} --direct=1 --size=1m {words}");
            let run = fiord().run(scratch.path(), words.split_whitespace()).unwrap();
            if !run.stderr.contains("in multiples of") {
                eprintln!("skipped: this file system does not tell its rules: {}", run.stderr);
                return;
            }
            assert_refused(&run, &["a.0.0", named, "direct=0"], scratch.path());
        }
    }
}

#[test]
fn engines_that_are_not_here() {
    let scratch = scratch("no-engine");
    for engine in ["rbd", "nosuch"] {
        let words = format!("--name=a --ioengine={engine} --rw=write --size=64k");
        let run = fiord().run(scratch.path(), words.split_whitespace()).unwrap();
        assert_eq!(run.code(), 1, "{}", run.stderr);
        assert!(run.stderr.contains(engine), "{}", run.stderr);
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
    }
}

/// Polling where the device cannot: told by the first request, and what to do.
#[test]
fn polling_without_polled_queues() {
    if !has_rings() {
        return;
    }
    let scratch = scratch("no-poll");
    let words = "--name=a --ioengine=io_uring --rw=read --size=64k --hipri --direct=0";
    let run = fiord().run(scratch.path(), words.split_whitespace()).unwrap();
    assert_eq!(run.code(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("poll_queues"), "{}", run.stderr);
}
