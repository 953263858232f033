//! The settings that are in force for a job: names looked up in the option table, values read,
//! later ones over earlier ones, globals under the job's own.

use fiord_base::PerDirection;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::spec::{DocumentKind, Origin, Section, Setting};
use crate::table::{self, JobOptions, OptionDef, Scope, Status, ValueKind};
use crate::value::{self, ParseContext, Value, ValueError};

/// Engine of jobs that name none.
pub(super) const DEFAULT_ENGINE: &str = "psync";

/// Options in force, in the order in which they were last set.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    entries: Vec<Entry>,
    /// Options of engines: they are read when the engine of the job is known.
    of_engines: Vec<(Setting, bool)>,
    context: ParseContext,
}

#[derive(Clone, Debug)]
struct Entry {
    def: &'static OptionDef,
    value: Value,
    typed: Option<Vec<u8>>,
    /// Where the value was typed.
    origin: Option<Origin>,
    /// Set by the section of the job itself.
    own: bool,
}

impl Settings {
    /// What is in force now is inherited.
    pub(super) fn begin_job(&mut self) {
        for entry in &mut self.entries {
            entry.own = false;
        }
        for (_, own) in &mut self.of_engines {
            *own = false;
        }
    }

    /// What these options, which were valid once, put in force.
    pub(super) fn replay<'a>(given: impl Iterator<Item = &'a (String, String)>) -> Self {
        let mut settings = Settings::default();
        for (name, text) in given {
            let Some(def) = table::job_option(name) else { continue };
            let valueless = text.is_empty()
                && matches!(
                    def.kind,
                    ValueKind::Flag | ValueKind::OptionalText | ValueKind::Ignored
                );
            let text = (!valueless).then_some(text.as_bytes());
            if matches!(def.status, Status::Ready | Status::Planned)
                && let Ok(value) = value::parse(def, significant(def, text), &settings.context)
            {
                settings.put(Entry { def, value, typed: None, origin: None, own: false });
            }
        }
        settings
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.def.name == name)
    }

    /// The value in force.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.entry(name).map(|entry| &entry.value)
    }

    /// Where the value in force was typed.
    pub(super) fn origin(&self, name: &str) -> Option<&Origin> {
        self.entry(name)?.origin.as_ref()
    }

    /// The value as typed.
    pub(super) fn typed(&self, name: &str) -> Option<&[u8]> {
        self.entry(name)?.typed.as_deref()
    }

    /// The value as typed, if the job's own section sets it.
    pub(super) fn own_text(&self, name: &str) -> Option<Vec<u8>> {
        self.entry(name).filter(|entry| entry.own)?.typed.clone()
    }

    /// The engine in force.
    fn engine(&self) -> &str {
        match self.value("ioengine") {
            Some(Value::Engine(name)) => name,
            _ => DEFAULT_ENGINE,
        }
    }

    /// All values in force, typed.
    pub(super) fn options(&self) -> JobOptions {
        let mut options = JobOptions::default();
        for entry in &self.entries {
            // What cannot be stored has been complained about when it was set, or asks for nothing.
            let _ = options.set(entry.def, &entry.value);
        }
        options
    }

    fn put(&mut self, entry: Entry) {
        if let ("kb_base", Value::Choice { word, .. }) = (entry.def.name, &entry.value) {
            self.context.kb_base = word.parse().unwrap_or(1024);
        }
        let previous = self.entries.iter().position(|old| old.def.name == entry.def.name);
        let mut entry = entry;
        if let Some(previous) = previous.map(|at| self.entries.remove(at)) {
            entry.value = match entry.def.name {
                "filename" => added(entry.value, &previous.value),
                _ => merged(entry.value, &previous.value),
            };
        }
        if let Some(inverse) = entry.def.inverse {
            self.entries.retain(|old| old.def.name != inverse);
        }
        self.entries.push(entry);
    }
}

/// Files are added to those that were named before, also by globals.
fn added(new: Value, old: &Value) -> Value {
    match (new, old) {
        (Value::Names(new), Value::Names(old)) => {
            Value::Names(old.iter().cloned().chain(new).collect())
        }
        (new, _) => new,
    }
}

/// Directions that a new value leaves out keep what was in force.
fn merged(new: Value, old: &Value) -> Value {
    fn merge<T: Copy>(
        new: PerDirection<Option<T>>,
        old: &PerDirection<Option<T>>,
    ) -> PerDirection<Option<T>> {
        PerDirection::from_fn(|direction| new[direction].or(old[direction]))
    }
    match (new, old) {
        (Value::Sizes(new), Value::Sizes(old)) => Value::Sizes(merge(new, old)),
        (Value::SizeRanges(new), Value::SizeRanges(old)) => Value::SizeRanges(merge(new, old)),
        (Value::Split(mut new), Value::Split(old)) => {
            for (direction, list) in old.iter() {
                if new[direction].is_empty() {
                    new[direction].clone_from(list);
                }
            }
            Value::Split(new)
        }
        (new, _) => new,
    }
}

