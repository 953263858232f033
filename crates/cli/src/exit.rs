//! Exit statuses; programs rely on them. They are fio's.

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything that was asked for was done.
    Success,
    /// The words or job files are wrong, or the run could not begin.
    Usage,
    /// `check --deny-warnings` has found warnings and nothing worse.
    Warnings,
    /// So many jobs failed.
    FailedJobs(usize),
    /// Ended by SIGINT or SIGTERM; the report was written.
    Signal,
}

impl Exit {
    /// 0; 1 for usage; 2 for warnings that are denied; the number of failed jobs, at most 127; 128 after a signal.
    pub(crate) fn status(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::Usage => 1,
            Exit::Warnings => 2,
            Exit::FailedJobs(count) => u8::try_from(count).map_or(127, |count| count.min(127)),
            Exit::Signal => 128,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_failed_jobs_do_not_wrap_to_success() {
        assert_eq!(Exit::FailedJobs(3).status(), 3);
        assert_eq!(Exit::FailedJobs(256).status(), 127);
        assert_eq!(Exit::Signal.status(), 128);
    }
}
