//! The device behind engines: it draws what becomes of requests and moves, or damages, their data.
//!
//! Several engines may share one, as the threads of `io_submit_mode=offload` do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fiord_base::Direction;
use fiord_base::random::Stream;
use fiord_engine::Unit;
use fiord_sys::{BufferPool, Errno};

use crate::faults::{Damage, Faults};
use crate::journal::{Attempt, Ended, Journal, Witness};
use crate::storage::{SECTOR_BYTES, Storage};
use crate::time::Time;

/// How far a misdirected transfer goes astray at most, in sectors.
const STRAY_SECTORS: u64 = 64;

/// A device that exists in memory only. Clones are the same device.
#[derive(Clone, Debug)]
pub struct Device {
    state: Arc<Mutex<State>>,
    witness: Witness,
    storage: Storage,
    time: Time,
    faults: Arc<Faults>,
}

#[derive(Debug)]
struct State {
    /// Of fates and damages.
    stream: Stream,
    attempts: u64,
    slots: Vec<SlotState>,
}

#[derive(Clone, Debug, Default)]
struct SlotState {
    flying: Option<Unit>,
    /// Checksum of the buffer of the unit in flight.
    sum: u64,
    /// When the loop came with the request.
    start_ns: u64,
    /// A short transfer that waits to be continued: as it must come back, and its data.
    unfinished: Option<(Unit, u64)>,
}

/// What becomes of a unit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fate {
    pub(crate) unit: Unit,
    pub(crate) result: Result<u64, Errno>,
    pub(crate) damage: Option<Damage>,
    pub(crate) issued_ns: u64,
    pub(crate) due_ns: u64,
}

impl Fate {
    /// It never ends by itself.
    pub(crate) fn is_lost(&self) -> bool {
        self.due_ns == u64::MAX
    }
}

impl Device {
    /// A device for a job of this depth.
    pub fn new(depth: usize, faults: Faults, storage: &Storage, time: &Time) -> Device {
        let state = State {
            stream: faults.stream(),
            attempts: 0,
            slots: vec![SlotState::default(); depth],
        };
        Device {
            state: Arc::new(Mutex::new(state)),
            witness: Witness::default(),
            storage: storage.clone(),
            time: time.clone(),
            faults: Arc::new(faults),
        }
    }

    /// The journal of all engines of this device.
    pub fn witness(&self) -> &Witness {
        &self.witness
    }

    /// What it holds.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Its time.
    pub(crate) fn time(&self) -> &Time {
        &self.time
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Whoever panicked with it fails the test anyway.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, change: impl FnOnce(&mut Journal)) {
        change(&mut self.witness.lock());
    }

    pub(crate) fn complain(&self, text: String) {
        self.note(|journal| journal.violations.push(text));
    }

    /// Accepts a unit with which the loop came at `start_ns`, and draws its fate. Only what has a queue
    /// can lose it.
    pub(crate) fn accept(
        &self,
        unit: &Unit,
        start_ns: u64,
        queued: bool,
        buffers: &BufferPool,
    ) -> Fate {
        self.examine(unit, buffers);
        let faults = &*self.faults;
        let state = &mut *self.lock();
        let result = state.decide(unit, faults);
        let moves = result.is_ok_and(|moved| moved > 0 || !unit.direction.is_data());
        let damage = match moves {
            true => faults.damages.draw(unit.direction, &mut state.stream),
            false => None,
        };
        let late = faults.late.happens(&mut state.stream);
        let lost = queued && faults.lost.happens(&mut state.stream);
        let latency_ns = faults.latency_ns.saturating_mul(if late { 100 } else { 1 });
        self.time.advance(faults.submission_ns);
        let issued_ns = self.time.now_ns();
        let due_ns = match (lost, faults.stall_ns, issued_ns + latency_ns) {
            (true, ..) => u64::MAX,
            (false, Some((begin, end)), due_ns) if (begin..end).contains(&due_ns) => end,
            (false, _, due_ns) => due_ns,
        };
        if let Some(slot) = state.slots.get_mut(unit.slot.index()) {
            slot.flying = Some(*unit);
            slot.sum = checksum(unit, buffers);
            if unit.progress == 0 {
                slot.start_ns = start_ns;
            }
        }
        let attempt = Attempt { unit: *unit, at_ns: issued_ns, damage, lost };
        self.note(|journal| journal.attempts.push(attempt));
        Fate { unit: *unit, result, damage, issued_ns, due_ns }
    }

