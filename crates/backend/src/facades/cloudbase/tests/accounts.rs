//! Accounts: passwords, codes, sessions, and what people read and change of themselves.

use super::{PASSWORD, PHONE, Sdk, ok, word};
use crate::facades::desk::Desk;
use axum::http::Method;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use yaopai_sandbox::AppKind;

#[tokio::test]
async fn an_application_that_is_deleted_takes_its_sessions_and_tokens_along() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let token = sdk.provider_token("lin-xiaoman").await;
    ok(sdk.sign_in(&token).await);
    let left = sdk.provider_token("chen-mo").await;
    let mut elsewhere = Sdk::of(&desk, "default");
    let token = elsewhere.provider_token("lin-xiaoman").await;
    ok(elsewhere.sign_in(&token).await);

    let deleted = desk
        .manage(Method::DELETE, "applications/shop", Value::Null)
        .await;
    assert!(deleted.status.is_success(), "{}", deleted.text());
    let me = sdk.own(Method::GET, "/auth/v1/user/me", Value::Null).await;
    assert_eq!(word(&me), "unauthenticated");
    let mut other = Sdk::of(&desk, "default");
    assert_eq!(word(&other.sign_in(&left).await), "invalid_grant");
    elsewhere.me().await;
}

#[tokio::test]
async fn what_an_sdk_reads_of_a_login_and_a_user() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let code = sdk.code("wx_open", "lin-xiaoman").await;
    let mut granted = ok(sdk.grant("wx_open", &code).await);
    let token = granted["provider_token"].as_str().unwrap().to_owned();
    let mut credentials = ok(sdk.sign_in(&token).await);
    let mut me = sdk.me().await;
    let list = ok(sdk.own(Method::GET, "/auth/v1/user/provider", Value::Null).await);
    assert_eq!(me["sub"], credentials["sub"]);
    assert_eq!(me["sub"], me["uid"]);
    granted["provider_token"] = json!("[token]");
    granted["provider_profile"]["picture"] = json!("[picture]");
    for name in ["access_token", "refresh_token", "sub"] {
        credentials[name] = json!(format!("[{name}]"));
    }
    for name in ["sub", "uid", "picture", "created_at", "updated_at"] {
        assert!(me[name].is_string(), "{name}");
        me[name] = json!(format!("[{name}]"));
    }
    me["providers"][0]["provider_user_id"] = json!("[open_id]");
    let shown =
        json!({ "provider/token": granted, "signin": credentials, "user/me": me, "user/provider": list });
    let mini_program = desk.app(AppKind::MiniProgram).app_id;
    let shown = shown.to_string().replace(&mini_program, "[appid]");
    let shown: Value = serde_json::from_str(&shown).unwrap();
    insta::assert_json_snapshot!(shown);
}

#[tokio::test]
async fn passwords_codes_and_their_encryption() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let sub = ok(sdk.sign_up(json!({})).await)["sub"].clone();
    for name in ["xiaoman", PHONE, "13800138000"] {
        let body = json!({ "username": name, "password": PASSWORD });
        assert_eq!(ok(sdk.post("/auth/v1/signin", body).await)["sub"], sub, "{name}");
    }
    let token = sdk.verification_token().await;
    let body = json!({ "username": PHONE, "verification_token": token });
    assert_eq!(ok(sdk.post("/auth/v1/signin", body.clone()).await)["sub"], sub);
    assert_eq!(
        word(&sdk.post("/auth/v1/signin", body).await),
        "invalid_verification_code"
    );

    for (name, password) in [
        ("xiaoman", "wrong horse"),
        ("nobody", PASSWORD),
        ("@", PASSWORD),
        ("", ""),
    ] {
        let body = json!({ "username": name, "password": password });
        let refused = sdk.post("/auth/v1/signin", body).await;
        assert_eq!(word(&refused), "invalid_password", "{name}");
    }
    let key = ok(sdk.post("/auth/v2/signin/publichkey", Value::Null).await);
    assert!(
        key["public_key"]
            .as_str()
            .unwrap()
            .starts_with("-----BEGIN PUBLIC KEY-----")
    );
    for params in [String::new(), "%%%".to_owned(), BASE64_STANDARD.encode([7; 512])] {
        let body = json!({ "params": params, "public_key_thumbprint": key["public_key_thumbprint"] });
        assert_eq!(word(&sdk.post("/auth/v1/signin", body).await), "invalid_password");
    }
}

