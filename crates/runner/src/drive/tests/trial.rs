//! A job in the job language, run by the real loop on a simulated device.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fiord_base::{Direction, FileIndex};
use fiord_engine::{Caps, Engine, EngineError, Io, Target, Unit};
use fiord_measure::ledger::Snapshot;
use fiord_options::plan::JobPlan;
use fiord_sim::{Cache, Device, Faults, Journal, SimulatedEngine, Storage, Time};
use fiord_sys::{BufferPool, Errno};

use super::super::End;
use super::campaign;
use super::looped::{Looped, Setup};
use super::shadow::{Watched, Watcher};
use crate::board::{Board, Command, State};
use crate::offload::Offload;

/// When simulated time begins; not zero, which means "never" in a ledger.
pub(super) const START_NS: u64 = 1_000_000_000;

/// How the device is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// By a queue, `iodepth` deep.
    Queued,
    /// One request at a time.
    Inline,
    /// By threads, one request each.
    Offloaded,
}

/// What is run, and on what.
pub(super) struct Trial {
    pub(super) words: String,
    pub(super) faults: Faults,
    pub(super) kind: Kind,
    /// Bytes that each file has when it is read, if not what the job needs.
    pub(super) real_bytes: Option<u64>,
    /// What the device holds.
    pub(super) storage: Storage,
    /// The submission at which the parent says that the job shall end.
    pub(super) finish_at: Option<usize>,
    /// Watches data.
    pub(super) watcher: Option<Arc<Mutex<dyn Watcher>>>,
    /// Where states are saved and loaded.
    pub(super) aux: PathBuf,
}

/// What came of it.
pub(super) struct Ran {
    pub(super) end: End,
    pub(super) report: Snapshot,
    pub(super) messages: Vec<String>,
    pub(super) journal: Journal,
    pub(super) states: Vec<State>,
    /// Simulated time that passed.
    pub(super) elapsed_ns: u64,
    pub(super) passes: usize,
    /// Bytes that each file really has.
    pub(super) real_bytes: u64,
    pub(super) job: JobPlan,
    pub(super) kind: Kind,
}

impl Trial {
    /// A job on a device with a queue.
    pub(super) fn queued(words: &str) -> Trial {
        Trial {
            words: words.to_owned(),
            faults: Faults::default(),
            kind: Kind::Queued,
            real_bytes: None,
            storage: Storage::new(Cache::WriteThrough),
            finish_at: None,
            watcher: None,
            aux: PathBuf::new(),
        }
    }

    /// A job on a device that executes one request at a time.
    pub(super) fn inline(words: &str) -> Trial {
        Trial { kind: Kind::Inline, ..Trial::queued(words) }
    }

    /// With these faults.
    pub(super) fn with(self, faults: Faults) -> Trial {
        Trial { faults, ..self }
    }

    /// Runs the job.
    pub(super) fn run(&self) -> Ran {
        let inline = self.kind == Kind::Inline;
        let caps =
            Caps { inline, reports_slat: !inline, diskless: true, ..Caps::NONE }.for_job(2, 2);
        let mut setup = Setup::new(&format!("--ioengine=null {}", self.words), caps);
        for file in &mut setup.layout.files {
            file.real_bytes = self.real_bytes.unwrap_or(file.real_bytes);
        }
        let real_bytes = setup.layout.files[0].real_bytes;
        let job = setup.job.clone();
        let time = Time::starting_at(START_NS);
        let faults = self.faults.clone();
        let device = Device::new(setup.depth(), faults, &self.storage, &time);
        let buffers = setup.buffers();
        let engine: Box<dyn Engine> = match self.kind {
            Kind::Inline => Box::new(SimulatedEngine::inline(&device)),
            Kind::Queued => Box::new(SimulatedEngine::queued(&device)),
            Kind::Offloaded => Box::new(campaign::with_device(&device, || {
                Offload::new(&campaign::SIMULATED, &setup.facts(&buffers), &time.clock())
                    .expect("threads")
            })),
        };
        let engine = Stopper {
            engine,
            board: Arc::clone(&setup.board),
            finish_at: self.finish_at,
            submissions: 0,
        };
        let engine: Box<dyn Engine> = match &self.watcher {
            Some(watcher) => Box::new(Watched::new(engine, watcher, setup.depth())),
            None => Box::new(engine),
        };
        let Looped { end, report, messages, states, passes } =
            setup.with_aux(&self.aux).run_with(engine, buffers, time.clock());
        Ran {
            end,
            report,
            messages,
            journal: device.witness().journal(),
            states,
            elapsed_ns: time.now_ns() - START_NS,
            passes,
            real_bytes,
            job,
            kind: self.kind,
        }
    }
}

/// Tells the job to end when so much has been submitted.
struct Stopper {
    engine: Box<dyn Engine>,
    board: Arc<Board>,
    finish_at: Option<usize>,
    submissions: usize,
}

impl Stopper {
    fn count(&mut self) {
        if self.finish_at == Some(self.submissions) {
            self.board.command(0, Command::Finish);
        }
        self.submissions += 1;
    }
}

impl Engine for Stopper {
    fn attach(&mut self, file: FileIndex, target: &Target<'_>) -> Result<(), EngineError> {
        self.engine.attach(file, target)
    }

    fn detach(&mut self, file: FileIndex) {
        self.engine.detach(file);
    }

    fn execute(&mut self, unit: &Unit, buffers: &mut BufferPool) -> Result<u64, Errno> {
        self.count();
        self.engine.execute(unit, buffers)
    }

    fn submit(&mut self, batch: &[Unit], io: &mut Io<'_>) -> usize {
        self.count();
        self.engine.submit(batch, io)
    }

    fn reap(&mut self, min: usize, max: usize, io: &mut Io<'_>) -> Result<(), Errno> {
        self.engine.reap(min, max, io)
    }

    fn reap_within(
        &mut self,
        min: usize,
        max: usize,
        patience: Duration,
        io: &mut Io<'_>,
    ) -> Result<(), Errno> {
        self.engine.reap_within(min, max, patience, io)
    }

    fn cancel(&mut self) {
        self.engine.cancel();
    }
}

impl Ran {
    /// Requests of a direction as reported.
    pub(super) fn ios(&self, direction: Direction) -> u64 {
        self.report.directions[direction].ios
    }

    /// Bytes of a direction as reported.
    pub(super) fn bytes(&self, direction: Direction) -> u64 {
        self.report.directions[direction].bytes
    }
}
