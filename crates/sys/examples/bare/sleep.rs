//! One clock_nanosleep(2) after the other, each until a time of an even schedule.

use std::io;

use crate::Meter;

const SECOND_NS: u64 = 1_000_000_000;

/// Wakes up so often in a second.
pub(crate) fn run(per_second: u64, meter: &Meter) -> io::Result<String> {
    // SAFETY: plain data, for which zeroes are a value.
    let mut now: libc::timespec = unsafe { std::mem::zeroed() };
    // SAFETY: the structure is ours.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    let start_ns = now.tv_sec as u64 * SECOND_NS + now.tv_nsec as u64;
    let mut wakes = 0;
    while !meter.is_over() {
        wakes += 1;
        let due_ns = start_ns + wakes * SECOND_NS / per_second;
        let due = libc::timespec {
            tv_sec: (due_ns / SECOND_NS) as libc::time_t,
            tv_nsec: (due_ns % SECOND_NS) as libc::c_long,
        };
        // SAFETY: the structure lives during the call, and what is left is not asked for.
        let result = unsafe {
            libc::clock_nanosleep(
                libc::CLOCK_MONOTONIC,
                libc::TIMER_ABSTIME,
                &raw const due,
                std::ptr::null_mut(),
            )
        };
        if result != 0 {
            return Err(io::Error::from_raw_os_error(result));
        }
    }
    Ok(meter.line(wakes))
}
