//! `fiord plan` from outside: what it says is what a run then does, and asking changes nothing.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use xtask::json::Json;
use xtask::program::{Program, Run, Scratch, project_root};
use xtask::schema::Schema;

fn fiord() -> Program {
    Program::under_test(env!("CARGO_BIN_EXE_fiord"))
}

fn run(directory: &Path, words: &str) -> Run {
    fiord().run(directory, words.split_whitespace()).unwrap()
}

/// The plan of these words as text.
fn text(scratch: &Scratch, words: &str) -> String {
    let run = run(scratch.path(), &format!("plan {words}"));
    assert_eq!((run.code(), run.stderr.as_str()), (0, ""), "{words}");
    run.stdout
}

/// The plan of these words as data.
fn plan(scratch: &Scratch, words: &str) -> Json {
    let run = run(scratch.path(), &format!("plan --format=json {words}"));
    assert_eq!((run.code(), run.stderr.as_str()), (0, ""), "{words}");
    run.json().unwrap()
}

fn number(document: &Json, path: &str) -> u64 {
    let value = document.at(path).and_then(Json::number);
    value.unwrap_or_else(|| panic!("no number at {path}: {document:?}")) as u64
}

fn word<'a>(document: &'a Json, path: &str) -> &'a str {
    let value = document.at(path).and_then(Json::text);
    value.unwrap_or_else(|| panic!("no word at {path}: {document:?}"))
}

fn warnings(document: &Json) -> Vec<&str> {
    document.get("warnings").unwrap().items().iter().map(|it| word(it, "kind")).collect()
}

fn write(scratch: &Scratch, name: &str, bytes: usize) -> PathBuf {
    let path = scratch.path().join(name);
    std::fs::write(&path, vec![7; bytes]).unwrap();
    path
}

/// Everything below a directory with what would show a touch.
fn state(directory: &Path) -> BTreeMap<PathBuf, (u64, i64, i64, u64)> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let facts = std::fs::symlink_metadata(&path).unwrap();
        if facts.is_dir() {
            found.extend(state(&path));
        }
        let nanos = |s: i64, ns: i64| s * 1_000_000_000 + ns;
        let modified = nanos(facts.mtime(), facts.mtime_nsec());
        let changed = nanos(facts.ctime(), facts.ctime_nsec());
        found.insert(path, (facts.len(), modified, changed, facts.blocks()));
    }
    found
}

#[test]
fn asking_changes_nothing() {
    let scratch = Scratch::new("plan").unwrap();
    write(&scratch, "short", 5000);
    write(&scratch, "long", 3 << 20);
    std::fs::create_dir_all(scratch.path().join("d/e")).unwrap();
    write(&scratch, "d/e/f", 9000);
    let pipe = scratch.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let before = state(scratch.path());
    for words in [
        "--name=a --rw=write --size=1m",
        "--name=a --filename=short --rw=read --size=1m",
        "--name=a --filename=long:new --rw=randrw --size=2m --direct=1",
        "--name=a --opendir=d --rw=randwrite --bs=1k",
        "--name=a --filename=new --rw=write --fill_device=1 --create_on_open=1",
        "--name=a --filename=pipe --rw=read --size=1m",
        "--name=a --filename=pipe --rw=write --size=1m",
        "--name=a --filename=long --rw=trim --write_iolog=log --output=report --unlink=1",
        "--name=a --nrfiles=4 --size=1m --numjobs=3 --rw=read --pre_read=1 --invalidate=1",
        "--name=a --filename=new/below/it --rw=write --size=1m --file_append=1",
    ] {
        for format in ["text", "json", "job"] {
            let run = run(scratch.path(), &format!("plan --format={format} {words}"));
            assert_eq!((run.code(), run.stderr.as_str()), (0, ""), "{words}");
            assert_eq!(state(scratch.path()), before, "{words}");
        }
    }
}

