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
mod speed;
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
    // Programs that call us fio may have job files of these names.
    let is_fio = jobs::program_name(arguments.first()) == "fio";
    let command = words.get(1).map(String::as_str).filter(|_| !is_fio);
    let rest = arguments.get(2..).unwrap_or_default();
    let exit = match command {
        Some("quick") => quick::main(rest, started),
        Some("check") => check::main(rest),
        Some("plan") => plan::main(rest),
        Some(word @ ("man" | "completions" | "reference")) => documents::main(word, rest),
        _ => jobs::main(&arguments, started),
    };
    ExitCode::from(exit.status())
}
