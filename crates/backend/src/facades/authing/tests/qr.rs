//! A code on one screen, confirmed on another.

use super::{POOL, desk_on_time, enter, post};
use crate::facades::desk::{Desk, parameter, read_code};
use axum::http::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};
use std::time::Duration;
use yaopai_sandbox::AppKind;

async fn drawn(desk: &Desk, scene: &str) -> Value {
    let body = json!({ "autoMergeQrCode": false, "scene": scene });
    let answer = post(desk, "/api/v2/qrcode/gene", &[POOL], body).await;
    assert_eq!(answer["code"], 200, "{answer}");
    answer["data"].clone()
}

/// The word that whoever photographs the screen gets.
pub(super) async fn in_picture(desk: &Desk, drawn: &Value) -> String {
    let picture = url::Url::parse(drawn["url"].as_str().unwrap()).unwrap();
    let picture = desk.call(Method::GET, picture.path(), &[], "").await;
    let text = read_code(&picture.bytes);
    if let Ok(url) = text.parse() {
        parameter(&url, "scene").unwrap()
    } else {
        let text: Value = serde_json::from_str(&text).unwrap();
        text["random"].as_str().unwrap().to_owned()
    }
}

async fn look(desk: &Desk, drawn: &Value) -> Value {
    let path = format!(
        "/api/v2/qrcode/check?random={}",
        drawn["random"].as_str().unwrap()
    );
    let answer = desk.call(Method::GET, &path, &[POOL], "").await.json();
    assert_eq!(answer["code"], 200, "{answer}");
    answer["data"].clone()
}

#[tokio::test]
async fn an_app_scans_and_confirms_and_the_ticket_is_good_once() {
    let desk = Desk::open().await;
    let user = enter(&desk, "lin-xiaoman").await;
    let token = user["token"].as_str().unwrap();
    let drawn = drawn(&desk, "APP_AUTH").await;
    let path = url::Url::parse(drawn["url"].as_str().unwrap())
        .unwrap()
        .path()
        .to_owned();
    let picture = desk
        .call(Method::GET, &path, &[("origin", "http://a.example")], "")
        .await;
    assert_eq!(picture.headers["content-type"], "image/png");
    assert_eq!(picture.headers["access-control-allow-origin"], "*");
    assert_eq!(look(&desk, &drawn).await["status"], 0);
    let headers = [("authorization", token)];
    let body = json!({ "random": in_picture(&desk, &drawn).await });
    let mut seen = Value::Null;
    for (step, status) in [("scanned", 1), ("confirm", 2)] {
        let answer = post(&desk, &format!("/api/v2/qrcode/{step}"), &headers, body.clone()).await;
        assert_eq!(answer["code"], 200, "{answer}");
        seen = look(&desk, &drawn).await;
        assert_eq!(seen["status"], status);
    }
    let ticket = seen["ticket"].clone();
    let again = look(&desk, &drawn).await;
    assert_eq!(
        (&again["status"], &again["ticket"]),
        (&json!(2), &Value::Null),
        "whoever looks later gets no ticket of their own"
    );
    for (ticket, code) in [(&ticket, 200), (&ticket, 2243)] {
        let answer = post(
            &desk,
            "/api/v2/qrcode/userinfo",
            &[POOL],
            json!({ "ticket": ticket }),
        )
        .await;
        assert_eq!(answer["code"], code, "{answer}");
        if code == 200 {
            assert_eq!(answer["data"]["id"], user["id"]);
            assert_ne!(answer["data"]["token"], user["token"]);
        }
    }
}

