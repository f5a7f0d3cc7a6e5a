//! The change feed as consoles pull it: where they stand, whether their history is ours, and the next page.

use super::{Reading, Store, StoreError, engine::values, feed::Digests, page};
use std::collections::BTreeMap;
use yaopai_domain::{
    Bug, ClientId, EntityType, LoadRequest, PageEnd, PoolId, ResetReason, Revision, Seen, planted,
};

/// Where a console stands in the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Position {
    /// Which history.
    pub(crate) feed_id: String,
    /// Everything up to here was sent.
    pub(crate) revision: Revision,
    /// Where a part of a load ends; without one there is no end.
    pub(crate) until: Option<Revision>,
    /// What the replica holds.
    pub(crate) scope: Vec<EntityType>,
}

/// What a load consists of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Load {
    /// Where each part begins.
    pub(crate) parts: Vec<Position>,
    /// Where to go on after all parts.
    pub(crate) tail: Position,
    /// The head at which it was planned.
    pub(crate) seen: Seen,
    /// How many entities of each type there are.
    pub(crate) counts: BTreeMap<EntityType, u64>,
}

/// Who pulls, and what they have.
#[derive(Debug, Clone)]
pub(crate) struct Pull {
    /// Who.
    pub(crate) client: ClientId,
    /// Where they stand.
    pub(crate) from: Position,
    /// The highest head they have seen.
    pub(crate) seen: Option<Seen>,
    /// What they may see.
    pub(crate) scope: Vec<EntityType>,
    /// At most this many changes.
    pub(crate) limit: u32,
}

/// A page of the feed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Page {
    /// The changes in the order of their revisions, as a JSON array.
    pub(crate) changes: Vec<u8>,
    /// Where the page ends.
    pub(crate) position: Position,
    /// The head it was read at.
    pub(crate) seen: Seen,
    /// What comes behind it.
    pub(crate) end: PageEnd,
    /// The client's last mutation that these changes include.
    pub(crate) last_seq: u64,
    /// The client's chain of outcomes there.
    pub(crate) chain: String,
    /// What a replica holds that has applied everything up to here; only when caught up.
    pub(crate) digests: Option<Digests>,
}

/// What a pull finds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PullAnswer {
    /// A page.
    Page(Page),
    /// The console's history is not the pool's.
    Reset(ResetReason),
}

impl Store {
    /// The pool's head.
    pub(crate) async fn head(&self, pool: &PoolId) -> Result<Revision, StoreError> {
        let head = self.read(pool.clone(), |reading, pool| Box::pin(head(reading, pool)));
        Ok(head.await?.seen.head)
    }

    /// Plans a load in at most so many parts of about the same length.
    pub(crate) async fn load(
        &self,
        pool: &PoolId,
        scope: Vec<EntityType>,
        parts: u32,
    ) -> Result<Load, StoreError> {
        self.read((pool.clone(), scope, parts), |reading, (pool, scope, parts)| {
            Box::pin(load(reading, pool, scope, *parts))
        })
        .await
    }

    /// The page behind a position, and what it needs, all of one snapshot.
    pub(crate) async fn pull(&self, pool: &PoolId, pull: Pull) -> Result<PullAnswer, StoreError> {
        let alone = !self.is_shared();
        self.read((pool.clone(), pull, alone), |reading, (pool, asked, alone)| {
            Box::pin(async move {
                if !alone {
                    // Pages are many and short: a pull shall not take other processors from logins.
                    let sql = "SELECT set_config('max_parallel_workers_per_gather', '0', true) AS set";
                    reading.row(sql, values![]).await?;
                }
                self::pull(reading, pool, asked).await
            })
        })
        .await
    }
}

struct Head {
    feed_id: String,
    seen: Seen,
    horizon: Revision,
    digests: Option<Digests>,
}

async fn head(reading: &Reading<'_>, pool: &PoolId) -> Result<Head, StoreError> {
    let sql = "SELECT h.feed_id, h.rev, h.horizon, h.digests, m.mark
        FROM pool_head h JOIN rev_mark m ON m.pool = h.pool AND m.rev = h.rev WHERE h.pool = $1";
    let row = reading
        .row(sql, values![pool])
        .await?
        .ok_or(StoreError::NotFound("pool"))?;
    Ok(Head {
        feed_id: row.text("feed_id")?,
        seen: Seen {
            head: Revision(row.integer("rev")?),
            mark: row.integer("mark")?,
        },
        horizon: Revision(row.integer("horizon")?),
        digests: row.json_or_null("digests")?,
    })
}

