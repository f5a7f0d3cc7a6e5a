//! The end of a life: a calm in which everybody comes to rest, and what has to be true then.

use super::{
    backend::Right,
    console::failed,
    life::{Life, PATIENCE, PERSONAL},
    violation::{Violation, hold},
    witness::i11_no_secret_was_told,
};
use std::collections::{BTreeMap, BTreeSet};
use yaopai_console::{
    SyncMark, UserQuery,
    simulate::{Input, kept_of},
};
use yaopai_domain::{EntityKey, MutationId, Outcome, Role, UserId};

/// How long the calm lasts (milliseconds): longer than the longest back-off and several polls.
const CALM: i64 = 180_000;
/// Requests that one console may send in the calm: for each edit and page some, and then a poll from time to time.
const MAX_SENT_IN_CALM: u64 = 300;
/// Things that may happen in the calm.
const MAX_EVENTS_IN_CALM: u32 = 5000;
/// Requests that one console may send in the last minute of the calm, in which nothing is left to do.
const MAX_SENT_AT_REST: u64 = 12;

impl Life {
    /// Nothing goes wrong any more: soon everybody rests.
    pub(super) fn calm(&mut self) -> Result<(), Violation> {
        self.tell(format_args!("calm"));
        self.weather = self.weather.calmed();
        for who in 0..self.consoles.len() {
            if self.consoles[who].paused {
                self.consoles[who].paused = false;
                self.unless_dead(who, Input::Asked)?;
            }
        }
        let began = self.time.now();
        // Late messages of the storm are waited for as well.
        let ends = began + PATIENCE + CALM;
        let sent = |life: &Self| life.consoles.iter().map(|one| one.sent).collect::<Vec<_>>();
        let before = sent(self);
        self.pass_time(|life| life.time.now() >= ends - 60_000)?;
        let at_rest = sent(self);
        self.pass_time(|life| life.time.now() >= ends)?;
        self.pass_time(|life| {
            life.consoles
                .iter()
                .all(|one| !one.dead && one.under_way.is_empty())
        })?;
        let after = sent(self);
        self.i13_the_calm_is_calm(&before, &at_rest, &after)
    }

    /// Lets happen what is due until something is so.
    fn pass_time(&mut self, until: impl Fn(&Self) -> bool) -> Result<(), Violation> {
        for _ in 0..MAX_EVENTS_IN_CALM {
            if until(self) {
                return Ok(());
            }
            self.next_due()?;
        }
        Err(Violation::new("I13", "in the calm things never stop to happen"))
    }

    /// I13: in the calm every console has done its work with a bounded number of requests, and then rests.
    fn i13_the_calm_is_calm(&self, before: &[u64], at_rest: &[u64], after: &[u64]) -> Result<(), Violation> {
        for (who, console) in self.consoles.iter().enumerate() {
            let (all, last) = (after[who] - before[who], after[who] - at_rest[who]);
            hold(all <= MAX_SENT_IN_CALM && last <= MAX_SENT_AT_REST, "I13", || {
                format!("console {who} sent {all} requests in the calm, {last} of them at rest")
            })?;
            let may_edit = !matches!(console.right, Right::Revoked | Right::Role(Role::Viewer));
            if !may_edit {
                continue;
            }
            let waiting = console.machine.edits().map_err(failed)?;
            let waiting = waiting.iter().filter(|edit| edit.outcome.is_none()).count();
            hold(waiting == 0, "I13", || {
                format!("console {who} still has {waiting} edits")
            })?;
            let overlay = console.machine.overlay().map_err(failed)?;
            hold(overlay.is_empty(), "I13", || {
                format!("console {who} still shows {overlay:?} over its mirror")
            })?;
        }
        Ok(())
    }

    /// What has to be true in the end.
    pub(super) fn reckon(&mut self) -> Result<(), Violation> {
        let truth: BTreeMap<EntityKey, serde_json::Value> = self
            .backend
            .truth()?
            .into_iter()
            .map(|entity| (entity.key(), kept_of(&entity)))
            .collect();
        let outcomes = self.backend.outcomes()?;
        for who in 0..self.consoles.len() {
            let bytes = self.consoles[who].machine.bytes().map_err(failed)?;
            i11_no_secret_was_told(&bytes)?;
            let Right::Role(role) = self.consoles[who].right else {
                Self::i10_nothing_stays_without_access(who, &bytes)?;
                continue;
            };
            let mut truth = truth.clone();
            truth.retain(|key, _| key.entity_type().is_for(role));
            self.i1_the_mirror_equals_the_backend(who, &truth)?;
            self.i2_every_edit_has_its_outcome(who, role, &outcomes)?;
            self.i6_lists_show_and_find_everybody(who, &truth)?;
        }
        Ok(())
    }

