use super::*;
use crate::host::test_host;
use crate::spec::Section;

fn read(words: &str) -> (Invocation, Diagnostics) {
    let args: Vec<OsString> = words.split_whitespace().map(OsString::from).collect();
    parse(&args, &test_host())
}

/// Sections of all documents as `name: option=value option`, documents parted by `|`.
fn check(words: &str, expected: &str) {
    let (invocation, diagnostics) = read(words);
    assert!(diagnostics.is_empty(), "{words}: {diagnostics:?}");
    let documents: Vec<String> = invocation.spec.documents.iter().map(shown_document).collect();
    assert_eq!(documents.join(" | "), expected, "{words}");
}

fn shown_document(document: &Document) -> String {
    let section = |section: Section<'_>| {
        let settings: Vec<String> = section
            .settings()
            .map(|setting| match setting.value() {
                Some(value) => format!("{}={}", shown(setting.name()), shown(value)),
                None => shown(setting.name()),
            })
            .collect();
        format!("{}: {}", shown(section.name()), settings.join(" "))
    };
    document.sections().map(section).collect::<Vec<_>>().join("; ")
}

fn check_errors(words: &str, expected: &[&str]) {
    let (_, diagnostics) = read(words);
    let lines: Vec<String> = diagnostics.iter().map(Diagnostic::one_line).collect();
    assert_eq!(lines, expected, "{words}");
}

#[test]
fn one_dash_or_two_with_or_without_equals() {
    let expected = "a: name=a rw=read";
    check("--name=a --rw=read", expected);
    check("-name=a -rw=read", expected);
    check("--name a --rw read", expected);
    check("-name a -rw read", expected);
}

#[test]
fn aliases_and_unique_beginnings_are_completed() {
    check("--name=a --blocksize=4k", "a: name=a bs=4k");
    check("--name=a --numj=2 --siz=4k", "a: name=a numjobs=2 size=4k");
    check("--name=a --blocksize_r=1k-2k", "a: name=a bsrange=1k-2k");
    check("--par --nam=a", "a: name=a");
    check_errors(
        "--name=a --runt=1 --filen=x",
        &["command line:1:19: ambiguous option `filen` (more than one option begins so); it may \
           mean `filename`, `filename_format`"],
    );
}

#[test]
fn flags_take_a_value_only_with_equals() {
    check("--name=a --thread --norandommap=0 a.fio", "a: name=a thread norandommap=0 | a: size=4k");
    check("--name=a --direct 1 a.fio", "a: name=a direct=1 | a: size=4k");
    check("--name=a --direct --rw=read", "a: name=a direct=--rw=read");
}

#[test]
fn options_open_and_fill_sections_by_their_order() {
    check("--bs=1k --name=a --bs=2k --name=b", ": bs=1k; a: name=a bs=2k; b: name=b");
    check(
        "--name=a --name=globals --bs=2k --name=b",
        "a: name=a; globals: name=globals bs=2k; b: name=b",
    );
}

#[test]
fn job_files_are_read_last_wherever_they_stand() {
    check("a.fio --bs=8k b.fio", ": bs=8k | a: size=4k | b: size=4k");
    check("- --name=a", "a: name=a | stdin: size=4k");
    check("-- a.fio", " | a: size=4k");
    check_errors(
        "-- --bs=4k",
        &["command line:1:4: cannot read job file --bs=4k: entity not found"],
    );
    check_errors(
        "--name=a rw=read",
        &[
            "command line:1:10: cannot read job file rw=read: entity not found; options of jobs begin \
         with `--`",
        ],
    );
}

#[test]
fn switches_have_letters_that_may_be_joined() {
    let (invocation, diagnostics) = read("-rm --name=a -oout.txt -V 5");
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert!(invocation.spec.readonly);
    let formats = Formats { terse: true, ..Formats::default() };
    assert_eq!(
        invocation.output,
        Output { path: Some("out.txt".into()), formats, terse_version: 5 }
    );
}

#[test]
fn a_name_wins_over_letters_but_for_a_single_one() {
    check("-rw=write --name=a", ": rw=write; a: name=a");
    let (invocation, _) = read("-r --name=a");
    assert!(invocation.spec.readonly);
    let (_, diagnostics) = read("-r=write --name=a");
    let message = &diagnostics.iter().next().unwrap().message;
    assert_eq!(message, "ambiguous option `r`");
}

