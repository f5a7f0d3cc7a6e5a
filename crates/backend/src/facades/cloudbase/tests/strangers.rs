//! What a stranger tries: broken blocks, tokens that were given for something else, and doors that were closed meanwhile.

use super::{Desk, PASSWORD, PHONE, Sdk, ok, word};
use crate::{
    session::{self, Grant, Issued, token},
    store::engine::values,
};
use aws_lc_rs::rsa::{Pkcs1PublicEncryptingKey, PublicEncryptingKey};
use axum::http::Method;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use yaopai_domain::PoolId;
use yaopai_sandbox::AppKind;

/// The public key that passwords are encrypted with.
async fn public_key(sdk: &Sdk<'_>) -> Pkcs1PublicEncryptingKey {
    let told = ok(sdk.post("/auth/v2/signin/publichkey", Value::Null).await);
    let pem = told["public_key"].as_str().unwrap();
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = BASE64_STANDARD.decode(text).unwrap();
    Pkcs1PublicEncryptingKey::new(PublicEncryptingKey::from_der(&der).unwrap()).unwrap()
}

fn block(key: &Pkcs1PublicEncryptingKey, clear: &str) -> Vec<u8> {
    let mut sealed = vec![0; key.ciphertext_size()];
    key.encrypt(clear.as_bytes(), &mut sealed).unwrap().to_vec()
}

#[tokio::test]
async fn a_block_that_does_not_open_is_a_wrong_password() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    ok(sdk.sign_up(json!({})).await);
    let key = public_key(&sdk).await;
    let [head, tail] =
        [r#"{"username":"xiaoman","#, r#""password":"correct horse"}"#].map(|text| block(&key, text));
    let broken = vec![7; head.len()];
    let wrong_passwords = async || {
        let sql = "SELECT subject FROM pace WHERE action = 'password.wrong'";
        desk.look(sql, values![]).await.len()
    };
    let tries = [
        [broken.clone(), head.clone(), tail.clone()].concat(),
        [head.clone(), broken.clone(), tail.clone()].concat(),
        [head.clone(), tail.clone(), broken].concat(),
        [head.as_slice(), &tail, &[0]].concat(),
        block(&key, "{}"),
        block(&key, "no JSON"),
        [block(&key, "").repeat(64), head.clone(), tail.clone()].concat(),
    ];
    for (number, sealed) in tries.iter().enumerate() {
        let body = json!({ "params": BASE64_STANDARD.encode(sealed) });
        let refused = sdk.post("/auth/v1/signin", body).await;
        assert_eq!(word(&refused), "invalid_password", "{number}");
        assert_eq!(wrong_passwords().await, number + 1, "every one is counted");
    }
    let body = json!({ "params": BASE64_STANDARD.encode([head, tail].concat()) });
    ok(sdk.post("/auth/v1/signin", body).await);
}

/// A session that the person began with OpenID Connect.
async fn elsewhere(desk: &Desk, sub: &Value) -> Issued {
    let pool = PoolId::default();
    let application = "shop".parse().unwrap();
    let grant = Grant {
        scope: "openid profile offline_access",
        application: Some(&application),
        ..Grant::to(&pool, sub.as_str().unwrap().parse().unwrap())
    };
    session::begin(&desk.app, grant).await.unwrap()
}

#[tokio::test]
async fn a_token_of_open_id_connect_does_not_act_for_its_person() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let sub = ok(sdk.sign_up(json!({})).await)["sub"].clone();
    let issued = elsewhere(&desk, &sub).await;
    let seen = Sdk {
        token: Some(issued.access_token.clone()),
        ..Sdk::of(&desk, "shop")
    };
    for (method, path) in [
        (Method::GET, "/auth/v1/user/me"),
        (Method::GET, "/auth/v1/user/provider"),
        (Method::POST, "/auth/v1/user/provider/bind"),
        (Method::DELETE, "/auth/v1/user/provider/wx_open"),
        (Method::PATCH, "/auth/v1/user/profile"),
        (Method::POST, "/auth/v1/user/basic/edit"),
        (Method::POST, "/auth/v1/user/sudo"),
        (Method::PATCH, "/auth/v1/user/password"),
        (Method::PATCH, "/auth/v1/user/contact"),
        (Method::POST, "/auth/v1/user/signout"),
        (Method::DELETE, "/auth/v1/user/revoke/all"),
    ] {
        let body = json!({ "password": PASSWORD, "new_password": "battery staple", "name": "满满" });
        let refused = seen.own(method, path, body).await;
        assert_eq!(word(&refused), "unauthenticated", "{path}");
    }
    let refresh = json!({ "grant_type": "refresh_token", "refresh_token": issued.refresh_token });
    assert_eq!(word(&sdk.post("/auth/v1/token", refresh).await), "invalid_grant");
    let next = session::refresh(&desk.app, None, &issued.refresh_token).await;
    assert!(next.is_ok(), "it is still good where it belongs");
    assert_eq!(sdk.me().await["sub"], sub);
}

