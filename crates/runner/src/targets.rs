//! The targets of a worker while it runs: opening, advising, locking, closing.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use fiord_base::{Direction, FileIndex};
use fiord_engine::{Caps, Engine, Target};
use fiord_options::plan::{Fadvise, FilesPlan, JobPlan, LockMode, SyncMode};
use fiord_sys::Errno;
use fiord_sys::file::{self, Access, Advice, Durability, Kind, LockKind, OpenHow, WriteHint};

use crate::failure::Failure;
use crate::layout::TargetFile;

/// Bytes that are read at once before a job.
pub(crate) const READ_AHEAD_BYTES: usize = 1 << 20;

/// The targets of one worker, by index.
#[derive(Debug)]
pub(crate) struct Targets {
    files: Vec<TargetFile>,
    open: Vec<Option<OwnedFd>>,
    /// Known to the engine.
    attached: Vec<bool>,
    /// Caches were dropped at the first opening.
    invalidated: Vec<bool>,
    how: OpenHow,
    plan: FilesPlan,
    advice: Option<Advice>,
    fsync_on_close: bool,
    writable: bool,
    diskless: bool,
    /// Locks by file, see [`Targets::lock`], and how many of them are held.
    locks: Vec<Held>,
    locked: usize,
}

/// The lock of a file.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    /// Requests on their way under it; it is held while there are any.
    requests: usize,
    /// Requests since it was taken.
    taken: usize,
    /// Nobody else reads.
    exclusive: bool,
}

impl Targets {
    pub(crate) fn new(job: &JobPlan, files: Vec<TargetFile>, caps: Caps) -> Targets {
        let plan = (*job.files).clone();
        let rw = job.pattern.rw;
        let writable = rw.write || rw.trim;
        let how = OpenHow {
            access: if writable || caps.needs_write_access {
                Access::ReadWrite
            } else {
                Access::Read
            },
            create: (writable && plan.allow_create).then_some(0o600),
            direct: plan.direct,
            durability: match plan.sync {
                SyncMode::None => Durability::None,
                SyncMode::Sync => Durability::Sync,
                SyncMode::Dsync => Durability::Dsync,
            },
            ..OpenHow::default()
        };
        let advice = advice(job);
        let open = files.iter().map(|_| None).collect();
        let locks = vec![Held::default(); files.len()];
        let attached = vec![false; files.len()];
        let invalidated = vec![plan.pre_read; files.len()];
        let fsync_on_close = job.flush.fsync_on_close && rw.write;
        Targets {
            files,
            open,
            attached,
            invalidated,
            how,
            plan,
            advice,
            fsync_on_close,
            writable,
            diskless: caps.diskless,
            locks,
            locked: 0,
        }
    }

    /// The files, by index.
    pub(crate) fn files(&self) -> &[TargetFile] {
        &self.files
    }

    /// True while a target is open (or attached, for engines without files).
    pub(crate) fn is_open(&self, index: FileIndex) -> bool {
        self.attached[index.index()]
    }

    /// True if the page cache is bypassed.
    pub(crate) fn is_direct(&self) -> bool {
        self.plan.direct
    }

    /// Reads every target once, so that the page cache holds what fits; as long as `go_on` says so.
    pub(crate) fn read_ahead(&self, go_on: &dyn Fn() -> bool) -> Result<(), Failure> {
        let mut buffer = vec![0; READ_AHEAD_BYTES];
        for (i, target) in self.files.iter().enumerate() {
            if self.diskless || !matches!(target.kind, Kind::Regular | Kind::Block) {
                continue;
            }
            let index = FileIndex(i as u32);
            let fd = file::open(&target.path, &OpenHow::default())
                .map_err(|errno| self.open_failure(index, errno))?;
            let (mut at, end) = (target.offset, target.offset.saturating_add(target.size));
            while at < end && go_on() {
                let part = buffer.len().min((end - at) as usize);
                match file::pread(fd.as_fd(), &mut buffer[..part], at) {
                    Ok(0) => break,
                    Ok(read) => at += read as u64,
                    Err(errno) => {
                        let action = format!("read {} before the job", self.describe(index));
                        return Err(Failure::new(action, errno));
                    }
                }
            }
        }
        Ok(())
    }

