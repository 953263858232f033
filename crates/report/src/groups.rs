//! From clones to records: which jobs are merged, and the totals of reporting groups.
//!
//! A record is what a report prints as one job: a clone, or with `group_reporting` the clones of a
//! group. Bandwidth shares and the "Run status" lines need totals over all records of a group.

use fiord_base::DATA;
use fiord_measure::report::ReportSettings;
use fiord_measure::{DirectionReport, JobReport};

/// One entry of the report and the clones it stands for.
#[derive(Clone, Debug)]
pub(crate) struct Record<'a> {
    /// Merged results.
    pub(crate) report: JobReport,
    /// The clones, in order of thread numbers; never empty.
    pub(crate) clones: Vec<&'a JobReport>,
}

/// Merges clones into records. As in fio, a job with `group_reporting` joins the record before it
/// if that is of the same group, whatever the first job of that record says.
pub(crate) fn records(jobs: &[JobReport]) -> Vec<Record<'_>> {
    let mut records: Vec<Record<'_>> = Vec::new();
    for job in jobs {
        match records.last_mut() {
            Some(record) if job.settings.group_reporting && record.report.group == job.group => {
                record.report.merge(job);
                record.clones.push(job);
            }
            _ => records.push(Record { report: job.clone(), clones: vec![job] }),
        }
    }
    records
}

/// How `unified_rw_reporting` shows directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Each direction by itself.
    Apart,
    /// All in one.
    Mixed,
    /// Each, and all in one.
    Both,
}

impl From<&ReportSettings> for Shown {
    fn from(settings: &ReportSettings) -> Shown {
        match settings.unified {
            0 => Shown::Apart,
            1 => Shown::Mixed,
            _ => Shown::Both,
        }
    }
}

/// The lines of a job and of a group, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    /// Reads.
    Read = 0,
    /// Writes.
    Write = 1,
    /// Trims.
    Trim = 2,
    /// All data directions together.
    Mixed = 3,
}

impl Row {
    /// All rows, in order.
    pub(crate) const ALL: [Row; 4] = [Row::Read, Row::Write, Row::Trim, Row::Mixed];

    /// The word in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Row::Read => "read",
            Row::Write => "write",
            Row::Trim => "trim",
            Row::Mixed => "mixed",
        }
    }
}

/// The rows that a record shows, with their results.
pub(crate) fn rows(job: &JobReport) -> Vec<(Row, DirectionReport)> {
    let shown = Shown::from(&job.settings);
    let mut rows = Vec::with_capacity(4);
    if shown != Shown::Mixed {
        let apart = [Row::Read, Row::Write, Row::Trim].into_iter().zip(DATA);
        rows.extend(apart.map(|(row, direction)| (row, job.directions[direction].clone())));
    }
    if shown != Shown::Apart {
        rows.push((Row::Mixed, job.mixed()));
    }
    rows
}

/// Totals of one row over the records of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowTotals {
    /// Bytes of all records.
    pub(crate) bytes: u64,
    /// Smallest bandwidth of a record, bytes per second.
    pub(crate) bandwidth_min: u64,
    /// Largest bandwidth of a record, bytes per second.
    pub(crate) bandwidth_max: u64,
    /// Shortest run of a record.
    pub(crate) runtime_ms_min: u64,
    /// Longest run of a record.
    pub(crate) runtime_ms_max: u64,
}

impl RowTotals {
    /// All bytes over the longest time, bytes per second.
    pub(crate) fn bandwidth(&self) -> u64 {
        let scaled = u128::from(self.bytes) * 1000;
        scaled.checked_div(u128::from(self.runtime_ms_max)).unwrap_or(0) as u64
    }

