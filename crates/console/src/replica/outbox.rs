//! The outbox: edits on their way to the backend, and what the edited fields look like meanwhile.
//!
//! An edit is durable before anybody calls it saved. Its overlay keeps it on the screen until a caught-up page includes
//! it, so nothing flickers; its row stays, decided, as an archive for a backend that loses it in a failover.

use super::{
    columns::{Field, json, optional_json, parsed, to_json, value_text},
    created, fields, rows,
};
use crate::{Ambient, Error, MetadataEdit};
use rusqlite::{Connection, OptionalExtension, Row, params};
use yaopai_domain::{
    Act, Bug, ClientId, FieldError, FieldGroup, MetadataKey, MetadataValue, Mutation, MutationId, Outcome,
    Patch, PushRequest, Rule, Timestamp, UserId, parse_entry, planted,
};

/// So many decided edits stay, however old they look: clocks jump.
const ARCHIVE_EDITS: i64 = 1000;
/// More of them stay this long.
const ARCHIVE_MILLIS: i64 = 30 * 24 * 3600 * 1000;
/// The backend forgets outcomes as old as the archive; only younger ones are asked for again.
const VERIFY_MILLIS: i64 = 7 * 24 * 3600 * 1000;
/// So many more of the youngest are asked for, however old they look: clocks jump.
const VERIFY_EDITS: i64 = 100;
/// A push takes at most 1 MiB; half of it leaves room for names and escapes.
const PUSH_BYTES: usize = PushRequest::MAX_BYTES / 2;

/// Step E: stores an edit of a metadata key and queues it. An edit that changes nothing queues nothing.
pub(crate) fn edit_metadata(
    connection: &Connection,
    edit: &MetadataEdit,
    ambient: &Ambient,
) -> Result<(), Error> {
    let (key, new) = check(edit)?;
    edit_field(
        connection,
        edit.user_id,
        FieldGroup::Metadata(key),
        new.as_ref(),
        ambient,
    )
}

/// Step E: stores an edit of a field and queues it. An edit that changes nothing queues nothing.
pub(crate) fn edit_field(
    connection: &Connection,
    user_id: UserId,
    group: FieldGroup,
    new: Option<&MetadataValue>,
    ambient: &Ambient,
) -> Result<(), Error> {
    if !fields::user_exists(connection, user_id)? {
        return Err(Error::NotFound);
    }
    let field = Field { user_id, group };
    let base = base_of_next(connection, &field)?;
    // Whoever types a value has decided what the field shall be: an open conflict and a refused edit are superseded.
    forget_verdicts(connection, &field)?;
    if base.as_ref() != new {
        let is_new_key = base.is_none() && matches!(field.group, FieldGroup::Metadata(_));
        if is_new_key && fields::keys(connection, user_id)?.len() >= MetadataKey::MAX_PER_USER {
            let refused = FieldError::new("key", Rule::MetadataCount);
            return Err(Error::InvalidFields(vec![refused]));
        }
        queue(connection, &field, base.as_ref(), new, ambient)?;
    }
    Ok(())
}

fn check(edit: &MetadataEdit) -> Result<(MetadataKey, Option<MetadataValue>), Error> {
    match &edit.json {
        Some(text) => parse_entry(&edit.key, text)
            .map(|(key, value)| (key, Some(value)))
            .map_err(Error::InvalidFields),
        None => edit
            .key
            .parse()
            .map(|key| (key, None))
            .map_err(|rule| Error::InvalidFields(vec![FieldError::new("key", rule)])),
    }
}

/// Gives an edit the next number and puts it on the screen.
pub(super) fn queue(
    connection: &Connection,
    field: &Field,
    base: Option<&MetadataValue>,
    new: Option<&MetadataValue>,
    ambient: &Ambient,
) -> Result<(), Error> {
    let id = MutationId::new(&*ambient.clock, &*ambient.entropy);
    let [user, group] = field.columns();
    connection
        .prepare_cached(
            "INSERT INTO outbox (mutation_id, user_id, field, base, new, state, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, 'queued', ?6)",
        )?
        .execute(params![
            id.to_string(),
            user,
            group,
            value_text(base),
            value_text(new),
            ambient.clock.now().0
        ])?;
    put_overlay(connection, field, new, connection.last_insert_rowid())
}

/// What the next edit of a field builds on: what the operator sees, own edits included; in a conflict, theirs.
fn base_of_next(connection: &Connection, field: &Field) -> Result<Option<MetadataValue>, Error> {
    let columns = field.columns();
    for sql in [
        "SELECT value FROM overlay WHERE user_id = ?1 AND field = ?2",
        "SELECT theirs AS value FROM conflicts WHERE user_id = ?1 AND field = ?2",
    ] {
        let found = connection
            .prepare_cached(sql)?
            .query_row(columns.clone(), |row| optional_json(row, "value"))
            .optional()?;
        if let Some(value) = found {
            return Ok(value);
        }
    }
    fields::mirrored(connection, field)
}