/// Bytes and requests by direction that the plan promises and that the run reports.
fn promised_and_done(words: &str, make: &dyn Fn(&Scratch)) -> (Json, [u64; 6], [u64; 6]) {
    let scratch = Scratch::new("plan").unwrap();
    make(&scratch);
    let promised = plan(&scratch, words);
    let done = run(scratch.path(), &format!("--output-format=json {words}"));
    assert_eq!(done.code(), 0, "{words}: {}{}", done.stderr, done.stdout);
    let report = done.json().unwrap();
    let sum = |path: &str| {
        report.get("jobs").unwrap().items().iter().map(|job| number(job, path)).sum::<u64>()
    };
    let amounts = ["read_bytes", "write_bytes", "trim_bytes", "read_ios", "write_ios", "trim_ios"];
    let amounts = amounts.map(|name| number(&promised, &format!("totals.amounts.{name}")));
    let results = [
        sum("read.io_bytes"),
        sum("write.io_bytes"),
        sum("trim.io_bytes"),
        sum("read.total_ios"),
        sum("write.total_ios"),
        sum("trim.total_ios"),
    ];
    (promised, amounts, results)
}

#[test]
fn a_run_moves_what_the_plan_promises() {
    for words in [
        "--name=a --size=1m --rw=read",
        "--name=a --size=1000k --rw=write --bs=3k",
        "--name=a --size=2m --rw=randrw --rwmixread=30",
        "--name=a --size=1m --rw=randrw --bs=4k,16k --loops=2",
        "--name=a --size=1m --rw=randwrite --bsrange=1k-9k --norandommap",
        "--name=a --size=1m --rw=randread --bssplit=4k/20:16k/80 --bs_unaligned",
        "--name=a --size=1m --rw=randread --io_size=300k",
        "--name=a --size=1m --rw=read --io_size=5m",
        "--name=a --size=1m --rw=rw --io_size=3m",
        "--name=a --size=1m --rw=write --number_ios=17 --loops=3",
        "--name=a --size=256k --rw=trimwrite",
        "--name=a --size=256k --rw=randtrim",
        "--name=a --size=1m --rw=read:8k",
        "--name=a --size=1m --rw=randread:4 --percentage_random=60",
        "--name=a --size=1m --rw=randread --random_generator=lfsr --nrfiles=3",
        "--name=a --size=100k --bs=64k --rw=write --filename=f --numjobs=3 --offset_increment=64k",
        "--name=a --size=1m --ioengine=mmap --rw=randrw",
        "--name=a --size=4m --ioengine=null --iodepth=4 --rw=randrw --bs=1k",
        "--name=a --size=4m --ioengine=null --iodepth=8 --rw=randwrite --norandommap --io_size=9m",
        "--name=a --size=1m --rw=write --create_only=1",
        "--name=a --filesize=64k-1m --nrfiles=5 --rw=read",
        "--name=a --size=1m --rw=write --filename=f --name=b --stonewall --filename=f --rw=read --loops=2",
        "--name=a --filename=present --rw=read",
        "--name=a --filename=present --rw=read --size=30% --offset=25%",
        "--name=a --filename=present --rw=write --file_append=1 --size=128k",
        "--name=a --opendir=. --rw=read --bs=1k",
    ] {
        keeps_its_promise(words);
    }
}

fn keeps_its_promise(words: &str) {
    let make = |scratch: &Scratch| drop(write(scratch, "present", 1_000_000));
    let (document, promised, done) = promised_and_done(words, &make);
    assert_eq!(word(&document, "totals.amounts.certainty"), "exact", "{words}");
    assert_eq!(promised, done, "{words}");
    assert!(done != [0; 6] || words.contains("create_only"), "{words}");
}

#[test]
fn so_it_is_with_requests_in_flight() {
    let ring = "--name=a --ioengine=io_uring --iodepth=8";
    let scratch = Scratch::new("plan").unwrap();
    let trial = run(scratch.path(), &format!("{ring} --size=4k --rw=read"));
    if trial.code() != 0 {
        return eprintln!("skipped: no io_uring here ({})", trial.stderr.trim());
    }
    for words in [
        "--size=1m --rw=randrw --loops=2",
        "--size=1m --rw=randwrite --norandommap --io_size=3m --fsync=7",
        "--size=512k --rw=trimwrite",
        "--size=1m --rw=randread --bsrange=1k-9k --number_ios=50",
        "--filename=present --rw=rw --io_size=3m --numjobs=2",
    ] {
        keeps_its_promise(&format!("{ring} {words}"));
    }
}

