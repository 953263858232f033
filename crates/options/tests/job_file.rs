//! Job files that are written from plans mean what the plans mean: for every example, ours and those of
//! Debian's package `fio-examples` where it is installed, and for one value of every option.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "peer/snippets/mod.rs"]
#[allow(dead_code)] // the comparison with fio uses the rest
mod snippets;
#[path = "peer/support.rs"]
#[allow(dead_code)]
mod support;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use fiord_options::lower::job_file;
use fiord_options::table::{self, Status, ValueKind};

/// A directory for job files that is removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(label: &str) -> Scratch {
        let name = format!("fiord-job-file-{label}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    /// What is wrong with the file that is written for these words, if there is a plan of them.
    fn fault(&self, words: &[OsString]) -> Option<Result<(), String>> {
        let before = support::understand(words, &self.0).0?;
        let written = job_file(&before);
        if !written.left_out.is_empty() {
            return Some(Err(format!("left out: {:?}", written.left_out)));
        }
        let path = self.0.join("again.fio");
        std::fs::write(&path, &written.text).unwrap();
        let (again, found) = support::understand(&[path.into()], &self.0);
        let text = String::from_utf8_lossy(&written.text).into_owned();
        let Some(again) = again else {
            return Some(Err(format!("not understood: {}\n{text}", support::lines(&found))));
        };
        let same = support::without_words(again) == support::without_words(before);
        Some(if same { Ok(()) } else { Err(format!("means something else:\n{text}")) })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "fio"));
    files.sort();
    files
}

#[test]
fn examples_mean_the_same_when_they_are_written_again() {
    let scratch = Scratch::new("examples");
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut checked = 0;
    for file in files(&ours).into_iter().chain(files(Path::new("/usr/share/doc/fio/examples"))) {
        if let Some(outcome) = scratch.fault(&[file.clone().into()]) {
            outcome.unwrap_or_else(|fault| panic!("{}: {fault}", file.display()));
            checked += 1;
        }
    }
    assert!(checked >= 12, "{checked}");
}

#[test]
fn every_snippet_survives() {
    let scratch = Scratch::new("snippets");
    let mut checked = 0;
    let mut faults = Vec::new();
    let files = snippets::job_lines().map(|lines| {
        let head = "[global]\nioengine=null\nsize=64k\n[other]\n[job]\n";
        format!("{head}{lines}\n")
    });
    let files = files.chain(snippets::FILES.iter().map(|file| (*file).to_owned()));
    // This variable has a comment in it, which no job file can hold.
    let files = files.filter(|text| !text.contains("FIORD_TEST_TEXT"));
    for (index, text) in files.enumerate() {
        // Snippets are text; bytes that are none have tests of their own.
        let path = scratch.0.join(format!("{index}.fio"));
        std::fs::write(&path, &text).unwrap();
        match scratch.fault(&[path.into()]) {
            Some(Ok(())) => checked += 1,
            Some(Err(fault)) => faults.push(format!("{text}\n{fault}")),
            None => {}
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(checked > 300, "{checked}");
}

/// Some value that the option takes, or none where that takes more than a guess.
fn some_value(kind: ValueKind) -> Option<String> {
    Some(match kind {
        ValueKind::Text { .. } | ValueKind::OptionalText | ValueKind::Names => "x:y".to_owned(),
        ValueKind::Int { min, max } => 3.clamp(min, max).to_string(),
        ValueKind::Bytes { min, max } => 8192.clamp(min, max).to_string(),
        ValueKind::Quantity => "40%".to_owned(),
        ValueKind::Sizes { min, max, .. } => format!("{},", 16_384.clamp(min, max)),
        ValueKind::SizeRanges { .. } => "4k-16k,8k-8k".to_owned(),
        ValueKind::SizeRange { .. } => "4k-16k".to_owned(),
        ValueKind::Time(_) => "1500ms".to_owned(),
        ValueKind::TimeRange(_) => "1s-2s".to_owned(),
        ValueKind::Times(_) => "10us,20us".to_owned(),
        ValueKind::Bool | ValueKind::Flag => "1".to_owned(),
        ValueKind::Choice(choices) => choices.last()?.word.to_owned(),
        ValueKind::ChoiceSet { choices, .. } => choices.first()?.word.to_owned(),
        _ => return None,
    })
}

#[test]
fn every_option_survives() {
    let scratch = Scratch::new("options");
    let mut checked = 0;
    let mut faults = Vec::new();
    let settable = |status| matches!(status, Status::Ready | Status::Planned);
    for def in table::job_options().filter(|def| settable(def.status)) {
        let Some(value) = some_value(def.kind) else { continue };
        let words = ["--size=64m", "--name=first", "--name=a"].map(OsString::from);
        let option = OsString::from(format!("--{}={value}", def.name));
        for words in [
            // As a default, and as an option of one job.
            [std::slice::from_ref(&option), &words[..]].concat(),
            [&words[..], &[option]].concat(),
        ] {
            match scratch.fault(&words) {
                Some(Ok(())) => checked += 1,
                Some(Err(fault)) => faults.push(format!("{words:?}: {fault}")),
                // This value needs other options.
                None => {}
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(checked > 150, "{checked}");
}
