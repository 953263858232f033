//! Direction, sizes and extent of requests, and the engine that executes them.

use crate::names::Text;
use fiord_base::{PerDirection, Quantity};

use super::group::option_group;
use super::{BYTES, Choice, INT, INT_MAX, OptionDef, ValueKind, sizes};
use crate::plan::{MemoryKind, Sequencer, SubmitMode, SyncMode};
use crate::value::{Access, SplitEntry};

/// The words of `rw`.
pub static ACCESS: &[Choice] = &[
    Choice::new("read", "sequential reads"),
    Choice::new("write", "sequential writes"),
    Choice::new("trim", "sequential trims"),
    Choice::new("randread", "random reads"),
    Choice::new("randwrite", "random writes"),
    Choice::new("randtrim", "random trims"),
    Choice::new("rw", "sequential reads and writes"),
    Choice::same("readwrite", "rw"),
    Choice::new("randrw", "random reads and writes"),
    Choice::new("trimwrite", "each block trimmed, then written"),
    Choice::new("randtrimwrite", "the same at random offsets"),
];

const RW_SEQUENCER: &[Choice] = &[
    Choice::new("sequential", "the next offsets follow directly"),
    Choice::new("identical", "the same offset again"),
];

const IO_SUBMIT_MODE: &[Choice] =
    &[Choice::new("inline", "the job itself"), Choice::new("offload", "a pool of workers")];

const MEM: &[Choice] = &[
    Choice::new("malloc", "ordinary memory"),
    Choice::new("shm", "System V shared memory"),
    Choice::new("shmhuge", "System V shared memory in huge pages"),
    Choice::new("mmap", "mmap(2), anonymous or of the file given").parameter(),
    Choice::new("mmapshared", "the same with MAP_SHARED").parameter(),
    Choice::new("mmaphuge", "huge pages, of the file given").parameter(),
    Choice::new("cudamalloc", "memory of a CUDA device")
        .unavailable("this program is built without CUDA"),
];

const SYNC: &[Choice] = &[
    Choice::new("none", "neither"),
    Choice::same("0", "none"),
    Choice::new("sync", "O_SYNC"),
    Choice::same("1", "sync"),
    Choice::new("dsync", "O_DSYNC"),
];