#[test]
fn what_is_not_certain_is_not_called_so() {
    let scratch = Scratch::new("plan").unwrap();
    let certainty = |words: &str| {
        let document = plan(&scratch, &format!("--name=a --ioengine=null {words}"));
        let bytes = number(&document, "jobs.0.amounts.read_bytes");
        (word(&document, "jobs.0.amounts.certainty").to_owned(), bytes)
    };
    let is = |word: &str, bytes| (word.to_owned(), bytes);
    assert_eq!(certainty("--size=1g"), is("exact", 1 << 30));
    assert_eq!(certainty("--size=1p --rw=randread"), is("expected", 1 << 50));
    assert_eq!(certainty("--size=1p --rw=randrw --rwmixread=25"), is("expected", 1 << 48));
    assert_eq!(certainty("--size=1g --runtime=5"), is("at_most", 1 << 30));
    assert_eq!(certainty("--size=1g --runtime=5 --time_based"), is("open", 0));
    let drawn = certainty("--size=1g --rw=rw --randrepeat=0");
    assert_eq!(drawn.0, "expected");
    assert!(drawn.1.abs_diff(512 << 20) < 16 << 20, "{drawn:?}");
}

#[test]
fn files_are_told_with_what_becomes_of_them() {
    let scratch = Scratch::new("plan").unwrap();
    write(&scratch, "old", 10_000);
    let file = |words: &str| {
        let document = plan(&scratch, &format!("--name=a {words}"));
        let file = document.at("jobs.0.ranges.0.files.0").unwrap();
        let written = number(file, "written_bytes") + number(file, "reserved_bytes");
        let extent = (number(file, "offset"), number(file, "size_bytes"), number(file, "blocks"));
        let warned: Vec<String> = warnings(&document).iter().map(|it| it.to_string()).collect();
        (word(file, "effect").to_owned(), written, extent, warned.join(" "))
    };
    let is = |effect: &str, written, extent, warned: &str| {
        (effect.to_owned(), written, extent, warned.to_owned())
    };
    let mib = 1 << 20;
    let whole = (0, mib, 256);
    assert_eq!(file("--rw=read --size=1m"), is("created", mib, whole, ""));
    assert_eq!(file("--rw=write --size=1m --fallocate=none"), is("created", 0, whole, ""));
    assert_eq!(
        file("--rw=write --size=1m --create_on_open=1"),
        is("created_at_open", 0, whole, "")
    );
    let old = "--filename=old";
    let replaced = is("replaced", mib, whole, "replaces_files");
    assert_eq!(file(&format!("{old} --rw=read --size=1m")), replaced);
    assert_eq!(file(&format!("{old} --rw=write --size=1m")), replaced);
    let present = is("kept", 0, (0, 10_000, 2), "");
    assert_eq!(file(&format!("{old} --rw=read")), present);
    let over = is("kept", 0, (4096, 4096, 1), "overwrites_files");
    assert_eq!(file(&format!("{old} --rw=randwrite --offset=4k --size=4k")), over);
    let behind = is("kept", 0, (10_000, 8192, 2), "");
    assert_eq!(file(&format!("{old} --rw=write --file_append=1 --size=8k")), behind);
    // And that is what happens.
    let done = run(scratch.path(), "--name=a --filename=old --rw=read --size=1m");
    assert_eq!(done.code(), 0);
    assert_eq!(std::fs::metadata(scratch.path().join("old")).unwrap().len(), mib);
}

#[test]
fn clones_and_percentages_have_ranges() {
    let scratch = Scratch::new("plan").unwrap();
    write(&scratch, "f", 1 << 20);
    let words =
        "--name=a --filename=f --rw=randwrite --numjobs=3 --size=25% --offset_increment=20%";
    let document = plan(&scratch, words);
    let ranges = document.at("jobs.0.ranges").unwrap().items();
    let shown: Vec<(u64, u64)> = ranges
        .iter()
        .map(|range| (number(range, "clones.0"), number(range, "files.0.offset")))
        .collect();
    // 20 % of 1 MiB are 209715.2 bytes, in whole blocks 52 of 4 KiB.
    assert_eq!(shown, [(0, 0), (2, 104 * 4096 - 4096), (1, 52 * 4096)]);
    assert_eq!(number(&document, "targets.0.write_start"), 0);
    let shared = plan(&scratch, "--name=a --filename=f --rw=read --numjobs=40");
    let clones = shared.at("jobs.0.ranges.0.clones").unwrap().items();
    assert_eq!(clones.len(), 40, "all use the same");
    assert!(text(&scratch, "--name=a --filename=f --numjobs=40").contains("clones 0 to 39, f:"));
}

