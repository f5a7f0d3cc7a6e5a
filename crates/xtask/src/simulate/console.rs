//! A console of a simulated world, and what its operator has been promised: the measure for I6 to I9.

use super::{
    backend::{Right, text},
    tally::Tally,
    violation::{Violation, hold},
    world::WallClock,
};
use std::collections::{BTreeMap, BTreeSet};
use yaopai_backend::simulate::Simulated;
use yaopai_console::{
    UserDetail,
    simulate::{Edit, Image, Machine, Request, Standing},
};
use yaopai_domain::{EntityKey, EntityType, MutationId, Outcome, UserId};

/// Commits that a power cut may take back are remembered up to this many.
const UNFLUSHED: usize = 12;
/// The level of `PRAGMA synchronous` from which on a commit outlives a power cut.
const FULL: i64 = 2;

/// What the outbox calls the creation of a user.
const CREATION: &str = "user";

/// A field of a user, as operators name it.
pub(super) type Field = (UserId, String);

/// One console.
pub(super) struct Console {
    pub(super) machine: Machine,
    pub(super) clock: WallClock,
    pub(super) right: Right,
    /// Requests under way, by their numbers.
    pub(super) under_way: BTreeMap<u64, Request>,
    /// How often the process was started.
    pub(super) life: u64,
    /// The wait that counts.
    pub(super) wait: u64,
    /// The process is dead and not started again yet.
    pub(super) dead: bool,
    /// The operator has stopped the load.
    pub(super) paused: bool,
    /// Requests sent.
    pub(super) sent: u64,
    /// Every edit that was ever durable here.
    pub(super) saved: BTreeSet<MutationId>,
    /// There is, or was, another console with the same file.
    pub(super) copied: bool,
    /// Users who were created by a console: a backend that lost them gets them again.
    pub(super) imported: BTreeSet<UserId>,
    /// Edits of which nothing was known after the last step.
    undecided: BTreeSet<MutationId>,
    /// Edits of which the backend has said what became of them, however that was asked.
    pub(super) recalled: BTreeSet<MutationId>,
    /// What the operator has to see until there is a reason not to.
    expected: BTreeMap<Field, Expected>,
    /// Fields that somebody else has changed since they were expected.
    contested: BTreeSet<Field>,
    /// States that a power cut may lead back to.
    unflushed: Vec<Image>,
    before: Option<Standing>,
    present: BTreeMap<EntityKey, (i64, i64)>,
    /// What has left the mirror in this generation.
    vanished: BTreeSet<EntityKey>,
}

/// A saved edit that has to stay visible.
#[derive(Debug, Clone)]
struct Expected {
    id: MutationId,
    json: Option<String>,
}

impl Console {
    pub(super) const fn new(machine: Machine, clock: WallClock, right: Right) -> Self {
        Self {
            machine,
            clock,
            right,
            under_way: BTreeMap::new(),
            life: 0,
            wait: 0,
            dead: false,
            paused: false,
            sent: 0,
            saved: BTreeSet::new(),
            copied: false,
            imported: BTreeSet::new(),
            undecided: BTreeSet::new(),
            recalled: BTreeSet::new(),
            expected: BTreeMap::new(),
            contested: BTreeSet::new(),
            unflushed: Vec::new(),
            before: None,
            present: BTreeMap::new(),
            vanished: BTreeSet::new(),
        }
    }

    /// A second console with a copy of everything, promises too.
    pub(super) fn copy(&mut self, machine: Machine, clock: WallClock) -> Self {
        self.copied = true;
        Self {
            copied: true,
            saved: self.saved.clone(),
            imported: self.imported.clone(),
            undecided: self.undecided.clone(),
            recalled: self.recalled.clone(),
            ..Self::new(machine, clock, self.right)
        }
    }

    /// To be called before a commit: if it does not reach the disk at once, a power cut can take it back.
    pub(super) fn before_a_commit(&mut self) -> Result<(), Violation> {
        let level = self.machine.durability().map_err(failed)?;
        if level >= FULL {
            self.unflushed.clear();
            return Ok(());
        }
        if self.unflushed.len() == UNFLUSHED {
            // A checkpoint has flushed what came before.
            self.unflushed.clear();
        }
        self.unflushed.push(self.machine.image().map_err(failed)?);
        Ok(())
    }

    /// The power is cut: of what was not flushed, only the first part may be there; how much `choose`s.
    pub(super) fn lose_power(&mut self, choose: impl FnOnce(u64) -> u64) -> Result<bool, Violation> {
        let states = self.unflushed.len() as u64 + 1;
        let chosen = choose(states) as usize;
        let lost = chosen < self.unflushed.len();
        if lost {
            let image = &self.unflushed[chosen];
            self.machine.lose_to(image).map_err(failed)?;
        }
        self.unflushed.clear();
        Ok(lost)
    }

    /// The process is started again.
    pub(super) fn restart(&mut self) -> Result<(), Violation> {
        self.life += 1;
        self.under_way.clear();
        self.machine.restart().map_err(failed)
    }

