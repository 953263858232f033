//! Which write each block holds.
//!
//! Where no block is written twice in a pass this needs no memory: the sequence of the pass is made
//! again. Everywhere else a table has a word of eight bytes for each grain of the region, the largest
//! unit of which all requests and all intervals with a header are multiples, in place and size. A
//! word names the last write that was acknowledged; a write that failed, or one whose fate is unknown,
//! takes the content away or makes it uncertain.
//!
//! Intervals that were overwritten in part cannot be verified any more, because their checksum covers
//! all of them. They are found when the table is walked, and counted.

use std::ops::Range;

use fiord_base::{Direction, FileIndex};
use fiord_options::plan::JobPlan;

use crate::Regions;

const NUMBER: u64 = (1 << 44) - 1;
const PASS_AT: u32 = 44;
const PASS: u64 = 0xff << PASS_AT;
/// The grain holds a write of the pass.
const PRESENT: u64 = 1 << 52;
/// An interval begins here.
const BEGIN: u64 = 1 << 53;
/// An interval ends here.
const END: u64 = 1 << 57;
/// What was written has been discarded.
const TRIMMED: u64 = 1 << 54;
/// A later write may have reached the medium.
const LATER: u64 = 1 << 55;
/// It has been read back, or given up.
const LOOKED_AT: u64 = 1 << 56;
/// All that tells contents from each other.
const SAME: u64 = NUMBER | PASS | PRESENT | TRIMMED | LATER;

/// The unit of the table: a grain, and how many of them an interval has at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Grid {
    bytes: u64,
    interval: u64,
}

impl Grid {
    fn of(job: &JobPlan) -> Grid {
        let blocks = &job.blocks;
        let (min, max) = (blocks.min[Direction::Write], blocks.max[Direction::Write]);
        if blocks.unaligned {
            return Grid { bytes: 1, interval: u64::MAX };
        }
        // Patterns begin with requests, so that a part of one tells nothing.
        let interval = job.verify.interval_bytes.filter(|_| job.verify.pattern.is_none());
        let align = blocks.align[Direction::Write];
        let bytes = common_divisor(common_divisor(min, max), align).max(1);
        match interval.filter(|interval| *interval > 0) {
            Some(interval) if bytes.is_multiple_of(interval) => Grid { bytes, interval },
            Some(interval) => Grid { bytes: common_divisor(bytes, interval).max(1), interval },
            None => Grid { bytes, interval: u64::MAX },
        }
    }
}

fn common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

/// Bytes that the books of a job take if it needs them; `None` if that is more than can be counted.
pub fn bytes_for(job: &JobPlan, regions: &Regions) -> Option<u64> {
    let grid = Grid::of(job);
    let grains = regions
        .files
        .iter()
        .try_fold(0u64, |sum, region| sum.checked_add(covered(region, job).div_ceil(grid.bytes)))?;
    grains.checked_mul(size_of::<u64>() as u64)
}

/// Bytes of a target, from the begin of the region, that requests can reach.
fn covered(region: &crate::FileRegion, job: &JobPlan) -> u64 {
    let reach = region.size.saturating_add(job.blocks.largest());
    reach.min(region.real_size.saturating_sub(region.offset)).max(region.size)
}

/// The table.
#[derive(Clone, Debug)]
pub struct Books {
    grid: Grid,
    files: Vec<FileBook>,
    /// The present pass, in its place in a word.
    pass: u64,
}

#[derive(Clone, Debug)]
struct FileBook {
    start: u64,
    words: Vec<u64>,
}

/// Where a walk through the table stands.
#[derive(Clone, Copy, Debug)]
pub struct Walk {
    file: usize,
    at: usize,
    /// The walk ends here: a file and a grain of it.
    end: (usize, usize),
    /// Only what this write has left is looked at.
    number: Option<u64>,
}

/// What a walk comes across.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Whole intervals that one write has left.
    Stretch(Stretch),
    /// The begin of an interval of which a part was overwritten.
    Cut {
        /// Bytes of the interval that are left.
        bytes: u64,
    },
}

/// Whole intervals that one write has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The target.
    pub file: FileIndex,
    /// First byte.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// The number of the write.
    pub number: u64,
    /// It has been discarded since.
    pub trimmed: bool,
    /// A later write may have reached the medium.
    pub later: bool,
}

impl Books {
    /// Empty books.
    pub fn new(job: &JobPlan, regions: &Regions) -> Books {
        let grid = Grid::of(job);
        let files = regions.files.iter().map(|region| FileBook {
            start: region.offset,
            words: vec![0; covered(region, job).div_ceil(grid.bytes) as usize],
        });
        Books { grid, files: files.collect(), pass: 0 }
    }

    /// Another pass begins; what the passes before have written is not read back any more.
    pub fn next_pass(&mut self) {
        self.pass = self.pass.wrapping_add(1 << PASS_AT) & PASS;
        if self.pass == 0 {
            self.files.iter_mut().for_each(|file| file.words.fill(0));
        }
    }

