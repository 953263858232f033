//! Nanoseconds per request of the generator, and gigabytes per second of buffer contents. Not a
//! test: it prints numbers and judges nothing.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::Instant;

use fiord_base::random::{StreamSeeds, Taus88};
use fiord_workload::{Generator, Outcome, Step, Target, fill, regions};

/// Requests that are timed at once, and how often. The fastest slice counts: the others were
/// disturbed by something else.
const SLICE: u64 = 50_000;
const SLICES: u64 = 100;

/// The least time of a call in nanoseconds; each call of `work` does `SLICE` units.
fn fastest(mut work: impl FnMut()) -> f64 {
    let mut least = f64::MAX;
    for _ in 0..SLICES {
        let start = Instant::now();
        work();
        least = least.min(start.elapsed().as_nanos() as f64 / SLICE as f64);
    }
    least
}

fn measure(options: &str) -> f64 {
    let plan = support::plan(options);
    let seeds = StreamSeeds::derive(0x89, 1);
    let targets = vec![Target::Label; plan.files.count as usize];
    let regions = regions(&plan, 0, &targets, &seeds).unwrap();
    let mut generator = Generator::new(&plan, &regions, &seeds).unwrap();
    fastest(|| {
        let mut issued = 0;
        while issued < SLICE {
            if let Step::Issue(request) = generator.next() {
                black_box(&request);
                generator.done(&request, Outcome::Bytes(request.length));
                issued += 1;
            }
        }
    })
}

fn main() {
    for options in [
        "rw=read size=1g time_based",
        "rw=randread size=1g time_based norandommap",
        "rw=randread size=1g time_based",
        "rw=randread size=64g time_based",
        "rw=randread size=64g time_based norandommap random_generator=tausworthe64",
        "rw=randread size=1g time_based random_generator=lfsr",
        "rw=randrw size=1g time_based",
        "rw=randrw size=1g time_based norandommap rwmixread=70",
        "rw=randwrite size=1g time_based fsync=32 norandommap",
        "rw=randread size=1g time_based nrfiles=8",
        "rw=randread size=1g time_based norandommap bsrange=4k-64k",
        "rw=randread size=1g time_based norandommap bssplit=4k/50:8k/30:64k/20",
        "rw=randread size=1g time_based percentage_random=50",
        "rw=randtrimwrite size=1g time_based",
    ] {
        println!("{:6.2} ns  {options}", measure(options));
    }
    let mut stream = Taus88::new(1);
    println!(
        "{:6.2} ns  a draw of 32 bits",
        fastest(|| (0..SLICE).for_each(|_| _ = black_box(stream.draw())))
    );
    let mut buffer = vec![0; 4096];
    let filled = fastest(|| (0..SLICE).for_each(|seed| fill::random(black_box(&mut buffer), seed)));
    println!("{:6.2} GB/s  fill of 4 KiB", 4096.0 / filled);
    let scrambled = fastest(|| {
        (0..SLICE).for_each(|at| fill::scramble(black_box(&mut buffer), at * 4096, at * 777));
    });
    println!("{scrambled:6.2} ns  scramble of 4 KiB");
}
