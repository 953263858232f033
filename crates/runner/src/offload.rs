//! `io_submit_mode=offload`: threads of the job execute its requests, one each.
//!
//! To the loop this is an engine with a queue, whatever the engine inside is: [`Offload`] hands units to
//! as many threads as the job is deep, and each of them has an instance of the job's engine for itself. A
//! unit waits in a list until a thread is free, and that wait is the submission latency. Buffers change
//! hands with their units.
//!
//! The list is behind a lock, and both sides sleep where there is nothing to do. All memory is reserved
//! when the job is set up.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use fiord_base::FileIndex;
use fiord_engine::{
    Caps, Completion, Completions, Engine, EngineError, Io, JobFacts, Registration, Target, Unit,
};
use fiord_options::plan::{JobPlan, SubmitMode};
use fiord_sys::process::Usage;
use fiord_sys::{BufferPool, Clock, Errno};

/// What the engine of a job is to the loop.
pub(crate) fn caps_for(job: &JobPlan, caps: Caps) -> Caps {
    match job.engine.submit {
        SubmitMode::Inline => caps.for_job(job.engine.iodepth, job.engine.batch),
        SubmitMode::Offload => Caps {
            inline: false,
            inline_at_depth_one: false,
            one_batch: false,
            reports_slat: true,
            ..caps
        },
    }
}

/// The engine of a job that is executed by threads.
pub(crate) struct Offload {
    queue: Arc<Queue>,
    /// One for each thread; a thread has it locked while it executes a unit.
    engines: Vec<Arc<Mutex<Box<dyn Engine>>>>,
    threads: Vec<JoinHandle<Usage>>,
    /// Stamps units that no thread began.
    clock: Clock,
}

/// What the loop and the threads share.
struct Queue {
    lists: Mutex<Lists>,
    /// A unit waits, or all is over.
    work: Condvar,
    /// A unit has ended.
    ended: Condvar,
}

struct Lists {
    waiting: VecDeque<Unit>,
    ended: VecDeque<Completion>,
    over: bool,
    /// An engine failed in a way that leaves a unit without an end.
    broken: Option<Errno>,
}

/// A thread that panics holding a lock has left what it guards as it was.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Moves at most `max` completions to the loop, with their buffers.
fn take_ended(mut lists: MutexGuard<'_, Lists>, max: usize, io: &mut Io<'_>) -> Result<(), Errno> {
    if let Some(errno) = lists.broken {
        return Err(errno);
    }
    let count = lists.ended.len().min(max);
    for completion in lists.ended.drain(..count) {
        io.buffers.take(completion.slot)?;
        io.done.push(completion);
    }
    Ok(())
}

impl Offload {
    /// Makes the engines and starts the threads. `clock` is that of the run.
    pub(crate) fn new(
        entry: &Registration,
        facts: &JobFacts<'_>,
        clock: &Clock,
    ) -> Result<Offload, EngineError> {
        let queue = Arc::new(Queue {
            lists: Mutex::new(Lists {
                waiting: VecDeque::with_capacity(facts.iodepth),
                ended: VecDeque::with_capacity(facts.iodepth),
                over: false,
                broken: None,
            }),
            work: Condvar::new(),
            ended: Condvar::new(),
        });
        let inline = entry.caps.for_job(1, 1).inline;
        // An engine with a queue of its own counts slots as the pool does.
        let iodepth = if inline { 1 } else { facts.iodepth };
        let (engines, threads) = (Vec::new(), Vec::new());
        let mut offload = Offload { queue, engines, threads, clock: clock.clone() };
        for _ in 0..facts.iodepth {
            let failed = |action: &str, errno| EngineError {
                action: action.to_owned(),
                errno,
                remedy: "lower iodepth".to_owned(),
            };
            let buffers = facts
                .buffers
                .view()
                .map_err(|errno| failed("share buffers with threads", errno))?;
            let inner = (entry.create)(&JobFacts { iodepth, buffers: &buffers, ..*facts })?;
            let engine = Arc::new(Mutex::new(inner));
            let hand = Hand {
                queue: Arc::clone(&offload.queue),
                engine: Arc::clone(&engine),
                inline,
                done: Completions::new(1, clock.clone(), true),
                buffers,
            };
            let thread = std::thread::Builder::new().name("fiord-offload".to_owned());
            let thread = thread.spawn(move || hand.work()).map_err(|error| {
                failed("start a thread", Errno(error.raw_os_error().unwrap_or(Errno::AGAIN.0)))
            })?;
            offload.threads.push(thread);
            offload.engines.push(engine);
        }
        Ok(offload)
    }
}

impl Engine for Offload {
    fn attach(&mut self, file: FileIndex, target: &Target<'_>) -> Result<(), EngineError> {
        self.engines.iter().try_for_each(|engine| lock(engine).attach(file, target))
    }

    fn detach(&mut self, file: FileIndex) {
        for engine in &self.engines {
            lock(engine).detach(file);
        }
    }

