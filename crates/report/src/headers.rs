//! What a run prints in normal format before its results: a line per job, the version, how many
//! processes and threads start, and which files are laid out.

use std::fmt::Write as _;

use fiord_options::plan::{Execution, JobPlan, Plan};

use crate::COMPATIBLE_VERSION;
use crate::num::{Prefix, Unit, number};

/// The line of each job section, `...` below those with clones, and the version line.
pub fn job_headers(plan: &Plan) -> String {
    let mut out = String::new();
    for job in &plan.jobs {
        out.push_str(&header(job));
        if job.clones > 1 {
            out.push_str("...\n");
        }
    }
    out.push_str(COMPATIBLE_VERSION);
    out.push('\n');
    out
}

/// `NAME: (g=0): rw=read, bs=(R) 4096B-4096B, ..., ioengine=psync, iodepth=1`.
fn header(job: &JobPlan) -> String {
    let prefix = if job.stats.kb_base == 1000 { Prefix::Si } else { Prefix::Iec };
    let size = |bytes: u64| number(bytes, job.stats.significant_figures, prefix, Unit::Bytes);
    let blocks = &job.blocks;
    let mut out = format!("{}: (g={}): rw={}, bs=", job.name, job.group, job.pattern.rw.name());
    let ranges = ["R", "W", "T"].iter().zip(blocks.min.0).zip(blocks.max.0);
    for (index, ((letter, min), max)) in ranges.enumerate() {
        if index == 2 && blocks.sequential_random {
            out.push_str("bs_is_seq_rand, ");
            break;
        }
        let _ = write!(out, "({letter}) {}-{}, ", size(min), size(max));
    }
    let _ = writeln!(out, "ioengine={}, iodepth={}", job.engine.name, job.engine.iodepth);
    out
}

/// `Starting 3 processes`.
pub fn starting_line(plan: &Plan) -> String {
    let count = |execution: Execution| -> u64 {
        let jobs = plan.jobs.iter().filter(|job| job.execution == execution);
        jobs.map(|job| u64::from(job.clones)).sum()
    };
    let (threads, processes) = (count(Execution::Thread), count(Execution::Process));
    let threads_text = format!("{threads} thread{}", if threads == 1 { "" } else { "s" });
    let processes_text = format!("{processes} process{}", if processes == 1 { "" } else { "es" });
    match (threads, processes) {
        (0, _) => format!("Starting {processes_text}\n"),
        (_, 0) => format!("Starting {threads_text}\n"),
        _ => format!("Starting {threads_text} and {processes_text}\n"),
    }
}

/// `NAME: Laying out IO file (1 file / 4MiB)`, for the files of one job that need it.
pub fn layout_line(job: &str, files: u64, total_bytes: u64) -> String {
    let mib = total_bytes >> 20;
    match files {
        1 => format!("{job}: Laying out IO file (1 file / {mib}MiB)\n"),
        _ => format!("{job}: Laying out IO files ({files} files / total {mib}MiB)\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As fio 3.41 announced these files.
    #[test]
    fn layout() {
        assert_eq!(layout_line("a", 1, 2 << 20), "a: Laying out IO file (1 file / 2MiB)\n");
        assert_eq!(layout_line("a", 3, 9 << 20), "a: Laying out IO files (3 files / total 9MiB)\n");
        assert_eq!(layout_line("a", 1, 65_536), "a: Laying out IO file (1 file / 0MiB)\n");
    }
}
