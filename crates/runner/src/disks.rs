//! Statistics of the disks under the targets, as differences over the run.

use std::collections::BTreeMap;

use fiord_measure::DiskReport;
use fiord_sys::disks::{Counters, Disk};
use fiord_sys::file::Kind;

use crate::order::Order;

/// The disks under the targets of a run with their counters at its start.
#[derive(Debug, Default)]
pub(crate) struct Disks {
    watched: Vec<Watched>,
}

#[derive(Debug)]
struct Watched {
    disk: Disk,
    before: Option<Counters>,
    below: Vec<Watched>,
}

impl Watched {
    fn new(disk: Disk) -> Watched {
        let before = disk.counters().ok();
        let below = disk.below.iter().cloned().map(Watched::new).collect();
        Watched { disk, before, below }
    }

    fn report(&self, elapsed_ms: u64) -> DiskReport {
        let members = self.below.iter().map(|below| below.report(elapsed_ms)).collect();
        let name = self.disk.name.clone();
        let (Some(before), Ok(now)) = (self.before, self.disk.counters()) else {
            return DiskReport { name, members, ..DiskReport::default() };
        };
        let pair = |now: [u64; 2], before: [u64; 2]| {
            [now[0].wrapping_sub(before[0]), now[1].wrapping_sub(before[1])]
        };
        let busy_ms = now.io_ticks_ms.wrapping_sub(before.io_ticks_ms);
        let util = if elapsed_ms == 0 { 0.0 } else { 100.0 * busy_ms as f64 / elapsed_ms as f64 };
        DiskReport {
            name,
            ios: pair(now.ios, before.ios),
            sectors: pair(now.sectors, before.sectors),
            merges: pair(now.merges, before.merges),
            ticks_ms: pair(now.ticks_ms, before.ticks_ms),
            in_queue_ms: now.in_queue_ms.wrapping_sub(before.in_queue_ms),
            util_percent: util.min(100.0),
            members,
        }
    }
}

impl Disks {
    /// The names of the disks, without those below them.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.watched.iter().map(|watched| watched.disk.name.as_str())
    }

    /// Finds the disks under the targets of all jobs that want disk statistics.
    pub(crate) fn under<'a>(orders: impl Iterator<Item = &'a Order>) -> Disks {
        let mut found = BTreeMap::new();
        let mut seen = std::collections::HashSet::new();
        for order in orders.filter(|order| order.job.stats.disk_util) {
            for target in order.layout.iter().flat_map(|layout| &layout.files) {
                // Files of one directory lie on one disk.
                let place = match target.kind {
                    // The label of an engine without files is no place.
                    Kind::Other => continue,
                    Kind::Regular => target.path.parent().unwrap_or(&target.path),
                    _ => &target.path,
                };
                if seen.insert(place.to_path_buf())
                    && let Some(disk) = Disk::under(&target.path)
                {
                    found.entry(disk.name.clone()).or_insert(disk);
                }
            }
        }
        Disks { watched: found.into_values().map(Watched::new).collect() }
    }

    /// Counters since the start.
    pub(crate) fn report(&self, elapsed_ms: u64) -> Vec<DiskReport> {
        self.watched.iter().map(|watched| watched.report(elapsed_ms)).collect()
    }
}
