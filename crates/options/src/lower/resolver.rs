//! Applies sections to the settings in force: names are looked up in the option table, values read,
//! and what cannot be is reported.

use super::settings::{Entry, Settings, significant};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity, abridged};
use crate::spec::{DocumentKind, Section, Setting};
use crate::table::{self, OptionDef, Scope, Status, ValueKind};
use crate::value::{self, ParseContext, Value, ValueError};

/// Applies sections to settings.
pub(super) struct Resolver<'r, 'a> {
    settings: &'r mut Settings<'a>,
    diagnostics: &'r mut Diagnostics,
    /// What was applied, as reports show it: canonical name and text.
    pub(super) given: Vec<(String, String)>,
    unknown: Vec<Setting<'a>>,
    /// Options of engines that the section sets.
    of_engines: Vec<Setting<'a>>,
}

/// What the name of a setting turned out to be: the number of an entry of the table.
#[derive(Clone, Copy)]
struct Found(u16);

impl Found {
    /// Options of jobs come before those of engines, and these before those of profiles.
    fn of(name: &[u8]) -> Self {
        let is_switch = |def: &OptionDef| def.scope == Scope::Switch;
        let first = table::called(name).find(|(_, def)| !is_switch(def));
        Found(first.and_then(|(number, _)| u16::try_from(number).ok()).unwrap_or(u16::MAX))
    }

    fn def(self) -> Option<&'static OptionDef> {
        table::by_number(usize::from(self.0))
    }

    /// Place in the order in which the settings of a section take effect.
    fn rank(self) -> i8 {
        self.def().map_or(0, order)
    }
}

impl<'r, 'a> Resolver<'r, 'a> {
    pub(super) fn new(settings: &'r mut Settings<'a>, diagnostics: &'r mut Diagnostics) -> Self {
        Resolver {
            settings,
            diagnostics,
            given: Vec::new(),
            unknown: Vec::new(),
            of_engines: Vec::new(),
        }
    }

    /// Applies all settings of a section. Those of job files take effect together: the units of
    /// sizes first, the names of files last.
    pub(super) fn section(&mut self, kind: DocumentKind, section: Section<'a>) {
        let settings = section.settings();
        self.given.reserve_exact(settings.len().min(1000));
        // There may be a million of them.
        let found: Vec<Found> = settings.clone().map(|setting| Found::of(setting.name())).collect();
        let ranks: &[i8] = match kind {
            DocumentKind::JobFile if found.iter().any(|found| found.rank() != 0) => &[-1, 0, 1],
            _ => &[0],
        };
        for rank in ranks {
            for (found, setting) in found.iter().zip(settings.clone()) {
                if ranks.len() == 1 || found.rank() == *rank {
                    self.setting(*found, setting);
                }
            }
        }
        self.report_unknown();
    }

    fn setting(&mut self, found: Found, setting: Setting<'a>) {
        let Some(def) = found.def() else {
            self.unknown.push(setting);
            return;
        };
        self.given(def, setting);
        match def.scope {
            Scope::Job => self.apply(usize::from(found.0), def, setting),
            Scope::Engine(_) => self.engine_option(setting),
            _ => self.profile_option(def, setting),
        }
    }

    /// Which engine the job has may be said later: the value is kept for all that know the name.
    fn engine_option(&mut self, setting: Setting<'a>) {
        self.of_engines.push(setting);
        for (number, def) in table::called(setting.name()) {
            if matches!(def.scope, Scope::Engine(_)) {
                let text = significant(def, setting.value());
                let value = value::parse(def, text, &self.settings.context);
                self.settings.put(number, value, Some(setting));
            }
        }
    }

    /// fio takes the options of its profiles in any job, where they do nothing; most often one is a
    /// slip (`threads` for `thread`).
    fn profile_option(&mut self, def: &OptionDef, setting: Setting<'_>) {
        let mut diagnostic = Diagnostic::warning(format!("option `{}` has no effect", def.name))
            .code(Code::OPTION_OF_PROFILE)
            .at(&setting.name_origin())
            .label(format!("it belongs to the {}", table_owner(def)));
        if self.diagnostics.has_room(Severity::Warning)
            && let Some(nearest) = table::closest_job_option(def.name, None)
        {
            diagnostic = diagnostic.help(format!("did you mean `{nearest}`?"));
        }
        self.diagnostics.push_once(diagnostic);
    }

    /// Notes what is applied; after an error there will be no plan to note it in.
    fn given(&mut self, def: &OptionDef, setting: Setting<'_>) {
        if self.diagnostics.has_errors() {
            return;
        }
        let text = String::from_utf8_lossy(setting.value().unwrap_or_default());
        self.given.push((def.name.to_owned(), text.into_owned()));
    }

