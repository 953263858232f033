//! Flags of single requests, as preadv2(2) and pwritev2(2) have them, for the engines whose interface
//! takes such: `nowait`, `uncached`, and `atomic` of the job.

use std::io::IoSliceMut;
use std::os::fd::BorrowedFd;

use fiord_engine::{EngineError, JobFacts};
use fiord_sys::Errno;
use fiord_sys::file::{self, VectorFlags};

use crate::settings;

/// The flags of all requests of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestFlags {
    read: VectorFlags,
    write: VectorFlags,
}

impl RequestFlags {
    /// For interfaces that take no flags.
    pub(crate) const NONE: RequestFlags =
        RequestFlags { read: VectorFlags::NONE, write: VectorFlags::NONE };

    /// Those of the job itself. Whether its files can do what is asked is found out when they are laid
    /// out.
    pub(crate) fn new(job: &JobFacts<'_>) -> RequestFlags {
        let write = if job.atomic { VectorFlags::ATOMIC } else { VectorFlags::NONE };
        RequestFlags { read: VectorFlags::NONE, write }
    }

    /// Takes an option of the engine if it is about flags, and says whether it is.
    pub(crate) fn take(
        &mut self,
        job: &JobFacts<'_>,
        name: &str,
        text: &str,
    ) -> Result<bool, EngineError> {
        let flag = match name {
            "nowait" => VectorFlags::NOWAIT,
            "uncached" => VectorFlags::DONTCACHE,
            _ => return Ok(false),
        };
        // Direct I/O has no cache to bypass.
        let means_nothing = job.direct && flag == VectorFlags::DONTCACHE;
        if settings::number(name, text)? != 0 && !means_nothing {
            (self.read, self.write) = (self.read.with(flag), self.write.with(flag));
        }
        Ok(true)
    }

    /// The flags of a request.
    #[inline]
    pub(crate) fn of(self, write: bool) -> VectorFlags {
        if write { self.write } else { self.read }
    }

    /// Finds out what a file refuses, by a read of nothing that could wait, so that the message can
    /// name the option. Writes cannot be tried: where only these are refused, the first one fails with
    /// EOPNOTSUPP.
    pub(crate) fn check(self, fd: BorrowedFd<'_>) -> Result<(), EngineError> {
        for (flag, option) in
            [(VectorFlags::NOWAIT, "nowait"), (VectorFlags::DONTCACHE, "uncached")]
        {
            if self.read.contains(flag) && is_refused(fd, flag) {
                return Err(EngineError {
                    action: format!("use the option {option} on this file"),
                    errno: Errno::OPNOTSUPP,
                    remedy: format!(
                        "it needs a newer kernel or another file system; leave {option} out"
                    ),
                });
            }
        }
        Ok(())
    }
}

/// Whether the file refuses a flag. With RWF_NOWAIT the trial waits for nothing; the other errors
/// that it may end with (EAGAIN, EINVAL for lack of alignment, EBADF if the file is write-only) come
/// after the check of the flags or say nothing about them.
fn is_refused(fd: BorrowedFd<'_>, flag: VectorFlags) -> bool {
    let mut byte = [0];
    let mut read = |flags| file::preadv2(fd, &mut [IoSliceMut::new(&mut byte)], 0, flags);
    match read(flag.with(VectorFlags::NOWAIT)) {
        Err(Errno::OPNOTSUPP) if flag == VectorFlags::NOWAIT => true,
        // Which of the two was it?
        Err(Errno::OPNOTSUPP) => read(VectorFlags::NOWAIT) != Err(Errno::OPNOTSUPP),
        _ => false,
    }
}
