//! The trigger: a command that runs while jobs are in the middle of their work, to cut the power, say.
//!
//! It fires when a file appears or when it is time. Then all jobs are told to end, which saves the states of
//! those that verify, and the command runs when they have, or when they take too long for that.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use fiord_measure::report::{Message, Severity};
use fiord_sys::file;

use super::{Body, Run};
use crate::events::Observer;

/// How often the file is looked for.
const PERIOD_NS: u64 = 100_000_000;

/// Jobs have this time to end; then the command runs all the same.
const PATIENCE_NS: u64 = 10_000_000_000;

/// When a trigger fires, and what it does.
#[derive(Clone, Debug, Default)]
pub struct Trigger {
    /// It fires when this file is there, which is removed.
    pub file: Option<PathBuf>,
    /// It fires after this time.
    pub after: Option<Duration>,
    /// What the shell runs.
    pub command: Option<OsString>,
}

/// How far the trigger of a run has come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    /// It will not fire, or is done.
    Idle,
    /// It may fire: when to look next, and when it does.
    Armed { look_ns: u64, fire_ns: u64 },
    /// It has fired; until then, the jobs have time to end.
    Fired { patience_ns: u64 },
}

impl Stage {
    /// That of a run that begins.
    pub(super) fn of(trigger: &Trigger, now_ns: u64) -> Stage {
        if trigger.file.is_none() && trigger.after.is_none() {
            return Stage::Idle;
        }
        let after_ns = trigger.after.map_or(u64::MAX, |after| after.as_nanos() as u64);
        let look_ns = if trigger.file.is_some() { now_ns } else { u64::MAX };
        Stage::Armed { look_ns, fire_ns: now_ns.saturating_add(after_ns) }
    }

    /// When something is to be done.
    pub(super) fn due_ns(self) -> u64 {
        match self {
            Stage::Idle => u64::MAX,
            Stage::Armed { look_ns, fire_ns } => look_ns.min(fire_ns),
            Stage::Fired { patience_ns } => patience_ns,
        }
    }
}

impl Run<'_> {
    /// Fires the trigger if it is time, and runs its command.
    pub(super) fn watch_trigger(&mut self, observer: &mut dyn Observer) {
        let now_ns = self.clock.now_ns();
        match self.trigger {
            Stage::Idle => {}
            Stage::Armed { look_ns, fire_ns } => {
                let path = self.settings.trigger.file.as_ref().filter(|_| now_ns >= look_ns);
                let appeared = path.is_some_and(|path| file::unlink(path).is_ok());
                self.trigger = if appeared || now_ns >= fire_ns {
                    self.tell_all_to_finish();
                    Stage::Fired { patience_ns: now_ns.saturating_add(PATIENCE_NS) }
                } else if path.is_some() {
                    Stage::Armed { look_ns: now_ns.saturating_add(PERIOD_NS), fire_ns }
                } else {
                    return;
                };
            }
            Stage::Fired { patience_ns } => {
                let ended = self.workers.iter().all(|worker| matches!(worker.body, Body::Gone));
                if ended || now_ns >= patience_ns {
                    self.trigger = Stage::Idle;
                    self.pull(ended, observer);
                }
            }
        }
    }

    fn pull(&mut self, ended: bool, observer: &mut dyn Observer) {
        if !ended {
            let text =
                "the trigger has fired, and some jobs have not ended: their states are not saved";
            let text = text.to_owned();
            self.publish(Message { severity: Severity::Warning, job: None, text }, observer);
        }
        let (severity, text) = match &self.settings.trigger.command {
            Some(command) => execute(command),
            None => (Severity::Note, "it has no command".to_owned()),
        };
        let text = format!("the trigger has fired: {text}");
        self.publish(Message { severity, job: None, text }, observer);
    }
}

/// Runs the command; says what became of it. Standard output is for the report.
fn execute(command: &OsStr) -> (Severity, String) {
    let shown = command.to_string_lossy();
    let out = Stdio::from(std::io::stderr());
    match Command::new("/bin/sh").arg("-c").arg(command).stdout(out).status() {
        Ok(status) if status.success() => (Severity::Note, format!("'{shown}' was run")),
        Ok(status) => (Severity::Warning, format!("'{shown}' failed: {status}")),
        Err(error) => (Severity::Error, format!("'{shown}' could not be run: {error}")),
    }
}
