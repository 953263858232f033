//! What happened: histograms, moments, samples, the ledger of a worker and the reports made of them.
//!
//! Everything is plain, mergeable data; nothing here does I/O or reads a clock.

#![forbid(unsafe_code)]

pub mod blocks;
pub mod distribution;
pub mod histogram;
pub mod latency;
pub mod ledger;
mod priorities;
pub mod report;
mod response;
pub mod samples;
pub mod verification;

pub use blocks::{Block, BlockState, Blocks};
pub use distribution::Distribution;
pub use histogram::Histogram;
pub use latency::{Latency, Moments};
pub use ledger::{Ledger, LedgerConfig};
pub use priorities::Priorities;
pub use report::{DirectionReport, DiskReport, JobReport, RunReport};
pub use response::{LATE_NS, Response, ScheduleLag};
pub use samples::Samples;
pub use verification::{FoundHeader, MismatchClass, MismatchRecord, SkipReason, Verification};