async fn load(
    reading: &Reading<'_>,
    pool: &PoolId,
    scope: &[EntityType],
    parts: u32,
) -> Result<Load, StoreError> {
    let head = head(reading, pool).await?;
    let end = head.seen.head.0;
    // Nothing is below the first row: a feed that was compacted or much changed has its rows near the head.
    let sql = "SELECT rev FROM feed WHERE pool = $1 ORDER BY rev LIMIT 1";
    let first = reading.row(sql, values![pool]).await?;
    let start = first.map_or(Ok(end), |row| row.integer("rev").map(|rev| rev - 1))?;
    let parts = i64::from(parts.clamp(1, LoadRequest::MAX_PARTS));
    let edge = |part: i64| {
        let along = i128::from(end - start) * i128::from(part) / i128::from(parts);
        start + i64::try_from(along).unwrap_or(0)
    };
    let place = |revision: i64, until: Option<i64>| Position {
        feed_id: head.feed_id.clone(),
        revision: Revision(revision),
        until: until.map(Revision),
        scope: scope.to_vec(),
    };
    Ok(Load {
        parts: (0..parts)
            .map(|part| (edge(part), edge(part + 1)))
            .filter(|(from, until)| from < until)
            .map(|(from, until)| place(from, Some(until)))
            .collect(),
        tail: place(end, None),
        seen: head.seen,
        counts: of_scope(&head.digests.clone().unwrap_or_default(), scope)
            .into_iter()
            .map(|(etype, digest)| (etype, digest.count))
            .collect(),
    })
}

async fn pull(reading: &Reading<'_>, pool: &PoolId, asked: &Pull) -> Result<PullAnswer, StoreError> {
    let head = head(reading, pool).await?;
    if let Some(reason) = reset_reason(reading, pool, &head, asked).await? {
        return Ok(PullAnswer::Reset(reason));
    }
    let from = &asked.from;
    let until = from.until.unwrap_or(head.seen.head);
    let range = page::Range {
        pool,
        after: from.revision,
        until,
        // Within a load the console has nothing that a tombstone could delete.
        tombstones: from.until.is_none() && !planted(Bug::NoTombstones),
        scope: &from.scope,
    };
    let found = page::read(reading, &range, asked.limit).await?;
    let done = found.last >= until;
    let end = match (done, from.until) {
        (false, _) => PageEnd::More,
        (true, Some(_)) => PageEnd::PartDone,
        (true, None) => PageEnd::CaughtUp,
    };
    let digests = head.digests.filter(|_| end == PageEnd::CaughtUp);
    let digests = digests.map(|digests| of_scope(&digests, &from.scope));
    let (last_seq, chain) = standing(reading, pool, asked.client).await?;
    Ok(PullAnswer::Page(Page {
        changes: found.changes,
        position: Position {
            revision: found.last,
            ..from.clone()
        },
        seen: head.seen,
        end,
        last_seq,
        chain,
        digests,
    }))
}

/// The digests of these types; a type that was never there has an empty one.
fn of_scope(digests: &Digests, scope: &[EntityType]) -> Digests {
    let digest = |etype| digests.get(etype).copied().unwrap_or_default();
    scope.iter().map(|etype| (*etype, digest(etype))).collect()
}

/// Why this history is not the console's; `None` if it is.
///
/// The mark is asked of the highest head the console has seen, not of where it stands: commits lost behind that head
/// may have moved entities that the console was told are further on.
async fn reset_reason(
    reading: &Reading<'_>,
    pool: &PoolId,
    head: &Head,
    asked: &Pull,
) -> Result<Option<ResetReason>, StoreError> {
    let from = &asked.from;
    if from.scope != asked.scope && !planted(Bug::AnyScope) {
        return Ok(Some(ResetReason::RightsChanged));
    }
    if from.feed_id != head.feed_id && !planted(Bug::AnyFeed) {
        return Ok(Some(ResetReason::OtherFeed));
    }
    // Below the horizon the history is not whole: what is missing there, a mark too, says nothing about a lost tail.
    // A part needs no tombstones: whatever was deleted since its load began is told behind it.
    if from.until.is_none() && from.revision < head.horizon && !planted(Bug::NoHorizon) {
        return Ok(Some(ResetReason::HorizonPassed));
    }
    let reached = from.until.unwrap_or(from.revision);
    if reached > head.seen.head {
        return Ok(Some(ResetReason::LostTail));
    }
    let Some(seen) = asked.seen.filter(|_| !planted(Bug::NoMark)) else {
        return Ok(None);
    };
    let sql = "SELECT mark FROM rev_mark WHERE pool = $1 AND rev = $2";
    let mark = reading.row(sql, values![pool, seen.head]).await?;
    let mark = mark.map(|row| row.integer("mark")).transpose()?;
    Ok((mark != Some(seen.mark)).then_some(ResetReason::LostTail))
}

/// The last mutation of a client that was decided, and its chain of outcomes there.
pub(super) async fn standing(
    reading: &Reading<'_>,
    pool: &PoolId,
    client: ClientId,
) -> Result<(u64, String), StoreError> {
    let sql = "SELECT last_seq, chain FROM client WHERE pool = $1 AND client_id = $2";
    match reading.row(sql, values![pool, client]).await? {
        Some(row) => Ok((row.integer("last_seq")?.cast_unsigned(), row.text("chain")?)),
        None => Ok((0, String::new())),
    }
}
