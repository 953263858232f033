//! Which buffers hold what others hold.
//!
//! A draw per buffer decides whether it is a duplicate. The contents of a buffer follow from the state
//! of a stream, so a duplicate is made from a state that another buffer is made from as well: from
//! where the stream stands (`dedupe_mode=repeat`; the next buffer that is none is its original), or from
//! a state of the working set. The set are the first states that the stream will go through; with
//! `dedupe_global` the sets of all jobs, in equal parts, so that each job knows them from the seeds.

use fiord_base::random::{Stream, StreamId, StreamSeeds, Taus88, Taus258, Width};
use fiord_options::plan::{DedupePlan, DedupeSource};

use super::{FillError, Shape};

/// States of the stream of contents, as small as their width allows: there is one for each block of
/// the set.
#[derive(Clone, Debug)]
enum States {
    Narrow(Vec<Taus88>),
    Wide(Vec<Taus258>),
}

impl States {
    fn get(&self, index: usize) -> Option<Stream> {
        match self {
            States::Narrow(states) => states.get(index).copied().map(Stream::Narrow),
            States::Wide(states) => states.get(index).copied().map(Stream::Wide),
        }
    }

    fn push(&mut self, state: Stream) {
        match (self, state) {
            (States::Narrow(states), Stream::Narrow(state)) => states.push(state),
            (States::Wide(states), Stream::Wide(state)) => states.push(state),
            // All streams of a job have its width.
            _ => {}
        }
    }

    fn with_capacity(width: Width, count: usize) -> Result<States, FillError> {
        let refused = |_| FillError::WorkingSet { buffers: count as u64 };
        match width {
            Width::Narrow => {
                let mut states = Vec::new();
                states.try_reserve_exact(count).map_err(refused)?;
                Ok(States::Narrow(states))
            }
            Width::Wide => {
                let mut states = Vec::new();
                states.try_reserve_exact(count).map_err(refused)?;
                Ok(States::Wide(states))
            }
        }
    }
}

/// Where duplicates come from.
#[derive(Clone, Debug)]
enum Originals {
    /// Where the stream of contents stood after the latest buffer that is no duplicate.
    Next(Stream),
    /// One of these, which a stream chooses.
    Set { states: States, count: u64, choice: Stream },
}

/// Decides for each buffer whether it is a duplicate, and of what.
#[derive(Clone, Debug)]
pub(super) struct Duplicates {
    percent: u32,
    share: Stream,
    originals: Originals,
}

impl Duplicates {
    /// `draws` is the number of pairs of draws that the contents of a smallest buffer take.
    pub(super) fn new(
        plan: DedupePlan,
        shape: &Shape<'_>,
        (width, draws): (Width, u64),
        seeds: &StreamSeeds,
    ) -> Result<Duplicates, FillError> {
        let contents = seeds.get(StreamId::Buffer);
        let originals = match plan.source {
            DedupeSource::Previous => Originals::Next(Stream::new(width, contents)),
            DedupeSource::WorkingSet { size_percent, shared } => {
                let bytes = u128::from(shape.size) * u128::from(size_percent) / 100;
                let count = (bytes / u128::from(shape.least_write.max(1))).max(1);
                let count = u64::try_from(count).unwrap_or(u64::MAX);
                let own = [contents];
                let pool = if shared && !shape.pool.is_empty() { shape.pool } else { &own };
                let states = working_set(pool, (width, draws), count)?;
                let choice = Stream::new(width, seeds.get(StreamId::DedupeSet));
                Originals::Set { states, count, choice }
            }
        };
        let share = Stream::new(Width::Narrow, seeds.get(StreamId::Dedupe));
        Ok(Duplicates { percent: plan.percent, share, originals })
    }

    /// The state that the next buffer is made from if it is a duplicate.
    pub(super) fn draw(&mut self) -> Option<Stream> {
        if self.share.between(1, 100) > u64::from(self.percent) {
            return None;
        }
        match &mut self.originals {
            Originals::Next(state) => Some(*state),
            Originals::Set { states, count, choice } => {
                states.get(choice.between(0, *count - 1) as usize)
            }
        }
    }

    /// A buffer that is no duplicate has moved the stream of contents to `state`.
    pub(super) fn passed(&mut self, state: Stream) {
        if let Originals::Next(next) = &mut self.originals {
            *next = state;
        }
    }

    /// Where the streams stand.
    pub(super) fn positions(&self) -> [[u64; 5]; 2] {
        let (Originals::Next(other) | Originals::Set { choice: other, .. }) = &self.originals;
        [self.share.position(), other.position()]
    }

    /// Goes to positions that [`Duplicates::positions`] gave.
    pub(super) fn go_to(&mut self, [share, other]: [[u64; 5]; 2]) {
        self.share.go_to(share);
        match &mut self.originals {
            Originals::Next(state) | Originals::Set { choice: state, .. } => state.go_to(other),
        }
    }
}

/// The states of a set: as many of each job in turn as make equal parts, at least one.
fn working_set(
    pool: &[u64],
    (width, draws): (Width, u64),
    count: u64,
) -> Result<States, FillError> {
    let many = usize::try_from(count).map_err(|_| FillError::WorkingSet { buffers: count })?;
    let mut states = States::with_capacity(width, many)?;
    let part = (count / pool.len() as u64).max(1);
    let mut left = count;
    for seed in pool.iter().cycle() {
        let mut state = Stream::new(width, *seed);
        for _ in 0..part.min(left) {
            states.push(state);
            for _ in 0..draws {
                state.pair_seed();
            }
        }
        left = left.saturating_sub(part);
        if left == 0 {
            break;
        }
    }
    Ok(states)
}
