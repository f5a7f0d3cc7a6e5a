//! The change feed as consoles pull it, and the mutations they push.

use super::{
    Alone, Reading, Store, StoreError, Writing,
    audit::{self, Entry},
    connections,
    engine::{to_json, values},
    feed, users,
};
use serde_json::json;
use yaopai_domain::{
    Change, ClientId, Entity, EntityKey, FieldGroup, MetadataKey, MetadataValue, Mutation, MutationOutcome,
    Outcome, Patch, PoolId, PushAnswer, PushRejection, PushRequest, ResetReason, Revision, Timestamp, UserId,
};

/// A page ends with the change that reaches this: users may have up to 2 MiB of metadata each.
const PAGE_BYTES: usize = 2 * 1024 * 1024;

/// Where a console stands in the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Position {
    /// Which history.
    pub(crate) feed_id: String,
    /// Everything up to here was seen.
    pub(crate) revision: Revision,
    /// The highest head any page was read at.
    pub(crate) seen: Revision,
    /// The mark of that head.
    pub(crate) mark: i64,
}

/// What a pull finds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PullAnswer {
    /// A page.
    Page {
        /// Changes in the order of their revisions.
        changes: Vec<Change>,
        /// Where the page ends.
        position: Position,
        /// Whether there is nothing more for now.
        caught_up: bool,
        /// The client's last mutation that these changes include.
        last_seq: u64,
    },
    /// The console's history is not the pool's.
    Reset(ResetReason),
}

/// Who pushes.
#[derive(Debug, Clone)]
pub(crate) struct PushAs {
    /// The name that goes into the audit log.
    pub(crate) actor: String,
    /// Whether the role may edit users.
    pub(crate) may_edit: bool,
}

/// What becomes of a push as a whole.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PushDecision {
    /// Every mutation has an outcome.
    Answered(PushAnswer),
    /// A sequence number was skipped; nothing was written.
    Gap {
        /// The last one decided.
        last_seq: u64,
    },
    /// Another mutation was decided under this sequence number; nothing was written.
    Fork {
        /// The number.
        seq: u64,
    },
}

impl Store {
    /// The pool's head.
    pub(crate) async fn head(&self, pool: &PoolId) -> Result<Revision, StoreError> {
        let head = self.read(pool.clone(), |reading, pool| Box::pin(head(reading, pool)));
        Ok(head.await?.revision)
    }

    /// A page of at most `limit` changes and little more than 2 MiB behind `from` (absent: from the beginning), and what
    /// it needs, all of one snapshot.
    pub(crate) async fn pull(
        &self,
        pool: &PoolId,
        client: ClientId,
        from: Option<Position>,
        limit: u32,
    ) -> Result<PullAnswer, StoreError> {
        self.read(
            (pool.clone(), client, from, limit),
            |reading, (pool, client, from, limit)| {
                Box::pin(pull(reading, pool, *client, from.as_ref(), *limit))
            },
        )
        .await
    }

    /// Decides mutations in order; each is applied at most once, however often it is pushed.
    pub(crate) async fn push(
        &self,
        pool: &PoolId,
        by: PushAs,
        request: PushRequest,
    ) -> Result<PushDecision, StoreError> {
        self.write((pool.clone(), by, request), |writing, (pool, by, request)| {
            Box::pin(push(writing, pool, by, request))
        })
        .await
    }
}

struct Head {
    feed_id: String,
    revision: Revision,
    horizon: Revision,
    mark: i64,
}

async fn head(reading: &Reading<'_>, pool: &PoolId) -> Result<Head, StoreError> {
    let sql = "SELECT h.feed_id, h.rev, h.horizon, m.mark
        FROM pool_head h JOIN rev_mark m ON m.pool = h.pool AND m.rev = h.rev WHERE h.pool = $1";
    let row = reading
        .row(sql, values![pool])
        .await?
        .ok_or(StoreError::NotFound("pool"))?;
    Ok(Head {
        feed_id: row.text("feed_id")?,
        revision: Revision(row.integer("rev")?),
        horizon: Revision(row.integer("horizon")?),
        mark: row.integer("mark")?,
    })
}

