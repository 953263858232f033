//! From a plan to files that exist: names, sizes, regions, and the creation of what is missing.
//!
//! The parent lays out the files of all jobs, one after the other, before any job starts; with
//! `create_serialize=0` each worker does it for itself. Whatever can be refused is refused before the
//! first byte is written. (fio 3.42's rules; see `docs/differences.md` for where we differ.)

mod atomic;
mod names;

use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use fiord_base::Direction;
use fiord_base::random::StreamSeeds;
use fiord_engine::Caps;
use fiord_options::Plan;
use fiord_options::plan::{Fallocate, JobPlan, TargetKind};
use fiord_sys::Errno;
use fiord_sys::file::{self, Access, DeviceNumber, Facts, Kind, OpenHow, Reserve};
use fiord_workload::region::{self, FileRegion, Regions, Target};
use fiord_workload::{Filler, Shape};
use serde::{Deserialize, Serialize};

use crate::direct;
use crate::drive::BlockGrid;
use crate::failure::Failure;
pub(crate) use names::names;

/// Bytes written at once while a file is filled.
const FILL_BYTES: usize = 1 << 20;

/// Longest block whose contents are made in one piece.
const MOST_FILL_BYTES: usize = 16 << 20;

/// The files of one clone, ready to be opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Layout {
    /// In the order of the generator's indices.
    pub(crate) files: Vec<TargetFile>,
    /// Bytes over all regions.
    pub(crate) size: u64,
    /// Bytes to move per loop, where the job says so.
    pub(crate) io_size: Option<u64>,
    /// Where the streams of contents stood when files had been filled, and the job's own contents
    /// follow; empty if none were.
    pub(crate) filled: Vec<u64>,
}

impl Layout {
    /// As the generator of the clone of this running number wants it.
    pub(crate) fn regions(&self, thread_number: u32) -> Regions {
        let region = |f: &TargetFile| {
            let (offset, size, real_size) = (f.offset, f.size, f.real_bytes);
            let region = FileRegion { offset, size, real_size, ..FileRegion::default() };
            region.salted(f.path.as_os_str().as_encoded_bytes(), thread_number)
        };
        let files = self.files.iter().map(region).collect();
        Regions { files, size: self.size, io_size: self.io_size }
    }
}

/// One target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TargetFile {
    /// Where it is.
    #[serde(with = "any_path")]
    pub(crate) path: PathBuf,
    /// What it is.
    #[serde(with = "kind_number")]
    pub(crate) kind: Kind,
    /// Bytes once laid out; 0 if unknown.
    pub(crate) real_bytes: u64,
    /// First byte of the part that the job uses.
    pub(crate) offset: u64,
    /// Bytes of that part.
    pub(crate) size: u64,
}

impl TargetFile {
    /// First byte behind the part that the job uses.
    pub(crate) fn end(&self) -> u64 {
        self.offset.saturating_add(self.size)
    }
}

/// Paths are any bytes; the usual serialised form of [`PathBuf`] refuses those that are not UTF-8.
mod any_path {
    use std::ffi::OsString;
    use std::path::{Path, PathBuf};

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
        path.as_os_str().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
        OsString::deserialize(from).map(PathBuf::from)
    }
}

/// [`Kind`] belongs to `sys`, which knows nothing of serialisation.
mod kind_number {
    use fiord_sys::file::Kind;
    use serde::{Deserialize, Deserializer, Serializer};

    const KINDS: [Kind; 6] =
        [Kind::Regular, Kind::Block, Kind::Character, Kind::Directory, Kind::Fifo, Kind::Other];

    pub(super) fn serialize<S: Serializer>(kind: &Kind, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u8(KINDS.iter().position(|k| k == kind).unwrap_or(KINDS.len()) as u8)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Kind, D::Error> {
        let number = u8::deserialize(from)?;
        Ok(KINDS.get(usize::from(number)).copied().unwrap_or(Kind::Other))
    }
}

/// Who lays out: what does not follow from the plan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) job: &'a JobPlan,
    pub(crate) clone_number: u32,
    pub(crate) seeds: &'a StreamSeeds,
    /// Seeds of contents that jobs share.
    pub(crate) pool: &'a [u64],
    pub(crate) caps: Caps,
    pub(crate) readonly: bool,
    /// Regular files that are not as they would be then, with their sizes: what other layouts would
    /// have made of them. Nothing in a run, where those have been done.
    pub(crate) expected: Option<&'a Expected>,
}

/// Sizes of regular files by path.
pub(crate) type Expected = HashMap<PathBuf, u64>;

