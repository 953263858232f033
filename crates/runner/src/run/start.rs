//! Starting workers as their turn comes: processes and threads.

use std::ffi::CString;
use std::sync::Arc;

use fiord_measure::report::Severity;
use fiord_options::plan::Execution;
use fiord_sys::{Errno, process};

use super::{Body, Run};
use crate::board::{Board, State};
use crate::events::Observer;
use crate::worker::{self, Place, WORKER_SWITCH};

impl Run<'_> {
    /// Starts every worker whose turn has come.
    pub(super) fn start_next(&mut self, observer: &mut dyn Observer) {
        let first_alive =
            self.workers.iter().position(|w| !matches!(w.body, Body::Gone)).unwrap_or(0);
        let elapsed_ns = self.clock.now_ns().saturating_sub(self.board.genesis_ns());
        for index in first_alive..self.workers.len() {
            let worker = &self.workers[index];
            if !matches!(worker.body, Body::None) {
                continue;
            }
            if worker.is_barrier() && first_alive < index {
                break;
            }
            if worker.start_delay_ns <= elapsed_ns {
                self.start(index, observer);
            }
        }
    }

    fn start(&mut self, index: usize, observer: &mut dyn Observer) {
        self.enter(index, State::Created);
        let started = match self.workers[index].order.job.execution {
            Execution::Process => self.start_process(index),
            Execution::Thread => self.start_thread(index),
        };
        match started {
            Ok(body) => self.workers[index].body = body,
            Err(errno) => {
                self.workers[index].fate.error = errno.0;
                let text = format!("cannot start its worker: {errno}");
                self.say(index, Severity::Error, &text, observer);
                self.bury(index, observer);
            }
        }
    }

    fn start_process(&mut self, index: usize) -> Result<Body, Errno> {
        let executable =
            self.settings.worker.as_ref().or(self.executable.as_ref()).ok_or(Errno::INVAL)?;
        let keep = [self.board_file.number(), self.orders_file.number(), self.ledger_file.number()];
        let numbers = format!("{},{},{},{index}", keep[0], keep[1], keep[2]);
        let arguments =
            ["fiord", WORKER_SWITCH, &numbers].map(|text| CString::new(text).unwrap_or_default());
        let pid = process::spawn(executable, &arguments, &keep)?;
        self.by_pid.insert(pid, index);
        self.workers[index].fate.pid = pid.0 as u32;
        Ok(Body::Process(pid))
    }

    fn start_thread(&mut self, index: usize) -> Result<Body, Errno> {
        let order = self.workers[index].order.clone();
        let (board, ledgers) = (Arc::clone(&self.board), Arc::clone(&self.ledgers));
        let registry = self.registry;
        let start = order.ledger_offset as usize / 8;
        let words = start..start + order.ledger.words();
        let body = move || {
            let _ended = EndedOnDrop { board: &board, index };
            let ledger = &ledgers.words()[words];
            worker::work(&order, Place { board: &board, ledger, registry });
        };
        let name = self.workers[index].order.job.name.replace('\0', "");
        let thread = std::thread::Builder::new().name(name).spawn(body).map_err(Errno::from)?;
        Ok(Body::Thread(Some(thread)))
    }
}

/// Marks a thread job as ended even if it panics.
struct EndedOnDrop<'a> {
    board: &'a Board,
    index: usize,
}

impl Drop for EndedOnDrop<'_> {
    fn drop(&mut self) {
        if self.board.state(self.index) < State::Ended {
            self.board.set_state(self.index, State::Ended);
        }
    }
}
