//! Reads job files: sections, option lines, comments, includes.
//!
//! A job file is a list of lines. `[name]` opens a section, every other line is an option of the
//! section above it: `name` or `name=value`. Text from the first `;` or `#` on is a comment, without
//! exceptions. Everything is bytes; nothing here knows which options exist.

use std::ffi::OsStr;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, reason};
use crate::host::Host;
use crate::spec::{Document, DocumentKind, Origin, Section, SectionKind, Setting, Source};
use crate::variables::expand;

/// Longest section name, as fio's.
const MAX_NAME_BYTES: usize = 255;
/// Most files that include each other in a chain.
const MAX_INCLUDE_DEPTH: usize = 32;
/// Most files that one job file includes altogether: files that include others twice multiply.
const MAX_INCLUDES: usize = 10_000;

/// Reads the text of a job file. `path` is where relative includes are also looked for.
pub fn parse(text: &Arc<Source>, path: &Path, host: &Host<'_>) -> (Document, Diagnostics) {
    let mut reader = Reader {
        host,
        sections: Vec::new(),
        diagnostics: Diagnostics::default(),
        stack: vec![path.to_owned()],
        included: 0,
        lost: false,
    };
    reader.read(text);
    (Document { kind: DocumentKind::JobFile, sections: reader.sections }, reader.diagnostics)
}

struct Reader<'a> {
    host: &'a Host<'a>,
    sections: Vec<Section>,
    diagnostics: Diagnostics,
    /// Files being read; the last one is read now, the others include it.
    stack: Vec<PathBuf>,
    /// Files included so far.
    included: usize,
    /// Options before the first section have been complained about.
    lost: bool,
}

