//! Built-in benchmarks (`--profile=NAME`): from their few options to sections of ordinary jobs.
//!
//! A profile writes its jobs as the lines of a text, which becomes a [`Document`] like a job file
//! before anything is lowered, so that plans, checks and `--showcmd` see jobs and nothing else, and
//! findings can show the line that they are about. Each profile has a file; this one has what they
//! share: reading their options and writing lines.

mod act;
mod tiobench;

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::host::Host;
use crate::spec::{Document, DocumentKind, Origin, SectionKind, Source, Typed};
use crate::table::{self, OptionDef};
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
    /// Its options: where they were typed, and their values.
    pub(crate) given: Vec<(&'static OptionDef, Origin, Option<Origin>)>,
}

/// The jobs of a profile.
pub(crate) fn expand(request: &Request, host: &Host<'_>) -> (Document, Diagnostics) {
    let mut jobs =
        Jobs { request, text: Vec::new(), lines: Vec::new(), diagnostics: Diagnostics::default() };
    match request.name {
        act::NAME => act::write(&mut jobs),
        _ => tiobench::write(&mut jobs, host),
    }
    let document = document(request.name, jobs.text, jobs.lines);
    (document, jobs.diagnostics)
}

/// A line of a profile's text: where its parts are.
enum Line {
    Section(SectionKind, Range<usize>),
    Setting { name: Range<usize>, value: Option<Range<usize>> },
}

fn document(name: &str, text: Vec<u8>, lines: Vec<Line>) -> Document {
    let mut document = Document::new(DocumentKind::Profile);
    let source = document.add_source(&Arc::new(Source::new(format!("profile {name}"), text)));
    for line in lines {
        match line {
            Line::Section(kind, name) => document.open_section(kind, source, name),
            Line::Setting { name, value } => {
                document.push_setting(Typed { source, name, value }, None);
            }
        }
    }
    document
}

/// The jobs of a profile in the making.
struct Jobs<'a> {
    request: &'a Request,
    text: Vec<u8>,
    lines: Vec<Line>,
    diagnostics: Diagnostics,
}

impl Jobs<'_> {
    /// Begins the defaults.
    fn globals(&mut self) {
        self.section(SectionKind::Global, b"global");
    }

    /// Begins a job.
    fn job(&mut self, name: &[u8]) {
        self.section(SectionKind::Job, name);
    }

    fn section(&mut self, kind: SectionKind, name: &[u8]) {
        self.text.push(b'[');
        let name = self.part(name);
        self.text.extend_from_slice(b"]\n");
        self.lines.push(Line::Section(kind, name));
    }

    /// Sets an option of the present section.
    fn set(&mut self, name: &str, value: impl AsRef<[u8]>) {
        let name = self.part(name.as_bytes());
        self.text.push(b'=');
        let value = self.part(value.as_ref());
        self.text.push(b'\n');
        self.lines.push(Line::Setting { name, value: Some(value) });
    }

    /// Sets an option of the present section to a number.
    fn number(&mut self, name: &str, value: u64) {
        self.set(name, value.to_string());
    }

    /// Sets an option that needs no value.
    fn flag(&mut self, name: &str) {
        let name = self.part(name.as_bytes());
        self.text.push(b'\n');
        self.lines.push(Line::Setting { name, value: None });
    }

    fn part(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.text.len();
        self.text.extend_from_slice(bytes);
        start..self.text.len()
    }

    /// Where the value of one of the profile's options was typed, or the profile's name.
    fn origin(&self, option: &str) -> &Origin {
        let given = self.request.given.iter().rfind(|(def, ..)| def.name == option);
        given.map_or(&self.request.origin, |(_, name, value)| value.as_ref().unwrap_or(name))
    }

    /// The value of one of the profile's options: as given, else its default in the table.
    fn value(&mut self, option: &str) -> Option<Value> {
        let def = table::profile_option(self.request.name, option)?;
        let context = ParseContext::default();
        let default = || value::parse(def, Some(def.default?.as_bytes()), &context).ok();
        let given = self.request.given.iter().rfind(|(given, ..)| given.name == option);
        let Some((_, name, typed)) = given else { return default() };
        match value::parse(def, typed.as_ref().map(Origin::bytes), &context) {
            Ok(value) => Some(value),
            Err(error) => {
                let origin = typed.as_ref().map_or(name.clone(), |o| o.part(error.span.clone()));
                let shown = String::from_utf8_lossy(typed.as_ref().unwrap_or(name).bytes());
                let message = format!("bad value `{shown}` for `{option}`");
                self.refuse(&origin, message, error.to_string());
                default()
            }
        }
    }

    /// A number, or a time in nanoseconds; zero if there is neither a value nor a default.
    fn amount(&mut self, option: &str) -> u64 {
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
        let number = self.amount(option);
        if number == 0 {
            let origin = self.origin(option).clone();
            self.refuse(&origin, format!("`{option}` is zero"), "at least 1");
        }
        number.max(1)
    }

    fn text(&mut self, option: &str) -> Option<Vec<u8>> {
        match self.value(option) {
            Some(Value::Text(text)) => Some(text.as_bytes().to_vec()),
            _ => None,
        }
    }

    /// Finds fault with an option of the profile.
    fn refuse(&mut self, at: &Origin, message: impl Into<String>, rule: impl Into<String>) {
        let diagnostic = Diagnostic::error(message).code(Code::BAD_VALUE).at(at).label(rule);
        self.diagnostics.push(diagnostic);
    }
}

#[cfg(test)]
mod tests;
