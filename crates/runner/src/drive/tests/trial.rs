//! A job in the job language, run by the real loop on a simulated device.

use std::sync::Arc;

use fiord_base::{DATA, Direction, FileIndex};
use fiord_engine::{Caps, Engine, EngineError, Io, Target, Unit};
use fiord_measure::Latency;
use fiord_measure::ledger::Snapshot;
use fiord_sim::{Ended, Faults, Journal, SimulatedEngine, Time};
use fiord_sys::{BufferPool, Errno};

use super::super::End;
use super::looped::{Looped, Setup};
use crate::board::{Board, Command, State};

/// When simulated time begins; not zero, which means "never" in a ledger.
pub(super) const START_NS: u64 = 1_000_000_000;

/// What is run, and on what.
pub(super) struct Trial {
    pub(super) words: String,
    pub(super) faults: Faults,
    pub(super) inline: bool,
    /// Bytes that each file has when it is read, if not what the job needs.
    pub(super) real_bytes: Option<u64>,
    /// The submission at which the parent says that the job shall end.
    pub(super) finish_at: Option<usize>,
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
    real_bytes: u64,
    inline: bool,
}

impl Trial {
    /// An engine with a queue, `iodepth` deep.
    pub(super) fn queued(words: &str) -> Trial {
        Trial {
            words: words.to_owned(),
            faults: Faults::default(),
            inline: false,
            real_bytes: None,
            finish_at: None,
        }
    }

    /// An engine that executes one request at a time.
    pub(super) fn inline(words: &str) -> Trial {
        Trial { inline: true, ..Trial::queued(words) }
    }

    /// With these faults.
    pub(super) fn with(self, faults: Faults) -> Trial {
        Trial { faults, ..self }
    }

    /// Runs the job.
    pub(super) fn run(&self) -> Ran {
        let caps =
            Caps { inline: self.inline, reports_slat: !self.inline, diskless: true, ..Caps::NONE }
                .for_job(2, 2);
        let mut setup = Setup::new(&format!("--ioengine=null {}", self.words), caps);
        for file in &mut setup.layout.files {
            file.real_bytes = self.real_bytes.unwrap_or(file.real_bytes);
        }
        let real_bytes = setup.layout.files[0].real_bytes;
        let time = Time::starting_at(START_NS);
        let faults = self.faults.clone();
        let (engine, witness) = match self.inline {
            true => SimulatedEngine::inline(faults, &time),
            false => SimulatedEngine::queued(setup.depth(), faults, &time),
        };
        let engine = Stopper {
            engine,
            board: Arc::clone(&setup.board),
            finish_at: self.finish_at,
            submissions: 0,
        };
        let Looped { end, report, messages, states, passes } =
            setup.run(Box::new(engine), time.clock());
        Ran {
            end,
            report,
            messages,
            journal: witness.journal(),
            states,
            elapsed_ns: time.now_ns() - START_NS,
            passes,
            real_bytes,
            inline: self.inline,
        }
    }
}

/// Tells the job to end when so much has been submitted.
struct Stopper {
    engine: SimulatedEngine,
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

    /// Breaches of the rule that every request ends once and is counted once, where nothing was
    /// reset in between.
    pub(super) fn breaches(&self) -> Vec<String> {
        let mut breaches = self.journal.violations.clone();
        let mut expect = |what: &str, told: u64, expected: u64| {
            if told != expected {
                breaches.push(format!("{what}: {told} instead of {expected}"));
            }
        };
        let (journal, report) = (&self.journal, &self.report);
        expect("units ended", journal.ended.len() as u64, journal.attempts.len() as u64);
        let mut latencies = 0;
        for direction in DATA {
            let told = &report.directions[direction];
            let name = direction.name();
            let outcomes = self.outcomes(direction);
            let moved: u64 = outcomes.iter().flatten().sum();
            let succeeded = outcomes.iter().flatten().count() as u64;
            expect(&format!("{name} bytes"), told.bytes, moved);
            expect(&format!("{name} requests"), told.ios, journal.requests(direction));
            expect(&format!("short {name}s"), told.short_ios, self.shorts(direction));
            expect(&format!("{name} clat"), told.clat.moments.count, succeeded);
            expect(&format!("{name} clat bins"), bins(&told.clat), succeeded);
            expect(&format!("{name} lat"), told.lat.moments.count, succeeded);
            latencies += succeeded;
        }
        let distribution = &report.distribution;
        let counted = distribution.ns.iter().chain(&distribution.us).chain(&distribution.ms);
        expect("distribution", counted.sum(), latencies);
        let all: u64 = report.directions.iter().map(|(_, told)| told.ios).sum();
        // At a depth of one the table is made of the counts, in which failed flushes do not stand.
        let uncounted = if self.inline { self.failed_flushes() } else { 0 };
        expect("depths", report.depths.iter().sum(), all + self.flushes() - uncounted);
        expect("flushes", report.sync_ios + self.failed_flushes(), self.flushes());
        expect("torn", u64::from(report.torn), 0);
        breaches
    }

    fn flushes(&self) -> u64 {
        let units = self.journal.attempts.iter().map(|attempt| attempt.unit);
        units.filter(|unit| !unit.direction.is_data()).count() as u64
    }

    fn failed_flushes(&self) -> u64 {
        let ended = self.journal.ended.iter();
        ended.filter(|e| !e.unit.direction.is_data() && e.result.is_err()).count() as u64
    }

    /// True if a read of nothing from here is the end of the file and no fault.
    fn at_end(&self, unit: &Unit, moved: u64) -> bool {
        let end = unit.offset + unit.progress + moved;
        unit.direction == Direction::Read && end >= self.real_bytes
    }

    /// Transfers that have to be continued.
    fn shorts(&self, direction: Direction) -> u64 {
        let short = |ended: &&Ended| match ended.result {
            Ok(moved) => {
                moved > 0
                    && moved < ended.unit.remaining_length()
                    && !self.at_end(&ended.unit, moved)
            }
            Err(_) => false,
        };
        let ended = self.journal.ended.iter().filter(|ended| ended.unit.direction == direction);
        ended.filter(short).count() as u64
    }

    /// What became of each request of a direction: bytes over all its attempts, or nothing.
    fn outcomes(&self, direction: Direction) -> Vec<Option<u64>> {
        let is_last = |index: usize| {
            let slot = self.journal.ended[index].unit.slot;
            let mut later = self.journal.ended[index + 1..].iter().map(|ended| ended.unit);
            later.find(|unit| unit.slot == slot).is_none_or(|unit| unit.progress == 0)
        };
        let of_direction = |(_, ended): &(usize, &Ended)| ended.unit.direction == direction;
        let ended = self.journal.ended.iter().enumerate().filter(of_direction);
        let last = ended.filter(|(index, _)| is_last(*index));
        last.map(|(_, ended)| match ended.result {
            Ok(0) if !self.at_end(&ended.unit, 0) => None,
            Ok(moved) => Some(ended.unit.progress + moved),
            Err(_) => None,
        })
        .collect()
    }
}

fn bins(latency: &Latency) -> u64 {
    latency.histogram.bins().map(|(_, count)| count).sum()
}
