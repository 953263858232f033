//! What an input may cost, whatever it says: at most 64 MiB and 32 times its own size, and not more
//! allocations than grow with it. The program itself takes some of the 64 MiB.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use fiord_options::diagnostic::{Colors, Severity};
use fiord_options::{EngineFacts, Host, commandline, lower};
use fiord_sys::allocations::{CountingHeap, of_this_thread, peak_bytes};

#[global_allocator]
static HEAP: CountingHeap = CountingHeap;

/// What the program takes before it reads anything: code, stacks, tables.
const PROGRAM_MIB: u64 = 4;

/// What understanding an input took.
#[derive(Debug)]
struct Cost {
    peak_bytes: u64,
    allocations: u64,
    /// There was a plan.
    plan: bool,
    /// What was said.
    said: String,
}

/// Understands a job file that is called `j`, with these files beside it.
fn understand(text: &[u8], files: &[(&str, &[u8])]) -> Cost {
    let read = |path: &Path| {
        let other = || files.iter().find(|(name, _)| path == Path::new(name));
        match path.to_str() {
            Some("j") => Ok(text.to_vec()),
            _ => other().map(|file| file.1.to_vec()).ok_or(io::ErrorKind::NotFound.into()),
        }
    };
    let value = OsString::from("v".repeat(4096));
    let host = Host {
        page_size: 4096,
        cpus: 4,
        last_cpu: 3,
        last_node: 0,
        memory_bytes: 1 << 30,
        env: &|name: &OsStr| (name.as_bytes() == b"V").then(|| value.clone()),
        read_file: &read,
        engine: &|_| Some(EngineFacts::default()),
    };
    let before = of_this_thread();
    let (peak_bytes, (plan, said)) = peak_bytes(|| {
        let (invocation, mut diagnostics) = commandline::parse(&["j".into()], &host);
        let (plan, more) = lower(&invocation.spec, &host);
        diagnostics.extend(more);
        (plan.is_some(), diagnostics.render(Severity::Unbuilt, Colors::Never))
    });
    Cost { peak_bytes, allocations: of_this_thread() - before, plan, said }
}

/// Understands an input within its bounds.
#[track_caller]
fn within_bounds(text: &[u8]) -> Cost {
    let cost = understand(text, &[]);
    let most = ((64 - PROGRAM_MIB) << 20) + 32 * text.len() as u64;
    println!(
        "{} bytes of input: {} MiB of {} MiB, {:.1} bytes per byte, {} allocations",
        text.len(),
        cost.peak_bytes >> 20,
        most >> 20,
        cost.peak_bytes as f64 / text.len() as f64,
        cost.allocations
    );
    assert!(cost.peak_bytes <= most, "{} bytes of at most {most}", cost.peak_bytes);
    cost
}

/// Sections `[a0]`, `[a1]` .. with the same options.
fn sections(count: usize, options: &str) -> Vec<u8> {
    (0..count).map(|number| format!("[a{number}]\n{options}")).collect::<String>().into_bytes()
}

const TWENTY: &str = "rw=randread\nbs=4k\nsize=1m\niodepth=16\ndirect=1\nioengine=psync\n\
    numjobs=1\nruntime=10\ntime_based\nnorandommap\nrandrepeat=0\ngroup_reporting\nfsync=16\n\
    fallocate=none\nnrfiles=2\npercentile_list=50:90:99\nthread\ninvalidate=1\nunlink=1\n\
    directory=/tmp\n";

#[test]
fn a_hundred_thousand_sections() {
    assert!(within_bounds(&sections(100_000, "rw=read\n")).plan);
    assert!(within_bounds(&sections(100_000, TWENTY)).plan);
}

#[test]
fn sections_of_two_bytes() {
    assert!(within_bounds(&b"[]\n".repeat(110_000)).plan);
    let said = within_bounds(&b"[]\n".repeat(1_000_000)).said;
    assert!(said.contains("more than 110000 sections"), "{said}");
}

#[test]
fn sections_that_differ_from_each_other() {
    // Every part of the plan of a job differs from that of the job before it.
    let options = ["unlink", "stats", "norandommap", "bs_unaligned", "iodepth", "loops", "fsync"];
    for option in options {
        let text: String = (0..110_000).map(|n| format!("[]\n{option}={}\n", n % 2)).collect();
        within_bounds(text.as_bytes());
    }
}

#[test]
fn allocations_grow_with_the_input_and_not_faster() {
    let allocations = |count, options| understand(&sections(count, options), &[]).allocations;
    for options in ["rw=read\n", TWENTY, "filename=a:b\n", "nosuch=1\n"] {
        let few = allocations(10_000, options);
        let many = allocations(40_000, options);
        assert!(many <= 4 * few + 1000, "{options}: {few} and {many}");
    }
}

