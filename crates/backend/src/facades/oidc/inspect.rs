//! Whether a token is good (RFC 7662), and the end of one (RFC 7009).

use super::{
    client::{authenticate, of_pool},
    fault::{Fault, Kind},
    parameters::Parameters,
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
use yaopai_domain::PoolId;

/// `POST /oidc/{pool}/introspect`: only for applications that prove themselves, about access tokens of the same pool.
pub(super) async fn introspect(
    State(app): State<Arc<App>>,
    Place(pool): Place<String>,
    call: Call,
) -> Result<Response, Fault> {
    let pool = super::pool(&app, &pool).await?;
    let form = Parameters::of(&call)?;
    let client = authenticate(&app, &pool, &call, &form).await?;
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
    let pool = super::pool(&app, &pool).await?;
    let form = Parameters::of(&call)?;
    take_back(&app, &pool, &call, &form).await
}

/// `POST /oidc/token/revocation`: the same, of the pool of the application that asks.
pub(super) async fn revoke_of_client(State(app): State<Arc<App>>, call: Call) -> Result<Response, Fault> {
    let (pool, form) = of_pool(&app, &call).await?;
    take_back(&app, &pool, &call, &form).await
}

async fn take_back(app: &App, pool: &PoolId, call: &Call, form: &Parameters) -> Result<Response, Fault> {
    let client = authenticate(app, pool, call, form).await?;
    let session = session::session_of_token(app, form.need("token")?).await?;
    if let Some(session) = session
        && session.application.as_ref() == Some(&client.application.id)
    {
        session::end(app, session.id).await?;
    }
    Ok((StatusCode::OK, [(header::CACHE_CONTROL, "no-store")]).into_response())
}