/// Step F: the next edits to push, in order and at most `most`. From now on they are sent as they are, same numbers, same
/// ids; fewer or more of them in another push are still the same edits. Decided edits whose outcome is asked for again go
/// first.
pub(crate) fn freeze(connection: &Connection, most: usize) -> Result<Vec<Mutation>, Error> {
    let again = batch(connection, "verify = 1", most)?;
    if !again.is_empty() {
        return Ok(again);
    }
    let mutations = batch(connection, "state <> 'decided'", most)?;
    if let Some(last) = mutations.last() {
        connection
            .prepare_cached("UPDATE outbox SET state = 'sent' WHERE state = 'queued' AND seq <= ?1")?
            .execute([last.seq.cast_signed()])?;
    }
    Ok(mutations)
}

/// The first edits of these, without a gap in their numbers, as many as a push takes.
fn batch(connection: &Connection, which: &str, most: usize) -> Result<Vec<Mutation>, Error> {
    let mut mutations: Vec<Mutation> = Vec::new();
    let mut bytes = 0;
    let mut statement = connection.prepare_cached(&format!(
        "SELECT seq, mutation_id, user_id, field, base, new, act FROM outbox WHERE {which} ORDER BY seq LIMIT ?1"
    ))?;
    let mut rows = statement.query([most.min(PushRequest::MAX_MUTATIONS) as i64])?;
    while let Some(row) = rows.next()? {
        let length = |column| -> rusqlite::Result<usize> {
            Ok(row.get_ref(column)?.as_str_or_null()?.map_or(0, str::len))
        };
        bytes += 512 + length("base")? + length("new")?;
        let next = mutation(row)?;
        let follows = mutations.last().is_none_or(|last| last.seq + 1 == next.seq);
        if !follows || (bytes > PUSH_BYTES && !mutations.is_empty()) {
            break;
        }
        mutations.push(next);
    }
    Ok(mutations)
}

pub(super) fn mutation(row: &Row<'_>) -> rusqlite::Result<Mutation> {
    let act = if row.get_ref("act")?.as_str()? == "create" {
        Act::Create(Box::new(json(row, "new")?))
    } else {
        let field = Field::of(row)?;
        Act::Patch(Patch {
            user_id: field.user_id,
            field: field.group,
            base: optional_json(row, "base")?,
            new: optional_json(row, "new")?,
        })
    };
    Ok(Mutation {
        seq: row.get::<_, i64>("seq")?.cast_unsigned(),
        id: parsed(row, "mutation_id")?,
        act,
    })
}

/// Whether there are edits that the backend has not answered.
pub(crate) fn has_undecided(connection: &Connection) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM outbox WHERE state <> 'decided')";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// The first edits that the backend has not answered.
pub(crate) fn undecided(connection: &Connection, most: usize) -> Result<Vec<MutationId>, Error> {
    let sql = "SELECT mutation_id FROM outbox WHERE state <> 'decided' ORDER BY seq LIMIT ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let ids = statement.query_map([most as i64], |row| parsed(row, "mutation_id"))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// What settling found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settled {
    /// Decided edits the backend has lost; they are queued again.
    pub(crate) lost: usize,
    /// The backend's outcomes are not those known here; they are asked for again.
    pub(crate) verify: bool,
    /// Whether something looks different on the screen.
    pub(crate) changed: bool,
}

/// Step D: a caught-up page includes this client's edits up to `last_seq`, whose outcomes make the chain `chain`.
pub(crate) fn settle(
    connection: &Connection,
    last_seq: u64,
    chain: &str,
    now: Timestamp,
) -> Result<Settled, Error> {
    let last_seq = i64::try_from(last_seq).unwrap_or(i64::MAX);
    let lost = if planted(Bug::NothingRequeued) {
        0
    } else {
        requeue_lost(connection, last_seq)?
    };
    let known: Option<String> = connection
        .prepare_cached("SELECT chain FROM outbox WHERE seq = ?1 AND state = 'decided'")?
        .query_row([last_seq], |row| row.get("chain"))
        .optional()?
        .flatten();
    let verify = match known {
        Some(known) if known != chain => ask_again(connection, last_seq, chain, now)?,
        Some(_) | None => false,
    };
    let dropped = drop_settled(connection, last_seq)?;
    connection
        .prepare_cached("DELETE FROM outbox WHERE state = 'decided' AND decided_at < ?1 AND seq < ?2")?
        .execute([now.plus_millis(-ARCHIVE_MILLIS).0, last_seq - ARCHIVE_EDITS])?;
    Ok(Settled {
        lost,
        verify,
        changed: lost + dropped > 0,
    })
}

