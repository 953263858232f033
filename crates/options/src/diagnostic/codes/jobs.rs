//! Kinds of findings about jobs that cannot be: their sizes, their number, their ends and rates.

use super::codes;

codes! {
    READONLY_REFUSED = "FD0401" "readonly-refused" Error,
    "`--readonly` refuses a job that writes or trims",
    "The switch is a guard for devices whose data must survive; it refuses the job before it starts.",
    "Use a reading pattern, or leave out the switch.",
"fiord --readonly --name=a --rw=trim --size=1m" =>
"fiord --readonly --name=a --rw=read --size=1m";

    NO_CLONE = "FD0402" "no-clone" Error,
    "`numjobs=0` leaves nothing to run",
    "`numjobs` is the number of copies of a job that run at once.",
    "Say at least 1, or delete the section.",
"[a]
size=1m
numjobs=0
" =>
"[a]
size=1m
numjobs=1
";

    TOO_MANY_JOBS = "FD0403" "too-many-jobs" Error,
    "There are too many jobs",
    "The limit keeps a slip in `numjobs` from filling the machine with processes.",
    "Lower `numjobs`.",
"[a]
size=1m
numjobs=1000000
" =>
"[a]
size=1m
numjobs=100
";

    SIZE_BELOW_BLOCK = "FD0404" "size-below-block" Error,
    "The size holds not a single block",
    "`size` is the region of the file that the job uses. If the smallest request does not fit into it, \
     there is nothing to do.",
    "Raise `size`, or lower `bs`.",
"[a]
size=4k
bs=64k
" =>
"[a]
size=64k
bs=64k
";

    NO_SIZE = "FD0405" "no-size" Error,
    "The job has no size, and its engine opens no file to take one from",
    "Files and devices have a size of their own; an engine without them has not.",
    "Add `size`, in bytes.",
"[a]
ioengine=null
" =>
"[a]
ioengine=null
size=1g
";

    CANNOT_APPEND = "FD0406" "cannot-append" Error,
    "The engine cannot extend files",
    "`file_append` writes behind the end of the file; this engine maps what is there.",
    "Use another engine, or leave out `file_append`.",
"[a]
size=1m
ioengine=mmap
rw=write
file_append=1
" =>
"[a]
size=1m
ioengine=psync
rw=write
end_fsync=1
file_append=1
";

    GROUP_PERCENTILES_DIFFER = "FD0407" "group-percentiles-differ" Error,
    "Jobs that are reported together measure different latencies",
    "Jobs of a group are merged into one result; percentiles of total latency cannot be merged with \
     those of completion latency.",
    "Set `lat_percentiles` alike in all jobs of the group, or part them with `new_group`.",
"[global]
size=1m
group_reporting
[a]
lat_percentiles=1
[b]
lat_percentiles=0
" =>
"[global]
size=1m
group_reporting
lat_percentiles=1
[a]
[b]
";

    BOUNDS_EXCLUDE_EACH_OTHER = "FD0430" "bounds-exclude-each-other" Error,
    "A rate is bounded in bytes and in requests",
    "The next request is due after a time that follows from one bound; two would contradict each other.",
    "Leave out one of `rate` and `rate_iops`, and one of `rate_min` and `rate_iops_min`.",
"[a]
size=1m
rate=1m
rate_iops=100
" =>
"[a]
size=1m
rate=1m
";

    FLOOR_ABOVE_CAP = "FD0431" "floor-above-cap" Error,
    "The lowest rate lies above the highest",
    "A job that is held below its cap falls below the floor and ends.",
    "Lower `rate_min` (or `rate_iops_min`), also for directions that the job does not use.",
"[a]
size=1m
rate=1m
rate_min=2m
" =>
"[a]
size=1m
rate=2m
rate_min=1m
";

    PRECONDITION_IMPOSSIBLE = "FD0432" "precondition-impossible" Error,
    "`sprandom` cannot work with these settings",
    "Preconditioning writes each block of one target once, in the order of a shift register, and again \
     what should be invalid at the end. It needs random writes, `random_generator=lfsr`, no random map, at \
     least one region and some spare capacity.",
    "Leave out what contradicts it; `sprandom` chooses generator and map by itself.",
"[a]
size=1m
rw=write
sprandom=1
" =>
"[a]
size=1m
rw=randwrite
end_fsync=1
sprandom=1
";

    RAMPS_EXCLUDE_EACH_OTHER = "FD0433" "ramps-exclude-each-other" Error,
    "The warm-up is given as a time and as an amount",
    "A warm-up ends after a time or after an amount of data; nothing says which comes first.",
    "Leave out `ramp_time` or `ramp_size`.",
"[a]
size=1m
ramp_time=5
ramp_size=256k
" =>
"[a]
size=1m
ramp_size=256k
";

    WAITS_FOR_NO_JOB = "FD0434" "waits-for-no-job" Error,
    "`wait_for` does not name one earlier job",
    "A job can wait for a job that stands before it and whose name only one job has.",
    "Put the job behind the one it waits for, and give that a name of its own.",
"[a]
size=1m
wait_for=b
[b]
size=1m
" =>
"[b]
size=1m
[a]
size=1m
wait_for=b
";

    ENGINE_CANNOT = "FD0435" "engine-cannot" Error,
    "The engine cannot do what an option asks for",
    "Atomic writes, several ranges in one trim, and submission from several threads are abilities of some \
     engines only. Several ranges do not go with patterns that write each block after its trim.",
    "Use an engine that has the ability, or leave out the option.",
"[a]
size=1m
rw=trim
num_range=4
" =>
"[a]
size=1m
rw=trim
";

    NO_SUCH_HUGE_PAGE = "FD0437" "no-such-huge-page" Error,
    "There are no huge pages of this size",
    "Sizes of pages are powers of two; `/sys/kernel/mm/hugepages` lists those of a machine.",
    "Give a size that the machine has.",
"[a]
size=1m
mem=mmaphuge
hugepage-size=3m
" =>
"[a]
size=1m
mem=mmaphuge
hugepage-size=2m
";

    GROUP_RAMPS_DIFFER = "FD0438" "group-ramps-differ" Error,
    "Jobs that are reported together have warm-ups of different amounts",
    "`ramp_size` is counted over all jobs of a group that is reported together.",
    "Set `ramp_size` alike in all jobs of the group, or part them with `new_group`.",
"[global]
size=1m
group_reporting
[a]
ramp_size=256k
[b]
ramp_size=512k
" =>
"[global]
size=1m
group_reporting
ramp_size=256k
[a]
[b]
";

    STEADY_STATE_WINDOW = "FD0439" "steady-state-window" Error,
    "The window of the steady state does not consist of whole intervals",
    "A sample is taken each `steadystate_check_interval`, of at least one second. The window over which \
     they are judged holds two or more, and nothing in between.",
    "Make `steadystate_duration` a multiple of the interval.",
"[a]
size=1m
time_based
runtime=600
steadystate_duration=5
steadystate_check_interval=2
" =>
"[a]
size=1m
time_based
runtime=600
steadystate_duration=6
steadystate_check_interval=2
";

    STEADY_STATES_DIFFER = "FD0440" "steady-states-differ" Error,
    "Jobs differ in what they take for a steady state",
    "Samples of all jobs of a group are added up and end the whole group, so its jobs agree on the \
     criterion and the window. The interval is one for all jobs of a run.",
    "Set the options of `steadystate` in `[global]`, or part the jobs with `new_group`.",
"[a]
size=1m
time_based
runtime=600
steadystate_duration=60
[b]
size=1m
time_based
runtime=600
" =>
"[global]
size=1m
time_based
runtime=600
steadystate_duration=60
[a]
[b]
";
}
