//! The short way for plain jobs: one open file, requests of one length, no flushes.
//!
//! Most decisions of such a job have the same outcome for a long time. When the general way has made
//! a request, [`Generator::board`] computes for how many further ones nothing can end or turn: up to
//! the end of the pass, of the region or of the free blocks. Those are made by [`Generator::express`]
//! with one counter to look at, and are entered into the books of the general way by
//! [`Generator::alight`].

use fiord_base::{Direction, FileIndex};

use super::Generator;
use super::distribution::Choice;
use super::length::LengthPicker;
use super::offset::FileState;
use crate::Request;

/// How offsets are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    /// One after the other.
    #[default]
    Sequential,
    /// Drawn.
    Random,
    /// Drawn, and moved to a free block.
    Mapped,
    /// From the shift register.
    Lfsr,
    /// By the popularity of blocks.
    Spread,
    /// Drawn from zones.
    Zones,
}

/// The state of the short way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Express {
    /// Requests that may be made before the general way is asked again.
    pub(super) left: u64,
    kind: Kind,
    /// The job reads and writes; otherwise `direction` is that of all requests.
    mixed: bool,
    direction: Option<Direction>,
    length: u64,
    start: u64,
    blocks: u64,
    /// Where the next sequential request of each direction begins.
    position: [u64; 3],
    /// `left` when the short way was taken.
    boarded: u64,
}

impl Express {
    /// What never changes, or `None` if the job is not plain.
    pub(super) fn of_job(generator: &Generator) -> Option<Express> {
        let offsets = &generator.offsets;
        let [file] = &generator.files[..] else { return None };
        let plain = !generator.flush.any
            && !offsets.mixed_order
            && !offsets.trim_write
            && offsets.zones.is_none()
            && offsets.gap == 0
            && file.start + file.size <= file.real_size;
        if !plain {
            return None;
        }
        let (used, mixed) = generator.directions.used();
        let length = common_length(&generator.lengths, used)?;
        let mut express = Express {
            mixed,
            direction: used.first().copied(),
            length,
            start: file.start,
            ..Express::default()
        };
        if !offsets.random {
            return Some(express);
        }
        let d = express.direction? as usize % 3;
        express.blocks = file.blocks[d];
        // Blocks of one size, so that the map and the draws count in the same unit.
        if used.iter().any(|u| offsets.align[*u as usize % 3] != length) || express.blocks == 0 {
            return None;
        }
        express.kind = match &offsets.choice {
            Choice::Uniform => uniform_kind(file, express.blocks)?,
            // Whole blocks, so that none reaches beyond the end.
            Choice::Spread if file.spread.as_ref()?.count() == express.blocks => Kind::Spread,
            Choice::Zones(zones)
                if file.lfsr.is_none()
                    && used.iter().all(|d| zones.fit(*d, express.blocks, length)) =>
            {
                Kind::Zones
            }
            _ => return None,
        };
        Some(express)
    }

    /// Counts all requests that may be made as made, if they are alike but for their offsets.
    pub(super) fn skip(&mut self) -> bool {
        let Some(direction) = self.direction.filter(|_| !self.mixed) else { return false };
        if self.kind == Kind::Lfsr {
            return false;
        }
        self.position[direction as usize % 3] += self.left * self.length;
        self.left = 0;
        true
    }

    /// True if each request visits a block of the map.
    pub(super) fn fills_map(&self) -> bool {
        self.kind == Kind::Mapped
    }

    /// For how many requests neither the region nor the free blocks can end.
    fn room(&self, file: &FileState) -> u64 {
        match self.kind {
            Kind::Sequential => {
                let room = |position: u64| {
                    let starts = (file.start + file.size).saturating_sub(position);
                    let ends = file.real_size.saturating_sub(position);
                    starts.div_ceil(self.length).min(ends / self.length)
                };
                match self.direction {
                    Some(direction) if !self.mixed => room(file.position[direction as usize % 3]),
                    _ => room(file.position[0]).min(room(file.position[1])),
                }
            }
            Kind::Random | Kind::Spread | Kind::Zones => u64::MAX,
            Kind::Mapped => file.map.as_ref().map_or(0, |map| map.free()),
            Kind::Lfsr => file.lfsr.as_ref().map_or(0, |lfsr| lfsr.left()),
        }
    }
}

