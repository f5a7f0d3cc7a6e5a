//! A WeChat that takes calls and never answers them must not hold a stop up.

use super::Ends;
use crate::testing::On;
use reqwest::{Method, StatusCode};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::net::{TcpListener, TcpStream};
use url::Url;
use yaopai_domain::{ConnectionKind, Drawing, System};

/// Less than the patience of a stop that has to wait for something.
const AT_ONCE: Duration = Duration::from_secs(4);

/// A ends whose WeChat is silent, and that WeChat.
async fn open() -> (Ends, TcpListener) {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url = format!("http://{}", silent.local_addr().unwrap())
        .parse()
        .unwrap();
    (
        Ends::open_to(Some(url), Arc::new(System), On::any()).await,
        silent,
    )
}

/// Waits for a call, and holds it.
async fn called(silent: &TcpListener) -> TcpStream {
    silent.accept().await.unwrap().0
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_test_login_that_is_starting() {
    let (ends, silent) = open().await;
    let connection = ends.connect(ConnectionKind::Pc).await;
    let path = format!("connections/{connection}/test-logins");
    let starting = ends
        .ask(Method::POST, &path)
        .json(&json!({ "dry_run": true }))
        .send();
    let starting = tokio::spawn(starting);
    let _held = called(&silent).await;
    let stop = tokio::time::timeout(AT_ONCE, ends.backend.stop());
    stop.await.expect("it stops at once");
    let answer = starting.await.unwrap().unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_callback_that_wants_its_outcome() {
    let (ends, silent) = open().await;
    let connection = ends.connect(ConnectionKind::WebpageAuthorization).await;
    let login = ends.start(connection, true).await.unwrap();
    let Drawing::Text { text } = login.drawing else {
        panic!("no address")
    };
    let authorize: Url = text.parse().unwrap();
    let state = authorize
        .query_pairs()
        .find(|(name, _)| name == "state")
        .unwrap()
        .1;
    let path = format!("connections/social/wechat/callback?code=c&state={state}");
    let callback = ends.http.get(ends.backend.url().join(&path).unwrap()).send();
    let callback = tokio::spawn(callback);
    let _held = called(&silent).await;
    let stop = tokio::time::timeout(AT_ONCE, ends.backend.stop());
    stop.await.expect("it stops at once");
    assert!(
        callback.await.unwrap().is_ok(),
        "the phone gets a page all the same"
    );
}
