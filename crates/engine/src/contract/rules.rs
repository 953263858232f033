//! The rules. Each makes an engine of its own and leaves nothing in flight.

use std::os::fd::AsFd;

use fiord_base::random::{Stream, Width};
use fiord_base::{Direction, FileIndex, Slot};
use fiord_sys::file::{self, OpenHow};
use fiord_sys::{BufferPool, Errno};

use super::{Bench, Case, Kept, Rule, Setup, Verdict};
use crate::Unit;

/// Size of requests: what every device and file system takes with O_DIRECT.
pub const BLOCK_BYTES: u64 = 4096;

/// All rules.
pub const RULES: &[Rule] = &[
    Rule { name: "every request ends once and moves its data", check: every_depth },
    Rule { name: "a reap keeps its bounds", check: reap_bounds },
    Rule { name: "reads end with the target", check: reads_end_with_the_target },
    Rule { name: "an error is the result of its request alone", check: errors_are_results },
    Rule { name: "what is cancelled ends", check: cancel },
    Rule { name: "a flush makes what was written stable", check: flush },
    Rule { name: "a flush waits for what was submitted before", check: flush_order },
];

const NO_DATA: Verdict = Ok(Kept::NotConcerned("the engine moves no data"));

fn unit(slot: usize, direction: Direction, block: u64) -> Unit {
    Unit {
        slot: Slot(slot as u32),
        file: FileIndex(0),
        direction,
        offset: block * BLOCK_BYTES,
        length: BLOCK_BYTES,
        progress: 0,
        priority: 0,
    }
}

/// A block that no other place and no other write has.
fn fill(buffer: &mut [u8], block: u64, version: u64) {
    for (index, word) in buffer.chunks_exact_mut(8).enumerate() {
        let value = (block << 32 | version).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ index as u64;
        word.copy_from_slice(&value.to_le_bytes());
    }
}

fn is_filled(buffer: &[u8], block: u64, version: u64) -> bool {
    let mut expected = [0; BLOCK_BYTES as usize];
    fill(&mut expected, block, version);
    buffer == expected
}

fn bench(case: &Case<'_>, depth: usize) -> Result<Bench, String> {
    Bench::new(case, Setup { depth, slot_bytes: BLOCK_BYTES as usize })
}

fn ensure(holds: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(message()) }
}

/// [`conservation`] at depths from 1 to 4096.
fn every_depth(case: &Case<'_>) -> Verdict {
    // What has no queue does not see how deep it would be; a batch of several is enough.
    let inline = case.engine.caps.for_job(4096, 16).inline;
    let depths: &[usize] = if inline { &[1, 16] } else { &[1, 2, 7, 64, 1024, 4096] };
    for &depth in depths {
        conservation(case, depth, 2 * depth + 100, 0xf10d)
            .map_err(|text| format!("depth {depth}: {text}"))?;
    }
    Ok(Kept::Yes)
}

/// What is known of the blocks of a ground while requests are under way.
struct Books {
    /// Number of the write that a block has, if one is known.
    versions: Vec<Option<u64>>,
    /// A request for the block is in flight.
    busy: Vec<bool>,
    /// By slot: the number of the write in flight.
    writing: Vec<u64>,
    writes: u64,
}

impl Books {
    fn new(blocks: usize, depth: usize) -> Books {
        Books {
            versions: vec![None; blocks],
            busy: vec![false; blocks],
            writing: vec![0; depth],
            writes: 0,
        }
    }

    /// Draws a request for a block that no other one touches.
    fn draw(&mut self, stream: &mut Stream, slot: Slot, bench: &mut Bench) -> Unit {
        let blocks = self.versions.len() as u64;
        let mut block = stream.below(blocks);
        while self.busy[block as usize] {
            block = (block + 1) % blocks;
        }
        self.busy[block as usize] = true;
        let direction = match stream.below(1000) {
            0..=479 => Direction::Read,
            480..=959 => Direction::Write,
            960..=997 => Direction::Trim,
            _ => Direction::Datasync,
        };
        if direction == Direction::Write {
            self.writes += 1;
            self.writing[slot.index()] = self.writes;
            fill(bench.buffer(slot, BLOCK_BYTES), block, self.writes);
        }
        unit(slot.index(), direction, block)
    }