    /// A write was acknowledged. Returns how many intervals it has taken the place of that had not been
    /// read back.
    pub fn written(&mut self, file: FileIndex, offset: u64, length: u64, number: u64) -> u64 {
        self.enter(file, offset, length, PRESENT | number & NUMBER)
    }

    /// A written range was discarded. Returns the same.
    pub fn trimmed(&mut self, file: FileIndex, offset: u64, length: u64) -> u64 {
        self.enter(file, offset, length, PRESENT | TRIMMED)
    }

    /// What the range holds is not known any more. Returns the same.
    pub fn lost(&mut self, file: FileIndex, offset: u64, length: u64) -> u64 {
        self.enter(file, offset, length, 0)
    }

    /// A write of which it is not known whether it has reached the medium.
    pub fn uncertain(&mut self, file: FileIndex, offset: u64, length: u64) {
        for word in self.range_mut(file, offset, length) {
            if *word & PRESENT != 0 {
                *word |= LATER;
            }
        }
    }

    /// Any block may have been written again.
    pub fn all_uncertain(&mut self) {
        let words = self.files.iter_mut().flat_map(|file| &mut file.words);
        words.filter(|word| **word & PRESENT != 0).for_each(|word| *word |= LATER);
    }

    fn enter(&mut self, file: FileIndex, offset: u64, length: u64, content: u64) -> u64 {
        let (grain, interval, pass) = (self.grid.bytes, self.grid.interval, self.pass);
        let content = if content == 0 { 0 } else { content | pass };
        let mut superseded = 0;
        for (index, word) in self.range_mut(file, offset, length).iter_mut().enumerate() {
            let waits = *word & (PRESENT | BEGIN | PASS | LOOKED_AT) == PRESENT | BEGIN | pass;
            superseded += u64::from(waits);
            let (first, end) = (index as u64 * grain, (index as u64 + 1) * grain);
            let begins = if first.is_multiple_of(interval) { BEGIN } else { 0 };
            let ends = if end >= length || end.is_multiple_of(interval) { END } else { 0 };
            *word = if content == 0 { 0 } else { content | begins | ends };
        }
        // A grain may have several intervals.
        superseded * (grain / interval).max(1)
    }

    fn grains(&self, file: FileIndex, offset: u64, length: u64) -> Range<usize> {
        let Some(book) = self.files.get(file.index()) else { return 0..0 };
        let first = offset.saturating_sub(book.start) / self.grid.bytes;
        let end = offset.saturating_add(length).saturating_sub(book.start);
        let limit = book.words.len();
        let place = |grain: u64| usize::try_from(grain).map_or(limit, |grain| grain.min(limit));
        place(first)..place(end.div_ceil(self.grid.bytes))
    }

    fn range_mut(&mut self, file: FileIndex, offset: u64, length: u64) -> &mut [u64] {
        let grains = self.grains(file, offset, length);
        match self.files.get_mut(file.index()) {
            Some(book) => book.words.get_mut(grains).unwrap_or_default(),
            None => &mut [],
        }
    }

    /// A walk through all that the pass has written.
    pub fn walk(&self) -> Walk {
        Walk { file: 0, at: 0, end: (self.files.len(), 0), number: None }
    }

    /// A walk through what a write has left of its range.
    pub fn walk_write(&self, file: FileIndex, offset: u64, length: u64, number: u64) -> Walk {
        let grains = self.grains(file, offset, length);
        let file = file.index();
        Walk { file, at: grains.start, end: (file, grains.end), number: Some(number & NUMBER) }
    }

    /// What comes next; `None` at the end. A stretch has at most `most` bytes, but one interval at least.
    pub fn next(&mut self, walk: &mut Walk, most: u64) -> Option<Found> {
        // Where requests are the blocks, one at a time.
        let most = if self.grid.interval == u64::MAX { 1 } else { most.div_ceil(self.grid.bytes) };
        let most = usize::try_from(most.max(1)).unwrap_or(usize::MAX);
        loop {
            let book = self.files.get_mut(walk.file)?;
            let end = if walk.file < walk.end.0 { book.words.len() } else { walk.end.1 };
            let Some(ahead) = book.words.get(walk.at..end).filter(|ahead| !ahead.is_empty()) else {
                if walk.file >= walk.end.0 {
                    return None;
                }
                (walk.file, walk.at) = (walk.file + 1, 0);
                continue;
            };
            let wanted = |word: &u64| {
                *word & (PRESENT | BEGIN | PASS | LOOKED_AT) == PRESENT | BEGIN | self.pass
                    && walk.number.is_none_or(|number| word & (NUMBER | TRIMMED) == number)
            };
            let Some(skipped) = ahead.iter().position(wanted) else {
                walk.at = end;
                continue;
            };
            walk.at += skipped;
            let ahead = &ahead[skipped..];
            let (whole, cut) = stretch(ahead, most);
            let first = ahead[0];
            let (at, grains) = (walk.at, if whole > 0 { whole } else { cut });
            for word in book.words.iter_mut().skip(at).take(grains) {
                *word |= LOOKED_AT;
            }
            walk.at += grains;
            let length = grains as u64 * self.grid.bytes;
            if whole == 0 {
                return Some(Found::Cut { bytes: length });
            }
            return Some(Found::Stretch(Stretch {
                file: FileIndex(walk.file as u32),
                offset: book.start + at as u64 * self.grid.bytes,
                length,
                number: first & NUMBER,
                trimmed: first & TRIMMED != 0,
                later: first & LATER != 0,
            }));
        }
    }
}