    /// The operator has done something: edits that became durable by it have to stay visible.
    pub(super) fn remember_edits(&mut self, given_up: Option<&Field>) -> Result<u64, Violation> {
        if let Some(field) = given_up {
            self.expected.remove(field);
        }
        let mut new = 0;
        for edit in self.machine.edits().map_err(failed)? {
            if self.saved.insert(edit.id) {
                new += 1;
                let field = field_of(&edit);
                self.contested.remove(&field);
                if edit.field != CREATION {
                    let json = edit.new;
                    self.expected.insert(field, Expected { id: edit.id, json });
                }
            }
        }
        Ok(new)
    }

    /// The backend has gone back in its history: what it deleted may be there again.
    pub(super) fn history_changed(&mut self) {
        self.vanished.clear();
        self.contest(None);
    }

    /// Somebody else has changed fields of a user, or all fields may have changed.
    pub(super) fn contest(&mut self, user: Option<UserId>) {
        let fields = self.expected.keys();
        let touched = fields
            .filter(|(of, _)| user.is_none_or(|user| *of == user))
            .cloned();
        self.contested.extend(touched);
    }

    /// Somebody else has changed one field.
    pub(super) fn contest_field(&mut self, field: &Field) {
        if self.expected.contains_key(field) {
            self.contested.insert(field.clone());
        }
    }

    /// What has to be true after every step.
    pub(super) fn check(&mut self, tally: &mut Tally) -> Result<(), Violation> {
        let standing = self.machine.standing().map_err(failed)?;
        self.access_lost(&standing, tally)?;
        self.i8_cursors_only_go_forth(&standing)?;
        self.i9_nothing_deleted_comes_back(&standing)?;
        self.i6_what_is_shown_is_mirror_and_overlay()?;
        if let Some(before) = &self.before
            && before.client_id != standing.client_id
        {
            tally.count("client ids changed");
            self.i2_a_new_client_goes_on_with_every_edit()?;
        }
        self.i7_a_saved_edit_stays_visible()?;
        self.undecided.clear();
        if standing.waiting > 0 {
            let edits = self.machine.edits().map_err(failed)?.into_iter();
            let undecided = edits.filter(|edit| edit.outcome.is_none());
            self.undecided.extend(undecided.map(|edit| edit.id));
        }
        let resets = self
            .before
            .as_ref()
            .map_or(0, |before| standing.generation - before.generation);
        tally.add("loads begun", resets.unsigned_abs());
        let mismatches = self
            .before
            .as_ref()
            .map_or(0, |before| standing.mismatches - before.mismatches);
        tally.add("digests that did not agree", u64::from(mismatches));
        self.before = Some(standing);
        Ok(())
    }

    /// I2: under a new client id everything goes on that was not decided; only the archive of the old one is not kept.
    fn i2_a_new_client_goes_on_with_every_edit(&mut self) -> Result<(), Violation> {
        let edits = self.machine.edits().map_err(failed)?.into_iter();
        let kept: BTreeSet<MutationId> = edits.map(|edit| edit.id).collect();
        let lost = self
            .undecided
            .iter()
            .find(|id| !kept.contains(id) && !self.recalled.contains(id));
        hold(lost.is_none(), "I2", || {
            format!("{lost:?} did not go along to the new client id")
        })?;
        self.saved.retain(|id| kept.contains(id));
        self.expected.retain(|_, expected| kept.contains(&expected.id));
        Ok(())
    }

    /// With access every promise ends, but for the number of edits that are gone; and nothing of anybody stays.
    fn access_lost(&mut self, now: &Standing, tally: &mut Tally) -> Result<(), Violation> {
        let Some(before) = self.before.clone() else {
            return Ok(());
        };
        if now.access_lost.is_none() || now.generation == before.generation {
            return Ok(());
        }
        tally.count("replicas that left with access");
        hold(now.unsent == Some(before.waiting), "I10", || {
            format!(
                "{} edits were waiting, and {:?} are said to be gone",
                before.waiting, now.unsent
            )
        })?;
        let left = self.machine.revisions().map_err(failed)?.len()
            + self.machine.edits().map_err(failed)?.len()
            + self.machine.overlay().map_err(failed)?.len();
        hold(left == 0, "I10", || format!("{left} rows stayed"))?;
        self.saved.clear();
        self.undecided.clear();
        self.expected.clear();
        self.contested.clear();
        self.present.clear();
        self.vanished.clear();
        Ok(())
    }

    /// I8: within a generation no cursor ever goes back.
    fn i8_cursors_only_go_forth(&self, now: &Standing) -> Result<(), Violation> {
        let Some(before) = self.before.as_ref().filter(|it| it.generation == now.generation) else {
            return Ok(());
        };
        for (part, cursor) in &now.places {
            let Some(old) = before.places.get(part) else {
                // A plan brings all its parts at once, in a generation of their own.
                return Err(Violation::new("I8", format!("part {part:?} came from nowhere")));
            };
            let (was, is) = (Simulated::stands_at(old), Simulated::stands_at(cursor));
            let forth = matches!((&was, &is), (Some((old_feed, old)), Some((feed, new))) if old_feed == feed && old <= new);
            hold(forth, "I8", || format!("a cursor went from {was:?} to {is:?}"))?;
        }
        // Before a plan there are no places at all.
        let tail = before.places.contains_key(&None) && !now.places.contains_key(&None);
        hold(!tail || now.places.is_empty(), "I8", || {
            "the place behind the parts is gone".to_owned()
        })
    }

