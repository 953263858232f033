//! `cargo xtask instructions`: instructions in user space per request, held against recorded ones.
//!
//! Times differ from machine to machine and from run to run; the number of instructions hardly does.
//! Valgrind counts them in a run of N requests and one of 2 N, whose difference is free of what
//! starting and ending cost. A change that makes a request dearer is seen here before it can be
//! measured. The recorded numbers stand in `docs/performance.md`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::bench::{CachedFile, words};
use crate::program::{Program, Scratch, build_release, built, project_root};

/// Requests of the shorter run.
const REQUESTS: u64 = 200_000;
/// Pairs of runs of a case; the middle one counts.
const PAIRS: usize = 3;
/// Rise that is allowed if another compiler made the program than the recorded one.
const OTHER_COMPILER_PERCENT: f64 = 10.0;
const DOCUMENT: &str = "docs/performance.md";
const BLOCK: &str = "```instructions\n";

/// What all jobs are. The clock is a system call here: with the CPU's counter, which is the default and
/// takes about ten instructions more, latencies would be so short that it would depend on the machine
/// whether they fall into the histogram's first buckets, which are found faster than the others.
const EVERY: &str = "--name=count --thread --rw=randread --bs=4k --clocksource=clock_gettime";

/// What is counted.
struct Case {
    name: &'static str,
    work: Work,
    /// Rise that is allowed.
    percent: f64,
}

