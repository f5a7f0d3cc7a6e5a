//! What becomes of the edits that a console pushes.

use super::subject::{Subject, outcomes, patch, support, text};
use crate::store::{PushAs, PushDecision};
use yaopai_domain::{Entropy, MetadataValue, Outcome, PushRejection, UserId};

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
