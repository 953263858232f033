//! The results of a run as plain data: what every report is made of.

use fiord_base::{Direction, PerDirection};

use crate::{Blocks, Latency, Priorities, Response, Samples, Verification};

/// Results of one run, or of a run so far.
#[derive(Clone, Debug, Default)]
pub struct RunReport {
    /// CLOCK_REALTIME when the report was made, milliseconds since 1970.
    pub timestamp_ms: u64,
    /// Local time as ctime(3) prints it, without the line feed.
    pub time_text: String,
    /// Options of global sections as typed.
    pub global_options: Vec<(String, String)>,
    /// One record per job clone, in order of thread numbers; `stats=0` jobs are left out.
    pub jobs: Vec<JobReport>,
    /// Disks under the targets.
    pub disks: Vec<DiskReport>,
    /// `disk_util` asked for disk statistics and at least one job measured.
    pub disk_util: bool,
    /// Notes and errors of the run, in order.
    pub messages: Vec<Message>,
    /// Facts of the machine and the run: (name, value), for `fiord.environment`.
    pub environment: Vec<(String, String)>,
    /// Jobs still run: this is a status report.
    pub interim: bool,
}

/// How serious a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Results may not be what they seem.
    Warning,
    /// A job failed.
    Error,
}

impl Severity {
    /// The word in `fiord.messages`.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// Something a user should know about a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// How serious.
    pub severity: Severity,
    /// Name of the job, if one is concerned.
    pub job: Option<String>,
    /// One sentence.
    pub text: String,
}

impl std::fmt::Display for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.job {
            Some(job) => write!(f, "job '{job}': {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// Results of one clone of a job, or of a group after [`JobReport::merge`].
#[derive(Clone, Debug, Default)]
pub struct JobReport {
    /// Section name.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// Reporting group.
    pub group: u32,
    /// Thread number, from 1.
    pub thread_number: u32,
    /// Process or thread id; 0 if it never started.
    pub pid: u32,
    /// Errno that ended the job or, tolerated, was first; 0 without.
    pub error: i32,
    /// What failed, for the header line; empty without error.
    pub error_text: String,
    /// The job process was ended by this signal; 0 without.
    pub signal: i32,
    /// Options as typed in the section.
    pub options: Vec<(String, String)>,
    /// Options in force.
    pub effective: Vec<(String, String)>,
    /// How reports treat this job.
    pub settings: ReportSettings,
    /// Wall-clock start, milliseconds since 1970.
    pub job_start_ms: u64,
    /// Seconds since the start of the run, rounded as fio does.
    pub elapsed_s: u64,
    /// Estimated seconds to go; `None`: unknown.
    pub eta_s: Option<u64>,
    /// Results per data direction.
    pub directions: PerDirection<DirectionReport>,
    /// Flush latencies (all kinds of flush together).
    pub sync: Latency,
    /// Flushes issued.
    pub sync_ios: u64,
    /// What has become of the blocks of the region, if that was asked for.
    pub blocks: Option<Blocks>,
    /// What verification has found, if there was one.
    pub verification: Option<Verification>,
    /// Wall time of the job, milliseconds.
    pub runtime_ms: u64,
    /// User CPU time, microseconds.
    pub user_us: u64,
    /// System CPU time, microseconds.
    pub system_us: u64,
    /// Voluntary and involuntary context switches.
    pub context_switches: u64,
    /// Major page faults.
    pub major_faults: u64,
    /// Minor page faults.
    pub minor_faults: u64,
    /// Requests by depth at issue: 1, 2, 4, 8, 16, 32, >=64.
    pub depths: [u64; 7],
    /// Submissions by size: 0, 4, 8, 16, 32, 64, >=64.
    pub submits: [u64; 7],
    /// Reaps by size: same bins.
    pub completes: [u64; 7],
    /// Requests by completion latency: <2, <4, <10, <20, <50, <100, <250, <500, <750, <1000 ns.
    pub latency_ns: [u64; 10],
    /// Same in microseconds.
    pub latency_us: [u64; 10],
    /// Same in milliseconds, then <2000 and >=2000.
    pub latency_ms: [u64; 12],
    /// Errors, tolerated ones included.
    pub total_errors: u64,
    /// Errno of the first error.
    pub first_error: i32,
    /// Its text, as strerror(3) has it; empty without error.
    pub first_error_text: String,
    /// Largest `iodepth` of the merged jobs; 0 if the job never started.
    pub iodepth: u32,
    /// What `latency_target` and its companions asked for.
    pub latency_goal: LatencyGoal,
    /// Clones merged into this record, with their names and thread numbers; itself before merging.
    pub members: Vec<Member>,
}

/// `latency_target` and its companions, as reports repeat them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LatencyGoal {
    /// Largest acceptable latency; 0 without a target.
    pub target_ns: u64,
    /// Time over which the goal is judged.
    pub window_us: u64,
    /// Percent of requests that must meet the target.
    pub percentile: f64,
}

impl Default for LatencyGoal {
    fn default() -> LatencyGoal {
        LatencyGoal { target_ns: 0, window_us: 0, percentile: 100.0 }
    }
}

/// One clone in a group record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// Section name.
    pub name: String,
    /// Thread number.
    pub thread_number: u32,
    /// Process or thread id.
    pub pid: u32,
    /// Errno, 0 without.
    pub error: i32,
}

