//! Accounts on WeChat's platforms.

use super::{Record, audited, fault::Fault, pool};
use crate::{
    bootstrap::PlatformAccountEntry,
    store::{Reading, StoreError, Writing, engine::values, pools},
};
use serde_json::json;
use yaopai_domain::{PlatformAccountId, PoolId};

/// Makes an account on WeChat's platforms, unless the pool has one of that name.
pub(super) async fn put(writing: &Writing<'_>, entry: &PlatformAccountEntry) -> Result<(), Fault> {
    pool::known(writing, &entry.pool).await?;
    if named(writing, &entry.pool, &entry.name).await?.is_some() {
        return Ok(());
    }
    pools::create_platform_account(writing, &entry.pool, &entry.name).await?;
    let record = Record {
        action: "platform_account.create",
        target: format!("platform_account:{}", entry.name),
        old: None,
        new: Some(json!({ "name": entry.name })),
    };
    Ok(audited(writing, &entry.pool, record).await?)
}

/// The account of this name.
pub(super) async fn named(
    reading: &Reading<'_>,
    pool: &PoolId,
    name: &str,
) -> Result<Option<PlatformAccountId>, StoreError> {
    let sql = "SELECT id FROM platform_account WHERE pool = $1 AND name = $2";
    let found = reading.row(sql, values![pool, name]).await?;
    found.map(|row| row.parsed("id")).transpose()
}
