//! What a database of an older version lacks: feed rows of types that the feed did not have, and the digests.

use super::{
    Alone, Reading, Store, StoreError, Writing,
    engine::{to_json, values},
    feed, refused,
};
use yaopai_domain::{EntityKey, PoolId, Revision};

/// Rows of the feed that are looked at together.
const STEP: u32 = 10_000;

impl Store {
    /// Completes the feed of every pool that has no digests yet, each in one transaction. A pool of a million users takes
    /// some seconds, once.
    pub(crate) async fn complete_feeds(&self) -> Result<(), StoreError> {
        for pool in self.read((), |reading, ()| Box::pin(incomplete(reading))).await? {
            tracing::info!(%pool, "completing the change feed");
            self.write(pool, |writing, pool| Box::pin(complete(writing, pool)))
                .await?;
        }
        Ok(())
    }
}

async fn incomplete(reading: &Reading<'_>) -> Result<Vec<PoolId>, StoreError> {
    let sql = "SELECT pool FROM pool_head WHERE digests IS NULL";
    let rows = reading.rows(sql, values![]).await?;
    rows.iter().map(|row| row.parsed("pool")).collect()
}

async fn complete(writing: &Writing<'_>, pool: &PoolId) -> Result<(), StoreError> {
    let alone = writing.alone(pool).await?;
    let missing = missing(&alone).await?;
    feed::commit(&alone, &missing).await?;
    let mut digests = feed::Digests::new();
    let mut after = Revision(0);
    loop {
        let sql = "SELECT rev, etype, eid FROM feed WHERE pool = $1 AND rev > $2 AND deleted = 0 ORDER BY rev LIMIT $3";
        let rows = alone.rows(sql, values![pool, after, STEP]).await?;
        for row in &rows {
            let key = feed::key(row)?;
            after = Revision(row.integer("rev")?);
            digests.entry(key.entity_type()).or_default().add(&key, after);
        }
        if rows.len() < STEP as usize {
            break;
        }
    }
    let sql = "UPDATE pool_head SET digests = $2 WHERE pool = $1";
    alone.execute(sql, values![pool, to_json(&digests)?]).await?;
    Ok(())
}

/// Verification files and refused people that the feed does not tell of.
async fn missing(alone: &Alone<'_>) -> Result<Vec<EntityKey>, StoreError> {
    let pool = alone.pool();
    let sql = "SELECT DISTINCT c.verification_file AS name FROM connection c
        WHERE c.pool = $1 AND c.verification_file IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM feed f
            WHERE f.pool = c.pool AND f.etype = 'verification_file' AND f.eid = c.verification_file)";
    let files = alone.rows(sql, values![pool]).await?;
    let mut keys = files
        .iter()
        .map(|row| row.text("name").map(EntityKey::VerificationFile))
        .collect::<Result<Vec<_>, _>>()?;
    let sql = "SELECT r.app_id, r.open_id FROM refused_person r
        WHERE r.pool = $1 AND NOT EXISTS (
            SELECT 1 FROM feed f
            WHERE f.pool = r.pool AND f.etype = 'refused_person' AND f.eid = r.app_id || '/' || r.open_id)";
    keys.extend(refused::keys(&alone.rows(sql, values![pool]).await?)?);
    Ok(keys)
}
