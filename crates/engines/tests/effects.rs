//! What single engines do beyond the contract: the system calls they are there to make.

#![allow(clippy::unwrap_used)] // The lint exempts test functions, but not what they call.

mod bench;

use bench::{Bench, Options, TempFile, buffers, create, engines, unit};
use fiord_base::{Direction, FileIndex, Slot};
use fiord_engine::{Registration, Target};
use fiord_sys::Errno;

const BLOCK: u64 = 4096;

fn engine(name: &str) -> &'static Registration {
    engines().find(|engine| engine.name == name).unwrap()
}

/// System calls of this thread that read and that write, as the kernel counts them; `None` if it
/// does not.
fn transfers() -> Option<[u64; 2]> {
    let text = std::fs::read_to_string("/proc/thread-self/io").ok()?;
    let count = |name: &str| {
        text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok())
    };
    Some([count("syscr:")?, count("syscw:")?])
}

#[test]
fn vsync_collects_adjacent_requests() {
    let file = TempFile::in_memory("vsync", 16 * BLOCK);
    let mut bench = Bench::new(engine("vsync"), Options { depth: 8, ..Options::default() });
    bench.attach(0, &file);
    for slot in 0..8 {
        bench.buffer(Slot(slot)).fill(slot as u8 + 1);
    }
    let offsets = [0, 1, 2, 3, 9, 10, 6, 7];
    let batch: Vec<_> = offsets
        .iter()
        .zip(0..)
        .map(|(&block, slot)| unit(slot, Direction::Write, block * BLOCK, BLOCK))
        .collect();
    let before = transfers();
    for (_, result) in bench.run(&batch) {
        assert_eq!(result, Ok(BLOCK));
    }
    if let (Some(before), Some(after)) = (before, transfers()) {
        assert_eq!(after[1] - before[1], 3, "blocks 0 to 3, 9 to 10, 6 to 7");
    } else {
        eprintln!("not counted: the kernel has no I/O accounting");
    }
    let contents = file.contents();
    for (block, byte) in offsets.iter().zip(1u8..) {
        assert_eq!(contents[(block * BLOCK) as usize], byte);
    }
}

#[test]
fn ftruncate_sets_the_size_to_the_offset() {
    let file = TempFile::in_memory("ftruncate", 0);
    let mut bench = Bench::new(engine("ftruncate"), Options::default());
    bench.attach(0, &file);
    for offset in [5 * BLOCK, BLOCK] {
        let (_, result) = bench.run(&[unit(0, Direction::Write, offset, BLOCK)])[0];
        assert_eq!(result, Ok(BLOCK));
        assert_eq!(file.contents().len() as u64, offset);
    }
    for direction in [Direction::Read, Direction::Trim] {
        assert_eq!(bench.run(&[unit(0, direction, 0, BLOCK)])[0].1, Err(Errno::INVAL));
    }
}

#[test]
fn falloc_reserves_with_and_without_growing() {
    use std::os::unix::fs::MetadataExt;
    let file = TempFile::in_memory("falloc", BLOCK);
    let mut bench = Bench::new(engine("falloc"), Options::default());
    bench.attach(0, &file);
    let blocks = || file.file.metadata().unwrap().blocks();
    let before = blocks();
    assert_eq!(bench.run(&[unit(0, Direction::Read, 4 * BLOCK, BLOCK)])[0].1, Ok(BLOCK));
    assert_eq!(file.contents().len() as u64, BLOCK, "a read keeps the size");
    assert!(blocks() > before, "and reserves blocks");
    assert_eq!(bench.run(&[unit(0, Direction::Write, 2 * BLOCK, BLOCK)])[0].1, Ok(BLOCK));
    assert_eq!(file.contents().len() as u64, 3 * BLOCK, "a write extends");
}