    fn add(&mut self, result: &DirectionReport) {
        if result.runtime_ms == 0 {
            return;
        }
        let bandwidth = result.bytes_per_second();
        let first = self.runtime_ms_max == 0;
        let least = |mine: u64, theirs: u64| if first { theirs } else { mine.min(theirs) };
        self.bandwidth_min = least(self.bandwidth_min, bandwidth);
        self.runtime_ms_min = least(self.runtime_ms_min, result.runtime_ms);
        self.bandwidth_max = self.bandwidth_max.max(bandwidth);
        self.runtime_ms_max = self.runtime_ms_max.max(result.runtime_ms);
        self.bytes += result.bytes;
    }
}

/// Totals of a reporting group.
#[derive(Clone, Debug)]
pub(crate) struct GroupTotals {
    /// Group number.
    pub(crate) group: u32,
    /// How numbers are written: the last record's settings, as in fio.
    pub(crate) settings: ReportSettings,
    rows: [RowTotals; 4],
}

impl GroupTotals {
    /// Totals of one row.
    pub(crate) fn row(&self, row: Row) -> &RowTotals {
        &self.rows[row as usize]
    }

    fn add(&mut self, record: &JobReport) {
        let both = Shown::from(&record.settings) == Shown::Both;
        for (row, result) in rows(record) {
            if row == Row::Mixed && both {
                continue; // made of the directions one by one, below
            }
            self.rows[row as usize].add(&result);
            if both {
                self.rows[Row::Mixed as usize].add(&result);
            }
        }
        self.settings = record.settings.clone();
    }
}

/// Totals of all groups, in the order of their first record.
pub(crate) fn totals(records: &[Record<'_>]) -> Vec<GroupTotals> {
    let mut groups: Vec<GroupTotals> = Vec::new();
    for Record { report, .. } in records {
        match groups.iter_mut().find(|totals| totals.group == report.group) {
            Some(totals) => totals.add(report),
            None => {
                let settings = report.settings.clone();
                let mut totals =
                    GroupTotals { group: report.group, settings, rows: Default::default() };
                totals.add(report);
                groups.push(totals);
            }
        }
    }
    groups
}

/// Finds the totals that a record belongs to.
pub(crate) fn totals_of<'a>(
    groups: &'a [GroupTotals],
    record: &JobReport,
) -> Option<&'a GroupTotals> {
    groups.iter().find(|totals| totals.group == record.group)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fiord_base::Direction;

    fn job(group: u32, merged: bool) -> JobReport {
        let mut job = JobReport { group, ..JobReport::default() };
        job.settings.group_reporting = merged;
        job.directions[Direction::Read].bytes = 1000;
        job.directions[Direction::Read].runtime_ms = 10;
        job
    }

    /// As fio 3.41 grouped jobs of these settings.
    #[test]
    fn a_member_joins_the_record_before_it() {
        let jobs =
            [job(0, false), job(0, true), job(0, true), job(0, false), job(1, true), job(2, true)];
        let sizes: Vec<_> = records(&jobs).iter().map(|record| record.clones.len()).collect();
        assert_eq!(sizes, [3, 1, 1, 1]);
    }

    #[test]
    fn group_bandwidth_is_all_bytes_over_the_longest_run() {
        let mut slow = job(0, false);
        slow.directions[Direction::Read].runtime_ms = 20;
        let jobs = [job(0, false), slow];
        let groups = totals(&records(&jobs));
        let read = groups[0].row(Row::Read);
        assert_eq!(read.bandwidth(), 100_000);
        assert_eq!((read.bandwidth_min, read.bandwidth_max), (50_000, 100_000));
        assert_eq!((read.runtime_ms_min, read.runtime_ms_max), (10, 20));
        assert_eq!(*groups[0].row(Row::Mixed), RowTotals::default());
    }

    #[test]
    fn mixed_counts_directions_once() {
        let mut both = job(0, false);
        both.directions[Direction::Write] = both.directions[Direction::Read].clone();
        both.settings.unified = 2;
        let jobs = [both];
        let groups = totals(&records(&jobs));
        assert_eq!(groups[0].row(Row::Mixed).bytes, 2000);
        assert_eq!(groups[0].row(Row::Read).bytes, 1000);
    }
}
