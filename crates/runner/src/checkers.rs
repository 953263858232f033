//! `verify_async`: threads that check what a job has read, while it reads on.
//!
//! A buffer goes to the threads with the request that has filled it, and comes back with the verdict; until
//! then its slot is not free. All memory is reserved when the job is set up. Both sides sleep where there is
//! nothing to do.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use fiord_engine::Unit;
use fiord_options::plan::IdRanges;
use fiord_sys::process::{self, Usage};
use fiord_sys::{BufferPool, Errno};
use fiord_workload::verify::{Expected, Format, Mismatch};

use crate::failure::Failure;

/// A request whose data wait for being checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Check {
    pub(crate) unit: Unit,
    /// Bytes that were read.
    pub(crate) bytes: u64,
    pub(crate) expected: Expected,
    /// A newer write is possible, too.
    pub(crate) later: bool,
}

impl Check {
    /// The blocks that are wrong; most often there is none, and nothing is allocated.
    #[inline]
    pub(crate) fn of(&self, format: &Format, data: &mut [u8]) -> Vec<Mismatch> {
        match format.check(data, self.unit.length, &self.expected) {
            Ok(()) => Vec::new(),
            Err(first) => self.all_of(format, data, *first),
        }
    }

    /// The first wrong block, and those after it.
    #[cold]
    fn all_of(&self, format: &Format, data: &mut [u8], first: Mismatch) -> Vec<Mismatch> {
        let mut from = first.end();
        let mut mismatches = vec![first];
        // A request with a pattern is one block, whatever headers it has.
        while from < data.len() && format.draws_seeds() {
            match format.check_from(from, data, self.unit.length, &self.expected) {
                Ok(()) => break,
                Err(mismatch) => {
                    from = mismatch.end();
                    mismatches.push(*mismatch);
                }
            }
        }
        mismatches
    }
}

/// What a check has found.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) check: Check,
    /// `Err` if the thread could not do it.
    pub(crate) result: Result<Vec<Mismatch>, Errno>,
}

/// The threads, and what is on its way to and from them.
pub(crate) struct Checkers {
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<Usage>>,
    /// Checks that have not come back.
    outstanding: usize,
}

struct Queue {
    lists: Mutex<Lists>,
    /// There is something to check, or all is over.
    work: Condvar,
    /// Something has been checked.
    checked: Condvar,
}

struct Lists {
    waiting: VecDeque<Check>,
    verdicts: VecDeque<Verdict>,
    /// Threads that sleep.
    idle: usize,
    /// The loop sleeps.
    wanted: bool,
    over: bool,
}

