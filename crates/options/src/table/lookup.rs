//! Finding entries: by name, by alias, by letter, and by likeness.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use super::{
    ENGINES, OptionDef, Scope, data, engines_library, engines_local, engines_network, engines_ring,
    file, general, io, logs, pacing, profiles, random, replay, stats, switches as switch_table,
    verify, zones,
};

/// The groups of job options by name, in the order of help and reports.
const JOB_GROUPS: [(&str, &[OptionDef]); 11] = [
    ("general", general::GENERAL),
    ("file", file::FILE),
    ("io", io::IO),
    ("random", random::RANDOM),
    ("pacing", pacing::PACING),
    ("verify", verify::VERIFY),
    ("replay", replay::REPLAY),
    ("zones", zones::ZONES),
    ("data", data::DATA),
    ("stats", stats::STATS),
    ("logs", logs::LOGS),
];

/// The groups of engine options.
const ENGINE_GROUPS: [&[OptionDef]; 4] = [
    engines_local::ENGINES_LOCAL,
    engines_ring::ENGINES_RING,
    engines_network::ENGINES_NETWORK,
    engines_library::ENGINES_LIBRARY,
];

/// All options that are valid in every job.
pub fn job_options() -> impl Iterator<Item = &'static OptionDef> {
    JOB_GROUPS.iter().flat_map(|(_, group)| group.iter())
}

/// The same by group: the group's name, which is that of its file, and its options.
pub fn job_groups() -> impl Iterator<Item = (&'static str, &'static [OptionDef])> {
    JOB_GROUPS.into_iter()
}

/// All engine options; one entry may serve several engines.
pub fn engine_options() -> impl Iterator<Item = &'static OptionDef> {
    ENGINE_GROUPS.iter().flat_map(|group| group.iter())
}

/// All options of profiles.
pub fn profile_options() -> impl Iterator<Item = &'static OptionDef> {
    profiles::PROFILES.iter()
}

/// All switches of the command line.
pub fn switches() -> impl Iterator<Item = &'static OptionDef> {
    switch_table::SWITCHES.iter()
}

/// Every entry there is.
pub fn all() -> impl Iterator<Item = &'static OptionDef> {
    job_options().chain(engine_options()).chain(profile_options()).chain(switches())
}

/// All entries by number and by name. A large job file asks for names a million times.
struct Index {
    defs: Vec<&'static OptionDef>,
    /// The numbers of the entries of a name or alias, ascending.
    called: HashMap<&'static [u8], Vec<u16>, BuildHasherDefault<DefaultHasher>>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index { defs: all().collect(), called: HashMap::default() };
    for (number, def) in (0..).zip(&index.defs) {
        for name in names(def) {
            index.called.entry(name.as_bytes()).or_default().push(number);
        }
    }
    index
});

/// The entries of this name or alias with their numbers, in the order of [`all`].
pub(crate) fn called(
    name: &[u8],
) -> impl Iterator<Item = (usize, &'static OptionDef)> + Clone + use<> {
    let numbers: &'static [u16] = INDEX.called.get(name).map_or(&[], Vec::as_slice);
    numbers.iter().map(|&number| (usize::from(number), INDEX.defs[usize::from(number)]))
}

/// The entry of this number.
pub(crate) fn by_number(number: usize) -> Option<&'static OptionDef> {
    INDEX.defs.get(number).copied()
}

/// The options of jobs and engines, which are the first of [`all`].
pub(crate) fn options_by_number() -> &'static [&'static OptionDef] {
    static COUNT: LazyLock<usize> = LazyLock::new(|| job_options().chain(engine_options()).count());
    &INDEX.defs[..*COUNT]
}

/// The job option of this name or alias.
pub fn job_option(name: &str) -> Option<&'static OptionDef> {
    called(name.as_bytes()).map(|(_, def)| def).find(|def| def.scope == Scope::Job)
}

/// The option of this name or alias that belongs to `engine` (its name or alias).
pub fn engine_option(engine: &str, name: &str) -> Option<&'static OptionDef> {
    let engine = super::engine(engine).map_or(engine, |e| e.name);
    called(name.as_bytes()).map(|(_, def)| def).find(|def| belongs(def, engine))
}

/// The option of this name or alias that belongs to `profile`.
pub fn profile_option(profile: &str, name: &str) -> Option<&'static OptionDef> {
    called(name.as_bytes())
        .map(|(_, def)| def)
        .find(|def| matches!(def.scope, Scope::Profile(owner) if owner == profile))
}

/// The switch of this name, without dashes.
pub fn switch(name: &str) -> Option<&'static OptionDef> {
    called(name.as_bytes()).map(|(_, def)| def).find(|def| def.scope == Scope::Switch)
}

/// The switch of this letter.
pub fn short_switch(letter: char) -> Option<&'static OptionDef> {
    switches().find(|def| def.short == Some(letter))
}

/// True if `def` is an option of the engine of this exact name.
pub(crate) fn belongs(def: &OptionDef, engine: &str) -> bool {
    matches!(def.scope, Scope::Engine(engines) if engines.contains(&engine))
}

/// The job option, or option of `engine`, that is most like `name`, if any is like it at all.
pub fn closest_job_option(name: &str, engine: Option<&str>) -> Option<&'static str> {
    let engine = engine.map(|e| super::engine(e).map_or(e, |e| e.name));
    let own = engine_options().filter(|def| engine.is_some_and(|e| belongs(def, e)));
    closest(name, job_options().chain(own).flat_map(names))
}

/// The switch or job option that is most like `name`, if any is like it at all.
pub fn closest_switch(name: &str) -> Option<&'static str> {
    closest(name, switches().chain(job_options()).flat_map(names))
}

/// The engine that is most like `name`, if any is like it at all.
pub fn closest_engine(name: &str) -> Option<&'static str> {
    closest(
        name,
        ENGINES.iter().flat_map(|e| std::iter::once(e.name).chain(e.aliases.iter().copied())),
    )
}

fn names(def: &'static OptionDef) -> impl Iterator<Item = &'static str> {
    std::iter::once(def.name).chain(def.aliases.iter().copied())
}

/// The word with the smallest edit distance, if that is at most half of the length of `name` and
/// less than three for short names.
pub(crate) fn closest<'a>(name: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // The distance is quadratic in the length; nothing in the table is anywhere near this long.
    if name.len() > 64 {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    words
        .map(|word| (strsim::osa_distance(&lower, &word.to_ascii_lowercase()), word))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance * 2 <= name.chars().count())
        .map(|(_, word)| word)
}
