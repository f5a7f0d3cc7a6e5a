//! Access keys.

use super::{Reading, Store, StoreError, engine::values};
use yaopai_domain::{PoolId, Role};

/// Whose key was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyHolder {
    /// Nobody's.
    Nobody,
    /// A key of other pools only.
    Elsewhere,
    /// A key of this pool.
    Here {
        /// Name of the key.
        name: String,
        /// What it may do.
        role: Role,
    },
}

impl Store {
    /// Looks a key up by its SHA-256 (hex).
    pub(crate) async fn key_holder(&self, pool: &PoolId, key_hash: String) -> Result<KeyHolder, StoreError> {
        self.read((pool.clone(), key_hash), |reading, (pool, key_hash)| {
            Box::pin(key_holder(reading, pool, key_hash))
        })
        .await
    }

    /// Whether this is the SHA-256 (hex) of a key of any pool.
    pub(crate) async fn is_access_key(&self, key_hash: String) -> Result<bool, StoreError> {
        self.read(key_hash, |reading, key_hash| {
            Box::pin(reading.any(
                "SELECT id FROM access_key WHERE key_hash = $1 LIMIT 1",
                values![key_hash],
            ))
        })
        .await
    }

    /// Whether there is any access key.
    pub(crate) async fn has_access_keys(&self) -> Result<bool, StoreError> {
        self.read((), |reading, ()| {
            Box::pin(reading.any("SELECT id FROM access_key LIMIT 1", values![]))
        })
        .await
    }
}

async fn key_holder(reading: &Reading<'_>, pool: &PoolId, key_hash: &str) -> Result<KeyHolder, StoreError> {
    let sql = "SELECT pool, name, role FROM access_key WHERE key_hash = $1";
    let mut holder = KeyHolder::Nobody;
    for row in reading.rows(sql, values![key_hash]).await? {
        if row.text("pool")? == pool.as_str() {
            return Ok(KeyHolder::Here {
                name: row.text("name")?,
                role: row.named("role")?,
            });
        }
        holder = KeyHolder::Elsewhere;
    }
    Ok(holder)
}
