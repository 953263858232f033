//! What was typed, and where.
//!
//! A [`Spec`] holds the sections of the command line and of all job files in the order in which they
//! were read, with nothing interpreted: values are bytes, names may be unknown. Every piece knows its
//! [`Origin`], so that whatever finds fault with it later can point at the very characters. What the
//! settings mean is the business of [`crate::lower()`].

use std::ffi::OsString;
use std::ops::Range;
use std::sync::Arc;

/// A text that settings come from: a job file, or the words of the command line joined by blanks.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// What people call it: the path as typed, `standard input` or `command line`.
    pub name: String,
    /// Its bytes.
    pub text: Vec<u8>,
}

/// Where something was typed.
#[derive(Clone, PartialEq, Eq)]
pub struct Origin {
    source: Arc<Source>,
    start: usize,
    end: usize,
}

impl Origin {
    /// The bytes `range` of `source`; a range outside of the text is cut to it.
    pub fn new(source: &Arc<Source>, range: Range<usize>) -> Self {
        let end = range.end.min(source.text.len());
        Origin { source: Arc::clone(source), start: range.start.min(end), end }
    }

    /// The text that this points into.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The part that this points at.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The bytes that were typed there.
    pub fn bytes(&self) -> &[u8] {
        &self.source.text[self.start..self.end]
    }

    /// Line number, from 1.
    pub fn line(&self) -> usize {
        1 + self.source.text[..self.start].iter().filter(|&&byte| byte == b'\n').count()
    }

    /// Column in bytes, from 1.
    pub fn column(&self) -> usize {
        1 + self.start - self.line_range().start
    }

    /// The line that this begins in, without its line feed.
    pub fn line_range(&self) -> Range<usize> {
        let text = &self.source.text;
        let start =
            text[..self.start].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let end = text[self.start..]
            .iter()
            .position(|&byte| byte == b'\n')
            .map_or(text.len(), |at| self.start + at);
        start..end
    }

    /// From the start of this to the end of `last`, if that is in the same text.
    pub fn through(&self, last: &Origin) -> Self {
        let end = if Arc::ptr_eq(&self.source, &last.source) { last.end } else { self.end };
        Origin { source: Arc::clone(&self.source), start: self.start, end: end.max(self.end) }
    }

    /// A part of this, given relative to its start.
    pub fn part(&self, range: Range<usize>) -> Self {
        Origin::new(&self.source, self.start + range.start..(self.start + range.end).min(self.end))
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.source.name, self.line(), self.column())
    }
}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// All that was typed to describe jobs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spec {
    /// The command line first (possibly without sections), then each job file.
    pub documents: Vec<Document>,
    /// Only jobs of these names are wanted (`--section`); empty: all.
    pub only: Vec<Vec<u8>>,
    /// Writing is refused (`--readonly`).
    pub readonly: bool,
    /// Warnings are errors (`--warnings-fatal`).
    pub warnings_fatal: bool,
    /// Where files go that are neither targets nor logs (`--aux-path`).
    pub aux_path: Option<OsString>,
}

impl Spec {
    /// True if a job is described; sections excluded by `only` do not count.
    pub fn has_jobs(&self) -> bool {
        self.documents
            .iter()
            .flat_map(|document| &document.sections)
            .any(|section| section.kind == SectionKind::Job && self.wants(&section.name))
    }

    /// True if `--section` lets a job of this name through.
    pub fn wants(&self, name: &[u8]) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }
}

/// One text with sections.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Command line or file.
    pub kind: DocumentKind,
    /// Its sections in order.
    pub sections: Vec<Section>,
}

/// What a document is; the rules of order differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    /// Settings take effect one by one in the order of the words.
    CommandLine,
    /// The settings of a section take effect together.
    JobFile,
}

/// One section: a `[name]` and its lines, or a `--name=` and what follows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Job or defaults.
    pub kind: SectionKind,
    /// The name without brackets.
    pub name: Vec<u8>,
    /// Where the name was typed; the start of the document if it has none.
    pub origin: Origin,
    /// Its settings in order.
    pub settings: Vec<Setting>,
}

/// What a section describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionKind {
    /// Defaults of the jobs that follow (`[global...]`, options before the first `--name`).
    Global,
    /// A job.
    Job,
}

impl SectionKind {
    /// A section whose name starts with `global` sets defaults.
    pub fn of(name: &[u8]) -> Self {
        if name.starts_with(b"global") { SectionKind::Global } else { SectionKind::Job }
    }
}

/// One option as typed, variables of job files replaced.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Name or alias; on the command line abbreviations are completed.
    pub name: Vec<u8>,
    /// What follows the `=`, or the next word; `None` if there was neither.
    pub value: Option<Vec<u8>>,
    /// Where the name was typed.
    pub name_origin: Origin,
    /// Where the value was typed, or the name if there is none.
    pub value_origin: Origin,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_count_lines_and_byte_columns_from_one() {
        let source = Arc::new(Source { name: "f".into(), text: "[ä]\n bs=4k\n".into() });
        let at = |range| Origin::new(&source, range).to_string();
        assert_eq!(at(0..1), "f:1:1");
        assert_eq!(at(3..4), "f:1:4", "ä is two bytes");
        assert_eq!(at(6..8), "f:2:2");
        assert_eq!(Origin::new(&source, 6..8).bytes(), b"bs");
        assert_eq!(Origin::new(&source, 6..8).line_range(), 5..11);
        assert_eq!(at(400..900), "f:3:1", "cut to the text");
    }

    #[test]
    fn names_that_start_with_global_are_defaults() {
        assert_eq!(SectionKind::of(b"globalize"), SectionKind::Global);
        assert_eq!(SectionKind::of(b"Global"), SectionKind::Job);
    }
}
