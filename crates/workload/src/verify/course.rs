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

use super::books::{Books, Found, Stretch, Walk};
use super::seeds::{Seeds, SeedsMark};
use crate::{Bookmark, Generator, Outcome, Regions, Request, Step};

/// Writes that are walked through without a look at anything else.
const WALK_AT_ONCE: u32 = 4096;

/// What a request is to verification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Task {
    /// Nothing.
    #[default]
    Other,
    /// A write that gets headers.
    Write {
        /// Writes before it.
        number: u64,
        /// The seed of its data.
        seed: u64,
        /// It will be discarded.
        trims: bool,
    },
    /// A read whose data are checked.
    Check(Content),
    /// A write is discarded.
    Trim,
}

/// What is known of data that are to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// The number of the write.
    pub number: Option<u64>,
    /// A later number is right, too: of another pass.
    pub newer: bool,
    /// The seed of its data.
    pub seed: Option<u64>,
    /// That seed if it is not to be relied on: it helps to tell what has happened.
    pub likely_seed: Option<u64>,
    /// It was discarded, so that it reads as zeroes.
    pub zeroes: bool,
    /// A later write may have changed it: what is older than the number is wrong, all else is possible.
    pub later: bool,
}

/// Why blocks are not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Skipped {
    /// Their write failed.
    WriteFailed,
    /// They were written again before they were read back.
    Overwritten,
    /// They were on their way when the state was saved.
    InFlight,
    /// No flush covers them in the saved state.
    NotDurable,
    /// The saved state says that they were not written.
    NotWritten,
    /// They were discarded, and nothing is expected of them.
    Trimmed,
}

/// What is known of a write from a saved state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It has to be there.
    There,
    /// It may be there, for this reason.
    Maybe(Skipped),
    /// More writes than are known of may have been made, and this is the first of them.
    Beyond,
    /// Neither it nor any later one was made.
    End,
}

impl Known {
    /// Why a write is not checked that need not be there.
    fn reason(self) -> Skipped {
        match self {
            Known::Maybe(why) => why,
            Known::There | Known::Beyond => Skipped::NotDurable,
            Known::End => Skipped::NotWritten,
        }
    }
}

