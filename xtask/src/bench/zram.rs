//! A block device in memory, made for a case and removed after it.
//!
//! The removal is the task of a process of its own, which waits for the end of a pipe: it comes also
//! when the case fails, is interrupted, or is killed.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use super::cached::{FILE_BYTES, fill};
use super::own;
use crate::Outcome;

const CONTROL: &str = "/sys/class/zram-control";
/// How long a program that is being ended may hold the device.
const PATIENCE: Duration = Duration::from_secs(10);

/// The device. It is filled with data that cannot be compressed: a read copies a page then, the least
/// that a device can do, and what programs add to it shows best.
#[derive(Debug)]
pub(super) struct Zram {
    path: PathBuf,
    guard: Child,
}

impl Zram {
    /// Makes and fills one.
    pub(super) fn new() -> Outcome<Zram> {
        let number = std::fs::read_to_string(format!("{CONTROL}/hot_add"))
            .map_err(|error| format!("no zram device can be made ({CONTROL}/hot_add: {error})"))?;
        let number = number.trim();
        // Its own process group: an interrupt from the terminal shall not reach it.
        let guard = own(&["zram-guard", number])?
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()
            .inspect_err(|_| drop(remove(number)))?;
        let device = Zram { path: PathBuf::from(format!("/dev/zram{number}")), guard };
        std::fs::write(format!("/sys/block/zram{number}/disksize"), FILE_BYTES.to_string())?;
        fill(&mut opened(&device.path)?, FILE_BYTES)?;
        Ok(device)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Zram {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        // The guard tells on the terminal what it cannot do.
        let _ = self.guard.wait();
    }
}

/// The file of a new device: it appears a moment later where udev makes it.
fn opened(path: &Path) -> Outcome<File> {
    for _ in 0..100 {
        if path.exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(OpenOptions::new().write(true).open(path)?)
}

/// The process that removes a device when its standard input ends.
pub fn guard(arguments: &[String]) -> Outcome<bool> {
    let [number] = arguments else { return Err("zram-guard needs NUMBER".into()) };
    std::io::stdin().read_to_end(&mut Vec::new())?;
    remove(number)?;
    Ok(true)
}

fn remove(number: &str) -> Outcome<()> {
    const PAUSE: Duration = Duration::from_millis(100);
    let mut waited = Duration::ZERO;
    loop {
        match std::fs::write(format!("{CONTROL}/hot_remove"), number) {
            Ok(()) => return Ok(()),
            Err(error) if waited >= PATIENCE => {
                return Err(format!("zram{number} is left behind: {error}").into());
            }
            Err(_) => std::thread::sleep(PAUSE),
        }
        waited += PAUSE;
    }
}
