//! Which fio to compare with.
//!
//! Two releases are used: the newest that can be had (its sequences, formats and defaults are
//! nearly those of the reference), which `tests/peer` unpacks into a cache, and the one the
//! distribution ships, for speed. Tests that need one and find none say so and pass, unless
//! `FIORD_REQUIRE_PEER=1` is set, as it is in CI.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Outcome;
use crate::program::{Program, project_root};

/// The newest fio at hand: `FIORD_PEER`, else what `tests/peer setup` has unpacked before.
pub fn newest() -> Option<Program> {
    let path = match std::env::var_os("FIORD_PEER") {
        Some(path) => PathBuf::from(path),
        None => cache()?.join("sid/fio"),
    };
    path.exists().then(|| Program::new("fio (newest)", path))
}

/// The fio of the distribution.
pub fn distribution() -> Option<Program> {
    let path = Path::new("/usr/bin/fio");
    path.exists().then(|| Program::new("fio (distribution)", path))
}

/// The newest fio for a test; `None` means that the test has nothing to compare with.
///
/// # Panics
/// If there is none and `FIORD_REQUIRE_PEER=1` is set.
pub fn for_test() -> Option<Program> {
    let found = newest();
    if found.is_none() {
        assert!(
            std::env::var_os("FIORD_REQUIRE_PEER").is_none_or(|value| value != "1"),
            "FIORD_REQUIRE_PEER is set and there is no peer: run tests/peer setup"
        );
        eprintln!("skipped: no fio to compare with (tests/peer setup fetches one)");
    }
    found
}

/// Fetches the newest fio where it is missing, and returns it.
pub fn fetch() -> Outcome<Program> {
    let output = Command::new(project_root().join("tests/peer"))
        .arg("path")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err("the newest fio cannot be fetched".into());
    }
    let path = String::from_utf8_lossy(&output.stdout).trim().to_string();
    Ok(Program::new("fio (newest)", path))
}

fn cache() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("PEER_CACHE") {
        return Some(path.into());
    }
    let base = match std::env::var_os("XDG_CACHE_HOME") {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".cache"),
    };
    Some(base.join("fio-peer"))
}