async fn pull(
    reading: &Reading<'_>,
    pool: &PoolId,
    client: ClientId,
    from: Option<&Position>,
    limit: u32,
) -> Result<PullAnswer, StoreError> {
    let head = head(reading, pool).await?;
    if let Some(from) = from
        && let Some(reason) = reset_reason(reading, pool, &head, from).await?
    {
        return Ok(PullAnswer::Reset(reason));
    }
    let after = from.map_or(Revision(0), |from| from.revision);
    // Without a cursor the console has nothing that a tombstone could delete.
    let tombstones = from.is_some();
    let sql = "SELECT rev, etype, eid, deleted FROM feed
        WHERE pool = $1 AND rev > $2 AND deleted <= $3 ORDER BY rev LIMIT $4";
    let rows = reading.rows(sql, values![pool, after, tombstones, limit]).await?;

    let mut full = rows.len() == limit as usize;
    let mut changes: Vec<Change> = Vec::with_capacity(rows.len());
    let mut bytes = 0;
    for row in rows {
        if bytes >= PAGE_BYTES {
            full = true;
            break;
        }
        let key = feed::key(&row)?;
        let change = Change {
            revision: Revision(row.integer("rev")?),
            key,
            entity: if row.flag("deleted")? {
                None
            } else {
                entity(reading, pool, key).await?
            },
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
        last_seq: last_seq(reading, pool, client).await?,
    })
}

/// Why this history is not the console's; `None` if it is.
///
/// The mark is asked of the highest head the console has seen, not of where it stands: commits lost behind that head
/// may have moved entities that the console was told are further on.
async fn reset_reason(
    reading: &Reading<'_>,
    pool: &PoolId,
    head: &Head,
    from: &Position,
) -> Result<Option<ResetReason>, StoreError> {
    if from.feed_id != head.feed_id {
        return Ok(Some(ResetReason::OtherFeed));
    }
    // Below the horizon the history is not whole: what is missing there, a mark too, says nothing about a lost tail.
    if from.revision < head.horizon {
        return Ok(Some(ResetReason::HorizonPassed));
    }
    let sql = "SELECT mark FROM rev_mark WHERE pool = $1 AND rev = $2";
    let mark = reading.row(sql, values![pool, from.seen]).await?;
    let mark = mark.map(|row| row.integer("mark")).transpose()?;
    Ok((from.seen > head.revision || mark != Some(from.mark)).then_some(ResetReason::LostTail))
}

async fn entity(reading: &Reading<'_>, pool: &PoolId, key: EntityKey) -> Result<Option<Entity>, StoreError> {
    Ok(match key {
        EntityKey::User(id) => users::load(reading, pool, id)
            .await?
            .map(|user| Entity::User(Box::new(user))),
        EntityKey::Identity(id) => users::load_identity(reading, pool, id)
            .await?
            .map(|identity| Entity::Identity(Box::new(identity))),
        EntityKey::Connection(id) => connections::load(reading, pool, id)
            .await?
            .map(|connection| Entity::Connection(Box::new(connection))),
    })
}

async fn last_seq(reading: &Reading<'_>, pool: &PoolId, client: ClientId) -> Result<u64, StoreError> {
    let sql = "SELECT last_seq FROM client WHERE pool = $1 AND client_id = $2";
    let found = reading.row(sql, values![pool, client]).await?;
    let seq = found.map(|row| row.integer("last_seq")).transpose()?;
    Ok(seq.unwrap_or(0).cast_unsigned())
}

/// What a mutation becomes, before the feed has given it a revision.
enum Decided {
    Stored(Outcome),
    Final(Outcome),
    Applied,
}

