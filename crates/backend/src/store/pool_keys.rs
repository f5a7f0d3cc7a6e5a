//! Keys of a pool: they sign its tokens and open what SDKs encrypted. Private keys are sealed.

use super::{
    Reading, Store, StoreError, Writing,
    audit::{self, Entry},
    engine::{Value, values},
};
use crate::{session::Purpose, vault::Sealed};
use serde_json::json;
use yaopai_domain::{ApplicationId, PoolId, Timestamp, TokenAlgorithm};

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
                let sql = format!("{INSERT} ON CONFLICT (pool, purpose, generation) DO NOTHING");
                writing.execute(&sql, columns(pool, *purpose, key)).await?;
                Ok(())
            })
        })
        .await
    }

    /// Puts one key, which signs from now on, in the place of all the pool has of this purpose; the ids of those.
    pub(crate) async fn replace_pool_keys(
        &self,
        pool: &PoolId,
        purpose: Purpose,
        actor: &str,
        id: &str,
        private_key: Sealed,
    ) -> Result<Vec<String>, StoreError> {
        let data = (
            pool.clone(),
            purpose,
            actor.to_owned(),
            id.to_owned(),
            private_key,
        );
        self.write(data, |writing, (pool, purpose, actor, id, private_key)| {
            Box::pin(replace(writing, pool, *purpose, actor, id, private_key))
        })
        .await
    }
}

const INSERT: &str =
    "INSERT INTO pool_key (id, pool, purpose, generation, active_from, private_key, secret_key_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

/// The values of [`INSERT`].
fn columns(pool: &PoolId, purpose: Purpose, key: &StoredKey) -> Vec<Value> {
    values![
        &key.id,
        pool,
        purpose.as_str(),
        key.generation,
        key.active_from,
        key.private_key.bytes.as_slice(),
        &key.private_key.key_id,
    ]
}

async fn replace(
    writing: &Writing<'_>,
    pool: &PoolId,
    purpose: Purpose,
    actor: &str,
    id: &str,
    private_key: &Sealed,
) -> Result<Vec<String>, StoreError> {
    let alone = writing.alone(pool).await?;
    let old = keys(&alone, pool, purpose).await?;
    let sql = "DELETE FROM pool_key WHERE pool = $1 AND purpose = $2";
    alone.execute(sql, values![pool, purpose.as_str()]).await?;
    let key = StoredKey {
        id: id.to_owned(),
        generation: old.first().map_or(0, |newest| newest.generation) + 1,
        active_from: alone.now(),
        private_key: private_key.clone(),
    };
    // Whoever adds one of this generation meanwhile makes this begin again, and is found among the old ones.
    alone.execute(INSERT, columns(pool, purpose, &key)).await?;
    let retired: Vec<String> = old.into_iter().map(|key| key.id).collect();
    let entry = Entry {
        actor,
        action: "signing_key.rotate",
        target: format!("signing_key:{id}"),
        old: Some(json!({ "algorithm": purpose.as_str(), "key_ids": retired })),
        new: Some(json!({ "algorithm": purpose.as_str(), "key_ids": [id] })),
    };
    audit::write(&alone, pool, entry).await?;
    Ok(retired)
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
        Some(row) => row.named("token_algorithm")?,
        None => TokenAlgorithm::default(),
    };
    Ok(Purpose::signing(algorithm))
}
