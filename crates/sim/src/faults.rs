//! What goes wrong, and how often.

use fiord_base::random::{Stream, Width};
use fiord_sys::Errno;

/// Thousandths of all occasions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share(pub u32);

impl Share {
    /// Draws whether it happens now. What never happens draws nothing.
    pub(crate) fn happens(self, stream: &mut Stream) -> bool {
        self.0 > 0 && stream.below(1000) < u64::from(self.0)
    }
}

/// The plan of faults of a device. The default has none: requests end in the order in which they
/// came, each after `latency_ns`.
#[derive(Clone, Debug)]
pub struct Faults {
    /// Seed of everything that is drawn.
    pub seed: u64,
    /// Requests that fail, and how.
    pub error: (Share, Errno),
    /// Requests that fail by their number, counted from 0 over the attempts of the run.
    pub error_at: Option<(u64, Errno)>,
    /// Requests that move a part only.
    pub short: Share,
    /// The part of a short transfer is a multiple of this.
    pub short_unit: u64,
    /// Requests that move nothing, without an error.
    pub nothing: Share,
    /// First byte of a file that cannot be read: there it ends.
    pub end_of_file: u64,
    /// First byte that cannot be written: ENOSPC from there on.
    pub full_at: u64,
    /// Submissions of which a random part, or nothing, is taken. With nothing in flight one request
    /// is always taken.
    pub busy: Share,
    /// Submissions refused although nothing is in flight.
    pub refuses_all: bool,
    /// Requests that end inside the submission although the engine has a queue.
    pub early: Share,
    /// Requests that take a hundred times as long.
    pub late: Share,
    /// Requests end in any order.
    pub reordered: bool,
    /// Reaps that return with less than was asked for, as after a signal.
    pub interrupted: Share,
    /// The reap of this number, from 0, and all later ones fail.
    pub reap_breaks_at: Option<u64>,
    /// Time that a request takes.
    pub latency_ns: u64,
}

impl Default for Faults {
    fn default() -> Faults {
        Faults {
            seed: 0,
            error: (Share(0), Errno::IO),
            error_at: None,
            short: Share(0),
            short_unit: 512,
            nothing: Share(0),
            end_of_file: u64::MAX,
            full_at: u64::MAX,
            busy: Share(0),
            refuses_all: false,
            early: Share(0),
            late: Share(0),
            reordered: false,
            interrupted: Share(0),
            reap_breaks_at: None,
            latency_ns: 1000,
        }
    }
}

impl Faults {
    /// The stream of everything that is drawn.
    pub(crate) fn stream(&self) -> Stream {
        Stream::new(Width::Wide, self.seed)
    }
}
