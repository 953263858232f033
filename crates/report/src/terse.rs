//! Terse output: one line per record, fields separated by semicolons, versions 2 to 5.
//!
//! Consumers count fields, so each version has exactly the fields of its predecessor in fio:
//!
//! | version | head | trims | bandwidth samples and IOPS | disks | description |
//! |---|---|---|---|---|---|
//! | 2 | without program version | yes | no | no | on a line of its own |
//! | 3 | | no | no | yes | last field |
//! | 4 | | yes | no | yes | last field |
//! | 5 | | yes | yes | yes | last field |

use std::fmt::Write as _;

use fiord_measure::{DirectionReport, DiskReport, JobReport, Latency, RunReport};

use crate::COMPATIBLE_VERSION;
use crate::groups::{self, GroupTotals, Record, Row};
use crate::shares;

/// Percentile fields of a direction.
const PERCENTILES: usize = 20;

/// Layout of the fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TerseVersion {
    /// Without program version and disks.
    V2,
    /// Without trims. The default.
    #[default]
    V3,
    /// With trims.
    V4,
    /// With counts of samples and IOPS samples.
    V5,
}

impl TerseVersion {
    /// The version of this number, if there is one.
    pub fn from_number(number: u32) -> Option<TerseVersion> {
        match number {
            2 => Some(TerseVersion::V2),
            3 => Some(TerseVersion::V3),
            4 => Some(TerseVersion::V4),
            5 => Some(TerseVersion::V5),
            _ => None,
        }
    }

    /// The number that stands first in each line.
    pub fn number(self) -> u32 {
        match self {
            TerseVersion::V2 => 2,
            TerseVersion::V3 => 3,
            TerseVersion::V4 => 4,
            TerseVersion::V5 => 5,
        }
    }
}

/// All lines of a report.
pub(crate) fn render(report: &RunReport, version: TerseVersion) -> String {
    let records = groups::records(&report.jobs);
    let totals = groups::totals(&records);
    let mut out = String::new();
    for Record { report: job, .. } in &records {
        out.push_str(&line(job, groups::totals_of(&totals, job), report, version));
        out.push('\n');
    }
    out
}

fn line(
    job: &JobReport,
    totals: Option<&GroupTotals>,
    run: &RunReport,
    version: TerseVersion,
) -> String {
    let name = one_line(&job.name);
    let mut out = version.number().to_string();
    if version != TerseVersion::V2 {
        let _ = write!(out, ";{COMPATIBLE_VERSION}");
    }
    let _ = write!(out, ";{name};{};{}", job.group, job.error);
    for (row, result) in groups::rows(job) {
        if row == Row::Trim && version == TerseVersion::V3 {
            continue;
        }
        let group_rate = totals.map_or(0, |totals| totals.row(row).bandwidth());
        direction(&mut out, job, &result, group_rate, version);
    }
    machine(&mut out, job);
    if version != TerseVersion::V2 && run.disk_util {
        for disk in &run.disks {
            disk_fields(&mut out, disk);
        }
    }
    if job.settings.continue_on_error {
        let _ = write!(out, ";{};{}", job.total_errors, job.first_error);
    }
    if let Some(description) = &job.description {
        let separator = if version == TerseVersion::V2 { "\n;" } else { ";" };
        let _ = write!(out, "{separator}{}", one_line(description));
    }
    out
}

/// Fields of one direction.
fn direction(
    out: &mut String,
    job: &JobReport,
    result: &DirectionReport,
    group_rate: u64,
    version: TerseVersion,
) {
    let rate = result.bytes_per_second() / 1024;
    let iops = result.iops() as u64;
    let _ = write!(out, ";{};{rate};{iops};{}", result.bytes / 1024, result.runtime_ms);
    latency(out, &result.slat);
    latency(out, &result.clat);
    percentiles(out, job, result);
    latency(out, &result.lat);
    let bw = &result.bw;
    let share = shares::of_group_terse(bw, group_rate);
    let (min, max) = if bw.count == 0 { (0, 0) } else { (bw.min, bw.max) };
    let _ = write!(out, ";{min};{max};{share:.6}%;{:.6};{:.6}", bw.mean, bw.stddev);
    if version == TerseVersion::V5 {
        let iops = &result.iops;
        let (min, max) = if iops.count == 0 { (0, 0) } else { (iops.min, iops.max) };
        let _ = write!(out, ";{};{min};{max}", bw.count);
        let _ = write!(out, ";{:.6};{:.6};{}", iops.mean, iops.stddev, iops.count);
    }
}

/// Minimum, maximum, mean and deviation in microseconds; the first two are cut, not rounded.
fn latency(out: &mut String, latency: &Latency) {
    let moments = &latency.moments;
    let (min, max) = if moments.count == 0 { (0, 0) } else { (moments.min, moments.max) };
    let (mean, stddev) = (moments.mean() / 1000.0, moments.stddev() / 1000.0);
    let _ = write!(out, ";{};{};{mean:.6};{stddev:.6}", min / 1000, max / 1000);
}

fn percentiles(out: &mut String, job: &JobReport, result: &DirectionReport) {
    let settings = &job.settings;
    let latency = if settings.lat_percentiles {
        Some(&result.lat)
    } else if settings.clat_percentiles {
        Some(&result.clat)
    } else {
        None
    };
    let listed = latency.map_or(0, |_| settings.percentiles.len().min(PERCENTILES));
    if let Some(latency) = latency {
        let percents = &settings.percentiles[..listed];
        let empty = latency.moments.count == 0;
        for (percent, ns) in percents.iter().zip(latency.histogram.percentiles(percents)) {
            let _ = write!(out, ";{percent:.6}%={}", if empty { 0 } else { ns / 1000 });
        }
    }
    for _ in listed..PERCENTILES {
        out.push_str(";0%=0");
    }
}

/// CPU, depths and latency ranges.
fn machine(out: &mut String, job: &JobReport) {
    let (user, system) = shares::cpu(job);
    let _ = write!(out, ";{user:.6}%;{system:.6}%;{}", job.context_switches);
    let _ = write!(out, ";{};{}", job.major_faults, job.minor_faults);
    for share in shares::depths(job) {
        let _ = write!(out, ";{share:.1}%");
    }
    let (ns, mut us, ms) = shares::latencies(job);
    // There are no fields for nanoseconds: they are all below two microseconds.
    us[0] += ns.iter().sum::<f64>();
    for share in us.iter().chain(&ms) {
        let _ = write!(out, ";{share:.2}%");
    }
}

fn disk_fields(out: &mut String, disk: &DiskReport) {
    let _ = write!(out, ";{}", disk.name);
    disk_numbers(out, disk);
    if !disk.members.is_empty() {
        out.push_str(";slaves");
        disk_numbers(out, &crate::disks::mean_of_members(disk));
    }
}

fn disk_numbers(out: &mut String, disk: &DiskReport) {
    for pair in [disk.ios, disk.merges, disk.ticks_ms] {
        let _ = write!(out, ";{};{}", pair[0], pair[1]);
    }
    let _ = write!(out, ";{};{:.2}%", disk.in_queue_ms, disk.util_percent);
}

/// A record is one line, whatever its texts contain.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
