//! Every example job of Debian's package `fio-examples` that the peer accepts is read, and accepted or
//! refused for options that are known and planned.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};

use xtask::peer;
use xtask::program::{Program, Scratch};

fn example_files() -> Vec<PathBuf> {
    let directory = std::env::var_os("FIORD_FIO_EXAMPLES")
        .map_or_else(|| PathBuf::from("/usr/share/doc/fio/examples"), PathBuf::from);
    let Ok(entries) = std::fs::read_dir(&directory) else {
        let required = std::env::var_os("FIORD_REQUIRE_PEER").is_some_and(|value| value == "1");
        assert!(!required, "{} cannot be read", directory.display());
        eprintln!("skipped: no example jobs of fio (Debian: package fio-examples)");
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "fio"));
    files.sort();
    files
}

fn engines_of(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("ioengine=")).map(str::to_string).collect()
}

fn has_engine(program: &Program, engine: &str) -> bool {
    let name = engine.split([':', '#', ';', ' ']).next().unwrap();
    let run = program.run(&std::env::temp_dir(), [format!("--enghelp={name}")]).unwrap();
    run.code() == 0
}

#[test]
fn jobs_that_the_peer_accepts_are_understood() {
    let Some(peer) = peer::for_test() else { return };
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let scratch = Scratch::new("fio-examples").unwrap();
    let mut failed = Vec::new();
    let mut accepted = 0;
    for file in example_files() {
        let arguments = ["--parse-only".as_ref(), file.as_os_str()];
        if peer.run(scratch.path(), arguments).unwrap().code() != 0 {
            continue;
        }
        accepted += 1;
        let run = ours.run(scratch.path(), arguments).unwrap();
        let errors: Vec<&str> =
            run.stderr.lines().filter(|line| line.starts_with("error")).collect();
        // The peer looks for an engine only when it needs it: that it has none of that name does not
        // show when it parses.
        let known = engines_of(&file).iter().all(|engine| has_engine(&peer, engine));
        let is_planned = |line: &str| {
            line.contains("known but not built yet") || !known && line.contains("ioengine")
        };
        let planned = !errors.is_empty() && errors.iter().all(|line| is_planned(line));
        if !(run.code() == 0 || run.code() == 1 && planned) {
            failed.push(format!("{}: exit {}\n{}", file.display(), run.code(), run.stderr));
        }
    }
    assert!(accepted > 50 || failed.is_empty() && accepted == 0, "only {accepted} jobs to look at");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
