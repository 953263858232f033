//! The sequence of (direction, file, offset, length) is the peer's for the same job and seed.
//!
//! Both programs run the same job with `write_iolog`, and the records are compared request by request.
//! The matrix is patterns times variants; each variant is a list of switches.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use xtask::iolog::{self, Entry};
use xtask::peer;
use xtask::program::{Program, Scratch};

const PATTERNS: &[&str] = &[
    "read",
    "write",
    "randread",
    "randwrite",
    "rw",
    "randrw",
    "trim",
    "randtrim",
    "trimwrite",
    "randtrimwrite",
];

/// For every pattern.
const VARIANTS: &[&str] = &[
    "--size=1m",
    "--size=1m --randseed=4711",
    "--size=1m --randrepeat=1 --randseed=7",
    "--size=100k --bs=3k",
    "--size=333333 --bs=512",
    "--size=1m --bs=4k,8k,16k",
    "--size=1m --bsrange=1k-16k",
    "--size=1m --bsrange=1k-9k,2k-8k,4k-16k --norandommap",
    "--size=1m --bssplit=4k/50:8k/30:16k/20",
    "--size=1m --bssplit=4k/10:64k/:8k/20,2k/40:32k/60",
    "--size=1m --norandommap",
    "--size=1m --random_generator=lfsr",
    "--size=1m --random_generator=tausworthe64",
    "--size=1m --nrfiles=4",
    "--size=1m --nrfiles=3 --file_service_type=sequential",
    "--size=1m --nrfiles=5 --file_service_type=random",
    "--size=1m --nrfiles=4 --file_service_type=roundrobin:3 --openfiles=2",
    "--nrfiles=5 --filesize=32k-256k",
    "--size=300k --numjobs=3",
    "--size=300k --numjobs=3 --thread --offset_increment=64k --filename=shared",
    "--size=200k --loops=3",
    "--size=1m --number_ios=77",
    "--size=1m --io_size=300k",
    "--size=512k --offset=128k",
    "--size=1m --offset=10%",
    "--size=1m --ba=8k",
    "--size=1m --zonemode=strided --zonesize=64k --zonerange=128k --zoneskip=20k",
    "--size=512k --zonemode=strided --zonesize=48k --zonerange=16k --io_size=1m",
];

