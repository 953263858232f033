//! Disk statistics in the normal report, and what stacked devices say of their members.

use std::fmt::Write as _;

use fiord_measure::{DiskReport, RunReport};

/// The section of all disks; empty if none is known.
pub(crate) fn section(report: &RunReport) -> String {
    let mut out = String::new();
    if report.disk_util && !report.disks.is_empty() {
        out.push_str("\nDisk stats (read/write):\n");
        for disk in &report.disks {
            lines(&mut out, disk, "  ");
        }
    }
    out
}

fn lines(out: &mut String, disk: &DiskReport, indent: &str) {
    let _ = write!(out, "{indent}{}: {}", disk.name, numbers(disk, ""));
    if !disk.members.is_empty() {
        let _ = write!(out, ", {}", numbers(&mean_of_members(disk), "aggr"));
    }
    out.push('\n');
    for member in &disk.members {
        lines(out, member, &format!("{indent}  "));
    }
}

fn numbers(disk: &DiskReport, prefix: &str) -> String {
    let DiskReport { ios, sectors, merges, ticks_ms, in_queue_ms, util_percent, .. } = disk;
    format!(
        "{prefix}ios={}/{}, {prefix}sectors={}/{}, {prefix}merge={}/{}, {prefix}ticks={}/{}, \
         {prefix}in_queue={in_queue_ms}, {prefix}util={util_percent:.2}%",
        ios[0], ios[1], sectors[0], sectors[1], merges[0], merges[1], ticks_ms[0], ticks_ms[1],
    )
}

/// Means over the members of a stacked device; of their utilisation the largest.
pub(crate) fn mean_of_members(disk: &DiskReport) -> DiskReport {
    let mut mean = DiskReport::default();
    let count = disk.members.len().max(1) as u64;
    for member in &disk.members {
        for side in 0..2 {
            mean.ios[side] += member.ios[side];
            mean.sectors[side] += member.sectors[side];
            mean.merges[side] += member.merges[side];
            mean.ticks_ms[side] += member.ticks_ms[side];
        }
        mean.in_queue_ms += member.in_queue_ms;
        mean.util_percent = mean.util_percent.max(member.util_percent);
    }
    for side in 0..2 {
        mean.ios[side] /= count;
        mean.sectors[side] /= count;
        mean.merges[side] /= count;
        mean.ticks_ms[side] /= count;
    }
    mean.in_queue_ms /= count;
    mean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacked_devices_show_means_and_members() {
        let member = |name: &str, ios, util_percent| DiskReport {
            name: name.into(),
            ios,
            util_percent,
            ..DiskReport::default()
        };
        let disk = DiskReport {
            members: vec![member("sda", [10, 3], 2.0), member("sdb", [20, 4], 7.5)],
            ..member("dm-0", [30, 7], 8.25)
        };
        let report = RunReport { disks: vec![disk], disk_util: true, ..RunReport::default() };
        let text = section(&report);
        let zeroes = "sectors=0/0, merge=0/0, ticks=0/0, in_queue=0";
        let aggregate = "aggrsectors=0/0, aggrmerge=0/0, aggrticks=0/0, aggrin_queue=0";
        assert_eq!(
            text,
            format!(
                "\nDisk stats (read/write):\n  dm-0: ios=30/7, {zeroes}, util=8.25%, \
                 aggrios=15/3, {aggregate}, aggrutil=7.50%\n    sda: ios=10/3, {zeroes}, \
                 util=2.00%\n    sdb: ios=20/4, {zeroes}, util=7.50%\n"
            )
        );
        assert_eq!(section(&RunReport { disk_util: false, ..report }), "");
    }
}
