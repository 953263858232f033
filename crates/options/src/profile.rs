//! Built-in benchmarks (`--profile=NAME`): from their few options to sections of ordinary jobs.
//!
//! A profile becomes a [`Document`] like a job file, made before anything is lowered, so that plans,
//! checks and `--showcmd` see jobs and nothing else. Each profile has a file; this one has what they
//! share: reading their options and writing sections.

mod act;
mod tiobench;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::host::Host;
use crate::lower::bad_value;
use crate::spec::{Document, DocumentKind, Origin, Section, SectionKind, Setting};
use crate::table;
use crate::value::{self, ParseContext, Value};

/// The profiles.
pub(crate) const NAMES: [&str; 2] = [act::NAME, tiobench::NAME];

/// A profile as it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// One of [`NAMES`].
    pub(crate) name: &'static str,
    /// Where that was typed.
    pub(crate) origin: Origin,
    /// Options of the profile.
    pub(crate) settings: Vec<Setting>,
}

/// The jobs of a profile.
pub(crate) fn expand(request: &Request, host: &Host<'_>) -> (Document, Diagnostics) {
    let mut jobs = Jobs { request, sections: Vec::new(), diagnostics: Diagnostics::default() };
    match request.name {
        act::NAME => act::write(&mut jobs),
        _ => tiobench::write(&mut jobs, host),
    }
    (Document { kind: DocumentKind::Profile, sections: jobs.sections }, jobs.diagnostics)
}

/// The sections of a profile in the making.
struct Jobs<'a> {
    request: &'a Request,
    sections: Vec<Section>,
    diagnostics: Diagnostics,
}

impl Jobs<'_> {
    /// Begins the defaults.
    fn globals(&mut self) {
        self.section(SectionKind::Global, "global".to_owned());
    }

    /// Begins a job.
    fn job(&mut self, name: impl Into<String>) {
        self.section(SectionKind::Job, name.into());
    }

    fn section(&mut self, kind: SectionKind, name: String) {
        let origin = self.request.origin.clone();
        self.sections.push(Section { kind, name: name.into(), origin, settings: Vec::new() });
    }

    /// Sets an option of the present section. If someone finds fault with it, that is shown where the
    /// profile's option `from` was typed, or the profile's name.
    fn set(&mut self, name: &str, value: impl Into<Vec<u8>>, from: &str) {
        self.push(name, Some(value.into()), from);
    }

    /// Sets an option that needs no value.
    fn flag(&mut self, name: &str) {
        self.push(name, None, "");
    }

    fn push(&mut self, name: &str, value: Option<Vec<u8>>, from: &str) {
        let origin = self.origin(from);
        let setting = Setting {
            name: name.as_bytes().to_vec(),
            value,
            name_origin: origin.clone(),
            value_origin: origin,
        };
        if let Some(section) = self.sections.last_mut() {
            section.settings.push(setting);
        }
    }

    fn given(&self, option: &str) -> Option<&Setting> {
        self.request.settings.iter().rfind(|setting| setting.name == option.as_bytes())
    }

    fn origin(&self, option: &str) -> Origin {
        self.given(option).map_or(&self.request.origin, |setting| &setting.value_origin).clone()
    }

    /// The value of one of the profile's options: as given, else its default in the table.
    fn value(&mut self, option: &str) -> Option<Value> {
        let def = table::profile_option(self.request.name, option)?;
        let context = ParseContext::default();
        let default = || value::parse(def, Some(def.default?.as_bytes()), &context).ok();
        let Some(setting) = self.given(option) else { return default() };
        match value::parse(def, setting.value.as_deref(), &context) {
            Ok(value) => Some(value),
            Err(error) => {
                let diagnostic = bad_value(def, setting, setting.value.as_deref(), &error);
                self.diagnostics.push(diagnostic);
                default()
            }
        }
    }

    /// A number, or a time in nanoseconds; zero if there is neither a value nor a default.
    fn number(&mut self, option: &str) -> u64 {
        match self.value(option) {
            Some(Value::Int(number)) => u64::try_from(number).unwrap_or_default(),
            Some(Value::Bytes(number)) => number,
            Some(Value::Time(time)) => time.0,
            Some(Value::Bool(flag)) => u64::from(flag),
            _ => 0,
        }
    }

    /// A number of which zero makes no sense.
    fn positive(&mut self, option: &str) -> u64 {
        let number = self.number(option);
        if number == 0 {
            let message = format!("`{option}` is zero");
            self.refuse(option, &message, "at least 1".into());
        }
        number.max(1)
    }

    fn text(&mut self, option: &str) -> Option<Vec<u8>> {
        match self.value(option) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Finds fault with an option of the profile.
    fn refuse(&mut self, option: &str, message: &str, rule: String) {
        let origin = self.origin(option);
        let diagnostic = Diagnostic::error(message).code(Code::BAD_VALUE);
        self.diagnostics.push(diagnostic.at(&origin).label(rule));
    }
}

#[cfg(test)]
mod tests;
