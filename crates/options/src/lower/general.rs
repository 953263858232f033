//! Lowering of the general options: naming, start, end, errors.

use super::Job;
use super::process::{ProcessOptions, lower_process};
use crate::plan::{
    ClocksPlan, EndOthers, ErrorsPlan, Execution, IdRanges, JobPlan, SchedulePlan, SteadyStatePlan,
};
use crate::table::GeneralOptions;
use crate::value::{ErrorLists, Nanos};

/// `hugepage-size` if none is given.
const HUGE_PAGE_BYTES: u64 = 2 << 20;
/// `steadystate_check_interval` if none is given.
pub(super) const STEADY_INTERVAL_NS: u64 = 1_000_000_000;

/// Fills the plan; true if the job opens a reporting group.
pub(super) fn lower_general(
    options: GeneralOptions,
    plan: &mut JobPlan,
    job: &mut Job<'_>,
) -> bool {
    let GeneralOptions {
        description,
        // The name was needed earlier.
        name: _,
        wait_for,
        loops,
        numjobs,
        startdelay,
        runtime,
        time_based,
        verify_only,
        ramp_time,
        ramp_size,
        clocksource,
        exec_prerun,
        exec_postrun,
        lockmem,
        comm,
        nice,
        prio,
        prioclass,
        priohint,
        cpumask,
        cpus_allowed,
        cpus_allowed_policy,
        numa_cpu_nodes,
        numa_mem_policy,
        exitall,
        exit_what,
        exitall_on_error,
        stonewall,
        new_group,
        thread,
        gtod_cpu,
        job_start_clock_id,
        continue_on_error,
        ignore_error,
        error_dump,
        cgroup,
        cgroup_nodelete,
        cgroup_weight,
        uid,
        gid,
        hugepage_size,
        steadystate,
        steadystate_duration,
        steadystate_ramp_time,
        steadystate_check_interval,
    } = options;
    plan.description = description;
    plan.limits.loops = loops.unwrap_or(1).max(1);
    plan.clones = numjobs.unwrap_or(1);
    if let Some((low, high)) = startdelay {
        plan.start_delay_ns = (low.0, high.0);
    }
    plan.limits.runtime_ns = runtime.map(|time| time.0).filter(|&time| time > 0);
    plan.limits.time_based = time_based.unwrap_or(false);
    plan.limits.ramp_ns = ramp_time.map(|time| time.0).filter(|&time| time > 0);
    plan.limits.ramp_bytes = ramp_size;
    plan.limits.verify_only = verify_only.unwrap_or(false);
    plan.stats.clock = clocksource;
    if let Some(cpu) = gtod_cpu {
        job.need_cpus("gtod_cpu", &IdRanges(vec![(cpu, cpu)]));
    }
    plan.clocks =
        ClocksPlan { reader_cpu: gtod_cpu, job_start_id: job_start_clock_id.unwrap_or(0) };
    *plan.schedule = SchedulePlan {
        wait_for,
        end_others: match (exitall, exitall_on_error) {
            (Some(true), _) => EndOthers::Always,
            (_, Some(true)) => EndOthers::OnError,
            _ => EndOthers::Never,
        },
        end_scope: exit_what.unwrap_or_default(),
    };
    // Without a window nothing is looked for.
    let window = steadystate_duration.filter(|Nanos(ns)| *ns > 0);
    plan.limits.steady_state = window.map(|Nanos(window_ns)| SteadyStatePlan {
        criterion: steadystate.unwrap_or_default(),
        window_ns,
        ramp_ns: steadystate_ramp_time.map_or(0, |Nanos(ns)| ns),
        interval_ns: steadystate_check_interval.map_or(STEADY_INTERVAL_NS, |Nanos(ns)| ns),
    });
    plan.memory.huge_page_bytes = hugepage_size.unwrap_or(HUGE_PAGE_BYTES);
    lower_process(
        ProcessOptions {
            comm,
            uid,
            gid,
            nice,
            priority: [prio, prioclass, priohint],
            cpumask,
            cpus_allowed,
            cpus_allowed_policy,
            numa_cpu_nodes,
            numa_mem_policy,
            cgroup,
            cgroup_weight,
            cgroup_nodelete,
            lockmem,
            exec_prerun,
            exec_postrun,
        },
        plan,
        job,
    );
    plan.stonewall = stonewall.unwrap_or(false);
    if thread == Some(true) {
        plan.execution = Execution::Thread;
    }
    let lists = ignore_error.unwrap_or_default();
    *plan.errors = errors(
        ErrorsPlan {
            continue_on: continue_on_error.unwrap_or_default(),
            dump: error_dump.unwrap_or(false),
            ..ErrorsPlan::default()
        },
        lists,
    );
    new_group.unwrap_or(false)
}

/// A list of errnos also makes its class survivable.
fn errors(mut plan: ErrorsPlan, lists: ErrorLists) -> ErrorsPlan {
    let ErrorLists { read, write, verify } = lists;
    plan.continue_on.read |= read.is_some();
    plan.continue_on.write |= write.is_some();
    plan.continue_on.verify |= verify.is_some();
    plan.ignore_read = read;
    plan.ignore_write = write;
    plan.ignore_verify = verify;
    plan
}
