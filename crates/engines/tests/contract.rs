//! Details of what every engine owes the I/O loop, checked on each engine of the registry; the rules
//! that hold on every kind of target are in `fiord_engine::contract`, and tried in `rules.rs`.
//!
//! Files lie in memory (/dev/shm) and, for direct I/O, in the directory for temporary files. An
//! engine that a rule does not concern is named with the reason where the rule is checked.

mod bench;

use std::os::unix::fs::FileExt;

use bench::{Bench, Options, TempFile, engines, unit};
use fiord_base::{Direction, FileIndex, Slot};
use fiord_engine::Unit;
use fiord_sys::Errno;

const BLOCK: u64 = 4096;

/// Engines that move data: the others have nothing to compare.
fn data_engines() -> impl Iterator<Item = &'static fiord_engine::Registration> {
    engines().filter(|engine| !engine.caps.no_data)
}

fn pattern(seed: u8, length: u64) -> Vec<u8> {
    (0..length).map(|i| (i as u8).wrapping_mul(31).wrapping_add(seed)).collect()
}

#[test]
fn written_data_reach_the_file() {
    for engine in data_engines() {
        let file = TempFile::in_memory(engine.name, 16 * BLOCK);
        let mut bench = Bench::new(engine, Options { depth: 4, ..Options::default() });
        bench.attach(0, &file);
        let batch: Vec<Unit> = [3u64, 4, 9, 0]
            .iter()
            .zip(0..)
            .map(|(&block, slot)| unit(slot, Direction::Write, block * BLOCK, BLOCK))
            .collect();
        for (unit, seed) in batch.iter().zip(1..) {
            bench.buffer(unit.slot).copy_from_slice(&pattern(seed, BLOCK));
        }
        for (slot, result) in bench.run(&batch) {
            assert_eq!(result, Ok(BLOCK), "{} slot {slot:?}", engine.name);
        }
        let contents = file.contents();
        for (unit, seed) in batch.iter().zip(1..) {
            let start = unit.offset as usize;
            let found = &contents[start..start + BLOCK as usize];
            assert!(found == pattern(seed, BLOCK), "{} at {start}", engine.name);
        }
        assert!(contents[BLOCK as usize..3 * BLOCK as usize].iter().all(|&byte| byte == 0));
        assert_eq!(contents.len() as u64, 16 * BLOCK, "{}", engine.name);
    }
}

#[test]
fn data_of_the_file_are_read() {
    for engine in data_engines() {
        let file = TempFile::in_memory(engine.name, 0);
        file.file.write_all_at(&pattern(9, 8 * BLOCK), 0).unwrap();
        let mut bench = Bench::new(engine, Options { depth: 3, ..Options::default() });
        bench.attach_read_only(0, &file);
        let batch = [
            unit(0, Direction::Read, 5 * BLOCK, BLOCK),
            unit(1, Direction::Read, 6 * BLOCK, BLOCK),
            unit(2, Direction::Read, 100, 1000),
        ];
        for (slot, result) in bench.run(&batch) {
            let unit = batch[slot.index()];
            assert_eq!(result, Ok(unit.length), "{}", engine.name);
            let expected = &file.contents()[unit.offset as usize..][..unit.length as usize];
            assert!(&bench.buffer(slot)[..unit.length as usize] == expected, "{}", engine.name);
        }
    }
}

#[test]
fn direct_io_moves_the_same_data() {
    for engine in data_engines() {
        let Some(file) = TempFile::direct(engine.name, 8 * BLOCK) else {
            eprintln!("skipped: no direct I/O in {}", std::env::temp_dir().display());
            return;
        };
        let mut bench =
            Bench::new(engine, Options { depth: 2, direct: true, ..Options::default() });
        bench.attach(0, &file);
        let writes = [
            unit(0, Direction::Write, 2 * BLOCK, BLOCK),
            unit(1, Direction::Write, 3 * BLOCK, BLOCK),
        ];
        bench.buffer(Slot(0)).copy_from_slice(&pattern(1, BLOCK));
        bench.buffer(Slot(1)).copy_from_slice(&pattern(2, BLOCK));
        for (_, result) in bench.run(&writes) {
            assert_eq!(result, Ok(BLOCK), "{}", engine.name);
        }
        bench.buffer(Slot(0)).fill(0);
        let (_, result) = bench.run(&[unit(0, Direction::Read, 3 * BLOCK, BLOCK)])[0];
        assert_eq!(result, Ok(BLOCK), "{}", engine.name);
        assert!(bench.buffer(Slot(0)) == pattern(2, BLOCK), "{}", engine.name);
        let contents = file.contents();
        assert!(contents[2 * BLOCK as usize..][..BLOCK as usize] == pattern(1, BLOCK));
    }
}

