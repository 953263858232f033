//! Whether targets can be written atomically (`atomic`), found out before anything is written.
//!
//! The kernel refuses an atomic write that a device cannot do with EINVAL, which says nothing; it tells
//! beforehand what a file takes (statx(2), Linux 6.11).

use std::os::fd::BorrowedFd;

use fiord_base::Direction;
use fiord_options::plan::JobPlan;
use fiord_sys::file::{self, AtomicWrites};

use super::TargetFile;
use crate::failure::Failure;

/// Refuses a target that cannot be written as the job wants.
pub(super) fn check(job: &JobPlan, target: &TargetFile, fd: BorrowedFd<'_>) -> Result<(), Failure> {
    if !job.files.atomic {
        return Ok(());
    }
    let shown = target.path.display();
    let Some(AtomicWrites { min_bytes, max_bytes }) = file::atomic_write_limits(fd) else {
        return Err(Failure::rule(format!(
            "'{shown}' cannot be written atomically: that needs Linux 6.11, a device with atomic writes, and a file system that passes them on; leave out atomic"
        )));
    };
    let (smallest, largest) = (job.blocks.min[Direction::Write], job.blocks.max[Direction::Write]);
    let fits = |bytes: u64| {
        bytes.is_power_of_two() && (u64::from(min_bytes)..=u64::from(max_bytes)).contains(&bytes)
    };
    if fits(smallest) && fits(largest) {
        return Ok(());
    }
    let odd = if fits(smallest) { largest } else { smallest };
    Err(Failure::rule(format!(
        "'{shown}' takes atomic writes of {min_bytes} to {max_bytes} bytes, in powers of two, and the job writes {odd}; choose another block size, or leave out atomic"
    )))
}
