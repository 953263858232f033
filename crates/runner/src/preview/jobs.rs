//! What each job and clone would do with which files, in the order in which a run looks at them: the
//! layout of a job finds the files that those before it have made.

use std::path::Path;

use fiord_base::random::StreamSeeds;
use fiord_base::{DATA, Quantity};
use fiord_engine::{Caps, Registration, find};
use fiord_options::Plan;
use fiord_options::plan::{EndOthers, EndScope, Execution, Fallocate, JobPlan, Seeds};
use fiord_sys::file::{self, Kind};

use super::amounts::{self, Bounds};
use super::data::{
    Amounts, BlockBytes, Certainty, CloneRange, Effect, FileKind, FileRange, JobPreview,
    LayoutPreview,
};
use super::targets::{self, Role, Sight, Targets, UNLIMITED_BYTES, shown};
use super::{MOST_FILES, MOST_STEPS, Scope, caps_of, memory};
use crate::failure::Failure;
use crate::layout::{self, Expected, TargetFile};
use crate::rehearsal;
use crate::worker::depth;

/// Fewest files of a job that are described one by one.
const FEWEST_FILES: usize = 4;

/// Stands for entropy where a run would draw some.
const NO_ENTROPY: u64 = 0;

/// Goes through the jobs.
pub(super) struct Inspection<'a> {
    plan: &'a Plan,
    registry: &'a [Registration],
    bounds: Bounds,
    /// Files that layouts have made so far.
    expected: Expected,
    pub(super) targets: Targets,
    pub(super) files_omitted: u64,
    /// Files that the present job may still describe.
    files_left: usize,
}

