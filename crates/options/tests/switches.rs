//! Every switch of fio's command line, in every form in which it can be given.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::collections::BTreeSet;
use std::ffi::OsString;

use fiord_options::commandline::{self, Invocation};
use fiord_options::diagnostic::Severity;
use fiord_options::table::{self, Scope, Status};
use fiord_options::{Diagnostics, EngineFacts, Host};

/// Values that a switch takes and values that it refuses. Switches that are not built check theirs, too.
struct Values {
    name: &'static str,
    good: &'static [&'static str],
    bad: &'static [&'static str],
}

const fn values(
    name: &'static str,
    good: &'static [&'static str],
    bad: &'static [&'static str],
) -> Values {
    Values { name, good, bad }
}

const VALUES: &[Values] = &[
    values("output", &["report.txt", "-x", "a b"], &[]),
    values("latency-log", &["prefix"], &[]),
    values("bandwidth-log", &["prefix"], &[]),
    values(
        "output-format",
        &["json", "normal,json+", "terse", "minimal", "csv,json"],
        &["xml", "", "json,", "JSON"],
    ),
    values("append-terse", &["anything"], &[]),
    values("terse-version", &["2", "3", "4", "5"], &["1", "6", "x", "", "33"]),
    values("cmdhelp", &["all", "bs", "nosuch"], &[]),
    values("enghelp", &["null", "libaio,userspace_reap"], &[]),
    values("eta", &["always", "never", "auto"], &["sometimes", ""]),
    values("eta-interval", &["1", "250ms", "2s", "1m"], &["0", "249ms", "x", "", "-1"]),
    values("eta-newline", &["1", "1ms", "1000us"], &["0", "999us", "x", ""]),
    values("status-interval", &["1", "1ms", "1h"], &["0", "999us", "x", ""]),
    values("debug", &["io", "all", "file,job:2", "help", "?"], &["nosuch", "", "job", "job:0"]),
    values("section", &["a", "b c"], &["global"]),
    values("inflate-log", &["log.fz"], &[]),
    values("alloc-size", &["16384", "0", "1m"], &["x", "-1", ""]),
    values("profile", &["tiobench"], &["nosuch", ""]),
    values("max-jobs", &["4", "0", "4096"], &["x", "-1", ""]),
    values("server", &["host,8765", ",8765", "sock:/run/fio"], &[]),
    values("daemonize", &["pid"], &[]),
    values("client", &["host", "hosts.txt"], &[]),
    values("remote-config", &["a.fio"], &[]),
    values("crctest", &["md5,crc32c", "help"], &[]),
    values("memcpytest", &["simple", "list"], &[]),
    values("idle-prof", &["system", "percpu", "calibrate"], &["nosuch", ""]),
    values("trigger-file", &["/tmp/now"], &[]),
    values("trigger-timeout", &["10", "1m", "0"], &["x", "", "-1"]),
    values("trigger", &["echo b > /proc/sysrq-trigger"], &[]),
    values("trigger-remote", &["reboot"], &[]),
    values("aux-path", &["dir", "/nonexistent", ""], &[]),
    values("server-internal", &["x"], &[]),
];

fn read(words: &[&str]) -> (Invocation, Diagnostics) {
    let host = Host {
        page_size: 4096,
        cpus: 2,
        last_cpu: 1,
        last_node: 0,
        memory_bytes: 4 << 30,
        env: &|_| None,
        read_file: &|_| Ok(b"[a]\nsize=4k\n".to_vec()),
        engine: &|_| Some(EngineFacts::default()),
    };
    let words: Vec<OsString> = words.iter().map(OsString::from).collect();
    commandline::parse(&words, &host)
}

/// What words mean, without the places at which they stand.
fn meaning(words: &[&str]) -> (String, Vec<(Severity, String)>) {
    let (mut invocation, diagnostics) = read(words);
    invocation.spec.documents.clear();
    let found = diagnostics.iter().map(|d| (d.severity, d.message.clone())).collect();
    (format!("{invocation:?}"), found)
}

fn worst(words: &[&str]) -> Option<Severity> {
    read(words).1.iter().map(|diagnostic| diagnostic.severity).max()
}

/// Rows of the list of switches: name, letter, argument.
fn rows() -> impl Iterator<Item = [&'static str; 3]> {
    let lines = include_str!("data/fio-options.txt").lines();
    lines.filter_map(|line| {
        let cells: Vec<&'static str> = line.split('|').collect();
        match cells[..] {
            ["switch", name, letter, argument, ..] => Some([name, letter, argument]),
            _ => None,
        }
    })
}

fn values_of(name: &str) -> &'static Values {
    VALUES.iter().find(|values| values.name == name).unwrap_or_else(|| panic!("values of {name}"))
}

