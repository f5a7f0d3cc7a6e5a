//! Provider tokens: whom WeChat named, signed in, registered or bound.

use super::{PASSWORD, PHONE, Sdk, ok, word};
use crate::facades::desk::Desk;
use axum::http::{Method, StatusCode};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use yaopai_sandbox::AppKind;

#[tokio::test]
async fn rule_4_a_failed_sign_in_keeps_the_provider_token() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "members");
    let token = sdk.provider_token("lin-xiaoman").await;
    for _ in 0..2 {
        let refused = sdk.sign_in(&token).await;
        assert_eq!(word(&refused), "not_found");
        assert_eq!(refused.json()["error_code"], 5);
    }
    assert_eq!(desk.users().await, 0, "login-only creates nobody");

    ok(sdk.sign_up(json!({})).await);
    let bind = json!({ "provider_token": token });
    let bound = sdk
        .own(Method::POST, "/auth/v1/user/provider/bind", bind.clone())
        .await;
    assert_eq!(ok(bound), json!({}));
    let me = sdk.me().await;
    assert_eq!(me["name"], "小满", "the profile came with the binding");
    assert_eq!(me["phone_number"], PHONE);
    let again = sdk.own(Method::POST, "/auth/v1/user/provider/bind", bind).await;
    assert_eq!(word(&again), "invalid_grant", "a success uses the token up");

    let token = sdk.provider_token("lin-xiaoman").await;
    let signed_in = ok(sdk.sign_in(&token).await);
    assert_eq!(signed_in["sub"], me["sub"], "the next login is that user");
    assert_eq!(desk.users().await, 1);
}

#[tokio::test]
async fn signing_up_with_a_provider_token_binds_in_the_same_go() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "members");
    let token = sdk.provider_token("lin-xiaoman").await;
    let sub = ok(sdk.sign_up(json!({ "provider_token": token })).await)["sub"].clone();
    let token = sdk.provider_token("lin-xiaoman").await;
    assert_eq!(ok(sdk.sign_in(&token).await)["sub"], sub);

    let mut other = Sdk::of(&desk, "members");
    let token = other.provider_token("lin-xiaoman").await;
    let body = json!({ "provider_token": token, "username": "chenmo", "password": PASSWORD });
    let refused = other.post("/auth/v1/signup", body).await;
    assert_eq!(word(&refused), "already_exists");
    assert_eq!(desk.users().await, 1, "and nobody was made");
    ok(other.sign_in(&token).await);
}

#[tokio::test]
async fn of_two_who_sign_up_with_one_provider_token_one_is_made() {
    let desk = Desk::open().await;
    let sdk = Sdk::of(&desk, "members");
    let token = sdk.provider_token("lin-xiaoman").await;
    let up = |name: &'static str| {
        let body = json!({ "provider_token": token, "username": name, "password": PASSWORD });
        sdk.post("/auth/v1/signup", body)
    };
    let (one, other) = tokio::join!(up("xiaoman"), up("another"));
    let made = [&one, &other].map(|answer| answer.status == StatusCode::OK);
    assert!(made == [true, false] || made == [false, true], "{made:?}");
    assert_eq!(desk.users().await, 1, "nobody is left behind without a binding");
}

#[tokio::test]
async fn of_two_who_enrich_one_provider_token_neither_loses_what_the_other_adds() {
    let desk = Desk::open().await;
    let sdk = Sdk::of(&desk, "shop");
    let app_id = desk.app(AppKind::MiniProgram).app_id;
    let login = desk.wx_login("chen-mo").await;
    let body = json!({ "provider_id": app_id, "provider_code": login["code"] });
    let granted = ok(sdk.post("/auth/v1/provider/token", body).await);
    let button = desk.phone_code("chen-mo").await;
    let enrich = |params: Value| {
        let body = json!({ "provider_token": granted["provider_token"], "provider_params": params });
        sdk.open(Method::PATCH, "/auth/v1/provider/token", body)
    };
    let (phone, profile) = tokio::join!(
        enrich(json!({ "code": button["code"] })),
        enrich(json!({ "iv": login["iv"], "encryptedData": login["encryptedData"] })),
    );
    ok(phone);
    ok(profile);
    let kept = desk
        .look("SELECT person, phone FROM provider_token", vec![])
        .await;
    assert!(kept[0].text_or_null("phone").unwrap().is_some());
    let person = kept[0].text("person").unwrap();
    assert!(person.contains("\"nickname\":\""), "{person}");
}

