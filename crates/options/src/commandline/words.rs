//! The words of the command line, with their places in it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::spec::{Origin, Source};
use crate::table::{Argument, OptionDef};

/// The words, and how far they are read.
pub(super) struct Words {
    source: Arc<Source>,
    words: Vec<Origin>,
    next: usize,
}

/// An option or switch as given.
pub(super) struct Given {
    /// Where its name is.
    pub(super) name: Origin,
    /// Its value, if there is one.
    pub(super) value: Option<Origin>,
}

impl Words {
    pub(super) fn new(args: &[OsString]) -> Self {
        let mut text = Vec::new();
        let mut ranges = Vec::new();
        for arg in args {
            if !text.is_empty() {
                text.push(b' ');
            }
            ranges.push(text.len()..text.len() + arg.len());
            text.extend_from_slice(arg.as_bytes());
        }
        let source = Arc::new(Source::new("command line", text));
        let words = ranges.into_iter().map(|range| Origin::new(&source, range)).collect();
        Words { source, words, next: 0 }
    }

    /// The text that all words are in.
    pub(super) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The place before the first word.
    pub(super) fn start(&self) -> Origin {
        Origin::new(&self.source, 0..0)
    }

    pub(super) fn next(&mut self) -> Option<Origin> {
        let word = self.words.get(self.next).cloned();
        self.next += usize::from(word.is_some());
        word
    }

    /// Adds the value that an option of this kind takes: what stands behind its `=`, or the next
    /// word, whatever that looks like.
    pub(super) fn value_of(
        &mut self,
        def: &OptionDef,
        name: Origin,
        attached: Option<Origin>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Given> {
        let title = String::from_utf8_lossy(name.bytes()).into_owned();
        match (def.argument, attached) {
            (Argument::None, Some(value)) => {
                diagnostics.push(
                    Diagnostic::error(format!("`{title}` takes no value"))
                        .code(Code::SWITCH_TAKES_NO_VALUE)
                        .at(&value)
                        .help("leave out the `=` and what follows it"),
                );
                None
            }
            (Argument::Required, None) => {
                let value = self.next();
                if value.is_none() {
                    diagnostics.push(
                        Diagnostic::error(format!("`{title}` needs a value"))
                            .code(Code::SWITCH_NEEDS_VALUE)
                            .at(&name)
                            .label("nothing follows")
                            .help(format!("`--cmdhelp={}` shows which", def.name)),
                    );
                }
                value.map(|value| Given { name, value: Some(value) })
            }
            (_, value) => Some(Given { name, value }),
        }
    }

    /// Steps over a word that is likely the value of an unknown option before it: one that is no
    /// option itself and does not look like a job file.
    pub(super) fn skip_value_of_unknown(&mut self) {
        let looks_like_value = |word: &Origin| {
            let bytes = word.bytes();
            !bytes.starts_with(b"-") && !bytes.contains(&b'.') && !bytes.contains(&b'/')
        };
        if self.words.get(self.next).is_some_and(looks_like_value) {
            self.next += 1;
        }
    }
}
