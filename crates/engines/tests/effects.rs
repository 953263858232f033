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