    /// Notes the end of a request; returns what is left of one that was cut short.
    fn ended(
        &mut self,
        unit: &Unit,
        result: Result<u64, Errno>,
        has_data: bool,
        bench: &mut Bench,
    ) -> Result<Option<Unit>, String> {
        let block = unit.offset / BLOCK_BYTES;
        if has_data && matches!(unit.direction, Direction::Read | Direction::Write) {
            let moved = result.map_err(|errno| format!("{unit:?} ends with {errno}"))?;
            ensure(moved > 0, || format!("{unit:?} moves nothing inside of its target"))?;
            if moved < unit.remaining_length() {
                return Ok(Some(Unit { progress: unit.progress + moved, ..*unit }));
            }
        }
        self.busy[block as usize] = false;
        match unit.direction {
            Direction::Read if has_data => {
                if let Some(version) = self.versions[block as usize] {
                    let right = is_filled(bench.buffer(unit.slot, BLOCK_BYTES), block, version);
                    ensure(right, || format!("block {block} is read with other data"))?;
                }
            }
            Direction::Write => {
                self.versions[block as usize] = Some(self.writing[unit.slot.index()]);
            }
            Direction::Trim => self.versions[block as usize] = None,
            _ => {}
        }
        Ok(None)
    }
}

/// Any mix of requests, in batches of any size, in flight at any depth up to `depth`: each ends once,
/// whatever the order; what is read is what was written last, and in the end it is all there.
pub fn conservation(
    case: &Case<'_>,
    depth: usize,
    requests: usize,
    seed: u64,
) -> Result<(), String> {
    let sound_bytes = case.ground.broken_from.unwrap_or(case.ground.bytes);
    let blocks = (sound_bytes / BLOCK_BYTES) as usize;
    let depth = depth.min(blocks).max(1);
    let has_data = !case.engine.caps.no_data;
    let mut bench = bench(case, depth)?;
    let mut books = Books::new(blocks, depth);
    let mut stream = Stream::new(Width::Wide, seed);
    let mut free: Vec<Slot> = (0..depth as u32).map(Slot).collect();
    let mut batch = Vec::with_capacity(depth);
    let (mut made, mut ended) = (0, 0);
    while ended < requests {
        let room = (requests - made).min(free.len()) as u64;
        for _ in 0..stream.below(room + 1).max(room.min(1)) {
            let Some(slot) = free.pop() else { break };
            batch.push(books.draw(&mut stream, slot, &mut bench));
            made += 1;
        }
        let taken = if batch.is_empty() { 0 } else { bench.submit(&batch)? };
        batch.drain(..taken);
        bench.wait(1 + stream.below(depth as u64) as usize)?;
        for (unit, result) in bench.take() {
            match books.ended(&unit, result, has_data, &mut bench)? {
                Some(rest) => batch.insert(0, rest),
                None => {
                    free.push(unit.slot);
                    ended += 1;
                }
            }
        }
    }
    ensure(bench.flying == 0, || "has units in flight that have all ended".to_owned())?;
    let more = bench.reap(0, depth)?;
    ensure(more == 0, || format!("ends {more} units more than there were"))?;
    drop(bench);
    if has_data { compare(case, &books.versions) } else { Ok(()) }
}

/// Reads the ground by other means and compares it with the writes that were made.
fn compare(case: &Case<'_>, versions: &[Option<u64>]) -> Result<(), String> {
    let how = OpenHow { direct: case.ground.direct, ..OpenHow::default() };
    let fd = file::open(&case.ground.path, &how).map_err(|errno| errno.to_string())?;
    // Its memory is aligned as O_DIRECT wants it.
    let mut pool = BufferPool::new(1, BLOCK_BYTES as usize).map_err(|errno| errno.to_string())?;
    let buffer = pool.get_mut(Slot(0));
    let known = versions.iter().zip(0u64..).filter_map(|(version, i)| Some((i, (*version)?)));
    for (block, version) in known {
        let read = file::pread(fd.as_fd(), buffer, block * BLOCK_BYTES);
        let right = read == Ok(buffer.len()) && is_filled(buffer, block, version);
        ensure(right, || format!("block {block} has other data than were written"))?;
    }
    Ok(())
}

