//! What is wrong with the input, as data, and how it is shown to people.
//!
//! Parsing and lowering never stop at the first fault: they collect [`Diagnostic`]s and go on. A
//! diagnostic says what is wrong, points at where it was typed, and names the remedy. Rendering is
//! separate and pure; colours are used only if the caller asks for them.

mod codes;
pub mod explain;

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

pub use codes::{Code, CodeGroup, GROUPS};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::spec::{Origin, Source};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; the run is what was asked for.
    Note,
    /// The run differs from what the words suggest.
    Warning,
    /// The words are right, but this version cannot do what they say: there is a plan and no run.
    Unbuilt,
    /// The words are wrong: there is no plan.
    Error,
}

impl Severity {
    /// The word for it, as it begins a message.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Unbuilt => "not built",
            Severity::Error => "error",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// What kind of finding it is; `None` only for notes that say what was done.
    pub code: Option<&'static Code>,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// Where it was typed.
    pub origin: Option<Origin>,
    /// What stands beside the marked characters: the rule that they break; may be empty.
    pub label: String,
    /// What to do; may be empty.
    pub help: String,
}

impl Diagnostic {
    /// A finding that has no place yet.
    pub fn new(severity: Severity, message: impl Into<String>) -> Self {
        Diagnostic {
            code: None,
            severity,
            message: bounded(message.into()),
            origin: None,
            label: String::new(),
            help: String::new(),
        }
    }

    /// An error.
    pub fn error(message: impl Into<String>) -> Self {
        Diagnostic::new(Severity::Error, message)
    }

    /// A use of something that is known and not built yet.
    pub fn unbuilt(message: impl Into<String>) -> Self {
        Diagnostic::new(Severity::Unbuilt, message)
    }

    /// A warning.
    pub fn warning(message: impl Into<String>) -> Self {
        Diagnostic::new(Severity::Warning, message)
    }

    /// A note.
    pub fn note(message: impl Into<String>) -> Self {
        Diagnostic::new(Severity::Note, message)
    }

    /// Says what kind of finding it is.
    #[must_use]
    pub fn code(mut self, code: &'static Code) -> Self {
        self.code = Some(code);
        self
    }

    /// Adds the place.
    #[must_use]
    pub fn at(mut self, origin: &Origin) -> Self {
        self.origin = Some(origin.clone());
        self
    }

    /// Adds the rule that is shown beside the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = bounded(label.into());
        self
    }

    /// Adds the remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = bounded(help.into());
        self
    }

    /// Equal findings have equal fingerprints.
    fn fingerprint(&self) -> u64 {
        let Diagnostic { code: _, severity, message, origin, label, help } = self;
        let origin = origin.as_ref().map(|origin| (Arc::as_ptr(origin.source()), origin.range()));
        let mut hasher = DefaultHasher::new();
        (severity, message, origin, label, help).hash(&mut hasher);
        hasher.finish()
    }

    /// The finding on one line: `file:line:column: message (rule); remedy`.
    pub fn one_line(&self) -> String {
        let mut line = self.origin.as_ref().map_or(String::new(), |origin| format!("{origin}: "));
        line.push_str(&self.message);
        if !self.label.is_empty() {
            line.push_str(&format!(" ({})", self.label));
        }
        if !self.help.is_empty() {
            line.push_str(&format!("; {}", self.help));
        }
        line
    }

    /// The finding with the line it points at and marks below the characters.
    pub fn render(&self, colors: Colors) -> String {
        let level = match self.severity {
            Severity::Note => Level::NOTE,
            Severity::Warning => Level::WARNING,
            Severity::Unbuilt | Severity::Error => Level::ERROR,
        };
        let excerpt = self.origin.as_ref().map(Excerpt::of);
        let mut title = level.primary_title(printable(&self.message));
        if let Some(code) = self.code {
            title = title.id(code.id);
        }
        let mut group = Group::with_title(title);
        if let Some(excerpt) = &excerpt {
            let mark = AnnotationKind::Primary.span(excerpt.mark.clone());
            let label = (!self.label.is_empty()).then(|| printable(&self.label));
            group = group.element(
                Snippet::source(excerpt.text.as_str())
                    .path(excerpt.path.as_str())
                    .line_start(excerpt.line)
                    .fold(false)
                    .annotation(mark.label(label)),
            );
        } else if !self.label.is_empty() {
            group = group.element(Level::NOTE.message(printable(&self.label)));
        }
        if !self.help.is_empty() {
            group = group.element(Level::HELP.message(printable(&self.help)));
        }
        let renderer = match colors {
            Colors::Never => Renderer::plain(),
            Colors::Always => Renderer::styled(),
        };
        renderer.render(&[group])
    }
}

