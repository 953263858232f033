use std::ffi::OsString;

use crate::commandline;
use crate::diagnostic::{Diagnostic, Severity};
use crate::host::{EngineFacts, Host, test_host};
use crate::lower::lower;
use crate::showcmd::command_lines;

/// What `--showcmd` makes of the words, and the findings from errors to unbuilt.
fn shown(words: &str) -> (String, Vec<String>) {
    let args: Vec<OsString> = words.split_whitespace().map(OsString::from).collect();
    // All engines are there.
    let host = Host { engine: &|_| Some(EngineFacts::default()), ..test_host() };
    let (invocation, mut found) = commandline::parse(&args, &host);
    found.extend(lower(&invocation.spec, &host).1);
    let (line, _) = command_lines(&invocation.spec, "fio");
    let findings = found
        .iter()
        .filter(|finding| finding.severity >= Severity::Error)
        .map(Diagnostic::one_line);
    (String::from_utf8(line).unwrap(), findings.collect())
}

fn check(words: &str, expected: &str) {
    assert_eq!(shown(words), (expected.to_owned() + "\n", Vec::new()), "{words}");
}

fn check_error(words: &str, expected: &str) {
    assert_eq!(shown(words).1, [expected], "{words}");
}

const TIOBENCH: &str = "--runtime=600 --group_reporting --thread --overwrite=1 \
    --filename=.fio.tio.1:.fio.tio.2:.fio.tio.3:.fio.tio.4 --ioengine=sync \
    --name=seqwrite --rw=write --end_fsync=1 \
    --name=randwrite --stonewall --rw=randwrite --end_fsync=1 \
    --name=seqread --stonewall --rw=read --name=randread --stonewall --rw=randread";

#[test]
fn tiobench_writes_and_reads_four_files_in_four_phases() {
    let defaults = "--buffered=0 --size=8589934592 --bs=4096 --loops=1 --directory=./ --numjobs=1";
    check("--profile=tiobench", &format!("fio {defaults} {TIOBENCH}"));
}

#[test]
fn options_of_a_profile_win_over_those_of_jobs_until_a_job_begins() {
    let defaults = "--buffered=0 --size=10485760 --bs=8192 --loops=2 --directory=/d --numjobs=3";
    check(
        "--iodepth=4 --profile=tiobench --threads=3 --size=10 --block=8k --numr=2 --dir /d",
        &format!("fio --iodepth=4 {defaults} {TIOBENCH}"),
    );
    let defaults = "--buffered=0 --size=1048576 --bs=4096 --loops=1 --directory=./ --numjobs=1";
    check(
        "--profile=tiobench --size=1 --name=a --size=8k",
        &format!("fio --name=a --size=8k --name=global {defaults} {TIOBENCH}"),
    );
    check(
        "--bs=2k --profile=tiobench --size=1 a.fio",
        &format!("fio --bs=2k --name=a --size=4k\nfio --bs=2k {defaults} {TIOBENCH}"),
    );
}

const ACT: &str =
    "fio --direct=1 --ioengine=sync --random_generator=lfsr --group_reporting --thread";

#[test]
fn act_reads_and_writes_each_device_at_fixed_rates() {
    check(
        "--profile=act --device-names=/dev/a,/dev/pci-0:1 --test-duration=90s --load=6 \
         --threads-per-queue=4 --read-req-num-512-blocks=8 --large-block-op-kbytes=64k",
        &format!(
            "{ACT} --runtime=90000000us --time_based=1 \
             --name=act-read-/dev/a --filename=/dev/a --rw=randread --numjobs=4 --rate_iops=3000 --bs=4096 \
             --name=act-write-/dev/a --filename=/dev/a --rw=randwrite --rate_iops=375 --bs=65536 \
             --name=act-read-/dev/pci-0:1 --filename='/dev/pci-0\\:1' --rw=randread --numjobs=4 --rate_iops=3000 --bs=4096 \
             --name=act-write-/dev/pci-0:1 --filename='/dev/pci-0\\:1' --rw=randwrite --rate_iops=375 --bs=65536"
        ),
    );
}

#[test]
fn act_prepares_all_devices_at_once() {
    check(
        "--profile=act --device-names=a,b --prep",
        &format!(
            "{ACT} --name=act-prep-zeroes-a --filename=a --bs=1048576 --zero_buffers --rw=write \
             --name=act-prep-zeroes-b --filename=b --bs=1048576 --zero_buffers --rw=write \
             --name=act-prep-salt-a --filename=a --stonewall --bs=4096 --ioengine=libaio --iodepth=64 --rw=randwrite \
             --name=act-prep-salt-b --filename=b --bs=4096 --ioengine=libaio --iodepth=64 --rw=randwrite"
        ),
    );
}

#[test]
fn what_makes_no_jobs_is_an_error_where_it_was_typed() {
    check_error(
        "--profile=act",
        "command line:1:11: profile act needs devices (name them with `--device-names=DEVICE,..`)",
    );
    check_error(
        "--profile=nosuch",
        "command line:1:11: unknown profile `nosuch` (one of `act`, `tiobench`)",
    );
    check_error(
        "--profile=act --device-names=a --threads-per-queue=0",
        "command line:1:52: `threads-per-queue` is zero (at least 1)",
    );
    check_error(
        "--profile=act --device-names=a --large-block-op-kbytes=128",
        "command line:1:56: the large blocks are too small (in bytes, at least one read (1536))",
    );
    check_error(
        "--profile=act --device-names=a --load=x",
        "command line:1:39: bad value `x` for `load` (expected a number)",
    );
    check_error(
        "--profile=tiobench --size=100t",
        "command line:1:27: the files are too large (in MiB)",
    );
}

#[test]
fn the_missing_check_of_latencies_is_said() {
    let args = ["--profile=act".into(), "--device-names=a".into()];
    let (_, found) = commandline::parse(&args, &test_host());
    assert_eq!(
        found.iter().map(|finding| finding.severity).collect::<Vec<_>>(),
        [Severity::Unbuilt]
    );
}
