//! The same words to fio and to us: both accept them, or both refuse them.
//!
//! The peer is `FIORD_PEER`, else the `fio` in the path. Without one the tests say so and pass,
//! unless `FIORD_REQUIRE_PEER=1` is set.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod support;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fiord_options::diagnostic::Severity;
use fiord_options::plan::JobPlan;
use support::{lines, understand};

fn peer() -> Option<OsString> {
    let peer = std::env::var_os("FIORD_PEER").unwrap_or_else(|| "fio".into());
    let works = Command::new(&peer).arg("--version").stdout(Stdio::null()).status();
    if works.is_ok_and(|status| status.success()) {
        return Some(peer);
    }
    assert!(
        std::env::var_os("FIORD_REQUIRE_PEER").is_none_or(|value| value != "1"),
        "FIORD_REQUIRE_PEER is set and there is no fio to compare with"
    );
    eprintln!("skipped: no fio to compare with");
    None
}

/// A directory of its own that is removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("fiord-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn peer_accepts(peer: &OsString, args: &[OsString], directory: &Path) -> bool {
    let status = Command::new(peer)
        .arg("--parse-only")
        .args(args)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.unwrap().success()
}

/// Lines of one job on the null engine.
const JOBS: &[&str] = &[
    "bs=4k",
    "bs=8k,16k",
    "bs=,8k",
    "bs=,,8k",
    "bs=4k:8k",
    "bs= 2k",
    "bs=0x1000",
    "bs=0",
    "bs=",
    "bs",
    "bs=x",
    "blocksize=1k",
    "bsrange=1k-4k",
    "bsrange=4k-1k",
    "bsrange=1k:4k,2k:8k",
    "bsrange=1k",
    "bssplit=4k/50:8k/50",
    "bssplit=4k/50:8k/,16k",
    "bssplit=4k",
    "bssplit=x",
    "bs_unaligned",
    "ba=8k",
    "rw=randrw:8",
    "rw=write:-4k",
    "rw=randread:0",
    "rw=write:",
    "rw=foo",
    "rw=WRITE",
    "rw=",
    "readwrite=trimwrite",
    "rw_sequencer=identical",
    "iodepth=0",
    "iodepth=64\niodepth_batch=8\niodepth_batch_complete_min=4\niodepth_batch_complete_max=16",
    "io_size=10g",
    "io_limit=10g",
    "size=1m\nsize=2m",
    "offset=4k\noffset_increment=1m",
    "offset=10%",
    "number_ios=7",
    "runtime=10",
    "timeout=1m30",
    "runtime=1h",
    "runtime=",
    "time_based",
    "time_based\nruntime=5s",
    "ramp_time=2s",
    "startdelay=1-3",
    "startdelay=500ms",
    "numjobs=4",
    "loops=3",
    "thread",
    "thread=1",
    "thread=x",
    "group_reporting",
    "direct=1",
    "direct=0\nbuffered=0",
    "direct=2",
    "direct=yes",
    "direct",
    "sync=dsync",
    "sync=2",
    "randseed=0x89",
    "randrepeat=0",
    "allrandrepeat=1",
    "random_generator=lfsr",
    "random_generator=foo",
    "norandommap",
    "norandommap=1",
    "softrandommap=1",
    "percentage_random=50,60,70",
    "percentage_random=101",
    "rwmixread=70",
    "rwmixwrite=101",
    "filename=a:b:c",
    "filename=a\\:b",
    "filename=",
    "filename_format=$jobname.$jobnum",
    "nrfiles=8\nopenfiles=2",
    "file_service_type=random:8",
    "file_service_type=sequential",
    "file_service_type=foo",
    "filesize=4k-8k",
    "fallocate=keep",
    "fallocate=1",
    "fallocate=foo",
    "fadvise_hint=random",
    "fsync=32\nfdatasync=16\nend_fsync=1\nfsync_on_close=1",
    "sync_file_range=wait_before,write:8",
    "sync_file_range=foo:8",
    "overwrite=1",
    "create_on_open=1\ncreate_only=0\ncreate_serialize=0\ncreate_fsync=0",
    "unlink=1\nunlink_each_loop=1",
    "invalidate=0",
    "pre_read=1",
    "lockfile=readwrite",
    "write_hint=short",
    "zero_buffers",
    "refill_buffers\nscramble_buffers=0",
    "buffer_pattern=0xdeadbeef",
    "buffer_pattern=\"abcd\"-12",
    "percentile_list=50:99:99.9",
    "percentile_list=101",
    "clat_percentiles=0\nlat_percentiles=1\nslat_percentiles=1",
    "significant_figures=11",
    "significant_figures=6",
    "gtod_reduce=1",
    "disable_lat=1\ndisable_clat=1\ndisable_slat=1\ndisable_bw=1",
    "unified_rw_reporting=both",
    "unified_rw_reporting=3",
    "clocksource=clock_gettime",
    "kb_base=1000\nbs=4k",
    "kb_base=1001",
    "unit_base=8",
    "continue_on_error=io",
    "continue_on_error=foo",
    "ignore_error=EIO:EINVAL,ENOSPC",
    "error_dump=1",
    "write_iolog=x",
    "bwavgtime=100\niopsavgtime=100",
    "description=a b c ; d",
    "stonewall\nnew_group",
    "wait_for_previous",
    "disk_util=0\nstats=0",
    "bs = 4k",
    "bs\t=4k",
    "  bs=4k  ; comment",
    "unknown",
    "unknown=1",
    "bsx=4k",
    "flow_watermark=1024",
    "rwmixcycle=10",
    "ioengine=nosuchengine",
    "include",
    "include nosuchfile",
    "size=$ncpus",
    "bs=$pagesize*2",
    "bs=${FIORD_TEST_UNSET}4k",
    "=4k",
    "[b]\nioengine=null\nsize=4k",
    "[b] ; x\nioengine=null\nsize=4k",
    "[global]\nbs=1k\n[c]\nioengine=null\nsize=4k",
];