/// Further jobs, complete but for the engine.
const SINGLE: &[&str] = &[
    "--rw=randread:8 --size=1m",
    "--rw=randwrite:5 --size=1m --bs=2k",
    "--rw=randrw:4 --size=1m --rw_sequencer=identical",
    "--rw=randread:3 --size=1m --rw_sequencer=identical --norandommap",
    "--rw=read:8k --size=1m",
    "--rw=write:12k --size=1m --io_size=200k",
    "--rw=write:-8k --size=1m --io_size=400k",
    "--rw=rw:4k --size=1m",
    "--rw=read:8k --size=44k",
    "--rw=read:4k --size=36k",
    "--rw=read:8k --size=48k --offset=16k",
    "--rw=read:8k --size=48k --offset=16k --io_size=96k",
    "--rw=read:8k --size=48k --offset=16k --filesize=1m",
    "--rw=randread --size=1m --percentage_random=50",
    "--rw=randrw --size=1m --percentage_random=20,80",
    "--rw=randrw --size=1m --rwmixread=70",
    "--rw=randrw --size=1m --rwmixwrite=90",
    "--rw=rw --size=1m --rwmixread=10 --bs=4k,16k",
    "--rw=rw --size=1m --rwmixread=100",
    "--rw=randread --size=1m --bssplit=16k/50:4k/50",
    "--rw=randwrite --size=1m --bssplit=8k/:4k/:16k/:1k/7",
    "--rw=rw --size=1m --bs=4k,64k --bs_is_seq_rand=1",
    "--rw=randread --size=1m --bs=4k,8k --bs_is_seq_rand=1 --percentage_random=40 --norandommap",
    "--rw=randwrite --size=1m --bsrange=512-8k --bs_unaligned --norandommap",
    "--rw=randread --size=256k --io_size=1m",
    "--rw=randread --size=256k --io_size=1m --norandommap",
    "--rw=write --size=256k --io_size=1m",
    "--rw=write --size=1m --fsync=8",
    "--rw=randwrite --size=1m --fdatasync=5",
    "--rw=randrw --size=1m --fsync=3",
    "--rw=write --size=1m --fsync=4 --fdatasync=6",
    "--rw=randread --size=4g --number_ios=200",
    "--rw=randwrite --size=1t --bs=1m --number_ios=100",
    "--rw=randread --size=64k --loops=2 --randrepeat=1",
    "--rw=randread --size=64k --loops=2 --randseed=99",
    "--rw=randread --size=1m --blockalign=512 --bs=4k --norandommap",
    "--rw=randread --size=1m --softrandommap=1",
    "--rw=randrw --size=1m --nrfiles=3 --file_service_type=random:4 --rwmixread=30",
    "--rw=randwrite --nrfiles=8 --size=1m --openfiles=3 --file_service_type=random",
    "--rw=randread --size=1m --bs=512,8k --ba=512",
    "--rw=randwrite:4 --size=64k --io_size=200k --randseed=4 --norandommap",
    "--rw=randread:4 --size=64k --io_size=200k",
    "--rw=randread:3 --size=64k --io_size=200k --norandommap",
    "--rw=randrw:5 --size=64k --loops=3 --rw_sequencer=identical",
    "--rw=randread --size=1m --random_distribution=zipf:1.2",
    "--rw=randread --size=1m --random_distribution=zipf:0.9:0.5 --numjobs=3",
    "--rw=randrw --size=1m --random_distribution=pareto:0.3 --bsrange=1k-16k",
    "--rw=randwrite --size=1m --random_distribution=normal:20 --loops=2",
    "--rw=randread --size=1m --random_distribution=normal:20:0.25 --nrfiles=3",
    "--rw=randrw --size=1m --random_distribution=zoned:60/10:30/20:8/30:2/40,20/50:80/50",
    "--rw=randtrim --size=1m --random_distribution=zoned:50/5:50/95 --percentage_random=70",
    "--rw=randread --size=1m --random_distribution=zoned_abs:60/100k:40/200k --bs=8k",
    "--rw=randread --size=1m --random_distribution=zoned:50/10:50/90 --random_generator=lfsr",
    "--rw=randread --size=1m --nrfiles=8 --file_service_type=zipf:1.2 --number_ios=300",
    "--rw=randread --size=1m --nrfiles=8 --file_service_type=pareto:0.3 --number_ios=100",
    "--rw=randwrite --size=1m --nrfiles=8 --file_service_type=gauss:20 --random_distribution=zipf",
    "--rw=randwrite --size=1m --sprandom=1 --spr_num_regions=7 --spr_op=0.3",
    "--rw=read --filename=a:b:c --size=600k",
    "--rw=read --size=64k --zonemode=strided --zonesize=8k --zoneskip=2z",
    "--rw=randrw --size=1m --zonemode=strided --zonesize=64k --bssplit=1k/30:8k/70,4k/50:2k/50 --rwmixread=70",
    "--rw=randwrite --size=1m --zonemode=strided --zonesize=60k --zonerange=100k --bsrange=1k-9k --bs_unaligned --norandommap",
    "--rw=randread --size=1m --zonemode=strided --zonesize=64k --zonerange=128k --random_generator=lfsr --randseed=3",
    "--rw=randread --size=1m --zonemode=strided --zonesize=64k --zonerange=128k --numjobs=3",
    "--rw=randread --size=1m --zonemode=strided --zonesize=64k --zonerange=256k --ba=16k",
    "--rw=write --size=1m --zonemode=strided --zonesize=64k --nrfiles=2 --openfiles=2",
    "--rw=write --size=1m --zonemode=strided --zonesize=64k --zonerange=80k --nrfiles=3",
    "--rw=write --size=256k --write_barrier=3 --num_range=4",
    "--rw=randrw --size=1m --loops=2 --bssplit=4k/60:16k/40,8k/100 --percentage_random=50,70 --rwmixread=30",
    "--rw=rw:8k --size=1m --rwmixwrite=25 --number_ios=111 --loops=3",
    "--rw=randrw:4 --size=512k --io_size=1500k --fsync=5 --bssplit=4k/60:16k/40",
    "--rw=randrw --size=512k --io_size=300k --loops=3 --fsync=7 --rwmixread=65 --norandommap",
    "--rw=randrw --size=512k --number_ios=99 --bsrange=2k-12k --bs_unaligned --norandommap --rwmixwrite=80",
    "--rw=rw --size=512k --bssplit=512/10:4k/90,8k/50:16k/50 --fdatasync=3 --loops=2 --rwmixread=5",
    "--rw=randwrite --nrfiles=300 --size=3m --openfiles=5",
    "--rw=randread --nrfiles=300 --size=3m --openfiles=5 --file_service_type=random",
    "--rw=read --nrfiles=300 --size=3m --openfiles=5 --file_service_type=sequential",
    "--rw=randrw --nrfiles=50 --size=3m --openfiles=7 --file_service_type=random:8 --loops=2",
    "--rw=randtrim --nrfiles=50 --filesize=16k-128k --openfiles=7 --file_service_type=roundrobin:3",
    "--rw=randread --size=600k --numjobs=4 --randseed=12",
    "--rw=randread --size=200k --name=second --rw=randwrite --size=300k --name=third --rw=rw --size=100k",
];

