//! How far the replica got: where the sync goes on, and what the status line says.

use super::columns::{optional_json, parsed, to_json};
use crate::{AccessLost, Error};
use rusqlite::{Connection, Row, params};
use std::str::FromStr;
use yaopai_domain::{
    Bug, ClientId, EntityType, LoadPlan, PageEnd, PoolId, PullPage, Revision, Seen, ServerInfo, Timestamp,
    planted,
};

/// Where the sync stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Who this console is to the backend.
    pub(crate) client_id: ClientId,
    /// Grows with every reset; rows of older generations are swept once the new one is complete.
    pub(crate) generation: i64,
    /// The highest head that any page was read at: the backend has to prove that it still has it.
    pub(crate) seen: Option<Seen>,
    /// Whether the present generation is whole, and rows of older ones have to go.
    pub(crate) sweep: bool,
    /// What comes next.
    pub(crate) next: Next,
    /// How far the mirror's own making got.
    pub(crate) phase: Phase,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// Deleted bytes have to leave the file first.
    Scrub,
    /// Indexes are not all made yet, or rows of older generations are still there.
    Build,
    /// Everything has to be loaded; ask for a plan.
    Plan,
    /// These parts of the plan are not done.
    Parts(Vec<Place>),
    /// Everything is here up to this place.
    Tail(Place),
}

/// A place in the feed from which to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The part of a load; absent behind them all.
    pub(crate) part: Option<i64>,
    /// Where to go on.
    pub(crate) cursor: String,
}

/// How far the mirror's own making got. A load into an empty mirror is four times faster if indexes are made afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// The rows of a first load arrive.
    Rows,
    /// The indexes are made.
    Indexes,
    /// The search index is made.
    Search,
    /// Everything is there, and kept true.
    Ready,
}

impl Phase {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Indexes => "indexes",
            Self::Search => "search",
            Self::Ready => "ready",
        }
    }
}

/// The file holds a phase that this version does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown phase")]
pub(crate) struct UnknownPhase;

impl FromStr for Phase {
    type Err = UnknownPhase;

    fn from_str(text: &str) -> Result<Self, UnknownPhase> {
        [Self::Rows, Self::Indexes, Self::Search, Self::Ready]
            .into_iter()
            .find(|phase| phase.as_str() == text)
            .ok_or(UnknownPhase)
    }
}

/// The part of the status line that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// What the backend last said of itself.
    pub(crate) server: Option<ServerInfo>,
    /// Edits the backend has not answered.
    pub(crate) waiting: u32,
    /// Open conflicts.
    pub(crate) conflicts: u32,
    /// Refused edits that nobody has put away.
    pub(crate) rejected: u32,
    /// When the replica was last known to equal the backend.
    pub(crate) last_sync: Option<Timestamp>,
    /// Whether a first load has ended.
    pub(crate) loaded: bool,
    /// Users in the mirror.
    pub(crate) users: u32,
    /// The load under way.
    pub(crate) load: Option<Load>,
    /// What lost access took with it; told until something is loaded again.
    pub(crate) access_lost: Option<AccessLost>,
}

/// A load under way, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Load {
    /// Whether the mirror was whole before.
    pub(crate) again: bool,
    /// How far it got.
    pub(crate) phase: Phase,
    /// Rows that are here, or pieces that are made.
    pub(crate) done: u64,
    /// How many there will be, as far as is known.
    pub(crate) total: u64,
}

pub(crate) fn progress(connection: &Connection) -> Result<Progress, Error> {
    let sql = "SELECT client_id, generation, cursor, seen_head, seen_mark, phase, sweep, scrub FROM replica";
    let (mut progress, tail, scrub) = connection.prepare_cached(sql)?.query_row([], |row| {
        let progress = Progress {
            client_id: parsed(row, "client_id")?,
            generation: row.get("generation")?,
            phase: parsed(row, "phase")?,
            seen: seen(row)?,
            sweep: row.get("sweep")?,
            next: Next::Plan,
        };
        let tail: Option<String> = row.get("cursor")?;
        Ok((progress, tail, row.get::<_, bool>("scrub")?))
    })?;
    progress.next = if scrub {
        Next::Scrub
    } else if progress.sweep || matches!(progress.phase, Phase::Indexes | Phase::Search) {
        Next::Build
    } else {
        match tail {
            None => Next::Plan,
            Some(cursor) => {
                let parts = parts(connection)?;
                if parts.is_empty() {
                    Next::Tail(Place { part: None, cursor })
                } else {
                    Next::Parts(parts)
                }
            }
        }
    };
    Ok(progress)
}

