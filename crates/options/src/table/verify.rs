//! How data are checked, and which blocks are discarded.

use super::group::option_group;
use super::typed::from_word;
use super::{BYTES, CPUS, Choice, INT, INT_MAX, OptionDef, Status, ValueKind};
use crate::plan::{IdRanges, VerifyJournal, VerifyKind, VerifyPolicy};
use crate::value::PatternPiece;

const VERIFY_KINDS: &[Choice] = &[
    Choice::new("0", "no verification"),
    Choice::new("md5", "MD5"),
    Choice::new("crc64", "CRC-64"),
    Choice::new("crc32", "CRC-32"),
    Choice::same("crc32c-intel", "crc32c"),
    Choice::new("crc32c", "CRC-32C"),
    Choice::new("crc16", "CRC-16"),
    Choice::new("crc7", "CRC-7"),
    Choice::new("sha1", "SHA-1"),
    Choice::new("sha256", "SHA-256"),
    Choice::new("sha512", "SHA-512"),
    Choice::new("sha3-224", "SHA3-224"),
    Choice::new("sha3-256", "SHA3-256"),
    Choice::new("sha3-384", "SHA3-384"),
    Choice::new("sha3-512", "SHA3-512"),
    Choice::new("xxhash", "xxHash, 32 bits"),
    Choice::new("meta", "header only"),
    Choice::new("pattern", "the pattern, without headers"),
    Choice::new("pattern_hdr", "the pattern, with headers"),
    Choice::new("null", "pretend to verify"),
];

const VERIFY_POLICY: &[Choice] = &[
    Choice::new("completed", "all completed writes"),
    Choice::new("fsynced", "writes before the last flush"),
];

const VERIFY_JOURNAL: &[Choice] = &[
    Choice::new("off", "nothing is left of a job that is killed"),
    Choice::new("buffered", "it can be verified as long as the system goes on"),
    Choice::new("sync", "it can be verified after a power failure, too"),
];

from_word! {
    Option<VerifyKind> {
        "0" => None,
        "md5" => Some(VerifyKind::Md5),
        "crc64" => Some(VerifyKind::Crc64),
        "crc32" => Some(VerifyKind::Crc32),
        "crc32c" => Some(VerifyKind::Crc32c),
        "crc16" => Some(VerifyKind::Crc16),
        "crc7" => Some(VerifyKind::Crc7),
        "sha1" => Some(VerifyKind::Sha1),
        "sha256" => Some(VerifyKind::Sha256),
        "sha512" => Some(VerifyKind::Sha512),
        "sha3-224" => Some(VerifyKind::Sha3_224),
        "sha3-256" => Some(VerifyKind::Sha3_256),
        "sha3-384" => Some(VerifyKind::Sha3_384),
        "sha3-512" => Some(VerifyKind::Sha3_512),
        "xxhash" => Some(VerifyKind::Xxhash),
        "meta" => Some(VerifyKind::Meta),
        "pattern" => Some(VerifyKind::Pattern),
        "pattern_hdr" => Some(VerifyKind::PatternHeader),
        "null" => Some(VerifyKind::Null),
    }
    VerifyPolicy {
        "completed" => VerifyPolicy::Completed,
        "fsynced" => VerifyPolicy::Fsynced,
    }
    VerifyJournal {
        "off" => VerifyJournal::Off,
        "buffered" => VerifyJournal::Buffered,
        "sync" => VerifyJournal::Sync,
    }
}

