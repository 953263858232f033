//! Worker processes: starting them by executing this program again, and reaping them.
//!
//! A parent with threads must not fork and go on, so a worker is a fresh execution of the binary. The
//! executable is opened once and run by descriptor, so replacing or deleting the file during a run
//! changes nothing and /proc is needed only as a last resort.

use std::ffi::{CString, OsStr};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{Mode, OFlags};

use crate::Errno;

/// An opened executable.
#[derive(Debug)]
pub struct Executable {
    fd: OwnedFd,
}

impl Executable {
    /// The program that is running.
    pub fn current() -> Result<Executable, Errno> {
        let path = std::env::current_exe().map_err(Errno::from);
        let by_link =
            rustix::fs::open("/proc/self/exe", OFlags::PATH | OFlags::CLOEXEC, Mode::empty());
        match (by_link, path) {
            (Ok(fd), _) => Ok(Executable { fd }),
            (Err(_), Ok(path)) => Executable::open(path.as_os_str()),
            (Err(error), Err(_)) => Err(error.into()),
        }
    }

    /// Another program.
    pub fn open(path: &OsStr) -> Result<Executable, Errno> {
        let fd = rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Executable { fd })
    }
}

/// What a child needs between vfork and exec; prepared before, so that the child allocates nothing.
struct Launch {
    executable: RawFd,
    path: CString,
    argv: Vec<*const libc::c_char>,
    keep: Vec<RawFd>,
    new_session: bool,
    errno: i32,
}

/// A child process that was started and not yet reaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pid(pub i32);

/// Runs `executable` with these arguments (the first is `argv[0]`) in a session of its own. Descriptors
/// in `keep` stay open under the same numbers; everything else is closed on exec. The child is killed
/// when this process dies.
pub fn spawn(executable: &Executable, arguments: &[CString], keep: &[RawFd]) -> Result<Pid, Errno> {
    let mut argv: Vec<_> = arguments.iter().map(|a| a.as_ptr()).collect();
    argv.push(std::ptr::null());
    let path = CString::new(format!("/proc/self/fd/{}", executable.fd.as_raw_fd()))
        .map_err(|_| Errno::INVAL)?;
    let mut launch = Launch {
        executable: executable.fd.as_raw_fd(),
        path,
        argv,
        keep: keep.to_vec(),
        new_session: true,
        errno: 0,
    };
    let mut stack = vec![0u128; 4096];
    // SAFETY: CLONE_VFORK suspends this thread until the child has executed or exited, so `launch`
    // and `stack` outlive their use; `child` calls only async-signal-safe functions; the stack pointer
    // is the end of a live, 16-byte aligned allocation.
    let pid = unsafe {
        libc::clone(
            child,
            stack.as_mut_ptr_range().end.cast(),
            libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD,
            std::ptr::from_mut(&mut launch).cast(),
        )
    };
    if pid < 0 {
        return Err(Errno::last());
    }
    // SAFETY: `launch` is alive; the child wrote `errno` before it exited, and a volatile read keeps
    // the compiler from assuming the value it had before the clone.
    let errno = unsafe { std::ptr::read_volatile(&raw const launch.errno) };
    if errno != 0 {
        let _ = reap(Pid(pid), true);
        return Err(Errno(errno));
    }
    Ok(Pid(pid))
}

unsafe extern "C" {
    static environ: *const *const libc::c_char;
}

extern "C" fn child(argument: *mut libc::c_void) -> libc::c_int {
    let launch = argument.cast::<Launch>();
    // SAFETY: `argument` is the `Launch` of the suspended parent; only async-signal-safe calls follow,
    // and the descriptor table is this child's own copy.
    unsafe {
        for number in &(*launch).keep {
            libc::fcntl(*number, libc::F_SETFD, 0);
        }
        if (*launch).new_session {
            libc::setsid();
        }
        let argv = (*launch).argv.as_ptr();
        libc::syscall(
            libc::SYS_execveat,
            (*launch).executable,
            c"".as_ptr(),
            argv,
            environ,
            libc::AT_EMPTY_PATH,
        );
        libc::execve((*launch).path.as_ptr(), argv, environ);
        (*launch).errno = Errno::last().0;
        libc::_exit(127)
    }
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By exit, with this status.
    Exited(i32),
    /// By a signal.
    Signaled(i32),
}

