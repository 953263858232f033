//! The kinds of findings: their numbers never change, their examples show what they say.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod checking;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::Path;

use fiord_options::diagnostic::{Code, GROUPS};
use fiord_options::{Diagnostic, Diagnostics};

/// All numbers that were ever given out. A kind that is gone keeps its line.
const GIVEN_OUT: &str = include_str!("data/codes.txt");

#[test]
fn numbers_and_names_never_change() {
    for code in Code::all() {
        let line = format!("{} {}", code.id, code.slug);
        assert!(GIVEN_OUT.lines().any(|known| known == line), "add to codes.txt: {line}");
    }
    let ids: Vec<&str> = GIVEN_OUT.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "in order, each number once");
    // Kinds that are gone are listed here, so that losing one is a decision.
    let gone = ["FD0613"];
    for id in ids {
        assert_eq!(Code::find(id).is_none(), gone.contains(&id), "{id}");
    }
}

#[test]
fn numbers_tell_the_group_and_names_are_words() {
    let mut slugs = BTreeSet::new();
    for (index, group) in GROUPS.iter().enumerate() {
        let prefix = format!("FD{:02}", index + 1);
        assert!(group.codes().is_sorted_by(|one, next| one.id < next.id), "{}", group.title);
        for code in group.codes() {
            assert!(code.id.starts_with(&prefix) && code.id.len() == 6, "{}", code.id);
            assert!(slugs.insert(code.slug), "{}", code.slug);
            assert!(
                code.slug.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
                "{}",
                code.slug
            );
            assert!(!code.title.ends_with('.'), "{}: a title is no sentence", code.id);
            for text in [code.why, code.remedy] {
                assert!(text.ends_with('.'), "{}: sentences end with full stops", code.id);
            }
        }
    }
}

#[test]
fn kinds_are_found_by_number_and_name() {
    assert_eq!(Code::find("FD0301"), Some(Code::UNKNOWN_OPTION));
    assert_eq!(Code::find("fd0301"), Some(Code::UNKNOWN_OPTION));
    assert_eq!(Code::find("unknown-option"), Some(Code::UNKNOWN_OPTION));
    assert_eq!(Code::find("FD9999"), None);
}

/// What is found in an example; a few other files are there.
fn check(example: &str) -> Diagnostics {
    let read_file = |path: &Path| match path.to_str() {
        Some("example.fio") => Ok(example.into()),
        Some("job.fio" | "-") => Ok("[a]\nsize=1m\n".into()),
        Some("unnamed.fio") => Ok("[]\nsize=1m\n".into()),
        Some("options.inc") => Ok("bs=8k\n".into()),
        Some("many.inc") => Ok("include options.inc\n".repeat(10_001).into()),
        Some("section.inc") => Ok("[b]\n".into()),
        _ => Err(ErrorKind::NotFound.into()),
    };
    let words: Vec<OsString> = match example.strip_prefix("fiord ") {
        Some(words) => words.split(' ').map(OsString::from).collect(),
        None => vec!["example.fio".into()],
    };
    checking::check(&words, &read_file)
}

#[test]
fn bad_examples_bring_their_finding_and_good_ones_none() {
    let mut failed = String::new();
    for code in Code::all() {
        let found = check(code.bad);
        let others = |finding: &&Diagnostic| {
            finding.code != Some(code) && finding.code != Some(Code::NOT_BUILT)
        };
        if !found.iter().any(|finding| finding.code == Some(code)) {
            failed += &format!("{}: {} does not appear\n", code.id, code.slug);
        }
        for finding in found.iter().filter(others) {
            failed += &format!("{}: besides: {}\n", code.id, finding.one_line());
        }
        for finding in found.iter().filter(|finding| finding.code == Some(code)) {
            if finding.severity != code.severity {
                failed += &format!("{}: is {:?}\n", code.id, finding.severity);
            }
        }
        for finding in check(code.good).iter().filter(|f| f.code != Some(Code::NOT_BUILT)) {
            failed += &format!("{}: the good one has: {}\n", code.id, finding.one_line());
        }
    }
    assert!(failed.is_empty(), "\n{failed}");
}