    /// Looks at a unit as it is accepted.
    fn examine(&self, unit: &Unit, buffers: &BufferPool) {
        let state = &mut *self.lock();
        let others = state.slots.iter().filter_map(|slot| slot.flying);
        let overlaps = others.filter(|other| conflict(unit, other)).count();
        self.note(|journal| journal.overlaps += overlaps);
        let Some(slot) = state.slots.get_mut(unit.slot.index()) else {
            return self.complain(format!("{unit:?}: no such slot"));
        };
        if slot.flying.is_some() {
            self.complain(format!("{unit:?}: its slot is in flight"));
        }
        match (slot.unfinished.take(), unit.progress) {
            (None, 0) => {}
            (None, _) => self.complain(format!("{unit:?}: continues nothing")),
            // Given up: the slot may serve another request.
            (Some(_), 0) => {}
            (Some((before, _)), _) if before != *unit => {
                self.complain(format!("{unit:?}: expected {before:?}"));
            }
            (Some((_, sum)), _) if sum != checksum(unit, buffers) => {
                self.complain(format!("{unit:?}: its data has changed since its first part"));
            }
            _ => {}
        }
    }

    /// Ends a unit: moves its data and remembers what is left of it.
    pub(crate) fn end(&self, fate: &Fate, buffers: &mut BufferPool) {
        let unit = fate.unit;
        let state = &mut *self.lock();
        let Some(slot) = state.slots.get_mut(unit.slot.index()) else { return };
        slot.flying = None;
        if slot.sum != checksum(&unit, buffers) {
            self.complain(format!("{unit:?}: its buffer has changed in flight"));
        }
        if let Ok(moved) = fate.result {
            self.execute(fate, moved, &mut state.stream, buffers);
            if unit.direction.is_data() && moved < unit.remaining_length() {
                let rest = Unit { progress: unit.progress + moved, ..unit };
                slot.unfinished = Some((rest, checksum(&rest, buffers)));
            }
        }
        let (start_ns, at_ns) = (slot.start_ns, self.time.now_ns());
        let (result, issued_ns) = (fate.result, fate.issued_ns);
        let ended = Ended { unit, result, start_ns, issued_ns, at_ns };
        self.note(|journal| journal.ended.push(ended));
    }

    /// Does what the unit says to the storage.
    fn execute(&self, fate: &Fate, moved: u64, stream: &mut Stream, buffers: &mut BufferPool) {
        let unit = fate.unit;
        let offset = unit.remaining_offset();
        match unit.direction {
            Direction::Read | Direction::Write => {
                let start = unit.remaining_range().start;
                let buffer = buffers.get_mut(unit.slot);
                if let Some(part) = buffer.get_mut(start..start + moved as usize) {
                    match unit.direction {
                        Direction::Read => self.read(fate, offset, part, stream),
                        _ => self.write(fate, offset, part, stream),
                    }
                }
            }
            Direction::Trim => self.storage.zero(unit.file, offset, moved),
            _ if fate.damage == Some(Damage::Unflushed) => {}
            Direction::Sync | Direction::Datasync => self.storage.flush(unit.file),
            Direction::Syncfs => self.storage.flush_all(),
            // It empties no cache of a device.
            Direction::SyncFileRange => {}
        }
    }

