//! The mutations that consoles push: numbered, decided once, answered the same however often they arrive.
//!
//! Everything that a push is about is read first, its mutations are decided in memory one after the other, and what they
//! make of it is written last: a mutation that cannot be applied has written nothing.

use super::{
    Alone, Reading, Store, StoreError, Unique, Writing,
    audit::{self, Entry},
    edits::{Edits, Ruling},
    engine::{to_json, values},
    feed, fields, login_names,
    pull::standing,
    users,
};
use futures_util::future::{try_join, try_join_all};
use serde_json::json;
use std::collections::BTreeMap;
use yaopai_domain::{
    Act, Bug, ClientId, EntityKey, MutationId, MutationOutcome, Outcome, Patch, PoolId, PushAnswer,
    PushRejection, PushResult, Revision, UserId, next_chain, planted,
};

/// Who pushes.
#[derive(Debug, Clone)]
pub(crate) struct PushAs {
    /// The name that goes into the audit log.
    pub(crate) actor: String,
    /// Whether the role may edit users.
    pub(crate) may_edit: bool,
}

/// Mutations of one client in the order of their numbers, without gaps; no id comes twice.
#[derive(Debug, Clone)]
pub(crate) struct Push {
    /// Whose.
    pub(crate) client: ClientId,
    /// The mutations.
    pub(crate) mutations: Vec<Pushed>,
}

/// A mutation as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Pushed {
    /// Its number.
    pub(crate) seq: u64,
    /// Its identity.
    pub(crate) id: MutationId,
    /// What it does; `None` if that could not be read.
    pub(crate) act: Option<Act>,
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
    /// Decides mutations in order; each is applied at most once, whoever pushes it and however often.
    pub(crate) async fn push(
        &self,
        pool: &PoolId,
        by: PushAs,
        push: Push,
    ) -> Result<PushDecision, StoreError> {
        self.write((pool.clone(), by, push), |writing, (pool, by, push)| {
            Box::pin(self::push(writing, pool, by, push))
        })
        .await
    }

    /// What became of mutations, whoever pushed them; those that were never decided are left out.
    pub(crate) async fn push_results(
        &self,
        pool: &PoolId,
        ids: Vec<MutationId>,
    ) -> Result<Vec<PushResult>, StoreError> {
        self.read((pool.clone(), ids), |reading, (pool, ids)| {
            Box::pin(async move {
                let outcomes = try_join_all(ids.iter().map(|id| decided(reading, pool, *id))).await?;
                let results = ids.iter().zip(outcomes);
                Ok(results
                    .filter_map(|(id, outcome)| outcome.map(|outcome| PushResult { id: *id, outcome }))
                    .collect())
            })
        })
        .await
    }
}

/// The outcome of a mutation that was decided before.
async fn decided(
    reading: &Reading<'_>,
    pool: &PoolId,
    id: MutationId,
) -> Result<Option<Outcome>, StoreError> {
    let sql = "SELECT outcome FROM mut_result WHERE pool = $1 AND mutation_id = $2";
    let found = reading.row(sql, values![pool, id]).await?;
    found.map(|row| row.json("outcome")).transpose()
}

async fn push(
    writing: &Writing<'_>,
    pool: &PoolId,
    by: &PushAs,
    push: &Push,
) -> Result<PushDecision, StoreError> {
    let alone = writing.alone(pool).await?;
    let mutations = &push.mutations;
    let (known, chain) = standing(&alone, pool, push.client).await?;
    if mutations.first().is_some_and(|first| first.seq > known + 1) {
        return Ok(PushDecision::Gap { last_seq: known });
    }
    let mut before = try_join_all(mutations.iter().map(|one| decided(&alone, pool, one.id))).await?;
    if planted(Bug::DecidedTwice) {
        before.fill(None);
    }
    if let Some((forked, _)) = mutations
        .iter()
        .zip(&before)
        .find(|(one, outcome)| one.seq <= known && outcome.is_none() && !planted(Bug::DecidedTwice))
    {
        return Ok(PushDecision::Fork { seq: forked.seq });
    }

    let acts = || {
        let undecided = mutations
            .iter()
            .zip(&before)
            .filter(|(_, outcome)| outcome.is_none());
        undecided.filter_map(|(one, _)| one.act.as_ref())
    };
    let mut edits = Edits::default();
    if by.may_edit {
        edits.look(&alone, acts()).await?;
    }
    let rulings: Vec<_> = mutations
        .iter()
        .zip(before)
        .map(|(one, outcome)| match (outcome, &one.act) {
            (Some(outcome), _) => Decision::Before(outcome),
            (None, _) if !by.may_edit => Decision::Now(Ruling::Rejected(PushRejection::Forbidden)),
            (None, None) => Decision::Now(Ruling::Rejected(PushRejection::Invalid)),
            (None, Some(act)) => Decision::Now(edits.decide(act, alone.now())),
        })
        .collect();
    let revisions = write(&alone, &edits).await?;
    let outcomes = try_join_all(
        rulings
            .iter()
            .zip(mutations)
            .map(|(ruling, one)| outcome(&alone, by, &edits, ruling, one, &revisions)),
    )
    .await?;
    let applied: Vec<&Act> = rulings
        .iter()
        .zip(mutations)
        .filter(|(ruling, _)| matches!(ruling, Decision::Now(Ruling::Applied)))
        .filter_map(|(_, one)| one.act.as_ref())
        .collect();
    note(&alone, by, &edits, &revisions, &applied).await?;
    let answer = record(&alone, push, (known, chain), &rulings, outcomes).await?;
    Ok(PushDecision::Answered(answer))
}

/// What becomes of a mutation.
enum Decision {
    /// It was decided before.
    Before(Outcome),
    /// It is decided now.
    Now(Ruling),
}

