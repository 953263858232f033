//! When a job starts and ends with regard to others.

use serde::{Deserialize, Serialize};

/// What a job has to do with the start and the end of other jobs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SchedulePlan {
    /// It starts when all clones of the earlier job of this name have ended.
    pub wait_for: Option<String>,
    /// When its end ends others.
    pub end_others: EndOthers,
    /// Which others.
    pub end_scope: EndScope,
}

/// When the end of a job ends others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndOthers {
    /// Never.
    #[default]
    Never,
    /// If the job fails.
    OnError,
    /// However it ends.
    Always,
}

/// Which jobs end with a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndScope {
    /// Those of its group.
    #[default]
    Group,
    /// Those that run now; what waits behind a barrier goes on.
    Stonewall,
    /// All.
    All,
}