impl<'a> Inspection<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        registry: &'a [Registration],
        scope: Scope,
    ) -> Inspection<'a> {
        Inspection {
            plan,
            registry,
            bounds: Bounds { steps: MOST_STEPS, exact: scope == Scope::Whole },
            expected: Expected::default(),
            targets: Targets::default(),
            files_omitted: 0,
            files_left: 0,
        }
    }

    /// One section with all its clones.
    pub(super) fn job(&mut self, job: &JobPlan) -> JobPreview {
        let caps = caps_of(job, self.registry);
        let mut shown = describe(job, caps);
        self.files_left = (MOST_FILES / self.plan.jobs.len().max(1)).max(FEWEST_FILES);
        if let Some(replay) = job.replay.as_ref() {
            shown.replays =
                replay.sources.iter().map(|path| targets::shown(path.as_ref())).collect();
            shown.amounts.certainty = Certainty::Open;
            return shown;
        }
        if find(self.registry, &job.engine.name).is_none() && caps.diskless {
            // What such an engine works on is not known here.
            if let Some(Quantity::Bytes(bytes)) = job.region.size {
                let clone = amounts::expected(job, bytes);
                (0..job.clones).for_each(|_| shown.amounts.add(&clone));
            }
            return shown;
        }
        if let Some(failure) = self.refusal(job) {
            shown.clones_failing = job.clones;
            shown.failure = Some(failure.text);
            (0..job.clones).for_each(|index| self.mention(job, job.clone_number(index), caps));
            return shown;
        }
        for index in 0..job.clones {
            self.clone(job, index, caps, &mut shown);
        }
        shown
    }

    /// Why the kernel would not let the job run, if it is one that this version can run.
    fn refusal(&self, job: &JobPlan) -> Option<Failure> {
        let entry = find(self.registry, &job.engine.name).filter(|_| self.bounds.exact)?;
        rehearsal::ask(job, entry, job.clones).err()
    }

    fn clone(&mut self, job: &JobPlan, index: u32, caps: Caps, shown: &mut JobPreview) {
        let seeds = match job.pattern.seeds {
            Seeds::Base { base, .. } => {
                StreamSeeds::derive(base, job.first_thread_number.saturating_add(index))
            }
            Seeds::System => StreamSeeds::derive(NO_ENTROPY, 1),
        };
        let clone_number = job.clone_number(index);
        let request = layout::Request {
            job,
            clone_number,
            seeds: &seeds,
            pool: &[],
            caps,
            readonly: self.plan.readonly,
            expected: Some(&self.expected),
        };
        let layout::Survey { layout, missing } = match layout::survey(&request) {
            Ok(survey) => survey,
            Err(failure) => {
                shown.clones_failing += 1;
                shown.failure.get_or_insert(failure.text);
                self.mention(job, clone_number, caps);
                return;
            }
        };
        let regions = layout.regions(job.first_thread_number.saturating_add(index));
        let whole = layout::fills(job, caps);
        let fills = whole && !missing.is_empty();
        shown.memory.add(&memory::of_clone(job, (&regions, &seeds), caps, fills));
        let amounts = amounts::of_clone(job, &regions, &seeds, caps, &mut self.bounds);
        shown.amounts.add(&amounts);
        let mut range = CloneRange {
            clones: vec![clone_number],
            size_bytes: (layout.size < UNLIMITED_BYTES).then_some(layout.size),
            io_size_bytes: layout.io_size,
            ..CloneRange::default()
        };
        let mut is_missing = vec![false; layout.files.len()];
        missing.iter().for_each(|i| is_missing[*i] = true);
        for (target, missing) in layout.files.iter().zip(is_missing) {
            let work = Work { job, caps, target, missing, whole };
            let file = self.file(&work);
            count(&file, &mut shown.layout);
            if range.files.len() < self.files_left {
                range.files.push(file);
            } else {
                range.files_omitted += 1;
            }
        }
        self.keep(range, shown);
    }

    /// Describes a clone, together with those that do the same.
    fn keep(&mut self, range: CloneRange, shown: &mut JobPreview) {
        if let Some(last) = shown.ranges.last_mut()
            && is_same(last, &range)
        {
            last.clones.extend(range.clones);
            return;
        }
        if self.files_left == 0 {
            shown.ranges_omitted += 1;
            self.files_omitted += range.files_omitted;
            return;
        }
        self.files_left -= range.files.len();
        self.files_omitted += range.files_omitted;
        shown.ranges.push(range);
    }

    /// One file of a clone.
    fn file(&mut self, work: &Work<'_>) -> FileRange {
        let Work { job, caps, target, .. } = *work;
        let kind = kind(target, caps);
        let facts = match kind {
            FileKind::Label | FileKind::Standard => None,
            _ => file::facts(&target.path).ok(),
        };
        let present = facts.filter(|facts| facts.kind == Kind::Regular).map(|f| f.size_bytes);
        let present = if kind == FileKind::Block { Some(target.real_bytes) } else { present };
        let effect = self.effect(work, facts.is_some());
        let (mut written_bytes, mut reserved_bytes) = (0, 0);
        if work.missing {
            let bytes = Some(target.end()).filter(|end| *end < UNLIMITED_BYTES).unwrap_or(0);
            match work.whole {
                true => written_bytes = bytes,
                false if reserves(job) => reserved_bytes = bytes,
                false => {}
            }
            self.expected.insert(target.path.clone(), work.bytes_after(present));
        }
        let rw = job.pattern.rw;
        let bounded = target.size < UNLIMITED_BYTES;
        let range = FileRange {
            path: shown(&target.path),
            kind,
            present_bytes: present,
            offset: target.offset,
            size_bytes: bounded.then_some(target.size),
            blocks: bounded.then(|| target.size / job.blocks.smallest(rw).max(1)),
            effect,
            written_bytes,
            reserved_bytes,
        };
        self.targets.see(&Sight {
            job: &job.name,
            path: &target.path,
            facts,
            range: &range,
            needed_bytes: if bounded { target.real_bytes } else { 0 },
            role: match (rw.write || rw.trim) && !job.files.create_only && !job.limits.verify_only {
                true => Role::Writes,
                false => Role::Reads,
            },
            removes: job.files.unlink && kind == FileKind::Regular,
        });
        range
    }

    fn effect(&self, work: &Work<'_>, exists: bool) -> Effect {
        let path = &work.target.path;
        let regular = kind(work.target, work.caps) == FileKind::Regular;
        match (work.missing, exists) {
            (true, false) => Effect::Created,
            (true, true) if work.is_made_anew() => Effect::Replaced,
            (true, true) => Effect::Extended,
            (false, _) if !regular => Effect::Kept,
            (false, false) if self.expected.contains_key(path) => Effect::CreatedEarlier,
            (false, false) if work.is_made_at_open() => Effect::CreatedAtOpen,
            (false, false) => Effect::Kept,
            (false, true) if self.expected.contains_key(path) => Effect::ChangedEarlier,
            (false, true) => Effect::Kept,
        }
    }

    /// Notes the targets of a clone that cannot start, as far as they have names.
    fn mention(&mut self, job: &JobPlan, clone_number: u32, caps: Caps) {
        if caps.diskless {
            return;
        }
        let names = layout::names(&job.files, job.os_name(), clone_number).unwrap_or_default();
        for path in names {
            let facts = file::facts(&path).ok();
            let range = FileRange {
                path: shown(&path),
                kind: facts.map_or(FileKind::Regular, |facts| of_kind(facts.kind)),
                ..FileRange::default()
            };
            let idle = Sight {
                job: &job.name,
                path: &path,
                facts,
                range: &range,
                needed_bytes: 0,
                role: Role::Refused,
                removes: false,
            };
            self.targets.see(&idle);
        }
    }
}

