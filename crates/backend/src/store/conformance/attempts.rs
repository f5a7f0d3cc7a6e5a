//! Whose a code is, and how long codes and login attempts are known.

use super::subject::Subject;
use crate::{
    login::Step,
    store::{AttemptFilter, Claim, CodeClaim, Ties},
};
use std::{collections::BTreeSet, sync::Arc};
use yaopai_domain::{
    AttemptId, AttemptState, Clock, ConnectionId, ConnectionKind, LoginAttempt, PoolId, Purpose,
};

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
