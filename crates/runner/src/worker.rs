//! The life of one worker, process or thread: set up, wait at the barrier, run the loop, clean up.
//!
//! Whatever can fail or allocate is done before the barrier. However a worker ends, its ledger says how
//! far it came and why it stopped.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::AtomicU64;

use fiord_base::Slot;
use fiord_base::random::StreamSeeds;
use fiord_engine::{Caps, Engine, Registration, find};
use fiord_measure::Ledger;
use fiord_measure::report::Severity;
use fiord_options::plan::{JobPlan, SubmitMode};
use fiord_options::trace::Subject;
use fiord_sys::locked::LockedMemory;
use fiord_sys::process::{self, Usage};
use fiord_sys::{BufferPool, Errno, clock, signal};
use fiord_workload::pacer::Rates;
use fiord_workload::verify::course;
use fiord_workload::{Filler, Generator, GeneratorError, Regions, Shape};

use crate::board::{Board, CommandWord, State};
use crate::drive::{BlockGrid, Drive, Pace, Parts, Verification};
use crate::failure::Failure;
use crate::flow::Flow;
use crate::layout::{self, Layout, TargetFile, Watcher};
use crate::memory::{self, Need};
use crate::offload::{Offload, caps_for};
use crate::order::{self, Order};
use crate::priority::{self, Prioritizer};
use crate::ramp::RampAmount;
use crate::recorder::Recorder;
use crate::rehearsal::facts;
use crate::targets::Targets;
use crate::trace::{Trace, TracedEngine};

/// First argument of a worker process; the second names descriptors and the worker's number.
pub(crate) const WORKER_SWITCH: &str = "--fiord-worker";

/// What a worker has beside its order.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) board: &'a Board,
    pub(crate) ledger: &'a [AtomicU64],
    pub(crate) registry: &'a [Registration],
}

/// Runs this process as a worker if its arguments say so, and returns its exit status.
pub(crate) fn process_main(arguments: &[String], registry: &[Registration]) -> Option<i32> {
    let [_, switch, numbers] = arguments else { return None };
    if switch != WORKER_SWITCH {
        return None;
    }
    Some(match start_process(numbers, registry) {
        Ok(()) => 0,
        Err(failure) => {
            // The exit status says it too, should nobody hear this.
            let _ = writeln!(std::io::stderr(), "fiord worker: {failure}");
            1
        }
    })
}

fn start_process(numbers: &str, registry: &[Registration]) -> Result<(), Failure> {
    let parsed: Vec<i32> = numbers.split(',').filter_map(|n| n.parse().ok()).collect();
    let [board, orders, ledgers, worker] = parsed[..] else {
        return Err(Failure::rule(format!("{WORKER_SWITCH} is not for users")));
    };
    let inherit = |number| {
        fiord_sys::shared::MemoryFile::inherited(number)
            .map_err(|errno| Failure::new(format!("take over descriptor {number}"), errno))
    };
    let (board, orders, ledgers) = (inherit(board)?, inherit(orders)?, inherit(ledgers)?);
    let worker = usize::try_from(worker).unwrap_or(usize::MAX);
    let board =
        Board::open(&board).map_err(|errno| Failure::new("open the board of the run", errno))?;
    let order = order::read(&orders, worker)
        .map_err(|errno| Failure::new("read the order of this worker", errno))?;
    drop(orders);
    process::set_name(order.job.name.as_ref());
    process::die_with_parent(process::Pid(order.parent))
        .map_err(|errno| Failure::new("follow the parent process", errno))?;
    signal::ignore_terminal_signals()
        .map_err(|errno| Failure::new("leave signals to the parent", errno))?;
    let words = ledgers
        .map(order.ledger_offset as usize, order.ledger.words() * 8)
        .map_err(|errno| Failure::new("map the ledger", errno))?;
    work(&order, Place { board: &board, ledger: words.words(), registry });
    Ok(())
}

