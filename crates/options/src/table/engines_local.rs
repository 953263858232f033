//! Options of the other engines that use the kernel of this machine.

use super::{Choice, INT, OptionDef, Status, TEXT, ValueKind};

const SG_WRITE_MODE: &[Choice] = &[
    Choice::new("write", "WRITE"),
    Choice::new("write_and_verify", "WRITE AND VERIFY"),
    Choice::new("verify", "VERIFY"),
    Choice::new("write_same", "WRITE SAME"),
    Choice::same("same", "write_same"),
    Choice::new("write_same_ndob", "WRITE SAME without a data buffer"),
    Choice::new("verify_bytchk_00", "VERIFY, medium check only"),
    Choice::new("verify_bytchk_01", "VERIFY, compare all blocks"),
    Choice::new("verify_bytchk_11", "VERIFY, compare with one block"),
    Choice::new("write_stream", "WRITE STREAM"),
];

const CPUMODE: &[Choice] = &[Choice::new("noop", "empty loop"), Choice::new("qsort", "sorting")];

const STAT_TYPE: &[Choice] = &[
    Choice::new("stat", "stat(2)"),
    Choice::new("lstat", "lstat(2)"),
    Choice::new("statx", "statx(2)"),
];

/// Options of the other engines that use the kernel of this machine.
pub(crate) static ENGINES_LOCAL: &[OptionDef] = &[
    OptionDef::new("hipri", ValueKind::Flag, "Mark requests high priority (polled completion)")
        .engine(&["pvsync2"])
        .status(Status::Ready)
        .category("Engines"),
    OptionDef::new(
        "hipri_percentage",
        ValueKind::Int { min: 0, max: 100 },
        "Share of requests marked with hipri",
    )
    .default("100")
    .engine(&["pvsync2"])
    .status(Status::Ready)
    .category("Engines"),
    OptionDef::new("uncached", INT, "Drop pages after buffered I/O (RWF_DONTCACHE)")
        .engine(&["pvsync2"])
        .status(Status::Ready)
        .category("Engines"),
    OptionDef::new("nowait", ValueKind::Bool, "Fail with EAGAIN rather than block (RWF_NOWAIT)")
        .engine(&["pvsync2"])
        .status(Status::Ready)
        .category("Engines"),
    OptionDef::new(
        "userspace_reap",
        ValueKind::Flag,
        "Read the completion ring without a system call",
    )
    .engine(&["libaio"])
    .status(Status::Ready)
    .category("Engines/libaio"),
    OptionDef::new("libaio_vectored", ValueKind::Bool, "Submit vectored commands")
        .since("3.39")
        .engine(&["libaio"])
        .status(Status::Ready)
        .category("Engines/libaio"),
    OptionDef::new("thp", INT, "Ask for transparent huge pages")
        .engine(&["mmap"])
        .status(Status::Ready)
        .category("Engines"),
    OptionDef::new(
        "hipri",
        ValueKind::Flag,
        "Poll for completions instead of waiting for interrupts",
    )
    .engine(&["sg"])
    .category("Engines"),
    OptionDef::new("readfua", ValueKind::Bool, "Force-unit-access on reads")
        .default("0")
        .engine(&["sg"])
        .category("Engines"),
    OptionDef::new("writefua", ValueKind::Bool, "Force-unit-access on writes")
        .default("0")
        .engine(&["sg"])
        .category("Engines"),
    OptionDef::new(
        "sg_write_mode",
        ValueKind::Choice(SG_WRITE_MODE),
        "SCSI command used for writes",
    )
    .default("write")
    .engine(&["sg"])
    .category("Engines"),
    OptionDef::new("stream_id", INT, "Stream number for write_stream")
        .default("0")
        .engine(&["sg"])
        .category("Engines"),
    OptionDef::new("cpuload", INT, "CPU percentage to consume")
        .engine(&["cpuio"])
        .category("Engines"),
    OptionDef::new("cpumode", ValueKind::Choice(CPUMODE), "Kind of busy work")
        .default("noop")
        .engine(&["cpuio"])
        .category("Engines"),
    OptionDef::new("cpuchunks", INT, "Length of one burn in microseconds")
        .default("50000")
        .parent("cpuload")
        .engine(&["cpuio"])
        .category("Engines"),
    OptionDef::new("exit_on_io_done", ValueKind::Bool, "Stop when no other I/O job is left")
        .default("0")
        .engine(&["cpuio"])
        .category("Engines"),
    OptionDef::new("donorname", TEXT, "File donating blocks")
        .engine(&["e4defrag"])
        .category("Engines/e4defrag"),
    OptionDef::new(
        "inplace",
        ValueKind::Int { min: 0, max: 1 },
        "When donor blocks are allocated (0 once, 1 per event)",
    )
    .engine(&["e4defrag"])
    .category("Engines/e4defrag"),
    OptionDef::new("stat_type", ValueKind::Choice(STAT_TYPE), "System call measured")
        .default("stat")
        .engine(&["filestat", "dirstat"])
        .category("Engines"),
    OptionDef::new("skip_bad", ValueKind::Bool, "Skip known bad erase blocks")
        .default("0")
        .engine(&["mtd"])
        .category("Engines/mtd"),
    OptionDef::new("program", TEXT, "Command to run").engine(&["exec"]).category("Engines"),
    OptionDef::new("arguments", TEXT, "Its arguments; %r = runtime, %n = job name")
        .engine(&["exec"])
        .category("Engines"),
    OptionDef::new("grace_time", INT, "Seconds between SIGTERM and SIGKILL")
        .default("1")
        .engine(&["exec"])
        .category("Engines"),
    OptionDef::new("std_redirect", ValueKind::Bool, "Send stdout/stderr to <job>.stdout/.stderr")
        .default("1")
        .engine(&["exec"])
        .category("Engines"),
    OptionDef::new("no_completion_thread", ValueKind::Flag, "Poll completions in the job thread")
        .engine(&["windowsaio"])
        .category("Engines"),
];
