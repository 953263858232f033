//! Asynchronous I/O of the C library against the files themselves.

#![cfg(target_env = "gnu")]
#![allow(clippy::unwrap_used)] // The lint exempts test functions, but not what they call.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;

use fiord_base::Slot;
use fiord_sys::aio::Flush;
use fiord_sys::posix_aio::Requests;
use fiord_sys::{BufferPool, Errno, Transfer};

const BLOCK: usize = 4096;

/// A file without a name.
fn file(name: &str) -> File {
    let path = std::env::temp_dir().join(format!("fiord-posix-{name}-{}", std::process::id()));
    let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    file
}

fn transfer(slot: u32, file: &impl AsFd, write: bool) -> Transfer<BorrowedFd<'_>> {
    Transfer {
        slot: Slot(slot),
        start: 0,
        length: BLOCK as u32,
        offset: u64::from(slot) * BLOCK as u64,
        file: file.as_fd(),
        write,
        flags: 0,
        priority: 0,
        forced_async: false,
    }
}

fn finish(requests: &mut Requests) -> Vec<(u32, Result<u64, Errno>)> {
    let mut ended = Vec::new();
    while requests.in_flight() > 0 {
        requests.wait(1).unwrap();
        while let Some((slot, result)) = requests.take() {
            ended.push((slot.0, result));
        }
    }
    ended.sort_by_key(|(slot, _)| *slot);
    ended
}

#[test]
fn more_requests_than_are_waited_for_at_a_time_all_end() {
    const COUNT: u32 = 1200;
    let file = file("many");
    let mut pool = BufferPool::new(COUNT as usize, BLOCK).unwrap();
    let mut requests = Requests::new(&pool);
    for slot in 0..COUNT {
        pool.get_mut(Slot(slot)).fill(slot as u8);
        requests.push(&transfer(slot, &file, true), &mut pool).unwrap();
    }
    requests.wait(COUNT as usize).unwrap();
    let expected: Vec<_> = (0..COUNT).map(|slot| (slot, Ok(BLOCK as u64))).collect();
    assert_eq!(finish(&mut requests), expected);
    let mut block = [0; BLOCK];
    for slot in 0..COUNT {
        file.read_exact_at(&mut block, u64::from(slot) * BLOCK as u64).unwrap();
        assert_eq!(block, [slot as u8; BLOCK]);
    }
}

/// A flush has no buffer: that of its slot may be in other hands.
#[test]
fn the_end_of_a_flush_gives_no_buffer_back() {
    let (pipe, writer) = std::io::pipe().unwrap();
    let file = file("flush");
    let mut pool = BufferPool::new(1, BLOCK).unwrap();
    let (mut one, mut other) = (Requests::new(&pool), Requests::new(&pool));
    one.push(&transfer(0, &pipe, false), &mut pool).unwrap();
    other.push_flush(Slot(0), file.as_fd(), Flush::All).unwrap();
    assert_eq!(finish(&mut other), [(0, Ok(0))]);
    assert_eq!(other.push(&transfer(0, &file, true), &mut pool), Err(Errno::BUSY));
    assert_eq!(one.push_flush(Slot(0), file.as_fd(), Flush::Data), Err(Errno::BUSY));
    std::io::Write::write_all(&mut { writer }, &[7; 100]).unwrap();
    assert_eq!(finish(&mut one), [(0, Ok(100))]);
    assert_eq!(pool.get(Slot(0))[..100], [7; 100]);
}

#[test]
fn refusals_leave_the_slot_free() {
    let (file, strange) = (file("refused"), BufferPool::new(1, BLOCK).unwrap());
    let mut pool = BufferPool::new(1, BLOCK).unwrap();
    let mut requests = Requests::new(&strange);
    assert_eq!(requests.push(&transfer(0, &file, true), &mut pool), Err(Errno::INVAL));
    let mut requests = Requests::new(&pool);
    let far = Transfer { offset: u64::MAX, ..transfer(0, &file, true) };
    assert_eq!(requests.push(&far, &mut pool), Err(Errno::INVAL));
    let long = Transfer { length: BLOCK as u32 + 1, ..transfer(0, &file, true) };
    assert_eq!(requests.push(&long, &mut pool), Err(Errno::INVAL));
    let none = Transfer { slot: Slot(1), ..transfer(0, &file, true) };
    assert_eq!(requests.push(&none, &mut pool), Err(Errno::INVAL));
    assert_eq!(requests.in_flight(), 0);
    requests.push(&transfer(0, &file, true), &mut pool).unwrap();
    assert_eq!(finish(&mut requests), [(0, Ok(BLOCK as u64))]);
    pool.get_mut(Slot(0)).fill(0);
}
