//! Running the bare loops: what the machine gives to a program that does a job's system calls and
//! nothing else. They are an example of `fiord-sys`, the only crate that may hold such code.

use std::path::Path;

use super::sample::{self, Sample, words};
use crate::Outcome;
use crate::program::{Program, built};

/// Builds the loops optimised.
pub(super) fn build() -> Outcome<Program> {
    let arguments = ["build", "--release", "--package", "fiord-sys", "--example", "bare"];
    Ok(Program::new("bare", built(&arguments)?))
}

/// What a bare loop is to do; see the example.
#[derive(Clone, Debug)]
pub(super) struct Loop {
    method: &'static str,
    file: String,
    options: String,
}

impl Loop {
    /// A loop over a file by `ring`, `aio`, `read` or `copy`, with the example's options.
    pub(super) fn new(method: &'static str, file: &Path, options: &str) -> Loop {
        let file = file.to_string_lossy().into_owned();
        Loop { method, file, options: options.to_string() }
    }

    /// Runs it for so many seconds.
    pub(super) fn run(&self, program: &Program, seconds: u32) -> Outcome<Sample> {
        let mut arguments = vec![self.method.to_string(), self.file.clone()];
        arguments.extend(words(&self.options));
        arguments.push(format!("seconds={seconds}"));
        let (run, cpu) = sample::run(program, &arguments)?;
        parse(&run.stdout, cpu).ok_or_else(|| format!("bare loop: {}", run.stdout.trim()).into())
    }
}

fn parse(line: &str, cpu: f64) -> Option<Sample> {
    let numbers: Option<Vec<f64>> = line.split_whitespace().map(|word| word.parse().ok()).collect();
    match numbers?[..] {
        [requests, seconds, user] if requests > 0.0 && seconds > 0.0 => {
            Some(Sample::new(requests, seconds, user, cpu))
        }
        _ => None,
    }
}
