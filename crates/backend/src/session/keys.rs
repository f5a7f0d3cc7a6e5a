//! The keys of every pool: made when they are first needed, kept in memory, replaced every 90 days.
//!
//! A pool's keys of one purpose are generations. A new one is made a day before it begins to sign, so that everybody who
//! checks tokens has seen it by then; the one before it stays known for a day after it has signed its last token. Keys
//! that open are not replaced by themselves: SDKs are built with them.

use super::key::{Private, Purpose, generate};
use crate::{
    App, Error,
    store::StoredKey,
    vault::{Place, Sealed, Vault},
};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};
use yaopai_domain::{PoolId, Timestamp};
use zeroize::Zeroizing;

const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;
/// A key signs for so long.
const REPLACED_AFTER: i64 = 90 * DAY;
/// A key is shown for so long before it signs.
const SHOWN_BEFORE: i64 = DAY;
/// A key is shown for so long after it has signed for the last time; every token is over by then.
const SHOWN_AFTER: i64 = DAY;
/// Another instance may have added a key, or an operator taken one away.
const READ_AGAIN_AFTER: i64 = 60 * 1000;
const ID_BYTES: usize = 8;

/// One key.
pub(crate) struct Key {
    /// What tokens name it by (`kid`).
    pub(crate) id: String,
    generation: i64,
    active_from: Timestamp,
    private: Private,
}

impl Key {
    /// Signs a message.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.private.sign(message)
    }

    /// What checks its signatures.
    pub(super) fn checks(&self) -> Option<(Algorithm, DecodingKey)> {
        self.private.checks()
    }

    fn jwk(&self) -> Value {
        let mut jwk = self.private.jwk();
        jwk["kid"] = json!(self.id);
        jwk
    }
}

/// The keys that this instance has read.
#[derive(Default)]
pub(crate) struct Keys(RwLock<HashMap<(PoolId, Purpose), Ring>>);

/// A pool's keys of one purpose, the newest first.
#[derive(Clone)]
struct Ring {
    keys: Vec<Arc<Key>>,
    read_at: Timestamp,
}

impl Ring {
    /// The key in use.
    fn active(&self, now: Timestamp) -> Option<&Arc<Key>> {
        self.keys.iter().find(|key| key.active_from <= now)
    }

    /// The keys that others shall know: those to come, the one in use, and those whose tokens may still be about.
    fn shown(&self, now: Timestamp) -> impl Iterator<Item = &Arc<Key>> {
        let successors = std::iter::once(None).chain(self.keys.iter().map(Some));
        self.keys
            .iter()
            .zip(successors)
            .filter(move |(_, successor)| {
                successor.is_none_or(|next| now < next.active_from.plus_millis(SHOWN_AFTER))
            })
            .map(|(key, _)| key)
    }

    /// The generation to make now, and when it shall begin to sign.
    fn due(&self, purpose: Purpose, now: Timestamp) -> Option<(i64, Timestamp)> {
        let Some(newest) = self.keys.first() else {
            return Some((1, now));
        };
        let replaced = newest.active_from.plus_millis(REPLACED_AFTER);
        let due = purpose != Purpose::Rsa15 && now >= replaced.plus_millis(-SHOWN_BEFORE);
        due.then(|| {
            let begins = replaced.max(now.plus_millis(SHOWN_BEFORE));
            (newest.generation + 1, begins)
        })
    }
}

/// The key that signs the pool's tokens now.
pub(super) async fn signing(app: &App, pool: &PoolId, purpose: Purpose) -> Result<Arc<Key>, Error> {
    let ring = complete(app, pool, purpose).await?;
    ring.active(app.clock.now())
        .cloned()
        .ok_or(Error::Internal("a pool has no key in use"))
}

/// The pool's key of this id, if tokens of it may still be about. Makes no keys.
pub(super) async fn known(
    app: &App,
    pool: &PoolId,
    purpose: Purpose,
    id: &str,
) -> Result<Option<Arc<Key>>, Error> {
    let now = app.clock.now();
    let find = |ring: &Ring| ring.shown(now).find(|key| key.id == id).cloned();
    if let Some(key) = cached(app, pool, purpose).as_ref().and_then(find) {
        return Ok(Some(key));
    }
    Ok(find(&read(app, pool, purpose).await?))
}

/// The pool's public keys, as RFC 7517 writes them.
pub(crate) async fn jwks(app: &App, pool: &PoolId) -> Result<Value, Error> {
    let now = app.clock.now();
    let mut keys = Vec::new();
    for purpose in [Purpose::Es256, Purpose::Rs256] {
        let ring = complete(app, pool, purpose).await?;
        keys.extend(ring.shown(now).map(|key| key.jwk()));
    }
    Ok(json!({ "keys": keys }))
}

/// A pool's key for what SDKs encrypt.
pub(crate) struct EncryptionKey(Arc<Key>);