/// Whose instructions are counted.
enum Work {
    /// A job's.
    Job(&'static str),
    /// A job's that reads a file which is in the page cache.
    CachedJob(&'static str),
    /// The loop's on a simulated device: the test that says so, without the device.
    Simulation,
}

const CASES: &[Case] = &[
    Case { name: "null depth 1", work: Work::Job("--ioengine=null --size=4g"), percent: 3.0 },
    Case {
        name: "null depth 32",
        work: Work::Job("--ioengine=null --size=4g --iodepth=32"),
        percent: 3.0,
    },
    Case {
        name: "null depth 32 batches of 16",
        work: Work::Job(
            "--ioengine=null --size=4g --iodepth=32 --iodepth_batch=16 \
             --iodepth_batch_complete_min=16",
        ),
        percent: 3.0,
    },
    Case {
        name: "io_uring depth 32 batches of 16",
        work: Work::CachedJob(
            "--ioengine=io_uring --io_size=8g --invalidate=0 --iodepth=32 --iodepth_batch=16 \
             --iodepth_batch_complete_min=16",
        ),
        percent: 10.0,
    },
    Case { name: "loop on a simulated device", work: Work::Simulation, percent: 3.0 },
];

/// The work of [`Work::Simulation`], and the calls that are the device's.
const SIMULATION: &str = "drive::tests::counted";
const DEVICE: &str = "*Stopper as fiord_engine::Engine>*";

/// The command: `[--record] [--fiord=PATH] [--directory=PATH]`; true if nothing has become dearer.
pub fn command(arguments: &[String]) -> Outcome<bool> {
    let (mut record, mut program, mut directory) = (false, None, None);
    for argument in arguments {
        match argument.split_once('=') {
            None if argument == "--record" => record = true,
            Some(("--fiord", path)) => program = Some(Program::new("fiord", path)),
            Some(("--directory", path)) => directory = Some(PathBuf::from(path)),
            _ => return Err(format!("what is {argument}?").into()),
        }
    }
    let program = program.map_or_else(build_release, Ok)?;
    let directory = directory.map_or_else(crate::bench::build_directory, Ok)?;
    let compiler = compiler()?;
    let document = project_root().join(DOCUMENT);
    let text = std::fs::read_to_string(&document)?;
    let recorded = Recorded::parse(&text)?;
    let mut now = Recorded { compiler: compiler.clone(), counts: Vec::new() };
    let mut passes = true;
    for case in CASES {
        let before = recorded.count(case.name);
        match count(case, &program, &directory)? {
            Counted::Skipped(reason) => {
                println!("{:34} skipped: {reason}", case.name);
                now.counts.extend(before.map(|before| (case.name.to_string(), before)));
            }
            Counted::Number(count) => {
                let limit = limit(case, &recorded.compiler, &compiler);
                passes &= judge(case.name, before, count, limit);
                now.counts.push((case.name.to_string(), count));
            }
        }
    }
    if record {
        std::fs::write(&document, now.replace_in(&text)?)?;
        println!("recorded in {DOCUMENT}");
        return Ok(true);
    }
    if !passes {
        println!(
            "A request costs more instructions than recorded. If that is wanted, record it with \
             `cargo xtask instructions --record` and say why in the commit."
        );
        if recorded.compiler != compiler {
            println!(
                "The record was made with {}, this is {compiler}: if the code has not changed, \
                 record anew.",
                recorded.compiler
            );
        }
    }
    Ok(passes)
}

/// Percent that a count may rise.
fn limit(case: &Case, recorded: &str, compiler: &str) -> f64 {
    if recorded == compiler { case.percent } else { case.percent.max(OTHER_COMPILER_PERCENT) }
}

/// Prints the line of a case; false if it has become dearer than allowed, or was never recorded.
fn judge(name: &str, before: Option<f64>, count: f64, limit: f64) -> bool {
    let Some(before) = before else {
        println!("{name:34} {count:7.1}, not recorded");
        return false;
    };
    let change = (count / before - 1.0) * 100.0;
    let verdict = match change {
        _ if change > limit => "TOO MUCH",
        _ if change < -limit => "better: record it",
        _ => "ok",
    };
    println!(
        "{name:34} {before:7.1} -> {count:7.1} {change:+5.1} % (at most +{limit} %) {verdict}"
    );
    change <= limit
}

/// What became of counting.
enum Counted {
    /// Instructions per request.
    Number(f64),
    /// This machine cannot run the case.
    Skipped(String),
}

fn count(case: &Case, program: &Program, directory: &Path) -> Outcome<Counted> {
    match case.work {
        Work::Job(job) => count_job(program, &words(&format!("{EVERY} {job}"))),
        Work::CachedJob(job) => {
            let file = CachedFile::new(directory)?;
            if !file.never_waits() {
                let directory = directory.display();
                return Ok(Counted::Skipped(format!("{directory} has no reads that never wait")));
            }
            let mut job = words(&format!("{EVERY} {job}"));
            job.push(format!("--filename={}", file.path().display()));
            if let Some(reason) = failure(program, &job)? {
                // Containers often have no io_uring. Everything else has to work.
                return Ok(Counted::Skipped(reason));
            }
            count_job(program, &job)
        }
        Work::Simulation => count_simulation(),
    }
}

/// Why a job does not work here.
fn failure(program: &Program, job: &[String]) -> Outcome<Option<String>> {
    let scratch = Scratch::new("instructions")?;
    let mut short = job.to_vec();
    short.push("--number_ios=1".to_string());
    let trial = program.run(scratch.path(), &short)?;
    let reason = trial.stderr.lines().next().unwrap_or("it fails").to_string();
    Ok((trial.code() != 0).then_some(reason))
}

fn count_job(program: &Program, job: &[String]) -> Outcome<Counted> {
    let mut differences = Vec::new();
    for _ in 0..PAIRS {
        differences.push(per_request(|requests| {
            let mut command = vec![program.path.display().to_string()];
            command.extend_from_slice(job);
            command.push(format!("--number_ios={requests}"));
            instructions(requests, &[], &command)
        })?);
    }
    Ok(Counted::Number(crate::bench::median(&differences)))
}

/// Time is simulated there, so that one pair is as good as many.
fn count_simulation() -> Outcome<Counted> {
    let build = ["test", "--no-run", "--release", "--package", "fiord-runner", "--lib"];
    let mut command = vec![built(&build)?.display().to_string()];
    command.extend(words(&format!("--ignored --exact {SIMULATION} --test-threads=1")));
    // In this order: to name a function means to start without counting.
    let switches = [format!("--toggle-collect={DEVICE}"), "--collect-atstart=yes".to_string()];
    let count = per_request(|requests| instructions(requests, &switches, &command))?;
    Ok(Counted::Number(count))
}

/// From the totals of a run of N requests and of one of 2 N.
fn per_request(total: impl Fn(u64) -> Outcome<f64>) -> Outcome<f64> {
    Ok((total(2 * REQUESTS)? - total(REQUESTS)?) / REQUESTS as f64)
}

/// Instructions of a whole run of a command, which finds the number of requests in its environment.
fn instructions(requests: u64, switches: &[String], command: &[String]) -> Outcome<f64> {
    let scratch = Scratch::new("instructions")?;
    let profile = scratch.path().join("profile");
    let mut arguments = words(&format!("FIORD_REQUESTS={requests} valgrind --tool=callgrind"));
    arguments.push(format!("--callgrind-out-file={}", profile.display()));
    arguments.extend_from_slice(switches);
    arguments.extend_from_slice(command);
    let run = Program::new("valgrind", "env").run(scratch.path(), &arguments)?;
    if run.code() != 0 {
        return Err(format!("valgrind: exit {}: {}", run.code(), run.stderr.trim()).into());
    }
    let text = std::fs::read_to_string(profile)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok());
    total.ok_or_else(|| "valgrind's profile has no total".into())
}

fn compiler() -> Outcome<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_string())
}

