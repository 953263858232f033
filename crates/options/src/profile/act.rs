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
const SALT_DEPTH: u64 = 64;

pub(super) fn write(jobs: &mut Jobs<'_>) {
    let names = jobs.text("device-names").unwrap_or_default();
    let devices: Vec<&[u8]> =
        names.split(|&byte| byte == b',').filter(|name| !name.is_empty()).collect();
    if devices.is_empty() {
        let origin = jobs.origin("device-names").clone();
        let rule = "name them with `--device-names=DEVICE,..`";
        return jobs.refuse(&origin, "profile act needs devices", rule);
    }
    let prepare = jobs.amount("prep") == 1;
    jobs.globals();
    jobs.set("direct", "1");
    jobs.set("ioengine", "sync");
    jobs.set("random_generator", "lfsr");
    jobs.flag("group_reporting");
    jobs.flag("thread");
    if prepare { preparation(jobs, &devices) } else { test(jobs, &devices) }
}

/// All devices are filled with zeroes, then overwritten at random.
fn preparation(jobs: &mut Jobs<'_>, devices: &[&[u8]]) {
    for device in devices {
        begin(jobs, b"act-prep-zeroes-", device);
        jobs.number("bs", ZERO_BYTES);
        jobs.flag("zero_buffers");
        jobs.set("rw", "write");
    }
    for (index, device) in devices.iter().enumerate() {
        begin(jobs, b"act-prep-salt-", device);
        if index == 0 {
            jobs.flag("stonewall");
        }
        jobs.number("bs", SALT_BYTES);
        jobs.set("ioengine", "libaio");
        jobs.number("iodepth", SALT_DEPTH);
        jobs.set("rw", "randwrite");
    }
}

fn test(jobs: &mut Jobs<'_>, devices: &[&[u8]]) {
    let Some(load) = Load::of(jobs) else { return };
    jobs.set("runtime", format!("{}us", load.duration_us));
    jobs.set("time_based", "1");
    for device in devices {
        begin(jobs, b"act-read-", device);
        jobs.set("rw", "randread");
        jobs.number("numjobs", load.threads);
        jobs.number("rate_iops", load.reads);
        jobs.number("bs", load.small);
        begin(jobs, b"act-write-", device);
        jobs.set("rw", "randwrite");
        jobs.number("rate_iops", load.writes);
        jobs.number("bs", load.large);
    }
    let message = "the check of latencies by profile act is not built yet in this version";
    let origin = jobs.origin("").clone();
    jobs.diagnostics.push(Diagnostic::unbuilt(message).code(Code::NOT_BUILT).at(&origin));
}

/// What the options of the profile come to.
struct Load {
    duration_us: u64,
    threads: u64,
    /// Bytes of a read, and reads per second and thread.
    small: u64,
    reads: u64,
    /// Bytes of a write, and writes per second.
    large: u64,
    writes: u64,
}

impl Load {
    /// `None` if there is none, which has then been said.
    fn of(jobs: &mut Jobs<'_>) -> Option<Load> {
        let load = jobs.positive("load");
        let threads = jobs.positive("threads-per-queue");
        let small = jobs.positive("read-req-num-512-blocks").saturating_mul(512);
        let large = jobs.amount("large-block-op-kbytes");
        let duration_us = jobs.amount("test-duration") / 1_000;
        // The database gathers the small writes in a buffer and writes that at once.
        let gathered = large / small;
        let reads = load.saturating_mul(READS) / threads;
        let writes = load.saturating_mul(WRITES).checked_div(gathered).unwrap_or_default();
        let fault = if gathered == 0 {
            let rule = format!("in bytes, at least one read ({small})");
            Some(("large-block-op-kbytes", "the large blocks are too small", rule))
        } else if reads == 0 {
            let rule = format!("at most {}, the reads per second", load.saturating_mul(READS));
            Some(("threads-per-queue", "there are more threads than reads", rule))
        } else if writes == 0 {
            let rule = format!("one holds {gathered} small writes, more than a second brings");
            Some(("large-block-op-kbytes", "the large blocks are too large", rule))
        } else {
            None
        };
        if let Some((option, message, rule)) = fault {
            let origin = jobs.origin(option).clone();
            jobs.refuse(&origin, message, rule);
            return None;
        }
        Some(Load { duration_us, threads, small, reads, large, writes })
    }
}

fn begin(jobs: &mut Jobs<'_>, what: &[u8], device: &[u8]) {
    jobs.job(&[what, device].concat());
    jobs.set("filename", escaped(device));
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
