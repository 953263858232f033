//! The progress line of a running job set, from plain facts.
//!
//! Who samples, how often, and whether there is a terminal is the caller's business.

use std::fmt::Write as _;

use fiord_base::PerDirection;

use crate::num::{Prefix, Unit, number, thousands};

/// Characters of numbers in the line.
const WIDTH: u32 = 4;

/// What a job is doing. Sequential work has a capital letter in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobState {
    /// Waits for its turn.
    NotStarted,
    /// Exists.
    Created,
    /// Ready to run.
    Initialised,
    /// Warms up.
    Ramp,
    /// Reads its files in advance.
    PreReading,
    /// Measured I/O.
    Running {
        /// Which I/O.
        work: Work,
        /// Offsets are random.
        random: bool,
    },
    /// Checks data.
    Verifying,
    /// Flushes at the end.
    Flushing,
    /// Ends.
    Finishing,
    /// Has ended.
    Exited,
    /// Results are collected.
    Reaped,
    /// Results are collected; it failed.
    Failed,
    /// A signal ended it.
    Killed,
}

/// Directions of measured I/O.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Work {
    /// Reads.
    Read,
    /// Writes.
    Write,
    /// Reads and writes.
    Mixed,
    /// Trims.
    Trim,
}

impl JobState {
    /// The letter in the line.
    pub fn letter(self) -> char {
        match self {
            JobState::NotStarted => 'P',
            JobState::Created => 'C',
            JobState::Initialised => 'I',
            JobState::Ramp => '/',
            JobState::PreReading => 'p',
            JobState::Running { work, random } => {
                let letter = match work {
                    Work::Read => 'R',
                    Work::Write => 'W',
                    Work::Mixed => 'M',
                    Work::Trim => 'D',
                };
                if random { letter.to_ascii_lowercase() } else { letter }
            }
            JobState::Verifying => 'V',
            JobState::Flushing => 'F',
            JobState::Finishing => 'f',
            JobState::Exited => 'E',
            JobState::Reaped => '_',
            JobState::Failed => 'X',
            JobState::Killed => 'K',
        }
    }
}

/// Facts of one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// State of each clone, in order of thread numbers.
    pub states: Vec<JobState>,
    /// Jobs under way.
    pub running: u32,
    /// Files open in them.
    pub open_files: u64,
    /// Smallest and largest demanded bandwidth of all jobs, bytes per second; `None`: unlimited.
    pub rate: Option<(u64, u64)>,
    /// The same in requests per second.
    pub rate_iops: Option<(u64, u64)>,
    /// Share of the run that is over, 0 to 1; `None`: unknown, or warming up.
    pub done: Option<f64>,
    /// Seconds to go; `None`: unknown.
    pub eta_s: Option<u64>,
    /// Bytes per second since the last line; `None`: no sample yet.
    pub bandwidth: Option<PerDirection<u64>>,
    /// Requests per second since the last line.
    pub iops: PerDirection<u64>,
    /// 1024 or 1000.
    pub kb_base: u32,
    /// 8 bytes or 1 bits.
    pub unit_base: u32,
}

/// The line, without its carriage return. To overwrite the line before it, of `previous`
/// characters, it is padded with blanks; the caller keeps the length of what is returned, without
/// the blanks, for the next call.
pub fn line(progress: &Progress, previous: usize) -> String {
    let mut out = text(progress);
    let missing = previous.saturating_sub(out.chars().count());
    out.extend(std::iter::repeat_n(' ', missing));
    out
}

/// The line as it is.
fn text(progress: &Progress) -> String {
    let mut out = format!("Jobs: {} (f={})", progress.running, progress.open_files);
    let prefix = if progress.kb_base == 1000 { Prefix::Si } else { Prefix::Iec };
    let unit = if progress.unit_base == 1 { Unit::BitsPerSecond } else { Unit::BytesPerSecond };
    if let Some((min, max)) = progress.rate {
        let limit = |bytes: u64| number(bytes, WIDTH, prefix, unit);
        let _ = write!(out, ", {}-{}", limit(min), limit(max));
    } else if let Some((min, max)) = progress.rate_iops {
        let _ = write!(out, ", {min}-{max} IOPS");
    }
    let _ = write!(out, ": [{}]", states(&progress.states));
    match progress.done {
        Some(done) => {
            let _ = write!(out, "[{:.1}%]", done.clamp(0.0, 1.0) * 100.0);
        }
        None => out.push_str("[-.-%]"),
    }
    if let Some(bandwidth) = &progress.bandwidth {
        let rate = |bytes: u64| thousands(bytes / prefix.thousand(), WIDTH, prefix, unit);
        out.push_str(&per_direction(bandwidth, "", rate));
        let count = |value: u64| number(value, WIDTH, Prefix::Si, Unit::None);
        out.push_str(&per_direction(&progress.iops, " IOPS", count));
    }
    let _ = write!(out, "[eta {}]", remaining(progress.eta_s));
    out
}

