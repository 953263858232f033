//! From ledgers to the report of a run.

use fiord_base::random::StreamSeeds;
use fiord_base::{DATA, Direction, PerDirection};
use fiord_measure::Priorities;
use fiord_measure::ledger::Snapshot;
use fiord_measure::report::{JobReport, LatencyGoal, Member, ReportSettings};
use fiord_options::plan::{JobPlan, Unified};
use fiord_sys::process::Usage;

use crate::order::Order;
use crate::priority;
use crate::sampler::Sampler;

/// What the parent knows of a worker beside its ledger.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fate {
    /// Signal that ended the process.
    pub(crate) signal: i32,
    /// The worker failed before it had a ledger, or in a way that the ledger does not show.
    pub(crate) error: i32,
    /// Process or thread id.
    pub(crate) pid: u32,
    /// What its process has used in all; for a worker that could not say so itself.
    pub(crate) usage: Option<Usage>,
}

/// Times of the run, on its clock and on the wall.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) now_ns: u64,
    pub(crate) genesis_ns: u64,
    /// Seconds to go, if known; 0 when nothing runs any more.
    pub(crate) eta_s: Option<u64>,
}

/// Builds the record of one worker.
pub(crate) fn job_report(
    order: &Order,
    snapshot: Option<Snapshot>,
    sampler: &Sampler,
    fate: &Fate,
    times: Times,
) -> JobReport {
    let job = &order.job;
    let iodepth = snapshot.as_ref().map_or(0, |snapshot| match snapshot.found_depth {
        0 => job.engine.iodepth,
        found => found,
    });
    let snapshot = snapshot.unwrap_or_default();
    let error = if snapshot.error != 0 { snapshot.error } else { fate.error };
    let shown_error = if error != 0 { error } else { snapshot.first_error };
    let pid = if snapshot.pid != 0 { snapshot.pid } else { fate.pid };
    let name = job.name.clone();
    let thread_number = order.thread_number;
    let running_ns = match snapshot.pass_ns {
        0 => 0,
        start_ns => times.now_ns.saturating_sub(start_ns),
    };
    let [user_us, system_us, context_switches, major_faults, minor_faults] = usage(&snapshot, fate);
    JobReport {
        members: vec![Member { name: name.clone(), thread_number, pid, error }],
        name,
        description: job.description.as_ref().map(|text| text.to_string_lossy().into_owned()),
        group: job.group,
        thread_number,
        pid,
        error: shown_error,
        error_text: error_text(shown_error),
        signal: fate.signal,
        options: job.given.clone(),
        effective: job.effective(),
        settings: settings(job),
        job_start_ms: snapshot.wall_start_ms,
        elapsed_s: (times.now_ns.saturating_sub(times.genesis_ns) / 1_000_000).div_ceil(1000),
        eta_s: times.eta_s,
        runtime_ms: (snapshot.runtime_ns + running_ns) / 1_000_000,
        user_us,
        system_us,
        context_switches,
        major_faults,
        minor_faults,
        depths: snapshot.depths,
        submits: snapshot.submits,
        completes: snapshot.completes,
        latency_ns: snapshot.distribution.ns,
        latency_us: snapshot.distribution.us,
        latency_ms: snapshot.distribution.ms,
        total_errors: snapshot.total_errors,
        first_error: snapshot.first_error,
        first_error_text: error_text(snapshot.first_error),
        latency_goal: LatencyGoal::default(),
        iodepth,
        sync: snapshot.flush.clone(),
        sync_ios: snapshot.sync_ios,
        blocks: snapshot.blocks.clone(),
        verification: snapshot.verification.clone(),
        directions: directions(order, snapshot, sampler, running_ns),
    }
}

/// What the measured phase has used: as the worker wrote it at its end, else from what is known of
/// the worker as a whole.
fn usage(snapshot: &Snapshot, fate: &Fate) -> [u64; 5] {
    match fate.usage {
        Some(used) if snapshot.usage == [0; 5] && snapshot.pid != 0 => {
            let used = used.numbers();
            std::array::from_fn(|i| used[i].saturating_sub(snapshot.usage_before[i]))
        }
        _ => snapshot.usage,
    }
}

/// Completes the counters of each direction with its running time, its samples and its priorities.
fn directions(
    order: &Order,
    snapshot: Snapshot,
    sampler: &Sampler,
    running_ns: u64,
) -> PerDirection<fiord_measure::DirectionReport> {
    let runtime_ns = snapshot.direction_runtime_ns;
    let mut directions = snapshot.directions;
    let (mut bandwidth, mut iops) = (sampler.bandwidth(), sampler.iops());
    for direction in DATA {
        let report = &mut directions[direction];
        let running_ns = if report.bytes > 0 || report.ios > 0 { running_ns } else { 0 };
        let total_ns = runtime_ns[direction] + running_ns;
        // A pass that is shorter than a millisecond is shown as one, as fio does, so that rates exist.
        report.runtime_ms = if total_ns == 0 { 0 } else { (total_ns / 1_000_000).max(1) };
        report.bw = std::mem::take(&mut bandwidth[direction]);
        report.iops = std::mem::take(&mut iops[direction]);
    }
    let seeds = StreamSeeds::from_entropy(order.seeds);
    let of_requests = priority::prioritizer(&order.job, &seeds);
    let of_lat = priority::told_apart(&order.job).unwrap_or(false);
    let told = [Direction::Read, Direction::Write].into_iter().zip(snapshot.by_priority);
    for (direction, latencies) in told {
        let priorities = of_requests.as_ref().map_or(&[][..], |all| all.priorities(direction));
        directions[direction].priorities = match priorities {
            [] => Priorities::only(priority::own_priority(&order.job), of_lat),
            several => {
                let apart = several.iter().copied().zip(latencies).collect();
                Priorities { only: None, apart, of_lat }
            }
        };
    }
    directions
}

fn error_text(errno: i32) -> String {
    if errno == 0 { String::new() } else { fiord_sys::Errno(errno).text() }
}

fn settings(job: &JobPlan) -> ReportSettings {
    let stats = &job.stats;
    ReportSettings {
        group_reporting: stats.group_reporting,
        unified: match stats.unified {
            Unified::None => 0,
            Unified::Mixed => 1,
            Unified::Both => 2,
        },
        clat_percentiles: stats.clat_percentiles,
        lat_percentiles: stats.lat_percentiles,
        slat_percentiles: stats.slat_percentiles,
        percentiles: stats.percentiles.to_vec(),
        significant_figures: stats.significant_figures,
        kb_base: stats.kb_base,
        unit_base: stats.unit_base,
        continue_on_error: job.errors.continue_on.any(),
    }
}