/// A reap takes no more than it is asked to, waits for what it is asked to, and finds nothing when
/// nothing is in flight.
fn reap_bounds(case: &Case<'_>) -> Verdict {
    const DEPTH: usize = 16;
    if case.engine.caps.for_job(DEPTH as u32, DEPTH as u32).inline {
        return Ok(Kept::NotConcerned("requests end as they are submitted"));
    }
    let mut bench = bench(case, DEPTH)?;
    for (min, max) in [(1, 1), (3, 5), (16, 16), (1, 16)] {
        let units: Vec<Unit> =
            (0..DEPTH).map(|slot| unit(slot, Direction::Write, slot as u64)).collect();
        let mut rest = &units[..];
        while !rest.is_empty() {
            let taken = bench.submit(rest)?;
            ensure(taken > 0, || format!("takes {} units only", DEPTH - rest.len()))?;
            rest = &rest[taken..];
        }
        while bench.flying > 0 {
            let least = min.min(bench.flying);
            // Fewer come when a signal ends the wait, which nobody sends.
            let count = bench.reap(least, max)?;
            ensure(count >= least, || format!("reaps {count} units where {least} are wanted"))?;
        }
        let found = bench.reap(0, DEPTH)?;
        ensure(found == 0, || format!("reaps {found} units that are not in flight"))?;
        let ended = bench.take();
        ensure(ended.iter().all(|(_, result)| *result == Ok(BLOCK_BYTES)), || {
            format!("a write fails: {ended:?}")
        })?;
    }
    Ok(Kept::Yes)
}

/// At the end of a target a read is short or moves nothing.
fn reads_end_with_the_target(case: &Case<'_>) -> Verdict {
    if case.engine.caps.no_data {
        return NO_DATA;
    }
    if case.ground.broken_from.is_some() {
        return Ok(Kept::NotConcerned("its end cannot be read"));
    }
    let last = case.ground.bytes / BLOCK_BYTES - 1;
    let mut bench = bench(case, 4)?;
    let inside = unit(0, Direction::Read, last);
    let across = Unit { length: 2 * BLOCK_BYTES, ..unit(1, Direction::Read, last) };
    let outside = unit(2, Direction::Read, last + 1);
    let far = unit(3, Direction::Read, last + 1000);
    for (unit, expected) in [(inside, BLOCK_BYTES), (outside, 0), (far, 0)] {
        let (_, result) = bench.run(&[unit])?[0];
        // Some say that there is nothing, some that this is no place.
        let right = result == Ok(expected) || (expected == 0 && result.is_err());
        ensure(right, || format!("{unit:?} of {} bytes gives {result:?}", case.ground.bytes))?;
    }
    drop(bench);
    let mut bench = Bench::new(case, Setup { depth: 4, slot_bytes: 2 * BLOCK_BYTES as usize })?;
    let (_, result) = bench.run(&[across])?[0];
    ensure(result == Ok(BLOCK_BYTES), || format!("a read across the end gives {result:?}"))?;
    Ok(Kept::Yes)
}

/// Where a device fails, the request fails, with the device's error; its neighbours do not.
fn errors_are_results(case: &Case<'_>) -> Verdict {
    const DEPTH: usize = 32;
    let Some(broken_from) = case.ground.broken_from else {
        return Ok(Kept::NotConcerned("nothing is broken here"));
    };
    if case.engine.caps.no_data {
        return NO_DATA;
    }
    let (broken, blocks) = (broken_from / BLOCK_BYTES, case.ground.bytes / BLOCK_BYTES);
    let mut bench = bench(case, DEPTH)?;
    for round in 0..4 {
        let place = |slot: usize| match slot % 3 {
            0 => broken + 16 + (slot as u64 + round * 31) % (blocks - broken - 16),
            _ => (slot as u64 + round * 31) % broken,
        };
        let units: Vec<Unit> =
            (0..DEPTH).map(|slot| unit(slot, Direction::Read, place(slot))).collect();
        for (unit, result) in bench.run(&units)? {
            let expected = match unit.offset < broken_from {
                true => Ok(BLOCK_BYTES),
                false => Err(Errno::IO),
            };
            ensure(result == expected, || {
                format!("{unit:?} gives {result:?}; what is broken begins at {broken_from}")
            })?;
        }
    }
    Ok(Kept::Yes)
}