    fn submit(&mut self, batch: &[Unit], io: &mut Io<'_>) -> usize {
        let mut lists = lock(&self.queue.lists);
        for unit in batch {
            match io.buffers.release(unit.slot) {
                Ok(()) => lists.waiting.push_back(*unit),
                Err(errno) => io.done.push_inline(unit.slot, Err(errno)),
            }
        }
        drop(lists);
        match batch.len() {
            1 => self.queue.work.notify_one(),
            _ => self.queue.work.notify_all(),
        }
        batch.len()
    }

    fn reap(&mut self, min: usize, max: usize, io: &mut Io<'_>) -> Result<(), Errno> {
        let mut lists = lock(&self.queue.lists);
        while lists.ended.len() < min && lists.broken.is_none() {
            lists = self.queue.ended.wait(lists).unwrap_or_else(PoisonError::into_inner);
        }
        take_ended(lists, max, io)
    }

    fn reap_within(
        &mut self,
        min: usize,
        max: usize,
        patience: Duration,
        io: &mut Io<'_>,
    ) -> Result<(), Errno> {
        let lists = lock(&self.queue.lists);
        let waits = |lists: &mut Lists| lists.ended.len() < min && lists.broken.is_none();
        let waited = self.queue.ended.wait_timeout_while(lists, patience, waits);
        take_ended(waited.unwrap_or_else(PoisonError::into_inner).0, max, io)
    }

    fn cancel(&mut self) {
        let now_ns = self.clock.now_ns();
        let mut lists = lock(&self.queue.lists);
        while let Some(unit) = lists.waiting.pop_front() {
            let (slot, result) = (unit.slot, Err(Errno::CANCELED));
            let (issued_ns, done_ns) = (now_ns, now_ns);
            lists.ended.push_back(Completion { slot, result, issued_ns, done_ns });
        }
    }

    fn notes(&self) -> Vec<String> {
        self.engines.first().map_or_else(Vec::new, |engine| lock(engine).notes())
    }

    fn end_threads(&mut self) -> Usage {
        lock(&self.queue.lists).over = true;
        self.queue.work.notify_all();
        let mut sum = Usage::default();
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so.
            sum += thread.join().unwrap_or_default();
        }
        sum
    }

    fn remedy(&self, errno: Errno) -> &'static str {
        self.engines.first().map_or("", |engine| lock(engine).remedy(errno))
    }
}

impl Drop for Offload {
    fn drop(&mut self) {
        self.end_threads();
    }
}

/// One of the threads.
struct Hand {
    queue: Arc<Queue>,
    engine: Arc<Mutex<Box<dyn Engine>>>,
    inline: bool,
    done: Completions,
    buffers: BufferPool,
}

impl Hand {
    /// Executes units until all is over, and says what that took.
    fn work(mut self) -> Usage {
        while let Some(unit) = self.next() {
            // A unit that never ends would be waited for for ever.
            let executed = catch_unwind(AssertUnwindSafe(|| self.execute(&unit)));
            let executed = executed.unwrap_or(Err(Errno::IO));
            let mut lists = lock(&self.queue.lists);
            match executed {
                Ok(completion) => lists.ended.push_back(completion),
                Err(errno) => lists.broken = Some(errno),
            }
            drop(lists);
            self.queue.ended.notify_one();
            if executed.is_err() {
                break;
            }
        }
        Usage::of_thread()
    }