/// Values that are quoted may be megabytes long.
fn bounded(mut text: String) -> String {
    const MOST: usize = 1000;
    if text.len() > MOST {
        text.truncate(text.floor_char_boundary(MOST));
        text.push('…');
    }
    text
}

/// Whether text carries terminal colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colors {
    /// Plain text.
    Never,
    /// ANSI escape sequences.
    Always,
}

/// The line that a diagnostic shows. Sources need not be UTF-8, so the marks are recomputed for the
/// printable form of the line.
struct Excerpt {
    path: String,
    line: usize,
    text: String,
    mark: std::ops::Range<usize>,
}

impl Excerpt {
    /// Longest excerpt before and behind the marks: a line may be megabytes long.
    const CONTEXT: usize = 160;

    fn of(origin: &Origin) -> Self {
        let mut line = origin.line_range();
        let bytes = &origin.source().text;
        // Files from other systems end their lines with a carriage return, too.
        if bytes[line.clone()].ends_with(b"\r") {
            line.end -= 1;
        }
        let range = origin.range();
        let end = range.end.clamp(range.start, line.end.max(range.start));
        let end = end.min(range.start + Self::CONTEXT);
        let first = line.start.max(range.start.saturating_sub(Self::CONTEXT));
        let last = line.end.min(end + Self::CONTEXT).max(end);
        let mut text = printable(&String::from_utf8_lossy(&bytes[first..range.start]));
        let start = text.len();
        text.push_str(&printable(&String::from_utf8_lossy(&bytes[range.start..end])));
        let stop = text.len();
        text.push_str(&printable(&String::from_utf8_lossy(&bytes[end..last])));
        Excerpt {
            path: printable(&origin.source().name),
            line: origin.line(),
            text,
            mark: start..stop,
        }
    }
}

/// Control characters would garble the terminal, and some of them the marks.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            c if c.is_control() => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect()
}

/// A text for the middle of a sentence: of a long one the beginning and the end.
pub(crate) fn abridged(text: &str) -> String {
    const MOST: usize = 60;
    const PART: usize = 28;
    let count = text.chars().count();
    if count <= MOST {
        return text.to_owned();
    }
    let head: String = text.chars().take(PART).collect();
    let tail: String = text.chars().skip(count - PART).collect();
    format!("{head}..{tail}")
}

/// Why a file cannot be read, without the number of the error.
pub(crate) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        Some((reason, _)) => reason.to_owned(),
        None => text,
    }
}

/// All findings about an input, in the order in which they were made. The first of each severity are
/// kept in full, so that a file of a million errors fits in memory; the others are counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnostics {
    kept: Vec<Diagnostic>,
    /// How many of each severity are kept.
    room_taken: [usize; 4],
    /// How many of each severity are not.
    omitted: [usize; 4],
    /// Fingerprints of what was [pushed once](Diagnostics::push_once).
    seen: HashSet<u64>,
}