const PHASES: &str = "
[global]
ioengine=null
size=1g
[first]
runtime=10
time_based
[beside]
runtime=30
[later]
stonewall
startdelay=12-40
runtime=5
ramp_time=2
time_based
numjobs=2
[last]
stonewall
rw=write
";

#[test]
fn the_timeline_has_barriers_delays_and_bounds() {
    let scratch = Scratch::new("plan").unwrap();
    std::fs::write(scratch.path().join("j.fio"), PHASES).unwrap();
    let document = plan(&scratch, "j.fio");
    let phases = document.get("phases").unwrap().items();
    let jobs = |phase: &Json| phase.get("jobs").unwrap().items().len();
    assert_eq!(phases.iter().map(jobs).collect::<Vec<_>>(), [2, 1, 1]);
    let span = |path: &str| {
        let bound = |end: &str| {
            let value = document.at(&format!("{path}.{end}")).and_then(Json::number);
            value.map(|ns| ns as u64 / 1_000_000_000)
        };
        (bound("at_least_ns"), bound("at_most_ns"))
    };
    assert_eq!(span("phases.0.end"), (Some(10), Some(30)));
    // It waits for both: for 10 to 30 s, and for its delay.
    assert_eq!(span("jobs.2.start"), (Some(12), Some(40)));
    assert_eq!(span("jobs.2.end"), (Some(19), Some(47)));
    assert_eq!(span("jobs.3.start"), (Some(19), Some(47)));
    assert_eq!(span("duration"), (Some(19), None));
    let shown = text(&scratch, "j.fio");
    for line in [
        "4 jobs, 5 workers, 3 phases; takes 19s or longer",
        "phase 1, from the start, side by side:",
        "first   read 4 KiB, for 10s",
        "beside  read 4 KiB, until 1 GiB are read, for 30s at most",
        "later   read 4 KiB x 2, for 5s, after 2s of warm-up, from 12s to 40s on",
        "last    write 4 KiB, until 1 GiB are written",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
}

#[test]
fn a_warm_up_by_amount_takes_an_unknown_time() {
    let scratch = Scratch::new("plan").unwrap();
    let words = "--name=a --ioengine=null --size=1g --ramp_size=256m --runtime=5";
    let document = plan(&scratch, &format!("{words} --time_based"));
    assert_eq!(number(&document, "jobs.0.ramp_bytes"), 256 << 20);
    assert_eq!(number(&document, "duration.at_least_ns"), 5_000_000_000);
    assert!(document.at("duration.at_most_ns").is_none());
    let shown = text(&scratch, &format!("{words} --time_based"));
    assert!(shown.contains("read 4 KiB, for 5s, after 256 MiB of warm-up"), "{shown}");
    // The amount may be done at once.
    assert_eq!(number(&plan(&scratch, words), "duration.at_least_ns"), 0);
}

const PACED: &str = "
[global]
ioengine=null
size=64k
[rated]
rate=16k
[timed]
rw=rw
rate_iops=10,20
runtime=5
time_based
[thinking]
thinktime=2s
thinktime_blocks=4
numjobs=3
[waiting]
wait_for=rated
[ending]
stonewall
runtime=7
time_based
exitall
[ended]
runtime=9
time_based
";

/// What is not built yet is planned as it will be.
#[test]
fn the_timeline_has_rates_pauses_and_what_waits_for_others() {
    let scratch = Scratch::new("plan").unwrap();
    std::fs::write(scratch.path().join("j.fio"), PACED).unwrap();
    let document = plan(&scratch, "j.fio");
    let seconds = |job: usize, bound: &str| {
        let ns = document.at(&format!("jobs.{job}.{bound}")).and_then(Json::number);
        ns.map(|ns| ns as u64 / 1_000_000_000)
    };
    // Of 64 KiB at 16 KiB/s, the last block goes after 3.75 s.
    assert_eq!(seconds(0, "end.at_least_ns"), Some(3));
    assert_eq!(seconds(0, "end.at_most_ns"), None);
    // 10 reads and 20 writes each second, of 4 KiB.
    let amounts = document.at("jobs.1.amounts").unwrap();
    assert_eq!(word(amounts, "certainty"), "at_most");
    assert_eq!((number(amounts, "read_bytes"), number(amounts, "write_ios")), (50 * 4096, 100));
    // Four requests, a pause, and so on: four pauses for 16 requests of each clone.
    assert_eq!(seconds(2, "end.at_least_ns"), Some(8));
    assert_eq!(seconds(3, "start.at_least_ns"), Some(3));
    assert_eq!(word(&document, "jobs.3.wait_for"), "rated");
    assert_eq!(word(&document, "jobs.4.ends_others"), "group");
    assert_eq!(seconds(5, "end.at_least_ns"), Some(8 + 7), "with the other, in spite of its 9 s");
    let shown = text(&scratch, "j.fio");
    assert!(shown.contains("64 KiB are read, when rated has ended"), "{shown}");
    assert!(shown.contains("64 KiB are read, for 3.75s at least"), "{shown}");
    assert!(shown.contains("for 7s; its end ends its group"), "{shown}");
}

#[test]
fn layouts_find_what_earlier_ones_leave() {
    let scratch = Scratch::new("plan").unwrap();
    let words = "--filename=f --size=1m --name=w --rw=write --name=r --rw=read --stonewall";
    let document = plan(&scratch, words);
    assert_eq!(word(&document, "jobs.1.ranges.0.files.0.effect"), "created_earlier");
    assert_eq!(number(&document, "totals.layout.created"), 1);
    // Without room reserved, the file is empty when the second layout looks at it.
    let document =
        plan(&scratch, &format!("{words} --name=n").replace("=w ", "=w --fallocate=none "));
    assert_eq!(word(&document, "jobs.1.ranges.0.files.0.effect"), "created");
    assert_eq!(number(&document, "jobs.1.layout.written_bytes"), 1 << 20);
    // No run has made it by the time when sizes are asked for.
    let words =
        "--filename=f --name=w --rw=write --size=1m --create_on_open=1 --name=r --stonewall";
    let document = plan(&scratch, words);
    assert!(word(&document, "jobs.1.failure").contains("no size"));
    assert_eq!(warnings(&document), ["job_fails"]);
}

#[test]
fn memory_is_depth_times_the_largest_block_and_maps() {
    let scratch = Scratch::new("plan").unwrap();
    let words = "--name=a --rw=randread --bs=4k,10k --size=1g --numjobs=2";
    let document = plan(&scratch, words);
    let memory = |name: &str| number(&document, &format!("jobs.0.memory.{name}_bytes"));
    assert_eq!(memory("buffer"), 2 * 12 * 1024, "in whole pages, at depth 1");
    let offloaded = "--name=a --rw=read --bs=4k --size=1m --iodepth=8 --io_submit_mode=offload";
    let offloaded = plan(&scratch, offloaded);
    assert_eq!(number(&offloaded, "jobs.0.depth"), 8, "a thread for each request in flight");
    assert_eq!(number(&offloaded, "jobs.0.memory.buffer_bytes"), 8 * 4096);
    let words_of_map = (1 << 18) / 64 * (1 + 64 + 64 * 64) / (64 * 64) + 1;
    assert!(memory("map").abs_diff(2 * 8 * words_of_map) <= 64, "{}", memory("map"));
    let words = "--name=a --ioengine=null --size=1p --rw=randread --bs=1 --numjobs=9";
    assert!(warnings(&plan(&scratch, words)).contains(&"no_memory"));
}

#[test]
fn books_of_verification_are_announced() {
    let scratch = Scratch::new("plan").unwrap();
    let bytes = |words: &str| {
        let words = format!("--name=a --filename=f --rw=randwrite --bs=4k --verify=crc32c {words}");
        number(&plan(&scratch, &words), "jobs.0.memory.verify_bytes")
    };
    assert_eq!(bytes("--size=1g"), 0, "the order is made again");
    assert_eq!(bytes("--size=1g --norandommap"), 8 << 18, "8 bytes for each block");
    assert_eq!(bytes("--size=1g --norandommap --do_verify=0"), 0);
    assert_eq!(bytes("--size=1g --random_generator=lfsr"), 0);
    assert_eq!(bytes("--size=1g --random_distribution=zipf:1.1 --numjobs=2"), 2 * (8 << 18));
    assert_eq!(bytes("--size=1g --bsrange=2k-8k --norandommap"), 8 << 19);
    assert_eq!(bytes("--size=1g --loops=2 --verify_only --verify_state_load=1"), 8 << 18);
    assert_eq!(bytes("--size=20t --ioengine=null"), 0);
}

#[test]
fn too_little_space_is_told() {
    let scratch = Scratch::new("plan").unwrap();
    let document = plan(&scratch, "--name=a --rw=write --size=1p");
    assert_eq!(warnings(&document), ["no_space"]);
    let small = plan(&scratch, "--name=a --rw=write --size=4k");
    assert_eq!(warnings(&small), [""; 0]);
}

#[test]
fn images_are_known_by_their_signature() {
    let scratch = Scratch::new("plan").unwrap();
    let path = write(&scratch, "image", 1 << 20);
    let mut image = std::fs::read(&path).unwrap();
    image[..4].copy_from_slice(b"XFSB");
    std::fs::write(&path, image).unwrap();
    let words = "--name=a --filename=image --rw=write";
    let document = plan(&scratch, words);
    assert_eq!(word(&document, "targets.0.signatures.0.name"), "XFS");
    assert_eq!(warnings(&document), ["writes_signed", "overwrites_files"]);
    let shown = text(&scratch, words);
    assert!(shown.contains("DESTROYS DATA: job 'a': 'image' holds XFS"), "{shown}");
    let reads = plan(&scratch, "--name=a --filename=image --rw=read");
    assert_eq!(warnings(&reads), [""; 0]);
}

/// A loop device over an image with a mounted ext4, which goes when this is dropped.
struct Mounted {
    device: String,
    at: PathBuf,
}

impl Mounted {
    fn new(scratch: &Scratch) -> Result<Mounted, String> {
        let done = |program: &str, words: &[&str]| match Command::new(program).args(words).output()
        {
            Ok(output) if output.status.success() => {
                Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
            }
            Ok(output) => Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr))),
            Err(error) => Err(format!("{program}: {error}")),
        };
        let image = scratch.path().join("image").to_string_lossy().into_owned();
        let at = scratch.path().join("at");
        std::fs::create_dir(&at).map_err(|error| error.to_string())?;
        done("truncate", &["-s", "16m", &image])?;
        done("mkfs.ext4", &["-q", "-F", &image])?;
        let device = done("losetup", &["--find", "--show", &image])?;
        let mounted = Mounted { device, at };
        done("mount", &[&mounted.device, &mounted.at.to_string_lossy()])?;
        Ok(mounted)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.at).output();
        let _ = Command::new("losetup").args(["-d", &self.device]).output();
    }
}

