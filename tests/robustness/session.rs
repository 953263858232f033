//! A run that goes on while a test does something to it. Nothing here depends on speed: tests wait
//! for what they need to see, for as long as a loaded machine may take.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use xtask::json::Json;
use xtask::program::{Program, Run, Scratch, descendants, wait};

/// Longest wait for something that has to come.
const LIMIT: Duration = Duration::from_secs(60);

/// A job that writes for ten minutes; the length of its file shows that it does.
pub(crate) const ENDLESS: &str = "--ioengine=psync --rw=write --size=64k --bs=4k --fallocate=none \
                                  --time_based --runtime=600";

/// The program.
pub(crate) fn fiord() -> Program {
    Program::under_test(env!("CARGO_BIN_EXE_fiord"))
}

/// A copy of the program in a directory. It is made by another process: a file that this one has open
/// for writing could not be executed while another test starts a process.
pub(crate) fn copy_of_fiord(scratch: &Scratch) -> PathBuf {
    let copy = scratch.path().join("fiord-copy");
    let copied = Command::new("cp").arg(fiord().path).arg(&copy).status().unwrap();
    assert!(copied.success());
    copy
}

/// Runs it to its end.
pub(crate) fn run(scratch: &Scratch, words: &str) -> Run {
    fiord().run(scratch.path(), words.split_whitespace()).unwrap()
}

/// A field of a report.
pub(crate) fn number(report: &Json, path: &str) -> f64 {
    report.at(path).and_then(Json::number).unwrap_or_else(|| panic!("no number at {path}"))
}

/// Waits until something is so.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < LIMIT, "waited in vain for: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// True while a process is neither gone nor a zombie that nobody has reaped.
pub(crate) fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next());
    state.is_some_and(|state| state != "Z" && state != "X")
}

/// Sends a signal.
pub(crate) fn send(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid as i32).unwrap(), signal).unwrap();
}

/// A run under way, in a directory of its own.
pub(crate) struct Session {
    child: Option<Child>,
    pub(crate) scratch: Rc<Scratch>,
}

/// How it ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// The JSON documents on standard output.
    pub(crate) fn documents(&self) -> Vec<Json> {
        Json::parse_output(&self.out).unwrap_or_else(|error| panic!("{error}:\n{}", self.out))
    }

    /// The only one.
    pub(crate) fn document(&self) -> Json {
        let mut documents = self.documents();
        assert_eq!(documents.len(), 1, "{}\n{}", self.out, self.err);
        documents.remove(0)
    }
}

impl Session {
    /// Starts the program.
    pub(crate) fn start(words: &str) -> Session {
        Session::start_program(&fiord().path, Scratch::new("session").unwrap(), words)
    }

    /// Starts this copy of the program.
    pub(crate) fn start_program(program: &Path, scratch: Scratch, words: &str) -> Session {
        let file = |name| File::create(scratch.path().join(name)).unwrap();
        let mut command = Command::new(program);
        command.args(words.split_whitespace().map(OsStr::new)).current_dir(scratch.path());
        command.stdin(Stdio::null()).stdout(file("out")).stderr(file("err"));
        Session { child: Some(command.spawn().unwrap()), scratch: Rc::new(scratch) }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Its worker processes.
    pub(crate) fn workers(&self) -> Vec<u32> {
        descendants(self.pid()).unwrap().split_off(1)
    }

    /// What it has said so far.
    pub(crate) fn said(&self, name: &str) -> String {
        std::fs::read_to_string(self.scratch.path().join(name)).unwrap()
    }

    /// Waits until jobs have written to their files.
    pub(crate) fn wait_for_writes(&self, files: &[&str]) {
        for name in files {
            let path = self.scratch.path().join(name);
            wait_until(&format!("a write to {name}; stderr: {}", self.said("err")), || {
                path.metadata().is_ok_and(|facts| facts.len() > 0)
            });
        }
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        send(self.pid(), signal);
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Ended {
        let status = wait(self.child.take().unwrap(), LIMIT).unwrap();
        Ended { code: status.code().unwrap_or(-1), out: self.said("out"), err: self.said("err") }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
