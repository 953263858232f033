//! A bench that plays the part of the I/O loop for one engine.

#![allow(dead_code, unreachable_pub)] // Each test program uses a part of it.
#![allow(clippy::unwrap_used)] // The lint exempts test functions, but not what they call.

use std::fs::File;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use fiord_base::{Direction, FileIndex, Slot};
use fiord_engine::{
    Completion, Completions, Engine, EngineError, Io, JobFacts, Registration, Target, Unit,
};
use fiord_sys::{BufferPool, Clock, Errno};

const SLOT_BYTES: usize = 8192;
const MAX_BLOCK: usize = 4096;

/// All engines.
pub fn engines() -> impl Iterator<Item = &'static Registration> {
    fiord_engines::REGISTRY.iter()
}

/// A request to file 0.
pub fn unit(slot: u32, direction: Direction, offset: u64, length: u64) -> Unit {
    Unit {
        slot: Slot(slot),
        file: FileIndex(0),
        direction,
        priority: 0,
        offset,
        length,
        progress: 0,
    }
}

/// A file that is removed at the end.
pub struct TempFile {
    path: PathBuf,
    pub file: File,
}

impl TempFile {
    fn new(directory: &Path, name: &str, size: u64, flags: i32) -> Option<TempFile> {
        use std::os::unix::fs::OpenOptionsExt;
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("fiord-engine-{name}-{}-{number}", std::process::id());
        let path = directory.join(name);
        let open = || {
            File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(true)
                .custom_flags(flags)
                .open(&path)
        };
        let file = match open() {
            Ok(file) => file,
            Err(_) if flags != 0 => return None,
            Err(error) => panic!("{}: {error}", path.display()),
        };
        file.set_len(size).unwrap();
        Some(TempFile { path, file })
    }

    /// A sparse file in memory, or where temporary files are if there is no /dev/shm.
    pub fn in_memory(name: &str, size: u64) -> TempFile {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() {
            TempFile::new(memory, name, size, 0).unwrap()
        } else {
            TempFile::on_disk(name, size)
        }
    }

    /// A sparse file where temporary files are.
    pub fn on_disk(name: &str, size: u64) -> TempFile {
        TempFile::new(&std::env::temp_dir(), name, size, 0).unwrap()
    }

    /// A file opened with O_DIRECT; `None` where that does not exist.
    pub fn direct(name: &str, size: u64) -> Option<TempFile> {
        const O_DIRECT: i32 = if cfg!(target_arch = "aarch64") { 0o200_000 } else { 0o40_000 };
        TempFile::new(&std::env::temp_dir(), name, size, O_DIRECT)
    }

    /// What others see in it.
    pub fn contents(&self) -> Vec<u8> {
        std::fs::read(&self.path).unwrap()
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// How a job is set up.
#[derive(Clone, Debug)]
pub struct Options {
    pub depth: usize,
    pub direct: bool,
    pub sync_range_flags: u32,
    pub unstamped: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { depth: 1, direct: false, sync_range_flags: 0, unstamped: false }
    }
}

/// Buffers for a job.
pub fn buffers(options: &Options) -> BufferPool {
    BufferPool::new(options.depth, SLOT_BYTES).unwrap()
}

/// Makes an engine.
pub fn create(
    registration: &Registration,
    options: &Options,
    engine_options: &[(String, String)],
    buffers: &BufferPool,
) -> Result<Box<dyn Engine>, EngineError> {
    (registration.create)(&JobFacts {
        max_block_bytes: MAX_BLOCK as u64,
        direct: options.direct,
        options: engine_options,
        sync_range_flags: options.sync_range_flags,
        ..JobFacts::plain(buffers)
    })
}

/// An engine with buffers and a list of completions.
pub struct Bench {
    engine: Box<dyn Engine>,
    name: &'static str,
    buffers: BufferPool,
    done: Completions,
    files: Vec<(u32, File)>,
}

impl Bench {
    /// For an engine without options.
    pub fn new(registration: &Registration, options: Options) -> Bench {
        let buffers = buffers(&options);
        let engine = create(registration, &options, &[], &buffers).unwrap();
        Bench {
            engine,
            name: registration.name,
            buffers,
            done: Completions::new(options.depth, Clock::Monotonic, !options.unstamped),
            files: Vec::new(),
        }
    }