#[test]
fn devices_are_known_by_what_they_hold_and_who_uses_them() {
    let scratch = Scratch::new("plan").unwrap();
    let mounted = match Mounted::new(&scratch) {
        Ok(mounted) => mounted,
        Err(reason) => return eprintln!("skipped: no loop device to mount ({reason})"),
    };
    let device = &mounted.device;
    let words = format!("--name=a --filename={device} --rw=write --allow_mounted_write=1");
    let document = plan(&scratch, &words);
    let target = document.at("targets.0").unwrap();
    assert_eq!(word(target, "kind"), "block");
    assert_eq!(number(target, "present_bytes"), 16 << 20);
    assert_eq!(word(target, "signatures.0.name"), "ext4");
    assert_eq!(word(target, "uses.0.how"), "mounted");
    assert_eq!(Path::new(word(target, "uses.0.at")), mounted.at);
    assert_eq!(warnings(&document), ["writes_in_use", "writes_signed"]);
    let refused = plan(&scratch, &words.replace("--allow_mounted_write=1", ""));
    assert!(word(&refused, "jobs.0.failure").contains("is mounted"));
    // The file below it is in use, too.
    let below = plan(&scratch, "--name=a --filename=image --rw=write");
    assert!(warnings(&below).contains(&"writes_in_use"), "{below:?}");
}

