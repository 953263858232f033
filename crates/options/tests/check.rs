//! `fiord check` on small files: each of `tests/check/*.fio` has the one finding that it is named after,
//! and those of `tests/check/clean` have none.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod checking;

use std::path::{Path, PathBuf};

use fiord_options::diagnostic::Code;

/// Job files of a directory below `tests`.
fn job_files(directory: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests").join(directory);
    let entries = std::fs::read_dir(directory).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "fio"));
    files.sort();
    files
}

/// What is found in a file, except that something is not built in this version.
fn check(path: &Path, planted: Option<&Code>) -> Vec<String> {
    let found = checking::check(&[path.into()], &|path| std::fs::read(path));
    let counts =
        |code: Option<&Code>| planted == Some(Code::NOT_BUILT) || code != Some(Code::NOT_BUILT);
    let named = found.iter().filter(|finding| counts(finding.code));
    let mut list: Vec<String> = named
        .map(|finding| match finding.code {
            Some(code) => code.slug.to_owned(),
            None => finding.one_line(),
        })
        .collect();
    list.dedup();
    list
}

#[test]
fn each_planted_trap_is_found_and_nothing_else() {
    let files = job_files("check");
    assert!(files.len() >= 50, "{}", files.len());
    let mut failed = String::new();
    for path in files {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let code = Code::find(name).unwrap_or_else(|| panic!("{name} is no kind of finding"));
        let found = check(&path, Some(code));
        if found != [name] {
            failed += &format!("{name}: {found:?}\n");
        }
    }
    assert!(failed.is_empty(), "\n{failed}");
}

#[test]
fn good_job_files_bring_no_findings() {
    let mut failed = String::new();
    for path in job_files("check/clean").iter().chain(&job_files("../examples")) {
        let found = check(path, None);
        if !found.is_empty() {
            failed += &format!("{}: {found:?}\n", path.display());
        }
    }
    assert!(failed.is_empty(), "\n{failed}");
}
