//! Speed and CPU time of one run, and runs of several programs in turn.

use super::bare::Loop;
use super::{Bench, Line, Target, median};
use crate::Outcome;
use crate::json::Json;
use crate::program::{Program, Run, Scratch};

/// What one run of one program gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    /// Requests per second.
    pub(super) rate: f64,
    /// CPU time in user space per request.
    pub(super) user_ns: f64,
    /// All CPU time per request, of all processes and of the kernel's threads that work for them.
    pub(super) cpu_ns: f64,
    /// CPU time by the time that the job ran. These jobs never sleep: with less than 1 something else
    /// had the core for a while.
    pub(super) share: f64,
}

/// Least share of a run that counts.
const UNDISTURBED: f64 = 0.95;

impl Sample {
    /// From counted requests and seconds; `cpu` is what the kernel charged to the program.
    pub(super) fn new(requests: f64, seconds: f64, user: f64, cpu: f64) -> Sample {
        Sample {
            rate: requests / seconds,
            user_ns: user * 1e9 / requests,
            cpu_ns: cpu * 1e9 / requests,
            share: cpu / seconds,
        }
    }

    /// From the report of a program with one job.
    fn of_report(report: &Json, cpu: f64) -> Option<Sample> {
        let number = |path: &str| report.at(path)?.number();
        let requests = number("jobs.0.read.total_ios")? + number("jobs.0.write.total_ios")?;
        let rate = number("jobs.0.read.iops")? + number("jobs.0.write.iops")?;
        let seconds = number("jobs.0.job_runtime")? / 1000.0;
        // User time without that of the start, in percent of the time that the job ran.
        let user = number("jobs.0.usr_cpu")? / 100.0 * seconds;
        (requests > 0.0).then(|| Sample { rate, ..Sample::new(requests, seconds, user, cpu) })
    }
}

/// Splits at blanks.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_string).collect()
}

/// Runs a program, which has to succeed; also returns the seconds of CPU time of all its processes.
pub(super) fn run(program: &Program, arguments: &[String]) -> Outcome<(Run, f64)> {
    let scratch = Scratch::new("bench")?;
    let before = children_seconds()?;
    let run = program.run(scratch.path(), arguments)?;
    let seconds = children_seconds()? - before;
    if run.code() != 0 {
        return Err(format!("{}: exit {}: {}", program.name, run.code(), run.stderr.trim()).into());
    }
    Ok((run, seconds))
}

/// CPU time of all processes that this one has waited for, and of those that they have waited for.
fn children_seconds() -> Outcome<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let ticks = children_ticks(&stat).ok_or("/proc/self/stat has another form")?;
    Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// The fields cutime and cstime, 16th and 17th; the second may hold blanks and parentheses.
fn children_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(13);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn run_job(program: &Program, arguments: &[String]) -> Outcome<Sample> {
    let mut all = words("--output-format=json");
    all.extend_from_slice(arguments);
    let (run, cpu) = run(program, &all)?;
    let sample = Sample::of_report(&run.json()?, cpu);
    sample.ok_or_else(|| format!("{}: no requests in the report", program.name).into())
}

/// The same job under several programs, a sample of each per round.
#[derive(Debug, Default)]
pub(super) struct Contest {
    ours: Vec<Sample>,
    peer: Vec<Sample>,
    bare: Vec<Sample>,
}

impl Contest {
    /// Runs the job under fiord and the peer, and the bare loop if there is one. Each round has the
    /// order of the one before backwards; the bare loop stands next to fiord, which it is nearest to.
    /// A round in which something else had the core is repeated, up to a limit.
    pub(super) fn run(bench: &Bench, job: &str, bare: Option<&Loop>) -> Outcome<Contest> {
        Contest::rounds(bench, job, (bare, Some(&bench.peer)))
    }

    /// Runs the job under fiord, and the bare loop: the peer cannot do it.
    pub(super) fn with_bare(bench: &Bench, job: &str, bare: &Loop) -> Outcome<Contest> {
        Contest::rounds(bench, job, (Some(bare), None))
    }

