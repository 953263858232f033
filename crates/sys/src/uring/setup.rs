//! Making a ring: the flags that this kernel takes, and the memory that is shared with it.
//!
//! The best flags are tried first and given up one group after the other, newest first, as long as the
//! kernel answers EINVAL. What it took is kept, so that a report can say it.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr::NonNull;

use linux_raw_sys::io_uring::{
    IORING_OFF_CQ_RING, IORING_OFF_SQ_RING, IORING_OFF_SQES, IORING_SETUP_CLAMP,
    IORING_SETUP_COOP_TASKRUN, IORING_SETUP_CQSIZE, IORING_SETUP_DEFER_TASKRUN,
    IORING_SETUP_IOPOLL, IORING_SETUP_NO_SQARRAY, IORING_SETUP_SINGLE_ISSUER, IORING_SETUP_SQ_AFF,
    IORING_SETUP_SQPOLL, IORING_SETUP_SUBMIT_ALL, io_uring_params,
};

use crate::Errno;

/// What a ring is to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Most requests in flight.
    pub depth: u32,
    /// A thread of the kernel takes submissions (IORING_SETUP_SQPOLL).
    pub submission_thread: bool,
    /// Where that thread runs.
    pub submission_cpu: Option<u32>,
    /// Completions are polled for (IORING_SETUP_IOPOLL).
    pub poll: bool,
}

/// The optional flags that the kernel took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted {
    bits: u32,
    /// Calls name the ring by a registered number.
    pub registered_ring: bool,
}

impl Granted {
    pub(super) fn has(self, flag: u32) -> bool {
        self.bits & flag != 0
    }

    /// Entries are taken in order, without an array that names them.
    pub(super) fn is_without_array(self) -> bool {
        self.has(IORING_SETUP_NO_SQARRAY)
    }

    /// The kernel's names of what would make such a ring faster and is not in force, with the release
    /// that has them first.
    pub fn missing(self, wish: &Wish) -> impl Iterator<Item = &'static str> {
        let wanted = attempts(wish).next().unwrap_or(0);
        let flags = [
            (IORING_SETUP_SINGLE_ISSUER, "SINGLE_ISSUER (Linux 6.0)"),
            (IORING_SETUP_DEFER_TASKRUN, "DEFER_TASKRUN (Linux 6.1)"),
            (IORING_SETUP_NO_SQARRAY, "NO_SQARRAY (Linux 6.6)"),
            (IORING_SETUP_CQSIZE, "CQSIZE (Linux 5.5)"),
        ];
        let missing = flags
            .into_iter()
            .filter(move |(flag, _)| wanted & flag != 0 && !self.has(*flag))
            .map(|(_, name)| name);
        missing.chain((!self.registered_ring).then_some("registered ring (Linux 5.18)"))
    }

    /// The kernel's names of what makes a ring faster, in order, those that are in force.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let flags = [
            (IORING_SETUP_SINGLE_ISSUER, "SINGLE_ISSUER"),
            (IORING_SETUP_DEFER_TASKRUN, "DEFER_TASKRUN"),
            (IORING_SETUP_COOP_TASKRUN, "COOP_TASKRUN"),
            (IORING_SETUP_NO_SQARRAY, "NO_SQARRAY"),
            (IORING_SETUP_CQSIZE, "CQSIZE"),
            (IORING_SETUP_SQPOLL, "SQPOLL"),
            (IORING_SETUP_IOPOLL, "IOPOLL"),
        ];
        let set = flags.into_iter().filter(move |(flag, _)| self.has(*flag)).map(|(_, name)| name);
        set.chain(self.registered_ring.then_some("registered ring"))
    }
}

/// Memory that the kernel shares.
#[derive(Debug)]
pub(super) struct Shared {
    address: NonNull<u8>,
    bytes: usize,
}

impl Shared {
    fn map(fd: BorrowedFd<'_>, bytes: usize, place: u32) -> Result<Shared, Errno> {
        // SAFETY: a new mapping at an address of the kernel's choice aliases nothing of ours.
        let address = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_POPULATE,
                fd.as_raw_fd(),
                libc::off_t::from(place),
            )
        };
        if address == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        let address = NonNull::new(address.cast()).ok_or(Errno::NOMEM)?;
        Ok(Shared { address, bytes })
    }

    /// The place `offset` bytes behind the start, for `count` values of type `T`; `None` if it is not
    /// inside or not aligned.
    pub(super) fn at<T>(&self, offset: u32, count: u32) -> Option<NonNull<T>> {
        let end = (offset as usize).checked_add(size_of::<T>().checked_mul(count as usize)?)?;
        if end > self.bytes {
            return None;
        }
        // SAFETY: the place was just checked to lie inside the mapping.
        let place = unsafe { self.address.add(offset as usize) }.cast::<T>();
        place.is_aligned().then_some(place)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: exactly the range that `map` mapped; `Ring` drops this last, with all pointers
        // into it.
        unsafe { libc::munmap(self.address.as_ptr().cast(), self.bytes) };
    }
}

/// A ring and its memory.
pub(super) struct Parts {
    pub(super) fd: OwnedFd,
    pub(super) params: io_uring_params,
    pub(super) granted: Granted,
    pub(super) submissions: Shared,
    pub(super) completions: Shared,
    pub(super) entries: Shared,
}

