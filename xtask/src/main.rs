//! `cargo xtask COMMAND`: the entry point of the project's tools.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use xtask::{bench, campaign, ci, compare, generate, instructions};

const USAGE: &str = "\
usage: cargo xtask ci                     all that a change has to pass
       cargo xtask compare JOBFILE..      one job under fiord and the peer, differences field by field
       cargo xtask compare -- SWITCH..    the same for a job given by switches
       cargo xtask bench [CASE..]         speed and memory of fiord and the peer, pair by pair
       cargo xtask instructions           instructions per request, held against the recorded ones
       cargo xtask campaign [RUNS]        jobs and damage from seeds: nothing missed, nothing accused
       cargo xtask generate               man page, completions and reference in docs/, from the program";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    // What follows `--` belongs to the program under test.
    if rest.iter().take_while(|word| *word != "--").any(|word| word == "--help" || word == "-h") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let outcome = match command.as_str() {
        "ci" => ci::command(&rest),
        "compare" => compare::command(&rest),
        "bench" => bench::command(&rest),
        "instructions" => instructions::command(&rest),
        "campaign" => campaign::command(&rest),
        "generate" => generate::command(),
        "zram-guard" => bench::zram::guard(&rest),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::from(2)
        }
    }
}
