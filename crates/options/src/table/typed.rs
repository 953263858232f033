//! The options of one job, typed: what the table's fields collect and the lowering consumes.

use std::borrow::Cow;

use fiord_base::{PerDirection, Quantity};

use super::{
    DataOptions, FileOptions, GeneralOptions, IoOptions, LogOptions, OptionDef, PacingOptions,
    RandomOptions, ReplayOptions, Scope, StatsOptions, VerifyOptions, ZoneOptions,
};
use crate::names::{Names, Text};
use crate::plan::{
    ClockSource, CpuPolicy, Distribution, EndScope, ErrorClasses, Fadvise, Fallocate, IdRanges,
    LockMode, MemoryKind, NodeSet, NumaMemory, RandomGenerator, RateSpacing, Sequencer,
    SteadyState, SubmitMode, SyncMode, TargetKind, ThinkCount, Unified,
};
use crate::value::{
    Access, ErrorLists, FileChoice, Nanos, PatternPiece, SplitEntry, SyncRange, Value, WriteHint,
};

/// All options of a job that were given. A field is `None` when its option was not.
///
/// Take it apart without `..`: then an option that nobody consumes does not compile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobOptions {
    /// What a job is called, how it is run, when it starts and ends.
    pub general: GeneralOptions,
    /// Which files it uses.
    pub file: FileOptions,
    /// Direction, sizes and extent of requests; the engine.
    pub io: IoOptions,
    /// Random offsets and mixes.
    pub random: RandomOptions,
    /// When requests go.
    pub pacing: PacingOptions,
    /// Verification and trims.
    pub verify: VerifyOptions,
    /// Recording and replay.
    pub replay: ReplayOptions,
    /// Zones and placement.
    pub zones: ZoneOptions,
    /// What write buffers hold.
    pub data: DataOptions,
    /// What is measured.
    pub stats: StatsOptions,
    /// Files of samples.
    pub logs: LogOptions,
    /// Options of the engine: canonical name and canonical text, in the order given.
    pub engine: Vec<(String, String)>,
}

/// A value that cannot be stored: the option is not built, or the value is not of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the option has no effect in this version")]
pub struct SetError;

impl JobOptions {
    /// Stores the value of an option; a later one replaces an earlier one.
    pub fn set(&mut self, def: &OptionDef, value: &Value) -> Result<(), SetError> {
        let stored = match def.scope {
            Scope::Job => self.set_job(&field(def.name), value),
            Scope::Engine(_) => {
                self.engine.retain(|(name, _)| name != def.name);
                self.engine.push((def.name.to_owned(), value.to_string()));
                true
            }
            Scope::Profile(_) | Scope::Switch => false,
        };
        if stored { Ok(()) } else { Err(SetError) }
    }

    fn set_job(&mut self, name: &str, value: &Value) -> bool {
        self.general.set(name, value)
            || self.file.set(name, value)
            || self.io.set(name, value)
            || self.random.set(name, value)
            || self.pacing.set(name, value)
            || self.verify.set(name, value)
            || self.replay.set(name, value)
            || self.zones.set(name, value)
            || self.data.set(name, value)
            || self.stats.set(name, value)
            || self.logs.set(name, value)
    }

    /// Forgets the value of an option, as if it had never been given.
    pub fn unset(&mut self, def: &OptionDef) {
        match def.scope {
            Scope::Job => {
                let name = &field(def.name);
                self.general.unset(name);
                self.file.unset(name);
                self.io.unset(name);
                self.random.unset(name);
                self.pacing.unset(name);
                self.verify.unset(name);
                self.replay.unset(name);
                self.zones.unset(name);
                self.data.unset(name);
                self.stats.unset(name);
                self.logs.unset(name);
            }
            Scope::Engine(_) => self.engine.retain(|(given, _)| given != def.name),
            Scope::Profile(_) | Scope::Switch => {}
        }
    }
}

/// The name of the field of an option.
fn field(name: &str) -> Cow<'_, str> {
    if name.contains('-') { Cow::Owned(name.replace('-', "_")) } else { Cow::Borrowed(name) }
}

/// How a field of a group is made from a parsed value.
pub trait FromValue: Sized {
    /// The field's value, or `None` if `value` is not of the right kind.
    fn from_value(value: &Value) -> Option<Self>;
}

/// Fields that are a variant's content, perhaps converted.
macro_rules! from_variant {
    ($($ty:ty: $pattern:pat => $result:expr;)*) => {
        $(impl FromValue for $ty {
            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    $pattern => $result,
                    _ => None,
                }
            }
        })*
    };
}

from_variant! {
    bool: Value::Bool(b) => Some(*b);
    Nanos: Value::Time(t) => Some(*t);
    (Nanos, Nanos): Value::TimeRange(low, high) => Some((*low, *high));
    (u64, u64): Value::SizeRange(low, high) => Some((*low, *high));
    Quantity: Value::Quantity(q) => Some(*q);
    Text: Value::Text(text) => Some(text.clone());
    Names: Value::Names(names) => Some(names.clone());
    Vec<f64>: Value::Floats(list) => Some(list.clone());
    PerDirection<Option<u64>>: Value::Sizes(sizes) => Some(*sizes);
    PerDirection<Option<(u64, u64)>>: Value::SizeRanges(ranges) => Some(*ranges);
    PerDirection<Vec<SplitEntry>>: Value::Split(split) => Some(split.clone());
    Vec<PatternPiece>: Value::Pattern(pieces) => Some(pieces.clone());
    Access: Value::Access(access) => Some(*access);
    ErrorLists: Value::ErrorLists(lists) => Some(lists.clone());
    i32: Value::Int(n) => i32::try_from(*n).ok();
    PerDirection<Option<Nanos>>: Value::Times(times) => Some(*times);
    FileChoice: Value::FileService(choice) => Some(choice.clone());
    Distribution: Value::Distribution(distribution) => Some(distribution.clone());
    SteadyState: Value::SteadyState(criterion) => Some(*criterion);
    NodeSet: Value::Nodes(nodes) => Some(nodes.clone());
    NumaMemory: Value::NumaMemory(memory) => Some(memory.clone());
    IdRanges: Value::IdList(ranges) => Some(IdRanges(ranges.clone()));
}

