//! The course of verification: which requests are written with which number and seed, and what is read
//! back when.
//!
//! A pass of a job that writes ends with a phase that reads back what the pass has written. Its requests
//! come from one of three places: the sequence of the pass, made again, if no block can be written twice;
//! the [books](super::books) otherwise; or the backlog, which is read in between, too. In jobs that
//! only read, each read is a check. A job that only verifies walks through its writes without making
//! them.
//!
//! The loop asks for steps as it asks the generator, is told by [`Course::task`] what each request is to
//! verification, and says what became of it.

use std::collections::VecDeque;

use fiord_base::random::{StreamId, StreamSeeds, Taus88};
use fiord_base::{Direction, FileIndex};
use fiord_options::plan::{JobPlan, VerifyPlan};

use super::books::{Books, Walk};
use super::seeds::{Seeds, SeedsMark};
use crate::{Bookmark, Generator, Outcome, Regions, Request, Step};

mod back;
mod ends;
mod known;

pub use known::{Content, Knowledge, Known, Skipped, Task};

/// Writes that are walked through without a look at anything else.
const WALK_AT_ONCE: u32 = 4096;

/// A write that waits to be read back.
#[derive(Clone, Copy, Debug)]
struct Entry {
    file: FileIndex,
    offset: u64,
    length: u64,
    number: u64,
    seed: u64,
}

/// Writes that are read back while others are made.
#[derive(Clone, Debug)]
struct Backlog {
    limit: usize,
    batch: usize,
    /// Entries to be read before the next write.
    due: usize,
    queue: VecDeque<Entry>,
    /// What an entry has left in the books.
    walk: Option<Walk>,
}

/// Writes that are discarded.
#[derive(Clone, Debug)]
struct Trims {
    percent: u32,
    draws: Taus88,
    limit: usize,
    batch: usize,
    due: usize,
    queue: VecDeque<Entry>,
    /// Trims on their way.
    in_flight: usize,
    zeroes: bool,
    /// What is discarded may have been written again in the meantime.
    hit_others: bool,
}

/// Where requests come from.
#[derive(Clone, Debug)]
enum Phase {
    /// From the generator, as in any job.
    Main,
    /// From the sequence of the pass, up to this write; then everything goes on at the end of it.
    Again { end: u64, number: u64, after: Option<(Bookmark, Option<SeedsMark>)> },
    /// From the books.
    Books(Walk),
    /// From what is left of the backlog, and then from the books.
    Rest,
}

/// See the [module](self).
pub struct Course {
    writes: bool,
    /// Requests can touch bytes that others in flight change.
    can_overlap: bool,
    only: bool,
    /// All passes are walked through before anything is read, because a saved state tells of all of them.
    walks_on: bool,
    reads_back: bool,
    checks_number: bool,
    checks_seed: bool,
    /// Bytes that have a header of their own; 0: each request has one.
    interval: u64,
    /// Longest read.
    most: u64,
    /// The next write's number.
    next: u64,
    /// That of the first write of the pass.
    first: u64,
    seeds: Option<Seeds>,
    books: Option<Books>,
    backlog: Option<Backlog>,
    trims: Option<Trims>,
    known: Option<Knowledge>,
    /// Numbers of writes that failed or that a loaded state knows nothing of.
    failed: Vec<u64>,
    begin: Option<(Bookmark, Option<SeedsMark>)>,
    phase: Phase,
    /// The pass has been read back.
    has_read: bool,
    /// A saved state ends the job.
    ends: bool,
    task: Task,
    /// A found stretch whose target has to be opened first.
    held: Option<(Request, Task)>,
    /// Targets that were opened for reading back.
    opened: Vec<FileIndex>,
    /// Blocks of the pass that have neither been read nor skipped.
    pending: u64,
    skipped: Vec<(Skipped, u64)>,
}

/// What a course is made of beside the plan.
pub struct Parts<'a> {
    /// The targets.
    pub regions: &'a Regions,
    /// Seeds of the clone.
    pub seeds: &'a StreamSeeds,
    /// The mix depends on time.
    pub steered: bool,
    /// The data have seeds.
    pub draws: bool,
    /// A saved state.
    pub known: Option<Knowledge>,
}

/// True if the mix of a job depends on time: each direction of it may be held back by its own rate.
pub fn is_steered(job: &JobPlan, has_rates: bool) -> bool {
    job.pattern.rw.is_mixed() && has_rates
}

/// True if a job needs books. `visits_once`: its sequence visits no block twice in a pass; `steered`: its mix
/// depends on time.
pub fn needs_books(job: &JobPlan, visits_once: bool, steered: bool) -> bool {
    let verify = &job.verify;
    let reads_back = verify.kind.is_some() && job.pattern.rw.write && verify.read_back;
    reads_back && (walks_on(job) || rewrites(job, visits_once, steered))
}