#[test]
fn lines_of_a_mebibyte() {
    let long = "x".repeat(1 << 20);
    for line in [
        long.clone(),
        format!("{long}={long}"),
        format!("description={long}"),
        format!("filename={long}"),
        format!("bs={long}"),
        format!("size={}", "9".repeat(1 << 20)),
        format!("size=({}", "(".repeat(1 << 20)),
        format!("rw=read:{}", "1".repeat(1 << 20)),
        format!("bssplit={}", "4k/1:".repeat(200_000)),
        format!("buffer_pattern=\"{long}\""),
        format!("verify_pattern={}", "0xff".repeat(200_000)),
        format!("percentile_list={}", "1:".repeat(500_000)),
        format!("ignore_error={}", "EIO:".repeat(200_000)),
        format!("cpus_allowed={}", "1,".repeat(500_000)),
        format!("random_distribution=zoned:{}", "1/1:".repeat(200_000)),
        format!("include {long}"),
        format!("; {long}"),
        "$ncpus".repeat(100_000),
        format!("bs=$ncpus{}", "*$ncpus".repeat(100_000)),
    ] {
        within_bounds(format!("[a]\n{line}\n").as_bytes());
    }
    within_bounds(format!("[{long}]\n").as_bytes());
    within_bounds(long.as_bytes());
}

#[test]
fn variables_that_are_longer_than_their_names() {
    let said = within_bounds(format!("[a]\nfilename={}\n", "${V}".repeat(1 << 20)).as_bytes()).said;
    assert!(said.contains("variables make this job file too long"), "{said}");
    within_bounds(format!("[a]\n{}", "filename=${V}\n".repeat(100_000)).as_bytes());
}

#[test]
fn many_names_of_files() {
    let names = "a:".repeat(100_000);
    assert!(within_bounds(format!("[a]\nfilename={names}\n").as_bytes()).plan);
    assert!(within_bounds(format!("[a]\nfilename={}\n", "a:".repeat(5_000_000)).as_bytes()).plan);
    assert!(within_bounds(format!("[a]\n{}", "filename=a\n".repeat(100_000)).as_bytes()).plan);
    // Names of globals are inherited by all, and jobs add to them.
    let jobs = "[]\nfilename=b\n".repeat(100_000);
    assert!(within_bounds(format!("[global]\nfilename={names}\n{jobs}").as_bytes()).plan);
    let jobs = "[global]\nfilename=b\n[]\nunlink=1\n".repeat(40_000);
    assert!(within_bounds(format!("[global]\nfilename={names}\n{jobs}").as_bytes()).plan);
}

#[test]
fn long_defaults_are_not_copied_for_each_job() {
    let long = "x".repeat(1 << 20);
    for default in ["description", "directory", "filename_format", "opendir", "exec_prerun"] {
        for option in ["", "unlink=1\n", "fsync=2\n"] {
            let jobs = format!("[]\n{option}[]\n").repeat(20_000);
            within_bounds(format!("[global]\n{default}={long}\n{jobs}").as_bytes());
        }
    }
}

#[test]
fn defaults_between_jobs() {
    assert!(within_bounds(&b"[global]\nbs=4k\n[]\n".repeat(60_000)).plan);
    let said = within_bounds(&b"[global]\nsqthread_poll\n".repeat(60_000)).said;
    assert!(said.contains("no job is defined"), "{said}");
}

#[test]
fn a_hundred_thousand_faults() {
    let cost = within_bounds(format!("[a]\n{}", "nosuch=1\n".repeat(100_000)).as_bytes());
    assert!(cost.said.ends_with("error: and 99000 more errors\n"), "{}", cost.said.len());
    within_bounds(format!("[a]\n{}", "bs=x\n".repeat(100_000)).as_bytes());
    within_bounds(format!("[a]\n{}", "bs\n".repeat(1_000_000)).as_bytes());
    within_bounds(format!("[a]\n{}", "\0\n".repeat(1_000_000)).as_bytes());
    within_bounds(format!("[a]\n{}", "=\n".repeat(1_000_000)).as_bytes());
    within_bounds(format!("[a]\n{}", "[\n".repeat(1_000_000)).as_bytes());
    within_bounds("x\n".repeat(1_000_000).as_bytes());
    within_bounds(&b"\xff\n".repeat(1_000_000));
    within_bounds("\n".repeat(1_000_000).as_bytes());
}

#[test]
fn the_same_option_again_and_again() {
    for line in ["bs=1\n", "bs=,1\n", "thread\n", "bssplit=1/1\n", "hipri\n", "filename=\n"] {
        within_bounds(format!("[a]\n{}", line.repeat(300_000)).as_bytes());
        let jobs = "[]\n".repeat(50_000);
        within_bounds(format!("[global]\n{}{jobs}", line.repeat(50_000)).as_bytes());
    }
}

#[test]
fn files_that_include_each_other() {
    let deep: Vec<(String, String)> = (0..100)
        .map(|level| (format!("x{level}"), format!("bs=4k\ninclude x{}\n", level + 1).repeat(10)))
        .collect();
    let files: Vec<(&str, &[u8])> =
        deep.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    let cost = understand(b"[a]\ninclude x0\n", &files);
    assert!(cost.peak_bytes < 64 << 20, "{}", cost.peak_bytes);
    assert!(cost.said.contains("include"), "{}", cost.said);
    let text = b"[a]\ninclude j\ninclude loop\n";
    let cost = understand(text, &[("loop", b"include loop\n")]);
    assert_eq!(cost.said.matches("it includes itself").count(), 2, "{}", cost.said);
}
