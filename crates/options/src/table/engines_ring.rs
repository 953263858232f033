//! Options of the io_uring engines.

use super::{Choice, INT, INT_MAX, OptionDef, Status, ValueKind};

const WRITE_MODE: &[Choice] = &[
    Choice::new("write", "write"),
    Choice::new("uncor", "mark as uncorrectable"),
    Choice::new("zeroes", "write zeroes"),
    Choice::new("verify", "let the device verify"),
    Choice::new("zone_append", "append to a zone"),
];

const VERIFY_MODE: &[Choice] = &[
    Choice::new("read", "read and compare in memory"),
    Choice::new("compare", "let the device compare"),
];

const CMD_TYPE: &[Choice] =
    &[Choice::new("nvme", "NVMe"), Choice::new("bsg", "SCSI block devices")];

const CDB_LEN: &[Choice] = &[
    Choice::new("0", "the smallest that fits"),
    Choice::new("10", "10 bytes"),
    Choice::new("16", "16 bytes"),
    Choice::new("32", "32 bytes"),
];

const VERIFY_BYTCHK: &[Choice] = &[
    Choice::new("0", "medium check only"),
    Choice::new("1", "compare all blocks"),
    Choice::new("3", "compare with one block"),
];

const READ_MODE: &[Choice] = &[Choice::new("read", "READ"), Choice::new("prefetch", "PRE-FETCH")];

const PI_CHK: &[Choice] = &[
    Choice::new("GUARD", "guard tag"),
    Choice::new("REFTAG", "reference tag"),
    Choice::new("APPTAG", "application tag"),
];

