//! The change feed and the consoles' mutations in SQLite.

use super::{
    Sqlite, Writing,
    audit::{self, Entry},
    connections, feed,
    row::{Columns, from_json, to_json},
    users,
};
use crate::store::{Position, PullAnswer, PushAs, PushDecision, Reply, StoreError, SyncStore};
use rusqlite::{OptionalExtension, Transaction, params};
use serde_json::json;
use yaopai_domain::{
    Change, ClientId, Entity, EntityKey, FieldGroup, MetadataKey, MetadataValue, Mutation, MutationOutcome,
    Outcome, Patch, PoolId, PushAnswer, PushRejection, PushRequest, ResetReason, Revision, Timestamp, UserId,
};

/// A page ends with the change that reaches this: users may have up to 2 MiB of metadata each.
const PAGE_BYTES: usize = 2 * 1024 * 1024;

impl SyncStore for Sqlite {
    fn head(&self, pool: &PoolId) -> Reply<'_, Revision> {
        let pool = pool.clone();
        Box::pin(self.read(move |tx| Ok(head(tx, &pool)?.revision)))
    }

    fn pull(
        &self,
        pool: &PoolId,
        client: ClientId,
        from: Option<Position>,
        limit: u32,
    ) -> Reply<'_, PullAnswer> {
        let pool = pool.clone();
        Box::pin(self.read(move |tx| pull(tx, &pool, client, from.as_ref(), limit)))
    }

    fn push(&self, pool: &PoolId, by: PushAs, request: PushRequest) -> Reply<'_, PushDecision> {
        let pool = pool.clone();
        Box::pin(self.write(move |writing| push(writing, &pool, &by, &request)))
    }
}

struct Head {
    feed_id: String,
    revision: Revision,
    horizon: Revision,
    mark: i64,
}

fn head(tx: &Transaction<'_>, pool: &PoolId) -> Result<Head, StoreError> {
    tx.prepare_cached(
        "SELECT h.feed_id, h.rev, h.horizon, m.mark
         FROM pool_head h JOIN rev_mark m ON m.pool = h.pool AND m.rev = h.rev WHERE h.pool = ?1",
    )?
    .query_row([pool.as_str()], |row| {
        Ok(Head {
            feed_id: row.get(0)?,
            revision: Revision(row.get(1)?),
            horizon: Revision(row.get(2)?),
            mark: row.get(3)?,
        })
    })
    .optional()?
    .ok_or(StoreError::NotFound("pool"))
}

fn pull(
    tx: &Transaction<'_>,
    pool: &PoolId,
    client: ClientId,
    from: Option<&Position>,
    limit: u32,
) -> Result<PullAnswer, StoreError> {
    let head = head(tx, pool)?;
    if let Some(reason) = from.map_or(Ok(None), |from| reset_reason(tx, pool, &head, from))? {
        return Ok(PullAnswer::Reset(reason));
    }
    let after = from.map_or(Revision(0), |from| from.revision);
    // Without a cursor the console has nothing that a tombstone could delete.
    let rows: Vec<(i64, EntityKey, bool)> = tx
        .prepare_cached(
            "SELECT rev, etype, eid, deleted FROM feed
             WHERE pool = ?1 AND rev > ?2 AND (deleted = 0 OR ?3) ORDER BY rev LIMIT ?4",
        )?
        .query_and_then(
            params![pool.as_str(), after.0, from.is_some(), limit],
            |row| -> Result<_, StoreError> { Ok((row.get("rev")?, feed::key(row)?, row.get("deleted")?)) },
        )?
        .collect::<Result<_, _>>()?;

    let mut full = rows.len() == limit as usize;
    let mut changes: Vec<Change> = Vec::with_capacity(rows.len());
    let mut bytes = 0;
    for (rev, key, deleted) in rows {
        if bytes >= PAGE_BYTES {
            full = true;
            break;
        }
        let change = Change {
            revision: Revision(rev),
            key,
            entity: if deleted { None } else { entity(tx, pool, key)? },
        };
        bytes += to_json(&change)?.len();
        changes.push(change);
    }
    let last = changes.last().map_or(head.revision, |change| change.revision);
    let revision = if full { last } else { head.revision };
    Ok(PullAnswer::Page {
        changes,
        caught_up: revision == head.revision,
        position: Position {
            feed_id: head.feed_id,
            revision,
            seen: head.revision,
            mark: head.mark,
        },
        last_seq: last_seq(tx, pool, client)?,
    })
}

