//! A backend small enough to be seen through: feed, marks, ordered idempotent mutations, all in memory.

use crate::options::Ambient;
use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};
use yaopai_domain::{
    Act, Change, ClientId, Clock, Code, Digest, Entity, EntityKey, EntityType, Entropy, FieldGroup, LoadPlan,
    LoadRequest, Metadata, MetadataEntry, MetadataKey, MetadataValue, Mutation, MutationId, MutationOutcome,
    NewUser, Outcome, PageEnd, Patch, Profile, ProfileField, PullPage, PullRequest, PushAnswer,
    PushRejection, PushRequest, PushResult, PushResults, Revision, Role, Seen, Source, Sourced, Timestamp,
    User, UserId, UserStatus, next_chain,
};

/// A clock that moves one millisecond a look.
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// Reproducible bytes (SplitMix64).
struct Seeded(AtomicU64);

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut z = self
                .0
                .fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed)
                .wrapping_add(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            chunk.copy_from_slice(&z.to_le_bytes()[..chunk.len()]);
        }
    }
}

/// Time and randomness that are the same in every run.
pub(crate) fn ambient(seed: u64) -> Ambient {
    Ambient {
        clock: Arc::new(Ticking(AtomicI64::new(1_000_000))),
        entropy: Arc::new(Seeded(AtomicU64::new(seed))),
    }
}

/// The user of this number.
pub(crate) fn user_id(number: u32) -> UserId {
    format!("00000000-0000-7000-8000-{number:012x}").parse().unwrap()
}

pub(crate) fn key(text: &str) -> MetadataKey {
    text.parse().unwrap()
}

pub(crate) fn json(text: &str) -> MetadataValue {
    MetadataValue::parse(text).unwrap()
}

#[derive(Clone, Default)]
struct Client {
    last_seq: u64,
    chain: String,
    decided: HashMap<u64, (MutationId, Outcome)>,
}

/// The backend.
#[derive(Clone)]
pub(crate) struct BackendModel {
    /// Changes a page, at most.
    pub(crate) page: usize,
    /// How often each mutation took effect.
    pub(crate) effects: HashMap<MutationId, u32>,
    /// What the one access key there is may do.
    pub(crate) role: Role,
    /// A defect: digests that no replica can have.
    pub(crate) wrong_digests: bool,
    /// A defect: every cursor is refused, those of a plan it has just made too.
    pub(crate) refuses_cursors: bool,
    feed_id: u64,
    head: i64,
    /// Makes histories that branched tell each other apart.
    nonce: i64,
    marks: BTreeMap<i64, i64>,
    feed: HashMap<EntityKey, (i64, Option<Entity>)>,
    clients: HashMap<ClientId, Client>,
}

/// A cursor: where in the feed, up to where (of a part of a load), and what its bearer may read.
struct Cursor {
    feed: u64,
    after: i64,
    until: Option<i64>,
    role: Role,
}

impl Cursor {
    fn read(text: &str) -> Self {
        let parts: Vec<&str> = text.split(' ').collect();
        let [feed, after, until, role] = parts[..] else {
            panic!("not our cursor: {text}")
        };
        Self {
            feed: feed.parse().unwrap(),
            after: after.parse().unwrap(),
            until: until.parse().ok(),
            role: serde_json::from_str(role).unwrap(),
        }
    }

    fn write(&self) -> String {
        let until = self.until.map_or("-".to_owned(), |until| until.to_string());
        let role = serde_json::to_string(&self.role).unwrap();
        format!("{} {} {until} {role}", self.feed, self.after)
    }
}

impl BackendModel {
    pub(crate) fn new() -> Self {
        Self {
            page: 3,
            effects: HashMap::new(),
            role: Role::Admin,
            wrong_digests: false,
            refuses_cursors: false,
            feed_id: 1,
            head: 0,
            nonce: 0,
            marks: BTreeMap::from([(0, 0)]),
            feed: HashMap::new(),
            clients: HashMap::new(),
        }
    }

    /// With the users of these numbers, each created at the time of the number.
    pub(crate) fn of(users: Range<u32>) -> Self {
        let mut backend = Self::new();
        for number in users {
            backend.add_user(user_id(number), "张伟", i64::from(number));
        }
        backend
    }

    fn commit(&mut self, key: EntityKey, entity: Option<Entity>) -> Revision {
        self.head += 1;
        self.nonce += 1;
        self.marks.insert(self.head, self.nonce);
        self.feed.insert(key, (self.head, entity));
        Revision(self.head)
    }

    pub(crate) fn put(&mut self, entity: Entity) {
        self.commit(entity.key(), Some(entity));
    }