/// Reaps one child and says what it used: `Ok(None)` while it runs (never when `block`).
pub fn reap(pid: Pid, block: bool) -> Result<Option<(Ended, Usage)>, Errno> {
    let mut status = 0;
    // SAFETY: all bit patterns are valid for this structure of plain numbers.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        let flags = if block { 0 } else { libc::WNOHANG };
        // SAFETY: `status` and `usage` are valid places for the results.
        match unsafe { libc::wait4(pid.0, &mut status, flags, &mut usage) } {
            0 => return Ok(None),
            -1 if Errno::last() == Errno::INTR => {}
            -1 => return Err(Errno::last()),
            _ if libc::WIFSIGNALED(status) => {
                return Ok(Some((Ended::Signaled(libc::WTERMSIG(status)), Usage::of(&usage))));
            }
            _ => return Ok(Some((Ended::Exited(libc::WEXITSTATUS(status)), Usage::of(&usage)))),
        }
    }
}

/// Looks for a child that has ended, without reaping it, so that children of other parts of the
/// process are left to them.
pub fn peek_ended() -> Option<Pid> {
    // SAFETY: `info` is a valid place for the result; WNOWAIT leaves the child in its state.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        if libc::waitid(libc::P_ALL, 0, &mut info, flags) != 0 {
            return None;
        }
        match info.si_pid() {
            0 => None,
            pid => Some(Pid(pid)),
        }
    }
}

/// Sends a signal.
pub fn kill(pid: Pid, signal: i32) -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    if unsafe { libc::kill(pid.0, signal) } == 0 { Ok(()) } else { Err(Errno::last()) }
}

/// Arms SIGKILL for the death of the parent and checks that it still is `parent`.
pub fn die_with_parent(parent: Pid) -> Result<(), Errno> {
    // SAFETY: prctl with PR_SET_PDEATHSIG takes a plain number.
    if unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) } != 0 {
        return Err(Errno::last());
    }
    // SAFETY: getppid cannot fail.
    if unsafe { libc::getppid() } == parent.0 { Ok(()) } else { Err(Errno(libc::ESRCH)) }
}

/// Names this thread for ps(1) and top(1); at most 15 bytes are kept.
pub fn set_name(name: &OsStr) {
    let mut bytes: Vec<u8> = name.as_bytes().iter().copied().filter(|b| *b != 0).take(15).collect();
    bytes.push(0);
    // SAFETY: PR_SET_NAME reads a NUL-terminated string of at most 16 bytes.
    unsafe { libc::prctl(libc::PR_SET_NAME, bytes.as_ptr()) };
}

/// Id of this process.
pub fn id() -> Pid {
    Pid(std::process::id() as i32)
}

/// Effective user of this process.
pub fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Lets waits of this thread end when their time is over, and not up to 50 us later together with others.
pub fn wake_on_time() {
    // SAFETY: PR_SET_TIMERSLACK takes a number of nanoseconds.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1 as libc::c_ulong) };
}

/// The CPUs that this thread may run on, as ranges of numbers with both ends.
pub fn runs_on() -> Result<Vec<(u32, u32)>, Errno> {
    let set = rustix::thread::sched_getaffinity(None)?;
    let cpus = (0..rustix::thread::CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu));
    Ok(cpus.map(|cpu| (cpu as u32, cpu as u32)).collect())
}

/// Runs this thread on these CPUs only: ranges of numbers with both ends.
pub fn run_on(cpus: &[(u32, u32)]) -> Result<(), Errno> {
    let mut set = rustix::thread::CpuSet::new();
    for cpu in cpus.iter().flat_map(|(first, last)| *first..=*last) {
        let cpu = usize::try_from(cpu).unwrap_or(usize::MAX);
        if cpu >= rustix::thread::CpuSet::MAX_CPU {
            return Err(Errno::INVAL);
        }
        set.set(cpu);
    }
    Ok(rustix::thread::sched_setaffinity(None, &set)?)
}

/// Id of this thread.
pub fn thread_id() -> u32 {
    rustix::thread::gettid().as_raw_nonzero().get() as u32
}

/// CPU time and events of a thread or process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// User CPU time, microseconds.
    pub user_us: u64,
    /// System CPU time, microseconds.
    pub system_us: u64,
    /// Voluntary and involuntary context switches.
    pub context_switches: u64,
    /// Page faults that needed I/O.
    pub major_faults: u64,
    /// Page faults that did not.
    pub minor_faults: u64,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Usage) {
        self.user_us += other.user_us;
        self.system_us += other.system_us;
        self.context_switches += other.context_switches;
        self.major_faults += other.major_faults;
        self.minor_faults += other.minor_faults;
    }
}

