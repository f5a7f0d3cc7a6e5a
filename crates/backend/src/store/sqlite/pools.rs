//! Pools in SQLite.

use super::{Sqlite, Writing, feed};
use crate::store::{Pool, PoolStore, Reply, StoreError};
use rusqlite::{OptionalExtension, params};
use yaopai_domain::{PlatformAccountId, PoolId};

impl PoolStore for Sqlite {
    fn pool(&self, id: &PoolId) -> Reply<'_, Option<Pool>> {
        let id = id.clone();
        Box::pin(self.read(move |tx| {
            let name = tx
                .prepare_cached("SELECT name FROM pool WHERE id = ?1")?
                .query_row([id.as_str()], |row| row.get(0))
                .optional()?;
            Ok(name.map(|name| Pool { id, name }))
        }))
    }

    fn ensure_a_pool(&self) -> Reply<'_, ()> {
        Box::pin(self.write(|writing| ensure_one(writing)))
    }
}

/// Makes the pool `default` unless there is any pool.
pub(super) fn ensure_one(writing: &Writing<'_>) -> Result<(), StoreError> {
    if writing.tx().prepare("SELECT 1 FROM pool")?.exists([])? {
        return Ok(());
    }
    create(writing, &PoolId::default(), PoolId::DEFAULT)
}

/// Makes a pool with a new feed and the platform account `default`.
pub(super) fn create(writing: &Writing<'_>, id: &PoolId, name: &str) -> Result<(), StoreError> {
    let tx = writing.tx();
    let mut feed_id = [0; 16];
    writing.entropy().fill(&mut feed_id);
    tx.execute(
        "INSERT INTO pool (id, name, created_at) VALUES (?1, ?2, ?3)",
        params![id.as_str(), name, writing.now().0],
    )?;
    tx.execute(
        "INSERT INTO pool_head (pool, feed_id, rev, horizon) VALUES (?1, ?2, 0, 0)",
        params![id.as_str(), hex::encode(feed_id)],
    )?;
    feed::mark(writing, id, 0)?;
    create_platform_account(writing, id, "default")
}

/// Makes a platform account.
pub(super) fn create_platform_account(
    writing: &Writing<'_>,
    pool: &PoolId,
    name: &str,
) -> Result<(), StoreError> {
    let id = PlatformAccountId::new(writing.clock(), writing.entropy());
    writing.tx().execute(
        "INSERT INTO platform_account (id, pool, name, created_at) VALUES (?1, ?2, ?3, ?4)",
        params![id.to_string(), pool.as_str(), name, writing.now().0],
    )?;
    Ok(())
}