/// Does what the order says. The result is in the ledger and on the board.
pub(crate) fn work(order: &Order, place: Place<'_>) {
    let worker = order.worker as usize;
    let board = place.board;
    let mut ledger = match Ledger::create(place.ledger, &order.ledger) {
        Ok(ledger) => ledger,
        Err(_) => return board.set_state(worker, State::Ended),
    };
    ledger.set_identity(process::thread_id(), 0);
    let trace = match Trace::open(&order.trace) {
        Ok(trace) => trace,
        Err(failure) => {
            report_failure(&mut ledger, &failure);
            return board.set_state(worker, State::Ended);
        }
    };
    let stage = Stage { board, worker, trace: trace.as_ref() };
    match set_up(order, place, trace.as_ref()) {
        Ok(ready) => {
            if let Some(note) = ready.generator.note() {
                ledger.message(Severity::Note, note);
            }
            for note in ready.engine.notes().iter().chain(ready.notes.iter().flatten()) {
                ledger.message(Severity::Note, note);
            }
            stage.enter(State::Initialised);
            if board.commands(worker).wait_for_start() {
                run(order, place, stage, ledger, ready);
            }
        }
        Err(failure) => report_failure(&mut ledger, &failure),
    }
    stage.enter(State::Ended);
}

/// The states that a worker passes through: the parent sees them on the board.
#[derive(Clone, Copy)]
struct Stage<'a> {
    board: &'a Board,
    worker: usize,
    trace: Option<&'a Trace>,
}

impl Stage<'_> {
    fn enter(&self, state: State) {
        if let Some(trace) = self.trace {
            trace.state(process::thread_id(), self.board.state(self.worker), state);
        }
        self.board.set_state(self.worker, state);
    }
}

fn report_failure(ledger: &mut Ledger<'_>, failure: &Failure) {
    ledger.record_error(failure.errno.0);
    ledger.set_error(failure.errno.0);
    ledger.message(Severity::Error, &failure.text);
}

/// Everything a worker needs to run, made before the barrier.
struct Ready {
    caps: Caps,
    engine: Box<dyn Engine>,
    buffers: BufferPool,
    filler: Filler,
    generator: Generator,
    targets: Targets,
    recorder: Option<Recorder>,
    prioritizer: Option<Prioritizer>,
    rates: Option<Rates>,
    blocks: Option<BlockGrid>,
    verification: Option<Verification>,
    /// Held until the job has ended.
    locked: Option<LockedMemory>,
    /// What the user should know of its memory, and of a job that ran before.
    notes: [Option<String>; 2],
}

fn set_up(order: &Order, place: Place<'_>, trace: Option<&Trace>) -> Result<Ready, Failure> {
    let job = &order.job;
    let entry = find(place.registry, &job.engine.name).ok_or_else(|| {
        Failure::rule(format!("this program has no engine '{}'", job.engine.name))
    })?;
    let seeds = StreamSeeds::from_entropy(order.seeds);
    let layout = match &order.layout {
        Some(layout) => layout.clone(),
        None => lay_out_here(order, entry, &seeds, place.board.commands(order.worker as usize))?,
    };
    let prioritizer = priority::prioritizer(job, &seeds);
    let rates = Rates::new(job, &seeds);
    priority::take(job)?;
    let caps = caps_for(job, entry.caps);
    let depth = depth(job, caps) as usize;
    check_depth(depth)?;
    let rw = job.pattern.rw;
    let buffer_bytes = buffer_bytes(job, caps);
    let locked = memory::lock(job)?;
    let need = Need::of(job, depth, buffer_bytes)?;
    let mut buffers = need.reserve()?;
    let facts = facts(job, depth, layout.files.len(), &buffers);
    let engine = match job.engine.submit {
        SubmitMode::Inline => (entry.create)(&facts)?,
        SubmitMode::Offload => Box::new(Offload::new(entry, &facts, &place.board.clock())?),
    };
    let shape = Shape::of(job, layout.size, &order.pool);
    let fills = rw.write && buffer_bytes > 0;
    let mut filler = Filler::new(&job.data, job.pattern.generator, fills, &seeds, &shape)
        .map_err(|error| Failure::rule(error.to_string()))?
        .repeating(job.pattern.seeds);
    if order.layout.is_some() {
        filler.go_to(&layout.filled);
    }
    for slot in 0..depth {
        filler.initial(buffers.get_mut(Slot(slot as u32)));
    }
    let regions = layout.regions(order.thread_number);
    let generator = make_generator(job, &regions, &seeds, caps)
        .map_err(|error| Failure::rule(error.to_string()))?;
    let steered = course::is_steered(job, rates.is_some());
    let verification = Verification::of(
        (job, order.thread_number, Path::new(OsStr::from_bytes(&order.aux_path))),
        &generator,
        &regions,
        &seeds,
        (caps, steered),
    )?;
    let verification = match verification {
        Some(verification) => Some(verification.with_threads(job, &buffers)?),
        None => None,
    };
    let recorder = match &job.write_iolog {
        Some(path) => Some(Recorder::create(path, &layout.files)?),
        None => None,
    };
    let engine = match trace {
        Some(trace) => {
            let name = &job.engine.name;
            trace.tell(Subject::Io, format_args!("engine {name} at depth {depth}"));
            trace.tell(Subject::Mem, format_args!("{depth} buffers of {buffer_bytes} bytes"));
            traced(engine, order, &layout, depth)?
        }
        None => engine,
    };
    let blocks = BlockGrid::of(job, &layout.files)?;
    let targets = Targets::new(job, layout.files, caps);
    let past_note = verification.as_ref().and_then(Verification::note).cloned();
    let notes = [need.note, past_note];
    Ok(Ready {
        caps,
        engine,
        buffers,
        filler,
        generator,
        targets,
        recorder,
        prioritizer,
        rates,
        blocks,
        verification,
        locked,
        notes,
    })
}

