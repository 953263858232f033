//! Engines with a queue do what the peer's do: the same requests, counts, bytes and report for the same
//! job, and where a job leaves nothing to chance the same depths and batches.
//!
//! Jobs run on files in the directory of the build, or on a device in memory that the test makes. Requests
//! that the page cache serves at once leave nothing to chance; the file is in it, because the layout has
//! just written it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};

use xtask::compare::{self, Difference, Weight};
use xtask::json::Json;
use xtask::peer;
use xtask::program::{Program, Scratch};

const ENGINES: &[&str] = &["io_uring", "libaio", "posixaio"];

/// Jobs for each engine.
const JOBS: &[&str] = &[
    "--rw=read --size=1m --iodepth=8",
    "--rw=randread --size=1m --iodepth=32 --iodepth_batch=8 --iodepth_batch_complete_min=4",
    "--rw=randread --size=1m --bsrange=1k-16k --iodepth=4",
    "--rw=write --size=1m --iodepth=16 --bs=16k --end_fsync=1",
    "--rw=randwrite --size=1m --iodepth=16 --iodepth_batch=16",
    "--rw=randwrite --size=1m --iodepth=8 --fsync=16",
    "--rw=write --size=1m --iodepth=4 --fdatasync=32",
    "--rw=randrw --size=1m --iodepth=16 --rwmixread=70 --bssplit=4k/50:8k/",
    "--rw=rw --size=1m --iodepth=8 --nrfiles=3 --iodepth_low=2",
    "--rw=randwrite --size=1m --nrfiles=4 --file_service_type=random --openfiles=2 --iodepth=8",
    "--rw=randread --size=1m --iodepth=16 --direct=1",
    "--rw=randwrite --size=1m --iodepth=16 --direct=1 --bs=8k",
    "--rw=randrw --size=1m --iodepth=64 --iodepth_batch=16 --direct=1 --numjobs=2 --group_reporting",
    "--rw=randwrite --size=1m --iodepth=16 --serialize_overlap=1 --norandommap --io_size=1m",
    "--rw=randread --size=1m --iodepth=4 --loops=3",
    "--rw=randwrite --size=1m --iodepth=4 --number_ios=50",
    "--rw=randread --size=1m --iodepth=8 --gtod_reduce=1",
    "--rw=randread --size=1m --iodepth=8 --lat_percentiles=1 --slat_percentiles=1 --thread",
];

/// Jobs for one engine.
const OF_ENGINE: &[&str] = &[
    "--ioengine=io_uring --rw=randread --size=1m --iodepth=16 --fixedbufs=1 --registerfiles=1",
    "--ioengine=io_uring --rw=randwrite --size=1m --iodepth=16 --nonvectored=0",
    "--ioengine=io_uring --rw=randread --size=1m --iodepth=16 --sqthread_poll=1",
    "--ioengine=io_uring --rw=randread --size=1m --iodepth=8 --force_async=4",
    "--ioengine=io_uring --rw=write --size=1m --iodepth=8 --fsync=8 --direct=1",
    "--ioengine=libaio --rw=randread --size=1m --iodepth=16 --direct=1 --userspace_reap=1",
    "--ioengine=libaio --rw=randwrite --size=1m --iodepth=16 --libaio_vectored=1",
    "--ioengine=psync --rw=randread --size=1m --iodepth=4 --io_submit_mode=offload",
    "--ioengine=psync --rw=randwrite --size=1m --iodepth=8 --io_submit_mode=offload --direct=1",
];

/// Jobs of which each request ends as it is submitted, so that depths and batches are determined. Refills
/// are of a size that divides the depth: others the peer hands over in two parts.
const DETERMINED: &[&str] = &[
    "--iodepth=1",
    "--iodepth=4",
    "--iodepth=16",
    "--iodepth=64",
    "--iodepth=16 --iodepth_batch=4",
    "--iodepth=16 --iodepth_batch=16",
    "--iodepth=16 --iodepth_low=8",
    "--iodepth=16 --iodepth_low=8 --iodepth_batch=8",
    "--iodepth=16 --iodepth_batch=8 --iodepth_batch_complete_min=8",
    "--iodepth=16 --iodepth_batch=8 --iodepth_batch_complete_min=4 --iodepth_batch_complete_max=8",
    "--iodepth=16 --iodepth_batch_complete_min=0",
    "--iodepth=32 --iodepth_batch=16 --iodepth_batch_complete_min=16 --iodepth_batch_complete_max=16",
    "--iodepth=32 --iodepth_batch_complete_max=32",
    "--iodepth=8 --iodepth_batch_complete_min=8",
];