/// Why this history is not the console's; `None` if it is.
///
/// The mark is asked of the highest head the console has seen, not of where it stands: commits lost behind that head
/// may have moved entities that the console was told are further on.
fn reset_reason(
    tx: &Transaction<'_>,
    pool: &PoolId,
    head: &Head,
    from: &Position,
) -> Result<Option<ResetReason>, StoreError> {
    if from.feed_id != head.feed_id {
        return Ok(Some(ResetReason::OtherFeed));
    }
    let mark: Option<i64> = tx
        .prepare_cached("SELECT mark FROM rev_mark WHERE pool = ?1 AND rev = ?2")?
        .query_row(params![pool.as_str(), from.seen.0], |row| row.get(0))
        .optional()?;
    // Below the horizon the history is not whole: what is missing there, a mark too, says nothing about a lost tail.
    if from.revision < head.horizon {
        return Ok(Some(ResetReason::HorizonPassed));
    }
    Ok((from.seen > head.revision || mark != Some(from.mark)).then_some(ResetReason::LostTail))
}

fn entity(tx: &Transaction<'_>, pool: &PoolId, key: EntityKey) -> Result<Option<Entity>, StoreError> {
    Ok(match key {
        EntityKey::User(id) => users::load(tx, pool, id)?.map(|user| Entity::User(Box::new(user))),
        EntityKey::Identity(id) => {
            users::load_identity(tx, pool, id)?.map(|identity| Entity::Identity(Box::new(identity)))
        }
        EntityKey::Connection(id) => {
            connections::load(tx, pool, id)?.map(|connection| Entity::Connection(Box::new(connection)))
        }
    })
}

fn last_seq(tx: &Transaction<'_>, pool: &PoolId, client: ClientId) -> Result<u64, StoreError> {
    let seq: Option<i64> = tx
        .prepare_cached("SELECT last_seq FROM client WHERE pool = ?1 AND client_id = ?2")?
        .query_row(params![pool.as_str(), client.to_string()], |row| row.get(0))
        .optional()?;
    Ok(seq.unwrap_or(0).cast_unsigned())
}

/// What a mutation becomes, before the feed has given it a revision.
enum Decided {
    Stored(Outcome),
    Final(Outcome),
    Applied,
}

fn push(
    writing: &mut Writing<'_>,
    pool: &PoolId,
    by: &PushAs,
    request: &PushRequest,
) -> Result<PushDecision, StoreError> {
    let tx = writing.tx();
    let client = request.client_id;
    let known = last_seq(tx, pool, client)?;
    if request
        .mutations
        .first()
        .is_some_and(|first| first.seq > known + 1)
    {
        return Ok(PushDecision::Gap { last_seq: known });
    }

    let mut decided = Vec::with_capacity(request.mutations.len());
    for mutation in &request.mutations {
        let one = if mutation.seq <= known {
            match stored(tx, pool, client, mutation)? {
                Some(outcome) => Decided::Stored(outcome),
                None => return Ok(PushDecision::Fork { seq: mutation.seq }),
            }
        } else {
            decide(writing, pool, by, &mutation.patch)?
        };
        decided.push((mutation, one));
    }

    let touched: Vec<EntityKey> = decided
        .iter()
        .filter(|(_, one)| matches!(one, Decided::Applied))
        .map(|(mutation, _)| EntityKey::User(mutation.patch.user_id))
        .collect();
    let revisions = feed::commit(writing, pool, &touched)?;

    let last_seq = request
        .mutations
        .last()
        .map_or(known, |mutation| known.max(mutation.seq));
    advance(writing, pool, client, last_seq)?;
    let mut outcomes = Vec::with_capacity(decided.len());
    for (mutation, one) in decided {
        let (new, outcome) = match one {
            Decided::Stored(outcome) => (false, outcome),
            Decided::Final(outcome) => (true, outcome),
            Decided::Applied => {
                let key = EntityKey::User(mutation.patch.user_id);
                let revision = revisions.get(&key).copied().unwrap_or_default();
                changed_by(writing, pool, by, &mutation.patch, revision)?;
                (true, Outcome::Applied { revision })
            }
        };
        if new {
            record(writing, pool, client, mutation, &outcome)?;
        }
        outcomes.push(MutationOutcome {
            seq: mutation.seq,
            id: mutation.id,
            outcome,
        });
    }
    Ok(PushDecision::Answered(PushAnswer { last_seq, outcomes }))
}

