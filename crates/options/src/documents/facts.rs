//! What all documents say about an option in the same words: how its value is written, its limits,
//! its other names, where it belongs.

use std::fmt::Write as _;

use crate::help::{describe, limits};
use crate::table::{Argument, Choice, OptionDef, Scope, Status, ValueKind};
use crate::value::expected_kind;

/// One fact: what it is about, and what it says.
pub(crate) struct Fact {
    /// One or two words.
    pub(crate) about: &'static str,
    /// In the markup of descriptions.
    pub(crate) says: String,
}

/// The shape of a value in a heading: `SIZE` of `bs=SIZE`.
pub(crate) fn shape(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Text { .. } | ValueKind::OptionalText => "TEXT",
        ValueKind::Names => "NAME[:NAME..]",
        ValueKind::Int { .. } => "N",
        ValueKind::Bytes { .. } => "SIZE",
        ValueKind::Quantity => "SIZE|N%|Nz",
        ValueKind::Sizes { directions: 2, .. } => "N[,N]",
        ValueKind::Sizes { .. } => "N[,N[,N]]",
        ValueKind::SizeRanges { .. } => "LOW-HIGH[,..]",
        ValueKind::SizeRange { .. } => "SIZE[-SIZE]",
        ValueKind::Time(_) => "TIME",
        ValueKind::TimeRange(_) => "TIME[-TIME]",
        ValueKind::Times(_) => "TIME[,TIME[,TIME]]",
        ValueKind::Bool => "0|1",
        ValueKind::Choice(_) => "WORD",
        ValueKind::ChoiceSet { .. } => "WORD[,WORD..]",
        ValueKind::Floats { most: 1, .. } => "X",
        ValueKind::Floats { .. } => "X[:X..]",
        ValueKind::Access => "PATTERN[:N]",
        ValueKind::Split => "SIZE/PERCENT[:..]",
        ValueKind::PrioritySplit => "SIZE/PERCENT/..[:..]",
        ValueKind::ErrorLists => "ERROR[:ERROR..]",
        ValueKind::Pattern { .. } => "PATTERN",
        ValueKind::IdList { .. } => "N[-N][,..]",
        ValueKind::Distribution(_) | ValueKind::FileService(_) => "WORD[:PARAMETERS]",
        ValueKind::SteadyState(_) => "CRITERION:LIMIT[%]",
        ValueKind::Nodes => "all|N[-N][,..]",
        ValueKind::NumaMemory => "MODE[:NODES]",
        ValueKind::Engine => "NAME",
        ValueKind::Shares(_) => "WORD[/PERCENT:..]",
        ValueKind::Properties => "NAME=VALUE[:..]",
        ValueKind::Numbers { .. } => "N[:N..]",
        ValueKind::Flag | ValueKind::Ignored => "",
    }
}

/// A job option as it is written: `bs=N[,N[,N]]`, `time_based[=0|1]`.
pub(crate) fn heading(def: &OptionDef) -> String {
    if def.scope == Scope::Switch {
        return switch_heading(def);
    }
    match (def.kind, def.argument) {
        (ValueKind::Ignored, _) => def.name.to_owned(),
        (ValueKind::Flag, _) => format!("{}[=0|1]", def.name),
        (kind, Argument::Optional) => format!("{}[={}]", def.name, shape(kind)),
        (kind, _) => format!("{}={}", def.name, shape(kind)),
    }
}

/// A switch as it is written: `--output=FILE`.
fn switch_heading(def: &OptionDef) -> String {
    let word =
        def.syntax.map_or(shape(def.kind), |syntax| syntax.split(": ").next().unwrap_or(syntax));
    let argument = match def.argument {
        Argument::None => String::new(),
        Argument::Required => format!("={word}"),
        Argument::Optional if def.syntax.is_some() => format!("[={word}]"),
        Argument::Optional => String::new(),
    };
    format!("--{}{argument}", def.name)
}

/// The facts of an option, in the order in which they are shown; the choices are apart.
pub(crate) fn facts(def: &OptionDef) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut fact =
        |about, says: Option<String>| facts.extend(says.map(|says| Fact { about, says }));
    let is_switch = def.scope == Scope::Switch;
    fact("Value", (!is_switch && def.kind != ValueKind::Ignored).then(|| value(def)));
    let values = def.syntax.and_then(|syntax| syntax.split_once(": ")).map(|(_, values)| values);
    fact("Values", values.filter(|_| is_switch).map(str::to_owned));
    fact("Default", def.default.map(|default| format!("`{default}`")));
    fact("Range", range(def.kind));
    fact("Letter", def.short.map(|letter| format!("`-{letter}`")));
    fact("Other names", (!def.aliases.is_empty()).then(|| typed(def.aliases)));
    fact("Refines", def.parent.map(|parent| format!("`{parent}`")));
    fact("Opposite", def.inverse.map(|inverse| format!("`{inverse}`")));
    match def.scope {
        Scope::Engine(engines) => fact("Engines", (engines.len() > 1).then(|| typed(engines))),
        Scope::Profile(profile) => fact("Profile", Some(format!("`{profile}`"))),
        Scope::Job | Scope::Switch => {}
    }
    fact("Since", def.since.map(|release| format!("fio {release}")));
    fact("Status", (def.status != Status::Ready).then(|| describe(def.status)));
    facts
}

