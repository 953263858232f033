//! Kinds of findings about options that are part of something the job does not use.

use super::codes;

codes! {
    THINKTIME_PART = "FD0530" "thinktime-part" Warning,
    "An option of think times without `thinktime`",
    "They refine the pause that `thinktime` sets; its default is none.",
    "Add `thinktime`, or delete the option.",
"[a]
size=1m
thinktime_blocks=8
" =>
"[a]
size=1m
thinktime=1ms
thinktime_blocks=8
";

    RATE_PART = "FD0531" "rate-part" Warning,
    "An option of rates without a rate",
    "They refine the limit that `rate` or `rate_iops` sets, or the floor of `rate_min`.",
    "Add the rate, or delete the option.",
"[a]
size=1m
rate_process=poisson
" =>
"[a]
size=1m
rate_iops=100
rate_process=poisson
";

    LATENCY_TARGET_PART = "FD0532" "latency-target-part" Warning,
    "An option of `latency_target` without it",
    "They refine the search for the depth that keeps a latency; without a target nothing is searched.",
    "Add `latency_target`, or delete the option.",
"[a]
size=1m
latency_window=5s
" =>
"[a]
size=1m
ioengine=libaio
direct=1
iodepth=32
latency_target=10ms
latency_window=5s
";

    VERIFY_PART = "FD0533" "verify-part" Warning,
    "An option of verification in a job that does not verify",
    "They refine what `verify` does; without it nothing is stamped, read back or checked.",
    "Add `verify=crc32c` or another method, or delete the option.",
"[a]
size=1m
rw=write
direct=1
verify_fatal=1
" =>
"[a]
size=1m
rw=write
direct=1
verify=crc32c
verify_fatal=1
";

    TRIM_PART = "FD0534" "trim-part" Warning,
    "An option of trims among verified writes without `trim_percentage`",
    "They refine what happens to the share of blocks that `trim_percentage` trims; its default is none.",
    "Add `trim_percentage`, or delete the option.",
"[a]
size=1m
rw=randread
trim_backlog=16
" =>
"[a]
size=1m
rw=randread
";

    REPLAY_PART = "FD0535" "replay-part" Warning,
    "An option of replay without a recording",
    "They refine how `read_iolog` is replayed, or how recordings are merged.",
    "Add `read_iolog` (or `merge_blktrace_file`), or delete the option.",
"[a]
size=1m
replay_no_stall=1
" =>
"[a]
size=1m
";

    ZONE_PART = "FD0536" "zone-part" Warning,
    "An option of zones in a job without zones",
    "They refine `zonemode=strided` or `zonemode=zbd`; some belong to one of these only.",
    "Add the `zonemode`, or delete the option.",
"[a]
size=1m
max_open_zones=4
" =>
"[a]
size=1m
";

    LOG_PART = "FD0537" "log-part" Warning,
    "An option of logs without a log",
    "They refine the files that `write_bw_log`, `write_iops_log`, `write_lat_log` and `write_hist_log` \
     name; by themselves they write none.",
    "Name a log, or delete the option.",
"[a]
size=1m
log_avg_msec=1000
" =>
"[a]
size=1m
write_bw_log=a
log_avg_msec=1000
";

    STEADY_STATE_PART = "FD0538" "steady-state-part" Warning,
    "Steady state is described, but no duration is set",
    "Steady state is looked for only if `steadystate_duration` says over which time.",
    "Add `steadystate_duration`, or delete the options.",
"[a]
size=1m
time_based
runtime=600
steadystate=iops:5%
" =>
"[a]
size=1m
time_based
runtime=600
steadystate=iops:5%
steadystate_duration=60
";

    BUFFER_PART = "FD0539" "buffer-part" Warning,
    "An option of compressible or duplicate data without a share",
    "They refine `buffer_compress_percentage` or `dedupe_percentage`; their defaults are none.",
    "Add the percentage, or delete the option.",
"[a]
size=1m
rw=write
direct=1
buffer_compress_chunk=4k
" =>
"[a]
size=1m
rw=write
direct=1
buffer_compress_percentage=50
buffer_compress_chunk=4k
";

    CPU_PART = "FD0540" "cpu-part" Warning,
    "A policy for CPUs without CPUs",
    "`cpus_allowed_policy` divides the CPUs of `cpus_allowed` or `cpumask` among clones.",
    "Add `cpus_allowed`, or delete the policy.",
"[a]
size=1m
cpus_allowed_policy=split
" =>
"[a]
size=1m
cpus_allowed=0-1
cpus_allowed_policy=split
";

    GROUP_PART = "FD0541" "control-group-part" Warning,
    "An option of control groups without `cgroup`",
    "They refine the control group that `cgroup` names.",
    "Add `cgroup`, or delete the option.",
"[a]
size=1m
cgroup_weight=500
" =>
"[a]
size=1m
";

    END_PART = "FD0542" "end-part" Warning,
    "`exit_what` without `exitall`",
    "It says which jobs end together; only `exitall` and `exitall_on_error` end others.",
    "Add `exitall`, or delete it.",
"[a]
size=1m
exit_what=all
" =>
"[a]
size=1m
";

    ERROR_PART = "FD0543" "error-part" Warning,
    "`error_dump` where no error is survived",
    "It shows the errors that `continue_on_error` or `ignore_error` let pass.",
    "Add one of them, or delete it.",
"[a]
size=1m
error_dump=1
" =>
"[a]
size=1m
continue_on_error=io
error_dump=1
";

    FLOW_PART = "FD0544" "flow-part" Warning,
    "An option of flows without `flow`",
    "They refine the balance between jobs that have a `flow` weight.",
    "Add `flow`, or delete the option.",
"[a]
size=1m
flow_sleep=100
" =>
"[a]
size=1m
";

    PLACEMENT_PART = "FD0545" "placement-part" Warning,
    "An option of data placement without placement",
    "They choose identifiers for `dataplacement=fdp` or `streams`.",
    "Add `dataplacement`, or delete the option.",
"[a]
size=1m
rw=write
direct=1
plids=1,2
" =>
"[a]
size=1m
rw=write
direct=1
";

    PRECONDITION_PART = "FD0546" "precondition-part" Warning,
    "An option of `sprandom` without it",
    "They describe the drive that `sprandom` brings into its steady state.",
    "Add `sprandom=1`, or delete the option.",
"[a]
size=1m
rw=randwrite
direct=1
spr_num_regions=50
" =>
"[a]
size=1m
rw=randwrite
direct=1
";

    HUGE_PAGE_PART = "FD0547" "huge-page-part" Warning,
    "`hugepage-size` without huge pages",
    "It is the size of the pages of `mem=shmhuge` and `mem=mmaphuge`.",
    "Choose such a `mem`, or delete it.",
"[a]
size=1m
hugepage-size=1g
" =>
"[a]
size=1m
mem=mmaphuge
hugepage-size=2m
";

    VERIFY_SUBPART = "FD0548" "verify-subpart" Warning,
    "A refinement of an option of verification that is not set",
    "`verify_backlog_batch` needs `verify_backlog`, and `verify_async_cpus` needs `verify_async`.",
    "Add the option that is refined, or delete this one.",
"[a]
size=1m
rw=write
direct=1
verify=crc32c
verify_backlog_batch=16
" =>
"[a]
size=1m
rw=write
direct=1
verify=crc32c
verify_backlog=32
verify_backlog_batch=16
";

    ALIGNMENT_WITHOUT_MAP = "FD0549" "alignment-without-map" Note,
    "An alignment that turns off the random map",
    "The map remembers blocks of the smallest request size. With another alignment it cannot, so blocks \
     may be used more than once and others not at all, as with `norandommap`.",
    "Nothing, if that is fine; else make `ba` equal to the smallest block size.",
"[a]
size=1m
rw=randread
bs=4k
ba=64k
" =>
"[a]
size=1m
rw=randread
bs=4k
";

    STRIDED_OPEN_FILES = "FD0550" "strided-open-files" Warning,
    "`zonemode=strided` with several open files",
    "Zones are stepped through in a single file. With several open files the option is ignored, \
     as in fio.",
    "Use one file, or `openfiles=1`.",
"[a]
size=1m
nrfiles=2
openfiles=2
zonemode=strided
zonesize=64k
" =>
"[a]
size=1m
zonemode=strided
zonesize=64k
";

    RECORDING_OF_REPLAY = "FD0551" "recording-of-replay" Warning,
    "`write_iolog` with `read_iolog`",
    "What is replayed is recorded already; nothing is written, as in fio.",
    "Leave out `write_iolog`.",
"[a]
size=1m
read_iolog=trace
write_iolog=copy
" =>
"[a]
size=1m
read_iolog=trace
";

    UNALIGNED_FIXED_SIZE = "FD0552" "unaligned-fixed-size" Warning,
    "`bs_unaligned` with requests of one size",
    "It lets sizes that are drawn from a range be other than multiples of the smallest one; here nothing \
     is drawn.",
    "Give a range with `bsrange`, or delete it.",
"[a]
size=1m
bs=4k
bs_unaligned
" =>
"[a]
size=1m
bsrange=1k-16k
bs_unaligned
";

    SOFT_MAP_WITHOUT_MAP = "FD0553" "soft-map-without-map" Warning,
    "`softrandommap` beside `norandommap`",
    "It says what happens if there is no memory for the random map; with `norandommap` none is made.",
    "Delete one of the two.",
"[a]
size=1m
rw=randread
norandommap
softrandommap=1
" =>
"[a]
size=1m
rw=randread
softrandommap=1
";

    ENGINE_PART = "FD0554" "engine-part" Warning,
    "An option of an engine that refines another one, which is not set",
    "`sqthread_poll_cpu` needs `sqthread_poll`, `hipri_percentage` needs `hipri`, and the class, level and \
     hint of command priorities need `cmdprio_percentage` or `cmdprio_bssplit`.",
    "Add the option that is refined, or delete this one.",
"[a]
size=1m
ioengine=io_uring
direct=1
cmdprio_class=1
" =>
"[a]
size=1m
ioengine=io_uring
direct=1
cmdprio_class=1
cmdprio_percentage=20
";

    PRE_READ_WITHOUT_SEEK = "FD0560" "pre-read-without-seek" Warning,
    "`pre_read` with an engine that cannot go back",
    "Reading ahead means to read everything twice. Sockets and pipes deliver everything once.",
    "Leave out `pre_read`, or use another engine.",
"[a]
size=1m
ioengine=splice
pre_read=1
" =>
"[a]
size=1m
ioengine=psync
pre_read=1
";

    ZONE_BELOW_BLOCK = "FD0565" "zone-below-block" Warning,
    "Random blocks that are larger than a zone",
    "The place of a random request is drawn from its zone. If no block fits into one, there is nothing \
     to draw, and the job ends without a request, as in fio.",
    "Raise `zonerange` to the block size at least, or lower `bs`.",
"[a]
size=1m
rw=randread
bs=64k
zonemode=strided
zonesize=128k
zonerange=32k
" =>
"[a]
size=1m
rw=randread
bs=64k
zonemode=strided
zonesize=128k
zonerange=64k
";

    BARRIER_WITHOUT_EFFECT = "FD0566" "barrier-without-effect" Warning,
    "`write_barrier` with an engine that has no barriers",
    "Every Nth write is marked as a barrier, which is up to the engine; all but `libpmem` ignore it, as \
     in fio.",
    "Use `fsync=N`, `fdatasync=N` or `sync`, or leave it out.",
"[a]
size=1m
direct=1
rw=write
write_barrier=8
" =>
"[a]
size=1m
direct=1
rw=write
fdatasync=8
";
}
