//! The names that the two log in by.

use super::record::Record;
use crate::store::{Alone, Reading, StoreError, engine::values};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use yaopai_domain::{MergeRequest, Side, UserId};

/// A name as it was before the merge.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Name {
    user_id: UserId,
    kind: String,
    value: String,
    since: i64,
}

/// Of each kind of name one stays: the kept user's, unless they have none or the other's was chosen. Answers every name
/// that either of them had.
pub(super) async fn unite(alone: &Alone<'_>, request: &MergeRequest) -> Result<Vec<Name>, StoreError> {
    let mut names = of_user(alone, request.kept).await?;
    names.extend(of_user(alone, request.removed).await?);
    let mut by_kind: BTreeMap<&str, (Option<&Name>, Option<&Name>)> = BTreeMap::new();
    for name in &names {
        let slot = by_kind.entry(&name.kind).or_default();
        if name.user_id == request.kept {
            slot.0 = Some(name);
        } else {
            slot.1 = Some(name);
        }
    }
    for (kind, (mine, theirs)) in by_kind {
        let chosen = request.choices.get(kind) == Some(&Side::Removed);
        let Some(theirs) = theirs.filter(|_| chosen || mine.is_none()) else {
            continue;
        };
        remove(alone, request.kept, kind).await?;
        let sql = "UPDATE login_name SET user_id = $1 WHERE pool = $2 AND kind = $3 AND value = $4";
        let values = values![request.kept, alone.pool(), kind, &theirs.value];
        alone.execute(sql, values).await?;
    }
    Ok(names)
}

async fn of_user(reading: &Reading<'_>, user: UserId) -> Result<Vec<Name>, StoreError> {
    let sql = "SELECT user_id, kind, value, since FROM login_name WHERE user_id = $1 ORDER BY kind";
    let rows = reading.rows(sql, values![user]).await?;
    rows.iter()
        .map(|row| {
            Ok(Name {
                user_id: row.parsed("user_id")?,
                kind: row.text("kind")?,
                value: row.text("value")?,
                since: row.integer("since")?,
            })
        })
        .collect()
}

async fn remove(alone: &Alone<'_>, user: UserId, kind: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM login_name WHERE pool = $1 AND user_id = $2 AND kind = $3";
    alone.execute(sql, values![alone.pool(), user, kind]).await?;
    Ok(())
}

/// Gives the removed user their names back, and the kept one those that the merge replaced and nobody has touched since.
pub(super) async fn restore(alone: &Alone<'_>, record: &Record, kept: UserId) -> Result<(), StoreError> {
    let (theirs, own): (Vec<&Name>, Vec<&Name>) = record
        .names
        .iter()
        .partition(|name| name.user_id == record.removed.id);
    let mut untouched = BTreeSet::new();
    for name in &theirs {
        let sql = "DELETE FROM login_name WHERE pool = $1 AND kind = $2 AND value = $3 AND user_id = $4";
        let values = values![alone.pool(), &name.kind, &name.value, kept];
        if alone.execute(sql, values).await? == 1 {
            untouched.insert(name.kind.as_str());
        }
    }
    let own = own
        .into_iter()
        .filter(|name| untouched.contains(name.kind.as_str()));
    for name in theirs.iter().copied().chain(own) {
        let sql = "INSERT INTO login_name (pool, kind, value, user_id, since) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT DO NOTHING";
        let values = values![alone.pool(), &name.kind, &name.value, name.user_id, name.since];
        alone.execute(sql, values).await?;
    }
    Ok(())
}
