//! What the machine can do without any I/O: `--crctest`, `--memcpytest` and `--cpuclock-test`.
//!
//! The lines have the form of fio's, since scripts read them. Each result is written when it is there.

mod copies;

use std::hint::black_box;
use std::time::{Duration, Instant};

use fiord_base::random::{Stream, Width};
use fiord_sys::clock;
use fiord_workload::checksum::Checksum;

use crate::exit::Exit;
use crate::streams::{answer, refuse};
use copies::Copying;

/// Bytes over which a checksum is calculated at a time: they stay in the second cache.
const CHECKSUM_BYTES: usize = 128 * 1024;
/// How long a checksum, and one size of copies, is tried.
const CHECKSUM_TIME: Duration = Duration::from_millis(250);
const COPY_TIME: Duration = Duration::from_millis(30);
/// How long the clocks of the CPUs are compared.
const CLOCK_TIME: Duration = Duration::from_millis(500);

/// Times checksums: all, or those of the list.
pub(crate) fn checksums(list: Option<&str>) -> Exit {
    let all: Vec<(&str, Checksum)> = Checksum::all().map(|kind| (kind.name(), kind)).collect();
    let chosen = match chosen(list, &all, "checksum") {
        Ok(chosen) => chosen,
        Err(exit) => return exit,
    };
    let data = arbitrary(CHECKSUM_BYTES);
    for (name, kind) in chosen {
        let speed = mebibytes_per_second(CHECKSUM_TIME, data.len(), || {
            black_box(kind.of(black_box(&data)));
        });
        // Two columns of tab stops, as the longest names need them.
        let tabs = if name.len() < 7 { "\t\t" } else { "\t" };
        let exit = answer(&format!("{name}:{tabs}{speed:>8.2} MiB/sec"));
        if exit != Exit::Success {
            return exit;
        }
    }
    Exit::Success
}

/// Times ways of copying memory: all, or those of the list.
pub(crate) fn copies(list: Option<&str>) -> Exit {
    let chosen = match chosen(list, &copies::ALL, "way of copying") {
        Ok(chosen) => chosen,
        Err(exit) => return exit,
    };
    let mut copying = Copying::new(arbitrary(copies::BUFFER_BYTES));
    for (name, way) in chosen {
        let mut exit = answer(name);
        for size in copies::SIZES {
            let moved = copying.bytes_per_round(size);
            let speed = mebibytes_per_second(COPY_TIME, moved, || copying.round(way, size));
            if exit == Exit::Success {
                exit = answer(&format!("\t{size} bytes:\t{speed:>8.2} MiB/sec"));
            }
        }
        if exit != Exit::Success {
            return exit;
        }
    }
    Exit::Success
}

/// Checks that the clocks of the CPUs agree; fails if they do not.
pub(crate) fn clocks() -> Exit {
    let reliable = clock::counter_is_trustworthy();
    answer(&format!("cs: reliable_tsc: {}", if reliable.is_ok() { "yes" } else { "no" }));
    if let Err(reason) = reliable {
        return refuse(format_args!("the CPU clock is not used: {reason}"));
    }
    let found = match clock::test_agreement(CLOCK_TIME) {
        Ok(found) => found,
        Err(errno) => return refuse(format_args!("cannot run on each CPU: {errno}")),
    };
    answer(&format!("cs: Testing {} CPUs", found.cpus.len()));
    for seen in &found.cpus {
        let (cpu, stamps, first) = (seen.cpu, seen.stamps, seen.first_ticks);
        answer(&format!("cs: cpu {cpu:>2}: {stamps} clocks seen, first {first}"));
    }
    for seen in found.cpus.iter().filter(|seen| seen.backward > 0) {
        let (cpu, count, most) = (seen.cpu, seen.backward, seen.backward_ticks_max);
        answer(&format!("cs: cpu {cpu:>2}: {count} times behind another, by {most} ticks at most"));
    }
    answer(if found.holds() { "cs: Pass!" } else { "cs: Fail!" });
    if found.holds() { Exit::Success } else { Exit::Usage }
}

/// The entries whose names are in the list; a question is answered, and ends the program.
fn chosen<'a, T: Copy>(
    list: Option<&str>,
    all: &[(&'a str, T)],
    what: &str,
) -> Result<Vec<(&'a str, T)>, Exit> {
    let names = || all.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    match list {
        None => Ok(all.to_vec()),
        Some("help" | "list" | "?") => Err(answer(&names().join("\n"))),
        Some(list) => list
            .split(',')
            .map(|word| {
                let word = word.trim();
                all.iter().find(|(name, _)| *name == word).copied().ok_or_else(|| {
                    refuse(format_args!("no {what} is called `{word}`: {}", names().join(", ")))
                })
            })
            .collect(),
    }
}

/// Bytes that no algorithm finds easier than others.
fn arbitrary(bytes: usize) -> Vec<u8> {
    let mut stream = Stream::new(Width::Wide, 1);
    (0..bytes).map(|_| stream.draw() as u8).collect()
}

/// Parts of a measurement. The best one counts: in the others something else had the CPU.
const PARTS: u32 = 10;

/// The speed of a step that handles so many bytes, tried for about this time.
fn mebibytes_per_second(span: Duration, bytes: usize, mut step: impl FnMut()) -> f64 {
    step();
    let part = || part_speed(span / PARTS, bytes, &mut step);
    std::iter::repeat_with(part).take(PARTS as usize).fold(0.0, f64::max)
}

fn part_speed(span: Duration, bytes: usize, step: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut steps = 0u32;
    loop {
        step();
        steps += 1;
        let passed = start.elapsed();
        if passed >= span {
            return f64::from(steps) * bytes as f64 / f64::from(1u32 << 20) / passed.as_secs_f64();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_choose_in_their_own_order() {
        let all = [("a", 1), ("b", 2), ("c", 3)];
        assert_eq!(chosen(None, &all, "thing"), Ok(all.to_vec()));
        assert_eq!(chosen(Some("c, a"), &all, "thing"), Ok(vec![("c", 3), ("a", 1)]));
        assert_eq!(chosen(Some("a,x"), &all, "thing"), Err(Exit::Usage));
        assert_eq!(chosen(Some(""), &all, "thing"), Err(Exit::Usage));
        assert_eq!(chosen(Some("help"), &all, "thing"), Err(Exit::Success));
    }

    #[test]
    fn speed_is_bytes_over_time() {
        let span = Duration::from_millis(1);
        let mut steps = 0.0;
        let speed = mebibytes_per_second(span, 1 << 20, || steps += 1.0);
        assert!(speed > 0.0 && speed <= steps / (span / PARTS).as_secs_f64());
    }
}
