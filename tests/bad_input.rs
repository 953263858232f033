//! Words and job files that are wrong, or ask for what cannot be done: one clear message in every
//! format, fio's exit code, nothing created, and never a panic. Good jobs that something around them
//! goes wrong for are the business of `tests/robustness`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use xtask::json::Json;
use xtask::peer;
use xtask::program::{Program, Run, Scratch, messages};

/// What a user gets wrong.
#[derive(Clone, Copy)]
struct Mistake {
    words: &'static str,
    /// Content of `bad.fio` if there is one; it is then the last word.
    file: Option<&'static str>,
    /// The exit code, which is that of the peer, too, and the number of messages.
    code: i32,
    /// Texts of which each stands in the message.
    named: &'static [&'static str],
}

const fn words(words: &'static str, named: &'static [&'static str]) -> Mistake {
    Mistake { words, file: None, code: 1, named }
}

const fn file(text: &'static str, named: &'static [&'static str]) -> Mistake {
    Mistake { words: "", file: Some(text), code: 1, named }
}

/// What cannot be understood.
const UNREADABLE: &[Mistake] = &[
    words("--name=a --size=1m --nosuch=1", &["nosuch"]),
    words("--nosuch", &["nosuch"]),
    words("--name=a --size=1m --rwmixred=3", &["rwmixred", "rwmixread"]),
    words("--name=a --size=1m --rw=foo", &["rw", "foo"]),
    words("--name=a --size=1m --bs=0", &["bs"]),
    words("--name=a --size=1m --iodepth=0", &["iodepth"]),
    words("--name=a --size=", &["size"]),
    words("--name=a --size=1m --rwmixread=101", &["rwmixread", "101"]),
    words("--name=a --size=1k --bs=4k", &["size"]),
    words("--name=a --size=1m --ioengine=nosuch", &["nosuch"]),
    words("--output-format=nosuch --name=a --size=1m", &["nosuch"]),
    words("--readonly --name=a --rw=randwrite --size=1m", &["readonly", "write"]),
    words("--readonly --name=a --rw=trim --size=1m", &["readonly"]),
    words("", &["job"]),
    words("nothere.fio", &["nothere.fio", "No such file"]),
    words("directory", &["directory", "Is a directory"]),
    file("", &["job"]),
    file("; only a remark\n", &["job"]),
    file("[global]\nsize=1m\n", &["job"]),
    file("size=1m\n[a]\n", &["bad.fio:1"]),
    file("[a]\nsize=1m\n\nnosuch=1\n", &["bad.fio:4", "nosuch"]),
    file("[a]\nsize=1m\n\nrw=randraed\n", &["bad.fio:4", "randraed", "randread"]),
    file("[a]\nsize=1m\nrw\n", &["bad.fio:3", "rw"]),
    file("[a]\nsize=bogus\n", &["bad.fio:2", "bogus"]),
    file("[a]\nsize=1m\nbs=0\n", &["bad.fio:3", "bs"]),
];

/// Jobs that are understood and cannot be done. Each clone of a job fails for itself.
const IMPOSSIBLE: &[Mistake] = &[
    words("--name=a --rw=read", &["size"]),
    Mistake { code: 2, ..words("--name=a --rw=read --numjobs=2", &["size"]) },
    words("--name=a --filename=directory --rw=read --size=1m", &["directory"]),
    words("--name=a --filename=directory/file/x --rw=write --size=1m", &["directory/file"]),
    words("--name=a --filename=/dev/full --rw=write --size=4k", &["/dev/full", "space"]),
    words("--name=a --filename=/proc/nosuch/x --size=1m", &["/proc/nosuch"]),
    words("--name=a --rw=read --size=1m --allow_file_create=0", &["a.0.0", "allow_file_create"]),
    words("--readonly --name=a --rw=read --size=1m", &["readonly", "a.0.0"]),
    words("--name=a --ioengine=psync --rw=write --size=1m --directory=absent", &["'absent'"]),
];

/// Mistakes that the peer lets pass, does not come back from, or ends with another code.
const STRICTER: &[Mistake] = &[
    file("[a\nsize=1m\n", &["bad.fio:1", "]"]),
    file("[a]\nsize=1m\nbs=4q\n", &["bad.fio:3", "4q"]),
    words("/dev/zero", &["more than 268435456 bytes"]),
    file("[a]\nsize=1m\ninclude nothere.inc\n", &["bad.fio:3", "nothere.inc"]),
    words("--name=a --ioengine=null --size=1m --output=absent/x", &["absent/x"]),
    words(
        "--name=a --numjobs=2 --size=1m --directory=directory:directory/file",
        &["directory/file"],
    ),
    words("--name=a --ioengine=libaio --size=1m --iodepth=4000000000", &["iodepth"]),
    words("--name=a --ioengine=null --size=1m --nrfiles=4000000000", &["nrfiles"]),
    words("--name=a --rw=randread --ioengine=null --bs=1 --size=1p", &["norandommap"]),
    words("--name=a --ioengine=null --size=1m --numjobs=4000000000", &["numjobs"]),
];

/// The mistake, made with this program where a directory with a file is.
fn make(mistake: Mistake, program: &Program, format: Option<&str>, scratch: &Scratch) -> Run {
    std::fs::create_dir(scratch.path().join("directory")).unwrap();
    std::fs::write(scratch.path().join("directory/file"), "").unwrap();
    let format = format.map(|format| format!("--output-format={format}"));
    let mut all: Vec<&str> = format.as_deref().into_iter().collect();
    all.extend(mistake.words.split_whitespace());
    if let Some(text) = mistake.file {
        std::fs::write(scratch.path().join("bad.fio"), text).unwrap();
        all.push("bad.fio");
    }
    program.run(scratch.path(), &all).unwrap()
}

/// Everything that is not as it should be when fiord is given a mistake.
fn complaints(mistake: Mistake, format: Option<&str>) -> Vec<String> {
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let scratch = Scratch::new("bad-input").unwrap();
    let run = make(mistake, &ours, format, &scratch);
    let Mistake { words, file, code, named } = mistake;
    let mut complaints = Vec::new();
    if run.code() != code {
        complaints.push(format!("exit code {} instead of {code}", run.code()));
    }
    if messages(&run.stderr) != code as usize {
        complaints.push(format!("{} messages instead of {code}", messages(&run.stderr)));
    }
    for text in named.iter().filter(|text| !run.stderr.contains(**text)) {
        complaints.push(format!("the message does not name {text:?}"));
    }
    if run.stderr.contains("panicked") {
        complaints.push("panics".to_owned());
    }
    let json = format.is_some_and(|format| format.contains("json")) && !run.stdout.is_empty();
    if json && Json::parse_output(&run.stdout).is_err() {
        complaints.push(format!("not JSON: {}", run.stdout));
    }
    for entry in std::fs::read_dir(scratch.path()).unwrap() {
        let name = entry.unwrap().file_name();
        if name != "bad.fio" && name != "directory" {
            complaints.push(format!("has created {name:?}"));
        }
    }
    let what = format!("{words} {file:?} as {format:?}");
    complaints.iter().map(|text| format!("{what}: {text}\n{}", run.stderr)).collect()
}

#[test]
fn each_mistake_is_told_once_and_nothing_is_created() {
    let mut failed = Vec::new();
    for mistake in UNREADABLE.iter().chain(IMPOSSIBLE).chain(STRICTER) {
        for format in [None, Some("json"), Some("json+"), Some("terse"), Some("normal,json")] {
            failed.extend(complaints(*mistake, format));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn exit_codes_are_those_of_the_peer() {
    let Some(peer) = peer::for_test() else { return };
    let mut failed = Vec::new();
    for mistake in UNREADABLE.iter().chain(IMPOSSIBLE) {
        let scratch = Scratch::new("bad-input").unwrap();
        let code = make(*mistake, &peer, None, &scratch).code();
        if code != mistake.code {
            failed.push(format!("{} {:?}: {code}", mistake.words, mistake.file));
        }
    }
    assert!(failed.is_empty(), "the peer ends otherwise:\n{}", failed.join("\n"));
}

/// All faults of a file are reported, not only the first.
#[test]
fn parsing_goes_on_after_an_error() {
    let twice = file(
        "[a]\nsize=1m\nrw=wrong\n[b]\nsize=bogus\n",
        &["bad.fio:3", "wrong", "bad.fio:5", "bogus"],
    );
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let run = make(twice, &ours, None, &Scratch::new("bad-input").unwrap());
    assert_eq!((run.code(), messages(&run.stderr)), (1, 2), "{}", run.stderr);
    assert!(twice.named.iter().all(|text| run.stderr.contains(text)), "{}", run.stderr);
}

/// A job of which the option has no effect yet is refused for that option.
#[test]
fn planned_options_are_refused_by_name() {
    let unbuilt = words("--name=a --ioengine=null --size=1m --cgroup=x", &["cgroup"]);
    assert_eq!(complaints(unbuilt, None), [""; 0]);
}

/// Requests that do not fit what O_DIRECT demands: the rule is named, where the file system has one.
#[test]
fn misaligned_direct_requests_are_explained() {
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    // The build directory rather than the temporary one, which may be in memory.
    let scratch = Scratch::below(env!("CARGO_TARGET_TMPDIR").as_ref(), "direct").unwrap();
    let job = "--name=a --ioengine=psync --rw=read --size=100k --direct=1 --bs=1000";
    let run = ours.run(scratch.path(), job.split_whitespace()).unwrap();
    if run.code() == 0 {
        eprintln!("skipped: this file system takes any block size with O_DIRECT");
        return;
    }
    assert_eq!(run.code(), 1, "{}", run.stderr);
    assert!(run.stderr.contains("direct") && run.stderr.contains("1000"), "{}", run.stderr);
    // Where the kernel tells the rule, it is applied before anything is written.
    if run.stderr.contains("multiples of") {
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
    }
    let mapped = job.replace("psync", "mmap");
    let run = ours.run(scratch.path(), mapped.split_whitespace()).unwrap();
    assert_eq!((run.code(), run.stderr.as_str()), (0, ""), "mappings have no such rule");
}