    fn next(&self) -> Option<Unit> {
        let mut lists = lock(&self.queue.lists);
        loop {
            if let Some(unit) = lists.waiting.pop_front() {
                return Some(unit);
            }
            if lists.over {
                return None;
            }
            lists = self.queue.work.wait(lists).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Executes one unit with its buffer, which is on its way to us. An error means that the engine is
    /// broken, and may still have unit and buffer.
    fn execute(&mut self, unit: &Unit) -> Result<Completion, Errno> {
        let issued_ns = self.done.begin();
        let result = match self.buffers.take(unit.slot) {
            Ok(()) => self.transfer(unit)?,
            Err(errno) => Err(errno),
        };
        let done_ns = self.done.stamp();
        // If it were not ours, taking it back would fail and be told.
        let _ = self.buffers.release(unit.slot);
        Ok(Completion { slot: unit.slot, result, issued_ns, done_ns })
    }

    fn transfer(&mut self, unit: &Unit) -> Result<Result<u64, Errno>, Errno> {
        let mut engine = lock(&self.engine);
        if self.inline {
            return Ok(engine.execute(unit, &mut self.buffers));
        }
        self.done.clear();
        let mut io = Io { buffers: &mut self.buffers, done: &mut self.done };
        if engine.submit(std::slice::from_ref(unit), &mut io) == 0 {
            return Ok(Err(Errno::AGAIN));
        }
        loop {
            if let Some(completion) = io.done.list().first() {
                return Ok(completion.result);
            }
            engine.reap(1, 1, &mut io)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use fiord_base::{Direction, Slot};

    use super::*;

    /// Does what a test wants to see.
    struct Peculiar {
        inline: bool,
    }

    /// Offset from which on requests end in a panic.
    const PANICS: u64 = 1 << 20;

    impl Engine for Peculiar {
        fn attach(&mut self, _file: FileIndex, _target: &Target<'_>) -> Result<(), EngineError> {
            Ok(())
        }

        fn detach(&mut self, _file: FileIndex) {}

        fn execute(&mut self, unit: &Unit, _buffers: &mut BufferPool) -> Result<u64, Errno> {
            assert!(unit.offset < PANICS, "this panic is part of a test");
            // Memory that nobody has touched before.
            BufferPool::new(1, 1 << 20)?.get_mut(Slot(0)).fill(1);
            Ok(unit.length)
        }

        fn submit(&mut self, batch: &[Unit], _io: &mut Io<'_>) -> usize {
            assert!(!self.inline);
            batch.len()
        }

        fn reap(&mut self, _min: usize, _max: usize, _io: &mut Io<'_>) -> Result<(), Errno> {
            Err(Errno::NOMEM)
        }
    }

    const INLINE: Registration = Registration {
        name: "peculiar",
        summary: "",
        caps: Caps { inline: true, ..Caps::NONE },
        create: |_| Ok(Box::new(Peculiar { inline: true })),
    };

    /// Its reaps fail.
    const BROKEN: Registration = Registration {
        caps: Caps::NONE,
        create: |_| Ok(Box::new(Peculiar { inline: false })),
        ..INLINE
    };

    fn offload(entry: &Registration, iodepth: usize, buffers: &BufferPool) -> Offload {
        let facts = JobFacts { iodepth, measures_submission: false, ..JobFacts::plain(buffers) };
        Offload::new(entry, &facts, &Clock::Monotonic).unwrap()
    }

    fn unit(slot: u32, offset: u64) -> Unit {
        Unit {
            slot: Slot(slot),
            file: FileIndex(0),
            direction: Direction::Read,
            priority: 0,
            offset,
            length: 4096,
            progress: 0,
        }
    }

    #[test]
    fn what_threads_use_is_counted_once() {
        let mut buffers = BufferPool::new(2, 4096).unwrap();
        let mut offload = offload(&INLINE, 2, &buffers);
        let mut done = Completions::new(2, Clock::Monotonic, true);
        let mut io = Io { buffers: &mut buffers, done: &mut done };
        assert_eq!(offload.submit(&[unit(0, 0), unit(1, 0)], &mut io), 2);
        while io.done.list().len() < 2 {
            offload.reap(1, 2, &mut io).unwrap();
        }
        let usage = offload.end_threads();
        assert!(usage.minor_faults > 0, "{usage:?}");
        assert_eq!(offload.end_threads(), Usage::default());
    }

    #[test]
    fn an_engine_that_breaks_is_told_instead_of_waited_for() {
        for (entry, offset, errno) in [(&INLINE, PANICS, Errno::IO), (&BROKEN, 0, Errno::NOMEM)] {
            let mut buffers = BufferPool::new(1, 4096).unwrap();
            let mut offload = offload(entry, 1, &buffers);
            let mut done = Completions::new(1, Clock::Monotonic, true);
            let mut io = Io { buffers: &mut buffers, done: &mut done };
            assert_eq!(offload.submit(&[unit(0, offset)], &mut io), 1);
            assert_eq!(offload.reap(1, 1, &mut io), Err(errno));
            // What may still be in use is not given back.
            assert_eq!(buffers.take(Slot(0)), Err(Errno::BUSY));
        }
    }

    #[test]
    fn what_is_cancelled_has_ended_now() {
        let mut buffers = BufferPool::new(2, 4096).unwrap();
        let mut offload = offload(&INLINE, 1, &buffers);
        let mut done = Completions::new(2, Clock::Monotonic, true);
        let mut io = Io { buffers: &mut buffers, done: &mut done };
        let engine = Arc::clone(&offload.engines[0]);
        let held = lock(&engine);
        assert_eq!(offload.submit(&[unit(0, 0)], &mut io), 1);
        while !lock(&offload.queue.lists).waiting.is_empty() {
            std::thread::yield_now();
        }
        let before_ns = Clock::Monotonic.now_ns();
        assert_eq!(offload.submit(&[unit(1, 0)], &mut io), 1);
        offload.cancel();
        offload.reap(1, 1, &mut io).unwrap();
        let ended = io.done.list()[0];
        assert_eq!((ended.slot, ended.result), (Slot(1), Err(Errno::CANCELED)));
        assert!(ended.issued_ns >= before_ns && ended.done_ns >= ended.issued_ns, "{ended:?}");
        drop(held);
        offload.reap(1, 1, &mut io).unwrap();
        assert_eq!(io.done.list()[1].result, Ok(4096));
    }
}
