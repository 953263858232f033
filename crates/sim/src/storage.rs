//! What a simulated device holds: sectors of 512 bytes, some of them in a cache that forgets.
//!
//! A sector that was never written holds [`byte_at`]. With a volatile cache, what is written is read back
//! at once and becomes stable with the next flush of its file; when the power is cut, each sector that is
//! not stable falls back to what was, or not, by lot. The storage outlives the engine, so that a later job
//! can look at what an earlier one has left.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fiord_base::FileIndex;
use fiord_base::random::{Stream, Width};

/// The unit in which storage is torn, cut and cached.
pub const SECTOR_BYTES: u64 = 512;

type Block = Box<[u8; SECTOR_BYTES as usize]>;

/// The byte of a simulated file at an offset, before anything is written there.
pub fn byte_at(file: FileIndex, offset: u64) -> u8 {
    let mixed = (offset ^ u64::from(file.0) << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 56) as u8
}

/// When a write is safe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cache {
    /// At its end.
    #[default]
    WriteThrough,
    /// At the end of a flush that came after its end.
    Volatile,
}

/// Contents of a device. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Storage(Arc<Mutex<Contents>>);

#[derive(Debug, Default)]
struct Contents {
    cache: Cache,
    sectors: BTreeMap<(FileIndex, u64), Sector>,
}

#[derive(Clone, Debug)]
struct Sector {
    now: Block,
    /// Before the last write.
    before: Block,
    /// What outlasts a cut of the power, if it is not what is there now.
    stable: Option<Block>,
}

/// A part of a sector: its number, where the part begins in it, and where in the caller's buffer.
struct Part {
    sector: u64,
    start: usize,
    range: std::ops::Range<usize>,
}

