//! What applications and resource servers ask beside the login itself.

use super::{Form, SECRET, Shop, away_to, refused, text};
use crate::{
    facades::desk::{Desk, PAGE, parameter},
    session::keys,
};
use axum::http::{Method, StatusCode, header};
use serde_json::json;
use yaopai_domain::PoolId;

#[tokio::test]
async fn a_resource_server_can_ask_and_a_client_can_revoke() {
    let shop = Shop::open().await;
    let tokens = shop.tokens().await;
    let access = text(&tokens, "access_token");
    let ask = Form::new(&[
        ("token", access),
        ("client_id", "members"),
        ("client_secret", SECRET),
    ]);
    let found = shop.post("introspect", &ask, &[]).await.json();
    assert_eq!(found["active"], true);
    assert_eq!(text(&found, "client_id"), "shop");
    assert_eq!(text(&found, "scope"), "openid profile");
    let public = Form::new(&[("token", access), ("client_id", "shop")]);
    refused(
        &shop.post("introspect", &public, &[]).await,
        401,
        "invalid_client",
    );
    let nonsense = shop
        .post("introspect", &ask.clone().with("token", "a.b.c"), &[])
        .await;
    assert_eq!(nonsense.json(), json!({ "active": false }));

    // Another client cannot end it, and is not told why.
    let foreign = shop.post("revoke", &ask, &[]).await;
    assert_eq!(foreign.status, StatusCode::OK);
    assert!(shop.user_info(access).await.status.is_success());
    for token in [text(&tokens, "refresh_token"), "nonsense"] {
        let revoked = shop
            .post("revoke", &public.clone().with("token", token), &[])
            .await;
        assert_eq!(revoked.status, StatusCode::OK);
    }
    refused(&shop.user_info(access).await, 401, "invalid_token");
    let found = shop.post("introspect", &ask, &[]).await;
    assert_eq!(found.json(), json!({ "active": false }));
}

#[tokio::test]
async fn user_info_wants_a_token_with_the_right_scope() {
    let shop = Shop::open().await;
    let none = shop
        .desk
        .call(Method::GET, "/oidc/default/userinfo", &[], "")
        .await;
    refused(&none, 401, "invalid_token");
    assert!(none.headers.contains_key(header::WWW_AUTHENTICATE));
    let wish = Shop::wish().with("scope", "profile");
    let end = shop.log_in(&wish, "chen-mo").await;
    let code = parameter(&end, "code").unwrap();
    let tokens = shop.token(&Shop::redemption(&code)).await.json();
    assert!(tokens.get("id_token").is_none());
    refused(
        &shop.user_info(text(&tokens, "access_token")).await,
        403,
        "insufficient_scope",
    );
}

#[tokio::test]
async fn who_leaves_is_out_and_is_sent_only_where_the_application_said() {
    let shop = Shop::open().await;
    let tokens = shop.tokens().await;
    let leave = |target: &str| {
        Form::new(&[
            ("id_token_hint", text(&tokens, "id_token")),
            ("post_logout_redirect_uri", target),
            ("state", "bye"),
        ])
    };
    let away = shop.post("logout", &leave(PAGE), &[]).await;
    let end = away_to(&away);
    assert!(end.as_str().starts_with(PAGE));
    assert_eq!(parameter(&end, "state").unwrap(), "bye");
    refused(
        &shop.user_info(text(&tokens, "access_token")).await,
        401,
        "invalid_token",
    );
    let foreign = shop.post("logout", &leave("https://evil.example/"), &[]).await;
    assert_eq!(foreign.status, StatusCode::BAD_REQUEST);
    assert!(!foreign.headers.contains_key(header::LOCATION));
    let plain = shop.desk.call(Method::GET, "/oidc/default/logout", &[], "").await;
    assert_eq!(plain.status, StatusCode::OK);
}

#[tokio::test]
async fn the_discovery_document_is_what_clients_configure_themselves_with() {
    let desk = Desk::open().await;
    let path = "/oidc/default/.well-known/openid-configuration";
    let mut document = desk.call(Method::GET, path, &[], "").await.json();
    let issuer = text(&document, "issuer").to_owned();
    for (_, value) in document.as_object_mut().unwrap() {
        if let Some(url) = value.as_str() {
            *value = json!(url.replace(&issuer, "[issuer]"));
        }
    }
    insta::assert_json_snapshot!(document);
    let unknown = desk
        .call(
            Method::GET,
            "/oidc/nowhere/.well-known/openid-configuration",
            &[],
            "",
        )
        .await;
    refused(&unknown, 404, "invalid_request");
    let keys = keys::jwks(&desk.app, &PoolId::default()).await.unwrap();
    let shown = keys.to_string();
    assert!(!shown.contains("\"d\""), "public halves only");
}