/// The kernel may have told of more than a reap took.
#[test]
fn what_a_reap_has_left_is_part_of_the_next() {
    let queues = |engine: &&fiord_engine::Registration| {
        !engine.caps.for_job(4, 4).inline && !engine.caps.one_batch
    };
    for engine in engines().filter(queues) {
        let file = TempFile::in_memory(engine.name, 8 * BLOCK);
        let mut bench = Bench::new(engine, Options { depth: 4, ..Options::default() });
        bench.attach(0, &file);
        let read = |slot: u32| unit(slot, Direction::Read, u64::from(slot) * BLOCK, BLOCK);
        let mut next: Vec<Unit> = (0..4).map(read).collect();
        for round in 0..8 {
            assert_eq!(bench.submit(&next), next.len(), "{}", engine.name);
            bench.reap(3, 3).unwrap_or_else(|errno| panic!("{} {round}: {errno}", engine.name));
            next = bench.take().iter().map(|ended| read(ended.slot.0)).collect();
            assert_eq!(next.len(), 3, "{} {round}", engine.name);
        }
    }
}

#[test]
fn a_full_queue_takes_nothing() {
    for engine in engines().filter(|engine| !engine.caps.for_job(2, 2).inline) {
        let file = TempFile::in_memory(engine.name, 8 * BLOCK);
        let mut bench = Bench::new(engine, Options { depth: 2, ..Options::default() });
        bench.attach(0, &file);
        let batch = [unit(0, Direction::Read, 0, BLOCK), unit(1, Direction::Read, BLOCK, BLOCK)];
        assert_eq!(bench.submit(&batch), 2, "{}", engine.name);
        assert_eq!(bench.submit(&batch), 0, "{}", engine.name);
        bench.reap(2, 2).unwrap();
        assert_eq!(bench.take().len(), 2, "{}", engine.name);
        assert_eq!(bench.submit(&batch), 2, "{}", engine.name);
    }
}

#[test]
fn a_read_is_short_at_the_end_of_the_file() {
    for engine in data_engines() {
        let file = TempFile::in_memory(engine.name, 6000);
        let mut bench = Bench::new(engine, Options { depth: 4, ..Options::default() });
        bench.attach_read_only(0, &file);
        let batch = [
            unit(0, Direction::Read, 0, BLOCK),
            unit(1, Direction::Read, BLOCK, BLOCK),
            unit(2, Direction::Read, 2 * BLOCK, BLOCK),
            unit(3, Direction::Read, 3 * BLOCK, BLOCK),
        ];
        let mut results = bench.run(&batch);
        results.sort_by_key(|(slot, _)| *slot);
        let results: Vec<_> = results.into_iter().map(|(_, result)| result).collect();
        assert_eq!(results, [Ok(BLOCK), Ok(6000 - BLOCK), Ok(0), Ok(0)], "{}", engine.name);
    }
}

#[test]
fn a_continued_unit_moves_only_what_remains() {
    for engine in data_engines() {
        let file = TempFile::in_memory(engine.name, 4 * BLOCK);
        let mut bench = Bench::new(engine, Options::default());
        bench.attach(0, &file);
        bench.buffer(Slot(0)).copy_from_slice(&pattern(5, BLOCK));
        let write = Unit { progress: 1000, ..unit(0, Direction::Write, BLOCK, BLOCK) };
        assert_eq!(bench.run(&[write])[0].1, Ok(BLOCK - 1000), "{}", engine.name);
        let contents = file.contents();
        let block = &contents[BLOCK as usize..2 * BLOCK as usize];
        assert!(block[..1000].iter().all(|&byte| byte == 0), "{}", engine.name);
        assert!(block[1000..] == pattern(5, BLOCK)[1000..], "{}", engine.name);

        bench.buffer(Slot(0)).fill(0);
        let read = Unit { progress: 4000, ..unit(0, Direction::Read, BLOCK, BLOCK) };
        assert_eq!(bench.run(&[read])[0].1, Ok(96), "{}", engine.name);
        assert!(bench.buffer(Slot(0))[..4000].iter().all(|&byte| byte == 0), "{}", engine.name);
        assert!(bench.buffer(Slot(0))[4000..] == pattern(5, BLOCK)[4000..], "{}", engine.name);
    }
}

