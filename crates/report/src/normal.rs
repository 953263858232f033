//! The report that people read: a block per job or group, totals of groups, disks, messages.
//!
//! What is printed before (headers of jobs, "Starting ...") is in [`crate::headers`]. Existing
//! programs parse this text too, so lines keep fio's form; fiord's messages come last.

use std::fmt::Write as _;

use fiord_measure::report::{Message, ReportSettings};
use fiord_measure::{DirectionReport, JobReport, RunReport, Samples, ScheduleLag};

use crate::blocks;
use crate::disks;
use crate::groups::{self, GroupTotals, Row, RowTotals};
use crate::latency_text;
use crate::num::{Prefix, Unit, number};
use crate::shares::{self, BATCH_LABELS, DEPTH_LABELS};

/// Blocks, group totals, disks and messages.
pub(crate) fn render(report: &RunReport) -> String {
    let records = groups::records(&report.jobs);
    let totals = groups::totals(&records);
    let mut out = String::from("\n");
    for record in &records {
        let totals = groups::totals_of(&totals, &record.report);
        block(&mut out, &record.report, totals, &report.time_text);
    }
    for group in &totals {
        run_status(&mut out, group);
    }
    out.push_str(&disks::section(report));
    messages(&mut out, &report.messages);
    out
}

/// How a job or group writes its numbers.
#[derive(Clone, Copy)]
struct Style {
    width: u32,
    prefix: Prefix,
    rate: Unit,
}

impl Style {
    /// Width and unit are the job's own. Which prefixes come first is one choice for all jobs of a
    /// reporting group: the last one's, as in fio.
    fn new(settings: &ReportSettings, kb_base: u32) -> Style {
        Style {
            width: settings.significant_figures,
            prefix: if kb_base == 1000 { Prefix::Si } else { Prefix::Iec },
            rate: if settings.unit_base == 1 { Unit::BitsPerSecond } else { Unit::BytesPerSecond },
        }
    }

    fn kb_base(self) -> u64 {
        self.prefix.thousand()
    }

    fn rate(self, bytes_per_second: u64) -> String {
        number(bytes_per_second, self.width, self.prefix, self.rate)
    }

    fn other_rate(self, bytes_per_second: u64) -> String {
        number(bytes_per_second, self.width, self.prefix.other(), self.rate)
    }

    fn amount(self, bytes: u64) -> String {
        number(bytes, self.width, self.prefix, Unit::Bytes)
    }

    fn other_amount(self, bytes: u64) -> String {
        number(bytes, self.width, self.prefix.other(), Unit::Bytes)
    }
}

/// One job or group; nothing for a job without any I/O.
fn block(out: &mut String, job: &JobReport, totals: Option<&GroupTotals>, time: &str) {
    if !job.did_io() {
        return;
    }
    let kb_base = totals.map_or(job.settings.kb_base, |totals| totals.settings.kb_base);
    let style = Style::new(&job.settings, kb_base);
    let (name, group, jobs) = (&job.name, job.group, job.members.len().max(1));
    let _ = write!(out, "{name}: (groupid={group}, jobs={jobs}): err={:2}", job.error);
    if job.error != 0 {
        let _ = write!(out, " ({})", job.error_text);
    }
    let _ = writeln!(out, ": pid={}: {time}", job.pid);
    if let Some(description) = &job.description {
        let _ = writeln!(out, "  Description  : [{description}]");
    }
    for (row, result) in groups::rows(job) {
        let rate = totals.map_or(0, |totals| totals.row(row).bandwidth());
        direction(out, row, &result, &job.settings, style, rate);
    }
    latency_text::ranges(out, job);
    if job.sync.moments.count > 0 {
        out.push_str("  fsync/fdatasync/sync_file_range/syncfs:\n");
        latency_text::summary(out, "sync", &job.sync);
        latency_text::percentiles(out, "sync", &job.sync, &job.settings.percentiles);
    }
    machine(out, job);
    if let Some(followed) = &job.blocks {
        blocks::text(out, followed, &job.settings.percentiles);
    }
}

