//! The documents that the program makes about itself: the committed ones are those of this program,
//! the man page has no mistakes, and shells complete what they should.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::process::{Command, Stdio};

use xtask::generate;
use xtask::program::{Program, Run, Scratch, project_root};

fn fiord() -> Program {
    Program::under_test(env!("CARGO_BIN_EXE_fiord"))
}

fn run(words: &[&str]) -> Run {
    fiord().run(&std::env::temp_dir(), words).unwrap()
}

#[test]
fn committed_documents_are_those_of_the_program() {
    let (wanted, committed) =
        (generate::documents(&fiord()).unwrap(), generate::committed().unwrap());
    let mut stale = Vec::new();
    for path in wanted.keys().chain(committed.keys()) {
        if wanted.get(path) != committed.get(path) && !stale.contains(path) {
            stale.push(path.clone());
        }
    }
    assert!(stale.is_empty(), "`cargo xtask generate` has to be run and committed: {stale:?}");
}

#[test]
fn documents_are_the_same_each_time() {
    assert_eq!(generate::documents(&fiord()).unwrap(), generate::documents(&fiord()).unwrap());
}

/// The output of a tool for a document, or `None` with a word of why it is skipped.
fn tool(name: &str, arguments: &[&str]) -> Option<(bool, String)> {
    let mut command = Command::new(name);
    command.args(arguments).stdin(Stdio::null()).env("LC_ALL", "C.UTF-8");
    // Debian's man leaves out warnings otherwise.
    command.env("MANROFFSEQ", "").env("MANWIDTH", "80").env("MAN_KEEP_STDERR", "1");
    match command.output() {
        Ok(output) => {
            let texts = [output.stderr, output.stdout].map(|t| String::from_utf8(t).unwrap());
            Some((output.status.success(), texts.concat()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("skipped: there is no {name}");
            None
        }
        Err(error) => panic!("{name}: {error}"),
    }
}

fn man_page(scratch: &Scratch) -> String {
    let path = scratch.path().join("fiord.1");
    std::fs::write(&path, run(&["man"]).stdout).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_man_page_renders_without_warnings() {
    let scratch = Scratch::new("man").unwrap();
    let page = man_page(&scratch);
    // `-Z` keeps the formatter's own output short: what is left on stderr are the warnings.
    let script = format!("man --warnings -E UTF-8 -l -Tutf8 -Z '{page}' >/dev/null");
    if tool("man", &["--version"]).is_some() {
        let (success, text) = tool("sh", &["-c", &script]).unwrap();
        assert!(success && text.is_empty(), "{text}");
        let (_, text) = tool("man", &["-l", &page]).unwrap();
        for part in
            ["--output-format=FORMAT", "iodepth_batch_complete_min=N", "EXIT STATUS", "SEE ALSO"]
        {
            assert!(text.contains(part), "{part} is missing");
        }
    }
    if let Some((_, text)) = tool("mandoc", &["-Tlint", "-Wwarning", &page]) {
        // The page is the same whenever it is made, so it bears no date.
        let faults: Vec<&str> =
            text.lines().filter(|line| !line.contains("missing date")).collect();
        assert!(faults.is_empty(), "{faults:?}");
    }
}

#[test]
fn the_man_page_has_every_option_and_switch() {
    let page = run(&["man"]).stdout.replace("\\-", "-");
    let list = run(&["--cmdhelp"]).stdout;
    let names = list
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_whitespace().next());
    let mut count = 0;
    for name in names {
        assert!(page.contains(&format!("\\fB{name}\\fR")), "{name} is not in the man page");
        count += 1;
    }
    assert!(count > 200, "{count}");
    for section in ["NAME", "SYNOPSIS", "COMMANDS", "SWITCHES", "JOB FILES", "ENGINES"] {
        assert!(
            page.contains(&format!(".SH {section}\n"))
                || page.contains(&format!(".SH \"{section}\"\n"))
        );
    }
}

/// What bash offers for a line whose words are these; the last one is being typed.
fn offered_by_bash(words: &[&str]) -> Vec<String> {
    const SCRIPT: &str = "source \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1))
        _fiord fiord \"${COMP_WORDS[COMP_CWORD]}\" ''; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let scratch = Scratch::new("bash").unwrap();
    let script = scratch.path().join("fiord.bash");
    std::fs::write(&script, run(&["completions", "bash"]).stdout).unwrap();
    let mut arguments = vec!["--norc", "-uc", SCRIPT, "bash", script.to_str().unwrap()];
    arguments.extend(words);
    let (success, text) = tool("bash", &arguments).expect("bash is needed for tests");
    assert!(success, "{text}");
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_options_and_values() {
    let is =
        |words: &[&str], offers: &[&str]| assert_eq!(offered_by_bash(words), offers, "{words:?}");
    is(&["fiord", "comp"], &["completions"]);
    is(&["fiord", "completions", "z"], &["zsh"]);
    is(&["fiord", "quick", "--r"], &["--runtime="]);
    is(&["fiord", "quick", "--output-format", "=", "j"], &["json", "json+"]);
    is(&["fiord", "quick", "--io"], &[]);
    // Commands that take jobs complete their options, too.
    is(&["fiord", "check", "--deny"], &["--deny-warnings"]);
    is(&["fiord", "check", "--ioeng"], &["--ioengine="]);
    is(&["fiord", "check", "--format", "=", "j"], &["json"]);
    is(&["fiord", "--ioeng"], &["--ioengine="]);
    is(&["fiord", "--time_b"], &["--time_based"]);
    is(&["fiord", "--blocksize_u"], &["--blocksize_unaligned"]);
    let random = ["randread", "randwrite", "randtrim", "randrw", "randtrimwrite"];
    is(&["fiord", "--name", "=", "a", "--rw", "=", "rand"], &random);
    // Where `=` does not end a word, the whole word is replaced.
    is(&["fiord", "--ioengine=psy"], &["--ioengine=psync"]);
    is(&["fiord", "--fallocate", "="], &["none", "native", "posix", "keep", "truncate", "0", "1"]);
    is(&["fiord", "--output-format", "=", "normal,j"], &["normal,json", "normal,json+"]);
    is(&["fiord", "--enghelp", "=", "io_"], &["io_uring", "io_uring_cmd"]);
    is(&["fiord", "--cmdhelp", "=", "bs_"], &["bs_unaligned", "bs_is_seq_rand"]);
    // Files are left to bash.
    is(&["fiord", "--filename", "=", "/de"], &[]);
    is(&["fiord", "job.f"], &[]);
}

#[test]
fn bash_completes_options_of_the_engine_of_the_line() {
    assert!(offered_by_bash(&["fiord", "--hipri_p"]).is_empty());
    let line = ["fiord", "--name=a", "--ioengine=pvsync2", "--hipri_p"];
    assert_eq!(offered_by_bash(&line), ["--hipri_percentage="]);
    let line = ["fiord", "--name", "=", "a", "--ioengine", "=", "pvsync2", "--hipri_p"];
    assert_eq!(offered_by_bash(&line), ["--hipri_percentage="]);
}

#[test]
fn zsh_completes() {
    // The functions of the completion system are replaced by ones that print.
    const SCRIPT: &str = r#"
        compdef() { : }
        compset() { [[ $1 == -P ]] && PREFIX=${PREFIX#$~2} }
        compadd() { while [[ $1 != -- ]]; do shift; done; shift; print -l -- $@ }
        _describe() { [[ $1 == -t ]] && shift; shift; print -l -- ${(P)2} }
        _files() { print files }
        source $1; shift
        words=($@) CURRENT=$# PREFIX=${@[-1]}
        _fiord
    "#;
    let scratch = Scratch::new("zsh").unwrap();
    let script = scratch.path().join("_fiord");
    std::fs::write(&script, run(&["completions", "zsh"]).stdout).unwrap();
    let script = script.to_str().unwrap();
    let Some((success, text)) = tool("zsh", &["-n", script]) else { return };
    assert!(success, "{text}");
    let offered = |words: &[&str]| {
        let mut arguments = vec!["-fc", SCRIPT, "zsh", script];
        arguments.extend(words);
        let (success, text) = tool("zsh", &arguments).unwrap();
        assert!(success, "{words:?}: {text}");
        text
    };
    assert!(offered(&["fiord", "--rw=rand"]).contains("randread:random reads\n"));
    assert!(offered(&["fiord", "--ioeng"]).contains("\n--ioengine:"));
    assert!(offered(&["fiord", "--output=x"]).contains("files"));
    assert!(offered(&["fiord", "com"]).contains("completions:"));
    assert!(offered(&["fiord", "completions", "z"]).contains("zsh\n"));
    assert_eq!(offered(&["fiord", "quick", "--output-format=j"]), "normal\njson\njson+\n");
    assert!(!offered(&["fiord", "quick", "--io"]).contains("--ioengine"));
    assert!(offered(&["fiord", "--ioengine=pvsync2", "--h"]).contains("--hipri_percentage:"));
    assert!(!offered(&["fiord", "--ioengine=psync", "--h"]).contains("--hipri_percentage:"));
}

#[test]
fn fish_completes() {
    let scratch = Scratch::new("fish").unwrap();
    let script = scratch.path().join("fiord.fish");
    std::fs::write(&script, run(&["completions", "fish"]).stdout).unwrap();
    let script = script.to_str().unwrap();
    let Some((success, text)) = tool("fish", &["-n", script]) else { return };
    assert!(success, "{text}");
    let offered = |line: &str| {
        let commands = format!("source {script}; complete -C '{line}'");
        let (success, text) = tool("fish", &["--no-config", "-c", &commands]).unwrap();
        assert!(success, "{text}");
        text
    };
    assert!(offered("fiord --rw=rand").contains("--rw=randread\trandom reads\n"));
    assert!(offered("fiord --ioeng").contains("--ioengine\t"));
    assert!(offered("fiord comp").contains("completions\t"));
    assert!(offered("fiord completions z").contains("zsh"));
    assert!(offered("fiord quick --output-format=j").contains("--output-format=json"));
    assert_eq!(offered("fiord quick --ioeng"), "");
    assert!(offered("fiord --ioengine=pvsync2 --hip").contains("--hipri_percentage\t"));
    assert!(!offered("fiord --ioengine=psync --hip").contains("--hipri_percentage"));
}

#[test]
fn commands_explain_themselves() {
    let scratch = Scratch::new("commands").unwrap();
    let script = scratch.path().join("fiord.bash");
    std::fs::write(&script, run(&["completions", "bash"]).stdout).unwrap();
    let script = script.to_str().unwrap();
    let usage = run(&["--help"]).stdout;
    let page = run(&["man"]).stdout.replace("\\-", "-");
    let commands = usage.lines().filter_map(|line| line.strip_prefix("  fiord "));
    let mut count = 0;
    for line in commands {
        let name = line.split_whitespace().next().unwrap();
        let help = run(&[name, "--help"]);
        assert_eq!(help.code(), 0, "{name}: {}", help.stderr);
        assert!(help.stdout.starts_with(&format!("Usage: fiord {name}")), "{}", help.stdout);
        assert!(page.contains(&format!("\\fBfiord {name} \\fR")), "{name}");
        // The switches that are completed are those that are explained.
        let ask = "source \"$1\"; _fiord_switches_of \"$2\"";
        let (_, switches) = tool("bash", &["--norc", "-c", ask, "bash", script, name]).unwrap();
        for switch in switches.split_whitespace().filter(|switch| *switch != "--help") {
            assert!(help.stdout.contains(switch), "{name} {switch}");
        }
        count += 1;
    }
    assert!(count >= 4, "{usage}");
}

#[test]
fn wrong_words_are_refused() {
    for words in [&["completions"][..], &["completions", "csh"], &["man", "x"], &["reference"]] {
        let run = run(words);
        assert_eq!((run.code(), run.stdout.as_str()), (1, ""), "{words:?}");
        assert!(run.stderr.starts_with("fiord: "), "{}", run.stderr);
    }
    let missing = run(&["reference", "/nonexistent/place"]);
    assert_eq!(missing.code(), 1);
    assert!(missing.stderr.contains("/nonexistent/place/README.md"), "{}", missing.stderr);
}

/// The examples of a document: lines that are indented by four blanks, together where they follow
/// each other.
fn examples(text: &str) -> Vec<String> {
    let mut examples: Vec<String> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match line.strip_prefix("    ") {
            Some(line) if inside => {
                let last = examples.last_mut().unwrap();
                last.push_str(line);
                last.push('\n');
            }
            Some(line) => examples.push(format!("{line}\n")),
            None => {}
        }
        inside = line.starts_with("    ");
    }
    examples
}

/// Options in examples are spelled correctly, and their values are values.
#[test]
fn examples_in_descriptions_are_understood() {
    let scratch = Scratch::new("examples").unwrap();
    std::fs::write(scratch.path().join("pattern.bin"), "abc").unwrap();
    let mut count = 0;
    let details = project_root().join("crates/options/src/table/details");
    for entry in std::fs::read_dir(details).unwrap() {
        let path = entry.unwrap().path();
        for example in examples(&std::fs::read_to_string(&path).unwrap()) {
            // Switches, and lines of other files.
            if example.starts_with("--") || !example.contains('=') {
                continue;
            }
            let job = match example.starts_with('[') {
                true => format!("[global]\nsize=1g\n{example}"),
                false => format!("[job]\nsize=1g\n{example}"),
            };
            std::fs::write(scratch.path().join("job.fio"), job).unwrap();
            let run = fiord().run(scratch.path(), ["--parse-only", "job.fio"]).unwrap();
            assert_eq!(run.code(), 0, "{}: {example}{}", path.display(), run.stderr);
            count += 1;
        }
    }
    assert!(count >= 12, "{count}");
}

/// Job files of the guide are accepted, and mean what the guide says.
#[test]
fn examples_of_the_guide_are_understood() {
    let scratch = Scratch::new("guide").unwrap();
    let guide = std::fs::read_to_string(project_root().join("docs/job-language.md")).unwrap();
    for file in ["machine.inc", "workload.inc"] {
        std::fs::write(scratch.path().join(file), "bs=4k\n").unwrap();
    }
    let mut count = 0;
    for example in examples(&guide) {
        let words: Vec<&str> = example.split_whitespace().collect();
        let run = match words.as_slice() {
            ["fiord", words @ ..] => {
                let words = [words, &["--parse-only"]].concat();
                fiord().run(scratch.path(), words).unwrap()
            }
            [first, ..]
                if first.starts_with('[') || first.starts_with(';') || first.contains('=') =>
            {
                let job = match example.contains('[') {
                    true => format!("[global]\nsize=1g\n{example}"),
                    false => format!("[job]\nsize=1g\n{example}"),
                };
                std::fs::write(scratch.path().join("job.fio"), job).unwrap();
                fiord().run(scratch.path(), ["--parse-only", "job.fio"]).unwrap()
            }
            // The message that is shown.
            _ => continue,
        };
        assert_eq!(run.code(), 0, "{example}{}", run.stderr);
        count += 1;
    }
    assert!(count >= 6, "{count}");
}

/// Links of the pages lead to files and headings that are there.
#[test]
fn links_of_the_reference_lead_somewhere() {
    let documents = generate::documents(&fiord()).unwrap();
    let directory = Path::new("docs/reference");
    for (path, text) in documents.iter().filter(|(path, _)| path.starts_with(directory)) {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            if file.starts_with("../") {
                assert!(project_root().join(directory).join(file).exists(), "{link}");
                continue;
            }
            let target = if file.is_empty() { path.clone() } else { directory.join(file) };
            let page = documents.get(&target).unwrap_or_else(|| panic!("{link} in {path:?}"));
            let anchor = |line: &str| {
                let title = line.trim_start_matches('#').trim().to_lowercase();
                line.starts_with('#') && title.replace(' ', "-") == heading
            };
            assert!(heading.is_empty() || page.lines().any(anchor), "{link} in {path:?}");
        }
    }
}
