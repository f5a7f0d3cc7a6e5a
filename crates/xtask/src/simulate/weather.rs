//! How bad the world is: the rate of each fault, chosen by the seed. Some worlds are calm, some hostile, and some know
//! one fault only.

use yaopai_xtask::dice::Dice;

/// Rates a thousand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Weather {
    /// A request or an answer does not arrive.
    pub(super) loss: u32,
    /// A request arrives twice.
    pub(super) twice: u32,
    /// An answer is heard twice.
    pub(super) echo: u32,
    /// A message takes long, so that others overtake it.
    pub(super) delay: u32,
    /// An answer breaks off.
    pub(super) truncation: u32,
    /// A console dies in a step.
    pub(super) death: u32,
    /// The power of a console is cut.
    pub(super) power_cut: u32,
    /// The backend dies between commit and answer.
    pub(super) backend_death: u32,
    /// A standby takes over that has not got the last commits.
    pub(super) failover: u32,
    /// A backup is restored.
    pub(super) restore: u32,
    /// Tombstones are forgotten.
    pub(super) compaction: u32,
    /// Somebody sets a clock.
    pub(super) clock_jump: u32,
    /// An operator gets another role, or loses the key.
    pub(super) rights: u32,
    /// Somebody copies the profile of a console.
    pub(super) copy: u32,
    /// A change falls out of a page, as a defect somewhere would have it.
    pub(super) hole: u32,
    /// Changes a page, at most: not a rate.
    pub(super) page: u32,
}

impl Weather {
    /// Nothing goes wrong any more.
    pub(super) fn calmed(self) -> Self {
        Self {
            page: self.page,
            ..Self::default()
        }
    }

    /// The weather of a seed.
    pub(super) fn of(dice: &mut Dice) -> Self {
        let mut rate = |rates: &[u32]| rates[dice.below(rates.len() as u64) as usize];
        Self {
            loss: rate(&[0, 0, 20, 150, 400]),
            twice: rate(&[0, 0, 50, 200]),
            echo: rate(&[0, 0, 20, 100]),
            delay: rate(&[0, 50, 300]),
            truncation: rate(&[0, 0, 50, 300]),
            death: rate(&[0, 0, 10, 60]),
            power_cut: rate(&[0, 0, 5, 20]),
            backend_death: rate(&[0, 0, 20, 100]),
            failover: rate(&[0, 0, 5, 20]),
            restore: rate(&[0, 0, 0, 4]),
            compaction: rate(&[0, 0, 10, 40]),
            clock_jump: rate(&[0, 0, 5, 20]),
            rights: rate(&[0, 0, 0, 10]),
            copy: rate(&[0, 0, 0, 3]),
            hole: rate(&[0, 0, 0, 20]),
            page: rate(&[1, 2, 4, 5000]),
        }
    }
}

/// Whether something happens that happens `rate` times in a thousand.
pub(super) const fn happens(dice: &mut Dice, rate: u32) -> bool {
    dice.below(1000) < rate as u64
}
