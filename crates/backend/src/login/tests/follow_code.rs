//! `wechatmp-qrcode`: what WeChat pushes, and who it is.

use super::{
    Ends,
    kinds::{KEY, TOKEN, connect, sandbox},
};
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};
use yaopai_domain::{
    AttemptState, Clock, ConnectionKind, Failure, IdentityScope, LoginAttempt, Rejected, System, Timestamp,
    UserRecord, Verdict,
};
use yaopai_wechat::{EncodingAesKey, MessageCrypto, PushToken};

const FOLLOW: ConnectionKind = ConnectionKind::FollowCode;
const EVENTS: &str = "connections/social/wechatmp-qrcode/default/events";

async fn newest(ends: &Ends) -> LoginAttempt {
    let answer = ends.ask(Method::GET, "attempts?limit=1").send().await.unwrap();
    let mut body: Value = answer.json().await.unwrap();
    serde_json::from_value(body["attempts"][0].take()).unwrap()
}

/// Sends a push that WeChat might have sent just now.
async fn push(ends: &Ends, xml: &str, signed_with: &str) -> (StatusCode, String) {
    push_signed_at(ends, xml, signed_with, seconds(0)).await
}

/// The clock, moved by so many seconds.
fn seconds(moved: i64) -> i64 {
    System.now().0 / 1000 + moved
}