#[test]
fn formats_combine() {
    let formats = |words: &str| read(words).0.output.formats;
    let none = Formats::default();
    assert_eq!(formats("--name=a"), Formats { normal: true, ..none });
    assert_eq!(
        formats("--name=a --output-format=json,normal,json+"),
        Formats { normal: true, json: Some(Json::Bins), ..none }
    );
    assert_eq!(
        formats("--name=a --output-format=json --append-terse"),
        Formats { terse: true, json: Some(Json::Plain), ..none }
    );
    assert_eq!(formats("--name=a --output-format=json --minimal"), Formats { terse: true, ..none });
}

#[test]
fn progress_is_set_in_times_with_least_values() {
    let (invocation, diagnostics) =
        read("--name=a --eta=never --eta-interval=2 --eta-newline=10ms --status-interval 1m");
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(
        invocation.progress,
        Progress {
            eta: Eta::Never,
            eta_interval_ns: 2_000_000_000,
            eta_newline_ns: Some(10_000_000),
            status_interval_ns: Some(60_000_000_000),
        }
    );
    check_errors(
        "--name=a --eta-interval=100ms --status-interval=x",
        &[
            "command line:1:25: the period is too short (at least 250 ms)",
            "command line:1:49: `x` is not a time (a number with a unit, as in `500ms`, `10` \
         (seconds) or `1m`)",
        ],
    );
}

#[test]
fn information_ends_the_reading() {
    let action = |words: &str| {
        let (invocation, diagnostics) = read(words);
        assert!(diagnostics.is_empty(), "{words}: {diagnostics:?}");
        invocation.action
    };
    assert_eq!(action("--version --nonsense"), Action::Version);
    assert_eq!(action("-h"), Action::Help);
    assert_eq!(action("--cmdhelp"), Action::CommandHelp(None));
    assert_eq!(action("--cmdhelp=all"), Action::CommandHelp(None));
    assert_eq!(action("--cmdhelp=bs"), Action::CommandHelp(Some("bs".into())));
    assert_eq!(action("-ibs"), Action::EngineHelp(Some("bs".into())));
    assert_eq!(action("--parse-only"), Action::ParseOnly);
}

#[test]
fn what_is_wrong_is_said_and_all_of_it() {
    check_errors(
        "--name=a --blocksise=4k --readonly=1 --bs",
        &[
            "command line:1:10: unknown option `blocksise`; did you mean `--blocksize`?",
            "command line:1:36: `--readonly` takes no value; leave out the `=` and what follows it",
            "command line:1:38: `--bs` needs a value (nothing follows); `--cmdhelp=bs` shows which",
        ],
    );
    check_errors(
        "--name= --bs=4k",
        &["command line:1:8: `--name` without a name (a word is needed)"],
    );
    check_errors(
        "--section=global --name=a",
        &[
            "command line:1:11: `--section` cannot select defaults (global sections are always read)",
        ],
    );
    check_errors(
        "--output-format=xml --name=a",
        &["command line:1:17: unknown output format `xml` (one or more of `normal`, `terse`, \
         `minimal`, `csv`, `json`, `json+`)"],
    );
    check_errors(
        "--name=a --client=host",
        &["command line:1:10: switch `--client` is known but not built yet in this version"],
    );
    check_errors(
        "",
        &["no job is defined; name a job file, or describe a job with `--name=NAME` and options"],
    );
    check_errors(
        "a.fio --section=b",
        &[
            "command line:1:1: no job is called `b`; `--section` names a section that the job files \
         do not have",
        ],
    );
}

#[test]
fn words_need_not_be_utf8() {
    use std::os::unix::ffi::OsStringExt;
    let args = [b"--name=a".to_vec(), b"--filename=\xff\xfe".to_vec(), b"--\xff".to_vec()];
    let args = args.map(OsString::from_vec);
    let (invocation, diagnostics) = parse(&args, &test_host());
    let section = invocation.spec.documents[0].sections().next().unwrap();
    let setting = section.settings().nth(1).unwrap();
    assert_eq!(setting.value(), Some(&b"\xff\xfe"[..]));
    assert!(diagnostics.has_errors());
}
