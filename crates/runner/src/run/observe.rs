//! What others see of a run: progress, status, the report.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use fiord_base::PerDirection;
use fiord_measure::ledger;
use fiord_measure::report::RunReport;
use fiord_sys::process::{self, Usage};
use fiord_sys::{clock, file};

use super::{Body, Previous, Run, RunOutcome, STATUS_FILE_PERIOD, Worker};
use crate::board::State;
use crate::estimate::Estimate;
use crate::events::{Event, Observer, Progress, WorkerProgress};
use crate::outcome::{Times, job_report};

impl Run<'_> {
    /// Emits what is due: progress, status.
    pub(super) fn emit(&mut self, now_ns: u64, observer: &mut dyn Observer) {
        if now_ns >= self.next_progress_ns {
            let period = self.settings.progress_every.unwrap_or_default().as_nanos() as u64;
            self.next_progress_ns = now_ns.saturating_add(period.max(1));
            let progress = self.progress(now_ns);
            observer.event(Event::Progress(&progress));
        }
        let mut wanted = self.watch.status_requests() != self.status_requests;
        self.status_requests = self.watch.status_requests();
        if now_ns >= self.next_status_ns {
            let period = self.settings.status_every.unwrap_or_default().as_nanos() as u64;
            self.next_status_ns = now_ns.saturating_add(period.max(1));
            wanted = true;
        }
        if now_ns >= self.next_file_look_ns
            && let Some(path) = &self.settings.status_file
        {
            self.next_file_look_ns = now_ns.saturating_add(STATUS_FILE_PERIOD.as_nanos() as u64);
            wanted |= take_request(path);
        }
        if wanted {
            let report = self.report(true);
            observer.event(Event::Status(&report));
        }
    }

    fn progress(&mut self, now_ns: u64) -> Progress {
        let mut bytes = [0; 3];
        let mut ios = [0; 3];
        let elapsed_ns = now_ns.saturating_sub(self.board.genesis_ns());
        let all = self.read_progress();
        for progress in &all {
            for direction in 0..3 {
                bytes[direction] += progress.bytes.0[direction];
                ios[direction] += progress.ios.0[direction];
            }
        }
        let span_ns = now_ns.saturating_sub(self.previous.at_ns).max(1);
        let rate = |now: u64, before: u64| {
            (u128::from(now.saturating_sub(before)) * 1_000_000_000 / u128::from(span_ns)) as u64
        };
        let before = std::mem::replace(&mut self.previous, Previous { at_ns: now_ns, bytes, ios });
        Progress {
            workers: self.worker_progress(),
            bytes_per_second: PerDirection(std::array::from_fn(|d| {
                rate(bytes[d], before.bytes[d])
            })),
            iops: PerDirection(std::array::from_fn(|d| rate(ios[d], before.ios[d]))),
            elapsed_s: elapsed_ns / 1_000_000_000,
            eta_s: self.seconds_to_go(now_ns, &all),
            open_files: self.open_files(),
        }
    }

    /// What each worker has done so far.
    fn read_progress(&self) -> Vec<ledger::Progress> {
        let one = |index| ledger::read_progress(self.ledger_words(index)).unwrap_or_default();
        (0..self.workers.len()).map(one).collect()
    }

    /// How long the run will still take, if that can be told.
    fn seconds_to_go(&self, now_ns: u64, all: &[ledger::Progress]) -> Option<u64> {
        let mut estimate = Estimate::default();
        for (index, (worker, progress)) in self.workers.iter().zip(all).enumerate() {
            estimate.add(&worker.order, self.board.state(index), progress, now_ns);
        }
        estimate.seconds()
    }

    fn worker_progress(&self) -> Vec<WorkerProgress> {
        let entry = |(index, worker): (usize, &Worker)| WorkerProgress {
            state: self.board.state(index),
            pattern: worker.order.job.pattern.rw,
            failed: worker.fate.error != 0,
            killed: worker.fate.signal != 0,
        };
        self.workers.iter().enumerate().map(entry).collect()
    }

    /// Files that running jobs hold open: all of them, up to `openfiles`.
    fn open_files(&self) -> u64 {
        let running = |(index, worker): (usize, &Worker)| match self.board.state(index) {
            State::Ramp | State::Running => u64::from(worker.order.job.files.open_limit.max(1)),
            _ => 0,
        };
        self.workers.iter().enumerate().map(running).sum()
    }

    /// The results so far.
    fn report(&self, interim: bool) -> RunReport {
        let now_ns = self.clock.now_ns();
        let eta_s =
            if interim { self.seconds_to_go(now_ns, &self.read_progress()) } else { Some(0) };
        let times = Times { now_ns, genesis_ns: self.board.genesis_ns(), eta_s };
        let wall_ms = clock::realtime_ns() / 1_000_000;
        let jobs = self.workers.iter().enumerate().filter(|(_, w)| w.order.job.stats.report);
        let jobs = jobs.map(|(index, worker)| {
            let snapshot = ledger::read(self.ledger_words(index));
            let mut fate = worker.fate.clone();
            fate.usage = fate.usage.or_else(|| running_usage(worker, snapshot.as_ref()?.pid));
            job_report(&worker.order, snapshot, &worker.sampler, &fate, times)
        });
        let elapsed_ms = now_ns.saturating_sub(times.genesis_ns) / 1_000_000;
        RunReport {
            timestamp_ms: wall_ms,
            time_text: clock::local_time_text(wall_ms / 1000),
            global_options: self.plan.global_options.to_vec(),
            jobs: jobs.collect(),
            disks: self.disks.report(elapsed_ms),
            disk_util: self.plan.jobs.iter().any(|job| job.stats.disk_util),
            messages: self.messages.clone(),
            environment: vec![
                ("kernel".to_owned(), fiord_sys::host::kernel()),
                ("machine".to_owned(), fiord_sys::host::machine()),
                ("cpus".to_owned(), fiord_sys::host::cpus().to_string()),
                ("clock".to_owned(), self.clock_name.to_owned()),
            ],
            interim,
        }
    }

    pub(super) fn outcome(self) -> RunOutcome {
        let report = self.report(false);
        let failed = |worker: &&Worker| worker.fate.error != 0 || worker.fate.signal != 0;
        let failed = self.workers.iter().filter(failed).count();
        RunOutcome { report, failed, signal: self.ending.map(|ending| ending.signal) }
    }
}

/// What a worker that is at work has used so far.
fn running_usage(worker: &Worker, thread: u32) -> Option<Usage> {
    match &worker.body {
        Body::Process(pid) => Usage::of_task(*pid, thread),
        Body::Thread(_) => Usage::of_task(process::id(), thread),
        Body::None | Body::Gone => None,
    }
}

/// True if somebody asks for a status by this file, which is removed.
fn take_request(path: &Path) -> bool {
    let own = |metadata: std::fs::Metadata| metadata.uid() == process::user();
    std::fs::symlink_metadata(path).is_ok_and(own) && file::unlink(path).is_ok()
}
