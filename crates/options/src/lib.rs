//! The option table, the job language, and the plan that jobs are lowered to.
//!
//! Words go one way: [`commandline`] and [`jobfile`] read them into a [`Spec`] (what was typed, with
//! places), [`lower()`] finds out what they mean, and the result is a [`Plan`]. The option [`table`]
//! says which options there are and what values they take; faults become [`Diagnostics`].

#![forbid(unsafe_code)]

pub mod commandline;
pub mod diagnostic;
pub mod documents;
pub mod help;
pub mod host;
pub mod jobfile;
pub mod lint;
pub mod lower;
mod names;
pub mod plan;
mod profile;
mod shared;
pub mod showcmd;
pub mod spec;
pub mod table;
pub mod trace;
pub mod value;
mod variables;

pub use diagnostic::{Diagnostic, Diagnostics};
pub use host::{EngineFacts, Host};
pub use lower::lower;
pub use names::{Names, Text};
pub use plan::Plan;
pub use shared::{Part, Shared};
pub use spec::Spec;