/// The shortest beginning that means this switch and nothing else.
fn abbreviation(name: &str) -> &str {
    let on_command_line = |def: &&table::OptionDef| matches!(def.scope, Scope::Job | Scope::Switch);
    let others: BTreeSet<&str> = table::all()
        .filter(on_command_line)
        .flat_map(|def| std::iter::once(&def.name).chain(def.aliases).copied())
        .filter(|other| *other != name)
        .collect();
    let unique = |len: &usize| !others.iter().any(|other| other.starts_with(&name[..*len]));
    (2..=name.len()).find(unique).map_or(name, |len| &name[..len])
}

#[test]
fn every_form_of_a_switch_means_the_same() {
    for [name, letter, argument] in rows() {
        let long = format!("--{name}");
        let (short, one_dash) = (letter.to_owned(), format!("-{name}"));
        let abbreviated = format!("--{}", abbreviation(name));
        let values = if argument == "flag" { &[""] } else { values_of(name).good };
        for value in values {
            let attached = |switch: &str| format!("{switch}={value}");
            let forms: Vec<Vec<String>> = match argument {
                "flag" => vec![vec![long.clone()], vec![one_dash.clone()], vec![short.clone()]],
                "optional" => vec![
                    vec![attached(&long)],
                    vec![attached(&one_dash)],
                    vec![attached(&abbreviated)],
                    vec![format!("{short}{value}")],
                ],
                _ => {
                    let mut forms = vec![
                        vec![attached(&long)],
                        vec![attached(&one_dash)],
                        vec![attached(&abbreviated)],
                        vec![long.clone(), (*value).to_owned()],
                        vec![abbreviated.clone(), (*value).to_owned()],
                        vec![short.clone(), (*value).to_owned()],
                    ];
                    if !value.is_empty() {
                        forms.push(vec![format!("{short}{value}")]);
                    }
                    forms
                }
            };
            let complete = |form: &Vec<String>| {
                let mut words: Vec<&str> = form.iter().map(String::as_str).collect();
                words.push("a.fio");
                meaning(&words)
            };
            let expected = complete(&forms[0]);
            for form in &forms {
                assert_eq!(complete(form), expected, "{form:?} and {:?}", forms[0]);
            }
        }
    }
}

#[test]
fn values_are_checked_whether_or_not_a_switch_is_built() {
    for [name, _, argument] in rows().filter(|row| row[2] != "flag") {
        let status = table::switches().find(|def| def.name == name).unwrap().status;
        let expected = match status {
            Status::Ready => None,
            Status::NoOp => Some(Severity::Note),
            Status::Planned => Some(Severity::Unbuilt),
            Status::Removed { .. } | Status::Unavailable { .. } => Some(Severity::Error),
        };
        for value in values_of(name).good {
            let word = format!("--{name}={value}");
            let section_of_file = matches!(name, "section");
            let words: &[&str] = if section_of_file { &[&word] } else { &[&word, "a.fio"] };
            let found = if section_of_file { None } else { worst(words) };
            assert_eq!(found, expected, "{word}");
        }
        for value in values_of(name).bad {
            let word = format!("--{name}={value}");
            assert_eq!(worst(&[&word, "a.fio"]), Some(Severity::Error), "{word}");
        }
        let bare = format!("--{name}");
        match argument {
            "required" => {
                assert_eq!(worst(&["a.fio", &bare]), Some(Severity::Error), "{bare}");
                assert_eq!(worst(&["a.fio", &bare[1..]]), Some(Severity::Error), "{bare}");
            }
            _ => {
                // What follows is a job file and no value.
                assert_eq!(worst(&[&bare, "a.fio"]), expected, "{bare}");
            }
        }
    }
}

#[test]
fn a_flag_takes_no_value() {
    for [name, ..] in rows().filter(|row| row[2] == "flag") {
        for value in ["1", "0", ""] {
            let word = format!("--{name}={value}");
            assert_eq!(worst(&[&word, "a.fio"]), Some(Severity::Error), "{word}");
        }
    }
}

#[test]
fn the_list_of_values_has_no_strangers() {
    let names: BTreeSet<&str> = rows().map(|[name, ..]| name).collect();
    for values in VALUES {
        assert!(names.contains(values.name), "{}", values.name);
        assert!(!values.good.is_empty(), "{}", values.name);
    }
    let ours: BTreeSet<&str> = table::switches().map(|def| def.name).collect();
    assert!(names.iter().all(|name| ours.contains(name)), "{names:?} {ours:?}");
}

#[test]
fn letters_may_be_joined_up_to_the_first_value() {
    let joined = meaning(&["-mrPoout.txt", "a.fio"]);
    let apart = meaning(&["--minimal", "--readonly", "--parse-only", "--output=out.txt", "a.fio"]);
    assert_eq!(joined, apart);
}