    /// With one slot of so many bytes.
    pub fn with_slots(name: &'static str, registration: &Registration, bytes: usize) -> Bench {
        let buffers = BufferPool::new(1, bytes).unwrap();
        let engine = create(registration, &Options::default(), &[], &buffers).unwrap();
        let done = Completions::new(1, Clock::Monotonic, true);
        Bench { engine, name, buffers, done, files: Vec::new() }
    }

    /// All of the buffer of a slot.
    pub fn whole_buffer(&mut self, slot: Slot) -> &mut [u8] {
        self.buffers.get_mut(slot)
    }

    /// Asks for an early end of everything in flight.
    pub fn cancel(&mut self) {
        self.engine.cancel();
    }

    /// Attaches a file for reading and writing.
    pub fn attach(&mut self, index: u32, file: &TempFile) {
        let file_again = file.file.try_clone().unwrap();
        self.attach_file(index, file_again, true).unwrap();
    }

    /// Attaches a file that was opened for reading.
    pub fn attach_read_only(&mut self, index: u32, file: &TempFile) {
        self.attach_file(index, File::open(&file.path).unwrap(), false).unwrap();
    }

    /// Attaches an open file.
    pub fn attach_file(
        &mut self,
        index: u32,
        file: File,
        writable: bool,
    ) -> Result<(), EngineError> {
        let size_bytes = file.metadata().unwrap().len();
        let target = Target {
            fd: Some(file.as_fd()),
            block_device: false,
            size_bytes,
            region: (0, size_bytes),
            writable,
        };
        self.engine.attach(FileIndex(index), &target)?;
        self.files.push((index, file));
        Ok(())
    }

    /// Detaches and closes a file.
    pub fn detach(&mut self, index: u32) {
        self.engine.detach(FileIndex(index));
        self.files.retain(|(known, _)| *known != index);
    }

    /// The first block's worth of the buffer of a slot.
    pub fn buffer(&mut self, slot: Slot) -> &mut [u8] {
        &mut self.buffers.get_mut(slot)[..MAX_BLOCK]
    }

    /// Offers a batch; returns how much of it was taken.
    pub fn submit(&mut self, batch: &[Unit]) -> usize {
        self.done.begin();
        self.engine.submit(batch, &mut Io { buffers: &mut self.buffers, done: &mut self.done })
    }

    /// Reaps.
    pub fn reap(&mut self, min: usize, max: usize) -> Result<(), Errno> {
        let mut io = Io { buffers: &mut self.buffers, done: &mut self.done };
        self.engine.reap(min, max, &mut io)
    }

    /// Takes the completions that have come.
    pub fn take(&mut self) -> Vec<Completion> {
        let list = self.done.list().to_vec();
        self.done.clear();
        list
    }

    /// Executes a batch as the loop would, until all of it has ended, and asserts that each unit
    /// ended once.
    pub fn run_stamped(&mut self, batch: &[Unit]) -> Vec<Completion> {
        let (mut rest, mut ended) = (batch, Vec::new());
        while ended.len() < batch.len() {
            let taken = self.submit(rest);
            assert!(taken <= rest.len(), "{} took more than it was given", self.name);
            rest = &rest[taken..];
            ended.extend(self.take());
            let in_flight = batch.len() - rest.len() - ended.len();
            if in_flight > 0 {
                self.reap(1, in_flight).unwrap();
                let reaped = self.take();
                assert!(!reaped.is_empty(), "{} does not end its units", self.name);
                ended.extend(reaped);
            } else {
                assert!(taken > 0 || rest.is_empty(), "{} is busy with nothing", self.name);
            }
        }
        let mut slots: Vec<Slot> = ended.iter().map(|done| done.slot).collect();
        let mut expected: Vec<Slot> = batch.iter().map(|unit| unit.slot).collect();
        slots.sort();
        expected.sort();
        assert_eq!(slots, expected, "{} ends each unit once", self.name);
        ended
    }

    /// The same, without stamps.
    pub fn run(&mut self, batch: &[Unit]) -> Vec<(Slot, Result<u64, Errno>)> {
        self.run_stamped(batch).into_iter().map(|done| (done.slot, done.result)).collect()
    }
}