/// How a block of a uniform job is found; `None` if its map or register counts in other units.
fn uniform_kind(file: &FileState, blocks: u64) -> Option<Kind> {
    match (&file.map, &file.lfsr) {
        (_, Some(lfsr)) => (lfsr.bound() == blocks).then_some(Kind::Lfsr),
        (Some(map), None) => (map.blocks() == blocks).then_some(Kind::Mapped),
        (None, None) => Some(Kind::Random),
    }
}

/// The length of all requests, if there is but one.
fn common_length(lengths: &LengthPicker, used: &[Direction]) -> Option<u64> {
    let mut fixed = used.iter().map(|direction| lengths.fixed(*direction));
    let first = fixed.next()??;
    fixed.all(|length| length == Some(first)).then_some(first)
}

impl Generator {
    /// One request of the short way. `left` was counted down by the caller.
    #[inline]
    pub(super) fn express(&mut self) -> Request {
        let express = &mut self.express;
        let direction = if express.mixed {
            self.directions.pick_mixed(&mut self.streams.mix)
        } else {
            express.direction.unwrap_or(Direction::Read)
        };
        let block = match express.kind {
            Kind::Sequential => {
                let position = &mut express.position[direction as usize % 3];
                let offset = *position;
                *position += express.length;
                return Request { direction, file: FileIndex(0), offset, length: express.length };
            }
            Kind::Random => self.streams.offset.below(express.blocks),
            Kind::Mapped => {
                let block = self.streams.offset.below(express.blocks);
                match self.files.first_mut().and_then(|file| file.map.as_mut()) {
                    Some(map) => map.take_free(block),
                    None => block,
                }
            }
            Kind::Lfsr => {
                let lfsr = self.files.first_mut().and_then(|file| file.lfsr.as_mut());
                lfsr.and_then(|lfsr| lfsr.draw()).unwrap_or(0)
            }
            Kind::Spread => {
                let spread = self.files.first_mut().and_then(|file| file.spread.as_mut());
                spread.map_or(0, |spread| spread.draw())
            }
            Kind::Zones => match &mut self.offsets.choice {
                Choice::Zones(zones) => {
                    let d = direction as usize % 3;
                    let range = zones.draw(d, express.blocks, express.length);
                    range.first + self.streams.offset.below(range.count.max(1))
                }
                _ => 0,
            },
        };
        Request {
            direction,
            file: FileIndex(0),
            offset: express.start + block * express.length,
            length: express.length,
        }
    }

    /// Takes the short way from the next request on, as far as it goes.
    pub(super) fn board(&mut self) {
        let Some(mut express) = self.plain else { return };
        let bytes = self.bounds.bytes_all_loops.saturating_sub(self.issued_bytes);
        let pass = self.bounds.bytes_pass.saturating_sub(self.issued_bytes_pass);
        let requests = self.bounds.requests_all_loops.saturating_sub(self.issued_requests);
        let Some(file) = self.files.first() else { return };
        express.left =
            bytes.min(pass).div_ceil(express.length).min(requests).min(express.room(file));
        express.boarded = express.left;
        express.position = file.position;
        self.express = express;
    }

    /// Enters what the short way has made into the books.
    pub(super) fn alight(&mut self) {
        let made = self.express.boarded - self.express.left;
        if made > 0 {
            self.issued_bytes += made * self.express.length;
            self.issued_bytes_pass += made * self.express.length;
            self.issued_requests += made;
            self.issued_requests_pass += made;
            if let Some(file) = self.files.first_mut() {
                match (self.express.kind, &mut file.map) {
                    (Kind::Sequential, _) => file.position = self.express.position,
                    (Kind::Mapped, Some(map)) => map.took(made),
                    _ => {}
                }
            }
        }
        self.express.left = 0;
        self.express.boarded = 0;
    }
}
