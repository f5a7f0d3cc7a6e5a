//! What an issuer can do (OpenID Connect Discovery 1.0, 3), and its public keys (RFC 7517).

use super::fault::Fault;
use crate::{App, extract::Place, session};
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// How long others may keep what is said here. A key is shown for a day before it signs.
const KEPT: &str = "public, max-age=3600";

/// Scopes that mean something here.
pub(super) const SCOPES: [&str; 5] = ["openid", "profile", "email", "phone", "offline_access"];

/// `GET /oidc/{pool}/.well-known/openid-configuration`
pub(super) async fn document(
    State(app): State<Arc<App>>,
    Place(pool): Place<String>,
) -> Result<Response, Fault> {
    let pool = super::pool(&app, &pool).await?;
    let issuer = session::issuer(&app, &pool);
    let at = |path: &str| format!("{issuer}/{path}");
    let ways = ["client_secret_basic", "client_secret_post", "none"];
    Ok(kept(&json!({
        "issuer": issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "userinfo_endpoint": at("userinfo"),
        "jwks_uri": at("jwks"),
        "introspection_endpoint": at("introspect"),
        "revocation_endpoint": at("revoke"),
        "end_session_endpoint": at("logout"),
        "scopes_supported": SCOPES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256", "RS256"],
        "token_endpoint_auth_methods_supported": ways,
        "revocation_endpoint_auth_methods_supported": ways,
        "introspection_endpoint_auth_methods_supported": &ways[..2],
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "sid", "name", "nickname", "picture",
            "preferred_username", "updated_at", "email", "phone_number",
        ],
        "authorization_response_iss_parameter_supported": true,
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "ui_locales_supported": ["zh-CN", "en"],
    })))
}

/// `GET /oidc/{pool}/jwks`
pub(super) async fn keys(State(app): State<Arc<App>>, Place(pool): Place<String>) -> Result<Response, Fault> {
    let pool = super::pool(&app, &pool).await?;
    Ok(kept(&session::keys::jwks(&app, &pool).await?))
}

fn kept(document: &Value) -> Response {
    ([(header::CACHE_CONTROL, KEPT)], Json(document)).into_response()
}
