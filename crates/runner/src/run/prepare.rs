//! Before anything runs: orders, layout of files, shared memory, clock.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use fiord_base::random::{Stream, StreamId, StreamSeeds, Width};
use fiord_engine::{Caps, Registration, find};
use fiord_measure::LedgerConfig;
use fiord_measure::report::{Message, Severity};
use fiord_options::Plan;
use fiord_options::plan::{ClockSource, DedupeSource, Execution, JobPlan, Seeds};
use fiord_options::trace::Subject;
use fiord_sys::clock::{self, Clock};
use fiord_sys::process::{self, Executable};
use fiord_sys::shared::{MemoryFile, PAGE_BYTES};
use fiord_sys::{file, signal};

use super::{Body, Previous, Run, RunSettings, Worker, contest, trigger};
use crate::board::Board;
use crate::disks::Disks;
use crate::events::{Event, Observer};
use crate::failure::Failure;
use crate::layout::{self, Watcher};
use crate::offload::caps_for;
use crate::order::{self, Order};
use crate::outcome::Fate;
use crate::priority;
use crate::ramp;
use crate::rehearsal::rehearse;
use crate::sampler::Sampler;
use crate::trace::{Trace, TraceSettings};

impl<'a> Run<'a> {
    /// Lays out files and shared memory; on return nothing but starting is left to do.
    pub(super) fn prepare(
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
        layout::check_directories(plan)?;
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
        let trace = Trace::open(&settings.trace)?;
        let mut workers = Vec::new();
        let mut ledger_bytes = 0;
        for job in &plan.jobs {
            for index in 0..job.clones {
                let mut order =
                    make_order(plan, job, index, workers.len(), ledger_bytes, registry)?;
                order.trace = settings.trace.of_job(order.thread_number);
                if let Some(trace) = &trace {
                    tell_seeds(trace, &order);
                }
                if let Some(flow) = job.pacing.flow {
                    board.set_flow(workers.len(), flow);
                }
                let bytes = order.ledger.words() * 8;
                ledger_bytes += bytes.next_multiple_of(PAGE_BYTES) as u64;
                workers.push(Worker::new(order));
            }
        }
        share_contents(&mut workers);
        contest::refuse(&workers, registry, plan.readonly)?;
        let mut rehearsed = Ok(());
        for worker in &mut workers {
            if watch.terminating().is_none() {
                if worker.order.clone_number == 0 {
                    rehearsed = worker.rehearse(registry);
                }
                let refused = rehearsed.clone().err();
                let mut site = Site {
                    registry,
                    readonly: plan.readonly,
                    watch: &watch,
                    observer,
                    messages: &mut messages,
                };
                worker.lay_out(refused, &mut site);
            }
        }
        let orders = || workers.iter().map(|worker| &worker.order);
        let orders_file = order::write_all(orders())
            .map_err(|errno| Failure::new("write the orders of the workers to memory", errno))?;
        let disks = Disks::under(orders());
        if let Some(trace) = &trace {
            orders().for_each(|order| tell_files(trace, order));
            let disks = disks.names();
            disks.for_each(|name| trace.tell(Subject::Diskutil, format_args!("disk {name}")));
        }
        let ledger_file =
            MemoryFile::create("fiord-ledgers", ledger_bytes as usize).map_err(memory)?;
        let ledgers = Arc::new(ledger_file.map(0, ledger_file.bytes()).map_err(memory)?);
        let asked = plan.jobs.iter().find_map(|job| job.stats.clock).map(source);
        let choice = clock::choose(asked, start);
        if let Some(trace) = &trace {
            tell_clock(trace, &choice);
        }
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
            trigger: trigger::Stage::Idle,
            previous: Previous::default(),
            trace,
        })
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
        let (body, released, overdue) = (Body::None, false, None);
        Worker { order, body, start_delay_ns, fate, sampler, released, overdue }
    }

    /// Tries for all clones of a job what it needs of the kernel.
    fn rehearse(&self, registry: &[Registration]) -> Result<(), Failure> {
        let job = &self.order.job;
        match find(registry, &job.engine.name) {
            Some(entry) => rehearse(job, entry, job.clones),
            None => Ok(()),
        }
    }

    /// Creates the files of the worker; a failure ends it before it starts.
    fn lay_out(&mut self, refused: Option<Failure>, site: &mut Site<'_>) {
        let job = &self.order.job;
        let is_refused = refused.is_some();
        let laid_out = match refused {
            Some(failure) => Err(failure),
            // The worker does it.
            None if !job.files.create_serialize => return,
            None => {
                let caps = find(site.registry, &job.engine.name)
                    .map_or_else(Default::default, |entry| entry.caps);
                let request = layout::Request {
                    job,
                    clone_number: self.order.clone_number,
                    seeds: &StreamSeeds::from_entropy(self.order.seeds),
                    pool: &self.order.pool,
                    caps,
                    readonly: site.readonly,
                    expected: None,
                };
                let mut watcher = Announcer { observer: site.observer, watch: site.watch };
                layout::lay_out(&request, &mut watcher)
            }
        };
        match laid_out {
            Ok(layout) => self.order.layout = Some(layout),
            Err(failure) => {
                self.fate.error = failure.errno.0;
                self.body = Body::Gone;
                if is_refused && self.order.clone_number > 0 {
                    // The first clone has told it.
                    return;
                }
                let (job, text) = (Some(job.name.clone()), failure.text);
                let message = Message { severity: Severity::Error, job, text };
                site.observer.event(Event::Message(&message));
                site.messages.push(message);
            }
        }
    }
}

