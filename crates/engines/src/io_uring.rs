//! `io_uring`: requests through a pair of queues shared with the kernel, see io_uring(7).
//!
//! A request is complete when the kernel has posted its completion: for buffered writes that is in the
//! page cache, for O_DIRECT at the device, for flushes when the data are stable. Trims and flushes go
//! through the ring where the kernel can: discards of block devices since Linux 6.12, all others since
//! 5.6; syncfs(2), and everything but transfers on a polled ring, is executed at submission.
//!
//! - `hipri` polls for completions (IORING_SETUP_IOPOLL); it needs O_DIRECT and a device with polled
//!   queues.
//! - `fixedbufs` pins the buffers once, `registerfiles` enters the files once.
//! - `sqthread_poll` has a thread of the kernel take submissions, on `sqthread_poll_cpu` if given.
//! - `nonvectored=0` passes each buffer as a vector of one, as kernels before 5.6 need it.
//! - `nowait` (RWF_NOWAIT) ends a request with EAGAIN where it would have to wait, `uncached`
//!   (RWF_DONTCACHE) drops pages after buffered I/O, `atomic` (RWF_ATOMIC) writes all of a request or
//!   nothing of it, `force_async=N` has every Nth request begin on a
//!   worker of the kernel.
//! - `md_per_io_size` sends metadata along, see [`protected`].

mod protected;
mod tuples;

use std::time::Duration;

use fiord_base::{Direction, FileIndex, Slot};
use fiord_engine::{Caps, Engine, EngineError, JobFacts, Registration, Target, Unit};
use fiord_sys::file::RangeFlush;
use fiord_sys::uring::{Addressing, Order, Range64, Ring, RingFile, Wish};
use fiord_sys::{BufferPool, Errno};

use crate::blocking::{Attached, descriptor};
use crate::flags::RequestFlags;
use crate::limits::{Extras, RING_PLACES, about_extras, no_ring, not_pinned};
use crate::queued::{Pushed, Queue, Queued, transfer};
use crate::settings;
use protected::Protected;

pub(crate) const REGISTRATION: Registration = Registration {
    name: "io_uring",
    summary: "queues shared with the kernel (io_uring)",
    caps: Caps { reports_slat: true, rehearsed: true, ..Caps::NONE },
    create,
};

fn create(job: &JobFacts<'_>) -> Result<Box<dyn Engine>, EngineError> {
    let queue = IoUring::new(job)?;
    Ok(match queue.settings.metadata.bytes {
        0 => Box::new(Queued::new(job, queue)),
        _ => Box::new(Queued::new(job, Protected::new(job, queue)?)),
    })
}

/// The options of the engine.
#[derive(Debug)]
struct Settings {
    poll: bool,
    fixed_buffers: bool,
    registered_files: bool,
    submission_thread: bool,
    submission_cpu: Option<u32>,
    vectored: bool,
    flags: RequestFlags,
    /// Every so many requests begin on a worker of the kernel; 0: none.
    force_async: u32,
    metadata: protected::Wish,
}

impl Settings {
    fn read(job: &JobFacts<'_>) -> Result<Settings, EngineError> {
        let mut settings = Settings {
            poll: false,
            fixed_buffers: false,
            registered_files: false,
            submission_thread: false,
            submission_cpu: None,
            vectored: false,
            flags: RequestFlags::new(job),
            force_async: 0,
            metadata: protected::Wish::NONE,
        };
        for (name, text) in job.options {
            let number = || settings::number(name, text);
            match name.as_str() {
                "hipri" => settings.poll = number()? != 0,
                "fixedbufs" => settings.fixed_buffers = number()? != 0,
                "registerfiles" => settings.registered_files = number()? != 0,
                "sqthread_poll" => settings.submission_thread = number()? != 0,
                "sqthread_poll_cpu" => {
                    settings.submission_cpu = Some(settings::number(name, text)? as u32);
                }
                "nonvectored" => settings.vectored = text == "0",
                _ if settings.flags.take(job, name, text)? => {}
                "force_async" => settings.force_async = number()? as u32,
                _ if settings.metadata.take(name, text)? => {}
                name if settings::is_of_units(name) => {}
                _ => return Err(settings::unknown(name)),
            }
        }
        // As in fio, which does so because kernels before 5.11 want it.
        settings.registered_files |= settings.submission_thread;
        Ok(settings)
    }
}

