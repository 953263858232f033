//! What every engine owes the I/O loop, as rules that can be tried on any engine and any target.
//!
//! A [`Case`] is an engine on a [`Ground`]: a file or a device that the rules may write to. [`RULES`] are
//! functions that play the part of the I/O loop and find out whether the engine keeps its word; what it
//! does not keep comes back as a sentence. Grounds are made by the tests that use this module: it opens
//! what it is given, and makes no devices. Where a rule has nothing to say, it says why.

mod bench;
mod rules;

pub use bench::{Bench, End, Setup};
pub use rules::{BLOCK_BYTES, RULES, conservation};

use std::path::PathBuf;

use crate::Registration;

/// Where requests go: a regular file or a block device that nobody else uses, of at least 64 blocks.
#[derive(Clone, Debug)]
pub struct Ground {
    /// For messages: "a file in memory".
    pub name: &'static str,
    /// What is opened.
    pub path: PathBuf,
    /// Opened with O_DIRECT.
    pub direct: bool,
    /// A block device.
    pub block_device: bool,
    /// Its size, a multiple of the size of a block.
    pub bytes: u64,
    /// Where its data are when they are stable: the file beneath a loop device.
    pub beneath: Option<PathBuf>,
    /// Reads from this place on fail with EIO.
    pub broken_from: Option<u64>,
}

/// An engine on a ground.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The engine.
    pub engine: &'a Registration,
    /// The ground.
    pub ground: &'a Ground,
    /// The engine promises more than it has to: a flush ends after everything that was submitted for the
    /// file before it, and covers that.
    pub flushes_in_order: bool,
}

/// What became of a rule: kept, or of no concern for a reason. An error says how it was broken.
pub type Verdict = Result<Kept, String>;

/// A rule that was not broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It was tried.
    Yes,
    /// It has nothing to say here.
    NotConcerned(&'static str),
}

/// One rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// For messages.
    pub name: &'static str,
    /// Tries it.
    pub check: fn(&Case<'_>) -> Verdict,
}

#[cfg(test)]
mod tests;
