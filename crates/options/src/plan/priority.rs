//! Which requests have a priority of their own (`cmdprio_*`).

use fiord_base::IoPriority;
use serde::{Deserialize, Serialize};

/// Priorities of single requests; nothing where all have that of the worker. Trims have none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RequestPriorities {
    /// Of reads.
    pub read: Vec<PriorityShare>,
    /// Of writes.
    pub write: Vec<PriorityShare>,
}

impl RequestPriorities {
    /// No request has one.
    pub fn is_empty(&self) -> bool {
        self.read.is_empty() && self.write.is_empty()
    }
}

/// A share of the requests. The shares of one size follow each other, sizes ascend.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PriorityShare {
    /// Requests of this size; `None`: all.
    pub bytes: Option<u64>,
    /// How many of them, 1..=100; together at most 100 of one size.
    pub percent: u32,
    /// What they get.
    pub priority: IoPriority,
}
