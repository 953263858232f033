//! What verification has found: blocks checked, blocks skipped and why, blocks that are wrong and how.
//!
//! A block is what has a header of its own. Every block that was to be checked is counted once, as checked or
//! as skipped; a wrong one is checked, too. Of the first wrong ones there are [records](MismatchRecord).

/// Records that are kept of a job.
pub const RECORDS_MAX: usize = 32;

/// Words of a record: numbers, then the path.
pub(crate) const RECORD_WORDS: usize = NUMBERS + PATH_BYTES / 8;

const NUMBERS: usize = 20;
const PATH_BYTES: usize = 256;

macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// The word in reports.
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }
        }
    };
}

named! {
    /// Why a block that was to be checked was not.
    SkipReason {
        /// Its write failed.
        WriteFailed = "write_failed",
        /// It could not be read.
        ReadFailed = "read_failed",
        /// It was written again before it was read back.
        Overwritten = "overwritten",
        /// It was discarded, and nothing is expected of it.
        Trimmed = "trimmed",
        /// It was on its way when the state was saved.
        InFlight = "in_flight",
        /// No flush covers it in the saved state.
        NotDurable = "not_durable",
        /// The saved state says that it was not written.
        NotWritten = "not_written",
        /// The job ended before.
        NotReached = "not_reached",
        /// The engine moves no data.
        NoData = "no_data",
    }
}

named! {
    /// How a block is wrong.
    MismatchClass {
        /// It is all zeroes.
        Zeroes = "zeroes",
        /// A few bits differ.
        BitFlip = "bit_flip",
        /// Some of its sectors are what they have to be, and others are something else.
        Torn = "torn",
        /// An older write is there, complete.
        Stale = "stale",
        /// A block of another place is there, complete.
        Misdirected = "misdirected",
        /// A write is there that nobody knows of, complete.
        Unknown = "unknown",
        /// Nothing that was written for verification is there.
        Foreign = "foreign",
        /// The target ends before it.
        Short = "short",
        /// Anything else.
        Damaged = "damaged",
    }
}

/// Words of the counts.
pub(crate) const COUNT_WORDS: usize = 2 + SkipReason::ALL.len() + MismatchClass::ALL.len();

/// Counts and records of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Blocks compared with what they have to be.
    pub checked: u64,
    /// Blocks not looked at, by [`SkipReason`].
    pub skipped: [u64; SkipReason::ALL.len()],
    /// Blocks that are wrong, by [`MismatchClass`].
    pub mismatches: [u64; MismatchClass::ALL.len()],
    /// The first of them, at most [`RECORDS_MAX`].
    pub records: Vec<MismatchRecord>,
}

impl Verification {
    /// Adds another job's.
    pub fn merge(&mut self, other: &Verification) {
        self.checked += other.checked;
        for (mine, theirs) in self.skipped.iter_mut().zip(other.skipped) {
            *mine += theirs;
        }
        for (mine, theirs) in self.mismatches.iter_mut().zip(other.mismatches) {
            *mine += theirs;
        }
        let room = RECORDS_MAX.saturating_sub(self.records.len());
        self.records.extend(other.records.iter().take(room).cloned());
    }

    /// Blocks that were skipped.
    pub fn total_skipped(&self) -> u64 {
        self.skipped.iter().sum()
    }

    /// Blocks that are wrong.
    pub fn total_mismatches(&self) -> u64 {
        self.mismatches.iter().sum()
    }

    pub(crate) fn from_words(word: impl Fn(usize) -> u64, records: Vec<MismatchRecord>) -> Self {
        let reasons = SkipReason::ALL.len();
        Verification {
            checked: word(0),
            skipped: std::array::from_fn(|i| word(2 + i)),
            mismatches: std::array::from_fn(|i| word(2 + reasons + i)),
            records,
        }
    }
}

/// Places of counts in the ledger.
pub(crate) mod place {
    use super::{MismatchClass, SkipReason};

    pub(crate) const CHECKED: usize = 0;
    pub(crate) const RECORDS: usize = 1;

    pub(crate) fn skipped(reason: SkipReason) -> usize {
        2 + reason as usize
    }

    pub(crate) fn mismatches(class: MismatchClass) -> usize {
        2 + SkipReason::ALL.len() + class as usize
    }
}

