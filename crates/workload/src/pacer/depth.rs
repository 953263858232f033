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
        /// The latency to meet.
        target_ns: u64,
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
            Trial::Hopeless { target_ns: self.target.target_ns, slowest_ns }
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

#[cfg(test)]
mod tests {
    use super::*;

    const MICRO_NS: u64 = 1000;

    fn target(percentile: f64, keep_searching: bool) -> LatencyTarget {
        let target_ns = 100 * MICRO_NS;
        LatencyTarget { target_ns, window_ns: 1_000_000, percentile, keep_searching }
    }

    /// Trials on a device whose latency follows from the depth; returns the depths and the last verdict.
    fn search(
        target: &LatencyTarget,
        most: usize,
        trials: usize,
        latency_ns: impl Fn(usize, u64) -> u64,
    ) -> (Vec<usize>, Trial) {
        let mut search = DepthSearch::new(target, most);
        let mut now_ns = 0;
        search.begin(now_ns);
        let mut depths = vec![search.depth()];
        for _ in 0..trials {
            for number in 0..100 {
                search.completed(latency_ns(search.depth(), number));
            }
            assert_eq!(search.look(now_ns + target.window_ns - 1), None);
            now_ns += target.window_ns;
            let trial = search.look(now_ns).unwrap_or(Trial::GoesOn);
            if !matches!(trial, Trial::GoesOn | Trial::Found) {
                return (depths, trial);
            }
            depths.push(search.depth());
        }
        (depths, Trial::GoesOn)
    }

    #[test]
    fn the_deepest_queue_is_found() {
        let proportional = |depth: usize, _| depth as u64 * 10 * MICRO_NS;
        let (depths, last) = search(&target(100.0, false), 64, 20, proportional);
        assert_eq!(depths, [1, 2, 4, 8, 16, 12, 10, 11, 10, 10]);
        assert_eq!(last, Trial::Measured);
        // One that is deep enough for everything.
        let (depths, last) = search(&target(100.0, false), 6, 20, |_, _| 1);
        assert_eq!((depths, last), (vec![1, 2, 4, 6, 6], Trial::Measured));
    }

    #[test]
    fn a_share_of_the_requests_may_be_slow() {
        // Two of a hundred are.
        let latency = |_, number: u64| if number < 2 { 1 << 30 } else { MICRO_NS };
        let (depths, last) = search(&target(98.0, false), 4, 20, latency);
        assert_eq!((depths.last(), last), (Some(&4), Trial::Measured));
        let (depths, last) = search(&target(98.5, false), 4, 20, latency);
        assert_eq!((depths, last), (vec![1; 21], Trial::GoesOn));
        let (_, last) = search(&target(100.0, false), 4, 20, latency);
        let target_ns = target(100.0, false).target_ns;
        assert_eq!(last, Trial::Hopeless { target_ns, slowest_ns: 1 << 30 });
    }

    #[test]
    fn a_search_that_goes_on_tries_more_again() {
        let proportional = |depth: usize, _| depth as u64 * 10 * MICRO_NS;
        let (depths, last) = search(&target(100.0, true), 64, 60, proportional);
        assert_eq!(last, Trial::GoesOn);
        let later = &depths[20..];
        assert!(later.iter().all(|depth| (9..=12).contains(depth)), "{depths:?}");
        assert!(later.contains(&11), "{depths:?}");
    }
}