/// How reports treat a job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReportSettings {
    /// Merge with other jobs of the group.
    pub group_reporting: bool,
    /// 0 apart, 1 mixed, 2 both.
    pub unified: u32,
    /// Percentiles of completion latency are shown.
    pub clat_percentiles: bool,
    /// Percentiles of total latency are shown.
    pub lat_percentiles: bool,
    /// Percentiles of submission latency are shown.
    pub slat_percentiles: bool,
    /// Ascending percents.
    pub percentiles: Vec<f64>,
    /// Digits in the normal report.
    pub significant_figures: u32,
    /// 1024 or 1000.
    pub kb_base: u32,
    /// 8 bytes or 1 bits.
    pub unit_base: u32,
    /// `continue_on_error` is set: error counts are shown.
    pub continue_on_error: bool,
}

/// Results of one data direction.
#[derive(Clone, Debug, Default)]
pub struct DirectionReport {
    /// Bytes moved.
    pub bytes: u64,
    /// Requests issued.
    pub ios: u64,
    /// Requests that were continued after a short transfer.
    pub short_ios: u64,
    /// Requests dropped.
    pub drop_ios: u64,
    /// Milliseconds in which this direction was active.
    pub runtime_ms: u64,
    /// Start to issue.
    pub slat: Latency,
    /// Issue to completion.
    pub clat: Latency,
    /// Start to completion.
    pub lat: Latency,
    /// Latencies by priority.
    pub priorities: Priorities,
    /// Response times of a rated job.
    pub response: Option<Response>,
    /// Bandwidth samples, KiB/s.
    pub bw: Samples,
    /// IOPS samples.
    pub iops: Samples,
}

impl DirectionReport {
    /// Adds the results of another clone of the group: amounts add up, time is the longest.
    pub fn merge(&mut self, other: &DirectionReport) {
        self.bytes += other.bytes;
        self.ios += other.ios;
        self.short_ios += other.short_ios;
        self.drop_ios += other.drop_ios;
        self.runtime_ms = self.runtime_ms.max(other.runtime_ms);
        let mine = if self.priorities.of_lat { &self.lat } else { &self.clat };
        self.priorities.merge(mine, &other.priorities, other.told_apart());
        self.slat.merge(&other.slat);
        self.clat.merge(&other.clat);
        self.lat.merge(&other.lat);
        match (&mut self.response, &other.response) {
            (Some(mine), Some(theirs)) => mine.merge(theirs),
            (mine @ None, theirs) => mine.clone_from(theirs),
            (Some(_), None) => {}
        }
        self.bw.merge(&other.bw);
        self.iops.merge(&other.iops);
    }

    /// The latency that is told apart by priority.
    fn told_apart(&self) -> &Latency {
        if self.priorities.of_lat { &self.lat } else { &self.clat }
    }

