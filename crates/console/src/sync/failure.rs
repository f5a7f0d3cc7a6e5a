//! Why a request of the sync failed, as far as the rules care.

use std::time::Duration;
use yaopai_domain::{Code, Problem};

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No answer, or none that can be read; `host` was called.
    Unreachable {
        /// Host and port.
        host: String,
    },
    /// The backend was reached, but its answer did not arrive whole: asking for less may help.
    Incomplete {
        /// Host and port.
        host: String,
    },
    /// The backend refused, or something between it and the console did.
    Refused {
        /// How.
        problem: Problem,
        /// The backend said so itself. A gateway's page with the same status is nobody's word on access.
        told: bool,
        /// When to come back, if it said so.
        retry_after: Option<Duration>,
    },
}

impl Failure {
    /// The backend's own refusal with this code.
    pub(crate) fn told(problem: Problem) -> Self {
        Self::Refused {
            problem,
            told: true,
            retry_after: None,
        }
    }

    /// The code of a refusal.
    pub(crate) const fn code(&self) -> Option<Code> {
        match self {
            Self::Unreachable { .. } | Self::Incomplete { .. } => None,
            Self::Refused { problem, .. } => Some(problem.code),
        }
    }

    /// The words of a refusal.
    pub(crate) fn detail(&self) -> &str {
        match self {
            Self::Unreachable { .. } | Self::Incomplete { .. } => "",
            Self::Refused { problem, .. } => &problem.detail,
        }
    }
}
