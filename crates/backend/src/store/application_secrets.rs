//! Secrets of applications: operators make and revoke them, applications prove themselves by them.

use super::{
    Reading, Store, StoreError, Writing, applications,
    audit::{self, Entry},
    engine::values,
};
use serde_json::json;
use yaopai_domain::{ApplicationId, ApplicationSecret, Fingerprint, PoolId};

/// Digits of a secret's hash that people see.
const FINGERPRINT_DIGITS: usize = 12;

impl Store {
    /// The SHA-256 (hex) of each secret of an application; one without any cannot prove itself.
    pub(crate) async fn application_secret_hashes(
        &self,
        id: &ApplicationId,
    ) -> Result<Vec<String>, StoreError> {
        self.read(id.clone(), |reading, id| Box::pin(hashes(reading, id)))
            .await
    }

    /// Keeps the SHA-256 (hex) of a new secret.
    pub(crate) async fn create_application_secret(
        &self,
        pool: &PoolId,
        actor: &str,
        id: &ApplicationId,
        secret_hash: String,
    ) -> Result<ApplicationSecret, StoreError> {
        let data = (pool.clone(), actor.to_owned(), id.clone(), secret_hash);
        self.write(data, |writing, (pool, actor, id, secret_hash)| {
            Box::pin(create(writing, pool, actor, id, secret_hash))
        })
        .await
    }

    /// Revokes the secret with this fingerprint.
    pub(crate) async fn revoke_application_secret(
        &self,
        pool: &PoolId,
        actor: &str,
        id: &ApplicationId,
        fingerprint: Fingerprint,
    ) -> Result<(), StoreError> {
        let data = (pool.clone(), actor.to_owned(), id.clone(), fingerprint);
        self.write(data, |writing, (pool, actor, id, fingerprint)| {
            Box::pin(revoke(writing, pool, actor, id, fingerprint))
        })
        .await
    }
}

/// The secrets of an application, oldest first.
pub(super) async fn all(
    reading: &Reading<'_>,
    id: &ApplicationId,
) -> Result<Vec<ApplicationSecret>, StoreError> {
    let sql = "SELECT secret_hash, created_at FROM application_secret WHERE application = $1
        ORDER BY created_at, secret_hash";
    let rows = reading.rows(sql, values![id]).await?;
    rows.iter()
        .map(|row| {
            Ok(ApplicationSecret {
                fingerprint: fingerprint(&row.text("secret_hash")?),
                created_at: row.moment("created_at")?,
            })
        })
        .collect()
}

async fn hashes(reading: &Reading<'_>, id: &ApplicationId) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT secret_hash FROM application_secret WHERE application = $1";
    let rows = reading.rows(sql, values![id]).await?;
    rows.iter().map(|row| row.text("secret_hash")).collect()
}

fn fingerprint(hash: &str) -> Fingerprint {
    Fingerprint(hash.chars().take(FINGERPRINT_DIGITS).collect())
}

async fn create(
    writing: &Writing<'_>,
    pool: &PoolId,
    actor: &str,
    id: &ApplicationId,
    secret_hash: &str,
) -> Result<ApplicationSecret, StoreError> {
    let alone = writing.alone(pool).await?;
    applications::existing(&alone, pool, id).await?;
    let secret = ApplicationSecret {
        fingerprint: fingerprint(secret_hash),
        created_at: alone.now(),
    };
    let sql = "INSERT INTO application_secret (application, secret_hash, created_at) VALUES ($1, $2, $3)";
    alone
        .execute(sql, values![id, secret_hash, secret.created_at])
        .await?;
    let entry = Entry {
        actor,
        action: "application_secret.create",
        target: format!("application:{id}"),
        old: None,
        new: Some(json!({ "fingerprint": secret.fingerprint })),
    };
    audit::write(&alone, pool, entry).await?;
    Ok(secret)
}

async fn revoke(
    writing: &Writing<'_>,
    pool: &PoolId,
    actor: &str,
    id: &ApplicationId,
    wanted: &Fingerprint,
) -> Result<(), StoreError> {
    let alone = writing.alone(pool).await?;
    applications::existing(&alone, pool, id).await?;
    let hash = hashes(&alone, id)
        .await?
        .into_iter()
        .find(|hash| fingerprint(hash) == *wanted)
        .ok_or(StoreError::NotFound("application secret"))?;
    let sql = "DELETE FROM application_secret WHERE application = $1 AND secret_hash = $2";
    alone.execute(sql, values![id, hash]).await?;
    let entry = Entry {
        actor,
        action: "application_secret.delete",
        target: format!("application:{id}"),
        old: Some(json!({ "fingerprint": wanted })),
        new: None,
    };
    audit::write(&alone, pool, entry).await
}
