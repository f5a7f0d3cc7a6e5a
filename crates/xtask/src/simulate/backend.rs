//! The backend of a simulated world, with a memory of its own for what was decided: the measure for I3, I4 and I5.

use super::{
    tally::Tally,
    violation::{Violation, hold},
    world::WallClock,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};
use yaopai_backend::simulate::{FeedState, Image, Simulated};
use yaopai_console::simulate::{Input, NoAnswer, Request};
use yaopai_domain::{
    Act, Code, Entity, Entropy, FieldGroup, MetadataValue, MutationId, Outcome, Problem, PushAnswer,
    PushRequest, Revision, Role, ServerInfo, User, UserId, WeChatEnvironment,
};

/// Snapshots that are kept.
const SNAPSHOTS: usize = 8;

/// What one operator may do here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    /// The key lets in, with this role.
    Role(Role),
    /// The key was revoked.
    Revoked,
}

/// The history of a backend, kept beside it.
#[derive(Debug, Clone, Default)]
struct History {
    /// What became of each mutation.
    decided: BTreeMap<MutationId, Outcome>,
}

struct Snapshot {
    image: Image,
    history: History,
}

/// The backend.
pub(super) struct Backend {
    node: Simulated,
    history: History,
    snapshots: Vec<Snapshot>,
    pub(super) clock: WallClock,
    feed: FeedState,
    /// Changes a page, at most.
    page: u32,
    went_back: bool,
}

impl Backend {
    pub(super) fn new(clock: WallClock, entropy: Arc<dyn Entropy>, page: u32) -> Result<Self, Violation> {
        let node = failed_unless(
            "making the backend",
            Simulated::new(Arc::new(clock.clone()), entropy),
        )?;
        let feed = failed_unless("reading the feed", node.feed())?;
        Ok(Self {
            node,
            history: History::default(),
            snapshots: Vec::new(),
            clock,
            feed,
            page,
            went_back: false,
        })
    }

    /// Answers a request; a pull with its next page.
    pub(super) fn answer(
        &mut self,
        right: Right,
        actor: &str,
        id: u64,
        request: &Request,
        tally: &mut Tally,
    ) -> Result<Input, Violation> {
        let Right::Role(role) = right else {
            let problem = Box::new(Problem::new(Code::Unauthenticated, "revoked"));
            return Ok(no_answer(id, request, NoAnswer::Refused(problem)));
        };
        let input = match request {
            Request::Inform => Input::Informed(id, Ok(server(role))),
            Request::Push(push) => {
                let answer = self.decide(role, actor, push)?;
                Input::Pushed(id, answer.map_err(NoAnswer::Refused))
            }
            Request::Recall(ids) => {
                Input::Recalled(id, self.node.results(role, ids).map_err(NoAnswer::Refused))
            }
            Request::Plan(load) => Input::Planned(id, self.node.load(role, load).map_err(NoAnswer::Refused)),
            Request::Pull(pull) => {
                let mut pull = pull.clone();
                pull.limit = pull.limit.min(self.page);
                match self.node.pull(role, &pull) {
                    Ok(page) => Input::Page(id, Box::new(page)),
                    Err(problem) => {
                        if problem.code == Code::SyncReset {
                            tally.count(reset_name(&problem.detail));
                        }
                        Input::Ended(id, Err(NoAnswer::Refused(problem)))
                    }
                }
            }
        };
        self.i5_the_feed_grows_by_what_was_written()?;
        Ok(input)
    }

    /// Decides a push, and compares what the tables say before and after with what was answered.
    fn decide(
        &mut self,
        role: Role,
        actor: &str,
        push: &PushRequest,
    ) -> Result<Result<PushAnswer, Box<Problem>>, Violation> {
        let acts: BTreeMap<MutationId, &Act> = push.mutations.iter().map(|one| (one.id, &one.act)).collect();
        let touched: BTreeSet<UserId> = acts.values().map(|act| act.user_id()).collect();
        let mut model = self.users(&touched)?;
        let answer = self.node.push(role, actor, push.clone());
        if let Ok(answer) = &answer {
            for decided in &answer.outcomes {
                let Some(act) = acts.get(&decided.id) else {
                    return Err(Violation::new("I2", "an outcome of an edit nobody pushed"));
                };
                self.i3_each_edit_is_decided_once(decided.id, &decided.outcome, act, &mut model)?;
            }
        }
        let after = self.users(&touched)?;
        hold(model == after, "I3", || {
            format!("a push changed what its outcomes do not say: {model:?} became {after:?}")
        })?;
        Ok(answer)
    }

