//! The option table, the job language, and the plan that jobs are lowered to.

#![forbid(unsafe_code)]

pub mod diagnostic;
pub mod plan;
pub mod spec;

pub use plan::Plan;
