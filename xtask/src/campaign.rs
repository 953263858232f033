//! `cargo xtask campaign [RUNS]`: jobs and damage from seeds, many of them.
//!
//! The larger part runs the real loop on a simulated device: these are the campaigns of `fiord-runner`'s
//! tests, with more seeds. The rest is done to real files: fiord writes one, bytes of it are changed, and
//! fiord has to name exactly the blocks that these lie in.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Outcome;
use crate::program::{Program, Scratch, build_release, project_root};

/// Runs on the simulated device if no number is given.
const RUNS: u64 = 10_000;

/// One of so many runs is done to real files, too.
const FILES_PER_RUN: u64 = 50;

const BLOCK: u64 = 4096;

const ENGINES: &[&str] = &["sync", "psync", "mmap", "io_uring", "libaio"];

const KINDS: &[&str] =
    &["md5", "crc32c", "crc64", "sha256", "sha512", "sha3-384", "xxhash", "crc16"];

const SHAPES: &[&str] = &[
    "--rw=write",
    "--rw=randwrite",
    "--rw=randwrite --norandommap",
    "--rw=randwrite --iodepth=8 --random_distribution=zipf:1.2",
    "--rw=write --loops=2",
    "--rw=randwrite --verify_async=2 --iodepth=4",
];

/// Dice from a seed.
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len() as u64) as usize]
    }
}

/// The command; true if nothing was accused falsely and nothing was missed.
pub fn command(arguments: &[String]) -> Outcome<bool> {
    let runs = match arguments {
        [] => RUNS,
        [runs] => runs.parse()?,
        _ => return Err("one number of runs at most".into()),
    };
    let mut simulated = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    simulated.args(["test", "--package", "fiord-runner", "--lib", "campaign"]);
    simulated.env("FIORD_SIM_RUNS", runs.to_string());
    simulated.current_dir(project_root()).stdin(Stdio::null());
    if !simulated.status()?.success() {
        return Ok(false);
    }
    let fiord = build_release()?;
    let files_runs = (runs / FILES_PER_RUN).max(1);
    if let Err(error) = files(&fiord, files_runs) {
        println!("{error}");
        return Ok(false);
    }
    println!("{runs} simulated runs of each campaign, {files_runs} with files: nothing was missed");
    Ok(true)
}

/// So many runs with real files.
///
/// # Errors
/// What was missed or accused falsely, with the seed.
pub fn files(fiord: &Program, runs: u64) -> Outcome<()> {
    let begin = RandomState::new().hash_one(0);
    for seed in (0..runs).map(|run| begin.wrapping_add(run)) {
        file(fiord, seed).map_err(|error| format!("seed {seed}: {error}"))?;
    }
    Ok(())
}

/// A file that is written, damaged and verified.
fn file(fiord: &Program, seed: u64) -> Outcome<()> {
    let mut dice = Dice(seed);
    let job = format!(
        "--name=a --filename=data --bs=4k --size=256k --thread --aux-path=. --output-format=json \
         --verify={} {} --ioengine={}",
        dice.pick(KINDS),
        dice.pick(SHAPES),
        dice.pick(ENGINES)
    );
    let scratch = Scratch::new("campaign")?;
    let (code, wrong) = verify(fiord, scratch.path(), &job)?;
    if code != 0 || !wrong.is_empty() {
        return Err(format!("{job}: sound blocks are accused: {wrong:?}").into());
    }
    let path = scratch.path().join("data");
    let mut data = std::fs::read(&path)?;
    let mut damaged = BTreeSet::new();
    for _ in 0..dice.below(4) {
        let at = dice.below(data.len() as u64);
        let block = at / BLOCK * BLOCK;
        // What was never written holds nothing that could be verified.
        let magic = data.get(block as usize..block as usize + 2);
        if magic == Some(&0xacca_u16.to_ne_bytes()[..]) && damaged.insert(block) {
            data[at as usize] ^= 1 << dice.below(8);
        }
    }
    std::fs::write(&path, data)?;
    let (code, found) = verify(fiord, scratch.path(), &format!("{job} --verify_only"))?;
    if found != damaged || (code == 0) != damaged.is_empty() {
        let text = format!("{job}: damaged were {damaged:?}, found {found:?}, exit code {code}");
        return Err(text.into());
    }
    Ok(())
}

/// Runs a job: its exit code, and the offsets of the blocks that it accuses.
fn verify(fiord: &Program, directory: &Path, job: &str) -> Outcome<(i32, BTreeSet<u64>)> {
    let run = fiord.run(directory, job.split_whitespace())?;
    let json = run.json()?;
    let records = json.at("jobs.0.fiord.verify.mismatches").map(|list| list.items());
    let offset = |record: &crate::json::Json| record.get("offset")?.number();
    let wrong = records.unwrap_or_default().iter().filter_map(offset);
    Ok((run.code(), wrong.map(|offset| offset as u64).collect()))
}