    fn describe(&self, index: FileIndex) -> String {
        format!("'{}'", self.files[index.index()].path.display())
    }

    /// Opens a target and makes it known to the engine.
    pub(crate) fn open(
        &mut self,
        index: FileIndex,
        engine: &mut dyn Engine,
    ) -> Result<(), Failure> {
        let target = &self.files[index.index()];
        if !self.diskless && self.open[index.index()].is_none() {
            let how = OpenHow { noatime: target.kind != Kind::Regular, ..self.how };
            let fd = open_target(target, &how).map_err(|errno| self.open_failure(index, errno))?;
            self.advise(fd.as_fd(), target.kind);
            self.open[index.index()] = Some(fd);
        }
        if !std::mem::replace(&mut self.invalidated[index.index()], true) {
            self.invalidate(index);
        }
        let target = &self.files[index.index()];
        self.attached[index.index()] = true;
        let fd = self.open[index.index()].as_ref().map(AsFd::as_fd);
        engine.attach(
            index,
            &Target {
                fd,
                block_device: target.kind == Kind::Block,
                size_bytes: target.real_bytes,
                region: (target.offset, target.size),
                writable: self.writable,
            },
        )?;
        Ok(())
    }

    fn open_failure(&self, index: FileIndex, errno: Errno) -> Failure {
        let failure = Failure::new(format!("open {}", self.describe(index)), errno);
        if errno == Errno::INVAL && self.how.direct {
            return failure
                .with_remedy("its file system has no direct I/O; direct=0 uses the page cache");
        }
        failure
    }

    fn advise(&self, fd: BorrowedFd<'_>, kind: Kind) {
        if matches!(kind, Kind::Character | Kind::Fifo) {
            return;
        }
        // Advice is advice: a file system that refuses it still runs the job.
        if let Some(advice) = self.advice {
            let _ = file::advise(fd, 0, 0, advice);
        }
        if let Some(hint) = self.plan.write_hint.and_then(WriteHint::from_number) {
            let _ = file::set_write_hint(fd, hint);
        }
    }

    /// Drops what the page cache holds of a target. Failure only costs realism.
    pub(crate) fn invalidate(&self, index: FileIndex) {
        let target = &self.files[index.index()];
        if !self.plan.invalidate || self.diskless {
            return;
        }
        let Some(fd) = &self.open[index.index()] else { return };
        let _ = match target.kind {
            Kind::Regular => file::advise(fd.as_fd(), target.offset, target.size, Advice::DontNeed),
            Kind::Block => file::drop_device_cache(fd.as_fd()),
            _ => Ok(()),
        };
    }

    /// Caches are dropped again when targets are opened next.
    pub(crate) fn forget_caches(&mut self) {
        self.invalidated.fill(false);
    }

    /// Closes a target; nothing for it is in flight.
    pub(crate) fn close(
        &mut self,
        index: FileIndex,
        engine: &mut dyn Engine,
    ) -> Result<(), Failure> {
        engine.detach(index);
        self.attached[index.index()] = false;
        let Some(fd) = self.open[index.index()].take() else { return Ok(()) };
        if self.fsync_on_close {
            self.flush_one(fd.as_fd(), index)?;
        }
        Ok(())
    }

    fn flush_one(&self, fd: BorrowedFd<'_>, index: FileIndex) -> Result<(), Failure> {
        match file::fsync(fd) {
            // Some special files have nothing to flush.
            Err(Errno::INVAL) | Ok(()) => Ok(()),
            Err(errno) => Err(Failure::new(format!("flush {}", self.describe(index)), errno)),
        }
    }

