//! What the feed forgets: tombstones and marks that only consoles need which were away for longer than a month, and the
//! outcomes of mutations that old.

use super::{Reading, Store, StoreError, Writing, engine::values};
use yaopai_domain::{PoolId, Revision, Timestamp};

/// A console that was away for longer loads everything again; an edit that old is not pushed again.
const KEPT_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;

impl Store {
    /// Forgets tombstones and marks that are older than 30 days, and moves the horizon there.
    pub(crate) async fn forget_old_changes(&self) -> Result<(), StoreError> {
        let before = self.now().plus_millis(-KEPT_MILLIS);
        let due = self.read(before, |reading, before| Box::pin(due(reading, *before)));
        for (pool, horizon) in due.await? {
            self.write((pool, horizon), |writing, (pool, horizon)| {
                Box::pin(compact(writing, pool, *horizon))
            })
            .await?;
        }
        self.write(before, |writing, before| {
            Box::pin(writing.execute("DELETE FROM mut_result WHERE at < $1", values![*before]))
        })
        .await?;
        Ok(())
    }
}

#[cfg(feature = "simulate")]
impl Store {
    /// Forgets tombstones and marks up to a revision, as if they were older than 30 days.
    pub(crate) async fn forget_changes_up_to(
        &self,
        pool: &PoolId,
        horizon: Revision,
    ) -> Result<(), StoreError> {
        self.write((pool.clone(), horizon), |writing, (pool, horizon)| {
            Box::pin(compact(writing, pool, *horizon))
        })
        .await
    }
}

/// The pools whose horizon can move, and where to: the last head that is older.
async fn due(reading: &Reading<'_>, before: Timestamp) -> Result<Vec<(PoolId, Revision)>, StoreError> {
    let sql = "SELECT h.pool, max(m.rev) AS horizon
        FROM pool_head h JOIN rev_mark m ON m.pool = h.pool AND m.rev > h.horizon AND m.at < $1
        GROUP BY h.pool";
    let rows = reading.rows(sql, values![before]).await?;
    rows.iter()
        .map(|row| Ok((row.parsed("pool")?, Revision(row.integer("horizon")?))))
        .collect()
}

async fn compact(writing: &Writing<'_>, pool: &PoolId, horizon: Revision) -> Result<(), StoreError> {
    let alone = writing.alone(pool).await?;
    let sql = "UPDATE pool_head SET horizon = $2 WHERE pool = $1 AND horizon < $3";
    if alone.execute(sql, values![pool, horizon, horizon]).await? == 0 {
        return Ok(());
    }
    let sql = "DELETE FROM feed WHERE pool = $1 AND rev <= $2 AND deleted = 1";
    alone.execute(sql, values![pool, horizon]).await?;
    // The mark at the horizon stays: whoever has seen exactly that much goes on, and it can be the head's.
    let sql = "DELETE FROM rev_mark WHERE pool = $1 AND rev < $2";
    alone.execute(sql, values![pool, horizon]).await?;
    Ok(())
}
