//! One pread(2) after the other.

use std::io;
use std::os::fd::AsRawFd as _;

use crate::{Buffers, Job, Meter, Offsets, short};

pub(crate) fn run(job: &Job) -> io::Result<String> {
    let buffers = Buffers::of(job)?;
    let mut offsets = Offsets::of(job);
    let (fd, block, buffer) = (job.file.as_raw_fd(), job.block, buffers.at(0));
    let mut requests = 0_u64;
    let meter = Meter::start(job.duration);
    while !meter.is_over() {
        // A look at the clock each 1024 requests: it shall not be part of what is measured.
        for _ in 0..1024 {
            let offset = offsets.next() as libc::off_t;
            // SAFETY: the buffer has the length of a block and nobody else uses it.
            let moved = unsafe { libc::pread(fd, buffer.cast(), block, offset) };
            if moved != block as isize {
                return Err(if moved < 0 {
                    io::Error::last_os_error()
                } else {
                    short(moved as i64)
                });
            }
        }
        requests += 1024;
    }
    Ok(meter.line(requests))
}