/// True if a pass of a job can change a block more than once.
fn rewrites(job: &JobPlan, visits_once: bool, steered: bool) -> bool {
    let verify = &job.verify;
    // Trims of other sizes than the writes after them reach into blocks that were written before.
    let (min, max) = (&job.blocks.min, &job.blocks.max);
    let sizes = [Direction::Write, Direction::Trim].map(|d| [min[d], max[d]]);
    let uneven = job.pattern.rw.trim && sizes.as_flattened().iter().any(|n| *n != sizes[0][0]);
    let discards = verify.trim.percent > 0 || uneven;
    steered || discards || !visits_once
}

/// True if a job looks at what several passes of another one have left. What a pass has written may have been
/// written again by the next one, or in part, as the power was cut.
fn walks_on(job: &JobPlan) -> bool {
    let limits = &job.limits;
    let several = limits.loops > 1 || limits.time_based || job.region.io_size.is_some();
    several && limits.verify_only && job.verify.state_load
}

impl Course {
    /// The course of a job that verifies.
    pub fn new(job: &JobPlan, generator: &Generator, parts: Parts<'_>) -> Course {
        let verify: &VerifyPlan = &job.verify;
        let rw = job.pattern.rw;
        let blocks = |count: Option<u64>| count.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        let reads_back = rw.write && verify.read_back;
        let once = generator.visits_once();
        let books = needs_books(job, once, parts.steered);
        let backlog = blocks(verify.backlog_blocks).filter(|_| reads_back).map(|limit| Backlog {
            limit,
            batch: verify.backlog_batch_blocks.map_or(limit, |n| n as usize),
            due: 0,
            queue: VecDeque::new(),
            walk: None,
        });
        let trim = &verify.trim;
        let trims = (trim.percent > 0 && reads_back).then(|| {
            let limit = blocks(trim.backlog_blocks).unwrap_or(usize::MAX);
            Trims {
                percent: trim.percent,
                draws: Taus88::new(parts.seeds.get(StreamId::TrimShare) as u32),
                limit,
                batch: trim.backlog_batch_blocks.map_or(limit, |n| n as usize),
                due: 0,
                queue: VecDeque::new(),
                in_flight: 0,
                zeroes: trim.expect_zeroes,
                hit_others: !once,
            }
        });
        Course {
            writes: rw.write,
            can_overlap: rw.write && rewrites(job, once, parts.steered) || rw.trim,
            only: job.limits.verify_only,
            walks_on: walks_on(job),
            reads_back,
            checks_number: verify.check_write_number && rw.write,
            checks_seed: verify.check_header_seed && parts.draws,
            interval: verify.interval_bytes.filter(|_| verify.pattern.is_none()).unwrap_or(0),
            most: job.blocks.max[Direction::Write].max(job.blocks.min[Direction::Write]),
            next: 0,
            first: 0,
            seeds: parts.draws.then(|| Seeds::new(job, parts.seeds)),
            books: books.then(|| Books::new(job, parts.regions)),
            backlog,
            trims,
            known: parts.known,
            failed: Vec::new(),
            begin: None,
            phase: Phase::Main,
            has_read: false,
            ends: false,
            task: Task::Other,
            held: None,
            opened: Vec::new(),
            pending: 0,
            skipped: Vec::new(),
        }
    }

    /// How many blocks a request has that are checked each by itself.
    pub fn blocks(&self, length: u64) -> u64 {
        if self.interval == 0 { 1 } else { length.div_ceil(self.interval) }
    }

    /// A pass begins.
    pub fn begin_pass(&mut self, generator: &mut Generator) {
        self.phase = Phase::Main;
        self.has_read = false;
        self.first = self.next;
        if !self.walks_on {
            self.pending = 0;
            if let Some(books) = &mut self.books {
                books.next_pass();
            }
        }
        if let Some(seeds) = &mut self.seeds {
            seeds.next_pass();
        }
        let again = self.reads_back && self.books.is_none() && self.backlog.is_none();
        if again && !self.only {
            self.begin = Some((generator.bookmark(), self.mark()));
        }
    }

    fn mark(&self) -> Option<SeedsMark> {
        self.seeds.as_ref().map(Seeds::mark)
    }

    fn go_to(&mut self, mark: Option<&SeedsMark>) {
        if let (Some(seeds), Some(mark)) = (&mut self.seeds, mark) {
            seeds.go_to(mark);
        }
    }

    /// What comes next; `None`: ask again.
    #[inline]
    pub fn step(
        &mut self,
        generator: &mut Generator,
        is_open: impl Fn(FileIndex) -> bool,
    ) -> Option<Step> {
        self.task = Task::Other;
        match self.phase {
            Phase::Main if self.is_due() => self.in_between(&is_open),
            Phase::Main if !self.opened.is_empty() => self.opened.pop().map(Step::Close),
            Phase::Main if self.ends => Some(Step::End),
            Phase::Main => self.main(generator),
            Phase::Again { .. } => self.again(generator),
            Phase::Books(_) | Phase::Rest => self.found(&is_open),
        }
    }

    /// What the request of the last step is.
    pub fn task(&self) -> Task {
        self.task
    }

