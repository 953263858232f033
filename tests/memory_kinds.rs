//! Memory of requests of all kinds: the same I/O from each, nothing left behind, and clear words where a kind
//! is not to be had.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use xtask::program::{Program, Scratch, descendants};

fn fiord() -> Program {
    Program::under_test(env!("CARGO_BIN_EXE_fiord"))
}

/// Huge pages of the usual size that are free, and their size in KiB.
fn huge_pages() -> Option<(u64, u64)> {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap();
    let field = |name: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().trim_end_matches(" kB").parse().ok()
    };
    Some((field("HugePages_Free:")? - field("HugePages_Rsvd:")?, field("Hugepagesize:")?))
}

/// The identifiers of System V segments of these processes.
fn segments_of(creators: &[u32]) -> Vec<String> {
    let table = std::fs::read_to_string("/proc/sysvipc/shm").unwrap();
    let is_ours = |line: &&str| {
        let creator = line.split_whitespace().nth(4).and_then(|pid| pid.parse().ok());
        creator.is_some_and(|pid: u32| creators.contains(&pid))
    };
    table.lines().filter(is_ours).map(str::to_owned).collect()
}

#[test]
fn the_same_data_come_from_every_kind() {
    let scratch = Scratch::new("memory-kinds").unwrap();
    let job =
        "--name=a --rw=write --size=64k --bs=4k --filename=data --refill_buffers --randseed=7";
    // Buffers are filled before the first request, so what follows depends on their number.
    let mut expected = HashMap::new();
    for mem in ["malloc", "shm", "mmap", "mmapshared", "mmap:buffers", "mmapshared:buffers"] {
        for engine in ["psync", "pvsync", "vsync", "libaio", "io_uring"] {
            let depth = if engine.ends_with("sync") { 1 } else { 8 };
            for align in [0, 512, 4096] {
                let words = format!(
                    "{job} --ioengine={engine} --iodepth={depth} --mem={mem} --iomem_align={align}"
                );
                let run = fiord().run(scratch.path(), words.split_whitespace()).unwrap();
                if engine == "io_uring" && run.stderr.contains("io_uring is switched off") {
                    continue;
                }
                assert_eq!((run.code(), run.stderr.as_str()), (0, ""), "{words}");
                let data = std::fs::read(scratch.path().join("data")).unwrap();
                let expected = expected.entry(depth).or_insert_with(|| data.clone());
                assert!(data == *expected, "{words}: other data");
                assert!(!scratch.path().join("buffers").exists(), "{words}");
            }
        }
    }
}

#[test]
fn a_file_behind_buffers_is_neither_cut_nor_removed() {
    let scratch = Scratch::new("memory-file").unwrap();
    let path = scratch.path().join("buffers");
    for (mem, changed) in [("mmap", false), ("mmapshared", true)] {
        std::fs::write(&path, [9; 20_000]).unwrap();
        let words = format!(
            "--name=a --rw=write --size=64k --bs=4k --filename=data --zero_buffers --mem={mem}:buffers"
        );
        let run = fiord().run(scratch.path(), words.split_whitespace()).unwrap();
        assert_eq!((run.code(), run.stderr.as_str()), (0, ""), "{words}");
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes.len(), 20_000, "{mem}");
        assert_eq!(bytes[0] == 0, changed, "{mem}");
        assert_eq!(bytes[4096], 9, "{mem}");
    }
}

#[test]
fn segments_do_not_outlive_a_killed_job() {
    let scratch = Scratch::new("memory-killed").unwrap();
    let mut run = Command::new(env!("CARGO_BIN_EXE_fiord"))
        .args(["--name=a", "--rw=read", "--size=64k", "--time_based", "--runtime=60", "--mem=shm"])
        .current_dir(scratch.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut family = Vec::new();
    let mut seen = false;
    for _ in 0..500 {
        family = descendants(run.id()).unwrap();
        // A segment that has just been made has not been marked yet (SHM_DEST, 01000 of its mode).
        let segments = segments_of(&family);
        seen = segments.iter().any(|line| line.split_whitespace().nth(2) == Some("1600"));
        if seen {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    assert!(seen, "the job never had a segment");
    // Workers die with their parent, a moment later.
    for _ in 0..500 {
        if family.iter().all(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(segments_of(&family), Vec::<String>::new());
}

#[test]
fn missing_huge_pages_are_counted_before_anything_is_made() {
    let Some((free, page_kib)) = huge_pages() else {
        eprintln!("skipped: this kernel has no huge pages");
        return;
    };
    let pages = free + 3;
    let scratch = Scratch::new("memory-huge").unwrap();
    for mem in ["mmaphuge", "shmhuge"] {
        let words = format!(
            "--name=a --ioengine=libaio --rw=read --bs={page_kib}k --size={}k --iodepth={pages} \
             --numjobs=2 --mem={mem}",
            page_kib * pages
        );
        let run = fiord().run(scratch.path(), words.split_whitespace()).unwrap();
        assert_eq!(run.code(), 2, "both clones fail: {}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "told once: {}", run.stderr);
        let needed = format!("need {} huge pages", 2 * pages);
        assert!(run.stderr.contains(&needed), "{}", run.stderr);
        assert!(run.stderr.contains(&format!("{free} are free ({mem})")), "{}", run.stderr);
        assert!(run.stderr.contains("sysctl vm.nr_hugepages="), "{}", run.stderr);
        let plan = fiord()
            .run(scratch.path(), ["plan"].into_iter().chain(words.split_whitespace()))
            .unwrap();
        assert!(plan.stdout.contains(&needed), "{}", plan.stdout);
    }
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}

#[test]
fn files_that_cannot_be_behind_buffers_are_refused() {
    let scratch = Scratch::new("memory-refused").unwrap();
    for (mem, named) in [
        ("mmap:/nosuch/x", "'/nosuch/x'"),
        ("mmapshared:.", "directory"),
        ("mmaphuge:x", "hugetlbfs"),
        ("cudamalloc", "CUDA"),
        ("shm:x", "shm:x"),
    ] {
        let words = format!("--name=a --rw=write --size=64k --filename=data --mem={mem}");
        let run = fiord().run(scratch.path(), words.split_whitespace()).unwrap();
        assert_eq!(run.code(), 1, "{mem}: {}", run.stderr);
        assert!(run.stderr.contains(named), "{mem}: {}", run.stderr);
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "{mem}");
    }
}
