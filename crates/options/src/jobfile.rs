//! Reads job files: sections, option lines, comments, includes.
//!
//! A job file is a list of lines. `[name]` opens a section, every other line is an option of the
//! section above it: `name` or `name=value`. Text from the first `;` or `#` on is a comment, without
//! exceptions. Everything is bytes; nothing here knows which options exist.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, reason};
use crate::host::Host;
use crate::spec::{
    Document, DocumentKind, Origin, Replaced, ReplacedValue, SectionKind, Source, Typed,
};
use crate::variables::{TooLong, expand};

/// Longest section name, as fio's.
const MAX_NAME_BYTES: usize = 255;
/// Most sections of a job file. It bounds the memory that tiny sections may ask for.
const MAX_SECTIONS: usize = 110_000;
/// Most files that include each other in a chain.
const MAX_INCLUDE_DEPTH: usize = 32;
/// Most files that one job file includes altogether: files that include others twice multiply.
const MAX_INCLUDES: usize = 10_000;
/// Most bytes that included files have altogether, for the same reason.
const MAX_INCLUDED_BYTES: usize = 64 << 20;
/// Most settings from files that were included before.
const MAX_SETTINGS_AGAIN: usize = 200_000;
/// Most bytes of all lines with variables in them, when these are replaced.
const MAX_EXPANDED_BYTES: usize = 8 << 20;

/// Reads the text of a job file. `path` is where relative includes are also looked for.
pub fn parse(text: &Arc<Source>, path: &Path, host: &Host<'_>) -> (Document, Diagnostics) {
    let mut reader = Reader {
        host,
        document: Document::new(DocumentKind::JobFile),
        diagnostics: Diagnostics::default(),
        stack: Vec::new(),
        known: HashMap::new(),
        included: 0,
        included_bytes: 0,
        again: false,
        settings_again: 0,
        expanded_bytes: 0,
        sections: 0,
        outside_was_said: false,
        limit_was_said: false,
    };
    if let Some(number) = reader.add(text) {
        reader.stack.push(path.to_owned());
        reader.read(number, text);
    }
    (reader.document, reader.diagnostics)
}

struct Reader<'a> {
    host: &'a Host<'a>,
    document: Document,
    diagnostics: Diagnostics,
    /// Files being read; the last one is read now, the others include it.
    stack: Vec<PathBuf>,
    /// Files that were included, with their numbers: each is read once.
    known: HashMap<PathBuf, (u32, Arc<Source>)>,
    /// Files included so far.
    included: usize,
    /// Bytes of these files.
    included_bytes: usize,
    /// What is read now was included before.
    again: bool,
    /// Settings from files that were included before.
    settings_again: usize,
    /// Bytes of lines with variables.
    expanded_bytes: usize,
    /// Section headers met.
    sections: usize,
    /// Options before the first section have been complained about.
    outside_was_said: bool,
    /// One of the limits has been complained about.
    limit_was_said: bool,
}

/// An option line, or another, and the number of the source that it is in.
#[derive(Clone, Copy)]
struct Line<'a> {
    source: &'a Arc<Source>,
    number: u32,
    start: usize,
    end: usize,
}

impl<'a> Line<'a> {
    fn text(self) -> &'a [u8] {
        &self.source.text[self.start..self.end]
    }

    fn origin(self) -> Origin {
        Origin::new(self.source, self.start..self.end)
    }
}

