//! The reference: one page of Markdown for each group of options, for the switches, the engines and
//! the profiles, and an index of everything.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Command;
use super::facts::{Fact, facts, heading, meaning, sentence, typed};
use crate::help::describe;
use crate::table::{self, EngineDef, OptionDef, Scope, Status, details};

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The name of its file.
    pub file: String,
    /// Its text.
    pub text: String,
}

const MADE: &str = "<!-- Made from the option table by `cargo xtask generate`. -->";

/// All pages.
pub fn reference(commands: &[Command]) -> Vec<Page> {
    let mut pages = vec![index()];
    pages.extend(table::job_groups().map(|(name, options)| group(name, options)));
    pages.push(engines());
    pages.push(profiles());
    pages.push(switches(commands));
    pages
}

fn page(name: &str, body: &str) -> Page {
    let (title, introduction) = details::of_group(name).unwrap_or((name, ""));
    // Parts that may be missing leave more than one empty line.
    let mut body = body.trim().to_owned();
    while body.contains("\n\n\n") {
        body = body.replace("\n\n\n", "\n\n");
    }
    let text = format!("{MADE}\n\n# {title}\n\n{introduction}\n\n{body}\n");
    Page { file: format!("{name}.md"), text }
}

/// Where an option is described: the page and the heading on it.
fn place(name: &str, scope: Scope) -> String {
    match scope {
        Scope::Job => {
            let has = |options: &[OptionDef]| options.iter().any(|def| def.name == name);
            let group = table::job_groups().find(|(_, options)| has(options));
            format!("{}.md#{name}", group.map_or("", |(group, _)| group))
        }
        Scope::Engine([engine, ..]) => format!("engines.md#{engine}-{name}"),
        Scope::Engine([]) => "engines.md".to_owned(),
        Scope::Profile(profile) => format!("profiles.md#{profile}-{name}"),
        Scope::Switch => format!("switches.md#--{name}"),
    }
}

fn index() -> Page {
    let mut text = format!(
        "{MADE}\n\n# Reference\n\n\
         What every option, switch and engine means. How job files are written is in\n\
         [the guide to the job language](../job-language.md), what differs from fio in\n\
         [differences](../differences.md), what `fiord check` finds in [its page](../check.md). The same is in\n\
         the man page, `fiord man`, and one by one in `fiord --cmdhelp=OPTION`, `--enghelp=ENGINE` and `--help`.\n\n## Pages\n\n"
    );
    for (name, options) in table::job_groups() {
        let (title, _) = details::of_group(name).unwrap_or((name, ""));
        let _ = writeln!(text, "- [{title}]({name}.md): {} options", options.len());
    }
    for name in ["engines", "profiles", "switches"] {
        let (title, _) = details::of_group(name).unwrap_or((name, ""));
        let _ = writeln!(text, "- [{title}]({name}.md)");
    }
    text.push_str("\n## All job options\n\n| Option | What it does | Status |\n|---|---|---|\n");
    // Each name once, other names with a reference to the first.
    let mut rows = BTreeMap::new();
    for def in table::job_options() {
        let link = format!("[`{}`]({})", def.name, place(def.name, def.scope));
        let status = if def.status == Status::Ready { "" } else { state(def.status) };
        rows.insert(def.name, format!("| {link} | {} | {status} |", cell(def.help)));
        for alias in def.aliases {
            rows.insert(alias, format!("| `{alias}` | the same as {link} | |"));
        }
    }
    for row in rows.values() {
        let _ = writeln!(text, "{row}");
    }
    Page { file: "README.md".to_owned(), text }
}

/// The status in one word.
fn state(status: Status) -> &'static str {
    match status {
        Status::Ready => "ready",
        Status::Planned => "planned",
        Status::NoOp => "no effect",
        Status::Removed { .. } => "removed",
        Status::Unavailable { .. } => "unavailable",
    }
}

/// Text as the cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn group(name: &str, options: &[OptionDef]) -> Page {
    let mut body = String::new();
    for def in options {
        entry(&mut body, def, def.name, 2);
    }
    page(name, &body)
}

