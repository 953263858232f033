//! Time stamps for I/O: the time-stamp counter where it can be trusted, else clock_gettime(2), or a
//! simulated clock for tests.
//!
//! All workers of a run share one calibration, made by the parent, so their stamps compare.

mod agreement;
mod calibrate;
mod local_time;

pub use agreement::{Agreement, CpuClock, test_agreement};
pub use calibrate::{Anchor, Choice, Source, choose, counter_is_trustworthy, stamp_cost_ns};
pub use local_time::local_time_text;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Errno;

/// A source of monotonic nanoseconds. Cloning is cheap; all clones agree.
#[derive(Clone, Debug)]
pub enum Clock {
    /// Time-stamp counter with a calibration.
    Tsc(Calibration),
    /// clock_gettime(CLOCK_MONOTONIC).
    Monotonic,
    /// gettimeofday(2); may step.
    Realtime,
    /// Advanced by a test.
    Simulated(Arc<AtomicU64>),
}

/// How ticks of the time-stamp counter become CLOCK_MONOTONIC nanoseconds:
/// `origin_ns + ((ticks - origin_ticks) * multiplier >> 32)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calibration {
    /// Ticks at the origin.
    pub origin_ticks: u64,
    /// CLOCK_MONOTONIC at the origin.
    pub origin_ns: u64,
    /// Nanoseconds per tick, 32.32 fixed point.
    pub multiplier: u64,
}

impl Clock {
    /// Lets a simulated clock go on to `ns`; false for a clock that goes by itself, for which one has to
    /// wait.
    pub fn advance_to(&self, ns: u64) -> bool {
        match self {
            Clock::Simulated(now) => {
                now.fetch_max(ns, Ordering::Relaxed);
                true
            }
            _ => false,
        }
    }

    /// Keeps the processor busy for so many cycles (ticks of the time-stamp counter where there is one, of
    /// a nanosecond elsewhere).
    pub fn spin(cycles: u64) {
        let start = ticks();
        while ticks().wrapping_sub(start) < cycles {
            std::hint::spin_loop();
        }
    }

    /// Nanoseconds on the time line of CLOCK_MONOTONIC (or the test's).
    #[inline]
    pub fn now_ns(&self) -> u64 {
        match self {
            #[cfg(target_arch = "x86_64")]
            Clock::Tsc(calibration) => calibration.to_ns(ticks()),
            #[cfg(not(target_arch = "x86_64"))]
            Clock::Tsc(_) => monotonic_ns(),
            Clock::Monotonic => monotonic_ns(),
            Clock::Realtime => realtime_ns(),
            Clock::Simulated(now) => now.load(Ordering::Relaxed),
        }
    }
}

impl Calibration {
    #[inline]
    fn to_ns(self, ticks: u64) -> u64 {
        let delta = ticks.wrapping_sub(self.origin_ticks);
        let scaled = (u128::from(delta) * u128::from(self.multiplier)) >> 32;
        self.origin_ns.wrapping_add(scaled as u64)
    }
}

/// The time-stamp counter.
#[cfg(target_arch = "x86_64")]
#[inline]
fn ticks() -> u64 {
    // SAFETY: RDTSC has no preconditions on x86-64 and touches no memory.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// Where there is no such counter, nanoseconds.
#[cfg(not(target_arch = "x86_64"))]
fn ticks() -> u64 {
    monotonic_ns()
}

fn timespec_ns(time: rustix::time::Timespec) -> u64 {
    (time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64)
}

/// CLOCK_MONOTONIC in nanoseconds.
pub fn monotonic_ns() -> u64 {
    timespec_ns(rustix::time::clock_gettime(rustix::time::ClockId::Monotonic))
}

/// The clock of this number, see clock_gettime(2), in nanoseconds; EINVAL if the kernel has none.
pub fn of_number_ns(number: u32) -> Result<u64, Errno> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let number = libc::clockid_t::try_from(number).map_err(|_| Errno::INVAL)?;
    // SAFETY: the call writes the time, which outlives it.
    if unsafe { libc::clock_gettime(number, &raw mut time) } != 0 {
        return Err(Errno::last());
    }
    Ok((time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64))
}

/// CLOCK_REALTIME in nanoseconds since 1970.
pub fn realtime_ns() -> u64 {
    timespec_ns(rustix::time::clock_gettime(rustix::time::ClockId::Realtime))
}
