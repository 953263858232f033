//! Help texts: functions of the table, and of nothing else.
//!
//! The layout is fio's in what programs look for — `name : text` lines, `alias:`, `default:` and
//! `range:` rows — and adds what the table knows beside: form, category, release, and whether the
//! option is built yet. Texts are returned, never printed.

use std::fmt::Write as _;

use crate::documents::prose;
use crate::table::{
    self, Argument, Choice, EngineDef, OptionDef, Scope, Status, ValueKind, details,
};
use crate::value::expected_kind;

/// Columns of a terminal that texts are wrapped to.
const WIDTH: usize = 79;

/// A help text, and what is wrong with the question if something is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Help {
    /// For the standard output.
    pub text: String,
    /// For the standard error: the name is not known, or the engine is not built.
    pub error: Option<String>,
}

/// `--cmdhelp[=NAME]`: one option, or all of them for `None` and `all`.
///
/// fio ends with 0 also for an unknown name, which is answered with the nearest option.
pub fn cmdhelp(name: Option<&str>) -> Help {
    let Some(name) = name.filter(|name| *name != "all") else {
        return Help { text: all_options(), error: None };
    };
    let name = name.trim_start_matches('-');
    let entries = entries_called(name);
    if !entries.is_empty() {
        return Help { text: described(&entries), error: None };
    }
    let near = table::closest_switch(name).map(|near| (near, entries_called(near)));
    match near {
        Some((near, entries)) => Help {
            text: described(&entries),
            error: Some(format!("there is no option '{name}'; the closest is '{near}'")),
        },
        None => Help { text: String::new(), error: Some(format!("there is no option '{name}'")) },
    }
}

/// `--enghelp[=ENGINE[,OPTION]]`: the engines, the options of one, or one of its options.
///
/// An error ends with 1; that an engine is not built yet is one, because programs ask in this way
/// whether they can use it.
pub fn enghelp(question: Option<&str>) -> Help {
    let Some(question) = question else {
        return Help { text: all_engines(), error: None };
    };
    let (name, option) = match question.split_once([',', ':']) {
        Some((name, option)) if name != "external" => (name, Some(option)),
        _ => (question, None),
    };
    let Some(engine) = table::engine(name) else {
        let near = table::closest_engine(name);
        let hint = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
        return Help {
            text: String::new(),
            error: Some(format!("IO engine {name} not found{hint}")),
        };
    };
    let not_built = match engine.status {
        Status::Ready => None,
        status => Some(format!("engine {} cannot be used: {}", engine.name, describe(status))),
    };
    let Some(option) = option else {
        return Help { text: one_engine(engine), error: not_built };
    };
    match table::engine_option(engine.name, option) {
        Some(def) => Help { text: described(&[def]), error: not_built },
        None => {
            let own = own_options(engine.name);
            let near = table::closest(option, own.iter().map(|def| def.name));
            let hint = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
            let error = format!("engine {} has no option '{option}'{hint}", engine.name);
            Help { text: String::new(), error: Some(error) }
        }
    }
}

/// `--help`: how to call the program, and its switches.
pub fn usage(program: &str) -> String {
    let mut text = format!(
        "Usage: {program} [SWITCH..] [JOB OPTION..] [JOB FILE..]\n\n\
         Job files hold sections of options; '-' is the standard input. Every job option may also\n\
         be given as --OPTION=VALUE: --name=NAME begins a job, options before it are for all jobs.\n\n\
         Switches:\n"
    );
    for def in table::switches().filter(|def| def.status == Status::Ready) {
        switch_line(&mut text, def);
    }
    text.push_str("\nSwitches that are known but do nothing yet; most of them are refused:\n");
    for def in table::switches().filter(|def| def.status != Status::Ready) {
        switch_line(&mut text, def);
    }
    let _ = write!(
        text,
        "\n{program} --cmdhelp lists the job options, {program} --enghelp the engines.\n"
    );
    text
}

/// What a status means for somebody who wants to use the thing.
pub fn describe(status: Status) -> String {
    match status {
        Status::Ready => "ready".into(),
        Status::Planned => "planned, not built yet".into(),
        Status::NoOp => "accepted, without effect".into(),
        Status::Removed { instead: "" } => "removed".into(),
        Status::Removed { instead } => format!("removed; use {instead}"),
        Status::Unavailable { reason } => reason.into(),
    }
}