/// Most requests in flight.
pub(crate) fn depth(job: &JobPlan, caps: Caps) -> u32 {
    if caps.single { 1 + 2 * spare(job) } else { job.engine.iodepth.max(1) }
}

/// Threads that check what the job has read: while they have buffers, others are needed to read on.
fn spare(job: &JobPlan) -> u32 {
    if job.verify.kind.is_some() { job.verify.check_threads } else { 0 }
}

/// Bytes of each of the buffers of a job.
pub(crate) fn buffer_bytes(job: &JobPlan, caps: Caps) -> usize {
    let rw = job.pattern.rw;
    let wanted = match caps.no_data {
        true => caps.fills_buffers && rw.write,
        false => rw.read || rw.write,
    };
    if wanted { usize::try_from(job.blocks.largest()).unwrap_or(usize::MAX) } else { 0 }
}

/// The sequence of requests of a clone.
pub(crate) fn make_generator(
    job: &JobPlan,
    regions: &Regions,
    seeds: &StreamSeeds,
    caps: Caps,
) -> Result<Generator, GeneratorError> {
    let generator = Generator::new(job, regions, seeds)?;
    Ok(if caps.inline { generator } else { generator.queued(job, regions) })
}

/// Puts an engine that tells of requests around the engine of a job, if they are to be told.
fn traced(
    engine: Box<dyn Engine>,
    order: &Order,
    layout: &Layout,
    depth: usize,
) -> Result<Box<dyn Engine>, Failure> {
    let wanted = |trace: &Trace| trace.has(Subject::Io) || trace.has(Subject::File);
    let Some(trace) = Trace::open(&order.trace)?.filter(wanted) else { return Ok(engine) };
    let name = |file: &TargetFile| file.path.to_string_lossy().into_owned();
    let names = layout.files.iter().map(name).collect();
    Ok(Box::new(TracedEngine::new(engine, trace, names, depth)))
}

/// Refuses a queue for which there is no memory. Engine and loop keep less than this for each place of
/// it, and a list that is too long would end the program.
pub(crate) fn check_depth(depth: usize) -> Result<(), Failure> {
    Vec::<[u64; 64]>::new().try_reserve_exact(depth).map_err(|_| Failure {
        errno: Errno::NOMEM,
        text: format!("no memory for {depth} requests in flight (iodepth)"),
    })
}

/// Gives a layout up when the job is told to end.
struct Obedient<'a> {
    commands: CommandWord<'a>,
}

