//! Jobs that are killed while they write: what they have left is verified, by their journal, with no false
//! result, and what is damaged then is found.
//!
//! They write to a loop device where one can be made, or else to a file, and are killed at random moments: 20 of
//! them, or as many as `FIORD_KILLS` says.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use xtask::json::Json;
use xtask::program::{Program, Run, Scratch, descendants};

const TARGET_BYTES: u64 = 32 << 20;
const BLOCK: usize = 4096;

/// A kind of job that is killed.
struct Kind {
    words: &'static str,
    /// How many blocks may be on their way, if no block is written twice.
    once: Option<usize>,
}

const KINDS: &[Kind] = &[
    Kind { words: "--ioengine=psync --rw=randwrite --bs=4k --verify=crc32c", once: Some(1) },
    Kind {
        words: "--ioengine=io_uring --iodepth=16 --rw=randwrite --bs=4k --verify=md5 --direct=1",
        once: Some(16),
    },
    Kind {
        words: "--ioengine=libaio --iodepth=8 --rw=randwrite --bsrange=4k-16k --norandommap \
                --io_size=1g --size=4m --verify=crc64 --fsync=32",
        once: None,
    },
    Kind {
        words: "--ioengine=io_uring --iodepth=8 --rw=randwrite --bs=8k --size=2m --loops=1000 \
                --verify=xxhash --verify_interval=1k --fdatasync=10 --verify_policy=fsynced",
        once: None,
    },
    Kind {
        words: "--ioengine=psync --rw=randrw --bs=4k --random_distribution=zipf:1.1 --io_size=1g \
                --size=8m --verify=sha256 --sync=dsync --verify_policy=fsynced --thread",
        once: None,
    },
    Kind { words: "--ioengine=psync --rw=write --bs=16k --verify=meta --thread", once: None },
];

/// What the jobs write to.
struct Target {
    path: PathBuf,
    is_loop: bool,
    /// Holds what the device lies on.
    scratch: Scratch,
}

impl Target {
    fn new() -> Target {
        let scratch = Scratch::new("kill").unwrap();
        let file = scratch.path().join("target");
        File::create(&file).unwrap().set_len(TARGET_BYTES).unwrap();
        let made = Command::new("losetup").args(["--find", "--show"]).arg(&file).output();
        match made {
            Ok(made) if made.status.success() => {
                let path = String::from_utf8(made.stdout).unwrap().trim().into();
                Target { path, is_loop: true, scratch }
            }
            _ => {
                eprintln!("no loop device can be made: the jobs write to a file");
                Target { path: file, is_loop: false, scratch }
            }
        }
    }

    fn wipe(&self) {
        let file = File::options().write(true).open(&self.path).unwrap();
        let zeroes = vec![0; 1 << 20];
        for at in (0..TARGET_BYTES).step_by(zeroes.len()) {
            file.write_all_at(&zeroes, at).unwrap();
        }
    }

    /// Changes a bit in some of the blocks that have a header; false if there are not as many.
    fn damage(&self, blocks: usize, random: &mut Random) -> bool {
        let file = File::options().read(true).write(true).open(&self.path).unwrap();
        let mut all = Vec::new();
        (&file).read_to_end(&mut all).unwrap();
        let written = |at: &usize| all[*at..*at + 2] == 0xaccau16.to_ne_bytes();
        let mut places: Vec<usize> = (0..all.len()).step_by(BLOCK).filter(written).collect();
        for _ in 0..blocks {
            if places.is_empty() {
                return false;
            }
            let at = places.swap_remove(random.below(places.len() as u64) as usize);
            let at = at + 100 + random.below(BLOCK as u64 - 100) as usize;
            file.write_all_at(&[all[at] ^ 0x10], at as u64).unwrap();
        }
        true
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if self.is_loop {
            let _ = Command::new("losetup").arg("--detach").arg(&self.path).status();
        }
    }
}

/// Splitmix: the moments need not be good.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ mixed >> 27) % bound
    }
}

fn job(kind: &Kind, target: &Path) -> String {
    format!(
        "--name=killed --filename={} --size={TARGET_BYTES} --verify_journal=buffered {}",
        target.display(),
        kind.words
    )
}

