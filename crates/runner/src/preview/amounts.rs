//! How much a clone moves: counted where that is quick, else computed from shares and means.

use fiord_base::random::StreamSeeds;
use fiord_base::{DATA, Direction, PerDirection};
use fiord_engine::Caps;
use fiord_options::plan::{JobPlan, Seeds};
use fiord_workload::{Regions, map_bytes};

use super::data::{Amounts, Certainty};
use crate::worker::make_generator;

/// Largest maps of visited blocks that are made only to count.
const MOST_MAP_BYTES: u64 = 64 << 20;

/// What bounds the counting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Steps that are left.
    pub(super) steps: u64,
    /// Everything in the plan has its effect, so that a count is what will be.
    pub(super) exact: bool,
}

/// The amounts of one clone.
pub(super) fn of_clone(
    job: &JobPlan,
    regions: &Regions,
    seeds: &StreamSeeds,
    caps: Caps,
    bounds: &mut Bounds,
) -> Amounts {
    let limits = &job.limits;
    if job.files.create_only {
        return Amounts::default();
    }
    if limits.time_based
        && let Some(amounts) = capped(job)
    {
        return amounts;
    }
    if limits.time_based || job.region.fill_device || job.replay.is_some() {
        return Amounts { certainty: Certainty::Open, ..Amounts::default() };
    }
    let mut amounts = counted(job, regions, seeds, caps, bounds)
        .unwrap_or_else(|| expected(job, regions.io_size.unwrap_or(regions.size)));
    // What is written is read again once.
    let reads_back = job.verify.kind.is_some() && job.verify.read_back && job.pattern.rw.write;
    if reads_back {
        amounts.read_bytes = amounts.read_bytes.saturating_add(amounts.write_bytes);
        amounts.read_ios = amounts.read_ios.saturating_add(amounts.write_ios);
    }
    if limits.verify_only {
        // Nothing but the check takes place.
        let Amounts { write_bytes: read_bytes, write_ios: read_ios, .. } = amounts;
        amounts = Amounts { read_bytes, read_ios, ..Amounts::default() };
    }
    if !bounds.exact || reads_back || limits.verify_only {
        amounts.certainty = amounts.certainty.max(Certainty::Expected);
    }
    if limits.runtime_ns.is_some() {
        amounts.certainty = Certainty::AtMost;
    }
    amounts
}

/// What caps of rates let a job move in its time, if they cap all that it does.
fn capped(job: &JobPlan) -> Option<Amounts> {
    let (limits, rate) = (&job.limits, &job.pacing.rate);
    if limits.ramp_bytes.is_some() {
        return None;
    }
    let time_ns = u128::from(limits.runtime_ns?) + u128::from(limits.ramp_ns.unwrap_or(0));
    let mut bytes = PerDirection::default();
    let mut ios = PerDirection::default();
    for direction in DATA.into_iter().filter(|direction| job.pattern.rw.has(*direction)) {
        let all = |each_second: u64| {
            u64::try_from(u128::from(each_second) * time_ns / 1_000_000_000).unwrap_or(u64::MAX)
        };
        let mean = mean_bytes(job, direction).max(1);
        (bytes[direction], ios[direction]) =
            match (rate.bytes_max[direction], rate.iops_max[direction]) {
                (Some(cap), _) => (all(cap), all(cap) / mean),
                (None, Some(cap)) => (all(cap).saturating_mul(mean), all(cap)),
                (None, None) => return None,
            };
    }
    Some(Amounts::new(Certainty::AtMost, bytes, ios))
}

/// The sum of the requests that will be made; `None` if there are too many to make them now.
fn counted(
    job: &JobPlan,
    regions: &Regions,
    seeds: &StreamSeeds,
    caps: Caps,
    bounds: &mut Bounds,
) -> Option<Amounts> {
    if bounds.steps == 0 || map_bytes(job, regions)? > MOST_MAP_BYTES {
        return None;
    }
    let generator = make_generator(job, regions, seeds, caps).ok()?;
    let tally = generator.tally(&mut bounds.steps)?;
    // With seeds of the moment, another run has another mix.
    let certainty = match job.pattern.seeds {
        Seeds::System if depends_on_chance(job) => Certainty::Expected,
        _ => Certainty::Exact,
    };
    Some(Amounts::new(certainty, tally.bytes, tally.requests))
}

/// True if the sum depends on what is drawn.
fn depends_on_chance(job: &JobPlan) -> bool {
    let (rw, blocks) = (job.pattern.rw, &job.blocks);
    let varies = DATA.into_iter().any(|d| rw.has(d) && blocks.min[d] != blocks.max[d]);
    rw.is_mixed()
        || varies
        || (rw.random && job.pattern.percentage_random != PerDirection::all(100))
}

/// About what the job moves if its clones move so many bytes per loop.
pub(super) fn expected(job: &JobPlan, bytes: u64) -> Amounts {
    let (rw, limits) = (job.pattern.rw, &job.limits);
    let mean = |direction: Direction| mean_bytes(job, direction).max(1);
    // Requests of each direction in a hundred.
    let reads = u64::from(job.pattern.read_percent.min(100));
    let shares = match (rw.is_mixed(), rw.is_trim_write()) {
        (true, _) => PerDirection([reads, 100 - reads, 0]),
        (_, true) => PerDirection([0, 100, 100]),
        _ => PerDirection(DATA.map(|direction| if rw.has(direction) { 100 } else { 0 })),
    };
    // What counts of a hundred requests: of trims that writes follow, the writes do.
    let counts = |d: Direction| !(rw.is_trim_write() && d == Direction::Trim);
    let of_hundred: u128 = DATA
        .into_iter()
        .filter(|d| counts(*d))
        .map(|d| u128::from(shares[d]) * u128::from(mean(d)))
        .sum();
    let loops = u64::from(limits.loops.max(1));
    let all = u128::from(bytes.saturating_mul(loops));
    let hundreds_by_bytes = all * 1000 / of_hundred.max(1);
    let hundreds = match limits.number_ios {
        Some(number) => {
            let by_number = u128::from(number.saturating_mul(loops)) * 10;
            hundreds_by_bytes.min(by_number)
        }
        None => hundreds_by_bytes,
    };
    let narrow = |value: u128| u64::try_from(value).unwrap_or(u64::MAX);
    let ios = PerDirection(DATA.map(|d| narrow(hundreds * u128::from(shares[d]) / 1000)));
    let moved = PerDirection(
        DATA.map(|d| narrow(hundreds * u128::from(shares[d]) * u128::from(mean(d)) / 1000)),
    );
    Amounts::new(Certainty::Expected, moved, ios)
}

fn mean_bytes(job: &JobPlan, direction: Direction) -> u64 {
    let blocks = &job.blocks;
    let split = &blocks.split[direction];
    let shares: u64 = split.iter().map(|(_, percent)| u64::from(*percent)).sum();
    if shares > 0 {
        let weighted = split.iter().map(|(bytes, share)| u128::from(*bytes) * u128::from(*share));
        return u64::try_from(weighted.sum::<u128>() / u128::from(shares)).unwrap_or(u64::MAX);
    }
    let (min, max) = (blocks.min[direction], blocks.max[direction]);
    min + (max - min.min(max)) / 2
}
