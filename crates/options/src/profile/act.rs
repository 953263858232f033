//! `act`: the load of Aerospike's certification test for solid-state drives. Small random reads at a
//! fixed rate beside large writes, on whole devices; with `prep`, what has to be written before.

use super::Jobs;
use crate::diagnostic::{Code, Diagnostic};

pub(super) const NAME: &str = "act";

/// Reads and writes of the database per second and device at a load of 1.
const READS: u64 = 2_000;
const WRITES: u64 = 1_000;
/// Block size and depth of the preparation.
const ZERO_BYTES: u64 = 1 << 20;
const SALT_BYTES: u64 = 4_096;
const SALT_DEPTH: u32 = 64;

pub(super) fn write(jobs: &mut Jobs<'_>) {
    let devices = jobs.text("device-names").unwrap_or_default();
    let devices: Vec<&[u8]> =
        devices.split(|&b| b == b',').filter(|name| !name.is_empty()).collect();
    if devices.is_empty() {
        let rule = "name them with `--device-names=DEVICE,..`";
        return jobs.refuse("device-names", "profile act needs devices", rule.into());
    }
    let prepare = jobs.number("prep") == 1;
    jobs.globals();
    jobs.set("direct", "1", "");
    jobs.set("ioengine", "sync", "");
    jobs.set("random_generator", "lfsr", "");
    jobs.flag("group_reporting");
    jobs.flag("thread");
    if prepare { preparation(jobs, &devices) } else { test(jobs, &devices) }
}

/// All devices are filled with zeroes, then overwritten at random.
fn preparation(jobs: &mut Jobs<'_>, devices: &[&[u8]]) {
    for device in devices {
        begin(jobs, "act-prep-zeroes", device);
        jobs.set("bs", ZERO_BYTES.to_string(), "");
        jobs.flag("zero_buffers");
        jobs.set("rw", "write", "");
    }
    for (index, device) in devices.iter().enumerate() {
        begin(jobs, "act-prep-salt", device);
        if index == 0 {
            jobs.flag("stonewall");
        }
        jobs.set("bs", SALT_BYTES.to_string(), "");
        jobs.set("ioengine", "libaio", "");
        jobs.set("iodepth", SALT_DEPTH.to_string(), "");
        jobs.set("rw", "randwrite", "");
    }
}

fn test(jobs: &mut Jobs<'_>, devices: &[&[u8]]) {
    let load = jobs.positive("load");
    let threads = jobs.positive("threads-per-queue");
    let small = jobs.positive("read-req-num-512-blocks").saturating_mul(512);
    let large = jobs.number("large-block-op-kbytes");
    let duration = jobs.number("test-duration") / 1_000;
    // The database gathers the small writes in a buffer and writes that at once.
    let gathered = large / small;
    if gathered == 0 {
        let rule = format!("in bytes, at least one read ({small})");
        return jobs.refuse("large-block-op-kbytes", "the large blocks are too small", rule);
    }
    let reads = load.saturating_mul(READS) / threads;
    if reads == 0 {
        let rule = format!("at most {} reads per second to share", load.saturating_mul(READS));
        return jobs.refuse("threads-per-queue", "there are more threads than reads", rule);
    }
    let writes = load.saturating_mul(WRITES) / gathered;
    if writes == 0 {
        let rule = format!("one holds {gathered} small writes, more than a second brings");
        return jobs.refuse("large-block-op-kbytes", "the large blocks are too large", rule);
    }
    jobs.set("runtime", format!("{duration}us"), "test-duration");
    jobs.set("time_based", "1", "");
    for device in devices {
        begin(jobs, "act-read", device);
        jobs.set("rw", "randread", "");
        jobs.set("numjobs", threads.to_string(), "threads-per-queue");
        jobs.set("rate_iops", reads.to_string(), "load");
        jobs.set("bs", small.to_string(), "read-req-num-512-blocks");
        begin(jobs, "act-write", device);
        jobs.set("rw", "randwrite", "");
        jobs.set("rate_iops", writes.to_string(), "load");
        jobs.set("bs", large.to_string(), "large-block-op-kbytes");
    }
    let origin = jobs.origin("");
    jobs.diagnostics.push(
        Diagnostic::unbuilt(
            "the check of latencies by profile act is not built yet in this version",
        )
        .code(Code::NOT_BUILT)
        .at(&origin),
    );
}

fn begin(jobs: &mut Jobs<'_>, what: &str, device: &[u8]) {
    jobs.job(format!("{what}-{}", String::from_utf8_lossy(device)));
    jobs.set("filename", escaped(device), "device-names");
}

/// A name as `filename` takes it: a colon would part it.
fn escaped(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    for &byte in name {
        if byte == b':' {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out
}
