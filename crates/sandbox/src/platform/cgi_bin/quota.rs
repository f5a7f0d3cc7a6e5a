//! `cgi-bin/clear_quota` and `cgi-bin/openapi/rid/get`: what developers do when calls fail.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::platform::answer::{Family, Fine};
use crate::platform::bearer::{bearer, json, post};
use crate::platform::sns::check_app;
use crate::platform::{Errcode, Params, Platform, Shared};
use crate::world::World;
use crate::world::rids::LOOKUP_SECONDS;

#[derive(Deserialize)]
struct Clear {
    #[serde(default)]
    appid: String,
}

/// `POST /cgi-bin/clear_quota`: what the app used today is forgotten; ten times a month.
pub(crate) async fn clear(
    State(platform): State<Shared>,
    method: Method,
    params: Params,
    body: Bytes,
) -> Response {
    let outcome = post(&method).and_then(|()| {
        let now = platform.now();
        let mut world = platform.world();
        let app = bearer(&world, &params, now)?;
        let request: Clear = json(&body, Errcode::DataFormat)?;
        if request.appid != app.app_id {
            return Err(Errcode::InvalidAppid);
        }
        cleared(&mut world, &app.app_id, now)
    });
    Family::Api.answer(&platform, outcome)
}

/// `POST /cgi-bin/clear_quota/v2?appid&appsecret`: the same when no token can be had any more.
pub(crate) async fn clear_by_secret(
    State(platform): State<Shared>,
    method: Method,
    params: Params,
) -> Response {
    let outcome = post(&method).and_then(|()| {
        let mut world = platform.world();
        let app = check_app(&world, params.get("appid"), params.get("appsecret"), "", "")?;
        cleared(&mut world, &app.app_id, platform.now())
    });
    Family::Api.answer(&platform, outcome)
}

fn cleared(world: &mut World, app_id: &str, now: u64) -> Result<Fine, Errcode> {
    world.quotas.take("/cgi-bin/clear_quota", app_id, "", now)?;
    world.quotas.clear(app_id);
    Ok(Fine::OK)
}

#[derive(Deserialize)]
struct Lookup {
    #[serde(default)]
    rid: String,
}

#[derive(Serialize)]
struct Found {
    request: Call,
}

#[derive(Serialize)]
struct Call {
    invoke_time: u64,
    cost_in_ms: u32,
    request_url: String,
    request_body: &'static str,
    response_body: String,
    client_ip: String,
}

/// `POST /cgi-bin/openapi/rid/get`: the call behind a request id, for seven days. Only failures have one here; bodies
/// are left out and secrets are masked.
pub(crate) async fn rid(
    State(platform): State<Shared>,
    method: Method,
    params: Params,
    body: Bytes,
) -> Response {
    Family::Api.answer(
        &platform,
        post(&method).and_then(|()| found(&platform, &params, &body)),
    )
}

fn found(platform: &Platform, params: &Params, body: &[u8]) -> Result<Fine<Found>, Errcode> {
    let now = platform.now();
    let world = platform.world();
    let app = bearer(&world, params, now)?;
    let Lookup { rid } = json(body, Errcode::DataFormat)?;
    let groups: Vec<_> = rid.split('-').collect();
    let well_formed = groups.len() == 3
        && groups
            .iter()
            .all(|group| group.len() == 8 && group.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if !well_formed {
        return Err(Errcode::RidInvalid);
    }
    let call = world.rids.find(&rid).ok_or(Errcode::RidUnknown)?.clone();
    if call.app_id.as_deref() != Some(&app.app_id) {
        return Err(Errcode::RidOfOthers);
    }
    if now >= call.at + LOOKUP_SECONDS {
        return Err(Errcode::RidTooOld);
    }
    Ok(Fine::with(Found {
        request: Call {
            invoke_time: call.at,
            cost_in_ms: 0,
            request_url: call.query,
            request_body: "",
            response_body: call.answer,
            client_ip: call.client_ip,
        },
    }))
}
