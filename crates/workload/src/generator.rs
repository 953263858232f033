//! The sequence of requests of one clone.
//!
//! A request is made in a fixed order of decisions, each with a random stream of its own: is the pass
//! over, which file, is a flush due, which direction, which offset, which length, and what of it is
//! still unvisited. Everything that depends on the plan alone is resolved when the generator is
//! made, so that [`Generator::next`] is a handful of well predicted branches. The generator knows no
//! time: `runtime` and rates are the loop's.

mod direction;
mod distribution;
mod express;
mod file_set;
mod files;
mod flush;
mod length;
mod offset;
mod replay;
mod setup;
mod strided;
mod tally;

pub(crate) use distribution::physical_bytes;
pub use replay::{Bookmark, visits_once};
pub use setup::GeneratorError;
pub use tally::{Tally, map_bytes, state_bytes};

use std::borrow::Cow;

use fiord_base::{Direction, FileIndex};

use crate::{Outcome, Request, Step};
use direction::DirectionPicker;
use express::Express;
use files::FilePicker;
use flush::Flush;
use length::LengthPicker;
use offset::{Extent, FileState, OffsetPicker};
use setup::{Reseed, Streams};

/// Where the generator stands between steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Requests are made.
    Running,
    /// The request is made, but its target has begun again, which was told instead.
    Rewound,
    /// The pass is over; targets from this one on may still be open.
    Closing(u32),
    /// All is over.
    Ended,
}

/// A step without its request, which is in [`Generator::request`]: small enough to be handed over in a
/// register, so that the request of the short way never takes the detour through memory.
#[derive(Clone, Copy, Debug)]
enum Made {
    Request,
    Open(FileIndex),
    Close(FileIndex),
    Rewind(FileIndex),
    PassEnd,
    NextPass,
    End,
}

/// Bounds of a job, in the units in which they are counted.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// Bytes issued over all loops at which a pass ends.
    bytes_all_loops: u64,
    /// Requests issued over all loops at which a pass ends.
    requests_all_loops: u64,
    /// Bytes issued in a pass at which it ends; see [`Generator::queued`].
    bytes_pass: u64,
    /// Bytes moved at which no further pass begins after the last loop.
    bytes: u64,
    /// A pass is not worth beginning for less than this.
    block_max: u64,
    /// `io_size` was given: exhausted targets begin again until it is reached.
    io_size_given: bool,
    /// One pass only: after it, appending finds the region already written, and preconditioning is done.
    once: bool,
    /// Only time ends the job.
    time_based: bool,
}

/// Yields the requests of one clone of a job.
#[derive(Clone, Debug)]
pub struct Generator {
    /// The short way, while it is taken.
    express: Express,
    /// The last request that the general way made.
    request: Request,
    phase: Phase,
    issued_bytes: u64,
    issued_requests: u64,
    bounds: Bounds,
    directions: DirectionPicker,
    offsets: OffsetPicker,
    lengths: LengthPicker,
    picker: FilePicker,
    files: Vec<FileState>,
    flush: Flush,
    streams: Streams,
    /// What restarts the streams between passes; `None` if they go on.
    reseed: Option<Reseed>,
    loops_left: u32,
    /// Bytes that completed, over all passes.
    moved_bytes: u64,
    issued_bytes_pass: u64,
    issued_requests_pass: u64,
    full: bool,
    note: Option<Cow<'static, str>>,
    /// The short way of this job, if it is a plain one.
    plain: Option<Express>,
}

impl Generator {
    /// What comes next.
    #[inline]
    #[allow(clippy::should_implement_trait)] // it never ends: `Step::End` repeats
    pub fn next(&mut self) -> Step {
        if self.express.left != 0 {
            self.express.left -= 1;
            return Step::Issue(self.express());
        }
        match self.general() {
            Made::Request => {
                let Request { direction, file, offset, length } = self.request;
                Step::Issue(Request { direction, file, offset, length })
            }
            Made::Open(file) => Step::Open(file),
            Made::Close(file) => Step::Close(file),
            Made::Rewind(file) => Step::Rewind(file),
            Made::PassEnd => Step::PassEnd,
            Made::NextPass => Step::NextPass,
            Made::End => Step::End,
        }
    }

    /// What comes next, by all decisions.
    #[inline(never)]
    fn general(&mut self) -> Made {
        self.alight();
        if self.phase != Phase::Running {
            return self.between_passes();
        }
        if self.issued_bytes >= self.bounds.bytes_all_loops
            || self.issued_requests >= self.bounds.requests_all_loops
            || self.issued_bytes_pass >= self.bounds.bytes_pass
            || self.full
        {
            return self.end_pass();
        }
        let index = match self.picker.current() {
            Some(index) => index,
            None => match self.picker.pick(&mut self.files, &mut self.streams.service) {
                files::Picked::File(index) => index,
                files::Picked::Open(index) => return Made::Open(FileIndex(index)),
                files::Picked::Nothing => return self.end_pass(),
            },
        };
        if self.flush.any
            && let Some(direction) = self.flush.due()
        {
            return self.issue_flush(direction, index);
        }
        let Some(file) = self.files.get_mut(index as usize) else {
            return self.end_pass();
        };
        let direction = self.directions.pick(file, &mut self.streams.mix);
        match self.offsets.pick(file, direction, &mut self.lengths, &mut self.streams) {
            Some(extent) => {
                if !self.directions.is_trim_write() || direction == Direction::Write {
                    self.issued_bytes += extent.length;
                }
                self.issued_bytes_pass += extent.length;
                self.issued_requests += 1;
                self.issued_requests_pass += 1;
                self.directions.issued(direction);
                if self.flush.any {
                    self.flush.issued(direction, index, extent);
                }
                self.picker.issued();
                let made = self.issue(direction, index, extent);
                if self.offsets.rewound {
                    self.offsets.rewound = false;
                    self.phase = Phase::Rewound;
                    return Made::Rewind(FileIndex(index));
                }
                self.board();
                made
            }
            None => self.exhausted(index),
        }
    }

    /// Notes the request that comes next.
    #[inline]
    fn issue(&mut self, direction: Direction, index: u32, extent: Extent) -> Made {
        let Extent { offset, length } = extent;
        self.request = Request { direction, file: FileIndex(index), offset, length };
        Made::Request
    }

    /// Says what a mix of reads and writes does from now on where it wants to read, and where it wants to
    /// write (see [`Rates::turns`](crate::pacer::Rates::turns)).
    #[inline]
    pub fn turn(&mut self, turned: [Direction; 2]) {
        self.directions.turn(turned);
    }

    /// Tells what became of a request.
    #[inline]
    pub fn done(&mut self, request: &Request, outcome: Outcome) {
        match outcome {
            Outcome::Bytes(bytes) => {
                if request.direction.is_data() {
                    self.moved_bytes += bytes;
                }
            }
            Outcome::Failed => {}
            Outcome::Full => {
                self.alight();
                self.full = true;
            }
        }
    }
}
