//! Whatever is typed: no panic, every finding has a place inside of its source and can be shown, and
//! there is a plan exactly if there is no error.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::sync::Arc;

use fiord_options::diagnostic::{Colors, Severity};
use fiord_options::spec::{Document, DocumentKind, Source, Spec};
use fiord_options::{Diagnostics, EngineFacts, Host, Plan, commandline, jobfile, lint, lower};
use proptest::prelude::*;

const FILE: &str = "bs=4k\ninclude more\n[section]\nrw=read\n";

fn with_host<T>(f: impl FnOnce(&Host<'_>) -> T) -> T {
    f(&Host {
        page_size: 4096,
        cpus: 4,
        last_cpu: 3,
        last_node: 0,
        memory_bytes: 1 << 30,
        env: &|name| (name.len() % 2 == 0).then(|| "a=1,2:3;#".into()),
        read_file: &|path| match path.as_os_str().len() % 3 {
            0 => Err(std::io::ErrorKind::NotFound.into()),
            _ => Ok(FILE.into()),
        },
        engine: &|name| (name != "mmap").then(EngineFacts::default),
    })
}

fn check_findings(diagnostics: &Diagnostics) {
    for finding in diagnostics {
        finding.render(Colors::Always);
        // A note may just tell what is done.
        assert!(finding.code.is_some() || finding.severity == Severity::Note, "{finding:?}");
        if let Some(origin) = &finding.origin {
            assert!(origin.range().end <= origin.source().text.len());
            assert!(origin.line() >= 1 && origin.column() >= 1);
        }
    }
    diagnostics.render(Severity::Note, Colors::Never);
}

fn read_job_file(text: Vec<u8>) {
    with_host(|host| {
        let source = Arc::new(Source::new("random", text));
        let (document, found) = jobfile::parse(&source, Path::new("dir/random"), host);
        check_findings(&found);
        let command_line = Document::new(DocumentKind::CommandLine);
        let spec = Spec { documents: vec![command_line, document], ..Spec::default() };
        let (plan, found) = lower(&spec, host);
        assert_eq!(plan.is_none(), found.has_errors());
        check_findings(&found);
        check_findings(&lint::lint(&spec, plan.as_ref(), host));
        if let Some(plan) = plan {
            let text = serde_json::to_string(&plan).unwrap();
            assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
        }
    });
}

fn read_command_line(words: Vec<Vec<u8>>) {
    let args: Vec<OsString> = words.into_iter().map(OsString::from_vec).collect();
    with_host(|host| {
        let (invocation, read) = commandline::parse(&args, host);
        let (plan, found) = lower(&invocation.spec, host);
        assert_eq!(plan.is_none(), found.has_errors());
        check_findings(&found);
        check_findings(&lint::check(&invocation.spec, read, host));
    });
}

/// A name of the table, mostly, with a value that has the right letters, mostly.
fn option_line() -> impl Strategy<Value = String> {
    let names: Vec<&'static str> = fiord_options::table::all().map(|def| def.name).collect();
    let values = prop_oneof![
        "[0-9]{1,20}",
        "[0-9]{1,4}[kmgtpzs%]?[-:,/]?[0-9]{0,4}[km%]?",
        "-?[0-9a-fx]{1,6}",
        "[(][0-9+*/^%() -]{0,20}",
        "(read|write|randrw|randread|rw|trim|null|psync|mmap|none|1000|1024)(:[0-9-]{0,5})?",
        "[!-~]{0,12}",
    ];
    (prop::sample::select(names), prop::option::of(values)).prop_map(|(name, value)| match value {
        Some(value) => format!("{name}={value}"),
        None => name.to_owned(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_as_a_job_file(text in prop::collection::vec(any::<u8>(), 0..200)) {
        read_job_file(text);
    }

    #[test]
    fn lines_like_those_of_job_files(text in "(\\[[a-z]{0,7}\\]|[a-z_]{1,9}|=|[ \t]|\n|[;#]|\\$\\{[A-Z]{0,3}\\}|include |\\$ncpus|\\*|[0-9]{1,3}){0,40}") {
        read_job_file(text.into_bytes());
    }

    #[test]
    fn options_of_the_table_with_any_value(
        global in prop::collection::vec(option_line(), 0..4),
        job in prop::collection::vec(option_line(), 0..8),
    ) {
        let text = format!("[global]\n{}\n[a]\n{}\n[b]\n", global.join("\n"), job.join("\n"));
        read_job_file(text.into_bytes());
    }

    #[test]
    fn bytes_as_words(words in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 0..8)) {
        read_command_line(words);
    }

    #[test]
    fn words_of_switches_with_any_value(
        words in prop::collection::vec(
            (
                prop::sample::select(
                    fiord_options::table::switches().map(|def| def.name).collect::<Vec<_>>(),
                ),
                prop::option::of("[!-~]{0,9}"),
                any::<bool>(),
            ),
            0..6,
        )
    ) {
        let words = words.into_iter().flat_map(|(name, value, apart)| match value {
            Some(value) if apart => vec![format!("--{name}"), value],
            Some(value) => vec![format!("--{name}={value}")],
            None => vec![format!("--{name}")],
        });
        read_command_line(words.map(String::into_bytes).collect());
    }

    #[test]
    fn words_like_options(
        words in prop::collection::vec((0..3usize, option_line()), 0..8)
    ) {
        let words = words.into_iter().map(|(dashes, line)| {
            format!("{}{line}", &"--"[..dashes]).into_bytes()
        });
        read_command_line(words.collect());
    }
}
