//! Identity, priorities, CPUs, memory; start and end with regard to other jobs.

use super::{check_faults, job, lower, plan_of, spec, test_host};
use fiord_base::IoPriority;

use crate::diagnostic::Diagnostic;
use crate::host::{EngineFacts, Host};
use crate::plan::{
    CgroupPlan, CpuPolicy, EndOthers, EndScope, IdRanges, MemoryKind, NodeSet, NumaMemory,
    PriorityShare, SteadyQuantity, SteadyState,
};

#[test]
fn a_worker_keeps_what_it_inherits_unless_told() {
    let job = job("");
    assert_eq!(*job.process, crate::plan::ProcessPlan::default());
    assert_eq!((job.memory.kind, job.memory.huge_page_bytes), (None, 2 << 20));
    assert_eq!((job.schedule.end_others, job.clocks.reader_cpu), (EndOthers::Never, None));
}

#[test]
fn identity_and_commands() {
    let options = "uid=7 gid=8 nice=-5 comm=worker exec_prerun=true exec_postrun=false lockmem=1m";
    let process = job(options).process;
    assert_eq!((process.uid, process.gid, process.nice), (Some(7), Some(8), Some(-5)));
    assert_eq!(process.task_name, Some("worker".into()));
    assert_eq!(process.command_before, Some("true".into()));
    assert_eq!(process.command_after, Some("false".into()));
    assert_eq!(process.locked_bytes, 1 << 20);
    let process = job("cgroup=a/b cgroup_weight=500 cgroup_nodelete=1").process;
    let group = CgroupPlan { name: "a/b".into(), weight: Some(500), keep: true };
    assert_eq!(process.cgroup, Some(group));
}

#[test]
fn one_word_of_priority_is_enough() {
    let priority = |options| job(options).process.io_priority;
    assert_eq!(priority("prio=7"), Some(IoPriority { class: 2, level: 7, hint: 0 }));
    assert_eq!(
        priority("prioclass=1 priohint=1023"),
        Some(IoPriority { class: 1, level: 0, hint: 1023 })
    );
    assert_eq!(priority("prioclass=3"), Some(IoPriority { class: 3, level: 0, hint: 0 }));
    assert_eq!(priority(""), None);
}

#[test]
fn the_last_of_list_and_mask_names_the_cpus() {
    let allowed = |options| job(options).process.cpus.allowed.clone().map(|ranges| ranges.0);
    assert_eq!(allowed("cpus_allowed=3,0-1"), Some(vec![(0, 1), (3, 3)]));
    assert_eq!(allowed("cpumask=0xb"), Some(vec![(0, 1), (3, 3)]));
    assert_eq!(allowed("cpus_allowed=3 cpumask=1"), Some(vec![(0, 0)]));
    assert_eq!(allowed("cpumask=1 cpus_allowed=3"), Some(vec![(3, 3)]));
    assert_eq!(job("cpus_allowed_policy=split").process.cpus.policy, CpuPolicy::Split);
}

#[test]
fn cpus_exist() {
    check_faults(
        "[a]\ncpus_allowed=0-4\n[b]\ncpumask=16\n[c]\ncpumask=0\n[d]\ngtod_cpu=4\n",
        &[
            "t.fio:2:14: CPU 4 of `cpus_allowed` does not exist (this machine has CPUs 0 to 3)",
            "t.fio:4:9: CPU 4 of `cpumask` does not exist (this machine has CPUs 0 to 3)",
            "t.fio:6:9: `cpumask` allows no CPU; name at least one CPU, or leave the option out",
            "t.fio:8:10: CPU 4 of `gtod_cpu` does not exist (this machine has CPUs 0 to 3)",
        ],
    );
}

#[test]
fn the_cpu_of_a_polling_thread_exists() {
    let host = Host { engine: &|_| Some(EngineFacts::default()), ..test_host() };
    let errors = |cpu| {
        let options = "ioengine=io_uring\nsqthread_poll=1\nsqthread_poll_cpu";
        let (_, found) = lower(&spec(&[&format!("[a]\n{options}={cpu}\n")]), &host);
        found.iter().map(Diagnostic::one_line).collect::<Vec<_>>()
    };
    assert_eq!(errors(3), [""; 0]);
    assert_eq!(
        errors(4),
        ["t.fio:4:19: CPU 4 of `sqthread_poll_cpu` does not exist (this machine has CPUs 0 to 3)"]
    );
}

