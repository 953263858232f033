//! What goes wrong around a run: missing space and permission, signals, killed processes,
//! many jobs. Each time there is one clear message, the right exit code, and a whole report.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod many;
mod order;
mod session;
mod signals;
mod surroundings;
