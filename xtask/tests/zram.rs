//! The process that removes a benchmark's block device, whatever happens to the benchmark.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn the_device_goes_when_the_pipe_ends() {
    // Reading this file makes a device.
    let Ok(number) = std::fs::read_to_string("/sys/class/zram-control/hot_add") else {
        eprintln!("skipped: no zram devices can be made here");
        return;
    };
    let number = number.trim();
    let device = format!("/sys/block/zram{number}");
    assert!(Path::new(&device).exists());
    let mut guard = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["zram-guard", number])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    // In use it cannot go at once; the guard waits.
    std::fs::write(format!("{device}/disksize"), "1048576").unwrap();
    let user = std::fs::File::open(format!("/dev/zram{number}"));
    drop(guard.stdin.take());
    std::thread::sleep(std::time::Duration::from_millis(300));
    let was_kept = Path::new(&device).exists() || user.is_err();
    drop(user);
    assert!(guard.wait().unwrap().success());
    assert!(was_kept);
    assert!(!Path::new(&device).exists());
}
