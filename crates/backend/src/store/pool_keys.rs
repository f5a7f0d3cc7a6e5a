//! Keys of a pool: they sign its tokens and open what SDKs encrypted. Private keys are sealed.

use super::{Reading, Store, StoreError, engine::values};
use crate::{session::Purpose, vault::Sealed};
use yaopai_domain::{ApplicationId, PoolId, Timestamp};

/// A key as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredKey {
    /// Its id, which tokens name.
    pub(crate) id: String,
    /// 1 for the pool's first key of its purpose, 2 for the one after it.
    pub(crate) generation: i64,
    /// When it begins to sign.
    pub(crate) active_from: Timestamp,
    /// The private key (PKCS#8).
    pub(crate) private_key: Sealed,
}

impl Store {
    /// The pool's keys of one purpose, the newest first.
    pub(crate) async fn pool_keys(
        &self,
        pool: &PoolId,
        purpose: Purpose,
    ) -> Result<Vec<StoredKey>, StoreError> {
        self.glance((pool.clone(), purpose), |reading, (pool, purpose)| {
            Box::pin(keys(reading, pool, *purpose))
        })
        .await
    }

    /// By which algorithm the tokens of an application are signed.
    pub(crate) async fn token_purpose(&self, application: &ApplicationId) -> Result<Purpose, StoreError> {
        self.glance(application.clone(), |reading, application| {
            Box::pin(token_purpose(reading, application))
        })
        .await
    }

    /// Adds a key, unless the pool has one of this generation already: then another instance was faster.
    pub(crate) async fn add_pool_key(
        &self,
        pool: &PoolId,
        purpose: Purpose,
        key: StoredKey,
    ) -> Result<(), StoreError> {
        self.write((pool.clone(), purpose, key), |writing, (pool, purpose, key)| {
            Box::pin(async move {
                writing
                    .execute(
                        "INSERT INTO pool_key (id, pool, purpose, generation, active_from, private_key, secret_key_id) \
                         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (pool, purpose, generation) DO NOTHING",
                        values![
                            &key.id,
                            pool,
                            purpose.as_str(),
                            key.generation,
                            key.active_from,
                            key.private_key.bytes.as_slice(),
                            &key.private_key.key_id,
                        ],
                    )
                    .await?;
                Ok(())
            })
        })
        .await
    }
}

async fn keys(reading: &Reading<'_>, pool: &PoolId, purpose: Purpose) -> Result<Vec<StoredKey>, StoreError> {
    let rows = reading
        .rows(
            "SELECT id, generation, active_from, private_key, secret_key_id FROM pool_key \
             WHERE pool = $1 AND purpose = $2 ORDER BY generation DESC",
            values![pool, purpose.as_str()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(StoredKey {
                id: row.text("id")?,
                generation: row.integer("generation")?,
                active_from: row.moment("active_from")?,
                private_key: Sealed {
                    key_id: row.text("secret_key_id")?,
                    bytes: row.bytes("private_key")?,
                },
            })
        })
        .collect()
}

async fn token_purpose(reading: &Reading<'_>, application: &ApplicationId) -> Result<Purpose, StoreError> {
    let sql = "SELECT token_algorithm FROM application WHERE id = $1";
    let algorithm = match reading.row(sql, values![application]).await? {
        Some(row) => row.text("token_algorithm")?,
        None => return Ok(Purpose::Es256),
    };
    Ok(if algorithm == Purpose::Rs256.as_str() {
        Purpose::Rs256
    } else {
        Purpose::Es256
    })
}
