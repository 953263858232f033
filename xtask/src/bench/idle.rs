//! CPU time of a job that sleeps most of the time, held against a bare loop that wakes up as often.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::sample::words;
use super::{Bench, Line, Target, median};
use crate::Outcome;
use crate::program::{Program, Scratch, descendants, wait};

/// Wakes in a second.
const RATE: u32 = 1000;
/// Time in which a program starts.
const START: Duration = Duration::from_secs(1);

pub(super) fn lines(bench: &Bench) -> Outcome<Vec<Line>> {
    let seconds = bench.rated_seconds + 3;
    let job = words(&format!(
        "--name=idle --ioengine=null --rw=read --bs=4k --size=1g --rate_iops={RATE} --time_based \
         --runtime={seconds}"
    ));
    let bare = words(&format!("sleep rate={RATE} seconds={seconds}"));
    let (mut ours, mut theirs, mut bares) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.pairs {
        ours.push(share(bench, &bench.ours, &job)?);
        bares.push(share(bench, &bench.bare, &bare)?);
        theirs.push(share(bench, &bench.peer, &job)?);
    }
    let to_bare = |what: &str, values: &[f64], target| Line {
        what: format!("{what}, null at {RATE} IOPS, CPU to bare sleeps"),
        ours: percent(values),
        other: percent(&bares),
        values: values.iter().zip(&bares).map(|(job, bare)| job / bare).collect(),
        target,
    };
    Ok(vec![
        to_bare("fiord", &ours, Target::AtMost(1.3)),
        to_bare("the peer", &theirs, Target::AtMost(f64::INFINITY)),
    ])
}

fn percent(shares: &[f64]) -> String {
    format!("{:.2} % of a core", median(shares) * 100.0)
}

/// Runs a program and returns its share of a core, all processes below it included, while it neither
/// starts nor ends.
fn share(bench: &Bench, program: &Program, arguments: &[String]) -> Outcome<f64> {
    let scratch = Scratch::new("bench")?;
    let mut command = Command::new(&program.path);
    command.args(arguments).current_dir(scratch.path());
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let root = child.id();
    std::thread::sleep(START);
    let (begin, before_ns) = (Instant::now(), family_ns(root)?);
    std::thread::sleep(Duration::from_secs(u64::from(bench.rated_seconds)));
    let (elapsed, after_ns) = (begin.elapsed(), family_ns(root)?);
    let status = wait(child, Duration::from_secs(60))?;
    if !status.success() {
        return Err(format!("{}: {status}", program.name).into());
    }
    Ok((after_ns - before_ns) as f64 / elapsed.as_nanos() as f64)
}

/// CPU time of all threads of a process and of those below it.
fn family_ns(root: u32) -> Outcome<u64> {
    let mut total_ns = 0;
    for process in descendants(root)? {
        let Ok(tasks) = std::fs::read_dir(format!("/proc/{process}/task")) else { continue };
        for task in tasks.flatten() {
            // A thread may be gone by now.
            let text = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            total_ns += ran_ns(&text).unwrap_or(0);
        }
    }
    if total_ns == 0 {
        return Err("the kernel does not tell CPU times (/proc/PID/schedstat)".into());
    }
    Ok(total_ns)
}

/// The first field.
fn ran_ns(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_that_of_all_threads() {
        assert_eq!(ran_ns("123 45 6\n"), Some(123));
        assert_eq!(ran_ns(""), None);
        let spin = || {
            let begin = Instant::now();
            while begin.elapsed() < Duration::from_millis(20) {}
            family_ns(std::process::id()).unwrap()
        };
        let before_ns = family_ns(std::process::id()).unwrap();
        let after_ns = std::thread::spawn(spin).join().unwrap();
        assert!(after_ns > before_ns);
    }
}