#[test]
fn mmap_survives_a_file_that_shrinks() {
    let file = TempFile::in_memory("mmap", 8 * BLOCK);
    let mut bench = Bench::new(engine("mmap"), Options::default());
    bench.attach(0, &file);
    file.file.set_len(BLOCK).unwrap();
    for direction in [Direction::Read, Direction::Write] {
        assert_eq!(bench.run(&[unit(0, direction, 4 * BLOCK, BLOCK)])[0].1, Err(Errno::IO));
        assert_eq!(bench.run(&[unit(0, direction, 0, BLOCK)])[0].1, Ok(BLOCK));
    }
}

#[test]
fn mmap_refuses_what_has_no_size() {
    let file = TempFile::in_memory("mmap", 0);
    let mut engine =
        create(engine("mmap"), &Options::default(), &[], &buffers(&Options::default())).unwrap();
    let target = Target {
        fd: Some(std::os::fd::AsFd::as_fd(&file.file)),
        block_device: false,
        size_bytes: 0,
        region: (0, 0),
        writable: true,
    };
    let error = engine.attach(FileIndex(0), &target).unwrap_err();
    assert_eq!(error.errno, Errno::INVAL);
    assert!(!error.remedy.is_empty());
}

#[test]
fn sync_works_on_a_pipe() {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut bench = Bench::new(engine("sync"), Options::default());
    let file = std::fs::File::from(std::os::fd::OwnedFd::from(writer));
    bench.attach_file(0, file, true).unwrap();
    bench.buffer(Slot(0)).fill(7);
    for offset in [0, BLOCK] {
        assert_eq!(bench.run(&[unit(0, Direction::Write, offset, BLOCK)])[0].1, Ok(BLOCK));
    }
    let jump = unit(0, Direction::Write, 9 * BLOCK, BLOCK);
    assert_eq!(bench.run(&[jump])[0].1, Err(Errno(29)), "ESPIPE");
    bench.detach(0);
    let mut read = Vec::new();
    std::io::Read::read_to_end(&mut { reader }, &mut read).unwrap();
    assert_eq!(read, vec![7; 2 * BLOCK as usize]);
}

/// A bench with a pipe as file 1, and the end of the pipe that is to be written to.
#[cfg(target_env = "gnu")]
fn bench_with_a_pipe(name: &str, depth: usize) -> (Bench, std::io::PipeWriter) {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut bench = Bench::new(engine(name), Options { depth, ..Options::default() });
    let file = std::fs::File::from(std::os::fd::OwnedFd::from(reader));
    bench.attach_file(1, file, false).unwrap();
    (bench, writer)
}

/// A read of one byte from the pipe.
#[cfg(target_env = "gnu")]
fn from_pipe(slot: u32) -> fiord_engine::Unit {
    fiord_engine::Unit { file: FileIndex(1), ..unit(slot, Direction::Read, 0, 1) }
}

#[cfg(target_env = "gnu")]
#[test]
fn posixaio_ends_requests_of_two_files_out_of_order() {
    let file = TempFile::in_memory("posixaio", 4 * BLOCK);
    let (mut bench, writer) = bench_with_a_pipe("posixaio", 2);
    bench.attach(0, &file);
    assert_eq!(bench.submit(&[from_pipe(0), unit(1, Direction::Read, 0, BLOCK)]), 2);
    bench.reap(1, 2).unwrap();
    let first: Vec<_> = bench.take().iter().map(|done| (done.slot, done.result)).collect();
    assert_eq!(first, [(Slot(1), Ok(BLOCK))], "the pipe has nothing yet");
    std::io::Write::write_all(&mut { writer }, b"x").unwrap();
    bench.reap(1, 2).unwrap();
    assert_eq!(bench.take()[0].result, Ok(1));
    assert_eq!(bench.buffer(Slot(0))[0], b'x');
}

#[cfg(target_env = "gnu")]
#[test]
fn posixaio_cancels_what_no_thread_has_begun() {
    let (mut bench, writer) = bench_with_a_pipe("posixaio", 4);
    assert_eq!(bench.submit(&[0, 1, 2, 3].map(from_pipe)), 4);
    bench.cancel();
    // A thread may have begun one of them, and no more: they stand in a line.
    bench.reap(3, 4).unwrap();
    let cancelled = bench.take();
    assert!(cancelled.iter().all(|done| done.result == Err(Errno::CANCELED)), "{cancelled:?}");
    std::io::Write::write_all(&mut { writer }, b"y").unwrap();
    if cancelled.len() == 3 {
        bench.reap(1, 1).unwrap();
        assert_eq!(bench.take()[0].result, Ok(1), "what had begun takes its time");
    }
}

