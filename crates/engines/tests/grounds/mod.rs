//! Files and devices to try engines on, made for a test and removed after it.
//!
//! Devices need root and a kernel that has them: who asks for one gets the reason when there is none.

use std::fs::{self, File};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use fiord_engine::contract::Ground;

/// What 4096 requests need, and as much again for what cannot be read.
const BYTES: u64 = 32 << 20;

/// A ground that is taken apart at the end.
pub(crate) struct Made {
    pub(crate) ground: Ground,
    undo: Vec<Undo>,
}

enum Undo {
    Remove(PathBuf),
    DetachLoop(PathBuf),
    RemoveZram(String),
}

impl Drop for Made {
    fn drop(&mut self) {
        // In the order of making them, a device comes after the file beneath it.
        for undo in self.undo.drain(..).rev() {
            let outcome = match undo {
                Undo::Remove(path) => fs::remove_file(path).map_err(|error| error.to_string()),
                Undo::DetachLoop(path) => {
                    output("losetup", &["-d", &path.to_string_lossy()]).map(drop)
                }
                Undo::RemoveZram(number) => {
                    let path = format!("/sys/block/zram{number}/reset");
                    let _ = fs::write(path, "1");
                    fs::write("/sys/class/zram-control/hot_remove", number)
                        .map_err(|error| error.to_string())
                }
            };
            if let Err(text) = outcome {
                eprintln!("left behind: {}: {text}", self.ground.path.display());
            }
        }
    }
}

fn output(program: &str, words: &[&str]) -> Result<String, String> {
    let outcome = Command::new(program).args(words).output();
    let outcome = outcome.map_err(|error| format!("{program}: {error}"))?;
    match outcome.status.success() {
        true => Ok(String::from_utf8_lossy(&outcome.stdout).trim().to_owned()),
        false => Err(format!("{program}: {}", String::from_utf8_lossy(&outcome.stderr).trim())),
    }
}

fn new_file(directory: &Path) -> Result<PathBuf, String> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = directory.join(format!("fiord-ground-{}-{number}", std::process::id()));
    let file = File::create_new(&path).and_then(|file| file.set_len(BYTES));
    file.map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

fn memory() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() }
}

fn of_file(name: &'static str, path: PathBuf, direct: bool) -> Made {
    let ground = Ground {
        name,
        path: path.clone(),
        direct,
        block_device: false,
        bytes: BYTES,
        beneath: None,
        broken_from: None,
    };
    Made { ground, undo: vec![Undo::Remove(path)] }
}

/// A file in memory.
pub(crate) fn in_memory() -> Result<Made, String> {
    Ok(of_file("a file in memory", new_file(&memory())?, false))
}

/// A file that is opened with O_DIRECT, where temporary files are.
pub(crate) fn direct_file() -> Result<Made, String> {
    const O_DIRECT: i32 = if cfg!(target_arch = "aarch64") { 0o200_000 } else { 0o40_000 };
    let made = of_file("a direct file", new_file(&std::env::temp_dir())?, true);
    let opened = File::options().read(true).custom_flags(O_DIRECT).open(&made.ground.path);
    opened
        .map_err(|error| format!("no direct I/O in {}: {error}", std::env::temp_dir().display()))?;
    Ok(made)
}

/// A loop device over a file in memory, with or without O_DIRECT.
pub(crate) fn loop_device(direct: bool) -> Result<Made, String> {
    let name = if direct { "a direct loop device" } else { "a buffered loop device" };
    let mut made = of_file(name, new_file(&memory())?, direct);
    let beneath = made.ground.path.clone();
    let device = output("losetup", &["--find", "--show", &beneath.to_string_lossy()])?;
    made.ground.path = PathBuf::from(device);
    made.ground.block_device = true;
    made.ground.beneath = Some(beneath);
    made.undo.push(Undo::DetachLoop(made.ground.path.clone()));
    Ok(made)
}

/// A loop device whose file has lost its second half: what lay there cannot be read.
pub(crate) fn broken_device(direct: bool) -> Result<Made, String> {
    let mut made = loop_device(direct)?;
    made.ground.name = if direct { "a direct broken device" } else { "a buffered broken device" };
    let beneath = made.ground.beneath.take().unwrap_or_default();
    let file = File::options().write(true).open(&beneath).map_err(|error| error.to_string())?;
    file.set_len(BYTES / 2).map_err(|error| error.to_string())?;
    made.ground.broken_from = Some(BYTES / 2);
    Ok(made)
}

/// A zram device of our own.
pub(crate) fn zram() -> Result<Made, String> {
    let fail = |error: std::io::Error| format!("no zram device: {error}");
    let number = fs::read_to_string("/sys/class/zram-control/hot_add").map_err(fail)?;
    let number = number.trim().to_owned();
    let path = PathBuf::from(format!("/dev/zram{number}"));
    let ground = Ground {
        name: "a zram device",
        path: path.clone(),
        direct: true,
        block_device: true,
        bytes: BYTES,
        beneath: None,
        broken_from: None,
    };
    let made = Made { ground, undo: vec![Undo::RemoveZram(number.clone())] };
    let size = format!("/sys/block/zram{number}/disksize");
    fs::write(size, BYTES.to_string()).map_err(fail)?;
    // The node is made by the kernel, or by a daemon that takes its time.
    let there = (0..100).any(|_| {
        path.exists() || {
            std::thread::sleep(std::time::Duration::from_millis(20));
            false
        }
    });
    if there { Ok(made) } else { Err(format!("no node {}", path.display())) }
}
