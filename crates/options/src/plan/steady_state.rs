//! When the results of a job have settled.

use serde::{Deserialize, Serialize};

/// When results count as settled, which ends the job.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SteadyStatePlan {
    /// What is watched, and its bound.
    pub criterion: SteadyState,
    /// Length of the window over which it is judged, a multiple of `interval_ns`.
    pub window_ns: u64,
    /// Time before the first sample.
    pub ramp_ns: u64,
    /// Time between samples.
    pub interval_ns: u64,
}

/// What is watched for a steady state, and its bound.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SteadyState {
    /// The quantity.
    pub quantity: SteadyQuantity,
    /// The bound is on the slope of a line through the samples; else on their largest distance from
    /// the mean.
    pub slope: bool,
    /// The results are steady below this: requests per second, bytes per second or nanoseconds, or
    /// percent of the mean.
    pub limit: f64,
    /// `limit` is in percent of the mean.
    pub percent: bool,
}

impl Default for SteadyState {
    /// What is watched if only a window is given: the slope of IOPS, below 0.01 percent.
    fn default() -> Self {
        SteadyState { quantity: SteadyQuantity::Iops, slope: true, limit: 0.01, percent: true }
    }
}

/// A quantity that may become steady.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SteadyQuantity {
    /// Requests per second.
    Iops,
    /// Bytes per second.
    Bandwidth,
    /// Mean completion latency.
    Latency,
}
