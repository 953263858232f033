//! The man page `fiord(1)`.

use roff::{Inline, Roff, bold, italic, roman};

use super::facts::{Fact, facts, heading, meaning, sentence};
use super::{Command, prose};
use crate::help::describe;
use crate::table::{self, OptionDef, Scope, Status, details};

/// The page in roff; `version` is that of the program.
pub fn man(commands: &[Command], version: &str) -> String {
    let mut page = Roff::new();
    let footer = format!("fiord {version}");
    // No date: the page is the same whenever it is made. An empty argument needs its own quotes.
    page.control("TH", ["FIORD", "1", "\"\"", &footer, "User Commands"]);
    // What is typed must be copied as it is: no hyphens and no stretched blanks.
    page.control("nh", []).control("ad", ["l"]);
    section(&mut page, "NAME");
    page.text([roman("fiord - flexible I/O tester")]);
    synopsis(&mut page, commands);
    written(&mut page, "DESCRIPTION", include_str!("man/description.md"));
    section(&mut page, "COMMANDS");
    for command in commands {
        paragraph(&mut page, [bold(format!("fiord {} ", command.name)), italic(command.syntax)]);
        page.text([roman(format!("{}.", command.help))]);
        more(&mut page, command.details);
    }
    section(&mut page, "SWITCHES");
    for def in table::switches() {
        option(&mut page, def);
    }
    written(&mut page, "JOB FILES", include_str!("man/job-files.md"));
    section(&mut page, "JOB OPTIONS");
    prose::man(&mut page, include_str!("man/job-options.md"));
    for (name, options) in table::job_groups() {
        group(&mut page, name);
        for def in options {
            option(&mut page, def);
        }
    }
    engines(&mut page);
    section(&mut page, "PROFILES");
    prose::man(&mut page, introduction("profiles"));
    for def in table::profile_options() {
        option(&mut page, def);
    }
    written(&mut page, "REPORTS", include_str!("man/reports.md"));
    written(&mut page, "EXIT STATUS", include_str!("man/exit-status.md"));
    written(&mut page, "FILES", include_str!("man/files.md"));
    written(&mut page, "ENVIRONMENT", include_str!("man/environment.md"));
    written(&mut page, "EXAMPLES", include_str!("man/examples.md"));
    section(&mut page, "SEE ALSO");
    prose::man(&mut page, include_str!("man/see-also.md"));
    page.render()
}

fn section(page: &mut Roff, title: &str) {
    page.control("SH", [title]);
}

fn written(page: &mut Roff, title: &str, text: &str) {
    section(page, title);
    for part in text.split("\n# ") {
        // What stands before the first heading has none.
        match part.strip_prefix("# ").or((!text.starts_with(part)).then_some(part)) {
            Some(part) => {
                let (title, text) = part.split_once('\n').unwrap_or((part, ""));
                page.control("SS", [title]);
                prose::man(page, text.trim_matches('\n'));
            }
            None => prose::man(page, part.trim_matches('\n')),
        }
    }
}

fn introduction(group: &str) -> &'static str {
    details::of_group(group).map_or("", |(_, introduction)| introduction)
}

fn group(page: &mut Roff, name: &str) {
    let (title, introduction) = details::of_group(name).unwrap_or((name, ""));
    page.control("SS", [title]);
    prose::man(page, introduction);
}

/// Begins a paragraph with a heading of its own.
fn paragraph(page: &mut Roff, heading: impl Into<Vec<Inline>>) {
    page.control("TP", []).text(heading);
}

/// Adds a description to a paragraph.
fn more(page: &mut Roff, text: &str) {
    if !text.is_empty() {
        page.control("sp", []);
        prose::man(page, text.trim_matches('\n'));
    }
}

fn synopsis(page: &mut Roff, commands: &[Command]) {
    section(page, "SYNOPSIS");
    let all = [bold("fiord"), roman(" ["), italic("SWITCH"), roman("..] ["), italic("JOB OPTION")];
    let rest = [roman("..] ["), italic("JOB FILE"), roman("..]")];
    page.text([all.as_slice(), rest.as_slice()].concat());
    for command in commands {
        page.control("br", []);
        page.text([bold(format!("fiord {} ", command.name)), italic(command.syntax)]);
    }
}

fn option(page: &mut Roff, def: &OptionDef) {
    let heading = heading(def);
    let (name, value) = match heading.find(['=', '[']) {
        Some(at) => heading.split_at(at),
        None => (heading.as_str(), ""),
    };
    let mut title = Vec::new();
    if let Some(letter) = def.short {
        title.extend([bold(format!("-{letter}")), roman(", ")]);
    }
    title.extend([bold(name), italic(value)]);
    paragraph(page, title);
    page.text([roman(sentence(def.help))]);
    some_facts(page, def);
    for choice in def.choices() {
        page.control("br", []);
        let mut line = vec![bold(format!("  {}", choice.word)), roman(": ")];
        line.extend(prose::inline(&meaning(choice)));
        page.text(line);
    }
    if let Some(text) = details::of_option(def) {
        more(page, text);
    }
}

/// The value in a line of its own, and a line with all that is short.
fn some_facts(page: &mut Roff, def: &OptionDef) {
    let (long, short): (Vec<Fact>, Vec<Fact>) = facts(def)
        .into_iter()
        .filter(|fact| fact.about != "Letter")
        .partition(|fact| fact.about.starts_with("Value"));
    let told = |fact: Fact| format!("{}: {}", fact.about, fact.says);
    let mut lines: Vec<String> = long.into_iter().map(told).collect();
    if !short.is_empty() {
        lines.push(short.into_iter().map(told).collect::<Vec<_>>().join(". "));
    }
    for line in lines {
        page.control("br", []).text(prose::inline(&line));
    }
}

fn engines(page: &mut Roff) {
    section(page, "ENGINES");
    prose::man(page, introduction("engines"));
    for engine in table::engines() {
        paragraph(page, [bold(engine.name)]);
        page.text([roman(sentence(engine.help))]);
        if engine.status != Status::Ready {
            page.control("br", []).text([roman(format!("Status: {}", describe(engine.status)))]);
        }
        if let Some(text) = details::of_engine(engine) {
            more(page, text);
        }
    }
    section(page, "OPTIONS OF ENGINES");
    for engine in table::engines() {
        // Options of several engines are described at the first of them, and name the others.
        let own = |def: &&OptionDef| matches!(def.scope, Scope::Engine([first, ..]) if *first == engine.name);
        for (i, def) in table::engine_options().filter(own).enumerate() {
            if i == 0 {
                page.control("SS", [engine.name]);
            }
            option(page, def);
        }
    }
}