#[derive(Debug)]
struct IoUring {
    ring: Ring,
    /// What the ring was to be.
    wish: Wish,
    settings: Settings,
    range_flags: RangeFlush,
    /// The kernel executes discards of block devices through a ring.
    discards: bool,
    /// Requests until the next one that is forced to a worker.
    until_forced: u32,
}

impl IoUring {
    fn new(job: &JobFacts<'_>) -> Result<IoUring, EngineError> {
        let settings = Settings::read(job)?;
        let wish = Wish {
            depth: u32::try_from(job.iodepth).unwrap_or(u32::MAX),
            submission_thread: settings.submission_thread,
            submission_cpu: settings.submission_cpu,
            poll: settings.poll,
        };
        if wish.depth > RING_PLACES {
            return Err(no_ring(Errno::INVAL, &wish));
        }
        let mut ring = Ring::new(&wish, job.buffers).map_err(|errno| no_ring(errno, &wish))?;
        if settings.fixed_buffers {
            ring.register_buffers(job.buffers).map_err(|errno| not_pinned(errno, job))?;
            ring.set_addressing(Addressing::Registered);
        } else if settings.vectored {
            ring.set_addressing(Addressing::Vectored);
        }
        if settings.registered_files {
            let count = u32::try_from(job.files.max(1)).unwrap_or(u32::MAX);
            ring.register_files(count).map_err(|errno| EngineError {
                action: format!("make room for {count} registered files"),
                errno,
                remedy: "it needs Linux 5.19; leave registerfiles out".to_owned(),
            })?;
        }
        Ok(IoUring {
            ring,
            wish,
            range_flags: RangeFlush(job.sync_range_flags),
            discards: true,
            until_forced: settings.force_async,
            settings,
        })
    }

    #[inline]
    fn is_forced(&mut self) -> bool {
        if self.settings.force_async == 0 {
            return false;
        }
        self.until_forced -= 1;
        if self.until_forced > 0 {
            return false;
        }
        self.until_forced = self.settings.force_async;
        true
    }

    /// Puts a trim or a flush into the queue, if it takes such.
    fn order(&mut self, file: RingFile, block_device: bool, unit: &Unit) -> Result<Pushed, Errno> {
        let range = Range64 { offset: unit.remaining_offset(), length: unit.remaining_length() };
        let order = match unit.direction {
            // A polled ring takes nothing else than transfers.
            _ if self.ring.polls() => return Ok(Pushed::Unsuited),
            Direction::Sync => Order::Sync,
            Direction::Datasync => Order::Datasync,
            // A ring has 32 bits for the length.
            Direction::SyncFileRange if u32::try_from(range.length).is_err() => {
                return Ok(Pushed::Unsuited);
            }
            Direction::SyncFileRange => Order::SyncRange(range, self.range_flags.0),
            Direction::Trim if !block_device => Order::PunchHole(range),
            Direction::Trim if self.discards => Order::Discard(range),
            _ => return Ok(Pushed::Unsuited),
        };
        self.ring.push_order(unit.slot, file, order).map(|()| Pushed::Order)
    }
}

impl Queue for IoUring {
    type File = RingFile;

    fn attach(&mut self, index: FileIndex, target: &Target<'_>) -> Result<RingFile, EngineError> {
        let fd = descriptor(target)?;
        self.settings.flags.check(fd)?;
        if !self.settings.registered_files {
            return Ok(RingFile::open(fd));
        }
        self.ring.set_file(index.0, Some(fd)).map_err(|errno| EngineError {
            action: format!("register file {} with the ring", index.0),
            errno,
            remedy: String::new(),
        })?;
        Ok(RingFile::registered(index.0))
    }