/// The key that opens what SDKs of this pool encrypt; made when it is first asked for.
pub(crate) async fn encryption(app: &App, pool: &PoolId) -> Result<EncryptionKey, Error> {
    signing(app, pool, Purpose::Rsa15).await.map(EncryptionKey)
}

impl EncryptionKey {
    /// The public key: PEM of a SubjectPublicKeyInfo.
    pub(crate) fn public_pem(&self) -> Result<String, Error> {
        self.0.private.public_pem()
    }

    /// By what an SDK may name the public key: the SHA-256 (hex) of its PEM.
    pub(crate) fn thumbprint(&self) -> Result<String, Error> {
        Ok(hex::encode(Sha256::digest(self.public_pem()?)))
    }

    /// Length of a block: longer texts are several, one after the other.
    pub(crate) fn block_bytes(&self) -> usize {
        self.0.private.block_bytes()
    }

    /// Opens one block (PKCS#1 v1.5). `None` says no more than that it is none of ours; whoever answers strangers must let
    /// it look like a wrong password, in words and in time.
    pub(crate) fn open(&self, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.0.private.open(sealed)
    }
}

/// The ring as this instance knows it, if it was read lately.
fn cached(app: &App, pool: &PoolId, purpose: Purpose) -> Option<Ring> {
    let rings = app.keys.0.read().unwrap_or_else(PoisonError::into_inner);
    let ring = rings.get(&(pool.clone(), purpose))?;
    let age = app.clock.now().millis_since(ring.read_at);
    (0..READ_AGAIN_AFTER).contains(&age).then(|| ring.clone())
}

/// The ring with a key in use, and with the next one if it is time for it.
async fn complete(app: &App, pool: &PoolId, purpose: Purpose) -> Result<Ring, Error> {
    let ring = match cached(app, pool, purpose) {
        Some(ring) => ring,
        None => read(app, pool, purpose).await?,
    };
    let Some((generation, active_from)) = ring.due(purpose, app.clock.now()) else {
        return Ok(ring);
    };
    let (id, private_key) = made(app, pool, purpose).await?;
    let key = StoredKey {
        id,
        generation,
        active_from,
        private_key,
    };
    app.store.add_pool_key(pool, purpose, key).await?;
    read(app, pool, purpose).await
}

/// A new key, sealed, and its id.
async fn made(app: &App, pool: &PoolId, purpose: Purpose) -> Result<(String, Sealed), Error> {
    let private = tokio::task::spawn_blocking(move || generate(purpose))
        .await
        .map_err(|_| Error::Internal("making a key broke off"))??;
    let mut id = [0; ID_BYTES];
    app.entropy.fill(&mut id);
    let id = hex::encode(id);
    let sealed = app
        .vault
        .seal_bytes(place(pool, &id), &private, app.entropy.as_ref())?;
    Ok((id, sealed))
}

/// Makes a new key and retires the pool's old ones of this purpose: what they have signed is refused from now on. Other
/// instances follow within a minute, when they read the keys again. Answers the id of the new key and those of the old.
pub(crate) async fn rotate(
    app: &App,
    pool: &PoolId,
    purpose: Purpose,
    actor: &str,
) -> Result<(String, Vec<String>), Error> {
    let (id, private_key) = made(app, pool, purpose).await?;
    let retired = app
        .store
        .replace_pool_keys(pool, purpose, actor, &id, private_key)
        .await?;
    read(app, pool, purpose).await?;
    Ok((id, retired))
}

/// Reads the ring anew.
async fn read(app: &App, pool: &PoolId, purpose: Purpose) -> Result<Ring, Error> {
    let read_at = app.clock.now();
    let stored = app.store.pool_keys(pool, purpose).await?;
    let keys = stored
        .into_iter()
        .map(|key| open(&app.vault, pool, purpose, key).map(Arc::new))
        .collect::<Result<Vec<_>, _>>()?;
    let ring = Ring { keys, read_at };
    if !ring.keys.is_empty() {
        let mut rings = app.keys.0.write().unwrap_or_else(PoisonError::into_inner);
        rings.insert((pool.clone(), purpose), ring.clone());
    }
    Ok(ring)
}

fn open(vault: &Vault, pool: &PoolId, purpose: Purpose, stored: StoredKey) -> Result<Key, Error> {
    let sealed = &stored.private_key;
    let pkcs8 = vault.open_bytes(place(pool, &stored.id), &sealed.key_id, &sealed.bytes)?;
    Ok(Key {
        private: Private::read(purpose, &pkcs8)?,
        id: stored.id,
        generation: stored.generation,
        active_from: stored.active_from,
    })
}

const fn place<'a>(pool: &'a PoolId, id: &'a str) -> Place<'a> {
    Place {
        table: "pool_key",
        pool,
        row: id,
        field: "private_key",
    }
}
