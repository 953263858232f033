//! Capped rates: an absolute schedule for each direction.
//!
//! A request is due when those before it have had their time, whenever they really went: who is late
//! catches up, and how late each request was can be told. A request has a time of its length by the cap
//! in bytes; a cap in requests counts each as the smallest block, or each as one where sizes come from
//! `bssplit` (fio 3.42's rules). With `rate_process=poisson` that time is the mean of an exponential
//! distribution: it is multiplied by -ln(u) of a number drawn from the direction's stream.

use fiord_base::random::{StreamId, StreamSeeds, Taus88};
use fiord_base::{DATA, Direction};
use fiord_options::plan::{JobPlan, RateSpacing};

const SECOND_NS: u128 = 1_000_000_000;
/// Fraction bits of times and gaps.
const FRACTION: u32 = 32;

/// When requests of each direction are due.
#[derive(Clone, Debug)]
pub struct Rates {
    caps: [Option<Cap>; 3],
    /// Pauses shift the schedule (`rate_ignore_thinktime`).
    shifts: bool,
}

#[derive(Clone, Debug)]
struct Cap {
    /// When the next request is due.
    next: u128,
    gap: Gap,
    /// Where the factors of gaps are drawn from; `None`: gaps are even.
    draws: Option<Taus88>,
}

/// The time that a request takes in the schedule.
#[derive(Clone, Copy, Debug)]
enum Gap {
    PerByte(u128),
    PerRequest(u128),
}

impl Rates {
    /// The schedule of a clone; `None` if no direction is capped.
    pub fn new(job: &JobPlan, seeds: &StreamSeeds) -> Option<Rates> {
        let rate = &job.pacing.rate;
        if !rate.is_capped() {
            return None;
        }
        let streams = [StreamId::PoissonRead, StreamId::PoissonWrite, StreamId::PoissonTrim];
        let cap = |direction: Direction, stream: StreamId| {
            let per_second = |amount: u64| (SECOND_NS << FRACTION) / u128::from(amount.max(1));
            let gap = match (rate.bytes_max[direction], rate.iops_max[direction]) {
                (Some(bytes), _) => Gap::PerByte(per_second(bytes)),
                (None, Some(ios)) if job.blocks.split[direction].is_empty() => {
                    let block = job.blocks.min[direction].max(1);
                    Gap::PerByte(per_second(ios.saturating_mul(block)))
                }
                (None, Some(ios)) => Gap::PerRequest(per_second(ios)),
                (None, None) => return None,
            };
            let draws = (rate.spacing == RateSpacing::Poisson)
                .then(|| Taus88::new(seeds.get(stream) as u32));
            Some(Cap { next: 0, gap, draws })
        };
        let [read, write, trim] = [0, 1, 2].map(|d| cap(DATA[d], streams[d]));
        Some(Rates { caps: [read, write, trim], shifts: rate.ignore_think_time })
    }

    /// The schedule begins: requests are due from now on.
    pub fn begin(&mut self, now_ns: u64) {
        for cap in self.caps.iter_mut().flatten() {
            cap.next = u128::from(now_ns) << FRACTION;
        }
    }

    /// When the next request of a direction is due; `None` if it is not capped.
    #[inline]
    pub fn due_ns(&self, direction: Direction) -> Option<u64> {
        let cap = self.caps.get(direction as usize)?.as_ref()?;
        Some((cap.next >> FRACTION) as u64)
    }

    /// A request has gone; the next one of its direction is due a gap later.
    #[inline]
    pub fn issued(&mut self, direction: Direction, length: u64) {
        if let Some(Some(cap)) = self.caps.get_mut(direction as usize) {
            cap.next += cap.gap_of(length);
        }
    }

    /// The job has paused for so long.
    pub fn paused(&mut self, ns: u64) {
        if self.shifts {
            for cap in self.caps.iter_mut().flatten() {
                cap.next += u128::from(ns) << FRACTION;
            }
        }
    }

    /// What a mix turns to when it wants to read, and when it wants to write: the other direction, if
    /// that is due earlier and the wanted one is not due yet.
    #[inline]
    pub fn turns(&self, now_ns: u64) -> [Direction; 2] {
        let [read, write] =
            [Direction::Read, Direction::Write].map(|d| self.due_ns(d).unwrap_or(0));
        let turn = |own: Direction, own_ns: u64, other: Direction, other_ns: u64| match own_ns {
            ns if ns <= now_ns || ns <= other_ns => own,
            _ => other,
        };
        [
            turn(Direction::Read, read, Direction::Write, write),
            turn(Direction::Write, write, Direction::Read, read),
        ]
    }
}

impl Cap {
    #[inline]
    fn gap_of(&mut self, length: u64) -> u128 {
        let even = match self.gap {
            Gap::PerByte(gap) => gap * u128::from(length),
            Gap::PerRequest(gap) => gap,
        };
        match &mut self.draws {
            None => even,
            Some(stream) => {
                let u = (f64::from(stream.draw()) + 1.0) / 4_294_967_296.0;
                // A factor is 22 at most, and an even gap is far from what u128 ends at.
                (even as f64 * -u.ln()) as u128
            }
        }
    }
}
