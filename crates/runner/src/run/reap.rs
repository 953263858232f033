//! Looking after workers that have ended, however they did.

use fiord_measure::ledger;
use fiord_measure::report::{Message, Severity};
use fiord_sys::Errno;
use fiord_sys::process::{self, Ended, Pid};

use super::{Body, Run};
use crate::board::State;
use crate::events::{Event, Observer};

impl Run<'_> {
    /// Looks after workers that have ended.
    pub(super) fn reap(&mut self, observer: &mut dyn Observer) {
        let mut foreign = false;
        while let Some(pid) = process::peek_ended() {
            match self.by_pid.get(&pid) {
                Some(&index) => self.reap_process(index, pid, observer),
                None => {
                    foreign = true;
                    break;
                }
            }
        }
        for index in 0..self.workers.len() {
            match &mut self.workers[index].body {
                // A child that is not ours hides ours from the look above.
                Body::Process(pid) if foreign => {
                    let pid = *pid;
                    self.reap_process(index, pid, observer);
                }
                Body::Thread(handle) if self.board.state(index) == State::Ended => {
                    let panicked = handle.take().is_some_and(|handle| handle.join().is_err());
                    if panicked {
                        self.workers[index].fate.error = Errno::IO.0;
                        let text = "its thread failed; this is a defect of fiord".to_owned();
                        self.say(index, Severity::Error, &text, observer);
                    }
                    self.bury(index, observer);
                }
                _ => {}
            }
        }
    }

    fn reap_process(&mut self, index: usize, pid: Pid, observer: &mut dyn Observer) {
        let ended = match process::reap(pid, false) {
            Ok(Some((ended, usage))) => {
                self.workers[index].fate.usage = Some(usage);
                ended
            }
            Ok(None) => return,
            Err(_) => Ended::Exited(0),
        };
        self.by_pid.remove(&pid);
        let finished = self.board.state(index) == State::Ended;
        match ended {
            Ended::Signaled(number) => {
                self.workers[index].fate.signal = number;
                let text = format!(
                    "its process {} was killed by signal {number}; its results so far are kept",
                    pid.0
                );
                self.say(index, Severity::Error, &text, observer);
            }
            Ended::Exited(status) if status != 0 || !finished => {
                self.workers[index].fate.error = Errno::IO.0;
                let text = format!("its process {} ended early with status {status}", pid.0);
                self.say(index, Severity::Error, &text, observer);
            }
            Ended::Exited(_) => {}
        }
        self.bury(index, observer);
    }

    /// Takes over the messages of a worker that has ended.
    pub(super) fn bury(&mut self, index: usize, observer: &mut dyn Observer) {
        self.workers[index].body = Body::Gone;
        self.enter(index, State::Reaped);
        let left = ledger::read_last_words(self.ledger_words(index));
        let fate = &mut self.workers[index].fate;
        if left.error != 0 {
            fate.error = left.error;
        }
        if left.torn {
            let text = "it ended while it counted a request, which may be counted in part";
            self.say(index, Severity::Warning, text, observer);
        }
        for line in left.messages {
            let severity = match line.as_bytes().first() {
                Some(b'e') => Severity::Error,
                Some(b'w') => Severity::Warning,
                _ => Severity::Note,
            };
            let text = line.get(1..).unwrap_or_default().to_owned();
            let job = Some(self.workers[index].order.job.name.clone());
            self.publish(Message { severity, job, text }, observer);
        }
    }

    pub(super) fn say(
        &mut self,
        index: usize,
        severity: Severity,
        text: &str,
        observer: &mut dyn Observer,
    ) {
        let name = self.workers[index].order.job.name.clone();
        let text = text.to_owned();
        self.publish(Message { severity, job: Some(name), text }, observer);
    }

    pub(super) fn publish(&mut self, message: Message, observer: &mut dyn Observer) {
        observer.event(Event::Message(&message));
        self.messages.push(message);
    }
}
