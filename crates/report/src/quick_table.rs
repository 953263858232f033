//! The report of `fiord quick` for people: where was measured and how, and one line per test.
//!
//! A test is a record of the run: a job, or the clones of one under `group_reporting`. Its label is the
//! job's `description`.

use std::fmt::Write as _;

use fiord_base::{DATA, Direction};
use fiord_measure::histogram::OVERFLOW_NS;
use fiord_measure::report::Severity;
use fiord_measure::{DirectionReport, JobReport, Latency, RunReport};

use crate::groups::{Record, records};

/// Where and how was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The directory.
    pub directory: String,
    /// Type of its file system, such as `ext4`.
    pub file_system: String,
    /// What the file system lies on, as far as known.
    pub device: Option<String>,
    /// Size of the test file.
    pub file_bytes: u64,
    /// The page cache is bypassed.
    pub direct: bool,
}

const PERCENTILES: [f64; 3] = [50.0, 99.0, 99.9];

/// The lines above the table.
pub fn header(place: &Place, version: &str) -> String {
    let mut out = format!("fiord {version} quick: {}\n", place.directory);
    let _ = write!(out, "{} file system", place.file_system);
    if let Some(device) = &place.device {
        let _ = write!(out, " on {device}");
    }
    let io = if place.direct { "direct" } else { "buffered" };
    let _ = writeln!(out, ", {} test file, {io} I/O\n", size(place.file_bytes));
    out
}

/// The table, and below it the notes of the run and what is to be known to read it.
pub fn table(report: &RunReport) -> String {
    let tests = records(&report.jobs);
    let mut rows = vec![Row {
        head: ["test", "block", "jobs"].map(str::to_owned),
        cells: Ok(["MiB/s", "IOPS", "mean", "p50", "p99", "p99.9"].map(str::to_owned)),
    }];
    rows.extend(tests.iter().map(row));
    let mut out = aligned(&rows);
    out.push('\n');
    let deepest = tests.iter().map(|test| test.clones.len()).max().unwrap_or(1);
    if deepest > 1 {
        out.push_str(
            "Latencies are per request. With several jobs, each is a thread with one request\n\
             at a time; asynchronous I/O of the same depth may reach more.\n",
        );
    }
    // Errors stand in their rows, and were said when they happened.
    for message in report.messages.iter().filter(|message| message.severity != Severity::Error) {
        let _ = writeln!(out, "{}: {}", capitalised(message.severity.name()), message.text);
    }
    out
}

/// One line: three words about the test, then its results or the reason why there are none.
struct Row {
    head: [String; 3],
    cells: Result<[String; 6], String>,
}

fn row(test: &Record<'_>) -> Row {
    let job = &test.report;
    let label = job.description.clone().unwrap_or_else(|| job.name.clone());
    let block = block_bytes(job).map_or_else(|| "-".to_owned(), size);
    Row { head: [label, block, test.clones.len().to_string()], cells: cells(job) }
}

fn cells(job: &JobReport) -> Result<[String; 6], String> {
    if job.signal != 0 {
        return Err(format!("killed by signal {}", job.signal));
    }
    if job.error != 0 {
        return Err(format!("failed: {}", job.error_text));
    }
    let Some(result) = DATA.map(|d| &job.directions[d]).into_iter().find(|d| d.ios > 0) else {
        return Err("not run".to_owned());
    };
    let DirectionReport { clat, .. } = result;
    let mean = duration(clat.moments.mean());
    let [p50, p99, p999] = percentiles(clat);
    let mib_per_second = result.bytes_per_second() as f64 / f64::from(1 << 20);
    Ok([amount(mib_per_second), amount(result.iops()), mean, p50, p99, p999])
}

/// The block size in force for the direction of the job.
fn block_bytes(job: &JobReport) -> Option<u64> {
    let option = |name: &str| {
        let mut options = job.effective.iter();
        options.find(|(option, _)| option == name).map(|(_, value)| value.as_str())
    };
    let direction =
        if option("rw")?.ends_with("write") { Direction::Write } else { Direction::Read };
    option("bs")?.split(',').nth(direction as usize)?.parse().ok()
}

fn percentiles(latency: &Latency) -> [String; 3] {
    let histogram = &latency.histogram;
    let total = histogram.total() as f64;
    let held = total - histogram.overflow() as f64;
    let values = histogram.percentiles(&PERCENTILES);
    std::array::from_fn(|i| match values.get(i) {
        None => "-".to_owned(),
        Some(_) if total == 0.0 => "-".to_owned(),
        Some(_) if PERCENTILES[i] / 100.0 * total > held => {
            format!(">{}", duration(OVERFLOW_NS as f64))
        }
        Some(&ns) => duration(ns as f64),
    })
}