impl Request<'_> {
    /// Facts about a path as of when the layout would be done.
    fn facts(&self, path: &Path) -> Result<Facts, Errno> {
        match self.expected.and_then(|expected| expected.get(path)) {
            Some(&size_bytes) => Ok(Facts {
                kind: Kind::Regular,
                size_bytes,
                on_device: DeviceNumber::default(),
                is_device: DeviceNumber::default(),
                inode: 0,
            }),
            None => file::facts(path),
        }
    }
}

/// Progress of a layout.
pub(crate) trait Watcher {
    /// Files are about to be created.
    fn begin(&mut self, job: &str, files: usize, bytes: u64);
    /// So many bytes of them are written; false to give up.
    fn progress(&mut self, done: u64, total: u64) -> bool;
}

/// Resolves the files of a clone and creates those that are missing or too short.
pub(crate) fn lay_out(request: &Request<'_>, watcher: &mut dyn Watcher) -> Result<Layout, Failure> {
    let Survey { mut layout, missing } = survey(request)?;
    if missing.is_empty() {
        return Ok(layout);
    }
    let (job, caps) = (request.job, request.caps);
    let whole = fills(job, caps);
    // Sparse files may be larger than any sum: it is for those who watch.
    let ends = missing.iter().map(|index| layout.files[*index].end());
    let total = ends.fold(0, u64::saturating_add);
    if whole || job.files.fallocate != Fallocate::None {
        watcher.begin(&job.name, missing.len(), total);
    }
    let mut done = 0_u64;
    let mut content = LayoutContent::new(request, layout.size)?;
    for index in missing {
        let target = &mut layout.files[index];
        let reached = create((job, caps), target, whole.then_some(&mut content), &mut |bytes| {
            watcher.progress(done.saturating_add(bytes), total)
        })?;
        done = done.saturating_add(target.end());
        if let Ok(fd) = file::open(&target.path, &OpenHow::default()) {
            atomic::check(job, target, fd.as_fd()).inspect_err(|_| {
                // One that was there before has been looked at before.
                let _ = file::unlink(&target.path);
            })?;
        }
        // A device that is full, which the job expects, ends the region where it ends the file.
        let lost = target.end() - reached.clamp(target.offset, target.end());
        target.size -= lost;
        target.real_bytes = target.real_bytes.min(reached.max(target.offset));
        layout.size = layout.size.saturating_sub(lost);
    }
    layout.filled = content.position();
    Ok(layout)
}

/// What a layout would do.
#[derive(Clone, Debug)]
pub(crate) struct Survey {
    /// The files as they would be.
    pub(crate) layout: Layout,
    /// Those of them that must be created or extended before the job.
    pub(crate) missing: Vec<usize>,
}

/// Finds out what a layout would do, and whether it may, without changing anything.
pub(crate) fn survey(request: &Request<'_>) -> Result<Survey, Failure> {
    let layout = resolve(request)?;
    let (job, caps) = (request.job, request.caps);
    BlockGrid::of(job, &layout.files)?;
    if job.files.direct && !caps.diskless && !caps.any_alignment {
        let storage = |t: &&TargetFile| matches!(t.kind, Kind::Regular | Kind::Block);
        for target in layout.files.iter().filter(storage) {
            // A target that cannot be opened now says so when the job opens it.
            if let Ok(fd) = file::open(&target.path, &OpenHow::default()) {
                direct::check(job, target, fd.as_fd())?;
                atomic::check(job, target, fd.as_fd())?;
            }
        }
    }
    if caps.diskless || job.files.create_on_open {
        return Ok(Survey { layout, missing: Vec::new() });
    }
    let numbers = 0..layout.files.len();
    let missing: Vec<usize> = numbers.filter(|i| needs_work(request, &layout.files[*i])).collect();
    let Some(first) = missing.first().map(|i| layout.files[*i].path.display()) else {
        return Ok(Survey { layout, missing });
    };
    if request.readonly {
        return Err(Failure::rule(format!(
            "--readonly forbids creating '{first}', which the job needs"
        )));
    }
    if !job.files.allow_create {
        return Err(Failure {
            errno: Errno::NOENT,
            text: format!(
                "'{first}' is missing or too short, and allow_file_create=0 forbids creating it"
            ),
        });
    }
    Ok(Survey { layout, missing })
}

/// True if the file must be created or extended before the job.
fn needs_work(request: &Request<'_>, target: &TargetFile) -> bool {
    if target.kind != Kind::Regular || target.path.as_os_str() == "-" {
        return false;
    }
    match request.facts(&target.path) {
        Ok(facts) => facts.size_bytes < target.end() && !request.job.files.append,
        Err(_) => true,
    }
}

/// True if files get their contents before the job; plain writes only get room.
pub(crate) fn fills(job: &JobPlan, caps: Caps) -> bool {
    let rw = job.pattern.rw;
    rw.read || rw.trim || job.files.overwrite || caps.no_extend
}