fn direction(
    out: &mut String,
    row: Row,
    result: &DirectionReport,
    settings: &ReportSettings,
    style: Style,
    group_rate: u64,
) {
    if result.bytes == 0 {
        return;
    }
    let rate = result.bytes_per_second();
    let _ = writeln!(
        out,
        "  {}: IOPS={}, BW={} ({})({}/{}msec)",
        row.name(),
        number(result.iops() as u64, style.width, Prefix::Si, Unit::None),
        style.rate(rate),
        style.other_rate(rate),
        style.amount(result.bytes),
        result.runtime_ms,
    );
    let kinds = [
        ("slat", &result.slat, settings.slat_percentiles),
        ("clat", &result.clat, settings.clat_percentiles),
        (" lat", &result.lat, settings.lat_percentiles),
    ];
    for (name, latency, _) in kinds {
        latency_text::summary(out, name, latency);
    }
    let priorities = &result.priorities;
    let (told, of_priority) = match priorities.of_lat {
        true => ("lat", settings.lat_percentiles),
        false => ("clat", settings.clat_percentiles),
    };
    for (priority, latency) in priorities.shown() {
        latency_text::summary(out, &format!("{told} prio {priority}"), latency);
    }
    let response = result.response.as_ref().filter(|it| it.differs_from(&result.lat, &result.clat));
    if let Some(response) = response {
        latency_text::summary(out, "resp", &response.latency);
    }
    for (name, latency, shown) in kinds {
        if shown && latency.moments.count > 0 {
            latency_text::percentiles(out, name.trim(), latency, &settings.percentiles);
        }
    }
    let samples: u64 = priorities.shown().map(|(_, latency)| latency.moments.count).sum();
    for (priority, latency) in priorities.shown().filter(|_| of_priority) {
        let share = latency.moments.count as f64 * 100.0 / samples as f64;
        let name = format!("{told} prio {priority} ({share:.2}% of IOs)");
        latency_text::percentiles(out, &name, latency, &settings.percentiles);
    }
    if let Some(response) = response {
        if settings.clat_percentiles || settings.lat_percentiles {
            latency_text::percentiles(out, "resp", &response.latency, &settings.percentiles);
        }
        schedule_lag(out, &response.lag);
    }
    bandwidth_samples(out, &result.bw, style.kb_base(), group_rate);
    let iops = &result.iops;
    if iops.count > 0 {
        let _ = writeln!(
            out,
            "   iops        : min={:5}, max={:5}, avg={:5.2}, stdev={:5.2}, samples={}",
            iops.min, iops.max, iops.mean, iops.stddev, iops.count,
        );
    }
}

/// How far the requests of a rated job were behind.
fn schedule_lag(out: &mut String, lag: &ScheduleLag) {
    let _ = writeln!(
        out,
        "   sched lag   : avg={}, max={}, late={} ({:.2}%)",
        duration(lag.mean_ns() as u64),
        duration(lag.max_ns),
        lag.late,
        lag.late as f64 * 100.0 / lag.count.max(1) as f64,
    );
}

fn bandwidth_samples(out: &mut String, bw: &Samples, kb_base: u64, group_rate: u64) {
    if bw.count == 0 {
        return;
    }
    let large = bw.mean > (kb_base * kb_base) as f64;
    let (unit, divisor) = if large { ("MiB", kb_base) } else { ("KiB", 1) };
    let _ = writeln!(
        out,
        "   bw ({unit:>5}/s): min={:5}, max={:5}, per={:.2}%, avg={:5.2}, stdev={:5.2}, samples={}",
        bw.min / divisor,
        bw.max / divisor,
        shares::of_group(bw, group_rate),
        bw.mean / divisor as f64,
        bw.stddev / divisor as f64,
        bw.count,
    );
}

/// CPU, depths, counts, errors, latency goal.
fn machine(out: &mut String, job: &JobReport) {
    let (user, system) = shares::cpu(job);
    let (switches, major, minor) = (job.context_switches, job.major_faults, job.minor_faults);
    let _ = writeln!(
        out,
        "  cpu          : usr={user:.2}%, sys={system:.2}%, ctx={switches}, majf={major}, minf={minor}"
    );
    let mut table = |title: &str, labels: &[&str], values: &[f64]| {
        let cells: Vec<_> = labels
            .iter()
            .zip(values)
            .map(|(label, value)| format!("{label}={value:.1}%"))
            .collect();
        let _ = writeln!(out, "{title}{}", cells.join(", "));
    };
    table("  IO depths    : ", &DEPTH_LABELS, &shares::depths(job));
    table("     submit    : ", &BATCH_LABELS, &shares::batches(&job.submits));
    table("     complete  : ", &BATCH_LABELS, &shares::batches(&job.completes));
    let each = |value: fn(&DirectionReport) -> u64| {
        let texts: Vec<_> =
            job.directions.iter().map(|(_, result)| value(result).to_string()).collect();
        texts.join(",")
    };
    let _ = writeln!(
        out,
        "     issued rwts: total={},{} short={},0 dropped={},0",
        each(|result| result.ios),
        job.sync_ios,
        each(|result| result.short_ios),
        each(|result| result.drop_ios),
    );
    if job.settings.continue_on_error {
        let text = match (job.first_error, job.first_error_text.as_str()) {
            (0, _) => "Success",
            (_, text) => text,
        };
        let (total, first) = (job.total_errors, job.first_error);
        let _ = writeln!(out, "     errors    : total={total}, first_error={first}/<{text}>");
    }
    if let Some(found) = &job.verification {
        let (skipped, wrong) = (found.total_skipped(), found.total_mismatches());
        let checked = found.checked;
        let _ = writeln!(
            out,
            "     verify    : checked={checked}, skipped={skipped}, wrong={wrong} (blocks)"
        );
    }
    if job.iodepth > 0 {
        let goal = &job.latency_goal;
        let _ = writeln!(
            out,
            "     latency   : target={}, window={}, percentile={:.2}%, depth={}",
            duration(goal.target_ns),
            duration(goal.window_us.saturating_mul(1000)),
            goal.percentile,
            job.iodepth,
        );
    }
}

