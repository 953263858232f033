//! Exit codes of everything that can be asked for on the command line, and what `--showcmd` prints.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use xtask::peer;
use xtask::program::{Program, Scratch};

const FILES: &[(&str, &str)] = &[
    ("a.fio", "[a]\nioengine=null\nsize=4k\n"),
    ("two.fio", "[global]\nioengine=null\nsize=4k\n[b]\n[c]\n"),
    ("global.fio", "[global]\nioengine=null\nsize=4k\n"),
    ("dropped.fio", "[b]\nioengine=null\nsize=4k\n[c]\nnosuch=1\n"),
    ("outside.fio", "size=4k\n[a]\nioengine=null\n"),
    ("write.fio", "[a]\nioengine=null\nsize=4k\nrw=write\n"),
    (
        "odd.fio",
        "[global]\nkb_base=1000\nthread\n[it's a]\nfilename= x y\nbs=4k\nioengine=libaio\n\
         userspace_reap\nunit_base=8\nsize=${NOSUCH}1m\n[global more]\nrw=write\n[b]\n\
         description=\"$HOME\" `x`\nname=c\nsize=1m\n",
    ),
];

/// Words, and the exit code that both fio and we end with.
const CODES: &[(&str, i32)] = &[
    ("", 1),
    ("--nosuch", 1),
    ("--bs=4k", 1),
    ("a.fio", 0),
    ("a.fio two.fio", 0),
    ("global.fio", 1),
    ("dropped.fio", 1),
    ("outside.fio", 1),
    ("nosuch.fio", 1),
    ("a.fio nosuch.fio", 1),
    ("-", 1),
    ("--section=a a.fio", 0),
    ("--section=b a.fio", 1),
    ("--section= a.fio", 1),
    ("--section=global a.fio", 1),
    ("--section=b --section=c two.fio", 0),
    ("--section=b --name=a --ioengine=null --size=4k", 1),
    ("--name=a --ioengine=null --size=4k --section=a", 0),
    ("--parse-only", 0),
    ("--parse-only a.fio", 0),
    ("--parse-only global.fio", 0),
    ("--parse-only dropped.fio", 1),
    ("--parse-only nosuch.fio", 1),
    ("--parse-only --section=nosuch a.fio", 0),
    ("--parse-only --showcmd a.fio", 0),
    ("--showcmd", 0),
    ("--showcmd a.fio", 0),
    ("--showcmd global.fio", 0),
    ("--showcmd dropped.fio", 1),
    ("--showcmd nosuch.fio", 1),
    ("--version", 0),
    ("--help", 0),
    ("a.fio --version", 0),
    ("--nosuch --version", 1),
    ("--cmdhelp", 0),
    ("--cmdhelp=bs", 0),
    ("--cmdhelp=nosuch", 0),
    ("--enghelp", 0),
    ("--enghelp=pvsync2", 0),
    ("--enghelp=nosuch", 1),
    ("--enghelp=null,nosuch", 1),
    ("--readonly a.fio", 0),
    ("--readonly write.fio", 1),
    ("--profile=nosuch", 1),
    ("--profile=act", 1),
    ("--profile=tiobench --parse-only", 0),
    ("--output=nosuch/x a.fio", 1),
    ("--output-format=nosuch a.fio", 1),
    ("--terse-version=7 a.fio", 1),
    ("--status-interval=x a.fio", 1),
    ("--latency-log=x a.fio", 1),
    ("--debug", 1),
    ("--debug=help", 0),
    ("--warnings-fatal --name=a --size=4k --ioengine=null --time_based", 1),
    ("--name=a --ioengine=null --size=4k --verifysort=1", 0),
    ("--name=a --ioengine=null --size=4k --rwmixcycle=1", 1),
];

/// The exit codes of a program that are others.
fn others(program: &Program, cases: &[(&str, i32)]) -> Vec<String> {
    let scratch = Scratch::new("exit-codes").unwrap();
    for (name, text) in FILES {
        std::fs::write(scratch.path().join(name), text).unwrap();
    }
    let mut others = Vec::new();
    for (words, expected) in cases {
        let run = program.run(scratch.path(), words.split_whitespace()).unwrap();
        if run.code() != *expected {
            others.push(format!("{words}: {} instead of {expected}\n{}", run.code(), run.stderr));
        }
        if run.code() == 1 && run.stderr.is_empty() {
            others.push(format!("{words}: fails without a word"));
        }
    }
    others
}

#[test]
fn each_way_to_end_has_its_code() {
    let others = others(&Program::under_test(env!("CARGO_BIN_EXE_fiord")), CODES);
    assert!(others.is_empty(), "{}", others.join("\n"));
}

#[test]
fn the_codes_are_those_of_the_peer() {
    let Some(peer) = peer::for_test() else { return };
    // It says nothing about unknown options of engines.
    let spoken: Vec<_> = CODES.iter().copied().filter(|(words, _)| !words.contains(',')).collect();
    let others = others(&peer, &spoken);
    assert!(others.is_empty(), "{}", others.join("\n"));
}

#[track_caller]
fn check_shown(program: &Program, words: &str, expected: &str) {
    let scratch = Scratch::new("showcmd").unwrap();
    for (name, text) in FILES {
        std::fs::write(scratch.path().join(name), text).unwrap();
    }
    let run = program.run(scratch.path(), words.split_whitespace()).unwrap();
    assert_eq!((run.code(), &*run.stdout, &*run.stderr), (0, expected, ""), "{words}");
}

#[test]
fn job_files_are_shown_as_commands() {
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    check_shown(&ours, "--showcmd", "");
    check_shown(&ours, "--showcmd a.fio", "fiord --name=a --ioengine=null --size=4k\n");
    check_shown(
        &ours,
        "--showcmd a.fio --section=c two.fio --readonly",
        "fiord --readonly\nfiord --readonly --ioengine=null --size=4k --name=c\n",
    );
    check_shown(
        &ours,
        "--showcmd --bs=2k --name=q --size=8k a.fio global.fio",
        "fiord --bs=2k --name=q --size=8k --name=a --ioengine=null --size=4k\n\
         fiord --ioengine=null --size=4k\n",
    );
    check_shown(
        &ours,
        "--showcmd odd.fio",
        "fiord --kb_base=1000 --thread --name='it'\\''s a' --unit_base=8 --bs=4k --ioengine=libaio \
         --size=1m --filename=' x y' --userspace_reap --name='global more' --rw=write --name=c \
         --description='\"$HOME\" `x`' --size=1m\n",
    );
}

/// Called by another name, the program shows that one.
#[test]
fn commands_begin_with_the_name_of_the_program() {
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    let scratch = Scratch::new("showcmd-fio").unwrap();
    let fio = scratch.path().join("fio");
    std::os::unix::fs::symlink(&ours.path, &fio).unwrap();
    check_shown(
        &Program::new("fio", fio),
        "--showcmd a.fio",
        "fio --name=a --ioengine=null --size=4k\n",
    );
}