    pub(crate) fn add_user(&mut self, id: UserId, name: &str, created_at: i64) {
        let nickname = Sourced {
            value: name.to_owned(),
            source: Source::WeChat,
        };
        self.put(Entity::User(Box::new(User {
            id,
            status: UserStatus::Active,
            profile: Profile {
                nickname: Some(nickname),
                ..Profile::default()
            },
            metadata: Metadata::new(),
            created_at: Timestamp(created_at),
            updated_at: Timestamp(created_at),
        })));
    }

    pub(crate) fn delete(&mut self, key: EntityKey) {
        if matches!(self.feed.get(&key), Some((_, Some(_)))) {
            self.commit(key, None);
        }
    }

    pub(crate) fn users(&self) -> BTreeMap<UserId, User> {
        let live = self.feed.values().filter_map(|(_, entity)| entity.as_ref());
        live.filter_map(|entity| match entity {
            Entity::User(user) => Some((user.id, (**user).clone())),
            Entity::Identity(_)
            | Entity::Connection(_)
            | Entity::VerificationFile(_)
            | Entity::RefusedPerson(_) => None,
        })
        .collect()
    }

    pub(crate) fn value(&self, id: UserId, key: &MetadataKey) -> Option<MetadataValue> {
        let user = self.users().remove(&id)?;
        user.metadata.get(key).map(|entry| entry.value.clone())
    }

    /// Somebody else sets or removes a key; `false` if the user is gone.
    pub(crate) fn set(
        &mut self,
        id: UserId,
        key: &MetadataKey,
        value: Option<MetadataValue>,
        actor: &str,
    ) -> bool {
        let Some((_, Some(Entity::User(user)))) = self.feed.get(&EntityKey::User(id)) else {
            return false;
        };
        let mut user = user.clone();
        match value {
            Some(value) => {
                let entry = MetadataEntry {
                    value,
                    revision: Revision(self.head + 1),
                    actor: Some(actor.to_owned()),
                    at: Timestamp(self.head),
                };
                user.metadata.insert(key.clone(), entry);
            }
            None => {
                user.metadata.remove(key);
            }
        }
        self.put(Entity::User(user));
        true
    }

    /// Somebody else gives a user another nickname or name.
    pub(crate) fn rename(&mut self, id: UserId, field: ProfileField, name: Option<&str>) {
        let mut user = self.users().remove(&id).unwrap();
        *field.of_mut(&mut user.profile) = name.map(|name| Sourced {
            value: name.to_owned(),
            source: Source::Operator,
        });
        self.put(Entity::User(Box::new(user)));
    }

    /// Continues from `old`, an earlier copy: what was committed since is lost.
    pub(crate) fn fail_over_to(&mut self, old: &Self) {
        let nonce = self.nonce + 1;
        *self = old.clone();
        self.nonce = nonce;
    }

    /// A failover loses what was decided of every client behind this number, and nothing else.
    pub(crate) fn forget_outcomes_behind(&mut self, last_seq: u64) {
        for client in self.clients.values_mut() {
            client.decided.retain(|seq, _| *seq <= last_seq);
            client.last_seq = client.last_seq.min(last_seq);
            client.chain = (1..=client.last_seq).fold(String::new(), |chain, seq| {
                let (id, outcome) = &client.decided[&seq];
                next_chain(&chain, *id, outcome)
            });
        }
    }

    /// A defect: a change that nobody is told of.
    pub(crate) fn forget_a_change(&mut self, key: &EntityKey) {
        let (revision, _) = self.feed[key];
        self.feed.remove(key);
        self.feed.insert(key.clone(), (revision, None));
    }

    pub(crate) fn load(&self, request: &LoadRequest) -> LoadPlan {
        let scope: Vec<_> = EntityType::ALL
            .into_iter()
            .filter(|one| one.is_for(self.role))
            .collect();
        let parts = i64::from(request.parts).min(self.head).max(1);
        let bounds: Vec<i64> = (0..=parts).map(|part| self.head * part / parts).collect();
        let cursor = |after, until| Cursor {
            feed: self.feed_id,
            after,
            until,
            role: self.role,
        };
        LoadPlan {
            parts: bounds
                .windows(2)
                .map(|pair| cursor(pair[0], Some(pair[1])).write())
                .collect(),
            tail: cursor(self.head, None).write(),
            seen: self.seen(),
            counts: self
                .digests()
                .iter()
                .map(|(etype, digest)| (*etype, digest.count))
                .collect(),
            scope,
        }
    }

    fn seen(&self) -> Seen {
        Seen {
            head: Revision(self.head),
            mark: self.marks[&self.head],
        }
    }

