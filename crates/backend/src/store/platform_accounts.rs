//! Platform accounts.

use super::{
    Alone, Reading, Store, StoreError, Unique, Writing,
    audit::{self, Entry},
    engine::{Row, values},
};
use serde_json::json;
use yaopai_domain::{PlatformAccount, PlatformAccountId, PoolId};

impl Store {
    /// The platform accounts of a pool, oldest first.
    pub(crate) async fn platform_accounts(&self, pool: &PoolId) -> Result<Vec<PlatformAccount>, StoreError> {
        self.read(pool.clone(), |reading, pool| Box::pin(all(reading, pool)))
            .await
    }

    /// Adds a platform account.
    pub(crate) async fn create_platform_account(
        &self,
        pool: &PoolId,
        actor: &str,
        name: String,
    ) -> Result<PlatformAccount, StoreError> {
        let data = (pool.clone(), actor.to_owned(), name);
        self.write(data, |writing, (pool, actor, name)| {
            Box::pin(create(writing, pool, actor, name))
        })
        .await
    }

    /// Renames a platform account.
    pub(crate) async fn rename_platform_account(
        &self,
        pool: &PoolId,
        actor: &str,
        id: PlatformAccountId,
        name: String,
    ) -> Result<PlatformAccount, StoreError> {
        let data = (pool.clone(), actor.to_owned(), id, name);
        self.write(data, |writing, (pool, actor, id, name)| {
            Box::pin(rename(writing, pool, actor, *id, name))
        })
        .await
    }
}

async fn all(reading: &Reading<'_>, pool: &PoolId) -> Result<Vec<PlatformAccount>, StoreError> {
    let sql = "SELECT id, name, created_at FROM platform_account WHERE pool = $1 ORDER BY created_at, id";
    let rows = reading.rows(sql, values![pool]).await?;
    rows.iter().map(of_row).collect()
}

fn of_row(row: &Row) -> Result<PlatformAccount, StoreError> {
    Ok(PlatformAccount {
        id: row.parsed("id")?,
        name: row.text("name")?,
        created_at: row.moment("created_at")?,
    })
}

async fn check_name_is_free(
    alone: &Alone<'_>,
    name: &str,
    whose: Option<PlatformAccountId>,
) -> Result<(), StoreError> {
    let sql = "SELECT id FROM platform_account WHERE pool = $1 AND name = $2";
    match alone.row(sql, values![alone.pool(), name]).await? {
        Some(row) if Some(row.parsed("id")?) != whose => Err(StoreError::Taken(Unique::Name)),
        _ => Ok(()),
    }
}

async fn create(
    writing: &Writing<'_>,
    pool: &PoolId,
    actor: &str,
    name: &str,
) -> Result<PlatformAccount, StoreError> {
    let alone = writing.alone(pool).await?;
    check_name_is_free(&alone, name, None).await?;
    let account = PlatformAccount {
        id: PlatformAccountId::new(alone.clock(), alone.entropy()),
        name: name.to_owned(),
        created_at: alone.now(),
    };
    let sql = "INSERT INTO platform_account (id, pool, name, created_at) VALUES ($1, $2, $3, $4)";
    let values = values![account.id, pool, name, account.created_at];
    alone.execute(sql, values).await?;
    let entry = Entry {
        actor,
        action: "platform_account.create",
        target: format!("platform_account:{}", account.id),
        old: None,
        new: Some(json!({ "name": name })),
    };
    audit::write(&alone, pool, entry).await?;
    Ok(account)
}

async fn rename(
    writing: &Writing<'_>,
    pool: &PoolId,
    actor: &str,
    id: PlatformAccountId,
    name: &str,
) -> Result<PlatformAccount, StoreError> {
    let alone = writing.alone(pool).await?;
    let sql = "SELECT id, name, created_at FROM platform_account WHERE pool = $1 AND id = $2";
    let row = alone.row(sql, values![pool, id]).await?;
    let old = of_row(&row.ok_or(StoreError::NotFound("platform account"))?)?;
    check_name_is_free(&alone, name, Some(id)).await?;
    let sql = "UPDATE platform_account SET name = $1 WHERE pool = $2 AND id = $3";
    alone.execute(sql, values![name, pool, id]).await?;
    let entry = Entry {
        actor,
        action: "platform_account.rename",
        target: format!("platform_account:{id}"),
        old: Some(json!({ "name": old.name })),
        new: Some(json!({ "name": name })),
    };
    audit::write(&alone, pool, entry).await?;
    Ok(PlatformAccount {
        name: name.to_owned(),
        ..old
    })
}
