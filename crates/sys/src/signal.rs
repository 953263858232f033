//! Signals of the parent process: each handler only counts and wakes a futex word.
//!
//! A run needs to know of SIGINT, SIGTERM (end cleanly), SIGUSR1 (print status) and SIGCHLD (a worker
//! ended). The handlers store into process-wide atomics; the word to wake is registered per run.

use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU64, Ordering};

use crate::{Errno, futex};

static TERMINATING: AtomicI32 = AtomicI32::new(0);
static TERMINATIONS: AtomicU64 = AtomicU64::new(0);
static STATUS_REQUESTS: AtomicU64 = AtomicU64::new(0);
static WAKE_WORD: AtomicPtr<AtomicU64> = AtomicPtr::new(std::ptr::null_mut());

extern "C" fn on_signal(number: libc::c_int) {
    match number {
        libc::SIGINT | libc::SIGTERM => {
            TERMINATING.store(number, Ordering::Release);
            TERMINATIONS.fetch_add(1, Ordering::Release);
        }
        libc::SIGUSR1 => {
            STATUS_REQUESTS.fetch_add(1, Ordering::Release);
        }
        _ => {}
    }
    let word = WAKE_WORD.load(Ordering::Acquire);
    if !word.is_null() {
        // SAFETY: `Watch::install` takes words that live as long as the process.
        let word = unsafe { &*word };
        word.fetch_add(1, Ordering::Release);
        futex::wake_all(word);
    }
}

/// Signals are handled while this lives; dropped, SIGINT and SIGTERM end the process again. Watches
/// nest: while an inner one lives its word is woken, then the outer one's again.
#[derive(Debug)]
pub struct Watch {
    outer: *mut AtomicU64,
}

impl Watch {
    /// Installs the handlers. Each signal adds one to `word` and wakes its sleepers.
    ///
    /// The word must stay mapped for the rest of the process, since a handler may run at any time.
    pub fn install(word: &'static AtomicU64) -> Result<Watch, Errno> {
        let outer = WAKE_WORD.swap(std::ptr::from_ref(word).cast_mut(), Ordering::AcqRel);
        for number in [libc::SIGINT, libc::SIGTERM, libc::SIGUSR1, libc::SIGCHLD] {
            set_action(number, on_signal as extern "C" fn(libc::c_int) as libc::sighandler_t)?;
        }
        Ok(Watch { outer })
    }

    /// The signal that asked to end, if any.
    pub fn terminating(&self) -> Option<i32> {
        match TERMINATING.load(Ordering::Acquire) {
            0 => None,
            number => Some(number),
        }
    }

    /// How many times somebody has asked to end.
    pub fn terminations(&self) -> u64 {
        TERMINATIONS.load(Ordering::Acquire)
    }

    /// How many times status was asked for.
    pub fn status_requests(&self) -> u64 {
        STATUS_REQUESTS.load(Ordering::Acquire)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.outer.is_null() {
            WAKE_WORD.store(self.outer, Ordering::Release);
            return;
        }
        for number in [libc::SIGINT, libc::SIGTERM, libc::SIGUSR1, libc::SIGCHLD] {
            // A failure leaves a handler that only counts, which is harmless.
            let _ = set_action(number, libc::SIG_DFL);
        }
        WAKE_WORD.store(std::ptr::null_mut(), Ordering::Release);
    }
}

/// Makes a worker process immune to the terminal's signals: the parent decides when it ends.
pub fn ignore_terminal_signals() -> Result<(), Errno> {
    for number in [libc::SIGINT, libc::SIGTERM, libc::SIGUSR1] {
        set_action(number, libc::SIG_IGN)?;
    }
    Ok(())
}

fn set_action(number: libc::c_int, handler: libc::sighandler_t) -> Result<(), Errno> {
    // SAFETY: a zeroed sigaction is valid; the handler is async-signal-safe (atomics and futex wake).
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = libc::SA_RESTART;
        libc::sigemptyset(&mut action.sa_mask);
        if libc::sigaction(number, &action, std::ptr::null_mut()) != 0 {
            return Err(Errno::last());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    static OUTER: AtomicU64 = AtomicU64::new(0);
    static INNER: AtomicU64 = AtomicU64::new(0);

    #[test]
    fn the_outer_watch_goes_on_behind_an_inner_one() {
        let outer = Watch::install(&OUTER).unwrap();
        let inner = Watch::install(&INNER).unwrap();
        // SAFETY: raises a signal for this thread, which the handler installed above receives.
        let raise = || unsafe { libc::raise(libc::SIGUSR1) };
        raise();
        drop(inner);
        // Without a handler this would end the process.
        raise();
        assert_eq!(outer.status_requests(), 2);
        assert_eq!(INNER.load(Ordering::Acquire), 1);
        assert_eq!(OUTER.load(Ordering::Acquire), 1);
    }
}
