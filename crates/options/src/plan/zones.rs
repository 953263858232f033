//! Zones of targets, and identifiers that tell a device where data belong.

use crate::names::Text;

use fiord_base::Quantity;
use serde::{Deserialize, Serialize};

use super::IdRanges;

/// How the region of a job is parted into zones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum ZonesPlan {
    /// Not.
    #[default]
    None,
    /// A part of each range is used, then the next range.
    Strided(StridedZones),
    /// Zones of a zoned device, or the same rules on another target.
    Device(DeviceZones),
}

impl ZonesPlan {
    /// The word of the job language.
    pub fn name(&self) -> &'static str {
        match self {
            ZonesPlan::None => "none",
            ZonesPlan::Strided(_) => "strided",
            ZonesPlan::Device(_) => "zbd",
        }
    }
}

/// Zones that a job steps through.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StridedZones {
    /// Transferred in each zone before the next one; may be more than the zone holds.
    pub transfer_bytes: u64,
    /// Extent of a zone.
    pub range_bytes: u64,
    /// Left out between zones.
    pub skip_bytes: u64,
}

/// Zones with write pointers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeviceZones {
    /// Extent of a zone; `None`: as the device says.
    pub size_bytes: Option<u64>,
    /// What can be written to a zone; `None`: all of it, or as the device says.
    pub capacity_bytes: Option<u64>,
    /// Left out after each zone, by sequential jobs.
    pub skip: Quantity,
    /// Reads beyond the write pointer are allowed.
    pub read_beyond_write_pointer: bool,
    /// Zones that all jobs together may have open; `None`: as many as the device allows.
    pub open_limit: Option<u32>,
    /// Zones that each clone of the job may have open.
    pub job_open_limit: Option<u32>,
    /// The limits of the device are not applied.
    pub ignore_device_limits: bool,
    /// Zones are reset now and then.
    pub resets: Option<ZoneResets>,
    /// After a failed write the write pointer is read again and the job goes on.
    pub recover_write_errors: bool,
    /// The end of a zone is written even if it is smaller than a block; otherwise the zone is
    /// finished.
    pub write_remainder: bool,
}

/// Resets of zones by chance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ZoneResets {
    /// Share of the region that has to hold data, 0 to 1.
    pub fill_threshold: f64,
    /// Resets per write, 0 to 1.
    pub per_write: f64,
}

/// Identifiers that writes carry, so that a device keeps related data together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlacementPlan {
    /// How they are conveyed.
    pub directive: PlacementDirective,
    /// How the next one is chosen.
    pub select: PlacementSelect,
    /// Which ones may be chosen; `None`: all that the device has.
    pub identifiers: Option<IdRanges>,
}

/// How placement identifiers are conveyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PlacementDirective {
    /// Flexible data placement: indexes of reclaim unit handles.
    FlexibleDataPlacement,
    /// Streams.
    Streams,
}

impl PlacementDirective {
    /// The word of the job language.
    pub fn name(self) -> &'static str {
        match self {
            PlacementDirective::FlexibleDataPlacement => "fdp",
            PlacementDirective::Streams => "streams",
        }
    }
}

/// How the next placement identifier is chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PlacementSelect {
    /// Each in turn.
    RoundRobin,
    /// At random.
    Random,
    /// By the offset of the request: this file maps ranges to identifiers.
    Scheme(Text),
}
