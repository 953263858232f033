//! What a device without faults would hold, and how what is read differs from it.
//!
//! An engine around the engine sees what is written and what the loop is given to read. Of every block
//! that differs, the shadow knows what it is: it has seen all blocks that were ever written.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fiord_base::{Direction, FileIndex, Slot};
use fiord_engine::{Completions, Engine, EngineError, Io, Target, Unit};
use fiord_measure::MismatchClass;
use fiord_sys::{BufferPool, Errno};

const SECTOR: usize = 512;

/// A block that was read and is not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wrong {
    pub(super) file: u32,
    pub(super) offset: u64,
    /// What it has to be called, if that is beyond doubt.
    pub(super) class: Option<MismatchClass>,
}

/// What is known.
#[derive(Default)]
pub(super) struct Book {
    /// Bytes of a block.
    block: usize,
    /// Sectors; `None`: nobody knows.
    sectors: BTreeMap<(u32, u64), Option<Vec<u8>>>,
    /// All blocks that were ever written, with their places.
    history: Vec<(u32, u64, Vec<u8>)>,
    /// Blocks that were read and differ.
    pub(super) wrong: Vec<Wrong>,
    /// Blocks that were read.
    pub(super) read: u64,
    /// Blocks that were read although nobody knows what they have to be.
    pub(super) unknown: Vec<(u32, u64)>,
}

impl Book {
    /// A book in which nothing was written.
    pub(super) fn of_blocks(block: usize) -> Book {
        Book { block, ..Book::default() }
    }

    fn write(&mut self, file: u32, offset: u64, data: &[u8]) {
        for (index, sector) in data.chunks(SECTOR).enumerate() {
            let number = offset / SECTOR as u64 + index as u64;
            self.sectors.insert((file, number), Some(sector.to_vec()));
        }
        for (index, block) in data.chunks(self.block).enumerate() {
            let offset = offset + (index * self.block) as u64;
            self.history.push((file, offset, block.to_vec()));
        }
    }

    fn lose(&mut self, file: u32, offset: u64, length: u64) {
        for number in offset / SECTOR as u64..(offset + length).div_ceil(SECTOR as u64) {
            self.sectors.insert((file, number), None);
        }
    }

    fn read(&mut self, file: u32, offset: u64, data: &[u8]) {
        for (index, block) in data.chunks(self.block).enumerate() {
            let offset = offset + (index * self.block) as u64;
            let first = offset / SECTOR as u64;
            let count = block.len().div_ceil(SECTOR) as u64;
            let sectors = (first..first + count).map(|number| self.sectors.get(&(file, number)));
            let known: Option<Vec<Vec<u8>>> =
                sectors.map(|sector| sector.cloned().flatten()).collect();
            self.read += 1;
            let Some(wanted) = known.map(|sectors| sectors.concat()) else {
                self.unknown.push((file, offset));
                continue;
            };
            if wanted != block {
                let class = self.class(file, offset, block, &wanted);
                self.wrong.push(Wrong { file, offset, class });
            }
        }
    }

    fn class(&self, file: u32, offset: u64, block: &[u8], wanted: &[u8]) -> Option<MismatchClass> {
        let place = |old: &&(u32, u64, Vec<u8>)| old.2 == block;
        if block.iter().all(|byte| *byte == 0) {
            return Some(MismatchClass::Zeroes);
        }
        if let Some((other_file, other, _)) = self.history.iter().find(place) {
            // What has come from another file has its offset in common, maybe.
            return (*other_file == file).then_some(match *other == offset {
                true => MismatchClass::Stale,
                false => MismatchClass::Misdirected,
            });
        }
        let bits: u32 = block.iter().zip(wanted).map(|(a, b)| (a ^ b).count_ones()).sum();
        // What is put together from several sectors may have come about in several ways.
        (bits == 1).then_some(MismatchClass::BitFlip)
    }
}