    /// One name may stand for options of several engines (`proto` of net and of rdma), and the
    /// engine was not known when the setting was noted.
    fn name_given(&mut self, setting: Setting<'_>, def: &OptionDef) {
        let Some(assumed) = Found::of(setting.name()).def() else { return };
        if assumed.name != def.name {
            let noted = self.given.iter_mut().filter(|(name, _)| name == assumed.name);
            noted.for_each(|(name, _)| def.name.clone_into(name));
        }
    }

    /// Complains about unknown options, unless the engine is one whose options are not known.
    fn report_unknown(&mut self) {
        let unknown = std::mem::take(&mut self.unknown);
        if unknown.is_empty() {
            return;
        }
        let engine = table::engine(self.settings.engine());
        if !engine.is_some_and(|engine| !matches!(engine.status, Status::Unavailable { .. })) {
            return;
        }
        for setting in unknown {
            self.report_unknown_option(&String::from_utf8_lossy(setting.name()), setting);
        }
    }

    fn report_unknown_option(&mut self, name: &str, setting: Setting<'_>) {
        let mut diagnostic = Diagnostic::error(format!("unknown option `{}`", abridged(name)))
            .code(Code::UNKNOWN_OPTION);
        if self.diagnostics.has_room(Severity::Error) {
            diagnostic = if table::switch(name).is_some() {
                diagnostic.help(format!("it is a switch of the command line: `--{name}`"))
            } else {
                match table::closest_job_option(name, Some(self.settings.engine())) {
                    Some(nearest) => diagnostic.help(format!("did you mean `{nearest}`?")),
                    None => diagnostic.help("`--cmdhelp` lists the options"),
                }
            };
        }
        self.diagnostics.push_once(diagnostic.at(&setting.name_origin()));
    }

    /// Reads the value and puts it in force, if the option works in this version.
    fn apply(&mut self, number: usize, def: &'static OptionDef, setting: Setting<'a>) {
        if !self.is_usable(def, setting) {
            return;
        }
        let text = significant(def, setting.value());
        match value::parse(def, text, &self.settings.context) {
            // An engine that cannot be used still decides which options belong to the job.
            Ok(value) if self.is_possible(def, &value, setting) || def.name == "ioengine" => {
                self.settings.put(number, Ok(value), Some(setting));
            }
            Ok(_) => {}
            Err(error) => {
                self.diagnostics.push_once(bad_value(def, setting, text, &error));
            }
        }
    }

    /// Complains about options that never work, whatever their value.
    fn is_usable(&mut self, def: &OptionDef, setting: Setting<'_>) -> bool {
        let name = || format!("`{}`", def.name);
        let diagnostic = match def.status {
            Status::Ready | Status::Planned => return true,
            Status::NoOp => Diagnostic::note(format!("option {} has no effect", name()))
                .code(Code::NO_LONGER_NEEDED),
            Status::Removed { instead } => {
                Diagnostic::error(format!("option {} was removed", name()))
                    .code(Code::REMOVED_OPTION)
                    .help(instead)
            }
            Status::Unavailable { reason } => {
                Diagnostic::error(format!("option {} cannot be used", name()))
                    .code(Code::UNAVAILABLE)
                    .label(reason)
            }
        };
        self.diagnostics.push_once(diagnostic.at(&setting.name_origin()));
        false
    }

    /// Complains about options and words without effect so far, and refuses those that will never
    /// have one. Asking for what happens anyway is fine.
    fn is_possible(&mut self, def: &OptionDef, value: &Value, setting: Setting<'_>) -> bool {
        let status = def.value_status(value);
        if status == Status::Ready {
            return true;
        }
        // An engine that is not built has been complained about; its options go with it.
        let passes = |value| is_default(def, value) || self.engine_is_missing(def);
        if def.status == Status::Planned && passes(value) {
            return true;
        }
        let (what, origin) = if def.status == Status::Planned && status == Status::Planned {
            (format!("option `{}`", def.name), setting.name_origin())
        } else {
            (format!("`{}={value}`", def.name), setting.value_origin())
        };
        let diagnostic = match status {
            Status::Ready => return true,
            Status::Planned => {
                let message =
                    format!("{what} is known but not built yet in this version{}", needs(value));
                let diagnostic = Diagnostic::unbuilt(message).code(Code::NOT_BUILT);
                self.diagnostics.push_once(diagnostic.at(&origin));
                return true;
            }
            Status::NoOp => {
                self.diagnostics.push_once(
                    Diagnostic::note(format!("{what} has no effect"))
                        .code(Code::NO_LONGER_NEEDED)
                        .at(&origin),
                );
                return true;
            }
            Status::Removed { instead } => Diagnostic::error(format!("{what} was removed"))
                .code(Code::REMOVED_OPTION)
                .help(instead),
            Status::Unavailable { reason } => Diagnostic::error(format!("{what} cannot be used"))
                .code(Code::UNAVAILABLE)
                .label(reason),
        };
        self.diagnostics.push_once(diagnostic.at(&origin));
        false
    }

