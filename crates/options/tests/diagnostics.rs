//! How findings look: `tests/diagnostics/NAME.fio` (or the words in `NAME.args`, one a line) brings what
//! stands in `NAME.txt`. With `FIORD_BLESS=1` the texts are written anew, to be looked at before they
//! are committed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod checking;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use fiord_options::Diagnostics;
use fiord_options::diagnostic::{Colors, Severity};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/diagnostics")
}

/// Names of inputs with their words, in order.
fn inputs() -> Vec<(String, Vec<OsString>)> {
    let mut inputs = Vec::new();
    for entry in std::fs::read_dir(directory()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("fio") => inputs.push((name, vec![path.file_name().unwrap().to_owned()])),
            Some("args") => {
                let text = std::fs::read(&path).unwrap();
                let text = text.strip_suffix(b"\n").unwrap_or(&text);
                let words = text.split(|&byte| byte == b'\n');
                inputs.push((name, words.map(|word| OsString::from_vec(word.to_vec())).collect()));
            }
            _ => {}
        }
    }
    inputs.sort();
    inputs
}

fn check(words: &[OsString]) -> Diagnostics {
    checking::check(words, &|path| std::fs::read(directory().join(path)))
}

#[test]
fn findings_look_as_they_should() {
    let bless = std::env::var_os("FIORD_BLESS").is_some_and(|value| value == "1");
    let mut failed = String::new();
    let inputs = inputs();
    for (name, words) in &inputs {
        let found = check(words).render(Severity::Note, Colors::Never);
        let path = directory().join(format!("{name}.txt"));
        if bless {
            std::fs::write(&path, &found).unwrap();
        }
        let wanted = std::fs::read_to_string(&path).unwrap_or_default();
        if found != wanted {
            failed += &format!("== {name}: wanted\n{wanted}\n== {name}: found\n{found}\n");
        }
    }
    assert!(failed.is_empty(), "\n{failed}FIORD_BLESS=1 writes them anew");
    let names: BTreeSet<&str> = inputs.iter().map(|(name, _)| name.as_str()).collect();
    for entry in std::fs::read_dir(directory()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let name = path.file_stem().unwrap().to_str().unwrap();
            assert!(names.contains(name), "{name}.txt belongs to no input");
        }
    }
}

#[test]
fn every_finding_has_a_number_and_a_place_inside_its_text() {
    for (name, words) in inputs() {
        for finding in &check(&words) {
            assert!(finding.code.is_some(), "{name}: {}", finding.one_line());
            if let Some(origin) = &finding.origin {
                assert!(origin.range().end <= origin.source().text.len(), "{name}");
            }
        }
    }
}