/// Complete jobs on real files, where layout, the end of a file and reopening matter.
const ON_FILES: &[&str] = &[
    "--ioengine=psync --rw=randread --size=1m",
    "--ioengine=psync --rw=randwrite --size=1m",
    "--ioengine=psync --rw=randrw --size=1m --nrfiles=3",
    "--ioengine=psync --rw=randrw --size=1m --nrfiles=3 --random_distribution=zipf:1.1",
    "--ioengine=psync --rw=randwrite --size=1m --random_distribution=zoned:60/10:40/90 --loops=2",
    "--ioengine=sync --rw=write --size=1m --bs=48k",
    "--ioengine=pvsync --rw=read --size=1m --loops=2",
    "--ioengine=pvsync2 --rw=randrw --size=1m --bsrange=1k-32k",
    "--ioengine=vsync --rw=rw --size=1m",
    "--ioengine=mmap --rw=randrw --size=1m",
    "--ioengine=psync --rw=write --size=1m --fsync=16 --end_fsync=1",
    "--ioengine=psync --rw=write --size=200k --file_append=1",
    "--ioengine=psync --rw=write --size=16k --file_append=1 --loops=2",
    "--ioengine=psync --rw=write --size=16k --file_append=1 --io_size=40k",
    "--ioengine=psync --rw=write --size=192k --nrfiles=3 --openfiles=1 --end_fsync=1",
    "--ioengine=psync --rw=read --filesize=1m --nrfiles=3 --openfiles=1",
    "--ioengine=psync --rw=write --size=1m --zonemode=strided --zonesize=64k --zonerange=128k",
    "--ioengine=psync --rw=randread --size=1m --zonemode=strided --zonesize=64k --zonerange=96k --zoneskip=4k",
    "--ioengine=psync --rw=randrw --size=512k --filesize=1m --offset=128k --zonemode=strided --zonesize=64k --zonerange=96k",
];

fn cases() -> Vec<String> {
    let product = PATTERNS.iter().flat_map(|pattern| {
        VARIANTS.iter().map(move |variant| format!("--ioengine=null --rw={pattern} {variant}"))
    });
    let single = SINGLE.iter().map(|case| format!("--ioengine=null {case}"));
    product.chain(single).chain(ON_FILES.iter().map(|case| case.to_string())).collect()
}

/// What a program records for a job.
fn record(program: &Program, case: &str) -> Result<Vec<Entry>, String> {
    let scratch = Scratch::new("sequence").map_err(|error| error.to_string())?;
    let arguments = format!("--write_iolog=requests --name=job {case}");
    let run = program
        .run(scratch.path(), arguments.split_whitespace())
        .map_err(|error| error.to_string())?;
    if run.code() != 0 {
        return Err(format!("{} exits with {}: {}", program.name, run.code(), run.stderr.trim()));
    }
    read(&scratch.path().join("requests")).map_err(|error| format!("{}: {error}", program.name))
}

