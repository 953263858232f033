//! Which requests have a priority, and what reports say of each, is the peer's for the same job and seed.
//!
//! The classes are those that anybody may use. Each program reads and writes a file of its own.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use xtask::json::Json;
use xtask::peer;
use xtask::program::{Program, Scratch};

/// Jobs, complete but for their engine.
const CASES: &[&str] = &[
    "--rw=randrw --cmdprio_percentage=50 --cmdprio_class=2 --cmdprio=3 --prio=6 --iodepth=16",
    "--rw=randrw --cmdprio_percentage=0,50 --cmdprio_class=2",
    "--rw=randrw --cmdprio_percentage=30,60 --cmdprio_class=2,3 --cmdprio=1,2 --fsync=5",
    "--rw=randrw --cmdprio_percentage=100 --cmdprio_class=3",
    "--rw=randread --cmdprio=2",
    "--rw=randrw --cmdprio_percentage=50 --cmdprio_class=2 --prioclass=2 --prio=0",
    "--rw=randread --cmdprio_percentage=50 --cmdprio_class=2 --lat_percentiles=1",
    "--rw=randread --cmdprio_percentage=50 --cmdprio_class=2 --clat_percentiles=0",
    "--rw=randread --cmdprio_percentage=50 --cmdprio_class=2 --disable_lat=1 --lat_percentiles=1",
    "--rw=randread --cmdprio_percentage=50 --cmdprio_class=2 --disable_clat=1",
    "--rw=randread --cmdprio_percentage=50 --cmdprio_class=2 --gtod_reduce=1",
    "--rw=randrw --cmdprio_percentage=50 --cmdprio_class=2 --unified_rw_reporting=mixed",
    "--rw=randrw --cmdprio_percentage=50 --cmdprio_class=2 --unified_rw_reporting=both --thread",
    "--rw=randrw --bssplit=4k/50:8k/50 --iodepth=8 \
     --cmdprio_bssplit=8k/10/3/3:4k/20/2/2:8k/30/2/1:4k/20/3/3,8k/50/2/0",
    "--rw=randread --bssplit=4k/50:8k/50 --cmdprio_bssplit=4k/:8k/50 --cmdprio_class=3 --cmdprio=4",
    "--rw=randread --bssplit=4k/50:8k/50 --cmdprio_bssplit=4k/50/0/3:8k/20/2/3",
    "--rw=randread --cmdprio_percentage=20 --cmdprio_class=2 --numjobs=3 --group_reporting",
];

/// Several jobs in a group, with the priority of each.
const GROUPS: &[&str] = &[
    "--group_reporting --rw=randrw --prio=4 --name=a --prio=5 --name=b",
    "--group_reporting --rw=randrw --name=b --prio=5 --name=a --cmdprio_percentage=50 \
     --cmdprio_class=2",
];

/// Per job and direction: requests, and class, level, requests, kind of latency and its members for each
/// priority.
fn priorities(program: &Program, scratch: &Scratch, case: &str) -> Result<Vec<String>, String> {
    let arguments = format!("--output-format=json+ --size=1m --bs=4k {case}");
    let run = program
        .run(scratch.path(), arguments.split_whitespace())
        .map_err(|error| format!("{}: {error}", program.name))?;
    let report = run.json().map_err(|error| format!("{}: {error}", program.name))?;
    let mut found = Vec::new();
    for (number, job) in report.get("jobs").map_or(&[][..], Json::items).iter().enumerate() {
        for direction in ["read", "write", "trim", "mixed"] {
            let Some(result) = job.get(direction) else { continue };
            let total = result.get("total_ios").and_then(Json::number);
            found.push(format!("{number} {direction}: {total:?}"));
            for entry in result.get("prios").map_or(&[][..], Json::items) {
                let number = |key| entry.get(key).and_then(Json::number);
                let words = ["prioclass", "prio", "priohint"].map(number);
                let (kind, latency) = entry.members().last().ok_or("an empty priority")?;
                let members: Vec<_> = latency.members().iter().map(|(name, _)| name).collect();
                let count = latency.get("N").and_then(Json::number);
                found.push(format!("  {words:?} {kind} {count:?} {members:?}"));
            }
        }
    }
    Ok(found)
}

#[test]
fn requests_have_the_priorities_that_the_peer_gives_them() {
    let Some(peer) = peer::for_test() else { return };
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let mut failed = Vec::new();
    let mut told_apart = 0;
    for engine in ["libaio", "io_uring"] {
        let single = CASES.iter().map(|case| format!("--name=a --ioengine={engine} {case}"));
        let groups = GROUPS.iter().map(|case| format!("--ioengine={engine} {case}"));
        for case in single.chain(groups) {
            let scratch = Scratch::new("priorities").unwrap();
            let found = priorities(&ours, &scratch, &case);
            let expected = priorities(&peer, &scratch, &case);
            told_apart += usize::from(found.iter().flatten().any(|line| line.starts_with(' ')));
            if found != expected || found.is_err() {
                failed.push(format!("{case}\n  ours: {found:#?}\n  peer's: {expected:#?}"));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(told_apart > 20, "{told_apart}");
}

/// What nobody may use without being somebody is refused before a file is made.
#[test]
fn a_priority_that_is_not_allowed_is_refused_in_time() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can become somebody else");
        return;
    }
    let scratch = Scratch::new("priorities").unwrap();
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    // No capability is left, and the file system lets nobody make files here.
    let job = "--name=a --ioengine=libaio --size=4k --rw=read --filename=f --cmdprio_percentage=9";
    let Ok(setpriv) = std::process::Command::new("setpriv")
        .args(["--bounding-set=-all", "--inh-caps=-all"])
        .arg(&ours.path)
        .args(job.split_whitespace())
        .current_dir(scratch.path())
        .output()
    else {
        eprintln!("skipped: there is no setpriv");
        return;
    };
    let text = String::from_utf8_lossy(&setpriv.stderr);
    if text.contains("setpriv:") {
        eprintln!("skipped: {text}");
        return;
    }
    assert_eq!(setpriv.status.code(), Some(1), "{text}");
    assert!(text.contains("1/0/0") && text.contains("CAP_SYS_NICE"), "{text}");
    assert!(!scratch.path().join("f").exists(), "a file was made for nothing");
}
