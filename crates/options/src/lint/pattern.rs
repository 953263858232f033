//! Rules about direction, order and sizes of requests.

use fiord_base::{DATA, Quantity};

use super::Job;
use super::sections::has_inverted_unit;
use crate::diagnostic::{Code, Diagnostic};
use crate::value::Value;

pub(super) fn look(job: &mut Job<'_, '_>) {
    if !job.replays() {
        random_options_of_sequential_job(job);
        mix_of_one_direction(job);
        alignment_of_sequential_job(job);
    }
    mix_shares(job);
    block_size_said_twice(job);
    unaligned_fixed_size(job);
    soft_map_without_map(job);
    gap_in_bytes(job);
    offset_increment_of_one(job);
    sequencer_without_run(job);
    seed_and_repeat(job);
    clones_share_range(job);
    size_not_of_blocks(job);
}

fn random_options_of_sequential_job(job: &mut Job<'_, '_>) {
    const OPTIONS: [&str; 6] = [
        "norandommap",
        "softrandommap",
        "random_generator",
        "random_distribution",
        "random_sequence_stride",
        "percentage_random",
    ];
    let rw = job.plan.pattern.rw;
    if rw.random {
        return;
    }
    for option in OPTIONS {
        if job.is_changed(option) {
            let text = format!("`{option}` has no effect with `rw={}`", rw.name());
            job.idle(
                option,
                Diagnostic::warning(text)
                    .code(Code::RANDOM_OPTION_OF_SEQUENTIAL_JOB)
                    .label("offsets of this job are not random"),
            );
        }
    }
}

fn mix_of_one_direction(job: &mut Job<'_, '_>) {
    let rw = job.plan.pattern.rw;
    if rw.is_mixed() {
        return;
    }
    for option in ["rwmixread", "rwmixwrite"] {
        if job.is_changed(option) {
            let text = format!("`{option}` has no effect with `rw={}`", rw.name());
            job.idle(
                option,
                Diagnostic::warning(text)
                    .code(Code::MIX_OF_ONE_DIRECTION)
                    .label("it divides mixed jobs")
                    .help("use `rw=rw` or `rw=randrw`, or delete it"),
            );
        }
    }
}

fn mix_shares(job: &mut Job<'_, '_>) {
    let (Some(read), Some(write)) = (job.number("rwmixread"), job.number("rwmixwrite")) else {
        return;
    };
    if job.has_beside("rwmixread", "rwmixwrite") && read + write != 100 {
        job.trap(
            "rwmixwrite",
            Diagnostic::warning(format!("`rwmixread={read}` and `rwmixwrite={write}` disagree"))
                .code(Code::MIX_SHARES_DISAGREE)
                .label("together they should be 100")
                .help("set one of them; the last one decides"),
        );
    }
}

/// A weaker way of saying the size is idle if a stronger one covers all directions of the job.
fn block_size_said_twice(job: &mut Job<'_, '_>) {
    let rw = job.plan.pattern.rw;
    let used = || DATA.into_iter().filter(|direction| rw.has(*direction));
    let split = used().all(|direction| !job.plan.blocks.split[direction].is_empty());
    let range = match job.value("bsrange") {
        Some(Value::SizeRanges(ranges)) => used().all(|direction| ranges[direction].is_some()),
        _ => false,
    };
    let cases = [("bsrange", "bssplit", split), ("bs", "bssplit", split), ("bs", "bsrange", range)];
    for (weaker, stronger, covers) in cases {
        // A default that jobs refine in their own way is fine.
        let refined = !job.own.contains_key(weaker) && job.own.contains_key(stronger);
        if covers && !refined && job.setting(weaker).is_some() && job.setting(stronger).is_some() {
            job.idle(
                weaker,
                Diagnostic::warning(format!("`{weaker}` has no effect beside `{stronger}`"))
                    .code(Code::BLOCK_SIZE_SAID_TWICE)
                    .label(format!("`{stronger}` decides"))
                    .help("keep the one that is meant"),
            );
        }
    }
}

fn alignment_of_sequential_job(job: &mut Job<'_, '_>) {
    let Some(Value::Sizes(sizes)) = job.value("ba") else { return };
    let min = &job.plan.blocks.min;
    let differs = sizes.iter().any(|(d, size)| size.is_some_and(|size| size != min[d]));
    if !job.plan.pattern.rw.random && differs {
        let text = format!("`ba` has no effect with `rw={}`", job.plan.pattern.rw.name());
        job.idle(
            "ba",
            Diagnostic::warning(text)
                .code(Code::ALIGNMENT_OF_SEQUENTIAL_JOB)
                .label("it aligns random offsets"),
        );
    }
}

