//! The ring against the files themselves and against another implementation of io_uring.
//!
//! Where the kernel or a container denies io_uring there is nothing to test; that is said.

#![allow(clippy::unwrap_used)] // The lint exempts test functions, but not what they call.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::FileExt;
use std::time::Duration;

use fiord_base::Slot;
use fiord_sys::uring::{Addressing, Order, Range64, Ring, RingFile, Wish};
use fiord_sys::{BufferPool, Errno, Transfer};

const BLOCK: u32 = 4096;

/// A ring for the slots of a pool.
fn ring(pool: &BufferPool, wish: Wish) -> Option<Ring> {
    match Ring::new(&Wish { depth: pool.slots() as u32, ..wish }, pool) {
        Ok(ring) => Some(ring),
        Err(Errno::PERM | Errno::NOSYS) => {
            eprintln!("skipped: io_uring is denied here");
            None
        }
        Err(errno) => panic!("no ring: {errno}"),
    }
}

/// A file without a name.
fn file(bytes: &[u8]) -> File {
    let path = std::env::temp_dir().join(format!(
        "fiord-ring-{}-{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    file.write_all_at(bytes, 0).unwrap();
    file
}

fn pattern(seed: u8, length: usize) -> Vec<u8> {
    (0..length).map(|i| (i as u8).wrapping_mul(37).wrapping_add(seed)).collect()
}

fn transfer(slot: u32, offset: u64, length: u32, file: &File, write: bool) -> Transfer<RingFile> {
    Transfer {
        slot: Slot(slot),
        start: 0,
        length,
        offset,
        file: RingFile::open(file.as_fd()),
        write,
        flags: 0,
        priority: 0,
        forced_async: false,
    }
}

/// Submits and takes all that is in flight, in order of slots.
fn finish(ring: &mut Ring) -> Vec<(u32, Result<u64, Errno>)> {
    ring.submit().unwrap();
    let mut ended = Vec::new();
    while ring.in_flight() > 0 {
        ring.wait(1).unwrap();
        while let Some((slot, result)) = ring.take() {
            ended.push((slot.0, result));
        }
        ring.took();
    }
    ended.sort_by_key(|(slot, _)| *slot);
    ended
}

/// The same reads through the crate `io-uring`.
fn oracle(file: &File, reads: &[(u64, u32)]) -> Vec<(Vec<u8>, i32)> {
    let mut ring = io_uring::IoUring::new(reads.len() as u32).unwrap();
    let mut buffers: Vec<Vec<u8>> = reads.iter().map(|(_, n)| vec![0; *n as usize]).collect();
    for (index, (offset, length)) in reads.iter().enumerate() {
        let fd = io_uring::types::Fd(file.as_raw_fd());
        let entry = io_uring::opcode::Read::new(fd, buffers[index].as_mut_ptr(), *length)
            .offset(*offset)
            .build()
            .user_data(index as u64);
        // SAFETY: buffers and file live until all completions have been taken below.
        unsafe { ring.submission().push(&entry).unwrap() };
    }
    ring.submit_and_wait(reads.len()).unwrap();
    let mut results = vec![0; reads.len()];
    for entry in ring.completion() {
        results[entry.user_data() as usize] = entry.result();
    }
    buffers.into_iter().zip(results).collect()
}

#[test]
fn reads_are_those_of_another_implementation() {
    let contents = pattern(3, 10_000);
    let file = file(&contents);
    let reads: [(u64, u32); 4] = [(0, 4096), (4096, 100), (8192, 4096), (10_000, 4096)];
    let mut pool = BufferPool::new(reads.len(), BLOCK as usize).unwrap();
    let thread = Wish { submission_thread: true, ..Wish::default() };
    for (wish, addressing) in [
        (Wish::default(), Addressing::Plain),
        (Wish::default(), Addressing::Vectored),
        (Wish::default(), Addressing::Registered),
        (thread, Addressing::Plain),
    ] {
        let Some(mut ring) = ring(&pool, wish) else { return };
        if addressing == Addressing::Registered {
            ring.register_buffers(&pool).unwrap();
        }
        ring.set_addressing(addressing);
        for (slot, (offset, length)) in (0..).zip(reads) {
            ring.push(&transfer(slot, offset, length, &file, false), &mut pool).unwrap();
        }
        let ended = finish(&mut ring);
        for ((slot, result), (expected, moved)) in ended.iter().zip(oracle(&file, &reads)) {
            assert_eq!(*result, Ok(moved as u64), "{addressing:?}");
            let moved = moved as usize;
            assert_eq!(pool.get(Slot(*slot))[..moved], expected[..moved], "{addressing:?}");
        }
        assert_eq!(ended.len(), reads.len());
    }
}

#[test]
fn writes_begin_anywhere_in_the_buffer() {
    let file = file(&[0; 8192]);
    let mut pool = BufferPool::new(2, BLOCK as usize).unwrap();
    let Some(mut ring) = ring(&pool, Wish::default()) else { return };
    ring.register_files(1).unwrap();
    ring.set_file(0, Some(file.as_fd())).unwrap();
    for slot in 0..2 {
        pool.get_mut(Slot(slot)).copy_from_slice(&pattern(slot as u8, BLOCK as usize));
        let whole = transfer(slot, 1000 + u64::from(slot) * 4096, BLOCK - 1000, &file, true);
        let part = Transfer {
            start: 1000,
            file: RingFile::registered(0),
            forced_async: slot == 1,
            ..whole
        };
        ring.push(&part, &mut pool).unwrap();
    }
    assert_eq!(finish(&mut ring), [(0, Ok(3096)), (1, Ok(3096))]);
    let mut contents = vec![0; 8192];
    file.read_exact_at(&mut contents, 0).unwrap();
    for slot in 0..2_u8 {
        let block = &contents[usize::from(slot) * 4096..][..4096];
        assert!(block[..1000].iter().all(|&byte| byte == 0));
        assert_eq!(block[1000..], pattern(slot, BLOCK as usize)[1000..]);
    }
    ring.set_file(0, None).unwrap();
    let gone = Transfer { file: RingFile::registered(0), ..transfer(0, 0, BLOCK, &file, true) };
    ring.push(&gone, &mut pool).unwrap();
    assert_eq!(finish(&mut ring), [(0, Err(Errno::BADF))]);
}

#[test]
fn flushes_and_holes_go_through_the_ring() {
    let file = file(&pattern(1, 16384));
    let pool = BufferPool::new(4, BLOCK as usize).unwrap();
    let Some(mut ring) = ring(&pool, Wish::default()) else { return };
    let at = RingFile::open(file.as_fd());
    let range = Range64 { offset: 4096, length: 8192 };
    ring.push_order(Slot(0), at, Order::Sync).unwrap();
    ring.push_order(Slot(1), at, Order::Datasync).unwrap();
    ring.push_order(Slot(2), at, Order::SyncRange(range, 2)).unwrap();
    ring.push_order(Slot(3), at, Order::PunchHole(range)).unwrap();
    assert_eq!(ring.push_order(Slot(3), at, Order::Sync), Err(Errno::BUSY), "no room");
    let ended = finish(&mut ring);
    assert_eq!(ended, [(0, Ok(0)), (1, Ok(0)), (2, Ok(0)), (3, Ok(0))]);
    let mut hole = vec![1; 8192];
    file.read_exact_at(&mut hole, 4096).unwrap();
    assert!(hole.iter().all(|&byte| byte == 0));
}

#[test]
fn a_slot_in_flight_belongs_to_the_kernel() {
    let mut pool = BufferPool::new(2, BLOCK as usize).unwrap();
    let other = BufferPool::new(2, BLOCK as usize).unwrap();
    let Some(mut ring) = ring(&pool, Wish::default()) else { return };
    let (reader, writer) = std::io::pipe().unwrap();
    let pipe = File::from(std::os::fd::OwnedFd::from(reader));
    let read = transfer(0, u64::MAX, BLOCK, &pipe, false);
    ring.push(&read, &mut pool).unwrap();
    assert_eq!(ring.push(&read, &mut pool), Err(Errno::BUSY));
    let mut foreign = other;
    assert_eq!(ring.push(&read, &mut foreign), Err(Errno::INVAL));
    ring.submit().unwrap();
    let looked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| pool.get(Slot(0)).len()));
    assert!(looked.is_err(), "nobody looks into a buffer of the kernel");
    assert_eq!(pool.get(Slot(1)).len(), BLOCK as usize);

    ring.cancel().unwrap();
    assert_eq!(finish(&mut ring), [(0, Err(Errno::CANCELED))]);
    assert_eq!(pool.get(Slot(0)).len(), BLOCK as usize);
    drop(writer);
}