/// What is known of a block that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MismatchRecord {
    /// The target, its first 256 bytes.
    pub file: String,
    /// First byte of the block, and its length.
    pub offset: u64,
    /// See there.
    pub length: u64,
    /// The same of the request that read it.
    pub request_offset: u64,
    /// See there.
    pub request_length: u64,
    /// How it is wrong; its place in [`MismatchClass::ALL`].
    pub class: Option<MismatchClass>,
    /// The number of the write that has to be there.
    pub expected_number: Option<u64>,
    /// The seed of its data.
    pub expected_seed: Option<u64>,
    /// What the header says that is there, if there is one.
    pub found: Option<FoundHeader>,
    /// The first byte of the block that is wrong.
    pub first_byte: Option<u64>,
    /// Bits that are wrong.
    pub differing_bits: Option<u64>,
}

/// What a header says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FoundHeader {
    /// The number of the write.
    pub number: u64,
    /// The seed of its data.
    pub seed: u64,
    /// Its place.
    pub offset: u64,
    /// Bytes of the block.
    pub length: u64,
    /// When it was written, by the clock of the job that wrote it.
    pub time_ns: u64,
    /// The number of that job.
    pub thread: u64,
}

impl MismatchRecord {
    pub(crate) fn to_words(&self) -> [u64; RECORD_WORDS] {
        let found = self.found.unwrap_or_default();
        let known = [
            self.class.is_some(),
            self.expected_number.is_some(),
            self.expected_seed.is_some(),
            self.found.is_some(),
            self.first_byte.is_some(),
            self.differing_bits.is_some(),
        ];
        let mut end = self.file.len().min(PATH_BYTES);
        while !self.file.is_char_boundary(end) {
            end -= 1;
        }
        let mut words = [0; RECORD_WORDS];
        let numbers = [
            known.iter().rev().fold(0, |bits, known| bits << 1 | u64::from(*known)),
            end as u64,
            self.offset,
            self.length,
            self.request_offset,
            self.request_length,
            self.class.map_or(0, |class| class as u64),
            self.expected_number.unwrap_or(0),
            self.expected_seed.unwrap_or(0),
            found.number,
            found.seed,
            found.offset,
            found.length,
            found.time_ns,
            found.thread,
            self.first_byte.unwrap_or(0),
            self.differing_bits.unwrap_or(0),
        ];
        words[..numbers.len()].copy_from_slice(&numbers);
        for (word, bytes) in words[NUMBERS..].iter_mut().zip(self.file.as_bytes()[..end].chunks(8))
        {
            let mut all = [0; 8];
            all[..bytes.len()].copy_from_slice(bytes);
            *word = u64::from_le_bytes(all);
        }
        words
    }

    pub(crate) fn from_words(words: &[u64; RECORD_WORDS]) -> MismatchRecord {
        let known = |bit: u32, value: u64| (words[0] >> bit & 1 == 1).then_some(value);
        let path: Vec<u8> = words[NUMBERS..].iter().flat_map(|word| word.to_le_bytes()).collect();
        let end = (words[1] as usize).min(path.len());
        MismatchRecord {
            file: String::from_utf8_lossy(&path[..end]).into_owned(),
            offset: words[2],
            length: words[3],
            request_offset: words[4],
            request_length: words[5],
            class: known(0, words[6])
                .and_then(|class| MismatchClass::ALL.get(class as usize).copied()),
            expected_number: known(1, words[7]),
            expected_seed: known(2, words[8]),
            found: known(3, 0).map(|_| FoundHeader {
                number: words[9],
                seed: words[10],
                offset: words[11],
                length: words[12],
                time_ns: words[13],
                thread: words[14],
            }),
            first_byte: known(4, words[15]),
            differing_bits: known(5, words[16]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_survive_as_words() {
        let full = MismatchRecord {
            file: "ä".repeat(200),
            offset: 1,
            length: 2,
            request_offset: 3,
            request_length: 4,
            class: Some(MismatchClass::Torn),
            expected_number: Some(5),
            expected_seed: Some(6),
            found: Some(FoundHeader {
                number: 7,
                seed: 8,
                offset: 9,
                length: 10,
                time_ns: 11,
                thread: 12,
            }),
            first_byte: Some(13),
            differing_bits: Some(14),
        };
        let cut = MismatchRecord { file: "ä".repeat(128), ..full.clone() };
        assert_eq!(MismatchRecord::from_words(&full.to_words()), cut);
        let empty = MismatchRecord::default();
        assert_eq!(MismatchRecord::from_words(&empty.to_words()), empty);
    }
}
