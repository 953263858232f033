//! How random offsets and files are distributed.

use fiord_base::PerDirection;
use serde::{Deserialize, Serialize};

/// How random offsets (or files) are distributed over the blocks (or files) that there are.
///
/// Parameters are within the bounds under which the formulas make sense; reading a value checks them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Distribution {
    /// All are alike.
    #[default]
    Uniform,
    /// Zipf: the k-th most popular has a share proportional to k^-theta.
    Zipf {
        /// Any number but 1.
        theta: f64,
        /// Place of the most popular, as a fraction of the space; `None`: drawn.
        center: Option<f64>,
    },
    /// Pareto: a share `1 - h` of all goes to a share `h` of the space.
    Pareto {
        /// Above 0 and below 1.
        h: f64,
        /// See Zipf.
        center: Option<f64>,
    },
    /// Normal.
    Normal {
        /// Standard deviation in percent of the space, 0 .. below 100.
        deviation_percent: f64,
        /// See Zipf.
        center: Option<f64>,
    },
    /// Shares of accesses for consecutive shares of the space; a direction with an empty list is
    /// uniform.
    Zoned(PerDirection<Vec<ZoneShare>>),
    /// Shares of accesses for consecutive areas of so many bytes; a direction with an empty list is
    /// uniform.
    ZonedBytes(PerDirection<Vec<ZoneArea>>),
    /// These blocks, one after the other, again and again.
    Sequence(Vec<u64>),
}

/// A part of the space and its share of accesses. Those of a list add up to 100 percent of accesses
/// and at most 100 percent of the space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneShare {
    /// Accesses, 0..=100.
    pub access_percent: u32,
    /// Space, 0..=100.
    pub size_percent: u32,
}

/// An area and its share of accesses. Those of a list add up to 100 percent of accesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneArea {
    /// Accesses, 0..=100.
    pub access_percent: u32,
    /// Length of the area; 0: one block.
    pub size_bytes: u64,
}

/// Writing an SSD once in an order that leaves it in the state of long random writing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreconditionPlan {
    /// Regions into which the space is divided, at least 1.
    pub regions: u32,
    /// Hidden capacity of the device as a fraction of the visible one, above 0.
    pub over_provisioning: f64,
    /// Cache of the device: overwriting is delayed by one region if it is not 0.
    pub cache_bytes: u64,
}