    /// True if requests of this kind do not come from the generator.
    pub fn adds(&self, task: &Task) -> bool {
        match task {
            Task::Check(_) => self.writes,
            Task::Trim => true,
            Task::Other | Task::Write { .. } => false,
        }
    }

    /// True if data are to be checked.
    pub fn is_to_check(&self) -> bool {
        self.reads_back || !self.writes
    }

    /// True if requests may touch bytes that others change, unless these wait for each other.
    pub fn can_overlap(&self) -> bool {
        self.can_overlap
    }

    /// True if what is checked was written by this pass of this job.
    pub fn reads_own_writes(&self) -> bool {
        self.writes && !self.only
    }

    /// True while what was written is read back, between passes.
    pub fn is_reading_back(&self) -> bool {
        !matches!(self.phase, Phase::Main)
    }

    fn is_due(&self) -> bool {
        self.held.is_some()
            || self.backlog.as_ref().is_some_and(|backlog| backlog.due > 0)
            || self.trims.as_ref().is_some_and(|trims| trims.due > 0)
    }

    fn main(&mut self, generator: &mut Generator) -> Option<Step> {
        for _ in 0..WALK_AT_ONCE {
            let step = generator.next();
            let Step::Issue(request) = step else {
                if self.only && matches!(step, Step::Rewind(_)) {
                    continue;
                }
                return Some(step);
            };
            match request.direction {
                Direction::Write if self.only => {
                    generator.done(&request, Outcome::Bytes(request.length));
                    if let Some(step) = self.walk_through(request) {
                        return Some(step);
                    }
                }
                Direction::Write => {
                    let (number, seed) = (self.next, self.draw());
                    self.next += 1;
                    if self.reads_back {
                        self.pending += self.blocks(request.length);
                    }
                    let trims = self
                        .trims
                        .as_mut()
                        .is_some_and(|trims| trims.draws.between(1, 100) <= trims.percent);
                    self.task = Task::Write { number, seed, trims };
                    return Some(step);
                }
                Direction::Read if !self.writes => {
                    let (number, seed) = (self.next, self.draw());
                    self.next += 1;
                    let known = self.known_of(number);
                    match known {
                        Known::There => {}
                        Known::Maybe(_) | Known::Beyond => {
                            generator.done(&request, Outcome::Bytes(request.length));
                            self.skip(known.reason(), self.blocks(request.length));
                            continue;
                        }
                        Known::End => return Some(Step::End),
                    }
                    let seed = self.checks_seed.then_some(seed);
                    self.task = Task::Check(Content { seed, ..Content::default() });
                    return Some(step);
                }
                // A job that only verifies makes nothing of its own.
                _ if self.only => generator.done(&request, Outcome::Bytes(request.length)),
                _ => return Some(step),
            }
        }
        None
    }

    /// A write of a job that only verifies.
    fn walk_through(&mut self, request: Request) -> Option<Step> {
        let (number, seed) = (self.next, self.draw());
        let Request { file, offset, length, .. } = request;
        let known = match self.known_of(number) {
            Known::There if self.may_be_trimmed() => Known::Maybe(Skipped::Trimmed),
            known => known,
        };
        if known == Known::End || known == Known::Beyond && self.walks_on {
            self.ends = true;
            return Some(if self.books.is_some() { Step::PassEnd } else { Step::End });
        }
        self.next += 1;
        self.pending += self.blocks(length);
        match (&mut self.books, known) {
            (Some(books), Known::There) => {
                let superseded = books.written(file, offset, length, number);
                self.skip(Skipped::Overwritten, superseded);
            }
            (Some(books), _) => {
                let why = known.reason();
                match why {
                    Skipped::WriteFailed => {
                        let superseded = books.lost(file, offset, length);
                        self.skip(Skipped::Overwritten, superseded);
                    }
                    _ => books.uncertain(file, offset, length),
                }
                self.skip(why, self.blocks(length));
            }
            (None, Known::There) => {
                let content = self.content(number, seed);
                self.task = Task::Check(content);
                return Some(Step::Issue(Request { direction: Direction::Read, ..request }));
            }
            (None, _) => self.skip(known.reason(), self.blocks(length)),
        }
        None
    }

    /// True if the next write may have been discarded after it was made, which nothing has noted.
    fn may_be_trimmed(&mut self) -> bool {
        let Some(trims) = &mut self.trims else { return false };
        trims.draws.between(1, 100) <= trims.percent || trims.hit_others
    }

    fn known_of(&self, number: u64) -> Known {
        self.known.as_ref().map_or(Known::There, |known| known(number))
    }

    fn draw(&mut self) -> u64 {
        self.seeds.as_mut().map_or(0, Seeds::draw)
    }

    fn content(&self, number: u64, seed: u64) -> Content {
        Content {
            number: self.checks_number.then_some(number),
            newer: self.only,
            seed: self.checks_seed.then_some(seed),
            likely_seed: self.seeds.is_some().then_some(seed),
            ..Content::default()
        }
    }
}