    fn detach(&mut self, index: FileIndex) {
        if self.settings.registered_files {
            // If it cannot be removed, the place is overwritten by the next file that gets it.
            let _ = self.ring.set_file(index.0, None);
        }
    }

    #[inline]
    fn push(
        &mut self,
        at: &Attached<RingFile>,
        unit: &Unit,
        buffers: &mut BufferPool,
    ) -> Result<Pushed, Errno> {
        let forced = self.is_forced();
        let transfer = transfer(unit, at.state, self.settings.flags, forced);
        self.ring.push(&transfer, buffers).map(|()| Pushed::Transfer)
    }

    fn push_order(&mut self, at: &Attached<RingFile>, unit: &Unit) -> Result<Pushed, Errno> {
        self.order(at.state, at.is_block_device(), unit)
    }

    /// Kernels before 6.12 know no discards, and some devices take none this way; those in flight are
    /// refused one after the other. What a file system says to a hole tells nothing of that.
    fn is_order_unknown(&mut self, unit: &Unit, block_device: bool, errno: Errno) -> bool {
        let unknown = matches!(errno, Errno::OPNOTSUPP | Errno::INVAL)
            && unit.direction == Direction::Trim
            && block_device;
        self.discards &= !unknown;
        unknown
    }

    fn submit(&mut self) -> Result<(), Errno> {
        self.ring.submit()
    }

    #[inline]
    fn wait(&mut self, min: usize) -> Result<(), Errno> {
        self.ring.wait(min as u32)
    }

    fn wait_within(&mut self, min: usize, patience: Duration) -> Result<(), Errno> {
        self.ring.wait_within(min as u32, patience)
    }

    #[inline]
    fn take(&mut self) -> Option<(Slot, Result<u64, Errno>)> {
        self.ring.take()
    }

    #[inline]
    fn took(&mut self) {
        self.ring.took();
    }

    fn cancel(&mut self) {
        // A kernel before 5.19 refuses, and then nothing ends early.
        let _ = self.ring.cancel();
    }

    fn remedy(&self, errno: Errno) -> &'static str {
        let Settings { poll, flags, .. } = self.settings;
        about_extras(errno, Extras { polled: poll, flags: flags.of(true) })
    }

    fn notes(&self) -> Vec<String> {
        let granted: Vec<&str> = self.ring.granted().names().collect();
        let mut notes = vec![format!("io_uring: ring with {}", granted.join(", "))];
        let missing: Vec<&str> = self.ring.granted().missing(&self.wish).collect();
        if !missing.is_empty() {
            notes.push(format!("io_uring: this kernel does not have {}", missing.join(", ")));
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;
    use crate::blocking::Files;

    #[test]
    fn a_file_without_holes_says_nothing_about_discards() {
        let buffers = BufferPool::new(1, 4096).unwrap();
        let job = JobFacts { files: 2, ..JobFacts::plain(&buffers) };
        let Ok(mut queue) = IoUring::new(&job) else {
            eprintln!("skipped: io_uring is denied here");
            return;
        };
        let open = std::fs::File::open("/dev/null").unwrap();
        let mut files = Files::new(2);
        for (index, block_device) in [(0, false), (1, true)] {
            let target = Target {
                fd: Some(open.as_fd()),
                block_device,
                size_bytes: 0,
                region: (0, 0),
                writable: true,
            };
            let state = RingFile::open(open.as_fd());
            files.attach(FileIndex(index), &target, state).unwrap();
        }
        let trim = |index| Unit {
            slot: Slot(0),
            file: FileIndex(index),
            direction: Direction::Trim,
            priority: 0,
            offset: 0,
            length: 4096,
            progress: 0,
        };
        let mut is_unknown = |index, errno| {
            let block_device = files.get(FileIndex(index)).unwrap().is_block_device();
            (queue.is_order_unknown(&trim(index), block_device, errno), queue.discards)
        };
        assert_eq!(is_unknown(0, Errno::OPNOTSUPP), (false, true));
        assert_eq!(is_unknown(1, Errno::IO), (false, true));
        assert_eq!(is_unknown(1, Errno::OPNOTSUPP), (true, false));
    }
}
