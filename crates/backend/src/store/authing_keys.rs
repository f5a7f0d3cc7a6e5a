//! Keys of Authing's management SDKs, and the signatures they have made.

use super::{
    Reading, Store, StoreError, Writing,
    audit::{self, Entry},
    engine::{Row, values},
};
use crate::vault::Sealed;
use serde_json::json;
use yaopai_domain::{PoolId, Role, Timestamp};

/// A key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuthingKey {
    /// The `accessKeyId`.
    pub(crate) id: String,
    /// Its pool.
    pub(crate) pool: PoolId,
    /// Its name, for the audit log.
    pub(crate) name: String,
    /// What it may do.
    pub(crate) role: Role,
    /// The `accessKeySecret`, sealed.
    pub(crate) secret: Sealed,
    /// When it was made.
    pub(crate) created_at: Timestamp,
}

const SELECT: &str = "SELECT id, pool, name, role, secret, secret_key_id, created_at FROM authing_key";

fn read(row: &Row) -> Result<AuthingKey, StoreError> {
    Ok(AuthingKey {
        id: row.text("id")?,
        pool: row.parsed("pool")?,
        name: row.text("name")?,
        role: row.named("role")?,
        secret: Sealed {
            key_id: row.text("secret_key_id")?,
            bytes: row.bytes("secret")?,
        },
        created_at: row.moment("created_at")?,
    })
}

impl Store {
    /// The keys of a pool.
    pub(crate) async fn authing_keys(&self, pool: &PoolId) -> Result<Vec<AuthingKey>, StoreError> {
        self.read(pool.clone(), |reading, pool| Box::pin(all(reading, pool)))
            .await
    }

    /// Removes a key: what it signs is refused from now on.
    pub(crate) async fn revoke_authing_key(
        &self,
        pool: &PoolId,
        actor: &str,
        id: &str,
    ) -> Result<(), StoreError> {
        let data = (pool.clone(), actor.to_owned(), id.to_owned());
        self.write(data, |writing, (pool, actor, id)| {
            Box::pin(remove(writing, pool, actor, id))
        })
        .await
    }

    /// A key by its id.
    pub(crate) async fn authing_key(&self, id: &str) -> Result<Option<AuthingKey>, StoreError> {
        self.read(id.to_owned(), |reading, id| {
            Box::pin(async move {
                let sql = format!("{SELECT} WHERE id = $1");
                let row = reading.row(&sql, values![id]).await?;
                row.as_ref().map(read).transpose()
            })
        })
        .await
    }

    /// Notes a signature of a key; `false` if it was used before. Forgets those made before `oldest`.
    pub(crate) async fn note_authing_nonce(
        &self,
        key_id: &str,
        nonce: &str,
        oldest: Timestamp,
    ) -> Result<bool, StoreError> {
        let data = (key_id.to_owned(), nonce.to_owned(), oldest);
        self.write(data, |writing, (key_id, nonce, oldest)| {
            Box::pin(note(writing, key_id, nonce, *oldest))
        })
        .await
    }
}

/// The keys of a pool.
pub(super) async fn all(reading: &Reading<'_>, pool: &PoolId) -> Result<Vec<AuthingKey>, StoreError> {
    let sql = format!("{SELECT} WHERE pool = $1 ORDER BY id");
    let rows = reading.rows(&sql, values![pool]).await?;
    rows.iter().map(read).collect()
}

/// Removes a key of a pool.
pub(super) async fn remove(
    writing: &Writing<'_>,
    pool: &PoolId,
    actor: &str,
    id: &str,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM authing_key WHERE pool = $1 AND id = $2 RETURNING name, role";
    let row = writing.row(sql, values![pool, id]).await?;
    let row = row.ok_or(StoreError::NotFound("key of Authing's SDKs"))?;
    let entry = Entry {
        actor,
        action: "authing_key.delete",
        target: format!("authing_key:{id}"),
        old: Some(json!({ "name": row.text("name")?, "role": row.text("role")? })),
        new: None,
    };
    audit::write(writing, pool, entry).await
}

async fn note(
    writing: &Writing<'_>,
    key_id: &str,
    nonce: &str,
    oldest: Timestamp,
) -> Result<bool, StoreError> {
    writing
        .execute("DELETE FROM authing_nonce WHERE at < $1", values![oldest])
        .await?;
    let sql = "INSERT INTO authing_nonce (key_id, nonce, at) VALUES ($1, $2, $3) ON CONFLICT (key_id, nonce) DO NOTHING";
    let noted = writing
        .execute(sql, values![key_id, nonce, writing.now()])
        .await?;
    Ok(noted > 0)
}
