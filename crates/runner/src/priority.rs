//! Priorities of I/O: the job's own (`prio`) and those of single requests (`cmdprio_*`), as far as they
//! are known before the first request.

use fiord_base::random::StreamSeeds;
use fiord_base::{Direction, IoPriority};
use fiord_options::plan::JobPlan;
use fiord_sys::{Errno, ioprio};
pub(crate) use fiord_workload::Prioritizer;

use crate::failure::Failure;

/// The priority of a job's requests that have none of their own.
pub(crate) fn own_priority(job: &JobPlan) -> IoPriority {
    job.process.io_priority.unwrap_or_default()
}

/// What gives the requests of a job their priorities, if they have any.
pub(crate) fn prioritizer(job: &JobPlan, seeds: &StreamSeeds) -> Option<Prioritizer> {
    Prioritizer::new(&job.engine.priorities, own_priority(job), seeds)
}

/// Which latencies are told apart by priority: the total ones (true) or those of completion. `None` if
/// none can be.
pub(crate) fn told_apart(job: &JobPlan) -> Option<bool> {
    let stats = &job.stats;
    if stats.lat && stats.lat_percentiles { Some(true) } else { stats.clat.then_some(false) }
}

/// How many priorities reads and writes have, where latencies are told apart by them.
pub(crate) fn counts(job: &JobPlan) -> [u16; 2] {
    let seeds = StreamSeeds::from_entropy([0; 24]);
    match (told_apart(job), prioritizer(job, &seeds)) {
        (Some(_), Some(of_requests)) => [Direction::Read, Direction::Write].map(|direction| {
            u16::try_from(of_requests.priorities(direction).len()).unwrap_or(u16::MAX)
        }),
        _ => [0; 2],
    }
}

/// Finds out whether the kernel lets the job and its requests have their priorities.
pub(crate) fn check(job: &JobPlan) -> Result<(), Failure> {
    let seeds = StreamSeeds::from_entropy([0; 24]);
    let of_requests = prioritizer(job, &seeds);
    for direction in [Direction::Read, Direction::Write] {
        for &priority in of_requests.iter().flat_map(|all| all.priorities(direction)) {
            ioprio::is_allowed(priority.number())
                .map_err(|errno| refused("cmdprio", priority, errno))?;
        }
    }
    match job.process.io_priority {
        Some(priority) => {
            ioprio::is_allowed(priority.number()).map_err(|errno| refused("prio", priority, errno))
        }
        None => Ok(()),
    }
}

/// Takes the job's priority for the calling thread and those that it starts.
pub(crate) fn take(job: &JobPlan) -> Result<(), Failure> {
    match job.process.io_priority {
        Some(priority) => {
            ioprio::set(priority.number()).map_err(|errno| refused("prio", priority, errno))
        }
        None => Ok(()),
    }
}

fn refused(option: &str, priority: IoPriority, errno: Errno) -> Failure {
    let action = format!("use the I/O priority {priority} (class/level/hint, {option})");
    let failure = Failure::new(action, errno);
    match errno {
        Errno::PERM => failure.with_remedy(
            "real time, class 1, needs root or CAP_SYS_NICE; class 2, best effort, does not",
        ),
        Errno::INVAL if priority.hint > 0 => failure.with_remedy("hints need Linux 6.5"),
        _ => failure,
    }
}
