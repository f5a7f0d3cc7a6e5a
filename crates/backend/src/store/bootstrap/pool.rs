//! Pools.

use super::{
    Record, audited,
    fault::{Fault, at},
};
use crate::{
    bootstrap::PoolEntry,
    store::{Reading, Writing, engine::values, pools},
};
use serde_json::json;
use yaopai_domain::PoolId;

/// Makes a pool, or gives the one of that id this name.
pub(super) async fn put(writing: &Writing<'_>, entry: &PoolEntry) -> Result<(), Fault> {
    if entry.name.trim().is_empty() {
        return Err(at("name", "a pool needs a name"));
    }
    let old = pools::load(writing, &entry.id).await?;
    match &old {
        None => pools::create(writing, &entry.id, &entry.name).await?,
        Some(old) if old.name == entry.name => return Ok(()),
        Some(_) => {
            let sql = "UPDATE pool SET name = $2 WHERE id = $1";
            writing.execute(sql, values![&entry.id, &entry.name]).await?;
        }
    }
    let name = |name: &str| json!({ "name": name });
    let record = Record {
        action: "pool.put",
        target: format!("pool:{}", entry.id),
        old: old.map(|old| name(&old.name)),
        new: Some(name(&entry.name)),
    };
    Ok(audited(writing, &entry.id, record).await?)
}

/// Refuses an entry whose pool is not there.
pub(super) async fn known(reading: &Reading<'_>, id: &PoolId) -> Result<(), Fault> {
    match pools::load(reading, id).await? {
        Some(_) => Ok(()),
        None => Err(at("pool", "there is no such pool")),
    }
}
