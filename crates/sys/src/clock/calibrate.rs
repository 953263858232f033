//! Which clock stamps the I/O of a run, and the calibration of the time-stamp counter.
//!
//! The counter is used where CPU and kernel both vouch for it: it must tick at one rate in all power
//! states (CPUID) and the kernel must not have struck it from its list of clock sources. Its rate is
//! measured against CLOCK_MONOTONIC between two instants, the first of which is best taken when the
//! program starts: what the program does anyway then pays for most of the waiting.

use super::{Calibration, Clock, monotonic_ns};

/// Least distance of the two instants. Each is known to some 20 ns, so the rate to better than
/// 10 ppm at this distance and better still if the program took longer to start.
const SPAN_NS: u64 = 5_000_000;

/// A kind of clock that a user can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// gettimeofday(2).
    Gettimeofday,
    /// clock_gettime(2).
    ClockGettime,
    /// Time-stamp counter.
    Cpu,
}

impl Source {
    /// The word of the job language.
    pub fn name(self) -> &'static str {
        match self {
            Source::Gettimeofday => "gettimeofday",
            Source::ClockGettime => "clock_gettime",
            Source::Cpu => "cpu",
        }
    }
}

/// The clock of a run and how it was chosen.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Stamps with this.
    pub clock: Clock,
    /// What it reads.
    pub source: Source,
    /// Why it is not the one asked for, or not the counter if none was asked for.
    pub reason: Option<&'static str>,
}

/// An instant on both time lines.
#[derive(Clone, Copy, Debug)]
pub struct Anchor {
    ticks: u64,
    ns: u64,
}

impl Anchor {
    /// The present instant. Of several attempts the one counts in which the counter advanced least
    /// around the reading of the clock: an interrupt between the two would displace them.
    #[cfg(target_arch = "x86_64")]
    pub fn take() -> Anchor {
        let mut best = Anchor { ticks: 0, ns: 0 };
        let mut best_width = u64::MAX;
        for _ in 0..16 {
            let before = super::ticks();
            let ns = monotonic_ns();
            let width = super::ticks().wrapping_sub(before);
            if width < best_width {
                best_width = width;
                best = Anchor { ticks: before.wrapping_add(width / 2), ns };
            }
        }
        best
    }

    /// The present instant; there is no counter here.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn take() -> Anchor {
        Anchor { ticks: 0, ns: monotonic_ns() }
    }

    /// The rate of the counter since this instant, or why it cannot be trusted. Waits if the instant
    /// was less than 5 ms ago.
    fn calibrate(self) -> Result<Calibration, &'static str> {
        counter_is_trustworthy()?;
        let passed_ns = monotonic_ns().saturating_sub(self.ns);
        if passed_ns < SPAN_NS {
            std::thread::sleep(std::time::Duration::from_nanos(SPAN_NS - passed_ns));
        }
        self.calibrate_with(Anchor::take())
    }

    fn calibrate_with(self, end: Anchor) -> Result<Calibration, &'static str> {
        let ns = end.ns.saturating_sub(self.ns);
        // Backward or standing counters fail here, and so do absurd rates (below 100 MHz, above
        // 100 GHz).
        let ticks = end.ticks.checked_sub(self.ticks).filter(|&ticks| ticks > 0);
        let Some(ticks) = ticks.filter(|&ticks| ticks / 100 <= ns && ticks >= ns / 10) else {
            return Err("the time-stamp counter does not advance as it should");
        };
        let multiplier = (u128::from(ns) << 32) / u128::from(ticks);
        let multiplier = u64::try_from(multiplier).map_err(|_| "the calibration overflows")?;
        Ok(Calibration { origin_ticks: self.ticks, origin_ns: self.ns, multiplier })
    }
}

