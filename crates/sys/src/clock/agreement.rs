//! Do the time-stamp counters of the CPUs agree? A stamp must never be smaller than one that was taken
//! before it, whichever CPU took that.
//!
//! One thread on each CPU reads the last stamp that anyone published, takes its own and publishes that.
//! If its own is the smaller one, time went backwards between two CPUs.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::Errno;

/// What the test found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// What each CPU saw, in order of their numbers.
    pub cpus: Vec<CpuClock>,
}

/// The counter of one CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuClock {
    /// Number of the CPU.
    pub cpu: usize,
    /// Stamps taken.
    pub stamps: u64,
    /// The first of them, in ticks.
    pub first_ticks: u64,
    /// Stamps that were smaller than one taken before.
    pub backward: u64,
    /// By how many ticks, at most.
    pub backward_ticks_max: u64,
}

impl Agreement {
    /// True if time never went backwards.
    pub fn holds(&self) -> bool {
        self.cpus.iter().all(|clock| clock.backward == 0)
    }
}

/// Lets all CPUs that this process may use take stamps for so long.
pub fn test_agreement(span: Duration) -> Result<Agreement, Errno> {
    let allowed = sched_getaffinity(None)?;
    let cpus: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu)).collect();
    let (last, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let start = Barrier::new(cpus.len() + 1);
    let results: Vec<Result<CpuClock, Errno>> = std::thread::scope(|scope| {
        let (last, stop, start) = (&last, &stop, &start);
        let watch = |cpu: usize| scope.spawn(move || watch(cpu, last, stop, start));
        let threads: Vec<_> = cpus.iter().map(|cpu| watch(*cpu)).collect();
        start.wait();
        std::thread::sleep(span);
        stop.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().unwrap_or(Err(Errno::IO))).collect()
    });
    Ok(Agreement { cpus: results.into_iter().collect::<Result<_, _>>()? })
}

/// Takes stamps on one CPU until it is told to stop.
fn watch(
    cpu: usize,
    last: &AtomicU64,
    stop: &AtomicBool,
    start: &Barrier,
) -> Result<CpuClock, Errno> {
    let mut only = CpuSet::new();
    only.set(cpu);
    let placed = sched_setaffinity(None, &only);
    // Everyone waits here, whatever happened to them.
    start.wait();
    placed?;
    let mut clock = CpuClock { cpu, first_ticks: ordered_ticks(), ..CpuClock::default() };
    while !stop.load(Ordering::Relaxed) {
        let before = last.load(Ordering::Acquire);
        let now = ordered_ticks();
        clock.stamps += 1;
        if now < before {
            clock.backward += 1;
            clock.backward_ticks_max = clock.backward_ticks_max.max(before - now);
        }
        last.fetch_max(now, Ordering::AcqRel);
    }
    Ok(clock)
}

/// The counter, read after everything before it is done: the CPU may take a plain reading earlier.
#[cfg(target_arch = "x86_64")]
fn ordered_ticks() -> u64 {
    // SAFETY: LFENCE is part of SSE2, which every x86-64 CPU has; it touches no memory.
    unsafe { core::arch::x86_64::_mm_lfence() };
    super::ticks()
}

/// No counter can be read here but by the kernel's clock.
#[cfg(not(target_arch = "x86_64"))]
fn ordered_ticks() -> u64 {
    super::monotonic_ns()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cpu_takes_part() {
        let agreement = test_agreement(Duration::from_millis(20)).unwrap();
        let allowed = sched_getaffinity(None).unwrap().count() as usize;
        assert_eq!(agreement.cpus.len(), allowed);
        assert!(agreement.cpus.iter().all(|clock| clock.first_ticks > 0));
    }

    #[test]
    fn one_step_backward_fails() {
        let good = CpuClock { cpu: 0, stamps: 10, ..CpuClock::default() };
        let bad = CpuClock { cpu: 1, backward: 1, backward_ticks_max: 7, ..good };
        assert!(Agreement { cpus: vec![good, good] }.holds());
        assert!(!Agreement { cpus: vec![good, bad] }.holds());
    }

    #[test]
    fn a_stamp_behind_another_is_found() {
        let (last, stop, start) =
            (AtomicU64::new(u64::MAX), AtomicBool::new(false), Barrier::new(2));
        let cpu = (0..CpuSet::MAX_CPU).find(|c| sched_getaffinity(None).unwrap().is_set(*c));
        let clock = std::thread::scope(|scope| {
            let thread = scope.spawn(|| watch(cpu.unwrap(), &last, &stop, &start));
            start.wait();
            std::thread::sleep(Duration::from_millis(5));
            stop.store(true, Ordering::Relaxed);
            thread.join().unwrap().unwrap()
        });
        assert_eq!(clock.backward, clock.stamps);
    }
}
