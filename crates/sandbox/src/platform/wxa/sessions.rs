//! `wxa/checksession` and `wxa/resetusersessionkey`: whether a session key is the current one, and a new one.

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use serde::Serialize;

use super::mini_program;
use crate::ciphers;
use crate::platform::answer::{Family, Fine};
use crate::platform::bearer::read;
use crate::platform::{Errcode, Params, Platform, Shared};

/// `GET /wxa/checksession`.
pub(crate) async fn check(State(platform): State<Shared>, method: Method, params: Params) -> Response {
    let outcome = read(&method).and_then(|()| proven(&platform, &params).map(|_| Fine::OK));
    Family::Api.answer(&platform, outcome)
}

#[derive(Serialize)]
struct Reset {
    openid: String,
    session_key: String,
}

/// `GET /wxa/resetusersessionkey`: the old key is dead.
pub(crate) async fn reset(State(platform): State<Shared>, method: Method, params: Params) -> Response {
    let outcome = read(&method).and_then(|()| {
        let (app_id, openid) = proven(&platform, &params)?;
        let now = platform.now();
        let mut world = platform.world();
        world.quotas.take("/wxa/resetusersessionkey", &app_id, "", now)?;
        let session_key = world.session_keys.rotate(&openid, now, &platform.entropy);
        Ok::<_, Errcode>(Fine::with(Reset { openid, session_key }))
    });
    Family::Api.answer(&platform, outcome)
}

/// The app and the OpenID, if the caller signed the empty text with the current session key.
fn proven(platform: &Platform, params: &Params) -> Result<(String, String), Errcode> {
    let world = platform.world();
    let app = mini_program(&world, params, platform.now())?;
    let openid = params.get("openid");
    if openid.is_empty() {
        return Err(Errcode::OpenidMissing);
    }
    if world.person_of(openid, &app.app_id).is_none() {
        return Err(Errcode::InvalidOpenid);
    }
    if params.get("sig_method") != "hmac_sha256" {
        return Err(Errcode::InvalidSigMethod);
    }
    let key = world.session_keys.get(openid).ok_or(Errcode::SessionKeyGone)?;
    if params.get("signature") != ciphers::session_signature(key, "") {
        return Err(Errcode::InvalidSignature);
    }
    Ok((app.app_id, openid.to_owned()))
}