fn unaligned_fixed_size(job: &mut Job<'_, '_>) {
    let (rw, blocks) = (job.plan.pattern.rw, &job.plan.blocks);
    let mut used = DATA.into_iter().filter(|direction| rw.has(*direction));
    if blocks.unaligned && used.all(|d| blocks.min[d] == blocks.max[d]) {
        job.idle(
            "bs_unaligned",
            Diagnostic::warning("`bs_unaligned` has no effect with requests of one size")
                .code(Code::UNALIGNED_FIXED_SIZE)
                .help("give a range with `bsrange`, or delete it"),
        );
    }
}

fn soft_map_without_map(job: &mut Job<'_, '_>) {
    if job.is_on("norandommap") && job.is_on("softrandommap") {
        job.idle(
            "softrandommap",
            Diagnostic::warning("`softrandommap` has no effect beside `norandommap`")
                .code(Code::SOFT_MAP_WITHOUT_MAP)
                .label("no map is made"),
        );
    }
}

fn gap_in_bytes(job: &mut Job<'_, '_>) {
    let pattern = &job.plan.pattern;
    let gap = pattern.sequential_gap;
    if gap == 0 || gap.unsigned_abs() >= 512 {
        return;
    }
    job.trap(
        "rw",
        Diagnostic::warning(format!("the number behind `rw={}:` is bytes", pattern.rw.name()))
            .code(Code::GAP_IN_BYTES)
            .label(format!("each request is followed by a gap of {gap} bytes"))
            .help(format!(
                "write the gap with its unit, as in `:{gap}k`, or use a random pattern for runs \
                 of {gap} requests"
            )),
    );
}

fn offset_increment_of_one(job: &mut Job<'_, '_>) {
    if job.plan.clones == 1 && job.plan.region.offset_increment != Quantity::Bytes(0) {
        job.idle(
            "offset_increment",
            Diagnostic::warning("`offset_increment` has no effect without clones")
                .code(Code::OFFSET_INCREMENT_OF_ONE)
                .label("it is added once for each clone but the first")
                .help("use `offset`, or raise `numjobs`"),
        );
    }
}

fn sequencer_without_run(job: &mut Job<'_, '_>) {
    let pattern = &job.plan.pattern;
    if pattern.run_length <= 1 && pattern.sequential_gap == 0 && job.is_changed("rw_sequencer") {
        job.idle(
            "rw_sequencer",
            Diagnostic::warning("`rw_sequencer` has no effect without runs")
                .code(Code::SEQUENCER_WITHOUT_RUN)
                .help("say how long a run is, as in `rw=randread:8`"),
        );
    }
}

fn seed_and_repeat(job: &mut Job<'_, '_>) {
    if job.has_beside("randseed", "randrepeat") {
        job.idle(
            "randrepeat",
            Diagnostic::warning("`randrepeat` has no effect beside `randseed`")
                .code(Code::SEED_AND_REPEAT)
                .help("keep the one that is meant"),
        );
    }
}

fn clones_share_range(job: &mut Job<'_, '_>) {
    let plan = job.plan;
    let shared = plan.clones > 1
        && !plan.files.names.is_empty()
        && plan.files.directories.len() < 2
        && plan.region.offset_increment == Quantity::Bytes(0);
    let sequential = !plan.pattern.rw.random && (plan.pattern.rw.read || plan.pattern.rw.write);
    let applies = job.uses_paths() && !job.replays() && !job.is_on("zonemode");
    if shared && sequential && applies && !job.only_pseudo_targets() {
        job.trap(
            "numjobs",
            Diagnostic::warning(format!("{} clones go over the same range", plan.clones))
                .code(Code::CLONES_SHARE_RANGE)
                .label("each begins at the same offset of the same file")
                .help("add `offset_increment` and `size`, or use a random pattern"),
        );
    }
}

fn size_not_of_blocks(job: &mut Job<'_, '_>) {
    let (rw, blocks) = (job.plan.pattern.rw, &job.plan.blocks);
    let block = blocks.smallest(rw);
    let used = || DATA.into_iter().filter(|direction| rw.has(*direction));
    let fixed = used().all(|d| blocks.min[d] == block && blocks.max[d] == block);
    let Some(Quantity::Bytes(size)) = job.plan.region.size else { return };
    let inverted = job.setting("size").is_some_and(|s| has_inverted_unit(s, job.context().kb_base));
    let rest = size.checked_rem(block).unwrap_or(0);
    if fixed && rest > 0 && job.plan.files.count == 1 && !inverted && !job.replays() {
        let label = match rw.random {
            true => format!("the last {rest} bytes are never used"),
            false => format!("the last request ends {} bytes behind it", block - rest),
        };
        job.trap(
            "size",
            Diagnostic::warning(format!("size {size} is not a multiple of the block size {block}"))
                .code(Code::SIZE_NOT_OF_BLOCKS)
                .label(label)
                .help("make `size` a multiple of `bs`"),
        );
    }
}
