//! Error numbers of the kernel, with their names and texts.

use std::fmt;

/// An error number of the kernel; never zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Errno(pub i32);

impl Errno {
    /// Input/output error.
    pub const IO: Errno = Errno(libc::EIO);
    /// Invalid argument.
    pub const INVAL: Errno = Errno(libc::EINVAL);
    /// Interrupted by a signal.
    pub const INTR: Errno = Errno(libc::EINTR);
    /// No space left.
    pub const NOSPC: Errno = Errno(libc::ENOSPC);
    /// Quota exceeded.
    pub const DQUOT: Errno = Errno(libc::EDQUOT);
    /// Operation not supported.
    pub const OPNOTSUPP: Errno = Errno(libc::EOPNOTSUPP);

    /// The error of the last failed libc call of this thread.
    pub fn last() -> Errno {
        Errno(std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO))
    }

    /// The text of strerror(3), without Rust's "(os error N)".
    pub fn text(self) -> String {
        let full = std::io::Error::from_raw_os_error(self.0).to_string();
        match full.rfind(" (os error") {
            Some(end) => full[..end].to_owned(),
            None => full,
        }
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Errno({}: {})", self.0, self.text())
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl std::error::Error for Errno {}

impl From<std::io::Error> for Errno {
    fn from(error: std::io::Error) -> Errno {
        Errno(error.raw_os_error().unwrap_or(libc::EIO))
    }
}

impl From<rustix::io::Errno> for Errno {
    fn from(error: rustix::io::Errno) -> Errno {
        Errno(error.raw_os_error())
    }
}
