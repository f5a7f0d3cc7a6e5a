//! Pools.

use super::{
    Reading, Store, StoreError, Writing,
    audit::{self, Entry},
    engine::values,
    feed,
};
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

    /// Gives every pool's feed a new id, and notes it in the audit log: whoever knows something of an earlier history loads
    /// everything again. Answers how many pools there are.
    pub(crate) async fn renew_feeds(&self) -> Result<usize, StoreError> {
        self.write((), |writing, ()| Box::pin(renew_feeds(writing))).await
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
    writing
        .execute(
            "INSERT INTO pool (id, name, created_at) VALUES ($1, $2, $3)",
            values![id, name, writing.now()],
        )
        .await?;
    writing
        .execute(
            "INSERT INTO pool_head (pool, feed_id, rev, horizon, digests) VALUES ($1, $2, 0, 0, '{}')",
            values![id, new_feed_id(writing)],
        )
        .await?;
    feed::mark(writing, id, 0).await?;
    create_platform_account(writing, id, "default").await
}

async fn renew_feeds(writing: &Writing<'_>) -> Result<usize, StoreError> {
    let pools = writing.rows("SELECT id FROM pool", values![]).await?;
    for row in &pools {
        let pool: PoolId = row.parsed("id")?;
        let sql = "UPDATE pool_head SET feed_id = $2 WHERE pool = $1";
        let values = values![&pool, new_feed_id(writing)];
        writing.execute(sql, values).await?;
        let entry = Entry {
            actor: "yaopai-server",
            action: "pool.restored",
            target: format!("pool:{pool}"),
            old: None,
            new: None,
        };
        audit::write(writing, &pool, entry).await?;
    }
    Ok(pools.len())
}

/// Names a history that nobody has seen yet.
fn new_feed_id(writing: &Writing<'_>) -> String {
    let mut id = [0; 16];
    writing.entropy().fill(&mut id);
    hex::encode(id)
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
