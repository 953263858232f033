//! What was typed, and where.
//!
//! A [`Spec`] holds the sections of the command line and of all job files in the order in which they
//! were read, with nothing interpreted: values are bytes, names may be unknown. Every piece knows its
//! [`Origin`], so that whatever finds fault with it later can point at the very characters. What the
//! settings mean is the business of [`crate::lower()`].
//!
//! A job file may have a hundred thousand sections, so a document is two flat lists of ranges into its
//! texts; [`Section`] and [`Setting`] are views of them.

use std::borrow::Cow;
use std::ffi::OsString;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A text that settings come from: a job file, or the words of the command line joined by blanks.
#[derive(Debug)]
pub struct Source {
    /// What people call it: the path as typed, `standard input` or `command line`.
    pub name: String,
    /// Its bytes.
    pub text: Vec<u8>,
    /// Line feeds before each [block](Source::BLOCK), once somebody has asked for a line.
    line_feeds: OnceLock<Vec<u32>>,
}

impl Source {
    /// Longest text whose places can be told.
    pub const MAX_BYTES: usize = u32::MAX as usize;
    /// Distance of the places at which lines are counted in advance.
    const BLOCK: usize = 4096;

    /// A text that people call `name`.
    pub fn new(name: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        Source { name: name.into(), text: text.into(), line_feeds: OnceLock::new() }
    }

    fn line_feeds(&self) -> &[u32] {
        self.line_feeds.get_or_init(|| {
            let mut before = 0;
            let mut count = |block: &[u8]| {
                let here = before;
                before += count_line_feeds(block);
                here
            };
            self.text.chunks(Self::BLOCK).map(&mut count).collect()
        })
    }

    /// Line feeds before a place.
    fn line_feeds_before(&self, at: usize) -> usize {
        let block = at / Self::BLOCK;
        match self.line_feeds().get(block) {
            Some(&before) => {
                (before + count_line_feeds(&self.text[block * Self::BLOCK..at])) as usize
            }
            None => self.line_feeds().last().map_or(0, |&before| {
                before as usize + count_line_feeds(&self.text[(block - 1) * Self::BLOCK..]) as usize
            }),
        }
    }

    /// The line that a place is in, without its line feed. Lines may be megabytes long: blocks without
    /// line feeds are stepped over.
    fn line_around(&self, at: usize) -> Range<usize> {
        let text = &self.text;
        let before = self.line_feeds_before(at) as u32;
        let blocks = self.line_feeds();
        let is_line_feed = |byte: &u8| *byte == b'\n';
        // The last block with fewer line feeds before it holds the one that begins the line.
        let first = blocks.partition_point(|&count| count < before);
        let from = first.saturating_sub(1) * Self::BLOCK;
        let start = match before {
            0 => 0,
            _ => {
                text[from..at].iter().rposition(is_line_feed).map_or(from, |found| from + found + 1)
            }
        };
        let next = blocks.partition_point(|&count| count <= before);
        let from = (next.saturating_sub(1) * Self::BLOCK).max(at);
        let end =
            text[from..].iter().position(is_line_feed).map_or(text.len(), |found| from + found);
        start..end
    }
}

fn count_line_feeds(text: &[u8]) -> u32 {
    text.iter().map(|&byte| u32::from(byte == b'\n')).sum()
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.text == other.text
    }
}

impl Eq for Source {}

/// Where something was typed.
#[derive(Clone)]
pub struct Origin {
    source: Arc<Source>,
    start: usize,
    end: usize,
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        self.range() == other.range() && self.source == other.source
    }
}

impl Eq for Origin {}

impl Origin {
    /// The bytes `range` of `source`; a range outside of the text is cut to it.
    pub fn new(source: &Arc<Source>, range: Range<usize>) -> Self {
        let end = range.end.min(source.text.len());
        Origin { source: Arc::clone(source), start: range.start.min(end), end }
    }

    /// The text that this points into.
    pub fn source(&self) -> &Arc<Source> {
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
        1 + self.source.line_feeds_before(self.start)
    }

    /// Column in bytes, from 1.
    pub fn column(&self) -> usize {
        1 + self.start - self.line_range().start
    }

    /// The line that this begins in, without its line feed.
    pub fn line_range(&self) -> Range<usize> {
        self.source.line_around(self.start)
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
    /// The command line first (possibly without sections), then each job file, last the jobs of
    /// `--profile`.
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
            .flat_map(Document::sections)
            .any(|section| section.kind() == SectionKind::Job && self.wants(section.name()))
    }

    /// True if `--section` lets a job of this name through.
    pub fn wants(&self, name: &[u8]) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }
}

