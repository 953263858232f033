//! Signals of the parent process: each handler only counts and wakes a futex word.
//!
//! A run needs to know of SIGINT, SIGTERM (end cleanly), SIGUSR1 (print status) and SIGCHLD (a worker
//! ended). The handlers store into process-wide atomics; the word to wake is registered per run.

use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU64, Ordering};

use crate::{Errno, futex};

static TERMINATING: AtomicI32 = AtomicI32::new(0);
static STATUS_REQUESTS: AtomicU64 = AtomicU64::new(0);
static WAKE_WORD: AtomicPtr<AtomicU64> = AtomicPtr::new(std::ptr::null_mut());

extern "C" fn on_signal(number: libc::c_int) {
    match number {
        libc::SIGINT | libc::SIGTERM => TERMINATING.store(number, Ordering::Release),
        libc::SIGUSR1 => {
            STATUS_REQUESTS.fetch_add(1, Ordering::Release);
        }
        _ => {}
    }
    let word = WAKE_WORD.load(Ordering::Acquire);
    if !word.is_null() {
        // SAFETY: `Watch` keeps the word alive while it is registered and clears the pointer first.
        let word = unsafe { &*word };
        word.fetch_add(1, Ordering::Release);
        futex::wake_all(word);
    }
}

/// Signals are handled while this lives; dropped, SIGINT and SIGTERM end the process again.
#[derive(Debug)]
pub struct Watch {
    _word: &'static AtomicU64,
}

impl Watch {
    /// Installs the handlers. Each signal adds one to `word` and wakes its sleepers.
    ///
    /// The word must stay mapped for the rest of the process, since a handler may run at any time.
    pub fn install(word: &'static AtomicU64) -> Result<Watch, Errno> {
        WAKE_WORD.store(std::ptr::from_ref(word).cast_mut(), Ordering::Release);
        for number in [libc::SIGINT, libc::SIGTERM, libc::SIGUSR1, libc::SIGCHLD] {
            set_action(number, on_signal as extern "C" fn(libc::c_int) as libc::sighandler_t)?;
        }
        Ok(Watch { _word: word })
    }

    /// The signal that asked to end, if any.
    pub fn terminating(&self) -> Option<i32> {
        match TERMINATING.load(Ordering::Acquire) {
            0 => None,
            number => Some(number),
        }
    }

    /// How many times status was asked for.
    pub fn status_requests(&self) -> u64 {
        STATUS_REQUESTS.load(Ordering::Acquire)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
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
