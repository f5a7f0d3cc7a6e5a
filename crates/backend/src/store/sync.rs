//! The mutations that consoles push.

use super::{
    Alone, Reading, Store, StoreError, Writing,
    audit::{self, Entry},
    engine::{to_json, values},
    feed,
    pull::standing,
};
use serde_json::json;
use yaopai_domain::{
    Act, ClientId, EntityKey, FieldGroup, MetadataKey, MetadataValue, Mutation, MutationOutcome, Outcome,
    Patch, PoolId, PushAnswer, PushRejection, PushRequest, Revision, Timestamp, UserId, next_chain,
};

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
    let (known, mut chain) = standing(&alone, pool, client).await?;
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
            decide(&alone, by, &mutation.act).await?
        };
        decided.push((mutation, one));
    }

    let touched: Vec<EntityKey> = decided
        .iter()
        .filter(|(_, one)| matches!(one, Decided::Applied))
        .map(|(mutation, _)| EntityKey::User(mutation.act.user_id()))
        .collect();
    let revisions = feed::commit(&alone, &touched).await?;

    let last_seq = request
        .mutations
        .last()
        .map_or(known, |mutation| known.max(mutation.seq));
    let mut outcomes = Vec::with_capacity(decided.len());
    let mut results = Vec::new();
    for (mutation, one) in decided {
        let (new, outcome) = match one {
            Decided::Stored(outcome) => (false, outcome),
            Decided::Final(outcome) => (true, outcome),
            Decided::Applied => {
                let key = EntityKey::User(mutation.act.user_id());
                let revision = revisions.get(&key).copied().unwrap_or_default();
                if let Act::Patch(patch) = &mutation.act {
                    changed_by(&alone, by, patch, revision).await?;
                }
                (true, Outcome::Applied { revision })
            }
        };
        if new {
            chain = next_chain(&chain, mutation.id, &outcome);
            results.push((mutation, outcome.clone()));
        }
        outcomes.push(MutationOutcome {
            seq: mutation.seq,
            id: mutation.id,
            outcome,
        });
    }
    advance(&alone, client, last_seq, &chain).await?;
    for (mutation, outcome) in results {
        record(&alone, client, mutation, &outcome).await?;
    }
    Ok(PushDecision::Answered(PushAnswer {
        last_seq,
        outcomes,
        chain,
    }))
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
async fn decide(alone: &Alone<'_>, by: &PushAs, act: &Act) -> Result<Decided, StoreError> {
    let rejected = |rejection| Ok(Decided::Final(Outcome::Rejected { rejection }));
    if !by.may_edit {
        return rejected(PushRejection::Forbidden);
    }
    let Act::Patch(patch) = act else {
        return rejected(PushRejection::Invalid);
    };
    let user = "SELECT id FROM users WHERE pool = $1 AND id = $2";
    if !alone.any(user, values![alone.pool(), patch.user_id]).await? {
        return rejected(PushRejection::UserGone);
    }
    let FieldGroup::Metadata(key) = &patch.field else {
        return rejected(PushRejection::Invalid);
    };
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

async fn advance(alone: &Alone<'_>, client: ClientId, last_seq: u64, chain: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO client (pool, client_id, last_seq, chain) VALUES ($1, $2, $3, $4)
        ON CONFLICT (pool, client_id) DO UPDATE SET last_seq = excluded.last_seq, chain = excluded.chain";
    alone
        .execute(sql, values![alone.pool(), client, last_seq.cast_signed(), chain])
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