/// Makes a ring.
pub(super) fn make(wish: &Wish) -> Result<Parts, Errno> {
    let (fd, params) = open(wish)?;
    let completion = size_of::<u64>() * 2;
    let array = if params.flags & IORING_SETUP_NO_SQARRAY == 0 { params.sq_entries } else { 0 };
    let sq = &params.sq_off;
    // Without an array its offset is 0, and the ring ends with the last of the counters.
    let last = sq.head.max(sq.tail).max(sq.ring_mask).max(sq.ring_entries).max(sq.flags);
    let sq_bytes = (last as usize + size_of::<u32>())
        .max(sq.array as usize + array as usize * size_of::<u32>());
    let cq_bytes = params.cq_off.cqes as usize + params.cq_entries as usize * completion;
    let entries_bytes = params.sq_entries as usize * size_of::<super::entry::Entry>();
    let submissions = Shared::map(fd.as_fd(), sq_bytes, IORING_OFF_SQ_RING)?;
    let completions = Shared::map(fd.as_fd(), cq_bytes, IORING_OFF_CQ_RING)?;
    let entries = Shared::map(fd.as_fd(), entries_bytes, IORING_OFF_SQES)?;
    let granted = Granted { bits: params.flags, registered_ring: false };
    Ok(Parts { fd, params, granted, submissions, completions, entries })
}

/// Groups of flags in the order in which they are given up, with the release that has them first:
/// 6.6, 6.1, 5.19 and 5.18, 5.5.
fn groups(wish: &Wish) -> [u32; 4] {
    // A thread of the kernel or a poller takes care of completions itself.
    let (deferred, cooperative) = match (wish.submission_thread, wish.poll) {
        (true, _) => (IORING_SETUP_SINGLE_ISSUER, 0),
        (false, _) => {
            (IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, IORING_SETUP_COOP_TASKRUN)
        }
    };
    [
        IORING_SETUP_NO_SQARRAY,
        deferred,
        cooperative | IORING_SETUP_SUBMIT_ALL,
        IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
    ]
}

/// Optional flags to try one after the other: all, then fewer and fewer.
fn attempts(wish: &Wish) -> impl Iterator<Item = u32> {
    let groups = groups(wish);
    (0..=groups.len()).map(move |given_up| {
        let flags = groups[given_up..].iter().fold(0, |all, group| all | group);
        // The one does what the other one does, and more; the kernel takes only one of the two.
        if flags & IORING_SETUP_DEFER_TASKRUN != 0 {
            flags & !IORING_SETUP_COOP_TASKRUN
        } else {
            flags
        }
    })
}

fn open(wish: &Wish) -> Result<(OwnedFd, io_uring_params), Errno> {
    let mut needed = 0;
    if wish.submission_thread {
        needed |= IORING_SETUP_SQPOLL;
        if wish.submission_cpu.is_some() {
            needed |= IORING_SETUP_SQ_AFF;
        }
    }
    if wish.poll {
        needed |= IORING_SETUP_IOPOLL;
    }
    for flags in attempts(wish) {
        // SAFETY: plain data, for which zeroes are a value.
        let mut params: io_uring_params = unsafe { std::mem::zeroed() };
        params.flags = needed | flags;
        params.sq_thread_cpu = wish.submission_cpu.unwrap_or(0);
        params.cq_entries = wish.depth.max(1);
        // SAFETY: the kernel reads and writes one `io_uring_params`, which we lend for the call.
        let fd =
            unsafe { libc::syscall(libc::SYS_io_uring_setup, wish.depth.max(1), &raw mut params) };
        if fd >= 0 {
            // SAFETY: a descriptor that the kernel just made for us and that nobody else knows.
            return Ok((unsafe { OwnedFd::from_raw_fd(fd as i32) }, params));
        }
        let errno = Errno::last();
        if errno != Errno::INVAL {
            return Err(errno);
        }
    }
    Err(Errno::INVAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_given_up_newest_first() {
        let wish = Wish { depth: 8, ..Wish::default() };
        let tried: Vec<u32> = attempts(&wish).collect();
        let cq = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
        let old = IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL;
        let deferred = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
        let best = deferred | IORING_SETUP_SUBMIT_ALL | cq;
        assert_eq!(tried, [best | IORING_SETUP_NO_SQARRAY, best, old | cq, cq, 0]);
    }

    #[test]
    fn a_submission_thread_takes_care_of_completions() {
        let wish = Wish { depth: 8, submission_thread: true, ..Wish::default() };
        for flags in attempts(&wish) {
            let refused = IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_COOP_TASKRUN;
            assert_eq!(flags & refused, 0, "the kernel would refuse them");
        }
    }

    #[test]
    fn what_is_missing_is_what_was_wanted_and_is_not_there() {
        let granted = Granted { bits: IORING_SETUP_CQSIZE, registered_ring: true };
        let missing = |submission_thread| {
            let wish = Wish { depth: 8, submission_thread, ..Wish::default() };
            granted.missing(&wish).collect::<Vec<_>>().join(", ")
        };
        let issuer = "SINGLE_ISSUER (Linux 6.0)";
        assert_eq!(
            missing(false),
            format!("{issuer}, DEFER_TASKRUN (Linux 6.1), NO_SQARRAY (Linux 6.6)")
        );
        assert_eq!(missing(true), format!("{issuer}, NO_SQARRAY (Linux 6.6)"));
    }
}
