//! Which file is next?

use fiord_base::random::{Stream, StreamId, StreamSeeds};
use fiord_options::plan::{FileService, FilesPlan};

use super::distribution::{Spread, Spreads};
use super::file_set::FileSet;
use super::offset::{FileState, NONE};

/// The result of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Picked {
    /// This file, which is open.
    File(u32),
    /// This file must be opened first; ask again.
    Open(u32),
    /// All files are finished.
    Nothing,
}

/// Places that each file takes in the spread of a distribution.
const PLACES_PER_FILE: u64 = 1024;

/// Draws of files that cannot be used, before the next one that can is taken: a steep distribution may
/// draw the same few for ever.
const DRAWS_MAX: u32 = 1 << 20;

/// Chooses files.
#[derive(Clone, Debug)]
pub(crate) struct FilePicker {
    service: FileService,
    /// How popular files are, if they are not alike.
    spread: Option<Box<Spread>>,
    /// Requests to a file before the next is chosen; `u64::MAX` for one file only.
    batch: u64,
    batch_left: u64,
    current: u32,
    next: u32,
    open_limit: usize,
    open: usize,
    opened: FileSet,
    /// How many files are not finished.
    live: usize,
    unfinished: FileSet,
    files: u32,
}

impl FilePicker {
    pub(crate) fn new(plan: &FilesPlan, files: usize, seeds: &StreamSeeds) -> FilePicker {
        let places = (files as u64).saturating_mul(PLACES_PER_FILE);
        let seed = seeds.get(StreamId::FileService) as u32;
        let spread = Spreads::new(&plan.service_distribution).of_files(places, seed);
        FilePicker {
            service: plan.service,
            spread: spread.map(Box::new),
            batch: if files == 1 { u64::MAX } else { plan.service_batch.max(1) },
            batch_left: 0,
            current: 0,
            next: 0,
            open_limit: match plan.open_limit as usize {
                0 => files.max(1),
                limit => limit.min(files.max(1)),
            },
            open: 0,
            opened: FileSet::none(files as u32),
            live: files,
            unfinished: FileSet::all(files as u32),
            files: files as u32,
        }
    }

    /// The file that the previous choice still covers.
    #[inline]
    pub(crate) fn current(&self) -> Option<u32> {
        if self.batch_left != 0 { Some(self.current) } else { None }
    }

    /// A request was issued to the current file.
    #[inline]
    pub(crate) fn issued(&mut self) {
        self.batch_left = self.batch_left.saturating_sub(1);
    }

    /// Chooses a file.
    pub(crate) fn pick(&mut self, files: &mut [FileState], stream: &mut Stream) -> Picked {
        if self.live == 0 {
            return Picked::Nothing;
        }
        // No further file can be opened before one is closed.
        let set = if self.open >= self.open_limit { &self.opened } else { &self.unfinished };
        let found = match self.service {
            FileService::Random => Self::draw(set, &mut self.spread, self.files, stream),
            FileService::RoundRobin | FileService::Sequential => set.first_from(self.next),
        };
        let Some(index) = found else { return Picked::Nothing };
        self.next = match self.service {
            FileService::RoundRobin if index + 1 < self.files => index + 1,
            FileService::RoundRobin => 0,
            FileService::Random | FileService::Sequential => index,
        };
        let Some(file) = files.get_mut(index as usize) else { return Picked::Nothing };
        self.current = index;
        self.batch_left = self.batch;
        if !file.open {
            file.open = true;
            self.open += 1;
            self.opened.insert(index);
            return Picked::Open(index);
        }
        Picked::File(index)
    }

    /// Draws until the file is in the set.
    fn draw(
        set: &FileSet,
        spread: &mut Option<Box<Spread>>,
        files: u32,
        stream: &mut Stream,
    ) -> Option<u32> {
        let mut index = 0;
        for _ in 0..DRAWS_MAX {
            index = match spread {
                Some(spread) => (spread.draw() / PLACES_PER_FILE) as u32,
                None => stream.below(u64::from(files)) as u32,
            };
            if set.contains(index) {
                return Some(index);
            }
        }
        set.first_from(index)
    }

    /// The current file has nothing left. Where files are not alike it begins again when it is chosen
    /// again, unless there was nothing at all in it.
    pub(crate) fn finished(&mut self, file: &mut FileState) {
        self.batch_left = 0;
        if self.spread.is_some() && file.previous != [NONE; 3] {
            file.rewind();
            return self.closed(self.current, file);
        }
        file.finished = true;
        self.live -= 1;
        self.unfinished.remove(self.current);
        if self.service == FileService::Sequential {
            self.next = if self.current + 1 < self.files { self.current + 1 } else { 0 };
        }
        self.closed(self.current, file);
    }

    /// A file was closed.
    pub(crate) fn closed(&mut self, index: u32, file: &mut FileState) {
        if file.open {
            file.open = false;
            self.open -= 1;
            self.opened.remove(index);
        }
    }

    /// A pass begins.
    pub(crate) fn restart(&mut self) {
        self.live = self.files as usize;
        self.unfinished.fill();
        self.batch_left = 0;
    }
}