impl Storage {
    /// Storage in which nothing has been written.
    pub fn new(cache: Cache) -> Storage {
        Storage(Arc::new(Mutex::new(Contents { cache, sectors: BTreeMap::new() })))
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        // Whoever panicked with it has left whole sectors.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy that shares nothing.
    pub fn copy(&self) -> Storage {
        let contents = self.lock();
        let sectors = contents.sectors.clone();
        Storage(Arc::new(Mutex::new(Contents { cache: contents.cache, sectors })))
    }

    /// Reads what was written last.
    pub fn read(&self, file: FileIndex, offset: u64, buffer: &mut [u8]) {
        self.read_by(file, offset, buffer, |sector| &sector.now);
    }

    /// Reads what was there before the last write, sector by sector.
    pub fn read_stale(&self, file: FileIndex, offset: u64, buffer: &mut [u8]) {
        self.read_by(file, offset, buffer, |sector| &sector.before);
    }

    fn read_by(
        &self,
        file: FileIndex,
        offset: u64,
        buffer: &mut [u8],
        which: impl Fn(&Sector) -> &Block,
    ) {
        let contents = self.lock();
        for Part { sector, start, range } in parts(offset, buffer.len()) {
            let part = &mut buffer[range];
            match contents.sectors.get(&(file, sector)) {
                Some(found) => part.copy_from_slice(&which(found)[start..start + part.len()]),
                None => {
                    let first = sector * SECTOR_BYTES + start as u64;
                    for (index, byte) in part.iter_mut().enumerate() {
                        *byte = byte_at(file, first + index as u64);
                    }
                }
            }
        }
    }

    /// Writes.
    pub fn write(&self, file: FileIndex, offset: u64, data: &[u8]) {
        let contents = &mut *self.lock();
        for Part { sector, start, range } in parts(offset, data.len()) {
            contents.change(file, sector, start, &data[range]);
        }
    }

    /// Writes zeroes.
    pub fn zero(&self, file: FileIndex, offset: u64, bytes: u64) {
        let contents = &mut *self.lock();
        let zeroes = [0; SECTOR_BYTES as usize];
        for Part { sector, start, range } in parts(offset, bytes as usize) {
            contents.change(file, sector, start, &zeroes[..range.len()]);
        }
    }

    /// Makes stable what was written to a file.
    pub fn flush(&self, file: FileIndex) {
        let first = (file, 0);
        for (_, sector) in self.lock().sectors.range_mut(first..=(file, u64::MAX)) {
            sector.stable = None;
        }
    }

    /// Makes everything stable.
    pub fn flush_all(&self) {
        for sector in self.lock().sectors.values_mut() {
            sector.stable = None;
        }
    }

    /// Sectors that a cut of the power may lose.
    pub fn unstable_sectors(&self) -> usize {
        self.lock().sectors.values().filter(|sector| sector.stable.is_some()).count()
    }

    /// Cuts the power: each sector that is not stable is lost or kept, by lot. Returns how many are lost.
    pub fn cut_power(&self, seed: u64) -> usize {
        let mut stream = Stream::new(Width::Wide, seed);
        let mut lost = 0;
        for sector in self.lock().sectors.values_mut() {
            if let Some(stable) = sector.stable.take()
                && stream.below(2) == 0
            {
                sector.now = stable;
                lost += 1;
            }
        }
        lost
    }
}

impl Contents {
    fn change(&mut self, file: FileIndex, number: u64, start: usize, data: &[u8]) {
        let sector = self.sectors.entry((file, number)).or_insert_with(|| {
            let first = number * SECTOR_BYTES;
            let virgin: Block =
                Box::new(std::array::from_fn(|index| byte_at(file, first + index as u64)));
            Sector { now: virgin.clone(), before: virgin, stable: None }
        });
        sector.before = sector.now.clone();
        if self.cache == Cache::Volatile && sector.stable.is_none() {
            sector.stable = Some(sector.now.clone());
        }
        sector.now[start..start + data.len()].copy_from_slice(data);
    }
}

/// The sectors that a range touches.
fn parts(offset: u64, bytes: usize) -> impl Iterator<Item = Part> {
    let mut done = 0;
    std::iter::from_fn(move || {
        if done == bytes {
            return None;
        }
        let at = offset + done as u64;
        let start = (at % SECTOR_BYTES) as usize;
        let end = bytes.min(done + SECTOR_BYTES as usize - start);
        let part = Part { sector: at / SECTOR_BYTES, start, range: done..end };
        done = end;
        Some(part)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const FILE: FileIndex = FileIndex(1);

    fn read(storage: &Storage, offset: u64, bytes: usize) -> Vec<u8> {
        let mut buffer = vec![0; bytes];
        storage.read(FILE, offset, &mut buffer);
        buffer
    }

    #[test]
    fn what_was_written_is_read() {
        let storage = Storage::new(Cache::WriteThrough);
        storage.write(FILE, 700, &[7; 1000]);
        storage.zero(FILE, 900, 100);
        let mut expected: Vec<u8> = (0..2048).map(|offset| byte_at(FILE, offset)).collect();
        expected[700..1700].fill(7);
        expected[900..1000].fill(0);
        assert!(read(&storage, 0, 2048) == expected);
        let mut other = [0; 8];
        storage.read(FileIndex(0), 700, &mut other);
        assert!(other != [7; 8], "files have nothing in common");
        let mut before = [0; 100];
        storage.read_stale(FILE, 900, &mut before);
        assert_eq!(before, [7; 100]);
        assert_eq!((storage.unstable_sectors(), storage.cut_power(1)), (0, 0));
    }

    #[test]
    fn the_cache_forgets_what_was_not_flushed() {
        let storage = Storage::new(Cache::Volatile);
        storage.write(FILE, 0, &[1; 4096]);
        storage.flush(FILE);
        storage.write(FILE, 0, &[2; 2048]);
        storage.write(FILE, 0, &[3; 2048]);
        storage.write(FileIndex(0), 0, &[4; 512]);
        storage.flush(FileIndex(0));
        assert_eq!(storage.unstable_sectors(), 4);
        assert!(read(&storage, 0, 2048) == [3; 2048]);
        let lost = (0..).map(|seed| {
            let storage = Storage::new(Cache::Volatile);
            storage.write(FILE, 0, &[5; 4096]);
            (storage.cut_power(seed), storage.unstable_sectors())
        });
        let lost: Vec<(usize, usize)> = lost.take(20).collect();
        assert!(lost.iter().any(|(lost, _)| *lost < 4) && lost.iter().any(|(lost, _)| *lost > 4));
        assert!(lost.iter().all(|(_, unstable)| *unstable == 0));
        let copy = storage.copy();
        storage.cut_power(3);
        assert!(read(&copy, 0, 2048) == [3; 2048], "another device");
        for sector in read(&storage, 0, 2048).chunks(512) {
            assert!(sector == [1; 512] || sector == [3; 512], "older than the flush");
        }
        assert!(read(&storage, 2048, 2048) == [1; 2048], "it was flushed");
        let mut other = [0; 512];
        storage.read(FileIndex(0), 0, &mut other);
        assert_eq!(other, [4; 512]);
    }
}
