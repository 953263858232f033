//! The JSON report has every path of the peer's report with the same type and in the same order, and the
//! values that the job determines are the same.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::OnceLock;

use xtask::compare::{self, Pair, Weight};
use xtask::peer;
use xtask::program::Program;

/// Jobs that between them bring out everything that the report may hold.
const JOBS: &[&str] = &[
    "--name=a --ioengine=null --size=1m --rw=read",
    "--name=a --ioengine=null --size=1m --rw=randread --bs=16k",
    "--name=a --ioengine=null --size=1m --rw=write",
    "--name=a --ioengine=null --size=1m --rw=randrw --rwmixread=60",
    "--name=a --ioengine=null --size=1m --rw=trim",
    "--name=a --ioengine=null --size=1m --rw=randtrimwrite",
    "--name=a --ioengine=psync --size=1m --rw=randread",
    "--name=a --ioengine=psync --size=1m --rw=randwrite --fsync=16",
    "--name=a --ioengine=psync --size=1m --rw=write --fsync=8 --end_fsync=1",
    "--name=a --ioengine=sync --size=1m --rw=rw",
    "--name=a --ioengine=vsync --size=1m --rw=randrw",
    "--name=a --ioengine=pvsync2 --size=1m --rw=randread --bsrange=1k-16k",
    "--name=a --ioengine=mmap --size=1m --rw=randrw",
    "--name=a --ioengine=psync --size=1m --rw=read --direct=1 --bs=64k",
    "--name=a --ioengine=psync --size=1m --rw=write --nrfiles=4 --bssplit=4k/50:16k/50",
    "--name=a --ioengine=null --size=1m --numjobs=3",
    "--name=a --ioengine=null --size=1m --rw=randrw --numjobs=3 --group_reporting",
    "--name=a --ioengine=null --size=1m --numjobs=2 --thread",
    "--name=a --ioengine=null --size=1m --name=b --ioengine=null --size=2m --rw=write --stonewall",
    "--rw=randread --ioengine=null --size=1m --name=a --name=b --bs=8k --new_group",
    "--name=a --ioengine=null --size=1m --description=text",
    "--name=a --ioengine=null --size=1m --gtod_reduce=1",
    "--name=a --ioengine=null --size=1m --disable_clat=1 --disable_slat=1",
    "--name=a --ioengine=null --size=1m --disable_lat=1 --disable_bw_measurement=1",
    "--name=a --ioengine=null --size=1m --lat_percentiles=1 --clat_percentiles=0",
    "--name=a --ioengine=null --size=1m --slat_percentiles=1 --percentile_list=5:50:99.9",
    "--name=a --ioengine=null --size=1m --rw=randrw --unified_rw_reporting=mixed",
    "--name=a --ioengine=null --size=1m --rw=randrw --unified_rw_reporting=both",
    "--name=a --ioengine=null --size=1m --continue_on_error=all",
    "--name=a --ioengine=null --size=1m --rw=randread --runtime=1 --time_based --bwavgtime=100 --iopsavgtime=100",
    "--name=a --ioengine=null --size=1m --loops=3 --significant_figures=6 --kb_base=1000",
    "--name=a --ioengine=null --size=1m --disk_util=0 --ramp_time=1 --runtime=1 --time_based",
    "--name=a --ioengine=null --size=1m --name=b --ioengine=null --size=1m --exitall_on_error=0",
];

/// All jobs under both programs; empty where there is no peer.
fn pairs() -> &'static [(&'static str, Pair)] {
    static PAIRS: OnceLock<Vec<(&'static str, Pair)>> = OnceLock::new();
    PAIRS.get_or_init(|| {
        let Some(peer) = peer::for_test() else { return Vec::new() };
        let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
        let run = |job: &&'static str| {
            let arguments: Vec<String> = job.split_whitespace().map(str::to_string).collect();
            let pair = compare::run_pair(&ours, &peer, &arguments, false);
            (*job, pair.unwrap_or_else(|error| panic!("{job}: {error}")))
        };
        JOBS.iter().map(run).collect()
    })
}

#[test]
fn every_path_and_type_of_the_peer_is_there() {
    assert!(JOBS.len() >= 30);
    let mut failed = Vec::new();
    for (job, pair) in pairs() {
        let missing =
            compare::missing_shapes(&pair.ours.json().unwrap(), &pair.theirs.json().unwrap());
        failed.extend(missing.iter().map(|line| format!("{job}\n    {line}")));
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn nothing_but_times_differs() {
    let mut failed = Vec::new();
    for (job, pair) in pairs() {
        for difference in &pair.differences {
            if difference.weight != Weight::Time {
                let compare::Difference { path, ours, theirs, .. } = difference;
                failed.push(format!("{job}\n    {path}: {ours} | {theirs}"));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
