//! A promise that was broken.

use std::fmt;

/// Which promise was broken, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Violation {
    /// The invariant, `I1` to `I13`, or `run` if the programs themselves failed.
    pub(super) invariant: &'static str,
    /// What was seen.
    pub(super) what: String,
}

impl Violation {
    pub(super) fn new(invariant: &'static str, what: impl Into<String>) -> Self {
        Self {
            invariant,
            what: what.into(),
        }
    }

    /// The programs failed where nothing may fail.
    pub(super) fn failed(doing: &str, error: impl fmt::Display) -> Self {
        Self::new("run", format!("{doing}: {error}"))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.what)
    }
}

/// Breaks the promise unless it holds.
pub(super) fn hold(
    holds: bool,
    invariant: &'static str,
    what: impl FnOnce() -> String,
) -> Result<(), Violation> {
    if holds {
        Ok(())
    } else {
        Err(Violation::new(invariant, what()))
    }
}
