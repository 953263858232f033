//! Good jobs in odd surroundings: names of any bytes, missing rights and space, devices in use, streams
//! that nobody reads. Words and job files that are wrong are the business of `tests/bad_input.rs`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use xtask::json::Json;
use xtask::program::{Scratch, messages};

use crate::session::{copy_of_fiord, fiord, number, run};

const FORMATS: [&str; 5] = ["normal", "json", "json+", "terse", "normal,json"];

/// Somebody without rights.
const NOBODY: u32 = 65534;

#[test]
fn names_of_files_may_be_any_bytes() {
    for execution in ["thread=0", "thread"] {
        let scratch = Scratch::new("input").unwrap();
        let job = b"rw=write\nsize=4k\nioengine=psync\nfilename=f\xff\x01 x\n".as_slice();
        let text = [b"[a]\n", execution.as_bytes(), b"\n", job].concat();
        std::fs::write(scratch.path().join("odd.fio"), text).unwrap();
        let run = run(&scratch, "odd.fio --output-format=json");
        assert_eq!((run.code(), run.stderr.as_str()), (0, ""));
        assert_eq!(number(&run.json().unwrap(), "jobs.0.write.io_bytes"), 4096.0);
        let written = scratch.path().join(OsStr::from_bytes(b"f\xff\x01 x"));
        assert_eq!(std::fs::metadata(written).unwrap().len(), 4096);
    }
}

#[test]
fn names_of_sections_may_be_any_bytes() {
    let scratch = Scratch::new("input").unwrap();
    let text = b"[\xfe\x01]\nrw=write\nsize=4k\nioengine=psync\ndescription=\xff\n";
    std::fs::write(scratch.path().join("odd.fio"), text).unwrap();
    let run = run(&scratch, "odd.fio --output-format=json");
    assert_eq!((run.code(), run.stderr.as_str()), (0, ""));
    let name = run.json().unwrap().at("jobs.0.jobname").and_then(Json::text).map(str::to_owned);
    assert_eq!(name.as_deref(), Some("\u{fffd}\u{1}"));
    let written = scratch.path().join(OsStr::from_bytes(b"\xfe\x01.0.0"));
    assert_eq!(std::fs::metadata(written).unwrap().len(), 4096);
}

#[test]
fn success_is_silent() {
    let jobs = "--name=a --ioengine=psync --rw=randrw --size=64k --name=b --stonewall --rw=write \
                --size=64k --name=c --thread --ioengine=null --size=64k";
    for format in FORMATS {
        let scratch = Scratch::new("silent").unwrap();
        let words = format!("--output-format={format} {jobs}");
        let shown = run(&scratch, &words);
        assert_eq!((shown.code(), shown.stderr.as_str()), (0, ""), "{format}");
        let written = run(&scratch, &format!("--output=file {words}"));
        assert_eq!((written.code(), written.stdout.as_str(), written.stderr.as_str()), (0, "", ""));
        let text = std::fs::read_to_string(scratch.path().join("file")).unwrap();
        assert_eq!(text.lines().next().is_some(), shown.stdout.lines().next().is_some());
        if format.contains("json") {
            assert_eq!(Json::parse_output(&text).unwrap().len(), 1, "{format}");
        }
    }
}

/// The words, run by somebody who may do nothing.
fn run_as_nobody(scratch: &Scratch, words: &str) -> (Option<i32>, String, String) {
    // The build directory may be closed to others.
    let mut command = Command::new(copy_of_fiord(scratch));
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.args(words.split_whitespace()).current_dir(scratch.path()).stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_is_forbidden_is_explained() {
    let scratch = Scratch::new("forbidden").unwrap();
    set_mode(scratch.path(), 0o755);
    let file = |name: &str, mode| {
        let path = scratch.path().join(name);
        std::fs::write(&path, [7; 8192]).unwrap();
        set_mode(&path, mode);
    };
    file("secret.fio", 0o000);
    file("secret", 0o000);
    file("fixed", 0o444);
    std::fs::create_dir(scratch.path().join("closed")).unwrap();
    set_mode(&scratch.path().join("closed"), 0o555);
    for (words, named) in [
        ("secret.fio", "secret.fio"),
        ("--output-format=json --name=a --filename=secret --rw=read --size=8k", "'secret'"),
        ("--output-format=json --name=a --filename=fixed --rw=write --size=8k", "'fixed'"),
        ("--output-format=json --name=a --directory=closed --rw=write --size=8k", "closed/a.0.0"),
        ("--output-format=json --name=a --filename=closed/x/y --rw=write --size=8k", "closed/x"),
        (
            "--output-format=json --name=a --thread --filename=secret --rw=read --size=8k",
            "'secret'",
        ),
    ] {
        let (code, out, err) = run_as_nobody(&scratch, words);
        assert_eq!((code, messages(&err)), (Some(1), 1), "{words}: {err}");
        assert!(err.contains(named) && err.contains("Permission denied"), "{words}: {err}");
        if words.contains("json") {
            let report = Json::parse(&out).unwrap();
            assert_eq!(number(&report, "jobs.0.error"), 13.0, "{words}");
        }
    }
    let closed = std::fs::read_dir(scratch.path().join("closed")).unwrap();
    assert_eq!(closed.count(), 0);
    let fixed = std::fs::read(scratch.path().join("fixed")).unwrap();
    assert_eq!(fixed, [7; 8192]);
    // So that the directory can be removed by whoever runs the test.
    set_mode(&scratch.path().join("closed"), 0o755);
}

/// Runs a tool of the machine; why it failed, if it did.
fn tool(program: &str, words: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(words).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        false => Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}

/// A file system that is unmounted at the end.
struct Mounted(String);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = tool("umount", &[&self.0]);
    }
}