/// Takes what the mirror shows by now off the overlay.
fn drop_settled(connection: &Connection, last_seq: i64) -> Result<usize, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT user_id, field FROM overlay WHERE seq <= ?1
         AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.seq = overlay.seq AND state <> 'decided')",
    )?;
    let fields: Vec<Field> = statement
        .query_map([last_seq], Field::of)?
        .collect::<Result<_, _>>()?;
    for field in &fields {
        drop_overlay(connection, field, last_seq)?;
    }
    Ok(fields.len())
}

/// Outcomes up to here are not those of the backend's history: they are asked for again, and taken as the backend tells
/// them now. `false` if they are all too old to be asked for; then the backend's chain counts.
pub(super) fn ask_again(
    connection: &Connection,
    last_seq: i64,
    chain: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    // All from one on: a push has no holes, whatever the clock said when each was decided.
    let asked = connection.execute(
        "UPDATE outbox SET verify = 1 WHERE state = 'decided' AND seq <= ?1 AND seq >= min(?1 - ?3, coalesce(
             (SELECT min(seq) FROM outbox WHERE state = 'decided' AND decided_at >= ?2), ?1))",
        [last_seq, now.plus_millis(-VERIFY_MILLIS).0, VERIFY_EDITS],
    )?;
    if asked == 0 {
        put_chain(connection, last_seq, chain)?;
    }
    Ok(asked > 0)
}

pub(super) fn put_chain(connection: &Connection, seq: i64, chain: &str) -> Result<(), Error> {
    connection.execute("UPDATE outbox SET chain = ?2 WHERE seq = ?1", params![seq, chain])?;
    Ok(())
}

fn requeue_lost(connection: &Connection, last_seq: i64) -> Result<usize, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, mutation_id, user_id, field, base, new, act, outcome, created_at FROM outbox
         WHERE state = 'decided' AND seq > ?1 ORDER BY seq",
    )?;
    let lost = statement
        .query_map([last_seq], |row| {
            let created_at = Timestamp(row.get("created_at")?);
            Ok((mutation(row)?, json::<Outcome>(row, "outcome")?, created_at))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    for (mutation, outcome, created_at) in &lost {
        if !matches!(outcome, Outcome::Applied { .. } | Outcome::Noop) || is_given_up(mutation) {
            continue;
        }
        match &mutation.act {
            Act::Create(new) => created::show(connection, new, *created_at)?,
            Act::Patch(patch) => show_again(connection, mutation.seq.cast_signed(), patch)?,
        }
    }
    connection
        .prepare_cached(
            "UPDATE outbox SET state = 'queued', outcome = NULL, decided_at = NULL, chain = NULL, verify = 0
             WHERE state = 'decided' AND seq > ?1",
        )?
        .execute([last_seq])?;
    Ok(lost.len())
}

fn show_again(connection: &Connection, seq: i64, patch: &Patch) -> Result<(), Error> {
    let field = Field::of_patch(patch);
    let [user, group] = field.columns();
    let newer: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM overlay WHERE user_id = ?1 AND field = ?2 AND seq > ?3)",
        )?
        .query_row(params![user, group, seq], |row| row.get(0))?;
    if newer {
        return Ok(());
    }
    put_overlay(connection, &field, patch.new.as_ref(), seq)
}

/// Somebody else pushes under this client id (a copied file), or the backend lost more than the archive holds: the
/// undecided edits go on under a new id, numbered from 1, with their mutation ids.
pub(crate) fn change_client(connection: &Connection, ambient: &Ambient) -> Result<(), Error> {
    let client_id = ClientId::new(&*ambient.clock, &*ambient.entropy);
    connection.execute("UPDATE replica SET client_id = ?1", [client_id.to_string()])?;
    // Decided edits wait for any caught-up page: it is younger than they are.
    connection.execute(
        "UPDATE overlay SET seq = 0
         WHERE seq NOT IN (SELECT seq FROM outbox WHERE state <> 'decided')",
        [],
    )?;
    let forgotten = if planted(Bug::ForkForgets) {
        "1"
    } else {
        "state = 'decided'"
    };
    connection.execute(&format!("DELETE FROM outbox WHERE {forgotten}"), [])?;
    // From the lowest number up, each new number is at most the old one: none is taken.
    let mut statement = connection.prepare("SELECT seq FROM outbox ORDER BY seq")?;
    let old: Vec<i64> = statement
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut renumber = connection.prepare("UPDATE outbox SET seq = ?1, state = 'queued' WHERE seq = ?2")?;
    let mut follow = connection.prepare("UPDATE overlay SET seq = ?1 WHERE seq = ?2")?;
    for (new, old) in (1_i64..).zip(&old) {
        renumber.execute([new, *old])?;
        follow.execute([new, *old])?;
    }
    connection.execute(
        "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'outbox'",
        [old.len() as i64],
    )?;
    Ok(())
}

