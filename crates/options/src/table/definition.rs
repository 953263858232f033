//! What one entry of the option table says.
//!
//! Everything here is plain static data built by `const` functions, so that the table costs nothing
//! at start-up. An entry never holds behaviour: parsing is in [`crate::value`], meaning in the
//! lowering.

use crate::value::{Value, distribution_word, steady_state_word};

/// Where an option is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In every job.
    Job,
    /// In jobs that use one of these engines.
    Engine(&'static [&'static str]),
    /// After `--profile=` with this name.
    Profile(&'static str),
    /// On the command line only.
    Switch,
}

/// How far an option is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It does what it says.
    Ready,
    /// Known, but without effect so far: using it is an error.
    Planned,
    /// Accepted and ignored, as in fio.
    NoOp,
    /// Gone from fio: using it is an error.
    Removed {
        /// What to write now; may be empty.
        instead: &'static str,
    },
    /// Cannot work here, whatever is built.
    Unavailable {
        /// Why.
        reason: &'static str,
    },
}

/// The unit of a time that is typed without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// Microseconds.
    Micro,
    /// Seconds.
    Second,
}

/// One word that an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// As typed.
    pub word: &'static str,
    /// What it means.
    pub help: &'static str,
    /// The word that says the same and is the canonical one.
    pub same_as: Option<&'static str>,
    /// How far it is built.
    pub status: Status,
    /// What may follow after a colon.
    pub parameter: Parameter,
}

/// What may follow after a word and a colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// Nothing.
    None,
    /// Text.
    Text,
}

impl Choice {
    /// A word that works.
    pub(crate) const fn new(word: &'static str, help: &'static str) -> Self {
        Choice { word, help, same_as: None, status: Status::Ready, parameter: Parameter::None }
    }

    /// A second spelling.
    pub(crate) const fn same(word: &'static str, as_word: &'static str) -> Self {
        Choice {
            word,
            help: "",
            same_as: Some(as_word),
            status: Status::Ready,
            parameter: Parameter::None,
        }
    }

    /// Not built yet.
    pub(crate) const fn planned(mut self) -> Self {
        self.status = Status::Planned;
        self
    }

    /// Cannot work in this build.
    pub(crate) const fn unavailable(mut self, reason: &'static str) -> Self {
        self.status = Status::Unavailable { reason };
        self
    }

    /// `word:text` is meaningful.
    pub(crate) const fn parameter(mut self) -> Self {
        self.parameter = Parameter::Text;
        self
    }

    /// The canonical spelling.
    pub fn canonical(&self) -> &'static str {
        self.same_as.unwrap_or(self.word)
    }
}