#[test]
fn a_trim_leaves_zeroes_and_the_size() {
    // ftruncate has no trim, null has no file.
    for engine in engines().filter(|engine| !matches!(engine.name, "ftruncate" | "null")) {
        let file = TempFile::in_memory(engine.name, 0);
        file.file.write_all_at(&pattern(1, 4 * BLOCK), 0).unwrap();
        let mut bench = Bench::new(engine, Options::default());
        bench.attach(0, &file);
        let (_, result) = bench.run(&[unit(0, Direction::Trim, BLOCK, 2 * BLOCK)])[0];
        assert_eq!(result, Ok(2 * BLOCK), "{}", engine.name);
        let contents = file.contents();
        assert_eq!(contents.len() as u64, 4 * BLOCK);
        let (kept, trimmed) = contents.split_at(BLOCK as usize);
        assert!(kept == pattern(1, BLOCK), "{}", engine.name);
        assert!(trimmed[..2 * BLOCK as usize].iter().all(|&byte| byte == 0), "{}", engine.name);
        assert!(trimmed[2 * BLOCK as usize] != 0, "{}", engine.name);
    }
}

#[test]
fn flushes_of_every_kind_succeed() {
    for engine in engines() {
        let file = TempFile::on_disk(engine.name, 4 * BLOCK);
        let flags = fiord_sys::file::RangeFlush::WRITE.0;
        let mut bench =
            Bench::new(engine, Options { sync_range_flags: flags, ..Options::default() });
        bench.attach(0, &file);
        for direction in
            [Direction::Sync, Direction::Datasync, Direction::SyncFileRange, Direction::Syncfs]
        {
            let flush = unit(0, direction, BLOCK, BLOCK);
            assert!(bench.run(&[flush])[0].1.is_ok(), "{} {direction:?}", engine.name);
        }
    }
}

#[test]
fn mistakes_are_errors_of_the_unit() {
    for engine in engines().filter(|engine| !engine.caps.diskless) {
        let file = TempFile::in_memory(engine.name, 4 * BLOCK);
        let mut bench = Bench::new(engine, Options { depth: 2, ..Options::default() });
        bench.attach_read_only(0, &file);
        let write = unit(0, Direction::Write, 0, BLOCK);
        // ftruncate(2) calls a read-only descriptor EINVAL, all others call it EBADF.
        let (_, result) = bench.run(&[write])[0];
        assert!(matches!(result, Err(Errno::BADF | Errno::INVAL)), "{} {result:?}", engine.name);
        assert_eq!(file.contents(), vec![0; 4 * BLOCK as usize], "{}", engine.name);

        // A file that was never attached, and one that no longer is.
        let stranger = Unit { file: FileIndex(77), ..unit(1, Direction::Read, 0, BLOCK) };
        assert_eq!(bench.run(&[stranger])[0].1, Err(Errno::BADF), "{}", engine.name);
        bench.detach(0);
        let read = unit(0, Direction::Read, 0, BLOCK);
        assert_eq!(bench.run(&[read])[0].1, Err(Errno::BADF), "{}", engine.name);
    }
}

#[test]
fn absurd_ranges_are_errors_and_not_panics() {
    for engine in data_engines() {
        let file = TempFile::in_memory(engine.name, 4 * BLOCK);
        let mut bench = Bench::new(engine, Options::default());
        bench.attach(0, &file);
        for direction in [Direction::Read, Direction::Write, Direction::Trim] {
            let far = unit(0, direction, i64::MAX as u64 - 10, BLOCK);
            let (_, result) = bench.run(&[far])[0];
            assert!(matches!(result, Err(_) | Ok(0)), "{} {result:?}", engine.name);
        }
        let (_, result) = bench.run(&[unit(0, Direction::Read, 0, 100 * BLOCK)])[0];
        assert_eq!(result, Err(Errno::INVAL), "{}: larger than its buffer", engine.name);
    }
}

