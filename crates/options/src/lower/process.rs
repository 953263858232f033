//! Lowering of what concerns the worker as a process: identity, priorities, CPUs, memory, groups.

use fiord_base::IoPriority;

use super::settings::Entry;
use super::{Job, priority};
use crate::diagnostic::{Code, Diagnostic};
use crate::names::Text;
use crate::plan::{
    CgroupPlan, CpuPlan, CpuPolicy, IdRanges, JobPlan, NodeSet, NumaMemory, NumaPlan, ProcessPlan,
};
use crate::value::Value;

/// The general options that concern the process, as they were given.
pub(super) struct ProcessOptions {
    pub(super) comm: Option<Text>,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    pub(super) nice: Option<i32>,
    pub(super) priority: [Option<u32>; 3],
    pub(super) cpumask: Option<u32>,
    pub(super) cpus_allowed: Option<IdRanges>,
    pub(super) cpus_allowed_policy: Option<CpuPolicy>,
    pub(super) numa_cpu_nodes: Option<NodeSet>,
    pub(super) numa_mem_policy: Option<NumaMemory>,
    pub(super) cgroup: Option<Text>,
    pub(super) cgroup_weight: Option<u32>,
    pub(super) cgroup_nodelete: Option<bool>,
    pub(super) lockmem: Option<u64>,
    pub(super) exec_prerun: Option<Text>,
    pub(super) exec_postrun: Option<Text>,
}

/// Fills the plan.
pub(super) fn lower_process(options: ProcessOptions, plan: &mut JobPlan, job: &mut Job<'_>) {
    let ProcessOptions {
        comm,
        uid,
        gid,
        nice,
        priority,
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
    } = options;
    if let Some(nodes) = &numa_cpu_nodes {
        job.need_nodes("numa_cpu_nodes", nodes);
    }
    match &numa_mem_policy {
        Some(NumaMemory::Bind(nodes) | NumaMemory::Interleave(nodes)) => {
            job.need_nodes("numa_mem_policy", nodes);
        }
        Some(NumaMemory::Prefer(node)) => {
            let only = NodeSet::Nodes(IdRanges(vec![(*node, *node)]));
            job.need_nodes("numa_mem_policy", &only);
        }
        Some(NumaMemory::Default | NumaMemory::Local) | None => {}
    }
    *plan.process = ProcessPlan {
        task_name: comm,
        uid,
        gid,
        nice,
        io_priority: io_priority(priority),
        cpus: CpuPlan {
            allowed: allowed_cpus(cpumask, cpus_allowed, job),
            policy: cpus_allowed_policy.unwrap_or_default(),
        },
        numa: NumaPlan { cpu_nodes: numa_cpu_nodes, memory: numa_mem_policy },
        cgroup: cgroup.map(|name| CgroupPlan {
            name,
            weight: cgroup_weight,
            keep: cgroup_nodelete.unwrap_or(false),
        }),
        locked_bytes: lockmem.unwrap_or(0),
        command_before: exec_prerun,
        command_after: exec_postrun,
    };
}

/// Level, class and hint; as soon as one is given, the others have a value.
fn io_priority([level, class, hint]: [Option<u32>; 3]) -> Option<IoPriority> {
    level.or(class).or(hint)?;
    // The table bounds them.
    Some(priority::said(
        u8::try_from(class.unwrap_or(0)).unwrap_or(u8::MAX),
        u8::try_from(level.unwrap_or(0)).unwrap_or(u8::MAX),
        u16::try_from(hint.unwrap_or(0)).unwrap_or(u16::MAX),
    ))
}

/// The mask and the list are one setting; of both, the last one holds.
fn allowed_cpus(mask: Option<u32>, list: Option<IdRanges>, job: &mut Job<'_>) -> Option<IdRanges> {
    let (option, ranges) = match (mask, list) {
        (None, None) => return None,
        (Some(mask), None) => ("cpumask", of_mask(mask)),
        (None, Some(list)) => ("cpus_allowed", list),
        (Some(mask), Some(_)) if job.settings.is_after("cpumask", "cpus_allowed") => {
            ("cpumask", of_mask(mask))
        }
        (Some(_), Some(list)) => ("cpus_allowed", list),
    };
    if ranges.0.is_empty() {
        let diagnostic = Diagnostic::error(format!("`{option}` allows no CPU"))
            .code(Code::NO_SUCH_CPU)
            .help("name at least one CPU, or leave the option out");
        job.report(option, diagnostic);
    }
    job.need_cpus(option, &ranges);
    Some(ranges)
}

/// Refuses a CPU for the polling thread of a ring that this machine does not have.
pub(super) fn check_polling_cpu(of_engine: &[Entry<'_>], job: &mut Job<'_>) {
    const OPTION: &str = "sqthread_poll_cpu";
    let entry = of_engine.iter().find(|entry| entry.def.name == OPTION);
    if let Some(Ok(Value::Int(cpu))) = entry.map(|entry| &entry.value) {
        let cpu = u32::try_from(*cpu).unwrap_or(u32::MAX);
        job.need_cpus(OPTION, &IdRanges(vec![(cpu, cpu)]));
    }
}

/// The bits of a mask as ranges.
fn of_mask(mask: u32) -> IdRanges {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for cpu in (0..u32::BITS).filter(|cpu| mask & (1 << cpu) != 0) {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == cpu => *last = cpu,
            _ => ranges.push((cpu, cpu)),
        }
    }
    IdRanges(ranges)
}
