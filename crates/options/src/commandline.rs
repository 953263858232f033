//! Reads the command line by the rules of getopt_long_only: one dash or two, `--name value` or
//! `--name=value`, unique abbreviations, clusters of one-letter switches, and plain words, which are
//! job files, anywhere between.
//!
//! Job options build sections in the order of the words: those before the first `--name` are
//! defaults, each `--name` opens a section. The job files are read afterwards, whatever their place
//! between the words, as fio does.

mod switches;
mod words;

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

pub use switches::{Action, Eta, Formats, Json, Output, Progress, Trigger};

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity, abridged, reason};
use crate::host::Host;
use crate::jobfile;
use crate::profile::{self, Request};
use crate::spec::{
    Document, DocumentKind, Origin, Replaced, ReplacedValue, SectionKind, Source, Spec, Typed,
};
use crate::table::{self, OptionDef, Scope};
use crate::trace::Subjects;
use words::{Given, Words};

/// A command line, understood.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Invocation {
    /// What to do.
    pub action: Action,
    /// Where and how results are written.
    pub output: Output,
    /// What is shown while jobs run.
    pub progress: Progress,
    /// What happens in the middle of a run.
    pub trigger: Trigger,
    /// What is told line by line (`--debug`).
    pub trace: Subjects,
    /// The jobs.
    pub spec: Spec,
}

/// Understands the words after the program's name and reads the job files among them.
pub fn parse(args: &[OsString], host: &Host<'_>) -> (Invocation, Diagnostics) {
    let words = Words::new(args);
    let mut parser = Parser::new(words, host);
    parser.run();
    parser.finish()
}

struct Parser<'a> {
    host: &'a Host<'a>,
    words: Words,
    invocation: Invocation,
    diagnostics: Diagnostics,
    /// Options go to its last section. A first one without a name is opened if there are options
    /// before the first `--name`.
    document: Document,
    /// The number of the command line in this document.
    source: u32,
    /// The present section sets defaults.
    in_globals: bool,
    files: Vec<Origin>,
    /// The engine of the present section, whose options are known by abbreviations.
    engine: Option<String>,
    engine_of_globals: Option<String>,
    /// The built-in benchmark that is asked for.
    profile: Option<Request>,
    /// Options may be those of the profile: no job has begun since it was named.
    in_profile: bool,
    /// Nothing more is read: an action like `--version` was met.
    stopped: bool,
}

impl<'a> Parser<'a> {
    fn new(words: Words, host: &'a Host<'a>) -> Self {
        let mut document = Document::new(DocumentKind::CommandLine);
        let source = document.add_source(words.source());
        Parser {
            host,
            words,
            invocation: Invocation::default(),
            diagnostics: Diagnostics::default(),
            document,
            source,
            in_globals: true,
            files: Vec::new(),
            engine: None,
            engine_of_globals: None,
            profile: None,
            in_profile: false,
            stopped: false,
        }
    }

    fn run(&mut self) {
        let mut only_files = false;
        while !self.stopped
            && let Some(word) = self.words.next()
        {
            match word.bytes() {
                b"--" if !only_files => only_files = true,
                [b'-', b'-', ..] if !only_files => self.long(&word, 2),
                [b'-', _, ..] if !only_files => self.single_dash(&word),
                _ => self.files.push(word),
            }
        }
    }

    /// `-name=value` or a cluster of letters; names take precedence unless there is one letter only.
    fn single_dash(&mut self, word: &Origin) {
        let letters = &word.bytes()[1..];
        let first = letters[0];
        if letters.len() > 1 || short(first).is_none() {
            let (name, _) = split_at_equals(letters);
            let known = !matches!(self.find(name), Found::Nothing);
            if known || short(first).is_none() {
                self.long(word, 1);
                return;
            }
        }
        self.cluster(word);
    }

    fn long(&mut self, word: &Origin, dashes: usize) {
        let text = word.bytes();
        let (name, value) = split_at_equals(&text[dashes..]);
        let name_origin = word.part(0..dashes + name.len());
        let value_origin = value.map(|value| word.part(text.len() - value.len()..text.len()));
        match self.find(name) {
            Found::Option(def) => {
                if let Some(given) =
                    self.words.value_of(def, name_origin, value_origin, &mut self.diagnostics)
                {
                    self.accept(def, given);
                }
            }
            Found::Several(names) => self.diagnostics.push(
                Diagnostic::error(format!("ambiguous option `{}`", shown(name)))
                    .code(Code::AMBIGUOUS_SWITCH)
                    .at(&name_origin)
                    .label("more than one option begins so")
                    .help(format!("it may mean {}", listed(&names))),
            ),
            Found::Nothing => {
                let help = match table::closest_switch(&shown(name)) {
                    Some(nearest) => format!("did you mean `--{nearest}`?"),
                    None => "`--help` lists the switches, `--cmdhelp` the options of jobs".into(),
                };
                self.diagnostics.push(
                    Diagnostic::error(format!("unknown option `{}`", abridged(&shown(name))))
                        .code(Code::UNKNOWN_SWITCH)
                        .at(&name_origin)
                        .help(help),
                );
                // The value of an unknown option must not be taken for a job file.
                if value.is_none() {
                    self.words.skip_value_of_unknown();
                }
            }
        }
    }

