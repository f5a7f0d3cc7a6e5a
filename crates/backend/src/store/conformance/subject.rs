//! A store under test, and the hands that a promise needs: people, consoles that pull and push, entries of a file.

use crate::{
    SecretKey,
    bootstrap::{Entries, Plan},
    store::{
        By, Position, Pull, PullAnswer, Push, PushAs, PushDecision, Pushed, Store, engine::values, feed,
        pull::Load,
    },
    testing::{Hands, Seeded},
    vault::Vault,
};
use std::{collections::BTreeMap, sync::Arc};
use yaopai_domain::{
    Act, Change, ClientId, ConnectionId, Digest, EntityKey, EntityType, FieldGroup, MetadataKey,
    MetadataValue, Mutation, MutationId, Outcome, PageEnd, Patch, PoolId, PushAnswer, Revision, Seen, User,
    UserId,
};

/// A file with one connection.
pub(super) const CONNECTION: &str = r#"
    [[connection]]
    kind = "wechat:pc"
    identifier = "pc"
    display_name = "微信登录"
    app_id = "wx0123456789abcdef"
    app_secret = "5ec1e75ec1e75ec1e75ec1e75ec1e75e"
"#;

/// A store under test, its clock, and a source of ids.
pub(crate) struct Subject {
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Arc<Hands>,
    pub(crate) ids: Seeded,
}

impl Subject {
    pub(super) fn pool() -> PoolId {
        PoolId::default()
    }

    pub(super) fn client(&self) -> ClientId {
        ClientId::new(self.clock.as_ref(), &self.ids)
    }

    /// Applies a bootstrap file.
    pub(crate) async fn bootstrap(&self, toml: &str) {
        let entries: Entries = toml::from_str(toml).unwrap();
        let plan = Plan {
            entries: Arc::new(entries),
            vault: Arc::new(Vault::new(&"07".repeat(32).parse::<SecretKey>().unwrap())),
        };
        self.store.apply(plan).await.unwrap();
    }

    /// Makes users `u0`, `u1`, … in an own transaction each, and answers their ids in this order.
    pub(crate) async fn people(&self, count: usize) -> Vec<UserId> {
        for number in 0..count {
            self.bootstrap(&format!("[[user]]\nusername = \"u{number}\""))
                .await;
        }
        let mut users = self.users().await;
        users.sort_by_key(number_of);
        users.into_iter().map(|user| user.id).collect()
    }

    pub(super) async fn users(&self) -> Vec<User> {
        self.store.users(&Self::pool(), None, 1000).await.unwrap()
    }

    pub(crate) async fn pull(&self, client: ClientId, from: Place, limit: u32) -> PullAnswer {
        let pull = Pull {
            client,
            from: from.position,
            seen: Some(from.seen),
            scope: EntityType::ALL.to_vec(),
            limit,
        };
        self.store.pull(&Self::pool(), pull).await.unwrap()
    }

    /// The only part of a load; a feed without rows has none.
    pub(crate) async fn load(&self) -> Place {
        let scope = EntityType::ALL.to_vec();
        let mut load = self.store.load(&Self::pool(), scope, 1).await.unwrap();
        Place {
            position: load.parts.pop().unwrap_or(load.tail),
            seen: load.seen,
        }
    }

    /// The page behind a place, or the first of a load.
    pub(crate) async fn page(&self, client: ClientId, from: Option<Place>, limit: u32) -> Page {
        let from = match from {
            Some(from) => from,
            None => self.load().await,
        };
        match self.pull(client, from.clone(), limit).await {
            PullAnswer::Page(page) => Page {
                changes: serde_json::from_slice(&page.changes).unwrap(),
                place: Place {
                    position: match page.end {
                        // There was one part: the tail begins where it ends.
                        PageEnd::PartDone => Position {
                            until: None,
                            ..page.position
                        },
                        PageEnd::More | PageEnd::CaughtUp => page.position,
                    },
                    seen: from.seen.max(page.seen),
                },
                caught_up: page.end != PageEnd::More,
                last_seq: page.last_seq,
                chain: page.chain,
                digests: page.digests,
            },
            PullAnswer::Reset(reason) => panic!("reset: {reason:?}"),
        }
    }

    /// Every entity that a load and its tail bring, each once.
    pub(super) async fn whole(&self, client: ClientId, load: &Load) -> BTreeMap<EntityKey, Revision> {
        let mut found = BTreeMap::new();
        for start in load.parts.iter().rev().chain([&load.tail]) {
            let mut position = start.clone();
            loop {
                let seen = load.seen;
                let page = match self.pull(client, Place { position, seen }, 2).await {
                    PullAnswer::Page(page) => page,
                    PullAnswer::Reset(reason) => panic!("{reason:?} of the part at {start:?}"),
                };
                for change in serde_json::from_slice::<Vec<Change>>(&page.changes).unwrap() {
                    assert_eq!(found.insert(change.key, change.revision), None, "once");
                }
                position = page.position;
                if page.end != PageEnd::More {
                    break;
                }
            }
        }
        found
    }