/// `[r=1,w=2 IOPS]`, directions without any left out; nothing if that leaves none.
fn per_direction(values: &PerDirection<u64>, unit: &str, show: impl Fn(u64) -> String) -> String {
    let parts: Vec<_> = ["r", "w", "t"]
        .iter()
        .zip(values.0)
        .filter(|(_, value)| *value > 0)
        .map(|(letter, value)| format!("{letter}={}", show(value)))
        .collect();
    if parts.is_empty() { String::new() } else { format!("[{}{unit}]", parts.join(",")) }
}

/// Run-length coded letters: `R(3),_(1)`.
fn states(states: &[JobState]) -> String {
    let letters: Vec<char> = states.iter().map(|state| state.letter()).collect();
    let runs = letters.chunk_by(|a, b| a == b);
    let parts: Vec<_> = runs.map(|run| format!("{}({})", run[0], run.len())).collect();
    parts.join(",")
}

/// `02d:03h:04m:05s`, leading parts that are zero dropped down to minutes.
fn remaining(eta_s: Option<u64>) -> String {
    let Some(total) = eta_s else { return "--".into() };
    let (days, hours) = (total / 86_400, total / 3600 % 24);
    let mut out = String::new();
    if days > 0 {
        let _ = write!(out, "{days:02}d:");
    }
    if days > 0 || hours > 0 {
        let _ = write!(out, "{hours:02}h:");
    }
    let _ = write!(out, "{:02}m:{:02}s", total / 60 % 60, total % 60);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress() -> Progress {
        let running = JobState::Running { work: Work::Mixed, random: false };
        Progress {
            states: vec![running, running, running, JobState::NotStarted],
            running: 3,
            open_files: 3,
            rate: None,
            rate_iops: Some((0, 4500)),
            done: Some(0.25),
            eta_s: Some(9),
            bandwidth: Some(PerDirection([12_268_339, 6_140_928, 0])),
            iops: PerDirection([3001, 1499, 0]),
            kb_base: 1024,
            unit_base: 8,
        }
    }

    /// Lines that fio 3.41 wrote.
    #[test]
    fn lines() {
        assert_eq!(
            line(&progress(), 0),
            "Jobs: 3 (f=3), 0-4500 IOPS: [M(3),P(1)][25.0%][r=11.7MiB/s,w=5997KiB/s]\
             [r=3001,w=1499 IOPS][eta 00m:09s]"
        );
        let trim = JobState::Running { work: Work::Trim, random: true };
        let late = Progress {
            states: vec![JobState::Reaped, JobState::Reaped, JobState::Reaped, trim],
            running: 1,
            open_files: 1,
            rate_iops: Some((0, 10)),
            done: Some(0.345),
            eta_s: Some(19),
            bandwidth: Some(PerDirection([0, 0, 40 << 10])),
            iops: PerDirection([0, 0, 10]),
            ..progress()
        };
        assert_eq!(
            line(&late, 95),
            format!(
                "{:95}",
                "Jobs: 1 (f=1), 0-10 IOPS: [_(3),d(1)][34.5%][t=40KiB/s][t=10 IOPS][eta 00m:19s]"
            )
        );
    }

    #[test]
    fn unknowns() {
        let unknown = Progress {
            done: None,
            eta_s: None,
            bandwidth: None,
            rate_iops: None,
            rate: Some((0, 2 << 20)),
            ..progress()
        };
        assert_eq!(line(&unknown, 0), "Jobs: 3 (f=3), 0B/s-2048KiB/s: [M(3),P(1)][-.-%][eta --]");
    }

    #[test]
    fn remaining_time() {
        assert_eq!(remaining(Some(5)), "00m:05s");
        assert_eq!(remaining(Some(3605)), "01h:00m:05s");
        assert_eq!(remaining(Some(86_400)), "01d:00h:00m:00s");
    }
}
