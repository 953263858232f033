//! Which files a job uses, how they are made and how they are opened.

use super::group::option_group;
use super::{Choice, INT, OptionDef, TEXT, ValueKind};
use crate::names::{Names, Text};
use crate::plan::{Fadvise, Fallocate, LockMode, TargetKind};
use crate::value::{FileChoice, SyncRange, WriteHint};

const FILETYPE: &[Choice] = &[
    Choice::new("none", "ask the system about each"),
    Choice::new("file", "regular files"),
    Choice::new("block", "block devices"),
    Choice::new("char", "character devices"),
];

const LOCKFILE: &[Choice] = &[
    Choice::new("none", "no locks"),
    Choice::new("exclusive", "one at a time"),
    Choice::new("readwrite", "many readers or one writer"),
];

const FILE_SERVICE_TYPE: &[Choice] = &[
    Choice::new("random", "uniformly at random; :N for N requests each"),
    Choice::new("zipf", "by a Zipf distribution; :THETA[:CENTER], 1.1 by default"),
    Choice::new("pareto", "by a Pareto distribution; :H[:CENTER], 0.2 by default"),
    Choice::new("normal", "by a normal distribution; :DEVIATION[:CENTER] in percent"),
    Choice::same("gauss", "normal"),
    Choice::new("roundrobin", "each in turn; :N for N requests each"),
    Choice::new("sequential", "one file until it is finished; :N for N requests each"),
];

const FALLOCATE: &[Choice] = &[
    Choice::new("none", "nothing is reserved"),
    Choice::new("native", "fallocate(2) where the file system has it"),
    Choice::new("posix", "posix_fallocate(3)"),
    Choice::new("keep", "fallocate(2) without changing the size"),
    Choice::new("truncate", "ftruncate(2) only"),
    Choice::same("0", "none"),
    Choice::same("1", "posix"),
];

const FADVISE_HINT: &[Choice] = &[
    Choice::new("0", "no advice"),
    Choice::new("1", "sequential or random, by the pattern"),
    Choice::new("random", "POSIX_FADV_RANDOM"),
    Choice::new("sequential", "POSIX_FADV_SEQUENTIAL"),
    Choice::new("noreuse", "POSIX_FADV_NOREUSE"),
];

const SYNC_FILE_RANGE: &[Choice] = &[
    Choice::new("wait_before", "wait for pages already being written"),
    Choice::new("write", "start writing dirty pages"),
    Choice::new("wait_after", "wait until they are written"),
];

const WRITE_HINT: &[Choice] = &[
    Choice::new("none", "no life time is known"),
    Choice::new("short", "data live shortly"),
    Choice::new("medium", "data live for a while"),
    Choice::new("long", "data live long"),
    Choice::new("extreme", "data live very long"),
];

