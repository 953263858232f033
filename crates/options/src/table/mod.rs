//! The one table of options, switches and engines.
//!
//! An option exists exactly if it has an entry in one of the files of this directory. Parsing,
//! help, completion, suggestions, the echo of effective options and the reference pages are all
//! functions of the table; nothing else in the product knows the name of an option but the lowering
//! that gives it its meaning.

mod abilities;
mod data;
mod definition;
pub mod details;
mod engines;
mod engines_library;
mod engines_local;
mod engines_network;
mod engines_ring;
mod file;
mod general;
mod group;
mod io;
mod logs;
mod lookup;
mod pacing;
mod profiles;
mod random;
mod replay;
mod stats;
mod switches;
mod typed;
mod verify;
mod zones;

pub(crate) use abilities::{Ability, can, engines_that_can};
pub use data::{DataOptions, DedupeMode};
pub use definition::{Argument, Choice, OptionDef, Parameter, Scope, Status, TimeUnit, ValueKind};
pub use engines::{ENGINES, EngineDef, engine, engine_uses_files, engines};
pub use file::FileOptions;
pub use general::GeneralOptions;
pub use io::{ACCESS, IoOptions};
pub use logs::LogOptions;
pub use lookup::{
    all, closest_engine, closest_job_option, closest_switch, engine_option, engine_options,
    job_groups, job_option, job_options, profile_option, profile_options, short_switch, switch,
    switches,
};
pub(crate) use lookup::{belongs, by_number, called, closest, options_by_number};
pub use pacing::PacingOptions;
pub use random::RandomOptions;
pub use replay::ReplayOptions;
pub use stats::StatsOptions;
pub use typed::{FromValue, JobOptions, SetError};
pub use verify::VerifyOptions;
pub use zones::{PlidSelect, ZoneMode, ZoneOptions};

/// Text without a limit of its own.
const TEXT: ValueKind = ValueKind::Text { max: u32::MAX };
/// The name of a section.
const NAME: ValueKind = ValueKind::Text { max: 255 };
/// Largest value of an integer option without a limit of its own.
const INT_MAX: i64 = u32::MAX as i64;
/// An integer option without limits of its own.
const INT: ValueKind = ValueKind::Int { min: 0, max: INT_MAX };
/// An amount without limits of its own.
const BYTES: ValueKind = ValueKind::Bytes { min: 0, max: u64::MAX };
/// A list of CPUs or NUMA nodes.
const CPUS: ValueKind = ValueKind::IdList { max: 65_535 };

/// An amount for each direction, without upper limit.
const fn sizes(min: u64) -> ValueKind {
    ValueKind::Sizes { min, max: u64::MAX, directions: 3 }
}

/// A list of floating-point numbers.
const fn floats(min: f64, max: f64, most: u8) -> ValueKind {
    ValueKind::Floats { min, max, most }
}
