//! Completions for shells: what may be typed next, as a script for each shell.
//!
//! The scripts hold everything that they offer, so they run no program while somebody types. What
//! they offer is gathered here once; the files below know how each shell wants to be told.

mod bash;
mod fish;
mod zsh;

use super::Command;
use super::facts::switch_words;
use crate::table::{self, Argument, Choice, OptionDef, Scope, Status, ValueKind};

/// A shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// GNU Bash.
    Bash,
    /// The Z shell.
    Zsh,
    /// Fish.
    Fish,
}

impl Shell {
    /// The shells by name.
    pub const ALL: [(&'static str, Shell); 3] =
        [("bash", Shell::Bash), ("zsh", Shell::Zsh), ("fish", Shell::Fish)];

    /// The shell of this name.
    pub fn named(name: &str) -> Option<Shell> {
        Shell::ALL.iter().find(|(known, _)| *known == name).map(|(_, shell)| *shell)
    }
}

/// The script for a shell; `commands` are those of the program.
pub fn script(shell: Shell, commands: &[Command]) -> String {
    match shell {
        Shell::Bash => bash::script(commands),
        Shell::Zsh => zsh::script(commands),
        Shell::Fish => fish::script(commands),
    }
}

/// A word that may be typed, and what it means.
struct Offer {
    word: &'static str,
    help: &'static str,
}

/// The switches and job options that may be typed, under each of their names.
fn general() -> impl Iterator<Item = (&'static str, &'static OptionDef)> {
    table::switches().chain(table::job_options()).filter(|def| is_of_use(def)).flat_map(names)
}

/// Options of engines under each of their names, with the engines that they belong to.
fn of_engines() -> impl Iterator<Item = (&'static str, &'static OptionDef, &'static [&'static str])>
{
    table::engine_options().filter(|def| is_of_use(def)).filter_map(|def| match def.scope {
        Scope::Engine(engines) => Some((def.name, def, engines)),
        _ => None,
    })
}

fn names(def: &'static OptionDef) -> impl Iterator<Item = (&'static str, &'static OptionDef)> {
    std::iter::once(def.name).chain(def.aliases.iter().copied()).map(move |name| (name, def))
}

/// What is refused or ignored need not be offered; what is planned is.
fn is_of_use(def: &OptionDef) -> bool {
    matches!(def.status, Status::Ready | Status::Planned)
}

/// True if a value must follow.
fn wants_value(def: &OptionDef) -> bool {
    def.argument == Argument::Required
}

/// The values that can be listed; empty if any text or file name may follow.
fn values(def: &OptionDef) -> Vec<Offer> {
    let offer = |word, help| Offer { word, help };
    let bare = |words: Vec<&'static str>| words.into_iter().map(|word| offer(word, "")).collect();
    match (def.scope, def.name) {
        (Scope::Switch, "cmdhelp") => {
            let options = table::job_options().map(|def| offer(def.name, def.help));
            return std::iter::once(offer("all", "every job option")).chain(options).collect();
        }
        (Scope::Switch, "enghelp") => return engines(|_| true),
        (Scope::Switch, "terse-version") => return bare(vec!["2", "3", "4", "5"]),
        (Scope::Switch, _) if def.choices().is_empty() => return bare(switch_words(def)),
        _ => {}
    }
    match def.kind {
        ValueKind::Bool => vec![offer("0", "no"), offer("1", "yes")],
        // An engine that cannot run is no choice for a job.
        ValueKind::Engine => engines(|status| status == Status::Ready),
        _ => def.choices().iter().map(|choice| offer(choice.word, explained(choice))).collect(),
    }
}

fn explained(choice: &Choice) -> &'static str {
    choice.same_as.unwrap_or(choice.help)
}

fn engines(wanted: impl Fn(Status) -> bool) -> Vec<Offer> {
    let known = table::engines().filter(|engine| wanted(engine.status));
    known.map(|engine| Offer { word: engine.name, help: engine.help }).collect()
}

/// True if words may follow each other behind commas.
fn is_list(def: &OptionDef) -> bool {
    matches!(def.kind, ValueKind::ChoiceSet { .. })
        || def.scope == Scope::Switch && def.syntax.is_some_and(|syntax| syntax.contains(",..:"))
}