/// Chooses the clock of a run: the one asked for, or the counter, or clock_gettime(2) where the
/// counter cannot be trusted.
pub fn choose(asked: Option<Source>, start: Anchor) -> Choice {
    match asked {
        Some(source @ Source::Gettimeofday) => {
            Choice { clock: Clock::Realtime, source, reason: None }
        }
        Some(source @ Source::ClockGettime) => {
            Choice { clock: Clock::Monotonic, source, reason: None }
        }
        Some(Source::Cpu) | None => match start.calibrate() {
            Ok(calibration) => {
                Choice { clock: Clock::Tsc(calibration), source: Source::Cpu, reason: None }
            }
            Err(reason) => Choice {
                clock: Clock::Monotonic,
                source: Source::ClockGettime,
                reason: Some(reason),
            },
        },
    }
}

/// Whether CPU and kernel vouch for the time-stamp counter; if not, why.
#[cfg(target_arch = "x86_64")]
pub fn counter_is_trustworthy() -> Result<(), &'static str> {
    use core::arch::x86_64::__cpuid;
    const INVARIANT: u32 = 1 << 8;
    if __cpuid(0x8000_0000).eax < 0x8000_0007 || __cpuid(0x8000_0007).edx & INVARIANT == 0 {
        return Err("the CPU does not promise a constant rate of its time-stamp counter");
    }
    // The kernel removes `tsc` from this list when it finds the counters of the CPUs to disagree.
    let list = "/sys/devices/system/clocksource/clocksource0/available_clocksource";
    match std::fs::read_to_string(list) {
        Ok(words) if !words.split_whitespace().any(|word| word == "tsc") => {
            Err("the kernel does not trust the time-stamp counter")
        }
        _ => Ok(()),
    }
}

/// Whether CPU and kernel vouch for the time-stamp counter; if not, why.
#[cfg(not(target_arch = "x86_64"))]
pub fn counter_is_trustworthy() -> Result<(), &'static str> {
    Err("this architecture's counter is read by clock_gettime(2)")
}

/// What one stamp costs, in nanoseconds: the least of several averages.
pub fn stamp_cost_ns(clock: &Clock) -> f64 {
    const STAMPS: u32 = 500;
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = monotonic_ns();
        for _ in 0..STAMPS {
            std::hint::black_box(clock.now_ns());
        }
        let total_ns = monotonic_ns().saturating_sub(start);
        best = best.min(total_ns as f64 / f64::from(STAMPS));
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_ticks_over_time() {
        let start = Anchor { ticks: 1_000, ns: 50 };
        let end = Anchor { ticks: 31_000, ns: 10_050 };
        let calibration = start.calibrate_with(end).unwrap();
        assert_eq!(calibration.origin_ticks, 1_000);
        assert_eq!(calibration.origin_ns, 50);
        assert_eq!(calibration.to_ns(31_000), 10_049, "rounded down");
        // A day at 3 GHz is far from overflow.
        let day_ns = 86_400_000_000_000u64;
        assert!(calibration.to_ns(1_000 + 3 * day_ns).abs_diff(day_ns + 50) < 50_000);
    }

    #[test]
    fn counters_that_do_not_count_are_refused() {
        let start = Anchor { ticks: 1_000, ns: 50 };
        assert!(start.calibrate_with(Anchor { ticks: 1_000, ns: 9_000 }).is_err(), "stands");
        assert!(start.calibrate_with(Anchor { ticks: 10, ns: 9_000 }).is_err(), "went back");
        assert!(start.calibrate_with(Anchor { ticks: u64::MAX, ns: 9_000 }).is_err(), "jumped");
    }

    #[test]
    fn wishes_are_followed() {
        let start = Anchor::take();
        let choice = choose(Some(Source::ClockGettime), start);
        assert!(matches!(choice.clock, Clock::Monotonic));
        let choice = choose(Some(Source::Gettimeofday), start);
        assert!(matches!(choice.clock, Clock::Realtime));
        let choice = choose(None, start);
        assert_eq!(choice.reason.is_none(), choice.source == Source::Cpu);
        let stamps = [choice.clock.now_ns(), choice.clock.now_ns()];
        assert!(stamps[0] <= stamps[1]);
        // Same time line as the kernel's: less than a second apart at any load of this machine.
        assert!(choice.clock.now_ns().abs_diff(monotonic_ns()) < 1_000_000_000);
    }
}