/// Everything that is cancelled ends, as cancelled or as it would have; the engine works on.
fn cancel(case: &Case<'_>) -> Verdict {
    const DEPTH: usize = 64;
    let mut bench = bench(case, DEPTH)?;
    let has_data = !case.engine.caps.no_data;
    for direction in [Direction::Read, Direction::Write, Direction::Sync, Direction::Read] {
        let units: Vec<Unit> = (0..DEPTH).map(|slot| unit(slot, direction, slot as u64)).collect();
        let mut rest = &units[..];
        while !rest.is_empty() {
            let taken = bench.submit(rest)?;
            rest = &rest[taken..];
            bench.cancel();
            if taken == 0 {
                bench.wait(DEPTH)?;
            }
        }
        bench.cancel();
        while bench.flying > 0 {
            bench.wait(DEPTH)?;
        }
        for (unit, result) in bench.take() {
            let fine = matches!(result, Ok(BLOCK_BYTES) | Err(Errno::CANCELED)) || !has_data;
            ensure(fine, || format!("{unit:?} gives {result:?} when it is cancelled"))?;
        }
    }
    let (_, result) = bench.run(&[unit(0, Direction::Read, 1)])?[0];
    ensure(result == Ok(BLOCK_BYTES) || !has_data, || {
        format!("a read after all others were cancelled gives {result:?}")
    })?;
    Ok(Kept::Yes)
}

/// Writes some blocks to a ground with something beneath it.
fn write_some(case: &Case<'_>, bench: &mut Bench, version: u64) -> Vec<Unit> {
    let blocks = case.ground.bytes / BLOCK_BYTES;
    (0..16)
        .map(|slot| {
            let block = (slot as u64 * 5 + version) % blocks;
            fill(bench.buffer(Slot(slot as u32), BLOCK_BYTES), block, version);
            unit(slot, Direction::Write, block)
        })
        .collect()
}

/// Compares what is stable with what was written.
fn look_beneath(case: &Case<'_>, units: &[Unit], version: u64) -> Result<(), String> {
    let Some(path) = &case.ground.beneath else { return Ok(()) };
    let fd = file::open(path, &OpenHow::default()).map_err(|errno| errno.to_string())?;
    let mut buffer = [0; BLOCK_BYTES as usize];
    for unit in units {
        let read = file::pread(fd.as_fd(), &mut buffer, unit.offset);
        let right =
            read == Ok(buffer.len()) && is_filled(&buffer, unit.offset / BLOCK_BYTES, version);
        ensure(right, || format!("{unit:?} is not stable after the flush"))?;
    }
    Ok(())
}

/// What ended before a flush was submitted is beneath the ground when the flush has ended.
fn flush(case: &Case<'_>) -> Verdict {
    if case.engine.caps.no_data {
        return NO_DATA;
    }
    let mut bench = bench(case, 17)?;
    for (version, direction) in (1..).zip([Direction::Sync, Direction::Datasync, Direction::Sync]) {
        let units = write_some(case, &mut bench, version);
        for (unit, result) in bench.run(&units)? {
            ensure(result == Ok(BLOCK_BYTES), || format!("{unit:?} gives {result:?}"))?;
        }
        let (_, result) = bench.run(&[unit(16, direction, 0)])?[0];
        ensure(result.is_ok(), || format!("{direction:?} gives {result:?}"))?;
        look_beneath(case, &units, version)?;
    }
    Ok(Kept::Yes)
}

/// Writes and a flush are submitted together; the flush ends last, and covers all of them.
fn flush_order(case: &Case<'_>) -> Verdict {
    if !case.flushes_in_order {
        return Ok(Kept::NotConcerned("a flush covers what had ended when it was submitted"));
    }
    if case.engine.caps.no_data {
        return NO_DATA;
    }
    let mut bench = bench(case, 17)?;
    for (version, direction) in (11..).zip([Direction::Sync, Direction::Datasync]) {
        let mut units = write_some(case, &mut bench, version);
        units.push(unit(16, direction, 0));
        let mut rest = &units[..];
        let mut ended = Vec::new();
        while !rest.is_empty() || bench.flying > 0 {
            if !rest.is_empty() {
                let taken = bench.submit(rest)?;
                rest = &rest[taken..];
            }
            bench.wait(1)?;
            ended.append(&mut bench.take());
        }
        let place = ended.iter().position(|(unit, _)| unit.slot == Slot(16));
        let last = ended.len() - 1;
        ensure(place == Some(last), || format!("{direction:?} ends before what came before it"))?;
        let failed = ended.iter().find(|(_, result)| *result != Ok(BLOCK_BYTES));
        ensure(failed.is_none(), || format!("a request fails: {failed:?}"))?;
        look_beneath(case, &units[..16], version)?;
    }
    Ok(Kept::Yes)
}
