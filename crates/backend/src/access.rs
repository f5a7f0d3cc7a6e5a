//! Who is calling, and whether they may: asked once for every request, before its handler runs.

use crate::{App, Error, store::KeyHolder};
use axum::{
    extract::{FromRequestParts, RawPathParams, Request, State},
    http::{HeaderMap, header, request::Parts},
    middleware::Next,
    response::Response,
};
use sha2::{Digest, Sha256};
use std::{fmt, sync::Arc};
use subtle::ConstantTimeEq;
use yaopai_domain::{Action, Entropy, PoolId, Role};
use zeroize::Zeroizing;

/// Name of the desktop that runs this very backend, in the audit log.
const EMBEDDING_CONSOLE: &str = "console";

/// The secret by which a desktop authenticates to the backend inside it. Exists in memory only; admin everywhere.
#[derive(Clone)]
pub struct EmbeddedKey(Zeroizing<String>);

impl EmbeddedKey {
    /// A new random key (256 bits).
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        entropy.fill(bytes.as_mut_slice());
        Self(Zeroizing::new(hex::encode(bytes.as_slice())))
    }

    /// The key as it goes behind `Authorization: Bearer`.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EmbeddedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmbeddedKey(••••)")
    }
}

/// Who is calling, and in which pool. Only the access check makes one.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The pool of the request's path.
    pub(crate) pool: PoolId,
    /// Name of the key that was shown.
    pub(crate) name: String,
    /// What it is in the pool.
    pub(crate) role: Role,
}

impl Caller {
    /// Whether the caller may do this.
    pub(crate) const fn may(&self, action: Action) -> bool {
        self.role.may(action)
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parts.extensions.get().cloned().ok_or(Error::Internal(
            "an endpoint without access check asks for its caller",
        ))
    }
}

/// Lets a request through to its handler if the caller may do `action` in the pool of its path.
pub(crate) async fn check(
    State((app, action)): State<(Arc<App>, Action)>,
    path: RawPathParams,
    mut request: Request,
    next: Next,
) -> Result<Response, Error> {
    let pool = path
        .iter()
        .find_map(|(name, value)| (name == "pool").then_some(value))
        .and_then(|id| id.parse().ok());
    let caller = identify(&app, bearer(request.headers()), pool).await?;
    if !caller.may(action) {
        return Err(Error::Forbidden);
    }
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// Lets a request through to its handler if it shows an access key of any pool, or the embedded one.
pub(crate) async fn check_any(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    let key = bearer(request.headers()).ok_or(Error::Unauthenticated)?;
    let embedded = app
        .embedded_key
        .as_ref()
        .is_some_and(|own| same(own.expose(), key));
    if !embedded && !app.store.is_access_key(key_hash(key)).await? {
        return Err(Error::Unauthenticated);
    }
    Ok(next.run(request).await)
}

async fn identify(app: &App, key: Option<&str>, pool: Option<PoolId>) -> Result<Caller, Error> {
    let key = key.ok_or(Error::Unauthenticated)?;
    let pool = pool.ok_or(Error::NotFound("pool"))?;
    if app
        .embedded_key
        .as_ref()
        .is_some_and(|own| same(own.expose(), key))
    {
        return match app.store.pool(&pool).await? {
            None => Err(Error::NotFound("pool")),
            Some(_) => Ok(Caller {
                pool,
                name: EMBEDDING_CONSOLE.to_owned(),
                role: Role::Admin,
            }),
        };
    }
    match app.store.key_holder(&pool, key_hash(key)).await? {
        KeyHolder::Nobody => Err(Error::Unauthenticated),
        KeyHolder::Elsewhere => Err(Error::NotFound("pool")),
        KeyHolder::Here { name, role } => Ok(Caller { pool, name, role }),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}

/// What is stored of an access key: keys are long and random, so a plain hash cannot be turned back.
pub(crate) fn key_hash(key: &str) -> String {
    hex::encode(Sha256::digest(key))
}

fn same(own: &str, shown: &str) -> bool {
    own.as_bytes().ct_eq(shown.as_bytes()).into()
}
