//! What goes wrong, and how often.

use fiord_base::Direction;
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

/// What can be done to the data of a request that is said to have succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// A write of which only some sectors are stored.
    Torn,
    /// A transfer that takes place at another offset.
    Misdirected,
    /// A read of what was there before the last write.
    Stale,
    /// A write that is not stored at all.
    Dropped,
    /// Zeroes instead of the data.
    Zeroed,
    /// One bit is wrong.
    BitFlip,
    /// A flush that was not made.
    Unflushed,
}

/// How often each kind of [`Damage`] is done; at most one to each request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Damages {
    /// [`Damage::Torn`], of writes.
    pub torn: Share,
    /// [`Damage::Misdirected`].
    pub misdirected: Share,
    /// [`Damage::Stale`], of reads.
    pub stale: Share,
    /// [`Damage::Dropped`], of writes.
    pub dropped: Share,
    /// [`Damage::Zeroed`].
    pub zeroed: Share,
    /// [`Damage::BitFlip`].
    pub bit_flip: Share,
    /// [`Damage::Unflushed`].
    pub unflushed: Share,
}

impl Damages {
    /// Draws what is done to a request.
    pub(crate) fn draw(&self, direction: Direction, stream: &mut Stream) -> Option<Damage> {
        let (read, write) = (direction == Direction::Read, direction == Direction::Write);
        let flush = !direction.is_data();
        let kinds = [
            (self.torn, Damage::Torn, write),
            (self.misdirected, Damage::Misdirected, read || write),
            (self.stale, Damage::Stale, read),
            (self.dropped, Damage::Dropped, write),
            (self.zeroed, Damage::Zeroed, read || write),
            (self.bit_flip, Damage::BitFlip, read || write),
            (self.unflushed, Damage::Unflushed, flush),
        ];
        let mut suited = kinds.into_iter().filter(|(.., suits)| *suits);
        suited.find(|(share, ..)| share.happens(stream)).map(|(_, damage, _)| damage)
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
    /// What is done to data without an error.
    pub damages: Damages,
    /// Submissions of which a random part, or nothing, is taken. With nothing in flight one request
    /// is always taken.
    pub busy: Share,
    /// Submissions after a busy one that are busy, too.
    pub busy_run: u64,
    /// Submissions refused although nothing is in flight.
    pub refuses_all: bool,
    /// Requests that end inside the submission although the engine has a queue.
    pub early: Share,
    /// Requests that take a hundred times as long.
    pub late: Share,
    /// A time, from its begin to its end on the clock, in which the device ends nothing.
    pub stall_ns: Option<(u64, u64)>,
    /// Requests that never end, unless they are cancelled.
    pub lost: Share,
    /// Requests in flight end early when they are cancelled.
    pub cancels: bool,
    /// Requests end in any order.
    pub reordered: bool,
    /// Reaps that return with less than was asked for, as after a signal.
    pub interrupted: Share,
    /// The reap of this number, from 0, and all later ones fail.
    pub reap_breaks_at: Option<u64>,
    /// Reaps in a row that may wait in vain, for lost requests only, before all later ones fail.
    pub patience: u64,
    /// Time that a request takes.
    pub latency_ns: u64,
    /// Time that handing over a request takes.
    pub submission_ns: u64,
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
            damages: Damages::default(),
            busy: Share(0),
            busy_run: 0,
            refuses_all: false,
            early: Share(0),
            late: Share(0),
            stall_ns: None,
            lost: Share(0),
            cancels: false,
            reordered: false,
            interrupted: Share(0),
            reap_breaks_at: None,
            patience: 3,
            latency_ns: 1000,
            submission_ns: 0,
        }
    }
}

impl Faults {
    /// The stream of everything that is drawn.
    pub(crate) fn stream(&self) -> Stream {
        Stream::new(Width::Wide, self.seed)
    }
}