#[test]
fn the_document_follows_its_schema() {
    let mut published = Schema::published("plan-1").unwrap();
    let scratch = Scratch::new("plan").unwrap();
    write(&scratch, "image", 1 << 20);
    let mut swap = vec![0; 1 << 20];
    swap[4086..4096].copy_from_slice(b"SWAPSPACE2");
    std::fs::write(scratch.path().join("image"), swap).unwrap();
    let device = Mounted::new(&Scratch::new("plan").unwrap()).ok();
    let mut jobs = vec![
        "--name=a --filename=image --rw=randrw --runtime=3 --io_size=10k --numjobs=3".to_owned(),
        "--name=a --rw=write --fill_device=1 --name=b --filename=. --stonewall".to_owned(),
        "--name=a --ioengine=null --size=1m --output=report --time_based --runtime=4 --ramp_size=64k"
            .to_owned(),
        "--name=a --size=1m --name=b --size=1m --wait_for=a --exitall".to_owned(),
        "--name=a --directory=missing --size=1m --name=b --filename=image --rw=trim".to_owned(),
    ];
    let mounted = device.as_ref().map(|mounted| {
        format!("--name=a --allow_mounted_write=1 --rw=write --filename={}", mounted.device)
    });
    jobs.extend(mounted);
    for words in &jobs {
        let document = plan(&scratch, words);
        assert_eq!(published.complaints(&document), [""; 0], "{words}");
    }
    if device.is_some() {
        assert_eq!(published.unseen(), [""; 0], "described but never written");
    }
}

