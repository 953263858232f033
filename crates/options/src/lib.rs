//! The option table, the job language, and the plan that jobs are lowered to.

#![forbid(unsafe_code)]

pub mod diagnostic;
pub mod host;
pub mod jobfile;
pub mod plan;
pub mod spec;
mod variables;
pub mod table;
pub mod value;

pub use diagnostic::{Diagnostic, Diagnostics};
pub use host::{EngineFacts, Host};
pub use plan::Plan;
pub use spec::Spec;
