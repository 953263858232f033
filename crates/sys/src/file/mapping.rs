//! A part of a file in memory, for the engine that reads and writes by copying.
//!
//! A mapped page may cease to exist: the file is cut by somebody else, the disk is full, the device
//! fails. The kernel then sends SIGBUS to whoever touches the page, which by default ends the
//! process with all its jobs. Copies here survive that: they run in one routine of machine code
//! whose only faulting instruction is known, and a handler for SIGBUS continues behind it. The copy
//! is then short, or EIO. No reference to mapped memory ever exists on the Rust side, because other
//! processes may change it at any time.

use std::os::fd::BorrowedFd;
use std::ptr::NonNull;

use rustix::mm::{MapFlags, MsyncFlags, ProtFlags};

use super::Access;
use crate::Errno;

/// Advice for madvise(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Ascending.
    Sequential,
    /// Any order.
    Random,
    /// Not needed now: drop the pages from this mapping.
    DontNeed,
    /// Use huge pages.
    HugePages,
}

/// A shared mapping of a range of a file.
#[derive(Debug)]
pub struct Mapping {
    base: NonNull<u8>,
    /// First byte of the file that is mapped; a multiple of the page size.
    start: u64,
    length: usize,
    access: Access,
}

// SAFETY: the mapping is owned exclusively; moving it to another thread moves that ownership.
unsafe impl Send for Mapping {}

impl Mapping {
    /// Maps `length` bytes of a file from `offset`, which is rounded down to a page. Touching what
    /// lies beyond the end of the file is an I/O error.
    pub fn new(
        fd: BorrowedFd<'_>,
        offset: u64,
        length: u64,
        access: Access,
    ) -> Result<Mapping, Errno> {
        guarded::install()?;
        let page = rustix::param::page_size() as u64;
        let start = offset - offset % page;
        let length = usize::try_from(length.saturating_add(offset - start))
            .map_err(|_| Errno(libc::EOVERFLOW))?;
        let protection = match access {
            Access::Read => ProtFlags::READ,
            Access::Write | Access::ReadWrite => ProtFlags::READ | ProtFlags::WRITE,
        };
        // SAFETY: a new mapping at an address of the kernel's choice aliases nothing.
        let base = unsafe {
            rustix::mm::mmap(std::ptr::null_mut(), length, protection, MapFlags::SHARED, fd, start)
        }?;
        let base = NonNull::new(base.cast()).ok_or(Errno(libc::ENOMEM))?;
        Ok(Mapping { base, start, length, access })
    }

    /// The address of a byte of the file and how many mapped bytes follow; `None` outside.
    #[inline]
    fn place(&self, offset: u64) -> Option<(*mut u8, usize)> {
        let index = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        let left = self.length.checked_sub(index).filter(|&left| left > 0)?;
        // SAFETY: `index` is less than the length of the mapping.
        Some((unsafe { self.base.as_ptr().add(index) }, left))
    }

    /// Copies bytes of the file, from `offset` on, into a buffer; returns how many there were.
    #[inline]
    pub fn copy_out(&self, offset: u64, into: &mut [u8]) -> Result<usize, Errno> {
        let Some((from, left)) = self.place(offset) else { return Ok(0) };
        let length = left.min(into.len());
        // SAFETY: `from` has `length` mapped bytes by `place`, `into` is a unique buffer of at least
        // as many, and the mapping and Rust's memory do not overlap.
        let done = unsafe { guarded::copy(into.as_mut_ptr(), from, length) };
        if done == 0 && length > 0 { Err(Errno::IO) } else { Ok(done) }
    }

    /// Copies a buffer to the file, from `offset` on; returns how much of it fitted. EBADF if the
    /// mapping is for reading.
    #[inline]
    pub fn copy_in(&self, offset: u64, from: &[u8]) -> Result<usize, Errno> {
        if self.access == Access::Read {
            return Err(Errno::BADF);
        }
        let Some((to, left)) = self.place(offset) else { return Ok(0) };
        let length = left.min(from.len());
        // SAFETY: `to` has `length` mapped, writable bytes by `place`, `from` at least as many, and the
        // mapping and Rust's memory do not overlap.
        let done = unsafe { guarded::copy(to, from.as_ptr(), length) };
        if done == 0 && length > 0 { Err(Errno::IO) } else { Ok(done) }
    }

    /// The pages that hold a range, cut to the mapping.
    fn pages(&self, offset: u64, length: u64) -> Option<(*mut u8, usize)> {
        let page = rustix::param::page_size() as u64;
        let offset = offset.max(self.start);
        let (address, left) = self.place(offset - offset % page)?;
        Some((address, left.min(usize::try_from(length.saturating_add(offset % page)).ok()?)))
    }

