//! `tiobench`: sequential and random writes, then sequential and random reads, by several threads on
//! the same four files, one phase after the other.

use super::Jobs;
use crate::host::Host;

pub(super) const NAME: &str = "tiobench";

/// Longest time of each phase, in seconds.
const PHASE_S: u64 = 600;
/// The phases: their names and patterns.
const PHASES: [(&str, &str); 4] = [
    ("seqwrite", "write"),
    ("randwrite", "randwrite"),
    ("seqread", "read"),
    ("randread", "randread"),
];

pub(super) fn write(jobs: &mut Jobs<'_>, host: &Host<'_>) {
    let bytes = match jobs.amount("size") {
        // More than the page cache can hold, as in the program that is imitated.
        0 => host.memory_bytes.saturating_mul(4),
        mebibytes => mebibytes.checked_mul(1 << 20).unwrap_or_else(|| {
            let origin = jobs.origin("size").clone();
            jobs.refuse(&origin, "the files are too large", "in MiB");
            0
        }),
    };
    let block = jobs.positive("block");
    let runs = jobs.amount("numruns").max(1);
    let threads = jobs.amount("threads").max(1);
    let directory = jobs.text("dir").unwrap_or_else(|| b"./".to_vec());

    jobs.globals();
    jobs.set("buffered", "0");
    jobs.number("size", bytes);
    jobs.number("bs", block);
    jobs.number("loops", runs);
    jobs.set("directory", directory);
    jobs.number("numjobs", threads);
    jobs.number("runtime", PHASE_S);
    jobs.flag("group_reporting");
    jobs.flag("thread");
    jobs.set("overwrite", "1");
    jobs.set("filename", ".fio.tio.1:.fio.tio.2:.fio.tio.3:.fio.tio.4");
    jobs.set("ioengine", "sync");
    for (index, (name, pattern)) in PHASES.into_iter().enumerate() {
        jobs.job(name.as_bytes());
        if index > 0 {
            jobs.flag("stonewall");
        }
        jobs.set("rw", pattern);
        if pattern.ends_with("write") {
            jobs.set("end_fsync", "1");
        }
    }
}
