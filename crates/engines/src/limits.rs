//! Why the kernel refuses a queue, in the words of people: what was asked for, what there is, and how to
//! get it.

use fiord_base::words::short_size;
use fiord_engine::{EngineError, JobFacts};
use fiord_sys::file::VectorFlags;
use fiord_sys::uring::Wish;
use fiord_sys::{Errno, host, locked};

/// Places that a ring can have (`IORING_MAX_ENTRIES`, Linux 5.4 and later).
pub(crate) const RING_PLACES: u32 = 32_768;
/// Buffers that a ring can pin (`IORING_MAX_REG_BUFFERS`, Linux 5.13 and later).
const RING_BUFFERS: usize = 16_384;

/// Why there is no ring.
pub(crate) fn no_ring(errno: Errno, wish: &Wish) -> EngineError {
    let remedy = match errno {
        Errno::PERM | Errno::NOSYS => switched_off(errno, host::sysctl("kernel/io_uring_disabled")),
        Errno::NOMEM => match locked::limit_bytes() {
            // Linux before 5.12 counts rings as locked memory.
            Some(limit) => format!(
                "the limit of locked memory is {}; raise it with `ulimit -l`, or lower iodepth",
                short_size(limit)
            ),
            None => "lower iodepth".to_owned(),
        },
        Errno::INVAL if wish.depth > RING_PLACES => {
            format!("a ring has at most {RING_PLACES} places: lower iodepth, or use numjobs")
        }
        Errno::INVAL => match wish.submission_cpu {
            Some(cpu) => format!("is there a CPU {cpu} (sqthread_poll_cpu)?"),
            None => "this kernel is too old for a ring with these options".to_owned(),
        },
        _ => String::new(),
    };
    EngineError { action: format!("make a ring of {} requests", wish.depth), errno, remedy }
}

/// Who keeps io_uring from us.
fn switched_off(errno: Errno, disabled: Option<u64>) -> String {
    let how = match (errno, disabled) {
        (_, Some(2)) => "the sysctl kernel.io_uring_disabled is 2: set it to 0",
        (_, Some(1)) => {
            "the sysctl kernel.io_uring_disabled is 1: set it to 0, or join the group of the sysctl \
             kernel.io_uring_group"
        }
        (Errno::NOSYS, None) => "this kernel has none, or a container hides it",
        _ => {
            "a container blocks it: allow io_uring_setup, io_uring_enter and io_uring_register in its \
             seccomp profile"
        }
    };
    format!("io_uring is switched off here; {how}, or use ioengine=libaio")
}

/// Why buffers cannot be pinned.
pub(crate) fn not_pinned(errno: Errno, job: &JobFacts<'_>) -> EngineError {
    let bytes = job.buffers.pinned_bytes();
    let remedy = match (errno, locked::limit_bytes()) {
        (Errno::NOMEM | Errno::AGAIN, Some(limit)) => format!(
            "the limit of locked memory is {} for all that this user pins; raise it with \
             `ulimit -l {}` (in KiB) at least, or leave fixedbufs out",
            short_size(limit),
            bytes.div_ceil(1024)
        ),
        (Errno::NOMEM | Errno::AGAIN, None) => {
            "there is not as much memory; lower iodepth, or leave fixedbufs out".to_owned()
        }
        (Errno::INVAL, _) if job.iodepth > RING_BUFFERS => {
            format!("at most {RING_BUFFERS} buffers can be pinned: lower iodepth, or leave fixedbufs out")
        }
        (Errno::FAULT | Errno::OPNOTSUPP, _) => {
            "memory behind a file or device may not be pinned; use another mem, or leave fixedbufs out"
                .to_owned()
        }
        _ => String::new(),
    };
    let action = format!("pin {} of buffers (fixedbufs)", short_size(bytes));
    EngineError { action, errno, remedy }
}