impl Diagnostics {
    /// Most findings of a severity that are kept.
    pub const MOST: usize = 1000;

    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let severity = diagnostic.severity as usize;
        if self.room_taken[severity] < Self::MOST {
            self.room_taken[severity] += 1;
            self.kept.push(diagnostic);
        } else {
            self.omitted[severity] += 1;
        }
    }

    /// Adds a finding unless it is there already: defaults are looked at once per job.
    pub fn push_once(&mut self, diagnostic: Diagnostic) {
        if self.seen.insert(diagnostic.fingerprint()) {
            self.push(diagnostic);
        }
    }

    /// True if another finding of this severity is kept in full. If not, there is no need to make its
    /// advice a good one.
    pub fn has_room(&self, severity: Severity) -> bool {
        self.room_taken[severity as usize] < Self::MOST
    }

    /// How many findings of this severity were counted only.
    pub fn omitted(&self, severity: Severity) -> usize {
        self.omitted[severity as usize]
    }

    /// How many findings of this severity there are, kept or not.
    pub fn count(&self, severity: Severity) -> usize {
        self.room_taken[severity as usize] + self.omitted[severity as usize]
    }

    /// Adds the findings of another pass.
    pub fn extend(&mut self, others: Diagnostics) {
        for diagnostic in others.kept {
            self.push(diagnostic);
        }
        for (mine, theirs) in self.omitted.iter_mut().zip(others.omitted) {
            *mine += theirs;
        }
        self.seen.extend(others.seen);
    }

    /// Keeps the findings for which `keep` holds; those that are only counted stay counted.
    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.kept.retain(keep);
        self.count_again();
    }

    fn count_again(&mut self) {
        self.room_taken = [0; 4];
        for diagnostic in &self.kept {
            self.room_taken[diagnostic.severity as usize] += 1;
        }
    }

    /// True if there can be no plan.
    pub fn has_errors(&self) -> bool {
        self.has(Severity::Error)
    }

    /// True if there is a finding of this severity or a worse one.
    pub fn has(&self, least: Severity) -> bool {
        let counts = self.room_taken.iter().zip(&self.omitted);
        counts.skip(least as usize).any(|(kept, omitted)| kept + omitted > 0)
    }

    /// The findings that are kept.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.kept.iter()
    }

    /// True if there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Makes each finding as bad as its kind is.
    pub(crate) fn raise_to_kind(&mut self) {
        for diagnostic in &mut self.kept {
            let least = diagnostic.code.map_or(diagnostic.severity, |code| code.severity);
            diagnostic.severity = diagnostic.severity.max(least);
        }
        self.count_again();
    }

    /// Makes each warning an error.
    pub fn promote_warnings(&mut self) {
        for diagnostic in &mut self.kept {
            if diagnostic.severity == Severity::Warning {
                diagnostic.severity = Severity::Error;
            }
        }
        let warnings = std::mem::take(&mut self.omitted[Severity::Warning as usize]);
        self.omitted[Severity::Error as usize] += warnings;
        self.count_again();
    }

    /// Puts findings about the same text into the order of their places; texts stay in the order in
    /// which they were met, and what has no place comes first.
    pub fn sort_by_place(&mut self) {
        let mut numbers: HashMap<*const Source, usize> = HashMap::new();
        for diagnostic in &self.kept {
            if let Some(origin) = &diagnostic.origin {
                let next = numbers.len() + 1;
                numbers.entry(Arc::as_ptr(origin.source())).or_insert(next);
            }
        }
        self.kept.sort_by_key(|diagnostic| match &diagnostic.origin {
            Some(origin) => (numbers.get(&Arc::as_ptr(origin.source())), origin.range().start),
            None => (None, 0),
        });
    }

    /// All findings of at least this severity for people, a blank line between two.
    pub fn render(&self, at_least: Severity, colors: Colors) -> String {
        let shown = self.kept.iter().filter(|diagnostic| diagnostic.severity >= at_least);
        let mut parts: Vec<String> = shown.map(|diagnostic| diagnostic.render(colors)).collect();
        for (severity, word) in [
            (Severity::Note, "notes"),
            (Severity::Warning, "warnings"),
            (Severity::Unbuilt, "errors"),
            (Severity::Error, "errors"),
        ] {
            let count = self.omitted(severity);
            if severity >= at_least && count > 0 {
                let more = Diagnostic::new(severity, format!("and {count} more {word}"));
                parts.push(more.render(colors));
            }
        }
        if parts.is_empty() { String::new() } else { parts.join("\n\n") + "\n" }
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &[u8], range: std::ops::Range<usize>) -> Origin {
        Origin::new(&Arc::new(Source::new("a.fio", text)), range)
    }

    #[test]
    fn a_diagnostic_shows_the_line_the_marks_and_the_remedy() {
        let diagnostic = Diagnostic::error("unknown option `blocksise`")
            .at(&origin(b"[a]\nblocksise=4k\nrw=read\n", 4..13))
            .label("no option has this name")
            .help("did you mean `blocksize`?");
        assert_eq!(
            diagnostic.render(Colors::Never),
            "error: unknown option `blocksise`\n \
             --> a.fio:2:1\n  \
             |\n\
             2 | blocksise=4k\n  \
             | ^^^^^^^^^ no option has this name\n  \
             |\n  \
             = help: did you mean `blocksize`?"
        );
        assert_eq!(
            diagnostic.one_line(),
            "a.fio:2:1: unknown option `blocksise` (no option has this name); did you mean \
             `blocksize`?"
        );
        assert!(diagnostic.render(Colors::Always).contains('\u{1b}'));
    }

    #[test]
    fn lines_that_are_not_utf8_are_shown_with_marks_at_the_right_place() {
        let diagnostic =
            Diagnostic::error("no such thing").at(&origin(b"\xff\xfe\x07name=x\n", 3..7));
        let shown = diagnostic.render(Colors::Never);
        assert!(shown.contains("\u{fffd}\u{fffd}\u{fffd}name=x"), "{shown}");
        assert!(shown.contains("|    ^^^^"), "{shown}");
    }

    #[test]
    fn findings_come_in_the_order_of_their_places() {
        let text = Arc::new(Source::new("a.fio", "a\nb\nc\n"));
        let mut diagnostics = Diagnostics::default();
        diagnostics.push(Diagnostic::error("other").at(&origin(b"x", 0..1)));
        diagnostics.push(Diagnostic::error("c").at(&Origin::new(&text, 4..5)));
        diagnostics.push(Diagnostic::error("a").at(&Origin::new(&text, 0..1)));
        diagnostics.push(Diagnostic::error("nowhere"));
        diagnostics.sort_by_place();
        let messages: Vec<_> = diagnostics.iter().map(|d| d.message.as_str()).collect();
        assert_eq!(messages, ["nowhere", "other", "a", "c"]);
    }

    #[test]
    fn a_flood_of_findings_is_counted() {
        let text = Arc::new(Source::new("a.fio", "x".repeat(5000)));
        let mut diagnostics = Diagnostics::default();
        for at in 0..3000 {
            let finding = Diagnostic::error("x").at(&Origin::new(&text, at..at + 1));
            diagnostics.push_once(finding.clone());
            diagnostics.push_once(finding);
        }
        diagnostics.push(Diagnostic::note("n"));
        assert!(!diagnostics.has_room(Severity::Error) && diagnostics.has_room(Severity::Note));
        assert_eq!(diagnostics.iter().count(), Diagnostics::MOST + 1);
        assert_eq!(diagnostics.omitted(Severity::Error), 2000);
        let shown = diagnostics.render(Severity::Error, Colors::Never);
        assert!(shown.ends_with("\n\nerror: and 2000 more errors\n"), "{shown}");
        let mut all = Diagnostics::default();
        all.extend(diagnostics.clone());
        all.extend(diagnostics);
        assert_eq!(all.omitted(Severity::Error), 2 * 3000 - Diagnostics::MOST);
        let long = Diagnostic::error("é".repeat(10_000));
        assert!(long.message.len() < 1010 && long.message.ends_with('…'));
    }

    #[test]
    fn the_end_of_the_text_and_empty_places_can_be_shown() {
        for range in [0..0, 3..3, 2..900, 4..4] {
            Diagnostic::error("x").at(&origin(b"[a]\n", range)).render(Colors::Never);
        }
        Diagnostic::error("x").at(&origin(b"", 0..0)).label("y").render(Colors::Never);
    }
}
