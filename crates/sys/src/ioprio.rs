//! Priorities of I/O: ioprio_set(2) and ioprio_get(2), for which the C library has no functions.
//!
//! Priorities are the kernel's numbers; 0 is none.

use crate::Errno;

/// `IOPRIO_WHO_PROCESS`, which means a thread.
const THREAD: libc::c_int = 1;

/// Gives the calling thread a priority, and all that it starts later. EPERM where the class needs a
/// capability, EINVAL for what this kernel does not know, such as hints before Linux 6.5.
pub fn set(priority: u16) -> Result<(), Errno> {
    let number = libc::c_int::from(priority);
    // SAFETY: the call takes three numbers.
    let result = unsafe { libc::syscall(libc::SYS_ioprio_set, THREAD, 0, number) };
    if result < 0 { Err(Errno::last()) } else { Ok(()) }
}

/// The priority of the calling thread.
pub fn get() -> Result<u16, Errno> {
    // SAFETY: the call takes two numbers.
    let result = unsafe { libc::syscall(libc::SYS_ioprio_get, THREAD, 0) };
    u16::try_from(result).map_err(|_| Errno::last())
}

/// Whether requests of the calling thread may have a priority, with the kernel's reason if not.
pub fn is_allowed(priority: u16) -> Result<(), Errno> {
    let before = get()?;
    set(priority)?;
    set(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A test has a thread of its own.
    #[test]
    fn a_thread_has_the_priority_that_it_was_given() {
        let best_effort_7 = 2 << 13 | 7;
        set(best_effort_7).unwrap();
        assert_eq!(get(), Ok(best_effort_7));
        assert_eq!(is_allowed(3 << 13), Ok(()));
        assert_eq!(get(), Ok(best_effort_7), "a question changes nothing");
        assert_eq!(is_allowed(7 << 13), Err(Errno::INVAL), "there is no such class");
    }
}
