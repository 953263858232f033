//! The program: words of the user in, reports out. The only crate that names all others.

#![forbid(unsafe_code)]

mod check;
mod commands;
mod console;
mod documents;
mod exit;
mod jobs;
mod machine;
mod plan;
mod quick;
mod streams;
mod trace;

use std::ffi::OsString;
use std::process::ExitCode;

use fiord_engines::REGISTRY;
use fiord_sys::clock::Anchor;

fn main() -> ExitCode {
    let started = Anchor::take();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let words: Vec<String> = arguments.iter().map(|a| a.to_string_lossy().into_owned()).collect();
    if let Some(status) = fiord_runner::worker_main(&words, REGISTRY) {
        return ExitCode::from(status as u8);
    }
    let exit = match words.get(1).map(String::as_str) {
        // Programs that call us fio may have a job file of this name.
        Some("quick") if jobs::program_name(arguments.first()) != "fio" => {
            quick::main(arguments.get(2..).unwrap_or_default(), started)
        }
        Some("check") if jobs::program_name(arguments.first()) != "fio" => {
            check::main(arguments.get(2..).unwrap_or_default())
        }
        Some("plan") if jobs::program_name(arguments.first()) != "fio" => {
            plan::main(arguments.get(2..).unwrap_or_default())
        }
        Some(word @ ("man" | "completions" | "reference"))
            if jobs::program_name(arguments.first()) != "fio" =>
        {
            documents::main(word, arguments.get(2..).unwrap_or_default())
        }
        _ => jobs::main(&arguments, started),
    };
    ExitCode::from(exit.status())
}
