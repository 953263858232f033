//! Memory of a program with all its workers: the sum of their proportional set sizes, in which a
//! page that several processes share counts once.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::program::{Program, descendants, wait};

/// Starts the program, waits until `workers` processes below it have run for a while, and returns
/// their memory and its own in bytes. The job has to run for longer than `settle`.
pub(super) fn of_run(
    program: &Program,
    directory: &Path,
    arguments: &[String],
    workers: usize,
    settle: Duration,
) -> Outcome<u64> {
    let mut command = Command::new(&program.path);
    command.args(arguments).current_dir(directory);
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let start = Instant::now();
    let root = child.id();
    let mut family = vec![root];
    while start.elapsed() < settle || family.len() <= workers {
        if start.elapsed() > settle + Duration::from_secs(10) {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
        family = descendants(root)?;
    }
    let seen = family.len() - 1;
    let total: u64 = family.iter().filter_map(|pid| proportional_bytes(*pid)).sum();
    let status = wait(child, Duration::from_secs(60))?;
    if seen < workers {
        return Err(format!("{} ran {seen} workers instead of {workers}", program.name).into());
    }
    if !status.success() {
        return Err(format!("{}: {status}", program.name).into());
    }
    Ok(total)
}

fn proportional_bytes(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_children_and_their_memory() {
        let child = Command::new("sleep").arg("60").spawn().unwrap();
        let family = descendants(std::process::id()).unwrap();
        let bytes = proportional_bytes(std::process::id());
        let child_is_seen = family.contains(&child.id());
        let _ = wait(child, Duration::ZERO);
        assert!(child_is_seen);
        assert!(bytes.unwrap() > 0);
    }
}
