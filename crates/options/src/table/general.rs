//! What a job is called, how it is run, when it starts and ends, with whose rights.

use super::group::option_group;
use super::{BYTES, CPUS, Choice, INT, NAME, OptionDef, Status, TEXT, TimeUnit, ValueKind};
use crate::names::Text;
use crate::plan::{
    ClockSource, CpuPolicy, EndScope, ErrorClasses, IdRanges, NodeSet, NumaMemory, SteadyState,
};
use crate::value::{ErrorLists, Nanos};

const CLOCKSOURCE: &[Choice] = &[
    Choice::new("gettimeofday", "gettimeofday(2)"),
    Choice::new("clock_gettime", "clock_gettime(2), monotonic"),
    Choice::new("cpu", "time-stamp counter of the CPU"),
];

const CPUS_ALLOWED_POLICY: &[Choice] = &[
    Choice::new("shared", "all clones use the whole set"),
    Choice::new("split", "one CPU per clone"),
];

const EXIT_WHAT: &[Choice] = &[
    Choice::new("group", "jobs of the same group"),
    Choice::new("stonewall", "to next barrier"),
    Choice::new("all", "every job"),
];

const CONTINUE_ON_ERROR: &[Choice] = &[
    Choice::new("none", "the first error ends the job"),
    Choice::new("read", "errors of reads"),
    Choice::new("write", "errors of writes, trims and flushes"),
    Choice::new("io", "errors of reads and writes"),
    Choice::new("verify", "failed verification"),
    Choice::new("all", "all of them"),
    Choice::same("0", "none"),
    Choice::same("1", "all"),
];

const STEADYSTATE: &[Choice] = &[
    Choice::new("iops", "deviation of IOPS from their mean"),
    Choice::new("iops_slope", "slope of IOPS"),
    Choice::new("bw", "deviation of bandwidth from its mean"),
    Choice::new("bw_slope", "slope of bandwidth"),
    Choice::new("lat", "deviation of mean latency"),
    Choice::new("lat_slope", "slope of mean latency"),
];

