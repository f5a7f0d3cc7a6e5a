//! Pools.

use super::{Reading, Store, StoreError, Writing, engine::values, feed};
use yaopai_domain::{PlatformAccountId, PoolId};

/// A pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pool {
    /// Its id.
    pub(crate) id: PoolId,
    /// Its name for people.
    pub(crate) name: String,
}

impl Store {
    /// The pool of this id.
    pub(crate) async fn pool(&self, id: &PoolId) -> Result<Option<Pool>, StoreError> {
        self.glance(id.clone(), |reading, id| Box::pin(load(reading, id)))
            .await
    }

    /// Makes the pool `default` with its feed and a platform account `default`, unless there is any pool already.
    pub(crate) async fn ensure_a_pool(&self) -> Result<(), StoreError> {
        self.write((), |writing, ()| Box::pin(ensure_one(writing))).await
    }
}

/// One pool.
pub(super) async fn load(reading: &Reading<'_>, id: &PoolId) -> Result<Option<Pool>, StoreError> {
    let found = reading
        .row("SELECT name FROM pool WHERE id = $1", values![id])
        .await?;
    found
        .map(|row| {
            Ok(Pool {
                id: id.clone(),
                name: row.text("name")?,
            })
        })
        .transpose()
}

/// Makes the pool `default` unless there is any pool.
pub(super) async fn ensure_one(writing: &Writing<'_>) -> Result<(), StoreError> {
    if writing.any("SELECT id FROM pool LIMIT 1", values![]).await? {
        return Ok(());
    }
    create(writing, &PoolId::default(), PoolId::DEFAULT).await
}

/// Makes a pool with a new feed and the platform account `default`.
pub(super) async fn create(writing: &Writing<'_>, id: &PoolId, name: &str) -> Result<(), StoreError> {
    let mut feed_id = [0; 16];
    writing.entropy().fill(&mut feed_id);
    writing
        .execute(
            "INSERT INTO pool (id, name, created_at) VALUES ($1, $2, $3)",
            values![id, name, writing.now()],
        )
        .await?;
    writing
        .execute(
            "INSERT INTO pool_head (pool, feed_id, rev, horizon, digests) VALUES ($1, $2, 0, 0, '{}')",
            values![id, hex::encode(feed_id)],
        )
        .await?;
    feed::mark(writing, id, 0).await?;
    create_platform_account(writing, id, "default").await
}

/// Makes a platform account.
pub(super) async fn create_platform_account(
    writing: &Writing<'_>,
    pool: &PoolId,
    name: &str,
) -> Result<(), StoreError> {
    let id = PlatformAccountId::new(writing.clock(), writing.entropy());
    let sql = "INSERT INTO platform_account (id, pool, name, created_at) VALUES ($1, $2, $3, $4)";
    writing
        .execute(sql, values![id, pool, name, writing.now()])
        .await?;
    Ok(())
}
