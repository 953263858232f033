//! How well a rate is kept: what a job was asked for against what its report says it did.
//!
//! A value of the table is the deviation in units of what is allowed: half a percent of the rate or one
//! request, whichever is more, and with `rate_process=poisson`, where the number of requests is random,
//! 3/sqrt(N). Rates above 80 % of what a program does unthrottled are not judged.

use std::path::Path;

use super::cached::CachedFile;
use super::sample::{run, words};
use super::{Bench, Line, Target, median};
use crate::Outcome;
use crate::json::Json;
use crate::program::Program;

/// Deviation that is allowed of an even rate.
const EVEN: f64 = 0.005;
/// Standard deviations that are allowed of a random one.
const SIGMAS: f64 = 3.0;
/// Share of the unthrottled rate up to which rates are kept.
const MOST: f64 = 0.8;
/// By how much of what is allowed fiord may be further off than the peer: what a run of this length
/// cannot tell from none.
const NO_WORSE: f64 = 0.1;

/// What a direction was asked for, per second.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Requests(f64),
    /// And the largest request.
    Bytes(f64, f64),
}

use Asked::{Bytes, Requests};

/// A job without its rates: what the table calls it, and its words.
type Job = (&'static str, &'static str);

/// A job and its rates.
struct Case {
    job: Job,
    rates: &'static str,
    read: Option<Asked>,
    write: Option<Asked>,
    poisson: bool,
}

const fn reads(job: Job, rates: &'static str, asked: Asked) -> Case {
    Case { job, rates, read: Some(asked), write: None, poisson: false }
}

const fn poisson(job: Job, rates: &'static str, asked: Asked) -> Case {
    Case { poisson: true, ..reads(job, rates, asked) }
}

const fn mixed(job: Job, rates: &'static str, read: Asked, write: Asked) -> Case {
    Case { job, rates, read: Some(read), write: Some(write), poisson: false }
}

const READ: Job = ("4k", "--rw=randread --bs=4k");
const LARGE: Job = ("128k", "--rw=read --bs=128k");
const MIX: Job = ("4k 70/30", "--rw=randrw --rwmixread=70 --bs=4k");
const SIZES: Job = ("bssplit", "--rw=randread --bssplit=4k/50:16k/30:64k/20");
const DEEP: Job = ("4k depth 32", "--rw=randread --bs=4k --iodepth=32");

const KIB: f64 = 1024.0;
const MIB: f64 = 1024.0 * KIB;

/// On the engine null.
const NULL: &[Case] = &[
    reads(READ, "--rate=1m", Bytes(MIB, 4.0 * KIB)),
    reads(READ, "--rate=100m", Bytes(100.0 * MIB, 4.0 * KIB)),
    reads(LARGE, "--rate=2000m", Bytes(2000.0 * MIB, 128.0 * KIB)),
    reads(READ, "--rate_iops=100", Requests(100.0)),
    reads(READ, "--rate_iops=1000", Requests(1000.0)),
    reads(READ, "--rate_iops=20000", Requests(20_000.0)),
    reads(READ, "--rate_iops=500000", Requests(500_000.0)),
    reads(DEEP, "--rate_iops=100000", Requests(100_000.0)),
    mixed(MIX, "--rate_iops=7000,3000", Requests(7000.0), Requests(3000.0)),
    mixed(MIX, "--rate=70m,30m", Bytes(70.0 * MIB, 4.0 * KIB), Bytes(30.0 * MIB, 4.0 * KIB)),
    reads(SIZES, "--rate=100m", Bytes(100.0 * MIB, 64.0 * KIB)),
    reads(SIZES, "--rate_iops=5000", Requests(5000.0)),
    poisson(READ, "--rate_iops=1000 --rate_process=poisson", Requests(1000.0)),
    poisson(READ, "--rate_iops=100000 --rate_process=poisson", Requests(100_000.0)),
    // What a pause costs is caught up, unless it is to be ignored: then 100 requests take 110 ms.
    reads(READ, "--rate_iops=1000 --thinktime=10ms --thinktime_blocks=100", Requests(1000.0)),
    reads(
        READ,
        "--rate_iops=1000 --thinktime=10ms --thinktime_blocks=100 --rate_ignore_thinktime=1",
        Requests(1000.0 * 100.0 / 110.0),
    ),
];

