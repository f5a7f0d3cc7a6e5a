//! What the two say of themselves beyond the profile.

use super::record::Record;
use crate::store::{Alone, StoreError, engine::values};
use serde::{Deserialize, Serialize};
use yaopai_domain::{MergeRequest, UserId};

/// A detail of the removed user.
#[derive(Serialize, Deserialize)]
pub(super) struct Detail {
    name: String,
    value: String,
    /// Whether the kept user took it over.
    moved: bool,
}

/// What the kept user has not said of themselves is taken from the other one.
pub(super) async fn unite(alone: &Alone<'_>, request: &MergeRequest) -> Result<Vec<Detail>, StoreError> {
    let sql = "SELECT name, value FROM user_detail WHERE user_id = $1 ORDER BY name";
    let mut details = Vec::new();
    for row in alone.rows(sql, values![request.removed]).await? {
        let name = row.text("name")?;
        let sql = "UPDATE user_detail SET user_id = $1 WHERE user_id = $2 AND name = $3 AND NOT EXISTS (
                SELECT 1 FROM user_detail d WHERE d.user_id = $4 AND d.name = $5)";
        let values = values![request.kept, request.removed, &name, request.kept, &name];
        details.push(Detail {
            value: row.text("value")?,
            moved: alone.execute(sql, values).await? == 1,
            name,
        });
    }
    Ok(details)
}

/// Gives the removed user their details back, and takes from the kept one those that moved and nobody has changed since.
pub(super) async fn restore(alone: &Alone<'_>, record: &Record, kept: UserId) -> Result<(), StoreError> {
    for detail in &record.details {
        if detail.moved {
            let sql = "DELETE FROM user_detail WHERE user_id = $1 AND name = $2 AND value = $3";
            alone
                .execute(sql, values![kept, &detail.name, &detail.value])
                .await?;
        }
        let sql = "INSERT INTO user_detail (pool, user_id, name, value) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING";
        let values = values![alone.pool(), record.removed.id, &detail.name, &detail.value];
        alone.execute(sql, values).await?;
    }
    Ok(())
}