#[test]
fn a_full_file_system_is_explained_and_not_kept_full() {
    let scratch = Scratch::new("full").unwrap();
    let place = scratch.path().join("small");
    std::fs::create_dir(&place).unwrap();
    let name = place.display().to_string();
    if let Err(why) = tool("mount", &["-t", "tmpfs", "-o", "size=1m", "tmpfs", &name]) {
        eprintln!("skipped: no small file system can be made here ({why})");
        return;
    }
    let _mounted = Mounted(name);
    for (words, kept) in [
        ("--rw=read --size=4m", false),
        ("--rw=read --size=4m --fallocate=none", false),
        ("--rw=write --size=4m", false),
        ("--rw=write --size=4m --fallocate=none", true),
        ("--rw=write --size=4m --fallocate=none --thread", true),
    ] {
        let words = format!("--output-format=json --name=a --directory=small {words}");
        let run = run(&scratch, &words);
        assert_eq!((run.code(), messages(&run.stderr)), (1, 1), "{words}: {}", run.stderr);
        assert!(run.stderr.contains("No space left") && run.stderr.contains("small/a.0.0"));
        assert_eq!(number(&run.json().unwrap(), "jobs.0.error"), 28.0);
        let file = place.join("a.0.0");
        assert_eq!(file.exists(), kept, "{words}");
        let _ = std::fs::remove_file(file);
    }
    // A job that fills its device expects that, when it writes and when its file is laid out.
    for rw in ["write", "randread"] {
        let words = format!(
            "--output-format=json --name=a --directory=small --rw={rw} --size=4m --bs=64k \
             --fill_device=1 --unlink=1"
        );
        let run = run(&scratch, &words);
        assert_eq!((run.code(), run.stderr.as_str()), (0, ""), "{rw}");
        let direction = rw.trim_start_matches("rand");
        let moved = number(&run.json().unwrap(), &format!("jobs.0.{direction}.io_bytes"));
        assert!(moved > 0.0 && moved <= 1048576.0, "{rw}: {moved}");
    }
}

/// A loop device that is given back at the end.
struct LoopDevice(String);

impl Drop for LoopDevice {
    fn drop(&mut self) {
        let _ = tool("losetup", &["-d", &self.0]);
    }
}

#[test]
fn a_mounted_device_is_not_written_to() {
    let scratch = Scratch::new("mounted").unwrap();
    let image = scratch.path().join("image");
    std::fs::File::create(&image).unwrap().set_len(8 << 20).unwrap();
    let image = image.display().to_string();
    let device = match tool("losetup", &["--show", "-f", &image]) {
        Ok(device) => LoopDevice(device),
        Err(why) => {
            eprintln!("skipped: no loop device can be made here ({why})");
            return;
        }
    };
    let place = scratch.path().join("mounted").display().to_string();
    std::fs::create_dir(&place).unwrap();
    let made = tool("mkfs.ext4", &["-q", &device.0]);
    if let Err(why) = made.and_then(|_| tool("mount", &[&device.0, &place])) {
        eprintln!("skipped: the loop device cannot be mounted here ({why})");
        return;
    }
    let mounted = Mounted(place);
    let before = std::fs::read(&image).unwrap();
    for rw in ["write", "randrw", "trim"] {
        let words = format!("--name=a --filename={} --rw={rw} --size=1m", device.0);
        let run = run(&scratch, &words);
        assert_eq!((run.code(), messages(&run.stderr)), (1, 1), "{rw}: {}", run.stderr);
        assert!(run.stderr.contains("is mounted"), "{}", run.stderr);
        assert!(run.stderr.contains("allow_mounted_write"), "{}", run.stderr);
    }
    assert!(std::fs::read(&image).unwrap() == before, "the device has been changed");
    let reading = format!("--name=a --filename={} --rw=read --size=1m", device.0);
    assert_eq!(run(&scratch, &reading).code(), 0);
    drop(mounted);
    let writing = format!("--name=a --filename={} --rw=write --size=1m", device.0);
    assert_eq!(run(&scratch, &writing).code(), 0);
}

/// Nobody reads what is said: no panic, and the run goes on.
#[test]
fn closed_and_full_streams_are_survived() {
    let scratch = Scratch::new("streams").unwrap();
    let shell = |redirected: &str, words: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("exec \"$0\" {words} {redirected}")]).arg(fiord().path);
        let output = command.current_dir(scratch.path()).stdin(Stdio::null()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!stderr.contains("panicked"), "{words} {redirected}: {stderr}");
        (output.status.code(), messages(&stderr))
    };
    let job = "--name=a --ioengine=null --size=64k";
    let failing = "--name=a --ioengine=psync --rw=write --filename=/dev/full --size=4k";
    assert_eq!(shell(">/dev/full", job), (Some(1), 1));
    assert_eq!(shell(">/dev/full", "--cmdhelp=all"), (Some(1), 1));
    assert_eq!(shell(">/dev/full", "--version"), (Some(1), 1));
    assert_eq!(shell("2>/dev/full", "--nosuch").0, Some(1));
    assert_eq!(shell("2>/dev/full", failing).0, Some(1));
    assert_eq!(shell("2>&-", failing).0, Some(1));
    // A reader that goes away after a line.
    let mut command = Command::new(fiord().path);
    command.arg("--cmdhelp=all").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}