/// Applies sections to settings.
pub(super) struct Resolver<'a> {
    settings: &'a mut Settings,
    diagnostics: &'a mut Diagnostics,
    /// What was applied, as reports show it: canonical name and text.
    pub(super) given: Vec<(String, String)>,
    unknown: Vec<Setting>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(settings: &'a mut Settings, diagnostics: &'a mut Diagnostics) -> Self {
        Resolver { settings, diagnostics, given: Vec::new(), unknown: Vec::new() }
    }

    /// Applies all settings of a section. Those of job files take effect together: the units of
    /// sizes first, the names of files last.
    pub(super) fn section(&mut self, kind: DocumentKind, section: &Section) {
        let mut settings: Vec<&Setting> = section.settings.iter().collect();
        if kind == DocumentKind::JobFile {
            settings.sort_by_key(|setting| order(&setting.name));
        }
        for setting in settings {
            self.setting(setting);
        }
        self.report_unknown();
    }

    fn setting(&mut self, setting: &Setting) {
        let name = String::from_utf8_lossy(&setting.name);
        if let Some(def) = table::job_option(&name) {
            self.given(def, setting);
            self.apply(def, setting);
        } else if let Some(def) = table::engine_options().find(|def| def.is_called(&name)) {
            self.given(def, setting);
            self.settings.of_engines.push((setting.clone(), true));
        } else if let Some(def) = table::profile_options().find(|def| def.is_called(&name)) {
            self.given(def, setting);
            self.profile_option(def, setting);
        } else {
            self.unknown.push(setting.clone());
        }
    }

    /// fio takes the options of its profiles in any job, where they do nothing; most often one is a
    /// slip (`threads` for `thread`).
    fn profile_option(&mut self, def: &OptionDef, setting: &Setting) {
        let mut diagnostic = Diagnostic::warning(format!("option `{}` has no effect", def.name))
            .code(Code::OPTION_OF_PROFILE)
            .at(&setting.name_origin)
            .label(format!("it belongs to the {}", table_owner(def)));
        if let Some(nearest) = table::closest_job_option(def.name, None) {
            diagnostic = diagnostic.help(format!("did you mean `{nearest}`?"));
        }
        self.diagnostics.push_once(diagnostic);
    }

    fn given(&mut self, def: &OptionDef, setting: &Setting) {
        let text = setting.value.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        self.given.push((def.name.to_owned(), text.into_owned()));
    }

    /// Complains about unknown options, unless the engine is one whose options are not known.
    fn report_unknown(&mut self) {
        let unknown = std::mem::take(&mut self.unknown);
        let engine = table::engine(self.settings.engine());
        if !engine.is_some_and(|engine| !matches!(engine.status, Status::Unavailable { .. })) {
            return;
        }
        for setting in &unknown {
            self.report_unknown_option(&String::from_utf8_lossy(&setting.name), setting);
        }
    }

    fn report_unknown_option(&mut self, name: &str, setting: &Setting) {
        let diagnostic =
            Diagnostic::error(format!("unknown option `{name}`")).code(Code::UNKNOWN_OPTION);
        let diagnostic = if table::switch(name).is_some() {
            diagnostic.help(format!("it is a switch of the command line: `--{name}`"))
        } else {
            match table::closest_job_option(name, Some(self.settings.engine())) {
                Some(nearest) => diagnostic.help(format!("did you mean `{nearest}`?")),
                None => diagnostic.help("`--cmdhelp` lists the options"),
            }
        };
        self.diagnostics.push_once(diagnostic.at(&setting.name_origin));
    }

    /// Reads the value and puts it in force, if the option works in this version.
    fn apply(&mut self, def: &'static OptionDef, setting: &Setting) {
        if !self.is_usable(def, setting) {
            return;
        }
        let text = significant(def, setting.value.as_deref());
        match value::parse(def, text, &self.settings.context) {
            // An engine that cannot be used still decides which options belong to the job.
            Ok(value) if self.is_possible(def, &value, setting) || def.name == "ioengine" => {
                self.settings.put(Entry {
                    def,
                    value,
                    typed: setting.value.clone(),
                    origin: Some(setting.value_origin.clone()),
                    own: true,
                });
            }
            Ok(_) => {}
            Err(error) => {
                let diagnostic = bad_value(def, setting, text, &error);
                self.diagnostics.push_once(diagnostic);
            }
        }
    }

    /// Complains about options that never work, whatever their value.
    fn is_usable(&mut self, def: &OptionDef, setting: &Setting) -> bool {
        let name = format!("`{}`", def.name);
        let diagnostic = match def.status {
            Status::Ready | Status::Planned => return true,
            Status::NoOp => Diagnostic::note(format!("option {name} has no effect"))
                .code(Code::NO_LONGER_NEEDED),
            Status::Removed { instead } => Diagnostic::error(format!("option {name} was removed"))
                .code(Code::REMOVED_OPTION)
                .help(instead),
            Status::Unavailable { reason } => {
                Diagnostic::error(format!("option {name} cannot be used"))
                    .code(Code::UNAVAILABLE)
                    .label(reason)
            }
        };
        self.diagnostics.push_once(diagnostic.at(&setting.name_origin));
        false
    }

    /// Complains about options and words without effect so far, and refuses those that will never
    /// have one. Asking for what happens anyway is fine.
    fn is_possible(&mut self, def: &OptionDef, value: &Value, setting: &Setting) -> bool {
        let (what, origin) = if def.status == Status::Planned {
            // An engine that is not built has been complained about; its options go with it.
            if is_default(def, value) || self.engine_is_missing(def) {
                return true;
            }
            (format!("option `{}`", def.name), &setting.name_origin)
        } else {
            let text = value.to_string();
            (format!("`{}={text}`", def.name), &setting.value_origin)
        };
        let diagnostic = match def.value_status(value) {
            Status::Ready => return true,
            Status::Planned => {
                let message =
                    format!("{what} is known but not built yet in this version{}", needs(value));
                let diagnostic = Diagnostic::unbuilt(message).code(Code::NOT_BUILT);
                self.diagnostics.push_once(diagnostic.at(origin));
                return true;
            }
            Status::NoOp => {
                self.diagnostics.push_once(
                    Diagnostic::note(format!("{what} has no effect"))
                        .code(Code::NO_LONGER_NEEDED)
                        .at(origin),
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
        self.diagnostics.push_once(diagnostic.at(origin));
        false
    }

    /// True for an option of the job's engine if that is not built.
    fn engine_is_missing(&self, def: &OptionDef) -> bool {
        let engine = table::engine(self.settings.engine());
        matches!(def.scope, Scope::Engine(_)) && engine.is_some_and(|e| e.status != Status::Ready)
    }

    /// Applies the options of engines, now that the engine is known. Inherited ones of other engines
    /// are for other jobs.
    pub(super) fn engine_options(&mut self) {
        let engine = self.settings.engine().to_owned();
        for (setting, own) in std::mem::take(&mut self.settings.of_engines) {
            let name = String::from_utf8_lossy(&setting.name).into_owned();
            if let Some(def) = table::engine_option(&engine, &name) {
                self.apply(def, &setting);
            } else if own && let Some(def) = owner_of(&name) {
                self.diagnostics.push_once(
                    Diagnostic::error(format!(
                        "option `{name}` belongs to the {}",
                        table_owner(def)
                    ))
                    .code(Code::OPTION_OF_OTHER_ENGINE)
                    .at(&setting.name_origin)
                    .label(format!("this job uses `ioengine={engine}`")),
                );
            }
        }
    }
}

/// The part of a value that is read: blanks around it mean nothing but in text.
fn significant<'a>(def: &OptionDef, text: Option<&'a [u8]>) -> Option<&'a [u8]> {
    text.map(|text| match def.kind {
        ValueKind::Text { .. } | ValueKind::OptionalText | ValueKind::Names => text,
        _ => text.trim_ascii(),
    })
}