#[cfg(target_env = "gnu")]
#[test]
fn the_end_of_posixaio_waits_for_what_is_in_flight() {
    let file = TempFile::on_disk("posixaio", 64 * BLOCK);
    let mut bench = Bench::new(engine("posixaio"), Options { depth: 64, ..Options::default() });
    bench.attach(0, &file);
    for slot in 0..64 {
        bench.buffer(Slot(slot)).fill(slot as u8 + 1);
    }
    let writes: Vec<_> = (0..64u32)
        .map(|slot| unit(slot, Direction::Write, u64::from(slot) * BLOCK, BLOCK))
        .collect();
    assert_eq!(bench.submit(&writes), 64);
    drop(bench);
    // Each block was written whole, or cancelled.
    for (block, slot) in file.contents().chunks(BLOCK as usize).zip(1u8..) {
        assert!(block.iter().all(|&byte| byte == slot) || block.iter().all(|&byte| byte == 0));
    }
}

#[test]
fn splice_moves_requests_larger_than_a_pipe() {
    let file = TempFile::in_memory("splice", 0);
    let mut bench = Bench::with_slots("splice", engine("splice"), 300_000);
    bench.attach(0, &file);
    let pattern: Vec<u8> = (0..300_000u32).map(|i| (i / 7) as u8).collect();
    bench.whole_buffer(Slot(0)).copy_from_slice(&pattern);
    let write = unit(0, Direction::Write, 1000, 300_000);
    assert_eq!(bench.run(&[write])[0].1, Ok(300_000));
    assert!(file.contents()[1000..] == pattern[..]);
    bench.whole_buffer(Slot(0)).fill(0);
    let read = unit(0, Direction::Read, 5000, 300_000);
    assert_eq!(bench.run(&[read])[0].1, Ok(296_000), "as far as there is something");
    assert!(bench.whole_buffer(Slot(0))[..296_000] == pattern[4000..]);
}

#[test]
fn splice_forgets_what_could_not_be_written() {
    let file = TempFile::in_memory("splice", 4 * BLOCK);
    let mut bench = Bench::new(engine("splice"), Options::default());
    bench.attach_read_only(0, &file);
    bench.attach(1, &file);
    bench.buffer(Slot(0)).fill(1);
    assert_eq!(bench.run(&[unit(0, Direction::Write, 0, BLOCK)])[0].1, Err(Errno::BADF));
    bench.buffer(Slot(0)).fill(2);
    let write = fiord_engine::Unit { file: FileIndex(1), ..unit(0, Direction::Write, 0, BLOCK) };
    assert_eq!(bench.run(&[write])[0].1, Ok(BLOCK));
    assert!(file.contents()[..BLOCK as usize].iter().all(|&byte| byte == 2));
}

#[test]
fn pvsync2_names_the_option_that_a_file_refuses() {
    let (reader, _writer) = std::io::pipe().unwrap();
    let file = TempFile::on_disk("pvsync2", BLOCK);
    for option in ["nowait", "uncached"] {
        let options = [(option.to_owned(), "1".to_owned())];
        let mut engine =
            create(engine("pvsync2"), &Options::default(), &options, &buffers(&Options::default()))
                .unwrap();
        let target = |fd| Target {
            fd: Some(fd),
            block_device: false,
            size_bytes: BLOCK,
            region: (0, BLOCK),
            writable: false,
        };
        use std::os::fd::AsFd;
        // Old kernels and file systems refuse; then it is the option that they refuse.
        for fd in [file.file.as_fd(), reader.as_fd()] {
            if let Err(error) = engine.attach(FileIndex(0), &target(fd)) {
                assert_eq!(error.errno, Errno::OPNOTSUPP);
                assert!(error.to_string().contains(option), "{error}");
            }
        }
    }
}
