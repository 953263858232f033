//! A job ready for the loop, whatever its engine: what a worker makes, without a worker.

use std::cell::RefCell;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use fiord_base::Slot;
use fiord_base::random::StreamSeeds;
use fiord_engine::{Caps, Engine};
use fiord_measure::Ledger;
use fiord_measure::ledger::{self, Snapshot};
use fiord_options::plan::JobPlan;
use fiord_options::{EngineFacts, Host, commandline, lower};
use fiord_sys::shared::MemoryFile;
use fiord_sys::{BufferPool, Clock};
use fiord_workload::pacer::Rates;
use fiord_workload::{Filler, Generator, Regions, Shape};

use super::super::{BlockGrid, Drive, End, Pace, Parts, Verification};
use crate::board::{Board, Command, State};
use crate::layout::{self, Layout, Watcher};
use crate::priority;
use crate::ramp::RampAmount;
use crate::rehearsal;
use crate::run::prepare::ledger_config;
use crate::targets::Targets;
use crate::worker;

/// The plan of a job given in the words of the command line.
pub(super) fn plan(words: &str, caps: Caps) -> JobPlan {
    let facts = EngineFacts {
        inline: caps.inline,
        diskless: caps.diskless,
        no_extend: caps.no_extend,
        no_data: caps.no_data,
    };
    let host = Host {
        page_size: 4096,
        cpus: 2,
        last_cpu: 1,
        last_node: 0,
        memory_bytes: 4 << 30,
        env: &|_| None,
        read_file: &|_| Err(std::io::ErrorKind::NotFound.into()),
        engine: &|_| Some(facts),
    };
    let words = format!("--name=job {words}");
    let arguments: Vec<OsString> = words.split_whitespace().map(OsString::from).collect();
    let (invocation, mut diagnostics) = commandline::parse(&arguments, &host);
    let (plan, lowering) = lower(&invocation.spec, &host);
    diagnostics.extend(lowering);
    let lines: Vec<String> = diagnostics.iter().map(|d| d.one_line()).collect();
    assert!(!diagnostics.has_errors(), "{words}: {lines:?}");
    plan.expect("a plan").jobs.remove(0)
}

/// A job with its files and its place on a board.
pub(super) struct Setup {
    pub(super) job: JobPlan,
    pub(super) caps: Caps,
    pub(super) layout: Layout,
    pub(super) regions: Regions,
    pub(super) board: Arc<Board>,
    aux: PathBuf,
    seeds: StreamSeeds,
}

/// What the loop left behind.
pub(super) struct Looped {
    pub(super) end: End,
    pub(super) report: Snapshot,
    pub(super) messages: Vec<String>,
    pub(super) states: Vec<State>,
    pub(super) passes: usize,
}

impl Setup {
    /// Lays out the files of a job.
    pub(super) fn new(words: &str, caps: Caps) -> Setup {
        let job = plan(words, caps);
        let seeds = StreamSeeds::derive(1, 1);
        let request = layout::Request {
            job: &job,
            clone_number: 0,
            seeds: &seeds,
            pool: &[],
            caps,
            readonly: false,
            expected: None,
        };
        let layout = layout::lay_out(&request, &mut Unwatched).expect("a layout");
        let memory = MemoryFile::create("test-board", Board::bytes(1)).expect("memory");
        let board = Arc::new(Board::create(&memory, 1).expect("a board"));
        board.command(0, Command::Run);
        Setup { regions: layout.regions(1), job, caps, layout, board, aux: PathBuf::new(), seeds }
    }

    /// States are saved and loaded here.
    pub(super) fn with_aux(self, aux: &Path) -> Setup {
        Setup { aux: aux.to_owned(), ..self }
    }

    /// Requests that the loop keeps in flight.
    pub(super) fn depth(&self) -> usize {
        worker::depth(&self.job, self.caps) as usize
    }

    /// What engines are told of the job.
    pub(super) fn facts<'s>(&'s self, buffers: &'s BufferPool) -> fiord_engine::JobFacts<'s> {
        rehearsal::facts(&self.job, self.depth(), self.layout.files.len(), buffers)
    }

    /// Buffers for its requests.
    pub(super) fn buffers(&self) -> BufferPool {
        let block = usize::try_from(self.job.blocks.largest()).expect("a block size");
        BufferPool::new(self.depth(), block).expect("buffers")
    }

    /// Runs the loop to its end, with the buffers that the engine was made with.
    pub(super) fn run_with(
        self,
        engine: Box<dyn Engine>,
        mut buffers: BufferPool,
        clock: Clock,
    ) -> Looped {
        let (job, depth) = (&self.job, self.depth());
        let config = ledger_config(job, self.caps);
        let words: Vec<AtomicU64> =
            std::iter::repeat_with(AtomicU64::default).take(config.words()).collect();
        let states = RefCell::new(Vec::with_capacity(64));
        let passes = RefCell::new(1);
        let enter = |state| states.borrow_mut().push(state);
        let between_passes = |_: &Targets| {
            *passes.borrow_mut() += 1;
            Ok(())
        };
        let shape = Shape::of(job, self.layout.size, &[]);
        let mut filler = Filler::new(
            &job.data,
            job.pattern.generator,
            job.pattern.rw.write,
            &self.seeds,
            &shape,
        )
        .expect("a filler");
        for slot in 0..depth {
            filler.initial(buffers.get_mut(Slot(slot as u32)));
        }
        let blocks = BlockGrid::of(job, &self.layout.files).expect("few blocks");
        let generator = Generator::new(job, &self.regions, &self.seeds).expect("a generator");
        let rates = Rates::new(job, &self.seeds);
        let facts = (self.caps, job.pattern.rw.is_mixed() && rates.is_some());
        let verification = Verification::of(
            (job, 1, self.aux.as_path()),
            &generator,
            &self.regions,
            &self.seeds,
            facts,
        );
        let parts = Parts {
            generator,
            filler,
            engine,
            targets: Targets::new(job, self.layout.files, self.caps),
            ledger: Ledger::create(&words, &config).expect("a ledger"),
            buffers,
            commands: self.board.commands(0),
            clock,
            recorder: None,
            prioritizer: priority::prioritizer(job, &self.seeds),
            pace: Pace::new(job, rates, None, depth),
            blocks,
            verification: verification.expect("a course"),
            ramp: job.limits.ramp_bytes.map(|bytes| RampAmount::new(self.board.ramp(0), bytes)),
            enter: &enter,
            between_passes: &between_passes,
        };
        let end = Drive::new(job, parts, self.caps).run();
        let report = ledger::read(&words).expect("a snapshot");
        let messages = ledger::read_last_words(&words).messages;
        let (states, passes) = (states.into_inner(), passes.into_inner());
        Looped { end, report, messages, states, passes }
    }
}

/// Nobody watches a layout.
struct Unwatched;

impl Watcher for Unwatched {
    fn begin(&mut self, _job: &str, _files: usize, _bytes: u64) {}

    fn progress(&mut self, _done: u64, _total: u64) -> bool {
        true
    }
}
