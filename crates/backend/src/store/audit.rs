//! The audit log.

use super::{StoreError, Writing, engine::values};
use serde_json::Value;
use yaopai_domain::PoolId;

/// One change by an operator.
pub(super) struct Entry<'a> {
    /// Who: name of an access key, or of the bootstrap.
    pub(super) actor: &'a str,
    /// What was done: `connection.create`, `user.patch`, …
    pub(super) action: &'a str,
    /// To what: `connection:<id>`, `user:<id>`, …
    pub(super) target: String,
    /// How it was; secrets as fingerprints.
    pub(super) old: Option<Value>,
    /// How it is now.
    pub(super) new: Option<Value>,
}

/// Writes an entry, in the transaction of the change itself.
pub(super) async fn write(writing: &Writing<'_>, pool: &PoolId, entry: Entry<'_>) -> Result<(), StoreError> {
    let mut random = [0; 16];
    writing.entropy().fill(&mut random);
    let sql = "INSERT INTO audit (id, pool, actor, action, target, old, new, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = values![
        hex::encode(random),
        pool,
        entry.actor,
        entry.action,
        entry.target,
        entry.old.map(|value| value.to_string()),
        entry.new.map(|value| value.to_string()),
        writing.now(),
    ];
    writing.execute(sql, values).await?;
    Ok(())
}