async fn push_signed_at(ends: &Ends, xml: &str, signed_with: &str, at: i64) -> (StatusCode, String) {
    let signature = PushToken::new(signed_with).sign(&at.to_string(), "n1");
    let url = format!(
        "{}{EVENTS}?signature={signature}&timestamp={at}&nonce=n1&openid=o1",
        ends.backend.url()
    );
    let answer = ends.http.post(url).body(xml.to_owned()).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

fn event(scene: &str) -> String {
    format!(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>1735689600</CreateTime>\
         <MsgType>event</MsgType><Event>SCAN</Event><EventKey>{scene}</EventKey></xml>"
    )
}

#[rstest]
#[case("plain")]
#[case("compatible")]
#[case("encrypted")]
#[tokio::test]
async fn who_follows_is_logged_in_whatever_the_mode(#[case] mode: &str) {
    let ends = Ends::open().await;
    let settings = json!({ "settings": { "type": "pushes", "mode": mode } });
    let connection = connect(&ends, FOLLOW, settings).await;
    let (id, text) = ends.draw(connection, false).await;
    ends.phone(&text, "lin-xiaoman", "approve").await;
    let ended = ends.ended(id).await;
    assert_eq!(ended.state, AttemptState::Decided, "{ended:?}");
    let app = ends.app(FOLLOW).app_id;
    let pushes = sandbox(&ends, Method::GET, &format!("apps/{app}/pushes"), json!({})).await;
    assert_eq!(pushes[0]["tries"], json!(["answered"]), "{pushes}");
}

#[tokio::test]
async fn what_a_push_names_is_the_open_id_and_the_union_id_is_asked_for() {
    let ends = Ends::open().await;
    let connection = connect(&ends, FOLLOW, json!({})).await;
    let (id, text) = ends.draw(connection, false).await;
    ends.phone(&text, "lin-xiaoman", "approve").await;
    let Some(Verdict::Create {
        user_id: Some(user), ..
    }) = ends.ended(id).await.verdict
    else {
        panic!("nobody was created");
    };
    let app = ends.app(FOLLOW).app_id;
    let path = format!("people/lin-xiaoman/openids/{app}");
    let known = sandbox(&ends, Method::GET, &path, json!({})).await;
    let answer = ends.ask(Method::GET, &format!("users/{user}")).send().await;
    let record: UserRecord = answer.unwrap().json().await.unwrap();
    let subjects: Vec<_> = record
        .identities
        .iter()
        .map(|identity| match &identity.scope {
            IdentityScope::OpenId { open_id, .. } => ("openid", open_id.as_str()),
            IdentityScope::UnionId { union_id, .. } => ("unionid", union_id.as_str()),
        })
        .collect();
    assert!(subjects.contains(&("openid", known["openid"].as_str().unwrap())));
    assert!(subjects.contains(&("unionid", known["unionid"].as_str().unwrap())));
}

#[tokio::test]
async fn the_check_of_the_address_is_answered_only_to_wechat() {
    let ends = Ends::open().await;
    connect(&ends, FOLLOW, json!({})).await;
    let check = async |token: &str, path: &str| {
        let signature = PushToken::new(token).sign("1735689600", "n1");
        let query = format!("signature={signature}&timestamp=1735689600&nonce=n1&echostr=4711");
        let url = format!("{}{path}?{query}", ends.backend.url());
        ends.browse(&url).await
    };
    assert_eq!(check(TOKEN, EVENTS).await, (StatusCode::OK, "4711".to_owned()));
    assert_eq!(check("other", EVENTS).await.0, StatusCode::FORBIDDEN);
    let elsewhere = EVENTS.replace("wechatmp-qrcode", "nothing");
    assert_eq!(check(TOKEN, &elsewhere).await.0, StatusCode::NOT_FOUND);
    let unsigned = ends
        .browse(ends.backend.url().join(EVENTS).unwrap().as_str())
        .await;
    assert_eq!(unsigned.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_forged_push_changes_nothing_and_can_be_read_about() {
    let ends = Ends::open().await;
    let plain = json!({ "settings": { "type": "pushes", "mode": "plain" } });
    let connection = connect(&ends, FOLLOW, plain).await;
    let (id, _) = ends.draw(connection, false).await;
    assert_eq!(push(&ends, &event("x"), "other").await.0, StatusCode::FORBIDDEN);
    let Some(Verdict::Fail {
        failure: Failure::Rejected { why },
        ..
    }) = newest(&ends).await.verdict
    else {
        panic!("it is not written down");
    };
    assert_eq!(why, Rejected::TamperedData);
    assert_eq!(ends.attempt(id).await.state, AttemptState::Waiting);
    // Signed, but of a code that is none of ours, and no push at all.
    assert_eq!(
        push(&ends, &event("theirs"), TOKEN).await,
        (StatusCode::OK, "success".to_owned())
    );
    assert_eq!(push(&ends, "<xml>", TOKEN).await.0, StatusCode::FORBIDDEN);
    assert_eq!(ends.users().await, 0);
}

#[tokio::test]
async fn a_signature_is_good_for_its_push_only_and_not_for_long() {
    let ends = Ends::open().await;
    let plain = json!({ "settings": { "type": "pushes", "mode": "plain" } });
    connect(&ends, FOLLOW, plain).await;
    let at = seconds(0);
    let theirs = event("theirs");
    for _ in 0..2 {
        let taken = push_signed_at(&ends, &theirs, TOKEN, at).await;
        assert_eq!(taken.0, StatusCode::OK, "WeChat may send it again");
    }
    let other = theirs.replace("o1", "o2");
    let forged = push_signed_at(&ends, &other, TOKEN, at).await;
    assert_eq!(
        forged.0,
        StatusCode::FORBIDDEN,
        "another body below the signature"
    );
    let signed_anew = push_signed_at(&ends, &theirs, TOKEN, at + 1).await;
    assert_eq!(signed_anew.0, StatusCode::OK);
    let forged = push_signed_at(&ends, &other, TOKEN, at + 1).await;
    assert_eq!(forged.0, StatusCode::FORBIDDEN, "the signature of a repeat");
    for moved in [-301, 330] {
        let stale = push_signed_at(&ends, &other, TOKEN, seconds(moved)).await;
        assert_eq!(stale.0, StatusCode::FORBIDDEN, "{moved} s");
    }
    assert_eq!(
        push_signed_at(&ends, &other, TOKEN, seconds(-240)).await.0,
        StatusCode::OK
    );
}

#[tokio::test]
async fn where_encryption_is_on_nothing_in_the_clear_is_believed() {
    let ends = Ends::open().await;
    connect(&ends, FOLLOW, json!({})).await;
    assert_eq!(push(&ends, &event("x"), TOKEN).await.0, StatusCode::FORBIDDEN);
    // The right key of another account.
    let (token, key) = (PushToken::new(TOKEN), EncodingAesKey::new(KEY));
    let theirs = MessageCrypto::new(token, &key, "wx00000000000000ff").unwrap();
    let encrypted = theirs.reply(&event("x"), "n1", &System, Timestamp(0)).unwrap();
    assert_eq!(push(&ends, &encrypted, TOKEN).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_second_who_scans_a_code_is_not_logged_in_by_it() {
    let ends = Ends::open().await;
    let connection = connect(&ends, FOLLOW, json!({})).await;
    let (id, text) = ends.draw(connection, false).await;
    ends.phone(&text, "lin-xiaoman", "approve").await;
    let ended = ends.ended(id).await;
    ends.phone(&text, "chen-mo", "approve").await;
    assert_eq!(ends.attempt(id).await, ended);
    assert_eq!(ends.users().await, 1);
}