/// Resolves names, sizes and regions without changing anything.
fn resolve(request: &Request<'_>) -> Result<Layout, Failure> {
    let job = request.job;
    let mut found = Vec::new();
    for path in names(&job.files, job.os_name(), request.clone_number)? {
        found.push(look_at(request, path)?);
    }
    if found.is_empty() {
        return Err(Failure::rule("the job has no files"));
    }
    let targets: Vec<Target> = found.iter().map(|(_, _, target)| *target).collect();
    let regions =
        region::regions(job, request.clone_number, &targets, request.seeds).map_err(|error| {
            let name = found.first().map(|(path, ..)| path.display().to_string());
            Failure::rule(format!("{error} ('{}')", name.unwrap_or_default()))
        })?;
    let files = found
        .into_iter()
        .zip(regions.files)
        .map(|((path, kind, _), region)| TargetFile {
            path,
            kind,
            real_bytes: region.real_size,
            offset: region.offset,
            size: region.size,
        })
        .collect();
    Ok(Layout { files, size: regions.size, io_size: regions.io_size, filled: Vec::new() })
}

/// Kind and size of a target, and whether the job may use it.
fn look_at(request: &Request<'_>, path: PathBuf) -> Result<(PathBuf, Kind, Target), Failure> {
    let job = request.job;
    let rw = job.pattern.rw;
    if request.caps.diskless {
        return Ok((path, Kind::Other, Target::Label));
    }
    if path.as_os_str() == "-" {
        return Ok((path, Kind::Character, Target::File(0)));
    }
    let shown = path.display();
    let facts = match request.facts(&path) {
        Ok(facts) => facts,
        Err(Errno::NOENT) => return Ok((path, Kind::Regular, Target::File(0))),
        Err(errno) => return Err(Failure::new(format!("look at '{shown}'"), errno)),
    };
    let kind = match job.files.kind {
        Some(TargetKind::Regular) => Kind::Regular,
        Some(TargetKind::Block) => Kind::Block,
        Some(TargetKind::Character) => Kind::Character,
        None => facts.kind,
    };
    match kind {
        Kind::Directory => Err(Failure {
            errno: Errno::ISDIR,
            text: format!(
                "'{shown}' is a directory; use directory={shown} to work in it, or opendir={shown} to use the files below it"
            ),
        }),
        Kind::Block => {
            if (rw.write || rw.trim)
                && !job.files.allow_mounted_write
                && file::is_mounted(facts.is_device) == Some(true)
            {
                return Err(Failure {
                    errno: Errno::BUSY,
                    text: format!(
                        "'{shown}' is mounted and the job writes to it; unmount it, or say allow_mounted_write=1 if its contents may be destroyed"
                    ),
                });
            }
            let how = OpenHow::default();
            let fd = file::open(&path, &how)
                .map_err(|errno| Failure::new(format!("open '{shown}'"), errno))?;
            let size = file::size_bytes(fd.as_fd())
                .map_err(|errno| Failure::new(format!("ask for the size of '{shown}'"), errno))?;
            Ok((path, kind, Target::Device(size)))
        }
        _ => Ok((path, kind, Target::File(facts.size_bytes))),
    }
}

/// Creates one file, or makes it long enough. A file that cannot be finished is removed, so that a
/// layout that fails for want of space does not keep what space there was. Returns the end of the
/// file: less than asked for only if the job fills its device, and that is full.
fn create(
    (job, caps): (&JobPlan, Caps),
    target: &TargetFile,
    content: Option<&mut LayoutContent>,
    progress: &mut dyn FnMut(u64) -> bool,
) -> Result<u64, Failure> {
    let path = &target.path;
    let shown = path.display();
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        file::make_directories(parent).map_err(|errno| {
            Failure::new(format!("create the directory '{}'", parent.display()), errno)
        })?;
    }
    let fresh = content.is_some() || !(job.files.append || job.files.overwrite);
    if fresh {
        match file::unlink(path) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(Failure::new(format!("replace '{shown}'"), errno)),
        }
    }
    let how = OpenHow { access: Access::Write, create: Some(0o644), ..OpenHow::default() };
    let fd =
        file::open(path, &how).map_err(|errno| Failure::new(format!("create '{shown}'"), errno))?;
    let made = if caps.any_alignment { Ok(()) } else { direct::check(job, target, fd.as_fd()) };
    let made = made.and_then(|()| extend(job, target, fd.as_fd(), content, progress));
    if made.is_err() && fresh {
        // The first failure is the one to be told.
        let _ = file::unlink(path);
    }
    made
}