#[rstest]
#[case::app("APP_AUTH")]
#[case::mini_program("WXAPP_AUTH")]
#[tokio::test]
async fn whoever_photographs_the_screen_learns_nothing_by_it(#[case] scene: &str) {
    let desk = Desk::open().await;
    let drawn = drawn(&desk, scene).await;
    let photographed = in_picture(&desk, &drawn).await;
    for path in [
        format!("/api/v2/qrcode/check?random={photographed}"),
        format!("/api/v3/get-qrcode-status?qrcodeId={photographed}"),
    ] {
        let answer = desk.call(Method::GET, &path, &[POOL], "").await.json();
        assert_eq!(answer["message"], "二维码不存在", "{path}: {answer}");
    }
    let path = format!("/api/v2/qrcode/{photographed}.img");
    let answer = desk.call(Method::GET, &path, &[], "").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_mini_program_that_wechat_opened_confirms_with_a_fresh_code() {
    let desk = Desk::open().await;
    let drawn = drawn(&desk, "WXAPP_AUTH").await;
    let random = in_picture(&desk, &drawn).await;
    let code = desk.wx_login("lin-xiaoman").await["code"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/oauth/wxapp/grant/?alias=wxapp&code={code}&random={random}");
    let granted = desk.call(Method::GET, &path, &[], "").await.json();
    assert_eq!(granted["code"], 200, "{granted}");
    assert!(!granted.to_string().contains("session"), "no session key leaves");
    assert_eq!(look(&desk, &drawn).await["status"], 1);
    let path = format!("/oauth/wxapp/redirect?random={random}");
    for (person, code) in [("chen-mo", 2242), ("lin-xiaoman", 200)] {
        let login = desk.wx_login(person).await;
        let answer = post(&desk, &path, &[], json!({ "code": login["code"] })).await;
        assert_eq!(answer["code"], code, "{person}: {answer}");
    }
    assert!(look(&desk, &drawn).await["ticket"].is_string());
}

#[tokio::test]
async fn who_follows_the_official_account_is_logged_in() {
    const TOKEN: &str = "simToken2025";
    const KEY: &str = "9mAkn1IegZnH5qDUzwqk3RJxetkpA8daFYMgyIaveTQ";
    let desk = desk_on_time().await;
    let app = desk.app(AppKind::OfficialAccount);
    let file = format!(
        "[[connection]]\nkind = 'wechatmp-qrcode'\nidentifier = 'follow'\ndisplay_name = '关注'\napp_id = '{}'\n\
         app_secret = '{}'\npush_token = '{TOKEN}'\nencoding_aes_key = '{KEY}'\n\
         settings = {{ type = 'pushes', mode = 'encrypted' }}",
        app.app_id, app.app_secret
    );
    desk.bootstrap(&file).await.unwrap();
    let server = desk.listen().await;
    let messages = json!({
        "server_url": server.join("connections/social/follow/default/events").unwrap(),
        "token": TOKEN,
        "encoding_aes_key": KEY,
        "mode": "aes",
    });
    desk.sandbox(
        Method::PUT,
        &format!("sandbox/apps/{}/messages", app.app_id),
        messages,
    )
    .await;
    let drawn = drawn(&desk, "WECHATMP_AUTH").await;
    let picture = url::Url::parse(drawn["url"].as_str().unwrap()).unwrap();
    let picture = desk.call(Method::GET, picture.path(), &[], "").await;
    let scan = json!({ "url": read_code(&picture.bytes), "person": "lin-xiaoman", "decision": "approve" });
    desk.sandbox(Method::POST, "sandbox/scan", scan).await;
    let confirmed = async {
        loop {
            let seen = look(&desk, &drawn).await;
            if seen["status"] == 2 {
                return seen["ticket"].clone();
            }
            tokio::task::yield_now().await;
        }
    };
    let ticket = tokio::time::timeout(Duration::from_secs(30), confirmed)
        .await
        .unwrap();
    let user = post(
        &desk,
        "/api/v2/qrcode/userinfo",
        &[POOL],
        json!({ "ticket": ticket }),
    )
    .await;
    assert_eq!(user["code"], 200, "{user}");
    assert!(user["data"]["token"].is_string());
    assert_eq!(desk.users().await, 1);
}

#[tokio::test]
async fn looking_at_a_confirmed_code_does_not_make_it_last() {
    let desk = Desk::open().await;
    let user = enter(&desk, "lin-xiaoman").await;
    let headers = [("authorization", user["token"].as_str().unwrap())];
    let drawn = drawn(&desk, "APP_AUTH").await;
    let body = json!({ "random": in_picture(&desk, &drawn).await });
    desk.clock.turn(119_000);
    let answer = post(&desk, "/api/v2/qrcode/confirm", &headers, body).await;
    assert_eq!(answer["code"], 200, "{answer}");
    desk.clock.turn(299_999);
    let seen = look(&desk, &drawn).await;
    assert_eq!(seen["status"], 2);
    desk.clock.turn(1);
    assert_eq!(look(&desk, &drawn).await["status"], -1);
    let body = json!({ "ticket": seen["ticket"] });
    let answer = post(&desk, "/api/v2/qrcode/userinfo", &[POOL], body).await;
    assert_eq!(answer["code"], 2243, "{answer}");
}

#[tokio::test]
async fn codes_expire_and_strangers_are_told() {
    let desk = Desk::open().await;
    let drawn = drawn(&desk, "APP_AUTH").await;
    desk.clock.turn(121_000);
    assert_eq!(look(&desk, &drawn).await["status"], -1);
    let unknown = desk
        .call(Method::GET, "/api/v2/qrcode/check?random=0", &[], "")
        .await;
    assert_eq!(
        (unknown.status, &unknown.json()["code"]),
        (StatusCode::OK, &json!(2241))
    );
}
