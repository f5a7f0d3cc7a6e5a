//! Callers who leave half-way: what they began is finished, and everybody who watches hears of it.

use super::PATIENCE;
use crate::{
    login::{
        exchange::confirm,
        running::{Running, outcome},
        step::Step,
    },
    testing::{Bench, draft},
};
use axum::http::{Method, StatusCode};
use futures_util::FutureExt;
use serde_json::json;
use std::sync::Arc;
use yaopai_domain::{AttemptState, LegName, PoolId, TestLogin, Verdict};
use yaopai_wechat::LoginCode;

/// An attempt that waits for its callback; its WeChat is nowhere.
async fn waiting(bench: &Bench) -> Running {
    let mut webpage = draft("webpage");
    webpage["kind"] = json!("wechat:webpage-authorization");
    webpage["callback_url"] = json!(null);
    let created = bench.manage(Method::POST, "connections", webpage).await.json();
    let path = format!("connections/{}/test-logins", created["id"].as_str().unwrap());
    let started = bench
        .manage(Method::POST, &path, json!({ "dry_run": false }))
        .await;
    assert_eq!(started.status, StatusCode::CREATED, "{}", started.text());
    let login: TestLogin = serde_json::from_slice(&started.bytes).unwrap();
    Running::resume(Arc::clone(&bench.app), PoolId::default(), &login.attempt)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_code_that_was_claimed_is_exchanged_although_its_caller_left() {
    let bench = Bench::new().await;
    let running = waiting(&bench).await;
    let left = confirm(&running, LoginCode::new("c0de"), Vec::new()).now_or_never();
    assert!(left.is_none(), "the caller leaves before it is answered");
    let ended = outcome(Arc::clone(&bench.app), PoolId::default(), running.id)
        .await
        .unwrap();
    assert_eq!(ended.state, AttemptState::Failed);
    let exchange = LegName::CodeExchange;
    assert!(
        matches!(ended.verdict, Some(Verdict::Fail { leg, .. }) if leg == exchange),
        "{:?}",
        ended.verdict
    );
}

#[tokio::test]
async fn a_change_is_told_although_who_made_it_left() {
    let bench = Bench::new().await;
    let running = waiting(&bench).await;
    let mut news = bench.app.news.attempts.subscribe();
    let refused = Step::Finish {
        state: AttemptState::Refused,
        verdict: None,
    };
    let left = running.take(vec![refused]).now_or_never();
    assert!(left.is_none(), "who changes it leaves before it is written");
    let told = tokio::time::timeout(PATIENCE, news.recv()).await;
    assert_eq!(told.expect("somebody tells").unwrap(), running.id);
    let attempt = bench.app.store.attempt(&PoolId::default(), running.id).await;
    assert_eq!(attempt.unwrap().unwrap().state, AttemptState::Refused);
}