impl Usage {
    /// getrusage(RUSAGE_THREAD).
    pub fn of_thread() -> Usage {
        // SAFETY: `usage` is a valid place for the result.
        let usage = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            libc::getrusage(libc::RUSAGE_THREAD, &mut usage);
            usage
        };
        Usage::of(&usage)
    }

    /// Of another thread, from /proc, where CPU time is kept in hundredths of a second: `None` if it
    /// is gone. The main thread of a process has the process's id.
    pub fn of_task(process: Pid, thread: u32) -> Option<Usage> {
        let folder = format!("/proc/{}/task/{thread}", process.0);
        let stat = std::fs::read_to_string(format!("{folder}/stat")).ok()?;
        let status = std::fs::read_to_string(format!("{folder}/status")).ok()?;
        Usage::parse(&stat, &status, rustix::param::clock_ticks_per_second())
    }

    /// Reads the text of the two files, proc_pid_stat(5) and proc_pid_status(5).
    fn parse(stat: &str, status: &str, ticks_per_second: u64) -> Option<Usage> {
        // The name, which may contain anything, ends with the last bracket; the state follows.
        let fields: Vec<&str> = stat.get(stat.rfind(')')? + 1..)?.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let micros = |ticks: u64| ticks.saturating_mul(1_000_000).checked_div(ticks_per_second);
        let switches = |line: &str| match line.split_once(':') {
            Some(("voluntary_ctxt_switches" | "nonvoluntary_ctxt_switches", count)) => {
                count.trim().parse::<u64>().ok()
            }
            _ => None,
        };
        Some(Usage {
            user_us: micros(field(14)?)?,
            system_us: micros(field(15)?)?,
            context_switches: status.lines().filter_map(switches).sum(),
            major_faults: field(12)?,
            minor_faults: field(10)?,
        })
    }

    fn of(usage: &libc::rusage) -> Usage {
        let micros = |t: libc::timeval| t.tv_sec as u64 * 1_000_000 + t.tv_usec as u64;
        Usage {
            user_us: micros(usage.ru_utime),
            system_us: micros(usage.ru_stime),
            context_switches: (usage.ru_nvcsw + usage.ru_nivcsw) as u64,
            major_faults: usage.ru_majflt as u64,
            minor_faults: usage.ru_minflt as u64,
        }
    }

    /// As plain numbers, in the order of the fields.
    pub fn numbers(self) -> [u64; 5] {
        [self.user_us, self.system_us, self.context_switches, self.major_faults, self.minor_faults]
    }
}

/// Gives memory that was freed back to the system, where the C library would keep it (glibc).
pub fn return_free_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: the function takes no memory and touches none that is in use; it may be called by any
    // thread at any time.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str) -> Ended {
        let shell = Executable::open(OsStr::new("/bin/sh")).unwrap();
        let arguments = ["sh", "-c", script].map(|a| CString::new(a).unwrap());
        let pid = spawn(&shell, &arguments, &[]).unwrap();
        reap(pid, true).unwrap().unwrap().0
    }

    #[test]
    fn usage_is_read_from_proc() {
        let stat = "7 (a) b) R 1 7 7 0 -1 64 11 0 12 0 150 25 0 0 20 0 1 0 99";
        let status = "Name:\ta\nvoluntary_ctxt_switches:\t30\nnonvoluntary_ctxt_switches:\t4\n";
        let usage = Usage::parse(stat, status, 100).unwrap();
        assert_eq!(usage.numbers(), [1_500_000, 250_000, 34, 12, 11]);
        assert_eq!(Usage::parse("7 (a) R 1", status, 100), None);
        assert!(Usage::of_task(id(), thread_id()).is_some());
        assert_eq!(Usage::of_task(id(), u32::MAX), None);
    }

    #[test]
    fn children_report_how_they_ended() {
        assert_eq!(run("exit 7"), Ended::Exited(7));
        assert_eq!(run("kill -KILL $$"), Ended::Signaled(libc::SIGKILL));
    }

    #[test]
    fn a_program_that_cannot_run_is_an_error() {
        let not_a_program = Executable::open(OsStr::new("/dev/null")).unwrap();
        let arguments = [CString::new("x").unwrap()];
        assert!(spawn(&not_a_program, &arguments, &[]).is_err());
    }
}