async fn push(
    writing: &Writing<'_>,
    pool: &PoolId,
    by: &PushAs,
    request: &PushRequest,
) -> Result<PushDecision, StoreError> {
    let alone = writing.alone(pool).await?;
    let client = request.client_id;
    let known = last_seq(&alone, pool, client).await?;
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
            match stored(&alone, pool, client, mutation).await? {
                Some(outcome) => Decided::Stored(outcome),
                None => return Ok(PushDecision::Fork { seq: mutation.seq }),
            }
        } else {
            decide(&alone, by, &mutation.patch).await?
        };
        decided.push((mutation, one));
    }

    let touched: Vec<EntityKey> = decided
        .iter()
        .filter(|(_, one)| matches!(one, Decided::Applied))
        .map(|(mutation, _)| EntityKey::User(mutation.patch.user_id))
        .collect();
    let revisions = feed::commit(&alone, &touched).await?;

    let last_seq = request
        .mutations
        .last()
        .map_or(known, |mutation| known.max(mutation.seq));
    advance(&alone, client, last_seq).await?;
    let mut outcomes = Vec::with_capacity(decided.len());
    for (mutation, one) in decided {
        let (new, outcome) = match one {
            Decided::Stored(outcome) => (false, outcome),
            Decided::Final(outcome) => (true, outcome),
            Decided::Applied => {
                let key = EntityKey::User(mutation.patch.user_id);
                let revision = revisions.get(&key).copied().unwrap_or_default();
                changed_by(&alone, by, &mutation.patch, revision).await?;
                (true, Outcome::Applied { revision })
            }
        };
        if new {
            record(&alone, client, mutation, &outcome).await?;
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
async fn stored(
    reading: &Reading<'_>,
    pool: &PoolId,
    client: ClientId,
    mutation: &Mutation,
) -> Result<Option<Outcome>, StoreError> {
    let sql =
        "SELECT outcome FROM mut_result WHERE pool = $1 AND client_id = $2 AND seq = $3 AND mutation_id = $4";
    let values = values![pool, client, mutation.seq.cast_signed(), mutation.id];
    let found = reading.row(sql, values).await?;
    found.map(|row| row.json("outcome")).transpose()
}

/// Decides one mutation against the value as it is now, and writes the new value if it applies.
async fn decide(alone: &Alone<'_>, by: &PushAs, patch: &Patch) -> Result<Decided, StoreError> {
    let rejected = |rejection| Ok(Decided::Final(Outcome::Rejected { rejection }));
    if !by.may_edit {
        return rejected(PushRejection::Forbidden);
    }
    let user = "SELECT id FROM users WHERE pool = $1 AND id = $2";
    if !alone.any(user, values![alone.pool(), patch.user_id]).await? {
        return rejected(PushRejection::UserGone);
    }
    let FieldGroup::Metadata(key) = &patch.field;
    let current = metadata_value(alone, patch.user_id, key).await?;
    if current == patch.new {
        return Ok(Decided::Final(Outcome::Noop));
    }
    if current != patch.base {
        let (actor, at) = last_change(alone, alone.pool(), patch).await?;
        return Ok(Decided::Final(Outcome::Conflict {
            theirs: current,
            actor,
            at,
        }));
    }
    if current.is_none() && metadata_full(alone, patch.user_id).await? {
        return rejected(PushRejection::TooManyKeys);
    }
    put_metadata(alone, patch.user_id, key, patch.new.as_ref()).await?;
    let touch = "UPDATE users SET updated_at = $2 WHERE id = $1";
    alone.execute(touch, values![patch.user_id, alone.now()]).await?;
    Ok(Decided::Applied)
}

async fn metadata_value(
    reading: &Reading<'_>,
    user: UserId,
    key: &MetadataKey,
) -> Result<Option<MetadataValue>, StoreError> {
    let sql = "SELECT value FROM user_metadata WHERE user_id = $1 AND key = $2";
    let found = reading.row(sql, values![user, key.as_str()]).await?;
    found.map(|row| row.json("value")).transpose()
}

async fn metadata_full(reading: &Reading<'_>, user: UserId) -> Result<bool, StoreError> {
    let sql = "SELECT count(*) AS keys FROM user_metadata WHERE user_id = $1";
    let found = reading.row(sql, values![user]).await?;
    let keys = found.map_or(Ok(0), |row| row.integer("keys"))?;
    Ok(keys >= MetadataKey::MAX_PER_USER as i64)
}

/// Sets or removes one key. The caller commits the user to the feed and writes [`changed`] with its revision.
pub(super) async fn put_metadata(
    alone: &Alone<'_>,
    user: UserId,
    key: &MetadataKey,
    value: Option<&MetadataValue>,
) -> Result<(), StoreError> {
    if let Some(value) = value {
        let sql = "INSERT INTO user_metadata (user_id, key, value) VALUES ($1, $2, $3)
                ON CONFLICT (user_id, key) DO UPDATE SET value = excluded.value";
        alone
            .execute(sql, values![user, key.as_str(), to_json(value)?])
            .await?;
    } else {
        let sql = "DELETE FROM user_metadata WHERE user_id = $1 AND key = $2";
        alone.execute(sql, values![user, key.as_str()]).await?;
    }
    Ok(())
}

async fn last_change(
    reading: &Reading<'_>,
    pool: &PoolId,
    patch: &Patch,
) -> Result<(Option<String>, Option<Timestamp>), StoreError> {
    let sql =
        "SELECT actor, at FROM field_rev WHERE pool = $1 AND etype = 'user' AND eid = $2 AND fgroup = $3";
    let values = values![pool, patch.user_id, patch.field.to_string()];
    match reading.row(sql, values).await? {
        Some(row) => Ok((row.text_or_null("actor")?, Some(row.moment("at")?))),
        None => Ok((None, None)),
    }
}

/// Writes down who changed a field group of a user, and at which revision. No `actor` means the user's own app.
pub(super) async fn changed(
    alone: &Alone<'_>,
    actor: Option<&str>,
    user: UserId,
    field: &FieldGroup,
    revision: Revision,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO field_rev (pool, etype, eid, fgroup, rev, actor, at)
        VALUES ($1, 'user', $2, $3, $4, $5, $6)
        ON CONFLICT (pool, etype, eid, fgroup)
        DO UPDATE SET rev = excluded.rev, actor = excluded.actor, at = excluded.at";
    let values = values![
        alone.pool(),
        user,
        field.to_string(),
        revision,
        actor,
        alone.now()
    ];
    alone.execute(sql, values).await?;
    Ok(())
}

async fn changed_by(
    alone: &Alone<'_>,
    by: &PushAs,
    patch: &Patch,
    revision: Revision,
) -> Result<(), StoreError> {
    changed(alone, Some(&by.actor), patch.user_id, &patch.field, revision).await?;
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
    audit::write(alone, alone.pool(), entry).await
}

async fn advance(alone: &Alone<'_>, client: ClientId, last_seq: u64) -> Result<(), StoreError> {
    let sql = "INSERT INTO client (pool, client_id, last_seq) VALUES ($1, $2, $3)
        ON CONFLICT (pool, client_id) DO UPDATE SET last_seq = excluded.last_seq";
    alone
        .execute(sql, values![alone.pool(), client, last_seq.cast_signed()])
        .await?;
    Ok(())
}

async fn record(
    alone: &Alone<'_>,
    client: ClientId,
    mutation: &Mutation,
    outcome: &Outcome,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO mut_result (pool, client_id, seq, mutation_id, outcome, at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    let values = values![
        alone.pool(),
        client,
        mutation.seq.cast_signed(),
        mutation.id,
        to_json(outcome)?,
        alone.now(),
    ];
    alone.execute(sql, values).await?;
    Ok(())
}
