//! What is read back, and when: from the sequence of the pass, the books or the backlog.

use fiord_base::{Direction, FileIndex};

use super::super::books::{Found, Stretch, Walk};
use super::{Content, Course, Entry, Known, Phase, Skipped, Task, WALK_AT_ONCE};
use crate::{Generator, Request, Step};

impl Course {
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
    pub(super) fn again(&mut self, generator: &mut Generator) -> Option<Step> {
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

    pub(super) fn end_again(&mut self, generator: &mut Generator) -> Step {
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
    pub(super) fn in_between(&mut self, is_open: &impl Fn(FileIndex) -> bool) -> Option<Step> {
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
    pub(super) fn found(&mut self, is_open: &impl Fn(FileIndex) -> bool) -> Option<Step> {
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
    pub(super) fn offer(
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

    pub(super) fn take_stretch(&mut self, walk: &mut Walk) -> Option<(Request, Task)> {
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

    pub(super) fn check_of(
        &mut self,
        stretch: &Stretch,
        seed: Option<u64>,
    ) -> Option<(Request, Task)> {
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

    pub(super) fn take_entry(&mut self) -> Option<(Request, Task)> {
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
}