fn read(path: &Path) -> Result<Vec<Entry>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    iolog::parse(&text).map_err(|error| error.to_string())
}

/// Clones and further jobs share the record, in which they interleave as they run.
fn is_shared(case: &str) -> bool {
    case.contains("--numjobs") || case.contains("--name=")
}

fn difference(case: &str, ours: &[Entry], theirs: &[Entry]) -> Option<String> {
    let requests = |entries: &[Entry]| -> Vec<Entry> {
        entries.iter().filter(|entry| entry.is_request()).cloned().collect()
    };
    let (mut ours, mut theirs) = (requests(ours), requests(theirs));
    if is_shared(case) {
        if case.contains("--filename=") {
            // Clones on one file: only the set of requests is determined.
            for entries in [&mut ours, &mut theirs] {
                entries.sort_by(|a, b| {
                    (&a.file, &a.action, a.extent).cmp(&(&b.file, &b.action, b.extent))
                });
            }
        }
        for entries in [&mut ours, &mut theirs] {
            entries.sort_by(|a, b| a.file.cmp(&b.file));
        }
    }
    let (ours, theirs): (Vec<_>, Vec<_>) = (ours.iter().collect(), theirs.iter().collect());
    if theirs.is_empty() {
        return Some("the peer issues no request: the case shows nothing".to_string());
    }
    iolog::first_difference(&ours, &theirs)
}

/// Runs `check` for every case on some threads (the peer mostly sleeps) and returns the failures.
fn failures(cases: &[String], check: impl Fn(&str) -> Option<String> + Sync) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(text) = check(case) {
                        failed.lock().unwrap().push(format!("{case}\n    {text}"));
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap()
}

#[test]
fn requests_are_those_of_the_peer() {
    let Some(peer) = peer::for_test() else { return };
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let cases = cases();
    assert!(cases.len() >= 200);
    let failed = failures(&cases, |case| match (record(&ours, case), record(&peer, case)) {
        (Ok(ours), Ok(theirs)) => difference(case, &ours, &theirs),
        (Err(error), _) | (_, Err(error)) => Some(error),
    });
    assert!(
        failed.is_empty(),
        "{} of {} sequences differ:\n{}",
        failed.len(),
        cases.len(),
        failed.join("\n")
    );
}

/// The actions on files stand in the record where the peer has them, so that it can be replayed.
#[test]
fn file_actions_are_those_of_the_peer() {
    let Some(peer) = peer::for_test() else { return };
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let cases = [
        "--ioengine=null --rw=randread --size=64k",
        "--ioengine=psync --rw=write --size=64k",
        "--ioengine=psync --rw=read --size=64k --nrfiles=2",
        "--ioengine=psync --rw=randrw --size=256k --nrfiles=4",
    ]
    .map(str::to_string);
    let failed = failures(&cases, |case| match (record(&ours, case), record(&peer, case)) {
        (Ok(ours), Ok(theirs)) => {
            let (ours, theirs): (Vec<_>, Vec<_>) = (ours.iter().collect(), theirs.iter().collect());
            iolog::first_difference(&ours, &theirs)
        }
        (Err(error), _) | (_, Err(error)) => Some(error),
    });
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Without a seed and with `randrepeat=0` two runs differ; with the defaults they do not.
#[test]
fn seeds_decide() {
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let case = "--ioengine=null --rw=randread --size=1m";
    let free = format!("{case} --randrepeat=0");
    let requests = |case: &str| record(&ours, case).unwrap();
    // Not assert_eq: it would print hundreds of requests.
    assert!(requests(case) == requests(case), "defaults repeat");
    assert!(requests(&free) != requests(&free), "randrepeat=0 does not");
    assert!(requests(case) != requests(&format!("{case} --randseed=5")), "another seed");
}