/// Where the peer and we may differ, and why.
const DIFFERENCES: &[(&str, &str)] = &[
    ("timeout=1m30", "fio reads any unknown unit as microseconds"),
    ("rw=randread:0", "fio refuses it since 3.34"),
    ("rw=write:", "fio refuses it since 3.34"),
    ("ioengine=nosuchengine", "fio looks for engines when the job starts"),
    ("include nosuchfile", "fio complains, and counts it as a failed job"),
    ("size=$ncpus", "fio compares size and block size when the job starts"),
    ("--warnings-fatal --time_based", "fio warns when the job starts"),
];

fn may_differ(words: &str) -> bool {
    DIFFERENCES.iter().any(|(different, _)| *different == words)
}

#[test]
fn lines_of_job_files() {
    let Some(peer) = peer() else { return };
    let scratch = Scratch::new("peer-lines");
    let mut surprises = Vec::new();
    for lines_of_job in JOBS {
        let text = format!("[a]\nioengine=null\nsize=1m\n{lines_of_job}\n");
        let path = scratch.0.join("job.fio");
        std::fs::write(&path, text).unwrap();
        let args = [path.into_os_string()];
        let (plan, diagnostics) = understand(&args);
        let theirs = peer_accepts(&peer, &args, &scratch.0);
        if plan.is_some() != theirs && !may_differ(lines_of_job) {
            surprises.push(format!(
                "{lines_of_job:?}: peer {theirs}, we {}\n{}",
                plan.is_some(),
                lines(&diagnostics)
            ));
        }
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

/// Words after `--name=a --size=1m --ioengine=null`.
const WORDS: &[&str] = &[
    "--bs=4k",
    "-bs=4k",
    "--bs 4k",
    "-bs 4k",
    "--numj=2",
    "--blocksize=4k",
    "--blocksiz=4k",
    "--filen=x",
    "--norandommap",
    "--norandommap=0",
    "--norandommap 0",
    "--direct",
    "--direct 1",
    "--direct --rw=read",
    "--foo",
    "--foo=1",
    "--bs",
    "-m",
    "-mr",
    "-r",
    "-r=write",
    "-rw=write",
    "-oout",
    "-o",
    "--output-format=json,normal",
    "--output-format=foo",
    "--terse-version=5",
    "--terse-version=6",
    "--eta=never --eta-newline=1",
    "--eta-newline=0",
    "--eta-interval=100ms",
    "--status-interval=0",
    "--section=a",
    "--section=global",
    "--readonly",
    "--readonly=1",
    "--readonly --rw=write",
    "--max-jobs=3",
    "--latency-log=x",
    "--minimal --append-terse",
    "--par",
    "--name=",
    "--name",
    "--name=global --bs=2k --name=c --ioengine=null --size=4k",
    "nosuch.fio",
    "-- --bs=4k",
    "--warnings-fatal --time_based",
    "--version --nonsense",
];

#[test]
fn words_of_the_command_line() {
    let Some(peer) = peer() else { return };
    let scratch = Scratch::new("peer-words");
    let mut surprises = Vec::new();
    for words in WORDS {
        let args: Vec<OsString> = "--name=a --size=1m --ioengine=null"
            .split(' ')
            .chain(words.split(' '))
            .map(OsString::from)
            .collect();
        let (plan, diagnostics) = understand(&args);
        let theirs = peer_accepts(&peer, &args, &scratch.0);
        if plan.is_some() != theirs && !may_differ(words) {
            surprises.push(format!(
                "{words:?}: peer {theirs}, we {}\n{}",
                plan.is_some(),
                lines(&diagnostics)
            ));
        }
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
}

/// Jobs whose meaning fio shows in its report.
const MEANINGS: &str = "\
[global]
ioengine=null
size=256k
bs=8k,16k
rw=rw
[plain]
[write size]
bs=,2k
[trim size]
bs=,,1k
[old separators]
blocksize=1k:2k
[range]
bsrange=1k-4k,8k-2k
[range wins]
bsrange=4k-8k
bs=2k
[split]
bssplit=4k/50:2k,8k/:16k/10
rw=randrw
[split in three]
bssplit=4k:8k/90,2k,1k
[clones]
numjobs=3
iodepth=4
[waits]
stonewall
[same group]
description= some  text ; not this
[new group]
new_group
filename=x:y
nrfiles=3
unit_base=8
[no barrier]
stonewall=0
new_group=0
[renamed]
name=other name
[global]
rw=randtrim
bs=4k
kb_base=1000
[trims]
size=64k
norandommap
[trimwrite]
rw=trimwrite
readwrite=randwrite:4
";

#[test]
fn what_jobs_mean() {
    let Some(peer) = peer() else { return };
    let scratch = Scratch::new("peer-meaning");
    std::fs::write(scratch.0.join("first.fio"), MEANINGS).unwrap();
    std::fs::write(scratch.0.join("second.fio"), "[last]\nioengine=null\nsize=4k\n").unwrap();
    let words = ["--loops=1", "--name=typed", "--ioengine=null", "--size", "1m", "-thread"];
    let mut args: Vec<OsString> = words.map(OsString::from).to_vec();
    args.extend(["second.fio", "first.fio"].map(|name| scratch.0.join(name).into_os_string()));
    let output = Command::new(&peer)
        .args(["--output-format=json,normal"])
        .args(&args)
        .current_dir(&scratch.0)
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let (plan, diagnostics) = understand(&args);
    let plan = plan.unwrap_or_else(|| panic!("{}", lines(&diagnostics)));

    let theirs: Vec<String> =
        output.lines().filter(|line| line.contains("): rw=")).map(normalised).collect();
    let ours: Vec<String> = plan.jobs.iter().map(header).collect();
    assert_eq!(ours, theirs);

    let json: String = output
        .lines()
        .skip_while(|line| *line != "{")
        .scan(true, |more, line| more.then(|| (*more = line != "}", format!("{line}\n")).1))
        .collect();
    let theirs = recorded(&json);
    let mut ours = vec![options(&plan.global_options)];
    for job in plan.jobs.iter().filter(|job| !job.given.is_empty()) {
        let entry = format!("{} in {}: {}", job.name, job.group, options(&job.given));
        ours.extend((0..job.clones).map(|_| entry.clone()));
    }
    assert_eq!(ours, theirs);
}

/// Our form of fio's line about a job.
fn header(job: &JobPlan) -> String {
    let (min, max) = (job.blocks.min.0, job.blocks.max.0);
    let range = |i: usize| format!("{}-{}", min[i], max[i]);
    format!(
        "{}: (g={}): rw={}, bs=(R) {}, (W) {}, (T) {}, ioengine={}, iodepth={}",
        job.name,
        job.group,
        job.pattern.rw.name(),
        range(0),
        range(1),
        range(2),
        job.engine.name,
        job.engine.iodepth
    )
}

/// Sizes like `16.0KiB` as plain numbers.
fn normalised(line: &str) -> String {
    let size = |word: &str| -> Option<u64> {
        let number = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let factor = match &word[number.len()..] {
            "B" => 1.0,
            "KiB" => 1024.0,
            "kB" => 1000.0,
            _ => return None,
        };
        Some((number.parse::<f64>().ok()? * factor).round() as u64)
    };
    let words = line.split(' ').map(|word| {
        let (text, comma) = word.strip_suffix(',').map_or((word, ""), |text| (text, ","));
        match text.split_once('-') {
            Some((low, high)) => match (size(low), size(high)) {
                (Some(low), Some(high)) => format!("{low}-{high}{comma}"),
                _ => word.to_owned(),
            },
            None => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Options without value are left out: older releases of fio do not report them.
fn options(list: &[(String, String)]) -> String {
    list.iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| format!("{name}={text}"))
        .collect::<Vec<_>>()
        .join("|")
}

/// The options in fio's JSON, read by lines because keys repeat: first the global ones, then
/// `name in group: options` of each job.
fn recorded(json: &str) -> Vec<String> {
    let text = |line: &str| -> Option<(String, String)> {
        let (name, value) = line.trim().trim_end_matches(',').split_once(" : ")?;
        Some((name.trim_matches('"').to_owned(), value.trim_matches('"').to_owned()))
    };
    let mut all = Vec::new();
    let (mut name, mut group) = (String::new(), String::new());
    let mut lines = json.lines();
    while let Some(line) = lines.next() {
        match text(line) {
            Some((key, value)) if key == "jobname" => name = value,
            Some((key, value)) if key == "groupid" => group = value,
            Some((key, _)) if key == "global options" || key == "job options" => {
                let block = lines.by_ref().take_while(|line| !line.trim().starts_with('}'));
                let list = options(&block.filter_map(text).collect::<Vec<_>>());
                let job = key == "job options";
                all.push(if job { format!("{name} in {group}: {list}") } else { list });
            }
            _ => {}
        }
    }
    all
}

/// Each job file of fio's examples that fio accepts is understood, or refused because it needs what
/// is not built.
#[test]
fn examples_of_fio() {
    let Some(peer) = peer() else { return };
    let directory = std::env::var_os("FIORD_FIO_EXAMPLES")
        .unwrap_or_else(|| "/usr/share/doc/fio/examples".into());
    let Ok(entries) = std::fs::read_dir(&directory) else {
        eprintln!("skipped: no examples in {}", directory.display());
        return;
    };
    let scratch = Scratch::new("peer-examples");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "fio"));
    assert!(!paths.is_empty(), "no job files in {}", directory.display());
    paths.sort();
    let mut surprises = String::new();
    for path in paths {
        let args = [path.into_os_string()];
        if peer_accepts(&peer, &args, &scratch.0) {
            let (_, diagnostics) = understand(&args);
            let errors = diagnostics.iter().filter(|finding| finding.severity == Severity::Error);
            let unexpected = errors.filter(|finding| !is_about_what_is_missing(&finding.message));
            surprises.extend(unexpected.map(|finding| finding.one_line() + "\n"));
        }
    }
    assert!(surprises.is_empty(), "{surprises}");
}

fn is_about_what_is_missing(message: &str) -> bool {
    message.contains("not built yet")
        || message.contains("cannot be used")
        // A plug-in that is not part of fio either.
        || message.contains("`cpp_null`")
}