    fn rounds(
        bench: &Bench,
        job: &str,
        (bare, peer): (Option<&Loop>, Option<&Program>),
    ) -> Outcome<Contest> {
        let mut arguments = words(job);
        arguments.extend(words(&format!("--time_based --runtime={}", bench.seconds)));
        let mut contest = Contest::default();
        let limit = 3 * bench.pairs;
        for round in 0..limit {
            let left = bench.pairs - contest.ours.len();
            if left == 0 {
                break;
            }
            let mut samples = [None; 3];
            for turn in 0..3 {
                let who = if round % 2 == 0 { turn } else { 2 - turn };
                samples[who] = match who {
                    0 => Some(run_job(&bench.ours, &arguments)?),
                    1 => bare.map(|bare| bare.run(&bench.bare, bench.seconds)).transpose()?,
                    _ => peer.map(|peer| run_job(peer, &arguments)).transpose()?,
                };
            }
            let share = samples.iter().flatten().map(|sample| sample.share).fold(1.0, f64::min);
            if share < UNDISTURBED && limit - round > left {
                println!(
                    "  (a program had {:.0} % of the core: a round is repeated)",
                    share * 100.0
                );
                continue;
            }
            contest.ours.extend(samples[0]);
            contest.bare.extend(samples[1]);
            contest.peer.extend(samples[2]);
        }
        Ok(contest)
    }

    /// Speed against the peer's.
    pub(super) fn to_peer(&self, what: &str, least: f64) -> Line {
        self.speed(&format!("{what}, to the peer"), &self.peer, least)
    }

    /// Speed against the bare loop's.
    pub(super) fn to_bare(&self, what: &str, least: f64) -> Line {
        self.speed(&format!("{what}, to a bare loop"), &self.bare, least)
    }

    fn speed(&self, what: &str, other: &[Sample], least: f64) -> Line {
        Line {
            what: what.to_string(),
            ours: per_request(&self.ours),
            other: per_request(other),
            values: ratios(&self.ours, other, |sample| sample.rate),
            target: Target::AtLeast(least),
        }
    }

    /// CPU time in user space against the peer's.
    pub(super) fn user_to_peer(&self, what: &str, most: f64) -> Line {
        Line {
            what: format!("{what}, user CPU to the peer"),
            ours: per_request(&self.ours),
            other: per_request(&self.peer),
            values: ratios(&self.ours, &self.peer, |sample| sample.user_ns),
            target: Target::AtMost(most),
        }
    }
}

/// The rate of a job under fiord in comparison with that of another one, in turns.
pub(super) fn against(bench: &Bench, what: &str, jobs: [&str; 2], least: f64) -> Outcome<Line> {
    let mut samples = [Vec::new(), Vec::new()];
    for round in 0..bench.pairs {
        for turn in 0..2 {
            let which = (round + turn) % 2;
            let arguments =
                words(&format!("{} --time_based --runtime={}", jobs[which], bench.seconds));
            samples[which].push(run_job(&bench.ours, &arguments)?);
        }
    }
    Ok(Line {
        what: what.to_string(),
        ours: per_request(&samples[0]),
        other: per_request(&samples[1]),
        values: ratios(&samples[0], &samples[1], |sample| sample.rate),
        target: Target::AtLeast(least),
    })
}

fn ratios(ours: &[Sample], other: &[Sample], of: fn(&Sample) -> f64) -> Vec<f64> {
    ours.iter().zip(other).map(|(a, b)| of(a) / of(b)).collect()
}

/// Thousands of requests per second; nanoseconds of CPU in user space and in all for each.
fn per_request(samples: &[Sample]) -> String {
    let middle = |of: fn(&Sample) -> f64| median(&samples.iter().map(of).collect::<Vec<f64>>());
    format!(
        "{:.0} k/s {:.0}/{:.0} ns",
        middle(|sample| sample.rate) / 1000.0,
        middle(|sample| sample.user_ns),
        middle(|sample| sample.cpu_ns)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_becomes_time_per_request() {
        let report = Json::parse(
            r#"{"jobs": [{"job_runtime": 2000, "usr_cpu": 10.0, "sys_cpu": 40.0,
                "read": {"iops": 500.0, "total_ios": 1000},
                "write": {"iops": 0.0, "total_ios": 0}}]}"#,
        );
        let sample = Sample::of_report(&report.unwrap(), 1.0).unwrap();
        let expected = Sample { rate: 500.0, user_ns: 200_000.0, cpu_ns: 1_000_000.0, share: 0.5 };
        assert_eq!(sample, expected);
    }

    #[test]
    fn children_are_counted() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4 5 6 7 8 11 12 13 14 20 0 1 0";
        assert_eq!(children_ticks(stat), Some(27));
        assert_eq!(children_ticks(""), None);
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        let at = |rate| Sample { rate, user_ns: 1.0, cpu_ns: 1.0, share: 1.0 };
        let contest = Contest {
            ours: vec![at(2.0), at(9.0)],
            peer: vec![at(1.0), at(3.0)],
            bare: Vec::new(),
        };
        assert_eq!(contest.to_peer("x", 1.0).values, [2.0, 3.0]);
    }
}
