//! Who is calling, and whether they may: asked once for every request, before its handler runs.

use crate::{App, Error, store::KeyHolder};
use axum::{
    extract::{FromRequestParts, RawPathParams, Request, State, rejection::RawPathParamsRejection},
    http::{HeaderMap, header, request::Parts},
    middleware::Next,
    response::Response,
};
use futures_util::{Stream, StreamExt, stream};
use sha2::{Digest, Sha256};
use std::{fmt, sync::Arc, time::Duration};
use subtle::ConstantTimeEq;
use yaopai_domain::{Action, Entropy, PoolId, Role};
use zeroize::Zeroizing;

/// Name of the desktop that runs this very backend, in the audit log.
const EMBEDDING_CONSOLE: &str = "console";
/// An access key made here begins so: whoever finds one somewhere knows what it opens.
const KEY_PREFIX: &str = "yp_";
/// An open stream is looked at this often: whoever lost a right keeps it no longer (design rule 11).
const RECHECK: Duration = Duration::from_secs(5);

/// The secret by which a desktop authenticates to the backend inside it. Exists in memory only; admin everywhere.
#[derive(Clone)]
pub struct EmbeddedKey(Zeroizing<String>);

impl EmbeddedKey {
    /// A new random key (256 bits).
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(random_secret(entropy))
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
    /// Name of a program's key, an operator's e-mail address, or the desktop around this backend.
    pub(crate) name: String,
    /// What it is in the pool.
    pub(crate) role: Role,
    /// SHA-256 of the key (hex); absent for the desktop around this backend.
    key_hash: Option<String>,
}

impl Caller {
    /// Whether the caller may do this.
    pub(crate) const fn may(&self, action: Action) -> bool {
        self.role.may(action)
    }

    /// Whether the caller is the desktop around this backend, which needs no key of the pool.
    pub(crate) const fn is_embedding(&self) -> bool {
        self.key_hash.is_none()
    }

    /// Whether the caller's key may still do this now.
    async fn still_may(&self, app: &App, action: Action) -> bool {
        match &self.key_hash {
            None => true,
            Some(hash) => matches!(
                app.store.key_holder(&self.pool, hash.clone(), app.clock.now()).await,
                Ok(KeyHolder::Here { role, .. }) if role.may(action)
            ),
        }
    }
}

/// A stream that ends once the caller's key may no longer do `action`: asked before each item, and every few seconds
/// while there is none.
pub(crate) fn while_allowed<S: Stream + Send + Unpin>(
    app: Arc<App>,
    caller: Caller,
    action: Action,
    items: S,
) -> impl Stream<Item = S::Item> {
    stream::unfold((app, caller, items), move |(app, caller, mut items)| async move {
        loop {
            let next = tokio::time::timeout(RECHECK, items.next()).await;
            if !caller.still_may(&app, action).await {
                return None;
            }
            if let Ok(item) = next {
                return Some((item?, (app, caller, items)));
            }
        }
    })
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
    path: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Result<Response, Error> {
    // A path that is no UTF-8 names nothing that is here.
    let pool = path.as_ref().ok().and_then(|path| {
        let pool = path
            .iter()
            .find_map(|(name, value)| (name == "pool").then_some(value));
        pool?.parse().ok()
    });
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
    if !embedded && !app.store.is_access_key(key_hash(key), app.clock.now()).await? {
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
                key_hash: None,
            }),
        };
    }
    let hash = key_hash(key);
    match app.store.key_holder(&pool, hash.clone(), app.clock.now()).await? {
        KeyHolder::Nobody => Err(Error::Unauthenticated),
        KeyHolder::Elsewhere => Err(Error::NotFound("pool")),
        KeyHolder::Here { id, name, role, note } => {
            if note {
                app.store.note_use(id).await?;
            }
            Ok(Caller {
                pool,
                name,
                role,
                key_hash: Some(hash),
            })
        }
    }
}

/// A new access key: 256 random bits behind a prefix.
pub(crate) fn new_key(entropy: &dyn Entropy) -> Zeroizing<String> {
    Zeroizing::new(format!("{KEY_PREFIX}{}", *random_secret(entropy)))
}

/// 256 random bits, in hexadecimal digits.
pub(crate) fn random_secret(entropy: &dyn Entropy) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; 32]);
    entropy.fill(bytes.as_mut_slice());
    Zeroizing::new(hex::encode(bytes.as_slice()))
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
