//! Running a fio-like executable from outside: in a directory of its own, without standard input,
//! with its output captured and its time bounded.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use crate::Outcome;
use crate::json::Json;

/// Longest run of one program before it is ended.
pub const TIME_LIMIT: Duration = Duration::from_secs(120);

/// An executable that takes fio's job files and switches.
#[derive(Clone, Debug)]
pub struct Program {
    /// What reports call it.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

impl Program {
    /// Names an executable.
    pub fn new(name: &str, path: impl Into<PathBuf>) -> Program {
        Program { name: name.to_string(), path: path.into() }
    }

    /// The executable that a black-box test examines: `FIORD_UNDER_TEST`, else the one that cargo built
    /// for the test.
    pub fn under_test(built: &str) -> Program {
        let path = std::env::var_os("FIORD_UNDER_TEST").unwrap_or_else(|| built.into());
        Program::new("fiord", path)
    }

    /// Runs it in `directory` with nothing on standard input.
    pub fn run<I, S>(&self, directory: &Path, arguments: I) -> Outcome<Run>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let captures = Scratch::new("capture")?;
        let (out, err) = (captures.path().join("out"), captures.path().join("err"));
        let mut command = Command::new(&self.path);
        command.args(arguments).current_dir(directory);
        command.stdin(Stdio::null()).stdout(File::create(&out)?).stderr(File::create(&err)?);
        let start = Instant::now();
        let child = command
            .spawn()
            .map_err(|error| format!("cannot run {}: {error}", self.path.display()))?;
        let status = wait(child, TIME_LIMIT)
            .map_err(|error| format!("{} {:?}: {error}", self.name, command))?;
        Ok(Run {
            status,
            wall: start.elapsed(),
            stdout: String::from_utf8_lossy(&std::fs::read(&out)?).into_owned(),
            stderr: String::from_utf8_lossy(&std::fs::read(&err)?).into_owned(),
        })
    }

    /// Its version line.
    pub fn version(&self) -> Outcome<String> {
        let run = self.run(&std::env::temp_dir(), ["--version"])?;
        Ok(run.stdout.trim().to_string())
    }
}

/// Waits for a child and ends it when it takes too long: politely first, since a fio-like program
/// that is asked to stop ends its workers too.
pub fn wait(mut child: Child, limit: Duration) -> io::Result<ExitStatus> {
    let pid = Pid::from_child(&child);
    let handle = pidfd_open(pid, PidfdFlags::empty())?;
    if ends_within(&handle, limit)? {
        return child.wait();
    }
    kill_process(pid, Signal::TERM)?;
    if !ends_within(&handle, Duration::from_secs(5))? {
        child.kill()?;
    }
    child.wait()?;
    Err(io::Error::other(format!("still ran after {} s", limit.as_secs_f32())))
}

fn ends_within(process: &OwnedFd, limit: Duration) -> io::Result<bool> {
    let limit = Timespec::try_from(limit).map_err(io::Error::other)?;
    let mut event = [PollFd::new(process, PollFlags::IN)];
    Ok(poll(&mut event, Some(&limit))? > 0)
}

/// What a run left behind.
#[derive(Debug)]
pub struct Run {
    /// How it ended.
    pub status: ExitStatus,
    /// From spawn to end.
    pub wall: Duration,
    /// Standard output, lossily decoded.
    pub stdout: String,
    /// Standard error, lossily decoded.
    pub stderr: String,
}

impl Run {
    /// The exit code, or 128 plus the signal, as shells count.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| 128 + self.status.signal().unwrap_or(0))
    }

    /// The only JSON document on standard output.
    pub fn json(&self) -> Outcome<Json> {
        let mut documents = Json::parse_output(&self.stdout)?;
        match (documents.pop(), documents.len()) {
            (Some(document), 0) => Ok(document),
            (_, more) => Err(format!(
                "{} JSON documents in the output (exit {}), stderr: {}",
                more,
                self.code(),
                self.stderr.trim()
            )
            .into()),
        }
    }
}

/// A process and all below it.
pub fn descendants(root: u32) -> Outcome<Vec<u32>> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // A process may be gone by now: then it has no parent either.
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        if let Some(parent) = parent_of(&stat) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut family = vec![root];
    let mut next = 0;
    while let Some(pid) = family.get(next) {
        family.extend(children.remove(pid).unwrap_or_default());
        next += 1;
    }
    Ok(family)
}

/// The fourth field; the second, a name in parentheses, may hold blanks and parentheses.
fn parent_of(stat: &str) -> Option<u32> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}

/// A new directory below the system's temporary one, removed with its contents when dropped.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes one; `label` appears in its name.
    pub fn new(label: &str) -> io::Result<Scratch> {
        Scratch::below(&std::env::temp_dir(), label)
    }

    /// Makes one below a given directory.
    pub fn below(parent: &Path, label: &str) -> io::Result<Scratch> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("fiord-{label}-{}-{number}", std::process::id()));
        std::fs::create_dir(&path)?;
        Ok(Scratch { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing useful can be done about a failure here; the directory is a temporary one.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// How many messages fiord has for its user on standard error.
pub fn messages(stderr: &str) -> usize {
    let begins = |line: &&str| line.starts_with("error") || line.starts_with("fiord: ");
    stderr.lines().filter(begins).count()
}

/// The root of the project's source tree.
pub fn project_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf()
}

/// Builds fiord optimised and returns it.
pub fn build_release() -> Outcome<Program> {
    build("release")
}

/// Builds fiord by this profile and returns it.
pub fn build(profile: &str) -> Outcome<Program> {
    let arguments = ["build", "--profile", profile, "--package", "fiord", "--bin", "fiord"];
    Ok(Program::new("fiord", built(&arguments)?))
}

/// The executable that cargo makes by these arguments.
pub fn built(arguments: &[&str]) -> Outcome<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(project_root())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("cargo {} fails", arguments.join(" ")).into());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let executable = text
        .lines()
        .filter_map(|line| Json::parse(line).ok())
        .find_map(|message| Some(PathBuf::from(message.get("executable")?.text()?)));
    Ok(executable.ok_or("cargo names no executable")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_output_and_status() {
        let scratch = Scratch::new("program-test").unwrap();
        let shell = Program::new("sh", "/bin/sh");
        let run = shell.run(scratch.path(), ["-c", "pwd; echo no >&2; exit 3"]).unwrap();
        assert_eq!(run.code(), 3);
        assert_eq!(Path::new(run.stdout.trim()), scratch.path().canonicalize().unwrap());
        assert_eq!(run.stderr, "no\n");
    }

    #[test]
    fn ends_what_takes_too_long() {
        let child = Command::new("sleep").arg("60").spawn().unwrap();
        let pid = child.id();
        assert!(wait(child, Duration::from_millis(1)).is_err());
        assert!(!Path::new(&format!("/proc/{pid}")).exists());
    }

    #[test]
    fn names_may_hold_parentheses() {
        assert_eq!(parent_of("12 (a) b) S 7 12 12 0"), Some(7));
        assert_eq!(parent_of(""), None);
    }

    #[test]
    fn scratch_is_removed() {
        let scratch = Scratch::new("scratch-test").unwrap();
        let path = scratch.path().to_path_buf();
        std::fs::write(path.join("file"), "x").unwrap();
        drop(scratch);
        assert!(!path.exists());
    }
}
