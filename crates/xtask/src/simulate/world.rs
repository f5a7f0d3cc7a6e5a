//! Time and randomness of a simulated world: nothing here is real, and everything comes from the seed.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};
use yaopai_domain::{Clock, Entropy, Timestamp};
use yaopai_xtask::dice::Dice;

/// When simulated worlds begin.
const BEGINNING: i64 = 1_750_000_000_000;

/// The time that really passes in the world, in milliseconds since it began. Nobody in it can read it.
#[derive(Debug, Clone, Default)]
pub(super) struct Time(Arc<AtomicI64>);

impl Time {
    /// The present moment.
    pub(super) fn now(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Time passes.
    pub(super) fn pass_to(&self, moment: i64) {
        self.0.fetch_max(moment, Ordering::Relaxed);
    }
}

/// A clock on somebody's wall: it shows the world's time, but may be set.
#[derive(Debug, Clone)]
pub(super) struct WallClock {
    time: Time,
    wrong_by: Arc<AtomicI64>,
}

impl WallClock {
    pub(super) fn new(time: &Time) -> Self {
        Self {
            time: time.clone(),
            wrong_by: Arc::default(),
        }
    }

    /// Somebody sets the clock.
    pub(super) fn jump(&self, millis: i64) {
        self.wrong_by.store(millis, Ordering::Relaxed);
    }
}

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp(BEGINNING + self.time.now() + self.wrong_by.load(Ordering::Relaxed))
    }
}

/// Bytes nobody in the world can predict.
#[derive(Debug)]
pub(super) struct Seeded(Mutex<Dice>);

impl Seeded {
    pub(super) const fn new(seed: u64) -> Self {
        Self(Mutex::new(Dice::new(seed)))
    }
}

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        let mut dice = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&dice.roll().to_le_bytes()[..chunk.len()]);
        }
    }
}
