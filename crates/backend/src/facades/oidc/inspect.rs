//! Whether a token is good (RFC 7662), and the end of one (RFC 7009).

use super::{
    client::asking,
    fault::{Fault, Kind},
};
use crate::{
    App, Error,
    extract::Place,
    facades::Call,
    session::{self, bearer, issuer},
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use std::sync::Arc;

/// `POST /oidc/{pool}/introspect`: only for applications that prove themselves, about access tokens of the same pool.
pub(super) async fn introspect(
    State(app): State<Arc<App>>,
    Place(pool): Place<String>,
    call: Call,
) -> Result<Response, Fault> {
    let (pool, form, client) = asking(&app, Some(&pool), &call).await?;
    if !client.proven {
        return Err(Fault::new(
            Kind::InvalidClient,
            "only a client with a secret may ask",
        ));
    }
    let found = match bearer(&app, form.need("token")?).await {
        Ok(bearer) if bearer.pool == pool => {
            let audience = bearer
                .application
                .map_or_else(|| pool.to_string(), |id| id.to_string());
            json!({
                "active": true,
                "iss": issuer(&app, &pool),
                "sub": bearer.user,
                "aud": audience,
                "client_id": audience,
                "scope": bearer.scope,
                "token_type": "Bearer",
                "iat": bearer.issued_at.0.div_euclid(1000),
                "exp": bearer.expires_at.0.div_euclid(1000),
                "sid": bearer.session,
            })
        }
        Ok(_) | Err(Error::TokenRefused(_)) => json!({ "active": false }),
        Err(error) => return Err(error.into()),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(found)).into_response())
}

/// `POST /oidc/{pool}/revoke`: ends the session of an access or refresh token. A token that is none is no error.
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    Place(pool): Place<String>,
    call: Call,
) -> Result<Response, Fault> {
    take_back(&app, Some(&pool), &call).await
}

/// `POST /oidc/token/revocation`: the same, of the pool of the application that asks.
pub(super) async fn revoke_of_client(State(app): State<Arc<App>>, call: Call) -> Result<Response, Fault> {
    take_back(&app, None, &call).await
}

async fn take_back(app: &App, place: Option<&str>, call: &Call) -> Result<Response, Fault> {
    let (_, form, client) = asking(app, place, call).await?;
    let session = session::session_of_token(app, form.need("token")?).await?;
    if let Some(session) = session
        && session.application.as_ref() == Some(&client.application.id)
    {
        session::end(app, session.id).await?;
    }
    Ok((StatusCode::OK, [(header::CACHE_CONTROL, "no-store")]).into_response())
}
