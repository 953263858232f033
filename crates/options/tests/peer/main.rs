//! The same words to fio and to us: both accept them, or both refuse them, and the command line that
//! fio makes of a job file means to us what the job file means.
//!
//! The peer is the newest fio that is at hand. Without one the tests say so and pass,
//! unless `FIORD_REQUIRE_PEER=1` is set. Starting fio is what takes time here: files that we accept are
//! given to it many at once.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod differences;
mod meaning;
mod snippets;
mod support;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use differences::{
    LINES_DIFFER, RUNS_DIFFER, VERDICTS_DIFFER, WORDS_DIFFER, lists, refused_at_start, settle,
};
use fiord_options::Diagnostics;
use fiord_options::diagnostic::Severity;
use fiord_options::showcmd::command_lines;
use support::{
    ENVIRONMENT, fio_words, invocation, lines, meaning_of, shell_words, understand, without_words,
};

fn peer() -> Option<OsString> {
    xtask::peer::for_test().map(|peer| peer.path.into())
}

/// A directory of its own that is removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("fiord-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> OsString {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.into_os_string()
    }

    /// What the snippets include and name.
    fn furnish(&self) {
        for (name, text) in [
            ("part.inc", "bs=8k\niodepth=2\n"),
            ("sub/outer.inc", "rw=write\ninclude inner.inc\n"),
            ("sub/inner.inc", "bs=2k\n"),
            ("section.inc", "[x]\n"),
            ("broken.inc", "bs=x\n"),
            ("empty.inc", "; nothing\n"),
            ("pattern.bin", "0123456789"),
            ("good.fio", "[good]\nioengine=null\nsize=4k\n"),
            ("bad.fio", "[bad]\nioengine=null\nsize=x\n"),
            ("dropped.fio", "[good]\nioengine=null\nsize=4k\n[dropped]\nnosuchoption=1\n"),
        ] {
            self.file(name, text);
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What fio makes of its words. A fio that does not end is stopped.
fn ask(peer: &OsString, words: &[OsString], directory: &Path) -> Output {
    Command::new("timeout")
        .arg("20")
        .arg(peer)
        .args(words)
        .current_dir(directory)
        .envs(ENVIRONMENT.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn accepts(peer: &OsString, words: &[OsString], directory: &Path) -> bool {
    ask(peer, &parse_only(words), directory).status.success()
}

fn parse_only(words: &[OsString]) -> Vec<OsString> {
    std::iter::once("--parse-only".into()).chain(words.iter().cloned()).collect()
}

/// Calls `work` for each index on several threads; results in order.
fn on_threads<T: Send>(threads: usize, count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new((0..count).map(|_| None).collect::<Vec<Option<T>>>());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        break;
                    }
                    let result = work(index);
                    results.lock().unwrap()[index] = Some(result);
                }
            });
        }
    });
    results.into_inner().unwrap().into_iter().map(Option::unwrap).collect()
}

/// A job file that both sides read.
struct Case {
    /// The snippet that it is made of.
    title: &'static str,
    file: OsString,
    /// We accept it.
    ours: bool,
    complaints: String,
}

/// The command line of a file, if fio accepts the file.
type Verdict = Option<Vec<u8>>;

/// What fio says about files, together if it accepts them all, else one by one.
fn verdicts(peer: &OsString, cases: &[&Case], directory: &Path) -> Vec<Verdict> {
    let show = |files: Vec<OsString>| -> Option<Vec<Vec<u8>>> {
        let words: Vec<OsString> = std::iter::once("--showcmd".into()).chain(files).collect();
        let output = ask(peer, &words, directory);
        let text = output.stdout.strip_suffix(b"\n").unwrap_or(&output.stdout);
        let lines: Vec<Vec<u8>> = text.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
        (output.status.success() && lines.len() + 1 == words.len()).then_some(lines)
    };
    let together = || -> Option<Vec<Vec<u8>>> {
        let files: Vec<OsString> = cases.iter().map(|case| case.file.clone()).collect();
        accepts(peer, &files, directory).then(|| show(files)).flatten()
    };
    if cases.len() > 1
        && let Some(lines) = together()
    {
        return lines.into_iter().map(Some).collect();
    }
    let alone = |case: &&Case| {
        let files = vec![case.file.clone()];
        let accepted = accepts(peer, &files, directory);
        accepted.then(|| show(files).map_or(Vec::new(), |mut lines| lines.swap_remove(0)))
    };
    cases.iter().map(alone).collect()
}

/// Most files that fio is given at once.
const AT_ONCE: usize = 40;