#[tokio::test]
async fn a_person_of_somebody_else_is_not_bound() {
    let desk = Desk::open().await;
    let mut owner = Sdk::of(&desk, "shop");
    let token = owner.provider_token("lin-xiaoman").await;
    ok(owner.sign_in(&token).await);
    let mut thief = Sdk::of(&desk, "shop");
    ok(thief.sign_up(json!({})).await);
    let token = thief.provider_token("lin-xiaoman").await;
    let bind = json!({ "provider_token": token });
    let refused = thief.own(Method::POST, "/auth/v1/user/provider/bind", bind).await;
    assert_eq!(word(&refused), "already_exists");
    ok(thief.sign_in(&token).await);
    assert_eq!(
        thief.me().await["sub"],
        owner.me().await["sub"],
        "the token was still good"
    );
}

#[tokio::test]
async fn the_last_way_in_stays() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let token = sdk.provider_token("lin-xiaoman").await;
    ok(sdk.sign_in(&token).await);
    let path = "/auth/v1/user/provider/wx_open";
    let refused = sdk.own(Method::DELETE, path, Value::Null).await;
    assert_eq!(word(&refused), "failed_precondition");
    let contact = json!({ "verification_token": sdk.verification_token().await });
    ok(sdk.own(Method::PATCH, "/auth/v1/user/contact", contact).await);
    assert_eq!(ok(sdk.own(Method::DELETE, path, Value::Null).await), json!({}));
    assert_eq!(sdk.me().await["providers"], json!([]));
    let nothing = sdk.own(Method::DELETE, path, Value::Null).await;
    assert_eq!(word(&nothing), "not_found");
}

#[tokio::test]
async fn one_provider_token_signs_one_in() {
    let desk = Desk::open().await;
    let sdk = Sdk::of(&desk, "default");
    let token = sdk.provider_token("lin-xiaoman").await;
    let body = json!({ "provider_token": token });
    let tries = (0..8).map(|_| sdk.post("/auth/v1/signin/with/provider", body.clone()));
    let answers = futures_util::future::join_all(tries).await;
    let (good, bad): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == StatusCode::OK);
    assert_eq!(good.len(), 1);
    for answer in bad {
        assert_eq!(word(answer), "invalid_grant");
    }
    assert_eq!(desk.users().await, 1);
}

#[tokio::test]
async fn sign_up_can_be_forbidden_by_the_call() {
    let desk = Desk::open().await;
    let sdk = Sdk::of(&desk, "shop");
    let token = sdk.provider_token("lin-xiaoman").await;
    let body = json!({ "provider_token": token, "force_disable_sign_up": true });
    let refused = sdk.post("/auth/v2/signin/with/provider", body).await;
    assert_eq!(word(&refused), "not_found");
    assert_eq!(desk.users().await, 0);
}

#[tokio::test]
async fn rule_1_a_mini_program_and_a_website_find_one_user() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "default");
    let login = desk.wx_login("chen-mo").await;
    let app_id = desk.app(AppKind::MiniProgram).app_id;
    let body = json!({
        "provider_id": app_id,
        "provider_params": { "provider_code_type": "open_id", "appid": app_id, "code": login["code"] },
    });
    let granted = ok(sdk.post("/auth/v1/provider/token", body).await);
    let sub = ok(sdk.sign_in(granted["provider_token"].as_str().unwrap()).await)["sub"].clone();
    let token = sdk.provider_token("chen-mo").await;
    assert_eq!(ok(sdk.sign_in(&token).await)["sub"], sub);
    let me = sdk.me().await;
    let ids: Vec<&str> = me["providers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert!(
        ids.contains(&app_id.as_str()) && ids.contains(&"wx_open"),
        "{ids:?}"
    );
    assert_eq!(desk.users().await, 1);
}

