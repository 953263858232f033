//! `latency_target`: the search for the deepest queue that meets a latency.
//!
//! It begins at depth 1. A trial lasts for a window; it succeeds if the asked share of its requests met
//! the target. Until the first failure success doubles the depth, afterwards the interval between the
//! deepest success and the least failure is halved. A depth that does not change any more is measured once
//! more for a window, and that is the result. Where the search goes on (`latency_run`), a depth just below
//! the failure that holds three times lets that mark rise. (fio 3.42's rules.)

use fiord_options::plan::LatencyTarget;

/// Successes one below the mark of failure after which the mark rises.
const STABLE: u32 = 3;

/// The search of a job.
#[derive(Clone, Debug)]
pub struct DepthSearch {
    target: LatencyTarget,
    most: usize,
    depth: usize,
    low: usize,
    high: usize,
    has_failed: bool,
    stable: u32,
    /// The depth is found and being measured.
    is_final: bool,
    since_ns: u64,
    ended: u64,
    slow: u64,
    /// The slowest request of the trial.
    slowest_ns: u64,
}

/// What a trial has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    /// The search goes on, at the depth of now.
    GoesOn,
    /// The depth is found: what was measured so far is forgotten, and it is measured alone.
    Found,
    /// It has been measured, and the job is over.
    Measured,
    /// Not even one request at a time meets the target.
    Hopeless {
        /// The slowest request of the trial.
        slowest_ns: u64,
    },
}

impl DepthSearch {
    /// The search of a job of so many requests in flight at most.
    pub fn new(target: &LatencyTarget, most: usize) -> DepthSearch {
        DepthSearch {
            target: target.clone(),
            most: most.max(1),
            depth: 1,
            low: 1,
            high: most.max(1),
            has_failed: false,
            stable: 0,
            is_final: false,
            since_ns: 0,
            ended: 0,
            slow: 0,
            slowest_ns: 0,
        }
    }

    /// A trial begins.
    pub fn begin(&mut self, now_ns: u64) {
        (self.since_ns, self.ended, self.slow, self.slowest_ns) = (now_ns, 0, 0, 0);
    }

    /// Most requests in flight at present.
    #[inline]
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// A request took so long.
    #[inline]
    pub fn completed(&mut self, latency_ns: u64) {
        self.ended += 1;
        self.slow += u64::from(latency_ns > self.target.target_ns);
        self.slowest_ns = self.slowest_ns.max(latency_ns);
    }

    /// Ends the trial if its time is over, and says what comes then.
    pub fn look(&mut self, now_ns: u64) -> Option<Trial> {
        let over = now_ns.saturating_sub(self.since_ns) >= self.target.window_ns;
        if !over || self.ended == 0 {
            return None;
        }
        let share = 100.0 * (self.ended - self.slow) as f64 / self.ended as f64;
        let slowest_ns = self.slowest_ns;
        let trial = if share >= self.target.percentile {
            self.succeeded()
        } else if self.depth == 1 && self.target.percentile >= 100.0 {
            Trial::Hopeless { slowest_ns }
        } else {
            self.failed()
        };
        self.begin(now_ns);
        Some(trial)
    }

    fn succeeded(&mut self) -> Trial {
        let tried = self.depth;
        self.low = tried;
        self.stable += 1;
        if self.has_failed && tried + 1 == self.high && self.stable >= STABLE {
            // That more failed may have been chance.
            self.high = (self.high + 1).min(self.most);
        }
        self.set_depth(match self.has_failed {
            true => tried.midpoint(self.high),
            false => tried.saturating_mul(2).min(self.most),
        });
        if self.depth != tried || self.target.keep_searching {
            return Trial::GoesOn;
        }
        if self.is_final {
            return Trial::Measured;
        }
        self.is_final = true;
        Trial::Found
    }

    fn failed(&mut self) -> Trial {
        self.has_failed = true;
        self.is_final = false;
        self.high = self.depth;
        // What held at first may not hold any more.
        self.low = self.low.min(self.depth.saturating_sub(1)).max(1);
        self.set_depth(self.low.midpoint(self.depth));
        Trial::GoesOn
    }

    fn set_depth(&mut self, depth: usize) {
        if depth != self.depth {
            self.stable = 0;
        }
        self.depth = depth.clamp(1, self.most);
    }
}
