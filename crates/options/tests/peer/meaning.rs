//! What jobs mean: fio's report about them and our plan say the same.

use std::ffi::OsString;
use std::process::Command;

use fiord_options::plan::JobPlan;

use crate::support::{lines, understand};
use crate::{Scratch, peer};

/// Jobs whose meaning fio shows in its report.
const MEANINGS: &str = "\
[global]
ioengine=null
size=256k
bs=8k,16k
rw=rw
[plain]
[write size]
bs=,2k
[trim size]
bs=,,1k
[old separators]
blocksize=1k:2k
[range]
bsrange=1k-4k,8k-2k
[range wins]
bsrange=4k-8k
bs=2k
[split]
bssplit=4k/50:2k,8k/:16k/10
rw=randrw
[split in three]
bssplit=4k:8k/90,2k,1k
[clones]
numjobs=3
iodepth=4
[waits]
stonewall
[same group]
description= some  text ; not this
[new group]
new_group
filename=x:y
nrfiles=3
unit_base=8
[no barrier]
stonewall=0
new_group=0
[renamed]
name=other name
[global]
rw=randtrim
bs=4k
kb_base=1000
[trims]
size=64k
norandommap
[trimwrite]
rw=trimwrite
readwrite=randwrite:4
";

#[test]
fn what_jobs_mean() {
    let Some(peer) = peer() else { return };
    let scratch = Scratch::new("peer-meaning");
    std::fs::write(scratch.0.join("first.fio"), MEANINGS).unwrap();
    std::fs::write(scratch.0.join("second.fio"), "[last]\nioengine=null\nsize=4k\n").unwrap();
    let words = ["--loops=1", "--name=typed", "--ioengine=null", "--size", "1m", "-thread"];
    let mut args: Vec<OsString> = words.map(OsString::from).to_vec();
    args.extend(["second.fio", "first.fio"].map(|name| scratch.0.join(name).into_os_string()));
    let output = Command::new(&peer)
        .args(["--output-format=json,normal"])
        .args(&args)
        .current_dir(&scratch.0)
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let (plan, diagnostics) = understand(&args, &scratch.0);
    let plan = plan.unwrap_or_else(|| panic!("{}", lines(&diagnostics)));

    let theirs: Vec<String> =
        output.lines().filter(|line| line.contains("): rw=")).map(normalised).collect();
    let ours: Vec<String> = plan.jobs.iter().map(header).collect();
    assert_eq!(ours, theirs);

    let json: String = output
        .lines()
        .skip_while(|line| *line != "{")
        .scan(true, |more, line| more.then(|| (*more = line != "}", format!("{line}\n")).1))
        .collect();
    let theirs = recorded(&json);
    let mut ours = vec![options(&plan.global_options)];
    for job in plan.jobs.iter().filter(|job| !job.given.is_empty()) {
        let entry = format!("{} in {}: {}", job.name, job.group, options(&job.given));
        ours.extend((0..job.clones).map(|_| entry.clone()));
    }
    assert_eq!(ours, theirs);
}

/// Our form of fio's line about a job.
fn header(job: &JobPlan) -> String {
    let (min, max) = (job.blocks.min.0, job.blocks.max.0);
    let range = |i: usize| format!("{}-{}", min[i], max[i]);
    format!(
        "{}: (g={}): rw={}, bs=(R) {}, (W) {}, (T) {}, ioengine={}, iodepth={}",
        job.name,
        job.group,
        job.pattern.rw.name(),
        range(0),
        range(1),
        range(2),
        job.engine.name,
        job.engine.iodepth
    )
}

/// Sizes like `16.0KiB` as plain numbers.
fn normalised(line: &str) -> String {
    let size = |word: &str| -> Option<u64> {
        let number = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let factor = match &word[number.len()..] {
            "B" => 1.0,
            "KiB" => 1024.0,
            "kB" => 1000.0,
            _ => return None,
        };
        Some((number.parse::<f64>().ok()? * factor).round() as u64)
    };
    let words = line.split(' ').map(|word| {
        let (text, comma) = word.strip_suffix(',').map_or((word, ""), |text| (text, ","));
        match text.split_once('-') {
            Some((low, high)) => match (size(low), size(high)) {
                (Some(low), Some(high)) => format!("{low}-{high}{comma}"),
                _ => word.to_owned(),
            },
            None => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Options without value are left out: older releases of fio do not report them.
fn options(list: &[(String, String)]) -> String {
    list.iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| format!("{name}={text}"))
        .collect::<Vec<_>>()
        .join("|")
}

/// The options in fio's JSON, read by lines because keys repeat: first the global ones, then
/// `name in group: options` of each job.
fn recorded(json: &str) -> Vec<String> {
    let text = |line: &str| -> Option<(String, String)> {
        let (name, value) = line.trim().trim_end_matches(',').split_once(" : ")?;
        Some((name.trim_matches('"').to_owned(), value.trim_matches('"').to_owned()))
    };
    let mut all = Vec::new();
    let (mut name, mut group) = (String::new(), String::new());
    let mut lines = json.lines();
    while let Some(line) = lines.next() {
        match text(line) {
            Some((key, value)) if key == "jobname" => name = value,
            Some((key, value)) if key == "groupid" => group = value,
            Some((key, _)) if key == "global options" || key == "job options" => {
                let block = lines.by_ref().take_while(|line| !line.trim().starts_with('}'));
                let list = options(&block.filter_map(text).collect::<Vec<_>>());
                let job = key == "job options";
                all.push(if job { format!("{name} in {group}: {list}") } else { list });
            }
            _ => {}
        }
    }
    all
}