impl Reader<'_> {
    /// Makes a text part of the document.
    fn add(&mut self, source: &Arc<Source>) -> Option<u32> {
        if source.text.len() >= Source::MAX_BYTES {
            let limit = Source::MAX_BYTES;
            let message = format!("{} is longer than {limit} bytes", source.name);
            self.diagnostics.push(Diagnostic::error(message).code(Code::TOO_LARGE));
            return None;
        }
        Some(self.document.add_source(source))
    }

    fn read(&mut self, number: u32, source: &Arc<Source>) {
        let mut start = 0;
        for line in source.text.split(|&byte| byte == b'\n') {
            if let Some(range) = content(line) {
                let (start, end) = (start + range.start, start + range.end);
                self.line(Line { source, number, start, end });
            }
            start += line.len() + 1;
        }
    }

    fn line(&mut self, line: Line<'_>) {
        let text = line.text();
        if text[0] == b'[' {
            if self.stack.len() > 1 {
                self.diagnostics.push(
                    Diagnostic::error("section header in an included file")
                        .code(Code::SECTION_IN_INCLUDE)
                        .at(&line.origin())
                        .label("an included file holds option lines only"),
                );
            } else {
                self.header(line);
            }
        } else if text.len() > 7 && text.starts_with(b"include") && text[7].is_ascii_whitespace() {
            self.include(line);
        } else {
            self.option(line);
        }
    }

    fn header(&mut self, line: Line<'_>) {
        let text = line.text();
        // The last character closes the name, so that names may hold brackets.
        let closed = text.len() > 1 && text.ends_with(b"]");
        if !closed {
            self.diagnostics.push(
                Diagnostic::error("section header without a closing bracket")
                    .code(Code::UNCLOSED_SECTION)
                    .at(&line.origin())
                    .label("the line must end with `]`"),
            );
        }
        let name = line.start + 1..line.end - usize::from(closed);
        if name.len() > MAX_NAME_BYTES {
            self.diagnostics.push(
                Diagnostic::error("section name is too long")
                    .code(Code::SECTION_NAME_TOO_LONG)
                    .at(&Origin::new(line.source, name.clone()))
                    .label(format!("at most {MAX_NAME_BYTES} bytes")),
            );
        }
        self.sections += 1;
        match self.sections {
            0..=MAX_SECTIONS => {
                let kind = SectionKind::of(&line.source.text[name.clone()]);
                self.document.open_section(kind, line.number, name);
            }
            _ => self.limit(line, &format!("more than {MAX_SECTIONS} sections")),
        }
    }

    /// Complains about a limit; nothing that follows is worth another complaint.
    fn limit(&mut self, line: Line<'_>, message: &str) {
        if !std::mem::replace(&mut self.limit_was_said, true) {
            let diagnostic = Diagnostic::error(message).code(Code::TOO_LARGE);
            self.diagnostics.push(diagnostic.at(&line.origin()));
        }
    }

    fn option(&mut self, line: Line<'_>) {
        self.settings_again += usize::from(self.again);
        if self.settings_again > MAX_SETTINGS_AGAIN {
            self.limit(line, "files that are included again and again have too many options");
            return;
        }
        let Some((typed, replaced)) = self.setting(line) else { return };
        let empty = match &replaced {
            Some(replaced) => replaced.name.is_empty(),
            None => typed.name.is_empty(),
        };
        if empty {
            let rule = "an option line is `name` or `name=value`";
            self.diagnostics.push(
                Diagnostic::error("option line without a name")
                    .code(Code::LINE_WITHOUT_NAME)
                    .at(&line.origin())
                    .label(rule),
            );
        } else if self.sections > MAX_SECTIONS {
            // It belongs to a section that is left out.
        } else if !self.document.push_setting(typed, replaced) {
            self.outside(line);
        }
    }

    /// Takes an option line apart: where its name and value are, and what stands for them.
    fn setting(&mut self, line: Line<'_>) -> Option<(Typed, Option<Replaced>)> {
        let text = line.text();
        let equals = text.iter().position(|&byte| byte == b'=');
        let name_end = text[..equals.unwrap_or(text.len())].trim_ascii_end().len();
        let typed = Typed {
            source: line.number,
            name: line.start..line.start + name_end,
            value: equals.map(|equals| line.start + equals + 1..line.end),
        };
        match self.expand(line, text)? {
            Cow::Borrowed(_) => Some((typed, None)),
            Cow::Owned(text) => Some((typed, Some(replaced(&text)))),
        }
    }

    /// Replaces variables; `None` if that gets out of hand.
    fn expand<'t>(&mut self, line: Line<'_>, text: &'t [u8]) -> Option<Cow<'t, [u8]>> {
        let room = MAX_EXPANDED_BYTES - self.expanded_bytes;
        match expand(text, self.host, room) {
            Ok(text) => {
                if let Cow::Owned(text) = &text {
                    self.expanded_bytes += text.len();
                }
                Some(text)
            }
            Err(TooLong) => {
                self.limit(line, "variables make this job file too long");
                None
            }
        }
    }

    /// Complains about the first line before any section only: the others have the same cause.
    fn outside(&mut self, line: Line<'_>) {
        if !std::mem::replace(&mut self.outside_was_said, true) {
            self.diagnostics.push(
                Diagnostic::error("option outside of a section")
                    .code(Code::OPTION_OUTSIDE_SECTION)
                    .at(&line.origin())
                    .label("there is no `[section]` above this line")
                    .help("put `[global]` above it if it is meant for all jobs"),
            );
        }
    }

    fn include(&mut self, line: Line<'_>) {
        if self.sections == 0 {
            self.outside(line);
            return;
        }
        let blanks = 7 + line.text()[7..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        let place = line.origin().part(blanks..line.text().len());
        let Some(typed) = self.expand(line, &line.text()[blanks..]) else { return };
        let typed = Path::new(OsStr::from_bytes(&typed));
        self.included += 1;
        if self.included > MAX_INCLUDES {
            self.limit(line, &format!("more than {MAX_INCLUDES} files are included"));
            return;
        }
        match self.open(typed) {
            Ok((path, number, source, again)) => {
                self.included_bytes += source.text.len();
                if self.included_bytes > MAX_INCLUDED_BYTES {
                    self.limit(line, &format!("more than {MAX_INCLUDED_BYTES} bytes are included"));
                    return;
                }
                let outer = self.again;
                self.again |= again;
                self.stack.push(path);
                self.read(number, &source);
                self.stack.pop();
                self.again = outer;
            }
            Err(reason) => self.diagnostics.push(
                Diagnostic::error(format!("cannot include {}: {reason}", typed.display()))
                    .code(Code::INCLUDE_FAILED)
                    .at(&place),
            ),
        }
    }

    /// A relative name is tried as it is, then beside the including file.
    fn open(&mut self, typed: &Path) -> Result<(PathBuf, u32, Arc<Source>, bool), String> {
        let beside = self.stack.last().and_then(|path| path.parent()).map(|dir| dir.join(typed));
        let mut error = None;
        for path in [Some(typed.to_owned()), beside].into_iter().flatten() {
            if self.stack.contains(&path) {
                return Err("it includes itself".into());
            }
            if let Some((number, source)) = self.known.get(&path) {
                return self.bounded((path, *number, Arc::clone(source), true));
            }
            match (self.host.read_file)(&path) {
                Ok(text) => {
                    let source = Arc::new(Source::new(path.display().to_string(), text));
                    let number = self.add(&source).ok_or("it is too long")?;
                    self.known.insert(path.clone(), (number, Arc::clone(&source)));
                    return self.bounded((path, number, source, false));
                }
                Err(failure) => error = error.or(Some(failure)),
            }
        }
        Err(error.map_or("no such file".into(), |error| reason(&error)))
    }

    fn bounded<T>(&self, found: T) -> Result<T, String> {
        if self.stack.len() >= MAX_INCLUDE_DEPTH {
            return Err(format!("more than {MAX_INCLUDE_DEPTH} files include each other"));
        }
        Ok(found)
    }
}