#[test]
fn job_files() {
    let Some(peer) = peer() else { return };
    let scratch = Scratch::new("peer-files");
    scratch.furnish();
    let of_lines = snippets::job_lines()
        .map(|lines| (lines, format!("[a]\nioengine=null\nsize=1m\n{lines}\n")));
    let of_files = snippets::FILES.iter().map(|text| (*text, (*text).to_owned()));
    let cases: Vec<Case> = of_lines
        .chain(of_files)
        .enumerate()
        .map(|(index, (title, text))| {
            let file = scratch.file(&format!("{index}.fio"), text);
            let (plan, found) = understand(&parse_only(std::slice::from_ref(&file)), &scratch.0);
            Case { title, file, ours: plan.is_some(), complaints: lines(&found) }
        })
        .collect();
    assert!(cases.len() >= 300);

    let (accepted, refused): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| case.ours);
    let known = |case: &&Case| lists(VERDICTS_DIFFER, case.title);
    let (alone, together): (Vec<&Case>, Vec<&Case>) = accepted.into_iter().partition(known);
    let chunks: Vec<&[&Case]> =
        together.chunks(AT_ONCE).chain(alone.chunks(1)).chain(refused.chunks(1)).collect();
    let answers = on_threads(2, chunks.len(), |index| verdicts(&peer, chunks[index], &scratch.0));

    let mut verdicts_differ = Vec::new();
    let mut lines_differ = Vec::new();
    let mut ours_differ = Vec::new();
    for (case, verdict) in chunks.into_iter().flatten().zip(answers.into_iter().flatten()) {
        let detail = format!("peer {}, we {}\n{}", verdict.is_some(), case.ours, case.complaints);
        match verdict {
            Some(line) if case.ours => {
                let expected =
                    understand(std::slice::from_ref(&case.file), &scratch.0).0.map(without_words);
                if let Some(ours) = our_line(&case.file, &scratch.0) {
                    let (again, found) = meaning_of(shell_words(&ours), &scratch.0);
                    if expected != again {
                        ours_differ.push(shown(&ours, &found));
                    }
                }
                let (again, found) = meaning_of(fio_words(&line), &scratch.0);
                if expected != again {
                    lines_differ.push((case.title, shown(&line, &found)));
                }
            }
            verdict if verdict.is_some() != case.ours => verdicts_differ.push((case.title, detail)),
            _ => {}
        }
    }
    assert!(ours_differ.is_empty(), "{}", ours_differ.join("\n"));
    settle("verdicts", &verdicts_differ, VERDICTS_DIFFER);
    settle("command lines", &lines_differ, LINES_DIFFER);
}

/// Our command line of a file, if there is one that means what the file means.
fn our_line(file: &OsString, directory: &Path) -> Option<Vec<u8>> {
    let (invocation, _) = invocation(std::slice::from_ref(file), directory);
    let (line, found) = command_lines(&invocation.spec, "fio");
    (!found.has_errors()).then_some(line)
}

fn shown(line: &[u8], found: &Diagnostics) -> String {
    format!("{}\n{}", String::from_utf8_lossy(line).trim_end(), lines(found))
}

#[test]
fn words_of_the_command_line() {
    let Some(peer) = peer() else { return };
    let scratch = Scratch::new("peer-words");
    scratch.furnish();
    let answers = on_threads(2, snippets::WORDS.len(), |index| {
        let words = snippets::WORDS[index];
        let args: Vec<OsString> = "--name=a --size=1m --ioengine=null"
            .split(' ')
            .chain(words.split(' '))
            .map(OsString::from)
            .collect();
        let (plan, found) = understand(&parse_only(&args), &scratch.0);
        let theirs = accepts(&peer, &args, &scratch.0);
        let detail = format!("peer {theirs}, we {}\n{}", plan.is_some(), lines(&found));
        (plan.is_some() != theirs).then_some((words, detail))
    });
    let differ: Vec<_> = answers.into_iter().flatten().collect();
    settle("words", &differ, WORDS_DIFFER);
}

/// Whether fio begins to run a job shows whether its options fit together.
#[test]
fn options_that_must_fit_together() {
    let Some(peer) = peer() else { return };
    let scratch = Scratch::new("peer-runs");
    let starts = |index: usize, lines_of_job: &str| {
        let text = match lines_of_job.starts_with('[') {
            true => lines_of_job.to_owned(),
            false => format!("[a]\nioengine=null\nsize=1m\n{lines_of_job}\n"),
        };
        let file = scratch.file(&format!("{index}/job.fio"), text);
        let directory = scratch.0.join(index.to_string());
        let found = understand(std::slice::from_ref(&file), &directory).1;
        let output = ask(&peer, &["--output-format=terse".into(), file], &directory);
        (output, found)
    };
    let refused = refused_at_start();
    let count = snippets::RUNS.len() + refused.len();
    let answers = on_threads(8, count, |index| {
        if let Some(refused) = index.checked_sub(snippets::RUNS.len()).map(|at| refused[at]) {
            let (output, _) = starts(index, refused);
            return output.status.success().then(|| (refused, "fio runs it".to_owned()));
        }
        let lines_of_job = snippets::RUNS[index];
        let (output, found) = starts(index, lines_of_job);
        let theirs = output.status.success();
        let ours = !found.has_errors();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let detail = format!("peer {theirs}, we {ours}\n{said}{}", lines(&found));
        // What is not built yet does not run either, whatever else it has to fit with.
        let undecided = !theirs && found.has(Severity::Unbuilt);
        (ours != theirs && !undecided).then_some((lines_of_job, detail))
    });
    let differ: Vec<_> = answers.into_iter().flatten().collect();
    settle("runs", &differ, RUNS_DIFFER);
}