/// Why there is no context of the kernel's asynchronous I/O.
pub(crate) fn no_context(errno: Errno, iodepth: usize) -> EngineError {
    let remedy = match errno {
        Errno::AGAIN => {
            let (most, taken) = (host::sysctl("fs/aio-max-nr"), host::sysctl("fs/aio-nr"));
            let (most, taken) = (most.unwrap_or(0), taken.unwrap_or(0));
            format!(
                "of {most} places in all queues together {} are free; raise their number with \
                 `sysctl fs.aio-max-nr={}`, or lower iodepth",
                most.saturating_sub(taken),
                taken.saturating_add(iodepth as u64)
            )
        }
        Errno::NOSYS | Errno::PERM => {
            "this kernel or container has no io_setup; use ioengine=io_uring or psync".to_owned()
        }
        Errno::NOMEM => "lower iodepth".to_owned(),
        _ => String::new(),
    };
    EngineError { action: format!("make a queue of {iodepth} requests"), errno, remedy }
}

/// What a job wants of its transfers beyond moving data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extras {
    /// Completions are polled for (`hipri`).
    pub(crate) polled: bool,
    /// Flags of reads, or of writes.
    pub(crate) flags: VectorFlags,
}

/// What to do about a transfer that the kernel refuses for such a wish.
pub(crate) fn about_extras(errno: Errno, wanted: Extras) -> &'static str {
    let has = |flag| wanted.flags.contains(flag);
    match errno {
        Errno::OPNOTSUPP | Errno::INVAL if wanted.polled => {
            "hipri polls for completions: that takes direct=1 and a device with polled queues, such as \
             NVMe with the module parameter poll_queues; leave hipri out"
        }
        Errno::OPNOTSUPP | Errno::INVAL if has(VectorFlags::DONTCACHE) => {
            "uncached takes Linux 6.14 and a file system that knows RWF_DONTCACHE; leave it out, or use \
             direct=1"
        }
        Errno::OPNOTSUPP if has(VectorFlags::NOWAIT) => {
            "this file system or device knows no RWF_NOWAIT; leave nowait out"
        }
        Errno::INVAL | Errno::OPNOTSUPP if has(VectorFlags::ATOMIC) => {
            "atomic writes lie at multiples of their size, and that is a power of two which the device \
             takes; leave atomic out"
        }
        Errno::AGAIN if has(VectorFlags::NOWAIT) => {
            "the request would have had to wait, and nowait forbids that; ignore_error=EAGAIN goes on"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_switches_io_uring_off_is_named() {
        assert!(switched_off(Errno::PERM, Some(2)).contains("io_uring_disabled is 2"));
        assert!(switched_off(Errno::PERM, Some(1)).contains("io_uring_group"));
        assert!(switched_off(Errno::PERM, Some(0)).contains("seccomp"));
        assert!(switched_off(Errno::PERM, None).contains("seccomp"));
        assert!(switched_off(Errno::NOSYS, None).contains("this kernel has none"));
    }

    #[test]
    fn refused_transfers_are_owed_to_what_was_wanted() {
        const NOWAIT: VectorFlags = VectorFlags::NOWAIT;
        const DONTCACHE: VectorFlags = VectorFlags::DONTCACHE;
        let about = |errno, polled, flags| about_extras(errno, Extras { polled, flags });
        assert!(about(Errno::OPNOTSUPP, true, NOWAIT).contains("hipri"));
        assert!(about(Errno::OPNOTSUPP, false, DONTCACHE).contains("uncached"));
        assert!(about(Errno::AGAIN, false, NOWAIT).contains("ignore_error=EAGAIN"));
        assert!(about(Errno::INVAL, false, VectorFlags::ATOMIC).contains("atomic"));
        assert_eq!(about(Errno::AGAIN, true, DONTCACHE), "");
        assert_eq!(about(Errno::OPNOTSUPP, false, VectorFlags::NONE), "");
        assert_eq!(about(Errno::IO, true, NOWAIT.with(DONTCACHE)), "");
    }

    #[test]
    fn depths_are_compared_with_the_limit() {
        let wish = Wish { depth: 40_000, ..Wish::default() };
        let text = no_ring(Errno::INVAL, &wish).to_string();
        assert!(text.contains("40000") && text.contains("32768"), "{text}");
        let text = no_context(Errno::AGAIN, 1 << 30).to_string();
        let most = host::sysctl("fs/aio-max-nr").unwrap_or(0).to_string();
        assert!(text.contains("1073741824") && text.contains(&most), "{text}");
        assert!(text.contains("sysctl fs.aio-max-nr="), "{text}");
    }
}