/// Texts with sections: the command line, or a job file with what it includes.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    kind: DocumentKind,
    sources: Vec<Arc<Source>>,
    sections: Vec<SectionEntry>,
    settings: Vec<SettingEntry>,
    /// See [`SettingEntry::replaced`].
    replaced: Vec<Replaced>,
}

/// Bytes of a source.
type Bytes = Range<u32>;

#[derive(Clone, Debug, PartialEq)]
struct SectionEntry {
    kind: SectionKind,
    source: u32,
    name: Bytes,
    settings: Range<u32>,
}

#[derive(Clone, Debug, PartialEq)]
struct SettingEntry {
    source: u32,
    name: Bytes,
    /// Begins at [`NOWHERE`] if there is no value.
    value: Bytes,
    /// Place in [`Document::replaced`], from 1; 0 if name and value are what was typed.
    replaced: u32,
}

/// Where a setting was typed.
#[derive(Debug)]
pub(crate) struct Typed {
    /// Number of the source.
    pub(crate) source: u32,
    /// The bytes of the name.
    pub(crate) name: Range<usize>,
    /// The bytes of the value.
    pub(crate) value: Option<Range<usize>>,
}

/// No source is so long.
const NOWHERE: u32 = u32::MAX;

/// Name and value of a setting that differ from what was typed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Replaced {
    /// The whole name, or the name of the option that was meant.
    pub(crate) name: Cow<'static, [u8]>,
    /// The value.
    pub(crate) value: ReplacedValue,
}

/// The value of a setting of which at least the name differs from what was typed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ReplacedValue {
    /// As typed, if there is one.
    AsTyped,
    /// This, if there is one.
    Now(Option<Box<[u8]>>),
}

impl Document {
    /// A document without sections.
    pub fn new(kind: DocumentKind) -> Self {
        Document {
            kind,
            sources: Vec::new(),
            sections: Vec::new(),
            settings: Vec::new(),
            replaced: Vec::new(),
        }
    }

    /// Command line or file.
    pub fn kind(&self) -> DocumentKind {
        self.kind
    }

    /// Its sections in order.
    pub fn sections(
        &self,
    ) -> impl ExactSizeIterator<Item = Section<'_>> + DoubleEndedIterator + Clone {
        self.sections.iter().map(|entry| Section { document: self, entry })
    }

    /// Its settings, of all sections.
    pub fn setting_count(&self) -> usize {
        self.settings.len()
    }

    /// Makes a text known; the number is for the other methods.
    pub(crate) fn add_source(&mut self, source: &Arc<Source>) -> u32 {
        self.sources.push(Arc::clone(source));
        number(self.sources.len() - 1)
    }

    /// Begins a section that is called what stands in this part of a source.
    pub(crate) fn open_section(&mut self, kind: SectionKind, source: u32, name: Range<usize>) {
        let settings = number(self.settings.len());
        self.sections.push(SectionEntry {
            kind,
            source,
            name: bytes(name),
            settings: settings..settings,
        });
    }

    /// Adds a setting to the last section; false if there is none.
    pub(crate) fn push_setting(&mut self, typed: Typed, replaced: Option<Replaced>) -> bool {
        let Typed { source, name, value } = typed;
        let Some(section) = self.sections.last_mut() else { return false };
        let replaced = replaced.map_or(0, |replaced| {
            self.replaced.push(replaced);
            number(self.replaced.len())
        });
        let value = value.map_or(NOWHERE..NOWHERE, bytes);
        self.settings.push(SettingEntry { source, name: bytes(name), value, replaced });
        section.settings.end = number(self.settings.len());
        true
    }

    fn text(&self, source: u32) -> &[u8] {
        &self.sources[source as usize].text
    }

    fn typed(&self, source: u32, range: &Bytes) -> &[u8] {
        &self.text(source)[range.start as usize..range.end as usize]
    }

    fn origin(&self, source: u32, range: &Bytes) -> Origin {
        Origin::new(&self.sources[source as usize], range.start as usize..range.end as usize)
    }
}

/// Sources are shorter than [`Source::MAX_BYTES`], and a setting takes two bytes at least.
fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(NOWHERE)
}

fn bytes(range: Range<usize>) -> Bytes {
    number(range.start)..number(range.end)
}

/// What a document is; the rules of order differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    /// Settings take effect one by one in the order of the words.
    CommandLine,
    /// The settings of a section take effect together.
    JobFile,
    /// Jobs of a built-in benchmark: as on the command line, whose defaults they inherit.
    Profile,
}

/// One section: a `[name]` and its lines, or a `--name=` and what follows it.
#[derive(Clone, Copy)]
pub struct Section<'a> {
    document: &'a Document,
    entry: &'a SectionEntry,
}