/// The block of the document.
#[derive(Debug, PartialEq)]
struct Recorded {
    compiler: String,
    counts: Vec<(String, f64)>,
}

impl Recorded {
    fn parse(text: &str) -> Outcome<Recorded> {
        let (_, block) = text.split_once(BLOCK).ok_or("no block of recorded instructions")?;
        let (block, _) = block.split_once("```").ok_or("the block has no end")?;
        let mut recorded = Recorded { compiler: String::new(), counts: Vec::new() };
        for line in block.lines() {
            let (name, value) = line.rsplit_once("  ").ok_or_else(|| format!("bad line {line}"))?;
            let (name, value) = (name.trim(), value.trim());
            if name == "compiler" {
                recorded.compiler = value.to_string();
            } else {
                recorded.counts.push((name.to_string(), value.parse()?));
            }
        }
        Ok(recorded)
    }

    fn count(&self, name: &str) -> Option<f64> {
        self.counts.iter().find(|(known, _)| known == name).map(|(_, count)| *count)
    }

    /// The document with this record instead of its own.
    fn replace_in(&self, text: &str) -> Outcome<String> {
        let (before, rest) = text.split_once(BLOCK).ok_or("no block of recorded instructions")?;
        let (_, after) = rest.split_once("```").ok_or("the block has no end")?;
        let counts: String =
            self.counts.iter().map(|(name, count)| format!("{name:34}  {count:.1}\n")).collect();
        Ok(format!("{before}{BLOCK}{:34}  {}\n{counts}```{after}", "compiler", self.compiler))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "before\n\n```instructions\ncompiler  rustc 1.2.3\nnull depth 1  300.5\n\
        ```\nafter\n";

    #[test]
    fn the_block_is_read_and_written() {
        let recorded = Recorded::parse(TEXT).unwrap();
        assert_eq!(recorded.compiler, "rustc 1.2.3");
        assert_eq!(recorded.count("null depth 1"), Some(300.5));
        let new = Recorded { compiler: "rustc 9".into(), counts: vec![("x y".into(), 7.5)] };
        let text = new.replace_in(TEXT).unwrap();
        assert!(text.starts_with("before\n") && text.ends_with("```\nafter\n"));
        let again = Recorded::parse(&text).unwrap();
        assert_eq!((again.compiler.as_str(), again.count("x y")), ("rustc 9", Some(7.5)));
        assert!(Recorded::parse("nothing").is_err());
    }

    #[test]
    fn a_rise_beyond_the_limit_is_refused() {
        assert!(judge("x", Some(100.0), 102.9, 3.0));
        assert!(!judge("x", Some(100.0), 103.2, 3.0));
        assert!(judge("x", Some(100.0), 50.0, 3.0));
        assert!(!judge("x", None, 50.0, 3.0));
        assert_eq!(limit(&CASES[0], "rustc 1", "rustc 1"), 3.0);
        assert_eq!(limit(&CASES[0], "rustc 1", "rustc 2"), 10.0);
    }

    /// The guard of a case that nobody has recorded would fail.
    #[test]
    fn all_cases_are_recorded() {
        let text = std::fs::read_to_string(project_root().join(DOCUMENT)).unwrap();
        let recorded = Recorded::parse(&text).unwrap();
        for case in CASES {
            assert!(recorded.count(case.name).is_some_and(|count| count > 0.0), "{}", case.name);
        }
    }
}
