//! Time and randomness as arguments.

use serde::{Deserialize, Serialize};

/// A moment, in milliseconds since the UNIX epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
// Milliseconds stay below 2^53 for another 285,000 years, so a JavaScript number holds them exactly; `i32` is only the name
// by which specta exports a plain `number`.
pub struct Timestamp(#[cfg_attr(feature = "specta", specta(type = i32))] pub i64);

impl Timestamp {
    /// The moment `millis` milliseconds later (earlier if negative).
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this moment; negative if `earlier` is later.
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Where the present moment comes from.
pub trait Clock: Send + Sync {
    /// The present moment. May jump backwards: wall clocks do.
    fn now(&self) -> Timestamp;
}

/// Where unpredictable bytes come from.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with bytes nobody can predict (tests: with reproducible ones).
    fn fill(&self, bytes: &mut [u8]);
}

/// The machine's own clock and random source. Programs hand it to the libraries; libraries never reach for it.
#[cfg(feature = "system")]
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

#[cfg(feature = "system")]
impl Clock for System {
    fn now(&self) -> Timestamp {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place where real time enters"
        )]
        let now = std::time::SystemTime::now();
        let millis = now
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_millis());
        Timestamp(i64::try_from(millis).unwrap_or(i64::MAX))
    }
}

#[cfg(feature = "system")]
impl Entropy for System {
    fn fill(&self, bytes: &mut [u8]) {
        #[expect(
            clippy::expect_used,
            clippy::disallowed_methods,
            reason = "this is the one place where randomness enters, and without it every secret would be guessable"
        )]
        getrandom::fill(bytes).expect("the operating system's random source answers");
    }
}
