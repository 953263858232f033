//! Rules of the sizes of targets.

use fiord_base::Quantity;

use crate::diagnostic::{Code, Diagnostic};
use crate::lower::Job;
use crate::plan::JobPlan;

/// A size holds at least one block.
pub(super) fn check_size(plan: &JobPlan, job: &mut Job<'_>) {
    let block = plan.blocks.smallest(plan.pattern.rw);
    if let Some(Quantity::Bytes(size)) = plan.region.size
        && size < block
    {
        job.report(
            "size",
            Diagnostic::error(format!("size {size} holds no block"))
                .code(Code::SIZE_BELOW_BLOCK)
                .label(format!("the smallest block has {block} bytes"))
                .help("raise `size` or lower `bs`"),
        );
    }
}

/// Nothing, as an amount, means everything.
pub(super) fn forget_empty_sizes(plan: &mut JobPlan) {
    let nothing = |size: &Option<Quantity>| {
        matches!(size, Some(Quantity::Bytes(0) | Quantity::Percent(0) | Quantity::Zones(0)))
    };
    if nothing(&plan.region.size) {
        plan.region.size = None;
    }
    if nothing(&plan.region.io_size) {
        plan.region.io_size = None;
    }
}

/// Targets that are not opened have no size of their own.
pub(super) fn need_size(plan: &JobPlan, job: &mut Job<'_>) {
    let absolute = matches!(plan.region.size, Some(Quantity::Bytes(_)));
    let known = absolute || plan.files.file_size.is_some() || plan.region.fill_device;
    if job.engine.diskless && !known {
        let message = match plan.region.size {
            Some(Quantity::Percent(percent)) => format!("`size={percent}%` is a part of nothing"),
            _ => format!("job `{}` has no size", plan.name),
        };
        job.report(
            "size",
            Diagnostic::error(message)
                .code(Code::NO_SIZE)
                .label(format!("`ioengine={}` opens no file to take it from", plan.engine.name))
                .help("add `size=`, in bytes"),
        );
    }
}
