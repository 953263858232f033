//! Speed and CPU time of one run, and runs of several programs in turn.

use super::bare::Loop;
use super::{Bench, Line, Target, median};
use crate::Outcome;
use crate::json::Json;
use crate::program::{Program, Scratch};

/// What one run of one program gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    /// Requests per second.
    pub(super) rate: f64,
    /// CPU time in user space per request.
    pub(super) user_ns: f64,
    /// All CPU time per request.
    pub(super) cpu_ns: f64,
}

impl Sample {
    pub(super) fn new(requests: f64, seconds: f64, user: f64, system: f64) -> Sample {
        let per_request = 1e9 / requests;
        Sample {
            rate: requests / seconds,
            user_ns: user * per_request,
            cpu_ns: (user + system) * per_request,
        }
    }

    /// From the report of a program with one job.
    fn of_report(report: &Json) -> Option<Sample> {
        let number = |path: &str| report.at(path)?.number();
        let requests = number("jobs.0.read.total_ios")? + number("jobs.0.write.total_ios")?;
        let rate = number("jobs.0.read.iops")? + number("jobs.0.write.iops")?;
        // Shares are of the time that the job ran, as both programs print it.
        let seconds = number("jobs.0.job_runtime")? / 1000.0;
        let share = |key: &str| Some(number(key)? / 100.0 * seconds);
        let (user, system) = (share("jobs.0.usr_cpu")?, share("jobs.0.sys_cpu")?);
        (requests > 0.0).then(|| Sample { rate, ..Sample::new(requests, seconds, user, system) })
    }
}

/// Splits at blanks.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_string).collect()
}

fn run(program: &Program, arguments: &[String]) -> Outcome<Sample> {
    let scratch = Scratch::new("bench")?;
    let mut all = words("--output-format=json");
    all.extend_from_slice(arguments);
    let run = program.run(scratch.path(), &all)?;
    if run.code() != 0 {
        return Err(format!("{}: exit {}: {}", program.name, run.code(), run.stderr.trim()).into());
    }
    let sample = Sample::of_report(&run.json()?);
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
    pub(super) fn run(bench: &Bench, job: &str, bare: Option<&Loop>) -> Outcome<Contest> {
        let mut arguments = words(job);
        arguments.extend(words(&format!("--time_based --runtime={}", bench.seconds)));
        let mut contest = Contest::default();
        for round in 0..bench.pairs {
            for turn in 0..3 {
                match if round % 2 == 0 { turn } else { 2 - turn } {
                    0 => contest.ours.push(run(&bench.ours, &arguments)?),
                    1 => {
                        if let Some(bare) = bare {
                            contest.bare.push(bare.run(&bench.bare, bench.seconds)?);
                        }
                    }
                    _ => contest.peer.push(run(&bench.peer, &arguments)?),
                }
            }
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
        let sample = Sample::of_report(&report.unwrap()).unwrap();
        assert_eq!((sample.rate, sample.user_ns, sample.cpu_ns), (500.0, 200_000.0, 1_000_000.0));
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        let at = |rate| Sample { rate, user_ns: 1.0, cpu_ns: 1.0 };
        let contest = Contest {
            ours: vec![at(2.0), at(9.0)],
            peer: vec![at(1.0), at(3.0)],
            bare: Vec::new(),
        };
        assert_eq!(contest.to_peer("x", 1.0).values, [2.0, 3.0]);
    }
}
