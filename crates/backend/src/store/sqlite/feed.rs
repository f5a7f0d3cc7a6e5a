//! The change feed: the only way by which a change of a synced entity becomes visible.

use super::Writing;
use crate::store::{NewHead, StoreError};
use rusqlite::{Transaction, params};
use std::collections::BTreeMap;
use yaopai_domain::{EntityKey, PoolId, Revision};

/// Gives each of the entities a revision and commits them to the feed. Call it after all other writes of the
/// transaction, or followed only by rows that wait for nobody (`field_rev`, `mut_result`, `audit`): the pool's head stays
/// locked until the transaction ends.
///
/// An entity whose row is gone becomes a tombstone.
pub(super) fn commit(
    writing: &mut Writing<'_>,
    pool: &PoolId,
    keys: &[EntityKey],
) -> Result<BTreeMap<EntityKey, Revision>, StoreError> {
    let mut revisions: BTreeMap<EntityKey, Revision> =
        keys.iter().map(|key| (*key, Revision::default())).collect();
    if revisions.is_empty() {
        return Ok(revisions);
    }
    let count = revisions.len() as i64;
    let tx = writing.tx();
    let head: i64 = tx
        .prepare_cached("UPDATE pool_head SET rev = rev + ?2 WHERE pool = ?1 RETURNING rev")?
        .query_row(params![pool.as_str(), count], |row| row.get(0))?;
    let mut put = tx.prepare_cached(
        "INSERT INTO feed (pool, etype, eid, rev, deleted) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (pool, etype, eid) DO UPDATE SET rev = excluded.rev, deleted = excluded.deleted",
    )?;
    for (rev, (key, revision)) in (head - count + 1..).zip(&mut revisions) {
        *revision = Revision(rev);
        let (etype, eid) = columns(*key);
        put.execute(params![pool.as_str(), etype, eid, rev, !exists(tx, *key)?])?;
    }
    mark(writing, pool, head)?;
    writing.heads.push(NewHead {
        pool: pool.clone(),
        head: Revision(head),
    });
    Ok(revisions)
}

/// Writes the random mark of a head.
pub(super) fn mark(writing: &Writing<'_>, pool: &PoolId, head: i64) -> Result<(), StoreError> {
    let mut random = [0; 8];
    writing.entropy().fill(&mut random);
    let mark = i64::from_le_bytes(random) & i64::MAX;
    writing
        .tx()
        .prepare_cached("INSERT INTO rev_mark (pool, rev, mark, at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![pool.as_str(), head, mark, writing.now().0])?;
    Ok(())
}

/// Type and id of an entity as its feed row holds them.
pub(super) fn columns(key: EntityKey) -> (&'static str, String) {
    match key {
        EntityKey::User(id) => ("user", id.to_string()),
        EntityKey::Identity(id) => ("identity", id.to_string()),
        EntityKey::Connection(id) => ("connection", id.to_string()),
    }
}

fn exists(tx: &Transaction<'_>, key: EntityKey) -> Result<bool, StoreError> {
    let (sql, id) = match key {
        EntityKey::User(id) => ("SELECT 1 FROM users WHERE id = ?1", id.to_string()),
        EntityKey::Identity(id) => ("SELECT 1 FROM identity WHERE id = ?1", id.to_string()),
        EntityKey::Connection(id) => ("SELECT 1 FROM connection WHERE id = ?1", id.to_string()),
    };
    Ok(tx.prepare_cached(sql)?.exists([id])?)
}