    fn digests(&self) -> BTreeMap<EntityType, Digest> {
        let read = EntityType::ALL.into_iter().filter(|one| one.is_for(self.role));
        let mut digests: BTreeMap<_, _> = read.map(|etype| (etype, Digest::default())).collect();
        for (key, (revision, entity)) in &self.feed {
            if entity.is_some()
                && let Some(digest) = digests.get_mut(&key.entity_type())
            {
                digest.add(key, Revision(*revision));
            }
        }
        if self.wrong_digests {
            digests.entry(EntityType::User).or_default().lo ^= 1;
        }
        digests
    }

    /// The pages of one answer, and whether it ends with a refusal.
    pub(crate) fn pull(&self, request: &PullRequest) -> Result<Vec<PullPage>, Code> {
        let mut pages = Vec::new();
        let mut request = request.clone();
        while pages.len() < request.pages as usize {
            let page = self.page(&request)?;
            request.cursor.clone_from(&page.cursor);
            let end = page.end;
            pages.push(page);
            if end != PageEnd::More {
                break;
            }
        }
        Ok(pages)
    }

    fn page(&self, request: &PullRequest) -> Result<PullPage, Code> {
        let cursor = Cursor::read(&request.cursor);
        let ours = request
            .seen
            .is_none_or(|seen| self.marks.get(&seen.head.0) == Some(&seen.mark));
        if cursor.feed != self.feed_id || cursor.role != self.role || !ours || self.refuses_cursors {
            return Err(Code::SyncReset);
        }
        let until = cursor.until.unwrap_or(self.head);
        let is_part = cursor.until.is_some();
        let mut rows: Vec<_> = self
            .feed
            .iter()
            .filter(|(key, (rev, entity))| {
                *rev > cursor.after
                    && *rev <= until
                    && key.entity_type().is_for(self.role)
                    && (entity.is_some() || !is_part)
            })
            .collect();
        rows.sort_by_key(|(_, (rev, _))| *rev);
        let page = self.page.min(request.limit as usize);
        let whole = rows.len() <= page;
        rows.truncate(page);
        let last = rows.last().map_or(cursor.after, |(_, (rev, _))| *rev);
        let end = match (whole, is_part) {
            (false, _) => PageEnd::More,
            (true, true) => PageEnd::PartDone,
            (true, false) => PageEnd::CaughtUp,
        };
        let client = self.clients.get(&request.client_id);
        Ok(PullPage {
            changes: rows
                .into_iter()
                .map(|(key, (rev, entity))| Change {
                    revision: Revision(*rev),
                    key: key.clone(),
                    entity: entity.clone(),
                })
                .collect(),
            cursor: Cursor {
                after: if whole { until } else { last },
                ..cursor
            }
            .write(),
            seen: self.seen(),
            end,
            last_seq: client.map_or(0, |client| client.last_seq),
            chain: client.map_or(String::new(), |client| client.chain.clone()),
            digests: (end == PageEnd::CaughtUp).then(|| self.digests()),
        })
    }

    pub(crate) fn push(&mut self, request: &PushRequest) -> Result<PushAnswer, Code> {
        let mut client = self.clients.remove(&request.client_id).unwrap_or_default();
        let result = request
            .mutations
            .iter()
            .map(|mutation| self.decide(&mut client, mutation))
            .collect::<Result<Vec<_>, _>>();
        let (last_seq, chain) = (client.last_seq, client.chain.clone());
        self.clients.insert(request.client_id, client);
        result.map(|outcomes| PushAnswer {
            last_seq,
            outcomes,
            chain,
        })
    }

    /// What became of mutations, whoever pushed them.
    pub(crate) fn results(&self, ids: &[MutationId]) -> PushResults {
        let decided = self.clients.values().flat_map(|client| client.decided.values());
        PushResults {
            results: decided
                .filter(|(id, _)| ids.contains(id))
                .map(|(id, outcome)| PushResult {
                    id: *id,
                    outcome: outcome.clone(),
                })
                .collect(),
        }
    }

    fn decide(&mut self, client: &mut Client, mutation: &Mutation) -> Result<MutationOutcome, Code> {
        let answer = |outcome| MutationOutcome {
            seq: mutation.seq,
            id: mutation.id,
            outcome,
        };
        if mutation.seq <= client.last_seq {
            return match client.decided.get(&mutation.seq) {
                Some((id, outcome)) if *id == mutation.id => Ok(answer(outcome.clone())),
                _ => Err(Code::SyncFork),
            };
        }
        if mutation.seq > client.last_seq + 1 {
            return Err(Code::SyncGap);
        }
        let known = self.results(&[mutation.id]).results.pop();
        let outcome = known.map_or_else(|| self.apply(mutation), |known| known.outcome);
        client.last_seq = mutation.seq;
        client.chain = next_chain(&client.chain, mutation.id, &outcome);
        client
            .decided
            .insert(mutation.seq, (mutation.id, outcome.clone()));
        Ok(answer(outcome))
    }

