//! Kinds of findings about options that exclude or need each other: there is no plan for such a job.

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
}
