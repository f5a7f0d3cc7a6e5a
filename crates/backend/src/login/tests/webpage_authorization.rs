//! `wechat:webpage-authorization` from the drawn code to the page on the phone.

use super::{Ends, failed_with, legs_done};
use reqwest::{Method, StatusCode};
use rstest::rstest;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use yaopai_domain::{
    AttemptId, AttemptState, Clock, ConnectionKind, LegName, LoginAttempt, Rejected, System, Timestamp,
    Verdict,
};

const WEBPAGE: ConnectionKind = ConnectionKind::WebpageAuthorization;

/// Approves with the phone; where WeChat sends its browser.
async fn approved(ends: &Ends) -> (AttemptId, String) {
    let connection = ends.connect(WEBPAGE).await;
    let (id, url) = ends.draw(connection, false).await;
    assert!(url.ends_with("#wechat_redirect"), "{url}");
    let callback = ends.phone(&url, "lin-xiaoman", "approve").await.unwrap();
    (id, callback)
}

fn exchanges(attempt: &LoginAttempt) -> usize {
    let exchange = |leg: &&yaopai_domain::Leg| leg.name == LegName::CodeExchange;
    attempt.legs.iter().filter(exchange).count()
}

#[tokio::test]
async fn the_callback_decides_and_the_phone_is_told() {
    let ends = Ends::open().await;
    let (id, callback) = approved(&ends).await;
    let (status, page) = ends.browse(&callback).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("登录成功"), "{page}");
    let ended = ends.ended(id).await;
    assert!(matches!(ended.verdict, Some(Verdict::Create { .. })));
    assert_eq!(
        legs_done(&ended),
        [
            LegName::Authorize,
            LegName::Callback,
            LegName::CodeExchange,
            LegName::UserInfo,
            LegName::Resolve
        ]
    );
    assert_eq!(ends.users().await, 1);
}

#[tokio::test]
async fn rule_2_the_same_callback_again_gets_the_first_outcome() {
    let ends = Ends::open().await;
    let (id, callback) = approved(&ends).await;
    // A pre-load and the page itself at the same moment, then a reload.
    let (first, second) = tokio::join!(ends.browse(&callback), ends.browse(&callback));
    let third = ends.browse(&callback).await;
    assert_eq!(first, second);
    assert_eq!(first, third);
    assert_eq!(first.0, StatusCode::OK);
    let ended = ends.ended(id).await;
    assert_eq!(exchanges(&ended), 1, "WeChat is asked once");
    assert_eq!(ends.users().await, 1);
}

#[tokio::test]
async fn rule_2_a_code_is_not_exchanged_for_a_second_attempt() {
    let ends = Ends::open().await;
    let connection = ends.connect(WEBPAGE).await;
    let (first, url) = ends.draw(connection, false).await;
    let callback = ends.phone(&url, "lin-xiaoman", "approve").await.unwrap();
    ends.browse(&callback).await;
    let code = parameter(&callback, "code");

    let (second, url) = ends.draw(connection, false).await;
    let replayed = callback.replace(&parameter(&callback, "state"), &parameter(&url, "state"));
    assert!(replayed.contains(&code));
    let (status, page) = ends.browse(&replayed).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert_eq!(ends.attempt(first).await.state, AttemptState::Decided);
    assert_eq!(ends.attempt(second).await.state, AttemptState::Waiting);
}

#[tokio::test]
async fn a_callback_without_code_is_a_refusal() {
    let ends = Ends::open().await;
    let connection = ends.connect(WEBPAGE).await;
    let (id, url) = ends.draw(connection, false).await;
    let callback = ends.phone(&url, "", "refuse").await.unwrap();
    let (status, page) = ends.browse(&callback).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("已取消"), "{page}");
    assert_eq!(ends.ended(id).await.state, AttemptState::Refused);
}

