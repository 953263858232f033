//! Random generators and the streams they are seeded with.
//!
//! A job draws from 24 independent streams, one per kind of decision, so that a change in one kind
//! (block sizes, say) leaves the others (offsets) as they were. All generators here are exact: the
//! same seeds give the sequences that job files written for fio 3.35 and later expect. Nothing here
//! is fit for cryptography.

mod hash;
mod lfsr;
mod seeds;
mod tausworthe;

pub use hash::{HASH_MULTIPLIER, hash64};
pub use lfsr::{Lfsr, LfsrError};
pub use seeds::{DEFAULT_SEED, STREAMS, StreamId, StreamSeeds};
pub use tausworthe::{Stream, Taus88, Taus258, Width};