/// Options of the io_uring engines.
pub(crate) static ENGINES_RING: &[OptionDef] = &[
    OptionDef::new(
        "hipri",
        ValueKind::Flag,
        "Poll for completions instead of waiting for interrupts",
    )
    .engine(&["io_uring", "io_uring_cmd"])
    .status(Status::Ready)
    .category("Engines"),
    OptionDef::new("readfua", ValueKind::Bool, "Force-unit-access bit on reads (cmd engine)")
        .default("0")
        .since("3.38")
        .engine(&["io_uring", "io_uring_cmd"])
        .category("Engines"),
    OptionDef::new("writefua", ValueKind::Bool, "Force-unit-access bit on writes (cmd engine)")
        .default("0")
        .since("3.38")
        .engine(&["io_uring", "io_uring_cmd"])
        .category("Engines"),
    OptionDef::new(
        "write_mode",
        ValueKind::Shares(WRITE_MODE),
        "Command used for writes; mode/percent:mode/percent mixes allowed",
    )
    .default("write")
    .syntax("mode | mode/pct:mode/pct:...")
    .since("3.38")
    .engine(&["io_uring", "io_uring_cmd"])
    .category("Engines"),
    OptionDef::new(
        "verify_mode",
        ValueKind::Choice(VERIFY_MODE),
        "Command used in the verify phase",
    )
    .default("read")
    .since("3.38")
    .engine(&["io_uring", "io_uring_cmd"])
    .category("Engines"),
    OptionDef::new("fixedbufs", ValueKind::Flag, "Register buffers with the kernel once")
        .engine(&["io_uring", "io_uring_cmd"])
        .status(Status::Ready)
        .category("Engines"),
    OptionDef::new("registerfiles", ValueKind::Flag, "Register files with the ring")
        .engine(&["io_uring", "io_uring_cmd"])
        .status(Status::Ready)
        .category("Engines"),
    OptionDef::new("sqthread_poll", ValueKind::Flag, "Kernel thread polls the submission queue")
        .engine(&["io_uring", "io_uring_cmd"])
        .status(Status::Ready)
        .category("Engines"),
    OptionDef::new("sqthread_poll_cpu", INT, "CPU of the polling kernel thread")
        .engine(&["io_uring", "io_uring_cmd"])
        .status(Status::Ready)
        .category("Engines"),
    OptionDef::new(
        "nonvectored",
        ValueKind::Int { min: -1, max: INT_MAX },
        "Use plain read/write opcodes; -1 automatic",
    )
    .default("-1")
    .engine(&["io_uring", "io_uring_cmd"])
    .status(Status::Ready)
    .category("Engines"),
    OptionDef::new("uncached", INT, "Drop pages after buffered I/O (RWF_DONTCACHE)")
        .engine(&["io_uring", "io_uring_cmd"])
        .status(Status::Ready)
        .category("Engines"),
    OptionDef::new("nowait", ValueKind::Bool, "Fail with EAGAIN rather than block")
        .engine(&["io_uring", "io_uring_cmd", "libaio"])
        .status(Status::Ready)
        .category("Engines"),
    OptionDef::new("force_async", INT, "Force every Nth request onto kernel workers")
        .engine(&["io_uring", "io_uring_cmd"])
        .status(Status::Ready)
        .category("Engines"),
    OptionDef::new(
        "cmd_type",
        ValueKind::Choice(CMD_TYPE),
        "Pass-through command family (cmd engine)",
    )
    .default("nvme")
    .engine(&["io_uring", "io_uring_cmd"])
    .category("Engines"),
    OptionDef::new(
        "cdb_len",
        ValueKind::Choice(CDB_LEN),
        "SCSI command length for bsg; 0 picks smallest fit",
    )
    .default("0")
    .since("3.43")
    .engine(&["io_uring", "io_uring_cmd"])
    .category("Engines"),
    OptionDef::new(
        "verify_bytchk",
        ValueKind::Choice(VERIFY_BYTCHK),
        "Compare mode of SCSI VERIFY (bsg writes as verify)",
    )
    .default("0")
    .since("3.43")
    .engine(&["io_uring", "io_uring_cmd"])
    .category("Engines"),
    OptionDef::new("read_mode", ValueKind::Choice(READ_MODE), "SCSI read or pre-fetch (bsg)")
        .default("read")
        .since("3.43")
        .engine(&["io_uring", "io_uring_cmd"])
        .category("Engines"),
    OptionDef::new(
        "cmdprio_percentage",
        ValueKind::Sizes { min: 0, max: 100, directions: 2 },
        "Share of requests sent with the cmdprio priority",
    )
    .engine(&["io_uring", "io_uring_cmd", "libaio"])
    .status(Status::Ready)
    .category("Engines"),
    OptionDef::new(
        "cmdprio_class",
        ValueKind::Sizes { min: 1, max: 3, directions: 2 },
        "Priority class of those requests",
    )
    .engine(&["io_uring", "io_uring_cmd", "libaio"])
    .status(Status::Ready)
    .category("Engines"),
    OptionDef::new(
        "cmdprio_hint",
        ValueKind::Sizes { min: 0, max: 1023, directions: 2 },
        "Priority hint of those requests",
    )
    .since("3.36")
    .engine(&["io_uring", "io_uring_cmd", "libaio"])
    .status(Status::Ready)
    .category("Engines"),
    OptionDef::new(
        "cmdprio",
        ValueKind::Sizes { min: 0, max: 7, directions: 2 },
        "Priority level of those requests",
    )
    .engine(&["io_uring", "io_uring_cmd", "libaio"])
    .status(Status::Ready)
    .category("Engines"),
    OptionDef::new(
        "cmdprio_bssplit",
        ValueKind::PrioritySplit,
        "Priority shares by block size: bs/perc[/class/level[/hint]]",
    )
    .engine(&["io_uring", "io_uring_cmd", "libaio"])
    .status(Status::Ready)
    .category("Engines"),
    OptionDef::new("md_per_io_size", INT, "Bytes of separate metadata per request")
        .default("0")
        .since("3.36")
        .engine(&["io_uring", "io_uring_cmd"])
        .status(Status::Ready)
        .category("Engines"),
    OptionDef::new(
        "pi_act",
        ValueKind::Bool,
        "Let the controller insert/strip protection information",
    )
    .default("1")
    .since("3.36")
    .engine(&["io_uring", "io_uring_cmd"])
    .status(Status::Ready)
    .category("Engines"),
    OptionDef::new(
        "pi_chk",
        ValueKind::ChoiceSet { choices: PI_CHK, counted: false },
        "Protection fields to check: GUARD,REFTAG,APPTAG",
    )
    .since("3.36")
    .engine(&["io_uring", "io_uring_cmd"])
    .status(Status::Ready)
    .category("Engines"),
    OptionDef::new("apptag", INT, "Application tag value")
        .default("0x1234")
        .since("3.36")
        .engine(&["io_uring", "io_uring_cmd"])
        .status(Status::Ready)
        .category("Engines"),
    OptionDef::new("apptag_mask", INT, "Application tag mask")
        .default("0xffff")
        .since("3.36")
        .engine(&["io_uring", "io_uring_cmd"])
        .status(Status::Ready)
        .category("Engines"),
    OptionDef::new("deac", ValueKind::Bool, "Set the deallocate bit on write zeroes")
        .default("0")
        .since("3.39")
        .engine(&["io_uring", "io_uring_cmd"])
        .category("Engines"),
];
