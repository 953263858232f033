//! Nanoseconds per block of 4 KiB for what verification writes and checks, by kind of checksum, and the
//! share of that which is the data and the checksum themselves. Not a test: it prints numbers and judges
//! nothing.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::Instant;

use fiord_options::plan::{VerifyKind, VerifyPattern};
use fiord_workload::checksum::Checksum;
use fiord_workload::fill;
use fiord_workload::verify::{Expected, Format, Origin};

const BLOCK: usize = 4096;
/// Blocks that are timed at once, and how often. The fastest slice counts.
const SLICE: u32 = 200;
const SLICES: u32 = 40;

fn fastest(mut work: impl FnMut(u64)) -> f64 {
    let slice = |_| {
        let start = Instant::now();
        (0..SLICE).for_each(|number| work(u64::from(number)));
        start.elapsed().as_nanos() as f64 / f64::from(SLICE)
    };
    (0..SLICES).map(slice).fold(f64::MAX, f64::min)
}

fn measure(kind: VerifyKind, pattern: Option<VerifyPattern>) {
    let mut plan = support::plan("rw=write bs=4k");
    plan.verify.kind = Some(kind);
    plan.verify.interval_bytes = Some(BLOCK as u64);
    let name = format!("{}{}", kind.name(), if pattern.is_some() { " of a pattern" } else { "" });
    plan.verify.pattern = pattern;
    let format = Format::new(&plan).unwrap();
    let mut buffer = vec![0; BLOCK];
    let origin =
        Origin { offset: 1 << 30, number: 5, seed: 0x1234_5678_9abc, time_ns: 77, thread: 1 };
    let stamp = fastest(|number| {
        format.stamp(black_box(&mut buffer), &Origin { number, ..origin });
    });
    let number = Some(u64::from(SLICE) - 1);
    let expected = Expected { offset: 1 << 30, number, ..Expected::default() };
    let check = fastest(|_| {
        format.check(black_box(&mut buffer), BLOCK as u64, &expected).unwrap();
    });
    let sum = Checksum::find(kind.name()).map_or(0.0, |sum| {
        fastest(|_| {
            black_box(sum.of(black_box(&buffer)));
        })
    });
    println!("{name:25} stamp {stamp:8.0} ns, check {check:8.0} ns, checksum {sum:8.0} ns");
}

fn main() {
    let mut buffer = vec![0; BLOCK];
    let data = fastest(|seed| fill::random(black_box(&mut buffer), seed));
    println!("random data {data:.0} ns");
    use VerifyKind::*;
    for kind in [
        Md5, Crc64, Crc32, Crc32c, Crc16, Crc7, Sha1, Sha256, Sha512, Sha3_224, Sha3_256, Sha3_384,
        Sha3_512, Xxhash, Meta,
    ] {
        measure(kind, None);
    }
    for (bytes, offsets_at) in
        [(&b"\xaa"[..], vec![]), (&[0; 8], vec![0]), (&b"abcdefgh\0\0\0\0\0\0\0\0"[..], vec![8])]
    {
        let pattern = VerifyPattern { bytes: bytes.to_vec(), offsets_at, restart_bytes: None };
        measure(Pattern, Some(pattern.clone()));
        measure(Crc32c, Some(pattern));
    }
}
