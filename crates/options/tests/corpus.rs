//! Inputs that broke something once, here or in the predecessor, and all inputs from which fuzzing
//! starts: each is read to its end and means what it should.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use fiord_options::diagnostic::{Colors, Severity};
use fiord_options::{Diagnostics, EngineFacts, Host, Plan, commandline, lint, lower};

/// Understands words on a machine where `j` is this file and no other file exists.
fn understand(words: &[OsString], file: &[u8]) -> (Option<Plan>, Diagnostics) {
    let host = Host {
        page_size: 4096,
        cpus: 4,
        last_cpu: 3,
        last_node: 0,
        memory_bytes: 1 << 30,
        env: &|_| Some("text".into()),
        read_file: &|path| match path == Path::new("j") {
            true => Ok(file.to_vec()),
            false => Err(io::ErrorKind::NotFound.into()),
        },
        engine: &|_| Some(EngineFacts::default()),
    };
    let (invocation, found) = commandline::parse(words, &host);
    let (plan, lowered) = lower(&invocation.spec, &host);
    let mut all = found.clone();
    all.extend(lowered);
    for colors in [Colors::Never, Colors::Always] {
        all.render(Severity::Note, colors);
    }
    lint::check(&invocation.spec, found, &host).render(Severity::Note, Colors::Never);
    (plan, all)
}

/// The first finding about a job file.
fn finding(text: &str) -> String {
    let (_, found) = understand(&["j".into()], text.as_bytes());
    found.iter().next().map(|finding| finding.one_line()).unwrap_or_default()
}

fn plan(text: &[u8]) -> Plan {
    let (plan, found) = understand(&["j".into()], text);
    plan.unwrap_or_else(|| panic!("{found:?}"))
}

/// The committed inputs of a fuzz target.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut inputs: Vec<_> = std::fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    inputs.sort();
    assert!(inputs.len() > 10, "{target} has inputs");
    inputs
}

#[test]
fn inputs_of_the_job_file_target() {
    for (path, text) in corpus("jobfile") {
        let (plan, found) = understand(&["j".into()], &text);
        assert!(plan.is_some() || found.has_errors(), "{}", path.display());
    }
}

#[test]
fn inputs_of_the_command_line_target() {
    for (_, text) in corpus("commandline") {
        let words = text.split(|byte| *byte == b'\n').map(|word| OsStr::from_bytes(word).into());
        understand(&words.collect::<Vec<OsString>>(), b"[job]\nsize=1m\nrw=randread\n");
    }
}

#[test]
fn a_placement_list_without_a_value_is_an_error() {
    // The predecessor copied the missing text (CVE-2026-30656).
    assert!(finding("[a]\nfdp_pli\n").starts_with("j:2:1: `plids` needs a value"));
}

#[test]
fn options_of_a_section_are_ordered_without_moving_them() {
    // The predecessor went on with an option that sorting had freed (#1981).
    let text = b"[a]\nfilename=x\nbs=1\nsize=1\nunit_base=8\nfilename_format=y\nlockfile=none\n\
        kb_base=1000\nkb_base=1024\nsize=4k\n";
    let plan = plan(text);
    assert_eq!(plan.jobs[0].files.names, ["x"]);
    assert_eq!(plan.jobs[0].given[0].0, "unit_base");
    assert_eq!(plan.jobs[0].given.last().unwrap().0, "filename_format");
}

#[test]
fn a_pattern_without_a_value_is_an_error() {
    // The predecessor read from no address (#1982).
    for text in ["[a]\nbuffer_pattern\n", "[a]\nverify_pattern\n"] {
        assert!(finding(text).contains("needs a value"), "{}", finding(text));
    }
    assert!(finding("[a]\nbuffer_pattern=\n").starts_with("j:2:"));
}

#[test]
fn a_section_that_fails_in_the_middle_is_left_once() {
    // The predecessor freed the options of a job twice (#1994).
    for text in
        ["[a]\nbs=4k\n[a\nbs=\n[", "[a]\ninclude x\n[a]\nnosuch\n[a", "[a]\n[]\n]\n[b]\nx=\n"]
    {
        assert!(!finding(text).is_empty(), "{text}");
    }
}

#[test]
fn a_directory_as_long_as_a_path_may_be_is_kept() {
    // The predecessor put such a name on the stack (#2148).
    for length in [4095, 4096, 70_000] {
        let directory = "d".repeat(length);
        let plan = plan(format!("[a]\ndirectory={directory}\nfilename=f:g\n").as_bytes());
        assert_eq!(plan.jobs[0].files.directories, [directory.as_str()]);
    }
}

#[test]
fn an_include_without_a_name_is_an_error() {
    // The predecessor read from no address (#2149).
    for text in ["[a]\ninclude\n", "[a]\ninclude \n", "[a]\ninclude=\n", "include\n"] {
        assert!(finding(text).starts_with("j:"), "{text}: {}", finding(text));
    }
}

#[test]
fn more_names_than_files_are_all_used() {
    // The predecessor wrote beyond its list of files (#2151).
    for count in ["1", "2", "3", "4", "1000000"] {
        let plan = plan(format!("[a]\nfilename=a:b:c\nnrfiles={count}\n").as_bytes());
        assert_eq!((plan.jobs[0].files.count, plan.jobs[0].files.names.len()), (3, 3), "{count}");
    }
}

#[test]
fn names_that_are_not_utf8_are_kept_byte_by_byte() {
    let plan = plan(b"[\xff]\nfilename=a\xfe:b\ndirectory=\xfd\n");
    let job = &plan.jobs[0];
    assert_eq!((job.name.as_str(), job.os_name().as_bytes()), ("\u{fffd}", &b"\xff"[..]));
    assert_eq!(job.files.names[0].as_bytes(), b"a\xfe");
    assert_eq!(job.files.directories[0].as_bytes(), b"\xfd");
}

#[test]
fn numbers_that_overflow_are_errors() {
    for value in ["99999999999999999999999", "18446744073709551616", "9e99", "1000000000p", "-1"] {
        for option in ["size", "bs", "iodepth", "runtime", "numjobs", "offset", "rwmixread"] {
            let text = format!("[a]\n{option}={value}\n");
            let (plan, found) = understand(&["j".into()], text.as_bytes());
            assert!(plan.is_some() || found.has_errors(), "{text}");
        }
    }
}
