//! Renders results that fio measured and compares with what fio itself wrote of the same run: from
//! recordings, and live if there is a fio of version 3.41 or newer.
//!
//! `FIORD_PEER` names the fio to run (default: `fio` in the PATH); `FIORD_REQUIRE_PEER=1` makes its
//! absence a failure.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

mod compare;
mod reader;
mod starts;

use std::path::{Path, PathBuf};
use std::process::Command;

/// Jobs that between them show every line and field: name, terse version, arguments.
const CASES: &[(&str, u32, &str)] = &[
    ("psync-read", 3, "--name=a --rw=randread --size=256k"),
    ("psync-write-fsync", 2, "--name=a --rw=write --size=256k --fsync=8 --description=text"),
    (
        "bins-and-kinds",
        4,
        "--name=a --rw=randrw --size=512k --ioengine=libaio --iodepth=8 --slat_percentiles=1 --lat_percentiles=1",
    ),
    ("no-clat-percentiles", 5, "--name=a --rw=randread --size=128k --clat_percentiles=0"),
    (
        "lat-only",
        5,
        "--name=a --rw=write --size=128k --clat_percentiles=0 --lat_percentiles=1 --fsync=3 --percentile_list=0.001:10",
    ),
    ("percentile-list", 3, "--name=a --rw=randread --size=128k --percentile_list=50:99.9:1:100"),
    (
        "percentile-list-fine",
        3,
        "--name=a --rw=randread --size=128k --percentile_list=1:100:50.123456",
    ),
    (
        "percentile-list-coarse",
        3,
        "--name=a --rw=randread --size=128k --percentile_list=7:33:50:90:100:99:1",
    ),
    (
        "group",
        5,
        "--group_reporting --rw=randwrite --size=128k --fsync=4 --name=a --numjobs=3 --name=b --rw=read",
    ),
    (
        "groups",
        4,
        "--rw=randread --size=64k --ioengine=null --name=a --kb_base=1000 --name=b --new_group --unit_base=1 --name=c --stonewall --significant_figures=6 --numjobs=2 --name=d",
    ),
    ("unified", 3, "--name=a --rw=randrw --size=256k --unified_rw_reporting=mixed"),
    (
        "unified-v4",
        4,
        "--name=a --rw=randrw --size=256k --unified_rw_reporting=1 --ioengine=null --name=b --size=64k --rw=write --unified_rw_reporting=mixed",
    ),
    ("both", 5, "--name=a --rw=randrw --size=256k --unified_rw_reporting=both"),
    ("both-v3", 3, "--name=a --rw=randrw --size=256k --unified_rw_reporting=2 --lat_percentiles=1"),
    (
        "samples-both",
        5,
        "--name=a --rw=randrw --size=64m --ioengine=null --time_based --runtime=2700ms --rate_iops=3000,1000 --unified_rw_reporting=both",
    ),
    (
        "samples",
        5,
        "--name=a --rw=randrw --size=64m --ioengine=null --time_based --runtime=1700ms --rate_iops=3000,1000",
    ),
    (
        "samples-large",
        5,
        "--name=a --rw=read --size=1g --bs=1m --ioengine=null --time_based --runtime=1200ms --rate=3g --name=b --rate=1g --kb_base=1000",
    ),
    (
        "samples-group",
        3,
        "--name=a --rw=read --size=64m --ioengine=null --time_based --runtime=1200ms --rate_iops=900 --numjobs=2 --group_reporting",
    ),
    ("kb-base", 3, "--name=a --rw=read --bs=20000 --size=2m --kb_base=1000"),
    ("unit-base", 3, "--name=a --rw=read --bs=64k --size=2m --unit_base=1"),
    ("unit-base-si", 3, "--name=a --rw=read --bs=64k --size=2m --unit_base=1 --kb_base=1000"),
    ("figures-6", 3, "--name=a --rw=write --bs=10000 --size=500000 --significant_figures=6"),
    ("figures-2", 3, "--name=a --rw=read --bs=4k --size=1m --significant_figures=2"),
    ("figures-1", 3, "--name=a --rw=read --bs=4k --size=1m --significant_figures=1"),
    ("errors", 4, "--name=a --rw=read --size=64k --continue_on_error=all --description=d"),
    (
        "disabled",
        5,
        "--name=a --rw=write --size=64k --fsync=4 --disable_lat=1 --disable_clat=1 --disable_slat=1",
    ),
    (
        "no-lat",
        3,
        "--name=a --rw=randread --size=256k --disable_lat=1 --ioengine=libaio --iodepth=32 --iodepth_batch=16 --iodepth_batch_complete=4",
    ),
    ("reduce", 3, "--name=a --rw=randread --size=64k --gtod_reduce=1"),
    ("no-disks", 3, "--name=a --rw=randread --size=64k --disk_util=0"),
    ("deep", 3, "--name=a --rw=randwrite --size=1m --ioengine=libaio --iodepth=128 --direct=1"),
    (
        "priorities",
        5,
        "--name=a --rw=randrw --size=512k --ioengine=libaio --cmdprio_percentage=30,60 --cmdprio_class=2 --cmdprio=3 --cmdprio_hint=5 --prio=6 --unified_rw_reporting=both",
    ),
    (
        "priorities-by-size",
        3,
        "--name=a --rw=randread --bssplit=4k/50:8k/50 --size=512k --ioengine=io_uring --cmdprio_bssplit=8k/10/3/3:4k/20/2/2:8k/30/2/1:4k/20/3/3 --lat_percentiles=1",
    ),
    (
        "priorities-group",
        4,
        "--group_reporting --rw=randrw --size=128k --ioengine=null --clat_percentiles=0 --name=a --prio=3 --name=b --prioclass=3 --name=c --prio=3",
    ),
    ("slow", 3, "--name=a --rw=read --bs=4k --size=64k --rate_iops=100 --slat_percentiles=1"),
    ("trim-failure", 4, "--name=a --rw=trim --size=64k"),
    ("missing-size", 3, "--name=a --rw=read --name=b --rw=read --size=64k"),
    (
        "range",
        5,
        "--name=a --rw=write --size=256k --sync_file_range=write:4 --fdatasync=7 --end_fsync=1",
    ),
];

