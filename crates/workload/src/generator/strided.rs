//! Zones that a job steps through (`zonemode=strided`).
//!
//! All requests lie in one zone, the part of the target that begins at [`FileState::start`], until the
//! zone has had its bytes; then the next one begins further on. At the end of the target the first one
//! comes again. A zone that is to have more bytes than it holds begins again each time the bytes are a
//! multiple of its extent, as recorded from fio 3.41. What has been visited is forgotten at each turn.

use fiord_options::plan::{JobPlan, StridedZones, ZonesPlan};

use super::offset::FileState;
use crate::FileRegion;

/// Largest extent of a zone, so that sums of offsets cannot overflow: beyond any target.
const EXTENT_MAX: u64 = 1 << 62;

/// The zones of a job, if it steps through them.
pub(super) fn of_plan(plan: &JobPlan) -> Option<&StridedZones> {
    match &*plan.zones {
        ZonesPlan::Strided(zones) => Some(zones),
        ZonesPlan::None | ZonesPlan::Device(_) => None,
    }
}

/// Bytes of a zone; without zones of the region.
pub(super) fn extent(plan: &JobPlan, region: &FileRegion) -> u64 {
    of_plan(plan).map_or(region.size, |zones| zones.range_bytes.min(EXTENT_MAX))
}

/// Bytes that offsets are drawn from: of zones all of them, also what of the last one lies beyond the
/// target.
pub(super) fn drawn_from(plan: &JobPlan, region: &FileRegion) -> u64 {
    match of_plan(plan) {
        Some(_) => extent(plan, region),
        None => region.size.min(region.real_size),
    }
}

/// Where the job stands in its zones.
#[derive(Clone, Debug)]
pub(crate) struct Strided {
    /// Bytes after which the next zone begins.
    transfer: u64,
    /// Bytes of a zone.
    extent: u64,
    /// From the begin of a zone to that of the next.
    stride: u64,
    /// Bytes that the present zone has had.
    had: u64,
}

impl Strided {
    pub(crate) fn new(zones: &StridedZones) -> Strided {
        let extent = zones.range_bytes.clamp(1, EXTENT_MAX);
        Strided {
            transfer: zones.transfer_bytes.max(1),
            extent,
            stride: extent.saturating_add(zones.skip_bytes),
            had: 0,
        }
    }

    /// A request comes: the zone of the file may be over, or begin again.
    #[inline]
    pub(crate) fn turn(&mut self, file: &mut FileState) {
        // A write belongs to the trim before it, wherever a zone ends.
        if file.write_due {
            return;
        }
        if self.had >= self.transfer {
            self.had = 0;
            let next = file.start.saturating_add(self.stride);
            file.start = if next < file.real_size { next } else { file.origin };
            file.begin_zone();
        } else if self.had.is_multiple_of(self.extent) && file.is_touched() {
            file.begin_zone();
        }
    }

    /// Where a sequential request begins that would begin at `position`: inside the zone.
    #[inline]
    pub(crate) fn inside(&self, file: &FileState, position: u64) -> u64 {
        if position >= file.start.saturating_add(self.extent) { file.start } else { position }
    }

    /// A request of so many bytes was made.
    #[inline]
    pub(crate) fn issued(&mut self, bytes: u64) {
        self.had = self.had.saturating_add(bytes);
    }

    /// A pass begins.
    pub(crate) fn restart(&mut self) {
        self.had = 0;
    }
}
