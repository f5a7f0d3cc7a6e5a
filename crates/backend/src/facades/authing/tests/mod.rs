//! The wire of each generation, against a whole backend and the sandbox.

mod audited;
mod early;
mod phones;
mod qr;
mod scripts;
mod v1;
mod v2;
pub(in crate::facades) mod v3;
mod web_page;

use crate::facades::desk::Desk;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use yaopai_domain::{Clock, System};

/// A login of a person in the mini program, as authing-wxapp-sdk 4 sends it; the user.
async fn enter(desk: &Desk, person: &str) -> Value {
    let login = desk.wx_login(person).await;
    let answer = post(desk, AUTH, &[POOL], json!({ "code": login["code"] })).await;
    assert_eq!(answer["code"], 200, "{answer}");
    answer["data"].clone()
}

const AUTH: &str = "/connections/social/wechat-miniprogram/auth";
pub(in crate::facades) const POOL: (&str, &str) = ("x-authing-userpool-id", "default");

/// A desk whose clock shows the sandbox's time: WeChat says when it sealed data.
async fn desk_on_time() -> Desk {
    let desk = Desk::open().await;
    desk.clock.turn(System.now().millis_since(desk.app.clock.now()));
    desk
}

/// What the phone-number button gives after `wx.login`, as the body of a request.
async fn with_phone(desk: &Desk, person: &str) -> Value {
    let login = desk.wx_login(person).await;
    let phone = desk.phone_code(person).await;
    json!({ "code": login["code"], "iv": phone["iv"], "encryptedData": phone["encryptedData"] })
}

/// A one-time code that was sent to a Chinese phone now.
async fn sms_code(desk: &Desk, phone: &str) -> String {
    let sent = post(desk, "/api/v2/sms/send", &[POOL], json!({ "phone": phone })).await;
    assert_eq!(sent["code"], 200, "{sent}");
    desk.one_time_code(&format!("+86{phone}")).await
}

/// A login by a one-time code; the user.
async fn enter_by_phone(desk: &Desk, phone: &str) -> Value {
    let code = sms_code(desk, phone).await;
    let query = "mutation l($input: LoginByPhoneCodeInput!) {
        loginByPhoneCode(input: $input) { id token phone phoneVerified } }";
    let body = json!({ "query": query, "variables": { "input": { "phone": phone, "code": code } } });
    let answer = post(desk, "/graphql/v2", &[POOL], body).await;
    answer["data"]["loginByPhoneCode"].clone()
}

/// Posts JSON; every answer of this facade is JSON with status 200.
pub(in crate::facades) async fn post(
    desk: &Desk,
    path: &str,
    headers: &[(&str, &str)],
    body: Value,
) -> Value {
    let answer = desk.call(Method::POST, path, headers, body.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    answer.json()
}

/// A call of GraphQL: `data`, or the object that is the error's message.
async fn graphql(
    desk: &Desk,
    path: &str,
    token: Option<&str>,
    query: &str,
    variables: Value,
) -> Result<Value, Value> {
    let headers: Vec<(&str, &str)> = token.map(|token| ("authorization", token)).into_iter().collect();
    let answer = post(
        desk,
        path,
        &headers,
        json!({ "query": query, "variables": variables }),
    )
    .await;
    match answer.get("errors") {
        None => Ok(answer["data"].clone()),
        Some(errors) => {
            assert_eq!(answer["data"], Value::Null);
            assert!(errors[0]["message"].is_object(), "{errors}");
            Err(errors[0]["message"].clone())
        }
    }
}
