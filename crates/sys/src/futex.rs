//! Sleeping until a shared word changes, across threads and processes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The half of a 64-bit word that the futex system call looks at: the low 32 bits.
fn low_half(word: &AtomicU64) -> *mut u32 {
    let address = word.as_ptr().cast::<u32>();
    if cfg!(target_endian = "big") { address.wrapping_add(1) } else { address }
}

/// Sleeps while the low half of `word` still is that of `expected`, until woken or `timeout` is over.
/// May return early; callers look at the word again.
pub fn wait(word: &AtomicU64, expected: u64, timeout: Option<Duration>) {
    if word.load(Ordering::Acquire) != expected {
        return;
    }
    let limit = timeout.map(|t| libc::timespec {
        tv_sec: t.as_secs() as libc::time_t,
        tv_nsec: libc::c_long::from(t.subsec_nanos() as i32),
    });
    let limit_pointer = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: FUTEX_WAIT reads the word, which is valid and aligned for the call, and the timespec,
    // which outlives it.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            low_half(word),
            libc::FUTEX_WAIT,
            expected as u32,
            limit_pointer,
        );
    }
}

/// Wakes all who sleep on `word`. Async-signal-safe.
pub fn wake_all(word: &AtomicU64) {
    // SAFETY: FUTEX_WAKE only uses the address as a key.
    unsafe {
        libc::syscall(libc::SYS_futex, low_half(word), libc::FUTEX_WAKE, i32::MAX);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_waiter_is_woken_by_a_change() {
        let word = Arc::new(AtomicU64::new(0));
        let other = Arc::clone(&word);
        let waiter = std::thread::spawn(move || {
            while other.load(Ordering::Acquire) == 0 {
                wait(&other, 0, None);
            }
        });
        word.store(1, Ordering::Release);
        wake_all(&word);
        waiter.join().unwrap();
    }

    #[test]
    fn a_changed_word_does_not_sleep() {
        wait(&AtomicU64::new(5), 4, None);
    }
}
