//! The sequence of requests is the one that fio issues for the same job: a comparison with the log
//! of an installed fio, over the cases of `data/cases.txt`. `FIORD_PEER_CASES=text` restricts it to
//! the cases that contain the text.
//!
//! The peer is the newest fio that is at hand. Without one the test says so and
//! passes, unless `FIORD_REQUIRE_PEER=1`.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use fiord_base::random::StreamSeeds;
use fiord_options::plan::{DataPlan, RandomGenerator};
use fiord_workload::{Filler, Shape, Target};

/// Jobs per run of the peer.
const JOBS_PER_RUN: usize = 40;

fn cases() -> Vec<&'static str> {
    include_str!("data/cases.txt")
        .lines()
        .map(|line| line.trim_start_matches(support::GOLDEN_MARK).trim())
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

/// Runs the cases and returns the entries of each clone: (case, clone number) to entries.
fn run(peer: &Path, dir: &Path, cases: &[&str]) -> BTreeMap<(usize, u32), Vec<String>> {
    let mut job = String::from("[global]\nioengine=null\nthread\nallow_mounted_write=0\n");
    for (index, case) in cases.iter().enumerate() {
        writeln!(job, "[c{index}]\nwrite_iolog={}", dir.join(format!("{index}.log")).display())
            .unwrap();
        let plan = support::plan(case);
        if case.contains("random_distribution") {
            // Names count, and should not depend on the other cases.
            writeln!(job, "filename_format=job.$jobnum.$filenum").unwrap();
        }
        if let Some(size) = support::present(case) {
            let engine = if plan.engine.iodepth > 1 { "libaio" } else { "psync" };
            writeln!(job, "ioengine={engine}").unwrap();
            for (clone, file) in
                (0..plan.clones).flat_map(|c| (0..plan.files.count).map(move |f| (c, f)))
            {
                let name = format!("c{index}.{clone}.{file}");
                std::fs::File::create(dir.join(name)).unwrap().set_len(size).unwrap();
            }
        }
        for option in case.split_whitespace().filter(|option| !option.starts_with("present=")) {
            writeln!(job, "{option}").unwrap();
        }
    }
    let path = dir.join("job.fio");
    std::fs::write(&path, job).unwrap();
    let output = Command::new(peer)
        .arg("--output=/dev/null")
        .arg(&path)
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    if !output.status.success() {
        println!("peer: {}", String::from_utf8_lossy(&output.stderr));
    }
    let mut logs = BTreeMap::new();
    for index in 0..cases.len() {
        let text = std::fs::read_to_string(dir.join(format!("{index}.log"))).unwrap_or_default();
        // Each clone begins with the header.
        for line in text.lines().filter(|line| !line.starts_with("fio version")) {
            let mut words = line.split(' ');
            let (Some(_), Some(name), Some(action)) = (words.next(), words.next(), words.next())
            else {
                panic!("case {index}: bad line {line}");
            };
            let mut parts = name.rsplit('.');
            let file = parts.next().unwrap();
            let clone: u32 = parts.next().unwrap().parse().unwrap();
            let list: &mut Vec<String> = logs.entry((index, clone)).or_default();
            if action != "add" {
                let rest: String = words.flat_map(|word| [" ", word]).collect();
                list.push(format!("{file} {action}{rest}"));
            }
        }
    }
    logs
}

/// The targets of a case: labels, or files that are there with `present=` bytes.
fn target(case: &str) -> Target {
    match support::present(case) {
        Some(size) => Target::File(size),
        None => Target::Label,
    }
}

/// The first difference of two lists, with what is around it.
fn difference(ours: &[String], theirs: &[String]) -> Option<String> {
    let at = (0..ours.len().max(theirs.len())).find(|i| ours.get(*i) != theirs.get(*i))?;
    let window = |list: &[String]| {
        let from = at.saturating_sub(6).min(list.len());
        list[from..(at + 4).min(list.len())].join("; ")
    };
    Some(format!("entry {at}\n  ours   {}\n  theirs {}", window(ours), window(theirs)))
}

fn forget_place_of_flush(entry: &mut String) {
    if entry.contains("sync") {
        let end = entry.match_indices(' ').nth(1).map_or(entry.len(), |(at, _)| at);
        entry.truncate(end);
    }
}