    /// Bytes per second; 0 without time.
    pub fn bytes_per_second(&self) -> u64 {
        let total = u128::from(self.bytes) * 1000;
        total.checked_div(u128::from(self.runtime_ms)).unwrap_or(0) as u64
    }

    /// Requests per second; 0 without time.
    pub fn iops(&self) -> f64 {
        if self.runtime_ms == 0 { 0.0 } else { self.ios as f64 * 1000.0 / self.runtime_ms as f64 }
    }
}

impl JobReport {
    /// Adds another clone of the group. Identity (name, options, pid) stays the first one's.
    pub fn merge(&mut self, other: &JobReport) {
        if self.error == 0 {
            self.error = other.error;
            self.error_text.clone_from(&other.error_text);
        }
        if self.signal == 0 {
            self.signal = other.signal;
        }
        self.elapsed_s = self.elapsed_s.max(other.elapsed_s);
        self.eta_s = match (self.eta_s, other.eta_s) {
            (Some(a), Some(b)) => Some(a.max(b)),
            _ => None,
        };
        for (direction, theirs) in other.directions.iter() {
            self.directions[direction].merge(theirs);
        }
        self.sync.merge(&other.sync);
        self.sync_ios += other.sync_ios;
        match (&mut self.blocks, &other.blocks) {
            (Some(mine), Some(theirs)) => mine.merge(theirs),
            (mine @ None, theirs) => mine.clone_from(theirs),
            (Some(_), None) => {}
        }
        match (&mut self.verification, &other.verification) {
            (Some(mine), Some(theirs)) => mine.merge(theirs),
            (mine @ None, theirs) => mine.clone_from(theirs),
            (Some(_), None) => {}
        }
        self.runtime_ms += other.runtime_ms;
        self.user_us += other.user_us;
        self.system_us += other.system_us;
        self.context_switches += other.context_switches;
        self.major_faults += other.major_faults;
        self.minor_faults += other.minor_faults;
        add_all(&mut self.depths, &other.depths);
        add_all(&mut self.submits, &other.submits);
        add_all(&mut self.completes, &other.completes);
        add_all(&mut self.latency_ns, &other.latency_ns);
        add_all(&mut self.latency_us, &other.latency_us);
        add_all(&mut self.latency_ms, &other.latency_ms);
        self.total_errors += other.total_errors;
        if self.first_error == 0 {
            self.first_error = other.first_error;
            self.first_error_text.clone_from(&other.first_error_text);
        }
        self.iodepth = self.iodepth.max(other.iodepth);
        self.members.extend(other.members.iter().cloned());
    }

    /// All data directions in one, for `unified_rw_reporting`.
    pub fn mixed(&self) -> DirectionReport {
        let mut mixed = DirectionReport::default();
        for (_, direction) in self.directions.iter() {
            mixed.merge(direction);
        }
        mixed
    }

    /// Data requests issued, all directions.
    pub fn total_ios(&self) -> u64 {
        self.directions.iter().map(|(_, direction)| direction.ios).sum()
    }

    /// True if any request was issued.
    pub fn did_io(&self) -> bool {
        self.total_ios() + self.sync_ios > 0
            || self.directions[Direction::Read].runtime_ms > 0
            || self.directions[Direction::Write].runtime_ms > 0
    }
}

fn add_all<const N: usize>(mine: &mut [u64; N], theirs: &[u64; N]) {
    for (a, b) in mine.iter_mut().zip(theirs) {
        *a += b;
    }
}

/// Statistics of one block device over the run, from /sys/block/NAME/stat, as differences.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DiskReport {
    /// Kernel name.
    pub name: String,
    /// Reads and writes completed.
    pub ios: [u64; 2],
    /// Sectors of 512 bytes.
    pub sectors: [u64; 2],
    /// Merges.
    pub merges: [u64; 2],
    /// Milliseconds spent.
    pub ticks_ms: [u64; 2],
    /// Weighted milliseconds in queue.
    pub in_queue_ms: u64,
    /// Percent of time busy.
    pub util_percent: f64,
    /// Devices below a stacked one.
    pub members: Vec<DiskReport>,
}
