//! Job files as command lines (`--showcmd`): [`Spec`] to words that mean the same.
//!
//! Each job file becomes one line for a POSIX shell. What the command line cannot order by itself is
//! put in order here, as fio does: the units of sizes first, names of files last, options of engines
//! behind all others. Variables and includes are already resolved in a [`Spec`]. Nothing here finds out
//! what settings mean; only a specification that lowers without errors is worth printing.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::lower::order;
use crate::spec::{Document, DocumentKind, Origin, Section, SectionKind, Setting, Spec};
use crate::table::{self, Argument, OptionDef};

/// One command line for each job file, and one for the jobs of a profile, each ended by a line feed.
/// What was given on the command line itself goes before the first; its defaults go before a profile.
/// `program` is the word to begin with.
pub fn command_lines(spec: &Spec, program: &str) -> (Vec<u8>, Diagnostics) {
    let mut text = Vec::new();
    let mut diagnostics = Diagnostics::default();
    let (typed, others) = spec.documents.split_at(spec.documents.len().min(1));
    let typed = typed.first().filter(|typed| typed.sections().len() > 0);
    for index in 0..others.len().max(usize::from(typed.is_some())) {
        let other = others.get(index);
        let mut line = Line::new(spec, program, &mut diagnostics);
        if let Some(typed) = typed {
            let of_profile = other.is_some_and(|other| other.kind() == DocumentKind::Profile);
            line.document(typed, |kind| index == 0 || of_profile && kind == SectionKind::Global);
        }
        if let Some(other) = other {
            line.document(other, |_| true);
        }
        text.append(&mut line.text);
        text.push(b'\n');
    }
    (text, diagnostics)
}

/// A command line in the making.
struct Line<'a> {
    spec: &'a Spec,
    text: Vec<u8>,
    /// Options go to the defaults now, as they do before the first `--name`.
    global: bool,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> Line<'a> {
    fn new(spec: &'a Spec, program: &str, diagnostics: &'a mut Diagnostics) -> Self {
        let mut line = Line { spec, text: Vec::new(), global: true, diagnostics };
        quote(program.as_bytes(), &mut line.text);
        // Switches belong to each command, since they decide what its jobs may do.
        let switches = [(spec.readonly, "readonly"), (spec.warnings_fatal, "warnings-fatal")];
        for (_, switch) in switches.into_iter().filter(|(given, _)| *given) {
            line.text.extend_from_slice(format!(" --{switch}").as_bytes());
        }
        line
    }

    fn document(&mut self, document: &Document, wanted: impl Fn(SectionKind) -> bool) {
        for section in document.sections().filter(|section| wanted(section.kind())) {
            match section.kind() {
                SectionKind::Job if !self.spec.wants(section.name()) => continue,
                SectionKind::Job => self.open_job(section),
                SectionKind::Global => self.open_globals(section),
            }
            self.settings(document.kind(), section);
        }
    }

    /// A job is called what its last `name` says, else what its section is called.
    fn open_job(&mut self, section: Section<'_>) {
        let named = section.settings().rfind(|setting| is_name(*setting));
        let (name, origin) = match named.and_then(|s| Some((s.value()?, s.value_origin()))) {
            Some((name, origin)) => (name, origin),
            None => (section.name(), section.origin()),
        };
        if name.is_empty() {
            self.cannot("a job without a name", &origin);
        } else if SectionKind::of(name) == SectionKind::Global {
            self.cannot("a job whose name begins with `global`", &origin);
        }
        self.word("name", Some(name), || origin.clone());
        self.global = false;
    }

    fn open_globals(&mut self, section: Section<'_>) {
        if !std::mem::replace(&mut self.global, true) {
            self.word("name", Some(section.name()), || section.origin());
        }
    }

    fn settings(&mut self, kind: DocumentKind, section: Section<'_>) {
        let mut settings: Vec<(i8, Setting<'_>)> = section
            .settings()
            .filter(|setting| !is_name(*setting))
            .map(|setting| (rank(kind, setting), setting))
            .collect();
        settings.sort_by_key(|(rank, _)| *rank);
        for (_, setting) in settings {
            let def = definition(setting.name());
            let name = def.filter(|def| def.scope == table::Scope::Job).map(|def| def.name);
            // An option that lacks its value and does no harm by that does nothing at all, as one
            // that is a switch on the command line does nothing in a job.
            let lacks_value = setting.value().is_none()
                && def.is_some_and(|def| def.argument == Argument::Required);
            let typed = String::from_utf8_lossy(setting.name());
            let name = name.unwrap_or(&typed);
            if !lacks_value && table::switch(name).is_none() {
                self.word(name, setting.value(), || setting.value_origin());
            }
        }
    }

    fn word(&mut self, name: &str, value: Option<&[u8]>, origin: impl Fn() -> Origin) {
        self.text.extend_from_slice(b" --");
        quote(name.as_bytes(), &mut self.text);
        if let Some(value) = value {
            if value.contains(&0) {
                self.cannot("a NUL byte", &origin());
            }
            self.text.push(b'=');
            quote(value, &mut self.text);
        }
    }

    fn cannot(&mut self, what: &str, origin: &Origin) {
        self.diagnostics.push(
            Diagnostic::error(format!("{what} cannot be written on a command line"))
                .code(Code::NOT_ON_COMMAND_LINE)
                .at(origin),
        );
    }
}