    pub(super) fn mutation(
        &self,
        seq: u64,
        user_id: UserId,
        base: Option<&str>,
        new: Option<&str>,
    ) -> Mutation {
        Mutation {
            seq,
            id: MutationId::new(self.clock.as_ref(), &self.ids),
            act: Act::Patch(Patch {
                user_id,
                field: tier(),
                base: base.map(text),
                new: new.map(text),
            }),
        }
    }

    pub(super) async fn push_as(
        &self,
        by: PushAs,
        client_id: ClientId,
        mutations: &[Mutation],
    ) -> PushDecision {
        let push = pushed(client_id, mutations.to_vec());
        self.store.push(&Self::pool(), by, push).await.unwrap()
    }

    pub(super) async fn push(&self, client: ClientId, mutations: &[Mutation]) -> PushAnswer {
        match self.push_as(support(), client, mutations).await {
            PushDecision::Answered(answer) => answer,
            decision => panic!("{decision:?}"),
        }
    }

    /// Deletes the first connection, which is the only one of [`CONNECTION`].
    pub(super) async fn delete_connection(&self) -> ConnectionId {
        let pool = Self::pool();
        let id = self.store.connections(&pool).await.unwrap()[0].id;
        self.store.delete_connection(&pool, "admin", id).await.unwrap();
        id
    }

    pub(super) async fn delete_user(&self, user: UserId) {
        let by = By {
            actor: "admin".to_owned(),
        };
        self.store.delete_user(&Self::pool(), by, user).await.unwrap();
    }

    /// Puts somebody into the queue of refused people.
    pub(super) async fn refuse(&self, open_id: &str) {
        let refused = self.store.write(open_id.to_owned(), |writing, open_id| {
            Box::pin(async move {
                let pool = Self::pool();
                let alone = writing.alone(&pool).await?;
                let sql = "INSERT INTO refused_person (pool, app_id, open_id, first_seen, last_seen, times, refusal)
                    VALUES ($1, 'wx1', $2, 0, 0, 1, 'login_only')";
                alone.execute(sql, values![&pool, open_id]).await?;
                let key = EntityKey::RefusedPerson {
                    app_id: "wx1".to_owned(),
                    open_id: open_id.clone(),
                };
                feed::commit(&alone, &[key]).await.map(drop)
            })
        });
        refused.await.unwrap();
    }

    pub(super) async fn tier_of(&self, user: UserId) -> Option<MetadataValue> {
        let record = self
            .store
            .user_record(&Self::pool(), user)
            .await
            .unwrap()
            .unwrap();
        let key = "tier".parse::<MetadataKey>().unwrap();
        record.user.metadata.get(&key).map(|entry| entry.value.clone())
    }
}

/// A page, read.
pub(crate) struct Page {
    pub(crate) changes: Vec<Change>,
    pub(crate) place: Place,
    pub(crate) caught_up: bool,
    pub(crate) last_seq: u64,
    pub(crate) chain: String,
    pub(crate) digests: Option<BTreeMap<EntityType, Digest>>,
}

/// Where a console stands, and what it has seen.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) position: Position,
    pub(crate) seen: Seen,
}

pub(super) fn pushed(client: ClientId, mutations: Vec<Mutation>) -> Push {
    let mutations = mutations.into_iter().map(|one| Pushed {
        seq: one.seq,
        id: one.id,
        act: Some(one.act),
    });
    Push {
        client,
        mutations: mutations.collect(),
    }
}

pub(super) fn patch(mutation: &mut Mutation) -> &mut Patch {
    match &mut mutation.act {
        Act::Patch(patch) => patch,
        Act::Create(_) => panic!("not a patch"),
    }
}

fn number_of(user: &User) -> usize {
    let username = user.profile.username.as_ref().unwrap();
    username.value[1..].parse().unwrap()
}

pub(super) fn support() -> PushAs {
    PushAs {
        actor: "support".to_owned(),
        may_edit: true,
    }
}

fn tier() -> FieldGroup {
    "metadata.tier".parse().unwrap()
}

pub(super) fn text(value: &str) -> MetadataValue {
    MetadataValue::new(value.into()).unwrap()
}

pub(super) fn outcomes(answer: &PushAnswer) -> Vec<Outcome> {
    answer.outcomes.iter().map(|one| one.outcome.clone()).collect()
}

/// [`CONNECTION`] with a verification file.
pub(super) fn with_file() -> String {
    format!("{CONNECTION}\nverification_file = {{ name = \"6ynZPDvfTF.txt\", content = \"abc\" }}")
}
