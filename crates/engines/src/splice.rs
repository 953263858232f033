//! `splice`: file and memory are connected by a pipe, with splice(2) and vmsplice(2).
//!
//! A read moves pages of the page cache into a pipe and copies them from there; a write puts references to
//! the buffer's pages into the pipe, and the file takes its data from these. The pipe has the usual size,
//! so larger requests take several turns. One request at a time; completion means what it means for
//! `psync`. Targets need places: what cannot be positioned (a pipe) ends with ESPIPE.
//!
//! Where vmsplice(2) is not to be had, or does not take the memory, data are copied between pipe and buffer
//! with read(2) and write(2) instead.

use std::os::fd::BorrowedFd;

use fiord_engine::{Caps, EngineError, Registration, Target, Unit};
use fiord_sys::file::Pipe;
use fiord_sys::{BufferPool, Errno};

use crate::blocking::{Attached, Blocking, Transfer, data, restarting, space};
use crate::settings;

pub(crate) const REGISTRATION: Registration = Registration {
    name: "splice",
    summary: "splice and vmsplice through a pipe",
    caps: Caps { inline: true, ..Caps::NONE },
    create: |job| {
        settings::none(job)?;
        let pipe = Pipe::new().map_err(|errno| EngineError {
            action: "make a pipe".to_owned(),
            errno,
            remedy: "raise the limit of open files (ulimit -n)".to_owned(),
        })?;
        Ok(Box::new(Blocking::new(job, Splice { pipe: Some(pipe), copies: false })))
    },
};

#[derive(Debug)]
struct Splice {
    /// Empty between requests. One in which something was left by an error is thrown away.
    pipe: Option<Pipe>,
    /// vmsplice(2) has been refused.
    copies: bool,
}

/// The errors by which vmsplice(2) says that it cannot, and not that the transfer failed.
fn is_refusal(errno: Errno) -> bool {
    matches!(errno, Errno::FAULT | Errno::INVAL | Errno::NOSYS | Errno::PERM | Errno::OPNOTSUPP)
}

impl Splice {
    /// Runs a transfer with a pipe that is empty before and after.
    fn with_pipe(
        &mut self,
        transfer: impl FnOnce(&Pipe, &mut bool) -> (u64, Result<(), Errno>),
    ) -> Result<u64, Errno> {
        let pipe = match self.pipe.take() {
            Some(pipe) => pipe,
            None => Pipe::new()?,
        };
        let (moved, outcome) = transfer(&pipe, &mut self.copies);
        match outcome {
            Ok(()) => self.pipe = Some(pipe),
            Err(errno) if moved == 0 => return Err(errno),
            // The next attempt meets the error again.
            Err(_) => {}
        }
        Ok(moved)
    }
}

/// One turn from a file through the pipe into memory; nothing is moved at the end of the file.
fn read_turn(
    pipe: &Pipe,
    copies: &mut bool,
    from: BorrowedFd<'_>,
    offset: u64,
    into: &mut [u8],
) -> Result<usize, Errno> {
    let more = into.len() > pipe.bytes();
    let filled = restarting(|| pipe.fill(from, offset, into.len(), more))?;
    let mut taken = 0;
    while taken < filled {
        let rest = &mut into[taken..filled];
        let moved = match *copies {
            true => restarting(|| pipe.take_copy(rest)),
            false => restarting(|| pipe.take(rest)),
        };
        match moved {
            Ok(0) => return Err(Errno::IO),
            Ok(moved) => taken += moved,
            Err(errno) if !*copies && is_refusal(errno) => *copies = true,
            Err(errno) => return Err(errno),
        }
    }
    Ok(filled)
}

/// One turn from memory through the pipe to a file; tells how much came there, also if that was not all.
fn write_turn(
    pipe: &Pipe,
    copies: &mut bool,
    from: &[u8],
    to: BorrowedFd<'_>,
    offset: u64,
) -> (usize, Result<(), Errno>) {
    let put = match *copies {
        true => Err(Errno::NOSYS),
        false => restarting(|| pipe.put(from)),
    };
    let put = match put {
        Err(errno) if is_refusal(errno) => {
            *copies = true;
            restarting(|| pipe.put_copy(from))
        }
        put => put,
    };
    let put = match put {
        Ok(put) => put,
        Err(errno) => return (0, Err(errno)),
    };
    let mut drained = 0;
    while drained < put {
        match restarting(|| pipe.drain(to, offset + drained as u64, put - drained)) {
            Ok(0) => return (drained, Err(Errno::IO)),
            Ok(moved) => drained += moved,
            Err(errno) => return (drained, Err(errno)),
        }
    }
    (drained, Ok(()))
}

impl Transfer for Splice {
    type File = ();

    fn attach(&mut self, _target: &Target<'_>) -> Result<(), EngineError> {
        Ok(())
    }

    fn read(
        &mut self,
        at: &mut Attached<()>,
        unit: &Unit,
        buffers: &mut BufferPool,
    ) -> Result<u64, Errno> {
        let (into, offset) = (space(buffers, unit)?, unit.remaining_offset());
        self.with_pipe(|pipe, copies| {
            let mut done = 0;
            while done < into.len() {
                let place = offset + done as u64;
                match read_turn(pipe, copies, at.fd(), place, &mut into[done..]) {
                    Ok(0) => break,
                    Ok(moved) => done += moved,
                    Err(errno) => return (done as u64, Err(errno)),
                }
            }
            (done as u64, Ok(()))
        })
    }

    fn write(
        &mut self,
        at: &mut Attached<()>,
        unit: &Unit,
        buffers: &BufferPool,
    ) -> Result<u64, Errno> {
        let (from, offset) = (data(buffers, unit)?, unit.remaining_offset());
        self.with_pipe(|pipe, copies| {
            let mut done = 0;
            while done < from.len() {
                let place = offset + done as u64;
                let (moved, outcome) = write_turn(pipe, copies, &from[done..], at.fd(), place);
                done += moved;
                if outcome.is_err() {
                    return (done as u64, outcome);
                }
            }
            (done as u64, Ok(()))
        })
    }
}
