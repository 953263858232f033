//! What becomes of requests, and what is noted of it.

use fiord_base::Direction;

use super::{Course, Entry, Known, Skipped, Task};
use crate::Request;

impl Course {
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

    pub(super) fn count_trim(&mut self, task: &Task, by: isize) {
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
    pub(super) fn give_up(&mut self, why: Skipped, number: u64, request: &Request) {
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

    pub(super) fn skip(&mut self, why: Skipped, blocks: u64) {
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