fn put_overlay(
    connection: &Connection,
    field: &Field,
    value: Option<&MetadataValue>,
    seq: i64,
) -> Result<(), Error> {
    let [user, group] = field.columns();
    rows::changing(connection, field.user_id)?;
    connection
        .prepare_cached(
            "INSERT INTO overlay (user_id, field, value, seq) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (user_id, field) DO UPDATE SET value = excluded.value, seq = excluded.seq",
        )?
        .execute(params![user, group, value_text(value), seq])?;
    rows::refresh(connection, field.user_id)
}

/// Takes an edit off the screen, unless a later one of the same field is there.
pub(super) fn drop_overlay(connection: &Connection, field: &Field, seq: i64) -> Result<(), Error> {
    let [user, group] = field.columns();
    rows::changing(connection, field.user_id)?;
    connection
        .prepare_cached("DELETE FROM overlay WHERE user_id = ?1 AND field = ?2 AND seq <= ?3")?
        .execute(params![user, group, seq])?;
    rows::refresh(connection, field.user_id)
}

/// What a person has to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Conflict,
    Rejected,
}

/// Forgets conflict and refusal of a field.
pub(super) fn forget_verdicts(connection: &Connection, field: &Field) -> Result<(), Error> {
    let columns = field.columns();
    for (verdict, sql) in [
        (
            Verdict::Conflict,
            "SELECT EXISTS (SELECT 1 FROM conflicts WHERE user_id = ?1 AND field = ?2)",
        ),
        (
            Verdict::Rejected,
            "SELECT EXISTS (SELECT 1 FROM rejected WHERE user_id = ?1 AND field = ?2)",
        ),
    ] {
        let is_open: bool = connection
            .prepare_cached(sql)?
            .query_row(columns.clone(), |row| row.get(0))?;
        if is_open {
            give_up(connection, &columns, verdict)?;
        }
    }
    Ok(())
}

/// Forgets a verdict that a person has decided, of the field with these columns `user_id` and `field`. The edits that lost
/// keep their numbers but change nothing any more: a backend that lost them in a failover gets them again, and must not
/// apply what was given up.
pub(super) fn give_up(
    connection: &Connection,
    [user, group]: &[String; 2],
    verdict: Verdict,
) -> Result<(), Error> {
    let (table, outcome) = match verdict {
        Verdict::Conflict => ("conflicts", "conflict"),
        Verdict::Rejected => ("rejected", "rejected"),
    };
    connection
        .prepare_cached(&format!("DELETE FROM {table} WHERE user_id = ?1 AND field = ?2"))?
        .execute([user, group])?;
    connection
        .prepare_cached(
            "UPDATE outbox SET new = base
             WHERE user_id = ?1 AND field = ?2 AND state = 'decided' AND outcome ->> 'type' = ?3 AND act = 'patch'",
        )?
        .execute([user.as_str(), group, outcome])?;
    // A user who shall not be created: what is left is an edit of nobody's nickname from nothing to nothing.
    connection
        .prepare_cached(
            "UPDATE outbox SET act = 'patch', field = 'profile.nickname', base = NULL, new = NULL
             WHERE user_id = ?1 AND field = ?2 AND state = 'decided' AND outcome ->> 'type' = ?3 AND act = 'create'",
        )?
        .execute([user.as_str(), group, outcome])?;
    Ok(())
}

/// Whether an edit was given up after it had lost: no other edit changes nothing.
pub(super) fn is_given_up(mutation: &Mutation) -> bool {
    match &mutation.act {
        Act::Patch(patch) => patch.base == patch.new,
        Act::Create(_) => false,
    }
}

/// How an outcome is written down.
pub(super) fn write_outcome(
    connection: &Connection,
    seq: i64,
    outcome: &Outcome,
    chain: Option<&str>,
    now: Timestamp,
) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE outbox SET state = 'decided', outcome = ?2, chain = ?3, verify = 0,
                 decided_at = coalesce(decided_at, ?4) WHERE seq = ?1",
        )?
        .execute(params![seq, to_json(outcome)?, chain, now.0])?;
    Ok(())
}