fn examples() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(project_root().join("examples")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn the_job_file_that_is_written_plans_the_same() {
    let scratch = Scratch::new("plan").unwrap();
    for file in examples() {
        let job_file = text(&scratch, &format!("--format=job {}", file.display()));
        let again = scratch.path().join("again.fio");
        std::fs::write(&again, &job_file).unwrap();
        assert_eq!(text(&scratch, "--format=job again.fio"), job_file, "{}", file.display());
        let planned = plan(&scratch, &file.to_string_lossy());
        assert_eq!(plan(&scratch, "again.fio").get("jobs"), planned.get("jobs"));
        std::fs::remove_file(again).unwrap();
    }
}

#[test]
fn errors_end_it_and_what_is_not_built_does_not() {
    let scratch = Scratch::new("plan").unwrap();
    let check = |words: &str, named: &str| {
        let run = run(scratch.path(), &format!("plan {words}"));
        assert_eq!((run.code(), run.stdout.as_str()), (1, ""), "{words}");
        assert!(run.stderr.contains(named), "{words}: {}", run.stderr);
    };
    check("--name=a --rw=raed --size=1m", "raed");
    check("missing.fio", "missing.fio");
    check("", "no job is defined");
    check("--format=xml", "xml");
    check("--name=a --size=1m --format=job --filename=a;b", "a;b");
    let unbuilt = text(&scratch, "--name=a --size=1m --ioengine=rados");
    assert!(unbuilt.contains("cannot run in this version: "), "{unbuilt}");
    assert!(text(&scratch, "--help").contains("--format=FORMAT"));
}

#[test]
fn under_the_name_of_fio_it_is_a_job_file() {
    let scratch = Scratch::new("plan").unwrap();
    let fio = scratch.path().join("fio");
    std::os::unix::fs::symlink(fiord().path, &fio).unwrap();
    std::fs::write(scratch.path().join("plan"), "[a]\nioengine=null\nsize=1m\n").unwrap();
    let run = Program::new("fio", &fio).run(scratch.path(), ["plan", "--minimal"]).unwrap();
    assert_eq!(run.code(), 0, "{}", run.stderr);
    assert!(run.stdout.starts_with("3;fio-3.42;a;"), "{}", run.stdout);
}