    fn cluster(&mut self, word: &Origin) {
        let letters = word.bytes().len();
        let mut at = 1;
        while at < letters {
            let letter = word.part(at..at + 1);
            at += 1;
            let Some(def) = short(letter.bytes()[0]) else {
                self.diagnostics.push(
                    Diagnostic::error(format!("unknown switch `-{}`", shown(letter.bytes())))
                        .code(Code::UNKNOWN_SWITCH)
                        .at(&letter)
                        .help("`--help` lists the switches"),
                );
                continue;
            };
            let rest = word.part(at..letters);
            let takes_value = def.argument != table::Argument::None;
            let value = (takes_value && at < letters).then_some(rest);
            if value.is_some() {
                at = letters;
            }
            if let Some(given) = self.words.value_of(def, letter, value, &mut self.diagnostics) {
                self.accept(def, given);
            }
        }
    }

    /// Finds an option by its name, an alias, or the beginning of one.
    fn find(&self, name: &[u8]) -> Found {
        let Ok(name) = std::str::from_utf8(name) else { return Found::Nothing };
        if name.is_empty() {
            return Found::Nothing;
        }
        if let Some(def) = self.exact(name) {
            return Found::Option(def);
        }
        let mut candidates: Vec<(&'static str, &'static OptionDef)> = Vec::new();
        for def in table::all().filter(|def| self.may_be_abbreviated(def)) {
            let names = std::iter::once(&def.name).chain(def.aliases);
            candidates.extend(names.filter(|full| full.starts_with(name)).map(|full| (*full, def)));
        }
        match candidates.as_slice() {
            [] => Found::Nothing,
            // A switch and a job option may share a name; the full name decides between them.
            [(_, first), rest @ ..] if rest.iter().all(|(_, def)| def.name == first.name) => {
                self.exact(first.name).map_or(Found::Nothing, Found::Option)
            }
            _ => Found::Several(candidates.into_iter().map(|(name, _)| name).collect()),
        }
    }