/// Tells what is known of the write of a number.
pub type Knowledge = Box<dyn Fn(u64) -> Known + Send>;

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

    /// True if the pass, which is over, is to be read back now.
    pub fn wants_read_back(&self, generator: &Generator) -> bool {
        let has_checked = self.only && self.books.is_none();
        let goes_on = self.walks_on && !self.ends && !generator.is_last_pass();
        self.reads_back && !self.has_read && !has_checked && !goes_on
    }

    /// The phase that reads back begins; everything is on the medium, nothing in flight, and no target
    /// open.
    pub fn read_back(&mut self, generator: &mut Generator) {
        self.has_read = true;
        generator.closed_all();
        let is_known = !self.walks_on || self.known_of(self.next) == Known::End;
        if let Some(books) = self.books.as_mut().filter(|_| !is_known) {
            // There were more writes than are known of, or than this job has.
            books.all_uncertain();
        }
        self.failed.sort_unstable();
        let after = self.mark();
        self.phase = if self.backlog.is_some() {
            Phase::Rest
        } else if let Some(books) = &self.books {
            Phase::Books(books.walk())
        } else if let Some((begin, mark)) = self.begin.take() {
            let end = generator.bookmark();
            generator.go_back(begin);
            self.go_to(mark.as_ref());
            Phase::Again { end: self.next, number: self.first, after: Some((end, after)) }
        } else {
            Phase::Main
        };
    }

    /// One write of the pass, made again.
    fn again(&mut self, generator: &mut Generator) -> Option<Step> {
        for _ in 0..WALK_AT_ONCE {
            let Phase::Again { end, number, .. } = &mut self.phase else { break };
            if *number >= *end {
                return Some(self.end_again(generator));
            }
            let step = generator.next();
            let request = match step {
                Step::Issue(request) if request.direction == Direction::Write => request,
                Step::Open(_) | Step::Close(_) => return Some(step),
                Step::Issue(_) | Step::Rewind(_) => continue,
                Step::PassEnd | Step::NextPass | Step::End => {
                    return Some(self.end_again(generator));
                }
            };
            let this = *number;
            *number += 1;
            let seed = self.draw();
            if self.failed.binary_search(&this).is_ok() {
                continue;
            }
            self.task = Task::Check(self.content(this, seed));
            return Some(Step::Issue(Request { direction: Direction::Read, ..request }));
        }
        None
    }

    fn end_again(&mut self, generator: &mut Generator) -> Step {
        if let Phase::Again { after, .. } = &mut self.phase
            && let Some((place, mark)) = after.take()
        {
            generator.go_to(place);
            self.go_to(mark.as_ref());
        }
        self.phase = Phase::Main;
        Step::PassEnd
    }

    /// Something that is read back or discarded while the pass goes on.
    fn in_between(&mut self, is_open: &impl Fn(FileIndex) -> bool) -> Option<Step> {
        if let Some(held) = self.held.take() {
            return Some(self.offer(held, is_open));
        }
        if let Some(trims) = &mut self.trims
            && trims.due > 0
        {
            trims.due -= 1;
            let Some(entry) = trims.queue.pop_front() else {
                trims.due = 0;
                return None;
            };
            let Entry { file, offset, length, .. } = entry;
            let request = Request { direction: Direction::Trim, file, offset, length };
            return Some(self.offer((request, Task::Trim), is_open));
        }
        let found = self.take_entry();
        found.map(|found| self.offer(found, is_open))
    }

    /// The next request of the phase that reads back.
    fn found(&mut self, is_open: &impl Fn(FileIndex) -> bool) -> Option<Step> {
        if let Some(held) = self.held.take() {
            return Some(self.offer(held, is_open));
        }
        // What is to be discarded is, before anything is read.
        if let Some(trims) = &mut self.trims
            && let Some(Entry { file, offset, length, .. }) = trims.queue.pop_front()
        {
            let request = Request { direction: Direction::Trim, file, offset, length };
            return Some(self.offer((request, Task::Trim), is_open));
        }
        if self.trims.as_ref().is_some_and(|trims| trims.in_flight > 0) {
            return None;
        }
        let found = match &mut self.phase {
            Phase::Books(walk) => {
                let mut walk = *walk;
                let found = self.take_stretch(&mut walk);
                self.phase = Phase::Books(walk);
                found
            }
            _ => {
                if let Some(backlog) = &mut self.backlog {
                    backlog.due = usize::MAX;
                }
                self.take_entry()
            }
        };
        match (found, &self.phase, &self.books) {
            (Some(found), ..) => Some(self.offer(found, is_open)),
            // What was discarded, or is left of an interval, is in no backlog.
            (None, Phase::Rest, Some(books)) => {
                self.phase = Phase::Books(books.walk());
                self.found(is_open)
            }
            (None, ..) => {
                self.opened.clear();
                self.phase = Phase::Main;
                Some(Step::PassEnd)
            }
        }
    }

    /// Lets a request go, after its target has been opened. Of the targets that are opened for this, one is
    /// open at a time.
    fn offer(
        &mut self,
        (request, task): (Request, Task),
        is_open: &impl Fn(FileIndex) -> bool,
    ) -> Step {
        if is_open(request.file) {
            self.task = task;
            return Step::Issue(request);
        }
        self.held = Some((request, task));
        match self.opened.pop() {
            Some(other) => Step::Close(other),
            None => {
                self.opened.push(request.file);
                Step::Open(request.file)
            }
        }
    }

    /// A request goes out: all that it has waited for has ended. From now on nobody knows what a range that
    /// it changes holds, until it has ended itself; what is to be read back is looked up meanwhile.
    pub fn begins(&mut self, task: &Task, request: &Request) {
        let Request { file, offset, length, direction } = *request;
        self.count_trim(task, 1);
        let Some(books) = &mut self.books else { return };
        let why = match task {
            Task::Write { .. } => Some(Skipped::Overwritten),
            // It is looked at later, as zeroes.
            Task::Trim => None,
            Task::Other if direction == Direction::Trim => Some(Skipped::Trimmed),
            Task::Other | Task::Check(_) => return,
        };
        let superseded = books.lost(file, offset, length);
        match why {
            Some(why) => self.skip(why, superseded),
            // Its zeroes are as many blocks, in the place of what is left of the write and of others.
            None => {
                let blocks = self.blocks(length);
                self.pending += blocks.saturating_sub(superseded);
                self.skip(Skipped::Overwritten, superseded.saturating_sub(blocks));
            }
        }
    }

    fn take_stretch(&mut self, walk: &mut Walk) -> Option<(Request, Task)> {
        loop {
            match self.books.as_mut()?.next(walk, self.most)? {
                Found::Cut { .. } => self.skip(Skipped::Overwritten, 1),
                Found::Stretch(stretch) => {
                    if let Some(found) = self.check_of(&stretch, None) {
                        return Some(found);
                    }
                }
            }
        }
    }

    fn check_of(&mut self, stretch: &Stretch, seed: Option<u64>) -> Option<(Request, Task)> {
        let Stretch { file, offset, length, number, trimmed, later } = *stretch;
        if trimmed && !self.trims.as_ref().is_some_and(|trims| trims.zeroes) {
            self.skip(Skipped::Trimmed, self.blocks(length));
            return None;
        }
        let number = (self.checks_number && !trimmed).then_some(number);
        // What passes after this one have written is known, or not.
        let newer = self.only && (later || !self.walks_on);
        let content = Content { number, newer, seed, likely_seed: None, zeroes: trimmed, later };
        let request = Request { direction: Direction::Read, file, offset, length };
        Some((request, Task::Check(content)))
    }

    fn take_entry(&mut self) -> Option<(Request, Task)> {
        loop {
            let backlog = self.backlog.as_mut()?;
            let Some(entry) = backlog.queue.front().copied().filter(|_| backlog.due > 0) else {
                backlog.due = 0;
                return None;
            };
            let Entry { file, offset, length, number, seed } = entry;
            let Some(books) = &mut self.books else {
                backlog.queue.pop_front();
                backlog.due -= 1;
                let request = Request { direction: Direction::Read, file, offset, length };
                return Some((request, Task::Check(self.content(number, seed))));
            };
            let walk =
                backlog.walk.get_or_insert_with(|| books.walk_write(file, offset, length, number));
            let found = books.next(walk, self.most);
            match found {
                None => {
                    backlog.queue.pop_front();
                    backlog.due -= 1;
                    backlog.walk = None;
                }
                Some(Found::Cut { .. }) => self.skip(Skipped::Overwritten, 1),
                Some(Found::Stretch(stretch)) => {
                    let seed = self.checks_seed.then_some(seed);
                    if let Some(found) = self.check_of(&stretch, seed) {
                        return Some(found);
                    }
                }
            }
        }
    }

    fn count_trim(&mut self, task: &Task, by: isize) {
        if let (Task::Trim, Some(trims)) = (task, &mut self.trims) {
            trims.in_flight = trims.in_flight.saturating_add_signed(by);
        }
    }

    /// A request has ended: so many of its bytes were moved. `whole` says that these are all.
    pub fn ended(&mut self, task: &Task, request: &Request, whole: bool) {
        let Request { file, offset, length, .. } = *request;
        self.count_trim(task, -1);
        match *task {
            Task::Other | Task::Check(_) => {}
            Task::Write { number, seed, trims } if self.reads_back => {
                if !whole {
                    return self.give_up(Skipped::WriteFailed, number, request);
                }
                let known = self.known_of(number);
                if known != Known::There {
                    // A loaded state has the last word.
                    return self.give_up(known.reason(), number, request);
                }
                if let Some(books) = &mut self.books {
                    books.written(file, offset, length, number);
                }
                let entry = Entry { file, offset, length, number, seed };
                if let Some(discards) = self.trims.as_mut().filter(|_| trims) {
                    discards.queue.push_back(entry);
                    if discards.queue.len() >= discards.limit {
                        discards.due = discards.batch;
                    }
                }
                if let Some(backlog) = &mut self.backlog {
                    backlog.queue.push_back(entry);
                    if backlog.due == 0 && backlog.queue.len() >= backlog.limit {
                        backlog.due = backlog.batch;
                    }
                }
            }
            Task::Write { number, .. } if !whole => self.failed.push(number),
            Task::Write { .. } => {}
            Task::Trim => {
                let Some(books) = &mut self.books else { return };
                if whole {
                    books.trimmed(file, offset, length);
                } else {
                    let blocks = self.blocks(length);
                    self.skip(Skipped::WriteFailed, blocks);
                }
            }
        }
    }

    /// A write that is not read back.
    fn give_up(&mut self, why: Skipped, number: u64, request: &Request) {
        let Request { file, offset, length, .. } = *request;
        let mut blocks = self.blocks(length);
        if let Some(books) = &mut self.books {
            blocks += books.lost(file, offset, length);
        }
        self.failed.push(number);
        self.skip(why, blocks);
    }

    /// A request has not been made after all; of several the last one first.
    pub fn withdrawn(&mut self, task: &Task, request: &Request) {
        if let Task::Write { number, .. } = *task {
            self.next = number;
            if self.reads_back {
                self.pending = self.pending.saturating_sub(self.blocks(request.length));
            }
        }
    }

    /// So many blocks have been checked.
    pub fn checked(&mut self, blocks: u64) {
        self.pending = self.pending.saturating_sub(blocks);
    }

    fn skip(&mut self, why: Skipped, blocks: u64) {
        if blocks == 0 {
            return;
        }
        self.pending = self.pending.saturating_sub(blocks);
        match self.skipped.iter_mut().find(|(known, _)| *known == why) {
            Some((_, count)) => *count += blocks,
            None => self.skipped.push((why, blocks)),
        }
    }

    /// Blocks that were skipped since the last call.
    pub fn take_skipped(&mut self) -> impl Iterator<Item = (Skipped, u64)> {
        std::mem::take(&mut self.skipped).into_iter()
    }

    /// Blocks that were written in this pass and have neither been checked nor skipped.
    pub fn pending(&self) -> u64 {
        self.pending
    }

    /// Writes that have been made so far.
    pub fn writes(&self) -> u64 {
        self.next
    }

    /// Numbers of the writes that failed.
    pub fn failed(&self) -> &[u64] {
        &self.failed
    }
}