    /// Writes a range to the file and waits (msync with MS_SYNC).
    pub fn sync(&self, offset: u64, length: u64) -> Result<(), Errno> {
        let Some((address, length)) = self.pages(offset, length) else { return Ok(()) };
        // SAFETY: the range is mapped; msync changes no memory.
        unsafe { rustix::mm::msync(address.cast(), length, MsyncFlags::SYNC) }.map_err(Errno::from)
    }

    /// madvise(2) for a range.
    pub fn advise(&self, offset: u64, length: u64, advice: Advice) -> Result<(), Errno> {
        use rustix::mm::Advice as Kernel;
        let advice = match advice {
            Advice::Sequential => Kernel::Sequential,
            Advice::Random => Kernel::Random,
            Advice::DontNeed => Kernel::LinuxDontNeed,
            Advice::HugePages => Kernel::LinuxHugepage,
        };
        let Some((address, length)) = self.pages(offset, length) else { return Ok(()) };
        // SAFETY: the range is mapped, shared and backed by a file, so that dropping its pages loses
        // nothing; and no reference to it exists.
        unsafe { rustix::mm::madvise(address.cast(), length, advice) }.map_err(Errno::from)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: exactly the range that `new` mapped, unmapped once. Failure would mean a broken
        // argument and could not be acted upon.
        let _ = unsafe { rustix::mm::munmap(self.base.as_ptr().cast(), self.length) };
    }
}

/// A copy that ends early where memory faults.
#[cfg(target_arch = "x86_64")]
mod guarded {
    use std::ffi::{c_int, c_void};
    use std::sync::OnceLock;

    use crate::Errno;

    // REP MOVSB keeps its progress in registers: when it faults, RCX is what remains. The handler
    // moves RIP from the instruction to the one behind it.
    core::arch::global_asm!(
        ".pushsection .text.fiord_guarded_copy,\"ax\",@progbits",
        ".p2align 4",
        ".type fiord_guarded_copy,@function",
        ".globl fiord_guarded_copy",
        ".hidden fiord_guarded_copy",
        "fiord_guarded_copy:",
        ".cfi_startproc",
        "mov rcx, rdx",
        ".globl fiord_guarded_copy_fault",
        ".hidden fiord_guarded_copy_fault",
        "fiord_guarded_copy_fault:",
        "rep movsb",
        ".globl fiord_guarded_copy_resume",
        ".hidden fiord_guarded_copy_resume",
        "fiord_guarded_copy_resume:",
        "mov rax, rcx",
        "ret",
        ".cfi_endproc",
        ".size fiord_guarded_copy, . - fiord_guarded_copy",
        ".popsection",
    );

    unsafe extern "sysv64" {
        fn fiord_guarded_copy(to: *mut u8, from: *const u8, length: usize) -> usize;
        static fiord_guarded_copy_fault: u8;
        static fiord_guarded_copy_resume: u8;
    }

    /// Copies and returns the number of bytes copied.
    ///
    /// # Safety
    /// Both ranges are mapped, though their pages may be unavailable, and do not overlap; `install`
    /// has succeeded.
    #[inline]
    pub(super) unsafe fn copy(to: *mut u8, from: *const u8, length: usize) -> usize {
        // SAFETY: handed on to the caller.
        length - unsafe { fiord_guarded_copy(to, from, length) }
    }

    static INSTALLED: OnceLock<Result<Previous, Errno>> = OnceLock::new();

    struct Previous(libc::sigaction);

    // SAFETY: a plain record (an address of code, a set, flags), never changed once stored.
    unsafe impl Send for Previous {}
    // SAFETY: as for Send.
    unsafe impl Sync for Previous {}

    /// Makes the process survive SIGBUS inside [`copy`]; every other SIGBUS keeps its meaning.
    pub(super) fn install() -> Result<(), Errno> {
        let outcome = INSTALLED.get_or_init(|| {
            // SAFETY: all-zero is a valid sigaction: default action, empty mask, no flags.
            let mut previous: libc::sigaction = unsafe { std::mem::zeroed() };
            // SAFETY: asks only; the record outlives the call.
            if unsafe { libc::sigaction(libc::SIGBUS, std::ptr::null(), &raw mut previous) } != 0 {
                return Err(Errno::last());
            }
            Ok(Previous(previous))
        });
        if let Err(errno) = outcome {
            return Err(*errno);
        }
        // The handler goes in after INSTALLED is set, because it reads it. Installing twice in a
        // race is harmless: both install the same.
        // SAFETY: as above.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) = on_bus_error;
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        // SAFETY: `on_bus_error` has the signature that SA_SIGINFO asks for and is safe to run at
        // any time: it makes no call but to the previous handler or sigaction.
        match unsafe { libc::sigaction(libc::SIGBUS, &raw const action, std::ptr::null_mut()) } {
            0 => Ok(()),
            _ => Err(Errno::last()),
        }
    }

