//! A job makes the system calls that its engine and its batches imply, and no other one for each request.
//!
//! Each job runs twice under `strace -c`, with few and with many requests; what is not there for the
//! requests is the same in both and cancels out, but for the few calls by which the parent watches.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

use xtask::program::{Program, Scratch};

/// Requests of the short and of the long run.
const SHORT: u64 = 1024;
const LONG: u64 = 3072;
/// Requests by which they differ.
const REQUESTS: u64 = LONG - SHORT;
/// Other calls by which two runs may differ: the parent looks at its jobs by the clock.
const WATCHING: u64 = 120;
/// Waits that are no calls because what is waited for is there: when a queue is deeper than a batch.
const DRAINED: u64 = 16;

type Calls = BTreeMap<String, u64>;

struct Case {
    /// Switches of the job beside its size.
    job: &'static str,
    /// Calls that are made for [`REQUESTS`] requests.
    expected: &'static [(&'static str, RangeInclusive<u64>)],
}

/// Where nobody asks how long a submission takes, submission and wait are one call.
const CASES: &[Case] = &[
    Case {
        job: "--ioengine=io_uring --disable_slat=1",
        expected: &[("io_uring_enter", REQUESTS..=REQUESTS)],
    },
    Case {
        job: "--ioengine=io_uring --disable_slat=1 --iodepth=16 --iodepth_batch=16 \
              --iodepth_batch_complete_min=16",
        expected: &[("io_uring_enter", REQUESTS / 16..=REQUESTS / 16)],
    },
    Case {
        job: "--ioengine=io_uring --disable_slat=1 --iodepth=32 --iodepth_batch=8 \
              --iodepth_batch_complete_min=8 --iodepth_batch_complete_max=8",
        expected: &[("io_uring_enter", REQUESTS / 8 - DRAINED..=REQUESTS / 8)],
    },
    Case {
        job: "--ioengine=io_uring --gtod_reduce=1 --iodepth=32 --iodepth_batch=16 \
              --iodepth_batch_complete_min=16 --iodepth_batch_complete_max=16 --fixedbufs=1 \
              --registerfiles=1",
        expected: &[("io_uring_enter", REQUESTS / 16 - DRAINED..=REQUESTS / 16)],
    },
    // The submission is a call of its own; the wait is none if all is done by then.
    Case {
        job: "--ioengine=io_uring --iodepth=16 --iodepth_batch=16 --iodepth_batch_complete_min=16",
        expected: &[("io_uring_enter", REQUESTS / 16..=REQUESTS / 8)],
    },
    Case {
        job: "--ioengine=libaio --iodepth=16 --iodepth_batch=16 --iodepth_batch_complete_min=16",
        expected: &[
            ("io_submit", REQUESTS / 16..=REQUESTS / 16),
            ("io_getevents", REQUESTS / 16..=REQUESTS / 16),
        ],
    },
    Case {
        job: "--ioengine=libaio --iodepth=32 --iodepth_batch=8 --iodepth_batch_complete_min=8 \
              --iodepth_batch_complete_max=8 --userspace_reap=1",
        expected: &[("io_submit", REQUESTS / 8..=REQUESTS / 8)],
    },
    Case { job: "--ioengine=psync", expected: &[("pread64", REQUESTS..=REQUESTS)] },
    Case { job: "--ioengine=pvsync2", expected: &[("preadv2", REQUESTS..=REQUESTS)] },
    Case { job: "--ioengine=mmap", expected: &[] },
    Case { job: "--ioengine=null --iodepth=8", expected: &[] },
];

/// The calls of a run with so many requests.
fn calls(job: &str, requests: u64, directory: &Path) -> Result<Calls, String> {
    let fiord = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let table = directory.join("calls");
    let words = format!(
        "--name=calls --filename=data --size=4m --bs=4k --rw=randread --norandommap --invalidate=0 \
         --number_ios={requests} --io_size=1g {job}"
    );
    let mut arguments = vec!["-f".into(), "-c".into(), "-o".into(), table.clone().into_os_string()];
    arguments.push("--".into());
    arguments.push(fiord.path.into_os_string());
    arguments.extend(words.split_whitespace().map(Into::into));
    let run = Program::new("strace", "strace")
        .run(directory, arguments)
        .map_err(|error| error.to_string())?;
    if run.code() != 0 {
        return Err(format!("exit code {}: {}", run.code(), run.stderr.trim()));
    }
    let text = std::fs::read_to_string(&table).map_err(|error| error.to_string())?;
    Ok(text.lines().filter_map(line).collect())
}

/// A call and how often it was made: the fourth column and the last one.
fn line(line: &str) -> Option<(String, u64)> {
    let columns: Vec<&str> = line.split_whitespace().collect();
    let count = columns.get(3)?.parse().ok()?;
    let name = columns.last().filter(|name| **name != "total")?;
    Some((name.to_string(), count))
}

/// What is wrong with the calls of a case.
fn examine(case: &Case, directory: &Path) -> Vec<String> {
    let runs = calls(case.job, SHORT, directory).and_then(|short| {
        let long = calls(case.job, LONG, directory)?;
        Ok((short, long))
    });
    let (short, mut long) = match runs {
        Ok(runs) => runs,
        Err(error) => return vec![error],
    };
    let mut wrong = Vec::new();
    let before = |name: &str| short.get(name).copied().unwrap_or(0);
    for (name, expected) in case.expected {
        let more = long.remove(*name).unwrap_or(0).saturating_sub(before(name));
        if !expected.contains(&more) {
            wrong.push(format!("{more} calls of {name} instead of {expected:?}"));
        }
    }
    for (name, count) in long {
        let more = count.saturating_sub(before(&name));
        if more > WATCHING {
            wrong.push(format!("{more} calls of {name} that nobody asked for"));
        }
    }
    wrong
}

#[test]
fn requests_cost_the_calls_that_batches_imply() {
    let scratch = Scratch::new("calls").unwrap();
    std::fs::write(scratch.path().join("data"), vec![1; 4 << 20]).unwrap();
    let probe = Program::new("strace", "strace").run(scratch.path(), ["-c", "-f", "true"]);
    match probe {
        Ok(run) if run.code() == 0 => {}
        Ok(run) => {
            eprintln!("skipped: strace cannot trace here: {}", run.stderr.trim());
            return;
        }
        Err(error) => {
            eprintln!("skipped: {error}");
            return;
        }
    }
    let mut failed = Vec::new();
    for case in CASES {
        let wrong = examine(case, scratch.path());
        failed.extend(wrong.iter().map(|text| format!("{}\n    {text}", case.job)));
    }
    assert!(failed.is_empty(), "for {REQUESTS} requests:\n{}", failed.join("\n"));
}
