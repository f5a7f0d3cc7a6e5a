//! Mobile apps: the code of a native app, and the QR code for devices without WeChat.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};
use yaopai_sandbox::AppKind;

use crate::harness::{World, errcode, keys, start, text};
use crate::qrconnect::read_qr;

async fn ticket(world: &World, kind: AppKind, what: &str) -> Value {
    let token = world.api_token(kind).await;
    let query = [("access_token", token.as_str()), ("type", what)];
    world.json("/cgi-bin/ticket/getticket", &query).await
}

/// Asks for a QR code, signed with this ticket.
async fn create(world: &World, ticket: &str) -> Value {
    let app_id = world.app(AppKind::MobileApp).app_id;
    let signed = format!("appid={app_id}&noncestr=a+b/c&sdk_ticket={ticket}&timestamp=1735689600123");
    let signature = hex::encode(Sha1::digest(signed));
    let query = [
        ("appid", app_id.as_str()),
        ("noncestr", "a+b/c"),
        ("timestamp", "1735689600123"),
        ("scope", "snsapi_userinfo"),
        ("signature", &signature),
    ];
    world.json("/connect/sdk/qrconnect", &query).await
}

async fn poll(world: &World, uuid: &str, form: &str) -> String {
    let query = [("uuid", uuid), ("f", form)];
    let answer = world.get("/connect/l/qrconnect", &query).await;
    answer.text().await.unwrap()
}

#[rstest]
#[case(AppKind::MobileApp, "2", 0)]
#[case(AppKind::MobileApp, "jsapi", 48001)]
#[case(AppKind::OfficialAccount, "jsapi", 0)]
#[case(AppKind::OfficialAccount, "2", 48001)]
#[case(AppKind::MobileApp, "", 40097)]
#[tokio::test]
async fn gives_each_kind_of_app_its_ticket(#[case] kind: AppKind, #[case] what: &str, #[case] expected: i64) {
    let world = start().await;
    let first = ticket(&world, kind, what).await;
    assert_eq!(errcode(&first), expected);
    if expected == 0 {
        assert_eq!(keys(&first), ["errcode", "errmsg", "ticket", "expires_in"]);
        world.advance(100);
        let same = ticket(&world, kind, what).await;
        assert_eq!(same["ticket"], first["ticket"]);
        assert_eq!(same["expires_in"], 7100);
        world.advance(7100);
        assert_ne!(ticket(&world, kind, what).await["ticket"], first["ticket"]);
    }
}

#[tokio::test]
async fn somebody_scans_the_code_of_a_device() {
    let world = start().await;
    let ticket = text(&ticket(&world, AppKind::MobileApp, "2").await["ticket"]);
    let created = create(&world, &ticket).await;
    assert_eq!(keys(&created), ["errcode", "errmsg", "uuid", "appname", "qrcode"]);
    let uuid = text(&created["uuid"]);
    let jpeg = STANDARD
        .decode(created["qrcode"]["qrcodebase64"].as_str().unwrap())
        .unwrap();
    assert_eq!(created["qrcode"]["qrcodelength"], jpeg.len());
    let link = read_qr(&jpeg);
    assert_eq!(link, world.at("/connect/confirm", &[("uuid", &uuid)]).as_str());

    world.phone(&link, "", "scan").await;
    assert_eq!(
        poll(&world, &uuid, "json").await,
        r#"{"wx_errcode":404,"wx_code":""}"#
    );
    world.phone(&link, "chen-mo", "approve").await;
    let news: Value = serde_json::from_str(&poll(&world, &uuid, "json").await).unwrap();
    assert_eq!(news["wx_errcode"], 405);
    let code = text(&news["wx_code"]);
    let app_id = world.app(AppKind::MobileApp).app_id;
    assert_eq!(
        poll(&world, &uuid, "url").await,
        format!(
            "window.wx_errcode=405;window.wx_redirecturl='{app_id}://oauth?code={code}&state=';window.wx_nickname='陈默';"
        )
    );
    let pair = world.exchange(&world.app(AppKind::MobileApp), &code).await;
    assert_eq!(pair["scope"], "snsapi_userinfo");
    assert!(pair["unionid"].is_string());
}

#[rstest]
#[case(false)]
#[case(true)]
#[tokio::test]
async fn refuses_a_signature_of_another_ticket(#[case] fetched: bool) {
    let world = start().await;
    if fetched {
        ticket(&world, AppKind::MobileApp, "2").await;
    }
    let answer = create(&world, "invented").await;
    assert_eq!(errcode(&answer), 40001);
    assert!(text(&answer["errmsg"]).starts_with("invalid signature, rid: "));
}

#[tokio::test]
async fn a_native_app_gets_a_code_or_hears_no() {
    let world = start().await;
    let app_id = world.app(AppKind::MobileApp).app_id;
    let order = json!({ "app_id": app_id, "state": "s 1" });
    let agreed = world
        .script(Method::POST, "people/chen-mo/send-auth", order)
        .await;
    let code = text(&agreed["code"]);
    assert_eq!(agreed["errCode"], 0);
    assert_eq!(agreed["url"], format!("{app_id}://oauth?code={code}&state=s%201"));
    world.advance(599);
    assert_eq!(
        errcode(&world.exchange(&world.app(AppKind::MobileApp), &code).await),
        0
    );

    let order = json!({ "app_id": app_id, "refuse": true });
    let refused = world
        .script(Method::POST, "people/chen-mo/send-auth", order)
        .await;
    assert_eq!(keys(&refused), ["errCode", "state", "lang", "country"]);
    assert_eq!(refused["errCode"], -4);
}
