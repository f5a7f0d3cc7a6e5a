//! What every engine must do, written once against the traits. An engine instantiates the suite with [`suite!`].

use super::{
    AttemptFilter, By, Claim, CodeClaim, Position, Pull, PullAnswer, Push, PushAs, PushDecision, Pushed,
    StoreError, Ties,
    engine::{self, values},
    feed,
    pull::Load,
};
use crate::{
    SecretKey,
    bootstrap::{Entries, Plan},
    login::Step,
    testing::{Hands, Seeded},
    vault::Vault,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use yaopai_domain::{
    Act, AttemptId, AttemptState, Change, ClientId, Clock, ConnectionId, ConnectionKind, Digest, Entity,
    EntityKey, EntityType, Entropy, FieldGroup, IdentityId, LoginAttempt, MetadataKey, MetadataValue,
    Mutation, MutationId, Outcome, PageEnd, Patch, PoolId, Purpose, PushAnswer, PushRejection, ResetReason,
    Revision, Role, Seen, User, UserId,
};

/// So long the feed keeps what was deleted.
const KEPT_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;

/// A store under test, its clock, and a source of ids.
pub(crate) struct Subject {
    pub(crate) store: Arc<crate::store::Store>,
    pub(crate) clock: Arc<Hands>,
    pub(crate) ids: Seeded,
}

impl Subject {
    fn pool() -> PoolId {
        PoolId::default()
    }

    fn client(&self) -> ClientId {
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

    async fn users(&self) -> Vec<User> {
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
    async fn whole(&self, client: ClientId, load: &Load) -> BTreeMap<EntityKey, Revision> {
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

    fn mutation(&self, seq: u64, user_id: UserId, base: Option<&str>, new: Option<&str>) -> Mutation {
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

    async fn push_as(&self, by: PushAs, client_id: ClientId, mutations: &[Mutation]) -> PushDecision {
        let push = pushed(client_id, mutations.to_vec());
        self.store.push(&Self::pool(), by, push).await.unwrap()
    }

    async fn push(&self, client: ClientId, mutations: &[Mutation]) -> PushAnswer {
        match self.push_as(support(), client, mutations).await {
            PushDecision::Answered(answer) => answer,
            decision => panic!("{decision:?}"),
        }
    }

    /// Puts somebody into the queue of refused people.
    async fn refuse(&self, open_id: &str) {
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

    async fn tier_of(&self, user: UserId) -> Option<MetadataValue> {
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

fn pushed(client: ClientId, mutations: Vec<Mutation>) -> Push {
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

fn patch(mutation: &mut Mutation) -> &mut Patch {
    match &mut mutation.act {
        Act::Patch(patch) => patch,
        Act::Create(_) => panic!("not a patch"),
    }
}

fn number_of(user: &User) -> usize {
    let username = user.profile.username.as_ref().unwrap();
    username.value[1..].parse().unwrap()
}

fn support() -> PushAs {
    PushAs {
        actor: "support".to_owned(),
        may_edit: true,
    }
}

fn tier() -> FieldGroup {
    "metadata.tier".parse().unwrap()
}

fn text(value: &str) -> MetadataValue {
    MetadataValue::new(value.into()).unwrap()
}

fn outcomes(answer: &PushAnswer) -> Vec<Outcome> {
    answer.outcomes.iter().map(|one| one.outcome.clone()).collect()
}

pub(crate) async fn pages_follow_each_other_without_gap(subject: Subject) {
    let people = subject.people(5).await;
    let client = subject.client();
    let mut seen = Vec::new();
    let mut from = None;
    loop {
        let page = subject.page(client, from, 2).await;
        assert!(page.changes.len() <= 2);
        assert!(page.changes.is_sorted_by_key(|change| change.revision));
        seen.extend(page.changes.into_iter().map(|change| change.key));
        from = Some(page.place);
        if page.caught_up {
            break;
        }
    }
    let expected: Vec<_> = people.into_iter().map(EntityKey::User).collect();
    assert_eq!(seen, expected);
}

pub(crate) async fn a_page_that_ends_at_the_head_is_caught_up(subject: Subject) {
    subject.people(2).await;
    let page = subject.page(subject.client(), None, 2).await;
    assert!(page.caught_up);
    assert_eq!(page.place.position.revision, Revision(2));
    let next = subject.page(subject.client(), Some(page.place), 2).await;
    assert!(next.changes.is_empty() && next.caught_up);
}

pub(crate) async fn a_page_of_large_users_ends_early(subject: Subject) {
    let people = subject.people(3).await;
    let client = subject.client();
    let large = "x".repeat(8000);
    for (number, user) in (0..).zip(&people) {
        let edits: Vec<_> = (1..=150)
            .map(|key| {
                let mut edit = subject.mutation(number * 150 + key, *user, None, Some(&large));
                patch(&mut edit).field = format!("metadata.k{key}").parse().unwrap();
                edit
            })
            .collect();
        subject.push(client, &edits).await;
    }
    let first = subject.page(client, None, 10).await;
    assert_eq!(first.changes.len(), 2, "1.2 MB each");
    assert!(!first.caught_up);
    let second = subject.page(client, Some(first.place), 10).await;
    assert_eq!(second.changes[0].key, EntityKey::User(people[2]));
    assert!(second.changes.len() == 1 && second.caught_up);
}

pub(crate) async fn an_entity_appears_once_at_its_latest_revision(subject: Subject) {
    let people = subject.people(2).await;
    let client = subject.client();
    let edit = subject.mutation(1, people[0], None, Some("gold"));
    subject.push(client, &[edit]).await;
    let page = subject.page(client, None, 10).await;
    let keys: Vec<_> = page
        .changes
        .iter()
        .map(|change| (change.key.clone(), change.revision))
        .collect();
    assert_eq!(
        keys,
        [
            (EntityKey::User(people[1]), Revision(2)),
            (EntityKey::User(people[0]), Revision(3)),
        ]
    );
    assert_eq!(page.last_seq, 1, "the page says which edits it includes");
}

pub(crate) async fn a_deleted_entity_is_a_tombstone_but_not_for_a_first_load(subject: Subject) {
    subject.bootstrap(CONNECTION).await;
    let client = subject.client();
    let before = subject.page(client, None, 10).await;
    let EntityKey::Connection(id) = before.changes[0].key else {
        panic!("{:?}", before.changes)
    };
    let pool = Subject::pool();
    subject.store.delete_connection(&pool, "admin", id).await.unwrap();

    let after = subject.page(client, Some(before.place), 10).await;
    assert_eq!(after.changes.len(), 1);
    assert_eq!(after.changes[0].key, EntityKey::Connection(id));
    assert_eq!(after.changes[0].entity, None);
    let first = subject.page(client, None, 10).await;
    assert!(first.changes.is_empty() && first.caught_up);
}

pub(crate) async fn a_foreign_history_is_reset(subject: Subject) {
    subject.people(3).await;
    let client = subject.client();
    let ours = subject.page(client, None, 10).await.place;
    for (place, reason) in [
        (
            Place {
                position: Position {
                    feed_id: "another".to_owned(),
                    ..ours.position.clone()
                },
                ..ours.clone()
            },
            ResetReason::OtherFeed,
        ),
        (
            Place {
                seen: Seen {
                    head: Revision(ours.seen.head.0 + 1),
                    ..ours.seen
                },
                ..ours.clone()
            },
            ResetReason::LostTail,
        ),
        (
            Place {
                seen: Seen {
                    mark: ours.seen.mark ^ 1,
                    ..ours.seen
                },
                ..ours.clone()
            },
            ResetReason::LostTail,
        ),
    ] {
        assert_eq!(subject.pull(client, place, 10).await, PullAnswer::Reset(reason));
    }
    assert!(subject.page(client, Some(ours), 10).await.caught_up);
}

pub(crate) async fn a_console_that_knows_more_than_a_restored_backup_loads_again(subject: Subject) {
    subject.people(2).await;
    let client = subject.client();
    let before = subject.page(client, None, 10).await.place;
    assert_eq!(subject.store.renew_feeds().await.unwrap(), 1);
    let reset = PullAnswer::Reset(ResetReason::OtherFeed);
    assert_eq!(subject.pull(client, before, 10).await, reset);
    let again = subject.page(client, None, 10).await;
    assert!(again.changes.len() == 2 && again.caught_up);
}

pub(crate) async fn no_change_is_skipped_by_a_reader(subject: Subject) {
    const WRITERS: usize = 8;
    const EDITS: u64 = 12;
    let people = subject.people(WRITERS).await;
    let mut writers = tokio::task::JoinSet::new();
    for user in people {
        let (store, client) = (Arc::clone(&subject.store), subject.client());
        let edits: Vec<_> = (1..=EDITS)
            .map(|seq| {
                let base = (seq > 1).then(|| (seq - 1).to_string());
                subject.mutation(seq, user, base.as_deref(), Some(&seq.to_string()))
            })
            .collect();
        writers.spawn(async move {
            for edit in edits {
                let push = pushed(client, vec![edit]);
                store.push(&PoolId::default(), support(), push).await.unwrap();
            }
        });
    }
    let reader = subject.client();
    let mut replica = BTreeMap::new();
    let mut last = Revision(0);
    let mut from = None;
    loop {
        let all_written = writers.is_empty();
        let page = subject.page(reader, from, 3).await;
        for change in page.changes {
            assert!(change.revision > last, "a lower revision appeared later");
            last = change.revision;
            replica.insert(change.key, change.entity);
        }
        from = Some(page.place);
        if page.caught_up && all_written {
            break;
        }
        while let Some(ended) = writers.try_join_next() {
            ended.unwrap();
        }
        tokio::task::yield_now().await;
    }
    let whole = subject.page(reader, None, 1000).await;
    let truth: BTreeMap<_, _> = whole
        .changes
        .into_iter()
        .map(|change| (change.key, change.entity))
        .collect();
    assert_eq!(replica.len(), WRITERS);
    assert_eq!(replica, truth);
}

pub(crate) async fn a_page_says_what_a_replica_holds_that_has_applied_it(subject: Subject) {
    let people = subject.people(3).await;
    subject.bootstrap(CONNECTION).await;
    let client = subject.client();
    let gold = subject.mutation(1, people[0], None, Some("gold"));
    let edited = subject.push(client, &[gold]).await;
    let mut replica: BTreeMap<EntityType, Digest> = EntityType::ALL
        .into_iter()
        .map(|etype| (etype, Digest::default()))
        .collect();
    let mut revisions = BTreeMap::new();
    let mut apply = |page: &Page| {
        for change in &page.changes {
            let digest = replica.entry(change.key.entity_type()).or_default();
            if let Some(was) = revisions.remove(&change.key) {
                digest.remove(&change.key, was);
            }
            if change.entity.is_some() {
                digest.add(&change.key, change.revision);
                revisions.insert(change.key.clone(), change.revision);
            }
        }
        replica.clone()
    };
    let loaded = subject.page(client, None, 100).await;
    apply(&loaded);
    assert_eq!(loaded.chain, edited.chain);
    assert_ne!(edited.chain, "");

    let pool = Subject::pool();
    let connection = subject.store.connections(&pool).await.unwrap()[0].id;
    subject
        .store
        .delete_connection(&pool, "admin", connection)
        .await
        .unwrap();
    let by = By {
        actor: "admin".to_owned(),
    };
    subject.store.delete_user(&pool, by, people[1]).await.unwrap();
    let silver = subject.mutation(2, people[0], Some("gold"), Some("silver"));
    subject.push(client, &[silver]).await;
    let rest = subject.page(client, Some(loaded.place), 100).await;
    assert_eq!(rest.digests, Some(apply(&rest)));
    assert_eq!(rest.digests.unwrap()[&EntityType::User].count, 2);
}

pub(crate) async fn parts_of_a_load_and_its_tail_are_everything_once(subject: Subject) {
    let people = subject.people(20).await;
    let client = subject.client();
    let scope = EntityType::ALL.to_vec();
    let load = subject.store.load(&Subject::pool(), scope, 4).await.unwrap();
    assert_eq!(load.parts.len(), 4);
    assert_eq!(load.counts[&EntityType::User], 20);
    // Somebody moves from the first part to the tail while the load is under way.
    let edit = subject.mutation(1, people[0], None, Some("gold"));
    subject.push(client, &[edit]).await;
    let seen = subject.whole(client, &load).await;
    assert_eq!(seen.len(), 20);
    assert_eq!(seen[&EntityKey::User(people[0])], Revision(21));
}

pub(crate) async fn a_load_in_parts_succeeds_though_the_horizon_lies_inside_it(subject: Subject) {
    let people = subject.people(8).await;
    let client = subject.client();
    let pool = Subject::pool();
    let by = By {
        actor: "admin".to_owned(),
    };
    subject.store.delete_user(&pool, by, people[7]).await.unwrap();
    subject.clock.turn(KEPT_MILLIS + 1);
    subject.store.forget_old_changes().await.unwrap();
    for (seq, user) in (1..).zip(&people[..4]) {
        let edit = subject.mutation(seq, *user, None, Some("gold"));
        subject.push(client, &[edit]).await;
    }
    let horizon = Revision(9);
    let scope = EntityType::ALL.to_vec();
    let load = subject.store.load(&pool, scope, 2).await.unwrap();
    let [first, second] = load.parts.as_slice() else {
        panic!("{load:?}")
    };
    assert!(first.until < Some(horizon) && second.revision < horizon && horizon < load.seen.head);
    let seen = subject.whole(client, &load).await;
    let users = people[..7].iter().copied().map(EntityKey::User);
    assert_eq!(seen.into_keys().collect::<BTreeSet<_>>(), users.collect());
}

pub(crate) async fn a_page_reads_as_everybody_else_loads_it(subject: Subject) {
    let file = "[[user]]\nnickname = 'a\"b\\c'\nphone = \"+8613800138000\"\n\
                metadata = { tier = \"gold\", \"会员\" = \"a\\nb\" }";
    subject.bootstrap(&format!("{CONNECTION}\n{file}")).await;
    let user = subject.users().await[0].id;
    let pool = Subject::pool();
    let connection = subject.store.connections(&pool).await.unwrap().remove(0);
    for (number, is_app) in [(1, true), (2, false)] {
        let id = IdentityId::new(subject.clock.as_ref(), &subject.ids);
        let data = (user, connection.id, id);
        subject
            .store
            .write(data, move |writing, (user, connection, id)| {
                Box::pin(async move {
                    let pool = PoolId::default();
                    let alone = writing.alone(&pool).await?;
                    let sql =
                        "INSERT INTO identity (id, pool, user_id, scope_kind, scope, subject, connection_id,
                            kind, first_seen, last_seen)
                        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
                    let values = values![
                        *id,
                        &pool,
                        *user,
                        if is_app { "app" } else { "platform" },
                        connection.to_string(),
                        "a\"b",
                        is_app.then_some(*connection),
                        is_app.then_some("wechat:pc"),
                        i64::from(number),
                        i64::from(number)
                    ];
                    alone.execute(sql, values).await?;
                    feed::commit(&alone, &[EntityKey::Identity(*id)]).await.map(drop)
                })
            })
            .await
            .unwrap();
    }
    let record = subject.store.user_record(&pool, user).await.unwrap().unwrap();
    let mut expected = vec![
        Entity::Connection(Box::new(connection)),
        Entity::User(Box::new(record.user)),
    ];
    let identities = record.identities.into_iter();
    expected.extend(identities.map(|one| Entity::Identity(Box::new(one))));
    let page = subject.page(subject.client(), None, 10).await;
    let mut found: Vec<_> = page
        .changes
        .into_iter()
        .filter_map(|change| change.entity)
        .collect();
    found.sort_by_key(Entity::key);
    expected.sort_by_key(Entity::key);
    assert_eq!(found, expected);
}

pub(crate) async fn whoever_was_away_for_a_month_loads_again_and_an_idle_pool_resets_nobody(
    subject: Subject,
) {
    subject.bootstrap(CONNECTION).await;
    let client = subject.client();
    let away = subject.page(client, None, 10).await.place;
    let pool = Subject::pool();
    let connection = subject.store.connections(&pool).await.unwrap()[0].id;
    subject
        .store
        .delete_connection(&pool, "admin", connection)
        .await
        .unwrap();
    let here = subject.page(client, Some(away.clone()), 10).await.place;

    subject.clock.turn(KEPT_MILLIS);
    subject.store.forget_old_changes().await.unwrap();
    let page = subject.page(client, Some(away.clone()), 10).await;
    assert_eq!(page.changes.len(), 1, "30 days are kept");
    subject.clock.turn(1);
    subject.store.forget_old_changes().await.unwrap();
    let horizon = PullAnswer::Reset(ResetReason::HorizonPassed);
    assert_eq!(subject.pull(client, away, 10).await, horizon);
    assert!(subject.page(client, Some(here.clone()), 10).await.caught_up);
    subject.clock.turn(12 * KEPT_MILLIS);
    subject.store.forget_old_changes().await.unwrap();
    let page = subject.page(client, Some(here), 10).await;
    assert!(page.caught_up, "nothing has happened since");
    assert!(subject.page(client, None, 10).await.changes.is_empty());
}

pub(crate) async fn other_rights_are_another_replica(subject: Subject) {
    subject.people(1).await;
    let client = subject.client();
    let ours = subject.page(client, None, 10).await.place;
    let narrowed = Pull {
        client,
        from: ours.position,
        seen: Some(ours.seen),
        scope: EntityType::scope(Role::Viewer),
        limit: 10,
    };
    let answer = subject.store.pull(&Subject::pool(), narrowed).await.unwrap();
    assert_eq!(answer, PullAnswer::Reset(ResetReason::RightsChanged));
}

pub(crate) async fn files_and_refused_people_are_for_those_who_may_see_them(subject: Subject) {
    subject.bootstrap(&with_file()).await;
    subject.refuse("o1").await;
    let client = subject.client();
    let page = subject.page(client, None, 10).await;
    let told: BTreeSet<_> = page
        .changes
        .iter()
        .map(|change| change.key.entity_type())
        .collect();
    let all = [
        EntityType::Connection,
        EntityType::VerificationFile,
        EntityType::RefusedPerson,
    ];
    assert_eq!(told, BTreeSet::from(all));
    for change in &page.changes {
        assert_eq!(change.entity.as_ref().map(Entity::key), Some(change.key.clone()));
    }
    let scope = EntityType::scope(Role::Viewer);
    let load = subject
        .store
        .load(&Subject::pool(), scope.clone(), 1)
        .await
        .unwrap();
    assert!(!load.counts.contains_key(&EntityType::RefusedPerson));
    let pull = Pull {
        client,
        from: load.parts[0].clone(),
        seen: Some(load.seen),
        scope,
        limit: 10,
    };
    let PullAnswer::Page(page) = subject.store.pull(&Subject::pool(), pull).await.unwrap() else {
        panic!("reset")
    };
    let changes: Vec<Change> = serde_json::from_slice(&page.changes).unwrap();
    assert_eq!(changes.len(), 1, "the connection");
}

pub(crate) async fn a_database_of_an_older_version_gets_what_its_feed_lacks(subject: Subject) {
    subject.people(2).await;
    subject.bootstrap(&with_file()).await;
    subject.refuse("o1").await;
    let client = subject.client();
    subject
        .store
        .write((), |writing, ()| {
            Box::pin(async move {
                writing
                    .execute(
                        "DELETE FROM feed WHERE etype IN ('verification_file', 'refused_person')",
                        values![],
                    )
                    .await?;
                writing
                    .execute("UPDATE pool_head SET digests = NULL", values![])
                    .await
            })
        })
        .await
        .unwrap();
    let older = subject.page(client, None, 10).await.place;
    assert_eq!(subject.page(client, Some(older.clone()), 10).await.digests, None);

    subject.store.complete_feeds().await.unwrap();
    let news = subject.page(client, Some(older), 10).await;
    assert_eq!(news.changes.len(), 2, "the file and the refused person");
    let mut whole = BTreeMap::from_iter(EntityType::ALL.map(|etype| (etype, Digest::default())));
    for change in subject.page(client, None, 10).await.changes {
        let digest = whole.entry(change.key.entity_type()).or_default();
        digest.add(&change.key, change.revision);
    }
    assert_eq!(news.digests, Some(whole));
    let head = subject.store.head(&Subject::pool()).await.unwrap();
    subject.store.complete_feeds().await.unwrap();
    assert_eq!(subject.store.head(&Subject::pool()).await.unwrap(), head, "once");
}

pub(crate) async fn an_edit_is_applied_once_however_often_it_is_pushed(subject: Subject) {
    let user = subject.people(1).await[0];
    let client = subject.client();
    let edits = [
        subject.mutation(1, user, None, Some("gold")),
        subject.mutation(2, user, Some("gold"), Some("silver")),
    ];
    let first = subject.push(client, &edits[..1]).await;
    let head = subject.store.head(&Subject::pool()).await.unwrap();
    let replayed = subject.push(client, &edits[..1]).await;
    assert_eq!(first, replayed);
    assert_eq!(subject.store.head(&Subject::pool()).await.unwrap(), head);

    let overlapping = subject.push(client, &edits).await;
    assert_eq!(overlapping.outcomes[0], first.outcomes[0]);
    assert_eq!(overlapping.last_seq, 2);
    assert_eq!(subject.tier_of(user).await, Some(text("silver")));
    assert_eq!(subject.push(client, &edits).await, overlapping);
    let older_alone = subject.push(client, &edits[..1]).await;
    assert_eq!(older_alone.outcomes[0], first.outcomes[0]);
    assert_eq!(older_alone.last_seq, 2, "the number never goes back");
}

pub(crate) async fn values_decide_what_becomes_of_an_edit(subject: Subject) {
    let user = subject.people(1).await[0];
    let (mine, theirs) = (subject.client(), subject.client());
    subject
        .push(theirs, &[subject.mutation(1, user, None, Some("gold"))])
        .await;
    let answer = subject
        .push(
            mine,
            &[
                subject.mutation(1, user, None, Some("silver")),
                subject.mutation(2, user, None, Some("gold")),
                subject.mutation(3, user, Some("gold"), None),
                subject.mutation(4, user, Some("gold"), Some("silver")),
            ],
        )
        .await;
    let head = subject.store.head(&Subject::pool()).await.unwrap();
    let decided = outcomes(&answer);
    assert!(
        matches!(&decided[0], Outcome::Conflict { theirs: Some(value), actor: Some(actor), at: Some(_) }
            if *value == text("gold") && actor == "support"),
        "{decided:?}"
    );
    assert_eq!(decided[1], Outcome::Noop);
    assert_eq!(decided[2], Outcome::Applied { revision: head });
    assert!(
        matches!(&decided[3], Outcome::Conflict { theirs: None, .. }),
        "{decided:?}"
    );
    assert_eq!(subject.tier_of(user).await, None);
    assert_eq!(answer.last_seq, 4, "no outcome holds the next edit up");
}

pub(crate) async fn a_json_null_is_a_value_and_not_an_absence(subject: Subject) {
    let user = subject.people(1).await[0];
    let client = subject.client();
    let null = MetadataValue::parse("null").unwrap();
    let mut set = subject.mutation(1, user, None, Some("x"));
    patch(&mut set).new = Some(null.clone());
    let mut removed = subject.mutation(2, user, Some("x"), None);
    patch(&mut removed).base = Some(null.clone());
    subject.push(client, &[set]).await;
    assert_eq!(subject.tier_of(user).await, Some(null.clone()));

    let late = subject.mutation(1, user, None, Some("gold"));
    let answer = subject.push(subject.client(), std::slice::from_ref(&late)).await;
    assert!(
        matches!(&outcomes(&answer)[0], Outcome::Conflict { theirs: Some(value), .. } if *value == null),
        "{answer:?}"
    );
    subject.push(client, &[removed]).await;
    assert_eq!(subject.tier_of(user).await, None);
}

pub(crate) async fn a_number_stays_as_it_was_written_and_is_the_base_of_the_next_edit(subject: Subject) {
    let user = subject.people(1).await[0];
    let client = subject.client();
    let mut base = None;
    for seq in 1..=200 {
        let mut random = [0; 8];
        subject.ids.fill(&mut random);
        let digits = u64::from_le_bytes(random);
        // Between -1e9 and 1e9, with all the digits that a float can have.
        let float = (digits as f64 / u64::MAX as f64 - 0.5) * 2e9;
        let json = serde_json::to_string(&float).unwrap();
        let new = MetadataValue::parse(&json).unwrap();
        let mut edit = subject.mutation(seq, user, None, None);
        patch(&mut edit).base = base;
        patch(&mut edit).new = Some(new);
        let answer = subject.push(client, &[edit]).await;
        assert!(
            matches!(outcomes(&answer)[0], Outcome::Applied { .. }),
            "{json}: {answer:?}"
        );
        // What a console shows, and sends back.
        let shown = subject.tier_of(user).await.unwrap().to_string();
        assert_eq!(shown, json);
        base = Some(MetadataValue::parse(&shown).unwrap());
    }
}

pub(crate) async fn a_removed_key_still_knows_who_removed_it(subject: Subject) {
    let user = subject.people(1).await[0];
    let client = subject.client();
    subject
        .push(client, &[subject.mutation(1, user, None, Some("gold"))])
        .await;
    subject
        .push(client, &[subject.mutation(2, user, Some("gold"), None)])
        .await;
    let late = subject.mutation(1, user, Some("gold"), Some("silver"));
    let answer = subject.push(subject.client(), &[late]).await;
    assert!(
        matches!(&answer.outcomes[0].outcome, Outcome::Conflict { theirs: None, actor: Some(actor), .. }
            if actor == "support"),
        "{answer:?}"
    );
}

pub(crate) async fn edits_that_can_never_apply_are_rejected_and_block_nothing(subject: Subject) {
    let user = subject.people(1).await[0];
    let client = subject.client();
    let nobody = UserId::new(subject.clock.as_ref(), &subject.ids);
    let answer = subject
        .push(
            client,
            &[
                subject.mutation(1, nobody, None, Some("gold")),
                subject.mutation(2, user, None, Some("gold")),
            ],
        )
        .await;
    let rejected = |rejection| Outcome::Rejected { rejection };
    assert_eq!(outcomes(&answer)[0], rejected(PushRejection::UserGone));
    assert!(matches!(outcomes(&answer)[1], Outcome::Applied { .. }));

    let viewer = PushAs {
        actor: "viewer".to_owned(),
        may_edit: false,
    };
    let edit = subject.mutation(1, user, Some("gold"), None);
    let PushDecision::Answered(answer) = subject.push_as(viewer, subject.client(), &[edit]).await else {
        panic!("a viewer gets outcomes")
    };
    assert_eq!(outcomes(&answer), [rejected(PushRejection::Forbidden)]);
    assert_eq!(subject.tier_of(user).await, Some(text("gold")));
}

pub(crate) async fn a_user_has_at_most_256_metadata_keys(subject: Subject) {
    let user = subject.people(1).await[0];
    let edits: Vec<_> = (1..=257)
        .map(|seq| {
            let mut edit = subject.mutation(seq, user, None, Some("x"));
            patch(&mut edit).field = format!("metadata.k{seq}").parse().unwrap();
            edit
        })
        .collect();
    let decided = outcomes(&subject.push(subject.client(), &edits).await);
    assert!(
        decided[..256]
            .iter()
            .all(|one| matches!(one, Outcome::Applied { .. }))
    );
    let rejection = PushRejection::TooManyKeys;
    assert_eq!(decided[256], Outcome::Rejected { rejection });
}

pub(crate) async fn gaps_and_forks_write_nothing(subject: Subject) {
    let user = subject.people(1).await[0];
    let client = subject.client();
    let skipped = subject.mutation(2, user, None, Some("gold"));
    assert_eq!(
        subject.push_as(support(), client, &[skipped]).await,
        PushDecision::Gap { last_seq: 0 }
    );
    subject
        .push(client, &[subject.mutation(1, user, None, Some("gold"))])
        .await;
    let forked = [
        subject.mutation(1, user, Some("gold"), Some("silver")),
        subject.mutation(2, user, Some("gold"), Some("silver")),
    ];
    assert_eq!(
        subject.push_as(support(), client, &forked).await,
        PushDecision::Fork { seq: 1 }
    );
    assert_eq!(subject.tier_of(user).await, Some(text("gold")));
}

pub(crate) async fn applying_a_bootstrap_file_again_changes_nothing(subject: Subject) {
    let file = format!("{CONNECTION}\n[[user]]\nnickname = \"张伟\"\nmetadata = {{ tier = \"gold\" }}");
    subject.bootstrap(&file).await;
    let pool = Subject::pool();
    let (head, users) = (subject.store.head(&pool).await.unwrap(), subject.users().await);
    assert_eq!(head, Revision(2));
    subject.clock.turn(1000);
    subject.bootstrap(&file).await;
    assert_eq!(subject.store.head(&pool).await.unwrap(), head);
    assert_eq!(subject.users().await, users);
}

pub(crate) async fn a_connection_belongs_to_the_account_that_was_made_with_its_pool(subject: Subject) {
    // All of a file is made at one moment: by chance, the right account would not be the first in every pool.
    let pools = (0..12).map(|number| format!("p{number}"));
    let of =
        |pool: &str, more: &str| CONNECTION.replace("kind =", &format!("pool = \"{pool}\"\n{more}kind ="));
    for pool in pools {
        let named = of(&pool, "platform_account = \"Another\"\n").replace("\"pc\"", "\"another\"");
        subject
            .bootstrap(&format!(
                "[[pool]]\nid = \"{pool}\"\nname = \"P\"\n\
                 [[platform_account]]\npool = \"{pool}\"\nname = \"Another\"\n{named}{}",
                of(&pool, "")
            ))
            .await;
        let connections = subject.store.connections(&pool.parse().unwrap()).await.unwrap();
        let accounts: BTreeSet<_> = connections.iter().map(|one| one.platform_account).collect();
        assert_eq!(accounts.len(), 2, "in {pool}");
    }
}

pub(crate) async fn old_attempts_and_codes_are_forgotten(subject: Subject) {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let pool = Subject::pool();
    let attempt = || LoginAttempt {
        id: AttemptId::new(subject.clock.as_ref(), &subject.ids),
        connection_id: Some(ConnectionId::new(subject.clock.as_ref(), &subject.ids)),
        kind: Some(ConnectionKind::Pc),
        via: None,
        purpose: Purpose::Test,
        dry_run: true,
        state: AttemptState::Waiting,
        created_at: subject.clock.now(),
        expires_at: subject.clock.now().plus_millis(1000),
        finished_at: None,
        legs: Vec::new(),
        verdict: None,
    };
    let claim = async |attempt: LoginAttempt| {
        let id = attempt.id;
        subject
            .store
            .put_attempt(&pool, attempt, Ties::default())
            .await
            .unwrap();
        let code = CodeClaim {
            app_id: "wx0123456789abcdef".to_owned(),
            code_hash: "the same code".to_owned(),
        };
        let confirmed = vec![Step::Move(AttemptState::Confirmed)];
        let claim = subject.store.confirm_attempt(&pool, id, code, confirmed).await;
        matches!(claim.unwrap(), Claim::First(_))
    };
    let known = async || {
        subject
            .store
            .find_attempts(&pool, AttemptFilter::default(), 10)
            .await
            .unwrap()
            .attempts
            .len()
    };
    let forget = async || subject.store.forget_old_attempts().await.unwrap();

    assert!(claim(attempt()).await);
    subject.clock.turn(DAY);
    forget().await;
    assert!(!claim(attempt()).await, "a code is known for a day");
    subject.clock.turn(1);
    forget().await;
    assert!(claim(attempt()).await, "and then no more");

    subject.clock.turn(89 * DAY - 1);
    forget().await;
    assert_eq!(known().await, 3, "an attempt is known for 90 days");
    subject.clock.turn(1);
    forget().await;
    assert_eq!(known().await, 2, "and then no more");
}

pub(crate) async fn a_code_that_many_claim_at_once_is_claimed_once(subject: Subject) {
    let mut claims = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let store = Arc::clone(&subject.store);
        let id = AttemptId::new(subject.clock.as_ref(), &subject.ids);
        let code = CodeClaim {
            app_id: "wx0123456789abcdef".to_owned(),
            code_hash: "the same code".to_owned(),
        };
        claims.spawn(async move {
            (
                id,
                store
                    .claim_code(&PoolId::default(), id, code, String::new())
                    .await
                    .unwrap(),
            )
        });
    }
    let (first, again): (Vec<_>, Vec<_>) = claims
        .join_all()
        .await
        .into_iter()
        .partition(|(_, claimed)| claimed.is_none());
    let [(owner, _)] = first.as_slice() else {
        panic!("{} claimed it", first.len())
    };
    let owners: BTreeSet<AttemptId> = again
        .into_iter()
        .filter_map(|(_, claimed)| claimed)
        .map(|claimed| claimed.attempt)
        .collect();
    assert_eq!(owners, BTreeSet::from([*owner]));
}

pub(crate) async fn work_that_fails_leaves_nothing(subject: Subject) {
    let failed: Result<(), StoreError> = subject
        .store
        .write((), |writing, ()| {
            Box::pin(async move {
                writing
                    .execute("UPDATE pool SET name = 'half'", values![])
                    .await?;
                Err(StoreError::NotFound("anything"))
            })
        })
        .await;
    assert!(matches!(failed, Err(StoreError::NotFound(_))), "{failed:?}");
    let pool = subject.store.pool(&Subject::pool()).await.unwrap().unwrap();
    assert_eq!(pool.name, PoolId::DEFAULT);
}

pub(crate) async fn what_is_begun_ends_although_the_caller_left(subject: Subject) {
    let mut left = Box::pin(subject.store.write((), |writing, ()| {
        Box::pin(async move {
            writing
                .execute("UPDATE pool SET name = 'changed'", values![])
                .await
        })
    }));
    // Polled once, then dropped.
    assert!(futures_util::poll!(&mut left).is_pending());
    drop(left);
    let name = async || subject.store.pool(&Subject::pool()).await.unwrap().unwrap().name;
    while name().await != "changed" {
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn a_closed_store_says_so(subject: Subject) {
    subject.store.close().await;
    let answer = subject.store.has_access_keys().await;
    assert!(matches!(answer, Err(StoreError::Closed)), "{answer:?}");
    let answer = subject.store.ensure_a_pool().await;
    assert!(matches!(answer, Err(StoreError::Closed)), "{answer:?}");
}

/// Changes without a transaction around them are all made, or none of them, and each tells how many rows it changed.
pub(crate) async fn changes_are_made_all_or_none_and_counted_each(subject: Subject) {
    let make = |id: &'static str| engine::Change {
        sql: "INSERT INTO pool (id, name, created_at) VALUES ($1, $2, $3)",
        values: values![id, "made", 1_i64],
    };
    let rename = |id: &'static str| engine::Change {
        sql: "UPDATE pool SET name = $2 WHERE id = $1",
        values: values![id, "renamed"],
    };
    let store = &subject.store;
    let changes = vec![make("one"), rename("default"), rename("nobody's")];
    let put = |changes: Vec<engine::Change>| {
        store.put(changes, |writing, changes| {
            Box::pin(writing.change(changes.clone()))
        })
    };
    assert_eq!(put(changes).await.unwrap(), [1, 1, 0]);
    assert_eq!(put(Vec::new()).await.unwrap(), [0; 0]);
    put(vec![make("two"), make("one")]).await.unwrap_err();
    let names = store.glance((), |reading, ()| {
        Box::pin(async {
            let rows = reading
                .rows("SELECT id, name FROM pool ORDER BY id", values![])
                .await?;
            rows.iter()
                .map(|row| Ok((row.text("id")?, row.text("name")?)))
                .collect()
        })
    });
    let names: Vec<(String, String)> = names.await.unwrap();
    let expected = [("default", "renamed"), ("one", "made")];
    assert_eq!(names, expected.map(|(id, name)| (id.to_owned(), name.to_owned())));
}

/// [`CONNECTION`] with a verification file.
fn with_file() -> String {
    format!("{CONNECTION}\nverification_file = {{ name = \"6ynZPDvfTF.txt\", content = \"abc\" }}")
}

const CONNECTION: &str = r#"
    [[connection]]
    kind = "wechat:pc"
    identifier = "pc"
    display_name = "微信登录"
    app_id = "wx0123456789abcdef"
    app_secret = "5ec1e75ec1e75ec1e75ec1e75ec1e75e"
"#;

/// Makes one test a promise for the engine that `$open` gives.
macro_rules! suite {
    ($open:path: $($promise:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $promise() {
            let (subject, _files) = $open().await;
            $crate::store::conformance::$promise(subject).await;
        }
    )+};
    ($open:path) => {
        $crate::store::conformance::suite! { $open:
            pages_follow_each_other_without_gap,
            a_page_that_ends_at_the_head_is_caught_up,
            a_page_of_large_users_ends_early,
            an_entity_appears_once_at_its_latest_revision,
            a_deleted_entity_is_a_tombstone_but_not_for_a_first_load,
            a_foreign_history_is_reset,
            a_console_that_knows_more_than_a_restored_backup_loads_again,
            a_page_says_what_a_replica_holds_that_has_applied_it,
            parts_of_a_load_and_its_tail_are_everything_once,
            a_load_in_parts_succeeds_though_the_horizon_lies_inside_it,
            a_page_reads_as_everybody_else_loads_it,
            whoever_was_away_for_a_month_loads_again_and_an_idle_pool_resets_nobody,
            other_rights_are_another_replica,
            files_and_refused_people_are_for_those_who_may_see_them,
            a_database_of_an_older_version_gets_what_its_feed_lacks,
            no_change_is_skipped_by_a_reader,
            an_edit_is_applied_once_however_often_it_is_pushed,
            values_decide_what_becomes_of_an_edit,
            a_json_null_is_a_value_and_not_an_absence,
            a_number_stays_as_it_was_written_and_is_the_base_of_the_next_edit,
            a_removed_key_still_knows_who_removed_it,
            edits_that_can_never_apply_are_rejected_and_block_nothing,
            a_user_has_at_most_256_metadata_keys,
            gaps_and_forks_write_nothing,
            applying_a_bootstrap_file_again_changes_nothing,
            a_connection_belongs_to_the_account_that_was_made_with_its_pool,
            old_attempts_and_codes_are_forgotten,
            a_code_that_many_claim_at_once_is_claimed_once,
            work_that_fails_leaves_nothing,
            changes_are_made_all_or_none_and_counted_each,
            what_is_begun_ends_although_the_caller_left,
            a_closed_store_says_so,
        }
    };
}
pub(crate) use suite;