/// What is to be done with one file.
#[derive(Clone, Copy)]
struct Work<'a> {
    job: &'a JobPlan,
    caps: Caps,
    target: &'a TargetFile,
    /// It is missing or too short.
    missing: bool,
    /// Layouts fill files.
    whole: bool,
}

impl Work<'_> {
    /// A layout removes what is there first.
    fn is_made_anew(&self) -> bool {
        self.whole || !(self.job.files.append || self.job.files.overwrite)
    }

    /// The job makes it as it opens it.
    fn is_made_at_open(&self) -> bool {
        let rw = self.job.pattern.rw;
        (rw.write || rw.trim) && self.job.files.allow_create
    }

    /// Size of the file when its layout is done.
    fn bytes_after(&self, present: Option<u64>) -> u64 {
        let sized = matches!(
            self.job.files.fallocate,
            Fallocate::Native | Fallocate::Posix | Fallocate::Truncate
        );
        match (self.whole, self.is_made_anew()) {
            (true, _) => self.target.end(),
            (false, _) if sized && reserves(self.job) => self.target.end(),
            (false, true) => 0,
            (false, false) => present.unwrap_or(0),
        }
    }
}

/// True if a layout reserves room.
fn reserves(job: &JobPlan) -> bool {
    job.files.fallocate != Fallocate::None && !job.region.fill_device
}

fn is_same(a: &CloneRange, b: &CloneRange) -> bool {
    // What the first of them finds missing, the others find there.
    let same = |(a, b): (&FileRange, &FileRange)| {
        (&a.path, a.offset, a.size_bytes) == (&b.path, b.offset, b.size_bytes)
    };
    (a.size_bytes, a.io_size_bytes, a.files.len(), a.files_omitted)
        == (b.size_bytes, b.io_size_bytes, b.files.len(), b.files_omitted)
        && a.files.iter().zip(&b.files).all(same)
}

fn count(file: &FileRange, layout: &mut LayoutPreview) {
    let one = LayoutPreview {
        created: u64::from(file.effect == Effect::Created),
        replaced: u64::from(file.effect == Effect::Replaced),
        extended: u64::from(file.effect == Effect::Extended),
        written_bytes: file.written_bytes,
        reserved_bytes: file.reserved_bytes,
    };
    layout.add(&one);
}

fn kind(target: &TargetFile, caps: Caps) -> FileKind {
    match target.kind {
        _ if caps.diskless => FileKind::Label,
        _ if target.path == Path::new("-") => FileKind::Standard,
        kind => of_kind(kind),
    }
}

fn of_kind(kind: Kind) -> FileKind {
    match kind {
        Kind::Regular => FileKind::Regular,
        Kind::Block => FileKind::Block,
        Kind::Character => FileKind::Character,
        Kind::Directory => FileKind::Directory,
        Kind::Fifo => FileKind::Fifo,
        Kind::Other => FileKind::Other,
    }
}

/// What follows from the plan alone.
fn describe(job: &JobPlan, caps: Caps) -> JobPreview {
    let (rw, blocks) = (job.pattern.rw, &job.blocks);
    let sizes = |direction| BlockBytes {
        direction: fiord_base::Direction::name(direction),
        min: blocks.min[direction],
        max: blocks.max[direction],
    };
    JobPreview {
        name: job.name.clone(),
        group: job.group,
        first_thread_number: job.first_thread_number,
        clones: job.clones,
        execution: match job.execution {
            Execution::Process => "process",
            Execution::Thread => "thread",
        },
        rw: rw.name(),
        read_percent: rw.is_mixed().then_some(job.pattern.read_percent),
        block_bytes: DATA.into_iter().filter(|d| rw.has(*d)).map(sizes).collect(),
        engine: job.engine.name.clone(),
        depth: depth(job, caps),
        direct: job.files.direct,
        stonewall: job.stonewall,
        wait_for: job.schedule.wait_for.clone(),
        ends_others: (job.schedule.end_others == EndOthers::Always).then_some(
            match job.schedule.end_scope {
                EndScope::Group => "group",
                EndScope::Stonewall => "phase",
                EndScope::All => "all",
            },
        ),
        ramp_ns: job.limits.ramp_ns.unwrap_or(0),
        ramp_bytes: job.limits.ramp_bytes,
        runtime_ns: job.limits.runtime_ns,
        loops: job.limits.loops,
        amounts: Amounts::default(),
        ..JobPreview::default()
    }
}
