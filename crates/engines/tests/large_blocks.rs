//! Blocks that are larger than one transfer of the kernel and than 32 bits can say (`bs=4g`).
//!
//! The memory is only reserved: what is written from it goes to /dev/null or is one page.

#![allow(clippy::unwrap_used)] // The lint exempts test functions, but not what they call.

mod bench;

use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

use bench::{Options, TempFile, create, engines, unit};
use fiord_base::{Direction, FileIndex, Slot};
use fiord_engine::{Completions, Engine, Io, Registration, Target, Unit};
use fiord_sys::{BufferPool, Clock, Errno};

const FOUR_GIB: u64 = 4 << 30;
const PAGE: u64 = 4096;
const SYNC_FILE_RANGE_WRITE: u32 = 2;
/// What read(2) and write(2) move at most.
const MOST: u64 = 0x7fff_f000;

/// One buffer of 4 GiB and a page; `None` where the machine does not lend so much.
fn large_buffer() -> Option<BufferPool> {
    match BufferPool::new(1, (FOUR_GIB + PAGE) as usize) {
        Ok(pool) => Some(pool),
        Err(errno) => {
            eprintln!("skipped: no memory of 4 GiB can be reserved: {errno}");
            None
        }
    }
}

fn engine(entry: &Registration, buffers: &BufferPool, file: &File) -> Box<dyn Engine> {
    let options = Options { sync_range_flags: SYNC_FILE_RANGE_WRITE, ..Options::default() };
    let mut engine = create(entry, &options, &[], buffers).unwrap();
    let target = Target {
        fd: Some(file.as_fd()),
        block_device: false,
        size_bytes: 2 * FOUR_GIB,
        region: (0, 2 * FOUR_GIB),
        writable: true,
    };
    engine.attach(FileIndex(0), &target).unwrap();
    engine
}

fn run(engine: &mut dyn Engine, unit: Unit, buffers: &mut BufferPool) -> Result<u64, Errno> {
    let mut done = Completions::new(1, Clock::Monotonic, true);
    done.begin();
    let mut io = Io { buffers, done: &mut done };
    assert_eq!(engine.submit(&[unit], &mut io), 1);
    while io.done.list().is_empty() {
        engine.reap(1, 1, &mut io).unwrap();
    }
    io.done.list()[0].result
}

/// Queues say only part of it to the kernel, which ends it short, and the loop continues it.
#[test]
fn a_block_of_4_gib_is_moved_in_parts() {
    let Some(mut buffers) = large_buffer() else { return };
    let null = File::options().write(true).open("/dev/null").unwrap();
    for entry in engines().filter(|entry| !entry.caps.for_job(2, 2).inline && !entry.caps.no_data) {
        let mut engine = engine(entry, &buffers, &null);
        let whole = unit(0, Direction::Write, 0, FOUR_GIB + PAGE);
        let mut parts = Vec::new();
        let mut progress = 0;
        while progress < whole.length {
            let moved = run(engine.as_mut(), Unit { progress, ..whole }, &mut buffers);
            parts.push(moved.unwrap_or_else(|errno| panic!("{} {parts:?}: {errno}", entry.name)));
            assert!(moved > Ok(0), "{} {parts:?}", entry.name);
            progress += moved.unwrap_or(0);
        }
        assert_eq!(parts, [MOST, MOST, FOUR_GIB + PAGE - 2 * MOST], "{}", entry.name);
    }
}

/// The rest of a block lies beyond the first 4 GiB of its buffer.
#[test]
fn the_rest_of_a_large_block_comes_from_its_place_in_the_buffer() {
    let Some(mut buffers) = large_buffer() else { return };
    buffers.get_mut(Slot(0))[FOUR_GIB as usize..].fill(7);
    for entry in engines().filter(|entry| !entry.caps.no_data && !entry.caps.no_extend) {
        let file = TempFile::in_memory(entry.name, 0);
        let mut engine = engine(entry, &buffers, &file.file);
        let write = unit(0, Direction::Write, 0, FOUR_GIB + PAGE);
        let rest = Unit { progress: FOUR_GIB, ..write };
        assert_eq!(run(engine.as_mut(), rest, &mut buffers), Ok(PAGE), "{}", entry.name);
        let mut found = vec![0; PAGE as usize];
        file.file.read_exact_at(&mut found, FOUR_GIB).unwrap();
        assert!(found.iter().all(|&byte| byte == 7), "{}", entry.name);
    }
}

/// A ring has 32 bits for the length of a range.
#[test]
fn a_range_of_more_than_4_gib_is_flushed() {
    let mut buffers = BufferPool::new(1, PAGE as usize).unwrap();
    for entry in engines().filter(|entry| !entry.caps.no_data && !entry.caps.no_extend) {
        let file = TempFile::on_disk(entry.name, 0);
        let mut engine = engine(entry, &buffers, &file.file);
        let flush = unit(0, Direction::SyncFileRange, 0, FOUR_GIB + PAGE);
        let ended = run(engine.as_mut(), flush, &mut buffers);
        assert_eq!(ended, Ok(FOUR_GIB + PAGE), "{}", entry.name);
    }
}