/// What laying out files takes beside the order of a worker.
struct Site<'a> {
    registry: &'a [Registration],
    readonly: bool,
    watch: &'a signal::Watch,
    observer: &'a mut dyn Observer,
    messages: &'a mut Vec<Message>,
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
pub(crate) fn check_thread_limit(plan: &Plan) -> Result<(), Failure> {
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
    let entry = find(registry, &job.engine.name).ok_or_else(|| {
        Failure::rule(format!("this program has no engine '{}'", job.engine.name))
    })?;
    let caps = caps_for(job, entry.caps);
    let thread_number = job.first_thread_number + index;
    let seeds = match job.pattern.seeds {
        Seeds::Base { base, .. } => *StreamSeeds::derive(base, thread_number).all(),
        Seeds::System => fiord_sys::host::entropy()
            .map_err(|errno| Failure::new("draw seeds from the system", errno))?,
    };
    Ok(Order {
        worker: worker as u32,
        ramp_worker: ramp::counting_worker(plan, job, worker as u32),
        thread_number,
        clone_number: job.clone_number(index),
        layout: None,
        ledger_offset,
        ledger: ledger_config(job, caps),
        seeds,
        pool: Vec::new(),
        parent: process::id().0,
        aux_path: plan.aux_path.as_deref().unwrap_or_default().as_bytes().to_vec(),
        readonly: plan.readonly,
        trace: TraceSettings::default(),
        job: job.clone(),
    })
}

/// What a job measures. `caps` are those at its depth.
pub(crate) fn ledger_config(job: &JobPlan, caps: Caps) -> LedgerConfig {
    let stats = &job.stats;
    LedgerConfig {
        slat: stats.slat && caps.reports_slat,
        clat: stats.clat,
        lat: stats.lat,
        slat_histogram: stats.slat_percentiles && caps.reports_slat,
        lat_histogram: stats.lat_percentiles,
        lat_is_clat: caps.inline && stats.clat,
        depth_one: caps.single,
        batches_of_one: caps.single && !(caps.inline && caps.inline_at_depth_one),
        submits_singly: caps.submits_singly,
        priorities: priority::counts(job),
        rated: job.pacing.rate.is_capped() && stats.stamps(),
        blocks: stats.block_error_percentiles,
        verifies: job.verify.kind.is_some(),
    }
}

/// Streams of fio 3.42: a program that compares all lines finds as many.
const STREAMS_TOLD: usize = 23;

/// Tells jobs whose duplicates are those of all jobs (`dedupe_global`) what all of these write.
fn share_contents(workers: &mut [Worker]) {
    let shares = |worker: &Worker| {
        let source = worker.order.job.data.dedupe.map(|dedupe| dedupe.source);
        matches!(source, Some(DedupeSource::WorkingSet { shared: true, .. }))
    };
    if !workers.iter().any(shares) {
        return;
    }
    let seeds: Vec<u64> =
        workers.iter().map(|worker| worker.order.seeds[StreamId::Buffer as usize]).collect();
    for (index, worker) in workers.iter_mut().enumerate().filter(|(_, worker)| shares(worker)) {
        let (earlier, later) = seeds.split_at(index);
        worker.order.pool = [later, earlier].concat();
    }
}

/// Tells the seeds of a job, for those who draw the same numbers elsewhere.
fn tell_seeds(trace: &Trace, order: &Order) {
    if !order.trace.subjects.has(Subject::Random) {
        return;
    }
    let (name, number) = (&order.job.name, order.thread_number);
    let from = match order.job.pattern.seeds {
        Seeds::System => "the system",
        Seeds::Base { .. } => "the job",
    };
    trace.tell(Subject::Random, format_args!("job {number}, {name}: seeds from {from}"));
    for (stream, seed) in order.seeds.iter().take(STREAMS_TOLD).enumerate() {
        trace.tell(Subject::Random, format_args!("rand_seeds[{stream}]={seed}"));
    }
}

/// Tells the files of a job, where the parent has laid them out.
fn tell_files(trace: &Trace, order: &Order) {
    if !order.trace.subjects.has(Subject::File) {
        return;
    }
    for file in order.layout.iter().flat_map(|layout| &layout.files) {
        let (path, size) = (file.path.display(), file.real_bytes);
        let (offset, length) = (file.offset, file.size);
        trace.tell(
            Subject::File,
            format_args!("add file {path}: {size} bytes, off={offset:#x},len={length:#x} in use"),
        );
    }
}

fn tell_clock(trace: &Trace, choice: &clock::Choice) {
    let name = choice.source.name();
    match (&choice.clock, choice.reason) {
        (_, Some(reason)) => trace.tell(Subject::Time, format_args!("clock {name}: {reason}")),
        (Clock::Tsc(calibration), None) => {
            // The multiplier is nanoseconds per tick in 32.32 fixed point.
            let megahertz = 1000.0 * (1u64 << 32) as f64 / calibration.multiplier as f64;
            trace.tell(Subject::Time, format_args!("clock {name}: {megahertz:.3} MHz"));
        }
        _ => trace.tell(Subject::Time, format_args!("clock {name}")),
    }
}

fn source(clock: ClockSource) -> clock::Source {
    match clock {
        ClockSource::Gettimeofday => clock::Source::Gettimeofday,
        ClockSource::ClockGettime => clock::Source::ClockGettime,
        ClockSource::Cpu => clock::Source::Cpu,
    }
}