/// Starts a job and kills it a while after its journal has appeared.
fn kill_one(program: &Program, words: &str, directory: &Path, delay: Duration) {
    let mut run = Command::new(&program.path)
        .args(words.split_whitespace())
        .current_dir(directory)
        .stdout(Stdio::null())
        .stderr(File::create(directory.join("err")).unwrap())
        .spawn()
        .unwrap();
    let journal = directory.join("local-killed-0-verify.state.journal");
    for _ in 0..2000 {
        if journal.exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(delay);
    let family = descendants(run.id()).unwrap();
    run.kill().unwrap();
    run.wait().unwrap();
    // Workers die with their parent, a moment later.
    let alive = |pid: &u32| Path::new(&format!("/proc/{pid}")).exists();
    for _ in 0..2000 {
        if !family.iter().any(alive) {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("{words}: its workers live on");
}

fn verify(program: &Program, words: &str, directory: &Path) -> Run {
    let words = format!("{words} --verify_only --verify_state_load=1 --output-format=json");
    program.run(directory, words.split_whitespace()).unwrap()
}

fn blocks(run: &Run, what: &str) -> u64 {
    let report = run.json().unwrap();
    let path = format!("jobs.0.fiord.verify.blocks_{what}");
    report.at(&path).and_then(Json::number).unwrap_or_else(|| panic!("{path}")) as u64
}

#[test]
fn what_a_killed_job_has_left_is_verified() {
    let program = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let kills = std::env::var("FIORD_KILLS").ok().map_or(20, |text| text.parse().unwrap());
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let mut random = Random(seed);
    let target = Target::new();
    let (mut checked, mut found) = ([0; KINDS.len()], 0);
    for number in 0..kills {
        let kind = &KINDS[number % KINDS.len()];
        let scratch = Scratch::below(target.scratch.path(), "run").unwrap();
        let words = job(kind, &target.path);
        target.wipe();
        let delay = Duration::from_micros(random.below(150_000));
        kill_one(&program, &format!("{words} --do_verify=0"), scratch.path(), delay);
        let run = verify(&program, &words, scratch.path());
        let told = format!("seed {seed}, kill {number} after {delay:?}: {words}\n{}", run.stderr);
        if !scratch.path().join("local-killed-0-verify.state.journal").exists() {
            // It had come to its end.
            assert!(scratch.path().join("local-killed-0-verify.state").exists(), "{told}");
        }
        assert_eq!((run.code(), blocks(&run, "wrong")), (0, 0), "{told}");
        checked[number % KINDS.len()] += blocks(&run, "checked");
        if let Some(on_their_way) = kind.once
            && target.damage(on_their_way + 1, &mut random)
        {
            let run = verify(&program, &words, scratch.path());
            assert_eq!(run.code(), 1, "{told}{}", run.stderr);
            assert!(blocks(&run, "wrong") > 0, "{told}");
            found += 1;
        }
    }
    eprintln!("blocks checked, by kind of job: {checked:?}; damage was found {found} times");
    assert!(found > 0 && checked.iter().any(|blocks| *blocks > 0));
}

/// Without its journal, nothing is known of a job that was killed, not even by the state of an earlier run.
#[test]
fn a_state_of_an_earlier_run_does_not_outlive_the_next_one() {
    let program = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let scratch = Scratch::new("kill-state").unwrap();
    let words = "--name=killed --filename=t --size=1m --rw=write --verify=crc32c";
    let state = scratch.path().join("local-killed-0-verify.state");
    let run = program.run(scratch.path(), words.split_whitespace()).unwrap();
    assert_eq!(run.code(), 0, "{}", run.stderr);
    assert!(state.exists());
    let words = format!("{words} --time_based --runtime=60 --verify_journal=sync");
    kill_one(&program, &words, scratch.path(), Duration::from_millis(50));
    assert!(!state.exists());
    std::fs::remove_file(scratch.path().join("local-killed-0-verify.state.journal")).unwrap();
    let run = verify(&program, &words, scratch.path());
    assert_eq!(run.code(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("--aux-path"), "{}", run.stderr);
}
