//! Why a job cannot start or go on.

use fiord_engine::EngineError;
use fiord_sys::Errno;

/// An error that ends a job: a number for the exit status and reports, a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kernel's reason.
    pub errno: Errno,
    /// What was attempted on what, why it failed, and what to do about it.
    pub text: String,
}

impl Failure {
    /// `action` in words that fit after "cannot".
    pub(crate) fn new(action: impl AsRef<str>, errno: Errno) -> Failure {
        Failure { errno, text: format!("cannot {}: {errno}", action.as_ref()) }
    }

    /// The same with advice.
    pub(crate) fn with_remedy(self, remedy: &str) -> Failure {
        Failure { text: format!("{} ({remedy})", self.text), ..self }
    }

    /// A rule that was broken rather than a call that failed.
    pub(crate) fn rule(text: impl Into<String>) -> Failure {
        Failure { errno: Errno::INVAL, text: text.into() }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Failure {}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Failure {
        Failure { errno: error.errno, text: error.to_string() }
    }
}