/// Place in the order in which the settings of a section take effect.
pub(crate) fn order(name: &[u8]) -> i8 {
    let def = std::str::from_utf8(name).ok().and_then(table::job_option);
    match def.map(|def| def.name) {
        Some("kb_base" | "unit_base" | "lockfile" | "cpus_allowed_policy") => -1,
        Some("filename" | "filename_format") => 1,
        _ => 0,
    }
}

fn owner_of(name: &str) -> Option<&'static OptionDef> {
    table::engine_options().find(|def| def.is_called(name))
}

/// Whom an option belongs to, in words.
fn table_owner(def: &OptionDef) -> String {
    match def.scope {
        Scope::Engine([engine]) => format!("engine {engine}"),
        Scope::Engine(engines) => format!("engines {}", engines.join(", ")),
        Scope::Profile(profile) => format!("profile {profile}"),
        Scope::Job | Scope::Switch => "jobs".into(),
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
    setting: &Setting,
    text: Option<&[u8]>,
    error: &ValueError,
) -> Diagnostic {
    let shown = String::from_utf8_lossy(text.unwrap_or_default());
    let (code, message) = match text {
        None => (Code::MISSING_VALUE, format!("`{}` needs a value", def.name)),
        Some(_) => (Code::BAD_VALUE, format!("bad value `{shown}` for `{}`", def.name)),
    };
    let help = match &error.hint {
        Some(hint) => hint.clone(),
        None => format!("`--cmdhelp={}` describes the option", def.name),
    };
    let mut diagnostic = Diagnostic::error(message).code(code).label(error.to_string()).help(help);
    let origin = &setting.value_origin;
    // The place inside the value is known only if the value is what was typed.
    let typed_as_is = setting.value.as_deref() == Some(origin.bytes());
    diagnostic = if typed_as_is && !error.span.is_empty() {
        let skipped = origin.bytes().len() - origin.bytes().trim_ascii_start().len();
        let skipped =
            if text.is_some_and(|t| t.len() == origin.bytes().len()) { 0 } else { skipped };
        diagnostic.at(&origin.part(error.span.start + skipped..error.span.end + skipped))
    } else {
        diagnostic.at(origin)
    };
    diagnostic
}
