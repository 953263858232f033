//! io_submit(2) and io_getevents(2).

use std::io;
use std::os::fd::AsRawFd as _;

use crate::{Buffers, Job, Meter, Offsets, short};

/// Rounds between two looks at the clock.
const ROUNDS: u32 = 64;
/// `IOCB_CMD_PREAD`.
const PREAD: u16 = 0;

/// `struct io_event`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Event {
    data: u64,
    object: u64,
    result: i64,
    result2: i64,
}

pub(crate) fn run(job: &Job) -> io::Result<String> {
    let buffers = Buffers::of(job)?;
    let mut offsets = Offsets::of(job);
    let mut context: libc::c_ulong = 0;
    // SAFETY: the kernel writes the number of the context to the place that is passed.
    call(unsafe { libc::syscall(libc::SYS_io_setup, job.depth, &raw mut context) })?;
    // SAFETY: plain data, for which zeroes are a value.
    let empty: libc::iocb = unsafe { std::mem::zeroed() };
    let mut blocks = vec![empty; job.depth];
    for (slot, block) in blocks.iter_mut().enumerate() {
        block.aio_data = slot as u64;
        block.aio_lio_opcode = PREAD;
        block.aio_fildes = job.file.as_raw_fd() as u32;
        block.aio_buf = buffers.at(slot) as u64;
        block.aio_nbytes = job.block as u64;
    }
    let mut pending: Vec<*mut libc::iocb> = Vec::with_capacity(job.batch);
    let mut events = vec![Event::default(); job.batch];
    let mut free: Vec<usize> = (0..job.depth).rev().collect();
    let mut requests = 0_u64;
    let meter = Meter::start(job.duration);
    while !meter.is_over() {
        for _ in 0..ROUNDS {
            for _ in 0..job.batch {
                let Some(slot) = free.pop() else { break };
                blocks[slot].aio_offset = offsets.next() as i64;
                pending.push(&raw mut blocks[slot]);
            }
            // SAFETY: the control blocks are ours and complete; their buffers are not in flight and
            // are never unmapped.
            let taken = call(unsafe {
                libc::syscall(libc::SYS_io_submit, context, pending.len(), pending.as_ptr())
            })?;
            pending.drain(..taken);
            if !free.is_empty() || !pending.is_empty() {
                // The queue is being filled: nothing is waited for.
                continue;
            }
            // SAFETY: there is room for so many events, and no time limit is passed.
            let count = call(unsafe {
                libc::syscall(
                    libc::SYS_io_getevents,
                    context,
                    job.batch,
                    job.batch,
                    events.as_mut_ptr(),
                    std::ptr::null::<libc::timespec>(),
                )
            })?;
            for event in &events[..count] {
                if event.result != job.block as i64 {
                    return Err(short(event.result));
                }
                free.push(event.data as usize);
            }
            requests += count as u64;
        }
    }
    Ok(meter.line(requests))
}

fn call(result: libc::c_long) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}
