//! The real loop with the real engines on real files: no allocation, locks.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use fiord_base::{Direction, FileIndex};
use fiord_engine::{Engine, EngineError, Io, Registration, Target, Unit};
use fiord_engines::REGISTRY;
use fiord_sys::allocations::{CountingHeap, of_this_thread};
use fiord_sys::{BufferPool, Clock, Errno};

use super::super::End;
use super::looped::{Looped, Setup};

#[global_allocator]
static HEAP: CountingHeap = CountingHeap;

/// A directory that is removed at the end.
pub(super) struct Scratch(pub(super) PathBuf);

impl Scratch {
    pub(super) fn new() -> Scratch {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("fiord-loop-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("a temporary directory");
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Looks at units before the engine does.
type Look = Box<dyn FnMut(&[Unit]) + Send>;

struct Watched {
    engine: Box<dyn Engine>,
    before: Look,
}

impl Engine for Watched {
    fn attach(&mut self, file: FileIndex, target: &Target<'_>) -> Result<(), EngineError> {
        self.engine.attach(file, target)
    }

    fn detach(&mut self, file: FileIndex) {
        self.engine.detach(file);
    }

    fn execute(&mut self, unit: &Unit, buffers: &mut BufferPool) -> Result<u64, Errno> {
        (self.before)(std::slice::from_ref(unit));
        self.engine.execute(unit, buffers)
    }

    fn submit(&mut self, batch: &[Unit], io: &mut Io<'_>) -> usize {
        (self.before)(batch);
        self.engine.submit(batch, io)
    }

    fn reap(&mut self, min: usize, max: usize, io: &mut Io<'_>) -> Result<(), Errno> {
        self.engine.reap(min, max, io)
    }
}

fn run(
    engine: &Registration,
    words: &str,
    before: impl FnMut(&[Unit]) + Send + 'static,
) -> (Looped, Scratch) {
    let scratch = Scratch::new();
    let words = format!("--ioengine={} --directory={} {words}", engine.name, scratch.0.display());
    let iodepth = words.split("--iodepth=").nth(1).map_or(1, |n| n.trim().parse().expect("depth"));
    let setup = Setup::new(&words, engine.caps.for_job(iodepth, 1));
    let buffers = setup.buffers();
    let created = (engine.create)(&setup.facts(&buffers)).expect("an engine");
    let watched = Watched { engine: created, before: Box::new(before) };
    (setup.run_with(Box::new(watched), buffers, Clock::Monotonic), scratch)
}

/// Requests, and what the heap gave between the first and the last of them.
fn allocations(engine: &Registration, words: &str) -> (u64, u64) {
    let seen = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
    let writer = Arc::clone(&seen);
    let mut first = None;
    let before = move |batch: &[Unit]| {
        let now = of_this_thread();
        let first = *first.get_or_insert(now);
        writer[0].fetch_add(batch.len() as u64, Ordering::Relaxed);
        writer[1].store(now - first, Ordering::Relaxed);
    };
    let (looped, _scratch) = run(engine, words, before);
    assert_eq!((looped.end, looped.report.error), (End::Complete, 0), "{} {words}", engine.name);
    (seen[0].load(Ordering::Relaxed), seen[1].load(Ordering::Relaxed))
}

#[test]
fn nothing_is_allocated_while_requests_are_made() {
    assert!(of_this_thread() > 0, "the heap does not count");
    let patterns: [&str; 6] = [
        "--rw=randrw --bsrange=512-8k --fsync=5 --sync_file_range=write:7 --refill_buffers",
        "--rw=rw --bssplit=1k/50:4k/50 --nrfiles=5 --openfiles=2 --loops=3 --end_fsync=1",
        "--rw=write --nrfiles=5 --file_service_type=random --fdatasync=3 --fsync_on_close=1",
        "--rw=randread --nrfiles=3 --file_service_type=sequential --random_generator=lfsr",
        "--rw=randtrimwrite --bs=4k --lockfile=readwrite --nrfiles=2",
        "--rw=randread --norandommap --io_size=1m --lat_percentiles=1 --slat_percentiles=1",
    ];
    for engine in REGISTRY {
        for pattern in patterns {
            // falloc and ftruncate know writes and trims, or writes only.
            let refused = match engine.name {
                "falloc" => pattern.contains("read") || pattern.contains("rw=r"),
                "ftruncate" => !pattern.contains("rw=write"),
                _ => false,
            };
            for depth in [1, 16] {
                if refused || (depth > 1 && engine.caps.inline) {
                    continue;
                }
                let words = format!("--size=256k {pattern} --iodepth={depth}");
                let (requests, allocated) = allocations(engine, &words);
                assert!(requests > 10, "{} {words}: {requests} requests", engine.name);
                assert_eq!(allocated, 0, "{} {words}: {requests} requests", engine.name);
            }
        }
    }
}

#[test]
fn tolerated_errors_need_no_heap() {
    let engine = fiord_engine::find(REGISTRY, "ftruncate").expect("ftruncate");
    let (requests, allocated) = allocations(
        engine,
        "--size=256k --rw=trim --bs=4k --continue_on_error=all --ignore_error=,EINVAL:EOPNOTSUPP",
    );
    assert_eq!((requests, allocated), (64, 0));
}

/// Two jobs that want each other's file while they have their own would wait forever.
#[test]
fn a_job_that_waits_for_a_lock_has_none() {
    let vsync = fiord_engine::find(REGISTRY, "vsync").expect("vsync");
    for mode in ["exclusive", "readwrite"] {
        let scratch = Scratch::new();
        let names = ["a", "b"].map(|name| scratch.0.join(name));
        let list = format!("{}:{}", names[0].display(), names[1].display());
        let words = format!(
            "--ioengine=vsync --rw=rw --size=256k --bs=4k --filename={list} --lockfile={mode} \
             --iodepth=8 --iodepth_batch=4"
        );
        let setup = Setup::new(&words, vsync.caps);
        let [first, second] = names.map(|name| {
            File::options().write(true).create(true).truncate(false).open(name).expect("a file")
        });
        second.lock().expect("the second file's lock");
        let (begun, begins) = std::sync::mpsc::channel();
        let other = std::thread::spawn(move || {
            // The other job: it has the second file and wants the first when our job has had it. It gives
            // up after a while, so that a failure is told.
            let millisecond = std::time::Duration::from_millis(1);
            let mut got = begins.recv_timeout(10_000 * millisecond).is_ok();
            got &= (0..10_000).any(|_| {
                std::thread::sleep(millisecond);
                first.try_lock().is_ok()
            });
            drop((first, second));
            got
        });
        let before = move |batch: &[Unit]| {
            let _ = begun.send(batch.len());
        };
        let buffers = setup.buffers();
        let engine = (vsync.create)(&setup.facts(&buffers)).expect("an engine");
        let watched = Watched { engine, before: Box::new(before) };
        let looped = setup.run_with(Box::new(watched), buffers, Clock::Monotonic);
        assert_eq!(looped.end, End::Complete);
        assert!(other.join().expect("the other job"), "{mode}");
    }
}

#[test]
fn a_lock_is_held_until_the_last_request_under_it_has_ended() {
    const DEPTH: usize = 8;
    let vsync = fiord_engine::find(REGISTRY, "vsync").expect("vsync");
    let scratch = Scratch::new();
    let path = scratch.0.join("a");
    let seen: Arc<Mutex<Vec<(usize, bool)>>> = Arc::default();
    let (writer, watched_path) = (Arc::clone(&seen), path.clone());
    let before = move |batch: &[Unit]| {
        let locked = is_locked(&watched_path, true);
        writer.lock().expect("the list").push((batch.len(), locked));
    };
    let words = format!(
        "--ioengine=vsync --rw=write --size=256k --bs=4k --filename={} --lockfile=exclusive \
         --iodepth={DEPTH} --iodepth_batch=8 --iodepth_batch_complete_min=3 \
         --iodepth_batch_complete_max=3",
        path.display()
    );
    let setup = Setup::new(&words, vsync.caps);
    let buffers = setup.buffers();
    let engine = (vsync.create)(&setup.facts(&buffers)).expect("an engine");
    let watched = Watched { engine, before: Box::new(before) };
    let looped = setup.run_with(Box::new(watched), buffers, Clock::Monotonic);
    assert_eq!(looped.end, End::Complete);
    assert!(!is_locked(&path, false), "in the end it is free");
    let seen = seen.lock().expect("the list");
    assert_eq!(seen.iter().map(|(count, _)| count).sum::<usize>(), 64);
    assert!(seen.iter().all(|(count, locked)| *locked && *count <= DEPTH), "{seen:?}");
}

fn is_locked(path: &Path, shared: bool) -> bool {
    let file = File::open(path).expect("a file of the job");
    let result = if shared { file.try_lock_shared() } else { file.try_lock() };
    match result {
        Ok(()) => false,
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(error)) => panic!("{error}"),
    }
}

#[test]
fn requests_are_made_under_the_lock() {
    let psync = fiord_engine::find(REGISTRY, "psync").expect("psync");
    // Direction, file, and what another process finds locked: this file alone, this file for
    // readers, the other file.
    type Seen = (Direction, FileIndex, bool, bool, bool);
    for (mode, readers_exclude) in [("exclusive", true), ("readwrite", false)] {
        let scratch = Scratch::new();
        let names = ["a", "b"].map(|name| scratch.0.join(name));
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (writer, paths) = (Arc::clone(&seen), names.clone());
        let before = move |batch: &[Unit]| {
            let unit = batch[0];
            let (own, other) = (&paths[unit.file.index()], &paths[1 - unit.file.index()]);
            let locked = (is_locked(own, false), is_locked(own, true), is_locked(other, false));
            writer.lock().expect("the list").push((
                unit.direction,
                unit.file,
                locked.0,
                locked.1,
                locked.2,
            ));
        };
        let list = format!("{}:{}", names[0].display(), names[1].display());
        let words = format!(
            "--ioengine=psync --rw=rw --size=64k --bs=4k --filename={list} --lockfile={mode}"
        );
        let setup = Setup::new(&words, psync.caps);
        let buffers = setup.buffers();
        let engine = (psync.create)(&setup.facts(&buffers)).expect("an engine");
        let watched = Watched { engine, before: Box::new(before) };
        let looped = setup.run_with(Box::new(watched), buffers, Clock::Monotonic);
        assert_eq!(looped.end, End::Complete);
        let seen = seen.lock().expect("the list");
        assert_eq!(seen.len(), 16);
        for (direction, file, alone, shared, other) in seen.iter() {
            let excluded = readers_exclude || *direction == Direction::Write;
            let what = format!("{mode}, {direction:?} of {file:?}");
            assert_eq!((*alone, *shared, *other), (true, excluded, false), "{what}");
        }
    }
}
