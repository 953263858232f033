//! The cases of `cargo xtask bench` and what each has to reach.

use std::path::Path;
use std::time::Duration;

use super::sample::words;
use super::{Bench, Line, Target, accuracy, idle, median, memory, speed};
use crate::Outcome;
use crate::program::{Program, Scratch};

/// A case: one or more lines of the table.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) run: fn(&Bench) -> Outcome<Vec<Line>>,
}

/// All cases in order of the table.
pub(super) const CASES: &[Case] = &[
    Case { name: "null", run: speed::null },
    Case { name: "null-32", run: speed::null_deep },
    Case { name: "null-reduced", run: speed::null_reduced },
    Case { name: "zipf", run: speed::zipf },
    Case { name: "pareto", run: speed::pareto },
    Case { name: "normal", run: speed::normal },
    Case { name: "zoned", run: speed::zoned },
    Case { name: "refill", run: speed::refilled },
    Case { name: "compress", run: speed::compressible },
    Case { name: "dedupe", run: speed::duplicates },
    Case { name: "verify-write", run: speed::verify_write },
    Case { name: "verify-read", run: speed::verify_read },
    Case { name: "verify-async", run: speed::verify_async },
    Case { name: "ring", run: speed::ring },
    Case { name: "ring-fixed", run: speed::ring_fixed },
    Case { name: "ring-fixed-512", run: speed::ring_fixed_512 },
    Case { name: "zram-ring", run: speed::zram_ring },
    Case { name: "zram-aio", run: speed::zram_aio },
    Case { name: "tmpfs", run: speed::tmpfs },
    Case { name: "tmpfs-write", run: speed::tmpfs_write },
    Case { name: "mmap", run: speed::mmap },
    Case { name: "start", run: start },
    Case { name: "shortest", run: shortest },
    Case { name: "memory", run: run_memory },
    Case { name: "map", run: map_memory },
    Case { name: "map-16t", run: large_map },
    Case { name: "files", run: many_files },
    Case { name: "depth", run: depth_memory },
    Case { name: "parse", run: parse },
    Case { name: "accuracy", run: accuracy::lines },
    Case { name: "idle", run: idle::lines },
];

fn ratios(ours: &[f64], theirs: &[f64]) -> Vec<f64> {
    ours.iter().zip(theirs).map(|(a, b)| a / b).collect()
}

/// Wall time of one run in milliseconds.
fn wall_ms(program: &Program, arguments: &[String]) -> Outcome<f64> {
    let scratch = Scratch::new("bench")?;
    let run = program.run(scratch.path(), arguments)?;
    if run.code() != 0 {
        return Err(format!("{}: exit {}: {}", program.name, run.code(), run.stderr.trim()).into());
    }
    Ok(run.wall.as_secs_f64() * 1000.0)
}

fn walls(bench: &Bench, job: &str) -> Outcome<(Vec<f64>, Vec<f64>)> {
    let job = words(job);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..bench.pairs {
        ours.push(wall_ms(&bench.ours, &job)?);
        theirs.push(wall_ms(&bench.peer, &job)?);
    }
    Ok((ours, theirs))
}

fn milliseconds(values: &[f64]) -> String {
    format!("{:.0} ms", median(values))
}

fn start(bench: &Bench) -> Outcome<Vec<Line>> {
    let (ours, theirs) = walls(
        bench,
        "--name=start --ioengine=null --size=4k --bs=4k --numjobs=500 --group_reporting",
    )?;
    Ok(vec![Line {
        what: "500 process jobs of one I/O, speed".to_string(),
        ours: milliseconds(&ours),
        other: milliseconds(&theirs),
        values: ratios(&theirs, &ours),
        target: Target::AtLeast(1.0),
    }])
}

fn shortest(bench: &Bench) -> Outcome<Vec<Line>> {
    let mut lines = Vec::new();
    for (what, switch) in [("process", ""), ("thread", "--thread")] {
        let job = format!("--name=short --ioengine=null --size=4k --bs=4k {switch}");
        let (ours, theirs) = walls(bench, &job)?;
        lines.push(Line {
            what: format!("shortest {what} job, wall time"),
            ours: milliseconds(&ours),
            other: milliseconds(&theirs),
            values: ours,
            target: Target::BelowMs(50.0),
        });
    }
    Ok(lines)
}

/// How long it takes until a random map of 2^32 blocks is there.
fn large_map(bench: &Bench) -> Outcome<Vec<Line>> {
    let job = "--name=map --ioengine=null --rw=randread --bs=4k --size=16t --number_ios=1000";
    let (ours, theirs) = walls(bench, job)?;
    Ok(vec![Line {
        what: "random map of 16 TiB and 1000 requests, wall time".to_string(),
        ours: milliseconds(&ours),
        other: milliseconds(&theirs),
        values: ours,
        target: Target::BelowMs(1000.0),
    }])
}

/// Twenty thousand files of which a few are open at once.
fn many_files(bench: &Bench) -> Outcome<Vec<Line>> {
    let mut lines = Vec::new();
    for service in ["roundrobin", "sequential", "random"] {
        let (ours, theirs) = walls(
            bench,
            &format!(
                "--name=files --ioengine=null --rw=randread --bs=4k --nrfiles=20000 --size=160m \
                 --openfiles=16 --file_service_type={service}"
            ),
        )?;
        lines.push(Line {
            what: format!("20,000 files, 16 open, {service}, speed"),
            ours: milliseconds(&ours),
            other: milliseconds(&theirs),
            values: ratios(&theirs, &ours),
            target: Target::AtLeast(1.0),
        });
    }
    Ok(lines)
}

