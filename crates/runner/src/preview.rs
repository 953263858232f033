//! What a run would do, found out without doing it: when each job runs, which files it uses and which
//! of them it makes, how much it moves, what memory it takes, and what its targets hold now.
//!
//! The answers come from the code that acts in a run: names, sizes and layouts from `layout`, sums
//! from the generator, memory from the sizes that are allocated. Nothing is created, written, locked or
//! dropped from a cache. Files and block devices are opened for reading only; what else a path may name
//! is not opened at all. The result is plain data, which others render.

mod amounts;
mod data;
mod jobs;
mod memory;
mod targets;
mod timeline;

pub use data::{
    Amounts, BlockBytes, Certainty, CloneRange, Effect, End, FileKind, FileRange, FileSystem,
    FoundSignature, FoundUse, JobPreview, LayoutPreview, Memory, Phase, Preview, Span,
    TargetPreview, Totals, Warning, WarningKind,
};

use fiord_engine::{Caps, Registration, find};
use fiord_options::Plan;
use fiord_options::plan::JobPlan;
use fiord_options::table;

use crate::layout;
use crate::offload::caps_for;
use crate::run::prepare::check_thread_limit;

/// Files that are described one by one, over all jobs; of the others there are sums only.
const MOST_FILES: usize = 10_000;

/// Steps of generators that may be made to find sums, over all jobs: a moment.
const MOST_STEPS: u64 = 1 << 22;

/// How far the plan is one that this version can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of it.
    Whole,
    /// Parts of it have no effect yet, so that amounts are rough.
    Partial,
}

/// Finds out what a run of the plan would do.
pub fn preview(plan: &Plan, registry: &[Registration], scope: Scope) -> Preview {
    let mut preview = Preview::default();
    let refusals = [layout::check_directories(plan), check_thread_limit(plan)];
    for failure in refusals.into_iter().filter_map(Result::err) {
        preview.warnings.push(Warning::of(WarningKind::Refused, None, failure.text));
    }
    let mut inspection = jobs::Inspection::new(plan, registry, scope);
    preview.jobs = plan.jobs.iter().map(|job| inspection.job(job)).collect();
    for job in &preview.jobs {
        if let Some(failure) = &job.failure {
            let text = format!("cannot start: {failure}");
            preview.warnings.push(Warning::of(WarningKind::JobFails, Some(&job.name), text));
        }
    }
    preview.files_omitted = inspection.files_omitted;
    let (targets, omitted) = std::mem::take(&mut inspection.targets).finish(&mut preview);
    preview.targets = targets;
    preview.targets_omitted = omitted;
    timeline::lay_down(plan, &mut preview);
    for job in &preview.jobs {
        preview.totals.add(job);
    }
    memory::sum_up(plan, &mut preview);
    preview
}

/// What the engine of a job is to its loop; a guess for those that this program does not have.
fn caps_of(job: &JobPlan, registry: &[Registration]) -> Caps {
    let name = &job.engine.name;
    let unknown = Caps { diskless: !table::engine_uses_files(name), ..Caps::NONE };
    caps_for(job, find(registry, name).map_or(unknown, |entry| entry.caps))
}
