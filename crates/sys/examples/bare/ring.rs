//! io_uring with the ring flags that fiord asks for, through another implementation than fiord's.

use std::io;
use std::os::fd::AsRawFd as _;

use io_uring::{IoUring, opcode, squeue, types};

use crate::{Buffers, Job, Meter, Offsets, short};

/// Rounds between two looks at the clock.
const ROUNDS: u32 = 64;

pub(crate) fn run(job: &Job) -> io::Result<String> {
    let buffers = Buffers::of(job)?;
    let mut offsets = Offsets::of(job);
    let depth = u32::try_from(job.depth).map_err(io::Error::other)?;
    let mut ring: IoUring = IoUring::builder()
        .setup_single_issuer()
        .setup_defer_taskrun()
        .setup_no_sqarray()
        .setup_submit_all()
        .setup_clamp()
        .setup_cqsize(depth.next_power_of_two())
        .build(depth)?;
    if job.fixed {
        let vector = |slot| libc::iovec { iov_base: buffers.at(slot).cast(), iov_len: job.block };
        let vectors: Vec<libc::iovec> = (0..job.depth).map(vector).collect();
        // SAFETY: the buffers are never unmapped.
        unsafe { ring.submitter().register_buffers(&vectors)? };
        ring.submitter().register_files(&[job.file.as_raw_fd()])?;
    }
    let fd = types::Fd(job.file.as_raw_fd());
    let (block, fixed) = (job.block as u32, job.fixed);
    let entry = |slot: u32, offset: u64| -> squeue::Entry {
        let buffer = buffers.at(slot as usize);
        let entry = if fixed {
            let read = opcode::ReadFixed::new(types::Fixed(0), buffer, block, slot as u16);
            read.offset(offset).build()
        } else {
            opcode::Read::new(fd, buffer, block).offset(offset).build()
        };
        entry.user_data(u64::from(slot))
    };
    let (mut submitter, mut sq, mut cq) = ring.split();
    submitter.register_ring_fd()?;
    let mut free: Vec<u32> = (0..depth).rev().collect();
    let mut requests = 0_u64;
    let meter = Meter::start(job.duration);
    while !meter.is_over() {
        for _ in 0..ROUNDS {
            for _ in 0..job.batch {
                let Some(slot) = free.pop() else { break };
                // SAFETY: the slot's buffer is not in flight, and it is never unmapped.
                let pushed = unsafe { sq.push(&entry(slot, offsets.next())) };
                pushed.map_err(io::Error::other)?;
            }
            sq.sync();
            cq.sync();
            // As in a job, the queue is filled before the first completion is taken, and kept full: which
            // buffers are in use, and so in the cache of the CPU, depends on it.
            let full = free.is_empty();
            let want = if full && cq.len() < job.batch { job.batch } else { 0 };
            submitter.submit_and_wait(want)?;
            sq.sync();
            cq.sync();
            if !full {
                continue;
            }
            for completion in cq.by_ref().take(job.batch) {
                if completion.result() as u32 != block {
                    return Err(short(i64::from(completion.result())));
                }
                free.push(completion.user_data() as u32);
                requests += 1;
            }
            cq.sync();
        }
    }
    Ok(meter.line(requests))
}