/// A thread that panics holding the lock has left the lists as they were.
fn lock(mutex: &Mutex<Lists>) -> MutexGuard<'_, Lists> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn sleep<'a>(condition: &Condvar, lists: MutexGuard<'a, Lists>) -> MutexGuard<'a, Lists> {
    condition.wait(lists).unwrap_or_else(PoisonError::into_inner)
}

impl Checkers {
    /// Starts `count` threads, on `cpus` if these are named.
    pub(crate) fn start(
        count: u32,
        cpus: Option<&IdRanges>,
        format: &Format,
        buffers: &BufferPool,
    ) -> Result<Checkers, Failure> {
        let slots = buffers.slots();
        let lists = Lists {
            waiting: VecDeque::with_capacity(slots),
            verdicts: VecDeque::with_capacity(slots),
            idle: 0,
            wanted: false,
            over: false,
        };
        let (work, checked) = (Condvar::new(), Condvar::new());
        let queue = Arc::new(Queue { lists: Mutex::new(lists), work, checked });
        // Threads are born where the one that makes them runs.
        let _home = cpus.map(Elsewhere::go).transpose()?;
        let mut checkers = Checkers { queue, threads: Vec::new(), outstanding: 0 };
        for number in 0..count {
            let buffers = buffers.view().map_err(|errno| {
                Failure::new("share buffers with the threads of verify_async", errno)
            })?;
            let hand = Hand { queue: Arc::clone(&checkers.queue), format: format.clone(), buffers };
            let thread = std::thread::Builder::new().name(format!("verify-{number}"));
            let thread = thread.spawn(move || hand.work());
            let thread = thread.map_err(|error| {
                let errno = Errno(error.raw_os_error().unwrap_or(Errno::AGAIN.0));
                Failure::new(format!("start thread {number} of verify_async={count}"), errno)
                    .with_remedy("lower verify_async")
            })?;
            checkers.threads.push(thread);
        }
        Ok(checkers)
    }

    /// Has a request checked; its buffer goes along.
    pub(crate) fn hand_over(
        &mut self,
        check: Check,
        buffers: &mut BufferPool,
    ) -> Result<(), Errno> {
        buffers.release(check.unit.slot)?;
        let mut lists = lock(&self.queue.lists);
        lists.waiting.push_back(check);
        let asleep = lists.idle > 0;
        drop(lists);
        if asleep {
            self.queue.work.notify_one();
        }
        self.outstanding += 1;
        Ok(())
    }

    /// Checks that have not come back.
    pub(crate) fn outstanding(&self) -> usize {
        self.outstanding
    }

    /// A verdict, with its buffer, if there is one or if it has to be waited for.
    pub(crate) fn verdict(
        &mut self,
        wait: bool,
        buffers: &mut BufferPool,
    ) -> Result<Option<Verdict>, Errno> {
        let mut lists = lock(&self.queue.lists);
        while wait && self.outstanding > 0 && lists.verdicts.is_empty() {
            lists.wanted = true;
            lists = sleep(&self.queue.checked, lists);
        }
        let Some(verdict) = lists.verdicts.pop_front() else { return Ok(None) };
        drop(lists);
        self.outstanding -= 1;
        buffers.take(verdict.check.unit.slot)?;
        Ok(Some(verdict))
    }

    /// Ends the threads; says what they used.
    pub(crate) fn end(&mut self) -> Usage {
        lock(&self.queue.lists).over = true;
        self.queue.work.notify_all();
        let mut sum = Usage::default();
        for thread in self.threads.drain(..) {
            if let Ok(usage) = thread.join() {
                sum += usage;
            }
        }
        sum
    }
}

impl Drop for Checkers {
    fn drop(&mut self) {
        self.end();
    }
}

/// This thread runs on other CPUs, until this is dropped.
struct Elsewhere {
    home: Vec<(u32, u32)>,
}

impl Elsewhere {
    fn go(cpus: &IdRanges) -> Result<Elsewhere, Failure> {
        let action = "run threads on the CPUs of verify_async_cpus";
        let home = process::runs_on().map_err(|errno| Failure::new(action, errno))?;
        process::run_on(&cpus.0).map_err(|errno| Failure::new(action, errno))?;
        Ok(Elsewhere { home })
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        // It has run there before.
        let _ = process::run_on(&self.home);
    }
}

/// What a thread works with.
struct Hand {
    queue: Arc<Queue>,
    format: Format,
    buffers: BufferPool,
}

impl Hand {
    fn work(mut self) -> Usage {
        while let Some(check) = self.next() {
            // Whoever waits for it must hear of it, whatever happens.
            let result = catch_unwind(AssertUnwindSafe(|| self.check(&check)));
            let result = result.unwrap_or(Err(Errno::IO));
            let mut lists = lock(&self.queue.lists);
            lists.verdicts.push_back(Verdict { check, result });
            let wanted = std::mem::take(&mut lists.wanted);
            drop(lists);
            if wanted {
                self.queue.checked.notify_one();
            }
        }
        Usage::of_thread()
    }

    fn next(&self) -> Option<Check> {
        let mut lists = lock(&self.queue.lists);
        loop {
            if let Some(check) = lists.waiting.pop_front() {
                return Some(check);
            }
            if lists.over {
                return None;
            }
            lists.idle += 1;
            lists = sleep(&self.queue.work, lists);
            lists.idle -= 1;
        }
    }

    fn check(&mut self, check: &Check) -> Result<Vec<Mismatch>, Errno> {
        let slot = check.unit.slot;
        self.buffers.take(slot)?;
        let buffer = self.buffers.get_mut(slot);
        let data = buffer.get_mut(..check.bytes as usize).unwrap_or_default();
        let mismatches = check.of(&self.format, data);
        self.buffers.release(slot)?;
        Ok(mismatches)
    }
}