    /// True for an option of the job's engine if that is not built.
    fn engine_is_missing(&self, def: &OptionDef) -> bool {
        let engine = table::engine(self.settings.engine());
        matches!(def.scope, Scope::Engine(_)) && engine.is_some_and(|e| e.status != Status::Ready)
    }

    /// The options in force of the job's engine, now that it is known. Inherited ones of other
    /// engines are for other jobs.
    pub(super) fn engine_options(&mut self) -> Vec<Entry<'a>> {
        let engine = self.settings.engine();
        let engine = table::engine(engine).map_or(engine, |known| known.name).to_owned();
        for setting in std::mem::take(&mut self.of_engines) {
            let mut owners = table::called(setting.name());
            if let Some((_, def)) = owners.clone().find(|(_, def)| table::belongs(def, &engine)) {
                self.name_given(setting, def);
                continue;
            }
            let of_engine = |(_, def): &(usize, &OptionDef)| matches!(def.scope, Scope::Engine(_));
            let Some((_, def)) = owners.find(of_engine) else {
                continue;
            };
            let name = String::from_utf8_lossy(setting.name());
            self.diagnostics.push_once(
                Diagnostic::error(format!("option `{name}` belongs to the {}", table_owner(def)))
                    .code(Code::OPTION_OF_OTHER_ENGINE)
                    .at(&setting.name_origin())
                    .label(format!("this job uses `ioengine={engine}`")),
            );
        }
        let mut entries = self.settings.of_engine(&engine);
        entries.retain(|entry| self.works(entry));
        entries
    }

    /// Complains about the value of an engine's option that cannot be used.
    fn works(&mut self, entry: &Entry<'a>) -> bool {
        let Some(setting) = entry.setting else { return true };
        if !self.is_usable(entry.def, setting) {
            return false;
        }
        match &entry.value {
            Ok(value) => self.is_possible(entry.def, value, setting),
            Err(error) => {
                let text = significant(entry.def, setting.value());
                self.diagnostics.push_once(bad_value(entry.def, setting, text, error));
                false
            }
        }
    }
}

/// Place in the order in which the settings of a section take effect.
pub(crate) fn order(def: &OptionDef) -> i8 {
    match def.name {
        _ if def.scope != Scope::Job => 0,
        "kb_base" | "unit_base" | "lockfile" | "cpus_allowed_policy" => -1,
        "filename" | "filename_format" => 1,
        _ => 0,
    }
}

/// Whom an option belongs to, in words.
fn table_owner(def: &OptionDef) -> String {
    match def.scope {
        table::Scope::Engine([engine]) => format!("engine {engine}"),
        table::Scope::Engine(engines) => format!("engines {}", engines.join(", ")),
        table::Scope::Profile(profile) => format!("profile {profile}"),
        table::Scope::Job | table::Scope::Switch => "jobs".into(),
    }
}

/// What an engine will take once it is built.
fn needs(value: &Value) -> String {
    let Value::Engine(name) = value else { return String::new() };
    match table::engine(name).map_or("", |engine| engine.needs) {
        "" => String::new(),
        needs => format!("; it will need {needs}"),
    }
}

/// True if an option is set to what holds anyway.
fn is_default(def: &OptionDef, value: &Value) -> bool {
    let unset = match def.kind {
        ValueKind::Flag | ValueKind::Bool => Some("0"),
        _ => None,
    };
    let Some(text) = def.default.or(def.idle).or(unset) else { return false };
    value::parse(def, Some(text.as_bytes()), &ParseContext::default()).as_ref() == Ok(value)
}

fn bad_value(
    def: &OptionDef,
    setting: Setting<'_>,
    text: Option<&[u8]>,
    error: &ValueError,
) -> Diagnostic {
    let shown = abridged(&String::from_utf8_lossy(text.unwrap_or_default()));
    let (code, message) = match text {
        None | Some([]) => (Code::MISSING_VALUE, format!("`{}` needs a value", def.name)),
        Some(_) => (Code::BAD_VALUE, format!("bad value `{shown}` for `{}`", def.name)),
    };
    let help = match &error.hint {
        Some(hint) => hint.clone(),
        None => format!("`--cmdhelp={}` describes the option", def.name),
    };
    let mut diagnostic = Diagnostic::error(message).code(code).label(error.to_string()).help(help);
    let origin = setting.value_origin();
    // The place inside the value is known only if the value is what was typed.
    let typed_as_is = setting.value() == Some(origin.bytes());
    diagnostic = if typed_as_is && !error.span.is_empty() {
        let skipped = origin.bytes().len() - origin.bytes().trim_ascii_start().len();
        let skipped =
            if text.is_some_and(|t| t.len() == origin.bytes().len()) { 0 } else { skipped };
        diagnostic.at(&origin.part(error.span.start + skipped..error.span.end + skipped))
    } else {
        diagnostic.at(&origin)
    };
    diagnostic
}
