//! Jobs that do not end although their time is over.
//!
//! A job waits for what it has in flight, however long that takes: a device that loses a request would
//! have it wait forever. When the runtime of a job is over and nothing has come back for a long while, the
//! parent gives it up. What it has done so far stands in its ledger and is reported.

use std::time::Duration;

use fiord_measure::ledger::{self, Progress};
use fiord_sys::Errno;

use super::{Body, Run};
use crate::board::State;
use crate::events::Observer;

/// When a job is looked at again, and how far it had come then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Overdue {
    pub(super) look_ns: u64,
    seen: Option<Progress>,
}

impl Run<'_> {
    /// Gives up jobs of which nothing has come back for `patience` since their time was over.
    pub(super) fn end_overdue(&mut self, now_ns: u64, observer: &mut dyn Observer) {
        for index in 0..self.workers.len() {
            let worker = &self.workers[index];
            let works = matches!(worker.body, Body::Process(_) | Body::Thread(_))
                && matches!(self.board.state(index), State::Ramp | State::Running);
            let limits = &worker.order.job.limits;
            // A warm-up by amount may take any time.
            let works =
                works && (limits.ramp_bytes.is_none() || self.board.state(index) == State::Running);
            // Files that are laid out again between loops take their time.
            let relays = worker.order.job.files.unlink_each_loop;
            let Some(runtime_ns) = limits.runtime_ns.filter(|_| works && !relays) else {
                self.workers[index].overdue = None;
                continue;
            };
            let Some(overdue) = worker.overdue else {
                let time_ns = limits.ramp_ns.unwrap_or(0).saturating_add(runtime_ns);
                let look_ns = now_ns.saturating_add(time_ns);
                self.workers[index].overdue = Some(Overdue { look_ns, seen: None });
                continue;
            };
            if now_ns < overdue.look_ns {
                continue;
            }
            let seen = ledger::read_progress(self.ledger_words(index));
            if overdue.seen.is_some() && overdue.seen == seen {
                self.leave_overdue(index, observer);
                continue;
            }
            let look_ns = now_ns.saturating_add(self.patience().as_nanos() as u64);
            self.workers[index].overdue = Some(Overdue { look_ns, seen });
        }
    }

    /// How long nothing may come back from a job whose time is over.
    fn patience(&self) -> Duration {
        self.settings.patience.unwrap_or(super::ending::PATIENCE)
    }

    fn leave_overdue(&mut self, index: usize, observer: &mut dyn Observer) {
        let counts = ledger::read(self.ledger_words(index)).unwrap_or_default();
        let ended: u64 = counts.directions.iter().map(|(_, direction)| direction.ios).sum();
        let begun: u64 = counts.depths.iter().sum();
        let missing = match begun.saturating_sub(ended + counts.sync_ios) {
            0 | 1 => "a request has".to_owned(),
            missing => format!("{missing} requests have"),
        };
        let since = self.patience().as_secs_f64();
        let why = format!("its time is over and {missing} not come back for {since} s");
        self.leave(index, Errno::TIMEDOUT, &why, observer);
    }
}
