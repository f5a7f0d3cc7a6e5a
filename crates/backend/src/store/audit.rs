//! The audit log.

use super::{
    Reading, Store, StoreError, Writing,
    engine::{Row, values},
    narrow::Question,
};
use serde_json::Value;
use yaopai_domain::{AuditEntry, PoolId, Timestamp};

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

/// Which entries somebody looks for; what is absent does not narrow.
#[derive(Debug, Clone, Default)]
pub(crate) struct AuditFilter {
    /// By this actor.
    pub(crate) actor: Option<String>,
    /// Of actions that begin so: `connection.`, `access_key.create`.
    pub(crate) action: Option<String>,
    /// To this target.
    pub(crate) target: Option<String>,
    /// Not before.
    pub(crate) since: Option<Timestamp>,
    /// Before.
    pub(crate) until: Option<Timestamp>,
    /// Only those that come behind this one.
    pub(crate) after: Option<(Timestamp, String)>,
}

impl Store {
    /// At most `limit` entries, newest first.
    pub(crate) async fn audit_entries(
        &self,
        pool: &PoolId,
        filter: AuditFilter,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        self.read((pool.clone(), filter, limit), |reading, (pool, filter, limit)| {
            Box::pin(entries(reading, pool, filter, *limit))
        })
        .await
    }
}

async fn entries(
    reading: &Reading<'_>,
    pool: &PoolId,
    filter: &AuditFilter,
    limit: u32,
) -> Result<Vec<AuditEntry>, StoreError> {
    let select = "SELECT id, actor, action, target, old, new, at FROM audit WHERE pool = $1";
    let mut question = Question::new(select, values![pool]);
    if let Some(actor) = &filter.actor {
        question.narrow("actor = ?", values![actor]);
    }
    if let Some(action) = &filter.action {
        // What begins with a text sorts from it up to it with the last character there is.
        question.narrow(
            "action >= ? AND action < ?",
            values![action, format!("{action}\u{10FFFF}")],
        );
    }
    if let Some(target) = &filter.target {
        question.narrow("target = ?", values![target]);
    }
    if let Some(since) = filter.since {
        question.narrow("at >= ?", values![since]);
    }
    if let Some(until) = filter.until {
        question.narrow("at < ?", values![until]);
    }
    if let Some((at, id)) = &filter.after {
        question.narrow("(at < ? OR (at = ? AND id < ?))", values![*at, *at, id]);
    }
    let (sql, values) = question.ordered("at DESC, id DESC", limit);
    let rows = reading.rows(&sql, values).await?;
    rows.iter().map(of_row).collect()
}

fn of_row(row: &Row) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        id: row.text("id")?,
        at: row.moment("at")?,
        actor: row.text("actor")?,
        action: row.text("action")?,
        target: row.text("target")?,
        old: row.json_or_null("old")?,
        new: row.json_or_null("new")?,
    })
}
