//! When requests go: think time, rates, latency targets, flows.

use fiord_base::PerDirection;
use serde::{Deserialize, Serialize};

/// When requests go. All bounds hold for each clone by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PacingPlan {
    /// Pauses between requests.
    pub think: ThinkPlan,
    /// Caps and floors of rates.
    pub rate: RatePlan,
    /// Bounds of latency.
    pub latency: LatencyPlan,
    /// Turns taken with other jobs.
    pub flow: Option<FlowPlan>,
}

/// Pauses between requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ThinkPlan {
    /// Length of a pause; 0: there is none.
    pub pause_ns: u64,
    /// The part of a pause that is spent in a busy loop, at its beginning; at most `pause_ns`.
    pub spin_ns: u64,
    /// Requests between two pauses, at least 1; `None`: only time counts.
    pub requests: Option<u32>,
    /// Which requests are counted.
    pub counted: ThinkCount,
    /// Time of I/O between two pauses; 0: only requests count.
    pub io_ns: u64,
    /// Cycles of a busy loop after every request, without draining the queue.
    pub cycles: u32,
}

/// Which requests bring a pause nearer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ThinkCount {
    /// Those that are completed.
    #[default]
    Completed,
    /// Those that are issued.
    Issued,
}

/// Caps and floors of rates. Bytes and requests are never capped together, nor have they floors
/// together; `None` is no bound.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RatePlan {
    /// Most bytes per second.
    pub bytes_max: PerDirection<Option<u64>>,
    /// Fewest bytes per second; falling below ends the job.
    pub bytes_min: PerDirection<Option<u64>>,
    /// Most requests per second.
    pub iops_max: PerDirection<Option<u64>>,
    /// Fewest requests per second; falling below ends the job.
    pub iops_min: PerDirection<Option<u64>>,
    /// How requests are spread in time.
    pub spacing: RateSpacing,
    /// Floors are checked against means over at least this time.
    pub check_ms: u32,
    /// Think time is not made up for by a higher rate afterwards.
    pub ignore_think_time: bool,
}

impl RatePlan {
    /// True if any direction has a cap.
    pub fn is_capped(&self) -> bool {
        self.bytes_max.0.iter().chain(&self.iops_max.0).any(Option::is_some)
    }
}

/// How the requests of a capped rate are spread in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RateSpacing {
    /// Evenly.
    #[default]
    Linear,
    /// As a Poisson process: gaps are distributed exponentially.
    Poisson,
}

/// Bounds of latency.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LatencyPlan {
    /// A request that takes longer ends the job.
    pub max_ns: PerDirection<Option<u64>>,
    /// Search for the deepest queue that meets a latency.
    pub target: Option<LatencyTarget>,
}

/// Search for the deepest queue that meets a latency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatencyTarget {
    /// The latency to meet.
    pub target_ns: u64,
    /// Length of the trial of one depth; 0: each request is a trial.
    pub window_ns: u64,
    /// Share of requests that must meet it, 0..=100.
    pub percentile: f64,
    /// Go on searching after the depth is found, instead of ending the job.
    pub keep_searching: bool,
}

/// Turns taken with the other jobs of a flow: a job waits while its share of their requests exceeds
/// its share of their weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowPlan {
    /// Jobs of one number belong together.
    pub id: u32,
    /// Weight of this job, 1..=1000.
    pub weight: u32,
    /// Length of each wait; 0: busy.
    pub wait_ns: u64,
}