/// What the value is, and how it is written where the kind does not say it all.
fn value(def: &OptionDef) -> String {
    let mut says = expected_kind(def);
    if let Some(syntax) = def.syntax {
        let _ = write!(says, "; {syntax}");
    }
    says
}

/// The limits in words. That a number is not negative and fits into its type goes without saying.
fn range(kind: ValueKind) -> Option<String> {
    const TYPE_MAX: [&str; 2] = ["4294967295", "18446744073709551615"];
    let (min, max) = limits(kind).filter(|_| kind != ValueKind::Bool)?;
    match max.filter(|max| !TYPE_MAX.contains(&max.as_str())) {
        Some(max) => Some(format!("{min} to {max}")),
        None if min == "0" => None,
        None => Some(format!("at least {min}")),
    }
}

/// A few words of the table as a sentence: with a capital, unless it begins with a name.
pub(crate) fn sentence(words: &str) -> String {
    let first = words.split(' ').next().unwrap_or_default();
    let is_word = first.bytes().all(|b| b.is_ascii_lowercase() || b"-,;".contains(&b));
    let mut letters = words.chars();
    match letters.next() {
        Some(letter) if is_word => format!("{}{}.", letter.to_ascii_uppercase(), letters.as_str()),
        _ => format!("{words}."),
    }
}

/// Names as they are typed, in a list.
pub(crate) fn typed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// What a word of an option means.
pub(crate) fn meaning(choice: &Choice) -> String {
    let mut says = match choice.same_as {
        Some(word) => format!("the same as `{word}`"),
        None => choice.help.to_owned(),
    };
    if choice.status != Status::Ready {
        let _ = write!(says, " ({})", describe(choice.status));
    }
    says
}

/// The words that a switch takes, if its form lists them: `WHEN: always, never or auto`.
pub(crate) fn switch_words(def: &OptionDef) -> Vec<&'static str> {
    let Some((_, values)) = def.syntax.and_then(|syntax| syntax.split_once(": ")) else {
        return Vec::new();
    };
    let words: Vec<&str> = values.split(", ").flat_map(|part| part.split(" or ")).collect();
    // A list of words has nothing else in it; a sentence or a form has.
    if words.iter().any(|word| word.is_empty() || word.contains([' ', '[', '|'])) {
        return Vec::new();
    }
    // What is to be replaced (`job:N`) cannot be completed.
    words.into_iter().filter(|word| !word.contains(':')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table;

    fn words(switch: &str) -> Vec<&'static str> {
        switch_words(table::switch(switch).unwrap())
    }

    #[test]
    fn lists_of_words_are_told_from_sentences() {
        assert_eq!(words("eta"), ["always", "never", "auto"]);
        assert_eq!(words("memcpytest"), ["memcpy", "memmove", "simple", "hybrid"]);
        assert!(words("debug").contains(&"mutex") && !words("debug").contains(&"job:N"));
        assert_eq!(words("output"), [""; 0]);
        assert_eq!(words("client"), [""; 0]);
        assert_eq!(words("server"), [""; 0]);
    }

    #[test]
    fn limits_are_told_where_they_say_something() {
        let of = |name| range(table::job_option(name).unwrap().kind);
        assert_eq!(of("iodepth").as_deref(), Some("at least 1"));
        assert_eq!(of("rwmixread").as_deref(), Some("0 to 100"));
        assert_eq!(of("nice").as_deref(), Some("-20 to 19"));
        assert_eq!(of("loops"), None);
        assert_eq!(of("direct"), None);
    }

    #[test]
    fn sentences_begin_with_a_capital_but_for_names() {
        assert_eq!(sentence("memory-mapped files"), "Memory-mapped files.");
        assert_eq!(sentence("pread(2) and more"), "pread(2) and more.");
        assert_eq!(sentence("NVMe"), "NVMe.");
    }

    #[test]
    fn headings_show_how_an_option_is_written() {
        let of = |name| heading(table::job_option(name).unwrap());
        assert_eq!(of("bs"), "bs=N[,N[,N]]");
        assert_eq!(of("time_based"), "time_based[=0|1]");
        assert_eq!(of("verifysort"), "verifysort");
        let of = |name| heading(table::switch(name).unwrap());
        assert_eq!(of("eta"), "--eta=WHEN");
        assert_eq!(of("idle-prof"), "--idle-prof=WORD");
        assert_eq!(of("cmdhelp"), "--cmdhelp[=OPTION|all]");
        assert_eq!(of("append-terse"), "--append-terse");
    }
}
