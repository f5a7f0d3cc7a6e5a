//! What the calls with an API token have in common: who calls, and the JSON they send.

use axum::http::Method;
use serde::de::DeserializeOwned;

use super::{Errcode, Params};
use crate::shapes;
use crate::world::World;
use crate::world::api_tokens::ApiTokenFault;
use crate::world::apps::AppSheet;

/// The app that the API token in the query speaks for.
pub(crate) fn bearer(world: &World, params: &Params, now: u64) -> Result<AppSheet, Errcode> {
    let token = params.get("access_token");
    if token.is_empty() {
        return Err(Errcode::AccessTokenMissing);
    }
    // A person's token is another thing that happens to have the same name.
    if !shapes::is_token(token) || world.user_tokens.app_of(token).is_some() {
        return Err(Errcode::InvalidAccessToken);
    }
    match world.api_tokens.app_of(token, now) {
        Ok(app_id) => world.app(app_id).cloned().ok_or(Errcode::InvalidCredential),
        Err(ApiTokenFault::Unknown | ApiTokenFault::Replaced) => Err(Errcode::InvalidCredential),
        Err(ApiTokenFault::Expired) => Err(Errcode::AccessTokenExpired),
    }
}

/// `GET` with everything in the query is the documented way; `POST` with a filled query works as well.
pub(crate) fn read(method: &Method) -> Result<(), Errcode> {
    if method == Method::GET || method == Method::POST {
        Ok(())
    } else {
        Err(Errcode::GetRequired)
    }
}

/// The call is a `POST`.
pub(crate) fn post(method: &Method) -> Result<(), Errcode> {
    if method == Method::POST {
        Ok(())
    } else {
        Err(Errcode::PostRequired)
    }
}

/// The JSON of a `POST`; `malformed` is what other bodies get.
pub(crate) fn json<T: DeserializeOwned>(body: &[u8], malformed: Errcode) -> Result<T, Errcode> {
    if body.is_empty() {
        return Err(Errcode::EmptyBody);
    }
    serde_json::from_slice(body).map_err(|_| malformed)
}