/// One option under a heading of this level.
fn entry(body: &mut String, def: &OptionDef, title: &str, level: usize) {
    let _ = writeln!(body, "{:#<level$} {title}\n", "");
    let _ = writeln!(body, "{}\n", escaped(&sentence(def.help)));
    let _ = writeln!(body, "    {}\n", heading(def));
    for Fact { about, says } in facts(def) {
        let says = if about == "Value" || about == "Values" { escaped(&says) } else { says };
        let says = match (about, def.parent, def.inverse) {
            ("Refines", Some(name), _) | ("Opposite", _, Some(name)) => link(name, def.scope),
            _ => says,
        };
        let _ = writeln!(body, "- {about}: {says}");
    }
    body.push('\n');
    if !def.choices().is_empty() {
        body.push_str("| Word | Meaning |\n|---|---|\n");
        for choice in def.choices() {
            let _ = writeln!(body, "| `{}` | {} |", choice.word, cell(&meaning(choice)));
        }
        body.push('\n');
    }
    if let Some(text) = details::of_option(def) {
        let _ = writeln!(body, "{text}\n");
    }
}

/// A reference to the option `name` of the scope of another one.
fn link(name: &str, scope: Scope) -> String {
    let found = match scope {
        Scope::Engine([engine, ..]) => table::engine_option(engine, name),
        Scope::Profile(profile) => table::profile_option(profile, name),
        _ => table::job_option(name),
    };
    match found {
        Some(def) => format!("[`{}`]({})", def.name, place(def.name, scope)),
        None => format!("`{name}`"),
    }
}

/// Words of the table, in which nothing is markup.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('<', "\\<").replace('*', "\\*").replace('$', "\\$")
}

fn engines() -> Page {
    let mut body = String::from("| Engine | What carries the requests | Status |\n|---|---|---|\n");
    for engine in table::engines() {
        let status = if engine.status == Status::Ready { "" } else { state(engine.status) };
        let _ = writeln!(body, "| [`{0}`](#{0}) | {1} | {status} |", engine.name, engine.help);
    }
    body.push('\n');
    for engine in table::engines() {
        one_engine(&mut body, engine);
    }
    page("engines", &body)
}

fn one_engine(body: &mut String, engine: &EngineDef) {
    let _ = writeln!(body, "## {}\n\n{}\n", engine.name, escaped(&sentence(engine.help)));
    if !engine.aliases.is_empty() {
        let _ = writeln!(body, "- Other names, and all that begin so: {}", typed(engine.aliases));
    }
    if let Some(release) = engine.since {
        let _ = writeln!(body, "- Since: fio {release}");
    }
    let _ = writeln!(body, "- Status: {}\n", describe(engine.status));
    if let Some(text) = details::of_engine(engine) {
        let _ = writeln!(body, "{text}\n");
    }
    let own = |def: &&OptionDef| matches!(def.scope, Scope::Engine(e) if e.contains(&engine.name));
    for def in table::engine_options().filter(own) {
        match def.scope {
            // Options of several engines are described at the first of them.
            Scope::Engine([first, ..]) if *first != engine.name => {
                let _ = writeln!(
                    body,
                    "- [`{}`](#{first}-{}): {}, as for {first}",
                    heading(def),
                    def.name,
                    escaped(def.help)
                );
            }
            _ => entry(body, def, &format!("{} {}", engine.name, def.name), 3),
        }
    }
    body.push('\n');
}

fn profiles() -> Page {
    let mut body = String::new();
    for def in table::profile_options() {
        let Scope::Profile(profile) = def.scope else { continue };
        entry(&mut body, def, &format!("{profile} {}", def.name), 2);
    }
    page("profiles", &body)
}

fn switches(commands: &[Command]) -> Page {
    let mut body = String::from("## Commands\n\n");
    for command in commands {
        let _ = writeln!(body, "### fiord {}\n\n{}.\n", command.name, command.help);
        let _ = writeln!(body, "    fiord {} {}\n", command.name, command.syntax);
        if !command.details.is_empty() {
            let _ = writeln!(body, "{}\n", command.details.trim());
        }
    }
    body.push_str("## Switches\n\n");
    for def in table::switches() {
        entry(&mut body, def, &format!("--{}", def.name), 3);
    }
    page("switches", &body)
}