fn duration(ns: u64) -> String {
    let (divisor, unit) = match ns {
        0..1_000 => (1.0, "ns"),
        1_000..1_000_000 => (1e3, "us"),
        1_000_000..1_000_000_000 => (1e6, "ms"),
        _ => (1e9, "s"),
    };
    format!("{:.2}{unit}", ns as f64 / divisor)
}

fn run_status(out: &mut String, group: &GroupTotals) {
    let _ = writeln!(out, "\nRun status group {} (all jobs):", group.group);
    let style = Style::new(&group.settings, group.settings.kb_base);
    for row in Row::ALL {
        let RowTotals { bytes, bandwidth_min, bandwidth_max, runtime_ms_min, runtime_ms_max } =
            *group.row(row);
        if runtime_ms_max == 0 {
            continue;
        }
        let rate = group.row(row).bandwidth();
        let _ = writeln!(
            out,
            "{:>7}: bw={} ({}), {}-{} ({}-{}), io={} ({}), run={runtime_ms_min}-{runtime_ms_max}msec",
            row.name().to_uppercase(),
            style.rate(rate),
            style.other_rate(rate),
            style.rate(bandwidth_min),
            style.rate(bandwidth_max),
            style.other_rate(bandwidth_min),
            style.other_rate(bandwidth_max),
            style.amount(bytes),
            style.other_amount(bytes),
        );
    }
}

/// What the run has to say beyond numbers; nothing if it has nothing to say.
fn messages(out: &mut String, messages: &[Message]) {
    if messages.is_empty() {
        return;
    }
    out.push_str("\nMessages:\n");
    for message in messages {
        let severity = message.severity.name();
        let _ = match &message.job {
            Some(job) => writeln!(out, "  {severity}: {job}: {}", message.text),
            None => writeln!(out, "  {severity}: {}", message.text),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fiord_measure::report::Severity;
    use fiord_measure::{LATE_NS, Response};

    #[test]
    fn messages_stand_at_the_end_and_only_if_there_are_any() {
        let silent = RunReport { jobs: vec![JobReport::default()], ..RunReport::default() };
        let text = render(&silent);
        assert_eq!(text, "\n\nRun status group 0 (all jobs):\n");
        let message = |severity, job: Option<&str>, words: &str| Message {
            severity,
            job: job.map(str::to_owned),
            text: words.to_owned(),
        };
        let told = RunReport {
            messages: vec![
                message(Severity::Note, None, "the clock is slow"),
                message(Severity::Error, Some("a"), "open failed"),
            ],
            ..silent
        };
        let added = "\nMessages:\n  note: the clock is slow\n  error: a: open failed\n";
        assert_eq!(render(&told), text + added);
    }

    fn rated(response_ns: u64) -> JobReport {
        let mut job = JobReport::default();
        job.settings.percentiles = vec![99.0];
        job.settings.clat_percentiles = true;
        let read = &mut job.directions[fiord_base::Direction::Read];
        (read.bytes, read.ios, read.runtime_ms) = (4096, 2, 1);
        let mut response = Response::default();
        for total_ns in [30_000, 40_000] {
            read.clat.add(total_ns);
            read.lat.add(total_ns);
            response.latency.add(total_ns + response_ns);
        }
        let late = u64::from(response_ns > LATE_NS);
        let sum_ns = u128::from(response_ns) * 2;
        response.lag = ScheduleLag { count: 2, sum_ns, max_ns: response_ns, late };
        read.response = Some(response);
        job
    }

    #[test]
    fn response_time_is_told_where_it_differs() {
        let text = |job| render(&RunReport { jobs: vec![job], ..RunReport::default() });
        let with = text(rated(200_000));
        let block = |name: &str| {
            let lines = with.lines().filter(|line| line.trim_start().starts_with(name));
            lines.collect::<Vec<_>>().join("\n")
        };
        assert_eq!(block("resp ("), "    resp (usec): min=230, max=240, avg=235.00, stdev= 7.07");
        assert_eq!(
            block("sched lag"),
            "   sched lag   : avg=200.00us, max=200.00us, late=1 (50.00%)"
        );
        assert!(with.contains("    resp percentiles (usec):\n     |  99th=[  241]\n   sched lag"));
        assert!(with.find(" lat (").unwrap() < with.find("resp (").unwrap());
        let without = text(rated(2_000));
        assert!(!without.contains("resp") && !without.contains("lag"), "{without}");
    }

    #[test]
    fn durations() {
        assert_eq!(duration(0), "0.00ns");
        assert_eq!(duration(1500), "1.50us");
        assert_eq!(duration(20_000_000), "20.00ms");
        assert_eq!(duration(61_000_000_000), "61.00s");
    }
}
