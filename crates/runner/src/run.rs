//! A run from plan to report: layout, start, watch, reap.
//!
//! The parent schedules workers (stonewalls, start delays), takes samples, looks after the dead, and
//! emits events. It sleeps on the board's event word and wakes for whatever is due first; nothing here
//! has a fixed delay. Workers never wait for the parent but at the start barrier.

mod ending;

use std::collections::HashMap;
use std::ffi::CString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use fiord_base::PerDirection;
use fiord_base::random::{Stream, StreamId, StreamSeeds, Width};
use fiord_engine::{Registration, find};
use fiord_measure::report::{Message, RunReport, Severity};
use fiord_measure::{LedgerConfig, ledger};
use fiord_options::Plan;
use fiord_options::plan::{ClockSource, Execution, JobPlan, Seeds};
use fiord_sys::clock::{self, Clock};
use fiord_sys::process::{self, Ended, Executable, Pid};
use fiord_sys::shared::{MemoryFile, PAGE_BYTES, SharedWords};
use fiord_sys::{Errno, file, futex, signal};

use crate::board::{Board, Command, State};
use crate::disks::Disks;
use crate::estimate::Estimate;
use crate::events::{Event, Observer, Progress, WorkerProgress};
use crate::failure::Failure;
use crate::layout::{self, Watcher};
use crate::order::{self, Order};
use crate::outcome::{Fate, Times, job_report};
use crate::sampler::Sampler;
use crate::worker::{self, Place, WORKER_SWITCH};
use ending::Ending;

/// What a run needs beside its plan.
#[derive(Debug, Default)]
pub struct RunSettings {
    /// Program to execute for process jobs: one whose `main` calls [`crate::worker_main`]. `None` is
    /// this very program.
    pub worker: Option<Executable>,
    /// Period of progress events.
    pub progress_every: Option<Duration>,
    /// Period of status events.
    pub status_every: Option<Duration>,
    /// A file whose appearance asks for a status event; it is removed. Only a file of the user who
    /// runs the jobs counts, because the usual place is a directory that anyone can write to.
    pub status_file: Option<PathBuf>,
    /// When the program started, for the calibration of the clock.
    pub started: Option<clock::Anchor>,
}

/// How a run ended.
#[derive(Debug)]
pub struct RunOutcome {
    /// Results of all jobs, of those that failed too.
    pub report: RunReport,
    /// Workers that ended with an error.
    pub failed: usize,
    /// Signal that ended the run early.
    pub signal: Option<i32>,
}

/// Runs a plan to its end.
pub fn run(
    plan: &Plan,
    settings: &RunSettings,
    registry: &'static [Registration],
    observer: &mut dyn Observer,
) -> Result<RunOutcome, Failure> {
    let mut run = Run::prepare(plan, settings, registry, observer)?;
    run.schedule(observer);
    Ok(run.outcome())
}

/// One worker as the parent sees it.
#[derive(Debug)]
struct Worker {
    order: Order,
    body: Body,
    start_delay_ns: u64,
    fate: Fate,
    sampler: Sampler,
    released: bool,
}

/// What executes a worker.
#[derive(Debug)]
enum Body {
    /// Nothing yet.
    None,
    Process(Pid),
    Thread(Option<JoinHandle<()>>),
    /// Gone.
    Gone,
}

struct Run<'a> {
    plan: &'a Plan,
    settings: &'a RunSettings,
    registry: &'static [Registration],
    board: Arc<Board>,
    board_file: MemoryFile,
    by_pid: HashMap<Pid, usize>,
    ledger_file: MemoryFile,
    ledgers: Arc<SharedWords>,
    orders_file: MemoryFile,
    workers: Vec<Worker>,
    watch: signal::Watch,
    executable: Option<Executable>,
    clock: Clock,
    clock_name: &'static str,
    disks: Disks,
    messages: Vec<Message>,
    ending: Option<Ending>,
    status_requests: u64,
    next_progress_ns: u64,
    next_status_ns: u64,
    next_file_look_ns: u64,
    previous: Previous,
}

/// Counters at the last progress event.
#[derive(Clone, Copy, Debug, Default)]
struct Previous {
    at_ns: u64,
    bytes: [u64; 3],
    ios: [u64; 3],
}