impl FromValue for u64 {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Bytes(n) => Some(*n),
            Value::Int(n) => u64::try_from(*n).ok(),
            _ => None,
        }
    }
}

impl FromValue for u32 {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Int(n) => u32::try_from(*n).ok(),
            Value::Choice { word, .. } => word.parse().ok(),
            _ => None,
        }
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.to_string_lossy().into_owned()),
            Value::Engine(name) => Some(name.clone()),
            _ => None,
        }
    }
}

impl FromValue for PerDirection<Option<u32>> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Sizes(sizes) => {
                Some(PerDirection(sizes.0.map(|n| n.and_then(|n| u32::try_from(n).ok()))))
            }
            _ => None,
        }
    }
}

/// Fields that name one of several words.
macro_rules! from_word {
    ($($ty:ty { $($word:literal => $result:expr),* $(,)? })*) => {
        $(impl $crate::table::FromValue for $ty {
            fn from_value(value: &$crate::value::Value) -> Option<Self> {
                match value {
                    $crate::value::Value::Choice { word, .. } => match *word {
                        $($word => Some($result),)*
                        _ => None,
                    },
                    _ => None,
                }
            }
        })*
    };
}

pub(super) use from_word;

from_word! {
    Fallocate {
        "none" => Fallocate::None,
        "native" => Fallocate::Native,
        "posix" => Fallocate::Posix,
        "keep" => Fallocate::Keep,
        "truncate" => Fallocate::Truncate,
    }
    SyncMode {
        "none" => SyncMode::None,
        "sync" => SyncMode::Sync,
        "dsync" => SyncMode::Dsync,
    }
    Fadvise {
        "0" => Fadvise::Off,
        "1" => Fadvise::ByPattern,
        "random" => Fadvise::Random,
        "sequential" => Fadvise::Sequential,
        "noreuse" => Fadvise::NoReuse,
    }
    Option<TargetKind> {
        "none" => None,
        "file" => Some(TargetKind::Regular),
        "block" => Some(TargetKind::Block),
        "char" => Some(TargetKind::Character),
    }
    LockMode {
        "none" => LockMode::None,
        "exclusive" => LockMode::Exclusive,
        "readwrite" => LockMode::ReadWrite,
    }
    WriteHint {
        "none" => WriteHint(1),
        "short" => WriteHint(2),
        "medium" => WriteHint(3),
        "long" => WriteHint(4),
        "extreme" => WriteHint(5),
    }
    Sequencer {
        "sequential" => Sequencer::Sequential,
        "identical" => Sequencer::Identical,
    }
    RandomGenerator {
        "tausworthe" => RandomGenerator::Tausworthe,
        "lfsr" => RandomGenerator::Lfsr,
        "tausworthe64" => RandomGenerator::Tausworthe64,
    }
    ErrorClasses {
        "none" => ErrorClasses::default(),
        "read" => ErrorClasses { read: true, ..ErrorClasses::default() },
        "write" => ErrorClasses { write: true, ..ErrorClasses::default() },
        "io" => ErrorClasses { read: true, write: true, verify: false },
        "verify" => ErrorClasses { verify: true, ..ErrorClasses::default() },
        "all" => ErrorClasses { read: true, write: true, verify: true },
    }
    Unified {
        "none" => Unified::None,
        "mixed" => Unified::Mixed,
        "both" => Unified::Both,
    }
    CpuPolicy {
        "shared" => CpuPolicy::Shared,
        "split" => CpuPolicy::Split,
    }
    EndScope {
        "group" => EndScope::Group,
        "stonewall" => EndScope::Stonewall,
        "all" => EndScope::All,
    }
    SubmitMode {
        "inline" => SubmitMode::Inline,
        "offload" => SubmitMode::Offload,
    }
    ThinkCount {
        "complete" => ThinkCount::Completed,
        "issue" => ThinkCount::Issued,
    }
    RateSpacing {
        "linear" => RateSpacing::Linear,
        "poisson" => RateSpacing::Poisson,
    }
    ClockSource {
        "gettimeofday" => ClockSource::Gettimeofday,
        "clock_gettime" => ClockSource::ClockGettime,
        "cpu" => ClockSource::Cpu,
    }
}

/// The kind of memory, and the file behind it.
impl FromValue for (MemoryKind, Option<Text>) {
    fn from_value(value: &Value) -> Option<Self> {
        let Value::Choice { word, parameter } = value else { return None };
        let kind = match *word {
            "malloc" => MemoryKind::Malloc,
            "shm" => MemoryKind::Shm,
            "shmhuge" => MemoryKind::ShmHuge,
            "mmap" => MemoryKind::Mmap,
            "mmapshared" => MemoryKind::MmapShared,
            "mmaphuge" => MemoryKind::MmapHuge,
            _ => return None,
        };
        Some((kind, parameter.as_deref().map(Text::from)))
    }
}

impl FromValue for SyncRange {
    fn from_value(value: &Value) -> Option<Self> {
        let Value::ChoiceSet { words, count } = value else { return None };
        let flag = |word: &str| words.contains(&word);
        Some(SyncRange {
            wait_before: flag("wait_before"),
            write: flag("write"),
            wait_after: flag("wait_after"),
            every: u32::try_from(count.unwrap_or(1)).ok()?,
        })
    }
}