/// The job option of this name; if there is none, all others of this name.
fn entries_called(name: &str) -> Vec<&'static OptionDef> {
    match table::job_option(name) {
        Some(def) => vec![def],
        None => table::all().filter(|def| def.is_called(name)).collect(),
    }
}

/// A word in brackets for lists; nothing for what works.
fn mark(status: Status) -> &'static str {
    match status {
        Status::Ready => "",
        Status::Planned => " [planned]",
        Status::NoOp => " [no effect]",
        Status::Removed { .. } => " [removed]",
        Status::Unavailable { .. } => " [unavailable]",
    }
}

fn all_options() -> String {
    let mut text = String::new();
    let mut categories: Vec<&str> = Vec::new();
    for def in table::job_options() {
        if !categories.contains(&def.category) {
            categories.push(def.category);
        }
    }
    for category in categories {
        let members: Vec<&OptionDef> =
            table::job_options().filter(|def| def.category == category).collect();
        if !text.is_empty() {
            text.push('\n');
        }
        let _ = writeln!(text, "# {category}");
        option_list(&mut text, &members);
    }
    text
}

/// One line for each option, those that refine another below it and indented.
fn option_list(text: &mut String, members: &[&OptionDef]) {
    let parent_of = |def: &OptionDef| {
        let parent = def.parent?;
        members.iter().find(|other| other.is_called(parent) && other.name != def.name).copied()
    };
    for def in members.iter().filter(|def| parent_of(def).is_none()) {
        option_lines(text, def, 0, &|parent| {
            members
                .iter()
                .filter(|def| parent_of(def).is_some_and(|p| p.name == parent.name))
                .copied()
                .collect()
        });
    }
}

fn option_lines<'a>(
    text: &mut String,
    def: &'a OptionDef,
    depth: usize,
    children: &dyn Fn(&OptionDef) -> Vec<&'a OptionDef>,
) {
    let name = format!("{:indent$}{}", "", def.name, indent = depth * 2);
    let _ = writeln!(text, "{name:<32}: {}{}", def.help, mark(def.status));
    // Nothing in the table is nested deeper than this; a cycle would end here too.
    if depth < 4 {
        for child in children(def) {
            option_lines(text, child, depth + 1, children);
        }
    }
}

fn described(entries: &[&OptionDef]) -> String {
    entries.iter().map(|def| one_option(def)).collect::<Vec<_>>().join("\n")
}

/// Everything about one option.
fn one_option(def: &OptionDef) -> String {
    let mut text = String::new();
    row(&mut text, def.name, def.help);
    if !def.aliases.is_empty() {
        row(&mut text, "alias", &def.aliases.join(", "));
    }
    if let Some(letter) = def.short {
        row(&mut text, "letter", &format!("-{letter}"));
    }
    row(&mut text, "type", &expected_kind(def));
    if let Some(syntax) = def.syntax {
        row(&mut text, "syntax", syntax);
    }
    row(&mut text, "default", def.default.unwrap_or("no default"));
    if let Some(range) = range(def.kind) {
        row(&mut text, "range", &range);
    }
    match def.scope {
        Scope::Job => {}
        Scope::Engine(engines) => row(&mut text, "engine", &engines.join(", ")),
        Scope::Profile(profile) => row(&mut text, "profile", profile),
        Scope::Switch => row(&mut text, "place", "command line only"),
    }
    row(&mut text, "category", def.category);
    if let Some(parent) = def.parent {
        row(&mut text, "refines", parent);
    }
    if let Some(inverse) = def.inverse {
        row(&mut text, "opposite", inverse);
    }
    if let Some(release) = def.since {
        row(&mut text, "since", &format!("fio {release}"));
    }
    if def.status != Status::Ready {
        row(&mut text, "status", &describe(def.status));
    }
    choice_rows(&mut text, def.choices());
    if def.kind == ValueKind::Engine {
        for engine in table::engines().filter(|engine| engine.status == Status::Ready) {
            row(&mut text, "engine", &format!("{:<9} {}", engine.name, engine.help));
        }
    }
    if let Some(more) = details::of_option(def) {
        text.push('\n');
        text.push_str(&prose::plain(more, 4, WIDTH));
    }
    text
}

fn row(text: &mut String, key: &str, value: &str) {
    let _ = writeln!(text, "{key:>20}: {value}");
}

