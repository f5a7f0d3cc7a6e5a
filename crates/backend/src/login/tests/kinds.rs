//! All seven kinds, each from what is drawn to the verdict.

use super::{Ends, legs_done};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use yaopai_domain::{AttemptState, ConnectionKind, LegName, Verdict};

pub(super) const TOKEN: &str = "simToken2025";
pub(super) const KEY: &str = "9mAkn1IegZnH5qDUzwqk3RJxetkpA8daFYMgyIaveTQ";

/// A connection of a kind, ready to be used. Of an official account WeChat is told where to push, as an administrator
/// does it in WeChat's console.
pub(super) async fn connect(ends: &Ends, kind: ConnectionKind, other: Value) -> yaopai_domain::ConnectionId {
    let identifier = kind.as_str().replace(':', "-");
    let mut fields = json!({ "identifier": identifier });
    if kind.has_pushes() {
        fields["push_token"] = json!(TOKEN);
        fields["encoding_aes_key"] = json!(KEY);
        fields["settings"] = json!({ "type": "pushes", "mode": "encrypted" });
    }
    for (name, value) in other.as_object().unwrap() {
        fields[name] = value.clone();
    }
    let id = ends.connect_with(kind, fields.clone()).await;
    if kind.has_pushes() {
        let path = format!("connections/social/{identifier}/default/events");
        let mode = match fields["settings"]["mode"].as_str().unwrap() {
            "encrypted" => "aes",
            other => other,
        };
        let messages = json!({
            "server_url": ends.backend.url().join(&path).unwrap(),
            "token": TOKEN,
            "encoding_aes_key": KEY,
            "mode": mode,
        });
        let app = ends.app(kind).app_id;
        sandbox(ends, Method::PUT, &format!("apps/{app}/messages"), messages).await;
    }
    id
}

/// Turns something in the sandbox.
pub(super) async fn sandbox(ends: &Ends, method: Method, path: &str, body: Value) -> Value {
    let url = ends.sandbox.url().join(&format!("sandbox/{path}")).unwrap();
    let answer = ends.http.request(method, url).json(&body).send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{path}: {status} {text}");
    serde_json::from_str(&text).unwrap_or_default()
}

#[rstest]
#[case::pc(ConnectionKind::Pc, &[
    LegName::QrPage, LegName::LongPoll, LegName::CodeExchange, LegName::UserInfo, LegName::Resolve,
])]
#[case::webpage_authorization(ConnectionKind::WebpageAuthorization, &[
    LegName::Authorize, LegName::Callback, LegName::CodeExchange, LegName::UserInfo, LegName::Resolve,
])]
#[case::mini_program(ConnectionKind::MiniProgram, &[
    LegName::ApiToken, LegName::MiniProgramCode, LegName::MiniProgramScan, LegName::CodeExchange, LegName::Resolve,
])]
#[case::mini_program_qr(ConnectionKind::MiniProgramQr, &[
    LegName::ApiToken, LegName::MiniProgramCode, LegName::MiniProgramScan, LegName::CodeExchange, LegName::Resolve,
])]
#[case::app_launch(ConnectionKind::AppLaunch, &[
    LegName::ApiToken, LegName::MiniProgramCode, LegName::MiniProgramScan, LegName::CodeExchange, LegName::Resolve,
])]
#[case::mobile(ConnectionKind::Mobile, &[
    LegName::SdkQr, LegName::LongPoll, LegName::CodeExchange, LegName::UserInfo, LegName::Resolve,
])]
#[case::follow_code(ConnectionKind::FollowCode, &[
    LegName::FollowCode, LegName::FollowScan, LegName::Follower, LegName::Resolve,
])]
#[tokio::test]
async fn a_test_login_of_every_kind_ends_with_a_verdict(
    #[case] kind: ConnectionKind,
    #[case] expected: &[LegName],
) {
    let ends = Ends::open().await;
    let connection = connect(&ends, kind, json!({})).await;
    let (id, text) = ends.draw(connection, false).await;
    if let Some(callback) = ends.phone(&text, "lin-xiaoman", "approve").await {
        ends.browse(&callback).await;
    }
    let ended = ends.ended(id).await;
    assert_eq!(ended.kind, Some(kind));
    assert!(
        matches!(ended.verdict, Some(Verdict::Create { .. })),
        "{:?}",
        ended.verdict
    );
    assert_eq!(legs_done(&ended), expected);

    let (id, text) = ends.draw(connection, false).await;
    if let Some(callback) = ends.phone(&text, "lin-xiaoman", "approve").await {
        ends.browse(&callback).await;
    }
    let again = ends.ended(id).await;
    assert!(
        matches!(again.verdict, Some(Verdict::LogIn { .. })),
        "{:?}",
        again.verdict
    );
    assert_eq!(ends.users().await, 1);
}

#[tokio::test]
async fn rule_1_one_person_by_every_kind_is_one_user() {
    let ends = Ends::open().await;
    for kind in ConnectionKind::ALL {
        let connection = connect(&ends, kind, json!({})).await;
        let (id, text) = ends.draw(connection, false).await;
        if let Some(callback) = ends.phone(&text, "chen-mo", "approve").await {
            ends.browse(&callback).await;
        }
        assert_eq!(ends.ended(id).await.state, AttemptState::Decided, "{kind}");
    }
    assert_eq!(ends.users().await, 1);
}

#[tokio::test]
async fn a_mobile_apps_refusal_is_a_refusal() {
    let ends = Ends::open().await;
    let connection = connect(&ends, ConnectionKind::Mobile, json!({})).await;
    let (id, text) = ends.draw(connection, false).await;
    ends.phone(&text, "lin-xiaoman", "scan").await;
    ends.phone(&text, "lin-xiaoman", "refuse").await;
    assert_eq!(ends.ended(id).await.state, AttemptState::Refused);
}

#[tokio::test]
async fn a_silent_web_login_knows_the_open_id_only() {
    let ends = Ends::open().await;
    let kind = ConnectionKind::WebpageAuthorization;
    let base = json!({ "settings": { "type": "web_page", "scope": "snsapi_base" } });
    let connection = connect(&ends, kind, base).await;
    let (id, url) = ends.draw(connection, false).await;
    assert!(url.contains("scope=snsapi_base"), "{url}");
    let callback = ends.phone(&url, "lin-xiaoman", "approve").await.unwrap();
    ends.browse(&callback).await;
    let ended = ends.ended(id).await;
    let Some(Verdict::Create { person, .. }) = &ended.verdict else {
        panic!("{:?}", ended.verdict);
    };
    assert_eq!((&person.union_id, &person.nickname), (&None, &None));
    assert!(!legs_done(&ended).contains(&LegName::UserInfo));
}
