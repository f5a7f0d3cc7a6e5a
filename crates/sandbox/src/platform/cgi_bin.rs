//! `cgi-bin/token` and `cgi-bin/stable_token`: API tokens.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::answer::Family;
use super::sns::check_app;
use super::{Errcode, Params, Platform, Shared};
use crate::world::api_tokens::TOKEN_SECONDS;

#[derive(Serialize)]
struct ApiToken {
    access_token: String,
    expires_in: u64,
}

/// `GET /cgi-bin/token`: a new token with every call.
pub(crate) async fn token(State(platform): State<Shared>, method: Method, params: Params) -> Response {
    let outcome = if method == Method::GET || method == Method::POST {
        ordinary(&platform, &params)
    } else {
        Err(Errcode::GetRequired)
    };
    Family::Api.answer(&platform, outcome)
}

fn ordinary(platform: &Platform, params: &Params) -> Result<ApiToken, Errcode> {
    let now = platform.now();
    let mut world = platform.world();
    let (app_id, secret) = (params.get("appid"), params.get("secret"));
    let app = check_app(
        &world,
        app_id,
        secret,
        params.get("grant_type"),
        "client_credential",
    )?;
    let access_token = world.api_tokens.ordinary(&app.app_id, now, &platform.entropy);
    Ok(ApiToken {
        access_token,
        expires_in: TOKEN_SECONDS,
    })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StableRequest {
    grant_type: String,
    appid: String,
    secret: String,
    force_refresh: bool,
}

/// `POST /cgi-bin/stable_token`: the same token for everyone who asks.
pub(crate) async fn stable_token(State(platform): State<Shared>, method: Method, body: Bytes) -> Response {
    let outcome = if method == Method::POST {
        stable(&platform, &body)
    } else {
        Err(Errcode::PostRequired)
    };
    Family::Api.answer(&platform, outcome)
}

fn stable(platform: &Platform, body: &[u8]) -> Result<ApiToken, Errcode> {
    if body.is_empty() {
        return Err(Errcode::EmptyBody);
    }
    let request: StableRequest = serde_json::from_slice(body).map_err(|_| Errcode::DataFormat)?;
    let now = platform.now();
    let mut world = platform.world();
    let app = check_app(
        &world,
        &request.appid,
        &request.secret,
        &request.grant_type,
        "client_credential",
    )?;
    let (access_token, expires_in) =
        world
            .api_tokens
            .stable(&app.app_id, request.force_refresh, now, &platform.entropy);
    Ok(ApiToken {
        access_token,
        expires_in,
    })
}
