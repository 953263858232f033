//! The trail of a job's writes: which were issued, are in flight, failed, and are durable.
//!
//! A write is durable when a flush that began after its end has ended well. The trail is what a saved
//! state and the journal are made of. The journal is a file with two places that are written in turns, each
//! with a number and a checksum, so that one of them is always whole; a place holds two
//! [states](super::state): the present one, and that of the last flush.

use fiord_base::Slot;

use super::course::{Known, Skipped};
use super::state::State;
use crate::checksum::Checksum;

const MAGIC: u64 = u64::from_le_bytes(*b"fiordjnl");
/// Words before the states of a place: magic, sequence, bytes of each state, checksum.
const HEAD: usize = 40;
/// Failed writes for which a journal has room.
const FAILED_MAX: usize = 1024;

/// A moment: writes issued, and those of them that were in flight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Moment {
    writes: u64,
    in_flight: Vec<u64>,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct Trail {
    now: Moment,
    failed: Vec<u64>,
    durable: Option<Moment>,
    /// Flushes on their way, and what they cover.
    flushes: Vec<(Slot, Moment)>,
    /// All writes are durable when they end.
    synchronous: bool,
    /// It has changed since it was noted.
    changed: bool,
}

impl Trail {
    /// The trail of a job with so many requests in flight; if it is `synchronous`, its writes are durable
    /// when they end.
    pub fn new(depth: usize, synchronous: bool) -> Trail {
        Trail {
            now: Moment { writes: 0, in_flight: Vec::with_capacity(depth) },
            failed: Vec::new(),
            durable: None,
            flushes: Vec::new(),
            synchronous,
            changed: true,
        }
    }

    /// A write is about to be issued.
    pub fn issued(&mut self, number: u64) {
        self.now.writes = self.now.writes.max(number + 1);
        self.now.in_flight.push(number);
        self.changed = true;
    }

    /// The last write has not been issued after all.
    pub fn withdrawn(&mut self, number: u64) {
        self.now.writes = number;
        self.now.in_flight.retain(|other| *other != number);
        self.changed = true;
    }

    /// A write has ended.
    pub fn ended(&mut self, number: u64, well: bool) {
        if let Some(at) = self.now.in_flight.iter().position(|other| *other == number) {
            self.now.in_flight.swap_remove(at);
        }
        if !well {
            self.failed.push(number);
        }
        self.changed = true;
    }

    /// A flush of all that the job writes to begins.
    pub fn flush_begins(&mut self, slot: Slot) {
        self.flushes.push((slot, self.now.clone()));
    }

    /// A flush has ended.
    pub fn flush_ended(&mut self, slot: Slot, well: bool) {
        let Some(at) = self.flushes.iter().position(|(other, _)| *other == slot) else { return };
        let (_, moment) = self.flushes.swap_remove(at);
        let newer = self.durable.as_ref().is_none_or(|known| known.writes <= moment.writes);
        if well && newer {
            self.durable = Some(moment);
            self.changed = true;
        }
    }

    /// All that has ended is durable.
    pub fn all_durable(&mut self) {
        self.durable = Some(self.now.clone());
        self.changed = true;
    }

    /// Puts what is known into a state that names the job.
    pub fn fill(&self, state: &mut State, durable: bool) {
        let none = Moment::default();
        let moment = match (durable && !self.synchronous, &self.durable) {
            (false, _) => &self.now,
            (true, durable) => durable.as_ref().unwrap_or(&none),
        };
        state.writes = moment.writes;
        state.in_flight.clone_from(&moment.in_flight);
        state.failed.clone_from(&self.failed);
        state.failed.retain(|number| *number < moment.writes);
    }

    /// True if something has changed since the last call.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }
}

/// Bytes of a place in the journal of a job.
pub fn place_bytes(depth: usize) -> usize {
    let state = 168 + (depth + FAILED_MAX) * 8;
    (HEAD + 2 * state).next_multiple_of(4096)
}

/// The bytes of a place: the present state, and that of the last flush. `None` if there is no room.
pub fn place(sequence: u64, now: &State, durable: &State, bytes: usize) -> Option<Vec<u8>> {
    let (now, durable) = (now.to_bytes(), durable.to_bytes());
    let mut place = Vec::with_capacity(bytes);
    for word in [MAGIC, sequence, now.len() as u64, durable.len() as u64, 0] {
        place.extend(word.to_le_bytes());
    }
    place.extend(now);
    place.extend(durable);
    let sum = sum_of(&place);
    place[HEAD - 8..HEAD].copy_from_slice(&u64::from(sum).to_le_bytes());
    (place.len() <= bytes).then_some(place)
}

/// CRC-32C of a place whose checksum is zero.
fn sum_of(place: &[u8]) -> u32 {
    let sum = Checksum::Crc32c.of(place);
    sum.as_bytes().try_into().map_or(0, u32::from_ne_bytes)
}