    fn read(&self, fate: &Fate, offset: u64, part: &mut [u8], stream: &mut Stream) {
        let (file, storage) = (fate.unit.file, &self.storage);
        match fate.damage {
            Some(Damage::Zeroed) => part.fill(0),
            Some(Damage::Stale) => storage.read_stale(file, offset, part),
            Some(Damage::Misdirected) => storage.read(file, astray(offset, stream), part),
            _ => storage.read(file, offset, part),
        }
        if fate.damage == Some(Damage::BitFlip) {
            flip(part, stream);
        }
    }

    fn write(&self, fate: &Fate, offset: u64, part: &[u8], stream: &mut Stream) {
        let (file, storage) = (fate.unit.file, &self.storage);
        match fate.damage {
            Some(Damage::Dropped) => {}
            Some(Damage::Zeroed) => storage.zero(file, offset, part.len() as u64),
            Some(Damage::Misdirected) => storage.write(file, astray(offset, stream), part),
            Some(Damage::BitFlip) => {
                let mut damaged = part.to_vec();
                flip(&mut damaged, stream);
                storage.write(file, offset, &damaged);
            }
            Some(Damage::Torn) => {
                let sectors = part.chunks(SECTOR_BYTES as usize);
                let missing = stream.below(sectors.len() as u64) as usize;
                for (index, sector) in sectors.enumerate() {
                    if index != missing && stream.below(2) == 0 {
                        storage.write(file, offset + index as u64 * SECTOR_BYTES, sector);
                    }
                }
            }
            Some(Damage::Stale | Damage::Unflushed) | None => storage.write(file, offset, part),
        }
    }
}

impl State {
    /// Decides what the loop is told.
    fn decide(&mut self, unit: &Unit, faults: &Faults) -> Result<u64, Errno> {
        let number = self.attempts;
        self.attempts += 1;
        if let Some((at, errno)) = faults.error_at
            && number == at
        {
            return Err(errno);
        }
        if faults.error.0.happens(&mut self.stream) {
            return Err(faults.error.1);
        }
        let wanted = unit.remaining_length();
        if !unit.direction.is_data() {
            return Ok(wanted);
        }
        let limit = match unit.direction {
            Direction::Read => faults.end_of_file,
            Direction::Write => faults.full_at,
            _ => u64::MAX,
        };
        let room = limit.saturating_sub(unit.remaining_offset()).min(wanted);
        if room == 0 && wanted > 0 && unit.direction == Direction::Write {
            return Err(Errno::NOSPC);
        }
        if faults.nothing.happens(&mut self.stream) {
            return Ok(0);
        }
        let unit_bytes = faults.short_unit.max(1);
        let parts = room.saturating_sub(1) / unit_bytes;
        if parts > 0 && unit.direction != Direction::Trim && faults.short.happens(&mut self.stream)
        {
            return Ok((1 + self.stream.below(parts)) * unit_bytes);
        }
        Ok(room)
    }
}

/// True if both touch the same bytes and one of them changes them.
fn conflict(one: &Unit, other: &Unit) -> bool {
    let changes = |unit: &Unit| unit.direction != Direction::Read;
    one.direction.is_data()
        && other.direction.is_data()
        && one.file == other.file
        && (changes(one) || changes(other))
        && one.offset < other.offset + other.length
        && other.offset < one.offset + one.length
}

/// A sum over the buffer of a unit; of no meaning where it has none.
fn checksum(unit: &Unit, buffers: &BufferPool) -> u64 {
    if !matches!(unit.direction, Direction::Read | Direction::Write) {
        return 0;
    }
    let data = buffers.get(unit.slot).get(..unit.length as usize).unwrap_or_default();
    data.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn astray(offset: u64, stream: &mut Stream) -> u64 {
    offset + SECTOR_BYTES * (1 + stream.below(STRAY_SECTORS))
}

fn flip(data: &mut [u8], stream: &mut Stream) {
    let bit = stream.below(data.len() as u64 * 8);
    if let Some(byte) = data.get_mut((bit / 8) as usize) {
        *byte ^= 1 << (bit % 8);
    }
}