/// The stored outcome of a mutation that was decided before; `None` if another one was decided in its place.
fn stored(
    tx: &Transaction<'_>,
    pool: &PoolId,
    client: ClientId,
    mutation: &Mutation,
) -> Result<Option<Outcome>, StoreError> {
    tx.prepare_cached(
        "SELECT outcome FROM mut_result WHERE pool = ?1 AND client_id = ?2 AND seq = ?3 AND mutation_id = ?4",
    )?
    .query_and_then(
        params![
            pool.as_str(),
            client.to_string(),
            mutation.seq.cast_signed(),
            mutation.id.to_string()
        ],
        |row| row.json("outcome"),
    )?
    .next()
    .transpose()
}

/// Decides one mutation against the value as it is now, and writes the new value if it applies.
fn decide(writing: &Writing<'_>, pool: &PoolId, by: &PushAs, patch: &Patch) -> Result<Decided, StoreError> {
    let rejected = |rejection| Ok(Decided::Final(Outcome::Rejected { rejection }));
    if !by.may_edit {
        return rejected(PushRejection::Forbidden);
    }
    let tx = writing.tx();
    let user = tx
        .prepare_cached("SELECT 1 FROM users WHERE pool = ?1 AND id = ?2")?
        .exists(params![pool.as_str(), patch.user_id.to_string()])?;
    if !user {
        return rejected(PushRejection::UserGone);
    }
    let FieldGroup::Metadata(key) = &patch.field;
    let current = metadata_value(tx, patch.user_id, key)?;
    if current == patch.new {
        return Ok(Decided::Final(Outcome::Noop));
    }
    if current != patch.base {
        let (actor, at) = last_change(tx, pool, patch)?;
        return Ok(Decided::Final(Outcome::Conflict {
            theirs: current,
            actor,
            at,
        }));
    }
    if current.is_none() && metadata_full(tx, patch.user_id)? {
        return rejected(PushRejection::TooManyKeys);
    }
    put_metadata(tx, patch.user_id, key, patch.new.as_ref())?;
    tx.prepare_cached("UPDATE users SET updated_at = ?2 WHERE id = ?1")?
        .execute(params![patch.user_id.to_string(), writing.now().0])?;
    Ok(Decided::Applied)
}

fn metadata_value(
    tx: &Transaction<'_>,
    user: UserId,
    key: &MetadataKey,
) -> Result<Option<MetadataValue>, StoreError> {
    let text: Option<String> = tx
        .prepare_cached("SELECT value FROM user_metadata WHERE user_id = ?1 AND key = ?2")?
        .query_row(params![user.to_string(), key.as_str()], |row| row.get(0))
        .optional()?;
    text.map(|text| from_json("value", &text)).transpose()
}

fn metadata_full(tx: &Transaction<'_>, user: UserId) -> Result<bool, StoreError> {
    let keys: i64 = tx
        .prepare_cached("SELECT count(*) FROM user_metadata WHERE user_id = ?1")?
        .query_row([user.to_string()], |row| row.get(0))?;
    Ok(keys >= MetadataKey::MAX_PER_USER as i64)
}