fn parts(connection: &Connection) -> Result<Vec<Place>, Error> {
    let mut statement = connection.prepare_cached("SELECT part, cursor FROM load_part ORDER BY part")?;
    let parts = statement.query_map([], |row| {
        Ok(Place {
            part: Some(row.get("part")?),
            cursor: row.get("cursor")?,
        })
    })?;
    Ok(parts.collect::<Result<_, _>>()?)
}

fn seen(row: &Row<'_>) -> rusqlite::Result<Option<Seen>> {
    let head: Option<i64> = row.get("seen_head")?;
    let mark: Option<i64> = row.get("seen_mark")?;
    Ok(head.zip(mark).map(|(head, mark)| Seen {
        head: Revision(head),
        mark,
    }))
}

pub(crate) fn standing(connection: &Connection) -> Result<Standing, Error> {
    let sql = "SELECT server, last_sync, loaded, sweeping, sweep, phase, cursor IS NOT NULL AS planned, expected, built,
            to_build, access_lost, unsent, waiting, conflicts, rejected, people,
            coalesce((SELECT count FROM digests WHERE type = 'user'), 0) AS arrived,
            coalesce((SELECT sum(count) FROM digests), 0) AS rows_here
        FROM replica, tally, search";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| {
        let unsigned = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
        let loaded: bool = row.get("loaded")?;
        let sweeping: bool = row.get("sweeping")?;
        let sweep: bool = row.get("sweep")?;
        let under_way = !loaded || sweeping || sweep;
        let planned: bool = row.get("planned")?;
        let phase = parsed(row, "phase")?;
        let (done, total) = match phase {
            Phase::Rows | Phase::Ready => (unsigned("rows_here")?, unsigned("expected")?),
            Phase::Indexes | Phase::Search => (unsigned("built")?, unsigned("to_build")?),
        };
        let at: Option<i64> = row.get("access_lost")?;
        let unsent: Option<u32> = row.get("unsent")?;
        let access_lost = at.zip(unsent);
        Ok(Standing {
            server: optional_json(row, "server")?,
            waiting: row.get("waiting")?,
            conflicts: row.get("conflicts")?,
            rejected: row.get("rejected")?,
            last_sync: row.get::<_, Option<i64>>("last_sync")?.map(Timestamp),
            loaded,
            users: if loaded {
                row.get("people")?
            } else {
                row.get("arrived")?
            },
            load: (planned && under_way).then_some(Load {
                again: loaded,
                phase,
                done,
                total,
            }),
            access_lost: access_lost.map(|(at, unsent)| AccessLost {
                unsent,
                at: Timestamp(at),
            }),
        })
    })?)
}

/// Whose pool this is, and who this console is to the backend: another one once its access was lost.
pub(crate) fn owner(connection: &Connection) -> Result<(PoolId, ClientId), Error> {
    let sql = "SELECT pool, client_id FROM replica";
    Ok(connection
        .prepare_cached(sql)?
        .query_row([], |row| Ok((parsed(row, "pool")?, parsed(row, "client_id")?)))?)
}

/// Keeps what the backend said of itself, for the time when it cannot be asked, and who it let in: what was loaded before
/// is now as much theirs.
pub(crate) fn remember_server(connection: &Connection, server: &ServerInfo, by: &str) -> Result<(), Error> {
    connection.execute(
        "UPDATE replica SET server = ?1, loaded_by = CASE WHEN loaded_by IS NULL THEN NULL ELSE ?2 END",
        params![to_json(server)?, by],
    )?;
    Ok(())
}

/// Starts to load everything again, once a plan is there. What is there stays visible until the new generation is whole.
pub(crate) fn begin_generation(connection: &Connection) -> Result<(), Error> {
    connection.execute("UPDATE replica SET cursor = NULL", [])?;
    connection.execute("DELETE FROM load_part", [])?;
    Ok(())
}

