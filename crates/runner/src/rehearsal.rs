//! What a job needs of the kernel, tried before anything is laid out: a queue of its depth, memory of its
//! kind, memory to lock, priorities. What is refused then is refused before a file has been made or changed.

use fiord_engine::{JobFacts, Registration};
use fiord_options::plan::JobPlan;
use fiord_sys::{BufferPool, process};

use crate::failure::Failure;
use crate::memory::{self, Need};
use crate::offload::caps_for;
use crate::priority;
use crate::targets::advice;
use crate::worker::{buffer_bytes, check_depth, depth};

/// Most clones whose queues are tried.
const MOST_TRIED: u32 = 64;

/// Tries the needs of a job with so many clones; what was had for it is given back.
pub(crate) fn rehearse(job: &JobPlan, entry: &Registration, clones: u32) -> Result<(), Failure> {
    let need = ask(job, entry, clones)?;
    if need.is_scarce() {
        need.reserve()?;
    }
    Ok(())
}

/// The same without what has a name: no file is touched.
pub(crate) fn ask(job: &JobPlan, entry: &Registration, clones: u32) -> Result<Need, Failure> {
    let caps = caps_for(job, entry.caps);
    let depth = depth(job, caps) as usize;
    check_depth(depth)?;
    memory::check_lock(job)?;
    priority::check(job)?;
    let slot_bytes = buffer_bytes(job, caps);
    let need = Need::of(job, depth, slot_bytes)?;
    need.check(clones)?;
    if caps.rehearsed {
        let buffers = BufferPool::new(depth, slot_bytes)
            .map_err(|errno| Failure::new("reserve memory", errno))?;
        let facts = facts(job, depth, 1, &buffers);
        // Together, since limits count what all have. The kernel counts the same buffers anew each time.
        let try_one = |_| (entry.create)(&facts);
        (0..clones.min(MOST_TRIED)).map(try_one).collect::<Result<Vec<_>, _>>()?;
        // What the queues took would stay with this process as long as the jobs run.
        process::return_free_memory();
    }
    Ok(need)
}

/// What an engine is told of a job.
pub(crate) fn facts<'a>(
    job: &'a JobPlan,
    iodepth: usize,
    files: usize,
    buffers: &'a BufferPool,
) -> JobFacts<'a> {
    JobFacts {
        iodepth,
        max_block_bytes: job.blocks.largest(),
        files,
        direct: job.files.direct,
        atomic: job.files.atomic,
        options: &job.engine.options,
        sync_range_flags: job.flush.range_flags,
        buffers,
        measures_submission: job.stats.slat && !job.stats.gtod_reduce,
        advice: advice(job),
    }
}
