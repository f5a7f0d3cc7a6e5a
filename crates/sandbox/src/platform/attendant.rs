//! What happens around every call of the server API: delays and failures on order, and the memory of what failed.

use std::net::{IpAddr, SocketAddr};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use serde::Deserialize;

use super::answer::{Failed, Family};
use super::callback::encode;
use super::{Errcode, Params, Shared};
use crate::world::World;
use crate::world::rids::FailedCall;

/// More than any call of the login APIs needs.
const BODY_LIMIT: usize = 1 << 20;
/// Parameters whose values nobody is told again.
const SECRET: &[&str] = &[
    "secret",
    "appsecret",
    "access_token",
    "refresh_token",
    "code",
    "js_code",
    "signature",
];

/// The address a call comes from; an IPv4 address also where the socket speaks IPv6.
pub(crate) fn caller(address: SocketAddr) -> IpAddr {
    address.ip().to_canonical()
}

/// Waits and fails where that was ordered, calls the endpoint otherwise.
pub(crate) async fn attend(
    State(platform): State<Shared>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let family = Family::of(&path);
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return family.failure(&platform, Errcode::DataFormat);
    };
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let app_id = app_of(&platform.world(), &Params::parse(query.as_bytes()), &body);
    let delay = platform.world().faults.delay_of(&path);
    if let Some(delay) = delay {
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = platform.stopping.cancelled() => {}
        }
    }
    let ordered = platform.world().faults.take(&path, app_id.as_deref());
    let response = match ordered {
        Some(refusal) => family.failure(&platform, refusal.seen_by(caller(address))),
        None => next.run(Request::from_parts(parts, Body::from(body))).await,
    };
    if let Some(Failed { rid, answer }) = response.extensions().get::<Failed>().cloned() {
        let call = FailedCall {
            app_id,
            at: platform.now(),
            query: without_secrets(&query),
            answer,
            client_ip: caller(address).to_string(),
        };
        platform.world().rids.keep(rid, call);
    }
    response
}

/// The app a call is made for, however it says so.
fn app_of(world: &World, params: &Params, body: &Bytes) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        appid: String,
    }
    let token = params.get("access_token");
    let named = params.get("appid");
    if !named.is_empty() {
        Some(named.to_owned())
    } else if token.is_empty() {
        serde_json::from_slice::<Named>(body)
            .ok()
            .map(|named| named.appid)
    } else {
        world
            .api_tokens
            .owner(token)
            .or_else(|| world.user_tokens.app_of(token))
            .map(str::to_owned)
    }
}

fn without_secrets(query: &str) -> String {
    let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| {
            let value = if SECRET.contains(&&*name) {
                "***".into()
            } else {
                value
            };
            format!("{}={}", encode(&name), encode(&value))
        })
        .collect();
    pairs.join("&")
}
