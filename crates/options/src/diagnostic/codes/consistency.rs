//! Kinds of findings about features that exclude or need each other: zones, placement, replay, data,
//! verification.

use super::codes;

codes! {
    REPLAY_ALIGNMENT = "FD0450" "replay-alignment" Error,
    "`replay_align` is not a power of two",
    "Replayed offsets are rounded down to a multiple of it, which is done by cutting off bits.",
    "Write a power of two, such as 4k.",
"[a]
size=1m
read_iolog=trace
replay_align=3k
" =>
"[a]
size=1m
read_iolog=trace
replay_align=4k
";

    NOTHING_TO_MERGE = "FD0451" "nothing-to-merge" Error,
    "There are no traces to merge",
    "`merge_blktrace_file` is the file that the traces of `read_iolog` are merged into.",
    "Name the traces with `read_iolog`, separated by colons.",
"[a]
size=1m
merge_blktrace_file=all
" =>
"[a]
size=1m
read_iolog=x:y
merge_blktrace_file=all
";

    MERGE_LIST_LENGTH = "FD0452" "merge-list-length" Error,
    "A list for merged traces does not have a number for each of them",
    "The lists say something about each trace, in the order of `read_iolog`.",
    "Give one number for each trace, or leave the list out.",
"[a]
size=1m
read_iolog=x:y
merge_blktrace_file=all
merge_blktrace_iters=2
" =>
"[a]
size=1m
read_iolog=x:y
merge_blktrace_file=all
merge_blktrace_iters=2:1
";

    NO_SUCH_CPU = "FD0453" "no-such-cpu" Error,
    "The machine does not have a CPU of this number",
    "A thread cannot be bound to a CPU that is not there.",
    "Name CPUs that the machine has; they are counted from 0.",
"[a]
size=1m
rw=write
verify=md5
verify_async=1
verify_async_cpus=60000
" =>
"[a]
size=1m
rw=write
verify=md5
verify_async=1
verify_async_cpus=0
";

    ZONE_SIZE_WITHOUT_MODE = "FD0454" "zone-size-without-mode" Error,
    "`zonesize` without `zonemode`",
    "Zones are stepped through (`strided`) or belong to a zoned device (`zbd`). Which of them is \
     meant has to be said.",
    "Add `zonemode=strided` or `zonemode=zbd`.",
"[a]
size=1m
zonesize=64k
" =>
"[a]
size=1m
zonemode=strided
zonesize=64k
";

    STRIDED_WITHOUT_SIZE = "FD0455" "strided-without-size" Error,
    "`zonemode=strided` without `zonesize`",
    "The job transfers `zonesize` bytes in a zone before it steps to the next one.",
    "Add `zonesize`.",
"[a]
size=1m
zonemode=strided
" =>
"[a]
size=1m
zonemode=strided
zonesize=64k
";

    PLACEMENT_CONTRADICTED = "FD0456" "placement-contradicted" Error,
    "`fdp=1` and another `dataplacement`",
    "`fdp=1` is the older way to write `dataplacement=fdp`.",
    "Leave out one of the two.",
"[a]
size=1m
fdp=1
dataplacement=streams
plids=1
" =>
"[a]
size=1m
dataplacement=streams
plids=1
";

    TOO_MANY_PLACEMENT_IDS = "FD0457" "too-many-placement-ids" Error,
    "There are more than 128 placement identifiers",
    "No device has as many, and what reads the results relies on the limit.",
    "Name at most 128 identifiers.",
"[a]
size=1m
dataplacement=fdp
plids=0-200
" =>
"[a]
size=1m
dataplacement=fdp
plids=0-7
";

    STREAMS_WITHOUT_IDS = "FD0458" "streams-without-ids" Error,
    "`dataplacement=streams` without `plids`",
    "A device cannot be asked which streams there are.",
    "Name the streams with `plids`.",
"[a]
size=1m
dataplacement=streams
" =>
"[a]
size=1m
dataplacement=streams
plids=1-4
";

    SCHEME_WITHOUT_FILE = "FD0459" "scheme-without-file" Error,
    "`plid_select=scheme` without `dp_scheme`",
    "The scheme is a file that maps ranges of offsets to placement identifiers.",
    "Name it with `dp_scheme`.",
"[a]
size=1m
dataplacement=fdp
plid_select=scheme
" =>
"[a]
size=1m
dataplacement=fdp
plid_select=scheme
dp_scheme=map
";

    ISSUE_TIME_NEEDS_LOG = "FD0460" "issue-time-needs-log" Error,
    "`log_issue_time` without a latency log with offsets",
    "The time of issue is a column of the latency log behind the offset.",
    "Add `write_lat_log` and `log_offset=1`.",
"[a]
size=1m
log_issue_time=1
" =>
"[a]
size=1m
write_lat_log
log_offset=1
log_issue_time=1
";

    VERIFY_HEADER_TOO_LARGE = "FD0461" "verify-header-too-large" Error,
    "The verification header does not fit into a block",
    "Each interval of a block that is verified holds a header of 48 bytes, the checksum and data. \
     Blocks of several sizes are cut into intervals that all sizes are multiples of.",
    "Use larger blocks, sizes with a larger common divisor, or a smaller `verify_offset`.",
"[a]
size=1m
rw=write
bs=64
verify=md5
" =>
"[a]
size=1m
rw=write
bs=512
verify=md5
";

    ZONES_NEED_SERIAL_CREATION = "FD0462" "zones-need-serial-creation" Error,
    "`zonemode=zbd` with `create_serialize=0`",
    "The state of zones is set up once for all jobs of a device, one after the other.",
    "Leave out `create_serialize=0`.",
"[a]
size=1m
zonemode=zbd
zonesize=64k
create_serialize=0
" =>
"[a]
size=1m
zonemode=zbd
zonesize=64k
";

    ZONE_TOO_SMALL = "FD0463" "zone-too-small" Error,
    "Zones are smaller than 512 bytes",
    "A zone holds at least one sector.",
    "Raise `zonesize`.",
"[a]
size=1m
zonemode=zbd
zonesize=100
" =>
"[a]
size=1m
zonemode=zbd
zonesize=64k
";

    ZONE_CAPACITY_ABOVE_SIZE = "FD0464" "zone-capacity-above-size" Error,
    "`zonecapacity` is larger than `zonesize`",
    "The capacity is the part of a zone that can be written.",
    "Lower `zonecapacity`.",
"[a]
size=1m
zonemode=zbd
zonesize=64k
zonecapacity=128k
" =>
"[a]
size=1m
zonemode=zbd
zonesize=64k
zonecapacity=48k
";

    BLOCK_ABOVE_ZONE = "FD0465" "block-above-zone" Error,
    "A block does not fit into a zone",
    "A write must not cross the end of a zone.",
    "Lower `bs`, or raise `zonesize`.",
"[a]
size=1m
rw=write
bs=128k
zonemode=zbd
zonesize=64k
" =>
"[a]
end_fsync=1
size=1m
rw=write
bs=64k
zonemode=zbd
zonesize=64k
";

    REMAINDER_WITH_MAP = "FD0466" "remainder-with-map" Error,
    "`write_zone_remainder` with `norandommap=0`",
    "The end of a zone may be smaller than a block, and the random map counts in blocks.",
    "Leave out `norandommap=0`.",
"[a]
size=1m
rw=randwrite
zonemode=zbd
zonesize=64k
write_zone_remainder=1
norandommap=0
" =>
"[a]
end_fsync=1
size=1m
rw=randwrite
zonemode=zbd
zonesize=64k
write_zone_remainder=1
";

    RECOVERY_WITHOUT_CONTINUE = "FD0467" "recovery-without-continue" Error,
    "`recover_zbd_write_error` without `continue_on_error`",
    "The first failed write ends a job that does not tolerate errors, so there is nothing to \
     recover for.",
    "Add `continue_on_error=write`.",
"[a]
size=1m
rw=write
zonemode=zbd
zonesize=64k
recover_zbd_write_error=1
" =>
"[a]
end_fsync=1
size=1m
rw=write
zonemode=zbd
zonesize=64k
recover_zbd_write_error=1
continue_on_error=write
";

    RECOVERY_WITH_VERIFY = "FD0468" "recovery-with-verify" Error,
    "`recover_zbd_write_error` with `verify` and an asynchronous engine",
    "After a failed write the rest of the zone is filled with zeroes up to what was in flight; \
     verification would find them.",
    "Use a synchronous engine, or leave out one of the two.",
"[a]
ioengine=libaio
size=1m
rw=write
zonemode=zbd
zonesize=64k
recover_zbd_write_error=1
continue_on_error=write
verify=md5
" =>
"[a]
size=1m
rw=write
zonemode=zbd
zonesize=64k
recover_zbd_write_error=1
continue_on_error=write
verify=md5
";

    REGENERATION_WITH_ZONES = "FD0469" "regeneration-with-zones" Error,
    "`experimental_verify` with `zonemode=zbd`",
    "Where a write goes depends on the state of the zones, so the same sequence cannot be \
     generated a second time.",
    "Leave out `experimental_verify`: writes are then remembered.",
"[a]
size=1m
rw=write
zonemode=zbd
zonesize=64k
verify=md5
experimental_verify=1
" =>
"[a]
size=1m
rw=write
zonemode=zbd
zonesize=64k
verify=md5
";

    WORKING_SET_WITHOUT_SIZE = "FD0470" "working-set-without-size" Error,
    "`dedupe_mode=working_set` without `size`",
    "The set of buffers is made before the job; how many they are is a share of its size.",
    "Add `size`.",
"[a]
filename=/tmp/data
rw=write
dedupe_percentage=50
dedupe_mode=working_set
" =>
"[a]
end_fsync=1
filename=/tmp/data
size=1m
rw=write
dedupe_percentage=50
dedupe_mode=working_set
";

    WORKING_SET_OF_FILES = "FD0471" "working-set-of-files" Error,
    "`dedupe_mode=working_set` with several files",
    "The set of buffers belongs to the single file of a job.",
    "Use `nrfiles=1`, and `numjobs` for more files.",
"[a]
size=1m
nrfiles=2
rw=write
dedupe_percentage=50
dedupe_mode=working_set
" =>
"[a]
end_fsync=1
size=1m
rw=write
dedupe_percentage=50
dedupe_mode=working_set
";

    DEDUPE_ABOVE_POSSIBLE = "FD0472" "dedupe-above-possible" Error,
    "The share of duplicates cannot be reached",
    "The buffers of the working set differ from each other. Their share and that of the \
     duplicates are at most 100 percent together.",
    "Lower `dedupe_percentage` or `dedupe_working_set_percentage`.",
"[a]
size=1m
rw=write
dedupe_percentage=50
dedupe_mode=working_set
dedupe_working_set_percentage=60
" =>
"[a]
end_fsync=1
size=1m
rw=write
dedupe_percentage=50
dedupe_mode=working_set
dedupe_working_set_percentage=40
";

    BLOCK_ERRORS_OF_FILES = "FD0473" "block-errors-of-files" Error,
    "`block_error_percentiles` with several files",
    "The blocks that are counted are those of a single file or device.",
    "Use `nrfiles=1`, or a single `filename`.",
"[a]
size=1m
rw=trim
nrfiles=2
block_error_percentiles=1
" =>
"[a]
size=1m
rw=trim
block_error_percentiles=1
";

    INPUT_READ_TWICE = "FD0474" "input-read-twice" Error,
    "Job file and recording are both read from the standard input",
    "The standard input can be read once.",
    "Put the job or the recording into a file.",
"fiord --size=1m --read_iolog=- -" =>
"fiord --name=a --size=1m --read_iolog=-";

    PRIORITY_SAID_TWICE = "FD0475" "priority-said-twice" Error,
    "`cmdprio_percentage` with `cmdprio_bssplit`",
    "The one gives a share of all requests a priority, the other one a share of those of each \
     size.",
    "Leave out one of the two.",
"[a]
ioengine=libaio
size=1m
cmdprio_percentage=10
cmdprio_bssplit=4k/10
" =>
"[a]
ioengine=libaio
size=1m
cmdprio_percentage=10
";

    PRIORITY_SHARES_ABOVE_WHOLE = "FD0476" "priority-shares-above-whole" Error,
    "Shares of `cmdprio_bssplit` for one size are more than all requests of that size",
    "A request has one priority. What the shares leave of 100 percent keeps the priority of the job.",
    "Lower the shares.",
"[a]
ioengine=libaio
size=1m
cmdprio_bssplit=4k/60/1/0:4k/50/2/0
" =>
"[a]
ioengine=libaio
size=1m
cmdprio_bssplit=4k/50/1/0:4k/50/2/0
";

    NO_SUCH_NODE = "FD0480" "no-such-node" Error,
    "The machine does not have a NUMA node of this number",
    "Neither CPUs nor memory can be taken from a node that is not there.",
    "Name nodes that the machine has (`numactl --hardware` lists them); they are counted from 0.",
"[a]
size=1m
numa_cpu_nodes=60000
" =>
"[a]
size=1m
numa_cpu_nodes=0
";

    SKIP_IN_PERCENT = "FD0485" "skip-in-percent" Error,
    "`zoneskip` in percent",
    "What is left out between zones is an amount: bytes, or so many times `zonesize` (`2z`). fio takes \
     a percentage for another number.",
    "Write the amount.",
"[a]
size=1m
zonemode=strided
zonesize=64k
zoneskip=10%
" =>
"[a]
size=1m
zonemode=strided
zonesize=64k
zoneskip=2z
";
}
