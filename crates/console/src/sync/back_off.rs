//! How long to wait before asking again.

use std::time::Duration;
use yaopai_domain::Entropy;

const BASE: Duration = Duration::from_millis(250);
/// A far backend is asked at least this often.
const CAP_FAR: Duration = Duration::from_secs(30);
/// Asking this machine in vain costs nothing.
const CAP_LOCAL: Duration = Duration::from_secs(2);
/// A far backend that was restored resets many consoles at once.
const RESETS: Duration = Duration::from_secs(4);
/// A load costs the backend much more than a question.
const CAP_RESETS: Duration = Duration::from_mins(10);

/// Exponential back-off with full jitter: many consoles never come back in step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BackOff {
    base: Duration,
    cap: Duration,
    failures: u32,
}

impl BackOff {
    /// For a backend on this machine, or elsewhere.
    pub(crate) const fn new(local: bool) -> Self {
        Self {
            base: BASE,
            cap: if local { CAP_LOCAL } else { CAP_FAR },
            failures: 0,
        }
    }

    /// For loads that such a backend makes necessary: longer waits, but for a first one of a backend on this machine.
    pub(crate) const fn of_resets(local: bool) -> Self {
        Self {
            base: if local { BASE } else { RESETS },
            cap: CAP_RESETS,
            failures: 0,
        }
    }

    /// Something worked, or an operator wants it now: begin with short waits again.
    pub(crate) const fn reset(&mut self) {
        self.failures = 0;
    }

    /// How long to wait after one more failure: between a tenth and all of `base · 2^n`, at most the cap.
    pub(crate) fn next(&mut self, entropy: &dyn Entropy) -> Duration {
        let ceiling = self
            .base
            .saturating_mul(2_u32.saturating_pow(self.failures))
            .min(self.cap);
        self.failures = self.failures.saturating_add(1);
        let mut random = [0; 2];
        entropy.fill(&mut random);
        let floor = ceiling / 10;
        let jitter = ceiling.saturating_sub(floor) * u32::from(u16::from_le_bytes(random));
        floor + jitter / u32::from(u16::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    struct Fixed(u8);

    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[rstest]
    #[case::far_longest(false, 0xff, [250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000])]
    #[case::local_longest(true, 0xff, [250, 500, 1000, 2000, 2000, 2000, 2000, 2000, 2000])]
    #[case::far_shortest(false, 0, [25, 50, 100, 200, 400, 800, 1600, 3000, 3000])]
    fn doubles_up_to_the_cap(#[case] local: bool, #[case] random: u8, #[case] millis: [u64; 9]) {
        let mut back_off = BackOff::new(local);
        for expected in millis {
            assert_eq!(back_off.next(&Fixed(random)), Duration::from_millis(expected));
        }
        back_off.reset();
        assert_eq!(back_off.next(&Fixed(0xff)), Duration::from_millis(250));
    }

    #[rstest]
    #[case::far(false, [4000, 8000, 16000, 32000, 64000])]
    #[case::local(true, [250, 500, 1000, 2000, 4000])]
    fn loads_after_resets_are_further_apart(#[case] local: bool, #[case] millis: [u64; 5]) {
        let mut resets = BackOff::of_resets(local);
        for expected in millis {
            assert_eq!(resets.next(&Fixed(0xff)), Duration::from_millis(expected));
        }
    }

    #[test]
    fn never_overflows() {
        let mut back_off = BackOff {
            base: BASE,
            cap: CAP_FAR,
            failures: u32::MAX,
        };
        assert_eq!(back_off.next(&Fixed(0xff)), CAP_FAR);
    }
}