#[tokio::test]
async fn an_application_with_secrets_proves_itself_to_refresh() {
    let desk = Desk::open().await;
    let sql =
        "INSERT INTO application_secret (application, secret_hash, created_at) VALUES ('members', $1, 0)";
    desk.change(sql, values![token::hash("a members' secret")]).await;
    let mut sdk = Sdk::of(&desk, "members");
    let issued = ok(sdk.sign_up(json!({})).await);
    let refresh = async |secret: Value| {
        let token = &issued["refresh_token"];
        let body = json!({ "grant_type": "refresh_token", "refresh_token": token, "client_secret": secret });
        sdk.post("/auth/v1/token", body).await
    };
    for wrong in [Value::Null, json!(""), json!("a guess")] {
        assert_eq!(word(&refresh(wrong).await), "invalid_grant");
    }
    assert_eq!(
        ok(refresh(json!("a members' secret")).await)["sub"],
        issued["sub"]
    );
}

#[tokio::test]
async fn a_first_password_or_name_wants_proof() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let token = sdk.provider_token("lin-xiaoman").await;
    ok(sdk.sign_in(&token).await);
    let contact = json!({ "verification_token": sdk.verification_token().await });
    ok(sdk.own(Method::PATCH, "/auth/v1/user/contact", contact).await);
    let edit = async |body: Value| sdk.own(Method::POST, "/auth/v1/user/basic/edit", body).await;
    for (body, expected) in [
        (json!({ "new_password": PASSWORD }), "permission_denied"),
        (
            json!({ "new_password": PASSWORD, "password": "" }),
            "permission_denied",
        ),
        (
            json!({ "new_password": PASSWORD, "sudo_token": "9999999999999.00" }),
            "permission_denied",
        ),
        (json!({ "username": "thief" }), "permission_denied"),
        (
            json!({ "new_password": PASSWORD, "password": "wrong horse" }),
            "invalid_password",
        ),
    ] {
        assert_eq!(word(&edit(body.clone()).await), expected, "{body}");
    }
    let rename = async |token: &Value| {
        let body = json!({ "username": "xiaoman", "sudo_token": token });
        sdk.own(Method::PATCH, "/auth/v1/user/profile", body).await
    };
    for token in [Value::Null, json!("9999999999999.00")] {
        assert_eq!(word(&rename(&token).await), "permission_denied", "{token}");
    }
    let me = sdk.me().await;
    assert_eq!(me["hasPassword"], false);
    assert!(me["username"].is_null());

    let proof = json!({ "verification_token": sdk.verification_token().await });
    let shown = ok(sdk.own(Method::POST, "/auth/v1/user/sudo", proof).await);
    ok(edit(json!({ "new_password": PASSWORD, "username": "man", "sudo_token": shown["sudo_token"] })).await);
    assert_eq!(ok(rename(&shown["sudo_token"]).await)["username"], "xiaoman");
    ok(edit(json!({ "new_password": "battery staple", "password": PASSWORD })).await);
    for name in [PHONE, "xiaoman"] {
        let body = json!({ "username": name, "password": "battery staple" });
        ok(sdk.post("/auth/v1/signin", body).await);
    }
}