    fn apply(&mut self, mutation: &Mutation) -> Outcome {
        match &mutation.act {
            Act::Patch(patch) => self.patch(mutation.id, patch),
            Act::Create(new) => self.create(mutation.id, new),
        }
    }

    fn create(&mut self, id: MutationId, new: &NewUser) -> Outcome {
        let taken = self.users().into_values().any(|user| {
            let theirs = user.profile.phone.map(|phone| phone.value);
            theirs.is_some() && theirs == new.phone.as_ref().map(ToString::to_string)
        });
        let known = self.users().remove(&new.user_id);
        if known.is_some_and(|user| is_same(&user, new)) {
            return Outcome::Noop;
        }
        let rejection = if self.feed.contains_key(&EntityKey::User(new.user_id)) {
            Some(PushRejection::UserExists)
        } else if taken {
            Some(PushRejection::PhoneTaken)
        } else {
            None
        };
        if let Some(rejection) = rejection {
            return Outcome::Rejected { rejection };
        }
        let text = |value: Option<String>| {
            value.map(|value| Sourced {
                value,
                source: Source::Import,
            })
        };
        let revision = Revision(self.head + 1);
        let entry = |value: &MetadataValue| MetadataEntry {
            value: value.clone(),
            revision,
            actor: Some("console".to_owned()),
            at: Timestamp(self.head),
        };
        let metadata = new
            .metadata
            .iter()
            .map(|(key, value)| (key.clone(), entry(value)))
            .collect();
        self.put(Entity::User(Box::new(User {
            id: new.user_id,
            status: UserStatus::Active,
            profile: Profile {
                nickname: text(new.nickname.as_ref().map(ToString::to_string)),
                name: text(new.name.as_ref().map(ToString::to_string)),
                phone: text(new.phone.as_ref().map(ToString::to_string)),
                email: text(new.email.as_ref().map(ToString::to_string)),
                username: text(new.username.as_ref().map(ToString::to_string)),
                ..Profile::default()
            },
            metadata,
            created_at: Timestamp(self.head),
            updated_at: Timestamp(self.head),
        })));
        *self.effects.entry(id).or_default() += 1;
        Outcome::Applied { revision }
    }

    fn patch(&mut self, id: MutationId, patch: &Patch) -> Outcome {
        let Some(user) = self.users().remove(&patch.user_id) else {
            return Outcome::Rejected {
                rejection: PushRejection::UserGone,
            };
        };
        let name = |field: &Option<Sourced>| {
            let name = field.as_ref().map(|field| field.value.clone());
            name.map(|name| MetadataValue::new(name.into()).unwrap())
        };
        let entry = match &patch.field {
            FieldGroup::Metadata(key) => user.metadata.get(key),
            FieldGroup::Nickname | FieldGroup::Name => None,
        };
        let now = match &patch.field {
            FieldGroup::Metadata(_) => entry.map(|entry| entry.value.clone()),
            FieldGroup::Nickname => name(&user.profile.nickname),
            FieldGroup::Name => name(&user.profile.name),
        };
        if now == patch.new {
            return Outcome::Noop;
        }
        if now != patch.base {
            return Outcome::Conflict {
                actor: entry.and_then(|entry| entry.actor.clone()),
                at: entry.map(|entry| entry.at),
                theirs: now,
            };
        }
        match &patch.field {
            FieldGroup::Metadata(key) => {
                self.set(patch.user_id, key, patch.new.clone(), "console");
            }
            FieldGroup::Nickname | FieldGroup::Name => {
                let field = match patch.field {
                    FieldGroup::Nickname => ProfileField::Nickname,
                    _ => ProfileField::Name,
                };
                let new = patch.new.as_ref().and_then(|new| new.json().as_str());
                self.rename(patch.user_id, field, new);
            }
        }
        *self.effects.entry(id).or_default() += 1;
        Outcome::Applied {
            revision: Revision(self.head),
        }
    }
}

/// Whether a user has exactly the fields of one to be created.
fn is_same(user: &User, new: &NewUser) -> bool {
    let text = |field: &Option<Sourced>| field.as_ref().map(|field| field.value.clone());
    let profile = &user.profile;
    let metadata = user.metadata.iter().map(|(key, entry)| (key, &entry.value));
    text(&profile.nickname) == new.nickname.as_ref().map(ToString::to_string)
        && text(&profile.name) == new.name.as_ref().map(ToString::to_string)
        && text(&profile.phone) == new.phone.as_ref().map(ToString::to_string)
        && text(&profile.email) == new.email.as_ref().map(ToString::to_string)
        && text(&profile.username) == new.username.as_ref().map(ToString::to_string)
        && metadata.eq(&new.metadata)
}