/// Name and value of a line whose variables were replaced: these may hold its `=`, too.
fn replaced(text: &[u8]) -> Replaced {
    let (name, value) = match text.iter().position(|&byte| byte == b'=') {
        Some(equals) => (&text[..equals], Some(text[equals + 1..].into())),
        None => (text, None),
    };
    let name = Cow::Owned(name.trim_ascii_end().to_vec());
    Replaced { name, value: ReplacedValue::Now(value) }
}

/// The part of a line that means something: without comment and surrounding blanks.
fn content(line: &[u8]) -> Option<Range<usize>> {
    let end = line.iter().position(|byte| b";#".contains(byte)).unwrap_or(line.len());
    let text = &line[..end];
    let start = text.iter().position(|byte| !is_blank(*byte))?;
    let last = text.iter().rposition(|byte| !is_blank(*byte))?;
    Some(start..last + 1)
}

/// White space of the C locale; the vertical tab is not ASCII white space to Rust.
fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::test_host;

    fn read(path: &str, text: &[u8]) -> (Document, Diagnostics) {
        let source = Arc::new(Source::new(path, text));
        parse(&source, Path::new(path), &test_host())
    }

    /// Sections as `name: option=value option`.
    fn check(text: &str, expected: &[&str]) {
        let (document, diagnostics) = read("t.fio", text.as_bytes());
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert_eq!(shown(&document), expected);
    }

    fn shown(document: &Document) -> Vec<String> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        document
            .sections()
            .map(|section| {
                let settings: Vec<_> = section
                    .settings()
                    .map(|s| match s.value() {
                        Some(value) => format!("{}={}", text(s.name()), text(value)),
                        None => text(s.name()),
                    })
                    .collect();
                format!("{}: {}", text(section.name()), settings.join("|"))
            })
            .collect()
    }

    fn check_errors(text: &str, expected: &[&str]) {
        let (_, diagnostics) = read("dir/t.fio", text.as_bytes());
        let lines: Vec<_> = diagnostics.iter().map(Diagnostic::one_line).collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn sections_options_and_comments() {
        check("", &[]);
        check("; only\n  # comments\n\n", &[]);
        check("[a]\nrw=read\nthread\n[b c]\n", &["a: rw=read|thread", "b c: "]);
        check("  [a] ; x\r\n\tbs = 4k \r\nd=a#b;c", &["a: bs= 4k|d=a"]);
        check("[a[b]c]\nx=[y]\n", &["a[b]c: x=[y]"]);
        check("[a]\nx==1\ny=\n", &["a: x==1|y="]);
        check("[a]\nincluded=1\n", &["a: included=1"]);
        check("[]\n", &[": "]);
    }

    #[test]
    fn variables_may_stand_anywhere_but_in_headers() {
        check("[${SIZE}]\n${NAME}=$pagesize\nsize=${SIZE}\n", &["${SIZE}: bs=4096|size=16k"]);
    }

    #[test]
    fn includes_are_read_in_place_here_or_beside_the_file() {
        let (document, diagnostics) =
            read("dir/t.fio", b"[a]\nrw=read\ninclude part.inc\ninclude \tnear.inc\nx=1\n");
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert_eq!(shown(&document), ["a: rw=read|bs=8k|iodepth=2|bs=2k|x=1"]);
        let setting = document.sections().next().unwrap().settings().nth(2).unwrap();
        assert_eq!(setting.name_origin().to_string(), "part.inc:2:1");
    }

    #[test]
    fn what_is_not_a_job_file_is_said() {
        check_errors(
            "bs=4k\nrw=read\n[a\n=5\n",
            &[
                "dir/t.fio:1:1: option outside of a section (there is no `[section]` above this \
                 line); put `[global]` above it if it is meant for all jobs",
                "dir/t.fio:3:1: section header without a closing bracket (the line must end with \
                 `]`)",
                "dir/t.fio:4:1: option line without a name (an option line is `name` or \
                 `name=value`)",
            ],
        );
        check_errors(
            "[a]\n include gone.inc\ninclude cycle.inc\ninclude section.inc\n",
            &[
                "dir/t.fio:2:10: cannot include gone.inc: entity not found",
                "cycle.inc:1:9: cannot include cycle.inc: it includes itself",
                "section.inc:1:1: section header in an included file (an included file holds \
                 option lines only)",
            ],
        );
        check_errors(
            &format!("[{}]\n", "x".repeat(256)),
            &["dir/t.fio:1:2: section name is too long (at most 255 bytes)"],
        );
    }

    /// What is said of files of which each includes the next one ten times, six levels deep.
    fn multiplied(last: &str) -> Vec<String> {
        let mut host = test_host();
        let read = |path: &Path| {
            let level = path.as_os_str().len();
            let next = format!("include {}\n", "x".repeat(level + 1)).repeat(10);
            Ok(if level < 6 { next } else { last.to_owned() }.into_bytes())
        };
        host.read_file = &read;
        let source = Arc::new(Source::new("t", "[a]\ninclude x\n"));
        let (_, diagnostics) = parse(&source, Path::new("t"), &host);
        diagnostics.iter().map(|diagnostic| diagnostic.message.clone()).collect()
    }

    #[test]
    fn includes_that_multiply_are_stopped() {
        assert_eq!(multiplied("x=1\n"), ["more than 10000 files are included"]);
        assert_eq!(
            multiplied(&"x=1\n".repeat(10_000)),
            ["files that are included again and again have too many options"]
        );
        assert_eq!(multiplied(&"#\n".repeat(1 << 20)), ["more than 67108864 bytes are included"]);
    }

    #[test]
    fn more_sections_than_fit_are_an_error() {
        let (document, diagnostics) = read("t", &b"[]\nx=1\n".repeat(MAX_SECTIONS + 2));
        let lines: Vec<_> = diagnostics.iter().map(Diagnostic::one_line).collect();
        assert_eq!(lines, ["t:220001:1: more than 110000 sections"]);
        assert_eq!(document.setting_count(), MAX_SECTIONS);
    }

    #[test]
    fn names_need_not_be_utf8_and_places_are_kept() {
        let (document, _) = read("t.fio", b"[\xff]\n  filename = /tmp/\xfe \n");
        let section = document.sections().next().unwrap();
        assert_eq!(section.name(), b"\xff");
        assert_eq!(section.origin().to_string(), "t.fio:1:2");
        let setting = section.settings().next().unwrap();
        assert_eq!(setting.value(), Some(&b" /tmp/\xfe"[..]));
        assert_eq!(setting.name_origin().bytes(), b"filename");
        assert_eq!(setting.value_origin().to_string(), "t.fio:2:13");
    }
}