option_group! {
    /// What a job is called, how it is run, when it starts and ends, with whose rights.
    GeneralOptions, GENERAL;

    [description: Text] OptionDef::new(
        "description",
        TEXT,
        "Free-text label of the job; shown in reports only",
    )
        .category("General/Description");
    [name: String] OptionDef::new(
        "name",
        NAME,
        "Job name; on the command line it opens a new job section",
    )
        .category("General/Description");
    [wait_for: String; planned] OptionDef::new(
        "wait_for",
        NAME,
        "Delay start until every clone of the named earlier job has finished",
    )
        .category("General/Description");
    [loops: u32] OptionDef::new("loops", INT, "How many times the job body repeats")
        .default("1").category("General/Runtime");
    [numjobs: u32] OptionDef::new("numjobs", INT, "Clones of this job")
        .default("1").category("General/Runtime");
    [startdelay: (Nanos, Nanos)] OptionDef::new(
        "startdelay",
        ValueKind::TimeRange(TimeUnit::Second),
        "Wait before starting; a range gives a random delay per clone",
    )
        .default("0").syntax("T or lo-hi (random)").category("General/Runtime");
    [runtime: Nanos] OptionDef::new(
        "runtime",
        ValueKind::Time(TimeUnit::Second),
        "Upper limit of the run phase",
    )
        .alias(&["timeout"]).default("0").category("General/Runtime");
    [time_based: bool] OptionDef::new(
        "time_based",
        ValueKind::Flag,
        "Restart the workload until runtime has elapsed",
    )
        .category("General/Runtime");
    [verify_only: bool] OptionDef::new(
        "verify_only",
        ValueKind::Flag,
        "Only check data written by an earlier run; writes are phantom",
    )
        .category("General/Runtime");
    [ramp_time: Nanos] OptionDef::new(
        "ramp_time",
        ValueKind::Time(TimeUnit::Second),
        "Warm-up period excluded from statistics",
    )
        .category("General/Runtime");
    [ramp_size: u64] OptionDef::new(
        "ramp_size",
        ValueKind::Bytes { min: 1, max: u64::MAX },
        "Warm-up amount of data excluded from statistics",
    )
        .since("3.42").category("General/Runtime");
    [clocksource: ClockSource] OptionDef::new(
        "clocksource",
        ValueKind::Choice(CLOCKSOURCE),
        "Clock used for time stamps",
    )
        .category("General/Clock");
    [exec_prerun: Text; planned] OptionDef::new("exec_prerun", TEXT, "Shell command run before the job").category("General");
    [exec_postrun: Text; planned] OptionDef::new("exec_postrun", TEXT, "Shell command run after the job").category("General");
    [lockmem: u64] OptionDef::new("lockmem", BYTES, "Memory to pin per worker")
        .default("0").category("General");
    [comm: Text; planned] OptionDef::new("comm", TEXT, "Process name set for the job (Linux)")
        .since("3.42").category("General/Description");
    [nice: i32; planned] OptionDef::new("nice", ValueKind::Int { min: -20, max: 19 }, "CPU nice value")
        .default("0").category("General/Credentials and priority");
    [prio: u32] OptionDef::new(
        "prio",
        ValueKind::Int { min: 0, max: 7 },
        "I/O priority level inside the class",
    )
        .category("General/Credentials and priority");
    [prioclass: u32] OptionDef::new(
        "prioclass",
        ValueKind::Int { min: 0, max: 3 },
        "I/O priority class (0 none, 1 RT, 2 BE, 3 idle)",
    )
        .category("General/Credentials and priority");
    [priohint: u32] OptionDef::new(
        "priohint",
        ValueKind::Int { min: 0, max: 1023 },
        "I/O priority hint (e.g. duration limits)",
    )
        .syntax("Linux 6.6+ kernels").since("3.36").category("General/Credentials and priority");
    [cpumask: u32; planned] OptionDef::new("cpumask", INT, "Allowed CPUs, as bit mask")
        .category("General/Credentials and priority");
    [cpus_allowed: IdRanges; planned] OptionDef::new(
        "cpus_allowed",
        CPUS,
        "Allowed CPUs, as list",
    )
        .syntax("0-3,7").category("General/Credentials and priority");
    [cpus_allowed_policy: CpuPolicy; planned] OptionDef::new(
        "cpus_allowed_policy",
        ValueKind::Choice(CPUS_ALLOWED_POLICY),
        "Share the set or give each clone one CPU",
    )
        .parent("cpus_allowed").category("General/Credentials and priority");
    [numa_cpu_nodes: NodeSet; planned] OptionDef::new("numa_cpu_nodes", ValueKind::Nodes, "NUMA nodes whose CPUs may run the job")
        .category("General");
    [numa_mem_policy: NumaMemory; planned] OptionDef::new("numa_mem_policy", ValueKind::NumaMemory, "NUMA memory policy, mode[:nodes]")
        .syntax("default|prefer:N|bind:list|interleave[:list]|local").category("General");
    [exitall: bool; planned] OptionDef::new("exitall", ValueKind::Flag, "Terminate other jobs once this one ends")
        .category("General/Process");
    [exit_what: EndScope; planned] OptionDef::new("exit_what", ValueKind::Choice(EXIT_WHAT), "Which jobs exitall terminates")
        .default("group").category("General/Process");
    [exitall_on_error: bool; planned] OptionDef::new("exitall_on_error", ValueKind::Flag, "Terminate all jobs when this one fails")
        .category("General/Process");
    [stonewall: bool] OptionDef::new(
        "stonewall",
        ValueKind::Flag,
        "Wait for all earlier jobs before starting",
    )
        .alias(&["wait_for_previous"]).category("General/Process");
    [new_group: bool] OptionDef::new(
        "new_group",
        ValueKind::Flag,
        "Start a new reporting group here",
    )
        .category("General/Process");
    [thread: bool] OptionDef::new("thread", ValueKind::Flag, "Run jobs as threads of one process")
        .category("General/Process");
    [gtod_cpu: u32; planned] OptionDef::new("gtod_cpu", INT, "Dedicated CPU whose thread maintains the clock")
        .syntax("0 is CPU 0 when given").category("General/Clock");
    [job_start_clock_id: u32] OptionDef::new("job_start_clock_id", INT, "Clock for job_start in JSON")
        .since("3.36").category("General/Clock");
    [continue_on_error: ErrorClasses] OptionDef::new(
        "continue_on_error",
        ValueKind::Choice(CONTINUE_ON_ERROR),
        "Classes of errors tolerated",
    )
        .default("none").category("General/Error handling");
    [ignore_error: ErrorLists] OptionDef::new(
        "ignore_error",
        ValueKind::ErrorLists,
        "Errno lists tolerated per read,write,verify class",
    )
        .syntax("read list,write list,verify list; lists colon-separated; names (EIO) or numbers")
        .parent("rw").category("General/Error handling");
    [error_dump: bool] OptionDef::new("error_dump", ValueKind::Bool, "Print each tolerated error")
        .default("0").category("General/Error handling");
    [] OptionDef::new("profile", TEXT, "Run a built-in benchmark instead of job files")
        .category("Profiles");
    [cgroup: Text; planned] OptionDef::new("cgroup", TEXT, "Control group to place the job in")
        .category("General/Control groups");
    [cgroup_nodelete: bool; planned] OptionDef::new("cgroup_nodelete", ValueKind::Bool, "Leave the control group behind")
        .default("0").parent("cgroup").category("General/Control groups");
    [cgroup_weight: u32; planned] OptionDef::new(
        "cgroup_weight",
        ValueKind::Int { min: 100, max: 1000 },
        "blkio weight of the control group",
    )
        .parent("cgroup").category("General/Control groups");
    [uid: u32; planned] OptionDef::new("uid", INT, "User to switch to")
        .category("General/Credentials and priority");
    [gid: u32; planned] OptionDef::new("gid", INT, "Group to switch to")
        .category("General/Credentials and priority");
    [hugepage_size: u64] OptionDef::new("hugepage-size", INT, "Huge page size for buffers")
        .default("2097152").category("General");
    [steadystate: SteadyState; planned] OptionDef::new(
        "steadystate",
        ValueKind::SteadyState(STEADYSTATE),
        "Criterion:limit to stop when results have settled",
    )
        .alias(&["ss"]).default("iops_slope:0.01%")
        .syntax("CRIT:LIMIT[%] ; iops float, bw bytes/s, lat time").category("General/Runtime");
    [steadystate_duration: Nanos; planned] OptionDef::new(
        "steadystate_duration",
        ValueKind::Time(TimeUnit::Second),
        "Window length for the steady-state check",
    )
        .alias(&["ss_dur"]).default("0").parent("steadystate").category("General/Runtime");
    [steadystate_ramp_time: Nanos; planned] OptionDef::new(
        "steadystate_ramp_time",
        ValueKind::Time(TimeUnit::Second),
        "Delay before steady-state sampling",
    )
        .alias(&["ss_ramp"]).default("0").parent("steadystate").category("General/Runtime");
    [steadystate_check_interval: Nanos; planned] OptionDef::new(
        "steadystate_check_interval",
        ValueKind::Time(TimeUnit::Second),
        "Period of steady-state samples",
    )
        .alias(&["ss_interval"]).default("1").parent("steadystate").since("3.35")
        .category("General/Runtime");
    [] OptionDef::new("gpu_dev_id", INT, "CUDA device for iomem=cudamalloc (CUDA builds only)")
        .status(Status::Unavailable { reason: "this program is built without CUDA" })
        .default("0").category("General");
}