impl Watcher for Obedient<'_> {
    fn begin(&mut self, _job: &str, _files: usize, _bytes: u64) {}

    fn progress(&mut self, _done: u64, _total: u64) -> bool {
        !self.commands.finish()
    }
}

/// Lays the files out in the worker (`create_serialize=0`, or again between loops).
fn lay_out_here(
    order: &Order,
    entry: &Registration,
    seeds: &StreamSeeds,
    commands: CommandWord<'_>,
) -> Result<Layout, Failure> {
    let request = layout::Request {
        job: &order.job,
        clone_number: order.clone_number,
        seeds,
        pool: &order.pool,
        caps: entry.caps,
        readonly: order.readonly,
        expected: None,
    };
    layout::lay_out(&request, &mut Obedient { commands })
}

fn run(order: &Order, place: Place<'_>, stage: Stage<'_>, mut ledger: Ledger<'_>, ready: Ready) {
    let worker = order.worker as usize;
    let (job, board) = (&order.job, place.board);
    if job.files.create_only {
        return;
    }
    if job.files.pre_read {
        stage.enter(State::PreReading);
        let commands = board.commands(worker);
        if let Err(failure) = ready.targets.read_ahead(&|| !commands.finish()) {
            return report_failure(&mut ledger, &failure);
        }
    }
    let number = job.clocks.job_start_id;
    let start_ns = match clock::of_number_ns(number) {
        Ok(ns) => ns,
        Err(errno) => {
            let action = format!("read the clock with the number {number} (job_start_clock_id)");
            return report_failure(&mut ledger, &Failure::new(action, errno));
        }
    };
    ledger.begin_usage(Usage::of_thread().numbers());
    ledger.set_identity(process::thread_id(), start_ns / 1_000_000);
    let ramp = job
        .limits
        .ramp_bytes
        .map(|bytes| RampAmount::new(board.ramp(order.ramp_worker as usize), bytes));
    let ramps = ramp.is_some() || job.limits.ramp_ns.is_some_and(|ns| ns > 0);
    stage.enter(if ramps { State::Ramp } else { State::Running });
    let enter = |state: State| stage.enter(state);
    let relay =
        |targets: &Targets| relayout(order, place.registry, targets, board.commands(worker));
    let flow = job.pacing.flow.map(|flow| Flow::new(board, worker, flow));
    let pace = Pace::new(job, ready.rates, flow, depth(job, ready.caps) as usize);
    if pace.is_some() {
        process::wake_on_time();
    }
    let mut drive = Drive::new(
        job,
        Parts {
            generator: ready.generator,
            filler: ready.filler,
            engine: ready.engine,
            targets: ready.targets,
            ledger,
            buffers: ready.buffers,
            commands: board.commands(worker),
            clock: board.clock(),
            recorder: ready.recorder,
            prioritizer: ready.prioritizer,
            pace,
            blocks: ready.blocks,
            verification: ready.verification,
            ramp,
            enter: &enter,
            between_passes: &relay,
        },
        ready.caps,
    );
    drive.run();
    let mut usage = drive.end_threads();
    let (mut ledger, targets) = drive.into_results();
    drop(ready.locked);
    usage += Usage::of_thread();
    ledger.end_usage(usage.numbers());
    stage.enter(State::Finishing);
    if job.files.unlink
        && let Err(failure) = targets.unlink_all()
    {
        report_failure(&mut ledger, &failure);
    }
}

/// Removes and creates the files again between loops, where the job wants that.
fn relayout(
    order: &Order,
    registry: &[Registration],
    targets: &Targets,
    commands: CommandWord<'_>,
) -> Result<(), Failure> {
    if !order.job.files.unlink_each_loop {
        return Ok(());
    }
    targets.unlink_all()?;
    let Some(entry) = find(registry, &order.job.engine.name) else { return Ok(()) };
    if !layout::fills(&order.job, entry.caps) {
        // The job creates them as it opens them.
        return Ok(());
    }
    lay_out_here(order, entry, &StreamSeeds::from_entropy(order.seeds), commands).map(drop)
}