impl<'a> Run<'a> {
    /// Lays out files and shared memory; on return nothing but starting is left to do.
    fn prepare(
        plan: &'a Plan,
        settings: &'a RunSettings,
        registry: &'static [Registration],
        observer: &mut dyn Observer,
    ) -> Result<Run<'a>, Failure> {
        let start = settings.started.unwrap_or_else(clock::Anchor::take);
        // More open files than the soft limit allows are asked for only where a job has them.
        let _ = file::raise_descriptor_limit();
        let count = plan.jobs.iter().map(|job| job.clones as usize).sum();
        check_thread_limit(plan)?;
        let memory = |errno| Failure::new("share memory between the jobs", errno);
        let board_file = MemoryFile::create("fiord-board", Board::bytes(count)).map_err(memory)?;
        let board = Arc::new(Board::create(&board_file, count).map_err(memory)?);
        let events = Board::leak_events(&board_file).map_err(memory)?;
        let watch = signal::Watch::install(events)
            .map_err(|errno| Failure::new("watch for signals", errno))?;
        let mut messages: Vec<Message> = plan
            .notes
            .iter()
            .map(|text| Message { severity: Severity::Note, job: None, text: text.clone() })
            .collect();
        let mut workers = Vec::new();
        let mut ledger_bytes = 0;
        for job in &plan.jobs {
            for index in 0..job.clones {
                let order = make_order(plan, job, index, workers.len(), ledger_bytes, registry)?;
                let bytes = order.ledger.words() * 8;
                ledger_bytes += bytes.next_multiple_of(PAGE_BYTES) as u64;
                workers.push(Worker::new(order));
            }
        }
        for worker in &mut workers {
            if watch.terminating().is_none() {
                worker.lay_out(registry, plan.readonly, &watch, observer, &mut messages);
            }
        }
        let orders: Vec<Order> = workers.iter().map(|w| w.order.clone()).collect();
        let orders_file = order::write_all(&orders)
            .map_err(|errno| Failure::new("write the orders of the workers to memory", errno))?;
        let disks = Disks::under(&orders);
        let ledger_file =
            MemoryFile::create("fiord-ledgers", ledger_bytes as usize).map_err(memory)?;
        let ledgers = Arc::new(ledger_file.map(0, ledger_file.bytes()).map_err(memory)?);
        let asked = plan.jobs.iter().find_map(|job| job.stats.clock).map(source);
        let choice = clock::choose(asked, start);
        board.set_clock(&choice.clock);
        let needs_program = plan.jobs.iter().any(|job| job.execution == Execution::Process)
            && settings.worker.is_none();
        let executable = match needs_program {
            true => Some(Executable::current().map_err(|errno| {
                Failure::new("find this program again to run process jobs", errno)
                    .with_remedy("the option 'thread' runs jobs without it")
            })?),
            false => None,
        };
        Ok(Run {
            plan,
            settings,
            registry,
            board,
            board_file,
            by_pid: HashMap::new(),
            ledger_file,
            ledgers,
            orders_file,
            workers,
            status_requests: watch.status_requests(),
            watch,
            executable,
            clock: choice.clock,
            clock_name: choice.source.name(),
            disks,
            messages,
            ending: None,
            next_progress_ns: u64::MAX,
            next_status_ns: u64::MAX,
            next_file_look_ns: u64::MAX,
            previous: Previous::default(),
        })
    }

    /// Starts workers as their turn comes and waits for the last one.
    fn schedule(&mut self, observer: &mut dyn Observer) {
        let now_ns = self.clock.now_ns();
        self.board.set_genesis_ns(now_ns);
        let after = |period: Option<Duration>| match period {
            Some(period) => now_ns.saturating_add(period.as_nanos() as u64),
            None => u64::MAX,
        };
        self.next_progress_ns = after(self.settings.progress_every);
        self.next_status_ns = after(self.settings.status_every);
        let look_every = self.settings.status_file.as_ref().map(|_| STATUS_FILE_PERIOD);
        self.next_file_look_ns = after(look_every);
        self.previous.at_ns = now_ns;
        loop {
            let seen = self.board.events().load(Ordering::Acquire);
            self.obey_signals(observer);
            self.reap(observer);
            self.start_next(observer);
            self.release();
            let now_ns = self.clock.now_ns();
            self.sample(now_ns);
            self.emit(now_ns, observer);
            if self.workers.iter().all(|w| matches!(w.body, Body::Gone)) {
                return;
            }
            // A look at all workers costs time in proportion to their number; what happens during
            // this pause is looked at together. 500 workers pause for 125 us.
            std::thread::sleep(Duration::from_nanos(250) * self.workers.len() as u32);
            self.sleep(seen);
        }
    }

    /// Looks after workers that have ended.
    fn reap(&mut self, observer: &mut dyn Observer) {
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
            Ok(Some(ended)) => ended,
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
    fn bury(&mut self, index: usize, observer: &mut dyn Observer) {
        self.workers[index].body = Body::Gone;
        self.board.set_state(index, State::Reaped);
        let lines = ledger::read(self.ledger_words(index)).map_or_else(Vec::new, |s| s.messages);
        for line in lines {
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

    fn say(&mut self, index: usize, severity: Severity, text: &str, observer: &mut dyn Observer) {
        let name = self.workers[index].order.job.name.clone();
        let text = text.to_owned();
        self.publish(Message { severity, job: Some(name), text }, observer);
    }

    fn publish(&mut self, message: Message, observer: &mut dyn Observer) {
        observer.event(Event::Message(&message));
        self.messages.push(message);
    }

    fn ledger_words(&self, index: usize) -> &[std::sync::atomic::AtomicU64] {
        let order = &self.workers[index].order;
        let start = order.ledger_offset as usize / 8;
        &self.ledgers.words()[start..start + order.ledger.words()]
    }

    /// Starts every worker whose turn has come.
    fn start_next(&mut self, observer: &mut dyn Observer) {
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
        self.board.set_state(index, State::Created);
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

    /// Lets those who wait at the barrier go, all together.
    fn release(&mut self) {
        let waiting = |(index, worker): (usize, &Worker)| {
            let alive = matches!(worker.body, Body::Process(_) | Body::Thread(_));
            (alive && !worker.released).then_some(index)
        };
        let held: Vec<usize> = self.workers.iter().enumerate().filter_map(waiting).collect();
        if held.iter().any(|index| self.board.state(*index) < State::Initialised) {
            return;
        }
        for index in held {
            self.workers[index].released = true;
            self.board.command(index, Command::Run);
        }
    }

    fn sample(&mut self, now_ns: u64) {
        let (ledgers, board) = (&self.ledgers, &self.board);
        for (index, worker) in self.workers.iter_mut().enumerate() {
            let running = matches!(board.state(index), State::Ramp | State::Running);
            if running && worker.sampler.next_ns().is_none_or(|due| due <= now_ns) {
                let start = worker.order.ledger_offset as usize / 8;
                let words = &ledgers.words()[start..start + worker.order.ledger.words()];
                worker.sampler.tick(words, now_ns);
            }
        }
    }

    /// Emits what is due: progress, status.
    fn emit(&mut self, now_ns: u64, observer: &mut dyn Observer) {
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
        let mut estimate = Estimate::default();
        let elapsed_ns = now_ns.saturating_sub(self.board.genesis_ns());
        for (index, worker) in self.workers.iter().enumerate() {
            let progress = ledger::read_progress(self.ledger_words(index)).unwrap_or_default();
            for direction in 0..3 {
                bytes[direction] += progress.bytes.0[direction];
                ios[direction] += progress.ios.0[direction];
            }
            estimate.add(&worker.order, self.board.state(index), &progress, now_ns);
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
            eta_s: estimate.seconds(),
            open_files: self.open_files(),
        }
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

    /// Sleeps until something happens or is due.
    fn sleep(&self, seen: u64) {
        let now_ns = self.clock.now_ns();
        let genesis_ns = self.board.genesis_ns();
        let mut due_ns = self.next_progress_ns.min(self.next_status_ns).min(self.next_file_look_ns);
        due_ns = due_ns.min(self.ending.map_or(u64::MAX, |ending| ending.patience_ns));
        for (index, worker) in self.workers.iter().enumerate() {
            match worker.body {
                Body::None if worker.start_delay_ns > 0 => {
                    due_ns = due_ns.min(genesis_ns.saturating_add(worker.start_delay_ns));
                }
                Body::Process(_) | Body::Thread(_) if self.board.state(index) < State::Flushing => {
                    let first = now_ns.saturating_add(SAMPLE_START.as_nanos() as u64);
                    due_ns = due_ns.min(worker.sampler.next_ns().unwrap_or(first));
                }
                _ => {}
            }
        }
        let limit = Duration::from_nanos(due_ns.saturating_sub(now_ns)).max(SHORTEST_SLEEP);
        futex::wait(self.board.events(), seen, Some(limit.min(LONGEST_SLEEP)));
    }

    /// The results so far.
    fn report(&self, interim: bool) -> RunReport {
        let now_ns = self.clock.now_ns();
        let times = Times { now_ns, genesis_ns: self.board.genesis_ns(), ended: !interim };
        let wall_ms = clock::realtime_ns() / 1_000_000;
        let jobs = self.workers.iter().enumerate().filter(|(_, w)| w.order.job.stats.report);
        let jobs = jobs.map(|(index, worker)| {
            let snapshot = ledger::read(self.ledger_words(index));
            job_report(&worker.order, snapshot, &worker.sampler, &worker.fate, times)
        });
        let elapsed_ms = now_ns.saturating_sub(times.genesis_ns) / 1_000_000;
        RunReport {
            timestamp_ms: wall_ms,
            time_text: clock::local_time_text(wall_ms / 1000),
            global_options: self.plan.global_options.clone(),
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

    fn outcome(self) -> RunOutcome {
        let report = self.report(false);
        let failed = |(index, worker): &(usize, &Worker)| {
            let error = ledger::read(self.ledger_words(*index)).map_or(0, |s| s.error);
            error != 0 || worker.fate.error != 0 || worker.fate.signal != 0
        };
        let failed = self.workers.iter().enumerate().filter(failed).count();
        RunOutcome { report, failed, signal: self.ending.map(|ending| ending.signal) }
    }
}

/// Least and greatest time between two looks at the workers.
const SHORTEST_SLEEP: Duration = Duration::from_micros(50);
const LONGEST_SLEEP: Duration = Duration::from_secs(10);
/// How often the status file is looked for.
const STATUS_FILE_PERIOD: Duration = Duration::from_secs(1);
/// How soon after the start the first sample is looked for.
const SAMPLE_START: Duration = Duration::from_millis(100);

/// True if somebody asks for a status by this file, which is removed.
fn take_request(path: &Path) -> bool {
    let own = |metadata: std::fs::Metadata| metadata.uid() == process::user();
    std::fs::symlink_metadata(path).is_ok_and(own) && file::unlink(path).is_ok()
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

impl Worker {
    fn new(order: Order) -> Worker {
        let (low, high) = order.job.start_delay_ns;
        let seeds = StreamSeeds::from_entropy(order.seeds);
        let start_delay_ns = match low == high {
            true => low,
            false => Stream::new(Width::Narrow, seeds.get(StreamId::StartDelay)).between(low, high),
        };
        let sampler = Sampler::new(order.job.pattern.rw, &order.job.stats);
        let fate = Fate::default();
        Worker { order, body: Body::None, start_delay_ns, fate, sampler, released: false }
    }

    /// The first clone of a stonewalled job: nothing before it may still run.
    fn is_barrier(&self) -> bool {
        self.order.job.stonewall && self.order.clone_number == 0
    }

    /// Creates the files of the worker; a failure ends it before it starts.
    fn lay_out(
        &mut self,
        registry: &[Registration],
        readonly: bool,
        watch: &signal::Watch,
        observer: &mut dyn Observer,
        messages: &mut Vec<Message>,
    ) {
        let job = &self.order.job;
        if !job.files.create_serialize {
            return;
        }
        let seeds = StreamSeeds::from_entropy(self.order.seeds);
        let caps = find(registry, &job.engine.name).map_or_else(Default::default, |e| e.caps);
        let clone_number = self.order.clone_number;
        let request = layout::Request { job, clone_number, seeds: &seeds, caps, readonly };
        let mut watcher = Announcer { observer, watch };
        match layout::lay_out(&request, &mut watcher) {
            Ok(layout) => self.order.layout = Some(layout),
            Err(failure) => {
                let (job, text) = (Some(job.name.clone()), failure.text);
                let message = Message { severity: Severity::Error, job, text };
                observer.event(Event::Message(&message));
                messages.push(message);
                self.fate.error = failure.errno.0;
                self.body = Body::Gone;
            }
        }
    }
}

/// Turns the progress of a layout into events, and gives up on a signal.
struct Announcer<'a> {
    observer: &'a mut dyn Observer,
    watch: &'a signal::Watch,
}

impl Watcher for Announcer<'_> {
    fn begin(&mut self, job: &str, files: usize, bytes: u64) {
        self.observer.event(Event::LayingOut { job, files, bytes });
    }

    fn progress(&mut self, done: u64, total: u64) -> bool {
        self.observer.event(Event::LaidOut { done, total });
        self.watch.terminating().is_none()
    }
}

/// Mappings that the standard library makes for a thread: its stack and that of its signal handlers,
/// each with a guard page.
const MAPPINGS_PER_THREAD: u64 = 4;
/// Mappings that everything else needs at most.
const OTHER_MAPPINGS: u64 = 1000;

/// Refuses more thread jobs than one process can hold; creating them would end it.
fn check_thread_limit(plan: &Plan) -> Result<(), Failure> {
    let threads = plan.jobs.iter().filter(|job| job.execution == Execution::Thread);
    let threads: u64 = threads.map(|job| u64::from(job.clones)).sum();
    let Some(limit) = fiord_sys::host::mapping_limit() else { return Ok(()) };
    if threads.saturating_mul(MAPPINGS_PER_THREAD).saturating_add(OTHER_MAPPINGS) <= limit {
        return Ok(());
    }
    Err(Failure::rule(format!(
        "{threads} jobs as threads of one process need about {} memory mappings, and the limit is {limit}; raise it with `sysctl vm.max_map_count=N`, or run the jobs as processes (without 'thread')",
        threads.saturating_mul(MAPPINGS_PER_THREAD),
    )))
}

/// What a worker is told, but for its files.
fn make_order(
    plan: &Plan,
    job: &JobPlan,
    index: u32,
    worker: usize,
    ledger_offset: u64,
    registry: &[Registration],
) -> Result<Order, Failure> {
    let caps = find(registry, &job.engine.name)
        .ok_or_else(|| Failure::rule(format!("this program has no engine '{}'", job.engine.name)))?
        .caps
        .at_depth(job.engine.iodepth.max(1) as usize);
    let thread_number = job.first_thread_number + index;
    let seeds = match job.pattern.seeds {
        Seeds::Base { base, .. } => *StreamSeeds::derive(base, thread_number).all(),
        Seeds::System => fiord_sys::host::entropy()
            .map_err(|errno| Failure::new("draw seeds from the system", errno))?,
    };
    let stats = &job.stats;
    let inline = caps.inline;
    Ok(Order {
        worker: worker as u32,
        thread_number,
        clone_number: job.clone_number(index),
        layout: None,
        ledger_offset,
        ledger: LedgerConfig {
            slat: stats.slat && caps.reports_slat,
            clat: stats.clat,
            lat: stats.lat,
            slat_histogram: stats.slat_percentiles && caps.reports_slat,
            lat_histogram: stats.lat_percentiles,
            lat_is_clat: inline && stats.clat,
            depth_one: inline,
            batches_of_one: inline && !caps.inline_at_depth_one,
        },
        seeds,
        parent: process::id().0,
        readonly: plan.readonly,
        job: job.clone(),
    })
}

fn source(clock: ClockSource) -> clock::Source {
    match clock {
        ClockSource::Gettimeofday => clock::Source::Gettimeofday,
        ClockSource::ClockGettime => clock::Source::ClockGettime,
        ClockSource::Cpu => clock::Source::Cpu,
    }
}
