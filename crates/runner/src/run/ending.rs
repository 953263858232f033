//! Ending a run early: all jobs are told to finish, and those that hang are given up.
//!
//! A job may hang where no word reaches it: in a read from a pipe or from a device that does not
//! answer. A later signal, or five minutes, end the run in spite of it; what the job has done so far
//! stands in its ledger and is reported.

use std::time::Duration;

use fiord_measure::report::Severity;
use fiord_sys::Errno;
use fiord_sys::process;

use super::{Body, Run};
use crate::board::Command;
use crate::events::{Event, Observer};

/// A signal counts as another one after this time only: timeout(1) and others send the first one to
/// the process and to its group.
const ECHO_NS: u64 = 500_000_000;

/// Time that jobs have to finish (fio's).
pub(super) const PATIENCE: Duration = Duration::from_secs(300);

/// Kills a process for good.
const SIGKILL: i32 = 9;

/// What is known once a run was told to end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    /// By this signal.
    pub(super) signal: i32,
    /// Until then, jobs that hang are waited for.
    pub(super) patience_ns: u64,
    /// Signals before this time are echoes of the first one.
    echo_end_ns: u64,
    /// Signals seen.
    seen: u64,
}

impl Run<'_> {
    /// Passes a signal to end on to all jobs; at the next one, gives up those that still run.
    pub(super) fn obey_signals(&mut self, observer: &mut dyn Observer) {
        let Some(signal) = self.watch.terminating() else { return };
        let (now_ns, seen) = (self.clock.now_ns(), self.watch.terminations());
        let Some(ending) = &mut self.ending else {
            let patience_ns = now_ns + PATIENCE.as_nanos() as u64;
            let echo_end_ns = now_ns + ECHO_NS;
            self.ending = Some(Ending { signal, patience_ns, echo_end_ns, seen });
            observer.event(Event::Terminating { signal });
            return self.tell_all_to_finish();
        };
        let again = std::mem::replace(&mut ending.seen, seen) != seen;
        if now_ns >= ending.patience_ns || (again && now_ns >= ending.echo_end_ns) {
            ending.patience_ns = u64::MAX;
            self.give_up(observer);
        }
    }

    pub(super) fn tell_all_to_finish(&mut self) {
        for (index, worker) in self.workers.iter_mut().enumerate() {
            self.board.command(index, Command::Finish);
            if matches!(worker.body, Body::None) {
                worker.body = Body::Gone;
            }
        }
    }

    /// Takes leave of all jobs that have not ended.
    fn give_up(&mut self, observer: &mut dyn Observer) {
        for index in 0..self.workers.len() {
            self.leave(index, Errno::INTR, "it does not finish", observer);
        }
    }

    /// Takes leave of a job that has not ended. A process is killed; a thread ends with this process.
    pub(super) fn leave(
        &mut self,
        index: usize,
        errno: Errno,
        why: &str,
        observer: &mut dyn Observer,
    ) {
        let worker = &mut self.workers[index];
        let text = match worker.body {
            Body::Process(pid) => {
                worker.fate.signal = SIGKILL;
                // It may have ended by itself a moment ago.
                let _ = process::kill(pid, SIGKILL);
                self.by_pid.remove(&pid);
                format!("{why}: process {} is killed; its results so far are kept", pid.0)
            }
            Body::Thread(_) => {
                worker.fate.error = errno.0;
                format!("{why}: its thread is left; its results so far are kept")
            }
            Body::None | Body::Gone => return,
        };
        self.say(index, Severity::Error, &text, observer);
        self.bury(index, observer);
    }
}