fn is_name(setting: Setting<'_>) -> bool {
    setting.name() == b"name"
}

fn definition(name: &[u8]) -> Option<&'static OptionDef> {
    let name = std::str::from_utf8(name).ok()?;
    table::job_option(name)
        .or_else(|| table::engine_options().find(|def| def.is_called(name)))
        .or_else(|| table::profile_options().find(|def| def.is_called(name)))
}

/// Place among the settings of a section.
fn rank(kind: DocumentKind, setting: Setting<'_>) -> i8 {
    let def = definition(setting.name()).filter(|def| def.scope == table::Scope::Job);
    match (kind, def) {
        (_, None) => i8::MAX,
        (DocumentKind::JobFile, Some(def)) => order(def),
        (DocumentKind::CommandLine | DocumentKind::Profile, Some(_)) => 0,
    }
}

/// Writes a word, or a part of one, so that a POSIX shell reads these very bytes.
fn quote(bytes: &[u8], out: &mut Vec<u8>) {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-+=:,./@%^".contains(byte);
    if bytes.iter().all(plain) {
        out.extend_from_slice(bytes);
        return;
    }
    out.push(b'\'');
    for &byte in bytes {
        match byte {
            b'\'' => out.extend_from_slice(b"'\\''"),
            _ => out.push(byte),
        }
    }
    out.push(b'\'');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commandline;
    use crate::host::test_host;
    use std::ffi::OsString;

    /// What a job file with these bytes is shown as, and the findings.
    fn shown(text: &[u8]) -> (Vec<u8>, Vec<String>) {
        let read = |_: &std::path::Path| Ok(text.to_vec());
        let two_lines = |_: &std::ffi::OsStr| Some(OsString::from("a\nb"));
        let mut host = test_host();
        host.read_file = &read;
        host.env = &two_lines;
        let (invocation, _) = commandline::parse(&["t.fio".into()], &host);
        let (line, found) = command_lines(&invocation.spec, "fio");
        (line, found.iter().map(Diagnostic::one_line).collect())
    }

    #[test]
    fn any_bytes_are_quoted() {
        let (line, found) =
            shown(b"[\xff]\nfilename=\xfe it's\ndescription=${TWO}\nthread\ncomm=\n");
        assert_eq!(found, [""; 0]);
        let expected: &[u8] =
            b"fio --name='\xff' --description='a\nb' --thread --comm= --filename='\xfe it'\\''s'\n";
        assert_eq!(line, expected);
    }

    #[test]
    fn what_no_command_can_say_is_an_error() {
        let check = |text: &[u8], expected: &str| {
            assert_eq!(
                shown(text).1,
                [expected.to_owned() + " cannot be written on a command line"]
            );
        };
        check(b"[a]\ncomm=x\0y\n", "t.fio:2:6: a NUL byte");
        check(b"[]\n", "t.fio:1:2: a job without a name");
        check(
            b"[a]\nname=globe\nname=global\n",
            "t.fio:3:6: a job whose name begins with `global`",
        );
    }
}
