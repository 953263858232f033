//! Error numbers of the kernel, with their names and texts.

use std::fmt;

/// An error number of the kernel; never zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Errno(pub i32);

impl Errno {
    /// No such file or directory.
    pub const NOENT: Errno = Errno(libc::ENOENT);
    /// Not a directory.
    pub const NOTDIR: Errno = Errno(libc::ENOTDIR);
    /// A directory.
    pub const ISDIR: Errno = Errno(libc::EISDIR);
    /// Data are not what they should be.
    pub const ILSEQ: Errno = Errno(libc::EILSEQ);
    /// Input/output error.
    pub const IO: Errno = Errno(libc::EIO);
    /// Not an open file.
    pub const BADF: Errno = Errno(libc::EBADF);
    /// Try again: the call would have to wait.
    pub const AGAIN: Errno = Errno(libc::EAGAIN);
    /// Invalid argument.
    pub const INVAL: Errno = Errno(libc::EINVAL);
    /// Interrupted by a signal.
    pub const INTR: Errno = Errno(libc::EINTR);
    /// Cannot allocate memory.
    pub const NOMEM: Errno = Errno(libc::ENOMEM);
    /// No space left.
    pub const NOSPC: Errno = Errno(libc::ENOSPC);
    /// Quota exceeded.
    pub const DQUOT: Errno = Errno(libc::EDQUOT);
    /// Bad address.
    pub const FAULT: Errno = Errno(libc::EFAULT);
    /// Operation not supported.
    pub const OPNOTSUPP: Errno = Errno(libc::EOPNOTSUPP);
    /// The time of a wait is over.
    pub const TIME: Errno = Errno(libc::ETIME);
    /// It took too long.
    pub const TIMEDOUT: Errno = Errno(libc::ETIMEDOUT);
    /// In use.
    pub const BUSY: Errno = Errno(libc::EBUSY);
    /// Not permitted.
    pub const PERM: Errno = Errno(libc::EPERM);
    /// The kernel has no such call.
    pub const NOSYS: Errno = Errno(libc::ENOSYS);
    /// Cancelled.
    pub const CANCELED: Errno = Errno(libc::ECANCELED);

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

/// Pairs of name and number; of names that share a number the usual one.
macro_rules! named {
    ($($name:ident,)*) => { &[$((stringify!($name), libc::$name),)*] };
}

#[rustfmt::skip]
const NAMES: &[(&str, i32)] = named! {
    EPERM, ENOENT, ESRCH, EINTR, EIO, ENXIO, E2BIG, ENOEXEC, EBADF, ECHILD, EAGAIN, ENOMEM,
    EACCES, EFAULT, ENOTBLK, EBUSY, EEXIST, EXDEV, ENODEV, ENOTDIR, EISDIR, EINVAL, ENFILE,
    EMFILE, ENOTTY, ETXTBSY, EFBIG, ENOSPC, ESPIPE, EROFS, EMLINK, EPIPE, EDOM, ERANGE, EDEADLK,
    ENAMETOOLONG, ENOLCK, ENOSYS, ENOTEMPTY, ELOOP, ENOMSG, EIDRM, ECHRNG, EL2NSYNC, EL3HLT,
    EL3RST, ELNRNG, EUNATCH, ENOCSI, EL2HLT, EBADE, EBADR, EXFULL, ENOANO, EBADRQC, EBADSLT,
    EBFONT, ENOSTR, ENODATA, ETIME, ENOSR, ENONET, ENOPKG, EREMOTE, ENOLINK, EADV, ESRMNT, ECOMM,
    EPROTO, EMULTIHOP, EDOTDOT, EBADMSG, EOVERFLOW, ENOTUNIQ, EBADFD, EREMCHG, ELIBACC, ELIBBAD,
    ELIBSCN, ELIBMAX, ELIBEXEC, EILSEQ, ERESTART, ESTRPIPE, EUSERS, ENOTSOCK, EDESTADDRREQ,
    EMSGSIZE, EPROTOTYPE, ENOPROTOOPT, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EOPNOTSUPP, EPFNOSUPPORT,
    EAFNOSUPPORT, EADDRINUSE, EADDRNOTAVAIL, ENETDOWN, ENETUNREACH, ENETRESET, ECONNABORTED,
    ECONNRESET, ENOBUFS, EISCONN, ENOTCONN, ESHUTDOWN, ETOOMANYREFS, ETIMEDOUT, ECONNREFUSED,
    EHOSTDOWN, EHOSTUNREACH, EALREADY, EINPROGRESS, ESTALE, EUCLEAN, ENOTNAM, ENAVAIL, EISNAM,
    EREMOTEIO, EDQUOT, ENOMEDIUM, EMEDIUMTYPE, ECANCELED, ENOKEY, EKEYEXPIRED, EKEYREVOKED,
    EKEYREJECTED, EOWNERDEAD, ENOTRECOVERABLE, ERFKILL, EHWPOISON,
};

impl Errno {
    /// The symbolic name, if the number has one.
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|&&(_, number)| number == self.0).map(|&(name, _)| name)
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "Errno({})", self.0),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_names() {
        assert_eq!(Errno(libc::EAGAIN).name(), Some("EAGAIN"));
        assert_eq!(Errno(libc::EOPNOTSUPP).name(), Some("EOPNOTSUPP"));
        assert_eq!(Errno(0).name(), None);
        for &(name, number) in NAMES {
            assert_eq!(Errno(number).name(), Some(name));
        }
    }

    #[test]
    fn texts_are_those_of_the_c_library() {
        assert_eq!(Errno::IO.text(), "Input/output error");
        assert_eq!(Errno::NOSPC.text(), "No space left on device");
    }
}