    /// I9: what was deleted stays deleted within a generation, and no row goes back to an older state.
    fn i9_nothing_deleted_comes_back(&mut self, now: &Standing) -> Result<(), Violation> {
        if self
            .before
            .as_ref()
            .is_none_or(|before| before.generation != now.generation)
        {
            self.vanished.clear();
        } else if self.before.as_ref().is_some_and(|before| before == now) {
            return Ok(());
        }
        let present = self.machine.revisions().map_err(failed)?;
        for (key, version) in &present {
            hold(!self.vanished.contains(key), "I9", || {
                format!("{key:?} was deleted and is back")
            })?;
            let before = self.present.get(key);
            hold(before.is_none_or(|before| before <= version), "I9", || {
                format!("{key:?} went back from {before:?} to {version:?}")
            })?;
        }
        let once = |key: &&EntityKey| match key.entity_type() {
            EntityType::User | EntityType::Identity | EntityType::Connection => {
                let imported = matches!(key, EntityKey::User(id) if self.imported.contains(id));
                !imported && !present.contains_key(key)
            }
            // A file of this name, and a person with this OpenID, may come back.
            EntityType::VerificationFile | EntityType::RefusedPerson => false,
        };
        let vanished = self.present.keys().filter(once);
        self.vanished.extend(vanished.cloned());
        self.present = present;
        Ok(())
    }

    /// I6: every edited field is shown as its overlay says, and every other one as the mirror says.
    fn i6_what_is_shown_is_mirror_and_overlay(&self) -> Result<(), Violation> {
        let overlay = self.machine.overlay().map_err(failed)?;
        if overlay.is_empty() {
            return Ok(());
        }
        for one in overlay {
            let Ok(user) = self.machine.user(one.user_id) else {
                continue;
            };
            let wanted = one.value.map(|value| value.to_string());
            let is = shown(&user, &one.field);
            hold(is == wanted, "I6", || {
                format!("{} is shown as {is:?} and edited to {wanted:?}", one.field)
            })?;
        }
        Ok(())
    }

    /// I7: a saved edit stays on the screen until it lost, or, once the backend has it, until somebody else changes the
    /// field.
    fn i7_a_saved_edit_stays_visible(&mut self) -> Result<(), Violation> {
        if self.expected.is_empty() {
            return Ok(());
        }
        let edits: BTreeMap<MutationId, Edit> = self
            .machine
            .edits()
            .map_err(failed)?
            .into_iter()
            .map(|edit| (edit.id, edit))
            .collect();
        let overlay = self.machine.overlay().map_err(failed)?.into_iter();
        let overlaid: BTreeSet<Field> = overlay.map(|one| (one.user_id, one.field)).collect();
        let mut done = Vec::new();
        for (field, expected) in &self.expected {
            let outcome = edits.get(&expected.id).map(|edit| &edit.outcome);
            let decided = !matches!(outcome, Some(None));
            let lost = matches!(
                outcome,
                Some(Some(Outcome::Conflict { .. } | Outcome::Rejected { .. }))
            );
            if lost {
                done.push(field.clone());
                continue;
            }
            // Who is gone is gone with all fields.
            let Ok(user) = self.machine.user(field.0) else {
                continue;
            };
            let is = shown(&user, &field.1);
            if is == expected.json {
                let settled = decided && !overlaid.contains(field);
                if settled {
                    done.push(field.clone());
                }
                continue;
            }
            let excused = decided && self.contested.contains(field);
            hold(excused, "I7", || {
                format!(
                    "{} was saved as {:?} and is shown as {is:?}; outcome {outcome:?}",
                    field.1, expected.json
                )
            })?;
            done.push(field.clone());
        }
        for field in done {
            self.expected.remove(&field);
        }
        Ok(())
    }
}

/// The field of an edit.
pub(super) fn field_of(edit: &Edit) -> Field {
    (edit.user_id, edit.field.clone())
}

/// What the window shows of a field.
fn shown(user: &UserDetail, field: &str) -> Option<String> {
    let name = match field {
        "profile.nickname" => Some(&user.profile.nickname),
        "profile.name" => Some(&user.profile.name),
        _ => None,
    };
    if let Some(name) = name {
        let value = name.as_ref().and_then(|name| text(&name.value));
        return value.map(|value| value.to_string());
    }
    let key = field.strip_prefix("metadata.").unwrap_or(field);
    let item = user.metadata.iter().find(|item| item.key == key);
    item.and_then(|item| item.json.clone())
}

pub(super) fn failed(error: yaopai_console::Error) -> Violation {
    Violation::failed("a console", error)
}
