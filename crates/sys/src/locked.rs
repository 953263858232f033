//! Memory that is kept from being paged out: how much of it a process may have, and a piece of it.

use std::ptr::NonNull;

use crate::Errno;

/// How many bytes this process may lock (RLIMIT_MEMLOCK); `None` if there is no limit, or none for it
/// because it may ignore limits (CAP_IPC_LOCK).
pub fn limit_bytes() -> Option<u64> {
    let privileged = rustix::thread::capabilities(None)
        .is_ok_and(|sets| sets.effective.contains(rustix::thread::CapabilitySet::IPC_LOCK));
    match privileged {
        true => None,
        false => rustix::process::getrlimit(rustix::process::Resource::Memlock).current,
    }
}

/// Memory that others cannot have, until it is dropped.
#[derive(Debug)]
pub struct LockedMemory {
    base: NonNull<u8>,
    bytes: usize,
}

// SAFETY: an address that nobody looks at; unmapping works from any thread.
unsafe impl Send for LockedMemory {}

impl LockedMemory {
    /// Locks as many bytes, more than none.
    pub fn new(bytes: usize) -> Result<LockedMemory, Errno> {
        // SAFETY: a new anonymous mapping at an address of the kernel's choice aliases nothing.
        let address = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if address == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        let base = NonNull::new(address.cast()).ok_or(Errno::NOMEM)?;
        let memory = LockedMemory { base, bytes };
        // SAFETY: exactly the range that was just mapped.
        match unsafe { libc::mlock(memory.base.as_ptr().cast(), memory.bytes) } {
            0 => Ok(memory),
            _ => Err(Errno::last()),
        }
    }
}

impl Drop for LockedMemory {
    fn drop(&mut self) {
        // SAFETY: exactly the range that `new` mapped, unmapped once; that unlocks it, too.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.bytes) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locked_kib() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmLck:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().trim().parse().unwrap()
    }

    #[test]
    fn memory_is_locked_as_long_as_it_is_held() {
        let before = locked_kib();
        let memory = LockedMemory::new(16 << 10).unwrap();
        assert_eq!(locked_kib(), before + 16);
        drop(memory);
        assert_eq!(locked_kib(), before);
    }
}
