//! How data are checked, and which written blocks are discarded on the way.
//!
//! A verified write consists of intervals; each begins with a header, unless the kind has none, and
//! the private part of the kind's checksum.

use serde::{Deserialize, Serialize};

use super::IdRanges;

/// Bytes of the header of an interval (its version 0x81).
pub const VERIFY_HEADER_BYTES: u64 = 48;

/// How data are checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerifyPlan {
    /// What is written and checked; `None`: nothing.
    pub kind: Option<VerifyKind>,
    /// What was written is read back and checked; otherwise only headers are written.
    pub read_back: bool,
    /// Distance between headers; `None`: one for each request.
    pub interval_bytes: Option<u64>,
    /// Where the header stands in its interval.
    pub header_offset_bytes: u64,
    /// The data; `None`: random data from the seed in the header.
    pub pattern: Option<VerifyPattern>,
    /// The job ends at the first mismatch.
    pub fatal: bool,
    /// Expected and received data of a mismatch are written to files.
    pub dump: bool,
    /// Threads that check; 0: the job itself does.
    pub check_threads: u32,
    /// The CPUs of these threads; `None`: any.
    pub check_cpus: Option<IdRanges>,
    /// Written blocks after which some are read back; `None`: all are read at the end.
    pub backlog_blocks: Option<u64>,
    /// Blocks read back each time; `None`: all of the backlog.
    pub backlog_batch_blocks: Option<u32>,
    /// The sequence is generated again for the read-back instead of being remembered.
    pub regenerate: bool,
    /// The number of the write in the header is checked.
    pub check_write_number: bool,
    /// The seed in the header is checked.
    pub check_header_seed: bool,
    /// A saved state says which writes are there to be checked.
    pub state_load: bool,
    /// The state is saved at the end.
    pub state_save: bool,
    /// Which writes a saved state vouches for.
    pub state_policy: VerifyPolicy,
    /// What is known of writes is noted while the job runs.
    pub journal: VerifyJournal,
    /// Blocks that are discarded after they were written.
    pub trim: VerifyTrimPlan,
}

impl Default for VerifyPlan {
    fn default() -> Self {
        VerifyPlan {
            kind: None,
            read_back: true,
            interval_bytes: None,
            header_offset_bytes: 0,
            pattern: None,
            fatal: false,
            dump: false,
            check_threads: 0,
            check_cpus: None,
            backlog_blocks: None,
            backlog_batch_blocks: None,
            regenerate: false,
            check_write_number: true,
            check_header_seed: true,
            state_load: false,
            state_save: true,
            state_policy: VerifyPolicy::Completed,
            journal: VerifyJournal::Off,
            trim: VerifyTrimPlan::default(),
        }
    }
}

/// What is written and checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VerifyKind {
    /// MD5.
    Md5,
    /// CRC-64.
    Crc64,
    /// CRC-32.
    Crc32,
    /// CRC-32C.
    Crc32c,
    /// CRC-16.
    Crc16,
    /// CRC-7.
    Crc7,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
    /// SHA3-224.
    Sha3_224,
    /// SHA3-256.
    Sha3_256,
    /// SHA3-384.
    Sha3_384,
    /// SHA3-512.
    Sha3_512,
    /// XXH32 with seed 1.
    Xxhash,
    /// The header alone.
    Meta,
    /// A pattern without headers.
    Pattern,
    /// A pattern with headers.
    PatternHeader,
    /// Nothing, but with all phases.
    Null,
}

impl VerifyKind {
    /// The word of the job language.
    pub fn name(self) -> &'static str {
        match self {
            VerifyKind::Md5 => "md5",
            VerifyKind::Crc64 => "crc64",
            VerifyKind::Crc32 => "crc32",
            VerifyKind::Crc32c => "crc32c",
            VerifyKind::Crc16 => "crc16",
            VerifyKind::Crc7 => "crc7",
            VerifyKind::Sha1 => "sha1",
            VerifyKind::Sha256 => "sha256",
            VerifyKind::Sha512 => "sha512",
            VerifyKind::Sha3_224 => "sha3-224",
            VerifyKind::Sha3_256 => "sha3-256",
            VerifyKind::Sha3_384 => "sha3-384",
            VerifyKind::Sha3_512 => "sha3-512",
            VerifyKind::Xxhash => "xxhash",
            VerifyKind::Meta => "meta",
            VerifyKind::Pattern => "pattern",
            VerifyKind::PatternHeader => "pattern_hdr",
            VerifyKind::Null => "null",
        }
    }

    /// Bytes between the header and the data of an interval; `None`: there is no header either.
    pub fn private_bytes(self) -> Option<u64> {
        Some(match self {
            VerifyKind::Meta | VerifyKind::PatternHeader => 0,
            VerifyKind::Crc7 => 1,
            VerifyKind::Crc16 => 2,
            VerifyKind::Crc32 | VerifyKind::Crc32c | VerifyKind::Xxhash => 4,
            VerifyKind::Crc64 => 8,
            VerifyKind::Md5 => 16,
            VerifyKind::Sha1 => 20,
            VerifyKind::Sha3_224 => 28,
            VerifyKind::Sha3_256 => 32,
            VerifyKind::Sha3_384 => 48,
            VerifyKind::Sha256 | VerifyKind::Sha3_512 => 64,
            VerifyKind::Sha512 => 128,
            VerifyKind::Pattern | VerifyKind::Null => return None,
        })
    }
}

/// Data that are written and checked, repeated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerifyPattern {
    /// The bytes; zero where an offset stands.
    pub bytes: Vec<u8>,
    /// Where eight bytes hold the offset in the file, ascending.
    pub offsets_at: Vec<usize>,
    /// Bytes after which it begins anew; `None`: with each request.
    pub restart_bytes: Option<u32>,
}

/// Which writes a saved state vouches for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum VerifyPolicy {
    /// All that were completed.
    #[default]
    Completed,
    /// Those before the last flush.
    Fsynced,
}

/// What is left of a job that is killed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum VerifyJournal {
    /// Nothing.
    #[default]
    Off,
    /// What the page cache keeps: enough if the system goes on.
    Buffered,
    /// What is on the medium of the auxiliary path: enough if the power fails.
    Sync,
}

/// Written blocks that are discarded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerifyTrimPlan {
    /// Share of the written blocks, 0..=100.
    pub percent: u32,
    /// They have to read as zeroes.
    pub expect_zeroes: bool,
    /// Written blocks after which some are discarded; `None`: at the end of the writes.
    pub backlog_blocks: Option<u64>,
    /// Blocks discarded each time; `None`: all of the backlog.
    pub backlog_batch_blocks: Option<u32>,
}

impl Default for VerifyTrimPlan {
    fn default() -> Self {
        VerifyTrimPlan {
            percent: 0,
            expect_zeroes: true,
            backlog_blocks: None,
            backlog_batch_blocks: None,
        }
    }
}
