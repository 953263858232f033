//! Read, write or trim?

use fiord_base::Direction;
use fiord_base::random::Taus88;
use fiord_options::plan::PatternPlan;

use super::offset::FileState;

/// How the direction of the next request is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Always the same.
    Only(Direction),
    /// Reads and writes by share.
    Mixed,
    /// A trim, then a write of the same block.
    TrimWrite,
}

/// Chooses directions.
#[derive(Clone, Debug)]
pub(crate) struct DirectionPicker {
    kind: Kind,
    current: Direction,
    /// Percent of reads and of writes.
    share: [u64; 2],
    /// Requests issued by direction.
    issued: [u64; 3],
    /// The mix stays with `current` until it has issued so many.
    limit: u64,
    /// What a mix that wants to read does, and one that wants to write: rates may turn it.
    turned: [Direction; 2],
}

impl DirectionPicker {
    pub(crate) fn new(pattern: &PatternPlan) -> DirectionPicker {
        let rw = pattern.rw;
        let kind = if rw.is_trim_write() {
            Kind::TrimWrite
        } else if rw.is_mixed() {
            Kind::Mixed
        } else if rw.write {
            Kind::Only(Direction::Write)
        } else if rw.trim {
            Kind::Only(Direction::Trim)
        } else {
            Kind::Only(Direction::Read)
        };
        let reads = u64::from(pattern.read_percent.min(100));
        DirectionPicker {
            kind,
            current: match kind {
                Kind::Only(direction) => direction,
                Kind::Mixed => Direction::Read,
                Kind::TrimWrite => Direction::Trim,
            },
            share: [reads, 100 - reads],
            issued: [0; 3],
            limit: 0,
            turned: [Direction::Read, Direction::Write],
        }
    }

    /// A mix does this from now on where it wants to read, and where it wants to write.
    #[inline]
    pub(crate) fn turn(&mut self, turned: [Direction; 2]) {
        self.turned = turned;
    }

    /// The direction of the next request.
    #[inline]
    pub(crate) fn pick(&mut self, file: &FileState, stream: &mut Taus88) -> Direction {
        match self.kind {
            Kind::Only(direction) => direction,
            Kind::TrimWrite => {
                if file.write_due {
                    Direction::Write
                } else {
                    Direction::Trim
                }
            }
            Kind::Mixed => {
                if self.issued[self.current as usize % 3] >= self.limit {
                    self.draw(stream);
                }
                self.turned[self.current as usize % 2]
            }
        }
    }

    /// The direction of the next request of a mixed job, counted as issued.
    #[inline]
    pub(crate) fn pick_mixed(&mut self, stream: &mut Taus88) -> Direction {
        if self.issued[self.current as usize % 3] >= self.limit {
            self.draw(stream);
        }
        let direction = self.turned[self.current as usize % 2];
        self.issued[direction as usize % 3] += 1;
        direction
    }

    /// The directions that occur, and whether they are mixed by share.
    pub(crate) fn used(&self) -> (&[Direction], bool) {
        match &self.kind {
            Kind::Only(direction) => (std::slice::from_ref(direction), false),
            Kind::Mixed => (&[Direction::Read, Direction::Write], true),
            Kind::TrimWrite => (&[Direction::Write, Direction::Trim], false),
        }
    }

    /// A mix may turn. It stays with the new direction until the shares are right again.
    fn draw(&mut self, stream: &mut Taus88) {
        let reads = u64::from(stream.between(1, 100)) <= self.share[0];
        let drawn = if reads { Direction::Read } else { Direction::Write };
        if drawn != self.current {
            let old = self.issued[self.current as usize];
            self.limit = old * self.share[drawn as usize] / 100;
            self.current = drawn;
        }
    }

    /// A pass begins.
    pub(crate) fn restart(&mut self) {
        self.limit = 0;
    }

    /// A request was issued.
    #[inline]
    pub(crate) fn issued(&mut self, direction: Direction) {
        self.issued[direction as usize % 3] += 1;
    }

    /// Each trim is followed by a write of the same block.
    #[inline]
    pub(crate) fn is_trim_write(&self) -> bool {
        self.kind == Kind::TrimWrite
    }
}