#[rstest]
#[case::unknown_state("connections/social/wechat/callback?code=c&state=00000000000000000000000000000000")]
#[case::no_state("connections/social/wechat/callback?code=c")]
#[case::bare("connections/social/wechat/callback")]
#[case::other_connection("connections/social/other/callback?code=c&state=STATE")]
#[case::repeated("connections/social/wechat/callback?state=a&state=b&code=%FF")]
#[tokio::test]
async fn an_unknown_callback_gets_a_friendly_page(#[case] path: &str) {
    let ends = Ends::open().await;
    let connection = ends.connect(WEBPAGE).await;
    let (id, url) = ends.draw(connection, false).await;
    let path = path.replace("STATE", &parameter(&url, "state"));
    let address = ends.backend.url().join(&path).unwrap();
    let (status, page) = ends.browse(address.as_str()).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(page.contains("请重新扫码"), "{page}");
    assert_eq!(ends.attempt(id).await.state, AttemptState::Waiting);
    assert_eq!(ends.rejected().await, [Rejected::UnknownState]);
}

#[tokio::test]
async fn a_preview_that_asks_for_the_head_spends_nothing() {
    let ends = Ends::open().await;
    let (id, callback) = approved(&ends).await;
    ends.http.head(&callback).send().await.unwrap();
    assert_eq!(ends.attempt(id).await.state, AttemptState::Waiting);
    assert_eq!(ends.browse(&callback).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_code_that_somebody_else_exchanged_is_40163() {
    let ends = Ends::open().await;
    let (id, callback) = approved(&ends).await;
    let app = ends.app(WEBPAGE);
    let exchange = format!(
        "{}sns/oauth2/access_token?appid={}&secret={}&code={}&grant_type=authorization_code",
        ends.sandbox.url(),
        app.app_id,
        app.app_secret,
        parameter(&callback, "code")
    );
    assert!(ends.browse(&exchange).await.1.contains("openid"));
    let (status, page) = ends.browse(&callback).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert!(page.contains("登录失败"), "{page}");
    assert_eq!(failed_with(&ends.ended(id).await), (LegName::CodeExchange, 40163));
}

#[tokio::test]
async fn an_invented_code_is_40029() {
    let ends = Ends::open().await;
    let (id, callback) = approved(&ends).await;
    let invented = callback.replace(&parameter(&callback, "code"), &"0".repeat(32));
    assert_eq!(ends.browse(&invented).await.0, StatusCode::BAD_GATEWAY);
    assert_eq!(failed_with(&ends.ended(id).await), (LegName::CodeExchange, 40029));
}

/// A clock that runs ahead of the machine's.
struct Ahead(AtomicI64);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        System.now().plus_millis(self.0.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn nobody_scans_and_the_attempt_expires() {
    let clock = Arc::new(Ahead(AtomicI64::new(0)));
    let ends = Ends::open_at(Arc::clone(&clock) as Arc<dyn Clock>).await;
    let (id, callback) = approved(&ends).await;
    clock.0.store(WEBPAGE.scan_lifetime_millis(), Ordering::SeqCst);
    assert_eq!(ends.ended(id).await.state, AttemptState::Expired);
    let (status, page) = ends.browse(&callback).await;
    assert_eq!(status, StatusCode::GONE);
    assert!(page.contains("二维码已失效"), "{page}");
    assert_eq!(ends.users().await, 0);
}

#[tokio::test]
async fn the_list_shows_the_newest_attempt_first() {
    let ends = Ends::open().await;
    let connection = ends.connect(WEBPAGE).await;
    let (_, _) = ends.draw(connection, true).await;
    let (second, _) = ends.draw(connection, true).await;
    let answer = ends.ask(Method::GET, "attempts?limit=1").send().await.unwrap();
    let body: serde_json::Value = answer.json().await.unwrap();
    let listed = body["attempts"].as_array().unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["id"], second.to_string());
}

fn parameter(url: &str, name: &str) -> String {
    let url = url::Url::parse(url).unwrap();
    let found = url.query_pairs().find(|(key, _)| key == name);
    found.unwrap().1.into_owned()
}