fn choice_rows(text: &mut String, choices: &[Choice]) {
    let width = choices.iter().map(|c| c.word.len()).max().unwrap_or(0);
    for (i, choice) in choices.iter().enumerate() {
        let key = if i == 0 { "valid values" } else { "" };
        let help = match choice.same_as {
            Some(word) => format!("same as {word}"),
            None => choice.help.to_owned(),
        };
        let value = format!("{:<width$} {help}{}", choice.word, mark(choice.status));
        row(text, key, &value);
    }
}

/// The limits of a kind as `--cmdhelp` shows them.
fn range(kind: ValueKind) -> Option<String> {
    let (min, max) = limits(kind)?;
    Some(match max {
        Some(max) => format!("min={min}, max={max}"),
        None => format!("min={min}"),
    })
}

/// The smallest and the largest value of a kind, as far as it has any.
pub(crate) fn limits(kind: ValueKind) -> Option<(String, Option<String>)> {
    let amounts =
        |min: u64, max: u64| Some((min.to_string(), (max < u64::MAX).then(|| max.to_string())));
    match kind {
        ValueKind::Int { min, max } => Some((min.to_string(), Some(max.to_string()))),
        ValueKind::Bytes { min, max } | ValueKind::Sizes { min, max, .. } => amounts(min, max),
        ValueKind::SizeRanges { min } | ValueKind::SizeRange { min } => amounts(min, u64::MAX),
        ValueKind::Floats { min, max, .. } => {
            Some((min.to_string(), (max < f64::MAX).then(|| max.to_string())))
        }
        ValueKind::Bool => amounts(0, 1),
        ValueKind::IdList { max } => amounts(0, u64::from(max)),
        _ => None,
    }
}

fn all_engines() -> String {
    let mut text = String::from("Available IO engines:\n");
    for engine in table::engines().filter(|engine| engine.status == Status::Ready) {
        let _ = writeln!(text, "\t{}", engine.name);
    }
    let planned: Vec<&str> = table::engines()
        .filter(|engine| engine.status == Status::Planned)
        .map(|engine| engine.name)
        .collect();
    if !planned.is_empty() {
        text.push_str("\nPlanned, not built yet:\n");
        prose::lines(&mut text, &planned.join(", "), 8, 8, WIDTH);
    }
    text
}

/// The options that belong to the engine of this exact name.
fn own_options(engine: &str) -> Vec<&'static OptionDef> {
    table::engine_options()
        .filter(|def| matches!(def.scope, Scope::Engine(engines) if engines.contains(&engine)))
        .collect()
}

fn one_engine(engine: &EngineDef) -> String {
    let mut text = format!("# {}: {}{}\n", engine.name, engine.help, mark(engine.status));
    if !engine.needs.is_empty() {
        let _ = writeln!(text, "# It needs {}.", engine.needs);
    }
    let own = own_options(engine.name);
    if own.is_empty() {
        text.push_str("# It has no options of its own.\n");
    }
    option_list(&mut text, &own);
    if let Some(more) = details::of_engine(engine) {
        text.push_str("#\n");
        for line in prose::plain(more, 0, WIDTH - 2).lines() {
            let _ = writeln!(text, "{}", format!("# {line}").trim_end());
        }
    }
    text
}

/// One switch of `--help`.
fn switch_line(text: &mut String, def: &OptionDef) {
    let (word, values) = match def.syntax {
        Some(syntax) => syntax.split_once(": ").map_or((syntax, None), |(w, v)| (w, Some(v))),
        None => ("VALUE", None),
    };
    let argument = match def.argument {
        Argument::None => String::new(),
        Argument::Required => format!("={word}"),
        Argument::Optional if def.syntax.is_some() => format!("[={word}]"),
        Argument::Optional => String::new(),
    };
    let letter = def.short.map_or("    ".to_owned(), |letter| format!("-{letter}, "));
    let head = format!("  {letter}--{}{argument}", def.name);
    let values = values.map(|values| format!(": {values}")).unwrap_or_default();
    let default = match def.default {
        Some(default) => format!(" (default {default})"),
        None => String::new(),
    };
    let mark = match def.status {
        Status::Planned => "",
        other => mark(other),
    };
    let help = format!("{}{values}{default}{mark}", def.help);
    const COLUMN: usize = 34;
    if head.len() + 2 > COLUMN {
        let _ = writeln!(text, "{head}");
        prose::lines(text, &help, COLUMN, COLUMN, WIDTH);
    } else {
        let _ = write!(text, "{head:<COLUMN$}");
        prose::lines(text, &help, 0, COLUMN, WIDTH);
    }
}