/// Sets or removes one key. The caller commits the user to the feed and writes [`changed`] with its revision.
pub(super) fn put_metadata(
    tx: &Transaction<'_>,
    user: UserId,
    key: &MetadataKey,
    value: Option<&MetadataValue>,
) -> Result<(), StoreError> {
    match value {
        Some(value) => tx
            .prepare_cached(
                "INSERT INTO user_metadata (user_id, key, value) VALUES (?1, ?2, ?3)
                 ON CONFLICT (user_id, key) DO UPDATE SET value = excluded.value",
            )?
            .execute(params![user.to_string(), key.as_str(), to_json(value)?])?,
        None => tx
            .prepare_cached("DELETE FROM user_metadata WHERE user_id = ?1 AND key = ?2")?
            .execute(params![user.to_string(), key.as_str()])?,
    };
    Ok(())
}

fn last_change(
    tx: &Transaction<'_>,
    pool: &PoolId,
    patch: &Patch,
) -> Result<(Option<String>, Option<Timestamp>), StoreError> {
    let found = tx
        .prepare_cached(
            "SELECT actor, at FROM field_rev WHERE pool = ?1 AND etype = 'user' AND eid = ?2 AND fgroup = ?3",
        )?
        .query_row(
            params![pool.as_str(), patch.user_id.to_string(), patch.field.to_string()],
            |row| Ok((row.get(0)?, Some(Timestamp(row.get(1)?)))),
        )
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Writes down who changed a field group of a user, and at which revision.
pub(super) fn changed(
    writing: &Writing<'_>,
    pool: &PoolId,
    actor: &str,
    user: UserId,
    field: &FieldGroup,
    revision: Revision,
) -> Result<(), StoreError> {
    writing
        .tx()
        .prepare_cached(
            "INSERT INTO field_rev (pool, etype, eid, fgroup, rev, actor, at) VALUES (?1, 'user', ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (pool, etype, eid, fgroup)
             DO UPDATE SET rev = excluded.rev, actor = excluded.actor, at = excluded.at",
        )?
        .execute(params![
            pool.as_str(),
            user.to_string(),
            field.to_string(),
            revision.0,
            actor,
            writing.now().0
        ])?;
    Ok(())
}

fn changed_by(
    writing: &Writing<'_>,
    pool: &PoolId,
    by: &PushAs,
    patch: &Patch,
    revision: Revision,
) -> Result<(), StoreError> {
    changed(writing, pool, &by.actor, patch.user_id, &patch.field, revision)?;
    // A JSON null is a value; an absent field is absent here too.
    let value = |value: &Option<MetadataValue>| {
        value
            .as_ref()
            .map(|value| json!({ patch.field.to_string(): value }))
    };
    let entry = Entry {
        actor: &by.actor,
        action: "user.patch",
        target: format!("user:{}", patch.user_id),
        old: value(&patch.base),
        new: value(&patch.new),
    };
    audit::write(writing, pool, entry)
}

fn advance(writing: &Writing<'_>, pool: &PoolId, client: ClientId, last_seq: u64) -> Result<(), StoreError> {
    writing
        .tx()
        .prepare_cached(
            "INSERT INTO client (pool, client_id, last_seq) VALUES (?1, ?2, ?3)
             ON CONFLICT (pool, client_id) DO UPDATE SET last_seq = excluded.last_seq",
        )?
        .execute(params![pool.as_str(), client.to_string(), last_seq.cast_signed()])?;
    Ok(())
}

fn record(
    writing: &Writing<'_>,
    pool: &PoolId,
    client: ClientId,
    mutation: &Mutation,
    outcome: &Outcome,
) -> Result<(), StoreError> {
    writing
        .tx()
        .prepare_cached(
            "INSERT INTO mut_result (pool, client_id, seq, mutation_id, outcome, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            pool.as_str(),
            client.to_string(),
            mutation.seq.cast_signed(),
            mutation.id.to_string(),
            to_json(outcome)?,
            writing.now().0
        ])?;
    Ok(())
}
