//! Kinds of findings about jobs that do what they say, which is hardly what is meant.

use super::codes;

codes! {
    BUFFERED_LIBAIO = "FD0601" "buffered-libaio" Warning,
    "`libaio` through the page cache",
    "The kernel's asynchronous I/O is asynchronous for direct I/O only. Through the page cache each \
     submission waits until its request is done, so that one request is in flight whatever `iodepth` says.",
    "Add `direct=1`, or use `io_uring`.",
"[a]
size=1m
ioengine=libaio
iodepth=32
" =>
"[a]
size=1m
ioengine=libaio
iodepth=32
direct=1
";

    FLUSH_BELOW_DEPTH = "FD0602" "flush-below-depth" Warning,
    "Flushes between writes that are still in flight",
    "A flush makes those writes durable that have completed. With more writes in flight than lie between \
     two flushes, each flush misses some, and the depth breaks down at each of them: the result is \
     neither the rate of durable writes nor that of deep ones.",
    "Use `iodepth=1` for durable writes one by one, `sync=dsync` for durable writes at depth, or flush \
     less often.",
"[a]
size=1m
rw=randwrite
ioengine=libaio
direct=1
iodepth=32
fsync=1
" =>
"[a]
size=1m
rw=randwrite
ioengine=libaio
direct=1
iodepth=32
sync=dsync
";

    CACHE_NOT_DROPPED = "FD0603" "cache-not-dropped" Warning,
    "Reads that may come from memory",
    "With `invalidate=0` the page cache keeps what earlier jobs have written or read, so buffered reads \
     measure memory rather than the storage.",
    "Delete `invalidate=0`, or add `direct=1`.",
"[a]
size=1m
rw=read
invalidate=0
" =>
"[a]
size=1m
rw=read
";

    WRITES_NEVER_FLUSHED = "FD0604" "writes-never-flushed" Warning,
    "Buffered writes that are never flushed",
    "The job writes into the page cache and ends. How fast the storage is shows only when the data are \
     flushed, which then happens after the measurement.",
    "Add `end_fsync=1` (the time of the flush then counts), `fsync=N`, `sync=dsync` or `direct=1`.",
"[a]
size=1m
rw=write
bs=1m
" =>
"[a]
size=1m
rw=write
bs=1m
end_fsync=1
";

    WRITES_ZEROES = "FD0605" "writes-zeroes" Warning,
    "Zeroes are written",
    "Many drives, arrays and file systems compress, deduplicate or skip zeroes; writing and later reading \
     them is then faster than anything real.",
    "Delete `zero_buffers`; for data that compress to a known degree use `buffer_compress_percentage`.",
"[a]
size=1m
rw=write
direct=1
zero_buffers=1
" =>
"[a]
size=1m
rw=write
direct=1
buffer_compress_percentage=50
";

    GAP_IN_BYTES = "FD0606" "gap-in-bytes" Warning,
    "A sequential pattern with a gap of a few bytes",
    "Behind a random pattern `:N` is a number of requests, behind a sequential one it is bytes that are \
     skipped after each request. `rw=read:8` skips 8 bytes each time, so that no request after the first \
     one is aligned.",
    "Write the gap with its unit (`rw=read:8k`), or use `rw=randread:8` for runs of 8 requests.",
"[a]
size=1m
rw=read:8
" =>
"[a]
size=1m
rw=randread:8
";

    CLONES_SHARE_RANGE = "FD0607" "clones-share-range" Warning,
    "Clones of a sequential job go over the same range",
    "Each clone of a job with one `filename` begins at the same offset. The first one brings the data into \
     caches (of the kernel or of the drive) and the others find them there; writers overwrite each other.",
    "Add `offset_increment` and `size` so that each clone has a part of its own, or use a random pattern.",
"[a]
filename=/tmp/data
size=1m
rw=read
numjobs=4
" =>
"[a]
filename=/tmp/data
size=1m
rw=read
numjobs=4
offset_increment=1m
";

    SIZE_NOT_OF_BLOCKS = "FD0608" "size-not-of-blocks" Warning,
    "The size is not a multiple of the block size",
    "A sequential job runs past the end of its region with its last request; a random one never touches \
     the rest. Either differs from what the size says.",
    "Make `size` a multiple of `bs`.",
"[a]
size=100k
bs=64k
" =>
"[a]
size=128k
bs=64k
";

    RAMP_WITHOUT_RUNTIME = "FD0609" "ramp-without-runtime" Warning,
    "A warm-up in a job without a time to measure",
    "The job may be done before `ramp_time` is over; then the warm-up is all that there is, and it is what \
     gets reported.",
    "Add `runtime` and `time_based`.",
"[a]
size=1m
ramp_time=10
" =>
"[a]
size=1m
ramp_time=10
runtime=60
time_based
";

    RAMP_ABOVE_RUNTIME = "FD0610" "ramp-above-runtime" Warning,
    "The warm-up is longer than the measurement",
    "`ramp_time` comes before `runtime` and is not part of it. If it is the longer one, it is most often \
     believed to be.",
    "Swap or correct the two.",
"[a]
size=1m
ramp_time=60
runtime=10
time_based
" =>
"[a]
size=1m
ramp_time=10
runtime=60
time_based
";

    SHORT_RUNTIME = "FD0611" "short-runtime" Warning,
    "The run is shorter than a second",
    "`m` are minutes, `ms` milliseconds and `us` microseconds. What happens in the first milliseconds \
     (opening, first allocation, empty caches) is no measurement.",
    "Write `s` or `m`.",
"[a]
size=1m
runtime=60ms
time_based
" =>
"[a]
size=1m
runtime=60m
time_based
";

    DELAY_DURING_WAIT = "FD0612" "delay-during-wait" Warning,
    "A start delay that passes while the job waits",
    "`startdelay` counts from the start of the run, not from the moment at which the jobs before a \
     `stonewall` are done. If they take longer, there is no pause.",
    "Put the pause into a job of its own, or delete it.",
"[global]
size=1m
[a]
[b]
stonewall
startdelay=5
" =>
"[global]
size=1m
[a]
[b]
startdelay=5
";

    VERIFY_SHARED_FILE = "FD0614" "verify-shared-file" Warning,
    "Several writers share a file that is verified",
    "Each job checks what it has written itself. Where another one writes at the same time, that would look \
     like corruption, so such a run is refused before it writes anything.",
    "Give each clone a part of its own with `offset_increment`, or let file names be generated.",
"[a]
filename=/tmp/data
size=1m
rw=randwrite
direct=1
verify=crc32c
numjobs=4
" =>
"[a]
size=1m
rw=randwrite
direct=1
verify=crc32c
numjobs=4
";

    VERIFY_NEVER_READS = "FD0615" "verify-never-reads" Warning,
    "Verification that never takes place",
    "A writing job is read back when its writes are done. A `time_based` one is never done: it writes \
     until the time is over.",
    "Add `verify_backlog`, or delete `time_based`.",
"[a]
size=1m
rw=randwrite
direct=1
verify=crc32c
time_based
runtime=60
" =>
"[a]
size=1m
rw=randwrite
direct=1
verify=crc32c
verify_backlog=1024
time_based
runtime=60
";

    LOG_OF_EACH_REQUEST = "FD0616" "log-of-each-request" Warning,
    "A log of rates with a row for each request",
    "Without `log_avg_msec` a log has one row per request, with the rate of that request alone. It grows \
     without bound and disturbs what it measures.",
    "Add `log_avg_msec=1000`, or another period.",
"[a]
size=1m
write_iops_log=a
" =>
"[a]
size=1m
write_iops_log=a
log_avg_msec=1000
";

    GROUP_REPORTED_IN_PART = "FD0617" "group-reported-in-part" Warning,
    "Some jobs of a group are merged in the report, others not",
    "`group_reporting` merges those jobs of a group that have it. In the section of one job it leaves the \
     others out, and their figures stand beside a sum that lacks them.",
    "Put `group_reporting` into the global section, or part the jobs with `new_group`.",
"[global]
size=1m
[a]
group_reporting
[b]
" =>
"[global]
size=1m
group_reporting
[a]
[b]
";

    SIZE_ZERO = "FD0618" "size-zero" Warning,
    "`size=0` is not nothing",
    "It means as much as if no size were given: all of the file or device.",
    "Write the size, or delete the line.",
"[a]
filename=/tmp/data
size=0
" =>
"[a]
filename=/tmp/data
size=1m
";

    SIZE_ABOVE_FILES = "FD0619" "size-above-files" Warning,
    "The size is larger than the files together",
    "`size` is for all files of the job and `filesize` for each of them. If the files hold less, the size \
     is cut to what they hold.",
    "Raise `filesize` or `nrfiles`; to transfer more than the files hold, use `io_size`.",
"[a]
nrfiles=4
filesize=1m
size=1g
" =>
"[a]
nrfiles=4
filesize=1m
size=4m
";

    SHARED_FILE_REMOVED = "FD0620" "shared-file-removed" Warning,
    "A file is removed that a later job uses",
    "With `unlink=1` a job removes its files when it is done. A job that waits for it and uses the same \
     file finds it gone, and lays out a new one.",
    "Let the last job that uses the file remove it.",
"[global]
filename=/tmp/data
size=1m
[a]
rw=write
end_fsync=1
unlink=1
[b]
stonewall
rw=read
" =>
"[global]
filename=/tmp/data
size=1m
[a]
rw=write
end_fsync=1
[b]
stonewall
rw=read
unlink=1
";

    SAME_DATA_AGAIN = "FD0621" "same-data-again" Warning,
    "Data of a chosen kind are made once and written again and again",
    "`buffer_compress_percentage` and `dedupe_percentage` make new data for each write. With \
     `refill_buffers=0` the same few buffers are written all the time, which storage that looks for \
     duplicates stores once.",
    "Delete `refill_buffers=0`.",
"[a]
size=1m
rw=write
direct=1
buffer_compress_percentage=50
refill_buffers=0
" =>
"[a]
size=1m
rw=write
direct=1
buffer_compress_percentage=50
";

    POLLING_NEEDS_DIRECT = "FD0622" "polling-needs-direct" Warning,
    "Polled completions through the page cache",
    "`hipri` asks the kernel to poll the device for completions. It does so for direct I/O only: other \
     requests fail, or are not polled.",
    "Add `direct=1`, or delete `hipri`.",
"[a]
size=1m
ioengine=pvsync2
hipri
" =>
"[a]
size=1m
ioengine=pvsync2
direct=1
hipri
";

    RECORDING_SHARED = "FD0623" "recording-shared" Warning,
    "Several jobs write the same recording",
    "Each job that has `write_iolog` opens the file for itself. What several of them write is mixed or \
     overwritten, and cannot be replayed.",
    "Give each job a file of its own.",
"[global]
size=1m
write_iolog=requests.log
[a]
[b]
" =>
"[global]
size=1m
[a]
write_iolog=a.log
[b]
write_iolog=b.log
";

    PAUSE_ABOVE_RUNTIME = "FD0624" "pause-above-runtime" Warning,
    "A pause is as long as the job",
    "`thinktime` is the time of one pause, in microseconds without a unit. One that is not shorter than \
     `runtime` leaves the job with the requests before its first pause.",
    "Shorten `thinktime`, or lengthen `runtime`.",
"[a]
size=1m
runtime=5
time_based
thinktime=10s
" =>
"[a]
size=1m
runtime=5
time_based
thinktime=10ms
";
}