/// On a file in the page cache, by io_uring.
const RING: &[Case] = &[
    reads(READ, "--rate=1m", Bytes(MIB, 4.0 * KIB)),
    reads(READ, "--rate_iops=1000", Requests(1000.0)),
    reads(DEEP, "--rate_iops=50000", Requests(50_000.0)),
    reads(DEEP, "--rate_iops=200000", Requests(200_000.0)),
    reads(LARGE, "--rate=1000m", Bytes(1000.0 * MIB, 128.0 * KIB)),
    reads(SIZES, "--rate=100m --iodepth=8", Bytes(100.0 * MIB, 64.0 * KIB)),
    poisson(DEEP, "--rate_iops=10000 --rate_process=poisson", Requests(10_000.0)),
    reads(
        READ,
        "--rate_iops=1000 --thinktime=10ms --thinktime_blocks=100 --iodepth=4",
        Requests(1000.0),
    ),
];

pub(super) fn lines(bench: &Bench) -> Outcome<Vec<Line>> {
    let file = CachedFile::new(&bench.directory)?;
    let mut lines = Vec::new();
    let mut behind = Vec::new();
    let null = "--ioengine=null --size=64g".to_string();
    let ring = format!("--ioengine=io_uring --invalidate=0 --filename={}", display(file.path()));
    for (name, engine, cases) in [("null", null, NULL), ("io_uring", ring, RING)] {
        for case in cases {
            let line = contest(bench, name, &engine, case, &mut behind)?;
            lines.push(line);
        }
    }
    let worst = behind.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    lines.push(Line {
        what: "rates: furthest behind the peer, in what is allowed".to_string(),
        ours: String::new(),
        other: String::new(),
        values: vec![worst],
        target: Target::AtMost(NO_WORSE),
    });
    Ok(lines)
}

fn display(path: &Path) -> String {
    path.display().to_string()
}

/// Both programs in turn; notes how much further than the peer fiord was off.
fn contest(
    bench: &Bench,
    name: &str,
    engine: &str,
    case: &Case,
    behind: &mut Vec<f64>,
) -> Outcome<Line> {
    let job = format!("--name=rate --time_based --thread {engine} {}", case.job.1);
    let mut found = [Vec::new(), Vec::new()];
    for (program, found) in [&bench.ours, &bench.peer].into_iter().zip(&mut found) {
        let fastest = report(program, &format!("{job} --runtime=1"))?;
        let can = case.asked().all(|(direction, asked)| {
            asked.found_in(&fastest, direction).is_some_and(|most| asked.rate() <= MOST * most)
        });
        for _ in 0..if can { bench.pairs } else { 0 } {
            let rated = format!("{job} {} --runtime={}", case.rates, bench.rated_seconds);
            let report = report(program, &rated)?;
            let deviations = case.deviations(&report);
            found.push(deviations.ok_or("no rates in the report")?);
        }
    }
    let [ours, theirs] = found;
    let values: Vec<f64> = ours.iter().map(|found| found.of_allowed).collect();
    if !ours.is_empty() && !theirs.is_empty() {
        let middle = |all: &[Deviation]| {
            median(&all.iter().map(|found| found.of_allowed).collect::<Vec<_>>())
        };
        // The law of chance does not favour the better program.
        if !case.poisson {
            behind.push(middle(&ours) - middle(&theirs));
        }
    }
    let rates: Vec<String> = words(case.rates).iter().map(|word| word.replace("--", "")).collect();
    Ok(Line {
        what: format!("{name} {}, {}", case.job.0, rates.join(" ")),
        ours: percent(&ours),
        other: percent(&theirs),
        values,
        target: Target::AtMost(1.0),
    })
}

/// How far off a run was.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Deviation {
    /// Of the direction that was furthest off.
    percent: f64,
    /// In units of what is allowed.
    of_allowed: f64,
}