impl Watcher for Book {
    fn ended(&mut self, unit: &Unit, result: Result<u64, Errno>, buffer: &[u8]) {
        let file = unit.file.0;
        let length = unit.length as usize;
        let whole = result.is_ok_and(|moved| unit.progress + moved == unit.length);
        match unit.direction {
            Direction::Write if whole => self.write(file, unit.offset, &buffer[..length]),
            Direction::Trim if whole => self.write(file, unit.offset, &vec![0; length]),
            Direction::Write | Direction::Trim => self.lose(file, unit.offset, unit.length),
            Direction::Read if whole => self.read(file, unit.offset, &buffer[..length]),
            _ => {}
        }
    }
}

/// Sees the requests of an engine.
pub(super) trait Watcher: Send {
    /// The loop comes with requests.
    fn before(&mut self, _batch: &[Unit]) {}

    /// A request, or what is left of one, goes out.
    fn issued(&mut self, _unit: &Unit, _buffer: &[u8]) {}

    /// A request, or a part of one, has ended.
    fn ended(&mut self, unit: &Unit, result: Result<u64, Errno>, buffer: &[u8]);
}

/// An engine whose requests are watched.
pub(super) struct Watched<E> {
    engine: E,
    watcher: Arc<Mutex<dyn Watcher>>,
    /// Requests in flight, by slot.
    units: Vec<Option<Unit>>,
}

impl<E: Engine> Watched<E> {
    pub(super) fn new(engine: E, watcher: &Arc<Mutex<dyn Watcher>>, depth: usize) -> Watched<E> {
        Watched { engine, watcher: Arc::clone(watcher), units: vec![None; depth] }
    }

    fn tell<R>(&self, tell: impl FnOnce(&mut dyn Watcher) -> R) -> R {
        tell(&mut *self.watcher.lock().expect("no panic before"))
    }

    fn look(&mut self, seen: usize, done: &Completions, buffers: &BufferPool) {
        for completion in &done.list()[seen..] {
            if let Some(unit) = self.units[completion.slot.index()].take() {
                let buffer = buffers.get(completion.slot);
                self.tell(|watcher| watcher.ended(&unit, completion.result, buffer));
            }
        }
    }
}

impl<E: Engine> Engine for Watched<E> {
    fn attach(&mut self, file: FileIndex, target: &Target<'_>) -> Result<(), EngineError> {
        self.engine.attach(file, target)
    }

    fn detach(&mut self, file: FileIndex) {
        self.engine.detach(file);
    }

    fn execute(&mut self, unit: &Unit, buffers: &mut BufferPool) -> Result<u64, Errno> {
        self.tell(|watcher| {
            watcher.before(std::slice::from_ref(unit));
            watcher.issued(unit, buffers.get(unit.slot));
        });
        let result = self.engine.execute(unit, buffers);
        self.tell(|watcher| watcher.ended(unit, result, buffers.get(unit.slot)));
        result
    }

    fn submit(&mut self, batch: &[Unit], io: &mut Io<'_>) -> usize {
        let seen = io.done.list().len();
        let before: Vec<(Slot, Option<Unit>)> =
            batch.iter().map(|unit| (unit.slot, self.units[unit.slot.index()])).collect();
        for unit in batch {
            self.units[unit.slot.index()] = Some(*unit);
        }
        self.tell(|watcher| watcher.before(batch));
        let taken = self.engine.submit(batch, io);
        for unit in &batch[..taken] {
            self.tell(|watcher| watcher.issued(unit, io.buffers.get(unit.slot)));
        }
        for (slot, former) in before.into_iter().skip(taken) {
            self.units[slot.index()] = former;
        }
        self.look(seen, io.done, io.buffers);
        taken
    }

    fn reap(&mut self, min: usize, max: usize, io: &mut Io<'_>) -> Result<(), Errno> {
        let seen = io.done.list().len();
        let result = self.engine.reap(min, max, io);
        self.look(seen, io.done, io.buffers);
        result
    }

    fn reap_within(
        &mut self,
        min: usize,
        max: usize,
        patience: Duration,
        io: &mut Io<'_>,
    ) -> Result<(), Errno> {
        let seen = io.done.list().len();
        let result = self.engine.reap_within(min, max, patience, io);
        self.look(seen, io.done, io.buffers);
        result
    }

    fn cancel(&mut self) {
        self.engine.cancel();
    }
}
