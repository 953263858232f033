//! Cases about requests per second and CPU time per request, engine by engine.

use std::path::Path;

use super::bare::Loop;
use super::cached::{CachedFile, FILE_BYTES};
use super::sample::{Contest, against, run, words};
use super::zram::Zram;
use super::{Bench, Line};
use crate::Outcome;

const NULL: &str = "--name=null --ioengine=null --rw=randread --bs=4k --size=1g";

pub(super) fn null(bench: &Bench) -> Outcome<Vec<Line>> {
    let contest = Contest::run(bench, NULL, None)?;
    Ok(vec![contest.to_peer("null, map, all accounting, depth 1", 4.0)])
}

pub(super) fn null_deep(bench: &Bench) -> Outcome<Vec<Line>> {
    let contest = Contest::run(bench, &format!("{NULL} --iodepth=32"), None)?;
    Ok(vec![contest.to_peer("null, map, all accounting, depth 32", 6.0)])
}

pub(super) fn null_reduced(bench: &Bench) -> Outcome<Vec<Line>> {
    let contest = Contest::run(bench, &format!("{NULL} --gtod_reduce=1 --norandommap"), None)?;
    Ok(vec![contest.to_peer("null, gtod_reduce, norandommap", 3.0)])
}

fn distributed(bench: &Bench, distribution: &str) -> Outcome<Vec<Line>> {
    let job = format!("{NULL} --thread --random_distribution={distribution}");
    let contest = Contest::run(bench, &job, None)?;
    Ok(vec![contest.to_peer(&format!("null, {distribution}"), 3.0)])
}

pub(super) fn zipf(bench: &Bench) -> Outcome<Vec<Line>> {
    distributed(bench, "zipf:1.2")
}

pub(super) fn pareto(bench: &Bench) -> Outcome<Vec<Line>> {
    distributed(bench, "pareto:0.2")
}

pub(super) fn normal(bench: &Bench) -> Outcome<Vec<Line>> {
    distributed(bench, "normal:20")
}

pub(super) fn zoned(bench: &Bench) -> Outcome<Vec<Line>> {
    distributed(bench, "zoned:60/10:30/20:8/30:2/40")
}

/// What it costs to make data.
fn filled(bench: &Bench, data: &str, least: f64) -> Outcome<Vec<Line>> {
    let job =
        format!("--name=fill --ioengine=null --rw=write --bs=64k --size=1g --thread --{data}");
    let contest = Contest::run(bench, &job, None)?;
    Ok(vec![contest.to_peer(&format!("null, 64 KiB writes, {data}"), least)])
}

pub(super) fn refilled(bench: &Bench) -> Outcome<Vec<Line>> {
    filled(bench, "refill_buffers", 3.0)
}

pub(super) fn compressible(bench: &Bench) -> Outcome<Vec<Line>> {
    filled(bench, "buffer_compress_percentage=50", 2.0)
}

pub(super) fn duplicates(bench: &Bench) -> Outcome<Vec<Line>> {
    filled(bench, "dedupe_percentage=50", 2.0)
}

/// Kinds of verification, and how many times as fast as the peer their writes have to be.
const VERIFIED: &[(&str, f64)] = &[
    ("crc32c", 3.0),
    ("crc64", 3.0),
    ("sha256", 3.0),
    ("xxhash", 2.0),
    ("sha512", 1.2),
    ("meta", 1.0),
    ("md5", 1.0),
    ("crc7", 1.0),
    ("crc16", 1.0),
    ("crc32", 1.0),
    ("sha1", 1.0),
    ("sha3-224", 1.0),
    ("sha3-256", 1.0),
    ("sha3-384", 1.0),
    ("sha3-512", 1.0),
    ("pattern", 1.0),
];

/// What it costs to write blocks with headers. The engine moves nothing: data and sums are all there is.
pub(super) fn verify_write(bench: &Bench) -> Outcome<Vec<Line>> {
    let line = |&(kind, least): &(&str, f64)| {
        let pattern = if kind == "pattern" { "--verify_pattern=0xdeadbeef%o" } else { "" };
        let job = format!(
            "--name=verify --ioengine=null --rw=write --bs=4k --size=1g --thread --do_verify=0 \
             --verify_state_save=0 --verify={kind} {pattern}"
        );
        let contest = Contest::run(bench, &job, None)?;
        Ok(contest.to_peer(&format!("null, 4 KiB writes, verify={kind}"), least))
    };
    VERIFIED.iter().map(line).collect()
}

/// A file with headers on tmpfs, written by fiord.
fn verified_file(bench: &Bench, kind: &str, block: &str) -> Outcome<CachedFile> {
    let file = CachedFile::new(Path::new("/dev/shm"))?;
    let job = format!(
        "--name=write --filename={} --rw=write --bs={block} --size={FILE_BYTES} --verify={kind} --do_verify=0 \
         --verify_state_save=0",
        file.path().display()
    );
    run(&bench.ours, &words(&job))?;
    Ok(file)
}

/// A job that checks what it reads of such a file, again and again.
fn verifying(file: &CachedFile, kind: &str, more: &str) -> String {
    let file = file.path().display();
    format!(
        "--name=read --filename={file} --rw=randread --ioengine=psync --invalidate=0 --verify={kind} \
         --verify_header_seed=0 {more}"
    )
}

/// What it costs to check, beside reading and the checksum itself.
pub(super) fn verify_read(bench: &Bench) -> Outcome<Vec<Line>> {
    let line = |kind: &&'static str| {
        let file = verified_file(bench, kind, "4k")?;
        let bare = Loop::new("read", file.path(), &format!("sum={kind}"));
        let contest = Contest::with_bare(bench, &verifying(&file, kind, "--bs=4k"), &bare)?;
        // At most 1.15 times the time.
        Ok(contest.to_bare(&format!("tmpfs, 4 KiB reads, verify={kind}"), 0.87))
    };
    ["crc32c", "md5"].iter().map(line).collect()
}

