//! Saving and loading states.
//!
//! A file is replaced as a whole: a new one is written and flushed under another name, takes the name, and
//! the directory is flushed. Whoever looks finds the old state or the new one, and after a power cut, too.

use std::ffi::{OsStr, OsString};
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use fiord_options::plan::{JobPlan, VerifyPolicy};
use fiord_sys::file::{self, Access, Kind, OpenHow};
use fiord_sys::{Errno, process};
use fiord_workload::verify::{Saved, State, journal, state};

use crate::failure::Failure;

/// Where the records of a clone are.
#[derive(Clone, Debug)]
pub(super) struct Paths {
    pub(super) state: PathBuf,
    pub(super) journal: PathBuf,
}

impl Paths {
    /// Of the clone with this number, from 1.
    pub(super) fn of(job: &JobPlan, aux: &Path, thread_number: u32) -> Paths {
        let name = job.raw_name.as_ref().map_or(OsStr::new(&job.name), |name| name.as_ref());
        let file = state::file_name(name.as_bytes(), thread_number.saturating_sub(1));
        let state = aux.join(OsString::from_vec(file));
        let mut journal = state.clone().into_os_string();
        journal.push(".journal");
        Paths { state, journal: PathBuf::from(journal) }
    }
}

/// The directory of a file.
fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Writes a file that takes the place of another one as a whole, and stays after a power cut.
pub(super) fn replace(path: &Path, parts: &[&[u8]]) -> Result<(), Failure> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", process::id().0));
    let new = PathBuf::from(name);
    let written = write_new(&new, parts).and_then(|()| {
        std::fs::rename(&new, path).map_err(|error| Errno(error.raw_os_error().unwrap_or(0)))?;
        let directory = file::open_directory(directory(path))?;
        file::fsync(directory.as_fd())
    });
    written.map_err(|errno| {
        // What is left of it is of no use.
        let _ = file::unlink(&new);
        Failure::new(format!("save '{}'", path.display()), errno)
            .with_remedy("--aux-path names the directory of these files")
    })
}

fn write_new(path: &Path, parts: &[&[u8]]) -> Result<(), Errno> {
    let how = OpenHow {
        access: Access::Write,
        create: Some(0o644),
        truncate: true,
        ..OpenHow::default()
    };
    let fd = file::open(path, &how)?;
    for part in parts {
        let mut from = *part;
        while !from.is_empty() {
            let written = file::write(fd.as_fd(), from)?;
            from = from.get(written..).unwrap_or_default();
        }
    }
    file::fsync(fd.as_fd())
}

/// Saves the state of a job.
pub(super) fn save(path: &Path, state: &State) -> Result<(), Failure> {
    replace(path, &[&state.encode()])
}

/// Removes a file that does not hold any more.
pub(super) fn remove(path: &Path) -> Result<(), Failure> {
    // After a power cut it must not be there again.
    let gone = file::unlink(path).and_then(|()| {
        let directory = file::open_directory(directory(path))?;
        file::fsync(directory.as_fd())
    });
    match gone {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(Failure::new(format!("remove the former '{}'", path.display()), errno)),
    }
}

/// What is known of the writes of the job that ran before, and a note for the user. A state is there only if
/// that job has ended, so that it counts more than a journal, which a power cut may have brought back.
pub(super) fn load(
    paths: &Paths,
    depth: usize,
    policy: VerifyPolicy,
) -> Result<(Saved, Option<String>), Failure> {
    let unusable = |path: &Path, error: &dyn std::fmt::Display| {
        Failure::rule(format!("cannot use '{}' (verify_state_load): {error}", path.display()))
    };
    if let Some(bytes) = read(&paths.state, state::MOST_BYTES)? {
        let state = State::decode(&bytes, depth).map_err(|error| unusable(&paths.state, &error))?;
        return Ok((state.saved(policy), None));
    }
    let Some(bytes) = read(&paths.journal, journal::most_bytes())? else {
        let action = format!("load the verify state '{}'", paths.state.display());
        return Err(Failure::new(action, Errno::NOENT).with_remedy(
            "a job of this name and number leaves it when it has written with verification, in the working directory or that of --aux-path",
        ));
    };
    let saved = journal::decode(&bytes).map_err(|error| unusable(&paths.journal, &error))?;
    let note = format!(
        "by the journal '{}' of the job that wrote, which has not saved its state, it had issued {} writes, of which {} were in flight and {} had failed; of the first {}, all that had been acknowledged were durable",
        paths.journal.display(),
        saved.writes(),
        saved.in_flight().len(),
        saved.failed().len(),
        saved.durable_writes(),
    );
    Ok((saved, Some(note)))
}

