//! Signed tokens: JWTs (RFC 7519) that any resource server checks with the pool's public keys.

use super::{
    key::Purpose,
    keys::{self, Key},
};
use crate::{App, Error, TokenRefusal};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, Validation};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use yaopai_domain::{PoolId, SessionId, Timestamp, UserId};

/// The type of access tokens (RFC 9068); an id token is none.
const ACCESS_TYPE: &str = "at+jwt";
const ID_TYPE: &str = "JWT";

/// What an access token says (RFC 9068). Times in seconds since the UNIX epoch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AccessClaims {
    /// The pool's issuer.
    pub(crate) iss: String,
    /// The user.
    pub(crate) sub: UserId,
    /// The application; the pool if there is none.
    pub(crate) aud: String,
    /// As `aud`.
    pub(crate) client_id: String,
    /// When it was issued.
    pub(crate) iat: i64,
    /// When it is over.
    pub(crate) exp: i64,
    /// Its own id.
    pub(crate) jti: String,
    /// Its session.
    pub(crate) sid: SessionId,
    /// The pool.
    pub(crate) pool: PoolId,
    /// What it is good for.
    pub(crate) scope: String,
}

/// What an id token says (OpenID Connect Core, 2). Times in seconds since the UNIX epoch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct IdClaims {
    pub(super) iss: String,
    pub(super) sub: UserId,
    pub(super) aud: String,
    pub(super) iat: i64,
    pub(super) exp: i64,
    pub(super) auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nonce: Option<String>,
    pub(super) sid: SessionId,
}

/// The issuer of a pool's tokens: `{public_url}/oidc/{pool}`.
pub(crate) fn issuer(app: &App, pool: &PoolId) -> String {
    format!("{}/oidc/{pool}", app.public_url.as_str().trim_end_matches('/'))
}

/// Whole seconds, as tokens count.
pub(super) const fn seconds(moment: Timestamp) -> i64 {
    moment.0.div_euclid(1000)
}

/// Signs an access token.
pub(super) fn access(key: &Key, purpose: Purpose, claims: &AccessClaims) -> Result<String, Error> {
    sign(key, purpose, ACCESS_TYPE, claims)
}

/// Signs an id token.
pub(super) fn id(key: &Key, purpose: Purpose, claims: &IdClaims) -> Result<String, Error> {
    sign(key, purpose, ID_TYPE, claims)
}

/// The compact form of RFC 7515.
fn sign(key: &Key, purpose: Purpose, kind: &str, claims: &impl Serialize) -> Result<String, Error> {
    let header = json!({"typ": kind, "alg": purpose.as_str(), "kid": key.id});
    let claims = serde_json::to_vec(claims).map_err(|_| Error::Internal("claims are no JSON"))?;
    let mut token = format!(
        "{}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(header.to_string()),
        BASE64_URL_SAFE_NO_PAD.encode(claims)
    );
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    token.push_str(&BASE64_URL_SAFE_NO_PAD.encode(signature));
    Ok(token)
}

/// The claims of an access token that one of our keys has signed and that is not over. Whether its session still lives is
/// not in it.
pub(super) async fn check(app: &App, token: &str) -> Result<AccessClaims, Error> {
    // The pool that it claims says which keys to try; whether the claim is true, the signature says.
    let claimed: AccessClaims = jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(forged)?;
    let claims: AccessClaims = signed(app, &claimed.pool, ACCESS_TYPE, token).await?;
    if claims.exp <= seconds(app.clock.now()) {
        return Err(Error::TokenRefused(TokenRefusal::Expired));
    }
    Ok(claims)
}

/// The claims of an id token that one of the pool's keys has signed, also if it is over.
pub(super) async fn check_id(app: &App, pool: &PoolId, token: &str) -> Result<IdClaims, Error> {
    signed(app, pool, ID_TYPE, token).await
}

fn forged(_: jsonwebtoken::errors::Error) -> Error {
    Error::TokenRefused(TokenRefusal::Forged)
}

/// The claims of a token of this type, if a key of the pool has signed it.
async fn signed<T: DeserializeOwned>(app: &App, pool: &PoolId, kind: &str, token: &str) -> Result<T, Error> {
    let header = jsonwebtoken::decode_header(token).map_err(forged)?;
    let purpose = match header.alg {
        Algorithm::ES256 => Purpose::Es256,
        Algorithm::RS256 => Purpose::Rs256,
        _ => return Err(Error::TokenRefused(TokenRefusal::Forged)),
    };
    let key = match header.kid {
        Some(kid) if header.typ.as_deref() == Some(kind) => keys::known(app, pool, purpose, &kid).await?,
        _ => None,
    };
    let (algorithm, checks) = key
        .and_then(|key| key.checks())
        .ok_or(Error::TokenRefused(TokenRefusal::Forged))?;
    let mut rules = Validation::new(algorithm);
    rules.set_issuer(&[issuer(app, pool)]);
    rules.set_required_spec_claims(&["iss", "sub", "exp"]);
    // Expiry is checked by our own clock; the audience is for resource servers, and here every application is known.
    rules.validate_exp = false;
    rules.validate_aud = false;
    let data = jsonwebtoken::decode(token, &checks, &rules).map_err(forged)?;
    Ok(data.claims)
}