#[test]
fn files_of_one_batch_are_kept_apart() {
    for engine in data_engines() {
        let files = [
            TempFile::in_memory(&format!("{}-a", engine.name), 4 * BLOCK),
            TempFile::in_memory(&format!("{}-b", engine.name), 4 * BLOCK),
        ];
        let mut bench = Bench::new(engine, Options { depth: 4, ..Options::default() });
        bench.attach(0, &files[0]);
        bench.attach(3, &files[1]);
        let batch: Vec<Unit> = (0..4)
            .map(|i| Unit {
                file: FileIndex(if i % 2 == 0 { 0 } else { 3 }),
                ..unit(i, Direction::Write, u64::from(i) * BLOCK, BLOCK)
            })
            .collect();
        for slot in 0..4 {
            bench.buffer(Slot(slot)).fill(slot as u8 + 1);
        }
        for (_, result) in bench.run(&batch) {
            assert_eq!(result, Ok(BLOCK), "{}", engine.name);
        }
        let firsts = |file: &TempFile| -> Vec<u8> {
            file.contents().chunks(BLOCK as usize).map(|block| block[0]).collect()
        };
        assert_eq!(firsts(&files[0]), [1, 0, 3, 0], "{}", engine.name);
        assert_eq!(firsts(&files[1]), [0, 2, 0, 4], "{}", engine.name);
    }
}

#[test]
fn an_index_may_be_used_for_another_file() {
    for engine in data_engines() {
        let first = TempFile::in_memory(&format!("{}-a", engine.name), BLOCK);
        let second = TempFile::in_memory(&format!("{}-b", engine.name), BLOCK);
        let mut bench = Bench::new(engine, Options::default());
        for (file, byte) in [(&first, 1), (&second, 2)] {
            bench.attach(0, file);
            bench.buffer(Slot(0)).fill(byte);
            assert_eq!(bench.run(&[unit(0, Direction::Write, 0, BLOCK)])[0].1, Ok(BLOCK));
            bench.detach(0);
        }
        assert_eq!((first.contents()[0], second.contents()[0]), (1, 2), "{}", engine.name);
    }
}

#[test]
fn stamps_are_in_order_or_absent() {
    for engine in engines() {
        let file = TempFile::in_memory(engine.name, 16 * BLOCK);
        let batch: Vec<Unit> =
            (0..4).map(|i| unit(i, Direction::Write, u64::from(i) * BLOCK, BLOCK)).collect();
        let mut bench = Bench::new(engine, Options { depth: 4, ..Options::default() });
        bench.attach(0, &file);
        let before = fiord_sys::clock::monotonic_ns();
        for done in bench.run_stamped(&batch) {
            assert!(before <= done.issued_ns, "{}", engine.name);
            assert!(done.issued_ns <= done.done_ns, "{}", engine.name);
            assert!(done.done_ns <= fiord_sys::clock::monotonic_ns(), "{}", engine.name);
        }
        let options = Options { depth: 4, unstamped: true, ..Options::default() };
        let mut bench = Bench::new(engine, options);
        bench.attach(0, &file);
        for done in bench.run_stamped(&batch) {
            assert_eq!((done.issued_ns, done.done_ns), (0, 0), "{}", engine.name);
        }
    }
}

#[test]
fn options_that_an_engine_does_not_have_are_refused() {
    for engine in engines() {
        let options = [("no_such_option".to_owned(), "1".to_owned())];
        let Err(error) = bench::create(
            engine,
            &Options::default(),
            &options,
            &bench::buffers(&Options::default()),
        ) else {
            panic!("{} takes any option", engine.name);
        };
        assert!(error.to_string().contains("no_such_option"), "{}: {error}", engine.name);
    }
}

#[test]
fn names_are_unique() {
    for (i, engine) in engines().enumerate() {
        let first = fiord_engine::find(fiord_engines::REGISTRY, engine.name).unwrap();
        assert!(std::ptr::eq(first, &fiord_engines::REGISTRY[i]), "{}", engine.name);
    }
}
