//! What is worth knowing about an option beyond its one sentence, in files of prose beside the table.
//!
//! The files are in a small subset of Markdown (see [`crate::documents`]): `# ` begins the title of
//! a group with its introduction, `## ` begins the text of one entry. The heading of an entry says
//! whose it is: `NAME` for a job option, `--NAME` for a switch, `OWNER: NAME` for an option of an
//! engine or a profile, `engine NAME` for an engine itself.

use super::{EngineDef, OptionDef, Scope};

/// The files by the name of their group.
const FILES: &[(&str, &str)] = &[
    ("general", include_str!("details/general.md")),
    ("file", include_str!("details/file.md")),
    ("io", include_str!("details/io.md")),
    ("random", include_str!("details/random.md")),
    ("pacing", include_str!("details/pacing.md")),
    ("verify", include_str!("details/verify.md")),
    ("replay", include_str!("details/replay.md")),
    ("zones", include_str!("details/zones.md")),
    ("data", include_str!("details/data.md")),
    ("stats", include_str!("details/stats.md")),
    ("logs", include_str!("details/logs.md")),
    ("engines", include_str!("details/engines.md")),
    ("profiles", include_str!("details/profiles.md")),
    ("switches", include_str!("details/switches.md")),
];

/// The longer description of an option or switch, if there is one.
pub fn of_option(def: &OptionDef) -> Option<&'static str> {
    text_under(|key| describes(key, def))
}

/// The longer description of an engine, if there is one.
pub fn of_engine(engine: &EngineDef) -> Option<&'static str> {
    text_under(|key| key.strip_prefix("engine ") == Some(engine.name))
}

/// The title of a group and its introduction.
pub fn of_group(name: &str) -> Option<(&'static str, &'static str)> {
    let (_, file) = FILES.iter().find(|(group, _)| *group == name)?;
    let head = file.split("\n## ").next()?;
    let (title, introduction) = head.strip_prefix("# ")?.split_once('\n')?;
    Some((title, introduction.trim()))
}

/// The headings of all entries.
pub fn keys() -> impl Iterator<Item = &'static str> {
    entries().map(|(key, _)| key)
}

/// True if the heading `key` belongs to `def`.
pub fn describes(key: &str, def: &OptionDef) -> bool {
    match def.scope {
        Scope::Job => key == def.name,
        Scope::Switch => key.strip_prefix("--") == Some(def.name),
        Scope::Engine(engines) => match key.split_once(": ") {
            Some((owner, name)) => name == def.name && engines.contains(&owner),
            None => false,
        },
        Scope::Profile(profile) => key.split_once(": ") == Some((profile, def.name)),
    }
}

fn text_under(wanted: impl Fn(&str) -> bool) -> Option<&'static str> {
    entries().find(|(key, _)| wanted(key)).map(|(_, text)| text)
}

/// All entries as heading and text.
fn entries() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().flat_map(|(_, file)| file.split("\n## ").skip(1)).filter_map(|entry| {
        let (key, text) = entry.split_once('\n')?;
        Some((key, text.trim()))
    })
}
