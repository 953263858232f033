//! Kinds of findings about options that are right and do nothing in this job.

use super::codes;

codes! {
    DEPTH_WITHOUT_EFFECT = "FD0501" "depth-without-effect" Warning,
    "`iodepth` above 1 with an engine that does one request at a time",
    "Synchronous engines (`psync`, the default, and its relatives, `mmap`) wait for each request before \
     the next one is issued. Whatever `iodepth` says, one request is in flight.",
    "Use an asynchronous engine (`libaio` or `io_uring`, with `direct=1`), or more jobs with `numjobs`.",
"[a]
size=1m
iodepth=32
" =>
"[a]
size=1m
numjobs=32
";

    TIME_BASED_WITHOUT_RUNTIME = "FD0502" "time-based-without-runtime" Warning,
    "`time_based` without `runtime`",
    "`time_based` makes a job go on until its `runtime` is over; without one it ends when its size is done.",
    "Add `runtime`.",
"[a]
size=1m
time_based
" =>
"[a]
size=1m
time_based
runtime=10
";

    LOOPS_WITH_TIME_BASED = "FD0503" "loops-with-time-based" Warning,
    "`loops` in a job that repeats until its time is over",
    "With `time_based` the job starts over as often as fits into `runtime`; the number of loops does not \
     matter.",
    "Delete one of the two.",
"[a]
size=1m
time_based
runtime=10
loops=5
" =>
"[a]
size=1m
loops=5
";

    RANDOM_OPTION_OF_SEQUENTIAL_JOB = "FD0504" "random-option-of-sequential-job" Warning,
    "An option of random offsets in a sequential job",
    "Sequential offsets are not drawn, so there is no map, no generator and no distribution.",
    "Use a random pattern (`rw=randread`, ...), or delete the option.",
"[a]
size=1m
rw=read
random_distribution=zipf:1.1
" =>
"[a]
size=1m
rw=randread
random_distribution=zipf:1.1
";

    MIX_OF_ONE_DIRECTION = "FD0505" "mix-of-one-direction" Warning,
    "A share of reads or writes in a job that is not mixed",
    "`rwmixread` and `rwmixwrite` divide the requests of `rw=rw` and `rw=randrw`. Other patterns have one \
     direction.",
    "Use a mixed pattern, or delete the option.",
"[a]
size=1m
rw=randread
rwmixread=70
" =>
"[a]
size=1m
rw=randrw
rwmixread=70
";

    MIX_SHARES_DISAGREE = "FD0506" "mix-shares-disagree" Warning,
    "`rwmixread` and `rwmixwrite` do not add to 100",
    "The two are one setting, seen from two sides; the last one decides and the other one is forgotten.",
    "Set one of them.",
"[a]
size=1m
rw=randrw
rwmixread=70
rwmixwrite=70
" =>
"[a]
size=1m
rw=randrw
rwmixread=70
";

    DIRECT_AND_BUFFERED = "FD0507" "direct-and-buffered" Warning,
    "`direct` and `buffered` contradict each other",
    "The two are one setting with opposite words; the last one decides.",
    "Set one of them.",
"[a]
size=1m
direct=1
buffered=1
" =>
"[a]
size=1m
direct=1
";

    DIRECT_ON_MAPPING = "FD0508" "direct-on-mapping" Warning,
    "`direct=1` with an engine that maps files",
    "A mapping is the page cache itself; there is no way around it.",
    "Use another engine, or delete `direct`.",
"[a]
size=1m
ioengine=mmap
direct=1
" =>
"[a]
size=1m
ioengine=psync
direct=1
";

    BLOCK_SIZE_SAID_TWICE = "FD0509" "block-size-said-twice" Warning,
    "The size of requests is said in more than one way",
    "`bssplit` overrules `bsrange`, and `bsrange` overrules `bs`, in whatever order they stand.",
    "Keep the one that is meant.",
"[a]
size=1m
bs=4k
bsrange=8k-16k
" =>
"[a]
size=1m
bsrange=8k-16k
";

    OFFSET_INCREMENT_OF_ONE = "FD0510" "offset-increment-of-one" Warning,
    "`offset_increment` without clones",
    "The increment is added once for each clone number; a job with `numjobs=1` has clone 0 only.",
    "Use `offset`, or raise `numjobs`.",
"[a]
size=1m
offset_increment=1m
" =>
"[a]
size=1m
numjobs=4
offset_increment=1m
";

    ALIGNMENT_OF_SEQUENTIAL_JOB = "FD0511" "alignment-of-sequential-job" Warning,
    "`ba` in a sequential job",
    "Alignment is for random offsets; sequential ones follow from the sizes of requests.",
    "Delete it.",
"[a]
size=1m
rw=read
ba=64k
" =>
"[a]
size=1m
rw=randread
norandommap
ba=64k
";

    SEQUENCER_WITHOUT_RUN = "FD0512" "sequencer-without-run" Warning,
    "`rw_sequencer` without a number behind the pattern",
    "It says what happens within a run of `rw=PATTERN:N`; without `:N` a run is one request long.",
    "Add the number, as in `rw=randread:8`.",
"[a]
size=1m
rw=randread
rw_sequencer=identical
" =>
"[a]
size=1m
rw=randread:8
rw_sequencer=identical
";

    SEED_AND_REPEAT = "FD0513" "seed-and-repeat" Warning,
    "`randrepeat` beside `randseed`",
    "A seed of one's own turns `randrepeat` off: the stream is the same in every run, and is not begun \
     again in each loop.",
    "Delete `randrepeat`, or the seed.",
"[a]
size=1m
rw=randread
randrepeat=1
randseed=4711
" =>
"[a]
size=1m
rw=randread
randseed=4711
";

    BATCH_ABOVE_DEPTH = "FD0514" "batch-above-depth" Warning,
    "A batch larger than `iodepth`",
    "No more requests than `iodepth` can be submitted, awaited or kept at once; larger numbers are cut to \
     it.",
    "Raise `iodepth`, or lower the batch.",
"[a]
size=1m
ioengine=libaio
direct=1
iodepth=8
iodepth_batch=32
" =>
"[a]
size=1m
ioengine=libaio
direct=1
iodepth=32
iodepth_batch=8
";

    OVERLAP_CANNOT_HAPPEN = "FD0515" "overlap-cannot-happen" Warning,
    "`serialize_overlap` where no requests can overlap",
    "One request at a time overlaps nothing, and reads may overlap as they like; the option is dropped.",
    "Delete it.",
"[a]
size=1m
rw=randwrite
direct=1
ioengine=libaio
iodepth=1
serialize_overlap=1
" =>
"[a]
size=1m
rw=randwrite
direct=1
ioengine=libaio
iodepth=16
serialize_overlap=1
";

    EXITALL_ALONE = "FD0516" "exitall-alone" Warning,
    "`exitall` with a single job",
    "It ends the other jobs when this one is done; there are no others.",
    "Delete it.",
"[a]
size=1m
exitall
" =>
"[global]
size=1m
[a]
exitall
[b]
";

    FLUSH_WITHOUT_WRITES = "FD0517" "flush-without-writes" Warning,
    "A flush in a job that does not write",
    "Flushes follow writes. A job that reads or trims issues none.",
    "Delete it, or use a writing pattern.",
"[a]
size=1m
rw=randread
fsync=32
" =>
"[a]
size=1m
rw=randwrite
fsync=32
";

    PRE_READ_PAST_CACHE = "FD0518" "pre-read-past-cache" Warning,
    "`pre_read` in a job that goes past the page cache",
    "`pre_read` fills the page cache, and `direct=1` does not use it: the time and the reads are spent \
     for nothing.",
    "Delete one of the two.",
"[a]
size=1m
pre_read=1
direct=1
" =>
"[a]
size=1m
pre_read=1
";

    PRE_READ_AND_INVALIDATE = "FD0519" "pre-read-and-invalidate" Warning,
    "`invalidate=1` beside `pre_read=1`",
    "Dropping the cache would undo what `pre_read` has done, so it is not dropped.",
    "Delete one of the two.",
"[a]
size=1m
pre_read=1
invalidate=1
" =>
"[a]
size=1m
pre_read=1
";

    DATA_CHOSEN_TWICE = "FD0520" "data-chosen-twice" Warning,
    "The content of write buffers is chosen twice",
    "Buffers hold a pattern, or zeroes, or random data. A pattern overrules `zero_buffers`, and neither \
     is refilled with fresh random data by `refill_buffers`.",
    "Keep the one that is meant.",
"[a]
size=1m
rw=write
direct=1
zero_buffers=1
buffer_pattern=0xaa
" =>
"[a]
size=1m
rw=write
direct=1
buffer_pattern=0xaa
";

    PERCENTILES_OFF = "FD0521" "percentiles-off" Warning,
    "`percentile_list` where no percentiles are reported",
    "Percentiles of completion, total and submission latency are all switched off, or not measured.",
    "Switch one of them on (`clat_percentiles`, `lat_percentiles`), or delete the list.",
"[a]
size=1m
clat_percentiles=0
percentile_list=50:99:99.9
" =>
"[a]
size=1m
percentile_list=50:99:99.9
";

    LATENCY_NOT_MEASURED = "FD0522" "latency-not-measured" Warning,
    "Latencies are asked for that are not measured",
    "`gtod_reduce` and `disable_lat`, `disable_clat`, `disable_slat` save the clock readings from which \
     percentiles and latency logs would be made.",
    "Delete the switch that turns the measurement off, or what asks for it.",
"[a]
size=1m
gtod_reduce=1
lat_percentiles=1
" =>
"[a]
size=1m
lat_percentiles=1
";

    SUBMISSION_OF_SYNC_ENGINE = "FD0523" "submission-of-sync-engine" Warning,
    "Percentiles of submission latency with a synchronous engine",
    "A synchronous engine has no submission apart from the request itself, so there is no such latency.",
    "Use `clat_percentiles`, or an asynchronous engine.",
"[a]
size=1m
slat_percentiles=1
" =>
"[a]
size=1m
clat_percentiles=1
";

    COUNT_OF_NAMED_FILES = "FD0524" "count-of-named-files" Warning,
    "`nrfiles` beside `filename`",
    "The files are those that are named; their number follows from the list.",
    "Delete `nrfiles`, or let names be generated by deleting `filename`.",
"[a]
size=1m
filename=/tmp/one
nrfiles=8
" =>
"[a]
size=1m
nrfiles=8
";

    MORE_OPEN_THAN_FILES = "FD0525" "more-open-than-files" Warning,
    "`openfiles` above the number of files",
    "No more files can be open than there are.",
    "Raise `nrfiles`, or delete `openfiles`.",
"[a]
size=1m
nrfiles=2
openfiles=8
" =>
"[a]
size=1m
nrfiles=8
openfiles=2
";

    CHOICE_OF_ONE_FILE = "FD0526" "choice-of-one-file" Warning,
    "`file_service_type` with a single file",
    "It says in which order a job turns to its files.",
    "Raise `nrfiles`, or delete it.",
"[a]
size=1m
file_service_type=random
" =>
"[a]
size=1m
nrfiles=8
file_service_type=random
";

    FORMAT_OF_NAMED_FILES = "FD0527" "format-of-named-files" Warning,
    "`filename_format` where names are given",
    "The format is for names that are made up; `filename` and `opendir` give the names.",
    "Delete one of the two.",
"[a]
size=1m
filename=/tmp/one
filename_format=data.$jobnum
" =>
"[a]
size=1m
filename_format=data.$jobnum
";

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
}
