//! A backend small enough to be seen through: feed, marks, ordered idempotent mutations, all in memory.

use crate::options::Ambient;
use crate::sync::{PullPage, PullRequest};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};
use yaopai_domain::{
    Act, Change, ClientId, Clock, Code, Entity, EntityKey, Entropy, FieldGroup, Metadata, MetadataEntry,
    MetadataKey, MetadataValue, Mutation, MutationId, MutationOutcome, Outcome, Profile, PushAnswer,
    PushRejection, PushRequest, Revision, Source, Sourced, Timestamp, User, UserId, UserStatus,
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
    decided: HashMap<u64, (MutationId, Outcome)>,
}

/// The backend.
#[derive(Clone)]
pub(crate) struct BackendModel {
    /// Changes a page, at most.
    pub(crate) page: usize,
    /// How often each mutation took effect.
    pub(crate) effects: HashMap<MutationId, u32>,
    feed_id: u64,
    head: i64,
    /// Makes histories that branched tell each other apart.
    nonce: u64,
    marks: BTreeMap<i64, u64>,
    feed: HashMap<EntityKey, (i64, Option<Entity>)>,
    clients: HashMap<ClientId, Client>,
}

impl BackendModel {
    pub(crate) fn new() -> Self {
        Self {
            page: 3,
            effects: HashMap::new(),
            feed_id: 1,
            head: 0,
            nonce: 0,
            marks: BTreeMap::from([(0, 0)]),
            feed: HashMap::new(),
            clients: HashMap::new(),
        }
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
        if self.feed.contains_key(&key) {
            self.commit(key, None);
        }
    }

    pub(crate) fn users(&self) -> BTreeMap<UserId, User> {
        let live = self.feed.values().filter_map(|(_, entity)| entity.as_ref());
        live.filter_map(|entity| match entity {
            Entity::User(user) => Some((user.id, (**user).clone())),
            _ => None,
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

    /// Continues from `old`, an earlier copy: what was committed since is lost.
    pub(crate) fn fail_over_to(&mut self, old: &Self) {
        let nonce = self.nonce + 1;
        *self = old.clone();
        self.nonce = nonce;
    }

    pub(crate) fn pull(&self, request: &PullRequest) -> Result<PullPage, Code> {
        let after = match &request.cursor {
            None => 0,
            Some(cursor) => self.check(cursor).ok_or(Code::SyncReset)?,
        };
        let mut rows: Vec<_> = self.feed.iter().filter(|(_, (rev, _))| *rev > after).collect();
        rows.sort_by_key(|(_, (rev, _))| *rev);
        let page = self.page.min(request.limit as usize);
        let caught_up = rows.len() <= page;
        rows.truncate(page);
        let end = if caught_up {
            self.head
        } else {
            rows.last().map_or(after, |(_, (rev, _))| *rev)
        };
        let changes = rows
            .into_iter()
            .filter(|(_, (_, entity))| request.cursor.is_some() || entity.is_some());
        Ok(PullPage {
            changes: changes
                .map(|(key, (rev, entity))| Change {
                    revision: Revision(*rev),
                    key: key.clone(),
                    entity: entity.clone(),
                })
                .collect(),
            cursor: format!("{} {end} {} {}", self.feed_id, self.head, self.marks[&self.head]),
            caught_up,
            last_seq: self
                .clients
                .get(&request.client_id)
                .map_or(0, |client| client.last_seq),
        })
    }

    /// The revision of a cursor of this history: same feed, and the highest head it has seen is still ours.
    fn check(&self, cursor: &str) -> Option<i64> {
        let numbers: Vec<i64> = cursor.split(' ').map(|text| text.parse().unwrap()).collect();
        let [feed, rev, seen, mark] = numbers[..] else {
            panic!("not our cursor: {cursor}")
        };
        (feed == self.feed_id as i64 && self.marks.get(&seen) == Some(&(mark as u64))).then_some(rev)
    }

    pub(crate) fn push(&mut self, request: &PushRequest) -> Result<PushAnswer, Code> {
        let mut client = self.clients.remove(&request.client_id).unwrap_or_default();
        let result = request
            .mutations
            .iter()
            .map(|mutation| self.decide(&mut client, mutation))
            .collect::<Result<Vec<_>, _>>();
        let last_seq = client.last_seq;
        self.clients.insert(request.client_id, client);
        let chain = String::new();
        result.map(|outcomes| PushAnswer {
            last_seq,
            outcomes,
            chain,
        })
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
        let outcome = self.apply(mutation);
        client.last_seq = mutation.seq;
        client
            .decided
            .insert(mutation.seq, (mutation.id, outcome.clone()));
        Ok(answer(outcome))
    }

    fn apply(&mut self, mutation: &Mutation) -> Outcome {
        let Act::Patch(patch) = &mutation.act else {
            panic!("not an edit")
        };
        let FieldGroup::Metadata(key) = &patch.field else {
            panic!("not metadata")
        };
        let Some(user) = self.users().remove(&patch.user_id) else {
            return Outcome::Rejected {
                rejection: PushRejection::UserGone,
            };
        };
        let entry = user.metadata.get(key);
        let now = entry.map(|entry| entry.value.clone());
        if now == patch.new {
            Outcome::Noop
        } else if now == patch.base {
            self.set(patch.user_id, key, patch.new.clone(), "console");
            *self.effects.entry(mutation.id).or_default() += 1;
            Outcome::Applied {
                revision: Revision(self.head),
            }
        } else {
            Outcome::Conflict {
                actor: entry.and_then(|entry| entry.actor.clone()),
                at: entry.map(|entry| entry.at),
                theirs: now,
            }
        }
    }
}