option_group! {
    /// Which files a job uses, how they are made and how they are opened.
    FileOptions, FILE;

    [filename: Names] OptionDef::new(
        "filename",
        ValueKind::Names,
        "Explicit target files or devices, colon-separated; backslash escapes a colon",
    )
        .syntax("a:b:c, \"\\:\" literal colon; \"-\" is stdin/stdout").category("File/Names");
    [filetype: Option<TargetKind>] OptionDef::new(
        "filetype",
        ValueKind::Choice(FILETYPE),
        "Declare the type of all targets, skipping per-file stat calls",
    )
        .default("none").since("3.41").category("File/Names");
    [directory: Names] OptionDef::new(
        "directory",
        ValueKind::Names,
        "Directory prefix for generated files; several are spread over job clones",
    )
        .syntax("a:b:c").category("File/Names");
    [filename_format: Text] OptionDef::new(
        "filename_format",
        TEXT,
        "Template for generated file names, with $-variables",
    )
        .default("$jobname.$jobnum.$filenum").category("File/Names");
    [unique_filename: bool] OptionDef::new(
        "unique_filename",
        ValueKind::Bool,
        "Client/server mode: put the client's address into generated file names",
    )
        .default("1").category("File/Names");
    [lockfile: LockMode] OptionDef::new(
        "lockfile",
        ValueKind::Choice(LOCKFILE),
        "Lock a file around each transfer to it",
    )
        .default("none").parent("filename").category("File/Names");
    [opendir: Text] OptionDef::new(
        "opendir",
        TEXT,
        "Add every file found recursively below this directory",
    )
        .category("File/Names");
    [fill_device: bool] OptionDef::new(
        "fill_device",
        ValueKind::Bool,
        "Write until the target reports no space",
    )
        .alias(&["fill_fs"]).default("0").category("File");
    [filesize: (u64, u64)] OptionDef::new(
        "filesize",
        ValueKind::SizeRange { min: 1 },
        "Size of each file, or range from which sizes are drawn",
    )
        .syntax("S or lo-hi").category("File");
    [file_append: bool] OptionDef::new(
        "file_append",
        ValueKind::Bool,
        "Begin at the current end of each file",
    )
        .default("0").category("File");
    [nrfiles: u32] OptionDef::new("nrfiles", INT, "Number of files per job")
        .alias(&["nr_files"]).default("1").category("File");
    [openfiles: u32] OptionDef::new("openfiles", INT, "How many files may be open at once")
        .category("File");
    [file_service_type: FileChoice] OptionDef::new(
        "file_service_type",
        ValueKind::FileService(FILE_SERVICE_TYPE),
        "How the next file is selected; :nr or :param suffix",
    )
        .default("roundrobin").parent("nrfiles").category("File");
    [fallocate: Fallocate] OptionDef::new(
        "fallocate",
        ValueKind::Choice(FALLOCATE),
        "How space is reserved while laying out files",
    )
        .default("native").category("File");
    [fadvise_hint: Fadvise] OptionDef::new(
        "fadvise_hint",
        ValueKind::Choice(FADVISE_HINT),
        "Access-pattern advice given to the kernel",
    )
        .default("1").category("File");
    [fsync: u32] OptionDef::new("fsync", INT, "Flush after this many writes")
        .default("0").category("File");
    [fdatasync: u32] OptionDef::new("fdatasync", INT, "Data-only flush after this many writes")
        .default("0").category("File");
    [sync_file_range: SyncRange] OptionDef::new(
        "sync_file_range",
        ValueKind::ChoiceSet { choices: SYNC_FILE_RANGE, counted: true },
        "Range flush flags, comma separated, with optional :nr write interval",
    )
        .syntax("flag[,flag..][:N]").category("File");
    [overwrite: bool] OptionDef::new(
        "overwrite",
        ValueKind::Bool,
        "Lay out the file before writing so that writes overwrite",
    )
        .default("0").category("File");
    [ioscheduler: String; planned] OptionDef::new("ioscheduler", TEXT, "Switch the device to this elevator first")
        .category("File");
    [write_hint: WriteHint] OptionDef::new(
        "write_hint",
        ValueKind::Choice(WRITE_HINT),
        "Data lifetime hint",
    )
        .category("File");
    [create_serialize: bool] OptionDef::new(
        "create_serialize",
        ValueKind::Bool,
        "Lay out files of one job at a time",
    )
        .default("1").category("File");
    [create_fsync: bool] OptionDef::new("create_fsync", ValueKind::Bool, "Flush files after layout")
        .default("1").category("File");
    [create_on_open: bool] OptionDef::new(
        "create_on_open",
        ValueKind::Bool,
        "Create files only when first opened",
    )
        .default("0").category("File");
    [create_only: bool] OptionDef::new(
        "create_only",
        ValueKind::Bool,
        "Stop after laying out files",
    )
        .default("0").category("File");
    [allow_file_create: bool] OptionDef::new(
        "allow_file_create",
        ValueKind::Bool,
        "Permit creating missing files",
    )
        .default("1").category("File/Names");
    [allow_mounted_write: bool] OptionDef::new(
        "allow_mounted_write",
        ValueKind::Bool,
        "Permit writing to a mounted device",
    )
        .default("0").category("File/Names");
    [pre_read: bool] OptionDef::new(
        "pre_read",
        ValueKind::Bool,
        "Read files through once before the run",
    )
        .default("0").category("File");
    [end_fsync: bool] OptionDef::new(
        "end_fsync",
        ValueKind::Bool,
        "Flush every file when the write stage ends",
    )
        .default("0").category("File");
    [fsync_on_close: bool] OptionDef::new(
        "fsync_on_close",
        ValueKind::Bool,
        "Flush whenever a file is closed",
    )
        .default("0").category("File");
    [end_syncfs: bool] OptionDef::new(
        "end_syncfs",
        ValueKind::Bool,
        "One filesystem-wide sync when the write stage ends",
    )
        .default("0").since("3.42").category("File");
    [unlink: bool] OptionDef::new("unlink", ValueKind::Bool, "Delete job files at the end")
        .default("0").category("File");
    [unlink_each_loop: bool] OptionDef::new(
        "unlink_each_loop",
        ValueKind::Bool,
        "Delete job files after each loop",
    )
        .default("0").category("File");
}
