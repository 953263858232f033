//! Copies out of a mapping of the file.

use std::hint::black_box;
use std::io;
use std::os::fd::AsRawFd as _;

use crate::{Buffers, Job, Meter, Offsets};

pub(crate) fn run(job: &Job) -> io::Result<String> {
    let buffers = Buffers::of(job)?;
    let mut offsets = Offsets::of(job);
    let (block, buffer) = (job.block, buffers.at(0));
    let bytes = usize::try_from(job.file_bytes).map_err(io::Error::other)?;
    // SAFETY: a new shared mapping for reading at an address of the kernel's choice.
    let mapping = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            bytes,
            libc::PROT_READ,
            libc::MAP_SHARED,
            job.file.as_raw_fd(),
            0,
        )
    };
    if mapping == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the range of the mapping, which the advice does not change.
    if unsafe { libc::madvise(mapping, bytes, libc::MADV_RANDOM) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let mapping = mapping.cast::<u8>().cast_const();
    let mut requests = 0_u64;
    let meter = Meter::start(job.duration);
    while !meter.is_over() {
        for _ in 0..1024 {
            let offset = offsets.next() as usize;
            // SAFETY: offset and block lie inside the file and so inside the mapping; the buffer has
            // the length of a block and is no part of the mapping.
            unsafe { std::ptr::copy_nonoverlapping(mapping.add(offset), buffer, block) };
            // Nobody looks at the data: without this the copy could be left out.
            black_box(buffer);
        }
        requests += 1024;
    }
    Ok(meter.line(requests))
}
