//! Lowering of the I/O options: direction, extent, sizes of requests, engine.

use fiord_base::{PerDirection, Quantity};

use super::Job;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{BlocksPlan, JobPlan};
use crate::table::{self, IoOptions, Status};
use crate::value::{Access, SplitEntry};

/// Size of requests if none is given.
const DEFAULT_BLOCK_BYTES: u64 = 4096;

/// Fills the plan.
pub(super) fn lower_io(options: IoOptions, plan: &mut JobPlan, job: &mut Job<'_>) {
    let IoOptions {
        rw,
        rw_sequencer,
        ioengine,
        iodepth,
        iodepth_batch,
        iodepth_batch_complete_min,
        iodepth_batch_complete_max,
        iodepth_low,
        serialize_overlap,
        io_submit_mode,
        size,
        io_size,
        offset,
        offset_align,
        offset_increment,
        number_ios,
        num_range,
        bs,
        ba,
        bsrange,
        bssplit,
        bs_unaligned,
        bs_is_seq_rand,
        write_barrier,
        direct,
        atomic,
        buffered,
        mem,
        iomem_align,
        invalidate,
        sync,
    } = options;
    if let Some(access) = rw {
        lower_access(access, plan);
    }
    plan.pattern.sequencer = rw_sequencer.unwrap_or_default();
    if let Some(name) = ioengine {
        plan.engine.name = name;
    }
    look_up_engine(&plan.engine.name, job);

    plan.engine.iodepth = iodepth.unwrap_or(1);
    plan.engine.batch = iodepth_batch.unwrap_or(1);
    plan.engine.batch_complete_min = iodepth_batch_complete_min.unwrap_or(1);
    plan.engine.batch_complete_max = iodepth_batch_complete_max.unwrap_or(0);
    plan.engine.iodepth_low = iodepth_low.unwrap_or(0);
    plan.engine.submit = io_submit_mode.unwrap_or_default();
    plan.engine.serialize_overlap = serialize_overlap.unwrap_or(false);

    plan.region.size = size;
    plan.region.io_size = io_size;
    plan.region.offset = offset.unwrap_or(Quantity::Bytes(0));
    plan.region.offset_align = offset_align.filter(|&align| align > 0);
    plan.region.offset_increment = offset_increment.unwrap_or(Quantity::Bytes(0));
    plan.limits.number_ios = number_ios.filter(|&count| count > 0);

    *plan.blocks = blocks(bs.unwrap_or_default(), bsrange.unwrap_or_default(), bssplit);
    if let Some(align) = ba {
        plan.blocks.align = align.map(|align| align.unwrap_or(0));
    }
    plan.blocks.unaligned = bs_unaligned.unwrap_or(false);
    plan.blocks.sequential_random = bs_is_seq_rand.unwrap_or(false);
    plan.pattern.ranges_per_trim = num_range.unwrap_or(1).max(1);
    plan.flush.barrier_every = write_barrier.unwrap_or(0);
    let (kind, backing) = mem.unzip();
    plan.memory.kind = kind;
    plan.memory.backing = backing.flatten();
    plan.memory.align_offset_bytes = iomem_align.unwrap_or(0);

    // The two are one setting; of both, the last one is left.
    plan.files.direct = direct.unwrap_or(false) || buffered == Some(false);
    plan.files.atomic = atomic.unwrap_or(false);
    plan.files.direct |= plan.files.atomic;
    plan.files.invalidate = invalidate.unwrap_or(true);
    plan.files.sync = sync.unwrap_or_default();
}

fn lower_access(access: Access, plan: &mut JobPlan) {
    let Access { pattern, number } = access;
    plan.pattern.rw = pattern;
    match number {
        Some(number) if pattern.random => {
            plan.pattern.run_length = u32::try_from(number).unwrap_or(u32::MAX).max(1);
        }
        Some(number) => plan.pattern.sequential_gap = number,
        None => {}
    }
}

fn look_up_engine(name: &str, job: &mut Job<'_>) {
    let built = table::engine(name).is_some_and(|engine| engine.status == Status::Ready);
    match (job.host.engine)(name) {
        Some(facts) => job.engine = facts,
        // It has been complained about.
        None if !built => {}
        None => job.report(
            "ioengine",
            Diagnostic::error(format!("this build has no engine `{name}`"))
                .code(Code::NO_SUCH_ENGINE_HERE)
                .help("`--enghelp` lists the engines"),
        ),
    }
}

/// A list of weighted sizes says all; a range says more than a size.
fn blocks(
    size: PerDirection<Option<u64>>,
    range: PerDirection<Option<(u64, u64)>>,
    split: Option<PerDirection<Vec<SplitEntry>>>,
) -> BlocksPlan {
    let split = split.unwrap_or_default();
    let bounds = PerDirection::from_fn(|direction| {
        let sizes = split[direction].iter().map(|entry| entry.bytes);
        let size = size[direction].unwrap_or(DEFAULT_BLOCK_BYTES);
        match (sizes.clone().min(), sizes.max()) {
            (Some(min), Some(max)) => (min, max),
            _ => range[direction].unwrap_or((size, size)),
        }
    });
    BlocksPlan {
        min: bounds.map(|(min, _)| min),
        max: bounds.map(|(_, max)| max),
        align: PerDirection::all(0),
        split: split.map(|mut list| {
            // Sizes are drawn by cumulated share in this order, so it decides the sequence.
            list.sort_by_key(|entry| entry.percent);
            list.into_iter().map(|SplitEntry { bytes, percent }| (bytes, percent)).collect()
        }),
        unaligned: false,
        sequential_random: false,
    }
}