#[test]
fn a_ring_that_is_dropped_ends_what_is_in_flight() {
    let mut pool = BufferPool::new(1, BLOCK as usize).unwrap();
    let Some(mut ring) = ring(&pool, Wish::default()) else { return };
    let (reader, mut writer) = std::io::pipe().unwrap();
    let pipe = File::from(std::os::fd::OwnedFd::from(reader));
    ring.push(&transfer(0, u64::MAX, BLOCK, &pipe, false), &mut pool).unwrap();
    ring.submit().unwrap();
    drop(ring);
    std::io::Write::write_all(&mut writer, &[9; 100]).unwrap();
    assert!(pool.get(Slot(0)).iter().all(|&byte| byte == 0), "the read has not happened");
    let mut bytes = [0; 100];
    std::io::Read::read_exact(&mut &pipe, &mut bytes).unwrap();
    assert_eq!(bytes, [9; 100], "nor taken anything");
}

#[test]
fn what_a_slot_does_not_have_is_refused() {
    let mut pool = BufferPool::new(1, BLOCK as usize).unwrap();
    let Some(mut ring) = ring(&pool, Wish::default()) else { return };
    let file = file(&[0; 16]);
    let long = transfer(0, 0, BLOCK + 1, &file, false);
    assert_eq!(ring.push(&long, &mut pool), Err(Errno::INVAL));
    let behind = Transfer { start: 4000, ..transfer(0, 0, 97, &file, false) };
    assert_eq!(ring.push(&behind, &mut pool), Err(Errno::INVAL));
    assert_eq!(ring.push(&transfer(1, 0, 1, &file, false), &mut pool), Err(Errno::INVAL));
    assert_eq!(ring.in_flight(), 0);
}

/// A read of an empty pipe does not end: a wait for it does, and leaves it in flight.
#[test]
fn a_wait_has_an_end() {
    let mut pool = BufferPool::new(1, BLOCK as usize).unwrap();
    let Some(mut ring) = ring(&pool, Wish::default()) else { return };
    let (reader, mut writer) = std::io::pipe().unwrap();
    let reader = File::from(std::os::fd::OwnedFd::from(reader));
    // Of files without places, as pipes are.
    let read = transfer(0, u64::MAX, BLOCK, &reader, false);
    ring.push(&read, &mut pool).unwrap();
    ring.wait_within(1, Duration::from_millis(5)).unwrap();
    assert_eq!((ring.take(), ring.in_flight()), (None, 1));
    std::io::Write::write_all(&mut writer, &[7; 9]).unwrap();
    ring.wait_within(1, Duration::from_secs(3600)).unwrap();
    assert_eq!(ring.take(), Some((Slot(0), Ok(9))));
    ring.took();
    assert_eq!(pool.get_mut(Slot(0))[..9], [7; 9]);
}