/// The content of a file of at most so many bytes; `None` if there is none.
fn read(path: &Path, most: u64) -> Result<Option<Vec<u8>>, Failure> {
    let failed = |errno| Failure::new(format!("read '{}'", path.display()), errno);
    let fd = match file::facts(path) {
        Err(Errno::NOENT) => return Ok(None),
        Err(errno) => return Err(failed(errno)),
        Ok(facts) if facts.kind != Kind::Regular || facts.size_bytes > most => {
            return Err(Failure::rule(format!(
                "'{}' is no file of a saved verification: it is not a regular file, or too large",
                path.display()
            )));
        }
        Ok(_) => file::open(path, &OpenHow::default()).map_err(failed)?,
    };
    let mut bytes = Vec::new();
    let mut part = vec![0; 64 * 1024];
    while (bytes.len() as u64) <= most {
        let count = file::pread(fd.as_fd(), &mut part, bytes.len() as u64).map_err(failed)?;
        if count == 0 {
            break;
        }
        bytes.extend_from_slice(part.get(..count).unwrap_or_default());
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use fiord_options::plan::VerifyJournal;
    use fiord_workload::verify::Fates;
    use fiord_workload::verify::fates::{Extent, FREE, Fate};
    use fiord_workload::verify::state::Position;

    use super::*;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Scratch {
            let path = std::env::temp_dir().join(format!("fiord-state-{name}-{}", process::id().0));
            std::fs::create_dir_all(&path).unwrap();
            Scratch(path)
        }

        fn paths(&self) -> Paths {
            Paths { state: self.0.join("j-verify.state"), journal: self.0.join("j-verify.journal") }
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn saved_state() -> State {
        State {
            extent: Extent { writes: 5, in_flight: vec![FREE, 4] },
            failed: vec![],
            index: 0,
            offsets: Position::Narrow([1, 2, 3]),
            name: b"j".to_vec(),
        }
    }

    #[test]
    fn a_state_is_saved_and_loaded() {
        let scratch = Scratch::new("round");
        let paths = scratch.paths();
        for _ in 0..2 {
            save(&paths.state, &saved_state()).unwrap();
        }
        let (saved, note) = load(&paths, 2, VerifyPolicy::Completed).unwrap();
        assert_eq!(
            [3, 4, 5].map(|n| saved.fate(n)),
            [Fate::Acknowledged, Fate::InFlight, Fate::Never]
        );
        assert_eq!(note, None);
        let left = std::fs::read_dir(&scratch.0).unwrap().count();
        assert_eq!(left, 1, "no other file is left");
    }

    #[test]
    fn a_state_counts_more_than_a_journal_that_is_back() {
        let scratch = Scratch::new("both");
        let paths = scratch.paths();
        let fates = Fates::new(2, 1, false);
        let place = (VerifyJournal::Buffered, 2);
        drop(super::super::journal::Journal::create(&paths.journal, place, &fates).unwrap());
        let (saved, note) = load(&paths, 2, VerifyPolicy::Completed).unwrap();
        assert_eq!(saved.fate(0), Fate::Never);
        assert!(note.unwrap().contains("journal"));
        save(&paths.state, &saved_state()).unwrap();
        let (saved, note) = load(&paths, 2, VerifyPolicy::Completed).unwrap();
        assert_eq!((saved.fate(0), note), (Fate::Acknowledged, None));
    }

    #[test]
    fn what_cannot_be_loaded_is_told() {
        let scratch = Scratch::new("bad");
        let paths = scratch.paths();
        let error =
            |paths: &Paths| load(paths, 1, VerifyPolicy::Completed).unwrap_err().to_string();
        assert!(error(&paths).contains("--aux-path"));
        std::fs::write(&paths.state, b"nothing").unwrap();
        assert!(error(&paths).contains("7 bytes"));
        std::fs::remove_file(&paths.state).unwrap();
        std::fs::create_dir(&paths.state).unwrap();
        assert!(error(&paths).contains("regular file"));
        let nowhere = Path::new("/nonexistent/x.state");
        assert!(save(nowhere, &saved_state()).unwrap_err().to_string().contains("--aux-path"));
    }
}
