//! Bad input, told in CloudBase's shape.

use super::{Sdk, word};
use crate::facades::desk::Desk;
use axum::http::Method;
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[case::malformed(
    "POST",
    "/auth/v1/provider/token?client_id=default",
    "{\"provider_id\":",
    "invalid_argument"
)]
#[case::not_an_object("POST", "/auth/v1/signup?client_id=default", "[1]", "invalid_argument")]
#[case::another_type(
    "POST",
    "/auth/v1/signin?client_id=default",
    r#"{"username":1}"#,
    "invalid_argument"
)]
#[case::a_form(
    "POST",
    "/auth/v1/signin?client_id=default",
    "username=a&password=b",
    "invalid_argument"
)]
#[case::unknown_client("POST", "/auth/v1/signin?client_id=nowhere", "{}", "invalid_argument")]
#[case::no_client_and_two_pools("POST", "/auth/v1/signin", "{}", "invalid_argument")]
#[case::unknown_provider(
    "POST",
    "/auth/v1/provider/token?client_id=default",
    r#"{"provider_id":"nowhere","provider_code":"1"}"#,
    "provider_not_enabled"
)]
#[case::not_of_the_application(
    "POST",
    "/auth/v1/provider/token?client_id=members",
    r#"{"provider_id":"pc","provider_code":"1"}"#,
    "provider_not_enabled"
)]
#[case::disabled_provider(
    "POST",
    "/auth/v1/provider/token?client_id=default",
    r#"{"provider_id":"pc-disabled","provider_code":"1"}"#,
    "provider_not_enabled"
)]
#[case::no_code(
    "POST",
    "/auth/v1/provider/token?client_id=default",
    r#"{"provider_id":"pc"}"#,
    "invalid_argument"
)]
#[case::made_up_code(
    "POST",
    "/auth/v1/provider/token?client_id=default",
    r#"{"provider_id":"pc","provider_code":"made-up"}"#,
    "invalid_grant"
)]
#[case::forged_provider_token(
    "POST",
    "/auth/v1/signin/with/provider?client_id=default",
    r#"{"provider_token":"forged"}"#,
    "invalid_grant"
)]
#[case::forged_refresh_token(
    "POST",
    "/auth/v1/token?client_id=default",
    r#"{"grant_type":"refresh_token","refresh_token":"forged"}"#,
    "invalid_grant"
)]
#[case::forged_verification_token(
    "POST",
    "/auth/v1/signup?client_id=default",
    r#"{"phone_number":"+86 13800138000","verification_token":"forged"}"#,
    "invalid_verification_code"
)]
#[case::no_token("GET", "/auth/v1/user/me", "", "unauthenticated")]
#[case::bind_without_user("POST", "/auth/v1/user/provider/bind", "{}", "unauthenticated")]
#[case::unknown_state(
    "GET",
    "/auth/v1/provider/callback?code=1&state=made-up",
    "",
    "invalid_argument"
)]
#[tokio::test]
async fn bad_input_is_told_in_cloudbases_shape_and_changes_nothing(
    #[case] method: Method,
    #[case] path: &str,
    #[case] body: &'static str,
    #[case] expected: &str,
) {
    let desk = Desk::open().await;
    let answer = desk
        .call(method, path, &[("content-type", "text/plain")], body)
        .await;
    assert_eq!(word(&answer), expected, "{}", answer.text());
    assert_eq!(desk.users().await, 0);
    // With two pools, nobody knows whose operators a call is for that names none.
    let nobodys = ["nowhere", "signin", "me", "bind"]
        .iter()
        .any(|end| path.ends_with(end))
        || path.contains("callback");
    assert_eq!(
        desk.attempts().await.len(),
        usize::from(!nobodys),
        "an operator reads it once"
    );
}

#[tokio::test]
async fn a_body_that_is_too_large_is_told_in_cloudbases_shape() {
    let desk = Desk::open().await;
    let body = format!(r#"{{"username":"{}"}}"#, "x".repeat(2 << 20));
    let answer = Sdk::of(&desk, "default");
    let answer = answer
        .desk
        .call(Method::POST, "/auth/v1/signin?client_id=default", &[], body)
        .await;
    assert_eq!(word(&answer), "invalid_argument");
}

#[rstest]
#[case::forged("eyJhbGciOiJub25lIn0.e30.")]
#[case::nothing("x")]
#[case::dots("..")]
#[tokio::test]
async fn a_forged_token_lets_nobody_in(#[case] token: &str) {
    let desk = Desk::open().await;
    let sdk = Sdk {
        token: Some(token.to_owned()),
        ..Sdk::of(&desk, "default")
    };
    for path in ["/auth/v1/user/me", "/auth/v1/user/provider"] {
        let refused = sdk.own(Method::GET, path, Value::Null).await;
        assert_eq!(word(&refused), "unauthenticated");
    }
}

#[tokio::test]
async fn an_address_that_is_not_offered_is_not_not_found() {
    let desk = Desk::open().await;
    let answer = Sdk::of(&desk, "default")
        .post("/auth/v1/captcha/data", json!({}))
        .await;
    assert_eq!(
        word(&answer),
        "unimplemented",
        "`not_found` would mean that nobody is bound"
    );
}