/// What threads that check are worth, on two cores.
pub(super) fn verify_async(bench: &Bench) -> Outcome<Vec<Line>> {
    let file = verified_file(bench, "md5", "64k")?;
    let job = |threads: &str| {
        let more = format!("--bs=64k --iodepth=4 {threads}");
        verifying(&file, "md5", &more)
    };
    let alone = job("");
    let line = |(count, least)| {
        let what = format!("tmpfs, 64 KiB reads, md5, verify_async={count} to 0");
        let threads = job(&format!("--verify_async={count} --verify_async_cpus=0-1"));
        against(bench, &what, [&threads, &alone], least)
    };
    [(1, 0.95), (2, 1.6)].into_iter().map(line).collect()
}

/// A job that reads blocks of a file at random offsets.
fn random_reads(engine: &str, file: &Path, more: &str) -> String {
    format!(
        "--name=read --rw=randread --bs=4k --invalidate=0 --ioengine={engine} --filename={} {more}",
        file.display()
    )
}

/// A cached file for rings.
fn ring_file(bench: &Bench) -> Outcome<CachedFile> {
    let file = CachedFile::new(&bench.directory)?;
    if !file.never_waits() {
        println!(
            "warning: {} is on a file system without reads that never wait (tmpfs is one): rings \
             use threads of the kernel there, choose another by --directory=PATH",
            bench.directory.display()
        );
    }
    Ok(file)
}

/// Depth 32 in batches of 16, both ways.
const BATCHES_OF_16: &str = "--iodepth=32 --iodepth_batch=16 --iodepth_batch_complete_min=16";

pub(super) fn ring(bench: &Bench) -> Outcome<Vec<Line>> {
    let file = ring_file(bench)?;
    let job = random_reads("io_uring", file.path(), BATCHES_OF_16);
    let bare = Loop::new("ring", file.path(), "depth=32 batch=16");
    let contest = Contest::run(bench, &job, Some(&bare))?;
    let what = "io_uring cached, depth 32/16";
    Ok(vec![contest.to_peer(what, 1.12), contest.to_bare(what, 0.95)])
}

pub(super) fn ring_fixed(bench: &Bench) -> Outcome<Vec<Line>> {
    fixed(bench, 4096, "io_uring cached fixed, depth 128/32", 1.2)
}

pub(super) fn ring_fixed_512(bench: &Bench) -> Outcome<Vec<Line>> {
    fixed(bench, 512, "io_uring cached fixed, 512 B, 128/32", 1.15)
}

fn fixed(bench: &Bench, block: u32, what: &str, least: f64) -> Outcome<Vec<Line>> {
    let file = ring_file(bench)?;
    let more = format!(
        "--bs={block} --iodepth=128 --iodepth_batch=32 --iodepth_batch_complete_min=32 \
         --fixedbufs=1 --registerfiles=1 --gtod_reduce=1 --norandommap=1"
    );
    let job = random_reads("io_uring", file.path(), &more);
    let options = format!("block={block} depth=128 batch=32 fixed");
    let bare = Loop::new("ring", file.path(), &options);
    let contest = Contest::run(bench, &job, Some(&bare))?;
    Ok(vec![contest.to_peer(what, least), contest.to_bare(what, 0.97)])
}

pub(super) fn zram_ring(bench: &Bench) -> Outcome<Vec<Line>> {
    zram(bench, "io_uring", "ring")
}

pub(super) fn zram_aio(bench: &Bench) -> Outcome<Vec<Line>> {
    zram(bench, "libaio", "aio")
}

fn zram(bench: &Bench, engine: &str, method: &'static str) -> Outcome<Vec<Line>> {
    let device = Zram::new()?;
    let more = format!("--direct=1 --readonly {BATCHES_OF_16}");
    let job = random_reads(engine, device.path(), &more);
    let bare = Loop::new(method, device.path(), "depth=32 batch=16 direct");
    let contest = Contest::run(bench, &job, Some(&bare))?;
    let what = format!("{engine} O_DIRECT zram, 32/16");
    Ok(vec![
        contest.to_peer(&what, 0.97),
        contest.to_bare(&what, 0.95),
        contest.user_to_peer(&what, 0.7),
    ])
}

pub(super) fn tmpfs(bench: &Bench) -> Outcome<Vec<Line>> {
    let file = CachedFile::new(Path::new("/dev/shm"))?;
    let bare = Loop::new("read", file.path(), "");
    let contest = Contest::run(bench, &random_reads("psync", file.path(), ""), Some(&bare))?;
    let what = "psync tmpfs randread";
    Ok(vec![contest.to_peer(what, 1.05), contest.to_bare(what, 0.96)])
}

pub(super) fn tmpfs_write(bench: &Bench) -> Outcome<Vec<Line>> {
    let file = CachedFile::new(Path::new("/dev/shm"))?;
    let job = random_reads("psync", file.path(), "--rw=randwrite --refill_buffers");
    let contest = Contest::run(bench, &job, None)?;
    Ok(vec![contest.to_peer("psync tmpfs randwrite, refilled", 1.1)])
}

pub(super) fn mmap(bench: &Bench) -> Outcome<Vec<Line>> {
    let file = CachedFile::new(&bench.directory)?;
    let bare = Loop::new("copy", file.path(), "");
    let contest = Contest::run(bench, &random_reads("mmap", file.path(), ""), Some(&bare))?;
    let what = "mmap cached randread";
    Ok(vec![contest.to_peer(what, 1.15), contest.to_bare(what, 0.95)])
}
