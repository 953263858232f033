//! What a worker is to the operating system: identity, priorities, CPUs, memory, control group.

use crate::names::Text;
use fiord_base::IoPriority;
use serde::{Deserialize, Serialize};

use super::IdRanges;

/// What a worker is to the operating system. What is `None` stays as it is inherited.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProcessPlan {
    /// Name of the task (`PR_SET_NAME`); the kernel keeps 15 bytes.
    pub task_name: Option<Text>,
    /// User to run as.
    pub uid: Option<u32>,
    /// Group to run as.
    pub gid: Option<u32>,
    /// Nice value, -20..=19.
    pub nice: Option<i32>,
    /// Priority of its I/O.
    pub io_priority: Option<IoPriority>,
    /// Where it may run.
    pub cpus: CpuPlan,
    /// NUMA nodes of its CPUs and memory.
    pub numa: NumaPlan,
    /// Control group to run in.
    pub cgroup: Option<CgroupPlan>,
    /// Memory to pin, so that less is left for caches.
    pub locked_bytes: u64,
    /// Shell command before the job; if it fails, the job does no I/O.
    pub command_before: Option<Text>,
    /// Shell command after the job.
    pub command_after: Option<Text>,
}

/// Where a worker may run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CpuPlan {
    /// On these CPUs; `None`: on all.
    pub allowed: Option<IdRanges>,
    /// How clones share them.
    pub policy: CpuPolicy,
}

/// How the clones of a job share its CPUs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CpuPolicy {
    /// Each may use all.
    #[default]
    Shared,
    /// Each gets one, by its thread number.
    Split,
}

/// NUMA nodes of CPUs and memory.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NumaPlan {
    /// Nodes on whose CPUs the job may run.
    pub cpu_nodes: Option<NodeSet>,
    /// Where its memory comes from.
    pub memory: Option<NumaMemory>,
}

/// A set of NUMA nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeSet {
    /// All nodes.
    All,
    /// These.
    Nodes(IdRanges),
    /// All but these.
    AllBut(IdRanges),
}

/// Where memory comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NumaMemory {
    /// As the system likes.
    Default,
    /// From this node while it has some.
    Prefer(u32),
    /// From these nodes only.
    Bind(NodeSet),
    /// From these nodes in turn.
    Interleave(NodeSet),
    /// From the node of the CPU that asks for it.
    Local,
}

/// A control group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CgroupPlan {
    /// Its path below the mount point of the hierarchy.
    pub name: Text,
    /// Its weight for block I/O (version 1 only), 100..=1000.
    pub weight: Option<u32>,
    /// It is left behind at the end, even if it was made for the job.
    pub keep: bool,
}

/// Where the buffers of requests come from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MemoryPlan {
    /// Kind of memory; `None`: the engine's own, else ordinary memory.
    pub kind: Option<MemoryKind>,
    /// File behind a mapping.
    pub backing: Option<Text>,
    /// Offset of each buffer from its natural alignment.
    pub align_offset_bytes: u32,
    /// Size of huge pages.
    pub huge_page_bytes: u64,
}

/// Kind of memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemoryKind {
    /// Ordinary memory.
    #[default]
    Malloc,
    /// System V shared memory.
    Shm,
    /// System V shared memory in huge pages.
    ShmHuge,
    /// mmap(2), private.
    Mmap,
    /// mmap(2), shared.
    MmapShared,
    /// mmap(2) of huge pages.
    MmapHuge,
}

impl MemoryKind {
    /// Made of huge pages.
    pub fn is_huge(self) -> bool {
        matches!(self, MemoryKind::ShmHuge | MemoryKind::MmapHuge)
    }

    /// The word after `mem=`.
    pub fn word(self) -> &'static str {
        match self {
            MemoryKind::Malloc => "malloc",
            MemoryKind::Shm => "shm",
            MemoryKind::ShmHuge => "shmhuge",
            MemoryKind::Mmap => "mmap",
            MemoryKind::MmapShared => "mmapshared",
            MemoryKind::MmapHuge => "mmaphuge",
        }
    }
}