/// Jobs on a raw device.
const ON_DEVICE: &[&str] = &[
    "--rw=randread --iodepth=16",
    "--rw=randwrite --iodepth=32 --iodepth_batch=8",
    "--rw=randrw --iodepth=8 --fsync=16",
    "--rw=randtrim --iodepth=8",
    "--rw=randtrimwrite --iodepth=4",
];

fn fiord() -> Program {
    Program::under_test(env!("CARGO_BIN_EXE_fiord"))
}

/// The engines that both programs have.
fn engines(ours: &Program, theirs: &Program) -> Vec<&'static str> {
    let has = |program: &Program, engine: &str| {
        let question = format!("--enghelp={engine}");
        program.run(&std::env::temp_dir(), [question]).is_ok_and(|run| run.code() == 0)
    };
    let both = |engine: &&str| has(ours, engine) && has(theirs, engine);
    ENGINES.iter().copied().filter(both).collect()
}

/// What is different and may not be.
fn examine(job: &str, ours: &Program, theirs: &Program) -> Vec<String> {
    let arguments: Vec<String> =
        format!("--name=a {job}").split_whitespace().map(str::to_owned).collect();
    // Clones write their records into each other, threads that execute requests as they come.
    let iolog = !job.contains("--numjobs") && !job.contains("offload");
    let pair = match compare::run_pair(ours, theirs, &arguments, iolog) {
        Ok(pair) => pair,
        Err(error) => return vec![error.to_string()],
    };
    let (our_report, their_report) = (pair.ours.json().unwrap(), pair.theirs.json().unwrap());
    let mut wrong = compare::missing_shapes(&our_report, &their_report);
    wrong.extend(pair.differences.iter().filter(|d| !is_allowed(job, d)).map(|difference| {
        let Difference { path, ours, theirs, .. } = difference;
        format!("{path}: {ours} | {theirs}")
    }));
    wrong
}

/// Differences in time, and those that are intended (docs/differences.md).
fn is_allowed(job: &str, difference: &Difference) -> bool {
    let has = |words: &[&str]| words.iter().any(|word| difference.path.contains(word));
    let depths = has(&["iodepth_level", "iodepth_submit", "iodepth_complete"]);
    difference.weight == Weight::Time
        // The threads of the peer have a queue of one each.
        || job.contains("offload") && (depths || has(&["slat_ns"]))
        // The peer counts fdatasync as a read that came short.
        || job.contains("--fdatasync") && has(&["short_ios", ".sync."])
        // It does not measure how long it takes to hand these over.
        || (job.contains("sqthread_poll") || difference.path.contains(".trim.")) && has(&["slat_ns"])
        // Trims that the queue refuses and a call executes have no bytes there.
        || job.contains("io_uring") && has(&[".trim.io_bytes", ".trim.io_kbytes"])
}

