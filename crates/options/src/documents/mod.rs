//! Documents that are made from the option table: the man page, the reference, shell completions.
//!
//! They are functions of the table, of the descriptions beside it, and of the list of commands that
//! the program has; nothing else enters, so the same program always writes the same text. Texts
//! are returned, never printed.

pub mod completions;
mod facts;
mod man;
pub(crate) mod prose;
mod reference;

pub use man::man;
pub use reference::{Page, reference};

/// A command: a first word that is no job file, as in `PROGRAM WORD ..`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// The word.
    pub name: &'static str,
    /// What follows it.
    pub syntax: &'static str,
    /// What it is for, one sentence without a full stop.
    pub help: &'static str,
    /// Its switches as they are typed, without values.
    pub switches: &'static [&'static str],
    /// Words that may follow; empty if files do.
    pub words: &'static [&'static str],
    /// More, in the markup of descriptions; may be empty.
    pub details: &'static str,
}
