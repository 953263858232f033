//! Contexts of io_setup(2) that share the memory of one pool.

#![allow(clippy::unwrap_used)] // The lint exempts test functions, but not what they call.

use std::fs::File;
use std::os::fd::AsFd;

use fiord_base::Slot;
use fiord_sys::aio::Context;
use fiord_sys::{BufferPool, Errno, Transfer};

fn context(pool: &BufferPool) -> Option<Context> {
    match Context::new(pool, false, false) {
        Ok(context) => Some(context),
        Err(errno) => {
            eprintln!("skipped: io_setup is denied here: {errno}");
            None
        }
    }
}

fn push(context: &mut Context, slot: u32, file: &File, pool: &mut BufferPool) {
    let read = Transfer {
        slot: Slot(slot),
        start: 0,
        length: 4096,
        offset: 0,
        file: file.as_fd(),
        write: false,
        flags: 0,
        priority: 0,
        forced_async: false,
    };
    context.push(&read, pool).unwrap();
}

/// Whether the kernel has the buffer of a slot.
fn is_lent(pool: &mut BufferPool, slot: u32) -> bool {
    match pool.release(Slot(slot)) {
        Ok(()) => {
            pool.take(Slot(slot)).unwrap();
            false
        }
        Err(errno) => {
            assert_eq!(errno, Errno::BUSY);
            true
        }
    }
}

#[test]
fn the_end_of_a_context_gives_back_what_was_lent_to_it() {
    let zero = File::open("/dev/zero").unwrap();
    let mut pool = BufferPool::new(4, 4096).unwrap();
    let Some(mut first) = context(&pool) else { return };
    let Some(mut second) = context(&pool) else { return };
    // Slot 1 has been through the second context, and slot 0 never.
    push(&mut second, 1, &zero, &mut pool);
    second.submit().unwrap();
    second.wait(1).unwrap();
    assert_eq!(second.take(), Some((Slot(1), Ok(4096))));

    push(&mut first, 0, &zero, &mut pool);
    push(&mut first, 1, &zero, &mut pool);
    push(&mut second, 2, &zero, &mut pool);
    second.submit().unwrap();
    push(&mut second, 3, &zero, &mut pool);
    assert_eq!([0, 1, 2, 3].map(|slot| is_lent(&mut pool, slot)), [true; 4]);
    drop(second);
    let lent = [0, 1, 2, 3].map(|slot| is_lent(&mut pool, slot));
    assert_eq!(lent, [true, true, false, false]);
    drop(first);
    assert_eq!([0, 1, 2, 3].map(|slot| is_lent(&mut pool, slot)), [false; 4]);
}