/// Runs the cases under both and hands the entries of each clone to `check`: case, clone number,
/// thread number, ours, theirs.
fn both(peer: &Path, cases: &[&str], mut check: impl FnMut(&str, u32, u32, &[String], &[String])) {
    let top = std::env::temp_dir().join(format!("fiord-peer-{}", std::process::id()));
    // Apart, because a null engine of depth 1 makes those of other jobs in the process inline, too.
    let (queued, inline): (Vec<&str>, Vec<&str>) =
        cases.iter().partition(|case| support::plan(case).engine.iodepth > 1);
    let chunks = inline.chunks(JOBS_PER_RUN).chain(queued.chunks(JOBS_PER_RUN));
    for (index, chunk) in chunks.enumerate() {
        let dir = top.join(index.to_string());
        std::fs::create_dir_all(&dir).unwrap();
        let mut logs = run(peer, &dir, chunk);
        let mut thread_number = 1;
        for (index, case) in chunk.iter().enumerate() {
            let plan = support::plan(case);
            for clone in 0..plan.clones {
                let number = plan.clone_number(clone);
                let mut theirs = logs.remove(&(index, number)).unwrap_or_default();
                let mut limit = 1 << 22;
                if plan.limits.time_based {
                    // Time ended it, at any point.
                    let last = theirs.iter().rposition(|entry| support::is_request(entry));
                    limit = last.map_or(0, |last| last + 1);
                    theirs.truncate(limit);
                }
                let target = target(case);
                let mut ours = support::entries(&plan, number, thread_number, target, limit);
                if plan.engine.iodepth > 1 {
                    // The peer notes a request once more when its queue was full at first, and a
                    // flush with the place of whatever was in its slot before.
                    for entries in [&mut ours, &mut theirs] {
                        entries.iter_mut().for_each(forget_place_of_flush);
                        entries.dedup();
                    }
                }
                check(case, number, thread_number, &ours, &theirs);
                thread_number += 1;
            }
        }
    }
    std::fs::remove_dir_all(&top).unwrap();
}

#[test]
fn sequences_are_those_of_the_peer() {
    let Some(peer) = xtask::peer::for_test().map(|peer| peer.path) else { return };
    let only = std::env::var("FIORD_PEER_CASES").unwrap_or_default();
    let cases: Vec<&str> = cases().into_iter().filter(|case| case.contains(&only)).collect();
    let mut failures = Vec::new();
    both(&peer, &cases, |case, clone, _, ours, theirs| {
        if let Some(text) = difference(ours, theirs) {
            failures.push(format!("{case} [clone {clone}]: {text}"));
        }
    });
    assert!(failures.is_empty(), "{} differences\n{}", failures.len(), failures.join("\n"));
    println!("{} cases", cases.len());
}

/// The bytes of one file that the peer writes with the given options, 4 KiB at a time.
fn peer_data(peer: &Path, options: &str) -> Vec<u8> {
    let name = options.replace(|c: char| !c.is_ascii_alphanumeric(), "");
    let file = std::env::temp_dir().join(format!("fiord-data-{}-{name}", std::process::id()));
    let status = Command::new(peer)
        .args(["--name=d", "--thread", "--output=/dev/null", "--ioengine=psync", "--size=48k"])
        .args(options.split(' ').map(|option| format!("--{option}")))
        .arg(format!("--filename={}", file.display()))
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{options}");
    let data = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    data
}

#[test]
fn buffers_hold_the_bytes_of_the_peer() {
    let Some(peer) = xtask::peer::for_test().map(|peer| peer.path) else { return };
    let seeds = StreamSeeds::derive(0x89, 1);
    let filler = |refill, generator| {
        let plan = DataPlan { refill, ..DataPlan::default() };
        Filler::new(&plan, generator, true, &seeds, &Shape::default()).unwrap()
    };
    for (word, generator) in [
        ("tausworthe", RandomGenerator::Tausworthe),
        ("tausworthe64", RandomGenerator::Tausworthe64),
        ("lfsr", RandomGenerator::Lfsr),
    ] {
        let general = format!("rw=write scramble_buffers=0 random_generator={word}");
        for refill in [false, true] {
            let mut filler = filler(refill, generator);
            let mut ours = [0; 4096];
            filler.initial(&mut ours);
            let theirs = peer_data(&peer, &format!("{general} refill_buffers={}", refill as u8));
            for (index, block) in theirs.chunks(4096).enumerate() {
                filler.prepare(&mut ours, index as u64 * 4096, 0);
                assert!(ours[..] == *block, "{word}, refill {refill}, block {index}");
            }
        }
    }
    let mut ours = vec![0; 48 << 10];
    let mut laid_out = filler(false, RandomGenerator::Tausworthe);
    ours.chunks_mut(4096).for_each(|block| laid_out.contents(block));
    assert!(ours == peer_data(&peer, "rw=read"), "a file that is laid out");

    // Stamps, with the time that the peer took.
    let theirs = peer_data(&peer, "rw=write io_size=4k");
    let word = |at: usize| u64::from_ne_bytes(theirs[at..at + 8].try_into().unwrap());
    let mut ours = [0; 4096];
    filler(false, RandomGenerator::Tausworthe).initial(&mut ours);
    fiord_workload::fill::scramble(&mut ours, 0, word(48) * 1_000_000_000 + word(56));
    assert!(ours[..] == theirs[..4096], "scrambled");
}

/// Writes `data/golden.txt` anew from what the peer does.
#[test]
#[ignore = "a tool: records what tests/golden.rs compares with"]
fn record_golden() {
    let cases: Vec<&str> = support::golden_cases().collect();
    let mut text = String::from(
        "# Recorded from fio: job | clone number, thread number | entries (see support::compact)\n",
    );
    both(
        &xtask::peer::for_test().unwrap().path,
        &cases,
        |case, clone, thread_number, _, theirs| {
            let entries = support::compact(theirs);
            writeln!(text, "{case} | {clone} {thread_number} | {entries}").unwrap();
        },
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden.txt");
    std::fs::write(path, text).unwrap();
}
