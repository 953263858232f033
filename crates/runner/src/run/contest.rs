//! Refuses runs in which a job would check blocks that another job writes at the same time: whatever it
//! finds there says nothing about the storage.
//!
//! Looked at is what the jobs would lay out, before anything of it is done: files by their identity and
//! not by their names, and in each of them the part that a clone uses. Jobs between which a barrier
//! (`stonewall`) stands, or one of which waits for the other one (`wait_for`), run one after another.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use fiord_base::random::StreamSeeds;
use fiord_engine::{Registration, find};
use fiord_options::plan::{JobPlan, VerifyKind};
use fiord_sys::file::{self, DeviceNumber, Kind};

use super::Worker;
use crate::failure::Failure;
use crate::layout::{self, TargetFile};

/// What stands for one file, however it is named.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Identity {
    Device(DeviceNumber),
    Inode(DeviceNumber, u64),
    /// Not there yet.
    Missing(PathBuf),
}

/// A part of a file that a clone uses.
#[derive(Debug)]
struct Claim<'a> {
    job: &'a JobPlan,
    clone: u32,
    target: TargetFile,
    writes: bool,
    checks: bool,
}

/// Refuses the run if clones would write what others, or they themselves, check at the same time.
pub(super) fn refuse(
    workers: &[Worker],
    registry: &[Registration],
    readonly: bool,
) -> Result<(), Failure> {
    let jobs = || workers.iter().map(|worker| &worker.order.job);
    if !jobs().any(checks) {
        return Ok(());
    }
    let mut phase = 0_usize;
    // What earlier jobs leave is there for later ones.
    let mut expected = layout::Expected::new();
    let mut claims: HashMap<(usize, Identity), Vec<Claim<'_>>> = HashMap::new();
    for worker in workers {
        let order = &worker.order;
        let job = &order.job;
        phase += usize::from(worker.is_barrier());
        let (writes, checks) = (writes(job), checks(job));
        let caps = find(registry, &job.engine.name).map_or_else(Default::default, |e| e.caps);
        if !(writes || checks) || caps.diskless || job.files.create_only {
            continue;
        }
        let request = layout::Request {
            job,
            clone_number: order.clone_number,
            seeds: &StreamSeeds::from_entropy(order.seeds),
            pool: &order.pool,
            caps,
            readonly,
            expected: Some(&expected),
        };
        // A job that cannot be laid out does not run, and says why when it is its turn.
        let Ok(survey) = layout::survey(&request) else { continue };
        for target in survey.missing.iter().filter_map(|index| survey.layout.files.get(*index)) {
            expected.insert(target.path.clone(), target.end().max(target.real_bytes));
        }
        for target in survey.layout.files.into_iter().filter(|target| target.size > 0) {
            let Some(identity) = identity(&target.path) else { continue };
            let clone = order.clone_number;
            let claim = Claim { job, clone, target, writes, checks };
            claims.entry((phase, identity)).or_default().push(claim);
        }
    }
    let all: Vec<&JobPlan> = jobs().collect();
    let contests = claims.values_mut().filter_map(|claims| contest(claims, &all));
    // The same one each time, as maps have no order.
    contests.min_by(|a, b| a.text.cmp(&b.text)).map_or(Ok(()), Err)
}

/// True if the job changes what its files hold. With `verify_only` it goes through its writes in vain.
fn writes(job: &JobPlan) -> bool {
    (job.pattern.rw.write || job.pattern.rw.trim) && !job.limits.verify_only
}

/// True if the job compares what it reads.
fn checks(job: &JobPlan) -> bool {
    let compares = job.verify.kind.is_some_and(|kind| kind != VerifyKind::Null);
    compares && (job.verify.read_back || !job.pattern.rw.write)
}

fn identity(path: &Path) -> Option<Identity> {
    if path.as_os_str() == "-" {
        return None;
    }
    match file::facts(path) {
        Ok(facts) if matches!(facts.kind, Kind::Block | Kind::Character) => {
            Some(Identity::Device(facts.is_device))
        }
        Ok(facts) if facts.kind == Kind::Regular => {
            Some(Identity::Inode(facts.on_device, facts.inode))
        }
        Ok(_) => None,
        Err(_) => {
            // The same directory may have several names.
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            let parent = parent.unwrap_or(Path::new(".")).canonicalize().ok();
            let resolved = parent.zip(path.file_name()).map(|(parent, name)| parent.join(name));
            Some(Identity::Missing(resolved.unwrap_or_else(|| path.to_owned())))
        }
    }
}

/// The first two claims of one file that may not stand beside each other.
fn contest(claims: &mut [Claim<'_>], jobs: &[&JobPlan]) -> Option<Failure> {
    if !claims.iter().any(|claim| claim.writes) || !claims.iter().any(|claim| claim.checks) {
        return None;
    }
    claims.sort_by_key(|claim| claim.target.offset);
    for (index, one) in claims.iter().enumerate() {
        let later = claims.iter().skip(index + 1);
        for other in later.take_while(|other| other.target.offset < one.target.end()) {
            let harms = (one.writes && other.checks) || (one.checks && other.writes);
            if harms && !waits(one.job, other.job, jobs) && !waits(other.job, one.job, jobs) {
                return Some(refusal(one, other));
            }
        }
    }
    None
}

/// True if a job begins only when another one has ended, for which it waits itself or through others.
fn waits(job: &JobPlan, other: &JobPlan, jobs: &[&JobPlan]) -> bool {
    let mut at = job;
    // A chain has no more links than there are jobs, even if it goes in a circle.
    for _ in 0..jobs.len() {
        let Some(name) = &at.schedule.wait_for else { return false };
        if *name == other.name {
            return true;
        }
        let Some(next) = jobs.iter().find(|job| job.name == *name) else { return false };
        at = next;
    }
    false
}

fn refusal(one: &Claim<'_>, other: &Claim<'_>) -> Failure {
    let (writer, checker) = if one.writes && other.checks { (one, other) } else { (other, one) };
    let (from, to) = (other.target.offset, one.target.end().min(other.target.end()));
    let path = one.target.path.display();
    let who = match writer.job.name == checker.job.name {
        true if writer.clone == checker.clone => {
            format!("job '{}' has a file twice, and would write and verify", writer.job.name)
        }
        true => format!("the clones of job '{}' write and verify", writer.job.name),
        false => format!(
            "job '{}' writes what job '{}' verifies at the same time:",
            writer.job.name, checker.job.name
        ),
    };
    Failure::rule(format!(
        "{who} bytes {from} to {to} of '{path}', where each would find the data of others; \
         give each its own part (offset_increment, size, offset) or its own file (numjobs=1, \
         filename), let them run one after another (stonewall), or check nothing \
         (do_verify=0)"
    ))
}
