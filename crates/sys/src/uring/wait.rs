//! Waiting for completions: as long as it takes, or for a time.

use std::time::{Duration, Instant};

use linux_raw_sys::io_uring::{
    __kernel_timespec, IORING_ENTER_EXT_ARG, IORING_ENTER_GETEVENTS, IORING_FEAT_EXT_ARG,
    IORING_SETUP_SQPOLL, io_uring_getevents_arg,
};

use super::Ring;
use crate::Errno;

/// Time between two looks for completions on a kernel that cannot wait for a time.
const LOOK: Duration = Duration::from_micros(50);

impl Ring {
    /// Waits until at least `min` completions can be taken, and submits what has been pushed. A signal
    /// ends the wait early. With `min` 0 it only lets the kernel post what is ready.
    #[inline]
    pub fn wait(&mut self, min: u32) -> Result<(), Errno> {
        self.publish();
        if self.granted.has(IORING_SETUP_SQPOLL) && self.pending > 0 {
            self.wake()?;
        }
        let min = min.min(self.in_flight);
        if self.pending == 0 && self.ready() >= min && min > 0 {
            return Ok(());
        }
        self.enter_and_wait(min)
    }

    /// The same, but waits no longer than `patience`.
    pub fn wait_within(&mut self, min: u32, patience: Duration) -> Result<(), Errno> {
        // Completions that are there, and a kernel that is short of memory, are met here.
        self.wait(0)?;
        let end = Instant::now() + patience;
        let min = min.min(self.in_flight - self.pending.min(self.in_flight));
        while self.ready() < min {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            if self.features & IORING_FEAT_EXT_ARG == 0 {
                std::thread::sleep(left.min(LOOK));
                self.enter(0, 0, IORING_ENTER_GETEVENTS)?;
            } else if self.polls() {
                // A wait would poll until there are completions.
                std::hint::spin_loop();
                self.enter(0, 0, IORING_ENTER_GETEVENTS)?;
            } else {
                match self.enter_within(min, left) {
                    Ok(()) | Err(Errno::TIME | Errno::INTR) => break,
                    Err(errno) => return Err(errno),
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn enter_and_wait(&mut self, min: u32) -> Result<(), Errno> {
        match self.enter(self.pending, min, IORING_ENTER_GETEVENTS) {
            Ok(taken) => self.pending -= taken.min(self.pending),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN | Errno::BUSY) if self.in_flight > self.pending => {
                // No memory for more, or too many completions wait: taking some helps.
                let min = min.min(self.in_flight - self.pending);
                match self.enter(0, min, IORING_ENTER_GETEVENTS) {
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(errno) => return Err(errno),
                }
            }
            Err(errno) => return Err(errno),
        }
        Ok(())
    }

    #[inline]
    pub(super) fn enter(&self, submit: u32, min: u32, flags: u32) -> Result<u32, Errno> {
        // SAFETY: no memory is passed; what the entries point to is lent or ours.
        let result = unsafe {
            libc::syscall(
                libc::SYS_io_uring_enter,
                self.number,
                submit,
                min,
                flags | self.number_flags,
                std::ptr::null::<libc::c_void>(),
                0_usize,
            )
        };
        if result < 0 { Err(Errno::last()) } else { Ok(result as u32) }
    }

    /// Waits for completions for a time; ETIME when it is over (Linux 5.11).
    fn enter_within(&self, min: u32, patience: Duration) -> Result<(), Errno> {
        let limit = __kernel_timespec {
            tv_sec: patience.as_secs() as i64,
            tv_nsec: i64::from(patience.subsec_nanos()),
        };
        let argument = io_uring_getevents_arg {
            sigmask: 0,
            sigmask_sz: 0,
            min_wait_usec: 0,
            ts: (&raw const limit) as u64,
        };
        // SAFETY: the argument and the time that it points to outlive the call.
        let result = unsafe {
            libc::syscall(
                libc::SYS_io_uring_enter,
                self.number,
                0,
                min,
                IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG | self.number_flags,
                &raw const argument,
                size_of::<io_uring_getevents_arg>(),
            )
        };
        if result < 0 { Err(Errno::last()) } else { Ok(()) }
    }
}
