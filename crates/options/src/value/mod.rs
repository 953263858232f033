//! The values of options: their types, how they are read, and how they are printed.
//!
//! Reading never panics and is bounded by the length of the text. What is printed by `Display` is
//! the canonical form: reading it again gives the same value. Values hold what was said, with units
//! resolved, not what it means for the job: that is the lowering's.

mod arithmetic;
mod distribution;
mod errnos;
mod lists;
mod numa;
mod number;
mod pattern;
mod piece;
mod print;
mod read;
mod steady_state;
mod weights;
mod words;

use std::ops::Range;

use fiord_base::{PerDirection, Quantity};

use crate::names::{Names, Text};
use crate::plan::{Distribution, FileService, NodeSet, NumaMemory, Pattern, SteadyState};

pub(crate) use distribution::word as distribution_word;
pub use errnos::errno_name;
pub(crate) use number::MICRO_NS;
pub use pattern::{PATTERN_MAX, PatternError, assemble};
pub(crate) use read::expected_kind;
pub use read::parse;
pub(crate) use steady_state::word as steady_state_word;

use piece::Piece;

/// What reading a value depends on beside its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseContext {
    /// 1024 or 1000: what `k` stands for. Engine options always use 1024.
    pub kb_base: u32,
}

impl Default for ParseContext {
    fn default() -> Self {
        ParseContext { kb_base: 1024 }
    }
}

/// Why a value cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct ValueError {
    /// The bytes of the value that are wrong.
    pub span: Range<usize>,
    /// What should stand there.
    pub expected: String,
    /// How to put it right, or the word that was probably meant.
    pub hint: Option<String>,
}

impl ValueError {
    fn at(piece: Piece<'_>, expected: impl Into<String>) -> Self {
        ValueError {
            span: piece.start..piece.start + piece.bytes.len(),
            expected: expected.into(),
            hint: None,
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanos(pub u64);

/// The value of `rw`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Directions and order.
    pub pattern: Pattern,
    /// The number after the colon: run length of random, gap of sequential patterns.
    pub number: Option<i64>,
}

/// One entry of `bssplit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SplitEntry {
    /// Block size.
    pub bytes: u64,
    /// Share of requests of this size; shares that were left out are filled in.
    pub percent: u32,
}

/// One entry of `cmdprio_bssplit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrioritySplitEntry {
    /// Block size.
    pub bytes: u64,
    /// Share of requests of this size that get the priority.
    pub percent: u32,
    /// Priority class and level, if given.
    pub priority: Option<(u8, u8)>,
    /// Priority hint, if given.
    pub hint: Option<u16>,
}

/// The value of `sync_file_range`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncRange {
    /// SYNC_FILE_RANGE_WAIT_BEFORE (1).
    pub wait_before: bool,
    /// SYNC_FILE_RANGE_WRITE (2).
    pub write: bool,
    /// SYNC_FILE_RANGE_WAIT_AFTER (4).
    pub wait_after: bool,
    /// Writes between two calls.
    pub every: u32,
}

impl SyncRange {
    /// The flags of sync_file_range(2).
    pub fn flags(self) -> u32 {
        u32::from(self.wait_before) | u32::from(self.write) << 1 | u32::from(self.wait_after) << 2
    }
}

/// The value of `write_hint`, as `F_SET_RW_HINT` takes it (1 none .. 5 extreme).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteHint(pub u64);

/// The value of `file_service_type`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileChoice {
    /// How the next file is chosen.
    pub service: FileService,
    /// How files are distributed that are chosen at random.
    pub distribution: Distribution,
    /// Requests to a file before the next one is chosen, at least 1.
    pub batch: u64,
}

/// The value of `ignore_error`: errnos by class; `None` where the list is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorLists {
    /// Reads.
    pub read: Option<Vec<i32>>,
    /// Writes, trims and flushes.
    pub write: Option<Vec<i32>>,
    /// Verification.
    pub verify: Option<Vec<i32>>,
}

/// One element of a buffer pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatternPiece {
    /// These bytes, from strings and numbers.
    Bytes(Vec<u8>),
    /// The content of this file.
    File(Vec<u8>),
    /// Eight bytes that hold the offset of the request.
    Offset,
}

/// The value of one option.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text as typed.
    Text(Text),
    /// Nothing: the option was given without a value and may be.
    Nothing,
    /// Names, without the backslashes before their colons.
    Names(Names),
    /// An integer.
    Int(i64),
    /// An amount.
    Bytes(u64),
    /// An amount in one of several units.
    Quantity(Quantity),
    /// Amounts by direction; `None` keeps the default.
    Sizes(PerDirection<Option<u64>>),
    /// Lowest and highest amounts by direction; `None` keeps the default.
    SizeRanges(PerDirection<Option<(u64, u64)>>),
    /// Lowest and highest amount.
    SizeRange(u64, u64),
    /// A time.
    Time(Nanos),
    /// Shortest and longest time.
    TimeRange(Nanos, Nanos),
    /// Times by direction; `None` keeps the default.
    Times(PerDirection<Option<Nanos>>),
    /// Yes or no.
    Bool(bool),
    /// A word of the option's list, in its canonical spelling.
    Choice {
        /// The word.
        word: &'static str,
        /// Text after the colon; a count is stored without its suffix.
        parameter: Option<Vec<u8>>,
    },
    /// Several words of the option's list, in its order.
    ChoiceSet {
        /// The words.
        words: Vec<&'static str>,
        /// The number after the colon.
        count: Option<u64>,
    },
    /// Floating-point numbers.
    Floats(Vec<f64>),
    /// Direction and order.
    Access(Access),
    /// Weighted block sizes; an empty list keeps the default.
    Split(PerDirection<Vec<SplitEntry>>),
    /// Weighted block sizes with priorities, for reads and writes.
    PrioritySplit([Vec<PrioritySplitEntry>; 2]),
    /// Errnos by class.
    ErrorLists(ErrorLists),
    /// Contents of a buffer.
    Pattern(Vec<PatternPiece>),
    /// Words with their percentages, which sum up to 100.
    Shares(Vec<(&'static str, u32)>),
    /// Numbers in the order given.
    Numbers(Vec<u32>),
    /// First and last of each range of numbers, ascending, without overlap.
    IdList(Vec<(u32, u32)>),
    /// How random offsets are distributed.
    Distribution(Distribution),
    /// How files are chosen.
    FileService(FileChoice),
    /// When results have settled.
    SteadyState(SteadyState),
    /// NUMA nodes.
    Nodes(NodeSet),
    /// Where memory comes from.
    NumaMemory(NumaMemory),
    /// The canonical name of an engine, or `external:PATH`.
    Engine(String),
}
