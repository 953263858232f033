//! Rules have to notice: each flaw that an engine can have is found, and an engine without one is not
//! blamed.

use std::collections::VecDeque;
use std::fs::File;
use std::os::fd::AsFd;
use std::path::PathBuf;

use fiord_base::{Direction, FileIndex};
use fiord_sys::file::{self, LentFd};
use fiord_sys::{BufferPool, Errno};

use super::*;
use crate::{Caps, Completion, Engine, EngineError, Io, JobFacts, Target, Unit};

/// What an engine may do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    LosesAUnit,
    EndsAUnitTwice,
    WritesToTheNeighbour,
    LeavesTheBuffer,
    ClaimsTooMuch,
    FailsNowAndThen,
    ReapsTooMany,
    ReapsTooFew,
    ForgetsWhatIsCancelled,
    FlushesFirst,
    EndsBeforeItBegins,
    TakesNothing,
}

/// A queue whose requests are executed when they are reaped.
struct Sample {
    flaw: Flaw,
    file: Option<LentFd>,
    queue: VecDeque<Unit>,
    count: usize,
}

impl Sample {
    /// True once in a while.
    fn now(&mut self, flaw: Flaw) -> bool {
        if self.flaw == flaw {
            self.count += 1;
        }
        self.flaw == flaw && self.count.is_multiple_of(40)
    }

    fn transfer(&mut self, unit: &Unit, buffers: &mut BufferPool) -> Result<u64, Errno> {
        let Some(file) = &self.file else { return Err(Errno::BADF) };
        let (fd, offset) = (file.as_fd(), unit.remaining_offset());
        let buffer = &mut buffers.get_mut(unit.slot)[unit.remaining_range()];
        match unit.direction {
            Direction::Read => Ok(file::pread(fd, buffer, offset)? as u64),
            Direction::Write => Ok(file::pwrite(fd, buffer, offset)? as u64),
            _ => Ok(unit.length),
        }
    }

    fn execute(&mut self, unit: &Unit, buffers: &mut BufferPool) -> Result<u64, Errno> {
        if self.now(Flaw::FailsNowAndThen) {
            return Err(Errno::IO);
        }
        if unit.direction == Direction::Write && self.now(Flaw::WritesToTheNeighbour) {
            return self.transfer(&Unit { offset: unit.offset ^ BLOCK_BYTES, ..*unit }, buffers);
        }
        if unit.direction == Direction::Read && self.now(Flaw::LeavesTheBuffer) {
            return Ok(unit.length);
        }
        let claims = self.now(Flaw::ClaimsTooMuch);
        self.transfer(unit, buffers).map(|moved| if claims { moved + 1 } else { moved })
    }
}

impl Engine for Sample {
    fn attach(&mut self, _file: FileIndex, target: &Target<'_>) -> Result<(), EngineError> {
        self.file = target.fd.map(LentFd::new);
        Ok(())
    }

    fn detach(&mut self, _file: FileIndex) {
        self.file = None;
    }

    fn submit(&mut self, batch: &[Unit], _io: &mut Io<'_>) -> usize {
        if self.flaw == Flaw::TakesNothing {
            return 0;
        }
        for unit in batch {
            if self.flaw == Flaw::FlushesFirst && unit.direction == Direction::Sync {
                self.queue.push_front(*unit);
            } else {
                self.queue.push_back(*unit);
            }
        }
        batch.len()
    }

    fn reap(&mut self, min: usize, max: usize, io: &mut Io<'_>) -> Result<(), Errno> {
        let count = match self.flaw {
            Flaw::ReapsTooMany => max + 1,
            Flaw::ReapsTooFew => min / 2,
            _ => max,
        };
        for _ in 0..count.min(self.queue.len()) {
            let Some(unit) = self.queue.pop_front() else { break };
            let issued_ns = io.done.stamp();
            let result = self.execute(&unit, io.buffers);
            let mut done_ns = io.done.stamp();
            if self.now(Flaw::EndsBeforeItBegins) {
                done_ns = issued_ns - 1;
            }
            if self.now(Flaw::LosesAUnit) {
                continue;
            }
            let completion = Completion { slot: unit.slot, result, issued_ns, done_ns };
            if self.now(Flaw::EndsAUnitTwice) {
                io.done.push(completion);
                self.queue.pop_back();
            }
            io.done.push(completion);
        }
        Ok(())
    }

    fn cancel(&mut self) {
        if self.flaw == Flaw::ForgetsWhatIsCancelled {
            self.queue.clear();
        }
    }
}

fn create<const FLAW: usize>(_job: &JobFacts<'_>) -> Result<Box<dyn Engine>, EngineError> {
    Ok(Box::new(Sample { flaw: FLAWS[FLAW].0, file: None, queue: VecDeque::new(), count: 0 }))
}

type Create = fn(&JobFacts<'_>) -> Result<Box<dyn Engine>, EngineError>;

const FLAWS: [(Flaw, Create); 13] = [
    (Flaw::None, create::<0>),
    (Flaw::LosesAUnit, create::<1>),
    (Flaw::EndsAUnitTwice, create::<2>),
    (Flaw::WritesToTheNeighbour, create::<3>),
    (Flaw::LeavesTheBuffer, create::<4>),
    (Flaw::ClaimsTooMuch, create::<5>),
    (Flaw::FailsNowAndThen, create::<6>),
    (Flaw::ReapsTooMany, create::<7>),
    (Flaw::ReapsTooFew, create::<8>),
    (Flaw::ForgetsWhatIsCancelled, create::<9>),
    (Flaw::FlushesFirst, create::<10>),
    (Flaw::EndsBeforeItBegins, create::<11>),
    (Flaw::TakesNothing, create::<12>),
];

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let name = format!("fiord-contract-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        File::create(&path).unwrap().set_len(256 * BLOCK_BYTES).unwrap();
        Scratch(path)
    }

    fn ground(&self) -> Ground {
        Ground {
            name: "a file",
            path: self.0.clone(),
            direct: false,
            block_device: false,
            bytes: 256 * BLOCK_BYTES,
            beneath: None,
            broken_from: None,
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The names of the rules that an engine breaks.
fn broken(create: Create, ground: &Ground) -> Vec<&'static str> {
    let engine = Registration { name: "sample", summary: "", caps: Caps::NONE, create };
    let case = Case { engine: &engine, ground, flushes_in_order: true };
    RULES.iter().filter(|rule| (rule.check)(&case).is_err()).map(|rule| rule.name).collect()
}

#[test]
fn every_flaw_is_found() {
    for (flaw, create) in FLAWS {
        let scratch = Scratch::new(&format!("{flaw:?}"));
        let found = broken(create, &scratch.ground());
        assert_eq!(found.is_empty(), flaw == Flaw::None, "{flaw:?}: {found:?}");
    }
}

#[test]
fn what_is_not_stable_and_what_does_not_fail_is_found() {
    let (scratch, other) = (Scratch::new("target"), Scratch::new("beneath"));
    let beneath = Ground { beneath: Some(other.0.clone()), ..scratch.ground() };
    let broken_device = Ground { broken_from: Some(128 * BLOCK_BYTES), ..scratch.ground() };
    let create = FLAWS[0].1;
    assert_eq!(
        broken(create, &beneath),
        ["a flush makes what was written stable", "a flush waits for what was submitted before"]
    );
    assert_eq!(broken(create, &broken_device), ["an error is the result of its request alone"]);
}