impl Case {
    fn asked(&self) -> impl Iterator<Item = (&'static str, Asked)> {
        [("read", self.read), ("write", self.write)]
            .into_iter()
            .filter_map(|(direction, asked)| Some((direction, asked?)))
    }

    /// The greatest deviation of a report.
    fn deviations(&self, report: &Json) -> Option<Deviation> {
        let mut worst: Option<Deviation> = None;
        for (direction, asked) in self.asked() {
            let number = |key: &str| report.at(&format!("jobs.0.{direction}.{key}"))?.number();
            let off = asked.found_in(report, direction)? / asked.rate() - 1.0;
            let allowed = match self.poisson {
                true => SIGMAS / number("total_ios")?.max(1.0).sqrt(),
                false => EVEN.max(asked.one() / (asked.rate() * number("runtime")? / 1000.0)),
            };
            let found = Deviation { percent: off * 100.0, of_allowed: off.abs() / allowed };
            if worst.is_none_or(|worst| found.of_allowed > worst.of_allowed) {
                worst = Some(found);
            }
        }
        worst
    }
}

impl Asked {
    /// Per second.
    fn rate(self) -> f64 {
        match self {
            Requests(rate) | Bytes(rate, _) => rate,
        }
    }

    /// One request.
    fn one(self) -> f64 {
        match self {
            Requests(_) => 1.0,
            Bytes(_, largest) => largest,
        }
    }

    /// What the report says of it.
    fn found_in(self, report: &Json, direction: &str) -> Option<f64> {
        let key = match self {
            Requests(_) => "iops",
            Bytes(..) => "bw_bytes",
        };
        report.at(&format!("jobs.0.{direction}.{key}"))?.number()
    }
}

fn report(program: &Program, job: &str) -> Outcome<Json> {
    let mut arguments = words("--output-format=json");
    arguments.extend(words(job));
    run(program, &arguments)?.0.json()
}

fn percent(found: &[Deviation]) -> String {
    if found.is_empty() {
        return "above 80 % of its most".to_string();
    }
    let values: Vec<f64> = found.iter().map(|found| found.percent).collect();
    format!("{:+.3} %", median(&values))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Job = ("", "");

    fn found(case: &Case, read: (f64, f64), write: (f64, f64)) -> Deviation {
        let direction = |(iops, bytes): (f64, f64)| {
            format!(
                r#"{{"iops": {iops}, "bw_bytes": {bytes}, "total_ios": 10000, "runtime": 10000}}"#
            )
        };
        let text = format!(
            r#"{{"jobs": [{{"read": {}, "write": {}}}]}}"#,
            direction(read),
            direction(write)
        );
        case.deviations(&Json::parse(&text).unwrap()).unwrap()
    }

    fn near(found: Deviation, percent: f64, of_allowed: f64) {
        assert!((found.percent - percent).abs() < 1e-9, "{found:?}");
        assert!((found.of_allowed - of_allowed).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn half_a_percent_or_a_request_is_allowed() {
        let many = reads(NONE, "", Requests(1000.0));
        near(found(&many, (1005.0, 0.0), (0.0, 0.0)), 0.5, 1.0);
        near(found(&many, (990.0, 0.0), (0.0, 0.0)), -1.0, 2.0);
        // One in 10 s of 10.
        let few = reads(NONE, "", Requests(10.0));
        near(found(&few, (10.1, 0.0), (0.0, 0.0)), 1.0, 1.0);
        let large = reads(NONE, "", Bytes(1000.0, 400.0));
        near(found(&large, (0.0, 1020.0), (0.0, 0.0)), 2.0, 0.5);
    }

    #[test]
    fn random_gaps_are_allowed_three_standard_deviations() {
        let case = poisson(NONE, "", Requests(1000.0));
        near(found(&case, (1030.0, 0.0), (0.0, 0.0)), 3.0, 1.0);
    }

    #[test]
    fn the_worst_direction_counts() {
        let case = mixed(NONE, "", Requests(700.0), Requests(300.0));
        near(found(&case, (700.0, 0.0), (297.0, 0.0)), -1.0, 2.0);
    }
}