#[tokio::test]
async fn who_is_refused_for_their_password_or_name_tries_again_with_the_same_token() {
    let desk = Desk::open().await;
    let sdk = Sdk::of(&desk, "shop");
    let taken = json!({ "username": "chenmo", "password": PASSWORD });
    ok(sdk.post("/auth/v1/signup", taken).await);
    let token = sdk.verification_token().await;
    let sign_up = async |username: &str, password: &str| {
        let body = json!({
            "phone_number": PHONE,
            "verification_token": token,
            "username": username,
            "password": password,
        });
        sdk.post("/auth/v1/signup", body).await
    };
    assert_eq!(word(&sign_up("xiaoman", "short").await), "invalid_argument");
    assert_eq!(word(&sign_up("chenmo", PASSWORD).await), "already_exists");
    ok(sign_up("xiaoman", PASSWORD).await);

    let token = sdk.verification_token().await;
    let reset = async |new: &str| {
        let body = json!({ "phone_number": PHONE, "new_password": new, "verification_token": token });
        sdk.post("/auth/v1/reset", body).await
    };
    assert_eq!(word(&reset("short").await), "invalid_argument");
    ok(reset("battery staple").await);
    assert_eq!(word(&reset("third password").await), "invalid_verification_code");
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_sign_out_ends_all() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let first = ok(sdk.sign_up(json!({})).await);
    let refresh = |token: &Value| json!({ "client_id": "shop", "client_secret": "", "grant_type": "refresh_token", "refresh_token": token });
    let answer = sdk.post("/auth/v1/token", refresh(&first["refresh_token"])).await;
    let second = ok(sdk.keep(answer));
    assert_eq!(second["sub"], first["sub"]);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    desk.clock.turn(60_000);
    let stolen = sdk.post("/auth/v1/token", refresh(&first["refresh_token"])).await;
    assert_eq!(word(&stolen), "invalid_grant");
    let over = sdk.own(Method::GET, "/auth/v1/user/me", Value::Null).await;
    assert_eq!(word(&over), "unauthenticated", "one of the two stole it");

    let body = json!({ "username": "xiaoman", "password": PASSWORD });
    let answer = sdk.post("/auth/v1/signin", body).await;
    ok(sdk.keep(answer));
    let revoke = json!({ "token": sdk.token });
    assert_eq!(ok(sdk.post("/auth/v1/revoke", revoke.clone()).await), json!({}));
    assert_eq!(
        ok(sdk.post("/auth/v1/revoke", revoke).await),
        json!({}),
        "over is over"
    );
    let over = sdk.own(Method::GET, "/auth/v1/user/me", Value::Null).await;
    assert_eq!(word(&over), "unauthenticated");
}

#[tokio::test]
async fn rule_11_a_blocked_user_is_out_at_once() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let token = sdk.provider_token("lin-xiaoman").await;
    ok(sdk.sign_in(&token).await);
    desk.change("UPDATE users SET status = 'blocked'", vec![]).await;
    let token = sdk.provider_token("lin-xiaoman").await;
    assert_eq!(word(&sdk.sign_in(&token).await), "user_blocked");
    let out = sdk.own(Method::GET, "/auth/v1/user/me", Value::Null).await;
    assert_eq!(word(&out), "unauthenticated");
}

#[tokio::test]
async fn people_change_only_what_is_theirs() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let token = sdk.provider_token("lin-xiaoman").await;
    ok(sdk.sign_in(&token).await);
    let before = sdk.me().await;
    let sent = json!({
        "name": "满满", "gender": "FEMALE", "birthdate": "1999-01-01", "picture": "https://cdn.example.com/a.png",
        "phone_number": PHONE, "email": "li@example.com", "sub": "1", "status": "blocked", "groups": ["admin"],
    });
    let changed = ok(sdk.own(Method::PATCH, "/auth/v1/user/profile", sent).await);
    assert_eq!(changed["name"], "满满");
    assert_eq!(changed["gender"], "FEMALE");
    assert_eq!(changed["sub"], before["sub"]);
    assert!(
        changed["phone_number"].is_null() && changed["email"].is_null(),
        "{changed}"
    );
    let sent = json!({ "nickname": "微信用户", "user_id": "1", "phone": PHONE });
    ok(sdk.own(Method::POST, "/auth/v1/user/basic/edit", sent).await);
    assert_eq!(
        sdk.me().await["name"],
        "满满",
        "an anonymous name overwrites nothing"
    );
}

#[tokio::test]
async fn who_changes_a_password_shows_who_they_are() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    ok(sdk.sign_up(json!({})).await);
    let (sudo, path) = ("/auth/v1/user/sudo", "/auth/v1/user/password");
    let set = |token: &Value| json!({ "new_password": "battery staple", "sudo_token": token });
    for token in [json!(null), json!("9999999999999.00"), json!("x")] {
        let refused = sdk.own(Method::PATCH, path, set(&token)).await;
        assert_eq!(word(&refused), "permission_denied", "{token}");
    }
    let wrong = sdk
        .own(Method::POST, sudo, json!({ "password": "wrong horse" }))
        .await;
    assert_eq!(word(&wrong), "invalid_password");
    let shown = ok(sdk.own(Method::POST, sudo, json!({ "password": PASSWORD })).await);
    ok(sdk.own(Method::PATCH, path, set(&shown["sudo_token"])).await);
    let body = json!({ "username": "xiaoman", "password": "battery staple" });
    let answer = sdk.post("/auth/v1/signin", body).await;
    ok(sdk.keep(answer));
    let other_session = sdk.own(Method::PATCH, path, set(&shown["sudo_token"])).await;
    assert_eq!(word(&other_session), "permission_denied");

    let reset = json!({
        "phone_number": PHONE,
        "new_password": "third password",
        "verification_token": sdk.verification_token().await,
    });
    ok(sdk.post("/auth/v1/reset", reset).await);
    let out = sdk.own(Method::GET, "/auth/v1/user/me", Value::Null).await;
    assert_eq!(word(&out), "unauthenticated", "a reset ends all sessions");
}
