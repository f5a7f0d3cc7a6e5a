//! The way of one-time codes to a person: the sandbox plays the SMS gateway and the mail server, and tells scripts
//! what arrived.

mod mail;
mod smtp;

use axum::Router;
use axum::extract::{Json, Path, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) use smtp::serve as serve_mail;

use crate::platform::Shared;
use crate::scripting::Order;

/// The paths of this module.
pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/sms", post(sms))
        .route("/otp/{target}", get(otp))
}

/// A text message as the webhook of an SMS gateway takes it. What the code is for is not remembered.
#[derive(Deserialize)]
struct TextMessage {
    target: String,
    code: String,
}

/// `POST /sms`: takes any bearer secret, but not none.
async fn sms(
    State(platform): State<Shared>,
    headers: HeaderMap,
    Order(message): Order<TextMessage>,
) -> (StatusCode, Json<Value>) {
    let has_secret = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .is_some_and(|secret| !secret.trim().is_empty());
    if !has_secret {
        return (
            StatusCode::UNAUTHORIZED,
            Json(json!({ "error": "a bearer secret is needed" })),
        );
    }
    if message.target.trim().is_empty() || message.code.is_empty() {
        return (
            StatusCode::BAD_REQUEST,
            Json(json!({ "error": "target and code must not be empty" })),
        );
    }
    platform.world().codebook.keep(&message.target, &message.code);
    (StatusCode::OK, Json(json!({})))
}

/// `GET /otp/{target}`: the newest code that was sent to a phone number or mail address. It stays readable.
async fn otp(State(platform): State<Shared>, Path(target): Path<String>) -> (StatusCode, Json<Value>) {
    match platform.world().codebook.newest(&target) {
        Some(code) => (StatusCode::OK, Json(json!({ "code": code }))),
        None => (
            StatusCode::NOT_FOUND,
            Json(json!({ "error": "no code was sent there" })),
        ),
    }
}