/// Columns under each other: the label to the left, all others to the right.
fn aligned(rows: &[Row]) -> String {
    let mut widths = [0; 9];
    for row in rows {
        let cells = row.cells.iter().flatten();
        for (width, cell) in widths.iter_mut().zip(row.head.iter().chain(cells)) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    for row in rows {
        let _ = write!(out, "{:<1$}", row.head[0], widths[0]);
        let cells = row.cells.iter().flatten();
        for (cell, width) in row.head[1..].iter().chain(cells).zip(&widths[1..]) {
            let _ = write!(out, "  {cell:>width$}");
        }
        if let Err(reason) = &row.cells {
            let _ = write!(out, "  {reason}");
        }
        out.push('\n');
    }
    out
}

/// The whole number of the largest unit: `4 KiB`.
fn size(bytes: u64) -> String {
    let (mut value, mut unit) = (bytes, "B");
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if value == 0 || value % 1024 != 0 {
            break;
        }
        (value, unit) = (value / 1024, larger);
    }
    format!("{value} {unit}")
}

/// A rate: whole numbers, but a digit behind the point where there are few before it.
fn amount(value: f64) -> String {
    if value < 99.95 { format!("{value:.1}") } else { format!("{value:.0}") }
}

/// Three significant digits and a unit; `us` because not every terminal has a micro sign.
fn duration(ns: f64) -> String {
    let (mut value, mut unit) = (ns, "ns");
    for larger in ["us", "ms", "s"] {
        if value < 999.5 {
            break;
        }
        (value, unit) = (value / 1000.0, larger);
    }
    let decimals = match value {
        _ if unit == "ns" => 0,
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {unit}")
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use fiord_measure::report::{Message, ReportSettings};

    fn job(name: &str, rw: &str, latencies_ns: &[u64]) -> JobReport {
        let mut job = JobReport {
            name: name.to_owned(),
            description: Some("random read".to_owned()),
            effective: [("rw", rw), ("bs", "4096,1048576,4096")]
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
                .into(),
            settings: ReportSettings { group_reporting: true, ..ReportSettings::default() },
            ..JobReport::default()
        };
        let direction = if rw.ends_with("write") { Direction::Write } else { Direction::Read };
        let result = &mut job.directions[direction];
        result.ios = latencies_ns.len() as u64;
        result.bytes = result.ios << 20;
        result.runtime_ms = 500;
        latencies_ns.iter().for_each(|ns| result.clat.add(*ns));
        job
    }

    #[test]
    fn durations_have_three_digits() {
        let check = |ns: f64, expected: &str| assert_eq!(duration(ns), expected);
        check(0.0, "0 ns");
        check(999.4, "999 ns");
        check(999.6, "1.00 us");
        check(12_345.0, "12.3 us");
        check(99_960.0, "100 us");
        check(1_000_000.0, "1.00 ms");
        check(61e9, "61.0 s");
    }

    #[test]
    fn sizes_are_exact() {
        assert_eq!(size(4096), "4 KiB");
        assert_eq!(size(1 << 30), "1 GiB");
        assert_eq!(size(512), "512 B");
        assert_eq!(size(1025), "1025 B");
        assert_eq!(size(104 << 20), "104 MiB");
    }

    #[test]
    fn clones_are_one_line_and_failures_say_why() {
        let mut other_group = job("b", "randwrite", &[]);
        other_group.group = 1;
        let mut broken = job("c", "read", &[5]);
        (broken.group, broken.error) = (2, 5);
        broken.error_text = "Input/output error".to_owned();
        let report = RunReport {
            jobs: vec![
                job("a", "randread", &[1000, 3000]),
                job("a", "randread", &[2000, 20_000_000_000]),
                other_group,
                broken,
            ],
            messages: vec![Message {
                severity: Severity::Note,
                job: None,
                text: "it rains".to_owned(),
            }],
            ..RunReport::default()
        };
        let text = table(&report);
        let lines: Vec<&str> = text.lines().collect();
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words(lines[0]), "test block jobs MiB/s IOPS mean p50 p99 p99.9");
        assert_eq!(words(lines[1]), "random read 4 KiB 2 8.0 8.0 5.00 s 2.01 us >17.2 s >17.2 s");
        assert_eq!(words(lines[2]), "random read 1 MiB 1 not run");
        assert_eq!(words(lines[3]), "random read 4 KiB 1 failed: Input/output error");
        assert_eq!(lines.last(), Some(&"Note: it rains"));
        assert!(lines[0].len() >= lines[1].len());
    }

    #[test]
    fn the_header_says_where_and_how() {
        let place = Place {
            directory: "/data".to_owned(),
            file_system: "ext4".to_owned(),
            device: Some("/dev/vda".to_owned()),
            file_bytes: 1 << 30,
            direct: true,
        };
        let expected = "fiord 1.2.3 quick: /data\n\
            ext4 file system on /dev/vda, 1 GiB test file, direct I/O\n\n";
        assert_eq!(header(&place, "1.2.3"), expected);
    }
}