type Revisions = BTreeMap<EntityKey, Revision>;

/// Writes what the mutations have made of users, and commits them to the feed.
async fn write(alone: &Alone<'_>, edits: &Edits) -> Result<Revisions, StoreError> {
    let touch = "UPDATE users SET updated_at = $2 WHERE id = $1";
    try_join_all(edits.touched().map(|(user, renamed)| async move {
        if renamed {
            users::save(alone, user).await
        } else {
            let values = values![user.id, alone.now()];
            alone.execute(touch, values).await.map(drop)
        }
    }))
    .await?;
    try_join_all(
        edits
            .values()
            .map(|(user, key, value)| fields::put_metadata(alone, user, key, value)),
    )
    .await?;
    for user in edits.created() {
        // It was looked whether the names are free.
        if !login_names::follow(alone, user).await? {
            return Err(StoreError::Taken(Unique::LoginName));
        }
    }
    let keys: Vec<_> = edits
        .touched()
        .map(|(user, _)| EntityKey::User(user.id))
        .collect();
    feed::commit(alone, &keys).await
}

async fn outcome(
    alone: &Alone<'_>,
    by: &PushAs,
    edits: &Edits,
    decision: &Decision,
    one: &Pushed,
    revisions: &Revisions,
) -> Result<Outcome, StoreError> {
    Ok(match (decision, &one.act) {
        (Decision::Before(outcome), _) => outcome.clone(),
        (Decision::Now(Ruling::Rejected(rejection)), _) => Outcome::Rejected {
            rejection: *rejection,
        },
        (Decision::Now(Ruling::Noop), _) | (Decision::Now(_), None) => Outcome::Noop,
        (Decision::Now(Ruling::Applied), Some(act)) => Outcome::Applied {
            revision: revision(revisions, act.user_id()),
        },
        (Decision::Now(Ruling::Conflict { theirs, own }), Some(act)) => {
            let (actor, at) = match act {
                // An earlier edit of the same push.
                _ if *own => (Some(by.actor.clone()), Some(alone.now())),
                Act::Patch(patch) if edits.is_noted(patch) => {
                    fields::last_change(alone, alone.pool(), patch.user_id, &patch.field).await?
                }
                Act::Patch(_) | Act::Create(_) => (None, None),
            };
            Outcome::Conflict {
                theirs: theirs.clone(),
                actor,
                at,
            }
        }
    })
}

fn revision(revisions: &Revisions, user: UserId) -> Revision {
    revisions.get(&EntityKey::User(user)).copied().unwrap_or_default()
}

/// Writes down where the client stands and what became of mutations that were not decided before.
async fn record(
    alone: &Alone<'_>,
    push: &Push,
    (known, mut chain): (u64, String),
    rulings: &[Decision],
    outcomes: Vec<Outcome>,
) -> Result<PushAnswer, StoreError> {
    let mutations = &push.mutations;
    for (one, outcome) in mutations.iter().zip(&outcomes) {
        if one.seq > known {
            chain = next_chain(&chain, one.id, outcome);
        }
    }
    let last_seq = mutations.last().map_or(known, |last| known.max(last.seq));
    let sql = "INSERT INTO client (pool, client_id, last_seq, chain) VALUES ($1, $2, $3, $4)
        ON CONFLICT (pool, client_id) DO UPDATE SET last_seq = excluded.last_seq, chain = excluded.chain";
    let values = values![alone.pool(), push.client, last_seq.cast_signed(), &chain];
    alone.execute(sql, values).await?;
    let new = mutations
        .iter()
        .zip(&outcomes)
        .zip(rulings)
        .filter(|(_, ruling)| matches!(ruling, Decision::Now(_)));
    let sql = "INSERT INTO mut_result (pool, client_id, seq, mutation_id, outcome, at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    try_join_all(new.map(|((one, outcome), _)| async move {
        let values = values![
            alone.pool(),
            push.client,
            one.seq.cast_signed(),
            one.id,
            to_json(outcome)?,
            alone.now(),
        ];
        alone.execute(sql, values).await
    }))
    .await?;
    let outcomes = mutations.iter().zip(outcomes);
    Ok(PushAnswer {
        last_seq,
        outcomes: outcomes
            .map(|(one, outcome)| MutationOutcome {
                seq: one.seq,
                id: one.id,
                outcome,
            })
            .collect(),
        chain,
    })
}

/// Writes who changed which field, and an audit row for each mutation that was applied.
async fn note(
    alone: &Alone<'_>,
    by: &PushAs,
    edits: &Edits,
    revisions: &Revisions,
    applied: &[&Act],
) -> Result<(), StoreError> {
    let fields = edits.fields().map(|(user, field)| {
        let revision = revision(revisions, user);
        fields::changed(alone, Some(&by.actor), user, field, revision)
    });
    let entries = applied
        .iter()
        .map(|act| audit::write(alone, alone.pool(), entry(by, act)));
    try_join(try_join_all(fields), try_join_all(entries)).await?;
    Ok(())
}

fn entry<'a>(by: &'a PushAs, act: &Act) -> Entry<'a> {
    let target = format!("user:{}", act.user_id());
    match act {
        Act::Patch(Patch { field, base, new, .. }) => {
            // A JSON null is a value; an absent field is absent here too.
            let told = |value: &Option<_>| value.as_ref().map(|value| json!({ field.to_string(): value }));
            Entry {
                actor: &by.actor,
                action: "user.patch",
                target,
                old: told(base),
                new: told(new),
            }
        }
        Act::Create(new) => Entry {
            actor: &by.actor,
            action: "user.create",
            target,
            old: None,
            new: Some(json!(new)),
        },
    }
}