/// Reserves the room of a file, and fills it if there is content; returns its end as `create` does.
fn extend(
    job: &JobPlan,
    target: &TargetFile,
    fd: BorrowedFd<'_>,
    content: Option<&mut LayoutContent>,
    progress: &mut dyn FnMut(u64) -> bool,
) -> Result<u64, Failure> {
    let shown = target.path.display();
    let bytes = target.end();
    reserve(job, fd, bytes)
        .map_err(|errno| Failure::new(format!("reserve {bytes} bytes for '{shown}'"), errno))?;
    let Some(content) = content else { return Ok(bytes) };
    if !job.region.fill_device {
        file::truncate(fd, bytes)
            .map_err(|errno| Failure::new(format!("give '{shown}' {bytes} bytes"), errno))?;
    }
    let mut buffer = vec![0; fill_buffer_bytes(job).min(bytes as usize)];
    let mut at = 0;
    while at < bytes {
        let part = buffer.len().min((bytes - at) as usize);
        content.fill(&mut buffer[..part]);
        let mut from = &buffer[..part];
        while !from.is_empty() {
            match file::pwrite(fd, from, at) {
                Ok(written) if written > 0 => {
                    from = &from[written..];
                    at += written as u64;
                }
                Err(Errno::NOSPC | Errno::DQUOT) if job.region.fill_device => return Ok(at),
                Ok(_) => return Err(Failure::new(format!("write '{shown}'"), Errno::NOSPC)),
                Err(errno) => {
                    let action = format!("write {bytes} bytes to '{shown}' (at {at})");
                    return Err(Failure::new(action, errno));
                }
            }
        }
        if !progress(at) {
            return Err(Failure::new(format!("finish writing '{shown}'"), Errno::INTR));
        }
    }
    if job.files.create_fsync {
        file::fsync(fd).map_err(|errno| Failure::new(format!("flush '{shown}'"), errno))?;
    }
    Ok(bytes)
}

/// Reserves room as `fallocate=` says.
fn reserve(job: &JobPlan, fd: BorrowedFd<'_>, bytes: u64) -> Result<(), Errno> {
    if job.region.fill_device || bytes == 0 {
        return Ok(());
    }
    match job.files.fallocate {
        Fallocate::None => Ok(()),
        // The job goes on without a reservation where the file system has none.
        Fallocate::Native => match file::reserve(fd, 0, bytes, Reserve::Native) {
            Err(Errno::NOSPC) => Err(Errno::NOSPC),
            _ => Ok(()),
        },
        Fallocate::Posix => file::reserve(fd, 0, bytes, Reserve::Posix),
        Fallocate::Keep => file::reserve(fd, 0, bytes, Reserve::KeepSize),
        Fallocate::Truncate => file::truncate(fd, bytes),
    }
}

/// Refuses directories that are missing: below them nothing is created, since a slip or a file system
/// that is not mounted would fill another one.
pub(crate) fn check_directories(plan: &Plan) -> Result<(), Failure> {
    for job in &plan.jobs {
        for directory in job.files.directories.iter() {
            let path = Path::new(directory);
            let shown = path.display();
            let missing = match file::facts(path) {
                Ok(facts) if facts.kind == Kind::Directory => continue,
                Ok(_) => Errno::NOTDIR,
                Err(errno) => errno,
            };
            let action = format!("use the directory '{shown}' of job '{}'", job.name);
            return Err(Failure::new(action, missing)
                .with_remedy("directory= names one that exists already"));
        }
    }
    Ok(())
}

/// Bytes of the blocks that files are filled with.
fn fill_block_bytes(job: &JobPlan) -> usize {
    job.blocks.max[Direction::Write].clamp(1, MOST_FILL_BYTES as u64) as usize
}

/// Bytes of a whole number of blocks, about as many as are written at once.
pub(crate) fn fill_buffer_bytes(job: &JobPlan) -> usize {
    let block = fill_block_bytes(job);
    block * (FILL_BYTES / block).max(1)
}

/// What files that are laid out hold: what the job would write, in its largest blocks.
struct LayoutContent {
    filler: Filler,
    block_bytes: usize,
    used: bool,
}

impl LayoutContent {
    fn new(request: &Request<'_>, size: u64) -> Result<LayoutContent, Failure> {
        let job = request.job;
        let shape = Shape::of(job, size, request.pool);
        let filler = Filler::new(&job.data, job.pattern.generator, true, request.seeds, &shape)
            .map_err(|error| Failure::rule(error.to_string()))?;
        Ok(LayoutContent { filler, block_bytes: fill_block_bytes(job), used: false })
    }

    /// Where the job goes on; empty if nothing was filled.
    fn position(&self) -> Vec<u64> {
        if self.used { self.filler.position() } else { Vec::new() }
    }

    fn fill(&mut self, buffer: &mut [u8]) {
        for block in buffer.chunks_mut(self.block_bytes) {
            self.filler.contents(block);
            self.used = true;
        }
    }
}