/// How many grains from the first on are whole intervals of one content; if none are, how many are left
/// of the first interval, which was cut.
fn stretch(ahead: &[u64], most: usize) -> (usize, usize) {
    let content = ahead[0] & SAME;
    let mut whole = 0;
    for (index, word) in ahead.iter().enumerate() {
        let begins = word & BEGIN != 0;
        if word & SAME != content || begins != (index == whole) {
            return (whole, index);
        }
        if word & END != 0 {
            whole = index + 1;
            if whole >= most {
                break;
            }
        }
    }
    (whole, ahead.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileIndex = FileIndex(0);

    fn books(grain: u64, interval: u64) -> Books {
        let files = vec![FileBook { start: 1000, words: vec![0; 16] }];
        Books { grid: Grid { bytes: grain, interval }, files, pass: 0 }
    }

    fn all(books: &mut Books, mut walk: Walk) -> Vec<(u64, u64, Option<u64>)> {
        std::iter::from_fn(|| {
            Some(match books.next(&mut walk, u64::MAX)? {
                Found::Stretch(found) => (found.offset, found.length, Some(found.number)),
                Found::Cut { bytes } => (0, bytes, None),
            })
        })
        .collect()
    }

    #[test]
    fn the_last_write_counts() {
        let mut books = books(100, 100);
        assert_eq!(books.written(FILE, 1000, 400, 7), 0);
        assert_eq!(books.written(FILE, 1100, 200, 8), 2);
        assert_eq!(books.written(FILE, 1200, 100, 9), 1);
        let walk = books.walk();
        let found = [(1000, 100, 7), (1100, 100, 8), (1200, 100, 9), (1300, 100, 7)];
        assert_eq!(all(&mut books, walk), found.map(|(at, len, n)| (at, len, Some(n))));
        assert_eq!(all(&mut books, walk), [], "all of it has been looked at");
        assert_eq!(books.written(FILE, 1000, 400, 10), 0, "nothing was left to be looked at");
        assert_eq!(books.lost(FILE, 1000, 200), 2);
        assert_eq!(all(&mut books, walk), [(1200, 200, Some(10))]);
    }

    #[test]
    fn what_is_left_of_an_interval_is_not_looked_at() {
        // Intervals of four grains.
        let mut books = books(100, 400);
        books.written(FILE, 1000, 1200, 1);
        assert_eq!(books.written(FILE, 1600, 400, 2), 1, "the begin of the third one is gone");
        let walk = books.walk();
        let found = [(1000, 400, Some(1)), (0, 200, None), (1600, 400, Some(2))];
        assert_eq!(all(&mut books, walk), found);
    }

    #[test]
    fn requests_without_intervals_are_whole_or_not() {
        let mut books = books(1, u64::MAX);
        books.written(FILE, 1000, 7, 1);
        books.written(FILE, 1007, 5, 2);
        books.written(FILE, 1010, 6, 3);
        let walk = books.walk();
        let found = [(1000, 7, Some(1)), (0, 3, None), (1010, 6, Some(3))];
        assert_eq!(all(&mut books, walk), found);
    }

    #[test]
    fn a_write_finds_what_it_has_left() {
        let mut books = books(100, 100);
        books.written(FILE, 1000, 500, 1);
        books.written(FILE, 1200, 100, 2);
        books.next_pass();
        books.written(FILE, 1300, 100, 1);
        let walk = books.walk_write(FILE, 1000, 500, 1);
        assert_eq!(all(&mut books, walk), [(1300, 100, Some(1))], "other passes do not count");
    }

    #[test]
    fn a_stretch_is_no_longer_than_asked_for() {
        let mut books = books(100, 200);
        books.written(FILE, 1000, 800, 1);
        let mut walk = books.walk();
        for (most, length) in [(1, 200), (300, 400), (u64::MAX, 200)] {
            let found = books.next(&mut walk, most);
            assert!(
                matches!(found, Some(Found::Stretch(found)) if found.length == length),
                "{most}: {found:?}"
            );
        }
    }
}
