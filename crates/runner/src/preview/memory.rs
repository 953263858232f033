//! What memory clones need: the sizes that the code allocates, without allocating them.

use fiord_base::random::StreamSeeds;
use fiord_base::words;
use fiord_engine::Caps;
use fiord_options::Plan;
use fiord_options::plan::JobPlan;
use fiord_sys::BufferPool;
use fiord_sys::shared::PAGE_BYTES;
use fiord_workload::pacer::Rates;
use fiord_workload::verify::{books, course};
use fiord_workload::{Regions, map_bytes, state_bytes, visits_once};

use super::data::{Memory, Preview, Warning, WarningKind};
use crate::drive::queue_bytes;
use crate::layout::TargetFile;
use crate::layout::fill_buffer_bytes;
use crate::memory::Need;
use crate::run::prepare::ledger_config;
use crate::targets::READ_AHEAD_BYTES;
use crate::worker::{buffer_bytes, depth};

/// Memory of one clone that is about to run on these regions.
pub(super) fn of_clone(
    job: &JobPlan,
    (regions, seeds): (&Regions, &StreamSeeds),
    caps: Caps,
    fills: bool,
) -> Memory {
    let depth = depth(job, caps);
    let slot_bytes = buffer_bytes(job, caps);
    let need = Need::of(job, depth as usize, slot_bytes);
    // Without huge pages the job does not run, and needs as much of others.
    let plain = BufferPool::bytes_for(depth as usize, slot_bytes).map(|bytes| bytes as u64);
    let (buffers, huge_bytes) = match &need {
        Ok(need) => (need.bytes(), need.huge_bytes()),
        Err(_) => (plain, 0),
    };
    let map = map_bytes(job, regions).unwrap_or(u64::MAX);
    let files = regions.files.len();
    let fill_bytes = if fills { fill_buffer_bytes(job) } else { 0 };
    let ahead_bytes = if job.files.pre_read { READ_AHEAD_BYTES } else { 0 };
    let ledger = (ledger_config(job, caps).words() * 8).next_multiple_of(PAGE_BYTES);
    Memory {
        buffer_bytes: buffers.unwrap_or(u64::MAX),
        huge_bytes,
        locked_bytes: job.process.locked_bytes,
        // A map for which there is no memory may be done without.
        map_bytes: if job.pattern.soft_random_map && map == u64::MAX { 0 } else { map },
        verify_bytes: verify_bytes(job, regions, seeds),
        queue_bytes: queue_bytes(u64::from(depth)),
        file_bytes: state_bytes(files) + (files * size_of::<TargetFile>()) as u64,
        ledger_bytes: ledger as u64,
        fill_bytes: fill_bytes.max(ahead_bytes) as u64,
    }
}

/// Bytes of the books of verification, if the job has to have them.
fn verify_bytes(job: &JobPlan, regions: &Regions, seeds: &StreamSeeds) -> u64 {
    let steered = course::is_steered(job, Rates::new(job, seeds).is_some());
    match course::needs_books(job, visits_once(job, regions, seeds), steered) {
        true => books::bytes_for(job, regions).unwrap_or(u64::MAX),
        false => 0,
    }
}

/// Fills in the peak, and warns where the machine has less.
pub(super) fn sum_up(plan: &Plan, preview: &mut Preview) {
    // The results of all jobs are kept from start to end; all else goes with the job.
    let ledgers = preview.totals.memory.ledger_bytes;
    let of_phase = |jobs: &[usize]| {
        let mut sum = Memory::default();
        jobs.iter().filter_map(|index| preview.jobs.get(*index)).for_each(|j| sum.add(&j.memory));
        sum.total_bytes().saturating_sub(sum.ledger_bytes)
    };
    let largest = preview.phases.iter().map(|phase| of_phase(&phase.jobs)).max().unwrap_or(0);
    let peak = largest.saturating_add(ledgers);
    let machine = fiord_sys::host::memory_bytes();
    preview.totals.memory_peak_bytes = peak;
    preview.totals.machine_bytes = machine;
    if peak > machine && !plan.jobs.is_empty() {
        let text = format!(
            "the jobs need {} of memory, and this machine has {}",
            words::short_size(peak),
            words::short_size(machine)
        );
        preview.warnings.push(Warning::of(WarningKind::NoMemory, None, text));
    }
    preview.warnings.sort_by_key(|warning| warning.kind);
}
