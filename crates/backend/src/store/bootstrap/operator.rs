//! Operators.

use super::{Record, audited, fault::Fault, pool};
use crate::{
    bootstrap::OperatorEntry,
    store::{StoreError, Writing, engine::values},
};
use serde_json::json;
use yaopai_domain::OperatorId;

/// Makes an operator, or gives the one of that e-mail address this name and this role.
pub(super) async fn put(writing: &Writing<'_>, entry: &OperatorEntry) -> Result<(), Fault> {
    pool::known(writing, &entry.pool).await?;
    let sql = "SELECT name, role FROM operator WHERE pool = $1 AND email = $2";
    let old = writing.row(sql, values![&entry.pool, &entry.email]).await?;
    let old = old
        .map(|row| Ok::<_, StoreError>(json!({ "name": row.text("name")?, "role": row.text("role")? })))
        .transpose()?;
    let new = json!({ "name": entry.name, "role": entry.role });
    if old.as_ref() == Some(&new) {
        return Ok(());
    }
    let id = OperatorId::new(writing.clock(), writing.entropy());
    let sql = "INSERT INTO operator (id, pool, name, email, role, created_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (pool, email) DO UPDATE SET name = excluded.name, role = excluded.role";
    let values = values![
        id,
        &entry.pool,
        &entry.name,
        &entry.email,
        entry.role.as_str(),
        writing.now(),
    ];
    writing.execute(sql, values).await?;
    let record = Record {
        action: "operator.put",
        target: format!("operator:{}", entry.email),
        old,
        new: Some(new),
    };
    Ok(audited(writing, &entry.pool, record).await?)
}
