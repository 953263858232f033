//! The settings that are in force for a job: later ones over earlier ones, the job's own over those
//! of global sections.
//!
//! Defaults are not copied for each job. A job's own settings take their places, which remember what
//! stood there, and give them back when the job is done.

use fiord_base::PerDirection;

use crate::spec::{Origin, Setting};
use crate::table::{self, JobOptions, OptionDef, Scope, Status, ValueKind};
use crate::value::{self, ParseContext, Value, ValueError};

/// Engine of jobs that name none.
pub(super) const DEFAULT_ENGINE: &str = "psync";

/// Options in force.
#[derive(Debug)]
pub(super) struct Settings<'a> {
    /// One place for each option of jobs and engines, by its number.
    places: Vec<Option<Entry<'a>>>,
    /// The options of jobs that global sections set, typed.
    defaults: JobOptions,
    /// What the present job has changed.
    before: Option<Before<'a>>,
    /// How values are read now.
    pub(super) context: ParseContext,
    /// How many settings there were, for the order of engine options.
    count: usize,
}

/// What was in force before a job.
#[derive(Debug)]
struct Before<'a> {
    /// What stood in the places that changed.
    places: Vec<(usize, Option<Entry<'a>>)>,
    /// How values were read.
    context: ParseContext,
}

/// An option in force.
#[derive(Clone, Debug)]
pub(super) struct Entry<'a> {
    pub(super) def: &'static OptionDef,
    /// An option of an engine may be wrong as long as no job uses that engine.
    pub(super) value: Result<Value, ValueError>,
    /// Where it comes from; `None` if that does not matter any more.
    pub(super) setting: Option<Setting<'a>>,
    /// Set by the section of the job itself.
    own: bool,
    /// Running number.
    order: usize,
}

impl<'a> Settings<'a> {
    pub(super) fn new() -> Self {
        Settings {
            places: vec![None; table::options_by_number().len()],
            defaults: JobOptions::default(),
            before: None,
            context: ParseContext::default(),
            count: 0,
        }
    }