    /// I3 and I4: an edit is decided once in a history, and applies only to the value that it was made on.
    fn i3_each_edit_is_decided_once(
        &mut self,
        id: MutationId,
        outcome: &Outcome,
        act: &Act,
        model: &mut BTreeMap<UserId, Fields>,
    ) -> Result<(), Violation> {
        if let Some(before) = self.history.decided.get(&id) {
            return hold(before == outcome, "I3", || {
                format!("{id} was {before:?} and is now {outcome:?}")
            });
        }
        self.history.decided.insert(id, outcome.clone());
        if !matches!(outcome, Outcome::Applied { .. }) {
            return Ok(());
        }
        match act {
            Act::Patch(patch) => {
                let Some(user) = model.get_mut(&patch.user_id) else {
                    return Err(Violation::new("I3", format!("{id} was applied to nobody")));
                };
                let current = user.get(&patch.field).cloned();
                hold(current == patch.base, "I4", || {
                    format!("{id} was made on {:?} and overwrote {current:?}", patch.base)
                })?;
                match &patch.new {
                    Some(new) => user.insert(patch.field.clone(), new.clone()),
                    None => user.remove(&patch.field),
                };
            }
            Act::Create(new) => {
                hold(!model.contains_key(&new.user_id), "I4", || {
                    format!("{id} created somebody who was there")
                })?;
                let mut fields: Fields = new
                    .metadata
                    .iter()
                    .map(|(key, value)| (FieldGroup::Metadata(key.clone()), value.clone()))
                    .collect();
                for (group, name) in [
                    (FieldGroup::Nickname, &new.nickname),
                    (FieldGroup::Name, &new.name),
                ] {
                    if let Some(value) = name.as_ref().and_then(|name| text(&name.to_string())) {
                        fields.insert(group, value);
                    }
                }
                model.insert(new.user_id, fields);
            }
        }
        Ok(())
    }

    fn users(&self, ids: &BTreeSet<UserId>) -> Result<BTreeMap<UserId, Fields>, Violation> {
        let mut users = BTreeMap::new();
        for id in ids {
            if let Some(user) = failed_unless("reading a user", self.node.user(*id))? {
                users.insert(*id, fields(&user));
            }
        }
        Ok(users)
    }

    /// I5: the head grew by the number of rows that were written, and no two rows share a revision.
    fn i5_the_feed_grows_by_what_was_written(&mut self) -> Result<(), Violation> {
        let now = failed_unless("reading the feed", self.node.feed())?;
        let before = std::mem::replace(&mut self.feed, now);
        let now = &self.feed;
        let unique = now.revisions.windows(2).all(|pair| pair[0] < pair[1]);
        hold(unique, "I5", || format!("revisions repeat: {:?}", now.revisions))?;
        let written = now.revisions.iter().filter(|rev| **rev > before.head).count() as i64;
        let grown = now.head.0 - before.head.0;
        hold(grown == written, "I5", || {
            format!("the head grew by {grown}, and {written} rows were written")
        })
    }

    /// The newest revision.
    pub(super) const fn head(&self) -> i64 {
        self.feed.head.0
    }

    /// Runs an act of an operator elsewhere. Being refused is fine.
    pub(super) fn elsewhere<T, E: fmt::Display>(
        &mut self,
        act: impl FnOnce(&Simulated) -> Result<T, E>,
    ) -> Result<Option<T>, Violation> {
        let done = act(&self.node).ok();
        self.i5_the_feed_grows_by_what_was_written()?;
        Ok(done)
    }

