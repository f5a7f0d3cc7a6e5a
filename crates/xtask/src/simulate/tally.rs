//! What happened, counted: a simulation in which nothing goes wrong shows nothing.

use std::{collections::BTreeMap, fmt};

/// How often each thing happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally(BTreeMap<&'static str, u64>);

impl Tally {
    /// It happened.
    pub(super) fn count(&mut self, what: &'static str) {
        self.add(what, 1);
    }

    /// It happened so many times.
    pub(super) fn add(&mut self, what: &'static str, times: u64) {
        *self.0.entry(what).or_default() += times;
    }

    /// How often it happened.
    #[cfg(test)]
    pub(super) fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }

    /// Takes in what happened elsewhere.
    pub(super) fn absorb(&mut self, other: &Self) {
        for (what, times) in &other.0 {
            self.add(what, *times);
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (what, times)) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{times} {what}")?;
        }
        Ok(())
    }
}