    extern "C" fn on_bus_error(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
        let registers = context.cast::<libc::ucontext_t>();
        let rip = libc::REG_RIP as usize;
        // SAFETY: with SA_SIGINFO the kernel passes a valid siginfo and a ucontext that is ours to
        // change; positive codes are faults of the instruction at RIP.
        unsafe {
            let fault = (&raw const fiord_guarded_copy_fault) as i64;
            if (*info).si_code > 0 && (*registers).uc_mcontext.gregs[rip] == fault {
                (*registers).uc_mcontext.gregs[rip] = (&raw const fiord_guarded_copy_resume) as i64;
                return;
            }
        }
        let Some(Ok(Previous(previous))) = INSTALLED.get() else { return };
        let is_function =
            previous.sa_sigaction != libc::SIG_DFL && previous.sa_sigaction != libc::SIG_IGN;
        if is_function && previous.sa_flags & libc::SA_SIGINFO != 0 {
            // SAFETY: with SA_SIGINFO the address is a handler of exactly this type.
            let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) =
                unsafe { std::mem::transmute(previous.sa_sigaction) };
            handler(signal, info, context);
            return;
        }
        // The instruction runs again, faults again, and meets the previous action.
        // SAFETY: puts back a record that the kernel gave us.
        unsafe { libc::sigaction(libc::SIGBUS, previous, std::ptr::null_mut()) };
    }
}

/// A copy that ends early where memory faults: by the kernel, which returns EFAULT for SIGBUS. It
/// costs a system call.
#[cfg(not(target_arch = "x86_64"))]
mod guarded {
    use crate::Errno;

    pub(super) fn install() -> Result<(), Errno> {
        Ok(())
    }

    /// Copies and returns the number of bytes copied.
    ///
    /// # Safety
    /// Both ranges are mapped, though their pages may be unavailable, and do not overlap.
    pub(super) unsafe fn copy(to: *mut u8, from: *const u8, length: usize) -> usize {
        let local = libc::iovec { iov_base: to.cast(), iov_len: length };
        let remote = libc::iovec { iov_base: from.cast_mut().cast(), iov_len: length };
        // SAFETY: the kernel checks both ranges and stops at the first page it cannot have.
        let done = unsafe { libc::process_vm_readv(libc::getpid(), &local, 1, &remote, 1, 0) };
        usize::try_from(done).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    fn file(name: &str, size: u64) -> (std::path::PathBuf, std::fs::File) {
        let path = std::env::temp_dir().join(format!("fiord-map-{name}-{}", std::process::id()));
        let file = std::fs::File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .unwrap();
        file.set_len(size).unwrap();
        (path, file)
    }

    #[test]
    fn copies_reach_the_file() {
        let (path, file) = file("copy", 16384);
        let mapping = Mapping::new(file.as_fd(), 5000, 8000, Access::ReadWrite).unwrap();
        assert_eq!(mapping.copy_in(5000, b"hello"), Ok(5));
        mapping.sync(5000, 5).unwrap();
        let contents = std::fs::read(&path).unwrap();
        assert_eq!(&contents[5000..5005], b"hello");
        let mut back = [0; 5];
        assert_eq!(mapping.copy_out(5000, &mut back), Ok(5));
        assert_eq!(&back, b"hello");
        assert_eq!(mapping.copy_out(12998, &mut back), Ok(2), "the mapping ends");
        assert_eq!(mapping.copy_out(13000, &mut back), Ok(0));
        assert_eq!(mapping.copy_out(0, &mut back), Ok(0), "before the mapping");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_file_that_shrinks_ends_the_copy_and_not_the_process() {
        let page = rustix::param::page_size();
        let (path, file) = file("shrink", 4 * page as u64);
        let mapping = Mapping::new(file.as_fd(), 0, 4 * page as u64, Access::ReadWrite).unwrap();
        assert_eq!(mapping.copy_in(0, &vec![7; 4 * page]), Ok(4 * page));
        file.set_len(page as u64).unwrap();
        let mut back = vec![0; 4 * page];
        assert_eq!(mapping.copy_out(0, &mut back), Ok(page));
        assert!(back[..page].iter().all(|&byte| byte == 7));
        assert_eq!(mapping.copy_out(page as u64, &mut back), Err(Errno::IO));
        assert_eq!(mapping.copy_in(2 * page as u64, &back), Err(Errno::IO));
        std::fs::remove_file(path).unwrap();
    }
}
