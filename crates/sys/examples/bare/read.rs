//! One pread(2) after the other, and a checksum of what it has read.

use std::hint::black_box;
use std::io;
use std::os::fd::AsRawFd as _;

use md5::{Digest as _, Md5};

use crate::{Buffers, Job, Meter, Offsets, Sum, short};

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
            if let Some(sum) = job.sum {
                // SAFETY: a block was read into the buffer, which nobody changes now.
                make(sum, unsafe { std::slice::from_raw_parts(buffer, block) });
            }
        }
        requests += 1024;
    }
    Ok(meter.line(requests))
}

fn make(sum: Sum, data: &[u8]) {
    match sum {
        Sum::Crc32c => {
            black_box(crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, data));
        }
        Sum::Md5 => {
            black_box(Md5::digest(data));
        }
    }
}
