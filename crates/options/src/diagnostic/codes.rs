//! The kinds of findings: each has a number that never changes, and an explanation.
//!
//! A number is `FD` and four digits, of which the first two tell the group. Numbers are given out once:
//! a kind that is gone leaves its number unused (`tests/data/codes.txt` remembers them all). The
//! examples are tested: the bad one brings the finding, the good one brings none.

mod consistency;
mod effects;
mod jobs;
mod options;
mod parts;
mod syntax;
mod targets;
mod traps;
mod values;

use super::Severity;

/// One kind of finding.
#[derive(Debug)]
pub struct Code {
    /// `FD` and four digits.
    pub id: &'static str,
    /// A name in words with dashes.
    pub slug: &'static str,
    /// How bad it is where a job is checked. A run may mention it as a note only.
    pub severity: Severity,
    /// What is wrong, without the particulars.
    pub title: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// A job file that has it; a line that begins with `fiord` is a command line instead.
    pub bad: &'static str,
    /// The same put right.
    pub good: &'static str,
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// A group of kinds.
#[derive(Debug)]
pub struct CodeGroup {
    /// What the kinds of this group are about.
    pub title: &'static str,
    /// The kinds in order of their numbers, file by file.
    files: &'static [&'static [&'static Code]],
}

impl CodeGroup {
    /// The kinds in order of their numbers.
    pub fn codes(&self) -> impl Iterator<Item = &'static Code> {
        self.files.iter().flat_map(|codes| codes.iter().copied())
    }
}

/// All groups in order.
pub static GROUPS: &[CodeGroup] = &[
    CodeGroup { title: "Files, sections and command lines", files: &[syntax::CODES] },
    CodeGroup { title: "Values", files: &[values::CODES] },
    CodeGroup { title: "Names of options, and where they are set", files: &[options::CODES] },
    CodeGroup {
        title: "Options that exclude or need each other",
        files: &[jobs::CODES, consistency::CODES],
    },
    CodeGroup { title: "Options without effect", files: &[effects::CODES, parts::CODES] },
    CodeGroup { title: "Traps", files: &[traps::CODES] },
    CodeGroup { title: "Targets", files: &[targets::CODES] },
];

impl Code {
    /// All kinds in order of their numbers.
    pub fn all() -> impl Iterator<Item = &'static Code> {
        GROUPS.iter().flat_map(CodeGroup::codes)
    }

    /// The kind of this number or name, in any case.
    pub fn find(word: &str) -> Option<&'static Code> {
        Code::all().find(|code| code.id.eq_ignore_ascii_case(word) || code.slug == word)
    }
}

/// Defines the kinds of a file: constants of [`Code`], and the list of them.
macro_rules! codes {
    ($($name:ident = $id:literal $slug:literal $severity:ident,
        $title:literal, $why:literal, $remedy:literal, $bad:literal => $good:literal;)*) => {
        impl $crate::diagnostic::Code {
            $(
                #[doc = $title]
                pub const $name: &'static $crate::diagnostic::Code = &$crate::diagnostic::Code {
                    id: $id,
                    slug: $slug,
                    severity: $crate::diagnostic::Severity::$severity,
                    title: $title,
                    why: $why,
                    remedy: $remedy,
                    bad: $bad,
                    good: $good,
                };
            )*
        }

        /// The kinds of this file.
        pub(super) static CODES: &[&$crate::diagnostic::Code] =
            &[$($crate::diagnostic::Code::$name),*];
    };
}

pub(crate) use codes;