impl Reader<'_> {
    fn read(&mut self, source: &Arc<Source>) {
        let mut start = 0;
        for line in source.text.split(|&byte| byte == b'\n') {
            if let Some(range) = content(line) {
                let origin = Origin::new(source, start + range.start..start + range.end);
                self.line(&origin);
            }
            start += line.len() + 1;
        }
    }

    fn line(&mut self, origin: &Origin) {
        let text = origin.bytes();
        if text[0] == b'[' {
            if self.stack.len() > 1 {
                self.diagnostics.push(
                    Diagnostic::error("section header in an included file")
                        .code(Code::SECTION_IN_INCLUDE)
                        .at(origin)
                        .label("an included file holds option lines only"),
                );
            } else {
                self.header(origin);
            }
        } else if text.len() > 7 && text.starts_with(b"include") && text[7].is_ascii_whitespace() {
            self.include(origin);
        } else {
            self.option(origin);
        }
    }

    fn header(&mut self, origin: &Origin) {
        let text = origin.bytes();
        // The last character closes the name, so that names may hold brackets.
        let closed = text.len() > 1 && text.ends_with(b"]");
        let range = 1..if closed { text.len() - 1 } else { text.len() };
        if !closed {
            self.diagnostics.push(
                Diagnostic::error("section header without a closing bracket")
                    .code(Code::UNCLOSED_SECTION)
                    .at(origin)
                    .label("the line must end with `]`"),
            );
        }
        let name = origin.part(range);
        if name.range().len() > MAX_NAME_BYTES {
            self.diagnostics.push(
                Diagnostic::error("section name is too long")
                    .code(Code::SECTION_NAME_TOO_LONG)
                    .at(&name)
                    .label(format!("at most {MAX_NAME_BYTES} bytes")),
            );
        }
        self.sections.push(Section {
            kind: SectionKind::of(name.bytes()),
            name: name.bytes().to_vec(),
            origin: name,
            settings: Vec::new(),
        });
    }

    fn option(&mut self, origin: &Origin) {
        let setting = setting(origin, self.host);
        if setting.name.is_empty() {
            let rule = "an option line is `name` or `name=value`";
            self.diagnostics.push(
                Diagnostic::error("option line without a name")
                    .code(Code::LINE_WITHOUT_NAME)
                    .at(origin)
                    .label(rule),
            );
            return;
        }
        if let Some(section) = self.sections.last_mut() {
            section.settings.push(setting);
        } else {
            self.outside(origin);
        }
    }

    /// Complains about the first line before any section only: the others have the same cause.
    fn outside(&mut self, origin: &Origin) {
        if !std::mem::replace(&mut self.lost, true) {
            self.diagnostics.push(
                Diagnostic::error("option outside of a section")
                    .code(Code::OPTION_OUTSIDE_SECTION)
                    .at(origin)
                    .label("there is no `[section]` above this line")
                    .help("put `[global]` above it if it is meant for all jobs"),
            );
        }
    }

    fn include(&mut self, origin: &Origin) {
        if self.sections.is_empty() {
            self.outside(origin);
            return;
        }
        // The limit is reported once.
        if self.included > MAX_INCLUDES {
            return;
        }
        let blanks = 7 + origin.bytes()[7..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        let place = origin.part(blanks..origin.range().len());
        let typed = expand(place.bytes(), self.host);
        let typed = Path::new(OsStr::from_bytes(&typed));
        self.included += 1;
        match self.open(typed) {
            Ok((path, text)) => {
                let source = Arc::new(Source { name: path.display().to_string(), text });
                self.stack.push(path);
                self.read(&source);
                self.stack.pop();
            }
            Err(reason) => self.diagnostics.push(
                Diagnostic::error(format!("cannot include {}: {reason}", typed.display()))
                    .code(Code::INCLUDE_FAILED)
                    .at(&place),
            ),
        }
    }

    /// A relative name is tried as it is, then beside the including file.
    fn open(&self, typed: &Path) -> Result<(PathBuf, Vec<u8>), String> {
        let beside = self.stack.last().and_then(|path| path.parent()).map(|dir| dir.join(typed));
        let mut error = None;
        for path in [Some(typed.to_owned()), beside].into_iter().flatten() {
            match (self.host.read_file)(&path) {
                Ok(_) if self.included > MAX_INCLUDES => {
                    return Err(format!("more than {MAX_INCLUDES} files are included"));
                }
                Ok(_) if self.stack.contains(&path) => return Err("it includes itself".into()),
                Ok(_) if self.stack.len() >= MAX_INCLUDE_DEPTH => {
                    return Err(format!("more than {MAX_INCLUDE_DEPTH} files include each other"));
                }
                Ok(text) => return Ok((path, text)),
                Err(failure) => error = error.or(Some(failure)),
            }
        }
        Err(error.map_or("no such file".into(), |error| reason(&error)))
    }
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

/// Takes an option line apart.
fn setting(origin: &Origin, host: &Host<'_>) -> Setting {
    let typed = origin.bytes();
    let typed_equals = typed.iter().position(|&byte| byte == b'=');
    let name_end = typed_equals.unwrap_or(typed.len());
    let name_end = typed[..name_end].trim_ascii_end().len();
    let name_origin = origin.part(0..name_end);
    let value_origin = typed_equals
        .map_or_else(|| name_origin.clone(), |equals| origin.part(equals + 1..typed.len()));
    let line = expand(typed, host);
    let (name, value) = match line.iter().position(|&byte| byte == b'=') {
        Some(equals) => (&line[..equals], Some(line[equals + 1..].to_vec())),
        None => (&line[..], None),
    };
    Setting { name: name.trim_ascii_end().to_vec(), value, name_origin, value_origin }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::test_host;

    fn read(path: &str, text: &[u8]) -> (Document, Diagnostics) {
        let source = Arc::new(Source { name: path.into(), text: text.to_vec() });
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
            .sections
            .iter()
            .map(|section| {
                let settings: Vec<_> = section
                    .settings
                    .iter()
                    .map(|s| match &s.value {
                        Some(value) => format!("{}={}", text(&s.name), text(value)),
                        None => text(&s.name),
                    })
                    .collect();
                format!("{}: {}", text(&section.name), settings.join("|"))
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
        let origin = &document.sections[0].settings[2].name_origin;
        assert_eq!(origin.to_string(), "part.inc:2:1");
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

    #[test]
    fn includes_that_multiply_are_stopped() {
        // Each level includes the next one ten times.
        let mut host = test_host();
        let read = |path: &Path| {
            let level = path.as_os_str().len();
            Ok(format!("include {}\n", "x".repeat(level + 1)).repeat(10).into_bytes())
        };
        host.read_file = &read;
        let source = Arc::new(Source { name: "t".into(), text: b"[a]\ninclude x\n".to_vec() });
        let (_, diagnostics) = parse(&source, Path::new("t"), &host);
        let last = diagnostics.iter().last().unwrap();
        assert!(last.message.ends_with("more than 10000 files are included"), "{last:?}");
    }

    #[test]
    fn names_need_not_be_utf8_and_places_are_kept() {
        let (document, _) = read("t.fio", b"[\xff]\n  filename = /tmp/\xfe \n");
        let section = &document.sections[0];
        assert_eq!(section.name, b"\xff");
        assert_eq!(section.origin.to_string(), "t.fio:1:2");
        let setting = &section.settings[0];
        assert_eq!(setting.value.as_deref(), Some(&b" /tmp/\xfe"[..]));
        assert_eq!(setting.name_origin.bytes(), b"filename");
        assert_eq!(setting.value_origin.to_string(), "t.fio:2:13");
    }
}
