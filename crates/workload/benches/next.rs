//! Nanoseconds per request of the generator, and gigabytes per second of buffer contents. Not a
//! test: it prints numbers and judges nothing.

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::Instant;

use fiord_base::random::StreamSeeds;
use fiord_workload::{Generator, Outcome, Step, Target, fill, regions};

const REQUESTS: u64 = 20_000_000;

fn measure(options: &str) -> f64 {
    let plan = support::plan(options);
    let seeds = StreamSeeds::derive(0x89, 1);
    let targets = vec![Target::Label; plan.files.count as usize];
    let regions = regions(&plan, 0, &targets, &seeds).unwrap();
    let mut generator = Generator::new(&plan, &regions, &seeds).unwrap();
    let mut issued = 0;
    let start = Instant::now();
    while issued < REQUESTS {
        match black_box(generator.next()) {
            Step::Issue(request) => {
                generator.done(&request, Outcome::Bytes(request.length));
                issued += 1;
            }
            Step::End => break,
            _ => {}
        }
    }
    start.elapsed().as_nanos() as f64 / issued as f64
}

fn main() {
    for options in [
        "rw=read size=1g time_based",
        "rw=randread size=1g time_based norandommap",
        "rw=randread size=1g time_based",
        "rw=randread size=1g number_ios=200000",
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
    let mut buffer = vec![0; 4096];
    let start = Instant::now();
    for seed in 0..1_000_000 {
        fill::random(black_box(&mut buffer), seed);
    }
    println!("{:6.2} GB/s  fill of 4 KiB", 4096e6 / start.elapsed().as_nanos() as f64);
    let start = Instant::now();
    for seed in 0..1_000_000 {
        fill::scramble(black_box(&mut buffer), seed * 4096, seed * 777);
    }
    println!("{:6.2} ns  scramble of 4 KiB", start.elapsed().as_nanos() as f64 / 1e6);
}