#[tokio::test]
async fn rule_7_a_phone_number_that_wechat_told_becomes_the_users() {
    let desk = Desk::open().await;
    let app_id = desk.app(AppKind::MiniProgram).app_id;
    let enriched = async |sdk: &Sdk<'_>, person: &str, params: Value| {
        let login = desk.wx_login(person).await;
        let body = json!({ "provider_id": app_id, "provider_code": login["code"] });
        let granted = ok(sdk.post("/auth/v1/provider/token", body).await);
        let body = json!({ "provider_token": granted["provider_token"], "provider_params": params });
        let answer = sdk.open(Method::PATCH, "/auth/v1/provider/token", body).await;
        (granted["provider_token"].as_str().unwrap().to_owned(), answer)
    };
    let mut sdk = Sdk::of(&desk, "shop");
    let button = desk.phone_code("chen-mo").await;
    let (token, answer) = enriched(&sdk, "chen-mo", json!({ "code": button["code"] })).await;
    let told = ok(answer)["provider_profile"]["phone_number"].clone();
    assert!(told.as_str().unwrap().starts_with("+86 1"), "{told}");
    ok(sdk.sign_in(&token).await);
    assert_eq!(sdk.me().await["phone_number"], told);

    let mut other = Sdk::of(&desk, "shop");
    let tampered = json!({ "iv": button["iv"], "encryptedData": button["encryptedData"] });
    let (token, answer) = enriched(&other, "lin-xiaoman", tampered).await;
    assert_eq!(word(&answer), "invalid_argument", "sealed for somebody else");
    ok(other.sign_in(&token).await);
    assert!(other.me().await["phone_number"].is_null());
}

#[tokio::test]
async fn a_page_shows_a_mini_programs_code_and_gets_a_provider_token() {
    let desk = Desk::open().await;
    let app = desk.app(AppKind::MiniProgram);
    let mut sdk = Sdk::of(&desk, "default");
    let generate = json!({ "envId": "default", "wxAppId": app.app_id });
    let refused = sdk.post("/auth/v1/qrcode/generate", generate.clone()).await;
    assert_eq!(word(&refused), "invalid_argument", "no connection of that kind");
    let file = format!(
        "[[connection]]\nkind = 'wechat:miniprogram:qrconnect'\nidentifier = 'wxapp-qr'\ndisplay_name = 'QR'\n\
         app_id = '{}'\napp_secret = '{}'\n",
        app.app_id, app.app_secret
    );
    desk.bootstrap(&file).await.unwrap();
    let shown = ok(sdk.post("/auth/v1/qrcode/generate", generate).await);
    assert!(
        shown["qr_code"]
            .as_str()
            .unwrap()
            .starts_with("data:image/jpeg;base64,")
    );
    let ask = json!({ "qrCodeId": shown["qr_code_id"], "envId": "default", "wxAppId": app.app_id });
    let waiting = ok(sdk.post("/auth/v1/qrcode/get/status", ask.clone()).await);
    assert_eq!(waiting, json!({ "status": "WAITING" }));

    let picture = BASE64_STANDARD
        .decode(&shown["qr_code"].as_str().unwrap()[23..])
        .unwrap();
    desk.scan_in_mini_program(&picture, "chen-mo").await;
    let mut status = Value::Null;
    while status["provider_token"].is_null() {
        status = ok(sdk.post("/auth/v1/qrcode/get/status", ask.clone()).await);
        assert!(
            !["EXPIRED", "FAILED", "CANCELLED"].contains(&status["status"].as_str().unwrap()),
            "{status}"
        );
    }
    let token = status["provider_token"].as_str().unwrap().to_owned();
    assert_eq!(
        desk.users().await,
        0,
        "nobody has said yet what is to become of the person"
    );
    let body = json!({ "username": "chenmo", "password": PASSWORD });
    let answer = sdk.post("/auth/v1/signup", body).await;
    ok(sdk.keep(answer));
    let bind = json!({ "provider_token": token });
    ok(sdk.own(Method::POST, "/auth/v1/user/provider/bind", bind).await);
    assert_eq!(desk.users().await, 1, "they are bound to whom they wanted");
    let again = ok(sdk.post("/auth/v1/qrcode/get/status", ask).await);
    assert_eq!(again, json!({ "status": "EXPIRED" }), "the login was taken");
}