#[tokio::test]
async fn a_token_that_is_not_of_a_recent_login_binds_and_unbinds_nobody() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "members");
    ok(sdk.sign_up(json!({})).await);
    desk.clock.turn(10 * 60 * 1000 + 1);
    let mut asked = json!({ "provider_token": sdk.provider_token("chen-mo").await });
    let bind = "/auth/v1/user/provider/bind";
    let refused = sdk.own(Method::POST, bind, asked.clone()).await;
    assert_eq!(word(&refused), "permission_denied");
    let refused = sdk
        .own(Method::DELETE, "/auth/v1/user/provider/wx_open", Value::Null)
        .await;
    assert_eq!(word(&refused), "permission_denied");

    let proof = json!({ "password": PASSWORD });
    let shown = ok(sdk.own(Method::POST, "/auth/v1/user/sudo", proof).await);
    asked["sudo_token"] = shown["sudo_token"].clone();
    ok(sdk.own(Method::POST, bind, asked).await);
}

#[tokio::test]
async fn who_has_nothing_to_show_has_logged_in_lately_to_change_how_they_log_in() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let token = sdk.provider_token("lin-xiaoman").await;
    ok(sdk.sign_in(&token).await);
    desk.clock.turn(10 * 60 * 1000);
    let contact = json!({ "verification_token": sdk.verification_token().await });
    let refused = sdk
        .own(Method::PATCH, "/auth/v1/user/contact", contact.clone())
        .await;
    assert_eq!(word(&refused), "permission_denied");
    let token = sdk.provider_token("lin-xiaoman").await;
    ok(sdk.sign_in(&token).await);
    ok(sdk.own(Method::PATCH, "/auth/v1/user/contact", contact).await);
}

/// A mini program's code that somebody scanned and agreed to; what the page asks by.
async fn agreed(desk: &Desk, sdk: &Sdk<'_>) -> Value {
    let app = desk.app(AppKind::MiniProgram);
    let file = format!(
        "[[connection]]\nkind = 'wechat:miniprogram:qrconnect'\nidentifier = 'wxapp-qr'\ndisplay_name = 'QR'\n\
         app_id = '{}'\napp_secret = '{}'\n",
        app.app_id, app.app_secret
    );
    desk.bootstrap(&file).await.unwrap();
    let generate = json!({ "envId": "default", "wxAppId": app.app_id });
    let shown = ok(sdk.post("/auth/v1/qrcode/generate", generate).await);
    let (_, picture) = shown["qr_code"].as_str().unwrap().split_once(',').unwrap();
    desk.scan_in_mini_program(&BASE64_STANDARD.decode(picture).unwrap(), "chen-mo")
        .await;
    while verdict(desk).await.is_null() {}
    json!({ "qrCodeId": shown["qr_code_id"] })
}

/// What was decided about the one who scanned.
async fn verdict(desk: &Desk) -> Value {
    let rows = desk
        .look("SELECT verdict FROM attempt WHERE ticket IS NOT NULL", values![])
        .await;
    let text = rows[0].text_or_null("verdict").unwrap();
    text.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap())
}

#[tokio::test]
async fn who_finds_the_door_closed_keeps_their_ticket() {
    let desk = Desk::open().await;
    let sdk = Sdk::of(&desk, "default");
    let ask = agreed(&desk, &sdk).await;
    let open = async |open: bool| {
        let sql = "UPDATE connection SET enabled = $1 WHERE identifier = 'wxapp-qr'";
        assert_eq!(desk.change(sql, values![open]).await, 1);
    };
    open(false).await;
    let refused = sdk.post("/auth/v1/qrcode/get/status", ask.clone()).await;
    assert_eq!(word(&refused), "provider_not_enabled");
    open(true).await;
    let status = ok(sdk.post("/auth/v1/qrcode/get/status", ask).await);
    assert_eq!(status["status"], "CONFIRMED");
}

#[tokio::test]
async fn rule_6_a_visitor_of_a_snapshot_page_gets_no_provider_token() {
    let desk = Desk::open().await;
    let sdk = Sdk::of(&desk, "default");
    let ask = agreed(&desk, &sdk).await;
    let refused = json!({
        "outcome": "refuse", "refusal": "snapshot_user", "person": verdict(&desk).await["person"],
    });
    let sql = "UPDATE attempt SET verdict = $1 WHERE ticket IS NOT NULL";
    desk.change(sql, values![refused.to_string()]).await;
    let refused = sdk.post("/auth/v1/qrcode/get/status", ask).await;
    assert_eq!(word(&refused), "permission_denied");
}