option_group! {
    /// How data are checked, and which blocks are discarded.
    VerifyOptions, VERIFY;

    [verify: Option<VerifyKind>] OptionDef::new(
        "verify",
        ValueKind::Choice(VERIFY_KINDS),
        "Checksum kind used to validate data",
    )
        .default("0").category("I/O/Verify");
    [do_verify: bool] OptionDef::new("do_verify", ValueKind::Bool, "Run a read-back phase after writing")
        .default("1").parent("verify").category("I/O/Verify");
    [verify_policy: VerifyPolicy] OptionDef::new(
        "verify_policy",
        ValueKind::Choice(VERIFY_POLICY),
        "Which saved writes an offline verify checks",
    )
        .default("completed").parent("verify").since("3.43").category("I/O/Verify");
    [] OptionDef::new("verifysort", ValueKind::Ignored, "Former option, accepted and ignored")
        .status(Status::NoOp).category("I/O/Verify");
    [] OptionDef::new("verifysort_nr", ValueKind::Ignored, "Former option, accepted and ignored")
        .status(Status::NoOp).category("I/O/Verify");
    [verify_interval: u64] OptionDef::new(
        "verify_interval",
        ValueKind::Int { min: 96, max: INT_MAX },
        "Distance between verify headers inside a block",
    )
        .syntax("min is twice the header: 80 before 3.41").parent("verify").category("I/O/Verify");
    [verify_offset: u64] OptionDef::new(
        "verify_offset",
        ValueKind::Int { min: 48, max: INT_MAX },
        "Move the header to this offset inside its interval",
    )
        .syntax("min is the header size: 40 before 3.41").parent("verify").category("I/O/Verify");
    [verify_pattern: Vec<PatternPiece>] OptionDef::new(
        "verify_pattern",
        ValueKind::Pattern { offsets: true },
        "Fill pattern checked by verify; supports %o",
    )
        .syntax("hex/decimal numbers, \"strings\", 'files', %o; concatenated").parent("verify")
        .category("I/O/Verify");
    [verify_pattern_interval: u32] OptionDef::new("verify_pattern_interval", INT, "Restart the pattern every this many bytes")
        .default("0").parent("verify").since("3.40").category("I/O/Verify");
    [verify_fatal: bool] OptionDef::new("verify_fatal", ValueKind::Bool, "Stop the job at the first mismatch")
        .default("0").parent("verify").category("I/O/Verify");
    [verify_dump: bool] OptionDef::new(
        "verify_dump",
        ValueKind::Bool,
        "Write expected and received data to files on mismatch",
    )
        .default("0").parent("verify").category("I/O/Verify");
    [verify_async: u32] OptionDef::new("verify_async", INT, "Number of helper threads doing verification")
        .default("0").parent("verify").category("I/O/Verify");
    [verify_backlog: u64] OptionDef::new(
        "verify_backlog",
        BYTES,
        "Verify after this many writes instead of at the end",
    )
        .idle("0").parent("verify").category("I/O/Verify");
    [verify_backlog_batch: u32] OptionDef::new("verify_backlog_batch", INT, "How many blocks to verify per backlog pass")
        .idle("0").parent("verify").category("I/O/Verify");
    [verify_async_cpus: IdRanges] OptionDef::new("verify_async_cpus", CPUS, "CPU set for the verify helper threads")
        .syntax("0-3,7").parent("verify_async").category("I/O/Verify");
    [experimental_verify: bool] OptionDef::new(
        "experimental_verify",
        ValueKind::Bool,
        "Verify by replaying the generator rather than a log of writes",
    )
        .parent("verify").category("I/O/Verify");
    [verify_state_load: bool] OptionDef::new(
        "verify_state_load",
        ValueKind::Bool,
        "Read saved state to bound the verification",
    )
        .parent("verify").category("I/O/Verify");
    [verify_state_save: bool] OptionDef::new(
        "verify_state_save",
        ValueKind::Bool,
        "Write state at termination for a later verify",
    )
        .default("1").parent("verify").category("I/O/Verify");
    [verify_journal: VerifyJournal] OptionDef::new(
        "verify_journal",
        ValueKind::Choice(VERIFY_JOURNAL),
        "Note the fate of writes in the auxiliary path while the job runs",
    )
        .default("off").parent("verify").category("I/O/Verify");
    [verify_write_sequence: bool] OptionDef::new(
        "verify_write_sequence",
        ValueKind::Bool,
        "Check the write sequence number in headers",
    )
        .default("1").parent("verify").since("3.38").category("I/O/Verify");
    [verify_header_seed: bool] OptionDef::new(
        "verify_header_seed",
        ValueKind::Bool,
        "Check the buffer seed stored in headers",
    )
        .default("1").parent("verify").since("3.40").category("I/O/Verify");
    [trim_percentage: u32] OptionDef::new(
        "trim_percentage",
        ValueKind::Int { min: 0, max: 100 },
        "Share of verify blocks discarded instead of kept",
    )
        .default("0").parent("verify").category("I/O/Trim");
    [trim_verify_zero: bool] OptionDef::new(
        "trim_verify_zero",
        ValueKind::Bool,
        "Expect zeroes when reading discarded blocks",
    )
        .default("1").parent("trim_percentage").category("I/O/Trim");
    [trim_backlog: u64] OptionDef::new("trim_backlog", BYTES, "Trim after this many blocks have been written")
        .idle("0").parent("trim_percentage").category("I/O/Trim");
    [trim_backlog_batch: u32] OptionDef::new("trim_backlog_batch", INT, "How many blocks to trim per backlog pass")
        .idle("0").parent("trim_percentage").category("I/O/Trim");
}
