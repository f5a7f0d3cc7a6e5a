//! `cgi-bin/token` and `cgi-bin/stable_token`: API tokens.

use std::net::{IpAddr, SocketAddr};

use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::Method;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::platform::answer::{Family, Refusal};
use crate::platform::attendant::caller;
use crate::platform::bearer::{json, post, read};
use crate::platform::sns::check_app;
use crate::platform::{Errcode, Params, Platform, Shared};
use crate::world::World;
use crate::world::api_tokens::TOKEN_SECONDS;
use crate::world::apps::AppSheet;

#[derive(Serialize)]
struct ApiToken {
    access_token: String,
    expires_in: u64,
}

/// `GET /cgi-bin/token`: a new token with every call.
pub(crate) async fn token(
    State(platform): State<Shared>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    method: Method,
    params: Params,
) -> Response {
    let outcome = read(&method)
        .map_err(Refusal::from)
        .and_then(|()| ordinary(&platform, &params, caller(address)));
    Family::Api.answer(&platform, outcome)
}

fn ordinary(platform: &Platform, params: &Params, caller: IpAddr) -> Result<ApiToken, Refusal> {
    let now = platform.now();
    let mut world = platform.world();
    let app = check_app(
        &world,
        params.get("appid"),
        params.get("secret"),
        params.get("grant_type"),
        "client_credential",
    )?;
    check_caller(&mut world, &app, caller, now)?;
    world.quotas.take("/cgi-bin/token", &app.app_id, "", now)?;
    let access_token = world.api_tokens.ordinary(&app.app_id, now, &platform.entropy);
    Ok(ApiToken {
        access_token,
        expires_in: TOKEN_SECONDS,
    })
}

/// Whether this address may fetch tokens of the app: its whitelist first, then its administrator.
fn check_caller(world: &mut World, app: &AppSheet, caller: IpAddr, now: u64) -> Result<(), Refusal> {
    if app
        .ip_whitelist
        .as_ref()
        .is_some_and(|list| !list.contains(&caller))
    {
        return Err(Refusal::address(caller));
    }
    if app.admin_confirmation {
        world.confirmations.check(&app.app_id, caller, now)?;
    }
    Ok(())
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
pub(crate) async fn stable_token(
    State(platform): State<Shared>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    method: Method,
    body: Bytes,
) -> Response {
    let outcome = post(&method)
        .map_err(Refusal::from)
        .and_then(|()| stable(&platform, &body, caller(address)));
    Family::Api.answer(&platform, outcome)
}

fn stable(platform: &Platform, body: &[u8], caller: IpAddr) -> Result<ApiToken, Refusal> {
    let request: StableRequest = json(body, Errcode::DataFormat)?;
    let now = platform.now();
    let mut world = platform.world();
    let app = check_app(
        &world,
        &request.appid,
        &request.secret,
        &request.grant_type,
        "client_credential",
    )?;
    check_caller(&mut world, &app, caller, now)?;
    let limits: &[&str] = if request.force_refresh {
        &[
            "/cgi-bin/stable_token",
            "/cgi-bin/stable_token#day",
            "/cgi-bin/stable_token#force-gap",
            "/cgi-bin/stable_token#force",
        ]
    } else {
        &["/cgi-bin/stable_token", "/cgi-bin/stable_token#day"]
    };
    for limit in limits {
        world.quotas.take(limit, &app.app_id, "", now)?;
    }
    let (access_token, expires_in) =
        world
            .api_tokens
            .stable(&app.app_id, request.force_refresh, now, &platform.entropy);
    Ok(ApiToken {
        access_token,
        expires_in,
    })
}
