//! How often something was done lately, for limits that hold on every instance.

use super::{Reading, StoreError, Writing, engine::values};
use crate::account::Pace;
use yaopai_domain::PoolId;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Codes to a phone or address.
    CodeTo,
    /// Codes asked for by a client address.
    CodeFrom,
    /// Wrong passwords of an account.
    WrongPassword,
}

impl Action {
    const fn as_str(self) -> &'static str {
        match self {
            Self::CodeTo => "code.to",
            Self::CodeFrom => "code.from",
            Self::WrongPassword => "password.wrong",
        }
    }
}

/// What was done lately; `None` for nothing.
pub(super) async fn look(
    reading: &Reading<'_>,
    pool: &PoolId,
    action: Action,
    subject: &str,
) -> Result<Option<Pace>, StoreError> {
    let sql = "SELECT times, since, last_at FROM pace WHERE pool = $1 AND action = $2 AND subject = $3";
    let row = reading.row(sql, values![pool, action.as_str(), subject]).await?;
    let Some(row) = row else { return Ok(None) };
    let times = u32::try_from(row.integer("times")?).unwrap_or(u32::MAX);
    Ok((times > 0).then_some(Pace {
        times,
        since: row.moment("since")?,
        last: row.moment("last_at")?,
    }))
}

/// As [`look`], and keeps other transactions from looking the same way until this one ends.
pub(super) async fn hold(
    writing: &Writing<'_>,
    pool: &PoolId,
    action: Action,
    subject: &str,
) -> Result<Option<Pace>, StoreError> {
    let sql = "INSERT INTO pace (pool, action, subject, times, since, last_at) VALUES ($1, $2, $3, 0, $4, $4)
               ON CONFLICT (pool, action, subject) DO UPDATE SET times = pace.times";
    let now = writing.now();
    writing
        .execute(sql, values![pool, action.as_str(), subject, now])
        .await?;
    look(writing, pool, action, subject).await
}

/// Notes what was done.
pub(super) async fn keep(
    writing: &Writing<'_>,
    pool: &PoolId,
    action: Action,
    subject: &str,
    pace: Pace,
) -> Result<(), StoreError> {
    let sql = "UPDATE pace SET times = $1, since = $2, last_at = $3 WHERE pool = $4 AND action = $5 AND subject = $6";
    let values = values![pace.times, pace.since, pace.last, pool, action.as_str(), subject];
    writing.execute(sql, values).await?;
    Ok(())
}

/// Forgets what was done.
pub(super) async fn forget(
    writing: &Writing<'_>,
    pool: &PoolId,
    action: Action,
    subject: &str,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM pace WHERE pool = $1 AND action = $2 AND subject = $3";
    writing
        .execute(sql, values![pool, action.as_str(), subject])
        .await?;
    Ok(())
}
