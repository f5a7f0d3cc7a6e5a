//! What goes wrong by itself: power cuts, standbys and backups, clocks, rights, copied profiles.

use super::{
    backend::Right,
    console::failed,
    life::Life,
    violation::Violation,
    world::{Seeded, WallClock},
};
use std::sync::Arc;
use yaopai_console::simulate::Input;
use yaopai_domain::{Entropy, Role};

const DAY: i64 = 24 * 60 * 60 * 1000;

impl Life {
    pub(super) fn cut_power(&mut self) -> Result<(), Violation> {
        let who = self.a_console();
        let dice = &mut self.dice;
        let lost = self.consoles[who].lose_power(|states| dice.below(states))?;
        self.tell(format_args!(
            "the power of console {who} is cut; commits lost: {lost}"
        ));
        self.tally.count("power cuts");
        self.die(who);
        Ok(())
    }

    pub(super) fn go_back(&mut self, as_restore: bool) -> Result<(), Violation> {
        let to = self.dice.below(self.backend.snapshots() as u64) as usize;
        let before = self.backend.head();
        self.backend.go_back(to, as_restore)?;
        let what = if as_restore { "restores" } else { "failovers" };
        self.tally.count(what);
        self.tell(format_args!(
            "{what}: head {before} becomes {}",
            self.backend.head()
        ));
        for console in &mut self.consoles {
            console.history_changed();
        }
        Ok(())
    }

    pub(super) fn set_a_clock(&mut self) {
        let millis = match self.dice.below(6) {
            0 => 0,
            1 => 3650 * DAY,
            2 => -3650 * DAY,
            3 => 2 * DAY,
            4 => -60_000,
            _ => 60_000,
        };
        let who = self.dice.below(self.consoles.len() as u64 + 1) as usize;
        match self.consoles.get(who) {
            Some(console) => console.clock.jump(millis),
            None => self.backend.clock.jump(millis),
        }
        self.tell(format_args!("clock {who} is wrong by {millis}"));
        self.tally.count("clock jumps");
    }

    pub(super) fn change_rights(&mut self) {
        let who = self.a_console();
        let right = match self.dice.below(4) {
            0 => Right::Revoked,
            1 => Right::Role(Role::Viewer),
            2 => Right::Role(Role::Support),
            _ => Right::Role(Role::Admin),
        };
        self.consoles[who].right = right;
        self.tell(format_args!("operator {who} is {right:?} now"));
        self.tally.count("rights changed");
    }

    pub(super) fn copy_a_console(&mut self) -> Result<(), Violation> {
        let from = self.a_console();
        let clock = WallClock::new(&self.time);
        let entropy: Arc<dyn Entropy> = Arc::new(Seeded::new(self.dice.roll()));
        let machine = self.consoles[from]
            .machine
            .copied(Arc::new(clock.clone()), entropy)
            .map_err(failed)?;
        let copy = self.consoles[from].copy(machine, clock);
        self.consoles.push(copy);
        let who = self.consoles.len() - 1;
        self.tell(format_args!("console {from} is copied: console {who}"));
        self.tally.count("profiles copied");
        self.take(who, Input::TimeUp)
    }
}