#[test]
fn nodes_exist() {
    let absent = |place, option, node| {
        format!(
            "t.fio:{place}: NUMA node {node} of `{option}` does not exist (this machine has nodes 0 to 1)"
        )
    };
    check_faults(
        "[a]\nnuma_cpu_nodes=0,2\n[b]\nnuma_cpu_nodes=!3\n[c]\nnuma_mem_policy=prefer:2\n\
         [d]\nnuma_mem_policy=bind:0-2\n[e]\nnuma_cpu_nodes=all\nnuma_mem_policy=interleave:1\n",
        &[
            &absent("2:16", "numa_cpu_nodes", 2),
            &absent("4:16", "numa_cpu_nodes", 3),
            &absent("6:17", "numa_mem_policy", 2),
            &absent("8:17", "numa_mem_policy", 2),
        ],
    );
}

#[test]
fn jobs_stay_off_the_cpu_of_the_clock() {
    let allowed = |options| job(options).process.cpus.allowed.clone().map(|ranges| ranges.0);
    assert_eq!(allowed("gtod_cpu=1 cpus_allowed=0-3"), Some(vec![(0, 0), (2, 3)]));
    assert_eq!(allowed("gtod_cpu=0 cpus_allowed=0-3"), Some(vec![(1, 3)]));
    assert_eq!(allowed("gtod_cpu=3 cpus_allowed=0-3"), Some(vec![(0, 2)]));
    assert_eq!(allowed("gtod_cpu=3 cpus_allowed=0-1"), Some(vec![(0, 1)]));
    assert_eq!(allowed("gtod_cpu=0 cpus_allowed=0"), Some(vec![(0, 0)]), "there is no other");
    assert_eq!(job("gtod_cpu=2").clocks.reader_cpu, Some(2));
}

#[test]
fn nodes_and_memory() {
    let numa = &job("numa_cpu_nodes=0-1 numa_mem_policy=prefer:1").process.numa;
    assert_eq!(numa.cpu_nodes, Some(NodeSet::Nodes(IdRanges(vec![(0, 1)]))));
    assert_eq!(numa.memory, Some(NumaMemory::Prefer(1)));
    let memory = job("mem=mmapshared:/dev/shm/x iomem_align=64 hugepage-size=1g").memory;
    assert_eq!((memory.kind, memory.align_offset_bytes), (Some(MemoryKind::MmapShared), 64));
    assert_eq!(memory.backing, Some("/dev/shm/x".into()));
    assert_eq!(memory.huge_page_bytes, 1 << 30);
    job("hugepage-size=3");
    check_faults(
        "[a]\nmem=shmhuge\nhugepage-size=3m\n",
        &["t.fio:3:15: no huge page has 3145728 bytes (a power of two); \
         `/sys/kernel/mm/hugepages` lists the sizes of this machine"],
    );
    check_faults(
        "[a]\nmem=cudamalloc\n",
        &["t.fio:2:5: `mem=cudamalloc` cannot be used (this program is built without CUDA)"],
    );
}

#[test]
fn the_end_of_a_job_may_end_others() {
    let schedule = |options| job(options).schedule;
    let all = schedule("exitall exitall_on_error exit_what=all");
    assert_eq!((all.end_others, all.end_scope), (EndOthers::Always, EndScope::All));
    let failed = schedule("exitall=0 exitall_on_error");
    assert_eq!((failed.end_others, failed.end_scope), (EndOthers::OnError, EndScope::Group));
}

#[test]
fn a_job_waits_for_one_earlier_job() {
    let plan = plan_of(&["[a]\nnumjobs=2\n[b]\nwait_for=a\n[c]\nname=z\n[d]\nwait_for=z\n"]);
    assert_eq!(plan.jobs[1].schedule.wait_for.as_deref(), Some("a"));
    assert_eq!(plan.jobs[3].schedule.wait_for.as_deref(), Some("z"));
    check_faults(
        "[alpha]\nwait_for=alpha\n[b]\n[b]\n[c]\nwait_for=b\n[d]\nwait_for=alhpa\n[e]\nwait_for=later\n[later]\n",
        &[
            "t.fio:2:10: job `alpha` waits for itself",
            "t.fio:6:10: 2 jobs are called `b` (the name of one earlier job); give them different \
             names",
            "t.fio:8:10: no earlier job is called `alhpa`; did you mean `alpha`?",
            "t.fio:10:10: no earlier job is called `later`; a job can only wait for jobs that \
             stand before it",
        ],
    );
}

#[test]
fn a_warm_up_is_a_time_or_an_amount() {
    assert_eq!(job("ramp_size=1m").limits.ramp_bytes, Some(1 << 20));
    check_faults(
        "[a]\nramp_size=1m\nramp_time=1\n",
        &["t.fio:2:11: `ramp_size` and `ramp_time` exclude each other; leave out one of them"],
    );
    check_faults(
        "[global]\ngroup_reporting\n[a]\nramp_size=1m\n[b]\n[c]\nnew_group\n",
        &["t.fio:5:2: `ramp_size` differs between the jobs of a group; set it alike, or part the \
         jobs with `new_group`"],
    );
}