impl<'a> Section<'a> {
    /// Tells it from all other sections and settings as long as they are there.
    pub fn id(self) -> usize {
        std::ptr::from_ref(self.entry).addr()
    }

    /// Job or defaults.
    pub fn kind(self) -> SectionKind {
        self.entry.kind
    }

    /// The name without brackets.
    pub fn name(self) -> &'a [u8] {
        self.document.typed(self.entry.source, &self.entry.name)
    }

    /// Where the name was typed; the start of the document if it has none.
    pub fn origin(self) -> Origin {
        self.document.origin(self.entry.source, &self.entry.name)
    }

    /// Its settings in order.
    pub fn settings(
        self,
    ) -> impl ExactSizeIterator<Item = Setting<'a>> + DoubleEndedIterator + Clone {
        let Range { start, end } = self.entry.settings;
        let entries = &self.document.settings[start as usize..end as usize];
        entries.iter().map(move |entry| Setting { document: self.document, entry })
    }
}

impl std::fmt::Debug for Section<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}] at {}", String::from_utf8_lossy(self.name()), self.origin())
    }
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
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    document: &'a Document,
    entry: &'a SettingEntry,
}

impl<'a> Setting<'a> {
    /// Tells it from all other sections and settings as long as they are there.
    pub fn id(self) -> usize {
        std::ptr::from_ref(self.entry).addr()
    }

    fn replaced(self) -> Option<&'a Replaced> {
        self.document.replaced.get((self.entry.replaced as usize).checked_sub(1)?)
    }

    /// Name or alias; on the command line abbreviations are completed.
    pub fn name(self) -> &'a [u8] {
        match self.replaced() {
            Some(replaced) => &replaced.name,
            None => self.document.typed(self.entry.source, &self.entry.name),
        }
    }

    /// What follows the `=`, or the next word; `None` if there was neither.
    pub fn value(self) -> Option<&'a [u8]> {
        match self.replaced() {
            Some(Replaced { value: ReplacedValue::Now(value), .. }) => value.as_deref(),
            _ => (self.entry.value.start != NOWHERE)
                .then(|| self.document.typed(self.entry.source, &self.entry.value)),
        }
    }

    /// Where the name was typed.
    pub fn name_origin(self) -> Origin {
        self.document.origin(self.entry.source, &self.entry.name)
    }

    /// Where the value was typed, or the name if there is none.
    pub fn value_origin(self) -> Origin {
        match self.entry.value.start {
            NOWHERE => self.name_origin(),
            _ => self.document.origin(self.entry.source, &self.entry.value),
        }
    }
}

impl std::fmt::Debug for Setting<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", String::from_utf8_lossy(self.name()), self.name_origin())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_count_lines_and_byte_columns_from_one() {
        let source = Arc::new(Source::new("f", "[ä]\n bs=4k\n"));
        let at = |range| Origin::new(&source, range).to_string();
        assert_eq!(at(0..1), "f:1:1");
        assert_eq!(at(3..4), "f:1:4", "ä is two bytes");
        assert_eq!(at(6..8), "f:2:2");
        assert_eq!(Origin::new(&source, 6..8).bytes(), b"bs");
        assert_eq!(Origin::new(&source, 6..8).line_range(), 5..11);
        assert_eq!(at(400..900), "f:3:1", "cut to the text");
    }

    #[test]
    fn places_in_long_texts_are_found_as_by_counting() {
        let long = "x".repeat(10_000);
        let text = format!("{long}\n\n{}{long}{long}\nend", "a\n".repeat(4096));
        let source = Arc::new(Source::new("f", text.as_bytes()));
        for at in (0..text.len()).step_by(97).chain([10_000, 10_001, text.len() - 1, text.len()]) {
            let origin = Origin::new(&source, at..at);
            let start = text[..at].rfind('\n').map_or(0, |found| found + 1);
            let end = text[at..].find('\n').map_or(text.len(), |found| at + found);
            assert_eq!(origin.line_range(), start..end, "{at}");
            assert_eq!(origin.line(), 1 + text[..at].matches('\n').count(), "{at}");
        }
        let blocks = Arc::new(Source::new("f", vec![b'\n'; 8192]));
        assert_eq!(Origin::new(&blocks, 8192..8192).to_string(), "f:8193:1");
    }

    #[test]
    fn a_section_and_a_setting_are_small() {
        assert!(size_of::<SectionEntry>() <= 24 && size_of::<SettingEntry>() <= 24);
    }

    #[test]
    fn names_that_start_with_global_are_defaults() {
        assert_eq!(SectionKind::of(b"globalize"), SectionKind::Global);
        assert_eq!(SectionKind::of(b"Global"), SectionKind::Job);
    }
}
