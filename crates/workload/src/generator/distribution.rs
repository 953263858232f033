//! Which block, where not all blocks are alike.
//!
//! Uniform offsets are the business of [`super::offset`]; this is about the other distributions. None of
//! them remembers where it has been: popular blocks come again and again.

mod curve;
mod precondition;
mod sequence;
mod zones;

pub(crate) use curve::{Spread, Spreads};
pub(crate) use precondition::{Precondition, physical_bytes};
pub(crate) use sequence::Sequence;
pub(crate) use zones::Zones;

use fiord_base::random::StreamSeeds;
use fiord_options::plan::{Distribution, PatternPlan};

/// How the blocks of a job are chosen.
#[derive(Clone, Debug)]
pub(crate) enum Choice {
    /// All are alike.
    Uniform,
    /// By the [`Spread`] of each file.
    Spread,
    /// By zones.
    Zones(Box<Zones>),
    /// In the order of a list.
    Sequence(Box<Sequence>),
    /// As preconditioning wants it.
    Precondition(Box<Precondition>),
}

impl Choice {
    pub(crate) fn new(pattern: &PatternPlan, seeds: &StreamSeeds) -> Choice {
        match &pattern.distribution {
            _ if !pattern.rw.random => Choice::Uniform,
            Distribution::Uniform => Choice::Uniform,
            Distribution::Zipf { .. }
            | Distribution::Pareto { .. }
            | Distribution::Normal { .. } => Choice::Spread,
            zoned @ (Distribution::Zoned(_) | Distribution::ZonedBytes(_)) => {
                Zones::new(zoned, seeds)
                    .map_or(Choice::Uniform, |zones| Choice::Zones(zones.into()))
            }
            Distribution::Sequence(blocks) => {
                Choice::Sequence(Sequence::new(blocks.clone(), pattern.sequence_stride).into())
            }
        }
    }

    /// True if all blocks are alike.
    #[inline]
    pub(crate) fn is_uniform(&self) -> bool {
        matches!(self, Choice::Uniform)
    }

    /// A request of direction `d` was issued.
    #[inline]
    pub(crate) fn issued(&mut self, d: usize) {
        if let Choice::Sequence(sequence) = self {
            sequence.issued(d);
        }
    }

    /// What is drawn from a stream of the job begins again.
    pub(crate) fn reseed(&mut self, seeds: &StreamSeeds) {
        if let Choice::Zones(zones) = self {
            zones.reseed(seeds);
        }
    }
}
