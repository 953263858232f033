//! Think time: when a job pauses.

use fiord_options::plan::{ThinkCount, ThinkPlan};

/// Counts what brings the next pause nearer.
#[derive(Clone, Debug)]
pub struct Think {
    plan: ThinkPlan,
    /// Requests that count, since a pause was due for them.
    count: u32,
    /// A request has gone since the last pause.
    worked: bool,
    /// The end of the last pause.
    since_ns: u64,
}

impl Think {
    /// `None` if the job never pauses.
    pub fn new(plan: &ThinkPlan) -> Option<Think> {
        (plan.pause_ns > 0).then(|| Think {
            plan: plan.clone(),
            count: 0,
            worked: false,
            since_ns: 0,
        })
    }

    /// The job begins.
    pub fn begin(&mut self, now_ns: u64) {
        (self.count, self.worked, self.since_ns) = (0, false, now_ns);
    }

    /// A request has gone.
    #[inline]
    pub fn issued(&mut self) {
        self.worked = true;
        if self.plan.counted == ThinkCount::Issued {
            self.count += 1;
        }
    }

    /// A request has ended.
    #[inline]
    pub fn completed(&mut self) {
        if self.plan.counted == ThinkCount::Completed {
            self.count += 1;
        }
    }

    /// True if the job has to pause before its next request.
    #[inline]
    pub fn is_due(&self, now_ns: u64) -> bool {
        let by_count = self.plan.requests.is_some_and(|requests| self.count >= requests);
        let by_time =
            self.plan.io_ns > 0 && now_ns.saturating_sub(self.since_ns) >= self.plan.io_ns;
        self.worked && (by_count || by_time)
    }

    /// Length of a pause, and the part of it, at its begin, that is spent in a busy loop.
    pub fn pause_ns(&self) -> (u64, u64) {
        (self.plan.pause_ns, self.plan.spin_ns)
    }

    /// A pause is over. Requests beyond the number of one pause count for the next one.
    pub fn paused(&mut self, now_ns: u64) {
        self.count = self.count.saturating_sub(self.plan.requests.unwrap_or(self.count));
        self.worked = false;
        self.since_ns = now_ns;
    }
}