/// What a journal tells: the state of its last whole place, and that of the last flush.
pub fn read_journal(bytes: &[u8]) -> Option<(State, State)> {
    let halves = bytes.split_at(bytes.len() / 2);
    let places = [halves.0, halves.1].into_iter().filter_map(read_place);
    places.max_by_key(|(sequence, ..)| *sequence).map(|(_, now, durable)| (now, durable))
}

fn read_place(bytes: &[u8]) -> Option<(u64, State, State)> {
    let words: Vec<u64> = bytes
        .get(..HEAD)?
        .as_chunks::<8>()
        .0
        .iter()
        .map(|bytes| u64::from_le_bytes(*bytes))
        .collect();
    let [magic, sequence, now, durable, sum] = words[..] else { return None };
    let first = HEAD.checked_add(usize::try_from(now).ok()?)?;
    let end = first.checked_add(usize::try_from(durable).ok()?)?;
    let mut place = bytes.get(..end)?.to_vec();
    place[HEAD - 8..HEAD].fill(0);
    if magic != MAGIC || u64::from(sum_of(&place)) != sum {
        return None;
    }
    let now = State::parse(&place[HEAD..first]).ok()?;
    let durable = State::parse(&place[first..end]).ok()?;
    Some((sequence, now, durable))
}

/// What is known of writes that a job of `depth` has left behind.
#[derive(Clone, Debug)]
pub struct Saved {
    now: State,
    /// That of the last flush, if the policy asks for it.
    durable: Option<State>,
}

impl Saved {
    /// What a state says.
    pub fn new(now: State, durable: Option<State>, depth: usize) -> Saved {
        let sorted = |state: State| {
            let mut state = state.of_depth(depth);
            state.in_flight.sort_unstable();
            state.failed.sort_unstable();
            state
        };
        Saved { now: sorted(now), durable: durable.map(sorted) }
    }

    /// What is known of the write of this number.
    pub fn known(&self, number: u64) -> Known {
        let has = |list: &[u64]| list.binary_search(&number).is_ok();
        if number >= self.now.writes {
            return Known::End;
        }
        if has(&self.now.failed) {
            return Known::Maybe(Skipped::WriteFailed);
        }
        if has(&self.now.in_flight) {
            return Known::Maybe(Skipped::InFlight);
        }
        match &self.durable {
            Some(durable) if number >= durable.writes || has(&durable.in_flight) => {
                Known::Maybe(Skipped::NotDurable)
            }
            _ => Known::There,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(trail: &Trail, durable: bool) -> State {
        let mut state = State { depth: 4, stream: vec![0; 3], ..State::default() };
        trail.fill(&mut state, durable);
        state
    }

    #[test]
    fn a_flush_covers_what_has_ended_before() {
        let mut trail = Trail::new(4, false);
        (0..3).for_each(|number| trail.issued(number));
        trail.ended(0, true);
        trail.ended(2, false);
        trail.flush_begins(Slot(9));
        trail.ended(1, true);
        trail.issued(3);
        let before = Saved::new(state(&trail, false), Some(state(&trail, true)), 4);
        assert_eq!(before.known(0), Known::Maybe(Skipped::NotDurable), "the flush has not ended");
        trail.flush_ended(Slot(9), true);
        let saved = Saved::new(state(&trail, false), Some(state(&trail, true)), 4);
        assert_eq!(saved.known(0), Known::There);
        assert_eq!(saved.known(1), Known::Maybe(Skipped::NotDurable), "it ended later");
        assert_eq!(saved.known(2), Known::Maybe(Skipped::WriteFailed));
        assert_eq!(saved.known(3), Known::Maybe(Skipped::InFlight));
        assert_eq!(saved.known(4), Known::End);
        let completed = Saved::new(state(&trail, false), None, 4);
        assert_eq!(completed.known(1), Known::There, "it was acknowledged");
    }

    #[test]
    fn a_torn_place_leaves_the_other() {
        let bytes = place_bytes(4);
        let (one, two) = (State { writes: 1, ..State::default() }, State::default());
        let filled = |sequence, now: &State| {
            let mut place = place(sequence, now, &two, bytes).unwrap();
            place.resize(bytes, 0);
            place
        };
        let newer = State { writes: 2, ..State::default() };
        let mut journal = [filled(6, &one), filled(7, &newer)].concat();
        assert_eq!(read_journal(&journal).map(|(now, _)| now.writes), Some(2));
        journal[bytes + 60] ^= 1;
        assert_eq!(read_journal(&journal).map(|(now, _)| now.writes), Some(1));
        journal[60] ^= 1;
        assert_eq!(read_journal(&journal), None);
        assert_eq!(read_journal(&[]), None);
    }
}