/// What values an option takes, and how they are read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ValueKind {
    /// The rest of the line, at most so many bytes.
    Text {
        /// Most bytes.
        max: u32,
    },
    /// Nothing, or the rest of the line.
    OptionalText,
    /// Names separated by colons; `\:` is a colon.
    Names,
    /// One integer; size suffixes are understood.
    Int {
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
    },
    /// One 64-bit amount; size suffixes are understood.
    Bytes {
        /// Smallest value.
        min: u64,
        /// Largest value.
        max: u64,
    },
    /// Bytes, percent or zones.
    Quantity,
    /// An amount for each direction.
    Sizes {
        /// Smallest value.
        min: u64,
        /// Largest value.
        max: u64,
        /// Directions: 2 (read, write) or 3 (and trim).
        directions: u8,
    },
    /// A `low-high` range of amounts for each direction.
    SizeRanges {
        /// Smallest value.
        min: u64,
    },
    /// One amount, or a `low-high` range of them.
    SizeRange {
        /// Smallest value.
        min: u64,
    },
    /// A time.
    Time(TimeUnit),
    /// A time, or a `low-high` range of times.
    TimeRange(TimeUnit),
    /// A time for each direction.
    Times(TimeUnit),
    /// 0 or 1.
    Bool,
    /// Nothing, or 0 or 1.
    Flag,
    /// One word.
    Choice(&'static [Choice]),
    /// Words separated by commas.
    ChoiceSet {
        /// The words.
        choices: &'static [Choice],
        /// A count may follow after a colon.
        counted: bool,
    },
    /// Floating-point numbers separated by colons.
    Floats {
        /// Smallest value.
        min: f64,
        /// Largest value.
        max: f64,
        /// Most numbers.
        most: u8,
    },
    /// Direction and order: a word of [`crate::table::ACCESS`], and `:N`.
    Access,
    /// Weighted block sizes, `size/percent:..`, for each direction.
    Split,
    /// Weighted block sizes with priorities, for reads and writes.
    PrioritySplit,
    /// Error names or numbers for reads, writes and verification.
    ErrorLists,
    /// Words with the shares in which they are mixed: `word`, or `word/percent:..`.
    Shares(&'static [Choice]),
    /// `name=value` pairs separated by colons; `\:` is a colon.
    Properties,
    /// A list of numbers separated by colons, in which order and repetition matter.
    Numbers {
        /// Largest number.
        max: u32,
    },
    /// Bytes of a buffer: strings, numbers, files.
    Pattern {
        /// `%o` is understood.
        offsets: bool,
    },
    /// Numbers and ranges of them, `1,2-4`.
    IdList {
        /// Largest number.
        max: u32,
    },
    /// How random offsets are distributed: a word, and `:parameters`.
    Distribution(&'static [Choice]),
    /// How files are chosen: a word, and `:count` or `:parameters`.
    FileService(&'static [Choice]),
    /// When results have settled: a word, `:` and a limit.
    SteadyState(&'static [Choice]),
    /// NUMA nodes.
    Nodes,
    /// A policy of NUMA memory.
    NumaMemory,
    /// The name of an engine.
    Engine,
    /// Anything: the option has no effect.
    Ignored,
}

/// What stands after a switch or an option on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// Nothing.
    None,
    /// `=value`, if anything.
    Optional,
    /// `=value` or a word of its own.
    Required,
}

/// One option or switch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptionDef {
    /// Name; for switches without dashes.
    pub name: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// The letter of a switch.
    pub short: Option<char>,
    /// Where it is valid.
    pub scope: Scope,
    /// What values it takes.
    pub kind: ValueKind,
    /// The value that is in force if none is given, as it would be typed.
    pub default: Option<&'static str>,
    /// The value that asks for nothing, where none is in force by default.
    pub idle: Option<&'static str>,
    /// What it is for, one sentence without a full stop.
    pub help: &'static str,
    /// Form of the value, where the kind does not say it all.
    pub syntax: Option<&'static str>,
    /// Heading in help and documentation.
    pub category: &'static str,
    /// The option that this one refines.
    pub parent: Option<&'static str>,
    /// The option of the opposite meaning.
    pub inverse: Option<&'static str>,
    /// The release of fio that has it first, if that is later than 3.33.
    pub since: Option<&'static str>,
    /// How far it is built.
    pub status: Status,
    /// Whether it takes a value on the command line.
    pub argument: Argument,
}

impl OptionDef {
    /// A planned option of this kind; the other methods refine it.
    pub(crate) const fn new(name: &'static str, kind: ValueKind, help: &'static str) -> Self {
        let argument = match kind {
            ValueKind::Flag | ValueKind::OptionalText | ValueKind::Ignored => Argument::Optional,
            _ => Argument::Required,
        };
        OptionDef {
            name,
            aliases: &[],
            short: None,
            scope: Scope::Job,
            kind,
            default: None,
            idle: None,
            help,
            syntax: None,
            category: "",
            parent: None,
            inverse: None,
            since: None,
            status: Status::Planned,
            argument,
        }
    }

    pub(crate) const fn alias(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    pub(crate) const fn default(mut self, text: &'static str) -> Self {
        self.default = Some(text);
        self
    }

    pub(crate) const fn idle(mut self, text: &'static str) -> Self {
        self.idle = Some(text);
        self
    }

    pub(crate) const fn syntax(mut self, text: &'static str) -> Self {
        self.syntax = Some(text);
        self
    }

    pub(crate) const fn parent(mut self, name: &'static str) -> Self {
        self.parent = Some(name);
        self
    }

    pub(crate) const fn inverse(mut self, name: &'static str) -> Self {
        self.inverse = Some(name);
        self
    }

    pub(crate) const fn since(mut self, release: &'static str) -> Self {
        self.since = Some(release);
        self
    }

    pub(crate) const fn status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    pub(crate) const fn category(mut self, category: &'static str) -> Self {
        self.category = category;
        self
    }

    pub(crate) const fn engine(mut self, engines: &'static [&'static str]) -> Self {
        self.scope = Scope::Engine(engines);
        self
    }

    pub(crate) const fn profile(mut self, profile: &'static str) -> Self {
        self.scope = Scope::Profile(profile);
        self
    }

    pub(crate) const fn switch(mut self, short: char, argument: Argument) -> Self {
        self.scope = Scope::Switch;
        self.short = Some(short);
        self.argument = argument;
        self
    }

    /// True if this is its name or one of its aliases.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }

    /// The words that the option takes, if it is of that kind.
    pub fn choices(&self) -> &'static [Choice] {
        match self.kind {
            ValueKind::Choice(choices)
            | ValueKind::ChoiceSet { choices, .. }
            | ValueKind::Distribution(choices)
            | ValueKind::FileService(choices)
            | ValueKind::SteadyState(choices)
            | ValueKind::Shares(choices) => choices,
            ValueKind::Access => super::ACCESS,
            _ => &[],
        }
    }

    /// How far this use of the option is built: its own status, and that of the words in `value`.
    pub fn value_status(&self, value: &Value) -> Status {
        let word_status = |word: &str| {
            self.choices().iter().find(|c| c.word == word).map_or(Status::Ready, |c| c.status)
        };
        let of_words = match value {
            Value::Choice { word, .. } => word_status(word),
            Value::Distribution(distribution) => word_status(distribution_word(distribution)),
            Value::FileService(choice) => word_status(choice.word()),
            Value::SteadyState(criterion) => word_status(steady_state_word(criterion)),
            Value::ChoiceSet { words, .. } => words
                .iter()
                .map(|w| word_status(w))
                .find(|s| *s != Status::Ready)
                .unwrap_or(Status::Ready),
            Value::Engine(name) => super::engine(name).map_or(Status::Planned, |e| e.status),
            _ => Status::Ready,
        };
        match (self.status, of_words) {
            // What can never work is worse than what does not work yet.
            (Status::Ready | Status::Planned, Status::Unavailable { .. }) => of_words,
            (Status::Ready, _) => of_words,
            (status, _) => status,
        }
    }
}
