//! What the feed tells a console that follows it: every change once, in order, in pages.

use super::subject::{CONNECTION, Page, Subject, patch, pushed, support, with_file};
use crate::store::{Pull, PullAnswer, engine::values, feed};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use yaopai_domain::{Change, Digest, Entity, EntityKey, EntityType, IdentityId, PoolId, Revision, Role};

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
    let id = subject.delete_connection().await;
    assert_eq!(before.changes[0].key, EntityKey::Connection(id));

    let after = subject.page(client, Some(before.place), 10).await;
    assert_eq!(after.changes.len(), 1);
    assert_eq!(after.changes[0].key, EntityKey::Connection(id));
    assert_eq!(after.changes[0].entity, None);
    let first = subject.page(client, None, 10).await;
    assert!(first.changes.is_empty() && first.caught_up);
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

    subject.delete_connection().await;
    subject.delete_user(people[1]).await;
    let silver = subject.mutation(2, people[0], Some("gold"), Some("silver"));
    subject.push(client, &[silver]).await;
    let rest = subject.page(client, Some(loaded.place), 100).await;
    assert_eq!(rest.digests, Some(apply(&rest)));
    assert_eq!(rest.digests.unwrap()[&EntityType::User].count, 2);
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
