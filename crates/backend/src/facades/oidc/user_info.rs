//! `GET|POST /oidc/{pool}/userinfo`: who the person is (OpenID Connect Core, 5.3), as far as the scope goes.

use super::{
    fault::{Fault, Kind},
    parameters::Parameters,
};
use crate::{
    App, Error, TokenRefusal,
    extract::Place,
    facades::Call,
    session::{bearer, bearer_text, says},
};
use axum::{
    Json,
    extract::State,
    http::{Method, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::sync::Arc;
use yaopai_domain::{Sourced, User};

/// Handles the request.
pub(super) async fn handle(
    State(app): State<Arc<App>>,
    Place(pool): Place<String>,
    call: Call,
) -> Result<Response, Fault> {
    let pool = super::pool(&app, &pool).await?;
    let refused = |refusal| Fault::from(Error::TokenRefused(refusal));
    let token = match bearer_text(&call.headers) {
        Some(token) => token.to_owned(),
        // RFC 6750, 2.2: a form may carry the token, too.
        None if call.method == Method::POST => Parameters::of(&call)
            .ok()
            .and_then(|form| form.get("access_token").map(str::to_owned))
            .ok_or_else(|| refused(TokenRefusal::Missing))?,
        None => return Err(refused(TokenRefusal::Missing)),
    };
    let bearer = bearer(&app, &token).await?;
    if bearer.pool != pool {
        return Err(refused(TokenRefusal::Forged));
    }
    if !says(&bearer.scope, "openid") {
        return Err(Fault::new(
            Kind::InsufficientScope,
            "the scope openid is needed here",
        ));
    }
    let record = app.store.user_record(&pool, bearer.user).await;
    let record = record
        .map_err(Error::from)?
        .ok_or_else(|| refused(TokenRefusal::UserInactive))?;
    let claims = claims(&record.user, &bearer.scope);
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(claims)).into_response())
}

/// What a scope tells of a user (OpenID Connect Core, 5.4).
fn claims(user: &User, scope: &str) -> Value {
    let profile = &user.profile;
    let mut claims = json!({ "sub": user.id });
    let mut tell = |name: &str, value: &Option<Sourced>| {
        if let Some(sourced) = value {
            claims[name] = json!(sourced.value);
        }
    };
    if says(scope, "profile") {
        let name = profile.name.as_ref().or(profile.nickname.as_ref()).cloned();
        tell("name", &name);
        tell("nickname", &profile.nickname);
        tell("picture", &profile.avatar_url);
        tell("preferred_username", &profile.username);
    }
    if says(scope, "email") {
        tell("email", &profile.email);
    }
    if says(scope, "phone") {
        tell("phone_number", &profile.phone);
    }
    if says(scope, "profile") {
        claims["updated_at"] = json!(user.updated_at.0.div_euclid(1000));
    }
    claims
}
