//! What a console loads, and after what it has to load again.

use super::subject::{CONNECTION, Place, Subject, with_file};
use crate::store::{Position, Pull, PullAnswer, engine::values};
use std::collections::{BTreeMap, BTreeSet};
use yaopai_domain::{Digest, EntityKey, EntityType, ResetReason, Revision, Role, Seen};

/// So long the feed keeps what was deleted.
const KEPT_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;

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
    subject.delete_user(people[7]).await;
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

pub(crate) async fn whoever_was_away_for_a_month_loads_again_and_an_idle_pool_resets_nobody(
    subject: Subject,
) {
    subject.bootstrap(CONNECTION).await;
    let client = subject.client();
    let away = subject.page(client, None, 10).await.place;
    subject.delete_connection().await;
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