/// Begins the load that the backend has planned; `loaded_by` names the backend and the key. Answers the types that the
/// operator could read before and no longer may.
pub(super) fn begin(
    connection: &Connection,
    plan: &LoadPlan,
    loaded_by: &str,
) -> Result<Vec<EntityType>, Error> {
    let before: Option<Vec<EntityType>> =
        connection.query_row("SELECT scope FROM replica", [], |row| optional_json(row, "scope"))?;
    let expected: u64 = plan.counts.values().sum();
    connection.execute(
        "UPDATE replica SET generation = generation + 1, sweeping = 1, sweep = 0, cursor = ?1, seen_head = ?2, seen_mark = ?3,
             expected = ?4, scope = ?5, loaded_by = ?6, access_lost = NULL, unsent = NULL",
        params![
            plan.tail,
            plan.seen.head.0,
            plan.seen.mark,
            expected.cast_signed(),
            to_json(&plan.scope)?,
            loaded_by
        ],
    )?;
    connection.execute("DELETE FROM digests", [])?;
    connection.execute("DELETE FROM load_part", [])?;
    let mut insert = connection.prepare_cached("INSERT INTO load_part (part, cursor) VALUES (?1, ?2)")?;
    for (part, cursor) in (0_i64..).zip(&plan.parts) {
        insert.execute(params![part, cursor])?;
    }
    let before = before.unwrap_or_default();
    Ok(before
        .into_iter()
        .filter(|one| !plan.scope.contains(one))
        .collect())
}

/// Moves the place `from` to the end of a page; `false` (and nothing done) if it is not there any more.
pub(super) fn advance(connection: &Connection, from: &Place, page: &PullPage) -> Result<bool, Error> {
    let moved = match (from.part, page.end) {
        (Some(part), PageEnd::PartDone) => connection
            .prepare_cached("DELETE FROM load_part WHERE part = ?1 AND cursor = ?2")?
            .execute(params![part, from.cursor])?,
        (Some(part), PageEnd::More | PageEnd::CaughtUp) => connection
            .prepare_cached("UPDATE load_part SET cursor = ?3 WHERE part = ?1 AND cursor = ?2")?
            .execute(params![part, from.cursor, page.cursor])?,
        (None, _) => connection
            .prepare_cached("UPDATE replica SET cursor = ?2 WHERE cursor = ?1")?
            .execute(params![from.cursor, page.cursor])?,
    };
    if moved == 1 && !planted(Bug::FirstHeadOnly) {
        connection
            .prepare_cached(
                "UPDATE replica SET seen_head = ?1, seen_mark = ?2 WHERE seen_head IS NULL OR seen_head < ?1",
            )?
            .execute(params![page.seen.head.0, page.seen.mark])?;
    }
    Ok(moved == 1)
}

/// The mirror equals the backend now; answers whether rows of older generations have to go.
pub(super) fn complete(connection: &Connection, now: Timestamp) -> Result<bool, Error> {
    let sweep: bool = connection
        .prepare_cached("SELECT sweeping FROM replica")?
        .query_row([], |row| row.get(0))?;
    connection
        .prepare_cached(
            "UPDATE replica SET sweep = sweep OR sweeping, sweeping = 0, last_sync = ?1,
                 loaded = CASE phase WHEN 'ready' THEN 1 ELSE loaded END,
                 phase = CASE phase WHEN 'rows' THEN 'indexes' ELSE phase END",
        )?
        .execute([now.0])?;
    Ok(sweep)
}

/// So many pieces of the phase are made, of so many.
pub(super) fn built(connection: &Connection, done: u64, total: u64) -> Result<(), Error> {
    connection.execute(
        "UPDATE replica SET built = ?1, to_build = ?2",
        [done.cast_signed(), total.cast_signed()],
    )?;
    Ok(())
}

/// The mirror's own making got this far.
pub(super) fn reach(connection: &Connection, phase: Phase) -> Result<(), Error> {
    let sql = "UPDATE replica SET phase = ?1, built = 0, to_build = 0,
        loaded = CASE ?1 WHEN 'ready' THEN 1 ELSE loaded END";
    connection.execute(sql, [phase.as_str()])?;
    Ok(())
}

/// Nothing of an older generation is left.
pub(super) fn swept(connection: &Connection) -> Result<(), Error> {
    connection.execute("UPDATE replica SET sweep = 0", [])?;
    Ok(())
}
