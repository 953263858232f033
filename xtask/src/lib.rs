//! The project's own tools, as a library that the black-box tests use too.
//!
//! They see fiord and its peer only from outside: as executables with arguments, output files and
//! exit statuses. Nothing here links a crate of the product, so what they find is what a user would.

#![forbid(unsafe_code)]

pub mod bench;
pub mod campaign;
pub mod ci;
pub mod compare;
pub mod generate;
pub mod instructions;
pub mod iolog;
pub mod json;
pub mod peer;
pub mod program;
pub mod schema;

/// Result of a tool: any error ends it with the error's text.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
