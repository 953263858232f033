//! What requests are to verification, and what is known of them beforehand.

/// What a request is to verification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Task {
    /// Nothing.
    #[default]
    Other,
    /// A write that gets headers.
    Write {
        /// Writes before it.
        number: u64,
        /// The seed of its data.
        seed: u64,
        /// It will be discarded.
        trims: bool,
    },
    /// A read whose data are checked.
    Check(Content),
    /// A write is discarded.
    Trim,
}

/// What is known of data that are to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// The number of the write.
    pub number: Option<u64>,
    /// A later number is right, too: of another pass.
    pub newer: bool,
    /// The seed of its data.
    pub seed: Option<u64>,
    /// That seed if it is not to be relied on: it helps to tell what has happened.
    pub likely_seed: Option<u64>,
    /// It was discarded, so that it reads as zeroes.
    pub zeroes: bool,
    /// A later write may have changed it: what is older than the number is wrong, all else is possible.
    pub later: bool,
}

/// Why blocks are not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Skipped {
    /// Their write failed.
    WriteFailed,
    /// They were written again before they were read back.
    Overwritten,
    /// They were on their way when the state was saved.
    InFlight,
    /// No flush covers them in the saved state.
    NotDurable,
    /// The saved state says that they were not written.
    NotWritten,
    /// They were discarded, and nothing is expected of them.
    Trimmed,
}

/// What is known of a write from a saved state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It has to be there.
    There,
    /// It may be there, for this reason.
    Maybe(Skipped),
    /// More writes than are known of may have been made, and this is the first of them.
    Beyond,
    /// Neither it nor any later one was made.
    End,
}

impl Known {
    /// Why a write is not checked that need not be there.
    pub(super) fn reason(self) -> Skipped {
        match self {
            Known::Maybe(why) => why,
            Known::There | Known::Beyond => Skipped::NotDurable,
            Known::End => Skipped::NotWritten,
        }
    }
}

/// Tells what is known of the write of a number.
pub type Knowledge = Box<dyn Fn(u64) -> Known + Send>;
