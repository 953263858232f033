//! What only certain devices can do: polling, protection information, atomic writes.
//!
//! The devices are named by variables; a test without its device is skipped and says so. Contents of the
//! devices are lost.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use xtask::program::{Program, Run, Scratch};

/// Runs a job on the device that a variable names.
fn job(device: &str, arguments: &str) -> Option<Run> {
    let Some(path) = std::env::var_os(device) else {
        eprintln!("skipped: {device} names no device");
        return None;
    };
    let scratch = Scratch::new("devices").unwrap();
    let path = path.into_string().unwrap();
    let all = format!(
        "--name=a --filename={path} --direct=1 --size=256k --ioengine=io_uring --iodepth=4 \
         --output-format=json {arguments}"
    );
    let ours = Program::under_test(env!("CARGO_BIN_EXE_fiord"));
    Some(ours.run(scratch.path(), all.split_whitespace()).unwrap())
}

fn succeeds(run: &Run) {
    assert_eq!(run.code(), 0, "{}", run.stderr);
}

fn fails(run: &Run, words: &str) {
    assert_eq!(run.code(), 1, "{}", run.stderr);
    assert!(run.stderr.contains(words), "{}", run.stderr);
}

/// `LAB_NVME_PI`: NVMe with blocks of 4 KiB and 8 bytes of protection information (Linux 6.17).
#[test]
fn protection_information_goes_along() {
    let all = "--bs=16k --pi_act=0 --pi_chk=GUARD,REFTAG,APPTAG --md_per_io_size=32";
    let on = |arguments: &str| job("LAB_NVME_PI", arguments);
    let Some(written) = on(&format!("--rw=randwrite {all}")) else { return };
    if written.stderr.contains("Linux 6.1") {
        eprintln!("skipped: {}", written.stderr);
        return;
    }
    succeeds(&written);
    succeeds(&on(&format!("--rw=randread {all}")).unwrap());
    succeeds(&on(&format!("--rw=randread {all} --fixedbufs=1 --registerfiles=1")).unwrap());
    fails(&on(&format!("--rw=read {all} --apptag=0x4321")).unwrap(), "apptag");
    succeeds(&on("--rw=read --bs=16k --md_per_io_size=32").unwrap());
    fails(&on("--rw=read --bs=16k --pi_act=0 --md_per_io_size=8").unwrap(), "md_per_io_size=32");
    fails(&on(&format!("--rw=read {all} --direct=0")).unwrap(), "direct=1");
}

/// `LAB_NVME`: NVMe with a queue for polling, and atomic writes of up to 16 KiB.
#[test]
fn completions_are_polled_for() {
    let Some(run) = job("LAB_NVME", "--rw=randrw --hipri=1 --fsync=3") else { return };
    succeeds(&run);
    assert!(run.stdout.contains("IOPOLL"), "{}", run.stdout);
    succeeds(&job("LAB_NVME", "--rw=randread --hipri=1 --fixedbufs=1 --sqthread_poll=1").unwrap());
    fails(&job("LAB_NVME", "--rw=read --hipri=1 --direct=0").unwrap(), "direct=1");
}

/// `LAB_SD`: a disk with atomic writes (`scsi_debug` with `atomic_wr=1`) and without queues for polling.
#[test]
fn atomic_writes_have_the_sizes_of_the_device() {
    let on = |arguments: &str| job("LAB_SD", arguments);
    let Some(run) = on("--rw=randwrite --bs=8k --atomic=1") else { return };
    if run.stderr.contains("cannot be written atomically") {
        eprintln!("skipped: {}", run.stderr);
        return;
    }
    succeeds(&run);
    succeeds(&on("--rw=randwrite --bs=8k --atomic=1 --ioengine=libaio").unwrap());
    succeeds(&on("--rw=randwrite --bs=8k --atomic=1 --ioengine=pvsync2").unwrap());
    fails(&on("--rw=write --bs=12k --size=240k --atomic=1").unwrap(), "powers of two");
    fails(&on("--rw=write --bs=1m --size=4m --atomic=1").unwrap(), "choose another block size");
}