fn fail_with(failed: &[String]) {
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn examine_all(jobs: impl IntoIterator<Item = String>, ours: &Program, theirs: &Program) {
    let mut failed = Vec::new();
    for job in jobs {
        let wrong = examine(&job, ours, theirs);
        failed.extend(wrong.iter().map(|text| format!("{job}\n    {text}")));
    }
    fail_with(&failed);
}

#[test]
fn jobs_on_files_are_those_of_the_peer() {
    let Some(theirs) = peer::for_test() else { return };
    let ours = fiord();
    let engines = engines(&ours, &theirs);
    assert!(engines.contains(&"io_uring") && engines.contains(&"libaio"));
    let jobs = engines
        .iter()
        .flat_map(|engine| JOBS.iter().map(move |job| format!("--ioengine={engine} {job}")));
    examine_all(jobs.chain(OF_ENGINE.iter().map(ToString::to_string)), &ours, &theirs);
}

#[test]
fn depths_are_those_of_the_peer() {
    let Some(theirs) = peer::for_test() else { return };
    let scratch = Scratch::below(Path::new(env!("CARGO_TARGET_TMPDIR")), "depths").unwrap();
    let mut engines = vec!["libaio"];
    if is_on_disk(scratch.path()) {
        engines.push("io_uring");
    } else {
        eprintln!("skipped: requests to files in memory are punted by io_uring, by chance");
    }
    std::fs::write(scratch.path().join("data"), vec![7; 4 << 20]).unwrap();
    let ours = fiord();
    let tables = |program: &Program, job: &str| -> Result<Vec<Json>, String> {
        let arguments = format!(
            "--output-format=json --name=a --filename=data --size=4m --bs=4k --invalidate=0 {job}"
        );
        let run = program.run(scratch.path(), arguments.split_whitespace());
        let report = run.and_then(|run| run.json()).map_err(|error| error.to_string())?;
        let Some(Json::Array(jobs)) = report.get("jobs") else { return Err("no job".to_owned()) };
        let names = ["iodepth_level", "iodepth_submit", "iodepth_complete"];
        Ok(names.iter().filter_map(|name| jobs[0].get(name).cloned()).collect())
    };
    let mut failed = Vec::new();
    for engine in engines {
        // io_uring has writes executed by threads of the kernel.
        let patterns = if engine == "libaio" {
            &["randread", "randwrite", "randrw"][..]
        } else {
            &["randread"]
        };
        for rw in patterns {
            for words in DETERMINED {
                let job = format!("--ioengine={engine} --rw={rw} {words}");
                let (our_tables, their_tables) = (tables(&ours, &job), tables(&theirs, &job));
                if our_tables != their_tables || our_tables.is_err() {
                    failed.push(format!("{job}\n    {our_tables:?}\n    {their_tables:?}"));
                }
            }
        }
    }
    fail_with(&failed);
}

fn is_on_disk(directory: &Path) -> bool {
    const TMPFS: i64 = 0x0102_1994;
    rustix::fs::statfs(directory).is_ok_and(|found| found.f_type as i64 != TMPFS)
}

#[test]
fn jobs_on_a_device_are_those_of_the_peer() {
    let Some(theirs) = peer::for_test() else { return };
    let device = match Zram::new(16 << 20) {
        Ok(device) => device,
        Err(reason) => {
            eprintln!("skipped: no device in memory: {reason}");
            return;
        }
    };
    let ours = fiord();
    let engines = engines(&ours, &theirs);
    let path = &device.path().display().to_string();
    let jobs = engines.iter().flat_map(|engine| {
        ON_DEVICE.iter().map(move |job| {
            format!("--ioengine={engine} --filename={path} --size=2m --bs=4k --direct=1 {job}")
        })
    });
    examine_all(jobs.collect::<Vec<_>>(), &ours, &theirs);
}

/// A device in memory that is removed at the end.
struct Zram(u32);

impl Zram {
    fn new(bytes: u64) -> Result<Zram, String> {
        let control = "/sys/class/zram-control/hot_add";
        let number =
            std::fs::read_to_string(control).map_err(|error| format!("{control}: {error}"))?;
        let number = number.trim().parse().map_err(|_| format!("{control}: {number}"))?;
        let device = Zram(number);
        std::fs::write(device.setting("disksize"), bytes.to_string())
            .map_err(|error| error.to_string())?;
        Ok(device)
    }

    fn setting(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/sys/block/zram{}/{name}", self.0))
    }

    fn path(&self) -> PathBuf {
        PathBuf::from(format!("/dev/zram{}", self.0))
    }
}

impl Drop for Zram {
    fn drop(&mut self) {
        // Nothing can be done about a device that does not go.
        let _ = std::fs::write(self.setting("reset"), "1");
        let _ = std::fs::write("/sys/class/zram-control/hot_remove", self.0.to_string());
    }
}