    /// Flushes every target that was written, opening those that are closed. One that is to be created
    /// when it is opened may not be there yet.
    pub(crate) fn flush_all(&self, whole_file_system: bool) -> Result<(), Failure> {
        if self.diskless {
            return Ok(());
        }
        for (i, target) in self.files.iter().enumerate() {
            let index = FileIndex(i as u32);
            let reopened;
            let fd = match &self.open[i] {
                Some(fd) => fd.as_fd(),
                None => {
                    let how = OpenHow { access: Access::Read, ..OpenHow::default() };
                    reopened = match open_target(target, &how) {
                        Err(Errno::NOENT) if self.plan.create_on_open => continue,
                        opened => opened.map_err(|errno| self.open_failure(index, errno))?,
                    };
                    reopened.as_fd()
                }
            };
            if whole_file_system {
                file::syncfs(fd).map_err(|errno| {
                    Failure::new(
                        format!("flush the file system of {}", self.describe(index)),
                        errno,
                    )
                })?;
            } else {
                self.flush_one(fd, index)?;
            }
        }
        Ok(())
    }

    /// Removes the regular files of the job.
    pub(crate) fn unlink_all(&self) -> Result<(), Failure> {
        for target in self.files.iter().filter(|t| t.kind == Kind::Regular) {
            match file::unlink(&target.path) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(errno) => {
                    return Err(Failure::new(format!("remove '{}'", target.path.display()), errno));
                }
            }
        }
        Ok(())
    }

    /// True if requests are made under a file lock.
    pub(crate) fn locks(&self) -> bool {
        self.plan.lock != LockMode::None && !self.diskless
    }

    /// Takes the lock for a request, which has it until [`Targets::unlock`]; false if it has to wait for
    /// requests of the job that are on their way.
    ///
    /// Jobs that wait for each other's locks would wait forever: this waits only while the job holds no
    /// lock. A lock serves `turn` requests at most, then the file is free for others before it is taken
    /// again.
    pub(crate) fn lock(
        &mut self,
        index: FileIndex,
        direction: Direction,
        turn: usize,
    ) -> Result<bool, Failure> {
        let Some(fd) = &self.open[index.index()] else { return Ok(true) };
        let (kind, exclusive) = match (self.plan.lock, direction) {
            (LockMode::ReadWrite, Direction::Read) => (LockKind::Shared, false),
            _ => (LockKind::Exclusive, true),
        };
        let held = &mut self.locks[index.index()];
        if held.requests > 0 {
            let covers = (held.exclusive || !exclusive) && held.taken < turn;
            if covers {
                held.requests += 1;
                held.taken += 1;
            }
            return Ok(covers);
        }
        let taken = match self.locked {
            0 => file::lock(fd.as_fd(), kind).map(|()| true),
            _ => file::try_lock(fd.as_fd(), kind),
        };
        let taken =
            taken.map_err(|errno| Failure::new(format!("lock {}", self.describe(index)), errno))?;
        if taken {
            self.locks[index.index()] = Held { requests: 1, taken: 1, exclusive };
            self.locked += 1;
        }
        Ok(taken)
    }

    /// Releases the lock after a request, unless others are under way under it.
    pub(crate) fn unlock(&mut self, index: FileIndex) -> Result<(), Failure> {
        let held = &mut self.locks[index.index()];
        held.requests = held.requests.saturating_sub(1);
        let Some(fd) = &self.open[index.index()] else { return Ok(()) };
        if held.requests > 0 {
            return Ok(());
        }
        self.locked = self.locked.saturating_sub(1);
        file::unlock(fd.as_fd())
            .map_err(|errno| Failure::new(format!("unlock {}", self.describe(index)), errno))
    }
}

/// What files are advised when they are opened.
pub(crate) fn advice(job: &JobPlan) -> Option<Advice> {
    match job.files.fadvise {
        Fadvise::Off => None,
        Fadvise::ByPattern if job.pattern.rw.random => Some(Advice::Random),
        Fadvise::ByPattern => Some(Advice::Sequential),
        Fadvise::Random => Some(Advice::Random),
        Fadvise::Sequential => Some(Advice::Sequential),
        Fadvise::NoReuse => Some(Advice::NoReuse),
    }
}

/// Opens a path, or standard input or output for `-`.
fn open_target(target: &TargetFile, how: &OpenHow) -> Result<OwnedFd, Errno> {
    if target.path.as_os_str().as_bytes() == b"-" {
        return match how.access {
            Access::Read => file::duplicate(std::io::stdin().as_fd()),
            _ => file::duplicate(std::io::stdout().as_fd()),
        };
    }
    file::open(&target.path, how)
}