    /// Options of the present profile win over all others, those of the present engine over those of other engines with the same name; what does
    /// not belong here at all is still found, so that it can be said where it belongs.
    fn exact(&self, name: &str) -> Option<&'static OptionDef> {
        let rank = |def: &OptionDef| match def.scope {
            Scope::Profile(_) if self.may_be_abbreviated(def) => 0,
            Scope::Switch => 0,
            Scope::Job => 1,
            _ if self.may_be_abbreviated(def) => 2,
            _ => 3,
        };
        table::all().filter(|def| def.is_called(name)).min_by_key(|def| rank(def))
    }

    fn may_be_abbreviated(&self, def: &OptionDef) -> bool {
        match def.scope {
            Scope::Job | Scope::Switch => true,
            Scope::Engine(engines) => {
                self.engine.as_deref().is_some_and(|engine| engines.contains(&engine))
            }
            Scope::Profile(profile) => {
                self.in_profile && self.profile.as_ref().is_some_and(|own| own.name == profile)
            }
        }
    }

    fn accept(&mut self, def: &'static OptionDef, given: Given) {
        match (def.scope, &mut self.profile) {
            (Scope::Switch, _) if def.name == "profile" => self.open_profile(&given),
            (Scope::Profile(name), Some(profile)) if self.in_profile && profile.name == name => {
                profile.given.push((def, given.name, given.value));
            }
            (Scope::Switch, _) => {
                self.stopped =
                    switches::apply(def, &given, &mut self.invocation, &mut self.diagnostics);
            }
            _ => self.setting(def, given),
        }
    }

    fn setting(&mut self, def: &'static OptionDef, given: Given) {
        let value = given.value.as_ref().map(Origin::bytes).unwrap_or_default();
        if def.name == "name" {
            self.open_section(given.value.as_ref().unwrap_or(&given.name), value.is_empty());
            if value.is_empty() {
                return;
            }
        }
        if def.name == "ioengine" {
            let text = shown(value);
            self.engine = Some(text.split(':').next().unwrap_or_default().to_owned());
            if self.in_globals {
                self.engine_of_globals.clone_from(&self.engine);
            }
        }
        let replaced =
            Replaced { name: Cow::Borrowed(def.name.as_bytes()), value: ReplacedValue::AsTyped };
        if self.document.sections().len() == 0 {
            self.document.open_section(SectionKind::Global, self.source, 0..0);
        }
        let typed = Typed {
            source: self.source,
            name: given.name.range(),
            value: given.value.map(|value| value.range()),
        };
        self.document.push_setting(typed, Some(replaced));
    }

    fn open_profile(&mut self, given: &Given) {
        let Some(origin) = &given.value else { return };
        let Some(name) = profile::NAMES.into_iter().find(|name| name.as_bytes() == origin.bytes())
        else {
            self.diagnostics.push(
                Diagnostic::error(format!("unknown profile `{}`", shown(origin.bytes())))
                    .code(Code::BAD_SWITCH_VALUE)
                    .at(origin)
                    .label(format!("one of {}", listed(&profile::NAMES))),
            );
            return;
        };
        self.profile = Some(Request { name, origin: origin.clone(), given: Vec::new() });
        self.in_profile = true;
    }

    fn open_section(&mut self, name: &Origin, is_empty: bool) {
        if is_empty {
            self.diagnostics.push(
                Diagnostic::error("`--name` without a name")
                    .code(Code::EMPTY_NAME)
                    .at(name)
                    .label("a word is needed"),
            );
        }
        self.in_profile = false;
        self.engine.clone_from(&self.engine_of_globals);
        let kind = SectionKind::of(name.bytes());
        self.in_globals = kind == SectionKind::Global;
        self.document.open_section(kind, self.source, name.range());
    }

    fn finish(mut self) -> (Invocation, Diagnostics) {
        self.invocation.spec.documents.push(self.document);
        for file in &self.files {
            if let Some(document) = read_job_file(file, self.host, &mut self.diagnostics) {
                self.invocation.spec.documents.push(document);
            }
        }
        if let Some(profile) = &self.profile {
            let (document, found) = profile::expand(profile, self.host);
            self.diagnostics.extend(found);
            self.invocation.spec.documents.push(document);
        }
        let runs = self.invocation.action == Action::Run;
        let understood = !self.diagnostics.has(Severity::Unbuilt);
        if runs && understood && !self.invocation.spec.has_jobs() {
            self.diagnostics.push(no_jobs(&self.invocation.spec, &self.words));
        }
        (self.invocation, self.diagnostics)
    }
}

fn no_jobs(spec: &Spec, words: &Words) -> Diagnostic {
    if spec.only.is_empty() {
        return Diagnostic::error("no job is defined")
            .code(Code::NO_JOB)
            .help("name a job file, or describe a job with `--name=NAME` and options");
    }
    let wanted: Vec<String> = spec.only.iter().map(|name| shown(name)).collect();
    Diagnostic::error(format!("no job is called {}", listed(&wanted)))
        .code(Code::NO_JOB)
        .at(&words.start())
        .help("`--section` names a section that the job files do not have")
}

/// What a name on the command line may be.
enum Found {
    Option(&'static OptionDef),
    Several(Vec<&'static str>),
    Nothing,
}

fn short(letter: u8) -> Option<&'static OptionDef> {
    table::short_switch(char::from(letter))
}

fn split_at_equals(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|&byte| byte == b'=') {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Words for a sentence: `` `a`, `b` ``; long lists are cut.
fn listed(names: &[impl AsRef<str>]) -> String {
    const MOST: usize = 12;
    let mut list: Vec<String> =
        names.iter().take(MOST).map(|name| format!("`{}`", name.as_ref())).collect();
    if names.len() > MOST {
        list.push(format!("{} others", names.len() - MOST));
    }
    list.join(", ")
}

fn read_job_file(
    file: &Origin,
    host: &Host<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Document> {
    let path = Path::new(OsStr::from_bytes(file.bytes()));
    let name = if file.bytes() == b"-" { "standard input".into() } else { shown(file.bytes()) };
    match (host.read_file)(path) {
        Ok(text) => {
            let source = Arc::new(Source::new(name, text));
            let (document, found) = jobfile::parse(&source, path, host);
            diagnostics.extend(found);
            Some(document)
        }
        Err(error) => {
            let mut diagnostic =
                Diagnostic::error(format!("cannot read job file {name}: {}", reason(&error)))
                    .code(Code::JOB_FILE_UNREADABLE)
                    .at(file);
            let (option, value) = split_at_equals(file.bytes());
            if value.is_some() && table::job_option(&shown(option)).is_some() {
                diagnostic = diagnostic.help("options of jobs begin with `--`");
            }
            diagnostics.push(diagnostic);
            None
        }
    }
}

#[cfg(test)]
mod tests;
