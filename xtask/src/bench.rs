//! `cargo xtask bench`: speed and memory of fiord and of the distribution's fio.
//!
//! The two run alternately, pair by pair, the same job on the same pinned core, so that a machine
//! that grows slower for a while slows both. A result is the median of the ratios of the pairs with
//! their range. Where the system calls of a job can be written down as a bare loop, that loop runs
//! in each round too.

mod accuracy;
mod bare;
mod cached;
mod cases;
mod idle;
mod memory;
mod sample;
mod speed;
pub mod zram;

pub(crate) use cached::CachedFile;
pub(crate) use sample::words;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::program::{Program, build_release};
use crate::{Outcome, peer};

/// What all cases are given.
#[derive(Debug)]
struct Bench {
    ours: Program,
    peer: Program,
    /// Loops of system calls.
    bare: Program,
    /// Where files are made that are to be in the page cache.
    directory: PathBuf,
    /// Rounds per case.
    pairs: usize,
    /// Seconds of a timed run.
    seconds: u32,
    /// Seconds of a run that keeps a rate: what is late at its end weighs less in a longer one.
    rated_seconds: u32,
}

/// One line of the table.
#[derive(Debug)]
struct Line {
    what: String,
    ours: String,
    other: String,
    /// Values of the rounds that the target is about, better is larger or smaller as it says.
    values: Vec<f64>,
    target: Target,
}

/// What a median has to reach.
#[derive(Clone, Copy, Debug)]
enum Target {
    /// Times the other's.
    AtLeast(f64),
    /// Milliseconds.
    BelowMs(f64),
    /// Times the budget.
    AtMost(f64),
}

impl Target {
    fn is_met(self, median: f64) -> bool {
        match self {
            Target::AtLeast(limit) => median >= limit,
            Target::BelowMs(limit) => median < limit,
            Target::AtMost(limit) => median <= limit,
        }
    }

    fn text(self) -> String {
        match self {
            Target::AtLeast(limit) => format!(">= {limit} x"),
            Target::BelowMs(limit) => format!("< {limit} ms"),
            Target::AtMost(limit) => format!("<= {limit} x"),
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Target::BelowMs(_) => "ms",
            _ => "x",
        }
    }
}

/// The command: `[--pairs=N] [--seconds=N] [--fiord=PATH] [--peer=PATH] [--directory=PATH] [CASE..]`; true
/// if all targets are met.
pub fn command(arguments: &[String]) -> Outcome<bool> {
    let mut pairs = 5;
    let mut seconds = None;
    let mut ours = None;
    let mut other = None;
    let mut directory = None;
    let mut wanted = Vec::new();
    for argument in arguments {
        match argument.split_once('=') {
            Some(("--pairs", value)) => pairs = value.parse()?,
            Some(("--seconds", value)) => seconds = Some(value.parse()?),
            Some(("--fiord", path)) => ours = Some(Program::new("fiord", path)),
            Some(("--peer", path)) => other = Some(Program::new("peer", path)),
            Some(("--directory", path)) => directory = Some(PathBuf::from(path)),
            _ => wanted.push(argument.as_str()),
        }
    }
    let known: Vec<&str> = cases::CASES.iter().map(|case| case.name).collect();
    if let Some(unknown) = wanted.iter().find(|name| !known.contains(name)) {
        return Err(format!("no case {unknown}; there are {}", known.join(", ")).into());
    }
    let ours = ours.map_or_else(build_release, Ok)?;
    let peer = other.or_else(peer::distribution).ok_or("no fio here: install the package fio")?;
    let bare = bare::build()?;
    let directory = directory.map_or_else(build_directory, Ok)?;
    let core = pin()?;
    println!(
        "{} against {}, {pairs} pairs, core {core}, {}",
        ours.version()?,
        peer.version()?,
        processor()
    );
    println!(
        "{:52} {:>22} {:>22} {:>9} {:>17} {:>9}",
        "case", "fiord", "other", "median", "range", "target"
    );
    let (seconds, rated_seconds) = (seconds.unwrap_or(2), seconds.unwrap_or(10));
    let bench = Bench { ours, peer, bare, directory, pairs, seconds, rated_seconds };
    let mut all_met = true;
    for case in cases::CASES {
        if wanted.is_empty() || wanted.contains(&case.name) {
            for line in (case.run)(&bench).map_err(|error| format!("{}: {error}", case.name))? {
                all_met &= print(&line);
            }
        }
    }
    Ok(all_met)
}

fn print(line: &Line) -> bool {
    let middle = median(&line.values);
    let low = line.values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = line.values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let met = line.target.is_met(middle);
    println!(
        "{:52} {:>22} {:>22} {:>6.3} {:2} {:>8.3}..{:<7.3} {:>9} {}",
        line.what,
        line.ours,
        line.other,
        middle,
        line.target.unit(),
        low,
        high,
        line.target.text(),
        if met { "ok" } else { "MISSED" }
    );
    // The table grows over minutes: a reader behind a pipe should see each line as it comes.
    let _ = std::io::stdout().flush();
    met
}

/// Binds this process, and with it all it starts, to the last core it may use.
fn pin() -> Outcome<usize> {
    let allowed = sched_getaffinity(None)?;
    let core = (0..CpuSet::MAX_CPU).rev().find(|core| allowed.is_set(*core));
    let core = core.ok_or("no core to run on")?;
    let mut one = CpuSet::new();
    one.set(core);
    sched_setaffinity(None, &one)?;
    Ok(core)
}

/// The directory that cargo builds into: usually on a disk's file system, and never under version
/// control.
pub(crate) fn build_directory() -> Outcome<PathBuf> {
    let executable = std::env::current_exe()?;
    Ok(executable.parent().ok_or("this program is nowhere")?.to_path_buf())
}

fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or_else(|| std::env::consts::ARCH.to_string(), |(_, name)| name.trim().to_string())
}

/// The middle value, or the mean of the two middle ones.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
    }
}

/// The tools' own executable with a command of its own.
fn own(arguments: &[&str]) -> Outcome<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn targets() {
        assert!(Target::AtLeast(3.5).is_met(3.5) && !Target::AtLeast(3.5).is_met(3.49));
        assert!(Target::BelowMs(50.0).is_met(49.9) && !Target::BelowMs(50.0).is_met(50.0));
        assert!(Target::AtMost(1.02).is_met(1.02) && !Target::AtMost(1.02).is_met(1.03));
    }
}