/// Options of the job files that are only read.
const OPTIONS: &str = "rw=randread bs=4k size=1m iodepth=16 direct=1 ioengine=psync numjobs=1 \
    runtime=10 time_based norandommap randrepeat=0 group_reporting fsync=16 fallocate=none nrfiles=2 \
    percentile_list=50:90:99 thread invalidate=1 unlink=1 directory=/tmp";

fn job_file(directory: &Path, sections: usize) -> Outcome<String> {
    let path = directory.join(format!("{sections}.fio"));
    let options: String = words(OPTIONS).iter().map(|option| format!("{option}\n")).collect();
    let text: String = (0..sections).map(|index| format!("[job{index}]\n{options}")).collect();
    std::fs::write(&path, text)?;
    Ok(path.to_string_lossy().into_owned())
}

/// Reads large job files: against the peer, and whether the time grows with the size only.
fn parse(bench: &Bench) -> Outcome<Vec<Line>> {
    let scratch = Scratch::new("bench-parse")?;
    let job = |sections| -> Outcome<Vec<String>> {
        Ok(vec!["--parse-only".to_owned(), job_file(scratch.path(), sections)?])
    };
    let (peers, quarter, whole) = (job(4000)?, job(25_000)?, job(100_000)?);
    let (mut ours, mut theirs, mut four, mut large) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.pairs {
        ours.push(wall_ms(&bench.ours, &peers)?);
        theirs.push(wall_ms(&bench.peer, &peers)?);
        four.push(4.0 * wall_ms(&bench.ours, &quarter)?);
        large.push(wall_ms(&bench.ours, &whole)?);
    }
    Ok(vec![
        Line {
            what: "4,000 sections of 20 options, parse only".to_string(),
            ours: milliseconds(&ours),
            other: milliseconds(&theirs),
            values: ratios(&ours, &theirs),
            target: Target::AtMost(0.5),
        },
        Line {
            what: "100,000 sections to four times 25,000".to_string(),
            ours: milliseconds(&large),
            other: milliseconds(&four),
            values: ratios(&large, &four),
            target: Target::AtMost(1.25),
        },
    ])
}

const SETTLE: Duration = Duration::from_millis(1500);

fn mebibytes(values: &[f64]) -> String {
    format!("{:.1} MiB", median(values) / (1024.0 * 1024.0))
}

fn run_memory(bench: &Bench) -> Outcome<Vec<Line>> {
    let job = words(
        "--name=memory --ioengine=null --rw=randread --bs=4k --size=1g --numjobs=32 \
         --time_based --runtime=3 --group_reporting",
    );
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..bench.pairs.min(3) {
        for (program, values) in [(&bench.ours, &mut ours), (&bench.peer, &mut theirs)] {
            let scratch = Scratch::new("bench")?;
            let bytes = memory::of_run(program, scratch.path(), &job, 32, SETTLE)?;
            values.push(bytes as f64);
        }
    }
    Ok(vec![Line {
        what: "memory of 32 process jobs, to the peer".to_string(),
        ours: mebibytes(&ours),
        other: mebibytes(&theirs),
        values: ratios(&ours, &theirs),
        target: Target::AtMost(1.0),
    }])
}

/// What depth 4096 takes more than depth 1, against the 16 MiB of its buffers.
fn depth_memory(bench: &Bench) -> Outcome<Vec<Line>> {
    const BUFFERS: f64 = (4096 * 4096) as f64;
    let mut lines = Vec::new();
    for engine in ["io_uring", "libaio"] {
        let job = format!(
            "--name=depth --ioengine={engine} --rw=randread --bs=4k --size=64m --time_based \
             --runtime=3 --norandommap"
        );
        let mut values = Vec::new();
        for _ in 0..bench.pairs.min(3) {
            let mut totals = Vec::new();
            for depth in [1, 4096] {
                let scratch = Scratch::new("bench")?;
                let arguments = words(&format!("{job} --iodepth={depth}"));
                let bytes = memory::of_run(&bench.ours, scratch.path(), &arguments, 1, SETTLE)?;
                totals.push(bytes as f64);
            }
            values.push(totals[1] - totals[0]);
        }
        lines.push(Line {
            what: format!("memory of {engine} at depth 4096 less depth 1, to the buffers"),
            ours: mebibytes(&values),
            other: mebibytes(&[BUFFERS]),
            values: values.iter().map(|value| value / BUFFERS).collect(),
            target: Target::AtMost(1.1),
        });
    }
    Ok(lines)
}

/// What a random map of 2^28 blocks adds to a run, against one bit per block.
fn map_memory(bench: &Bench) -> Outcome<Vec<Line>> {
    let job = "--name=map --ioengine=null --rw=randread --bs=4k --size=1t --time_based --runtime=3";
    let budget = f64::from(1 << 28) / 8.0;
    let mut values = Vec::new();
    for _ in 0..bench.pairs.min(3) {
        let mut totals = Vec::new();
        for switch in ["--norandommap=1", "--norandommap=0"] {
            let scratch = Scratch::new("bench")?;
            let arguments = words(&format!("{job} {switch}"));
            let bytes = memory::of_run(&bench.ours, scratch.path(), &arguments, 1, SETTLE)?;
            totals.push(bytes as f64);
        }
        values.push(totals[1] - totals[0]);
    }
    Ok(vec![Line {
        what: "random map, to one bit per block".to_string(),
        ours: mebibytes(&values),
        other: mebibytes(&[budget]),
        values: values.iter().map(|value| value / budget).collect(),
        target: Target::AtMost(1.02),
    }])
}
