//! Saved states and journals of verification: where they are, and how they get there whole.
//!
//! A state is written beside its place, flushed and then renamed, so that there is always one that is
//! whole. The [journal](Journal) is there while the job writes: it is what is left of a job that was killed,
//! and goes when the state has been saved.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use fiord_options::plan::{JobPlan, VerifyJournal, VerifyPolicy};
use fiord_sys::Errno;
use fiord_workload::verify::state::State;
use fiord_workload::verify::trail::{self, Saved};

use crate::failure::Failure;

/// More than that is no state of a job.
const BYTES_MAX: u64 = 1 << 28;

/// O_DSYNC: a write is durable when it ends.
const DURABLE: i32 = 0o10000;

fn failed(action: String, error: &io::Error) -> Failure {
    Failure::new(action, Errno(error.raw_os_error().unwrap_or(Errno::IO.0)))
}

/// The file of the state of a job, which is fio's.
pub(crate) fn path_of(directory: &Path, job: &str, thread_number: u32) -> PathBuf {
    let name = job.replace('/', ".");
    let index = thread_number.saturating_sub(1);
    directory.join(format!("local-{name}-{index}-verify.state"))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn journal_of(path: &Path) -> PathBuf {
    beside(path, ".journal")
}

fn flush_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

/// Saves a state, whole or not at all; the journal is of no more use then.
pub(crate) fn save(path: &Path, state: &State) -> Result<(), Failure> {
    let failed =
        |error: io::Error| failed(format!("save the verify state '{}'", path.display()), &error);
    let temporary = beside(path, &format!(".{}", std::process::id()));
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o644)
            .open(&temporary)?;
        file.write_all(&state.to_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        flush_directory(path)
    };
    write().map_err(|error| {
        // What is left of it helps nobody.
        let _ = fs::remove_file(&temporary);
        failed(error)
    })?;
    remove(&journal_of(path)).map_err(failed)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes what earlier runs have left: it says nothing about the writes that begin now.
pub(crate) fn forget(path: &Path) -> Result<(), Failure> {
    let both = remove(path).and_then(|()| remove(&journal_of(path)));
    both.map_err(|error| {
        failed(format!("remove the old verify state '{}'", path.display()), &error)
    })
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Loads what is known of the writes of a job: from its journal if it was killed, else from its state.
pub(crate) fn load(path: &Path, job: &JobPlan) -> Result<Saved, Failure> {
    let depth = job.engine.iodepth.max(1) as usize;
    let fsynced = job.verify.state_policy == VerifyPolicy::Fsynced;
    let journal = journal_of(path);
    let bad = |path: &Path, reason: &dyn std::fmt::Display| {
        Failure::rule(format!("cannot use the verify state '{}': {reason}", path.display()))
    };
    match read(&journal) {
        Ok(bytes) => {
            let Some((now, durable)) = trail::read_journal(&bytes) else {
                return Err(bad(&journal, &"the journal is damaged, or was not written yet"));
            };
            return Ok(Saved::new(now, fsynced.then_some(durable), depth));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(format!("read '{}'", journal.display()), &error)),
    }
    let bytes = read(path).map_err(|error| {
        let action = format!("read the verify state '{}'", path.display());
        failed(action, &error).with_remedy(
            "a job that writes and verifies saves it at its end; --aux-path says where it is",
        )
    })?;
    let state = State::parse(&bytes).map_err(|error| bad(path, &error))?;
    Ok(Saved::new(state, None, depth))
}

/// The journal of a job that writes.
pub(crate) struct Journal {
    file: File,
    path: PathBuf,
    place_bytes: usize,
    sequence: u64,
}

impl Journal {
    /// Creates the journal of the state at `path`, if the job wants one.
    pub(crate) fn create(path: &Path, job: &JobPlan) -> Result<Option<Journal>, Failure> {
        let durable = match job.verify.journal {
            VerifyJournal::Off => return Ok(None),
            VerifyJournal::Buffered => 0,
            VerifyJournal::Sync => DURABLE,
        };
        let path = journal_of(path);
        let place_bytes = trail::place_bytes(job.engine.iodepth.max(1) as usize);
        let create = || -> io::Result<File> {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true).mode(0o644).custom_flags(durable);
            let file = options.open(&path)?;
            file.set_len(2 * place_bytes as u64)?;
            file.sync_all()?;
            flush_directory(&path)?;
            Ok(file)
        };
        match create() {
            Ok(file) => Ok(Some(Journal { file, path, place_bytes, sequence: 0 })),
            Err(error) => Err(failed(format!("create the journal '{}'", path.display()), &error)),
        }
    }

    /// Notes what is known now, and what is durable.
    pub(crate) fn write(&mut self, now: &State, durable: &State) -> Result<(), Failure> {
        self.sequence += 1;
        let Some(place) = trail::place(self.sequence, now, durable, self.place_bytes) else {
            let (path, count) = (self.path.display(), now.failed.len());
            let text = format!("the journal '{path}' has no room for {count} failed writes");
            return Err(Failure::rule(text));
        };
        let at = self.sequence % 2 * self.place_bytes as u64;
        self.file
            .write_all_at(&place, at)
            .map_err(|error| failed(format!("write the journal '{}'", self.path.display()), &error))
    }
}
