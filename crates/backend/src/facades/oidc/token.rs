//! `POST /oidc/{pool}/token` and `/oidc/token`: a code or a refresh token for tokens (RFC 6749, 4.1.3 and 6; RFC 7636).

use super::{
    client::{Client, asking},
    fault::{Fault, Kind},
    parameters::Parameters,
    rejected,
};
use crate::{
    App, Error, TokenRefusal,
    extract::Place,
    facades::Call,
    session::{self, Issued, Terms, token},
    store::{AuthorizationCode, Redeemed, SessionKey},
};
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use yaopai_domain::{PoolId, Rejected};

/// How long a PKCE verifier may be (RFC 7636, 4.1).
const VERIFIER: std::ops::RangeInclusive<usize> = 43..=128;

/// Handles the request.
pub(super) async fn handle(
    State(app): State<Arc<App>>,
    Place(pool): Place<String>,
    call: Call,
) -> Result<Response, Fault> {
    grant(&app, Some(&pool), &call).await
}

/// `POST /oidc/token`: the same, of the pool of the application that asks.
pub(super) async fn of_client(State(app): State<Arc<App>>, call: Call) -> Result<Response, Fault> {
    grant(&app, None, &call).await
}

async fn grant(app: &App, place: Option<&str>, call: &Call) -> Result<Response, Fault> {
    let (pool, form, client) = asking(app, place, call).await?;
    let issued = match form.need("grant_type")? {
        "authorization_code" => redeem(app, &pool, &client, &form, call).await?,
        "refresh_token" => refresh(app, &pool, &client, &form, call).await?,
        _ => {
            return Err(Fault::new(
                Kind::UnsupportedGrantType,
                "grant_type is authorization_code or refresh_token",
            ));
        }
    };
    Ok(answer(&issued))
}

fn answer(issued: &Issued) -> Response {
    let mut body = json!({
        "access_token": issued.access_token,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "refresh_token": issued.refresh_token,
        "scope": issued.scope,
    });
    if let Some(id_token) = &issued.id_token {
        body["id_token"] = json!(id_token);
    }
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

fn no_grant(description: &str) -> Fault {
    Fault::new(Kind::InvalidGrant, description)
}

async fn redeem(
    app: &App,
    pool: &PoolId,
    client: &Client,
    form: &Parameters,
    call: &Call,
) -> Result<Issued, Fault> {
    let hash = token::hash(form.need("code")?);
    let redirect_uri = form.need("redirect_uri")?;
    let code = app.store.authorization_code(hash).await.map_err(Error::from)?;
    // Of a code that does not fit, nobody learns in which way.
    let unfit = || no_grant("the code is unknown, over, used, or of another request");
    let code = code
        .filter(|code| code.pool == *pool && code.application == client.application.id)
        .ok_or_else(unfit)?;
    let fits = code.redirect_uri == redirect_uri
        && verified(&code, form.get("code_verifier"))
        && app.clock.now() < code.expires_at;
    // A code that was used ends its session, whatever else is wrong with the request.
    if !fits && code.session.is_none() {
        return Err(unfit());
    }
    let terms = Terms {
        pool: &code.pool,
        application: Some(&code.application),
        scope: &code.scope,
        attempt: code.attempt,
        nonce: code.nonce.as_deref(),
    };
    let (new, refresh_token) = session::prepare(app, terms);
    let begun = session::session_of(code.user, &new);
    let hash = code.hash.clone();
    let redeemed = app.store.redeem_authorization_code(hash, code.user, new).await;
    match redeemed.map_err(Error::from)? {
        Redeemed::Begun => Ok(session::issue(app, &begun, refresh_token).await?),
        Redeemed::Used => {
            rejected(app, pool, call, Rejected::Replay).await;
            Err(unfit())
        }
        Redeemed::UserInactive => Err(no_grant("the account is not active")),
    }
}

/// Whether the verifier is the one behind the challenge; a verifier without a challenge is a sign of a swapped code.
fn verified(code: &AuthorizationCode, verifier: Option<&str>) -> bool {
    match (&code.code_challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) if VERIFIER.contains(&verifier.len()) => {
            let made = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
            challenge.as_bytes().ct_eq(made.as_bytes()).into()
        }
        _ => false,
    }
}

async fn refresh(
    app: &App,
    pool: &PoolId,
    client: &Client,
    form: &Parameters,
    call: &Call,
) -> Result<Issued, Fault> {
    let shown = form.need("refresh_token")?;
    let session = app.store.session(SessionKey::Refresh(token::hash(shown))).await;
    let unfit = || no_grant("the refresh token is unknown, over, or of another client");
    let session = session
        .map_err(Error::from)?
        .filter(|session| session.application.as_ref() == Some(&client.application.id))
        .ok_or_else(unfit)?;
    if let Some(scope) = form.get("scope")
        && !scope
            .split_ascii_whitespace()
            .all(|word| session::says(&session.scope, word))
    {
        return Err(Fault::new(
            Kind::InvalidScope,
            "the scope is wider than what was granted",
        ));
    }
    match session::refresh(app, Some(pool), shown).await {
        Ok(issued) => Ok(issued),
        Err(Error::TokenRefused(refusal)) => {
            let what = match refusal {
                TokenRefusal::Reused => Rejected::Replay,
                _ => Rejected::TokenRefused,
            };
            rejected(app, pool, call, what).await;
            Err(no_grant(&refusal.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}