    /// What a standby would have from now on.
    pub(super) fn snapshot(&mut self) -> Result<(), Violation> {
        let image = failed_unless("copying the backend", self.node.image())?;
        if self.snapshots.len() == SNAPSHOTS {
            self.snapshots.remove(0);
        }
        self.snapshots.push(Snapshot {
            image,
            history: self.history.clone(),
        });
        Ok(())
    }

    /// Whether it has ever lost anything.
    pub(super) const fn went_back(&self) -> bool {
        self.went_back
    }

    /// How many snapshots there are.
    pub(super) const fn snapshots(&self) -> usize {
        self.snapshots.len()
    }

    /// Goes back to a snapshot; as a restore it gets a new feed id.
    pub(super) fn go_back(&mut self, to: usize, as_restore: bool) -> Result<(), Violation> {
        self.went_back = true;
        let snapshot = &self.snapshots[to];
        let gone_back = if as_restore {
            self.node.restore(&snapshot.image)
        } else {
            self.node.fail_over(&snapshot.image)
        };
        failed_unless("going back", gone_back)?;
        self.history = snapshot.history.clone();
        self.feed = failed_unless("reading the feed", self.node.feed())?;
        Ok(())
    }

    /// Forgets tombstones up to a revision.
    pub(super) fn compact(&mut self, horizon: i64) -> Result<(), Violation> {
        failed_unless("compacting", self.node.compact(Revision(horizon)))?;
        self.i5_the_feed_grows_by_what_was_written()
    }

    /// Everything there is.
    pub(super) fn truth(&self) -> Result<Vec<Entity>, Violation> {
        failed_unless("reading the tables", self.node.truth())
    }

    /// What was decided, as the backend itself remembers it.
    pub(super) fn outcomes(&self) -> Result<BTreeMap<MutationId, Outcome>, Violation> {
        failed_unless("reading the outcomes", self.node.outcomes())
    }
}

/// The fields of a user that can be edited.
type Fields = BTreeMap<FieldGroup, MetadataValue>;

fn fields(user: &User) -> Fields {
    let mut fields: Fields = user
        .metadata
        .iter()
        .map(|(key, entry)| (FieldGroup::Metadata(key.clone()), entry.value.clone()))
        .collect();
    let profile = [
        (FieldGroup::Nickname, &user.profile.nickname),
        (FieldGroup::Name, &user.profile.name),
    ];
    for (group, name) in profile {
        if let Some(value) = name.as_ref().and_then(|name| text(&name.value)) {
            fields.insert(group, value);
        }
    }
    fields
}

/// A text as the value of a field.
pub(super) fn text(text: &str) -> Option<MetadataValue> {
    MetadataValue::new(text.into()).ok()
}

fn failed_unless<T, E: fmt::Display>(doing: &str, result: Result<T, E>) -> Result<T, Violation> {
    result.map_err(|error| Violation::failed(doing, error))
}

/// That there is no answer, in the shape of the answer.
pub(super) const fn no_answer(id: u64, request: &Request, why: NoAnswer) -> Input {
    match request {
        Request::Inform => Input::Informed(id, Err(why)),
        Request::Push(_) => Input::Pushed(id, Err(why)),
        Request::Recall(_) => Input::Recalled(id, Err(why)),
        Request::Plan(_) => Input::Planned(id, Err(why)),
        Request::Pull(_) => Input::Ended(id, Err(why)),
    }
}

fn reset_name(detail: &str) -> &'static str {
    const NAMES: [(&str, &str); 5] = [
        ("malformed", "resets: malformed cursor"),
        ("other_feed", "resets: other feed"),
        ("lost_tail", "resets: lost tail"),
        ("horizon_passed", "resets: horizon passed"),
        ("rights_changed", "resets: rights changed"),
    ];
    NAMES
        .into_iter()
        .find(|(word, _)| detail.contains(word))
        .map_or("resets: of another kind", |(_, name)| name)
}

fn server(role: Role) -> ServerInfo {
    ServerInfo {
        version: "1".to_owned(),
        pool_name: "default".to_owned(),
        public_url: "https://backend.example/".to_owned(),
        wechat: WeChatEnvironment::Real,
        role,
    }
}
