//! `tiobench`: sequential and random writes, then sequential and random reads, by several threads on
//! the same four files, one phase after the other.

use super::Jobs;
use crate::host::Host;

pub(super) const NAME: &str = "tiobench";

/// Longest time of each phase, in seconds.
const PHASE_S: u32 = 600;

pub(super) fn write(jobs: &mut Jobs<'_>, host: &Host<'_>) {
    // More than the page cache can hold, as in the program that is imitated.
    let bytes = match jobs.number("size") {
        0 => host.memory_bytes.saturating_mul(4),
        mebibytes => match mebibytes.checked_mul(1 << 20) {
            Some(bytes) => bytes,
            None => return jobs.refuse("size", "the files are too large", "in MiB".into()),
        },
    };
    let block = jobs.positive("block");
    let runs = jobs.number("numruns").max(1);
    let threads = jobs.number("threads").max(1);
    let directory = jobs.text("dir").unwrap_or_else(|| b"./".to_vec());

    jobs.globals();
    jobs.set("buffered", "0", "");
    jobs.set("size", bytes.to_string(), "size");
    jobs.set("bs", block.to_string(), "block");
    jobs.set("loops", runs.to_string(), "numruns");
    jobs.set("directory", directory, "dir");
    jobs.set("numjobs", threads.to_string(), "threads");
    jobs.set("runtime", PHASE_S.to_string(), "");
    jobs.flag("group_reporting");
    jobs.flag("thread");
    jobs.set("overwrite", "1", "");
    jobs.set("filename", ".fio.tio.1:.fio.tio.2:.fio.tio.3:.fio.tio.4", "");
    jobs.set("ioengine", "sync", "");
    let phases = [
        ("seqwrite", "write"),
        ("randwrite", "randwrite"),
        ("seqread", "read"),
        ("randread", "randread"),
    ];
    for (index, (name, pattern)) in phases.into_iter().enumerate() {
        jobs.job(name);
        if index > 0 {
            jobs.flag("stonewall");
        }
        jobs.set("rw", pattern, "");
        if pattern.ends_with("write") {
            jobs.set("end_fsync", "1", "");
        }
    }
}