#[test]
fn recordings() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|name| name.extension().is_some_and(|extension| extension == "txt"));
    names.sort();
    assert!(names.len() >= 8);
    for name in names {
        let text = std::fs::read_to_string(&name).unwrap();
        compare::check(&name.file_stem().unwrap().to_string_lossy(), &text);
    }
}

/// What fio 3.42 itself wrote of two jobs, each format by another run of them.
#[test]
fn samples_of_3_42() {
    let file = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
        std::fs::read_to_string(folder.join(name)).unwrap()
    };
    compare::check_json("fio-3.42", &file("fio-3.42.json"));
    let report = reader::Output::split(&file("fio-3.42.json")).report();
    for version in [2, 3, 4, 5] {
        let sample = file(&format!("fio-3.42-terse-v{version}.text"));
        compare::check_shape(&report, &sample, version);
    }
    compare::check_wording(&report, &file("fio-3.42-normal.text"));
}

#[test]
fn starts() {
    for (jobs, expected) in starts::STARTS {
        assert_eq!(starts::start_of(jobs), *expected);
    }
    let Some(peer) = peer() else { return };
    let folder = Folder::new("starts");
    let file = folder.0.join("jobs.fio");
    for (jobs, expected) in starts::STARTS {
        std::fs::write(&file, jobs).unwrap();
        let mut command = Command::new(&peer);
        let output = command.arg("--eta=never").arg(&file).current_dir(&folder.0).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap().replace("fio-3.41", "fio-3.42");
        assert!(text.starts_with(expected), "fio wrote:\n{text}");
    }
}

#[test]
fn live() {
    let Some(peer) = peer() else { return };
    let folder = Folder::new("live");
    let mut failed = Vec::new();
    let only = std::env::var("FIORD_PEER_CASE").ok();
    let known = |only: &str| CASES.iter().any(|(name, ..)| *name == only);
    assert!(only.as_deref().is_none_or(known), "no such case");
    let cases = CASES.iter().filter(|(name, ..)| only.as_deref().is_none_or(|only| only == *name));
    for (name, version, arguments) in cases {
        let output = Command::new(&peer)
            .args(["--eta=never", "--output-format=normal,terse,json+"])
            .arg(format!("--terse-version={version}"))
            .args(arguments.split_whitespace())
            .current_dir(&folder.0)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        if let Some(target) = std::env::var_os("FIORD_RECORD") {
            std::fs::write(Path::new(&target).join(format!("{name}.txt")), &text).unwrap();
        }
        if std::panic::catch_unwind(|| compare::check(name, &text)).is_err() {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}

fn peer() -> Option<PathBuf> {
    xtask::peer::for_test().map(|peer| peer.path)
}

/// A directory for the files of the jobs.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let id = std::process::id();
        let path = std::env::temp_dir().join(format!("fiord-report-{name}-{id}"));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