    /// What these options, which were valid once, put in force.
    pub(super) fn replay<'b>(given: impl Iterator<Item = &'b (String, String)>) -> Self {
        let mut settings = Settings::new();
        for (name, text) in given {
            for (number, def) in table::called(name.as_bytes()) {
                let valueless = text.is_empty()
                    && matches!(
                        def.kind,
                        ValueKind::Flag | ValueKind::OptionalText | ValueKind::Ignored
                    );
                let text = (!valueless).then_some(text.as_bytes());
                if def.scope == Scope::Job
                    && matches!(def.status, Status::Ready | Status::Planned)
                    && let Ok(value) = value::parse(def, significant(def, text), &settings.context)
                {
                    settings.put(number, Ok(value), None);
                }
            }
        }
        settings
    }

    /// What is in force now is inherited; what is set from now on is the job's own.
    pub(super) fn begin_job(&mut self) {
        self.before = Some(Before { places: Vec::new(), context: self.context });
    }

    /// The defaults are in force again.
    pub(super) fn end_job(&mut self) {
        if let Some(Before { places, context }) = self.before.take() {
            for (number, entry) in places.into_iter().rev() {
                self.places[number] = entry;
            }
            self.context = context;
        }
    }

    fn entry(&self, name: &str) -> Option<&Entry<'a>> {
        table::called(name.as_bytes()).find_map(|(number, def)| {
            let entry = self.places.get(number)?.as_ref()?;
            let applies = match def.scope {
                Scope::Engine(engines) => engines.contains(&self.engine()),
                _ => true,
            };
            applies.then_some(entry)
        })
    }

    /// The value in force.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.entry(name)?.value.as_ref().ok()
    }

    /// Where the value in force was typed.
    pub(super) fn origin(&self, name: &str) -> Option<Origin> {
        self.entry(name)?.setting.map(Setting::value_origin)
    }

    /// True if the value in force of the one was set after that of the other.
    pub(super) fn is_after(&self, name: &str, other: &str) -> bool {
        let place = |name| self.entry(name).map(|entry| entry.order);
        place(name) > place(other)
    }

    /// The value as typed, if the job's own section sets it.
    pub(super) fn own_text(&self, name: &str) -> Option<&'a [u8]> {
        self.entry(name).filter(|entry| entry.own)?.setting?.value()
    }

    /// The engine in force.
    pub(super) fn engine(&self) -> &str {
        match self.value("ioengine") {
            Some(Value::Engine(name)) => name,
            _ => DEFAULT_ENGINE,
        }
    }

    /// The options in force that are the engine's, in the order in which they were set.
    pub(super) fn of_engine(&self, engine: &str) -> Vec<Entry<'a>> {
        let belongs = |entry: &&Entry<'a>| table::belongs(entry.def, engine);
        let mut entries: Vec<_> = self.places.iter().flatten().filter(belongs).cloned().collect();
        entries.sort_by_key(|entry| entry.order);
        entries
    }

    /// All values in force, typed: those of job options, and these of the engine.
    pub(super) fn options(&self, of_engine: &[Entry<'a>]) -> JobOptions {
        let mut options = self.defaults.clone();
        for (number, _) in self.before.iter().flat_map(|before| &before.places) {
            let def = table::options_by_number()[*number];
            if def.scope == Scope::Job {
                set(&mut options, def, self.places[*number].as_ref());
            }
        }
        for entry in of_engine {
            set(&mut options, entry.def, Some(entry));
        }
        options
    }

    /// Puts a value in force for the option of this number.
    pub(super) fn put(
        &mut self,
        number: usize,
        value: Result<Value, ValueError>,
        setting: Option<Setting<'a>>,
    ) {
        let def = table::options_by_number()[number];
        let value = match (value, self.places[number].as_ref().map(|entry| &entry.value)) {
            (Ok(value), Some(Ok(old))) if def.name == "filename" => Ok(added(value, old)),
            (Ok(value), Some(Ok(old))) => Ok(merged(value, old)),
            (value, _) => value,
        };
        if let ("kb_base", Ok(Value::Choice { word, .. })) = (def.name, &value) {
            self.context.kb_base = word.parse().unwrap_or(1024);
        }
        self.count += 1;
        let own = self.before.is_some();
        self.replace(number, Some(Entry { def, value, setting, own, order: self.count }));
        if let Some(inverse) = def.inverse {
            for (number, _) in table::called(inverse.as_bytes()) {
                self.replace(number, None);
            }
        }
    }

    fn replace(&mut self, number: usize, entry: Option<Entry<'a>>) {
        let Some(place) = self.places.get_mut(number) else { return };
        let was_own = place.as_ref().is_some_and(|old| old.own);
        let old = std::mem::replace(place, entry);
        match &mut self.before {
            // What the job itself has set before needs no remembering.
            Some(_) if was_own => {}
            Some(before) => before.places.push((number, old)),
            None => {
                let def = table::options_by_number()[number];
                if def.scope == Scope::Job {
                    set(&mut self.defaults, def, self.places[number].as_ref());
                }
            }
        }
    }
}

/// Stores or forgets the value of an option.
fn set(options: &mut JobOptions, def: &OptionDef, entry: Option<&Entry<'_>>) {
    match entry {
        // What cannot be stored has been complained about when it was set, or asks for nothing.
        Some(Entry { value: Ok(value), .. }) => {
            let _ = options.set(def, value);
        }
        _ => options.unset(def),
    }
}

/// The part of a value that is read: blanks around it mean nothing but in text.
pub(super) fn significant<'t>(def: &OptionDef, text: Option<&'t [u8]>) -> Option<&'t [u8]> {
    text.map(|text| match def.kind {
        ValueKind::Text { .. } | ValueKind::OptionalText | ValueKind::Names => text,
        _ => text.trim_ascii(),
    })
}

/// Files are added to those that were named before, also by globals.
fn added(new: Value, old: &Value) -> Value {
    match (new, old) {
        (Value::Names(new), Value::Names(old)) => Value::Names(new.after(old)),
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
