//! The option table, the job language, and the plan that jobs are lowered to.

#![forbid(unsafe_code)]

pub mod help;
pub mod plan;
pub mod table;
pub mod value;

pub use plan::Plan;
