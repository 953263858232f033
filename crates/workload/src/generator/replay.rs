//! Going back to where a pass began, so that its sequence comes again.
//!
//! Verification reads back what a pass has written in the order of the writes. That order is not
//! remembered, it is made again: a [`Bookmark`] has everything that the sequence depends on but the maps
//! of visited blocks, which begin empty in each pass.

use fiord_base::random::{Stream, StreamSeeds, Width};
use fiord_options::plan::JobPlan;

use super::Generator;
use super::distribution::Choice;
use super::length::{self, LengthPicker};
use super::offset::OffsetPicker;
use super::setup::{uses_map, uses_register};
use crate::Regions;

/// A place in the sequence of a generator.
#[derive(Clone, Debug)]
pub struct Bookmark(Box<Generator>);

/// The same as [`Generator::visits_once`] of a generator that has not been made: it would have its maps.
pub fn visits_once(job: &JobPlan, regions: &Regions, seeds: &StreamSeeds) -> bool {
    let pattern = &job.pattern;
    if pattern.precondition.is_some() {
        return false;
    }
    let sources = length::sources(pattern.rw, job.verify.kind.is_some());
    // Nothing is drawn.
    let lengths = LengthPicker::new(&job.blocks, sources, seeds, Width::Wide);
    let choice = Choice::new(pattern, seeds);
    let offsets = OffsetPicker::new(job, regions, choice, job.limits.time_based);
    offsets.visits_once(uses_map(job), uses_register(job), &lengths)
}

impl Generator {
    /// Where the generator stands. To go back to it, it has to be the begin of a pass.
    pub fn bookmark(&mut self) -> Bookmark {
        self.alight();
        let maps: Vec<_> = self.files.iter_mut().map(|file| file.map.take()).collect();
        let place = Bookmark(Box::new(self.clone()));
        for (file, map) in self.files.iter_mut().zip(maps) {
            file.map = map;
        }
        place
    }

    /// Goes back to the begin of a pass: what came then comes again.
    pub fn go_back(&mut self, begin: Bookmark) {
        self.go_to(begin);
        for map in self.files.iter_mut().filter_map(|file| file.map.as_mut()) {
            map.clear();
        }
    }

    /// Goes to the end of a pass: what is in the maps then does not matter any more.
    pub fn go_to(&mut self, place: Bookmark) {
        let mut other = *place.0;
        for (file, former) in other.files.iter_mut().zip(&mut self.files) {
            file.map = former.map.take();
        }
        *self = other;
    }

    /// All targets have been closed without its doing: it opens those that it needs again.
    pub fn closed_all(&mut self) {
        self.alight();
        for (index, file) in self.files.iter_mut().enumerate().filter(|(_, file)| file.open) {
            self.picker.closed(index as u32, file);
        }
    }

    /// The stream from which offsets are drawn, where it stands.
    pub fn offset_stream(&self) -> &Stream {
        &self.streams.offset
    }

    /// True if no byte is visited twice in a pass, whatever becomes of its requests.
    pub fn visits_once(&self) -> bool {
        let by_map = self.files.iter().all(|file| file.map.is_some());
        let by_register = self.files.iter().all(|file| file.lfsr.is_some());
        self.offsets.visits_once(by_map, by_register, &self.lengths)
    }
}
