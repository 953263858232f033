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
    /// Its switches.
    pub switches: &'static [CommandSwitch],
    /// Words that may follow; empty if files do.
    pub words: &'static [&'static str],
    /// Whether jobs follow, with all options and switches that a run of them may have.
    pub takes_jobs: bool,
    /// More, in the markup of descriptions; may be empty.
    pub details: &'static str,
}

/// What `PROGRAM WORD --help` says.
pub fn help(command: &Command) -> String {
    let usage = format!("Usage: fiord {} {}", command.name, command.syntax);
    let details = prose::plain(command.details, 0, 79);
    format!("{}\n\n{}.\n\n{details}", usage.trim_end(), command.help)
}

/// A switch of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandSwitch {
    /// As it is typed, `--format=`; with the equals sign if a value follows.
    pub typed: &'static str,
    /// The words that may follow; empty if others do.
    pub words: &'static [&'static str],
}

impl CommandSwitch {
    /// A switch that takes no value, or any value.
    pub const fn new(typed: &'static str) -> Self {
        CommandSwitch { typed, words: &[] }
    }

    /// A switch that takes one of these words.
    pub const fn of(typed: &'static str, words: &'static [&'static str]) -> Self {
        CommandSwitch { typed, words }
    }

    /// Its name without dashes and equals sign.
    pub fn name(&self) -> &'static str {
        self.typed.trim_start_matches('-').trim_end_matches('=')
    }
}
