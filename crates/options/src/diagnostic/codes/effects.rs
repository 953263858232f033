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
     percentiles and latency logs would be made, and by which `max_latency` and `latency_target` judge.",
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
}