    /// I10: whoever is not let in any more has nobody's data on the machine.
    fn i10_nothing_stays_without_access(who: usize, bytes: &[u8]) -> Result<(), Violation> {
        let left = String::from_utf8_lossy(bytes).contains(PERSONAL);
        hold(!left, "I10", || {
            format!("console {who} lost access and still has names")
        })
    }

    /// I1: every mirror holds exactly what the backend has.
    fn i1_the_mirror_equals_the_backend(
        &self,
        who: usize,
        truth: &BTreeMap<EntityKey, serde_json::Value>,
    ) -> Result<(), Violation> {
        let mirror = self.consoles[who].machine.mirror().map_err(failed)?;
        for (key, state) in truth {
            let mirrored = mirror.get(key).map(|mirrored| &mirrored.state);
            hold(mirrored == Some(state), "I1", || {
                format!("console {who} has {mirrored:?} of {key:?}, which is {state}")
            })?;
        }
        // Revision 0 is of somebody whom only this console knows yet.
        let ghost = mirror
            .iter()
            .find(|(key, mirrored)| mirrored.revision > 0 && !truth.contains_key(key));
        hold(ghost.is_none(), "I1", || {
            format!("console {who} still has {ghost:?}")
        })
    }

    /// I6: what lists show and search finds is made of the mirror, and has to say the same.
    fn i6_lists_show_and_find_everybody(
        &self,
        who: usize,
        truth: &BTreeMap<EntityKey, serde_json::Value>,
    ) -> Result<(), Violation> {
        let machine = &self.consoles[who].machine;
        let list = |search: String| {
            let query = UserQuery {
                search,
                limit: 500,
                ..UserQuery::default()
            };
            machine.users(&query).map_err(failed)
        };
        let users = truth.keys().filter_map(|key| match key {
            EntityKey::User(id) => Some(*id),
            _ => None,
        });
        let users: Vec<UserId> = users.collect();
        let all = list(String::new())?;
        let mirror = machine.mirror().map_err(failed)?;
        let only_here = mirror.values().filter(|mirrored| mirrored.revision == 0).count();
        hold(
            all.rows.len() == users.len() + only_here && all.total as usize == all.rows.len(),
            "I6",
            || {
                format!(
                    "console {who} lists {} of {} users",
                    all.rows.len(),
                    users.len() + only_here
                )
            },
        )?;
        for id in users {
            let found = list(id.to_string())?;
            let detail = machine.user(id).map_err(failed)?;
            let row = found.rows.first();
            hold(
                row.is_some_and(|row| {
                    row.id == id && row.name == detail.name && row.bindings.len() == detail.bindings.len()
                }),
                "I6",
                || format!("console {who} lists {row:?} for {detail:?}"),
            )?;
            let keyless = detail.metadata.iter().find(|item| item.key.is_empty());
            hold(keyless.is_none(), "I6", || {
                format!("console {who} shows {keyless:?} among the metadata of {id}")
            })?;
            for item in detail.metadata {
                let Some(json) = item.json.filter(|_| item.sync == SyncMark::Synced) else {
                    continue;
                };
                let found = list(format!("{}={json}", item.key))?;
                hold(found.rows.iter().any(|row| row.id == id), "I6", || {
                    format!("console {who} does not find {id} by {}={json}", item.key)
                })?;
            }
        }
        Ok(())
    }

    /// I2: every edit that was durable has one outcome, and it is the backend's.
    fn i2_every_edit_has_its_outcome(
        &mut self,
        who: usize,
        role: Role,
        outcomes: &BTreeMap<MutationId, Outcome>,
    ) -> Result<(), Violation> {
        let console = &self.consoles[who];
        let edits = console.machine.edits().map_err(failed)?;
        for edit in &edits {
            // Whoever may not push waits with what is unknown.
            if role == Role::Viewer && (edit.outcome.is_none() || edit.asked_again) {
                continue;
            }
            let theirs = outcomes.get(&edit.id);
            // The chain is of kinds: a revision of an older history may stay.
            let same = edit.outcome.as_ref().map(Outcome::kind) == theirs.map(Outcome::kind);
            // Two consoles that were one, and a backend that lost what the other one had pushed: nobody can tell them.
            let split = console.copied && self.backend.went_back();
            hold(same || split, "I2", || {
                format!(
                    "console {who} says {:?} of {}, the backend {theirs:?}",
                    edit.outcome, edit.id
                )
            })?;
        }
        let known: BTreeSet<_> = edits.iter().map(|edit| edit.id).collect();
        for id in &console.saved {
            hold(known.contains(id), "I2", || {
                format!("console {who} has forgotten {id}")
            })?;
        }
        for edit in &edits {
            match &edit.outcome {
                Some(Outcome::Conflict { .. }) => self.tally.count("conflicts"),
                Some(Outcome::Rejected { .. }) => self.tally.count("rejections"),
                Some(Outcome::Applied { .. }) => self.tally.count("edits applied"),
                Some(Outcome::Noop) | None => {}
            }
        }
        Ok(())
    }
}