#[test]
fn a_window_asks_for_a_steady_state() {
    let steady = |options| job(options).limits.steady_state;
    assert_eq!(steady("steadystate=iops:1%"), None);
    let second = 1_000_000_000;
    let slope = steady("ss_dur=4 ss_ramp=1").unwrap();
    assert_eq!((slope.window_ns, slope.ramp_ns, slope.interval_ns), (4 * second, second, second));
    assert_eq!(slope.criterion, SteadyState::default());
    let default = crate::table::job_option("steadystate").and_then(|def| def.default);
    assert_eq!(default, Some("iops_slope:0.01%"));
    let bandwidth = steady("ss=bw:1m ss_dur=10m").unwrap().criterion;
    assert_eq!((bandwidth.quantity, bandwidth.slope), (SteadyQuantity::Bandwidth, false));
    assert_eq!((bandwidth.limit, bandwidth.percent), (1_048_576.0, false));
}

#[test]
fn windows_consist_of_intervals() {
    let whole = "`steadystate_duration` does not consist of whole intervals (at least twice \
                 `steadystate_check_interval`, and a multiple of it); an interval has";
    check_faults("[a]\nss_dur=1\n", &[&format!("t.fio:2:8: {whole} 1 s")]);
    check_faults("[a]\nss_dur=5\nss_interval=2\n", &[&format!("t.fio:2:8: {whole} 2 s")]);
    check_faults(
        "[a]\nss_dur=5\nss_interval=500ms\n",
        &["t.fio:3:13: `steadystate_check_interval` is too short (at least one second)"],
    );
    job("ss_dur=3 ss_interval=1500ms");
    job("ss_interval=500ms");
}

#[test]
fn jobs_agree_on_the_steady_state() {
    let differs = "`steadystate` differs between the jobs of a group; set it alike, or part the \
                   jobs with `new_group`";
    check_faults("[a]\nss_dur=4\n[b]\n", &[&format!("t.fio:3:2: {differs}")]);
    check_faults("[a]\nss_dur=4\n[b]\nss_dur=4\nss=iops:1%\n", &[&format!("t.fio:5:4: {differs}")]);
    plan_of(&["[a]\nss_dur=4\n[b]\nstonewall\n[c]\nss_dur=6\nnew_group\n"]);
    plan_of(&["[a]\nss_dur=4\n[b]\nss_dur=4\nss=iops_slope:0.01%\n"]);
    check_faults(
        "[a]\n[b]\nss_interval=2\nstonewall\n",
        &[
            "t.fio:3:13: `steadystate_check_interval` differs between the jobs; set it in `[global]`",
        ],
    );
}

#[test]
fn the_echo_has_what_the_rules_made() {
    let effective =
        job("cpus_allowed=0-3 cpumask=0x3 gtod_cpu=1 thinktime=5 thinktime_spin=9 rate=1m")
            .effective();
    let value =
        |name: &str| effective.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    assert_eq!((value("cpus_allowed"), value("cpumask")), (Some("0"), Some("3")));
    assert_eq!((value("thinktime"), value("thinktime_spin")), (Some("5us"), Some("5us")));
    assert_eq!((value("rate"), value("rate_min")), (Some("1048576"), None));
}

#[test]
fn requests_have_priorities_by_direction() {
    let of = |options: &str| job(&format!("ioengine=libaio {options}")).engine.priorities.clone();
    let all = |percent, class, level, hint| {
        let priority = IoPriority { class, level, hint };
        vec![PriorityShare { bytes: None, percent, priority }]
    };
    assert!(of("cmdprio=2").is_empty(), "of no request");
    let both = of("cmdprio_percentage=20");
    assert_eq!((both.read, both.write), (all(20, 1, 0, 0), all(20, 1, 0, 0)));
    let apart = of("cmdprio_percentage=0,50 cmdprio_class=2,3 cmdprio=1,4 cmdprio_hint=5,6");
    assert_eq!((apart.read, apart.write), (vec![], all(50, 3, 4, 6)));
}

#[test]
fn requests_have_priorities_by_size() {
    let of = |options: &str| job(&format!("ioengine=libaio {options}")).engine.priorities.clone();
    let share = |bytes, percent, class, level, hint| {
        let priority = IoPriority { class, level, hint };
        PriorityShare { bytes: Some(bytes), percent, priority }
    };
    let split = of("cmdprio_bssplit=8k/10/3/3:4k/20/0/2:8k/30:4k/:2k,4k/50/1/7/9 cmdprio_hint=4");
    let expected = [share(4096, 20, 2, 2, 0), share(8192, 10, 3, 3, 0), share(8192, 30, 1, 0, 4)];
    assert_eq!(split.read, expected, "sizes ascend, and nothing is left of shares of nothing");
    assert_eq!(split.write, [share(4096, 50, 1, 7, 9)]);
    assert!(of("cmdprio_bssplit=4k/50,").write.is_empty());
}