option_group! {
    /// Direction, sizes and extent of requests, and the engine that executes them.
    IoOptions, IO;

    [rw: Access] OptionDef::new(
        "rw",
        ValueKind::Access,
        "Transfer direction and access pattern; :nr suffix sets run length or gap",
    )
        .alias(&["readwrite"]).default("read")
        .syntax("PATTERN[:N]; random N=run length (1..2^32-1), sequential N=bytes added to each offset, may be negative")
        .category("I/O");
    [rw_sequencer: Sequencer] OptionDef::new(
        "rw_sequencer",
        ValueKind::Choice(RW_SEQUENCER),
        "What the :nr suffix of a random pattern does with offsets",
    )
        .default("sequential").category("I/O");
    [ioengine: String] OptionDef::new(
        "ioengine",
        ValueKind::Engine,
        "I/O back end used by the job; external:path loads a plug-in",
    )
        .default("psync").syntax("name, or external:/path/to/plugin.so")
        .category("I/O");
    [iodepth: u32] OptionDef::new(
        "iodepth",
        ValueKind::Int { min: 1, max: INT_MAX },
        "Number of requests kept outstanding per file set (async engines)",
    )
        .default("1").category("I/O");
    [iodepth_batch: u32] OptionDef::new(
        "iodepth_batch",
        INT,
        "Requests handed over in one submission",
    )
        .alias(&["iodepth_batch_submit"]).default("1").parent("iodepth")
        .category("I/O");
    [iodepth_batch_complete_min: u32] OptionDef::new(
        "iodepth_batch_complete_min",
        INT,
        "Fewest completions to wait for per reap call; 0 = poll",
    )
        .alias(&["iodepth_batch_complete"]).default("1").parent("iodepth")
        .category("I/O");
    [iodepth_batch_complete_max: u32] OptionDef::new(
        "iodepth_batch_complete_max",
        INT,
        "Most completions to take per reap call",
    )
        .parent("iodepth").category("I/O");
    [iodepth_low: u32] OptionDef::new(
        "iodepth_low",
        INT,
        "Let the queue drain to this level before refilling",
    )
        .parent("iodepth").category("I/O");
    [serialize_overlap: bool] OptionDef::new(
        "serialize_overlap",
        ValueKind::Bool,
        "Hold a request back while an overlapping one is in flight",
    )
        .default("0").parent("iodepth").category("I/O");
    [io_submit_mode: SubmitMode] OptionDef::new(
        "io_submit_mode",
        ValueKind::Choice(IO_SUBMIT_MODE),
        "Issue requests from the job itself or from helper workers",
    )
        .default("inline").category("I/O");
    [size: Quantity] OptionDef::new(
        "size",
        ValueKind::Quantity,
        "Amount of address space per job; percent, zones or bytes",
    )
        .category("I/O");
    [io_size: Quantity] OptionDef::new(
        "io_size",
        ValueKind::Quantity,
        "Bytes to transfer per loop, independent of size",
    )
        .alias(&["io_limit"]).category("I/O");
    [offset: Quantity] OptionDef::new("offset", ValueKind::Quantity, "First byte of the I/O region")
        .alias(&["fileoffset"]).default("0").category("I/O");
    [offset_align: u64] OptionDef::new(
        "offset_align",
        INT,
        "Round a computed percentage or increment offset up to this multiple",
    )
        .default("0").category("I/O");
    [offset_increment: Quantity] OptionDef::new(
        "offset_increment",
        ValueKind::Quantity,
        "Extra start offset multiplied by the clone's number",
    )
        .default("0").parent("offset").category("I/O");
    [number_ios: u64] OptionDef::new(
        "number_ios",
        BYTES,
        "Stop after this many requests (a full pass may be shorter)",
    )
        .default("0").syntax("size suffixes accepted").category("I/O");
    [num_range: u32] OptionDef::new(
        "num_range",
        ValueKind::Int { min: 0, max: 256 },
        "Ranges put into one trim request (multi-range discard)",
    )
        .default("1").since("3.37").category("I/O");
    [bs: PerDirection<Option<u64>>] OptionDef::new("bs", sizes(1), "Transfer size per direction")
        .alias(&["blocksize"]).default("4096")
        .syntax("also read:write or read-write (legacy separators)").parent("rw").category("I/O");
    [ba: PerDirection<Option<u64>>] OptionDef::new(
        "ba",
        sizes(1),
        "Alignment of random offsets per direction; defaults to minimum block size",
    )
        .alias(&["blockalign"]).parent("rw").category("I/O");
    [bsrange: PerDirection<Option<(u64, u64)>>] OptionDef::new(
        "bsrange",
        ValueKind::SizeRanges { min: 1 },
        "Smallest and largest transfer size per direction",
    )
        .alias(&["blocksize_range"]).syntax("lo-hi or lo:hi per direction, comma separated")
        .parent("rw").category("I/O");
    [bssplit: PerDirection<Vec<SplitEntry>>] OptionDef::new(
        "bssplit",
        ValueKind::Split,
        "Weighted list of transfer sizes per direction",
    )
        .syntax("size/perc:size/perc:...[,write list[,trim list]]; empty perc = share of remainder; max 64 entries")
        .parent("rw").category("I/O");
    [bs_unaligned: bool] OptionDef::new(
        "bs_unaligned",
        ValueKind::Flag,
        "Allow sizes in bsrange that are not multiples of the minimum",
    )
        .alias(&["blocksize_unaligned"]).parent("rw").category("I/O");
    [bs_is_seq_rand: bool] OptionDef::new(
        "bs_is_seq_rand",
        ValueKind::Bool,
        "Interpret the first size as sequential and second as random",
    )
        .default("0").parent("blocksize").category("I/O");
    [write_barrier: u32] OptionDef::new(
        "write_barrier",
        INT,
        "Mark each Nth write as barrier (engines with barrier support only)",
    )
        .default("0").category("I/O");
    [direct: bool] OptionDef::new("direct", ValueKind::Bool, "Bypass the page cache (O_DIRECT)")
        .default("0").inverse("buffered").category("I/O/Kind");
    [atomic: bool] OptionDef::new("atomic", ValueKind::Bool, "Torn-write-protected writes; implies direct")
        .default("0").category("I/O/Kind");
    [buffered: bool] OptionDef::new("buffered", ValueKind::Bool, "Opposite of direct")
        .default("1").inverse("direct").category("I/O/Kind");
    [mem: (MemoryKind, Option<Text>)] OptionDef::new(
        "mem",
        ValueKind::Choice(MEM),
        "Where I/O buffers come from; mmap kinds accept :path",
    )
        .alias(&["iomem"]).default("malloc").syntax("KIND[:path] for mmap, mmapshared, mmaphuge")
        .category("I/O");
    [iomem_align: u32] OptionDef::new("iomem_align", INT, "Alignment offset of each buffer")
        .alias(&["mem_align"]).default("0").parent("iomem").category("I/O");
    [invalidate: bool] OptionDef::new(
        "invalidate",
        ValueKind::Bool,
        "Drop cached pages before starting",
    )
        .default("1").category("I/O/Kind");
    [sync: SyncMode] OptionDef::new(
        "sync",
        ValueKind::Choice(SYNC),
        "Open with synchronous write semantics",
    )
        .default("none").category("I/O/Kind");
}
